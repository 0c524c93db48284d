//! What conversations get once all of their messages are in Front: links, tags they were sent without, notes as comments, followers,
//! and how they stand.
//!
//! ```text
//! walk           which conversations are ready, and what each gets
//! conversation   one conversation: what it lacks is made, once, and recorded
//! comments       its notes
//! state          how it is to stand, and what of that is lacking
//! touched        has anybody else had a hand in it since?
//! ```
//!
//! A step is begun in the journal before its request leaves, and done there before it is counted. Most requests come to the same when
//! they are made twice; comments do not, so before one is written again those that are there are listed.

mod comments;
mod conversation;
mod state;
mod touched;
mod walk;

use crate::event::{Observer, Stage};
use crate::front::{Cancellation, Client};
use crate::ledger::{Effects, Ledger};
use crate::plan::Rebuilder;
use crate::stage::{self, Run};
use conversation::Conversation;
use std::collections::BTreeMap;
use std::sync::Arc;
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
pub type Outcome = stage::Outcome<Counts>;

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

/// Finishes every conversation that is ready, until done, stopped or cancelled.
pub async fn run(job: Job, observer: Arc<dyn Observer>, cancellation: Cancellation) -> Outcome {
    let run = Run::new(Stage::Finishing, MOST_TOLD, observer, cancellation);
    let begun = job.ledger.effects().and_then(|effects| Ok((effects, Walk::new(Arc::clone(&job.ledger))?)));
    let (effects, mut walk) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            run.halt(error.into());
            return run.outcome();
        }
    };
    let shared = Arc::new(Shared { run, job, effects });
    let run = &shared.run;
    run.begun(walk.total());
    let works = std::iter::from_fn(|| walk.next().transpose());
    run.each(works, shared.job.in_flight, |work| shared.finish(work)).await;
    run.over();
    run.count(|counts| counts.waiting = walk.waiting());
    run.outcome()
}

/// What all conversations share.
struct Shared {
    run: Run<Counts>,
    job: Job,
    effects: Effects,
}

impl Shared {
    async fn finish(self: &Arc<Self>, work: Work) {
        let messages = work.messages;
        match Conversation::new(Arc::clone(self), work).finish().await {
            Ok(()) => self.run.count(|counts| counts.conversations += 1),
            Err(halt) => {
                if !self.run.halt(halt) {
                    return;
                }
            }
        }
        self.run.advance(messages);
        self.run.show_limit(&self.job.client);
    }

    /// Notes that a step was left.
    fn left(&self, conversation: &str, why: &str) {
        self.run.count(|counts| counts.left += 1);
        self.run.tell(conversation, why);
    }
}
