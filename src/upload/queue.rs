//! What is to be sent next, conversation by conversation, in send order.

use crate::ledger::{Ledger, LedgerError, Reached, Verdict};
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

/// What is left to send of one conversation, oldest first. Only positions: a conversation may be huge.
#[derive(Debug)]
pub(super) struct Run {
    /// Positions in the send order.
    pub positions: Vec<u64>,
    /// The whole conversation in the send order, what is settled included.
    pub range: Range<u64>,
    /// What Front knows of its ref.
    pub conversation: Known,
}

/// What Front knows of a conversation's ref when a run begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    /// Nothing of it was ever accepted.
    New,
    /// Something was accepted, perhaps a moment ago in a run that was killed: the conversation may not exist yet.
    Accepted,
    /// A message of it was seen.
    Seen,
}

/// Positions that are read at once. A look at states waits for the sync to disk that is under way; so they all wait for it
/// together, and sending does not wait for its own marks.
const READ_AT_ONCE: u64 = 256;

/// Where handing out stands. Positions only grow: what fails in this run is taken up in the next.
pub(super) struct Queue {
    positions: Range<u64>,
    /// Ref and state of the first of these positions, as far as they were read. Nobody sends what was not handed out, so they
    /// are still to be sent when their turn comes.
    ahead: VecDeque<(String, Reached)>,
    /// Missing messages that are to be sent again.
    again: BTreeSet<u64>,
    /// What was never sent is left out.
    only_unanswered: bool,
}

impl Queue {
    /// Everything that is left in the ledger's plan, and of what is missing in Front the positions in `again`.
    pub(super) fn of(ledger: &Ledger, again: BTreeSet<u64>) -> Result<Self, LedgerError> {
        let end = ledger.messages();
        let start = ledger.first_open().min(again.first().copied().unwrap_or(end));
        if start >= end {
            return Ok(Self { positions: end..end, ahead: VecDeque::new(), again, only_unanswered: false });
        }
        // From the beginning of that conversation: what was accepted of it tells what Front knows of its ref.
        let start = ledger.conversation(start)?.start;
        Ok(Self { positions: start..end, ahead: VecDeque::new(), again, only_unanswered: false })
    }

    /// The same at these positions alone.
    pub(super) fn at(self, positions: Range<u64>) -> Self {
        Self { positions, ahead: VecDeque::new(), ..self }
    }

    /// The same without what was never sent, if that is `wanted`.
    pub(super) fn only_unanswered(self, wanted: bool) -> Self {
        Self { only_unanswered: wanted, ..self }
    }

    /// Walks on to the end of the next conversation that has something to send. The send order keeps
    /// conversations together.
    pub(super) fn next(&mut self, ledger: &Ledger) -> Result<Option<Run>, LedgerError> {
        let mut open: Vec<(bool, u64)> = Vec::new();
        let mut conversation = Known::New;
        let mut current: Option<String> = None;
        let mut first = self.positions.start;
        loop {
            if self.ahead.is_empty() {
                self.read_ahead(ledger)?;
            }
            let position = self.positions.start;
            let Some((thread_ref, _)) = self.ahead.front() else { break };
            if current.as_ref().is_some_and(|current| current != thread_ref) {
                if !open.is_empty() {
                    break;
                }
                conversation = Known::New;
                first = position;
            }
            let Some((thread_ref, reached)) = self.ahead.pop_front() else { break };
            current = Some(thread_ref);
            self.positions.start = position + 1;
            match reached {
                Reached::Missing if self.again.contains(&position) => open.push((false, position)),
                Reached::Accepted | Reached::Missing => conversation = conversation.max(Known::Accepted),
                Reached::Confirmed | Reached::Different => conversation = Known::Seen,
                Reached::Refused => {}
                Reached::Planned if self.only_unanswered => {}
                Reached::Planned => open.push((true, position)),
                Reached::Sending | Reached::Unanswered | Reached::Unknown => open.push((false, position)),
            }
        }
        // What may be in Front already goes first, so that nothing newer overtakes it.
        open.sort_unstable();
        let positions: Vec<u64> = open.into_iter().map(|(_, position)| position).collect();
        let range = first..self.positions.start;
        Ok((!positions.is_empty()).then_some(Run { positions, range, conversation }))
    }

    /// Reads the next positions; none behind the end, or behind the last that is to be sent.
    fn read_ahead(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let Range { start, end } = self.positions;
        let range = start..end.min(start.saturating_add(READ_AT_ONCE));
        for (entry, reached) in ledger.entries(range.clone())?.zip(ledger.reached(range)?) {
            let ((_, entry), (_, reached)) = (entry?, reached?);
            let Verdict::Planned(planned) = entry.verdict else { break };
            self.ahead.push_back((planned.thread_ref, reached));
        }
        Ok(())
    }
}
