//! The same mail for two inboxes.

use super::overview::overview_of;
use super::*;

const RULES: &str = r#"
[[rule]]
when = { label = "Bill" }
inbox = "Billing"
[[rule]]
when = { label = "Sale" }
inbox = "Sales"
"#;
const PER_INBOX: &str = "[identity]\ncopies = \"per-inbox\"\n";

fn one() -> Arc<Mapping> {
    mapping(RULES)
}

fn per_inbox() -> Arc<Mapping> {
    mapping(&format!("{PER_INBOX}{RULES}"))
}

fn labelled(id: &str, minute: i64, labels: &str, headers: &str) -> String {
    letter(id, minute, &format!("X-Gmail-Labels: {labels}\n{headers}"), &format!("this is {id}"))
}

/// Inbox, external id and ref of each message, sorted.
fn places(entries: &[Entry]) -> Vec<(&str, &str, &str)> {
    let mut places: Vec<(&str, &str, &str)> = sent(entries)
        .into_iter()
        .map(|planned| (planned.inbox.as_str(), planned.external_id.as_str(), planned.thread_ref.as_str()))
        .collect();
    places.sort_unstable();
    places
}

fn inboxes(entries: &[Entry]) -> Vec<&str> {
    places(entries).into_iter().map(|(inbox, _, _)| inbox).collect()
}

#[test]
fn one_copy_goes_to_the_inbox_of_the_first_rule_and_the_others_are_counted_by_name() {
    let mails = [labelled("a", 0, "Sale", ""), labelled("a", 0, "Bill", ""), labelled("b", 1, "Bill,Sale", "")];
    let entries = planned_mails(&one(), &mails);
    assert_eq!(inboxes(&entries), ["Billing", "Billing"]);
    let overview = overview_of(&one(), &mails_only(&mails), &Pins::default());
    assert_eq!(overview.also_in.into_iter().collect::<Vec<_>>(), [("Sales".to_owned(), 2)]);
    assert!(sent(&entries).iter().all(|planned| planned.tags.is_empty()), "tagged only if the mapping asks");
}

#[test]
fn what_its_thread_draws_into_another_inbox_is_counted_with_its_own() {
    let mails = [labelled("a", 0, "Bill", ""), labelled("b", 1, "Sale", "In-Reply-To: <a@x>\n")];
    let overview = overview_of(&one(), &mails_only(&mails), &Pins::default());
    assert_eq!(overview.inboxes.get("Billing"), Some(&2));
    assert_eq!(overview.also_in.get("Sales"), Some(&1));
    assert_eq!(overview.inbox_conflicts, 1);
}

#[test]
fn further_inboxes_become_tags_if_the_mapping_asks() {
    let mapping = mapping(&format!("[identity]\nalso_in_tag = \"also in {{inbox}}\"\n{RULES}"));
    let mails = [labelled("a", 0, "Sale", ""), labelled("a", 0, "Bill", ""), labelled("b", 1, "Bill", "")];
    let tags = |mails: &[String]| -> Vec<(i64, Vec<String>)> {
        let entries = planned_mails(&mapping, mails);
        sent(&entries).into_iter().map(|planned| (planned.created_at - NEW_YEAR, planned.tags.clone())).collect()
    };
    assert_eq!(tags(&mails), [(60, vec![]), (0, vec!["also in Sales".to_owned()])]);
    let [sale, bill, other] = mails.clone();
    assert_eq!(tags(&[other, bill, sale]), tags(&mails), "whichever copy is read first");
}

#[test]
fn per_inbox_each_inbox_gets_its_own_message_and_thread() {
    let mails = [
        labelled("a", 0, "Sale", ""),
        labelled("a", 0, "Bill", ""),
        labelled("b", 1, "Sale", "In-Reply-To: <a@x>\n"),
        labelled("b", 1, "Bill", "In-Reply-To: <a@x>\n"),
    ];
    let entries = planned_mails(&per_inbox(), &mails);
    assert_eq!(statuses(&entries), ["planned"; 4]);
    assert_eq!(inboxes(&entries), ["Billing", "Billing", "Sales", "Sales"]);
    let (sale, bill) = (of(&entries, 0), of(&entries, 1));
    assert_ne!(sale.external_id, bill.external_id);
    assert_ne!(sale.thread_ref, bill.thread_ref);
    assert_eq!(sale.thread_ref, of(&entries, 2).thread_ref);
    assert_eq!(bill.thread_ref, of(&entries, 3).thread_ref);
    assert!(sent(&entries).iter().all(|planned| planned.external_id.len() == "tl1-".len() + 40));
    let overview = overview_of(&per_inbox(), &mails_only(&mails), &Pins::default());
    assert_eq!((overview.further_copies, overview.spread, overview.inbox_conflicts), (2, 0, 0));
    assert!(overview.also_in.is_empty());
}

