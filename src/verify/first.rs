//! Which conversation a first import sends before all others: small, and with as much in it as can go wrong.

use super::walk::walk;
use crate::ledger::{Ledger, LedgerError, Reached, Verdict};
use std::cmp::Reverse;
use std::ops::Range;

/// Conversations looked at, from the beginning of the send order.
const LOOKED_AT: usize = 1_000;

/// Messages looked at; the first conversations may be huge.
const MESSAGES: u64 = 20_000;

/// Messages of a small conversation, at most.
const SMALL: u64 = 20;

/// The conversation that a first import is checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// Its positions in the send order.
    pub range: Range<u64>,
    /// Something of it was accepted already, in a run that did not come to see it.
    pub was_sent: bool,
}

/// The conversation to check before all others are sent; none if something was seen before, or if there is nothing.
///
/// A small one with a file and with more than one message if there is any among the first thousand.
///
/// # Errors
/// A damaged ledger.
pub fn first_conversation(ledger: &Ledger) -> Result<Option<First>, LedgerError> {
    let counts = ledger.counts();
    if counts.confirmed + counts.different > 0 {
        return Ok(None);
    }
    let mut from = (counts.accepted + counts.missing > 0).then_some(0);
    while let Some(start) = from {
        let piece = walk(ledger, start)?;
        if let Some(range) = piece.open.into_iter().next() {
            return Ok(Some(First { range, was_sent: true }));
        }
        from = piece.next;
    }
    let best = candidates(ledger)?.into_iter().max_by_key(Candidate::rank);
    Ok(best.map(|best| First { range: best.range, was_sent: false }))
}

struct Candidate {
    range: Range<u64>,
    has_file: bool,
}

impl Candidate {
    fn rank(&self) -> (bool, bool, bool, Reverse<u64>, Reverse<u64>) {
        let size = self.range.end - self.range.start;
        // The conversation of two shows threading, too; among equals the one that is due first.
        (size <= SMALL, self.has_file, size > 1, Reverse(size), Reverse(self.range.start))
    }
}

/// Conversations of which nothing was sent.
fn candidates(ledger: &Ledger) -> Result<Vec<Candidate>, LedgerError> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut current: Option<String> = None;
    let mut is_new = true;
    let start = ledger.first_open();
    // What stands behind the messages is no import.
    let range = start..start.saturating_add(MESSAGES).min(ledger.messages()).max(start);
    for (entry, state) in ledger.entries(range.clone())?.zip(ledger.reached(range)?) {
        let ((position, entry), (_, reached)) = (entry?, state?);
        let Verdict::Planned(planned) = entry.verdict else { break };
        if current.as_ref() != Some(&planned.thread_ref) {
            if !is_new {
                found.pop();
            }
            if found.len() == LOOKED_AT {
                return Ok(found);
            }
            current = Some(planned.thread_ref.clone());
            is_new = true;
            found.push(Candidate { range: position..position, has_file: false });
        }
        is_new &= reached == Reached::Planned;
        if let Some(last) = found.last_mut() {
            last.range.end = position + 1;
            last.has_file |= planned.traits.files > 0;
        }
    }
    if !is_new {
        found.pop();
    }
    Ok(found)
}
