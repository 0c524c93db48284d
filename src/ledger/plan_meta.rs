//! What a ledger keeps about a plan as a whole.

use super::entry::Part;
use super::tally::Verdicts;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A plan as its maker describes it.
#[derive(Debug, Clone)]
pub struct PlanMeta {
    /// Names the plan; written into the journal with each request (hex).
    pub plan_id: String,
    /// The mapping file, byte for byte.
    pub mapping_text: String,
    /// Digest of what the mapping means.
    pub mapping_digest: [u8; 32],
    /// Version of the engine that planned.
    pub engine: String,
    /// The sources, in the order of the mapping; [`Origin::source`](crate::source::Origin) counts in it.
    pub sources: Vec<SourceMeta>,
}

/// A source as planned.
#[derive(Debug, Clone)]
pub struct SourceMeta {
    /// The name the mapping gives it.
    pub name: String,
    /// Records the planner counted while reading. Counted apart from the entries, so that one lost between reading
    /// and ledger shows: the books do not balance.
    pub read: u64,
    /// Its files, in scan order.
    pub files: Vec<FileMeta>,
}

/// What tells that a file is still the one that was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMeta {
    /// Path for people.
    pub shown: String,
    /// Size in bytes.
    pub size: u64,
    /// Digest of sampled blocks.
    pub sample: [u8; 16],
}

/// The current plan, without its files and entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// See [`PlanMeta::plan_id`].
    pub plan_id: String,
    /// See [`PlanMeta::mapping_text`].
    pub mapping_text: String,
    /// See [`PlanMeta::mapping_digest`].
    pub mapping_digest: [u8; 32],
    /// See [`PlanMeta::engine`].
    pub engine: String,
    /// Names of the sources, in the order of the mapping.
    pub sources: Vec<String>,
    /// Messages to import: positions `0..messages`, in send order.
    pub messages: u64,
    /// Behind the messages, up to here, the notes that become comments.
    pub comments: u64,
    /// All entries that Front gets something of: behind the comments, up to here, what is delivered.
    pub planned: u64,
    /// All entries: positions `0..total`, behind the planned ones in reading order.
    pub total: u64,
    /// Tables the planner wants to find again; the ledger does not look inside.
    pub extra: Vec<u8>,
    /// What was decided, counted by source.
    pub(super) verdicts: Vec<Verdicts>,
}

impl Plan {
    /// The part that a planned position is in.
    pub(super) fn part(&self, position: u64) -> Part {
        match position {
            _ if position < self.messages => Part::Messages,
            _ if position < self.comments => Part::Comments,
            _ => Part::Deliveries,
        }
    }

    /// The positions of the part that a planned position is in.
    pub(super) fn part_around(&self, position: u64) -> Range<u64> {
        match self.part(position) {
            Part::Messages => 0..self.messages,
            Part::Comments => self.messages..self.comments,
            Part::Deliveries => self.comments..self.planned,
        }
    }
}