#[test]
fn per_inbox_a_single_copy_that_is_for_two_inboxes_is_imported_into_both() {
    let mails = [labelled("a", 0, "Bill,Sale", ""), letter("b", 1, "", "Hi")];
    let sources = mails_only(&mails);
    let entries = planned(&per_inbox(), &sources, &Pins::default());
    assert_eq!(statuses(&entries), ["planned"; 3], "the books count it once for each inbox");
    assert_eq!(inboxes(&entries), ["Billing", "Sales", "Support"]);
    let rebuilder = crate::plan::Rebuilder::new(per_inbox(), Arc::clone(&sources));
    for entry in &entries {
        rebuilder.request(entry).unwrap();
    }
    let overview = overview_of(&per_inbox(), &sources, &Pins::default());
    assert_eq!((overview.further_copies, overview.spread), (1, 1));
}

#[test]
fn per_inbox_a_copy_that_no_rule_gives_an_inbox_is_for_the_default_one() {
    let mails = [labelled("a", 0, "Bill", ""), labelled("a", 0, "", "")];
    let entries = planned_mails(&per_inbox(), &mails);
    assert_eq!(inboxes(&entries), ["Billing", "Support"]);
    let plain = planned_mails(&one(), &mails[1..]);
    assert_eq!(of(&entries, 1).external_id, of(&plain, 0).external_id, "the default inbox has the plain id");
    assert_eq!(of(&entries, 1).thread_ref, of(&plain, 0).thread_ref);
}

#[test]
fn per_inbox_an_answer_that_no_rule_gives_an_inbox_follows_its_thread() {
    let answer = |id: &str| labelled(id, 5, "", "In-Reply-To: <a@x>\n");
    let billing = [labelled("a", 0, "Bill", ""), answer("b")];
    let entries = planned_mails(&per_inbox(), &billing);
    assert_eq!(inboxes(&entries), ["Billing", "Billing"]);
    assert_eq!(of(&entries, 0).thread_ref, of(&entries, 1).thread_ref);
    let later = planned(&per_inbox(), &mails_only(&[answer("c")]), &pins_of(&entries, &accepted()));
    assert_eq!(of(&later, 0).thread_ref, of(&entries, 0).thread_ref, "also to what was sent and is not read again");
    assert_eq!(of(&later, 0).inbox, "Billing");
    let both = [labelled("a", 0, "Bill", ""), labelled("a", 0, "", ""), answer("b")];
    assert_eq!(of(&planned_mails(&per_inbox(), &both), 2).inbox, "Support", "the default inbox before others");
    let older = [labelled("x", 0, "Sale", ""), labelled("a", 1, "Bill", "In-Reply-To: <x@x>\n"), answer("b")];
    let entries = planned_mails(&per_inbox(), &older);
    assert_eq!(of(&entries, 2).inbox, "Sales", "else that of the oldest message");
}

#[test]
fn per_inbox_a_later_export_joins_the_threads_of_its_inbox() {
    let early = [labelled("a", 5, "Bill", ""), labelled("a", 5, "Sale", "")];
    let before = planned_mails(&per_inbox(), &early);
    let pins = pins_of(&before, &accepted());
    // An older mail comes up, which would name the threads anew.
    let late = [
        labelled("root", 0, "Bill", ""),
        labelled("b", 6, "Bill", "References: <root@x> <a@x>\n"),
        labelled("b", 6, "Sale", "References: <root@x> <a@x>\n"),
    ];
    let after = planned(&per_inbox(), &mails_only(&late), &pins);
    assert_eq!(of(&after, 1).thread_ref, of(&before, 0).thread_ref);
    assert_eq!(of(&after, 2).thread_ref, of(&before, 1).thread_ref);
    assert_eq!(of(&after, 0).thread_ref, of(&before, 0).thread_ref);
}

