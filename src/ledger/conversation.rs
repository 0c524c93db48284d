//! Where a conversation lies in the send order, which keeps conversations together.

use super::entry::{Entry, Verdict};
use super::error::LedgerError;
use super::ledger::Ledger;
use std::ops::Range;

/// Entries read at once on the way back to the beginning.
const STEP: u64 = 64;

impl Ledger {
    /// The positions of the conversation that the planned entry at `position` belongs to.
    ///
    /// # Errors
    /// No plan, a position that is not planned, or a damaged index.
    pub fn conversation(&self, position: u64) -> Result<Range<u64>, LedgerError> {
        let current = self.current()?;
        current.check_planned(position)?;
        let thread = thread_ref(self.entry(position)?);
        let mut start = position;
        'back: while start > 0 {
            let before: Vec<_> =
                self.entries(start.saturating_sub(STEP)..start)?.collect::<Result<_, LedgerError>>()?;
            for (at, entry) in before.into_iter().rev() {
                if thread_ref(entry) != thread {
                    break 'back;
                }
                start = at;
            }
        }
        let mut end = position + 1;
        for item in self.entries(end..current.plan.planned)? {
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
