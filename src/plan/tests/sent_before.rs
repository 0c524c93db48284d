//! What was sent and would be sent differently now: it stays, and the plan says so.

use super::overview::overview_of;
use super::*;
use crate::ledger::Ledger;
use crate::plan::testing::Folder;
use crate::plan::{Ends, Overview};
use std::collections::BTreeMap;

fn mails() -> Vec<String> {
    vec![letter("a", 0, "X-Gmail-Labels: Bill\n", "Hi"), letter("b", 1, "In-Reply-To: <a@x>\n", "Ho")]
}

const INTO_BILLING: &str = "[[rule]]\nwhen = { label = \"Bill\" }\ninbox = \"Billing\"\n";
const SKIP: &str = "[[rule]]\nwhen = { label = \"Bill\" }\nskip = \"no bills\"\n";

/// The plan and its overview by the mapping `now`, after `before` was sent by the mapping `then`.
fn after(then: &str, before: &[String], now: &str, mails: &[String]) -> (Vec<Entry>, Overview) {
    let was = planned_mails(&mapping(then), before);
    let pins = pins_of(was.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))), &accepted());
    let sources = mails_only(mails);
    (planned(&mapping(now), &sources, &pins), overview_of(&mapping(now), &sources, &pins))
}

fn ways(overview: &Overview) -> Vec<(&str, u64)> {
    overview.differences.first.iter().map(|(way, messages)| (way.as_str(), *messages)).collect()
}

#[test]
fn the_same_mapping_sends_nothing_differently() {
    for mapping in ["", INTO_BILLING] {
        let (entries, overview) = after(mapping, &mails(), mapping, &mails());
        assert_eq!((overview.sent_differently, overview.sent_and_gone, ways(&overview).len()), (0, 0, 0));
        assert_eq!(sent(&entries).len(), 2);
    }
}

#[test]
fn another_inbox_is_noticed_though_the_message_stays_where_it_is() {
    let (entries, overview) = after("", &mails(), INTO_BILLING, &mails());
    assert!(sent(&entries).iter().all(|planned| planned.inbox == "Support"));
    assert_eq!(overview.sent_differently, 2);
    assert_eq!(ways(&overview), [("into Billing now, not Support", 2)]);
    assert_eq!(overview.sent_differently_ids, ["a@x", "b@x"]);
    let (_, back) = after(INTO_BILLING, &mails(), "", &mails());
    assert_eq!(ways(&back), [("into Support now, not Billing", 2)], "a rule that was taken away counts too");
}

#[test]
fn an_inbox_is_not_compared_where_what_named_it_is_not_read_again() {
    let answer = [mails().remove(1)];
    let (entries, overview) = after(INTO_BILLING, &mails(), INTO_BILLING, &answer);
    assert_eq!(of(&entries, 0).inbox, "Billing");
    assert_eq!((overview.sent_differently, overview.sent_and_gone), (0, 1));
}

#[test]
fn what_would_go_out_again_under_another_id_is_counted_and_named() {
    const ELSEWHERE: &str = "[identity]\nnamespace = \"elsewhere\"\n";
    let (_, overview) = after("", &mails(), ELSEWHERE, &mails());
    assert_eq!((overview.doubles, overview.sent_and_gone), (2, 2));
    assert_eq!(overview.double_ids, ["a@x", "b@x"]);
    let (_, overview) = after("", &mails(), "", &mails());
    assert_eq!((overview.doubles, overview.sent_and_gone), (0, 0));
    let answer = [mails().remove(1)];
    let (_, overview) = after("", &mails(), "", &answer);
    assert_eq!((overview.doubles, overview.sent_and_gone), (0, 1), "gone is not doubled");
}

#[test]
fn what_is_known_of_messages_that_are_not_in_the_sources_is_counted() {
    let mails: Vec<String> = (0..6).map(|at| letter(&format!("m{at}"), at, "", "Hi")).collect();
    let confirmed = State::Confirmed { message_id: "msg_1".into(), conversation_id: "cnv_1".into(), differs: None };
    let missing = State::Missing { uid: "u".into(), why: "not there".into() };
    let unknown = State::Unknown { why: "lost".into() };
    let failed = State::Refused { status: 500, cause: "boom".into() };
    let mut pins = Pins::default();
    let mut was = planned_mails(&mapping(""), &mails);
    was.sort_by(|a, b| a.original_id.cmp(&b.original_id));
    for (entry, state) in was.iter().zip([accepted(), confirmed, accepted(), missing, unknown, failed]) {
        pins.add(pin_of(entry, state));
    }
    let overview = overview_of(&mapping(""), &mails_only(&mails[..1]), &pins);
    assert_eq!(overview.gone, Ends { seen: 1, accepted: 1, missing: 1, unknown: 2 }, "the first is in the plan");
    assert_eq!(overview.sent_and_gone, 5);
}

