//! `[[rule]]` as the engine sees it: when it applies, and what it does then.

use super::choice::choice;
use super::finish::Finish;
use jiff::civil::Date;
use regex::Regex;
use serde::{Deserialize, Serialize};

/// One `[[rule]]`: every rule that matches applies, in order. Of what a message can have only one of (inbox, assignee,
/// archived, direction, thread), the first rule that gives it decides.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where it stands.
    pub at: Place,
    /// All given conditions must hold.
    pub when: When,
    /// Inbox (name or id) for the thread.
    pub inbox: Option<String>,
    /// Tags to add.
    pub tags: Vec<String>,
    /// Teammate whom the thread is assigned to: id or alias.
    pub assignee: Option<String>,
    /// Is the thread archived?
    pub is_archived: Option<bool>,
    /// Direction, against all other evidence.
    pub direction: Option<Direction>,
    /// What names the thread.
    pub thread: Option<Named>,
    /// What the conversation gets once all of it is in Front.
    pub finish: Finish,
    /// It is an internal note, not a message.
    pub is_note: bool,
    /// Leave the message out, with this reason.
    pub skip: Option<String>,
}

/// A place in the mapping's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column, in characters, from 1.
    pub column: usize,
    /// Characters.
    pub width: usize,
}

/// Conditions that must all hold.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// In the order of the text.
    pub conditions: Vec<Condition>,
}

/// One condition and its place.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Its value in the mapping's text.
    pub at: Place,
    /// What is asked.
    pub test: Test,
}

/// What a condition asks of a message. A list holds if any of its values does.
#[derive(Debug, Clone)]
pub enum Test {
    /// Name of its source.
    Source(Vec<String>),
    /// One of its labels, exactly.
    Label(Vec<String>),
    /// The folder or mailbox file it lies in, below the fixed part of `path`, or one above that.
    Folder(Vec<String>),
    /// Its author's handle; ASCII case ignored.
    Sender(Vec<String>),
    /// A handle in to, cc or bcc, or a mailbox it was delivered to; ASCII case ignored.
    Recipient(Vec<String>),
    /// Domain of any address of the message; ASCII case ignored.
    Domain(Vec<String>),
    /// Its subject holds this pattern.
    Subject(Regex),
    /// A header field of this name holds this pattern.
    Header(String, Regex),
    /// The cell under this column holds this pattern.
    Column(String, Regex),
    /// Sent before this day, 00:00 UTC.
    Before(Date),
    /// Sent on or after this day, 00:00 UTC.
    Since(Date),
    /// More bytes in its source.
    Larger(u64),
    /// Fewer bytes in its source.
    Smaller(u64),
    /// Direction, as far as earlier rules left it.
    Direction(Direction),
    /// Has it a file?
    HasAttachment(bool),
    /// One of these at least.
    Any(Vec<When>),
    /// Each of these.
    All(Vec<When>),
    /// Not all of these.
    Not(When),
}

choice! {
    /// Towards us or from us.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Direction {
        /// Received by us.
        Inbound = "inbound",
        /// Sent by us.
        Outbound = "outbound",
    }
}

impl std::fmt::Display for Direction {
    /// As the mapping has it.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        })
    }
}

/// Where a message says something, such as a ticket's number.
#[derive(Debug, Clone)]
pub struct Named {
    /// What is looked at.
    pub by: NamedBy,
    /// Its first group, or else all that it matches, is what it says; without a pattern all of the value.
    pub pattern: Option<Regex>,
}

/// What is looked at.
#[derive(Debug, Clone)]
pub enum NamedBy {
    /// The subject.
    Subject,
    /// The first header field of this name.
    Header(String),
    /// The cell under this column.
    Column(String),
}

impl Named {
    /// What the pattern finds in `value`; `None` where there is nothing.
    #[must_use]
    pub fn in_value(&self, value: &str) -> Option<String> {
        let found = match &self.pattern {
            None => value,
            Some(pattern) => {
                let found = pattern.captures(value)?;
                found.get(1).or_else(|| found.get(0))?.as_str()
            }
        };
        let name = found.trim();
        (!name.is_empty()).then(|| name.to_owned())
    }
}

impl When {
    /// All conditions in it, those inside of others too.
    pub fn each(&self) -> impl Iterator<Item = &Condition> {
        let mut left: Vec<&Condition> = self.conditions.iter().rev().collect();
        std::iter::from_fn(move || {
            let next = left.pop()?;
            match &next.test {
                Test::Any(inside) | Test::All(inside) => {
                    left.extend(inside.iter().flat_map(|when| &when.conditions).rev());
                }
                Test::Not(inside) => left.extend(inside.conditions.iter().rev()),
                _ => {}
            }
            Some(next)
        })
    }
}
