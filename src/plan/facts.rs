//! What reading leaves of each record: little in memory, so that millions fit, and the rest in the ledger's readings.

use super::decide::DirectionBy;
use super::noticed::Noticed;
use super::past::{self, ReadFile};
use super::texts::{Exported, RuleList, Text, TextList, Texts};
use crate::ledger::{Form, LedgerError, Readings};
use crate::mapping::Edge;
use crate::record::{Identity, Likeness};
use crate::source::{Origin, Piece};
use crate::thread::Graph;
use serde::{Deserialize, Serialize};

/// No place in the graph.
pub(super) const ABSENT: u32 = u32::MAX;

/// Everything read, in reading order.
pub(super) struct Read {
    /// By record number.
    pub briefs: Vec<Brief>,
    pub texts: Texts,
    pub noticed: Noticed,
    /// Records that a mail gives beside its first because it is for several inboxes.
    pub spread: u64,
    /// Records that an earlier plan has read.
    pub known: u64,
    /// Files that the next plan need not read again if they are unchanged.
    pub files: Vec<ReadFile>,
    pub readings: Readings,
}

/// What is needed of everything read only until copies and threads are decided.
pub(super) struct Undecided {
    /// Records that may be sent: what their plain ids are made of, and their numbers.
    pub keys: Vec<([u8; 20], u32)>,
    /// All records that could be read, without what was sent before.
    pub graph: Graph,
}

impl Read {
    /// All that is known of a record.
    pub(super) fn facts(&self, number: usize) -> Result<Facts, LedgerError> {
        let at = self.briefs.get(number).map_or(u64::MAX, |brief| brief.at);
        let mut buffer = Vec::new();
        let bytes = self.readings.get(at, &mut buffer)?;
        past::facts_of(bytes).ok_or_else(|| self.readings.damaged(at, "the record has another form than it was given"))
    }

    /// Whom a record was written to; nobody if it is none.
    pub(super) fn recipients(&self, number: usize) -> Result<Vec<String>, LedgerError> {
        let at = self.briefs.get(number).map_or(u64::MAX, |brief| brief.at);
        let mut buffer = Vec::new();
        let gist = past::gist_of(self.readings.get(at, &mut buffer)?);
        Ok(gist.map(|gist| gist.recipients).unwrap_or_default())
    }

    /// What would be sent of a record; none if it cannot be sent.
    pub(super) fn candidate(&self, number: usize) -> Result<Option<Candidate>, LedgerError> {
        Ok(self.facts(number)?.finding.into_candidate())
    }

    /// The numbers of the records of a class, in order.
    pub(super) fn numbers_of(&self, class: Class) -> impl Iterator<Item = usize> {
        (0..).zip(&self.briefs).filter(move |(_, brief)| brief.traits.is_of(class)).map(|(number, _)| number)
    }
}

/// What is asked of all records over and over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brief {
    /// Where its [`Facts`] are in the readings.
    pub at: u64,
    /// Unix seconds.
    pub date: i64,
    /// Its number in the graph; [`ABSENT`] if it is not there.
    pub place: u32,
    /// Its tags, a set.
    pub tags: TextList,
    pub rules: RuleList,
    /// Index of its source.
    pub source: u16,
    /// See [`Record::missing_handles`](crate::record::Record::missing_handles).
    pub missing_handles: u8,
    pub traits: Traits,
}

/// What sort of finding a record has; see [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Candidate,
    /// Left out, though just this message was sent before.
    SentAndSkipped,
    Skipped,
    /// Unreadable or rejected.
    Bad,
}

/// The class of a record, and what else is a matter of yes and no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Traits(u8);

impl Traits {
    const INBOUND: u8 = 1;
    const WANTS_RECIPIENT: u8 = 1 << 1;
    const NAMES_OTHERS: u8 = 1 << 2;
    // Of what goes to Front by another way than import: a comment is ours, a delivery is inbound.
    const BESIDES: u8 = 1 << 5;
    const BEYOND: [(Edge, u8); 2] = [(Edge::Since, 1 << 6), (Edge::Until, 2 << 6)];
    const CLASS: [(Class, u8); 4] =
        [(Class::Candidate, 0), (Class::SentAndSkipped, 1 << 3), (Class::Skipped, 2 << 3), (Class::Bad, 3 << 3)];

