//! The exact bytes of a request: JSON without files, `multipart/form-data` with them.
//!
//! Front takes JSON and multipart alike, but files in JSON are accepted and silently lost, so files mean multipart.
//! The multipart is written here and not by an HTTP library: those pick a random boundary, and a resend must carry the
//! same bytes as the first sending. Everything here is a pure function of the [`ImportRequest`].
//!
//! Shape (RFC 7578, with names as Front documents them): one part per leaf, nested as `sender[handle]`, lists indexed
//! from 0 as `to[0]`; text parts bear no Content-Type; files are `attachments[0]` with name and type.

use std::fmt::Write as _;

use bytes::Bytes;
use memchr::memmem;
use serde_json::Value;

use super::json::json_behind;
use super::{File, ImportRequest};
use serde::Serialize;

/// A boundary is this and 32 hex digits: 43 characters, where RFC 2046 allows 70.
const BOUNDARY_PREFIX: &str = "threadlift-";
const BOUNDARY_LENGTH: usize = BOUNDARY_PREFIX.len() + 32;

const UNKNOWN_TYPE: &str = "application/octet-stream";

/// A request body, ready to be sent any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Value of the Content-Type header.
    pub content_type: String,
    /// The body in order. File contents are shared with the request, not copied.
    pub chunks: Vec<Bytes>,
    /// Bytes in all chunks together.
    pub size: u64,
}

/// What is sent as JSON, and where it has files as multipart.
pub trait Payload: Serialize {
    /// Its files.
    fn files(&self) -> &[File];

    /// `before`, and behind it its JSON.
    #[expect(
        clippy::expect_used,
        reason = "strings, integers and booleans written into memory: there is nothing to fail"
    )]
    fn json_behind(&self, before: &[u8]) -> Vec<u8> {
        let mut json = before.to_vec();
        serde_json::to_writer(&mut json, self).expect("a payload is always JSON");
        json
    }
}

impl Payload for ImportRequest {
    fn files(&self) -> &[File] {
        &self.attachments
    }

    fn json_behind(&self, before: &[u8]) -> Vec<u8> {
        json_behind(before, self)
    }
}

/// Writes the request body.
#[must_use]
pub fn encode(request: &ImportRequest) -> Encoded {
    encode_as(request)
}

/// Writes the body of any payload.
#[must_use]
pub fn encode_as(payload: &impl Payload) -> Encoded {
    let files = payload.files();
    let (content_type, chunks) = if files.is_empty() {
        ("application/json".to_owned(), vec![Bytes::from(payload.json_behind(&[]))])
    } else {
        let fields = fields(payload);
        let boundary = boundary(&json_and_digest(payload).1, |candidate| occurs(candidate, &fields, files));
        (format!("multipart/form-data; boundary={boundary}"), multipart(&fields, files, &boundary))
    };
    let size = chunks.iter().map(|chunk| chunk.len() as u64).sum();
    Encoded { content_type, chunks, size }
}

/// Size in bytes of the body that [`encode`] writes, without writing the files.
#[must_use]
pub fn encoded_size(request: &ImportRequest) -> u64 {
    if request.attachments.is_empty() {
        return json(request).len() as u64;
    }
    // Boundaries are all of one length, so any of them gives the size; finding the real one would mean to hash and
    // search every file.
    let any_boundary = "-".repeat(BOUNDARY_LENGTH);
    let chunks = multipart(&fields(request), &request.attachments, &any_boundary);
    chunks.iter().map(|chunk| chunk.len() as u64).sum()
}

/// [`encoded_size`] and [`digest`] together: of a request without files both are of the same JSON.
#[must_use]
pub fn size_and_digest(request: &ImportRequest) -> (u64, [u8; 32]) {
    let (json, digest) = json_and_digest(request);
    let size = if request.attachments.is_empty() { json } else { encoded_size(request) };
    (size, digest)
}

/// What identifies the request's content: BLAKE3 over the JSON and each file's name, type and content, each preceded by
/// its length (8 bytes, little endian) so that no two requests run together into the same bytes.
#[must_use]
pub fn digest(request: &ImportRequest) -> [u8; 32] {
    json_and_digest(request).1
}

