//! What every record and every request promises, whatever it was read from.

use crate::mapping::Mapping;
use crate::record::{self, Address, Attachment, Body, Direction, Kind, Outcome, Record};
use crate::request::{Decision, Draft, ImportRequest, MAX_REQUEST, encode};
use crate::source::RawEntry;
use bytes::Bytes;
use std::collections::HashSet;

/// Reads an entry as the program does, and holds what every outcome promises.
pub(super) fn read_entry(entry: &RawEntry, mapping: &Mapping) -> Option<Record> {
    match record::read(entry, mapping) {
        Ok(Outcome::Record(record)) => {
            check_record(&record);
            Some(*record)
        }
        Ok(Outcome::Skip(cause)) => {
            assert!(!cause.is_empty());
            None
        }
        Err(bad) => {
            assert!(!bad.cause.is_empty() && !bad.remedy.is_empty(), "refused without reason or remedy: {bad:?}");
            None
        }
    }
}

fn check_record(record: &Record) {
    let subject = record.subject.as_deref();
    let (Body::Html(body) | Body::Text(body)) = &record.body;
    assert!(!body.contains('\0'), "NUL in the body");
    assert!(!subject.is_some_and(|subject| subject.contains('\0')), "NUL in the subject");
    assert!(record.date.is_some_and(|date| date > 0), "no date, or none that Front takes: {:?}", record.date);
    assert!(record.from.is_some(), "no sender");
    let lists = [&record.to, &record.cc, &record.bcc, &record.reply_to, &record.delivered_to];
    for address in record.from.iter().chain(lists.into_iter().flatten()) {
        check_address(address, record.kind);
    }
    for label in &record.labels {
        assert!(
            !label.trim().is_empty() && !label.contains(char::is_control),
            "a label without a plain name: {label:?}"
        );
    }
    let own = record.message_id.as_ref().filter(|_| record.kind == Kind::Mail);
    for id in own.into_iter().chain(&record.in_reply_to).chain(&record.references) {
        assert!(!id.is_empty() && !id.contains(|c: char| c.is_control() || c.is_whitespace()), "no id: {id:?}");
    }
    let parents: HashSet<&String> = record.references.iter().collect();
    assert_eq!(parents.len(), record.references.len(), "a reference twice");
    assert!(!own.is_some_and(|own| parents.contains(own) || record.in_reply_to.contains(own)), "its own parent");
    for file in &record.attachments {
        check_file(file);
    }
    for change in &record.changes {
        assert!(!change.is_empty() && !change.contains(char::is_control), "a change that cannot be shown: {change:?}");
    }
}

fn check_address(Address { name, handle }: &Address, kind: Kind) {
    assert!(!handle.is_empty() && handle.trim() == handle, "a handle with blanks: {handle:?}");
    assert!(!handle.contains(char::is_control), "a handle with control characters: {handle:?}");
    assert!(kind != Kind::Mail || handle.contains('@'), "no mail address: {handle:?}");
    let name = name.as_deref();
    assert!(name.is_none_or(|name| !name.trim().is_empty() && !name.contains(char::is_control)), "name: {name:?}");
}

fn check_file(Attachment { filename, content_type, .. }: &Attachment) {
    assert!(!filename.trim().is_empty() && filename.len() <= 255, "name of a file: {filename:?}");
    assert!(!filename.contains(|c: char| c.is_control() || c == '/' || c == '\\'), "name of a file: {filename:?}");
    assert!(content_type.contains('/') && !content_type.contains(char::is_control), "type: {content_type:?}");
    assert_eq!(*content_type, content_type.to_ascii_lowercase());
}

/// Makes the request as the plan and the import do; gives the draft's digest.
pub(super) fn check_request(record: Record, mapping: &Mapping) -> Option<[u8; 32]> {
    let direction = record.stated_direction.unwrap_or(Direction::Inbound);
    let tags = record.labels.clone();
    let draft = Draft::new(record, direction, mapping).ok()?;
    let decision = Decision {
        external_id: "tl1-0",
        thread_ref: "tl1-t-0",
        tags: tags.get(..tags.len().min(8)).unwrap_or_default(),
        is_archived: true,
        assignee: None,
        customer: None,
    };
    let (digest, most) = (draft.digest, draft.size);
    let request = draft.finish(&decision, mapping);
    check_fields(&request);
    let encoded = encode::encode(&request);
    assert_eq!(encoded.size, encode::encoded_size(&request), "a size foretold wrongly");
    assert!(most <= MAX_REQUEST, "a request larger than Front takes");
    let written: usize = encoded.chunks.iter().map(Bytes::len).sum();
    assert_eq!(written as u64, encoded.size);
    if let [json] = encoded.chunks.as_slice() {
        let read: Result<serde_json::Value, _> = serde_json::from_slice(json);
        assert!(read.is_ok_and(|value| value.get("body").is_some_and(|body| body == request.body.as_str())));
    }
    Some(digest)
}

fn check_fields(request: &ImportRequest) {
    assert!(!request.body.trim().is_empty(), "Front asks for a body");
    assert!(!request.to.is_empty() && request.to.iter().all(|to| !to.is_empty()), "Front asks for a recipient");
    assert!(!request.sender.handle.is_empty(), "Front asks for a sender");
    let subject = request.subject.as_deref().unwrap_or("-");
    assert!(!subject.is_empty() && !subject.contains(char::is_control), "subject: {subject:?}");
    assert!(request.created_at > 0);
}