    fn of(finding: &Finding, beyond: Option<Edge>) -> Self {
        let bit = |has: fn(&Candidate) -> bool, bit: u8| if finding.candidate().is_some_and(has) { bit } else { 0 };
        let class = Self::CLASS.iter().find(|(class, _)| *class == finding.class()).map_or(0, |(_, bits)| *bits);
        let beyond = Self::BEYOND.iter().find(|(edge, _)| Some(*edge) == beyond).map_or(0, |(_, bits)| *bits);
        Self(
            class
                | beyond
                | bit(|candidate| candidate.is_inbound, Self::INBOUND)
                | bit(|candidate| candidate.wants_recipient, Self::WANTS_RECIPIENT)
                | bit(|candidate| !candidate.other_handles.is_empty(), Self::NAMES_OTHERS)
                | bit(|candidate| matches!(candidate.form, Form::Comment | Form::Delivery), Self::BESIDES),
        )
    }

    pub(super) fn is_of(self, class: Class) -> bool {
        Self::CLASS.iter().any(|(known, bits)| *known == class && self.0 & (3 << 3) == *bits)
    }

    pub(super) fn is_inbound(self) -> bool {
        self.0 & Self::INBOUND != 0
    }

    /// It is an internal note, which becomes a comment.
    pub(super) fn is_comment(self) -> bool {
        self.0 & Self::BESIDES != 0 && !self.is_inbound()
    }

    /// It is delivered through a channel.
    pub(super) fn is_delivery(self) -> bool {
        self.0 & Self::BESIDES != 0 && self.is_inbound()
    }

    /// The end of its source's time that it lies beyond.
    pub(super) fn beyond(self) -> Option<Edge> {
        Self::BEYOND.iter().find(|(_, bits)| self.0 & (3 << 6) == *bits).map(|(edge, _)| *edge)
    }

    /// It names no recipient and takes the conversation's customer.
    pub(super) fn wants_recipient(self) -> bool {
        self.0 & Self::WANTS_RECIPIENT != 0
    }

    /// It names further handles of its author.
    pub(super) fn names_others(self) -> bool {
        self.0 & Self::NAMES_OTHERS != 0
    }
}

impl Brief {
    /// Of a record whose places in readings and graph are not known yet.
    pub(super) fn new(facts: &Facts, tags: TextList, rules: RuleList, beyond: Option<Edge>) -> Self {
        let candidate = facts.finding.candidate();
        Self {
            at: 0,
            date: candidate.map_or(0, |candidate| candidate.date),
            place: ABSENT,
            tags,
            rules,
            source: facts.place.source(),
            missing_handles: candidate.map_or(0, |candidate| candidate.missing_handles),
            traits: Traits::of(&facts.finding, beyond),
        }
    }
}

/// A record as read and decided by itself, before it is compared with the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Facts {
    pub place: Place,
    /// Digest of the entry's bytes.
    pub digest: [u8; 16],
    /// The export's own id.
    pub original_id: Option<Box<str>>,
    pub finding: Finding,
}

