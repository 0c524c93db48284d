//! How to read a chat table, as the engine sees it: every value checked, every default filled in.

use super::country::Country;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// How to read a chat table.
#[derive(Debug, Clone)]
pub struct CsvMapping {
    /// Column names.
    pub columns: Columns,
    /// Position `(line, column)` in the mapping of each value of `columns`, by key, for errors.
    pub columns_at: BTreeMap<String, (usize, usize)>,
    /// `strftime` format of the time column, or one of the epoch units.
    pub date: DateFormat,
    /// Zone of times that carry none.
    pub timezone: Option<TimeZone>,
    /// Declared encoding; detected when absent.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// Declared delimiter; detected when absent.
    pub delimiter: Option<u8>,
    /// Role value → what it means.
    pub roles: BTreeMap<String, Role>,
    /// What handles that are rows of digits mean; nobody knows when absent.
    pub phones: Option<Phones>,
    /// Recipient of rows that name none: inbound rows go to this handle. The source's name unless given.
    pub recipient: Option<String>,
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
    /// Author's handle.
    pub sender: String,
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
    /// Labels, separated by commas.
    pub labels: Option<String>,
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
    /// A `strftime` pattern.
    Pattern(String),
}

/// Meaning of a role value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The customer wrote it.
    Inbound,
    /// We wrote it.
    Outbound,
    /// Leave it out; counted as skipped.
    Skip,
}
