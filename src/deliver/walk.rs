//! Which conversations have anything to deliver, or to be seen.

use crate::ledger::{Ledger, LedgerError, Reached};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Goes over all conversations that are delivered, in their order.
pub(super) struct Walk {
    ledger: Arc<Ledger>,
    left: Range<u64>,
    again: BTreeSet<u64>,
}

/// The positions of what is delivered.
pub(super) fn deliveries(ledger: &Ledger) -> Range<u64> {
    ledger.plan().map_or(0..0, |plan| plan.comments..plan.planned)
}

impl Walk {
    pub(super) fn new(ledger: Arc<Ledger>, again: BTreeSet<u64>) -> Self {
        Self { left: deliveries(&ledger), ledger, again }
    }

    /// Messages to go over.
    pub(super) fn total(&self) -> u64 {
        self.left.end - self.left.start
    }

    /// The next conversation of which something is left.
    pub(super) fn next(&mut self) -> Result<Option<Range<u64>>, LedgerError> {
        while self.left.start < self.left.end {
            let range = self.ledger.conversation(self.left.start)?;
            self.left.start = range.end;
            for item in self.ledger.reached(range.clone())? {
                let (position, reached) = item?;
                if matches!(reached, Reached::Planned | Reached::Accepted) || self.again.contains(&position) {
                    return Ok(Some(range));
                }
            }
        }
        Ok(None)
    }
}
