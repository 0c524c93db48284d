//! What conversations get once all of their messages are in Front: links, tags they were sent without, notes as comments, followers,
//! and how they stand.
//!
//! ```text
//! walk           which conversations are ready, and what each gets
//! conversation   one conversation: what it lacks is made, once, and recorded
//! state          how it is to stand, and what of that is lacking
//! touched        has anybody else had a hand in it since?
//! recorder       what became of each step, durable before and after its request
//! ```
//!
//! A step is begun in the journal before its request leaves, and done there before it is counted. Most requests come to the same when
//! they are made twice; comments do not, so before one is written again those that are there are listed.

mod conversation;
mod recorder;
mod state;
mod touched;
mod walk;

use crate::event::{Event, Observer, Stage};
use crate::front::{Cancellation, Client, FrontError};
use crate::ledger::{Effects, Ledger, LedgerError};
use crate::plan::{RebuildError, Rebuilder};
use conversation::Conversation;
use futures_util::StreamExt;
use recorder::Recorder;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use walk::{Walk, Work};

pub use state::Fields;

/// Conversations that are told by name where something of them was left.
const MOST_TOLD: usize = 20;

/// What to finish, and where.
pub struct Job {
    /// A ledger with a plan, bound to the target.
    pub ledger: Arc<Ledger>,
    /// Makes comments again.
    pub rebuilder: Rebuilder,
    /// Front.
    pub client: Client,
    /// What Front calls the things that the mapping names.
    pub names: Names,
    /// Conversations at once.
    pub in_flight: usize,
    /// What was left by an earlier run is tried again.
    pub retry_left: bool,
}

/// What Front calls the things that the mapping names.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Teammates: id or alias → id.
    pub teammates: BTreeMap<String, String>,
    /// Ticket statuses: name or id → id.
    pub statuses: BTreeMap<String, String>,
    /// Custom fields of conversations.
    pub fields: Fields,
    /// Tags: name → id.
    pub tags: BTreeMap<String, String>,
}

