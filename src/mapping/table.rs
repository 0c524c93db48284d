//! How to read a chat table, as the engine sees it: every value checked, every default filled in.

use super::choice::choice;
use super::country::Country;
use super::template::Template;
use jiff::tz::TimeZone;
use regex::Regex;
use std::collections::BTreeMap;

/// How to read a chat table.
#[derive(Debug, Clone)]
pub struct CsvMapping {
    /// Column names.
    pub columns: Columns,
    /// Position `(line, column)` in the mapping of each value of `columns`, by key, for errors.
    pub columns_at: BTreeMap<String, (usize, usize)>,
    /// How a time is written; of several formats, the one that fits.
    pub date: Vec<DateFormat>,
    /// Format of the clock column, where the time column has a day or the start of the conversation. Without it the two
    /// are joined by a space and read by `date`.
    pub clock_format: Option<String>,
    /// Zone of times that carry none and stand in no column that says one.
    pub timezone: Option<TimeZone>,
    /// What a time means that the clock of its zone showed twice or never.
    pub daylight_saving: DaylightSaving,
    /// Declared encoding; detected when absent.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// Declared delimiter; detected when absent.
    pub delimiter: Option<u8>,
    /// Declared quote; detected when absent.
    pub quote: Option<Quote>,
    /// The text cell is HTML, not plain text.
    pub text_is_html: bool,
    /// What its rows become in Front.
    pub message_type: MessageType,
    /// Role value → what it means; `*` stands for all that are not listed.
    pub roles: BTreeMap<String, Role>,
    /// Value of the kind column → what such a row is; `*` stands for all that are not listed.
    pub kinds: BTreeMap<String, RowKind>,
    /// Who the authors are whom the text calls by a name only.
    pub people: Vec<Person>,
    /// Where a whole conversation stands in one cell.
    pub transcript: Option<Transcript>,
    /// Another table with more about each row.
    pub join: Option<Join>,
    /// What handles that are rows of digits mean; nobody knows when absent.
    pub phones: Option<Phones>,
    /// Subject of rows that have none, made of their cells.
    pub subject_template: Option<Template>,
    /// Recipient of rows that name none: inbound rows go to this handle. The source's name unless given.
    pub recipient: Option<String>,
}

choice! {
    /// What a message is in Front: its `type`.
    pub enum MessageType {
        /// A mail: its people are contacts with a mail address, its text is HTML, and an answer to it goes by mail. For tickets.
        Email = "email",
        /// A line of a chat: plain text, and people by whatever handle they have.
        Custom = "custom",
    }
}

impl MessageType {
    /// Front's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Custom => "custom",
        }
    }
}

choice! {
    /// What becomes of a time that a clock showed twice, or never, because of daylight saving.
    pub enum DaylightSaving {
        /// The hour shown twice: the first one. The hour never shown: the one after it (RFC 5545, section 3.3.5).
        Compatible = "compatible",
        /// The earlier of the two moments it may be.
        Earlier = "earlier",
        /// The later of the two.
        Later = "later",
        /// The row is rejected.
        Reject = "reject",
    }
}

/// What stands around a cell that holds delimiters or line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// This character, doubled where it stands for itself.
    Byte(u8),
    /// Nothing: a row is a line.
    Never,
}

choice! {
    /// What a row is, by its kind column.
    pub enum RowKind {
        /// A message.
        Message = "message",
        /// A message if it holds text, else nothing: a reply that closes a conversation, say.
        MessageIfText = "message-if-text",
        /// An internal note: what `[notes]` says becomes of it; without that it is left out, for a customer must never read it.
        Note = "note",
        /// Leave it out.
        Skip = "skip",
    }
}

/// Columns that say who is meant by a name.
#[derive(Debug, Clone)]
pub struct Person {
    /// Column of the name as the author column has it.
    pub name: String,
    /// Column of the handle: the first of these that is filled.
    pub handle: Vec<String>,
    /// Their role, a key of `roles`.
    pub role: Option<String>,
}

/// A column with a whole conversation in each cell.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// The column.
    pub column: String,
    /// What a line looks like that begins a message. Its named groups are columns.
    pub line: Regex,
    /// Position `(line, column)` in the mapping.
    pub at: (usize, usize),
}

