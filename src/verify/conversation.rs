//! One conversation as the ledger has it: what is still to be seen of it, and what was seen before.

use super::compare::{Expected, Likeness};
use super::waiting::Item;
use crate::ledger::{Ledger, LedgerError, State, Verdict};
use std::collections::{BTreeSet, HashSet};
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
    /// Ids in Front of its messages that were seen before.
    pub(super) seen: HashSet<String>,
    /// How those of its messages read that may be in Front and are not looked for here.
    pub(super) others: Vec<Likeness>,
    /// Messages it has in all, as planned.
    size: u64,
    per_page: u32,
}

impl Conversation {
    /// The conversation of an item.
    pub(super) fn load(ledger: &Ledger, item: &Item) -> Result<Self, LedgerError> {
        let range = item.range.clone();
        let mut conversation = Self {
            thread: 0,
            known: None,
            open: Vec::new(),
            seen: HashSet::new(),
            others: Vec::new(),
            size: range.end.saturating_sub(range.start),
            per_page: PER_PAGE,
        };
        let mut largest = 0;
        for (entry, state) in ledger.entries(range.clone())?.zip(ledger.states(range)?) {
            let ((position, entry), (_, state)) = (entry?, state?);
            let Verdict::Planned(planned) = entry.verdict else { break };
            conversation.thread = short(&planned.thread_ref);
            let expected = Expected::of(&planned);
            match &state {
                State::Missing { .. } if item.is_meant(position) => {}
                State::Accepted { .. } if item.only.is_none() => {}
                State::Confirmed { message_id, conversation_id, .. } => {
                    if conversation.known.is_none() && !conversation_id.is_empty() {
                        conversation.known = Some(conversation_id.clone());
                    }
                    conversation.seen.insert(message_id.clone());
                    if !item.again {
                        continue;
                    }
                }
                // Of what was refused for a failure of Front's nobody knows.
                State::Accepted { .. }
                | State::Missing { .. }
                | State::Sending
                | State::Refused { .. }
                | State::Unknown { .. } => {
                    conversation.others.push(Likeness::planned(&expected));
                    continue;
                }
                State::Planned => continue,
            }
            largest = largest.max(planned.size.saturating_sub(planned.traits.file_bytes));
            conversation.open.push(Open { position, state, expected });
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

/// The conversations with these positions, as stretches of the send order.
pub(super) fn around(ledger: &Ledger, positions: &BTreeSet<u64>) -> Result<Vec<Range<u64>>, LedgerError> {
    let planned = ledger.messages();
    let mut found: Vec<Range<u64>> = Vec::new();
    for position in positions.range(..planned).copied() {
        if found.last().is_none_or(|last| last.end <= position) {
            found.push(ledger.conversation(position)?);
        }
    }
    Ok(found)
}

/// Eight bytes that tell an id from others.
pub(super) fn short(id: &str) -> u64 {
    blake3::hash(id.as_bytes()).as_bytes().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
