//! The exports in `samples/`, planned by `mappings/demo.toml`, become what the expected files beside them say.
//!
//! `samples/README.md` explains the keys of an expected line.

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use support::{Workspace, read_jsonl, repository};

/// Name of a source in `mappings/demo.toml`, and what is expected of it.
const EXPECTED: [(&str, &str); 4] = [
    ("mail", "samples/mail/support.expected.jsonl"),
    ("takeout", "samples/takeout/Inbox.expected.jsonl"),
    ("folders", "samples/eml.expected.jsonl"),
    ("chat", "samples/chat/chats.expected.jsonl"),
];

/// One record: what is expected of it, and what the plan says.
struct Pair {
    /// `file:line` of the expected line.
    place: String,
    expected: Value,
    actual: Value,
}

impl Pair {
    fn is_planned(&self) -> bool {
        self.actual["status"] == "planned"
    }
}

/// Plans the demo and lays each record beside its expected line.
fn pairs() -> Vec<Pair> {
    let mut planned: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in Workspace::with_samples().plan("mappings/demo.toml") {
        planned.entry(text(&line["source"]).to_owned()).or_default().push(line);
    }
    let mut pairs = Vec::new();
    for (source, file) in EXPECTED {
        let expected = read_jsonl(&repository(file));
        let mut actual = planned.remove(source).unwrap_or_default();
        assert_eq!(actual.len(), expected.len(), "records of source {source}, and lines of {file}");
        actual.sort_by_key(place_in_source);
        for (index, (expected, actual)) in expected.into_iter().zip(actual).enumerate() {
            pairs.push(Pair { place: format!("{file}:{}", index + 1), expected, actual });
        }
    }
    assert!(planned.is_empty(), "sources without an expected file: {:?}", planned.keys());
    pairs
}

