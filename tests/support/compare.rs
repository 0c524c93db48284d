//! What the plan showed beside what the embedded Front decoded.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use super::must;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Differences that are told; the rest is counted.
const TOLD: usize = 20;

/// A plan's lines laid beside a dump.
#[derive(Default)]
pub(crate) struct Compared {
    /// Lines of the plan by status.
    pub(crate) statuses: BTreeMap<String, u64>,
    /// Lines of the dump.
    pub(crate) dumped: u64,
    /// Name of an inbox in the plan → ids of inboxes in the dump.
    pub(crate) inboxes: BTreeMap<String, BTreeSet<String>>,
    /// Messages planned for each inbox.
    pub(crate) planned_by_inbox: BTreeMap<String, u64>,
    /// `message_uid` → the plan's `thread_ref`.
    pub(crate) thread_refs: HashMap<String, String>,
    /// Attachments that were compared.
    pub(crate) attachments: u64,
    /// Fields of requests that were compared.
    pub(crate) fields: u64,
    count: usize,
    told: Vec<String>,
}

/// A line of the plan, by its place in the file: a plan may be larger than memory.
struct Place {
    offset: u64,
    length: usize,
    seen: bool,
}

impl Compared {
    /// Compares both files line by line. Holds one line of each, and the places of all.
    pub(crate) fn of(requests: &Path, dump: &Path) -> Self {
        let mut compared = Self::default();
        let mut planned = compared.planned(requests);
        let plan = must(File::open(requests), requests.display());
        let dump_file = BufReader::with_capacity(1 << 20, must(File::open(dump), dump.display()));
        for line in dump_file.split(b'\n') {
            let sent: Value = must(serde_json::from_slice(&must(line, dump.display())), dump.display());
            compared.dumped += 1;
            let id = text(&sent["external_id"]);
            match planned.get_mut(id) {
                None => compared.differ(|| format!("{id} is in Front and not in the plan")),
                Some(place) if place.seen => compared.differ(|| format!("{id} is in Front twice")),
                Some(place) => {
                    place.seen = true;
                    let mut bytes = vec![0; place.length];
                    must(plan.read_exact_at(&mut bytes, place.offset), requests.display());
                    compared.message(id, &must(serde_json::from_slice(&bytes), requests.display()), &sent);
                }
            }
        }
        for (id, place) in planned {
            if !place.seen {
                compared.differ(|| format!("{id} is planned and not in Front"));
            }
        }
        compared
    }

    /// Asserts that all of the dump is as planned, and that something was compared.
    #[track_caller]
    pub(crate) fn assert_equal(&self) {
        assert!(self.count == 0, "{} differences:\n{}", self.count, self.told.join("\n"));
        assert!(self.dumped > 0 && self.fields > self.dumped, "nothing was compared");
    }

    /// Lines of one status.
    pub(crate) fn status(&self, status: &str) -> u64 {
        self.statuses.get(status).copied().unwrap_or_default()
    }

    fn planned(&mut self, requests: &Path) -> HashMap<String, Place> {
        let mut planned = HashMap::new();
        let file = BufReader::with_capacity(1 << 20, must(File::open(requests), requests.display()));
        let mut offset = 0;
        for line in file.split(b'\n') {
            let line = must(line, requests.display());
            let length = line.len();
            let value: Head = must(serde_json::from_slice(&line), requests.display());
            *self.statuses.entry(value.status.clone()).or_default() += 1;
            if value.status == "planned" {
                let id = value.external_id.unwrap_or_else(|| panic!("a planned line without external id at {offset}"));
                let place = Place { offset, length, seen: false };
                if planned.insert(id.clone(), place).is_some() {
                    self.differ(|| format!("{id} is planned twice"));
                }
            } else if value.external_id.is_some() || value.request.is_some() {
                self.differ(|| format!("a line at {offset} that is {} has a request", value.status));
            }
            offset += length as u64 + 1;
        }
        planned
    }

    fn message(&mut self, id: &str, planned: &Value, sent: &Value) {
        let (wanted, got) = (object(&planned["request"]), object(&sent["request"]));
        for key in wanted.keys().chain(got.keys()).collect::<BTreeSet<_>>() {
            self.fields += 1;
            if wanted.get(key) != got.get(key) {
                let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
                self.differ(|| {
                    format!("{id} {key}\n  plan  {}\n  Front {}", shown(wanted.get(key)), shown(got.get(key)))
                });
            }
        }
        let (wanted, got) = (files(planned), files(sent));
        self.attachments += wanted.len() as u64;
        if wanted != got {
            self.differ(|| format!("{id} attachments\n  plan  {wanted:?}\n  Front {got:?}"));
        }
        for (what, value) in [("request", &planned["request"]["external_id"]), ("dump", &sent["external_id"])] {
            if value != id {
                self.differ(|| format!("{id} is {value} in the {what}"));
            }
        }
        if planned["request"]["metadata"]["thread_ref"] != planned["thread_ref"] {
            self.differ(|| format!("{id} names two refs"));
        }
        let inbox = text(&planned["inbox"]).to_owned();
        *self.planned_by_inbox.entry(inbox.clone()).or_default() += 1;
        self.inboxes.entry(inbox).or_default().insert(text(&sent["inbox"]).to_owned());
        self.thread_refs.insert(text(&sent["message_uid"]).to_owned(), text(&planned["thread_ref"]).to_owned());
    }

    fn differ(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(words());
        }
    }
}

/// The part of a plan's line that is needed of all lines.
#[derive(serde::Deserialize)]
struct Head {
    status: String,
    external_id: Option<String>,
    request: Option<serde::de::IgnoredAny>,
}

/// What both sides say of the files, in order.
fn files(line: &Value) -> Vec<[Value; 4]> {
    let files = line["attachments"].as_array().expect("attachments are a list");
    let fact = |file: &Value| ["filename", "content_type", "size", "sha256"].map(|key| file[key].clone());
    files.iter().map(fact).collect()
}

fn object(value: &Value) -> &serde_json::Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("not an object: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}
