//! The files of a mail, and the parts that others find in it.

use crate::answers::{Answer, File, Request};
use crate::compare::Outcome;
use crate::original::{Mail, Text};
use crate::visible::{lines, quoted_words, squeezed, words};
use serde_json::Value;

/// The files by what is in them, in any order: the truths do not keep the order of the mail.
pub(crate) fn compare_contents(said: &Value, answer: &Answer, mail: &Mail) -> Outcome {
    let mut left: Vec<&File> = answer.attachments.iter().collect();
    let made: Vec<&str> = left.iter().map(|file| file.sha256.as_str()).collect();
    // What can be any file takes what the others leave.
    let (stated, any): (Vec<&Value>, Vec<&Value>) = list(said).partition(|file| is_stated(file));
    let mut is_equal = true;
    for file in stated.iter().chain(&any) {
        match left.iter().position(|found| is_of(file, found, mail)) {
            Some(at) => drop(left.remove(at)),
            None => is_equal = false,
        }
    }
    Outcome { is_equal: is_equal && left.is_empty(), truth: said.to_string(), answer: made.join(" ") }
}

/// What is said of files that the program has too; nothing if there is none.
pub(crate) fn compare_labels(
    said: &Value,
    answer: &Answer,
    mail: &Mail,
    key: &str,
    made: impl Fn(&File) -> &str,
) -> Option<Outcome> {
    let (mut truth, mut answered) = (Vec::new(), Vec::new());
    let mut left: Vec<&File> = answer.attachments.iter().collect();
    for file in list(said).filter(|file| is_stated(file)) {
        let Some(label) = file[key].as_str().map(squeezed) else { continue };
        // Of files with the same content the one that is called so, else any.
        let is_same = |found: &&File| is_of(file, found, mail);
        let exact = left.iter().position(|found| is_same(found) && squeezed(made(found)) == label);
        let Some(at) = exact.or_else(|| left.iter().position(is_same)) else { continue };
        answered.push(squeezed(made(left.remove(at))));
        truth.push(label);
    }
    let is_equal = truth == answered;
    (!truth.is_empty()).then(|| Outcome { is_equal, truth: truth.join(" | "), answer: answered.join(" | ") })
}

/// Every part that holds something is a file, or is in a file that is a mail, or can be seen in the body.
pub(crate) fn compare_parts(said: &Value, answer: &Answer, request: &Request, mail: &Mail) -> Outcome {
    let shown = [words(&request.body), quoted_words(&lines(&request.body))];
    let is_file = |digest: &str| answer.attachments.iter().any(|file| file.sha256 == digest);
    let is_met = |part: &&Value| {
        let digest = part["sha256"].as_str().unwrap_or_default();
        let is_seen = || {
            let mut texts = mail.texts_of(digest).map(Text::shown);
            let is_in = |text: String| {
                let forms = [quoted_words(&text), words(&text)];
                forms.iter().any(|text| shown.iter().any(|shown| shown.contains(text)))
            };
            part["kind"] == "text" && texts.any(is_in)
        };
        part["size"] == 0 || is_file(digest) || mail.containers_of(digest).any(is_file) || is_seen()
    };
    let parts: Vec<&Value> = list(said).collect();
    let missing = parts.iter().filter(|part| !is_met(part)).map(|part| {
        let mut texts = mail.texts_of(part["sha256"].as_str().unwrap_or_default());
        let text = texts.next().map_or("(no decoding meets it)".to_owned(), |text| quoted_words(&text.shown()));
        format!("{} bytes: {text}", part["size"])
    });
    let missing: Vec<String> = missing.collect();
    Outcome {
        is_equal: missing.is_empty(),
        truth: format!("{} parts", parts.len()),
        answer: format!("{}\n  without {}", shown[0], missing.join("\n  and ")),
    }
}

fn list(said: &Value) -> impl Iterator<Item = &Value> {
    said.as_array().into_iter().flatten()
}

/// Is said what is in the file? Of messages in a mail some truths say only that they are there.
fn is_stated(file: &Value) -> bool {
    file["sha256"].is_string() || file["text_sha256"].is_string()
}

/// Is it the file that is meant? Of a text some truths give the digest of what it says.
fn is_of(said: &Value, file: &File, mail: &Mail) -> bool {
    match (said["sha256"].as_str(), said["text_sha256"].as_str()) {
        (Some(digest), _) => digest == file.sha256,
        (None, Some(digest)) => mail.says(&file.sha256, digest),
        (None, None) => true,
    }
}
