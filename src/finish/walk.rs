//! Which conversations are ready to be finished: all of their messages are in Front, and something is to be done.

use crate::ledger::{Finish, Ledger, LedgerError, Planned, Reached, State, Verdict};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// What one conversation gets.
pub(super) struct Work {
    /// Its ref.
    pub(super) thread_ref: String,
    /// Its id in Front, as it was when its last message was seen.
    pub(super) conversation: String,
    /// Its messages in the order of sending; none if they are not in this plan.
    pub(super) positions: Range<u64>,
    /// How many those are.
    pub(super) messages: u64,
    /// What its messages give it.
    pub(super) finish: Finish,
    /// How it was sent.
    pub(super) is_archived: bool,
    /// Whom it was assigned to with its messages.
    pub(super) assignee: Option<String>,
    /// Its comments.
    pub(super) comments: Range<u64>,
}

/// Goes over all conversations in the order of sending.
pub(super) struct Walk {
    ledger: Arc<Ledger>,
    /// Messages that were not looked at yet.
    left: Range<u64>,
    /// By conversation: its comments, while they were not handed out.
    comments: HashMap<[u8; 16], Range<u64>>,
    /// Comments of conversations of which this plan has no message.
    alone: Option<Vec<(Range<u64>, String)>>,
    waiting: u64,
}

impl Walk {
    pub(super) fn new(ledger: Arc<Ledger>) -> Result<Self, LedgerError> {
        let (messages, end) = ledger.plan().map_or((0, 0), |plan| (plan.messages, plan.comments));
        let mut comments: HashMap<[u8; 16], Range<u64>> = HashMap::new();
        for item in ledger.entries(messages..end)? {
            let (position, entry) = item?;
            let Verdict::Planned(planned) = entry.verdict else { continue };
            comments.entry(hash(&planned.thread_ref)).or_insert(position..position).end = position + 1;
        }
        Ok(Self { ledger, left: 0..messages, comments, alone: None, waiting: 0 })
    }

    /// Messages and comments to go over.
    pub(super) fn total(&self) -> u64 {
        self.left.end + self.comments.values().map(|range| range.end - range.start).sum::<u64>()
    }

    /// Conversations that are not ready.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// The next conversation that is ready and gets anything.
    pub(super) fn next(&mut self) -> Result<Option<Work>, LedgerError> {
        while self.left.start < self.left.end {
            let range = self.ledger.conversation(self.left.start)?;
            self.left.start = range.end;
            if let Some(work) = self.work(range)? {
                return Ok(Some(work));
            }
        }
        self.next_alone()
    }

    fn work(&mut self, range: Range<u64>) -> Result<Option<Work>, LedgerError> {
        let mut finish = Finish::default();
        let mut first: Option<Planned> = None;
        let mut seen = None;
        let mut is_ready = true;
        for (entry, reached) in self.ledger.entries(range.clone())?.zip(self.ledger.reached(range.clone())?) {
            let ((_, entry), (position, reached)) = (entry?, reached?);
            let Verdict::Planned(planned) = entry.verdict else { continue };
            finish.add(&planned.finish);
            first.get_or_insert(planned);
            match reached {
                Reached::Confirmed | Reached::Different => seen = Some(position),
                // What Front will never take is no reason to wait for it.
                Reached::Refused => {}
                Reached::Planned
                | Reached::Sending
                | Reached::Unanswered
                | Reached::Unknown
                | Reached::Accepted
                | Reached::Missing => is_ready = false,
            }
        }
        let Some(first) = first else { return Ok(None) };
        let comments = self.comments.remove(&hash(&first.thread_ref)).unwrap_or(0..0);
        if finish.is_empty() && comments.is_empty() {
            return Ok(None);
        }
        let Some(seen) = seen.filter(|_| is_ready) else {
            self.waiting += 1;
            return Ok(None);
        };
        let State::Confirmed { conversation_id, .. } = self.ledger.state(seen)? else { return Ok(None) };
        let messages = range.end - range.start + comments.end - comments.start;
        Ok(Some(Work {
            conversation: conversation_id,
            positions: range,
            messages,
            is_archived: finish.is_archived.unwrap_or(first.is_archived),
            assignee: first.assignee,
            thread_ref: first.thread_ref,
            finish,
            comments,
        }))
    }

    /// Comments of conversations that were sent under an earlier plan and of which this one has no message.
    fn next_alone(&mut self) -> Result<Option<Work>, LedgerError> {
        if self.alone.is_none() {
            self.alone = Some(self.find_alone()?);
        }
        let Some((comments, conversation)) = self.alone.as_mut().and_then(Vec::pop) else { return Ok(None) };
        let Verdict::Planned(planned) = self.ledger.entry(comments.start)?.verdict else { return Ok(None) };
        Ok(Some(Work {
            thread_ref: planned.thread_ref,
            conversation,
            positions: 0..0,
            messages: comments.end - comments.start,
            finish: Finish::default(),
            is_archived: planned.is_archived,
            assignee: None,
            comments,
        }))
    }

    fn find_alone(&mut self) -> Result<Vec<(Range<u64>, String)>, LedgerError> {
        if self.comments.is_empty() {
            return Ok(Vec::new());
        }
        let mut found: HashMap<[u8; 16], String> = HashMap::new();
        for pin in self.ledger.pins()? {
            let pin = pin?;
            if let State::Confirmed { conversation_id, .. } = pin.state
                && self.comments.contains_key(&hash(&pin.thread_ref))
            {
                found.insert(hash(&pin.thread_ref), conversation_id);
            }
        }
        let mut alone = Vec::new();
        for (hash, range) in std::mem::take(&mut self.comments) {
            match found.remove(&hash) {
                Some(conversation) => alone.push((range, conversation)),
                None => self.waiting += 1,
            }
        }
        // Handed out from the end.
        alone.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        Ok(alone)
    }
}

/// Is a comment still to be written?
pub(super) fn is_open(reached: Reached) -> bool {
    matches!(reached, Reached::Planned | Reached::Sending | Reached::Unanswered | Reached::Unknown)
}

fn hash(thread_ref: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.iter_mut().zip(blake3::hash(thread_ref.as_bytes()).as_bytes()).for_each(|(to, from)| *to = *from);
    hash
}
