//! Recording what was seen: marks that wait together are committed together, so that one sync to disk serves many
//! conversations.

use crate::ledger::{Ledger, LedgerError, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Marks committed at once, at most, beyond those of one conversation.
const GROUP: usize = 256;

/// Conversations waiting to be recorded, at most.
const WAITING: usize = 1024;

/// Between two summaries for `status`.
const SUMMARY_EVERY: Duration = Duration::from_secs(1);

/// The outcome of a group, shared by all that waited for it.
type Marked = Result<(), Arc<LedgerError>>;

/// Changes of one conversation.
struct Group {
    changes: Vec<(u64, State)>,
    done: oneshot::Sender<Marked>,
}

/// A handle for recording.
#[derive(Clone)]
pub(super) struct Marks {
    groups: mpsc::Sender<Group>,
    is_alone: Arc<AtomicBool>,
    ledger: Arc<Ledger>,
}

impl Marks {
    /// Starts a task that ends when the last handle is gone.
    pub(super) fn start(ledger: &Arc<Ledger>) -> (Self, tokio::task::JoinHandle<()>) {
        let (groups, receiver) = mpsc::channel(WAITING);
        let is_alone = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(record(Arc::clone(ledger), receiver, Arc::clone(&is_alone)));
        (Self { groups, is_alone, ledger: Arc::clone(ledger) }, task)
    }

    /// Nobody sends any more: the summary for `status` is written here from now on.
    pub(super) fn go_on_alone(&self) {
        self.is_alone.store(true, Ordering::Relaxed);
    }

    /// Records states; they are durable when this returns.
    pub(super) async fn mark(&self, changes: Vec<(u64, State)>) -> Marked {
        if changes.is_empty() {
            return Ok(());
        }
        let (done, answer) = oneshot::channel();
        let gone = || Arc::new(LedgerError::Broken { path: self.ledger.dir().to_owned() });
        self.groups.send(Group { changes, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn record(ledger: Arc<Ledger>, mut groups: mpsc::Receiver<Group>, is_alone: Arc<AtomicBool>) {
    let mut summed_up = Instant::now();
    while let Some(first) = groups.recv().await {
        let mut changes = first.changes;
        let mut waiting = vec![first.done];
        while changes.len() < GROUP
            && let Ok(group) = groups.try_recv()
        {
            changes.extend(group.changes);
            waiting.push(group.done);
        }
        let is_due = is_alone.load(Ordering::Relaxed) && summed_up.elapsed() >= SUMMARY_EVERY;
        let writer = Arc::clone(&ledger);
        let marked = tokio::task::spawn_blocking(move || {
            let marked = writer.mark(&changes).map_err(Arc::new);
            if is_due {
                // A summary that cannot be written leaves `status` behind, no more.
                let _ = writer.write_summary("confirming", serde_json::Value::Null);
            }
            marked
        });
        // A panic, or a runtime that shuts down: whoever waits hears that the ledger is gone.
        let Ok(marked) = marked.await else { return };
        if is_due {
            summed_up = Instant::now();
        }
        for done in waiting {
            // Whoever no longer waits reads the outcome from the ledger.
            let _ = done.send(marked.clone());
        }
    }
}
