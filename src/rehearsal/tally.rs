//! What is counted of the calls themselves.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::faults::CallKind;

/// The counts of one server.
#[derive(Default)]
pub(super) struct Tally(Mutex<Counts>);

/// What was counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Imports that came with the right token, each attempt.
    pub(super) imports: u64,
    /// All other calls that came with the right token.
    pub(super) reads: u64,
    /// Those of each kind.
    kinds: BTreeMap<CallKind, u64>,
    pub(super) refused: u64,
    pub(super) over_limit: u64,
    pub(super) over_resource: u64,
    pub(super) over_search: u64,
    /// By the name of the fault, how many calls it took effect on.
    pub(super) faults: BTreeMap<String, u64>,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// A call that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Its number among its kind: imports, or all others.
    pub(super) number: u64,
    /// Its number among those of its kind; of an import the same.
    pub(super) among_kind: u64,
    /// Imports so far, itself included.
    pub(super) imports: u64,
}

impl Counts {
    /// From the first call to the last.
    pub(super) fn span(&self) -> Duration {
        let (Some(first), Some(last)) = (self.first, self.last) else { return Duration::ZERO };
        last.saturating_duration_since(first)
    }
}

impl Tally {
    pub(super) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call; an import is of no kind.
    pub(super) fn arrive(&self, kind: Option<CallKind>, now: Instant) -> Arrival {
        let mut counts = self.counts();
        counts.first.get_or_insert(now);
        counts.last = Some(now);
        let own = if kind.is_none() { &mut counts.imports } else { &mut counts.reads };
        *own += 1;
        let number = *own;
        let among_kind = kind.map_or(number, |kind| {
            let own = counts.kinds.entry(kind).or_default();
            *own += 1;
            *own
        });
        Arrival { number, among_kind, imports: counts.imports }
    }

    /// Counts one call on which a fault took effect.
    pub(super) fn fault(&self, name: impl Into<String>) {
        *self.counts().faults.entry(name.into()).or_default() += 1;
    }
}
