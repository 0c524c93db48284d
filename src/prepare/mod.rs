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
mod tags;

pub use contact::Given;
pub use inboxes::Inboxes;
pub use tags::Tags;

use crate::event::{Observer, Stage};
use crate::front::{self, CallResult, Called, Cancellation, Client};
use crate::ledger::{Effect, EffectChange, EffectEnd, Effects, Ledger, Standing};
use crate::plan::Rebuilder;
use crate::stage::{self, Halt, Run, locked};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

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
pub type Outcome = stage::Outcome<Counts>;

/// What was done in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
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

/// Makes everything that is lacking, until done, stopped or cancelled. Also gives the inboxes that were made: name → Front's id.
pub async fn run(
    job: Job,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
) -> (Outcome, BTreeMap<String, String>) {
    let Job { ledger, rebuilder, client, inboxes, tags, contacts, in_flight, threads, retry_left } = job;
    let shared = Shared {
        run: Run::new(Stage::Preparing, MOST_TOLD, observer, cancellation),
        ledger: Arc::clone(&ledger),
        client,
        retry_left,
        effects: Effects::default(),
        inboxes: Mutex::default(),
    };
    let shared = match ledger.effects() {
        Ok(effects) => Arc::new(Shared { effects, ..shared }),
        Err(error) => {
            shared.run.halt(Halt::from(error));
            return shared.ended();
        }
    };
    let reading = contacts.map(|given| (given, people::Reading { ledger, rebuilder, threads: threads.max(1) }));
    if let Err(halt) = shared.prepare(&inboxes, &tags, reading, in_flight).await {
        shared.run.halt(halt);
    }
    shared.ended()
}

/// What all things share.
struct Shared {
    run: Run<Counts>,
    ledger: Arc<Ledger>,
    client: Client,
    retry_left: bool,
    effects: Effects,
    /// Those that were made: name → Front's id.
    inboxes: Mutex<BTreeMap<String, String>>,
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
        self.run.count(|counts| counts.people = people.len() as u64);
        self.run.begun(people.len() as u64);
        let given = &given;
        let each = |person| async move {
            if let Err(halt) = contact::make(self, given, &person).await {
                self.run.halt(halt);
            }
            self.run.advance(1);
            self.run.show_limit(&self.client);
        };
        self.run.each(people.into_iter().map(Ok), in_flight, each).await;
        self.run.over();
        Ok(())
    }

    fn ended(&self) -> (Outcome, BTreeMap<String, String>) {
        (self.run.outcome(), std::mem::take(&mut *locked(&self.inboxes)))
    }

    /// Records what became of something; durable when this returns.
    async fn record(&self, effect: &Effect, end: EffectEnd) -> Result<(), Halt> {
        stage::record(&self.ledger, vec![EffectChange { effect: effect.clone(), conversation: None, end }]).await
    }

    /// Was it begun by an earlier run? Then what is found of it is ours.
    fn was_begun(&self, effect: &Effect) -> bool {
        self.effects.standing(effect) == Some(Standing::Begun)
    }

    async fn begin(&self, effect: &Effect) -> Result<(), Halt> {
        self.record(effect, EffectEnd::Begun).await
    }

    /// It is there, and we made it.
    async fn made(&self, effect: &Effect, id: String) -> Result<(), Halt> {
        self.record(effect, EffectEnd::Done { id: Some(id), made: true, before: None }).await
    }

    /// It was found there: ours if an earlier run has begun it. What nobody has begun needs no line in the journal, since Front itself
    /// tells the next run. True if it was ours.
    async fn found(&self, effect: &Effect, id: &str) -> Result<bool, Halt> {
        if !self.was_begun(effect) {
            self.run.count(|counts| counts.there_already += 1);
            return Ok(false);
        }
        self.made(effect, id.to_owned()).await?;
        Ok(true)
    }

    /// It is there, and somebody else made it after we had begun.
    async fn there(&self, effect: &Effect, id: String) -> Result<(), Halt> {
        self.run.count(|counts| counts.there_already += 1);
        self.record(effect, EffectEnd::Done { id: Some(id), made: false, before: None }).await
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
            self.record(effect, EffectEnd::Undone).await?;
        }
        Err(halt)
    }

    async fn leave(&self, effect: &Effect, why: &str) -> Result<(), Halt> {
        self.run.count(|counts| counts.left += 1);
        self.run.tell(format!("{} {}", effect.kind.name(), effect.what), why);
        self.record(effect, EffectEnd::Left { why: why.to_owned() }).await
    }
}
