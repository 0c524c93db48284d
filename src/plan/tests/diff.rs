//! What a plan says of how it differs from the one before.

use super::*;
use crate::plan::PlanDiff;
use crate::plan::testing::Folder;
use std::fs;

/// Three mails with labels, planned with `before` and then with `after`.
fn compared(before: &str, after: &str) -> PlanDiff {
    let folder = folder();
    let mut ledger = folder.open_ledger();
    folder.plan_and_compare(&mut ledger, before);
    folder.plan_and_compare(&mut ledger, after)
}

fn folder() -> Folder {
    let folder = Folder::new();
    for (number, labels) in [(1, "Red"), (2, "Red,Blue"), (3, "Green")] {
        let headers = format!("X-Gmail-Labels: {labels}\n");
        folder.write(&format!("{number}.eml"), &letter(&number.to_string(), number, &headers, "Hi"));
    }
    folder
}

/// Kinds with their numbers and the ids of their examples.
fn kinds(diff: &PlanDiff) -> Vec<(u64, String, Vec<String>)> {
    let ids = |kind: &crate::plan::DiffKind| kind.examples.iter().map(|example| example.id.clone()).collect();
    diff.kinds.iter().map(|kind| (kind.messages, kind.what.clone(), ids(kind))).collect()
}

fn kind(messages: u64, what: &str, ids: &[&str]) -> (u64, String, Vec<String>) {
    (messages, what.to_owned(), ids.iter().map(|id| format!("{id}@x")).collect())
}

const RED_TO_BILLING: &str = "[[rule]]\nwhen = { label = \"Red\" }\ninbox = \"Billing\"\ntags = [\"red\"]\n";

#[test]
fn the_first_plan_has_nothing_to_be_compared_with() {
    let folder = folder();
    let diff = folder.plan_and_compare(&mut folder.open_ledger(), "");
    assert_eq!(diff.unavailable.as_deref(), Some("there was no plan before this one"));
}

#[test]
fn the_same_mapping_changes_nothing() {
    let diff = compared(RED_TO_BILLING, &format!("# a remark\n{RED_TO_BILLING}"));
    assert_eq!((diff.same, diff.changed, kinds(&diff)), (3, 0, vec![]));
}

#[test]
fn every_way_in_which_a_message_is_planned_otherwise_is_counted_with_examples() {
    let diff = compared("", RED_TO_BILLING);
    assert_eq!((diff.same, diff.changed), (1, 2));
    let both = ["2", "1"];
    assert_eq!(kinds(&diff), [kind(2, "inbox Billing now, before Support", &both), kind(2, "tag red now", &both)]);
    assert_eq!(diff.kinds[0].examples[0].place, "mails/2.eml");
    let back = compared(RED_TO_BILLING, "");
    assert_eq!(kinds(&back), [kind(2, "inbox Support now, before Billing", &both), kind(2, "no tag red now", &both)]);
}

#[test]
fn direction_state_assignee_thread_and_content_are_told_apart() {
    let rule = |action: &str| format!("[[rule]]\nwhen = {{ label = \"Green\" }}\n{action}\n");
    for (action, said) in [
        ("direction = \"outbound\"", "outbound now, before inbound"),
        ("archived = \"no-leave-these-conversations-open\"", "left open now"),
        ("assignee = \"tea_1\"", "assigned to tea_1 now"),
        ("thread = { subject = 'Hello' }", "in another conversation now"),
    ] {
        assert_eq!(kinds(&compared("", &rule(action))), [kind(1, said, &["3"])], "{action}");
    }
    let agent = "[ours]\naddresses = [\"ada@shop.example\"]\n[agents]\n\"ada@shop.example\" = ";
    let renamed = compared(&format!("{agent}\"tea_1\""), &format!("{agent}\"tea_2\""));
    assert_eq!(kinds(&renamed), [kind(3, "other content or people now", &["3", "2", "1"])]);
}

#[test]
fn what_is_left_out_now_or_sent_now_is_named_with_the_reason() {
    let skip = "[[rule]]\nwhen = { label = \"Blue\" }\nskip = \"blue\"\n";
    let line = folder().mapping("").text.lines().count() + 1;
    let diff = compared("", skip);
    assert_eq!((diff.same, diff.changed), (2, 1));
    assert_eq!(kinds(&diff), [kind(1, &format!("not sent now: skipped: blue (rule at line {line})"), &["2"])]);
    let diff = compared(skip, "");
    assert_eq!((diff.same, diff.changed), (2, 1));
    assert_eq!(kinds(&diff), [kind(1, &format!("sent now, before skipped: blue (rule at line {line})"), &["2"])]);
    let other = skip.replace("\"blue\"", "\"azure\"");
    let said = format!("skipped: azure (rule at line {line}) now, before skipped: blue (rule at line {line})");
    let diff = compared(skip, &other);
    assert_eq!((diff.same, diff.changed, kinds(&diff)), (2, 0, vec![kind(1, &said, &["2"])]));
}

#[test]
fn new_ids_and_other_sources_are_no_mystery() {
    let diff = compared("", "[identity]\nnamespace = \"other\"\n");
    assert_eq!((diff.same, diff.changed), (0, 3));
    assert_eq!(kinds(&diff)[0].1, "sent under another id now");
    let folder = folder();
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, "");
    fs::remove_file(folder.path("1.eml")).unwrap();
    folder.write("4.eml", &letter("4", 4, "", "Hi"));
    folder.write("5.eml", &fs::read_to_string(folder.path("2.eml")).unwrap());
    let diff = folder.plan_and_compare(&mut ledger, "");
    assert_eq!((diff.same, diff.changed), (2, 2));
    let gone = kind(1, "not sent now: not in the sources", &["1"]);
    assert_eq!(kinds(&diff), [gone, kind(1, "sent now, and not in the sources before", &["4"])]);
}

#[test]
fn a_further_copy_of_what_was_there_is_no_newcomer() {
    let rules = format!("{RED_TO_BILLING}[[rule]]\nwhen = {{ label = \"Blue\" }}\ninbox = \"Blue\"\n");
    let diff = compared(&rules, &format!("[identity]\ncopies = \"per-inbox\"\n{rules}"));
    let further = kind(1, "sent once more now: into a further inbox, or as one of several equal rows", &["2"]);
    assert!(kinds(&diff).contains(&further), "{:?}", kinds(&diff));
    assert!(!diff.kinds.iter().any(|kind| kind.what.contains("not in the sources")), "{:?}", kinds(&diff));
}

#[test]
fn each_of_several_equal_rows_gets_its_new_id() {
    const CHAT: &str = "[[source]]\nname = \"chat\"\nformat = \"csv\"\npath = \"mails/chat.csv\"\ndate = \"iso\"\n\
                        columns = { conversation = \"c\", time = \"t\", sender = \"s\", text = \"m\" }\n";
    let folder = folder();
    folder.write("chat.csv", &format!("c,t,s,m\n{}", "1,2019-01-01T10:00:00Z,ada,Hi\n".repeat(3)));
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, CHAT);
    let diff = folder.plan_and_compare(&mut ledger, &format!("{CHAT}[identity]\nnamespace = \"other\"\n"));
    assert_eq!((diff.same, diff.changed), (0, 6));
    assert_eq!(diff.kinds.len(), 1, "{:?}", kinds(&diff));
    assert_eq!((diff.kinds[0].messages, diff.kinds[0].what.as_str()), (6, "sent under another id now"));
}
