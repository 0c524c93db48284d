//! What the mapping's decisions ask of a record: little enough to be kept, so that a later plan decides anew without reading the
//! record again.

use crate::record::{Address, Direction, Kind, Record};
use crate::source::{Content, RawEntry};
use serde::{Deserialize, Serialize};

/// A record without its body and files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Gist {
    pub kind: Kind,
    /// Handle of the author; empty without one.
    pub author: String,
    /// Handles of `To`, `Cc` and `Bcc`.
    pub recipients: Vec<String>,
    /// Mailboxes it was delivered to. A blind copy, or mail through an alias, names its mailbox nowhere else.
    pub delivered_to: Vec<String>,
    pub subject: Option<String>,
    pub labels: Vec<String>,
    /// The folder it lies in; empty for a row.
    pub folder: String,
    /// Unix seconds.
    pub date: Option<i64>,
    /// Bytes of the entry as it lies in its source.
    pub size: u64,
    pub has_files: bool,
    pub stated_direction: Option<Direction>,
    /// Its source says that it is an internal note.
    pub is_note: bool,
}

impl Gist {
    pub(super) fn of(entry: &RawEntry, record: &Record) -> Self {
        let handles = |lists: &[&Vec<Address>]| -> Vec<String> {
            lists.iter().flat_map(|list| list.iter()).map(|address| address.handle.clone()).collect()
        };
        Self {
            kind: record.kind,
            author: record.from.as_ref().map(|from| from.handle.clone()).unwrap_or_default(),
            recipients: handles(&[&record.to, &record.cc, &record.bcc]),
            delivered_to: handles(&[&record.delivered_to]),
            subject: record.subject.clone(),
            labels: record.labels.clone(),
            folder: match &entry.content {
                Content::Mail(mail) => mail.folder.as_ref().to_owned(),
                Content::Row(_) => String::new(),
            },
            date: record.date,
            size: entry.origin.pieces.iter().map(|piece| piece.length).sum(),
            has_files: !record.attachments.is_empty(),
            stated_direction: record.stated_direction,
            is_note: record.is_note,
        }
    }
}
