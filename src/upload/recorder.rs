//! The one writer of outcomes while sending: they get their order here.
//!
//! Marks that wait together are committed together, so that one sync to disk serves all requests in
//! flight; a slow disk slows the senders and nothing else.

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
    pub(super) fn start(ledger: &Arc<Ledger>) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (marks, receiver) = mpsc::channel(WAITING);
        let writer = Arc::clone(ledger);
        let thread =
            std::thread::Builder::new().name("recorder".to_owned()).spawn(move || record(&writer, receiver))?;
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

fn record(ledger: &Ledger, mut marks: mpsc::Receiver<Mark>) {
    let mut summed_up = Instant::now();
    while let Some(first) = marks.blocking_recv() {
        let mut changes = Vec::new();
        let mut waiting = Vec::new();
        let mut next = Some(first);
        while let Some(Mark { position, state, done }) = next {
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
            let _ = ledger.write_summary("sending", serde_json::Value::Null);
            summed_up = Instant::now();
        }
    }
}