/// A second table, of which one row belongs to each row of the first.
#[derive(Debug, Clone)]
pub struct Join {
    /// Its columns are called `name.column`.
    pub name: String,
    /// Its files, as in a source's `path`.
    pub paths: Vec<String>,
    /// Column of the key in the first table.
    pub on: String,
    /// Column of the key in the second table.
    pub key: String,
    /// Position `(line, column)` in the mapping of its path.
    pub path_at: (usize, usize),
    /// Likewise of `on`.
    pub on_at: (usize, usize),
    /// Likewise of `key`.
    pub key_at: (usize, usize),
}

/// What handles that are rows of digits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phones {
    /// Telephone numbers as they are written in that country.
    Of(&'static Country),
    /// Ids of the export, and no telephone numbers.
    AreIds,
}

/// Names of the columns of a chat table.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The export's own message id.
    pub id: Option<String>,
    /// Conversation id.
    pub conversation: String,
    /// Time.
    pub time: String,
    /// A separate clock column, joined to `time` by one space before parsing.
    pub clock: Option<String>,
    /// Author's handle: the first of these columns that is filled.
    pub sender: Vec<String>,
    /// Author's handle in rows that we wrote, where other columns say it than `sender`.
    pub agent: Vec<String>,
    /// Author's display name.
    pub sender_name: Option<String>,
    /// Recipient's handle.
    pub recipient: Option<String>,
    /// Text.
    pub text: String,
    /// Role of the author.
    pub role: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Labels: one column with commas between them, or numbered columns (`tag *`) of one label each.
    pub labels: Option<String>,
    /// What kind of row it is.
    pub kind: Option<String>,
    /// IANA name of the zone of the row's time.
    pub timezone: Option<String>,
    /// Columns of the second table that rules and values ask for.
    pub asked: Vec<String>,
}

impl CsvMapping {
    /// May one row hold many messages: a transcript, or numbered columns of text?
    #[must_use]
    pub fn has_rows_of_many(&self) -> bool {
        self.transcript.is_some() || numbered(&self.columns.text).is_some()
    }
}

impl Person {
    /// All its columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.handle.iter().map(String::as_str))
    }
}

impl Columns {
    /// Key in the mapping and name of each column.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, &str)> {
        fn one<'a>(key: &'static str, name: Option<&'a String>) -> Option<(&'static str, &'a str)> {
            Some((key, name?))
        }
        let Columns { id, conversation, time, clock, sender, sender_name, recipient, text, role, .. } = self;
        [("conversation", conversation.as_str()), ("time", time), ("text", text)]
            .into_iter()
            .chain(sender.iter().map(|name| ("sender", name.as_str())))
            .chain(self.agent.iter().map(|name| ("agent", name.as_str())))
            .chain(one("id", id.as_ref()))
            .chain(one("clock", clock.as_ref()))
            .chain(one("sender_name", sender_name.as_ref()))
            .chain(one("recipient", recipient.as_ref()))
            .chain(one("role", role.as_ref()))
            .chain(one("subject", self.subject.as_ref()))
            .chain(one("labels", self.labels.as_ref()))
            .chain(one("kind", self.kind.as_ref()))
            .chain(one("timezone", self.timezone.as_ref()))
            .chain(self.asked.iter().map(|name| ("asked", name.as_str())))
            .collect()
    }
}

/// A name of numbered columns: what stands before and after its `*`. `None` for a name without one.
#[must_use]
pub fn numbered(name: &str) -> Option<(&str, &str)> {
    name.split_once('*')
}

/// What stands for the `*` of `pattern` in a column's name; `None` if it is not such a column.
#[must_use]
pub fn number_in<'a>(pattern: (&str, &str), column: &'a str) -> Option<&'a str> {
    let number = column.strip_prefix(pattern.0)?.strip_suffix(pattern.1)?.trim();
    (!number.is_empty()).then_some(number)
}

/// How a time cell is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateFormat {
    /// RFC 3339 / ISO 8601 (`iso`).
    Iso,
    /// Seconds since 1970 (`epoch-seconds`).
    EpochSeconds,
    /// Milliseconds since 1970 (`epoch-milliseconds`).
    EpochMilliseconds,
    /// Microseconds since 1970 (`epoch-microseconds`).
    EpochMicroseconds,
    /// A `strftime` pattern.
    Pattern(String),
}

choice! {
    /// Meaning of a role value.
    pub enum Role {
        /// The customer wrote it.
        Inbound = "inbound",
        /// We wrote it.
        Outbound = "outbound",
        /// Leave it out; counted as skipped.
        Skip = "skip",
    }
}