impl Names {
    /// The address of the teammate who is named by it, by an alias or by an id.
    fn address_of(&self, named: &str) -> Option<String> {
        let id = self.teammates.get(named).or_else(|| self.teammates.get(&format!("alt:email:{named}")))?;
        let mut aliases = self.teammates.iter().filter(|(_, known)| *known == id);
        aliases.find_map(|(name, _)| name.strip_prefix("alt:email:")).map(str::to_owned)
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Figures.
    pub counts: Counts,
    /// Some conversations of which something was left, with the reason.
    pub left: Vec<(String, String)>,
    /// Why something is not done yet that a further run may do, the first time.
    pub unsettled: Option<String>,
    /// How it ended.
    pub ending: Ending,
}

/// What was done in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Conversations that were finished.
    pub conversations: u64,
    /// Conversations that wait until all of their messages are in Front.
    pub waiting: u64,
    /// Links that were attached.
    pub links: u64,
    /// Tags that were added.
    pub tags: u64,
    /// Comments that were written.
    pub comments: u64,
    /// Teammates who were made followers.
    pub followers: u64,
    /// Conversations whose state was changed.
    pub states: u64,
    /// Steps that were there already, by whomever.
    pub there_already: u64,
    /// Steps that were left, because Front refused them or somebody had touched the conversation.
    pub left: u64,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ending {
    /// Nothing is left to do.
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
    /// A source no longer holds what was planned.
    #[error(transparent)]
    Source(#[from] RebuildError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A task panicked: a bug.
    #[error("a task of finishing panicked")]
    Panicked,
}

/// Why a conversation is not gone on with.
enum Halt {
    /// The run is cancelled.
    Cancelled,
    /// The server fails over this conversation, or nobody knows what became of a step; a further run goes on.
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

/// Finishes every conversation that is ready, until done, stopped or cancelled.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let in_flight = job.in_flight.max(1);
    let begun = job.ledger.effects().map(|effects| Shared::new(job, effects, observer, cancellation));
    let shared = match begun {
        Ok(shared) => Arc::new(shared),
        Err(error) => return Outcome::stopped(error),
    };
    let mut walk = match Walk::new(Arc::clone(&shared.ledger)) {
        Ok(walk) => walk,
        Err(error) => return Outcome::stopped(error),
    };
    shared.observer.event(Event::StageStarted { stage: Stage::Finishing, total: walk.total() });
    let works = std::iter::from_fn(|| if shared.cancellation.is_cancelled() { None } else { walk.next().transpose() });
    let each = |work: Result<Work, LedgerError>| {
        let shared = Arc::clone(&shared);
        async move {
            match work {
                Ok(work) => shared.finish(work).await,
                Err(error) => shared.stop(Stop::Ledger(error)),
            }
        }
    };
    futures_util::stream::iter(works).for_each_concurrent(in_flight, each).await;
    shared.observer.event(Event::StageFinished { stage: Stage::Finishing });
    let waiting = walk.waiting();
    shared.outcome(waiting)
}

impl Outcome {
    fn stopped(error: LedgerError) -> Self {
        let ending = Ending::Stopped(Stop::Ledger(error));
        Self { counts: Counts::default(), left: Vec::new(), unsettled: None, ending }
    }
}

/// What all conversations share.
struct Shared {
    ledger: Arc<Ledger>,
    rebuilder: Rebuilder,
    client: Client,
    names: Names,
    retry_left: bool,
    effects: Effects,
    recorder: Recorder,
    counts: Mutex<Counts>,
    left: Mutex<Vec<(String, String)>>,
    done: AtomicU64,
    ending: Mutex<Option<Ending>>,
    /// Something is not done that a further run may do.
    unsettled: Mutex<Option<String>>,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
}

impl Shared {
    fn new(job: Job, effects: Effects, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Self {
        Self {
            recorder: Recorder::new(Arc::clone(&job.ledger)),
            ledger: job.ledger,
            rebuilder: job.rebuilder,
            client: job.client,
            names: job.names,
            retry_left: job.retry_left,
            effects,
            counts: Mutex::default(),
            left: Mutex::default(),
            done: AtomicU64::new(0),
            ending: Mutex::default(),
            unsettled: Mutex::default(),
            observer,
            cancellation,
        }
    }

    async fn finish(self: &Arc<Self>, work: Work) {
        let messages = work.messages;
        match Conversation::new(Arc::clone(self), work).finish().await {
            Ok(()) => {
                self.count(|counts| counts.conversations += 1);
            }
            Err(Halt::Later(why)) => {
                self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
            Err(Halt::Cancelled) => return,
            Err(Halt::Stop(Stop::Front(FrontError::Spent))) => return self.end(Ending::Spent),
            Err(Halt::Stop(stop)) => return self.stop(stop),
        }
        let done = self.done.fetch_add(messages, Ordering::Relaxed) + messages;
        self.observer.event(Event::StageAdvanced { stage: Stage::Finishing, done, records: done });
        if let Some(by) = self.client.waits().due() {
            self.observer.event(Event::Limited { stage: Stage::Finishing, by });
        }
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Notes that a step was left.
    fn left(&self, conversation: &str, why: &str) {
        self.count(|counts| counts.left += 1);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() < MOST_TOLD {
            left.push((conversation.to_owned(), why.to_owned()));
        }
    }

    fn stop(&self, stop: Stop) {
        self.end(Ending::Stopped(stop));
    }

    /// Ends the run; the first reason counts.
    fn end(&self, ending: Ending) {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        self.cancellation.cancel();
    }

    fn outcome(&self, waiting: u64) -> Outcome {
        let taken = |slot: &Mutex<Option<Ending>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ending = taken(&self.ending)
            .unwrap_or_else(|| if self.cancellation.is_cancelled() { Ending::Interrupted } else { Ending::Finished });
        let mut counts = *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.waiting = waiting;
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        let unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).take();
        Outcome { counts, left, unsettled, ending }
    }
}
