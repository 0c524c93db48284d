//! The exports in `samples/`, planned by `mappings/demo.toml`, become what the expected files beside them say.
//!
//! `samples/README.md` explains the keys of an expected line.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use support::expected::{self, Pair, text};
use support::{Workspace, repository};

/// Name of a source in `mappings/demo.toml`, and what is expected of it.
const EXPECTED: [(&str, &str); 4] = [
    ("mail", "samples/mail/support.expected.jsonl"),
    ("takeout", "samples/takeout/Inbox.expected.jsonl"),
    ("folders", "samples/eml.expected.jsonl"),
    ("chat", "samples/chat/chats.expected.jsonl"),
];

/// Plans the demo and lays each record beside its expected line.
fn pairs() -> Vec<Pair> {
    let mut planned: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in Workspace::with_samples().plan("mappings/demo.toml") {
        planned.entry(text(&line["source"]).to_owned()).or_default().push(line);
    }
    let mut pairs = Vec::new();
    for (source, file) in EXPECTED {
        let actual = planned.remove(source).unwrap_or_default();
        pairs.extend(expected::lay_side_by_side(&repository(file), file, actual));
    }
    assert!(planned.is_empty(), "sources without an expected file: {:?}", planned.keys());
    pairs
}

#[test]
fn every_record_of_the_samples_becomes_what_its_expected_line_says() {
    let compared = expected::assert_as_expected(&pairs());
    assert!(compared > 1000, "only {compared} facts were compared");
}

#[test]
fn messages_share_a_conversation_exactly_where_the_story_says_so() {
    expected::assert_threads(&pairs());
}

#[test]
fn of_several_copies_exactly_one_is_planned() {
    let mut statuses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in pairs() {
        if let Some(group) = pair.expected["copies"].as_str() {
            statuses.entry(group.to_owned()).or_default().push(text(&pair.actual["status"]).to_owned());
        }
    }
    assert!(!statuses.is_empty(), "no expected line names copies");
    for (group, mut statuses) in statuses {
        statuses.sort_unstable();
        assert_eq!(statuses, ["duplicate", "planned"], "copies of {group}");
    }
}

#[test]
fn every_planned_message_has_an_id_of_its_own_and_arrives_silently() {
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for pair in pairs().into_iter().filter(Pair::is_planned) {
        let request = &pair.actual["request"];
        let external_id = text(&pair.actual["external_id"]).to_owned();
        assert_eq!(request["external_id"], external_id, "{}", pair.place);
        assert_eq!(request["metadata"]["is_archived"], true, "{}", pair.place);
        assert_eq!(request["metadata"]["should_skip_rules"], true, "{}", pair.place);
        if let Some(other) = places.insert(external_id.clone(), pair.place.clone()) {
            panic!("{external_id} is the id of two messages: {other} and {}", pair.place);
        }
    }
    assert!(!places.is_empty(), "nothing was planned");
}

#[test]
fn a_mailbox_whose_lines_end_in_cr_alone_gives_the_same_messages_at_the_same_places() {
    let workspace = Workspace::with_samples();
    let planned = workspace.plan("mappings/demo.toml");
    assert!(planned.iter().filter(|line| line["source"] == "mail").count() >= 50);
    let mailbox = "samples/mail/support.mbox";
    let text = support::must(std::fs::read(workspace.path(mailbox)), mailbox);
    let of_mac: Vec<u8> = text.iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte }).collect();
    assert_ne!(text, of_mac);
    workspace.write(mailbox, of_mac);
    assert_eq!(workspace.plan("mappings/demo.toml"), planned);
}
