//! What reading an entry can end in, beside a record.

use super::Record;

/// What became of an entry.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A message.
    Record(Box<Record>),
    /// Left out because the mapping says so; the cause is a short phrase, equal for equal reasons.
    Skip(String),
}

/// An entry that gives no record. It is counted and shown, never dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// Which book it goes into.
    pub kind: BadKind,
    /// The kind of problem, a short phrase without names or numbers, so that equal causes add up.
    pub cause: String,
    /// What exactly was seen.
    pub detail: String,
    /// What the user can do.
    pub remedy: String,
}

/// Why an entry gives no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKind {
    /// Its bytes make no message.
    Unreadable,
    /// It can be read, and we decided against it.
    Rejected,
}

impl BadRecord {
    /// An entry whose bytes make no message.
    pub(super) fn unreadable(cause: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: BadKind::Unreadable, cause: cause.to_owned(), detail: detail.into(), remedy: remedy.into() }
    }

    /// An entry that we decided against.
    pub(super) fn rejected(cause: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: BadKind::Rejected, cause: cause.to_owned(), detail: detail.into(), remedy: remedy.into() }
    }
}
