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

use crate::event::{Observer, Stage};
use crate::front::{Cancellation, Client};
use crate::ledger::{Ledger, LedgerError, Pin, SentThreads};
use crate::stage::{self, Run};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

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

/// What came of it; the figures of a dry run are what would be.
pub type Outcome = stage::Outcome<Counts>;

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

/// Why something is not gone on with.
enum Halt {
    /// It is left, for this reason.
    Left(String),
    /// Whatever else halts a run.
    Run(stage::Halt),
}

impl<E: Into<stage::Halt>> From<E> for Halt {
    fn from(error: E) -> Self {
        Halt::Run(error.into())
    }
}

/// Takes back, until done, stopped or cancelled.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let run = Run::new(Stage::Undoing, MOST_TOLD, observer, cancellation);
    let begun = job.ledger.sent_threads().and_then(|threads| Ok((threads, company::made(&job.ledger)?)));
    let (threads, (links, company)) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            run.halt(error.into());
            return run.outcome();
        }
    };
    let shared = Arc::new(Shared { run, job, links, company, taken: Mutex::default() });
    shared.take_all_back(threads).await;
    let mut outcome = shared.run.outcome();
    outcome.left.sort();
    outcome
}

/// What all of it shares.
struct Shared {
    run: Run<Counts>,
    job: Job,
    /// By `thread_ref`: addresses of links that we attached.
    links: BTreeMap<String, Vec<String>>,
    company: company::Made,
    /// Conversations that are taken back, or would be: what hangs on them alone can be taken back, too.
    taken: Mutex<BTreeSet<String>>,
}

impl Shared {
    async fn take_all_back(self: &Arc<Self>, threads: SentThreads) {
        self.run.begun(threads.len());
        let each = |pins: Result<Vec<Pin>, LedgerError>| {
            let shared = Arc::clone(self);
            async move {
                if shared.run.cancellation.is_cancelled() {
                    return;
                }
                match pins {
                    Ok(pins) => shared.take_back(pins).await,
                    Err(error) => {
                        shared.run.halt(error.into());
                    }
                }
            }
        };
        futures_util::stream::iter(threads).for_each_concurrent(self.job.in_flight.max(1), each).await;
        // What was made for the company goes last, when nothing hangs on it any more.
        if self.job.only.is_none() && !self.run.cancellation.is_cancelled() {
            self.take_back_company().await;
        }
        self.run.over();
    }

    async fn take_back(self: &Arc<Self>, pins: Vec<Pin>) {
        let Some(first) = pins.first() else { return };
        let (thread_ref, messages) = (first.thread_ref.clone(), pins.len() as u64);
        if self.job.only.as_ref().is_none_or(|only| only.contains(&thread_ref)) {
            let ended = thread::Thread::new(Arc::clone(self), pins).take_back().await;
            self.settle(&thread_ref, ended);
        }
        self.run.advance(messages);
    }

    fn settle(&self, name: &str, ended: Result<(), Halt>) {
        match ended {
            Ok(()) => {}
            Err(Halt::Left(why)) => {
                self.run.count(|counts| counts.left += 1);
                self.run.tell(name, why);
            }
            Err(Halt::Run(halt)) => {
                self.run.halt(halt);
            }
        }
    }
}
