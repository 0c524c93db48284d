//! What a sample's expected lines say, laid beside what the plan says. `samples/README.md` explains the keys of a line.

use super::read_jsonl;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One record: what is expected of it, and what the plan says.
pub(crate) struct Pair {
    /// `file:line` of the expected line.
    pub(crate) place: String,
    pub(crate) expected: Value,
    pub(crate) actual: Value,
}

impl Pair {
    pub(crate) fn is_planned(&self) -> bool {
        self.actual["status"] == "planned"
    }
}

/// Lays the lines of a plan for one source beside its expected file.
pub(crate) fn lay_side_by_side(file: &Path, shown: &str, mut actual: Vec<Value>) -> Vec<Pair> {
    let expected = read_jsonl(file);
    assert_eq!(actual.len(), expected.len(), "records, and lines of {shown}: {}", outcomes(&actual));
    actual.sort_by_key(place_in_source);
    let pairs = expected.into_iter().zip(actual).enumerate();
    pairs
        .map(|(index, (expected, actual))| Pair { place: format!("{shown}:{}", index + 1), expected, actual })
        .collect()
}

/// Compares everything that is expected of single records; gives the number of facts compared.
pub(crate) fn assert_as_expected(pairs: &[Pair]) -> usize {
    let mut comparison = Comparison::default();
    for pair in pairs {
        let expected =
            pair.expected.as_object().unwrap_or_else(|| panic!("{}: an expected line is an object", pair.place));
        for (key, expected) in expected {
            comparison.record(pair, key, expected);
        }
    }
    let Comparison { compared, differences } = comparison;
    assert!(differences.is_empty(), "{} of {compared} facts differ:\n{}", differences.len(), differences.join("\n"));
    compared
}

/// Planned messages share a conversation exactly where their expected lines name the same thread.
pub(crate) fn assert_threads(pairs: &[Pair]) {
    let mut refs_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut names_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.is_planned()) {
        let Some(name) = pair.expected["thread"].as_str().map(str::to_owned) else { continue };
        let thread_ref = text(&pair.actual["thread_ref"]).to_owned();
        // A note has no request of its own to name its thread.
        if pair.actual["comment"].is_null() {
            assert_eq!(pair.actual["request"]["metadata"]["thread_ref"], thread_ref, "{}", pair.place);
        }
        refs_of.entry(name.clone()).or_default().insert(thread_ref.clone());
        names_of.entry(thread_ref).or_default().insert(name);
    }
    assert!(!refs_of.is_empty(), "the expected lines name no threads");
    refs_of.retain(|_, refs| refs.len() > 1);
    names_of.retain(|_, names| names.len() > 1);
    assert!(refs_of.is_empty(), "torn apart: {refs_of:#?}");
    assert!(names_of.is_empty(), "thrown together: {names_of:#?}");
}

/// What became of each record, for the reader of a failure.
pub(crate) fn outcomes(lines: &[Value]) -> String {
    let outcome = |line: &Value| format!("{} {} {}", line["origin"], line["status"], line["cause"]);
    lines.iter().map(outcome).collect::<Vec<_>>().join("\n")
}

/// File, then byte or line: the order in which the expected lines are written.
pub(crate) fn place_in_source(line: &Value) -> (String, u64) {
    let first = &line["origin"][0];
    let place = first["offset"].as_u64().or_else(|| first["line"].as_u64());
    (text(&first["file"]).to_owned(), place.unwrap_or_else(|| panic!("no place in the origin of {line}")))
}

pub(crate) fn text(value: &Value) -> &str {
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
                self.check(
                    pair,
                    key,
                    Some(file.strip_prefix("../").unwrap_or(file)) == expected.as_str(),
                    expected,
                    &file,
                );
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

/// How many records of a plan have this status.
pub(crate) fn count(lines: &[Value], status: &str) -> usize {
    lines.iter().filter(|line| line["status"] == status).count()
}