/// Where a record lies: an [`Origin`] in as little room as most of them need.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

    /// The same place in a file that has another number now.
    pub(super) fn moved(&self, source: u16, file: u32) -> Self {
        let mut origin = self.origin();
        origin.source = source;
        origin.pieces.iter_mut().for_each(|piece| piece.file = file);
        origin.into()
    }

    pub(super) fn source(&self) -> u16 {
        match self {
            Self::One { source, .. } => *source,
            Self::Other(origin) => origin.source,
        }
    }

    /// See [`Origin::part`].
    pub(super) fn part(&self) -> u32 {
        match self {
            Self::One { part, .. } => *part,
            Self::Other(origin) => origin.part,
        }
    }

    /// Bytes of the source.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::One { piece, .. } => piece.length,
            Self::Other(origin) => origin.pieces.iter().map(|piece| piece.length).sum(),
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
#[derive(Debug, Clone, Serialize, Deserialize)]
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

    /// Puts the numbers of this plan in the place of those of another one; `None` if that has no such numbers.
    pub(super) fn renumber(&mut self, texts: &Texts, other: &Exported) -> Option<()> {
        if let Self::Skipped { cause, .. } = self {
            *cause = texts.take_over(*cause, other)?;
        }
        if let Self::Candidate(candidate) | Self::Skipped { sent: Some(candidate), .. } = self {
            candidate.changes = texts.take_over_list(candidate.changes, other)?;
        }
        Some(())
    }

    pub(super) fn into_candidate(self) -> Option<Candidate> {
        match self {
            Finding::Candidate(candidate) | Finding::Skipped { sent: Some(candidate), .. } => Some(*candidate),
            Finding::Skipped { sent: None, .. } | Finding::Unreadable(_) | Finding::Rejected(_) => None,
        }
    }

    pub(super) fn class(&self) -> Class {
        match self {
            Finding::Candidate(_) => Class::Candidate,
            Finding::Skipped { sent: Some(_), .. } => Class::SentAndSkipped,
            Finding::Skipped { sent: None, .. } => Class::Skipped,
            Finding::Unreadable(_) | Finding::Rejected(_) => Class::Bad,
        }
    }
}

/// Why a record is not sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Problem {
    pub cause: String,
    pub detail: String,
    pub remedy: String,
}

/// A record that may be sent. Its tags and the rules that decide about it are in its [`Brief`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Candidate {
    pub identity: ShortIdentity,
    pub likeness: Option<Box<Likeness>>,
    pub is_inbound: bool,
    /// What says so.
    pub direction_by: DirectionBy,
    pub date: i64,
    /// Digest of the request's draft.
    pub draft: [u8; 32],
    /// Bytes of the request.
    pub size: u64,
    pub richness: Richness,
    /// Author's handle.
    pub sender: Box<str>,
    /// It names no recipient and takes the conversation's customer.
    pub wants_recipient: bool,
    /// See [`Record::missing_handles`](crate::record::Record::missing_handles).
    pub missing_handles: u8,
    /// See [`Record::other_handles`](crate::record::Record::other_handles).
    pub other_handles: Box<[Box<str>]>,
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
    /// What Front gets it as.
    pub form: Form,
    /// What it says of the values that the mapping asks for, in their order.
    pub values: Box<[Option<Box<str>>]>,
}

/// An [`Identity`] with as much of its digests as tells messages apart.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct ShortIdentity {
    /// Whole, as ids are made of it.
    pub key: [u8; 32],
    pub sameness: [u8; 16],
}

impl From<Identity> for ShortIdentity {
    fn from(identity: Identity) -> Self {
        let half = |whole: [u8; 32]| {
            let mut half = [0; 16];
            half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
            half
        };
        Self { key: identity.key, sameness: half(identity.sameness) }
    }
}

impl Candidate {
    /// Which message (first half: its sameness) and which copy of it (second half: its draft). It survives a re-export with
    /// other volatile headers.
    pub(super) fn pin(&self) -> [u8; 32] {
        let mut pin = [0; 32];
        let halves = self.identity.sameness.iter().chain(self.draft.iter().take(16));
        pin.iter_mut().zip(halves).for_each(|(to, from)| *to = *from);
        pin
    }

    /// See [`names`].
    pub(super) fn names(&self) -> impl Iterator<Item = [u8; 16]> {
        names(&self.identity, self.likeness.as_deref())
    }
}

/// What pins may name a message by: its sameness, and the one it had while the list's address hid its sender.
pub(super) fn names(identity: &ShortIdentity, likeness: Option<&Likeness>) -> impl Iterator<Item = [u8; 16]> {
    [identity.sameness].into_iter().chain(likeness.and_then(|likeness| likeness.as_written))
}

/// How much a copy holds; the richest copy of a message is sent. Compared in this order.
///
/// That its owner sent it comes before the length of the body: a footer more or less can be missed, while a
/// direction cannot be mended once Front has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Richness {
    /// No file of it is missing in the export.
    pub is_whole: bool,
    pub blind_copies: u32,
    pub files: u32,
    pub is_outbound: bool,
    pub body: u64,
}
