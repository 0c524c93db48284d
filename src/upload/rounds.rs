//! Beginning conversations: so many at once, each a task; and again those that were left for a passing reason.

use super::conversation::Conversation;
use super::queue::Queue;
use super::{Shared, Stop};
use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

/// How often a run goes through what is left, at most: a conversation that was left for a passing reason is begun again after
/// all others, as long as Front takes anything at all.
pub(super) const MOST: u32 = 3;

pub(super) struct Rounds {
    shared: Arc<Shared>,
    open: Arc<Semaphore>,
    most: u32,
    conversations: JoinSet<()>,
    panic: Option<Box<dyn Any + Send>>,
}

impl Rounds {
    /// At most `open` conversations at once, and `most` rounds.
    pub(super) fn new(shared: Arc<Shared>, open: usize, most: u32) -> Self {
        let open = Arc::new(Semaphore::new(open));
        Self { shared, open, most, conversations: JoinSet::new(), panic: None }
    }

    /// Sends everything that is left, until nothing moves any more or the run is cancelled.
    pub(super) async fn send(&mut self, mut queue: Queue) {
        for round in 1..=self.most {
            let accepted_before = self.shared.accepted.load(Ordering::Relaxed);
            self.round(queue).await;
            let is_moving = self.shared.accepted.load(Ordering::Relaxed) > accepted_before;
            let is_over = self.shared.left().is_empty() || self.shared.cancellation.is_cancelled();
            if is_over || !is_moving || round == self.most {
                return;
            }
            queue = match Queue::of(&self.shared.ledger, BTreeSet::new()) {
                Ok(queue) => queue.only_unanswered(self.shared.only_unanswered),
                Err(error) => return self.shared.stop(Stop::Ledger(Arc::new(error))),
            };
        }
    }

    async fn round(&mut self, mut queue: Queue) {
        while !self.shared.cancellation.is_cancelled() {
            let Ok(slot) = Arc::clone(&self.open).acquire_owned().await else { break };
            match queue.next(&self.shared.ledger) {
                Ok(Some(run)) => {
                    let conversation = Conversation::new(Arc::clone(&self.shared), run);
                    self.conversations.spawn(async move {
                        conversation.send().await;
                        drop(slot);
                    });
                }
                Ok(None) => break,
                Err(error) => self.shared.stop(Stop::Ledger(Arc::new(error))),
            }
            while let Some(conversation) = self.conversations.try_join_next() {
                self.ended(conversation);
            }
        }
        while let Some(conversation) = self.conversations.join_next().await {
            self.ended(conversation);
        }
    }

    fn ended(&mut self, conversation: Result<(), JoinError>) {
        if let Some(found) = conversation.err().and_then(|error| error.try_into_panic().ok()) {
            self.shared.cancellation.cancel();
            self.panic.get_or_insert(found);
        }
    }

    /// Lets go of all that is shared. Gives the first panic of a conversation.
    pub(super) fn end(self) -> Option<Box<dyn Any + Send>> {
        self.panic
    }
}