#[test]
fn switching_to_per_inbox_sends_only_what_the_other_inboxes_lack() {
    // The fuller copy is the one that is sent.
    let mails = [
        labelled("a", 0, "Bill", "Bcc: boss@acme.example\n"),
        labelled("a", 0, "Sale", ""),
        labelled("b", 1, "Sale", "In-Reply-To: <a@x>\n"),
    ];
    let before = planned_mails(&one(), &mails);
    let was_sent: Vec<&Entry> = before.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))).collect();
    let pins = pins_of(was_sent, &accepted());
    let after = planned(&per_inbox(), &mails_only(&mails), &pins);
    assert_eq!(of(&after, 0), of(&before, 0), "Billing has it and keeps it");
    let sale = of(&after, 1);
    assert_eq!((sale.inbox.as_str(), pins.is_taken(&sale.external_id)), ("Sales", false));
    assert_ne!(sale.thread_ref, of(&before, 0).thread_ref);
    assert_eq!(of(&after, 2).external_id, of(&before, 2).external_id, "what was sent is not sent again");
    assert_eq!(of(&after, 2).thread_ref, of(&before, 2).thread_ref);
}

#[test]
fn switching_back_to_one_copy_sends_nothing_again() {
    let mails = [
        labelled("a", 0, "Sale", ""),
        labelled("a", 0, "Bill", ""),
        labelled("b", 1, "Sale", "In-Reply-To: <a@x>\n"),
        labelled("c", 2, "", "In-Reply-To: <a@x>\n"),
    ];
    let before = planned_mails(&per_inbox(), &mails);
    let pins = pins_of(&before, &accepted());
    let after = planned(&one(), &mails_only(&mails), &pins);
    assert_eq!(sent(&after).len(), 3);
    for planned in sent(&after) {
        assert!(pins.is_taken(&planned.external_id), "{planned:?}");
        assert_eq!(Some(planned.thread_ref.as_str()), pins.thread_ref(&planned.external_id));
    }
}

#[test]
fn switching_keeps_the_ids_of_collisions() {
    let collision = |labels: &str, text: &str| letter("a", 0, &format!("X-Gmail-Labels: {labels}\n"), text);
    let mails = [collision("Bill", "one"), collision("Bill", "two"), collision("Sale", "two"), collision("", "three")];
    for (first, second) in [(one(), per_inbox()), (per_inbox(), one())] {
        let before = planned_mails(&first, &mails);
        let was_sent: Vec<&Entry> =
            before.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))).collect();
        let pins = pins_of(was_sent.iter().copied(), &accepted());
        let after = planned(&second, &mails_only(&mails), &pins);
        let fresh = sent(&after).iter().filter(|planned| !pins.is_taken(&planned.external_id)).count();
        assert_eq!(fresh, sent(&after).len().saturating_sub(was_sent.len()), "{:?}", sent(&after));
        let again = planned(&first, &mails_only(&mails), &pins);
        assert_eq!(places(&again), places(&before));
    }
}

#[test]
fn per_inbox_an_inbox_that_the_mapping_names_otherwise_now_does_not_double_what_was_sent_plainly() {
    let mail = [labelled("a", 0, "", "")];
    let before = planned_mails(&per_inbox(), &mail);
    let renamed = Arc::new(Mapping {
        target: mapping::Target { inbox: "Help".into(), ..per_inbox().target.clone() },
        ..(*per_inbox()).clone()
    });
    let after = planned(&renamed, &mails_only(&mail), &pins_of(&before, &accepted()));
    assert_eq!(of(&after, 0), of(&before, 0));
}

/// In Front's books and in ledgers: a change doubles what was imported into further inboxes.
#[test]
fn ids_and_refs_of_further_inboxes_stay_as_they_are() {
    let entries = planned_mails(&per_inbox(), &[labelled("a", 0, "Bill,Sale", "")]);
    let expected = [
        ("Billing", "tl1-a816236be1656d4e2c7ecdffc5d403e589409772", "tl1-9f36a2e35534c9601489e0d122f865c9"),
        ("Sales", "tl1-978af57993baaf30fe7fa36c98050bc7bf31aa8f", "tl1-b21407eb78d87c5f9d9c657c0799c8d5"),
    ];
    assert_eq!(places(&entries), expected);
}
