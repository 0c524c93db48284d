//! From an entry to a [`Record`]: what the message says, in the field's own terms.
//!
//! [`read`] is the whole of it: mail goes through [`email`], table rows through [`chat`], and what makes two
//! of them one message is fixed in [`identity`].

pub mod chat;
pub mod email;
mod handle;
pub mod identity;
mod links;
mod outcome;
pub(crate) mod plain;
pub mod system_labels;
#[cfg(test)]
mod testing;
mod text_html;

pub use email::{Head, head, is_made_up};
pub use outcome::{BadKind, BadRecord, Outcome};
pub use text_html::text_to_html;

pub use crate::mapping::Direction;
use crate::mapping::{Format, Mapping, MessageType};
use crate::source::{Content, RawEntry};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Reads an entry, whatever its kind.
///
/// # Errors
/// [`BadRecord`] if the entry gives no message; the cause and the remedy are in it.
pub fn read(entry: &RawEntry, mapping: &Mapping) -> Result<Outcome, BadRecord> {
    let source = usize::from(entry.origin.source);
    match &entry.content {
        Content::Mail(mail) => email::from_mail(mail, mapping, source).map(|record| Outcome::Record(Box::new(record))),
        Content::Row(row) => match mapping.sources.get(source) {
            Some(found) => match &found.format {
                Format::Csv(csv) => chat::from_row(row, csv, &found.name, mapping),
                Format::Mbox(_) | Format::Eml => Err(foreign_entry("a table row in a source of mails")),
            },
            None => Err(foreign_entry("the mapping has no such source")),
        },
    }
}

/// The export's own id of an entry that gives no [`Record`], so that people find it all the same: the Message-ID of a
/// mail, the id cell of a row.
#[must_use]
pub fn original_id(entry: &RawEntry, mapping: &Mapping) -> Option<String> {
    match &entry.content {
        Content::Mail(mail) => email::message_id(&mail.bytes),
        Content::Row(row) => {
            let Format::Csv(csv) = &mapping.sources.get(usize::from(entry.origin.source))?.format else { return None };
            let cell = row.get(csv.columns.id.as_deref()?)?.trim();
            (!cell.is_empty()).then(|| cell.to_owned())
        }
    }
}

/// What the mapping's pattern on subjects finds: its first group, or all of the match.
fn subject_value(subject: &str, mapping: &Mapping) -> Option<String> {
    let found = mapping.thread.subject.as_ref()?.captures(subject)?;
    let value = found.get(1).or_else(|| found.get(0))?.as_str().trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// An entry that was read with another mapping than the one at hand.
fn foreign_entry(detail: &str) -> BadRecord {
    BadRecord::unreadable(
        "entry does not belong to the mapping",
        detail,
        "run `threadlift plan MAPPING` again: the sources of the mapping have changed since the plan was made",
    )
}

/// A message, normalized, before any decision of the mapping.
#[derive(Debug, Clone)]
pub struct Record {
    /// Mail or row.
    pub kind: Kind,
    /// What it becomes in Front.
    pub message_type: MessageType,
    /// Message-ID without angle brackets, if there is a usable one.
    pub message_id: Option<String>,
    /// Ids of In-Reply-To, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// Ids of References, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// X-GM-THRID, as written.
    pub gmail_thread: Option<String>,
    /// The export's own conversation id (chat).
    pub conversation: Option<String>,
    /// Author.
    pub from: Option<Address>,
    /// How many better handles of the author the export has columns for, and this row leaves empty. 0 for mails.
    pub missing_handles: u8,
    /// Further handles of the author that the row names, less good than the one in `from`. Empty for mails.
    pub other_handles: Vec<String>,
    /// Recipients.
    pub to: Vec<Address>,
    /// Copies.
    pub cc: Vec<Address>,
    /// Blind copies.
    pub bcc: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// Mailboxes that it was delivered to (Delivered-To, X-Original-To, Envelope-To): evidence for the inbox, never sent.
    pub delivered_to: Vec<Address>,
    /// Decoded subject.
    pub subject: Option<String>,
    /// What a mail client would show.
    pub body: Body,
    /// Files, in the order of the message; inline images among them.
    pub attachments: Vec<Attachment>,
    /// When it was sent, Unix seconds.
    pub date: Option<i64>,
    /// Labels, decoded, as the export names them.
    pub labels: Vec<String>,
    /// Direction, where the source states it (role column, Sent label).
    pub stated_direction: Option<Direction>,
    /// The source says that it is an internal note (kind column).
    pub is_note: bool,
    /// The value the mapping's `[thread]` rule found.
    pub thread_value: Option<String>,
    /// Digests that decide identity; see [`Identity`].
    pub identity: Identity,
    /// What else may make it the same message as another; see [`Likeness`].
    pub likeness: Option<Box<Likeness>>,
    /// What its HTML would do by itself in a careless viewer. Counted, not removed: Front sanitises what it shows.
    pub active: ActiveContent,
    /// Everything that was changed on the way, in words.
    pub changes: Vec<String>,
}

/// Active content of an HTML body, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ActiveContent {
    /// `script` elements and `javascript:` links.
    pub scripts: u32,
    /// Attributes such as `onload`.
    pub handlers: u32,
    /// `form` elements.
    pub forms: u32,
    /// Images that are fetched from elsewhere when the mail is opened.
    pub remote_images: u32,
}

/// What it is in the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// RFC 5322 mail.
    Mail,
    /// Row of a table.
    Row,
}

/// A name and a handle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Display name, decoded.
    pub name: Option<String>,
    /// Bare address (`user@host`) or chat handle.
    pub handle: String,
}

/// The body as the message holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// HTML, original but for charset and NUL.
    Html(String),
    /// Plain text, line ends as LF.
    Text(String),
}

/// A file of a message.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Clean name: no path, no control characters, never empty.
    pub filename: String,
    /// `type/subtype`, lower case, without parameters.
    pub content_type: String,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// Decoded content.
    pub content: Bytes,
}

/// What tells that two mails are one message though their [`Identity::sameness`] differs. Only mails have it that have
/// files, or whose sender or text a mailing list hid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likeness {
    /// Sameness without the files.
    pub base: [u8; 16],
    /// Digests of the files that are there, sorted, each once.
    pub files: Box<[u64]>,
    /// How many files are known to be missing in the export.
    pub missing: u32,
    /// Sameness with From and plain text as they stand, where a mailing list's address and footer stand in them.
    pub as_written: Option<[u8; 16]>,
}

/// What makes two records the same message (design: from content only, never from a repaired value).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Names the message: Message-ID where usable, otherwise a digest of its content.
    pub key: [u8; 32],
    /// Equal for copies of one message that share a key; different for a real collision.
    pub sameness: [u8; 32],
}
