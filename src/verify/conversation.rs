//! One conversation as the ledger has it: what is still to be seen of it, and what was seen before.

use super::compare::Expected;
use crate::ledger::{Ledger, LedgerError, State, Verdict};
use std::ops::Range;

/// Messages a page, at most: Front gives no more.
const PER_PAGE: u32 = 100;

/// Answers larger than this are avoided by asking for fewer messages a page.
const PAGE_BYTES: u64 = 8 << 20;

/// Front shows a body as HTML and once more as text, and its quotes escaped.
const SHOWN_TIMES: u64 = 3;

/// A message that is to be seen.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) position: u64,
    pub(super) state: State,
    pub(super) expected: Expected,
}

/// What is known of a conversation before it is looked for.
#[derive(Debug)]
pub(super) struct Conversation {
    /// Tells its thread ref from others.
    pub(super) thread: u64,
    /// Front's id of it, from a message of it that was seen before.
    pub(super) known: Option<String>,
    /// Oldest first.
    pub(super) open: Vec<Open>,
    /// Messages it has in all, as planned.
    size: u64,
    per_page: u32,
}

impl Conversation {
    /// The conversation at these positions. With `again`, what was seen before is to be seen again.
    pub(super) fn load(ledger: &Ledger, range: Range<u64>, again: bool) -> Result<Self, LedgerError> {
        let size = range.end.saturating_sub(range.start);
        let mut conversation = Self { thread: 0, known: None, open: Vec::new(), size, per_page: PER_PAGE };
        let mut largest = 0;
        for (entry, state) in ledger.entries(range.clone())?.zip(ledger.states(range)?) {
            let ((position, entry), (_, state)) = (entry?, state?);
            let Verdict::Planned(planned) = entry.verdict else { break };
            conversation.thread = short(&planned.thread_ref);
            match &state {
                State::Accepted { .. } | State::Missing { .. } => {}
                State::Confirmed { conversation_id, .. } => {
                    if conversation.known.is_none() && !conversation_id.is_empty() {
                        conversation.known = Some(conversation_id.clone());
                    }
                    if !again {
                        continue;
                    }
                }
                State::Planned | State::Sending | State::Refused { .. } | State::Unknown { .. } => continue,
            }
            largest = largest.max(planned.size.saturating_sub(planned.traits.file_bytes));
            conversation.open.push(Open { position, state, expected: Expected::of(&planned) });
        }
        let fitting = PAGE_BYTES / (largest * SHOWN_TIMES).max(1);
        conversation.per_page = u32::try_from(fitting).unwrap_or(PER_PAGE).clamp(1, PER_PAGE);
        Ok(conversation)
    }

    /// Messages to ask for in one page.
    pub(super) fn per_page(&self) -> u32 {
        self.per_page
    }

    /// Is a list of the whole conversation no more requests than `singles` look-ups?
    pub(super) fn is_list_cheaper(&self, singles: usize) -> bool {
        let singles = singles as u64;
        singles > 1 && self.size.div_ceil(u64::from(self.per_page)) < singles
    }

    /// Nothing of it is awaited for the first time: patience with it has ended before, or it was there once.
    pub(super) fn is_overdue(&self) -> bool {
        self.open.iter().all(|open| matches!(open.state, State::Missing { .. } | State::Confirmed { .. }))
    }
}

/// Eight bytes that tell an id from others.
pub(super) fn short(id: &str) -> u64 {
    blake3::hash(id.as_bytes()).as_bytes().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
