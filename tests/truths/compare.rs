//! One field of one truth beside what the program made of the mail.

use crate::answers::{Answer, NO_DATE, NOBODY, Request};
use crate::original::Mail;
use crate::truth::Truth;
use crate::visible::{quoted_words, squeezed, words, lines};
use serde_json::Value;

/// What is compared.
pub(crate) const FIELDS: [&str; 12] = [
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
        other => other,
    };
    let said = truth.get(key)?;
    if field == "text" && truth.get("html_sha256").is_some() {
        // The mail has both, and Front shows one: the HTML, which is compared.
        return None;
    }
    let Some((answer, request)) = answer.and_then(|answer| Some((answer, answer.request.as_ref()?))) else {
        let status = answer.map_or("no entry of its place and length", |answer| &answer.status);
        return Some(Outcome { is_equal: false, truth: said.to_string(), answer: format!("({status})") });
    };
    let (said, made) = match field {
        "text" => return Some(compare_text(said, request, mail)),
        "html" => return Some(compare_html(said, request, mail)),
        "attachments" => (digests(said), sorted(answer.attachments.iter().map(|file| file.sha256.as_str()))),
        "from_name" | "subject" => (squeezed(said.as_str().unwrap_or_default()).into(), value(field, answer, request)),
        "from" | "to" | "cc" => (lower(said), lower(&value(field, answer, request))),
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

/// The truths do not keep the order of the mail.
fn digests(files: &Value) -> Value {
    sorted(files.as_array().into_iter().flatten().filter_map(|file| file["sha256"].as_str()))
}

fn sorted<'a>(digests: impl Iterator<Item = &'a str>) -> Value {
    let mut digests: Vec<&str> = digests.collect();
    digests.sort_unstable();
    digests.into()
}

/// The request has HTML made from the text. What can be seen of it is compared with what could be seen of the text.
fn compare_text(digest: &Value, request: &Request, mail: &Mail) -> Outcome {
    let Some(text) = digest.as_str().and_then(|digest| mail.text(digest)) else {
        return not_decoded(digest, request);
    };
    // A mail without text must have something to show in Front.
    let shown = if squeezed(&request.body) == "<div>(no content)</div>" { String::new() } else { lines(&request.body) };
    outcome(quoted_words(text), quoted_words(&shown))
}

fn compare_html(digest: &Value, request: &Request, mail: &Mail) -> Outcome {
    match digest.as_str().and_then(|digest| mail.text(digest)) {
        Some(html) => outcome(words(html), words(&request.body)),
        None => not_decoded(digest, request),
    }
}

fn outcome(said: String, made: String) -> Outcome {
    Outcome { is_equal: said == made, truth: said, answer: made }
}

fn not_decoded(digest: &Value, request: &Request) -> Outcome {
    Outcome { is_equal: false, truth: format!("(no decoding meets {digest})"), answer: words(&request.body) }
}
