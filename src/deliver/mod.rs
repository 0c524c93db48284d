//! What customers wrote since the cut-over goes through a channel, as if they wrote it now: last of all, and once.
//!
//! ```text
//! walk           which conversations have anything to deliver
//! conversation   one conversation: its messages one after the other, each seen before the next goes
//! ```
//!
//! Front gives what is delivered no external id, so the same body twice is two messages. What goes out is therefore durable in the
//! journal first, and an attempt of which nobody knows what became is never repeated by itself: it stays unknown, and is named.

mod conversation;
mod walk;

use crate::event::{Event, Observer, Stage};
use crate::front::{Cancellation, Client, FrontError};
use crate::ledger::{Ledger, LedgerError, Reached, Verdict};
use crate::plan::{RebuildError, Rebuilder};
use conversation::Conversation;
use futures_util::StreamExt;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use walk::Walk;

/// Conversations at once: what is lost when Front goes down is lost for so many messages at most.
const AT_ONCE: usize = 4;

/// Messages without an answer, one after the other, after which nothing further is put at risk.
const MOST_LOST: u32 = 3;

/// What to deliver, and how.
pub struct Job {
    /// A ledger with a plan, bound to the target.
    pub ledger: Arc<Ledger>,
    /// Makes messages again.
    pub rebuilder: Rebuilder,
    /// Front.
    pub client: Client,
    /// How long a message that Front accepted may take to exist.
    pub patience: Duration,
    /// First pause between two looks for it.
    pub pause: Duration,
    /// Messages of unknown fate that the user names to be delivered once more, by position.
    pub again: BTreeSet<u64>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Figures.
    pub counts: Counts,
    /// Why something is not done yet that a further run may do, the first time.
    pub unsettled: Option<String>,
    /// How it ended.
    pub ending: Ending,
}

/// What was done in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Messages that Front accepted.
    pub delivered: u64,
    /// Messages that were seen in Front, those of an earlier run among them.
    pub seen: u64,
    /// Messages that Front refused.
    pub refused: u64,
    /// Messages of which nobody knows whether Front has them.
    pub unknown: u64,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ending {
    /// All conversations were gone through.
    Finished,
    /// The user asked to stop.
    Interrupted,
    /// The budget of requests is used up.
    Spent,
    /// Front, a source, or the ledger stopped it.
    Stopped(Stop),
}

/// What stopped a run.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Front: token, permission, outage.
    #[error(transparent)]
    Front(FrontError),
    /// Front does not know the channel.
    #[error("Front does not know the channel {channel}: {cause}")]
    Channel {
        /// Its id.
        channel: String,
        /// Front's words.
        cause: String,
    },
    /// Answers were lost, one after the other.
    #[error("Front gave no usable answer to {MOST_LOST} deliveries one after the other; last: {why}")]
    Silent {
        /// What was seen.
        why: String,
    },
    /// A source no longer holds what was planned.
    #[error(transparent)]
    Source(#[from] RebuildError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A task panicked: a bug.
    #[error("a task of delivering panicked")]
    Panicked,
}

/// Why a conversation is not gone on with.
enum Halt {
    /// The run is cancelled.
    Cancelled,
    /// A further run goes on.
    Later(String),
    /// The run must stop.
    Stop(Stop),
}

impl<E: Into<Stop>> From<E> for Halt {
    fn from(error: E) -> Self {
        Halt::Stop(error.into())
    }
}

impl From<FrontError> for Halt {
    fn from(error: FrontError) -> Self {
        Halt::Stop(Stop::Front(error))
    }
}

/// What is unknown of a plan's deliveries: ids (the export's own, else the external one) and why, `most` of them at most.
///
/// # Errors
/// If the ledger cannot be read.
pub fn unknown(ledger: &Ledger, most: usize) -> Result<Vec<(String, String)>, LedgerError> {
    let mut found = Vec::new();
    for item in ledger.reached(walk::deliveries(ledger))? {
        let (position, reached) = item?;
        if !is_unknown(reached) || found.len() == most {
            continue;
        }
        let entry = ledger.entry(position)?;
        if let (Verdict::Planned(planned), crate::ledger::State::Unknown { why }) =
            (entry.verdict, ledger.state(position)?)
        {
            found.push((entry.original_id.unwrap_or(planned.external_id), why));
        }
    }
    Ok(found)
}

/// May Front have it, without anybody knowing?
#[must_use]
pub fn is_unknown(reached: Reached) -> bool {
    matches!(reached, Reached::Unknown | Reached::Unanswered | Reached::Sending)
}

/// The positions of what is delivered.
#[must_use]
pub fn positions(ledger: &Ledger) -> Range<u64> {
    walk::deliveries(ledger)
}

/// Delivers everything that is left, until done, stopped or cancelled.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let mut walk = Walk::new(Arc::clone(&job.ledger), job.again.clone());
    let shared = Arc::new(Shared::new(job, observer, cancellation));
    shared.observer.event(Event::StageStarted { stage: Stage::Delivering, total: walk.total() });
    let works = std::iter::from_fn(|| if shared.cancellation.is_cancelled() { None } else { walk.next().transpose() });
    let each = |work: Result<Range<u64>, LedgerError>| {
        let shared = Arc::clone(&shared);
        async move {
            match work {
                Ok(positions) => shared.deliver(positions).await,
                Err(error) => shared.end(Ending::Stopped(Stop::Ledger(error))),
            }
        }
    };
    futures_util::stream::iter(works).for_each_concurrent(AT_ONCE, each).await;
    shared.observer.event(Event::StageFinished { stage: Stage::Delivering });
    shared.outcome()
}

/// What all conversations share.
struct Shared {
    job: Job,
    counts: Mutex<Counts>,
    done: AtomicU64,
    /// Deliveries without an answer since the last that had one.
    lost: AtomicU32,
    ending: Mutex<Option<Ending>>,
    unsettled: Mutex<Option<String>>,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
}

impl Shared {
    fn new(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Self {
        Self {
            job,
            counts: Mutex::default(),
            done: AtomicU64::new(0),
            lost: AtomicU32::new(0),
            ending: Mutex::default(),
            unsettled: Mutex::default(),
            observer,
            cancellation,
        }
    }

    async fn deliver(self: &Arc<Self>, positions: Range<u64>) {
        let messages = positions.end - positions.start;
        match Conversation::new(Arc::clone(self), positions).deliver().await {
            Ok(()) => {}
            Err(Halt::Later(why)) => {
                self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
            Err(Halt::Cancelled) => return,
            Err(Halt::Stop(Stop::Front(FrontError::Spent))) => return self.end(Ending::Spent),
            Err(Halt::Stop(stop)) => return self.end(Ending::Stopped(stop)),
        }
        let done = self.done.fetch_add(messages, Ordering::Relaxed) + messages;
        self.observer.event(Event::StageAdvanced { stage: Stage::Delivering, done, records: done });
        if let Some(by) = self.job.client.waits().due() {
            self.observer.event(Event::Limited { stage: Stage::Delivering, by });
        }
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Ends the run; the first reason counts.
    fn end(&self, ending: Ending) {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        self.cancellation.cancel();
    }

    fn outcome(&self) -> Outcome {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ending = ending
            .unwrap_or_else(|| if self.cancellation.is_cancelled() { Ending::Interrupted } else { Ending::Finished });
        let counts = *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).take();
        Outcome { counts, unsettled, ending }
    }
}
