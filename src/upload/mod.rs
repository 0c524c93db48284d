//! Pass 2: takes planned messages in send order, makes each request again, sends it, records the answer.
//!
//! ```text
//! queue          the next conversation in send order
//! conversation   one task for each: oldest first, one request at a time
//! recorder       a thread of its own: the one writer of outcomes, in groups
//! breaker        stops the run when refusals show that the mapping is wrong
//! ```
//!
//! Many conversations are open at once, so that one that waits (for `settle`, for an answer) leaves the
//! budget to others. A message is marked as sending, durably, before its request leaves, and its answer
//! is durable before it is counted.

mod breaker;
mod conversation;
mod queue;
mod recorder;

use crate::event::{Event, Observer, Stage};
use crate::front::{Cancellation, Client, StopCause};
use crate::ledger::{Ledger, LedgerError};
use crate::plan::{RebuildError, Rebuilder};
use breaker::Breaker;
use conversation::Conversation;
use queue::Queue;
use recorder::Recorder;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinError, JoinSet};

/// Conversations open for each request in flight: most of them wait for `settle` or an answer.
const OPEN_PER_REQUEST: usize = 8;

/// Bytes of requests held at once, in units of [`BYTE_UNIT`]; a larger request takes the whole budget.
const BYTE_BUDGET: u32 = 4 * 1024;

/// 64 KiB.
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
    /// Wait between the first message of a new ref and its second.
    pub settle: Duration,
    /// Conversations to begin with, at most; all that are left without it.
    pub most_conversations: Option<usize>,
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
#[derive(Debug)]
pub enum Ending {
    /// Nothing is left to send.
    Finished,
    /// The user asked to stop.
    Interrupted,
    /// Front, a source, or the ledger stopped it.
    Stopped(Stop),
}

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
    let total = counts.planned + counts.unknown + counts.sending;
    observer.event(Event::StageStarted { stage: Stage::Sending, total });
    let mut queue = match Queue::of(&job.ledger) {
        Ok(queue) => job.only.map_or(queue, Queue::at),
        Err(error) => return Outcome { accepted: 0, ending: Ending::Stopped(Stop::Ledger(Arc::new(error))) },
    };
    let (recorder, thread) = match Recorder::start(&job.ledger) {
        Ok(started) => started,
        Err(error) => return Outcome { accepted: 0, ending: Ending::Stopped(Stop::Thread(error)) },
    };
    let shared = Arc::new(Shared {
        ledger: job.ledger,
        rebuilder: job.rebuilder,
        client: job.client,
        inboxes: job.inboxes,
        settle: job.settle,
        settled: job.settled,
        requests: Semaphore::new(job.in_flight.max(1)),
        bytes: Semaphore::new(BYTE_BUDGET as usize),
        recorder,
        breaker: Mutex::new(Breaker::default()),
        accepted: AtomicU64::new(0),
        done: AtomicU64::new(0),
        stop: Mutex::new(None),
        observer: Arc::clone(&observer),
        cancellation,
    });
    let open = Arc::new(Semaphore::new((job.in_flight * OPEN_PER_REQUEST).max(1)));
    let mut conversations = JoinSet::new();
    let mut panic = None;
    let mut ended = |conversation: Result<(), JoinError>| {
        if let Some(found) = conversation.err().and_then(|error| error.try_into_panic().ok()) {
            shared.cancellation.cancel();
            panic.get_or_insert(found);
        }
    };
    let mut begun = 0;
    while !shared.cancellation.is_cancelled() && job.most_conversations.is_none_or(|most| begun < most) {
        let Ok(slot) = Arc::clone(&open).acquire_owned().await else { break };
        match queue.next(&shared.ledger) {
            Ok(Some(run)) => {
                begun += 1;
                let conversation = Conversation::new(Arc::clone(&shared), run);
                conversations.spawn(async move {
                    conversation.send().await;
                    drop(slot);
                });
            }
            Ok(None) => break,
            Err(error) => shared.stop(Stop::Ledger(Arc::new(error))),
        }
        while let Some(conversation) = conversations.try_join_next() {
            ended(conversation);
        }
    }
    while let Some(conversation) = conversations.join_next().await {
        ended(conversation);
    }
    observer.event(Event::StageFinished { stage: Stage::Sending });
    let accepted = shared.accepted.load(Ordering::Relaxed);
    let stopped = shared.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
    let interrupted = shared.cancellation.is_cancelled();
    drop(shared);
    // Its last handle is gone, so it ends; a panic there has failed every mark that waited for it.
    let _ = thread.join();
    if let Some(panic) = panic {
        // A bug. What was sent is recorded; to go on as if nothing had happened would leave messages behind in silence.
        std::panic::resume_unwind(panic);
    }
    let ending = match stopped {
        Some(stop) => Ending::Stopped(stop),
        None if interrupted => Ending::Interrupted,
        None => Ending::Finished,
    };
    Outcome { accepted, ending }
}

/// What all conversations share.
struct Shared {
    ledger: Arc<Ledger>,
    rebuilder: Rebuilder,
    client: Client,
    inboxes: BTreeMap<String, String>,
    settle: Duration,
    settled: Option<mpsc::UnboundedSender<Range<u64>>>,
    requests: Semaphore,
    bytes: Semaphore,
    recorder: Recorder,
    breaker: Mutex<Breaker>,
    accepted: AtomicU64,
    done: AtomicU64,
    stop: Mutex<Option<Stop>>,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
}

impl Shared {
    /// Stops the run; the first reason counts.
    fn stop(&self, reason: Stop) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.cancellation.cancel();
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.observer.event(Event::StageAdvanced { stage: Stage::Sending, done, records: done });
    }
}

#[cfg(test)]
mod tests;
