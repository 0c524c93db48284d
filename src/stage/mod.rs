//! What `prepare`, `finish`, `deliver` and `undo` have in common: how one of them goes over Front, what stops it, and how it ends. An
//! upload ends as they do, and is stopped by other things.

use crate::event::{Event, Observer, Stage};
use crate::front::{self, Called, Cancellation, Client, FrontError};
use crate::ledger::{EffectChange, Ledger, LedgerError, State};
use crate::plan::RebuildError;
use futures_util::StreamExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What came of a run.
#[derive(Debug)]
pub struct Outcome<C> {
    /// Figures.
    pub counts: C,
    /// Some things that were left, by name, with the reason.
    pub left: Vec<(String, String)>,
    /// Why something is not done yet that a further run may do, the first time.
    pub unsettled: Option<String>,
    /// How it ended.
    pub ending: Ending,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ending<S = Stop> {
    /// Nothing is left to do but what was left on purpose.
    Finished,
    /// The user asked to stop.
    Interrupted,
    /// The budget of requests is used up.
    Spent,
    /// Front, a source, or the ledger stopped it.
    Stopped(S),
}

/// What stopped a run.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Front: token, permission, outage.
    #[error(transparent)]
    Front(#[from] FrontError),
    /// Front does not know a channel that is delivered through.
    #[error("Front does not know the channel {channel}: {cause}")]
    Channel {
        /// Its id.
        channel: String,
        /// Front's words.
        cause: String,
    },
    /// Answers to deliveries were lost, one after the other.
    #[error("Front gave no usable answer to {lost} deliveries one after the other; last: {why}")]
    Silent {
        /// How many.
        lost: u32,
        /// What was seen.
        why: String,
    },
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
    #[error("a task panicked")]
    Panicked,
}

/// Why something is not gone on with.
pub(crate) enum Halt {
    /// The run is cancelled.
    Cancelled,
    /// The server fails over this, or nobody knows what became of it; a further run goes on.
    Later(String),
    /// The run must stop.
    Stop(Stop),
}

impl<E: Into<Stop>> From<E> for Halt {
    fn from(error: E) -> Self {
        Halt::Stop(error.into())
    }
}

/// Does what keeps a thread busy, a sync to disk or a message that is read again, off the threads that wait for Front.
///
/// # Errors
/// Its own, or that it panicked.
pub(crate) async fn apart<T, E>(job: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Halt>
where
    T: Send + 'static,
    E: Into<Stop> + Send + 'static,
{
    match tokio::task::spawn_blocking(job).await {
        Ok(done) => done.map_err(Halt::from),
        Err(_) => Err(Stop::Panicked.into()),
    }
}

/// Records what became of effects; durable when this returns.
pub(crate) async fn record(ledger: &Arc<Ledger>, changes: Vec<EffectChange>) -> Result<(), Halt> {
    let ledger = Arc::clone(ledger);
    apart(move || ledger.record(changes)).await
}

/// Records states of what the plan names, by position; durable when this returns.
pub(crate) async fn mark(ledger: &Arc<Ledger>, states: Vec<(u64, State)>) -> Result<(), Halt> {
    let ledger = Arc::clone(ledger);
    apart(move || ledger.mark(&states)).await
}

/// The outcome of a call, unless the run is cancelled.
pub(crate) fn settled<T>(called: Called<T>) -> Result<front::Outcome<T>, Halt> {
    match called.outcome {
        front::Outcome::Cancelled => Err(Halt::Cancelled),
        outcome => Ok(outcome),
    }
}

/// A run, as all that go on at once in it share it. `C` are its figures.
pub(crate) struct Run<C> {
    stage: Stage,
    /// Things that are told by name where they were left.
    most_told: usize,
    counts: Mutex<C>,
    left: Mutex<Vec<(String, String)>>,
    done: AtomicU64,
    ending: Mutex<Option<Ending>>,
    unsettled: Mutex<Option<String>>,
    observer: Arc<dyn Observer>,
    pub(crate) cancellation: Cancellation,
}

impl<C: Copy + Default> Run<C> {
    pub(crate) fn new(stage: Stage, most_told: usize, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Self {
        Self {
            stage,
            most_told,
            counts: Mutex::default(),
            left: Mutex::default(),
            done: AtomicU64::new(0),
            ending: Mutex::default(),
            unsettled: Mutex::default(),
            observer,
            cancellation,
        }
    }

    /// Shows that something begins that has so many records.
    pub(crate) fn begun(&self, total: u64) {
        self.observer.event(Event::StageStarted { stage: self.stage, total });
    }

    /// Does `each` with all `works`, so many at once, until the run is cancelled. One that cannot be read stops it.
    pub(crate) async fn each<W, D: Future<Output = ()>>(
        &self,
        works: impl IntoIterator<Item = Result<W, LedgerError>>,
        at_once: usize,
        each: impl Fn(W) -> D,
    ) {
        let mut works = works.into_iter();
        let wanted = std::iter::from_fn(|| if self.cancellation.is_cancelled() { None } else { works.next() });
        let one = |work: Result<W, LedgerError>| {
            let doing = work.map(&each);
            async move {
                match doing {
                    Ok(doing) => doing.await,
                    Err(error) => drop(self.halt(error.into())),
                }
            }
        };
        futures_util::stream::iter(wanted).for_each_concurrent(at_once.max(1), one).await;
    }

    /// Shows that so many more records are done.
    pub(crate) fn advance(&self, records: u64) {
        self.reached(self.done.fetch_add(records, Ordering::Relaxed) + records);
    }

    /// Shows that so many records are done in all, where they are counted elsewhere.
    pub(crate) fn reached(&self, done: u64) {
        self.observer.event(Event::StageAdvanced { stage: self.stage, done, records: done });
    }

    /// Shows what limits the pace, if that is to be told again.
    pub(crate) fn show_limit(&self, client: &Client) {
        if let Some(by) = client.waits().due() {
            self.observer.event(Event::Limited { stage: self.stage, by });
        }
    }

    /// Shows that what began is over.
    pub(crate) fn over(&self) {
        self.observer.event(Event::StageFinished { stage: self.stage });
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut C)) {
        count(&mut locked(&self.counts));
    }

    /// Names what was left, as long as there is room.
    pub(crate) fn tell(&self, what: impl Into<String>, why: impl Into<String>) {
        let mut left = locked(&self.left);
        if left.len() < self.most_told {
            left.push((what.into(), why.into()));
        }
    }

    /// What could not be done. True if the run goes on with the rest.
    pub(crate) fn halt(&self, halt: Halt) -> bool {
        let ending = match halt {
            Halt::Later(why) => {
                locked(&self.unsettled).get_or_insert(why);
                return true;
            }
            Halt::Cancelled => None,
            Halt::Stop(Stop::Front(FrontError::Spent)) => Some(Ending::Spent),
            Halt::Stop(stop) => Some(Ending::Stopped(stop)),
        };
        if let Some(ending) = ending {
            // The first reason counts.
            locked(&self.ending).get_or_insert(ending);
        }
        self.cancellation.cancel();
        false
    }

    pub(crate) fn outcome(&self) -> Outcome<C> {
        let ended = || if self.cancellation.is_cancelled() { Ending::Interrupted } else { Ending::Finished };
        Outcome {
            counts: *locked(&self.counts),
            left: std::mem::take(&mut *locked(&self.left)),
            unsettled: locked(&self.unsettled).take(),
            ending: locked(&self.ending).take().unwrap_or_else(ended),
        }
    }
}

/// What a task that panicked has left is whole: nothing under these locks stops half way.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Silent;

    fn run(most_told: usize) -> Run<u64> {
        Run::new(Stage::Finishing, most_told, Arc::new(Silent), Cancellation::new())
    }

    #[test]
    fn what_waits_for_a_further_run_stops_nothing_and_the_first_reason_counts() {
        let run = run(1);
        assert!(run.halt(Halt::Later("one".into())) && run.halt(Halt::Later("two".into())));
        run.tell("a", "left");
        run.tell("b", "left");
        let outcome = run.outcome();
        assert!(matches!(outcome.ending, Ending::Finished));
        assert_eq!(outcome.unsettled.as_deref(), Some("one"));
        assert_eq!(outcome.left, [("a".to_owned(), "left".to_owned())]);
    }

    #[test]
    fn a_budget_that_is_spent_is_no_stop_and_ends_the_run_before_what_follows_from_it() {
        let run = run(0);
        assert!(!run.halt(FrontError::Spent.into()));
        assert!(!run.halt(Halt::Cancelled) && !run.halt(Stop::Panicked.into()));
        assert!(run.cancellation.is_cancelled());
        assert!(matches!(run.outcome().ending, Ending::Spent));
    }

    #[tokio::test]
    async fn a_job_that_panics_stops_the_run() {
        let halted = apart(|| -> Result<(), Stop> { panic!("on purpose") }).await;
        assert!(matches!(halted, Err(Halt::Stop(Stop::Panicked))));
        let done = apart(|| Ok::<_, Stop>(7)).await;
        assert!(matches!(done, Ok(7)));
    }
}