#[test]
fn newcomers_of_a_sent_thread_are_not_sent_differently() {
    let early = [mails().remove(0)];
    let (_, overview) = after("", &early, INTO_BILLING, &mails());
    assert_eq!(overview.sent_differently, 1, "the one that was sent");
}

#[test]
fn what_was_sent_and_is_skipped_now_stays_and_is_listed() {
    let (entries, overview) = after("", &mails(), SKIP, &mails());
    assert_eq!(statuses(&entries), ["planned"; 2], "Front has it: it is neither skipped nor done");
    assert_eq!(overview.sent_differently, 1);
    let [(way, 1)] = ways(&overview)[..] else { panic!("{overview:?}") };
    assert!(way.starts_with("skipped now: no bills (rule at line "), "{way}");
    let unsent = planned_mails(&mapping(SKIP), &mails());
    assert_eq!(statuses(&unsent), ["skipped", "planned"], "what was not sent is skipped");
}

#[test]
fn what_front_refused_may_be_skipped() {
    let was = planned_mails(&mapping(""), &mails());
    let entries = planned(&mapping(SKIP), &mails_only(&mails()), &pins_of(&was, &refused()));
    assert_eq!(statuses(&entries), ["skipped", "planned"]);
}

#[test]
fn a_skipped_copy_beside_a_kept_one_of_what_was_sent_stays_skipped() {
    let kept = letter("a", 0, "X-Gmail-Labels: Kept\n", "Hi");
    let both = [mails().remove(0), kept];
    let (entries, overview) = after("", &both, SKIP, &both);
    assert_eq!(statuses(&entries), ["skipped", "planned"]);
    assert!(overview.sent_differently <= 1);
}

#[test]
fn a_skipped_message_never_takes_the_id_of_a_different_one_that_was_sent() {
    let other = letter("a", 0, "X-Gmail-Labels: Bill\n", "quite another");
    let (entries, overview) = after("", &mails(), SKIP, &[other, mails().remove(1)]);
    assert_eq!(statuses(&entries), ["skipped", "planned"]);
    assert_eq!(overview.sent_and_gone, 1);
}

#[test]
fn per_inbox_both_copies_that_were_sent_stay_when_they_would_be_skipped() {
    let rules = "[identity]\ncopies = \"per-inbox\"\n[[rule]]\nwhen = { label = \"Bill\" }\ninbox = \"Billing\"\n\
                 [[rule]]\nwhen = { label = \"Sale\" }\ninbox = \"Sales\"\n";
    let mail = [letter("a", 0, "X-Gmail-Labels: Bill,Sale\n", "Hi")];
    let (entries, overview) = after(rules, &mail, &format!("{rules}{SKIP}"), &mail);
    assert_eq!(statuses(&entries), ["planned"; 2]);
    assert_eq!((overview.sent_differently, overview.sent_and_gone), (2, 0));
}

#[test]
fn another_state_of_the_conversation_is_noticed() {
    let open = "[silence]\narchived = \"no-leave-every-imported-conversation-open\"\n";
    let (entries, overview) = after("", &mails(), open, &mails());
    assert!(sent(&entries).iter().all(|planned| planned.is_archived));
    assert_eq!(ways(&overview), [("left open now", 2)]);
}

#[test]
fn a_label_of_a_later_copy_is_noticed() {
    let tags = "[defaults]\nunlisted_labels = \"tag\"\n";
    let late = [mails(), vec![letter("b", 1, "In-Reply-To: <a@x>\nX-Gmail-Labels: Late\n", "Ho")]].concat();
    let (_, overview) = after(tags, &mails(), tags, &late);
    assert_eq!(ways(&overview), [("other tags now", 1)]);
    assert_eq!(overview.sent_differently_ids, ["b@x"]);
}

#[test]
fn other_content_is_noticed_and_told_from_other_tags() {
    let [first, second] = [mails().remove(0), mails().remove(1)];
    // The copy that was sent is gone; another one has a recipient more.
    let copy = first.replace("Subject: ", "Cc: eve@shop.example\nSubject: ");
    let (entries, overview) = after("", &mails(), "[defaults]\ntags = [\"late\"]", &[copy.clone(), second]);
    assert_eq!(ways(&overview), [("other content, people or date now", 1), ("other tags now", 1)]);
    assert_eq!(sent(&entries).len(), 2, "neither is a message that Front has not");
    let (_, both) = after("", &mails(), "", &[copy, mails().remove(0), mails().remove(1)]);
    assert_eq!(both.sent_differently, 0, "the copy that was sent is there, and stays");
}

#[test]
fn another_customer_of_a_chat_is_noticed() {
    let ours = || line("c1", 5, "leela", "Hello, can I help?", "agent");
    let before = planned(&mapping(""), &sources(&[], &[ours()]), &Pins::default());
    let now = sources(&[], &[ours(), line("c1", 6, "ada", "Yes", "visitor")]);
    let overview = overview_of(&mapping(""), &now, &pins_of(&before, &accepted()));
    assert_eq!(ways(&overview), [("other tags or customer now", 1)]);
}

