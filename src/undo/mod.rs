//! Taking back what a ledger has put into Front.
//!
//! ```text
//! thread         one conversation: is it ours alone, and then links, comments, the trash, and for good if that is asked for
//! company        tags and contacts that we made and nobody else uses
//! ```
//!
//! What somebody has touched since is left and told: people and rules leave events behind, and messages that are not ours are
//! listed beside them. A conversation is taken back as a whole or not at all. What was taken back counts as never sent, and goes
//! out under new ids if it is imported again.

mod company;
mod thread;

use crate::event::{Event, Observer, Stage};
use crate::front::{Cancellation, Client, FrontError};
use crate::ledger::{Ledger, LedgerError, Pin};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Conversations, tags and contacts that are told by name where they were left.
const MOST_TOLD: usize = 200;

/// What to take back.
pub struct Job {
    /// A ledger, bound to the target.
    pub ledger: Arc<Ledger>,
    /// Front.
    pub client: Client,
    /// These threads, by their refs; everything, with what was made for the company, without it.
    pub only: Option<BTreeSet<String>>,
    /// Look, and change nothing.
    pub is_dry: bool,
    /// Delete for good what is trashed.
    pub permanently: bool,
    /// Conversations at once.
    pub in_flight: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Figures: of a dry run, what would be.
    pub counts: Counts,
    /// What was left, by name, with the reason.
    pub left: Vec<(String, String)>,
    /// How it ended.
    pub ending: Ending,
}

/// What was taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Messages and notes that count as not sent from now on.
    pub messages: u64,
    /// Conversations that were trashed.
    pub trashed: u64,
    /// Conversations that were deleted for good.
    pub deleted: u64,
    /// Conversations that were gone already.
    pub gone: u64,
    /// Links that were taken off.
    pub links: u64,
    /// Comments that say now that they were withdrawn.
    pub comments: u64,
    /// Tags that were deleted.
    pub tags: u64,
    /// Contacts that were deleted.
    pub contacts: u64,
    /// Conversations, tags and contacts that were left.
    pub left: u64,
}

/// How it ended.
#[derive(Debug)]
pub enum Ending {
    /// Nothing is left to take back but what was left on purpose.
    Finished,
    /// The user asked to stop.
    Interrupted,
    /// The budget of requests is used up.
    Spent,
    /// Front or the ledger stopped it.
    Stopped(Stop),
}

/// What stopped it.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Front: token, permission, outage.
    #[error(transparent)]
    Front(FrontError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A task panicked: a bug.
    #[error("a task of taking back panicked")]
    Panicked,
}

/// Why something is not gone on with.
enum Halt {
    Cancelled,
    /// It is left, for this reason.
    Left(String),
    Stop(Stop),
}

impl From<LedgerError> for Halt {
    fn from(error: LedgerError) -> Self {
        Halt::Stop(error.into())
    }
}

impl From<FrontError> for Halt {
    fn from(error: FrontError) -> Self {
        Halt::Stop(Stop::Front(error))
    }
}

/// Takes back, until done, stopped or cancelled.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    match Shared::new(job, observer, cancellation) {
        Ok((shared, threads)) => Arc::new(shared).run(threads).await,
        Err(error) => {
            let ending = Ending::Stopped(Stop::Ledger(error));
            Outcome { counts: Counts::default(), left: Vec::new(), ending }
        }
    }
}

/// What all of it shares.
struct Shared {
    ledger: Arc<Ledger>,
    client: Client,
    only: Option<BTreeSet<String>>,
    is_dry: bool,
    permanently: bool,
    in_flight: usize,
    /// By `thread_ref`: addresses of links that we attached.
    links: BTreeMap<String, Vec<String>>,
    company: company::Made,
    counts: Mutex<Counts>,
    left: Mutex<Vec<(String, String)>>,
    /// Conversations that are taken back, or would be: what hangs on them alone can be taken back, too.
    taken: Mutex<BTreeSet<String>>,
    done: AtomicU64,
    ending: Mutex<Option<Ending>>,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
}

impl Shared {
    fn new(
        job: Job,
        observer: Arc<dyn Observer>,
        cancellation: Cancellation,
    ) -> Result<(Self, crate::ledger::SentThreads), LedgerError> {
        let threads = job.ledger.sent_threads()?;
        let (links, company) = company::made(&job.ledger)?;
        let shared = Self {
            ledger: job.ledger,
            client: job.client,
            only: job.only,
            is_dry: job.is_dry,
            permanently: job.permanently,
            in_flight: job.in_flight.max(1),
            links,
            company,
            counts: Mutex::default(),
            left: Mutex::default(),
            taken: Mutex::default(),
            done: AtomicU64::new(0),
            ending: Mutex::default(),
            observer,
            cancellation,
        };
        Ok((shared, threads))
    }

    async fn run(self: Arc<Self>, threads: crate::ledger::SentThreads) -> Outcome {
        self.observer.event(Event::StageStarted { stage: Stage::Undoing, total: threads.len() });
        let each = |pins: Result<Vec<Pin>, LedgerError>| {
            let shared = Arc::clone(&self);
            async move {
                if shared.cancellation.is_cancelled() {
                    return;
                }
                match pins {
                    Ok(pins) => shared.take_back(pins).await,
                    Err(error) => shared.end(Ending::Stopped(error.into())),
                }
            }
        };
        futures_util::stream::iter(threads).for_each_concurrent(self.in_flight, each).await;
        // What was made for the company goes last, when nothing hangs on it any more.
        if self.only.is_none() && !self.cancellation.is_cancelled() {
            self.take_back_company().await;
        }
        self.observer.event(Event::StageFinished { stage: Stage::Undoing });
        self.outcome()
    }

    async fn take_back(self: &Arc<Self>, pins: Vec<Pin>) {
        let Some(first) = pins.first() else { return };
        let (thread_ref, messages) = (first.thread_ref.clone(), pins.len() as u64);
        if self.only.as_ref().is_none_or(|only| only.contains(&thread_ref)) {
            let ended = thread::Thread::new(Arc::clone(self), pins).take_back().await;
            self.settle(&thread_ref, ended);
        }
        let done = self.done.fetch_add(messages, Ordering::Relaxed) + messages;
        self.observer.event(Event::StageAdvanced { stage: Stage::Undoing, done, records: done });
    }

    fn settle(&self, name: &str, ended: Result<(), Halt>) {
        match ended {
            Ok(()) | Err(Halt::Cancelled) => {}
            Err(Halt::Left(why)) => {
                self.count(|counts| counts.left += 1);
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                if left.len() < MOST_TOLD {
                    left.push((name.to_owned(), why));
                }
            }
            Err(Halt::Stop(Stop::Front(FrontError::Spent))) => self.end(Ending::Spent),
            Err(Halt::Stop(stop)) => self.end(Ending::Stopped(stop)),
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
        let taken = self.ending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ending = taken
            .unwrap_or_else(|| if self.cancellation.is_cancelled() { Ending::Interrupted } else { Ending::Finished });
        let mut left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        left.sort();
        Outcome { counts: *self.counts.lock().unwrap_or_else(PoisonError::into_inner), left, ending }
    }
}
