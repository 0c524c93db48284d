//! What is wrong with a source as a whole: a setting, not a record. It stops the command before anything is sent.

/// A source that cannot be opened as the mapping describes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{title} (mapping line {}, column {})\n{detail}\nhint: {remedy}", at.0, at.1)]
pub struct SourceError {
    /// One line: which source, and what is wrong with it.
    pub title: String,
    /// What exactly was seen, and where.
    pub detail: String,
    /// What the user can do.
    pub remedy: String,
    /// `(line, column)`, from 1, of the mapping key that has to change.
    pub at: (usize, usize),
}
