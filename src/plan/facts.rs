//! What reading leaves in memory of each record: small, so that millions fit.

use super::decide::DirectionBy;
use super::noticed::Noticed;
use crate::source::Origin;
use crate::thread::Graph;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// No place in the graph.
pub(super) const ABSENT: u32 = u32::MAX;

/// Everything read, in reading order.
#[derive(Default)]
pub(super) struct Read {
    pub facts: Vec<Facts>,
    /// All records that could be read so far, without what was sent before.
    pub graph: Graph,
    /// By record number: its number in the graph; [`ABSENT`] if it is not there.
    pub places: Vec<u32>,
    pub texts: Texts,
    pub noticed: Noticed,
    /// Records that a mail gives beside its first because it is for several inboxes.
    pub spread: u64,
}

/// A record as read and decided by itself, before it is compared with the others.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub origin: Origin,
    /// Digest of the entry's bytes.
    pub digest: [u8; 16],
    /// The export's own id.
    pub original_id: Option<Box<str>>,
    pub finding: Finding,
}

/// What came of reading a record.
#[derive(Debug, Clone)]
pub(super) enum Finding {
    /// Fit to be sent, if it is not a copy.
    Candidate(Box<Candidate>),
    /// Left out by the mapping or by its label. With what would be sent, if just this message was sent before.
    Skipped { cause: Text, sent: Option<Box<Candidate>> },
    /// Could not be read.
    Unreadable(Box<Problem>),
    /// Read, but not fit to be sent.
    Rejected(Box<Problem>),
}

impl Finding {
    /// What would be sent, kept or skipped.
    pub(super) fn candidate(&self) -> Option<&Candidate> {
        match self {
            Finding::Candidate(candidate) | Finding::Skipped { sent: Some(candidate), .. } => Some(candidate),
            Finding::Skipped { sent: None, .. } | Finding::Unreadable(_) | Finding::Rejected(_) => None,
        }
    }

    pub(super) fn candidate_mut(&mut self) -> Option<&mut Candidate> {
        match self {
            Finding::Candidate(candidate) | Finding::Skipped { sent: Some(candidate), .. } => Some(candidate),
            Finding::Skipped { sent: None, .. } | Finding::Unreadable(_) | Finding::Rejected(_) => None,
        }
    }
}

/// Why a record is not sent.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub cause: String,
    pub detail: String,
    pub remedy: String,
}

/// A record that may be sent.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub identity: crate::record::Identity,
    pub likeness: Option<Box<crate::record::Likeness>>,
    pub is_inbound: bool,
    /// What says so.
    pub direction_by: DirectionBy,
    /// Indexes of the rules that name its inboxes, in order. One at most where each inbox gets its own copy.
    pub inbox_rules: Box<[u16]>,
    /// Index of the rule that names whom its thread is assigned to.
    pub assignee_rule: Option<u16>,
    /// Index of the rule that says whether its thread is archived.
    pub archived_rule: Option<u16>,
    pub tags: Vec<Text>,
    pub date: i64,
    /// Digest of the request's draft.
    pub draft: [u8; 32],
    /// Bytes of the request.
    pub size: u64,
    pub richness: Richness,
    /// Author's handle.
    pub sender: Text,
    /// It names no recipient and takes the conversation's customer.
    pub wants_recipient: bool,
    /// See [`Record::missing_handles`](crate::record::Record::missing_handles).
    pub missing_handles: u8,
    /// See [`Record::other_handles`](crate::record::Record::other_handles).
    pub other_handles: Box<[Text]>,
    /// A table row without an id of its own: rows that are equal within one file are several messages.
    pub may_repeat: bool,
    pub files: u32,
    pub file_bytes: u64,
    /// Digest of the subject that is sent.
    pub subject: [u8; 8],
    /// Kinds of all changes.
    pub changes: Box<[Text]>,
    /// Files that are left out because the request would be too large, and their bytes.
    pub left_out: Option<Box<(u32, u64)>>,
    /// What its HTML would do by itself.
    pub active: crate::record::ActiveContent,
}

impl Candidate {
    /// Which message (first half: its sameness) and which copy of it (second half: its draft). Unlike the
    /// content digest it survives a re-export with other volatile headers.
    pub(super) fn pin(&self) -> [u8; 32] {
        let mut pin = [0; 32];
        let halves = self.identity.sameness.iter().take(16).chain(self.draft.iter().take(16));
        pin.iter_mut().zip(halves).for_each(|(to, from)| *to = *from);
        pin
    }

    /// Is it a copy of the message that was sent with this pin?
    pub(super) fn is_same_message(&self, pin: &[u8; 32]) -> bool {
        self.names().any(|name| pin.get(..16) == Some(name.as_slice()))
    }

    /// What pins may name its message by: its sameness, and the one it had while the list's address hid its sender.
    pub(super) fn names(&self) -> impl Iterator<Item = [u8; 16]> {
        let mut sameness = [0; 16];
        sameness.iter_mut().zip(self.identity.sameness).for_each(|(to, from)| *to = from);
        [sameness].into_iter().chain(self.likeness.as_ref().and_then(|likeness| likeness.as_written))
    }
}

/// How much a copy holds; the richest copy of a message is sent. Compared in this order.
///
/// That its owner sent it comes before the length of the body: a footer more or less can be missed, while a
/// direction cannot be mended once Front has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Richness {
    /// No file of it is missing in the export.
    pub is_whole: bool,
    pub blind_copies: u32,
    pub files: u32,
    pub is_outbound: bool,
    pub body: u64,
}

/// A string seen before: tags, causes, handles repeat by the thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Text(u32);

/// Keeps each string once. Numbers depend on the order of threads and never leave the plan.
#[derive(Debug, Default)]
pub(super) struct Texts {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Texts {
    pub(super) fn keep(&self, text: &str) -> Text {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = inner.numbers.get(text) {
            return Text(*number);
        }
        let number = u32::try_from(inner.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        inner.texts.push(Arc::clone(&text));
        inner.numbers.insert(text, number);
        Text(number)
    }

    pub(super) fn get(&self, text: Text) -> Arc<str> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.texts.get(text.0 as usize).map(Arc::clone).unwrap_or_default()
    }
}