/// File, then byte or line: the order in which the expected lines are written.
fn place_in_source(line: &Value) -> (String, u64) {
    let first = &line["origin"][0];
    let place = first["offset"].as_u64().or_else(|| first["line"].as_u64());
    (text(&first["file"]).to_owned(), place.unwrap_or_else(|| panic!("no place in the origin of {line}")))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn sorted(value: &Value) -> Vec<&str> {
    let mut values: Vec<&str> = list(value).iter().map(text).collect();
    values.sort_unstable();
    values
}

/// Collects what differs, so that one run shows everything.
#[derive(Default)]
struct Comparison {
    compared: usize,
    differences: Vec<String>,
}

impl Comparison {
    fn check(&mut self, pair: &Pair, key: &str, holds: bool, expected: &Value, actual: &dyn std::fmt::Debug) {
        self.compared += 1;
        if !holds {
            let subject = pair.expected.get("subject").map(|subject| format!(" {subject}")).unwrap_or_default();
            self.differences
                .push(format!("{}{subject}\n  {key}\n    expected {expected}\n    planned  {actual:?}", pair.place));
        }
    }

    fn equal(&mut self, pair: &Pair, key: &str, expected: &Value, actual: &Value) {
        self.check(pair, key, expected == actual, expected, &format_args!("{actual}"));
    }

    /// What is said of the record, whatever became of it.
    fn record(&mut self, pair: &Pair, key: &str, expected: &Value) {
        let actual = &pair.actual;
        match key {
            "status" => self.equal(pair, key, expected, &actual["status"]),
            "status_any" => {
                let status = &actual["status"];
                self.check(pair, key, list(expected).contains(status), expected, &format_args!("{status}"));
            }
            "cause" => {
                let cause = actual["cause"].as_str().unwrap_or_default();
                self.check(pair, key, cause.contains(text(expected)), expected, &cause);
            }
            "message_id" => self.equal(pair, key, expected, &actual["message_id"]),
            "labels" => {
                let labels = sorted(&actual["labels"]);
                self.check(pair, key, sorted(expected) == labels, expected, &labels);
            }
            "file" => {
                let file = text(&actual["origin"][0]["file"]);
                self.check(pair, key, file.strip_prefix("../") == expected.as_str(), expected, &file);
            }
            // Facts about several records at once; they have tests of their own.
            "copies" | "thread" => {}
            _ if pair.is_planned() => self.request(pair, key, expected),
            _ => {}
        }
    }

    /// What is said of the request. Absent fields are null, absent lists are empty.
    fn request(&mut self, pair: &Pair, key: &str, expected: &Value) {
        let request = &pair.actual["request"];
        match key {
            "inbox" => self.equal(pair, key, expected, &pair.actual["inbox"]),
            "from" => self.equal(pair, key, expected, &request["sender"]["handle"]),
            "from_name" => self.equal(pair, key, expected, &request["sender"]["name"]),
            "author_id" => self.equal(pair, key, expected, &request["sender"]["author_id"]),
            "subject" | "created_at" | "type" => self.equal(pair, key, expected, &request[key]),
            "is_inbound" => self.equal(pair, key, expected, &request["metadata"]["is_inbound"]),
            "to" | "cc" | "bcc" => {
                let handles = list(&request[key]);
                self.check(pair, key, list(expected) == handles, expected, &handles);
            }
            "tags" => {
                let tags = sorted(&request["tags"]);
                self.check(pair, key, sorted(expected) == tags, expected, &tags);
            }
            "body_has" | "body_lacks" => {
                let body = text(&request["body"]);
                for piece in list(expected) {
                    self.check(pair, key, body.contains(text(piece)) == (key == "body_has"), piece, &body);
                }
            }
            "attachments" => self.attachments(pair, list(expected), list(&pair.actual["attachments"])),
            unknown => panic!("{}: unknown key {unknown:?}", pair.place),
        }
    }

    fn attachments(&mut self, pair: &Pair, expected: &[Value], actual: &[Value]) {
        self.equal(pair, "number of attachments", &expected.len().into(), &actual.len().into());
        for (expected, actual) in expected.iter().zip(actual) {
            let keys = expected.as_object().unwrap_or_else(|| panic!("{}: an attachment is an object", pair.place));
            for (key, value) in keys {
                self.equal(pair, &format!("attachment {key}"), value, &actual[key]);
            }
        }
    }
}

#[test]
fn every_record_of_the_samples_becomes_what_its_expected_line_says() {
    let mut comparison = Comparison::default();
    for pair in pairs() {
        for (key, expected) in pair.expected.as_object().expect("an expected line is an object") {
            comparison.record(&pair, key, expected);
        }
    }
    let Comparison { compared, differences } = comparison;
    assert!(differences.is_empty(), "{} of {compared} facts differ:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 1000, "only {compared} facts were compared");
}

#[test]
fn messages_share_a_conversation_exactly_where_the_story_says_so() {
    let mut refs_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut names_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pair in pairs().iter().filter(|pair| pair.is_planned()) {
        let Some(name) = pair.expected["thread"].as_str().map(str::to_owned) else { continue };
        let thread_ref = text(&pair.actual["thread_ref"]).to_owned();
        assert_eq!(pair.actual["request"]["metadata"]["thread_ref"], thread_ref, "{}", pair.place);
        refs_of.entry(name.clone()).or_default().insert(thread_ref.clone());
        names_of.entry(thread_ref).or_default().insert(name);
    }
    assert!(refs_of.len() > 1, "the expected lines name no threads");
    refs_of.retain(|_, refs| refs.len() > 1);
    names_of.retain(|_, names| names.len() > 1);
    assert!(refs_of.is_empty(), "torn apart: {refs_of:#?}");
    assert!(names_of.is_empty(), "thrown together: {names_of:#?}");
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

/// How many records of a plan have this status.
fn count(lines: &[Value], status: &str) -> usize {
    lines.iter().filter(|line| line["status"] == status).count()
}

/// What became of each record, for the reader of a failure.
fn outcomes(lines: &[Value]) -> String {
    let outcome = |line: &Value| format!("{} {} {}", line["origin"], line["status"], line["cause"]);
    lines.iter().map(outcome).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_mapping_for_google_takeout_works_as_it_stands() {
    let workspace = Workspace::empty();
    workspace.copy("mappings/google-takeout.toml", "takeout.toml");
    workspace.copy("samples/takeout/Inbox.mbox", "Takeout/E-Mail/Posteingang.mbox");
    let lines = workspace.plan("takeout.toml");
    assert_eq!((count(&lines, "planned"), count(&lines, "skipped"), lines.len()), (5, 2, 7), "{}", outcomes(&lines));
}

#[test]
fn the_mapping_for_an_eml_archive_works_as_it_stands() {
    let workspace = Workspace::empty();
    workspace.copy("mappings/eml-archive.toml", "archive.toml");
    workspace.copy("samples/eml", "archive");
    let lines = workspace.plan("archive.toml");
    assert_eq!((count(&lines, "planned"), lines.len()), (8, 8), "{}", outcomes(&lines));
}

#[test]
fn the_mapping_for_a_chat_table_works_as_it_stands() {
    let workspace = Workspace::empty();
    workspace.copy("mappings/chat-csv.toml", "chat.toml");
    workspace.write(
        "chats/2019.csv",
        "message_id,chat_id,sent_at,author,author_name,recipient,message,author_type\n\
         1,c1,2019-07-01 10:00:00,visitor-1,Visitor,,\"Hello, anyone there?\",visitor\n\
         2,c1,2019-07-01 10:00:05,system,,,Nell joined,system\n\
         3,c1,2019-07-01 10:00:30,nell@your-company.example,Nell,visitor-1,Yes.,agent\n",
    );
    let lines = workspace.plan("chat.toml");
    assert_eq!((count(&lines, "planned"), count(&lines, "skipped"), lines.len()), (2, 1, 3), "{}", outcomes(&lines));
    // 10:00 in London in July.
    assert_eq!(lines[0]["request"]["created_at"], 1_561_971_600);
}
