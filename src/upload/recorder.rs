//! The one writer of outcomes while sending: they get their order here.
//!
//! Marks that wait together are committed together, so that one sync to disk serves all requests in
//! flight; a slow disk slows the senders and nothing else.

use crate::event::{Limit, Waits};
use crate::ledger::{Ledger, LedgerError, State};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Marks committed at once, at most.
const GROUP: usize = 256;

/// Marks waiting, at most: one for every request in flight, generously.
const WAITING: usize = 1024;

/// Between two summaries for `status`.
const SUMMARY_EVERY: Duration = Duration::from_secs(1);

/// The outcome of a group, shared by all that waited for it.
type Marked = Result<(), Arc<LedgerError>>;

struct Mark {
    position: u64,
    state: State,
    done: oneshot::Sender<Marked>,
}

/// A handle for recording. The thread ends when the last handle is gone.
pub(super) struct Recorder {
    marks: mpsc::Sender<Mark>,
    ledger_dir: PathBuf,
}

impl Recorder {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(
        ledger: &Arc<Ledger>,
        waits: &Arc<Waits>,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (marks, receiver) = mpsc::channel(WAITING);
        let (writer, waits) = (Arc::clone(ledger), Arc::clone(waits));
        let thread =
            std::thread::Builder::new().name("recorder".to_owned()).spawn(move || record(&writer, receiver, &waits))?;
        Ok((Self { marks, ledger_dir: ledger.dir().to_owned() }, thread))
    }

    /// Records a state; returns when it is durable.
    pub(super) async fn mark(&self, position: u64, state: State) -> Marked {
        let (done, answer) = oneshot::channel();
        let gone = || Arc::new(LedgerError::Broken { path: self.ledger_dir.clone() });
        self.marks.send(Mark { position, state, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// What a `status` beside the run tells of it.
fn details(accepted: u64, began: Instant, waits: &Waits) -> serde_json::Value {
    let limit = waits.chief().map(Limit::name);
    serde_json::json!({ "accepted": accepted, "seconds": began.elapsed().as_secs_f64(), "limited_by": limit })
}

fn record(ledger: &Ledger, mut marks: mpsc::Receiver<Mark>, waits: &Waits) {
    let began = Instant::now();
    let mut summed_up = began;
    let mut accepted = 0_u64;
    while let Some(first) = marks.blocking_recv() {
        let mut changes = Vec::new();
        let mut waiting = Vec::new();
        let mut next = Some(first);
        while let Some(Mark { position, state, done }) = next {
            accepted += u64::from(matches!(state, State::Accepted { .. }));
            changes.push((position, state));
            waiting.push(done);
            next = if changes.len() < GROUP { marks.try_recv().ok() } else { None };
        }
        let marked = ledger.mark(&changes).map_err(Arc::new);
        for done in waiting {
            // Whoever no longer waits has been cancelled, and reads the outcome from the ledger.
            let _ = done.send(marked.clone());
        }
        if summed_up.elapsed() >= SUMMARY_EVERY {
            // A summary that cannot be written leaves `status` behind, no more.
            let _ = ledger.write_summary("sending", details(accepted, began, waits));
            summed_up = Instant::now();
        }
    }
}
