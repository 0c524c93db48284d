//! What the mapping decides about one record.

use super::*;
use crate::mapping::{Moment, Until};
use crate::plan::decide::{Decided, Fared, Idle, decide, explain};
use crate::plan::gist::Gist;
use crate::plan::reader::read_record;
use crate::record::{Direction, Outcome, Record};

fn record(written: Written, source: u16) -> Record {
    let origin = Origin { source, pieces: Vec::new(), part: 0 };
    match read_record(&RawEntry { origin, content: written.1 }, &mapping("")).unwrap() {
        Outcome::Record(record) => *record,
        Outcome::Skip(cause) => panic!("skipped: {cause}"),
    }
}

/// A mail with something for every condition.
fn bill() -> Record {
    let headers =
        "To: Support@Acme.example\nCc: carl@copy.example\nBcc: eve@blind.example\nX-Gmail-Labels: Billing,Red\n";
    record(mail(&letter("a", 0, headers, "Hi")), 0)
}

/// The entry that a bill is read from, in a mailbox of that folder.
fn entry(written: Written) -> RawEntry {
    let piece = Piece { file: 0, offset: 0, length: 5_000, line: None };
    let mut content = written.1;
    if let Content::Mail(mail) = &mut content {
        mail.folder = "Archive/2019".into();
    }
    RawEntry { origin: Origin { source: 0, pieces: vec![piece], part: 0 }, content }
}

fn decided(record: &Record, more: &str) -> Decided {
    let written = mail(&letter("a", 0, "X-Queue: =?utf-8?q?Caf=C3=A9?=\nX-Queue: Returns\n", "Hi"));
    decided_by(&entry(written), record, 0, &mapping(more))
}

fn decided_by(entry: &RawEntry, record: &Record, source: usize, mapping: &Mapping) -> Decided {
    decide(Some(entry), &Gist::of(entry, record), source, mapping).unwrap()
}

/// Does a rule with this condition match?
fn matches(record: &Record, when: &str) -> bool {
    let rule = format!("[[rule]]\nwhen = {{ {when} }}\ntags = [\"hit\"]");
    decided(record, &rule).tags.contains(&"hit".to_owned())
}

const HOLDING: [&str; 18] = [
    "source = \"box\"",
    "label = \"Billing\"",
    "sender = \"ADA@shop.example\"",
    "recipient = \"support@acme.example\"",
    "domain = \"blind.example\"",
    "subject = 'H.llo'",
    "before = 2019-01-02",
    "since = 2019-01-01",
    "folder = \"Archive\"",
    "header = { x-queue = '^Caf\u{e9}$' }",
    "larger = \"4 kB\"",
    "smaller = \"6 kB\"",
    "direction = \"inbound\"",
    "has_attachment = false",
    "any = [{ label = \"Green\" }, { label = \"Red\", sender = \"ada@shop.example\" }]",
    "all = [{ label = \"Red\" }, { label = \"Billing\" }]",
    "not = { label = \"Red\", sender = \"eve@blind.example\" }",
    "not = { column = { who = 'ada' } }",
];

const FAILING: [&str; 18] = [
    "source = \"chat\"",
    "label = \"billing\"",
    "sender = \"support@acme.example\"",
    "recipient = \"ada@shop.example\"",
    "domain = \"ample\"",
    "subject = '^ello'",
    "before = 2019-01-01",
    "since = 2019-01-02",
    "folder = \"Arch\"",
    "header = { x-queue = '^returns$' }",
    "larger = \"5 kB\"",
    "smaller = \"5 kB\"",
    "direction = \"outbound\"",
    "has_attachment = true",
    "any = [{ label = \"Green\" }, { label = \"Red\", sender = \"eve@blind.example\" }]",
    "all = [{ label = \"Red\" }, { label = \"Green\" }]",
    "not = { label = \"Red\", sender = \"ada@shop.example\" }",
    "column = { who = 'ada' }",
];

#[test]
fn every_condition_holds_and_fails_by_itself() {
    for when in HOLDING {
        assert!(matches(&bill(), when), "{when}");
    }
    for when in FAILING {
        assert!(!matches(&bill(), when), "{when}");
    }
}