/// The length of the JSON, and the digest.
fn json_and_digest(payload: &impl Payload) -> (u64, [u8; 32]) {
    const PLACE: [u8; 8] = [0; 8];
    let mut bytes = payload.json_behind(&PLACE);
    let length = (bytes.len() - PLACE.len()) as u64;
    bytes.iter_mut().zip(length.to_le_bytes()).for_each(|(to, from)| *to = from);
    let mut hasher = blake3::Hasher::new();
    // Length and JSON at once: BLAKE3 takes several blocks in one step where it gets them together.
    hasher.update(&bytes);
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for file in payload.files() {
        add(file.filename.as_bytes());
        add(file.content_type.as_bytes());
        add(&file.content);
    }
    for (index, file) in payload.files().iter().enumerate() {
        if let Some(id) = file.id_to_send() {
            // No name of a file begins with these eight bytes, so nothing above can be taken for this.
            hasher.update(&(id.len() as u64 + 8).to_le_bytes());
            hasher.update(&(index as u64).to_le_bytes());
            hasher.update(id.as_bytes());
        }
    }
    (length, *hasher.finalize().as_bytes())
}

fn json(request: &ImportRequest) -> Vec<u8> {
    json_behind(&[], request)
}

/// The leaves of the request as (bracketed name, text), in field order.
#[expect(clippy::expect_used, reason = "strings, integers and booleans written into memory: there is nothing to fail")]
fn fields(payload: &impl Payload) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    if let Value::Object(map) = serde_json::to_value(payload).expect("a payload is always JSON") {
        for (name, value) in map {
            flatten(name, value, &mut leaves);
        }
    }
    leaves
}

/// Depth is that of the request type, so the recursion is two deep at most.
fn flatten(name: String, value: Value, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(yes) => leaves.push((name, yes.to_string())),
        Value::Number(number) => leaves.push((name, number.to_string())),
        Value::String(text) => leaves.push((name, text)),
        Value::Array(items) => {
            for (index, item) in items.into_iter().enumerate() {
                flatten(format!("{name}[{index}]"), item, leaves);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                flatten(format!("{name}[{key}]"), item, leaves);
            }
        }
    }
}

fn multipart(fields: &[(String, String)], files: &[File], boundary: &str) -> Vec<Bytes> {
    let mut chunks = Vec::with_capacity(files.len() * 2 + 1);
    let mut text = String::new();
    for (name, value) in fields {
        text.push_str("--");
        text.push_str(boundary);
        text.push_str("\r\nContent-Disposition: form-data; name=\"");
        text.push_str(name);
        text.push_str("\"\r\n\r\n");
        text.push_str(value);
        text.push_str("\r\n");
    }
    for (index, file) in files.iter().enumerate() {
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"attachments[{index}]\"; filename=\"{}\"\r\n\
             Content-Type: {}\r\n",
            escaped_filename(&file.filename),
            sound_type(&file.content_type),
        );
        if let Some(id) = file.id_to_send() {
            let _ = write!(text, "Content-ID: <{id}>\r\n");
        }
        text.push_str("\r\n");
        chunks.push(Bytes::from(std::mem::take(&mut text)));
        chunks.push(file.content.clone());
        text.push_str("\r\n");
    }
    text.push_str("--");
    text.push_str(boundary);
    text.push_str("--\r\n");
    chunks.push(Bytes::from(text));
    chunks
}

/// As HTML forms write file names: raw UTF-8 with these three escaped (HTML standard, "multipart/form-data encoding
/// algorithm"); no `filename*`, which RFC 7578 forbids.
fn escaped_filename(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// `type/subtype` of RFC 9110 tokens, or the type of unknown bytes: a mail may declare anything as a part's type, and
/// what is not a type must not become a header.
fn sound_type(declared: &str) -> &str {
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    match declared.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => declared,
        _ => UNKNOWN_TYPE,
    }
}

/// The first candidate, in a sequence that the digest fixes, which occurs nowhere in the content.
fn boundary(digest: &[u8; 32], occurs: impl Fn(&str) -> bool) -> String {
    let mut counter: u64 = 0;
    loop {
        let mut hasher = blake3::Hasher::new();
        hasher.update(digest);
        hasher.update(&counter.to_le_bytes());
        let hex = hasher.finalize().to_hex();
        let candidate: String = BOUNDARY_PREFIX.chars().chain(hex.chars().take(32)).collect();
        // Finite content holds finitely many candidates, so this ends; in practice in the first round.
        if !occurs(&candidate) {
            return candidate;
        }
        counter = counter.wrapping_add(1);
    }
}

fn occurs(candidate: &str, fields: &[(String, String)], files: &[File]) -> bool {
    let finder = memmem::Finder::new(candidate);
    fields.iter().any(|(_, value)| finder.find(value.as_bytes()).is_some())
        || files.iter().any(|file| {
            finder.find(&file.content).is_some()
                || finder.find(file.filename.as_bytes()).is_some()
                || finder.find(file.content_type.as_bytes()).is_some()
        })
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
