//! What the journal says that was made beside messages, and what an earlier run has begun to take back.

use crate::ledger::{EffectChange, EffectEnd, EffectKind, Ledger, LedgerError};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that this ledger made and has not taken back, and what it has trashed.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// By `thread_ref`: addresses of the links that we attached.
    pub(super) links: BTreeMap<String, Vec<String>>,
    /// By `thread_ref`: conversations that were trashed, or were about to be.
    pub(super) trashed: BTreeMap<String, BTreeMap<String, Removal>>,
    /// Tags of the company.
    pub(super) tags: Vec<Thing>,
    /// Contacts, by `source:handle`.
    pub(super) contacts: Vec<Thing>,
    /// Inboxes.
    pub(super) inboxes: Vec<Thing>,
}

/// How far a conversation was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Removal {
    /// It was trashed, or was about to be.
    Trashed,
    /// It was to be deleted for good, and nobody knows whether it was.
    Deleting,
    /// It was deleted for good.
    Deleted,
}

/// Something that was made for the company.
#[derive(Debug)]
pub(super) struct Thing {
    /// What it is known by.
    pub(super) name: String,
    /// Front's id; none where a request went out and nobody knows what became of it.
    pub(super) id: Option<String>,
    /// What it was given when it was made, as JSON.
    pub(super) given: Option<String>,
}

impl Earlier {
    /// Reads the whole journal.
    pub(super) fn of(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut earlier = Self::default();
        let effects = ledger.effects()?;
        for change in ledger.last_changes(&effects)? {
            earlier.add(change?);
        }
        // What stands below another goes before it.
        earlier.tags.sort_by_key(|tag| std::cmp::Reverse(tag.name.len()));
        Ok(earlier)
    }

    /// All conversations that this ledger has trashed.
    pub(super) fn trashed_ids(&self) -> BTreeSet<String> {
        self.trashed.values().flat_map(BTreeMap::keys).cloned().collect()
    }

    fn add(&mut self, EffectChange { effect, end, .. }: EffectChange) {
        let (id, given, is_begun) = match end {
            EffectEnd::Done { made: true, id, before } => (id, before, false),
            EffectEnd::Begun => (None, None, true),
            EffectEnd::Done { .. } | EffectEnd::Left { .. } | EffectEnd::Undone => return,
        };
        let removal = match effect.kind {
            // One that is there is ours: nobody else attaches this address.
            EffectKind::Link => return self.links.entry(effect.of).or_default().push(effect.what),
            EffectKind::Tag => return self.tags.push(Thing { name: effect.what, id, given }),
            EffectKind::Contact => return self.contacts.push(Thing { name: effect.what, id, given }),
            EffectKind::Inbox => return self.inboxes.push(Thing { name: effect.what, id, given }),
            EffectKind::Tagged | EffectKind::Follower | EffectKind::State => return,
            EffectKind::Trashed => Removal::Trashed,
            EffectKind::Deleted if is_begun => Removal::Deleting,
            EffectKind::Deleted => Removal::Deleted,
        };
        let known = self.trashed.entry(effect.of).or_default().entry(effect.what).or_insert(removal);
        *known = removal.max(*known);
    }
}
