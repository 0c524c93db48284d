//! An internal note as a comment of its conversation.
//!
//! Front dates a comment by the moment in which it is written, and lets nobody look one up by an id of ours. So the first line says
//! who wrote the note and when, and ends in a mark by which it is found again.

use super::encode::{Payload, encode_as};
use super::html_text::html_to_text;
use super::{File, encode::Encoded};
use crate::record::{Address, Body, Record};
use jiff::Timestamp;
use serde::Serialize;

/// Hexadecimal digits of an external id that a mark has: enough to tell the notes of one conversation apart, few enough not to
/// be in the way of whoever reads them.
const DIGITS: usize = 12;

/// What every external id begins with.
const SCHEME: usize = "tl1-".len();

/// The body of `POST /conversations/{id}/comments`, field for field as Front names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Markdown.
    pub body: String,
    /// Teammate who wrote it: id or alias. Without it Front shows the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_id: Option<String>,
    /// Files; they travel as multipart.
    #[serde(skip)]
    pub attachments: Vec<File>,
}

impl Payload for Comment {
    fn files(&self) -> &[File] {
        &self.attachments
    }
}

impl Comment {
    /// The request body.
    #[must_use]
    pub fn encode(&self) -> Encoded {
        encode_as(self)
    }
}

/// By what the note of an external id is found again among the comments of its conversation.
#[must_use]
pub fn mark(external_id: &str) -> String {
    let (scheme, rest) = external_id.split_at_checked(SCHEME).unwrap_or((external_id, ""));
    let (digits, suffix) =
        rest.split_once('-').map_or((rest, String::new()), |(digits, rest)| (digits, format!("-{rest}")));
    format!("{scheme}{}{suffix}", digits.get(..DIGITS).unwrap_or(digits))
}

/// What stands for the mark while it is not decided yet: nothing that a text could hold by chance would do less harm.
const NO_MARK: char = '\u{0}';

/// A note's text with who wrote it and when in its first line, without its mark.
pub(super) fn unmarked(record: &Record) -> String {
    let author = record.from.as_ref().map_or_else(|| "somebody".to_owned(), shown);
    let when = record.date.and_then(|date| Timestamp::from_second(date).ok());
    let when = when.map_or_else(String::new, |when| format!(", {}", when.strftime("%Y-%m-%d %H:%M UTC")));
    format!("Note by {author}{when} · {NO_MARK}\n\n{}", text_of(&record.body))
}

/// The same with its mark.
pub(super) fn marked(unmarked: &str, external_id: &str) -> String {
    unmarked.replacen(NO_MARK, &mark(external_id), 1)
}

/// A note as a message of its conversation: nobody must take it for what a customer was told.
pub(super) fn as_message(record: &Record) -> String {
    let author = record.from.as_ref().map_or_else(|| "somebody".to_owned(), shown);
    format!("[Internal note by {author}]\n\n{}", text_of(&record.body))
}

fn shown(address: &Address) -> String {
    let plain = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
    match address.name.as_deref().map(plain).filter(|name| !name.trim().is_empty() && *name != address.handle) {
        Some(name) => format!("{} ({})", name.trim(), plain(&address.handle)),
        None => plain(&address.handle),
    }
}

fn text_of(body: &Body) -> String {
    let text = match body {
        Body::Html(html) => html_to_text(html),
        Body::Text(text) => text.trim().to_owned(),
    };
    let text = text.replace(NO_MARK, "");
    if text.is_empty() { "(no content)".to_owned() } else { hard_breaks(&text) }
}

/// Lines stay lines: in Markdown a line end alone is a space (`CommonMark` 6.7, hard line breaks).
fn hard_breaks(text: &str) -> String {
    let mut broken = String::with_capacity(text.len() + text.len() / 16);
    let mut lines = text.lines().map(str::trim_end).peekable();
    while let Some(line) = lines.next() {
        broken.push_str(line);
        match lines.peek() {
            Some(next) if !line.is_empty() && !next.is_empty() => broken.push_str("  \n"),
            Some(_) => broken.push('\n'),
            None => {}
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_short_and_keeps_what_tells_ids_apart() {
        let id = format!("tl1-{}", "0123456789abcdef".repeat(3));
        assert_eq!(mark(&id), "tl1-0123456789ab");
        assert_eq!(mark(&format!("{id}-r2")), "tl1-0123456789ab-r2");
        assert_eq!(mark(&format!("{id}-2-r3")), "tl1-0123456789ab-2-r3");
        for odd in ["", "x", "tl1-", "é", "tl1-é€"] {
            assert!(mark(odd).len() <= odd.len());
        }
    }

    #[test]
    fn lines_stay_lines_in_markdown_and_paragraphs_paragraphs() {
        assert_eq!(hard_breaks("a \nb\n\nc\n"), "a  \nb\n\nc");
        assert_eq!(hard_breaks(""), "");
    }
}