#[test]
fn one_condition_that_fails_is_enough() {
    // The last repeats a key; days and sizes would contradict each other.
    let all = &HOLDING[..HOLDING.len() - 1];
    let is_free =
        |at: &usize| !["before", "since", "larger", "smaller"].iter().any(|key| FAILING[*at].starts_with(key));
    assert!(matches(&bill(), &all.join(", ")));
    for at in (0..all.len()).filter(is_free) {
        let mut conditions = all.to_vec();
        conditions[at] = FAILING[at];
        assert!(!matches(&bill(), &conditions.join(", ")), "{}", FAILING[at]);
    }
    assert!(!matches(&bill(), "label = \"Billing\", before = 2019-01-01"));
}

#[test]
fn of_a_list_one_value_is_enough_and_copies_count_as_recipients() {
    assert!(matches(&bill(), "label = [\"Green\", \"Red\"]"));
    for recipient in ["carl@copy.example", "eve@blind.example"] {
        assert!(matches(&bill(), &format!("recipient = \"{recipient}\"")), "{recipient}");
    }
    assert!(matches(&bill(), "domain = [\"nowhere.example\", \"shop.example\"]"), "the sender's domain counts too");
}

#[test]
fn where_a_mail_was_delivered_counts_as_a_recipient() {
    for field in ["Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To"] {
        let blind = record(mail(&letter("a", 0, &format!("{field}: <Help@Acme.example>\n"), "Hi")), 0);
        assert!(matches(&blind, "recipient = \"help@acme.example\""), "{field}");
        assert!(!matches(&blind, "recipient = \"other@acme.example\""), "{field}");
    }
}

#[test]
fn a_day_begins_at_midnight_utc() {
    let at = |second: i64| Record { date: Some(NEW_YEAR + second), ..bill() };
    assert!(matches(&at(-1), "before = 2019-01-01") && !matches(&at(-1), "since = 2019-01-01"));
    assert!(!matches(&at(0), "before = 2019-01-01") && matches(&at(0), "since = 2019-01-01"));
}

#[test]
fn every_rule_that_matches_adds_its_tags_and_its_inbox_in_order() {
    let rules = r#"
[defaults]
tags = ["legacy", "x"]
[[rule]]
when = { label = "Nothing" }
inbox = "Nowhere"
[[rule]]
when = { label = "Red" }
tags = ["red", "x"]
[[rule]]
when = { label = "Billing" }
inbox = "Billing"
tags = ["bill"]
[[rule]]
when = { label = "Red" }
inbox = "Red"
[[rule]]
when = { sender = "ada@shop.example" }
inbox = "Billing"
"#;
    let decided = decided(&bill(), rules);
    assert_eq!(decided.tags, ["legacy", "x", "red", "bill"]);
    assert_eq!(decided.inbox_rules, [2, 3], "each inbox once, the first before the others");
    assert_eq!(decided.skip, None);
}

#[test]
fn the_first_rule_that_skips_is_named_with_its_line() {
    let rules = "[[rule]]\nwhen = { label = \"Red\" }\nskip = \"red\"\n[[rule]]\nwhen = { label = \"Billing\" }\nskip = \"bill\"\n";
    let line = BASE.lines().count() + 2;
    assert_eq!(decided(&bill(), rules).skip, Some(format!("red (rule at line {line})")));
}

#[test]
fn spam_trash_drafts_and_chats_are_skipped_unless_the_table_names_them() {
    let labelled = |label: &str| Record { labels: vec![label.to_owned()], ..bill() };
    for label in ["Spam", "trash", "Draft", "Drafts", "Chat", "Chats", "Papierkorb", "Corbeille", "Черновики"]
    {
        assert_eq!(decided(&labelled(label), "").skip, Some(format!("label {label}")));
        let listed = decided(&labelled(label), &format!("[labels]\n\"{label}\" = \"kept\""));
        assert_eq!((listed.skip, listed.tags), (None, vec!["kept".to_owned()]));
    }
    assert_eq!(decided(&labelled("Spammers"), "").skip, None);
}

