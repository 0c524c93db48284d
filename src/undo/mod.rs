//! Taking back what a ledger has put into Front.
//!
//! ```text
//! earlier        what the journal says that we made, and what an earlier run has taken back
//! thread         one conversation: is it ours alone, and then the trash, links, comments, and for good if that is asked for
//! evidence       has anybody else had a hand in it?
//! company        tags and contacts that we made and nobody else uses
//! ```
//!
//! What somebody has touched since is left and told: people and rules leave events behind, and messages that are not ours are
//! listed beside them. A conversation is taken back as a whole or not at all. What was taken back counts as never sent, and goes
//! out under new ids if it is imported again. What was delivered live is never taken back: a customer is in that conversation.

mod company;
mod earlier;
mod evidence;
mod thread;

use crate::event::{Observer, Stage};
use crate::front::{Called, Cancellation, Client, Outcome as Answer};
use crate::ledger::{EffectChange, Ledger, SentThread, SentThreads, State};
use crate::plan::is_delivered;
use crate::stage::{self, Run, settled};
use earlier::Earlier;
use std::collections::BTreeSet;
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
    /// Conversations that Front does not show count as deleted by somebody.
    pub gone: bool,
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
    /// Messages that were delivered live, which are never taken back.
    pub delivered: u64,
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
    let begun = job.ledger.sent_threads().and_then(|threads| Ok((threads, Earlier::of(&job.ledger)?)));
    let (threads, earlier) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            run.halt(error.into());
            return run.outcome();
        }
    };
    let shared = Arc::new(Shared { run, job, trashed_before: earlier.trashed_ids(), earlier, taken: Mutex::default() });
    shared.take_all_back(threads).await;
    let mut outcome = shared.run.outcome();
    outcome.left.sort();
    outcome
}

/// What all of it shares.
struct Shared {
    run: Run<Counts>,
    job: Job,
    earlier: Earlier,
    /// Conversations that an earlier run has trashed, or was about to.
    trashed_before: BTreeSet<String>,
    /// Conversations that are taken back, or would be: what hangs on them alone can be taken back, too.
    taken: Mutex<BTreeSet<String>>,
}

impl Shared {
    async fn take_all_back(self: &Arc<Self>, threads: SentThreads) {
        self.run.begun(threads.len());
        self.run.each(threads, self.job.in_flight, |sent| self.take_back(sent)).await;
        // What was made for the company goes last, when nothing hangs on it any more.
        if self.job.only.is_none() && !self.run.cancellation.is_cancelled() {
            self.take_back_company().await;
        }
        self.run.over();
    }

    async fn take_back(self: &Arc<Self>, sent: SentThread) {
        let (thread_ref, messages, name) = (sent.thread_ref.clone(), sent.pins.len() as u64, name_of(&sent));
        if is_delivered(&thread_ref) {
            self.run.count(|counts| counts.delivered += messages);
        } else if self.job.only.as_ref().is_none_or(|only| only.contains(&thread_ref)) {
            let ended = thread::Thread::new(Arc::clone(self), sent).take_back().await;
            self.settle(&name, ended);
        }
        self.run.advance(messages);
    }

    fn settle(&self, name: &str, ended: Result<(), Halt>) {
        match ended {
            Ok(()) => {}
            Err(Halt::Left(why)) => self.leave(name, why),
            Err(Halt::Run(halt)) => {
                self.run.halt(halt);
            }
        }
    }

    /// Something of it stays as it is.
    fn leave(&self, name: &str, why: String) {
        self.run.count(|counts| counts.left += 1);
        self.run.tell(name, why);
    }

    /// Records effects; durable when this returns.
    async fn record(&self, changes: Vec<EffectChange>) -> Result<(), Halt> {
        Ok(stage::record(&self.job.ledger, changes).await?)
    }
}

/// A conversation by a message of it, which `show` knows, and by its id in Front.
fn name_of(sent: &SentThread) -> String {
    let Some(first) = sent.pins.first() else { return sent.thread_ref.clone() };
    let message = first.original_id.as_ref().unwrap_or(&first.external_id);
    let in_front = sent.pins.iter().find_map(|pin| match &pin.state {
        State::Confirmed { conversation_id, .. } => Some(format!(" ({conversation_id})")),
        _ => None,
    });
    format!("conversation of {message}{}", in_front.unwrap_or_default())
}

/// That a step was done; what Front does not want is a reason to leave the rest.
fn done(called: Called<()>) -> Result<(), Halt> {
    match settled(called)? {
        Answer::Done(()) => Ok(()),
        other => Err(Halt::Left(other.to_string())),
    }
}
