//! Sending one conversation: oldest first, one request at a time.

use super::queue::{Known, Run};
use super::{Ending, Left, Shared, Stop, units};
use crate::event::{Event, Limit};
use crate::front::{Answer, StopCause};
use crate::ledger::{Entry, State, Verdict};
use crate::plan::Rebuilt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Begins the cause of a message that was set aside because the server failed on it: it may be in Front.
const SERVER: &str = "Front failed on it again and again, and not on others";

pub(super) struct Conversation {
    shared: Arc<Shared>,
    run: Run,
}

/// Whether the conversation's next message may be sent.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Front took one: its successor may follow, after `settle` if it was the first.
    Accepted,
    /// Front will never take it; the rest of the conversation goes on.
    Refused,
    /// Its fate is open, or the run stops: nothing newer may overtake it.
    Leave,
}

impl Conversation {
    pub(super) fn new(shared: Arc<Shared>, run: Run) -> Self {
        Self { shared, run }
    }

    pub(super) async fn send(mut self) {
        let range = self.run.range.clone();
        let earlier = self.shared.left().remove(&range.start);
        let (accepted, is_through) = self.send_all().await;
        let accepted = accepted || earlier.is_some_and(|left| left.accepted);
        if is_through {
            self.shared.settled(range, accepted);
        } else {
            self.shared.left().insert(range.start, Left { range, accepted });
        }
    }

    /// Sends what is left. Was anything accepted, and is all of it decided?
    async fn send_all(&mut self) -> (bool, bool) {
        let mut is_new = self.run.conversation == Known::New;
        let positions = std::mem::take(&mut self.run.positions);
        let last = positions.len().saturating_sub(1);
        if self.run.conversation == Known::Accepted {
            // A restart does not make Front any faster.
            self.settle().await;
        }
        let mut accepted = false;
        for (at, position) in positions.into_iter().enumerate() {
            if self.shared.cancellation.is_cancelled() {
                return (accepted, false);
            }
            match self.send_one(position).await {
                Next::Accepted => {
                    accepted = true;
                    if is_new && at < last {
                        is_new = false;
                        self.settle().await;
                    }
                }
                Next::Refused => {}
                Next::Leave => return (accepted, false),
            }
        }
        (accepted, true)
    }

    /// Gives Front the time to make the conversation that it has accepted a message of.
    async fn settle(&self) {
        tokio::select! {
            () = tokio::time::sleep(self.shared.settle) => {}
            () = self.shared.cancellation.cancelled() => {}
        }
    }

    async fn send_one(&self, position: u64) -> Next {
        let shared = &self.shared;
        let entry = match shared.ledger.entry(position) {
            Ok(entry) => entry,
            Err(error) => {
                shared.stop(Stop::Ledger(Arc::new(error)));
                return Next::Leave;
            }
        };
        let Verdict::Planned(planned) = &entry.verdict else { return Next::Leave };
        let Some(inbox) = shared.inboxes.get(&planned.inbox).cloned() else {
            shared.stop(Stop::Inbox(planned.inbox.clone()));
            return Next::Leave;
        };
        let units = units(planned.size).min(shared.byte_units);
        let (Ok(_bytes), Ok(_request)) = (shared.bytes.acquire_many(units).await, shared.requests.acquire().await)
        else {
            return Next::Leave;
        };
        if shared.cancellation.is_cancelled() {
            return Next::Leave;
        }
        let external_id = planned.external_id.clone();
        let Some(rebuilt) = self.rebuild(entry).await else { return Next::Leave };
        if !self.mark(position, State::Sending).await {
            return Next::Leave;
        }
        let answer = shared.client.import(&inbox, &rebuilt.request, &shared.cancellation).await;
        if matches!(answer, Answer::Accepted { repeated: true, .. }) {
            for state in State::repeated() {
                if !self.mark(position, state).await {
                    return Next::Leave;
                }
            }
        }
        let (state, next) = self.judge(answer);
        let refusal = match &state {
            State::Refused { cause, .. } => Some(cause.clone()),
            _ => None,
        };
        self.tell(external_id, &state);
        if !self.mark(position, state).await {
            return Next::Leave;
        }
        self.count(&next, refusal);
        next
    }

    /// The request, made again where blocking does no harm.
    async fn rebuild(&self, entry: Entry) -> Option<Rebuilt> {
        let rebuilder = self.shared.rebuilder.clone();
        let asked = Instant::now();
        let rebuilt = tokio::task::spawn_blocking(move || rebuilder.request(&entry)).await;
        self.shared.client.waits().add(Limit::Disk, asked.elapsed());
        match rebuilt {
            Ok(Ok(rebuilt)) => Some(rebuilt),
            Ok(Err(error)) => {
                self.shared.stop(Stop::Source(error));
                None
            }
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(_) => None,
            },
        }
    }

    /// What an answer makes of a message. One that Front certainly did not take goes back to planned; the
    /// ledger makes that unknown if an earlier attempt was never answered.
    fn judge(&self, answer: Answer) -> (State, Next) {
        let unknown = |why: &str| (State::Unknown { why: why.to_owned() }, Next::Leave);
        match answer {
            Answer::Accepted { uid, .. } => (State::Accepted { uid }, Next::Accepted),
            Answer::Refused { status, cause } => (State::Refused { status, cause }, Next::Refused),
            // Without the number of attempts, so that equal causes add up.
            Answer::Poison { status, cause, .. } => {
                let cause = format!("{SERVER}: {cause}");
                (State::Refused { status: status.unwrap_or_default(), cause }, Next::Refused)
            }
            Answer::Unknown { why } => unknown(&why),
            Answer::Cancelled { .. } => (State::Planned, Next::Leave),
            Answer::Stop { cause, may_be_there } => {
                self.shared.end(match cause {
                    StopCause::Spent => Ending::Spent,
                    cause => Ending::Stopped(Stop::Front(cause)),
                });
                if may_be_there {
                    unknown("the run stopped before Front answered")
                } else {
                    (State::Planned, Next::Leave)
                }
            }
        }
    }

    async fn mark(&self, position: u64, state: State) -> bool {
        let asked = Instant::now();
        let marked = self.shared.recorder.mark(position, state).await;
        self.shared.client.waits().add(Limit::Disk, asked.elapsed());
        match marked {
            Ok(()) => true,
            Err(error) => {
                self.shared.stop(Stop::Ledger(error));
                false
            }
        }
    }

    /// Announces what became of a message, to whom wants to hear of each.
    fn tell(&self, external_id: String, state: &State) {
        if !self.shared.observer.wants_outcomes() {
            return;
        }
        let outcome = match state {
            State::Accepted { uid } => format!("accepted as {uid}"),
            State::Refused { status, .. } => format!("refused ({status})"),
            other => other.name().to_owned(),
        };
        self.shared.observer.event(Event::Outcome { external_id, outcome });
    }

    fn count(&self, next: &Next, refusal: Option<String>) {
        let mut breaker = self.shared.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match next {
            Next::Accepted => {
                breaker.accepted();
                self.shared.accepted.fetch_add(1, Ordering::Relaxed);
            }
            Next::Refused => {
                if let Some(trip) = breaker.refused(&refusal.unwrap_or_default()) {
                    self.shared.stop(Stop::Refusals { what: trip.what, commonest: trip.commonest });
                }
            }
            Next::Leave => return,
        }
        drop(breaker);
        self.shared.advance();
    }
}