#[test]
fn labels_that_mail_programs_give_are_neither_tags_nor_listed() {
    let labels = ["Inbox", "Opened", "Category Promotions", "Gesendet", "Posteingang"].map(str::to_owned).to_vec();
    let decided = decided(&Record { labels, ..bill() }, "[defaults]\nunlisted_labels = \"tag\"");
    assert!(decided.tags.is_empty() && decided.unlisted.is_empty() && decided.skip.is_none(), "{decided:?}");
}

#[test]
fn in_a_chat_table_labels_mean_what_somebody_wrote() {
    let cells = ["1", "c1", "1546300800", "ada", "Hi", "visitor", "Chat, Important"];
    let (row, chats) = (row_in(0, cells), mapping("[defaults]\nunlisted_labels = \"tag\""));
    let decided = decided_by(&entry(row.clone()), &record(row, 1), 1, &chats);
    assert_eq!((decided.skip, decided.tags), (None, vec!["Chat".to_owned(), "Important".to_owned()]));
}

#[test]
fn unlisted_labels_are_listed_or_become_tags_of_at_most_64_characters() {
    let (fits, long) = ("é".repeat(64), "é".repeat(65));
    let record = Record { labels: vec![fits.clone(), long.clone()], ..bill() };
    let listed = decided(&record, "");
    assert_eq!((listed.tags, listed.unlisted), (vec![], vec![fits.clone(), long.clone()]));
    let tagged = decided(&record, "[defaults]\nunlisted_labels = \"tag\"");
    assert_eq!((tagged.tags, tagged.unlisted), (vec![fits], vec![long]));
}

#[test]
fn what_the_source_states_settles_the_direction_before_the_address_does() {
    let ours = record(mail(&letter("a", 0, "From: support@ACME.example\n", "Hi")), 0);
    assert_eq!(decided(&ours, "").direction, Direction::Outbound);
    assert_eq!(decided(&bill(), "").direction, Direction::Inbound);
    let stated = |record, direction| Record { stated_direction: Some(direction), ..record };
    assert_eq!(decided(&stated(ours, Direction::Inbound), "").direction, Direction::Inbound);
    assert_eq!(decided(&stated(bill(), Direction::Outbound), "").direction, Direction::Outbound);
}

#[test]
fn what_a_source_has_from_its_last_day_on_is_left_out_and_the_rest_is_not() {
    let until = |written: &str| {
        let mut mapping = crate::mapping::Mapping::clone(&mapping(""));
        let moment = written.parse().map(|moment| Until::Moment(Moment(moment)));
        mapping.sources[0].ends.until = Some(moment.unwrap_or(Until::Everything));
        decided_by(&entry(mail("")), &bill(), 0, &mapping).skip
    };
    assert_eq!(until("2019-01-01T00:00:00Z").as_deref(), Some("dated 2019-01-01 or later (`until` of box)"));
    assert_eq!(until("2019-01-02T00:00:00Z"), None, "it is dated the day before");
    assert_eq!(until("everything"), None);
    assert_eq!(decided(&bill(), "").skip, None);
}

/// By rule: how it fared with a bill.
fn fared(rules: &str) -> Vec<Fared> {
    decided(&bill(), rules).rules
}

#[test]
fn a_rule_that_says_what_another_has_said_is_idle_and_names_it() {
    let rules = r#"
[labels]
Red = "red"
[[rule]]
when = { sender = "ada@shop.example", label = "Green" }
tags = ["never"]
[[rule]]
when = { label = "Billing" }
inbox = "Billing"
[[rule]]
when = { label = "Red" }
inbox = "Red"
[[rule]]
when = { label = "Red" }
tags = ["red"]
[[rule]]
when = { label = "Red" }
inbox = "Red"
tags = ["bill"]
"#;
    let idle = [Fared::Idle(Idle::Rule(1)), Fared::Idle(Idle::Needless)];
    assert_eq!(fared(rules), [Fared::Failed(1), Fared::Decided, idle[0], idle[1], Fared::Decided]);
    let per_inbox = format!("[identity]\ncopies = \"per-inbox\"\n{rules}");
    assert_eq!(fared(&per_inbox)[2], Fared::Decided, "each inbox gets its own copy");
}

