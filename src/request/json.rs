//! The JSON of a request, byte for byte as serde writes it, which a property below holds.
//!
//! Planning writes the JSON of every message only to digest it, and nearly all of that is the body: lines that need no
//! escape but at their ends. Here such a line is copied whole, where serde looks at one byte after the other.

use super::{ImportRequest, Metadata, Sender};
use crate::record::plain::{Lanes, all, are};
use memchr::memchr;
use std::io::Write;

/// Room for what stands beside the body in most requests.
const BESIDE_BODY: usize = 1 << 10;

/// `before`, and behind it the JSON.
pub(super) fn json_behind(before: &[u8], request: &ImportRequest) -> Vec<u8> {
    let ImportRequest { sender, to, cc, bcc, subject, body, body_format, external_id, .. } = request;
    let Sender { handle, name, author_id } = sender;
    let Metadata { thread_ref, is_inbound, is_archived, should_skip_rules } = &request.metadata;
    let mut json = Vec::with_capacity(before.len() + body.len() + body.len() / 8 + BESIDE_BODY);
    json.extend_from_slice(before);
    json.extend_from_slice(br#"{"sender":{"handle":"#);
    string(handle, &mut json);
    text("name", name.as_deref(), &mut json);
    text("author_id", author_id.as_deref(), &mut json);
    json.extend_from_slice(br#"},"to":"#);
    strings(to, &mut json);
    list("cc", cc, &mut json);
    list("bcc", bcc, &mut json);
    text("subject", subject.as_deref(), &mut json);
    text("body", Some(body), &mut json);
    text("body_format", *body_format, &mut json);
    text("external_id", Some(external_id), &mut json);
    // Writing into memory cannot fail.
    let _ = write!(json, r#","created_at":{}"#, request.created_at);
    text("type", Some(request.kind), &mut json);
    text("assignee_id", request.assignee_id.as_deref(), &mut json);
    list("tags", &request.tags, &mut json);
    json.extend_from_slice(br#","metadata":{"thread_ref":"#);
    string(thread_ref, &mut json);
    let _ = write!(
        json,
        r#","is_inbound":{is_inbound},"is_archived":{is_archived},"should_skip_rules":{should_skip_rules}}}}}"#
    );
    json
}

/// A field behind another; nothing if it has no value.
fn text(name: &str, value: Option<&str>, json: &mut Vec<u8>) {
    if let Some(value) = value {
        key(name, json);
        string(value, json);
    }
}

/// A field behind another; nothing if it is empty.
fn list(name: &str, values: &[String], json: &mut Vec<u8>) {
    if !values.is_empty() {
        key(name, json);
        strings(values, json);
    }
}

fn key(name: &str, json: &mut Vec<u8>) {
    json.extend_from_slice(b",\"");
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
}

fn strings(values: &[String], json: &mut Vec<u8>) {
    json.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        string(value, json);
    }
    json.push(b']');
}

fn string(text: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    let mut rest = text.as_bytes();
    // Asked of the whole text first: of one line after the other it takes longer.
    let is_plain = all(rest, |lanes| stand_as_they_are(lanes) | are(lanes, b'\n'));
    while let Some(end) = memchr(b'\n', rest) {
        let (line, next) = rest.split_at(end);
        push_line(line, is_plain, json);
        json.extend_from_slice(br"\n");
        rest = next.get(1..).unwrap_or_default();
    }
    push_line(rest, is_plain, json);
    json.push(b'"');
}

fn push_line(line: &[u8], is_plain: bool, json: &mut Vec<u8>) {
    if is_plain || all(line, stand_as_they_are) {
        json.extend_from_slice(line);
    } else {
        for byte in line {
            push_byte(*byte, json);
        }
    }
}

fn stand_as_they_are(lanes: Lanes) -> Lanes {
    lanes.simd_ge(Lanes::splat(b' ')) & !(are(lanes, b'"') | are(lanes, b'\\'))
}

/// RFC 8259 section 7, the short form where there is one.
fn push_byte(byte: u8, json: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        ..b' ' => {
            let _ = write!(json, r"\u{byte:04x}");
            return;
        }
        _ => return json.push(byte),
    };
    json.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Any text, with more of what has to be escaped than chance would give.
    fn any_text() -> impl Strategy<Value = String> {
        "(\\PC|[\\x00-\\x1f\\x7f]|[\"\\\\/<>&\n]|[a-z ]{0,20}){0,12}"
    }

    fn any_list() -> impl Strategy<Value = Vec<String>> {
        vec(any_text(), 0..3)
    }

    fn any_request() -> impl Strategy<Value = ImportRequest> {
        let sender = (any_text(), proptest::option::of(any_text()), proptest::option::of(any_text()));
        let lists = (any_list(), any_list(), any_list(), any_list());
        let texts =
            (proptest::option::of(any_text()), any_text(), any_text(), proptest::option::of(any_text()), any_text());
        let rest = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<i64>());
        (sender, lists, texts, rest).prop_map(|(sender, lists, texts, rest)| ImportRequest {
            sender: Sender { handle: sender.0, name: sender.1, author_id: sender.2 },
            to: lists.0,
            cc: lists.1,
            bcc: lists.2,
            subject: texts.0,
            body: texts.1,
            body_format: rest.0.then_some("html"),
            external_id: texts.2,
            created_at: rest.4,
            kind: if rest.0 { "email" } else { "custom" },
            assignee_id: texts.3,
            tags: lists.3,
            metadata: Metadata {
                thread_ref: texts.4,
                is_inbound: rest.1,
                is_archived: rest.2,
                should_skip_rules: rest.3,
            },
            attachments: Vec::new(),
        })
    }

    #[test]
    fn every_escape_is_that_of_serde() {
        for letter in (0..=0x2ff_u32).filter_map(char::from_u32) {
            let mut json = Vec::new();
            string(&format!("a{letter}b"), &mut json);
            assert_eq!(json, serde_json::to_vec(&format!("a{letter}b")).unwrap(), "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn any_request_is_written_as_serde_writes_it(request in any_request()) {
            prop_assert_eq!(json_behind(b"before", &request), [b"before", &serde_json::to_vec(&request).unwrap()[..]].concat());
        }
    }
}
