//! What was sent and would be sent differently now: it stays, and the plan says so.

use super::overview::overview_of;
use super::*;
use crate::plan::Overview;

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
    assert_eq!(ways(&overview), [("other content, people or tags now", 1)]);
    assert_eq!(overview.sent_differently_ids, ["b@x"]);
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
