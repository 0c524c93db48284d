//! Pass 2: takes planned messages in send order, makes each request again, sends it, records the answer.
//!
//! ```text
//! queue          the next conversation in send order
//! rounds         all conversations, and again those that were left for a passing reason
//! conversation   one task for each: oldest first, one request at a time
//! recorder       a thread of its own: the one writer of outcomes, in groups
//! breaker        stops the run when refusals show that the mapping is wrong
//! doubted        which messages of unknown fate go out as another request than before
//! retry          which refused and missing messages the user wants sent again
//! ```
//!
//! Many conversations are open at once, so that one that waits (for `settle`, for an answer) leaves the
//! budget to others. A message is marked as sending, durably, before its request leaves, and its answer
//! is durable before it is counted.

mod breaker;
mod conversation;
mod doubted;
mod queue;
mod recorder;
mod retry;
mod rounds;

pub use doubted::Doubted;
pub use retry::{Chosen, TakenUp, choose};

use crate::event::{Event, Observer, Stage};
use crate::front::{Cancellation, Client, StopCause};
use crate::ledger::{Ledger, LedgerError};
use crate::plan::{RebuildError, Rebuilder};
use crate::stage;
use breaker::Breaker;
use queue::Queue;
use recorder::Recorder;
use rounds::Rounds;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// Conversations open for each request in flight, so that there is always one that is ready.
const OPEN_PER_REQUEST: usize = 8;

/// Requests a second that no company's limit exceeds, add-ons included: so many conversations begin to wait for `settle` in
/// each second of it.
const MOST_A_SECOND: f64 = 10.0;

/// Conversations open at once, at most: each is a task with the positions of its messages.
const MOST_OPEN: usize = 4_096;

/// Bytes of requests held at once, for [`Job::bytes`]. While a request is made, its source and what was decoded of it are in
/// memory beside it.
pub const BYTES: u64 = 64 << 20;

/// A semaphore counts bytes in units of 64 KiB.
const BYTE_UNIT: u64 = 64 << 10;

/// What to send, and to where.
pub struct Job {
    /// A ledger with a plan, bound to the target.
    pub ledger: Arc<Ledger>,
    /// Makes requests again.
    pub rebuilder: Rebuilder,
    /// Front.
    pub client: Client,
    /// Inbox as the mapping names it → id.
    pub inboxes: BTreeMap<String, String>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Bytes of requests held at once; a larger request has all of them to itself.
    pub bytes: u64,
    /// Wait between the first message of a new ref and its second.
    pub settle: Duration,
    /// Missing messages that are to be sent again with the same id, by position.
    pub again: BTreeSet<u64>,
    /// Nothing new is sent: only again what has no answer.
    pub only_unanswered: bool,
    /// These positions and no others; all that are left without it.
    pub only: Option<Range<u64>>,
    /// Hears of each conversation in which something was accepted, once nothing more is sent of it in this run: its
    /// positions in the send order.
    pub settled: Option<mpsc::UnboundedSender<Range<u64>>>,
}

/// What came of a run.
pub struct Outcome {
    /// Messages that Front accepted in this run.
    pub accepted: u64,
    /// How it ended.
    pub ending: Ending,
}

/// How a run ended.
pub type Ending = stage::Ending<Stop>;

/// What stopped a run.
#[derive(Debug)]
pub enum Stop {
    /// Front: token, permission, inbox, outage.
    Front(StopCause),
    /// Too many refusals, which mostly means a wrong mapping.
    Refusals {
        /// What happened, with figures.
        what: String,
        /// The commonest cause.
        commonest: String,
    },
    /// A source no longer holds what was planned.
    Source(RebuildError),
    /// The plan names an inbox that was not resolved.
    Inbox(String),
    /// The ledger failed; nothing was sent after that.
    Ledger(Arc<LedgerError>),
    /// The system gave no thread to write the ledger with.
    Thread(std::io::Error),
}

