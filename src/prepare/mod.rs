//! What Front must have before messages are sent: inboxes, tags, and the contacts of the people who are in them.
//!
//! ```text
//! inboxes    those that are missing, for the teammates who shall see them
//! tags       which the company lacks, and where each is made
//! people     everybody whom the planned messages name, with the name that most of them have
//! contact    one contact: made, or completed by what it lacks
//! ```
//!
//! Nothing that Front has is overwritten. A thing is begun in the journal before its request leaves, and done there with Front's id, so
//! that what is found after a kill is known to be ours; what may have been made is looked for before it is made again.

mod contact;
mod inboxes;
mod people;
mod recorder;
mod tags;

pub use contact::Given;
pub use inboxes::Inboxes;
pub use tags::Tags;

use crate::event::{Event, Observer, Stage};
use crate::front::{self, CallResult, Called, Cancellation, Client, FrontError};
use crate::ledger::{Effect, EffectEnd, Effects, Ledger, LedgerError, Standing};
use crate::plan::{RebuildError, Rebuilder};
use futures_util::StreamExt;
use recorder::Recorder;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Things that are told by name where they were left.
const MOST_TOLD: usize = 20;

/// How often something is looked for and made again while nobody knows whether it was made.
const ROUNDS: u32 = 3;

/// What to make, and where.
pub struct Job {
    /// A ledger with a plan, bound to the target.
    pub ledger: Arc<Ledger>,
    /// Reads the planned messages again.
    pub rebuilder: Rebuilder,
    /// Front.
    pub client: Client,
    /// The inboxes.
    pub inboxes: Inboxes,
    /// The tags.
    pub tags: Tags,
    /// What contacts are given, if any are to be made.
    pub contacts: Option<Given>,
    /// Contacts at once.
    pub in_flight: usize,
    /// Threads that read messages.
    pub threads: usize,
    /// Contacts that an earlier run left are tried again.
    pub retry_left: bool,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Figures.
    pub counts: Counts,
    /// Inboxes that were made: name → Front's id.
    pub inboxes: BTreeMap<String, String>,
    /// Some things that were left, with the reason.
    pub left: Vec<(String, String)>,
    /// Why something is not done yet that a further run may do, the first time.
    pub unsettled: Option<String>,
    /// How it ended.
    pub ending: Ending,
}

/// What was done in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Inboxes that were made.
    pub inboxes: u64,
    /// Tags that were made.
    pub tags: u64,
    /// People whom the messages name.
    pub people: u64,
    /// Contacts that were made.
    pub contacts: u64,
    /// Contacts that got what they lacked.
    pub completed: u64,
    /// Things that were there already, by whomever.
    pub there_already: u64,
    /// Things that were left.
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
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// A task panicked: a bug.
    #[error("a task of preparing panicked")]
    Panicked,
}

/// Why something is not gone on with.
enum Halt {
    /// The run is cancelled.
    Cancelled,
    /// The server fails over this, or nobody knows whether it was made; a further run goes on.
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

/// Makes everything that is lacking, until done, stopped or cancelled.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let Job { ledger, rebuilder, client, inboxes, tags, contacts, in_flight, threads, retry_left } = job;
    let shared = Shared {
        recorder: Recorder::new(Arc::clone(&ledger)),
        client,
        retry_left,
        effects: Effects::default(),
        counts: Mutex::default(),
        made: Mutex::default(),
        left: Mutex::default(),
        done: AtomicU64::new(0),
        ending: Mutex::default(),
        unsettled: Mutex::default(),
        observer,
        cancellation,
    };
    let shared = match ledger.effects() {
        Ok(effects) => Arc::new(Shared { effects, ..shared }),
        Err(error) => {
            shared.halt(Halt::from(error));
            return shared.outcome();
        }
    };
    let reading = contacts.map(|given| (given, people::Reading { ledger, rebuilder, threads: threads.max(1) }));
    if let Err(halt) = shared.prepare(&inboxes, &tags, reading, in_flight.max(1)).await {
        shared.halt(halt);
    }
    shared.outcome()
}

/// What all things share.
struct Shared {
    recorder: Recorder,
    client: Client,
    retry_left: bool,
    effects: Effects,
    counts: Mutex<Counts>,
    made: Mutex<BTreeMap<String, String>>,
    left: Mutex<Vec<(String, String)>>,
    done: AtomicU64,
    ending: Mutex<Option<Ending>>,
    /// Something is not done that a further run may do.
    unsettled: Mutex<Option<String>>,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
}

