//! Where a conversation lies in the send order, which keeps conversations together.

use super::entry::{Entry, Verdict};
use super::error::LedgerError;
use super::ledger::Ledger;
use std::ops::Range;

/// Entries read at once on the way back to the beginning.
const STEP: u64 = 64;

impl Ledger {
    /// The positions of the conversation that the planned entry at `position` belongs to: those of its messages, or of its comments
    /// or deliveries if that is one.
    ///
    /// # Errors
    /// No plan, a position that is not planned, or a damaged index.
    pub fn conversation(&self, position: u64) -> Result<Range<u64>, LedgerError> {
        let current = self.current()?;
        current.check_planned(position)?;
        let thread = thread_ref(self.entry(position)?);
        let Range { start: first, end: last } = current.plan.part_around(position);
        let mut start = position;
        'back: while start > first {
            let before: Vec<_> =
                self.entries(start.saturating_sub(STEP).max(first)..start)?.collect::<Result<_, LedgerError>>()?;
            for (at, entry) in before.into_iter().rev() {
                if thread_ref(entry) != thread {
                    break 'back;
                }
                start = at;
            }
        }
        let mut end = position + 1;
        for item in self.entries(end..last)? {
            let (at, entry) = item?;
            if thread_ref(entry) != thread {
                break;
            }
            end = at + 1;
        }
        Ok(start..end)
    }
}

fn thread_ref(entry: Entry) -> Option<String> {
    match entry.verdict {
        Verdict::Planned(planned) => Some(planned.thread_ref),
        _ => None,
    }
}