/// Sends everything that is left, until done, stopped or cancelled.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let counts = job.ledger.counts();
    let total = if job.only_unanswered { counts.unanswered() } else { counts.left() };
    observer.event(Event::StageStarted { stage: Stage::Sending, total });
    let is_partial = job.only.is_some();
    let queue = match Queue::of(&job.ledger, job.again) {
        Ok(queue) => match job.only {
            Some(only) => queue.at(only),
            None => queue.only_unanswered(job.only_unanswered),
        },
        Err(error) => return Outcome::stopped_early(Stop::Ledger(Arc::new(error))),
    };
    let (recorder, thread) = match Recorder::start(&job.ledger, job.client.waits()) {
        Ok(started) => started,
        Err(error) => return Outcome::stopped_early(Stop::Thread(error)),
    };
    let byte_units = u32::try_from(job.bytes / BYTE_UNIT).unwrap_or(u32::MAX).max(1);
    let shared = Arc::new(Shared {
        ledger: job.ledger,
        rebuilder: job.rebuilder,
        client: job.client,
        inboxes: job.inboxes,
        settle: job.settle,
        only_unanswered: job.only_unanswered,
        settled: job.settled,
        requests: Semaphore::new(job.in_flight.max(1)),
        bytes: Semaphore::new(byte_units as usize),
        byte_units,
        recorder,
        breaker: Mutex::new(Breaker::default()),
        accepted: AtomicU64::new(0),
        done: AtomicU64::new(0),
        ending: Mutex::new(None),
        left: Mutex::default(),
        observer: Arc::clone(&observer),
        cancellation,
    });
    let rounds = if is_partial { 1 } else { rounds::MOST };
    let mut rounds = Rounds::new(Arc::clone(&shared), open_conversations(job.in_flight, job.settle), rounds);
    rounds.send(queue).await;
    let panic = rounds.end();
    shared.settle_what_is_left();
    observer.event(Event::StageFinished { stage: Stage::Sending });
    let accepted = shared.accepted.load(Ordering::Relaxed);
    let ending = shared.ending.lock().unwrap_or_else(PoisonError::into_inner).take();
    let interrupted = shared.cancellation.is_cancelled();
    drop(shared);
    // Its last handle is gone, so it ends; a panic there has failed every mark that waited for it.
    let _ = thread.join();
    if let Some(panic) = panic {
        // A bug. What was sent is recorded; to go on as if nothing had happened would leave messages behind in silence.
        std::panic::resume_unwind(panic);
    }
    let ending = match ending {
        Some(ending) => ending,
        None if interrupted => Ending::Interrupted,
        None => Ending::Finished,
    };
    Outcome { accepted, ending }
}

impl Outcome {
    fn stopped_early(stop: Stop) -> Self {
        Self { accepted: 0, ending: Ending::Stopped(stop) }
    }
}

/// What a request of so many bytes takes of the budget.
fn units(bytes: u64) -> u32 {
    u32::try_from(bytes / BYTE_UNIT + 1).unwrap_or(u32::MAX)
}

/// How many conversations must be open so that requests leave at the full pace, although each new one waits for `settle` in
/// between: those that wait, beside those whose request is in flight or about to be.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded right after")]
fn open_conversations(in_flight: usize, settle: Duration) -> usize {
    let settling = (settle.as_secs_f64() * MOST_A_SECOND).ceil() as usize;
    in_flight.max(1).saturating_mul(OPEN_PER_REQUEST).saturating_add(settling).min(MOST_OPEN)
}

/// What all conversations share.
struct Shared {
    ledger: Arc<Ledger>,
    rebuilder: Rebuilder,
    client: Client,
    inboxes: BTreeMap<String, String>,
    settle: Duration,
    only_unanswered: bool,
    settled: Option<mpsc::UnboundedSender<Range<u64>>>,
    requests: Semaphore,
    bytes: Semaphore,
    /// All that `bytes` has to give.
    byte_units: u32,
    recorder: Recorder,
    breaker: Mutex<Breaker>,
    accepted: AtomicU64,
    done: AtomicU64,
    ending: Mutex<Option<Ending>>,
    /// Conversations that were left for a passing reason, by their first position.
    left: Mutex<BTreeMap<u64, Left>>,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
}

/// A conversation that was left for a passing reason.
struct Left {
    range: Range<u64>,
    /// Something of it was accepted in this run.
    accepted: bool,
}

impl Shared {
    fn left(&self) -> MutexGuard<'_, BTreeMap<u64, Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more is sent of a conversation in this run; whoever asked hears of it if something was accepted.
    fn settled(&self, range: Range<u64>, accepted: bool) {
        if let Some(settled) = self.settled.as_ref().filter(|_| accepted) {
            // Whoever listened may have stopped listening; what was accepted is in the ledger.
            let _ = settled.send(range);
        }
    }

    fn settle_what_is_left(&self) {
        let left = std::mem::take(&mut *self.left());
        for left in left.into_values() {
            self.settled(left.range, left.accepted);
        }
    }

    /// Stops the run because something is wrong.
    fn stop(&self, reason: Stop) {
        self.end(Ending::Stopped(reason));
    }

    /// Ends the run; the first reason counts. What is in flight is finished.
    fn end(&self, ending: Ending) {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        self.cancellation.cancel();
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.observer.event(Event::StageAdvanced { stage: Stage::Sending, done, records: done });
        if let Some(by) = self.client.waits().due() {
            self.observer.event(Event::Limited { stage: Stage::Sending, by });
        }
    }
}

#[cfg(test)]
mod tests;
