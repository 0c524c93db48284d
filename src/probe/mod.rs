//! Settles on a scratch inbox what Front does not document, and takes away what it has made there.
//!
//! ```text
//! bench       what is asked of Front, and what it has answered
//! repeats     a repeated external id; the ids of what was deleted
//! contents    fractions of a second, pictures within mails, the largest request
//! threads     over which inboxes and types a thread_ref is shared; in which order lists show imports
//! company     tags that are missing, authors who are blocked or unknown, what is announced for bursts
//! cleanup     everything of it into the trash, also after a stop
//! ```
//!
//! Everything it makes says so in its subject, by which an earlier run's remains are known, too. Nothing is concluded from what was
//! not seen: a finding that has no value says why.

mod bench;
mod cleanup;
mod company;
mod contents;
mod repeats;
mod threads;

use crate::event::Observer;
use crate::front::{Cancellation, Client, FrontError};
use crate::mapping::Finding;
use bench::Bench;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

pub use bench::MARK;

/// What to try, and where.
#[derive(Debug, Clone)]
pub struct Job {
    /// Front.
    pub client: Client,
    /// The scratch inbox (`inb_…`).
    pub inbox_id: String,
    /// Another one, for what holds over inboxes.
    pub other_inbox_id: Option<String>,
    /// Conversations of the probe may be deleted for good.
    pub permanently: bool,
    /// How long a message may take to exist.
    pub patience: Duration,
    /// No more is tried after so many requests; cleaning up takes what it needs.
    pub most_requests: Option<u64>,
    /// Tells this run's ids from those of others.
    pub run: String,
    /// The day, for the findings.
    pub date: String,
    /// Unix seconds: messages are dated before it.
    pub now: i64,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// By name; of a run that was stopped, those that were settled before.
    pub findings: BTreeMap<String, Finding>,
    /// What was made and could not be removed, with the reason.
    pub left: Vec<String>,
    /// Conversations that lie in the trash now.
    pub trashed: u64,
    /// Conversations that were deleted for good.
    pub deleted: u64,
    /// How it ended.
    pub ending: Ending,
}

/// How it ended.
#[derive(Debug)]
pub enum Ending {
    /// Everything was tried.
    Finished,
    /// The user asked to stop.
    Interrupted,
    /// Front stopped it.
    Stopped(FrontError),
}

/// Why nothing more is tried.
enum Halt {
    Cancelled,
    Front(FrontError),
}

impl From<FrontError> for Halt {
    fn from(error: FrontError) -> Self {
        Halt::Front(error)
    }
}

/// What an experiment says.
struct Verdict {
    name: &'static str,
    value: Option<toml::Value>,
    words: String,
}

impl Verdict {
    /// It was seen, by this evidence.
    fn settled(name: &'static str, value: impl Into<toml::Value>, evidence: impl Display) -> Self {
        Self { name, value: Some(value.into()), words: evidence.to_string() }
    }

    /// It could not be told.
    fn open(name: &'static str, why: impl Display) -> Self {
        Self { name, value: None, words: why.to_string() }
    }

    fn finding(self, date: &str) -> (String, Finding) {
        let date = date.to_owned();
        let finding = match self.value {
            Some(value) => Finding { value: Some(value), unsettled: None, evidence: self.words, date },
            None => Finding { value: None, unsettled: Some(self.words), evidence: String::new(), date },
        };
        (self.name.to_owned(), finding)
    }
}

/// How many conversations of the inbox are neither in the trash nor a probe's.
///
/// # Errors
/// If Front does not answer.
pub async fn strangers(client: &Client, inbox_id: &str) -> Result<usize, FrontError> {
    bench::strangers(client, inbox_id).await
}

/// Tries everything, and cleans up whatever happens meanwhile.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let mut bench = Bench::new(&job, observer.as_ref(), &cancellation);
    let mut findings = BTreeMap::new();
    let ending = match settle(&mut bench, &mut findings).await {
        Ok(()) => Ending::Finished,
        Err(Halt::Cancelled) => Ending::Interrupted,
        Err(Halt::Front(error)) => Ending::Stopped(error),
    };
    // Cleaning up is what a stop must not stop: a second Ctrl-C ends the process all the same.
    let last = Cancellation::new();
    let cleaned = cleanup::clean(bench.for_cleanup(&last)).await;
    let cleanup::Cleaned { left, trashed, deleted } = cleaned;
    Outcome { findings, left, trashed, deleted, ending }
}

async fn settle(bench: &mut Bench<'_>, findings: &mut BTreeMap<String, Finding>) -> Result<(), Halt> {
    let date = bench.job.date.clone();
    let mut keep = |verdicts: Vec<Verdict>| findings.extend(verdicts.into_iter().map(|it| it.finding(&date)));
    bench.say("a repeated external id");
    keep(repeats::repeated(bench).await?);
    bench.say("fractions of a second");
    keep(contents::fractions(bench).await?);
    bench.say("pictures within mails");
    keep(contents::inline(bench).await?);
    bench.say("threads over types and inboxes");
    keep(threads::refs(bench).await?);
    bench.say("the order of lists");
    keep(threads::order(bench).await?);
    bench.say("tags that are missing");
    keep(company::tags(bench).await?);
    bench.say("authors who are unknown or blocked");
    keep(company::authors(bench).await?);
    bench.say("what becomes of the ids of what was deleted");
    keep(repeats::deleted(bench).await?);
    bench.say("the largest request");
    keep(contents::sizes(bench).await?);
    keep(company::burst(bench));
    Ok(())
}
