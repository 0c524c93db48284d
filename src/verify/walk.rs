//! Walking the ledger for what earlier runs left to be seen: one pass, a piece at a time.

use super::conversation::short;
use crate::ledger::{Ledger, LedgerError, Reached, State, Verdict};
use std::ops::Range;

/// Conversations found in one piece, at most.
const FOUND: usize = 256;

/// Messages passed over in one piece, about.
const PASSED: u64 = 20_000;

/// A conversation that was seen before, for telling that two threads share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenBefore {
    pub(super) thread: u64,
    pub(super) conversation_id: String,
    /// A message of it, and its state.
    pub(super) message: (u64, State),
}

/// A piece of the walk.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Conversations with messages that are accepted or missing.
    pub(super) open: Vec<Range<u64>>,
    /// Conversations that were seen.
    pub(super) seen: Vec<SeenBefore>,
    /// Where the next piece begins; nothing at the end.
    pub(super) next: Option<u64>,
}

/// Walks on from the beginning of a conversation. Of what was seen before one line of the journal is read for each conversation, and
/// none for anything else: a million settled messages have hundreds of megabytes of them.
pub(super) fn walk(ledger: &Ledger, from: u64) -> Result<Piece, LedgerError> {
    let end = ledger.messages();
    let mut piece = Piece::default();
    let mut current: Option<Current> = None;
    for (entry, state) in ledger.entries(from..end)?.zip(ledger.reached(from..end)?) {
        let ((position, entry), (_, reached)) = (entry?, state?);
        let Verdict::Planned(planned) = entry.verdict else { break };
        if current.as_ref().is_none_or(|current| current.thread_ref != planned.thread_ref) {
            if let Some(ended) = current.take() {
                ended.end(position, &mut piece);
            }
            if piece.open.len() >= FOUND || position - from >= PASSED {
                piece.next = Some(position);
                return Ok(piece);
            }
            current =
                Some(Current { start: position, thread_ref: planned.thread_ref, is_open: false, seen: Vec::new() });
        }
        if let Some(current) = &mut current {
            current.take(ledger, position, reached)?;
        }
    }
    if let Some(ended) = current {
        ended.end(end, &mut piece);
    }
    Ok(piece)
}

struct Current {
    start: u64,
    thread_ref: String,
    is_open: bool,
    seen: Vec<SeenBefore>,
}

impl Current {
    fn take(&mut self, ledger: &Ledger, position: u64, reached: Reached) -> Result<(), LedgerError> {
        match reached {
            Reached::Accepted | Reached::Missing => self.is_open = true,
            // A further conversation of the same thread was called different.
            Reached::Confirmed if !self.seen.is_empty() => {}
            Reached::Confirmed | Reached::Different => {
                let state = ledger.state(position)?;
                if let State::Confirmed { conversation_id, .. } = &state
                    && !conversation_id.is_empty()
                    && self.seen.iter().all(|seen| seen.conversation_id != *conversation_id)
                {
                    let (thread, conversation_id) = (short(&self.thread_ref), conversation_id.clone());
                    self.seen.push(SeenBefore { thread, conversation_id, message: (position, state) });
                }
            }
            Reached::Planned | Reached::Sending | Reached::Unanswered | Reached::Refused | Reached::Unknown => {}
        }
        Ok(())
    }

    fn end(self, end: u64, piece: &mut Piece) {
        if self.is_open {
            piece.open.push(self.start..end);
        }
        piece.seen.extend(self.seen);
    }
}

/// Positions of `sample` messages, evenly over all that Front has accepted: the same ones each time, as long as those are.
pub(super) fn sample(ledger: &Ledger, sample: u64) -> Result<Vec<u64>, LedgerError> {
    let counts = ledger.counts();
    let all = counts.accepted + counts.missing + counts.confirmed + counts.different;
    let sample = sample.min(all);
    let mut chosen = Vec::new();
    let mut rank = 0_u64;
    let messages = ledger.messages();
    for item in ledger.reached(0..messages)? {
        let (position, reached) = item?;
        if !matches!(reached, Reached::Accepted | Reached::Missing | Reached::Confirmed | Reached::Different) {
            continue;
        }
        // The middle of each of as many equal stretches; 128 bits, or the product might not fit.
        let wanted = chosen.len() as u128;
        let (all, sample) = (u128::from(all), u128::from(sample));
        if wanted < sample && u128::from(rank) == (2 * wanted + 1) * all / (2 * sample) {
            chosen.push(position);
        }
        rank += 1;
    }
    Ok(chosen)
}
