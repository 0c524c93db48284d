//! How the reference graph knows records.

use super::short;
use crate::mapping::Mapping;
use crate::record::{Kind, Record};
use crate::thread::{Id, Message, base_subject};
use std::collections::HashSet;

/// How the reference graph knows a record. Ids carry the namespace, so that equal ids of unrelated
/// sources stay apart.
pub(super) fn links(record: &Record, namespace: &str, mapping: &Mapping) -> Message {
    let id = |kind: &str, value: &str| graph_id(namespace, kind, value);
    let own = record.message_id.as_ref().filter(|_| record.kind == Kind::Mail);
    let mut key = [0; 16];
    key.iter_mut().zip(record.identity.key).for_each(|(to, from)| *to = from);
    let known: HashSet<&String> = record.references.iter().collect();
    let replied = record.in_reply_to.iter().filter(|id| !known.contains(id));
    // In-Reply-To names the parent more surely than a References header that a client has cut, so it goes last.
    let references = record.references.iter().chain(replied).map(|reference| id("message", reference)).collect();
    let group = record
        .thread_value
        .as_ref()
        .map(|value| id("rule", value))
        .or_else(|| record.gmail_thread.as_ref().map(|value| id("gmail", value)))
        .or_else(|| record.conversation.as_ref().map(|value| id("conversation", value)));
    let subject = record
        .subject
        .as_deref()
        .filter(|_| mapping.thread.join_by_subject > 0)
        .map(base_subject)
        .filter(|subject| !subject.is_empty());
    Message {
        id: own.map_or(key, |own| id("message", own)),
        references,
        group,
        subject: subject.map(|subject| id("subject", &subject)),
        date: record.date.unwrap_or_default(),
    }
}

/// The graph's name for an id of some kind within a namespace.
pub(super) fn graph_id(namespace: &str, kind: &str, value: &str) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key("threadlift 1 thread");
    for field in [namespace, kind, value] {
        hasher.update(&(field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    short(&hasher.finalize())
}
