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

use crate::event::{Observer, Stage};
use crate::front::{Cancellation, Client};
use crate::ledger::{Ledger, LedgerError, Reached, Verdict};
use crate::plan::Rebuilder;
use crate::stage::{self, Run};
use conversation::Conversation;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
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
pub type Outcome = stage::Outcome<Counts>;

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
    // What was not delivered is named by the ledger.
    let run = Run::new(Stage::Delivering, 0, observer, cancellation);
    let shared = Arc::new(Shared { run, job, lost: AtomicU32::new(0) });
    let run = &shared.run;
    run.begun(walk.total());
    let works = std::iter::from_fn(|| walk.next().transpose());
    run.each(works, AT_ONCE, |positions| shared.deliver(positions)).await;
    run.over();
    run.outcome()
}

/// What all conversations share.
struct Shared {
    run: Run<Counts>,
    job: Job,
    /// Deliveries without an answer since the last that had one.
    lost: AtomicU32,
}

impl Shared {
    async fn deliver(self: &Arc<Self>, positions: Range<u64>) {
        let messages = positions.end - positions.start;
        if let Err(halt) = Conversation::new(Arc::clone(self), positions).deliver().await
            && !self.run.halt(halt)
        {
            return;
        }
        self.run.advance(messages);
        self.run.show_limit(&self.job.client);
    }
}
