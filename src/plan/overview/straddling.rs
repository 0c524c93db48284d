//! Conversations that go on beyond the ends of their source.

use crate::ledger::LedgerError;
use crate::plan::beyond::{Straddler, Straddlers};
use crate::plan::place;
use crate::plan::resolve::Resolution;
use crate::source::Source;
use serde::{Deserialize, Serialize};

/// Conversations with messages on both sides of `since` or `until`, by what becomes of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Straddling {
    /// They are cut: what lies beyond is left out.
    pub cut: Straddle,
    /// They are imported whole.
    pub whole: Straddle,
    /// They are left out whole.
    pub left: Straddle,
}

/// Those of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Straddle {
    /// Conversations.
    pub conversations: u64,
    /// Their messages on this side.
    pub within: u64,
    /// Their messages beyond; of those that are cut, records.
    pub beyond: u64,
    /// File and place of the oldest message on this side, and its id; empty without any.
    pub example: (String, String),
}

impl Straddling {
    pub(super) fn of(resolution: &Resolution<'_>, sources: &[Box<dyn Source>]) -> Result<Self, LedgerError> {
        let of_kind = |kind: &Straddler| {
            let named = kind.example().map(|record| {
                let facts = resolution.read.facts(record as usize)?;
                let id = facts.original_id.as_deref().unwrap_or_default().to_owned();
                Ok::<_, LedgerError>((place(sources, &facts.place.origin()), id))
            });
            Ok::<_, LedgerError>(Straddle {
                conversations: kind.conversations,
                within: kind.within,
                beyond: kind.beyond,
                example: named.transpose()?.unwrap_or_default(),
            })
        };
        let Straddlers { cut, whole, left } = &resolution.straddlers;
        Ok(Self { cut: of_kind(cut)?, whole: of_kind(whole)?, left: of_kind(left)? })
    }
}