#[test]
fn equal_rows_that_were_sent_stay_when_some_or_all_of_them_would_be_skipped() {
    let row = |label: &str| row_in(0, ["", "c1", "1546300800", "ada", "ok", "visitor", label]);
    let rows = [row("Keep"), row("Bill"), row("Bill")];
    let before = planned(&mapping(""), &sources(&[], &rows), &Pins::default());
    let pins = pins_of(&before, &accepted());
    let skip_all = "[[rule]]\nwhen = { source = \"chat\" }\nskip = \"no chats\"\n";
    for (rule, skipped) in [(SKIP, 2), (skip_all, 3)] {
        let now = sources(&[], &rows);
        let entries = planned(&mapping(rule), &now, &pins);
        let ids = |entries: &[Entry]| -> std::collections::BTreeSet<String> {
            sent(entries).iter().map(|planned| planned.external_id.clone()).collect()
        };
        assert_eq!(ids(&entries), ids(&before));
        let overview = overview_of(&mapping(rule), &now, &pins);
        let ways = ways(&overview);
        assert!(
            ways.iter().any(|(way, messages)| way.starts_with("skipped now: ") && *messages == skipped),
            "{ways:?}"
        );
        assert_eq!(overview.sent_and_gone, 0);
    }
}

#[test]
fn an_index_that_was_lost_is_made_again_with_all_that_was_sent_pinned() {
    let folder = Folder::new();
    let early = [letter("b", 5, "", "Hi"), letter("x", 6, "", "Ho"), letter("b", 5, "", "another")];
    for (name, text) in ["b", "x", "c"].iter().zip(&early) {
        folder.write(&format!("{name}.eml"), text);
    }
    let planned_in = |ledger: &Ledger| -> BTreeMap<String, Planned> {
        let entries = ledger.entries(0..ledger.tallies().iter().map(|(_, tally)| tally.read).sum()).unwrap();
        let verdicts = entries.map(|entry| entry.unwrap().1.verdict);
        verdicts
            .filter_map(|verdict| match verdict {
                Verdict::Planned(planned) => Some((planned.external_id.clone(), planned)),
                _ => None,
            })
            .collect()
    };
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, "");
    let before = planned_in(&ledger);
    for at in 0..3 {
        ledger.mark(&[(at, State::Sending), (at, accepted())]).unwrap();
    }
    drop(ledger);
    folder.lose_index();
    // An older mail, which would name the thread anew, and a copy that would be preferred.
    folder.write("0.eml", &letter("root", 0, "", "Hm"));
    folder.write("1.eml", &letter("x", 6, "Bcc: eve@shop.example\nIn-Reply-To: <b@x>\n", "Ho"));
    folder.write("2.eml", &letter("n", 9, "References: <root@x> <b@x>\n", "New"));
    let mut ledger = folder.open_ledger();
    assert!(ledger.plan().is_none());
    let overview = folder.plan(&mut ledger, "");
    let now = planned_in(&ledger);
    assert_eq!((before.len(), now.len()), (3, 5));
    for (id, then) in &before {
        assert_eq!(now.get(id), Some(then));
    }
    assert_eq!((overview.sent_differently, overview.sent_and_gone), (0, 0));
    let (_, tally) = ledger.tallies().remove(0);
    assert_eq!((tally.accepted, tally.pending, tally.duplicate), (3, 2, 1));
    assert!(
        now.values()
            .filter(|planned| !before.contains_key(&planned.external_id))
            .all(|new| { before.values().any(|then| then.thread_ref == new.thread_ref) })
    );
}

#[test]
fn sent_threads_that_turn_out_to_be_one_are_counted() {
    let apart = [letter("a", 0, "", "Hi"), letter("b", 1, "", "Ho"), letter("c", 1, "", "Ha")];
    let both = letter("d", 2, "References: <a@x> <b@x>\n", "Both");
    let (_, overview) = after("", &apart, "", &[apart.to_vec(), vec![both.clone()]].concat());
    assert_eq!(overview.rejoined, 1);
    let (entries, overview) = after("", &apart, "", &[both]);
    assert_eq!(overview.rejoined, 1, "also where they are not read again");
    let was = planned_mails(&mapping(""), &apart);
    assert_eq!(of(&entries, 0).thread_ref, of(&was, 1).thread_ref, "the nearest sent ancestor's");
    let (_, apart) = after("", &apart, "", &apart);
    assert_eq!(apart.rejoined, 0);
}

#[test]
fn threads_that_gmail_keeps_apart_are_not_called_one_for_a_reference() {
    let mails = [letter("a", 0, "X-GM-THRID: 1\n", "Hi"), letter("b", 1, "X-GM-THRID: 2\nReferences: <a@x>\n", "Ho")];
    let (_, overview) = after("", &mails, "", &mails);
    assert_eq!(overview.rejoined, 0);
}
