//! Conversations of a real list, pair by pair: two mails that share one in both readings, or in one of them only.

use crate::answers::Answers;
use crate::support::{must, read_jsonl};
use crate::truth::Samples;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const MAILBOX: &str = "lists/linux-man.mbox";

const LISTED: &str = include_str!("threads.toml");

/// The exceptions, each a pair of mails by their places in the mailbox.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    joined: Vec<Exception>,
    #[serde(default)]
    parted: Vec<Exception>,
}

/// Pairs that one reason joins, or parts, against the agreed threads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    why: String,
    pairs: BTreeSet<(u64, u64)>,
}

/// Fails unless mails share a conversation exactly where others agree that they do, but for what is listed.
pub(crate) fn assert_as_agreed(samples: &Samples, answers: &Answers) {
    let index = read_jsonl(&samples.path("lists/linux-man.index.jsonl"));
    let number = |line: &Value, key: &str| line[key].as_u64().unwrap_or_else(|| panic!("no {key} in {line}"));
    let offsets: BTreeMap<u64, u64> = index.iter().map(|line| (number(line, "n"), number(line, "offset"))).collect();
    let mut mails = Vec::new();
    for thread in read_jsonl(&samples.path("threads/linux-man.agreed.jsonl")) {
        let agreed = number(&thread, "thread");
        for message in thread["messages"].as_array().into_iter().flatten() {
            let place = number(message, "mbox_index");
            let planned = answers.at(MAILBOX, offsets[&place]).and_then(|answer| answer.thread_ref.clone());
            mails.push(Mail {
                place,
                agreed,
                planned: planned.unwrap_or_else(|| panic!("mail {place} is in no thread")),
            });
        }
    }
    let both = pairs(&mails, |mail| (mail.agreed, mail.planned.as_str()));
    let agreed = pairs(&mails, |mail| mail.agreed);
    let planned = pairs(&mails, |mail| mail.planned.as_str());
    println!(
        "{} mails, {agreed} agreed pairs: recall {}, precision {} ({} parted, {} joined)",
        mails.len(),
        share(both, agreed),
        share(both, planned),
        agreed - both,
        planned - both
    );
    assert!(agreed > 10_000, "only {agreed} pairs");
    let list: List = must(toml::from_str(LISTED), "threads.toml");
    let parted = split_pairs(&mails, |mail| mail.agreed, |mail| mail.planned.as_str(), agreed - both);
    let joined = split_pairs(&mails, |mail| mail.planned.as_str(), |mail| mail.agreed, planned - both);
    assert_eq!(parted, listed(&list.parted), "parted against the agreed threads: tests/truths/threads.toml");
    assert_eq!(joined, listed(&list.joined), "joined against the agreed threads: tests/truths/threads.toml");
}

/// A mail of the list with its thread in either reading.
struct Mail {
    place: u64,
    agreed: u64,
    planned: String,
}

/// How many pairs of mails are in one group; counted by the sizes of the groups.
fn pairs<'a, K: Ord>(mails: &'a [Mail], group: impl Fn(&'a Mail) -> K) -> u64 {
    let mut sizes: BTreeMap<K, u64> = BTreeMap::new();
    for mail in mails {
        *sizes.entry(group(mail)).or_default() += 1;
    }
    sizes.values().map(|size| size * (size - 1) / 2).sum()
}

/// The pairs that one reading keeps together and the other does not. They are few, or the test has failed anyway.
fn split_pairs<'a, A: Ord, B: Ord>(
    mails: &'a [Mail],
    together: impl Fn(&'a Mail) -> A,
    apart: impl Fn(&'a Mail) -> B,
    expected: u64,
) -> BTreeSet<(u64, u64)> {
    assert!(expected < 1_000, "{expected} pairs differ");
    let mut groups: BTreeMap<A, BTreeMap<B, Vec<u64>>> = BTreeMap::new();
    for mail in mails {
        groups.entry(together(mail)).or_default().entry(apart(mail)).or_default().push(mail.place);
    }
    let mut split = BTreeSet::new();
    for parts in groups.values() {
        let parts: Vec<&Vec<u64>> = parts.values().collect();
        for (at, one) in parts.iter().enumerate() {
            for other in &parts[at + 1..] {
                let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (*a.min(b), *a.max(b))));
                split.extend(pairs);
            }
        }
    }
    split
}

fn listed(exceptions: &[Exception]) -> BTreeSet<(u64, u64)> {
    for exception in exceptions {
        assert!(exception.why.len() > 20, "a reason that says why: {:?}", exception.why);
    }
    exceptions.iter().flat_map(|exception| exception.pairs.iter().copied()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "pairs of a list are far below 2^52")]
fn share(part: u64, whole: u64) -> String {
    format!("{:.5}", part as f64 / whole as f64)
}
