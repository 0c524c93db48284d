//! Sending and confirming side by side, and the one conversation that a first import begins with.

use super::budget::Clock;
use super::confirmation::Confirmation;
use super::exit::Failure;
use super::sending::{Pace, Sent};
use crate::event::Observer;
use crate::front::{Cancellation, Client};
use crate::ledger::{Ledger, LedgerError, State};
use crate::plan::Rebuilder;
use crate::upload::{self, Doubted, Ending, Job, Stop};
use crate::verify::{self, Resend, Scope, Timing, first_conversation};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Conversations that are tried for the check that comes before all others are sent.
const FIRSTS: usize = 10;

/// Sends and confirms.
pub(super) struct Sender {
    pub(super) ledger: Arc<Ledger>,
    pub(super) rebuilder: Rebuilder,
    pub(super) client: Client,
    pub(super) inboxes: BTreeMap<String, String>,
    pub(super) pace: Pace,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) cancellation: Cancellation,
}

impl Sender {
    /// Sends everything that is left, and looks for it; a first import begins with one conversation.
    pub(super) async fn send_and_confirm(self) -> Result<Sent, Failure> {
        let clock = Clock::start(self.pace.until, &self.cancellation);
        let doubted = Doubted::of(&self.ledger)?;
        let ledger = Arc::clone(&self.ledger);
        // Nothing waits for it while there is something to send.
        let otherwise = tokio::task::spawn_blocking(move || doubted.sent_otherwise(&ledger));
        let mut confirmation = Confirmation::default();
        let (accepted, ending) = self.one_after_another(&mut confirmation).await?;
        // It fails to be joined only where a panic was told on its way.
        let otherwise = otherwise.await.unwrap_or(Ok(0))?;
        let (looks, is_late) = (self.pace.patience.is_some(), clock.has_struck());
        let only_unanswered = self.pace.only_unanswered;
        Ok(Sent { ledger: self.ledger, accepted, otherwise, looks, is_late, only_unanswered, ending, confirmation })
    }

    /// Gives how many messages Front accepted, and how it ended.
    async fn one_after_another(&self, confirmation: &mut Confirmation) -> Result<(u64, Ending), Failure> {
        let Some(patience) = self.pace.patience else {
            let outcome = self.upload(None, None).await;
            return Ok((outcome.accepted, outcome.ending));
        };
        let timing = Timing::of(self.pace.settle, patience);
        let mut accepted = 0;
        // What was sent already needs no first conversation.
        if !self.pace.only_unanswered
            && let Some(ending) = self.check_first(timing, confirmation, &mut accepted).await?
        {
            return Ok((accepted, ending));
        }
        let (settled, heard) = mpsc::unbounded_channel();
        let look = self.look(Scope::Beside(heard), Some(self.resend()), timing);
        let look = verify::run(look, self.observer.clone(), self.cancellation.clone());
        let upload = async {
            let outcome = self.upload(None, Some(settled)).await;
            if !matches!(outcome.ending, Ending::Finished) {
                self.cancellation.cancel();
            }
            outcome
        };
        let (outcome, seen) = tokio::join!(upload, look);
        accepted += outcome.accepted;
        let ending = match (outcome.ending, confirmation.take(seen)) {
            // Each stops the other: the one that was not told to stop knows why.
            (Ending::Finished | Ending::Interrupted, seen @ Ending::Spent) | (Ending::Finished, seen) => seen,
            (ending, _) => ending,
        };
        Ok((accepted, ending))
    }

    /// A first import sends one conversation and looks before it sends any other. Gives why to send no more.
    async fn check_first(
        &self,
        timing: Timing,
        confirmation: &mut Confirmation,
        accepted: &mut u64,
    ) -> Result<Option<Ending>, Failure> {
        let mut refusals = Refusals::default();
        while let Some(first) = first_conversation(&self.ledger)? {
            // What is to be sent once more of it goes first, too: otherwise the look would fail as it did before.
            let is_again = self.pace.again.range(first.range.clone()).next().is_some();
            if !first.was_sent || is_again {
                let outcome = self.upload(Some(first.range.clone()), None).await;
                *accepted += outcome.accepted;
                if !matches!(outcome.ending, Ending::Finished) {
                    return Ok(Some(outcome.ending));
                }
                if outcome.accepted == 0 && !first.was_sent {
                    // One of which Front takes nothing checks nothing; the next one may.
                    if let Some(stop) = refusals.add(&self.ledger, &first.range)? {
                        return Ok(Some(Ending::Stopped(stop)));
                    }
                    continue;
                }
            }
            let resend = first.was_sent.then(|| self.resend());
            let look = self.look(Scope::Only(first.range.clone()), resend, timing);
            let outcome = verify::run(look, self.observer.clone(), self.cancellation.clone()).await;
            match confirmation.take(outcome) {
                Ending::Finished if confirmation.is_first_good(&self.ledger, &first.range)? => {}
                Ending::Finished => return Ok(Some(Ending::Interrupted)),
                ending => return Ok(Some(ending)),
            }
        }
        Ok(None)
    }

    async fn upload(
        &self,
        only: Option<Range<u64>>,
        settled: Option<mpsc::UnboundedSender<Range<u64>>>,
    ) -> upload::Outcome {
        let job = Job {
            ledger: Arc::clone(&self.ledger),
            rebuilder: self.rebuilder.clone(),
            client: self.client.clone(),
            inboxes: self.inboxes.clone(),
            in_flight: self.pace.in_flight,
            bytes: upload::BYTES,
            settle: self.pace.settle,
            again: match &only {
                Some(range) => self.pace.again.range(range.clone()).copied().collect(),
                None => self.pace.again.clone(),
            },
            only_unanswered: self.pace.only_unanswered,
            only,
            settled,
        };
        upload::run(job, self.observer.clone(), self.cancellation.clone()).await
    }

    fn look(&self, scope: Scope, resend: Option<Resend>, timing: Timing) -> verify::Job {
        verify::Job {
            ledger: Arc::clone(&self.ledger),
            sight: Arc::new(self.client.clone()),
            scope,
            resend,
            in_flight: self.pace.in_flight,
            timing,
        }
    }

    fn resend(&self) -> Resend {
        Resend { rebuilder: self.rebuilder.clone(), inboxes: self.inboxes.clone() }
    }
}

/// Refusals before anything was accepted, in conversations that were sent one by one.
#[derive(Default)]
struct Refusals {
    conversations: usize,
    messages: u64,
    causes: BTreeMap<String, u64>,
}

impl Refusals {
    /// Counts those of a conversation; says whether to stop.
    fn add(&mut self, ledger: &Ledger, range: &Range<u64>) -> Result<Option<Stop>, LedgerError> {
        self.conversations += 1;
        for item in ledger.states(range.clone())? {
            if let State::Refused { cause, .. } = item?.1 {
                self.messages += 1;
                *self.causes.entry(cause).or_default() += 1;
            }
        }
        if self.conversations < FIRSTS {
            return Ok(None);
        }
        let what =
            format!("Front took nothing of {FIRSTS} conversations and refused {} messages in a row", self.messages);
        let commonest = self.causes.iter().max_by_key(|(_, count)| **count).map(|(cause, _)| cause.clone());
        let commonest = commonest.unwrap_or_else(|| "no usable answer".to_owned());
        Ok(Some(Stop::Refusals { what, commonest }))
    }
}
