//! One field of one truth beside what the program made of the mail.

use crate::answers::{Answer, NO_DATE, NOBODY, Request};
use crate::files;
use crate::original::{Mail, Text, sha256};
use crate::truth::Truth;
use crate::visible::{lines, quoted_words, squeezed, words};
use serde_json::Value;

/// What is compared.
pub(crate) const FIELDS: [&str; 15] = [
    "from",
    "from_name",
    "to",
    "cc",
    "subject",
    "date",
    "message_id",
    "in_reply_to",
    "references",
    "text",
    "html",
    "attachments",
    "file_names",
    "file_types",
    "parts",
];

/// A field of a mail that is not as one origin says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) origin: String,
    pub(crate) id: String,
}

impl Difference {
    pub(crate) fn new(truth: &Truth, field: &str) -> Self {
        Self { field: field.to_owned(), origin: truth.origin.clone(), id: truth.id.clone() }
    }
}

/// How a comparison ended; the two sides are for whoever looks into a difference.
pub(crate) struct Outcome {
    pub(crate) is_equal: bool,
    pub(crate) truth: String,
    pub(crate) answer: String,
}

/// Compares a field; nothing if the truth does not say anything about it. What has no request is wrong.
pub(crate) fn compare(field: &str, truth: &Truth, answer: Option<&Answer>, mail: &Mail) -> Option<Outcome> {
    let key = match field {
        "text" => "text_sha256",
        "html" => "html_sha256",
        "file_names" | "file_types" => "attachments",
        "parts" => "leaf_parts",
        other => other,
    };
    let said = truth.get(key)?;
    // A mail may have both, and Front shows one: the HTML, unless there is nothing to see in it.
    let html = truth.digest("html_sha256").map(|digest| mail.text(digest));
    let is_shown = |html: Option<&Text>| html.is_none_or(|html| !words(&html.shown()).is_empty());
    let has_text = truth.get("text_sha256").is_some();
    match (field, html) {
        ("text", Some(html)) if is_shown(html) => return None,
        ("html", Some(html)) if has_text && !is_shown(html) => return None,
        _ => {}
    }
    let of_files = ["file_names", "file_types"].contains(&field);
    let Some((answer, request)) = answer.and_then(|answer| Some((answer, answer.request.as_ref()?))) else {
        let status = answer.map_or("no entry of its place and length", |answer| &answer.status);
        return (!of_files).then(|| Outcome {
            is_equal: false,
            truth: said.to_string(),
            answer: format!("({status})"),
        });
    };
    let (said, made) = match field {
        "text" => return Some(compare_text(said, request, mail)),
        "html" => return Some(compare_html(said, request, mail)),
        "attachments" => return Some(files::compare_contents(said, answer, mail)),
        "file_names" => return files::compare_labels(said, answer, mail, "filename", |file| &file.filename),
        "file_types" => return files::compare_labels(said, answer, mail, "content_type", |file| &file.content_type),
        "parts" => return Some(files::compare_parts(said, answer, request, mail)),
        "from_name" | "subject" => (squeezed(said.as_str().unwrap_or_default()).into(), value(field, answer, request)),
        "from" => (lower(said), lower(&value(field, answer, request))),
        "to" | "cc" => (once(&lower(said)), once(&lower(&value(field, answer, request)))),
        "date" if said.is_null() => (NO_DATE.into(), value(field, answer, request)),
        _ => (said.clone(), value(field, answer, request)),
    };
    Some(Outcome { is_equal: said == made, truth: said.to_string(), answer: made.to_string() })
}

fn value(field: &str, answer: &Answer, request: &Request) -> Value {
    match field {
        "from" => request.sender.handle.as_str().into(),
        "from_name" => squeezed(&request.sender.name).into(),
        "to" => request.to.iter().filter(|handle| *handle != NOBODY).map(String::as_str).collect(),
        "cc" => request.cc.iter().map(String::as_str).collect(),
        "subject" => squeezed(&request.subject).into(),
        "date" => request.created_at.into(),
        "message_id" => answer.message_id.clone().into(),
        "in_reply_to" => answer.in_reply_to.clone().into(),
        "references" => answer.references.iter().map(String::as_str).collect(),
        other => panic!("{other} is no field"),
    }
}

/// Addresses are compared without regard to case: requests have the domain in lower case.
fn lower(value: &Value) -> Value {
    match value {
        Value::String(text) => text.to_lowercase().into(),
        Value::Array(values) => values.iter().map(lower).collect(),
        other => other.clone(),
    }
}

/// A recipient who is named twice gets the mail once: only the first naming counts.
fn once(addresses: &Value) -> Value {
    let mut kept: Vec<&Value> = Vec::new();
    for address in addresses.as_array().into_iter().flatten() {
        if !kept.contains(&address) {
            kept.push(address);
        }
    }
    kept.into_iter().cloned().collect()
}

/// The request has HTML made from the text. What can be seen of it is compared with what could be seen of the text.
fn compare_text(digest: &Value, request: &Request, mail: &Mail) -> Outcome {
    // A mail without text must have something to show in Front.
    let shown = if request.body == "<div>(no content)</div>" { String::new() } else { lines(&request.body) };
    match digest.as_str().and_then(|digest| mail.text(digest)) {
        Some(text) => outcome(quoted_words(&text.shown()), quoted_words(&shown)),
        None => by_digest(digest, &shown),
    }
}

fn compare_html(digest: &Value, request: &Request, mail: &Mail) -> Outcome {
    match digest.as_str().and_then(|digest| mail.text(digest)) {
        Some(html) => outcome(words(&html.shown()), words(&request.body)),
        None => by_digest(digest, &request.body),
    }
}

fn outcome(said: String, made: String) -> Outcome {
    Outcome { is_equal: said == made, truth: said, answer: made }
}

/// No decoding of the mail gives the text that is meant; what the request shows may still be that text to the letter.
fn by_digest(digest: &Value, shown: &str) -> Outcome {
    let made = sha256(squeezed(shown).as_bytes());
    Outcome { is_equal: *digest == made, truth: format!("(no decoding meets {digest})"), answer: squeezed(shown) }
}
