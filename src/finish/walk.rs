//! Which conversations are ready to be finished: all of their messages are in Front, and something is to be done.

use crate::ledger::{Finish, Ledger, LedgerError, Planned, Reached, State, Verdict};
use std::collections::{HashMap, VecDeque};
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

/// What was found of one conversation while its messages were looked at.
#[derive(Default)]
struct Found {
    first: u64,
    end: u64,
    finish: Finish,
    /// The last message that was seen in Front.
    seen: Option<u64>,
    /// Some message is neither there nor refused.
    is_open: bool,
}

impl Found {
    fn add(&mut self, position: u64, planned: &Planned, reached: Reached) {
        self.end = position + 1;
        self.finish.add(&planned.finish);
        match reached {
            Reached::Confirmed | Reached::Different => self.seen = Some(position),
            // What Front will never take is no reason to wait for it.
            Reached::Refused => {}
            Reached::Planned
            | Reached::Sending
            | Reached::Unanswered
            | Reached::Unknown
            | Reached::Accepted
            | Reached::Missing => self.is_open = true,
        }
    }
}

/// Messages that are read at once.
const READ_AT_ONCE: u64 = 256;

/// Goes over all conversations in the order of sending.
pub(super) struct Walk {
    ledger: Arc<Ledger>,
    /// Messages that were not read yet.
    left: Range<u64>,
    /// Messages that were read and not looked at yet, with how far each is.
    ahead: VecDeque<(u64, Planned, Reached)>,
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
        let ahead = VecDeque::new();
        Ok(Self { ledger, left: 0..messages, ahead, comments, alone: None, waiting: 0 })
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
        while let Some((position, first, reached)) = self.message()? {
            let mut found = Found { first: position, ..Found::default() };
            found.add(position, &first, reached);
            while let Some((position, planned, reached)) = self.message_of(&first.thread_ref)? {
                found.add(position, &planned, reached);
            }
            if let Some(work) = self.work(first, found)? {
                return Ok(Some(work));
            }
        }
        self.next_alone()
    }

    /// The next message.
    fn message(&mut self) -> Result<Option<(u64, Planned, Reached)>, LedgerError> {
        if self.ahead.is_empty() && !self.left.is_empty() {
            let Range { start, end } = self.left;
            let range = start..end.min(start.saturating_add(READ_AT_ONCE));
            self.left.start = range.end;
            for (entry, reached) in self.ledger.entries(range.clone())?.zip(self.ledger.reached(range)?) {
                let ((position, entry), (_, reached)) = (entry?, reached?);
                if let Verdict::Planned(planned) = entry.verdict {
                    self.ahead.push_back((position, planned, reached));
                }
            }
        }
        Ok(self.ahead.pop_front())
    }

    /// The next message, if it is of this thread; the order of sending keeps conversations together.
    fn message_of(&mut self, thread_ref: &str) -> Result<Option<(u64, Planned, Reached)>, LedgerError> {
        let Some(next) = self.message()? else { return Ok(None) };
        if next.1.thread_ref == thread_ref {
            return Ok(Some(next));
        }
        self.ahead.push_front(next);
        Ok(None)
    }

    /// What the conversation gets, if it is ready and gets anything.
    fn work(&mut self, first: Planned, found: Found) -> Result<Option<Work>, LedgerError> {
        let comments = self.comments.remove(&hash(&first.thread_ref)).unwrap_or(0..0);
        if found.finish.is_empty() && comments.is_empty() {
            return Ok(None);
        }
        let Some(seen) = found.seen.filter(|_| !found.is_open) else {
            self.waiting += 1;
            return Ok(None);
        };
        let State::Confirmed { conversation_id, .. } = self.ledger.state(seen)? else { return Ok(None) };
        let messages = found.end - found.first + comments.end - comments.start;
        Ok(Some(Work {
            conversation: conversation_id,
            positions: found.first..found.end,
            messages,
            is_archived: found.finish.is_archived.unwrap_or(first.is_archived),
            assignee: first.assignee,
            thread_ref: first.thread_ref,
            finish: found.finish,
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
