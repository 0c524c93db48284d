//! What rules do to conversations, and what is said of rules that do nothing.

use super::overview::{overview_of, own_authors};
use super::*;
use crate::mapping::Diagnostic;

fn warnings(more: &str, mails: &[String]) -> Vec<Diagnostic> {
    overview_of(&mapping(more), &mails_only(mails), &Pins::default()).warnings
}

fn labelled(id: &str, minute: i64, labels: &str, headers: &str) -> String {
    letter(id, minute, &format!("X-Gmail-Labels: {labels}\n{headers}"), "Hi")
}

/// Titles, labels and remedies, with the line counted from the beginning of what was added.
fn said(warnings: &[Diagnostic]) -> Vec<(usize, String)> {
    let words = |found: &Diagnostic| format!("{}: {}; {}", found.title, found.label, found.help);
    warnings.iter().map(|found| (found.line - BASE.lines().count() - 1, words(found))).collect()
}

#[test]
fn a_rule_that_never_matches_is_named_with_the_condition_at_fault_and_what_there_is() {
    let rules = r#"[[rule]]
when = { sender = "ada@shop.example", label = "Biling" }
inbox = "Billing"
[[rule]]
when = { subject = 'Hello', header = { x-none = 'a' } }
tags = ["x"]
"#;
    let mails = [labelled("a", 0, "Billing", ""), labelled("b", 1, "Billing", "From: Bo <bo@shop.example>\n")];
    let found = warnings(rules, &mails);
    assert_eq!(
        said(&found),
        [
            (
                2,
                "this rule never matches: matches 0 of the 1 that the conditions before it leave; did you mean `Billing` (2 entries)?"
                    .to_owned()
            ),
            (
                5,
                "this rule never matches: matches 0 of 2 entries; mend the condition, or remove the rule; `plan --requests FILE` \
                 shows what the messages say"
                    .to_owned()
            ),
        ]
    );
    assert_eq!((found[0].column, found[0].width), (47, 8), "the value of `label`");
}

#[test]
fn a_rule_that_another_forestalls_is_named_with_it() {
    let rules = r#"[[rule]]
when = { label = "Red" }
inbox = "Billing"
[[rule]]
when = { label = ["Red", "Blue"], sender = "ada@shop.example" }
inbox = "Archive"
"#;
    let both = [labelled("a", 0, "Red", ""), labelled("b", 1, "Blue", "")];
    assert_eq!(warnings(rules, &both), [], "it decides for the blue one");
    let found = said(&warnings(rules, &both[..1]));
    let line = BASE.lines().count() + 2;
    let expected = format!(
        "this rule decides nothing that rule 1 (line {line}) has not decided: matches 1 of 1 entry; put it before that rule, \
         narrow that rule, or remove this one"
    );
    assert_eq!(found, [(4, expected)]);
}

#[test]
fn labels_of_the_table_that_do_not_occur_are_named_with_those_that_do() {
    let found = said(&warnings(
        "[labels]\nImportnt = \"vip\"\nRed = \"red\"\nNothing = \"x\"\n",
        &[labelled("a", 0, "Important,Red", "")],
    ));
    let expected = [
        (2, "no message has the label `Importnt`: matches 0 of 1 entry; did you mean `Important` (1 entry)?"),
        (4, "no message has the label `Nothing`: matches 0 of 1 entry; labels that occur: `Important`, `Red`"),
    ];
    assert_eq!(found, expected.map(|(line, words)| (line, words.to_owned())));
}

#[test]
fn a_rule_for_what_a_label_skips_is_told_so() {
    let rules = "[[rule]]\nwhen = { label = \"Trash\" }\nthread = { subject = 'H' }\n";
    let found = warnings(rules, &[labelled("a", 0, "Trash", ""), labelled("b", 1, "Red", "")]);
    assert_eq!(found[0].title, "whatever this rule matches is skipped already, by a label, by `since` or by `until`");
}

#[test]
fn a_column_that_no_table_has_is_named_with_the_nearest() {
    let mapping = mapping("[[rule]]\nwhen = { source = \"chat\", column = { whoo = 'ada' } }\ntags = [\"x\"]\n");
    let sources = sources(&[], &[line("c", 0, "ada", "Hi", "visitor")]);
    let found = overview_of(&mapping, &sources, &Pins::default()).warnings;
    assert_eq!(found[0].help, "no table has the column; did you mean `who`?");
}

