//! Taking back what was sent: from then on a message counts as never sent, and goes out under new ids.
//!
//! Front may keep an id burnt for ever, though its conversation was deleted; whether it does is not documented. So both the message
//! and its thread get the next generation of their ids, which the journal's line names.

use super::error::LedgerError;
use super::fact::Fact;
use super::journal::FactReader;
use super::ledger::Ledger;
use super::renewal::next;
use super::standing::{Pin, Pins, hash};
use std::ops::Range;

/// Facts appended at once.
const GROUP: usize = 256;

/// Everything that was sent and not taken back, thread by thread.
#[derive(Debug)]
pub struct SentThreads {
    /// Digest of the ref, place of the last request, place of the last fact: sorted.
    sent: Vec<([u8; 16], u64, u64)>,
    pins: Pins,
    at: usize,
}

impl SentThreads {
    /// Messages and comments.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.sent.len() as u64
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    fn group(&self) -> Range<usize> {
        let Some((thread, ..)) = self.sent.get(self.at) else { return 0..0 };
        let rest = self.sent.get(self.at..).unwrap_or_default();
        self.at..self.at + rest.partition_point(|(other, ..)| other == thread)
    }
}

/// All that was sent of one thread, in the order in which it was sent.
impl Iterator for SentThreads {
    type Item = Result<Vec<Pin>, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.group();
        if range.is_empty() {
            return None;
        }
        self.at = range.end;
        let places: Vec<(u64, u64)> =
            self.sent.get(range).into_iter().flatten().map(|(_, sending, last)| (*sending, *last)).collect();
        let pins = places.into_iter().filter_map(|(sending, last)| self.pins.at(sending, last).transpose());
        Some(pins.collect())
    }
}

impl Ledger {
    /// Everything that was sent and not taken back, thread by thread, under whichever plans. Reads the whole journal.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn sent_threads(&self) -> Result<SentThreads, LedgerError> {
        let mut pins = Pins::read(self.dir())?;
        let mut facts = FactReader::open(self.dir())?;
        let mut sent = Vec::new();
        for (sending, last) in pins.take_places() {
            if let Fact::Sending(request) = facts.read(sending)?
                && !matches!(facts.read(last)?, Fact::Undone { .. } | Fact::Unsent { .. })
            {
                sent.push((hash(&request.thread_ref), sending, last));
            }
        }
        sent.sort_unstable();
        Ok(SentThreads { sent, pins, at: 0 })
    }

    /// Records that these messages and comments, all of one thread, were taken back: they count as not sent, and the plan is out of
    /// date. Durable when this returns.
    ///
    /// # Errors
    /// A ledger that takes nothing more, or what the system refuses.
    pub fn undo(&self, pins: &[Pin]) -> Result<(), LedgerError> {
        for group in pins.chunks(GROUP) {
            let facts: Vec<Fact> = group
                .iter()
                .map(|pin| Fact::Undone {
                    renewed_as: next(&pin.external_id),
                    thread_renewed_as: next(&pin.thread_ref),
                    external_id: pin.external_id.clone(),
                    thread_ref: pin.thread_ref.clone(),
                })
                .collect();
            let mut books = self.books();
            let lines = books.renew(&facts)?;
            if let Some(current) = &self.current {
                for (pin, line) in group.iter().zip(lines) {
                    books.undone(self.dir(), current, &pin.external_id, line)?;
                }
            }
        }
        self.flush()
    }
}
