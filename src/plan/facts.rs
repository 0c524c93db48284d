//! What reading leaves in memory of each record: small, so that millions fit.

use super::decide::DirectionBy;
use super::noticed::Noticed;
use crate::record::Identity;
use crate::source::{Origin, Piece};
use crate::thread::Graph;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    pub place: Place,
    /// Digest of the entry's bytes.
    pub digest: [u8; 16],
    /// The export's own id.
    pub original_id: Option<Box<str>>,
    pub finding: Finding,
}

/// Where a record lies: an [`Origin`] in as little room as most of them need.
#[derive(Debug, Clone)]
pub(super) enum Place {
    One { source: u16, part: u32, piece: Piece },
    Other(Box<Origin>),
}

impl From<Origin> for Place {
    fn from(mut origin: Origin) -> Self {
        let (source, part) = (origin.source, origin.part);
        match (origin.pieces.pop(), origin.pieces.is_empty()) {
            (Some(piece), true) => Self::One { source, part, piece },
            (piece, _) => {
                origin.pieces.extend(piece);
                Self::Other(Box::new(origin))
            }
        }
    }
}

impl Place {
    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::One { source, part, piece } => Origin { source: *source, pieces: vec![piece.clone()], part: *part },
            Self::Other(origin) => origin.as_ref().clone(),
        }
    }

    pub(super) fn source(&self) -> u16 {
        match self {
            Self::One { source, .. } => *source,
            Self::Other(origin) => origin.source,
        }
    }

    pub(super) fn first_piece(&self) -> Option<&Piece> {
        match self {
            Self::One { piece, .. } => Some(piece),
            Self::Other(origin) => origin.pieces.first(),
        }
    }
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
    pub identity: ShortIdentity,
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
    pub tags: TextList,
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
    pub changes: TextList,
    /// Files that are left out because the request would be too large, and their bytes.
    pub left_out: Option<Box<(u32, u64)>>,
    /// What its HTML would do by itself.
    pub active: crate::record::ActiveContent,
}

/// An [`Identity`] with as much of its digests as tells messages apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortIdentity {
    /// Whole, as ids are made of it.
    pub key: [u8; 32],
    pub sameness: [u8; 16],
    pub content: [u8; 16],
}

impl From<Identity> for ShortIdentity {
    fn from(identity: Identity) -> Self {
        let half = |whole: [u8; 32]| {
            let mut half = [0; 16];
            half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
            half
        };
        Self { key: identity.key, sameness: half(identity.sameness), content: half(identity.content) }
    }
}

impl Candidate {
    /// Which message (first half: its sameness) and which copy of it (second half: its draft). Unlike the
    /// content digest it survives a re-export with other volatile headers.
    pub(super) fn pin(&self) -> [u8; 32] {
        let mut pin = [0; 32];
        let halves = self.identity.sameness.iter().chain(self.draft.iter().take(16));
        pin.iter_mut().zip(halves).for_each(|(to, from)| *to = *from);
        pin
    }

    /// Is it a copy of the message that was sent with this pin?
    pub(super) fn is_same_message(&self, pin: &[u8; 32]) -> bool {
        self.names().any(|name| pin.get(..16) == Some(name.as_slice()))
    }

    /// What pins may name its message by: its sameness, and the one it had while the list's address hid its sender.
    pub(super) fn names(&self) -> impl Iterator<Item = [u8; 16]> {
        [self.identity.sameness].into_iter().chain(self.likeness.as_ref().and_then(|likeness| likeness.as_written))
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

/// A list of strings seen before: most messages have the tags and the changes of many others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextList(u32);

/// Keeps each string, and each list of strings, once. Numbers depend on the order of threads and never leave the plan.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: Mutex<Kept<str>>,
    lists: Mutex<Kept<[Text]>>,
}

/// Values by number.
#[derive(Debug)]
struct Kept<T: ?Sized> {
    numbers: HashMap<Arc<T>, u32>,
    values: Vec<Arc<T>>,
}

impl<T: ?Sized> Default for Kept<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), values: Vec::new() }
    }
}

impl<T: ?Sized + Eq + std::hash::Hash> Kept<T> {
    fn keep(&mut self, value: &T) -> u32
    where
        for<'t> Arc<T>: From<&'t T>,
    {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let value: Arc<T> = value.into();
        self.values.push(Arc::clone(&value));
        self.numbers.insert(value, number);
        number
    }

    fn get(&self, number: u32) -> Option<Arc<T>> {
        self.values.get(number as usize).map(Arc::clone)
    }
}

impl Texts {
    pub(super) fn keep(&self, text: &str) -> Text {
        Text(locked(&self.texts).keep(text))
    }

    pub(super) fn get(&self, text: Text) -> Arc<str> {
        locked(&self.texts).get(text.0).unwrap_or_default()
    }

    pub(super) fn keep_list(&self, list: &[Text]) -> TextList {
        TextList(locked(&self.lists).keep(list))
    }

    pub(super) fn list(&self, list: TextList) -> Arc<[Text]> {
        locked(&self.lists).get(list.0).unwrap_or_default()
    }
}

fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