#[test]
fn an_inbox_that_differs_by_a_letter_or_gets_nothing_is_named() {
    let rules = r#"[[rule]]
when = { label = "Red" }
inbox = "Suport"
[[rule]]
when = { label = "Blue" }
inbox = "Billing"
"#;
    let reply = labelled("b", 1, "Blue", "In-Reply-To: <a@x>\n");
    let found = warnings(rules, &[labelled("a", 0, "Red", ""), reply]);
    let titles: Vec<&str> = found.iter().map(|found| found.title.as_str()).collect();
    assert_eq!(
        titles,
        ["the inboxes `Suport` and `Support` differ by little", "nothing comes into the inbox `Billing`"]
    );
}

#[test]
fn nothing_is_said_of_rules_where_nothing_could_be_read() {
    assert_eq!(warnings("[labels]\nRed = \"red\"\n[[rule]]\nwhen = { label = \"Red\" }\ntags = [\"x\"]\n", &[]), []);
}

const OPEN: &str = r#"[[rule]]
when = { label = "Red" }
archived = "no-leave-these-conversations-open"
assignee = "tea_1"
[[rule]]
when = { label = "Blue" }
archived = true
assignee = "tea_2"
"#;

#[test]
fn the_oldest_message_that_a_rule_gives_a_state_gives_it_to_its_conversation() {
    let mails = [
        letter("a", 0, "", "Hi"),
        labelled("b", 1, "Red", "In-Reply-To: <a@x>\n"),
        labelled("c", 2, "Blue", "In-Reply-To: <b@x>\n"),
        labelled("d", 3, "Blue", ""),
        letter("e", 4, "", "Hi"),
    ];
    let entries = planned_mails(&mapping(OPEN), &mails);
    let states: Vec<_> =
        (0..5).map(|number| (of(&entries, number).is_archived, of(&entries, number).assignee.as_deref())).collect();
    let red = (false, Some("tea_1"));
    assert_eq!(states, [red, red, red, (true, Some("tea_2")), (true, None)]);
}

#[test]
fn a_conversation_that_is_in_front_is_not_assigned_again_and_keeps_its_state() {
    let mapping = mapping(OPEN);
    let first = [labelled("a", 0, "Red", "")];
    let sent = planned_mails(&mapping, &first);
    let pins = pins_of(&sent, &accepted());
    let more = [first[0].clone(), labelled("b", 1, "Blue", "In-Reply-To: <a@x>\n")];
    let entries = planned(&mapping, &mails_only(&more), &pins);
    assert_eq!(of(&entries, 0).request, of(&sent, 0).request, "a replay says what was said");
    let newcomer = of(&entries, 1);
    assert_eq!((newcomer.is_archived, newcomer.assignee.as_deref()), (false, None));
    assert_eq!(overview_of(&mapping, &mails_only(&more), &pins).sent_differently, 0);
}

#[test]
fn a_direction_by_rule_is_that_of_the_request_and_of_those_treated_as_us() {
    let rules = "[[rule]]\nwhen = { sender = \"ada@shop.example\" }\ndirection = \"outbound\"\n";
    let overview = overview_of(&mapping(rules), &mails_only(&[letter("a", 0, "", "Hi")]), &Pins::default());
    assert_eq!((overview.inbound, overview.outbound), (0, 1));
    assert_eq!(own_authors(&overview), [("ada@shop.example", 1)]);
}

#[test]
fn mails_that_a_rule_gives_one_name_are_one_conversation() {
    let rules = "[[rule]]\nwhen = { source = \"box\" }\nthread = { header = \"X-Case\", pattern = '(\\d+)' }\n";
    let case = |id: &str, minute, case: &str| letter(id, minute, &format!("X-Case: {case}\n"), "Hi");
    let mails = [case("a", 0, "no. 17"), case("b", 1, "17 (open)"), case("c", 2, "18"), case("d", 3, "none")];
    let entries = planned_mails(&mapping(rules), &mails);
    let refs: Vec<&str> = (0..4).map(|number| of(&entries, number).thread_ref.as_str()).collect();
    assert_eq!(refs[0], refs[1]);
    assert!(refs[2] != refs[0] && refs[3] != refs[0] && refs[2] != refs[3]);
}
