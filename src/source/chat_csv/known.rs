//! Exports that look like chats and hold none: tables of figures about conversations, without a word of them.

use super::super::{SourceError, SourceFile};
use crate::mapping::{CsvMapping, SourceMapping};

/// A table that a product exports, without what was said.
struct Metadata {
    what: &'static str,
    /// Columns that together no other table has.
    marks: &'static [&'static str],
    /// Further columns that hold no message, whatever the mapping takes them for.
    no_text: &'static [&'static str],
    /// What to do.
    instead: &'static str,
}

/// By the exports themselves; these columns were the same over years.
const KNOWN: [Metadata; 2] = [
    Metadata {
        what: "Zendesk's list of tickets",
        marks: &["summation column", "requester", "group stations"],
        no_text: &["id", "subject", "tags", "status", "requester", "assignee", "satisfaction score"],
        instead: "export as JSON instead (Zendesk's Admin Center: it has the comments) and write one row a comment; or import \
                  the mailbox that the tickets came from",
    },
    Metadata {
        what: "LiveChat's list of chats",
        marks: &["chat id", "chat duration in seconds", "visitor nick"],
        no_text: &[
            "chat id",
            "chat start url",
            "visitor nick",
            "visitor email",
            "group name",
            "rate",
            "last operator id",
        ],
        instead: "export the chats with their transcripts instead: one row a chat with a column `transcript`, or one row a \
                  message",
    },
];

/// Names of figures, as reports have them (Help Scout's among others); two of them and no text make a report.
const FIGURES: [&str; 6] = ["response time", "resolution time", "handle time", "replies", "duration", "satisfaction"];

/// Names of what was said.
const TEXTS: [&str; 7] = ["message", "body", "text", "transcript", "comment", "content", "reply text"];

const REPORT: Metadata = Metadata {
    what: "a report",
    marks: &[],
    no_text: &["subject", "tags", "status"],
    instead: "export the conversations themselves instead (Help Scout and others give them through their API only: write one row \
              a message); or import the mailbox that they came from",
};

/// An explanation, if the file is such a table and what the mapping calls text is not in it, or is none.
pub(super) fn holds_no_messages(
    mapping: &SourceMapping,
    csv: &CsvMapping,
    file: &SourceFile,
    names: &[String],
) -> Option<SourceError> {
    let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let text = csv.transcript.as_ref().map_or(&csv.columns.text, |transcript| &transcript.column).to_lowercase();
    let sounds_like = |words: &[&str], name: &String| words.iter().any(|word| name.contains(word));
    let is_report = || {
        let figures = names.iter().filter(|name| sounds_like(&FIGURES, name)).count();
        figures >= 2 && !names.iter().any(|name| sounds_like(&TEXTS, name))
    };
    let by_marks = KNOWN.iter().find(|known| known.marks.iter().all(|mark| has(mark)));
    let known = by_marks.or_else(|| is_report().then_some(&REPORT))?;
    if has(&text) && !known.no_text.contains(&text.as_str()) {
        return None;
    }
    Some(SourceError {
        title: format!("source `{}`: {} holds no messages", mapping.name, file.shown),
        detail: format!(
            "it is {}: who, when and how long, but not a word of what was said; `{text}` is no text that could be imported",
            known.what
        ),
        remedy: known.instead.to_owned(),
        at: csv.columns_at.get("text").copied().unwrap_or(mapping.path_at),
    })
}
