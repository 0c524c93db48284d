//! What Front gets: [`ImportRequest`], built from a record, the mapping, and what the plan decided.

mod comment;
mod delivery;
mod draft;
pub mod encode;
mod html_text;
mod json;

pub(crate) use draft::hex;
pub use draft::{Decision, Draft, MAX_REQUEST, TEXT_MADE_HTML, TooLarge, decided_digest, subject_digest};

pub use comment::{Comment, mark};
pub use delivery::{Customer, Delivery, Reference};

use bytes::Bytes;
use serde::Serialize;

/// The body of `POST /inboxes/{id}/imported_messages`, field for field as Front names them.
///
/// Absent optional fields are left out: an empty list cannot be written in multipart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportRequest {
    /// Author.
    pub sender: Sender,
    /// Recipients, bare handles, never empty.
    pub to: Vec<String>,
    /// Copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Blind copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Body: HTML for mail, plain text for chat. Never empty.
    pub body: String,
    /// `html` for mail; absent for chat, where Front does not allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_format: Option<&'static str>,
    /// Front imports one message per external id.
    pub external_id: String,
    /// Unix seconds.
    pub created_at: i64,
    /// `email` or `custom`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Teammate whom the conversation is assigned to: id or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<String>,
    /// Tag names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Direction, thread, silence.
    pub metadata: Metadata,
    /// Files; they travel as multipart, never as JSON.
    #[serde(skip)]
    pub attachments: Vec<File>,
}

/// `sender`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sender {
    /// Bare handle.
    pub handle: String,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Teammate id or alias; outbound only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_id: Option<String>,
}

/// `metadata`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// Messages of one ref share a conversation.
    pub thread_ref: String,
    /// Direction.
    pub is_inbound: bool,
    /// Archived after import.
    pub is_archived: bool,
    /// Front's rules do not run.
    pub should_skip_rules: bool,
}

impl File {
    /// The Content-ID that goes along, if it does: one that could end its header is none.
    pub(crate) fn id_to_send(&self) -> Option<&str> {
        self.content_id.as_deref().filter(|id| self.is_named_by_id && is_plain_id(id))
    }
}

/// Printable, without spaces and angle brackets.
pub(crate) fn is_plain_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>')
}

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Clean name.
    pub filename: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Content-ID without angle brackets; Front documents nothing that it could travel in, `--requests` shows it.
    pub content_id: Option<String>,
    /// The Content-ID goes along as a header of the file's part, where Front was found to follow it.
    pub is_named_by_id: bool,
    /// Content.
    pub content: Bytes,
}
