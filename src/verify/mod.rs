//! Seeing in Front what Front has accepted: a 202 is a promise, a message that is there and reads as planned is its keeping.
//!
//! ```text
//! run           what is looked for when
//! waiting       conversations to look for, each when it is due
//! look          one conversation, in as few requests as will do
//! compare       does a message read as planned?
//! judge         confirmed, different, missing or later; sends what is missing once more
//! claim         a message that no uid leads to, found by what it says
//! walk          what earlier runs left to be seen
//! first         which conversation a first import sends before all others
//! map           old id → Front's ids, as a table for people
//! ```
//!
//! It runs beside sending, through the same gate, with a few look-ups in flight; what is not there yet waits for its turn
//! without holding anything up. A conversation costs one request for its first message and one for each hundred others.

mod claim;
mod compare;
mod conversation;
mod first;
mod judge;
mod look;
mod map;
mod marks;
mod run;
mod sight;
#[cfg(test)]
mod tests;
mod waiting;
mod walk;

pub use first::{First, first_conversation};
pub use judge::{SPLIT, Stop};
pub use map::{MapError, url_of, write_map};
pub use sight::Sight;

use crate::event::Observer;
use crate::front::Cancellation;
use crate::ledger::{Ledger, State};
use crate::plan::Rebuilder;
use judge::{Judge, joined, locked};
use look::Looker;
use marks::Marks;
use run::Run;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// What to confirm, and how.
pub struct Job {
    /// A ledger with a plan.
    pub ledger: Arc<Ledger>,
    /// Front.
    pub sight: Arc<dyn Sight>,
    /// Which messages.
    pub scope: Scope,
    /// How to send what is missing again; nothing is without it.
    pub resend: Option<Resend>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Pauses and patience.
    pub timing: Timing,
}

/// Which messages to confirm.
pub enum Scope {
    /// All that are accepted or missing.
    Open,
    /// Those of conversations that are being sent, as they are settled; once the channel is closed, all that are accepted
    /// or missing.
    Beside(mpsc::UnboundedReceiver<Range<u64>>),
    /// One conversation.
    Only(Range<u64>),
    /// So many messages, evenly over all that Front has accepted, those that were confirmed included.
    Sample(u64),
    /// Those at these positions that are missing, at once: what is there by now under any uid that Front ever gave, or is
    /// found by what it says, is confirmed; what is not stays missing, and is sent again only if that was never done and
    /// [`Job::resend`] allows it.
    These(BTreeSet<u64>),
}

/// Makes missing messages again.
pub struct Resend {
    /// Makes requests again.
    pub rebuilder: Rebuilder,
    /// Inbox as the mapping names it → id.
    pub inboxes: BTreeMap<String, String>,
}

/// Pauses and patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From a conversation's last 202 to the first look.
    pub first_look: Duration,
    /// After the first look in vain; doubled after each further one.
    pub first_pause: Duration,
    /// Pauses grow no longer.
    pub longest_pause: Duration,
    /// After so long a message that is not there is missing.
    pub patience: Duration,
    /// After so long without any answer confirming stops.
    pub outage: Duration,
}

impl Timing {
    /// For a Front that makes a message within `settle` in the ordinary course of things.
    #[must_use]
    pub fn of(settle: Duration, patience: Duration) -> Self {
        Self {
            first_look: settle,
            first_pause: (settle / 10).max(Duration::from_millis(1)),
            longest_pause: Duration::from_mins(1).min(patience / 5).max(Duration::from_millis(1)),
            patience,
            outage: Duration::from_mins(30),
        }
    }
}

/// What came of confirming.
#[derive(Debug)]
pub struct Outcome {
    /// Messages seen as planned.
    pub confirmed: u64,
    /// Messages seen, and not as planned.
    pub different: u64,
    /// Messages that are not there.
    pub missing: u64,
    /// Messages sent again because they were missing.
    pub resent: u64,
    /// Why a missing message could not be sent again, the first time.
    pub not_resent: Option<String>,
    /// Questions asked of Front.
    pub lookups: u64,
    /// Why a conversation could not be looked up though Front answered others, the first time.
    pub unanswered: Option<String>,
    /// How it ended.
    pub ending: Ending,
}

/// How confirming ended.
#[derive(Debug)]
pub enum Ending {
    /// Everything in its scope was looked for until it was there or patience ended.
    Finished,
    /// It was told to stop.
    Interrupted,
    /// A budget of requests, Front or the ledger stopped it.
    Stopped(Stop),
}

/// Confirms until done, stopped or cancelled. What was seen is in the ledger in any case.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let (marks, recorder) = Marks::start(&job.ledger);
    let looker = Looker::new(job.sight, cancellation.clone());
    let judge = Arc::new(Judge::new(Arc::clone(&job.ledger), looker, marks, job.resend, job.timing.patience));
    let mut run = Run::new(Arc::clone(&judge), observer, cancellation, job.timing, job.in_flight);
    let ending = match run.begin(job.scope) {
        Ok(()) => run.go_on().await,
        Err(error) => Ending::Stopped(error.into()),
    };
    let unanswered = run.end(matches!(ending, Ending::Finished)).await;
    let figure = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let counts = &judge.counts;
    let outcome = Outcome {
        confirmed: figure(&counts.confirmed),
        different: figure(&counts.different),
        missing: figure(&counts.missing),
        resent: figure(&counts.resent),
        not_resent: locked(&judge.not_resent).take(),
        lookups: judge.looker.lookups(),
        unanswered,
        ending,
    };
    drop(judge);
    let _ = joined(recorder.await);
    outcome
}

/// How a message of the ledger stands, for whoever lists those that are missing or different.
#[must_use]
pub fn is_amiss(state: &State) -> bool {
    matches!(state, State::Missing { .. } | State::Confirmed { differs: Some(_), .. })
}
