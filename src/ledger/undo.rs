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

/// Everything that was sent, thread by thread.
#[derive(Debug)]
pub struct SentThreads {
    sent: Vec<Sent>,
    pins: Pins,
    at: usize,
    live: u64,
}

/// A message or a comment that was sent, by what is sorted: digest of the ref, whether it was taken back, place of the last request, place
/// of the last fact.
type Sent = ([u8; 16], bool, u64, u64);

/// Everything that was sent of one thread, under one ref.
#[derive(Debug)]
pub struct SentThread {
    /// Its ref.
    pub thread_ref: String,
    /// What counts as sent, in the order in which it was.
    pub pins: Vec<Pin>,
    /// Messages and comments that were taken back.
    pub undone: u64,
}

impl SentThreads {
    /// Messages and comments that count as sent.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.live
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    fn group(&self) -> Range<usize> {
        let Some((thread, ..)) = self.sent.get(self.at) else { return 0..0 };
        let rest = self.sent.get(self.at..).unwrap_or_default();
        self.at..self.at + rest.partition_point(|(other, ..)| other == thread)
    }
}

impl Iterator for SentThreads {
    type Item = Result<SentThread, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.group();
        if range.is_empty() {
            return None;
        }
        self.at = range.end;
        let of_thread = self.sent.get(range).unwrap_or_default();
        let live = of_thread.partition_point(|(_, is_undone, ..)| !is_undone);
        let undone = (of_thread.len() - live) as u64;
        let first = of_thread.first().copied();
        let places: Vec<Sent> = of_thread.iter().take(live).copied().collect();
        let pins = &mut self.pins;
        let thread_ref = first.map_or(Ok(None), |(.., sending, _)| pins.ref_at(sending));
        let read = |(.., sending, last): Sent| pins.at(sending, last).transpose();
        let pins = places.into_iter().filter_map(read).collect::<Result<Vec<Pin>, LedgerError>>();
        Some(
            thread_ref.and_then(|thread_ref| {
                Ok(SentThread { thread_ref: thread_ref.unwrap_or_default(), pins: pins?, undone })
            }),
        )
    }
}

impl Ledger {
    /// Everything that was sent, thread by thread, under whichever plans. Reads the whole journal.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn sent_threads(&self) -> Result<SentThreads, LedgerError> {
        let mut pins = Pins::read(self.dir())?;
        let mut facts = FactReader::open(self.dir())?;
        let mut sent = Vec::new();
        for (sending, last) in pins.take_places() {
            let Fact::Sending(request) = facts.read(sending)? else { continue };
            let is_undone = match facts.read(last)? {
                Fact::Unsent { .. } => continue,
                other => matches!(other, Fact::Undone { .. }),
            };
            sent.push((hash(&request.thread_ref), is_undone, sending, last));
        }
        sent.sort_unstable();
        let live = sent.iter().filter(|(_, is_undone, ..)| !is_undone).count() as u64;
        Ok(SentThreads { sent, pins, at: 0, live })
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
