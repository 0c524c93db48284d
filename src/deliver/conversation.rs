//! One conversation: its messages one after the other, each seen before the next goes, since Front dates them by their arrival.

use super::{MOST_LOST, Shared, is_unknown};
use crate::front::{FrontError, Outcome};
use crate::ledger::{LedgerError, Reached, State, Verdict};
use crate::stage::{self, Halt, Stop, apart};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// The longest pause between two looks for a message.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(super) struct Conversation {
    shared: Arc<Shared>,
    positions: Range<u64>,
}

impl Conversation {
    pub(super) fn new(shared: Arc<Shared>, positions: Range<u64>) -> Self {
        Self { shared, positions }
    }

    pub(super) async fn deliver(self) -> Result<(), Halt> {
        let ledger = &self.shared.job.ledger;
        let reached: Vec<(u64, Reached)> =
            ledger.reached(self.positions.clone())?.collect::<Result<_, LedgerError>>()?;
        for (position, reached) in reached {
            if self.shared.run.cancellation.is_cancelled() {
                return Err(Halt::Cancelled);
            }
            match reached {
                Reached::Accepted => self.see_again(position).await?,
                Reached::Planned => self.post(position).await?,
                unknown if is_unknown(unknown) && self.shared.job.again.contains(&position) => {
                    self.post(position).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn post(&self, position: u64) -> Result<(), Halt> {
        let job = &self.shared.job;
        let entry = job.ledger.entry(position)?;
        let Verdict::Planned(planned) = &entry.verdict else { return Ok(()) };
        let channel = planned.inbox.clone();
        let rebuilder = job.rebuilder.clone();
        let body = apart(move || rebuilder.delivery(&entry)).await?.request.encode();
        self.mark(position, State::Sending).await?;
        let called = match job.client.deliver(&channel, &body, &self.shared.run.cancellation).await {
            Ok(called) => called.outcome,
            Err(error) => return Err(self.stopped(position, error).await),
        };
        match called {
            Outcome::Done(uid) => {
                self.shared.lost.store(0, Ordering::Relaxed);
                self.mark(position, State::Accepted { uid: uid.clone() }).await?;
                self.shared.run.count(|counts| counts.delivered += 1);
                self.see(position, &uid).await
            }
            Outcome::Refused { status, cause } => {
                self.shared.run.count(|counts| counts.refused += 1);
                self.mark(position, State::Refused { status, cause }).await
            }
            Outcome::Absent { cause } => {
                self.mark(position, State::Planned).await?;
                Err(Halt::Stop(Stop::Channel { channel, cause }))
            }
            // Only what certainly did nothing is tried again and again.
            Outcome::Failed { cause, .. } => {
                self.mark(position, State::Planned).await?;
                Err(Halt::Later(cause))
            }
            Outcome::Cancelled => {
                self.mark(position, State::Planned).await?;
                Err(Halt::Cancelled)
            }
            Outcome::Lost { why } => self.lost(position, why).await,
        }
    }

    /// Nobody knows whether Front has it. What follows waits until Front answers anything at all.
    async fn lost(&self, position: u64, why: String) -> Result<(), Halt> {
        self.shared.run.count(|counts| counts.unknown += 1);
        self.mark(position, State::Unknown { why: why.clone() }).await?;
        if self.shared.lost.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_LOST {
            return Err(Halt::Stop(Stop::Silent { lost: MOST_LOST, why }));
        }
        self.shared.job.client.me().await?;
        Ok(())
    }

    /// The run must stop. What Front certainly has not taken is still to be delivered.
    async fn stopped(&self, position: u64, error: FrontError) -> Halt {
        let state = if error.did_nothing() { State::Planned } else { State::Unknown { why: error.to_string() } };
        match self.mark(position, state).await {
            Ok(()) => error.into(),
            Err(halt) => halt,
        }
    }

    /// Looks for what an earlier run delivered.
    async fn see_again(&self, position: u64) -> Result<(), Halt> {
        match self.shared.job.ledger.state(position)? {
            State::Accepted { uid } => self.see(position, &uid).await,
            _ => Ok(()),
        }
    }

    /// Looks until the message is there. It is never called missing: that would ask for sending it again.
    async fn see(&self, position: u64, uid: &str) -> Result<(), Halt> {
        let job = &self.shared.job;
        let (begun, mut pause) = (Instant::now(), job.pause);
        loop {
            if let Some(message) = job.client.message_by_uid(uid).await? {
                let conversation_id = message.conversation_id.unwrap_or_default();
                let confirmed = State::Confirmed { message_id: message.id, conversation_id, differs: None };
                self.shared.run.count(|counts| counts.seen += 1);
                return self.mark(position, confirmed).await;
            }
            if begun.elapsed() >= job.patience {
                return Err(Halt::Later(format!("Front accepted a message (uid {uid}) that is not there yet")));
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.shared.run.cancellation.cancelled() => return Err(Halt::Cancelled),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Durable when this returns.
    async fn mark(&self, position: u64, state: State) -> Result<(), Halt> {
        stage::mark(&self.shared.job.ledger, vec![(position, state)]).await
    }
}