impl Shared {
    async fn prepare(
        self: &Arc<Self>,
        inboxes: &Inboxes,
        tags: &Tags,
        contacts: Option<(Given, people::Reading)>,
        in_flight: usize,
    ) -> Result<(), Halt> {
        inboxes.make(self).await?;
        tags.make(self).await?;
        let Some((given, reading)) = contacts else { return Ok(()) };
        let people = reading.read(self).await?;
        self.count(|counts| counts.people = people.len() as u64);
        self.observer.event(Event::StageStarted { stage: Stage::Preparing, total: people.len() as u64 });
        let given = &given;
        futures_util::stream::iter(people)
            .take_while(|_| std::future::ready(!self.cancellation.is_cancelled()))
            .for_each_concurrent(in_flight, |person| async move {
                if let Err(halt) = contact::make(self, given, &person).await {
                    self.halt(halt);
                }
                self.advance();
            })
            .await;
        self.observer.event(Event::StageFinished { stage: Stage::Preparing });
        Ok(())
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.observer.event(Event::StageAdvanced { stage: Stage::Preparing, done, records: done });
        if let Some(by) = self.client.waits().due() {
            self.observer.event(Event::Limited { stage: Stage::Preparing, by });
        }
    }

    /// Was it begun by an earlier run? Then what is found of it is ours.
    fn was_begun(&self, effect: &Effect) -> bool {
        self.effects.standing(effect) == Some(Standing::Begun)
    }

    async fn begin(&self, effect: &Effect) -> Result<(), Halt> {
        self.recorder.record(effect, EffectEnd::Begun).await
    }

    /// It is there, and we made it.
    async fn made(&self, effect: &Effect, id: String) -> Result<(), Halt> {
        self.recorder.record(effect, EffectEnd::Done { id: Some(id), made: true, before: None }).await
    }

    /// It was found there: ours if an earlier run has begun it. What nobody has begun needs no line in the journal, since Front itself
    /// tells the next run. True if it was ours.
    async fn found(&self, effect: &Effect, id: &str) -> Result<bool, Halt> {
        if !self.was_begun(effect) {
            self.count(|counts| counts.there_already += 1);
            return Ok(false);
        }
        self.made(effect, id.to_owned()).await?;
        Ok(true)
    }

    /// It is there, and somebody else made it after we had begun.
    async fn there(&self, effect: &Effect, id: String) -> Result<(), Halt> {
        self.count(|counts| counts.there_already += 1);
        self.recorder.record(effect, EffectEnd::Done { id: Some(id), made: false, before: None }).await
    }

    /// What became of a request that makes something. Where Front certainly did not do it, it is as if it had not been begun: whoever
    /// makes it now has made it. `may_be` says that an earlier attempt may have made it.
    async fn outcome_of<T>(
        &self,
        effect: &Effect,
        may_be: bool,
        called: CallResult<T>,
    ) -> Result<front::Outcome<T>, Halt> {
        let halt = match called {
            Ok(Called { outcome: front::Outcome::Cancelled, .. }) => Halt::Cancelled,
            Ok(Called { outcome: front::Outcome::Failed { cause, .. }, .. }) => {
                Halt::Later(format!("the {} {}: {cause}", effect.kind.name(), effect.what))
            }
            Ok(called) => return Ok(called.outcome),
            Err(error) => Halt::from(error),
        };
        if !may_be {
            self.recorder.record(effect, EffectEnd::Undone).await?;
        }
        Err(halt)
    }

    async fn leave(&self, effect: &Effect, why: &str) -> Result<(), Halt> {
        self.count(|counts| counts.left += 1);
        self.tell(format!("{} {}", effect.kind.name(), effect.what), why);
        self.recorder.record(effect, EffectEnd::Left { why: why.to_owned() }).await
    }

    /// Names what was left, as long as there is room.
    fn tell(&self, what: String, why: &str) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() < MOST_TOLD {
            left.push((what, why.to_owned()));
        }
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What could not be done: the run goes on with the rest, or it ends.
    fn halt(&self, halt: Halt) {
        match halt {
            Halt::Later(why) => {
                self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
            Halt::Cancelled => self.cancellation.cancel(),
            Halt::Stop(Stop::Front(FrontError::Spent)) => self.end(Ending::Spent),
            Halt::Stop(stop) => self.end(Ending::Stopped(stop)),
        }
    }

    /// Ends the run; the first reason counts.
    fn end(&self, ending: Ending) {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        self.cancellation.cancel();
    }

    fn outcome(&self) -> Outcome {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = || if self.cancellation.is_cancelled() { Ending::Interrupted } else { Ending::Finished };
        Outcome {
            counts: *self.counts.lock().unwrap_or_else(PoisonError::into_inner),
            inboxes: std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner)),
            left: std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner)),
            unsettled: self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).take(),
            ending: ending.unwrap_or_else(ended),
        }
    }
}