#[test]
fn behind_a_rule_that_skips_nothing_is_decided() {
    let rules = "[[rule]]\nwhen = { label = \"Red\" }\nskip = \"red\"\n\
                 [[rule]]\nwhen = { label = \"Billing\" }\ninbox = \"Billing\"\n";
    assert_eq!(fared(rules), [Fared::Decided, Fared::Idle(Idle::Rule(0))]);
}

#[test]
fn of_what_a_message_has_one_of_the_first_rule_decides() {
    let rules = r#"
[[rule]]
when = { label = "Red" }
assignee = "tea_1"
archived = "no-leave-these-conversations-open"
direction = "outbound"
thread = { header = "X-Queue", pattern = 'Re(.*)' }
[[rule]]
when = { direction = "outbound" }
assignee = "tea_2"
archived = true
direction = "inbound"
thread = { subject = 'H' }
"#;
    let decided = decided(&bill(), rules);
    assert_eq!((decided.assignee_rule, decided.archived_rule), (Some(0), Some(0)));
    assert_eq!((decided.direction, decided.thread.as_deref()), (Direction::Outbound, Some("turns")));
    assert_eq!(
        decided.rules,
        [Fared::Decided, Fared::Idle(Idle::Rule(0))],
        "the second sees what the first has decided"
    );
}

#[test]
fn a_thread_is_named_by_subject_header_or_cell_and_by_none_where_the_pattern_finds_nothing() {
    let named = |thread: &str| {
        let rules = format!("[[rule]]\nwhen = {{ label = \"Red\" }}\nthread = {{ {thread} }}");
        let decided = decided(&bill(), &rules);
        (decided.thread, decided.rules[0])
    };
    let of = |name: &str| (Some(name.to_owned()), Fared::Decided);
    assert_eq!(named("subject = 'H(.)l'"), of("e"));
    assert_eq!(named("header = \"x-queue\""), of("Caf\u{e9}"));
    for nothing in ["subject = 'nothing'", "header = \"X-Absent\"", "column = \"who\""] {
        assert_eq!(named(nothing), (None, Fared::Idle(Idle::Needless)), "{nothing}");
    }
    let rules = mapping("[[rule]]\nwhen = { column = { who = 'ada' } }\nthread = { column = \"chat\" }");
    let row = row_in(0, ["1", "c1", "1546300800", "ada", "Hi", "visitor", ""]);
    assert_eq!(decided_by(&entry(row.clone()), &record(row, 1), 1, &rules).thread.as_deref(), Some("c1"));
}

#[test]
fn everything_that_was_decided_is_explained() {
    let rules = r#"
[defaults]
tags = ["legacy"]
[labels]
Red = "red"
[[rule]]
when = { any = [{ label = "Green" }, { recipient = "support@acme.example", since = 2019-01-01 }], not = { larger = "9 kB" } }
inbox = "Billing"
tags = ["bill"]
[[rule]]
when = { subject = 'H.llo', has_attachment = false }
inbox = "Other"
assignee = "tea_1"
"#;
    let written = mail(&letter("a", 0, "", "Hi"));
    let said = explain(&entry(written), &bill(), 0, &mapping(rules)).reasons;
    let line = BASE.lines().count();
    assert_eq!(
        said,
        [
            "inbound: ada@shop.example is none of ours ([ours])".to_owned(),
            "tag legacy: every message has it ([defaults])".to_owned(),
            "no tag for label Billing: [labels] does not name it".to_owned(),
            "tag red: label = Red ([labels])".to_owned(),
            format!(
                "rule 1 (line {}) set inbox Billing because recipient = Support@acme.example and 2019-01-01 is not before \
                 2019-01-01 and not: larger than 9000 bytes",
                line + 7
            ),
            format!(
                "rule 1 (line {}) added tag bill because recipient = Support@acme.example and 2019-01-01 is not before \
                 2019-01-01 and not: larger than 9000 bytes",
                line + 7
            ),
            format!(
                "rule 2 (line {}) named inbox Other, too, because subject holds \"Hello\" and it has no attachment",
                line + 11
            ),
            format!(
                "rule 2 (line {}) assigned it to tea_1 because subject holds \"Hello\" and it has no attachment",
                line + 11
            ),
            "thread: it refers to nothing, so it begins one".to_owned(),
        ]
    );
}
