//! The one owner of the ledger while sending: outcomes get their order here.
//!
//! Marks that wait together are committed together, so that one sync to disk serves all requests in
//! flight; a slow disk slows the senders and nothing else.

use crate::ledger::{Entry, Ledger, LedgerError, State, Verdict};
use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Marks committed at once, at most.
const GROUP: usize = 256;

/// Commands waiting, at most: a few for every conversation that may be open.
const WAITING: usize = 4096;

/// Between two summaries for `status`.
const SUMMARY_EVERY: Duration = Duration::from_secs(1);

/// What is left to send of one conversation, oldest first. Only places: a conversation may be huge.
#[derive(Debug)]
pub(super) struct Run {
    /// Position in the send order, and the state an answer that never comes leaves the message in.
    pub items: Vec<(u64, State)>,
    /// None of its messages was ever accepted: Front does not know the ref yet.
    pub is_new: bool,
}

enum Command {
    Mark { position: u64, state: State, done: oneshot::Sender<Result<(), Arc<LedgerError>>> },
    Next { reply: oneshot::Sender<Result<Option<Run>, LedgerError>> },
    Entry { position: u64, reply: oneshot::Sender<Result<Option<Entry>, LedgerError>> },
}

/// A handle for asking the recorder.
#[derive(Clone)]
pub(super) struct Recorder {
    commands: mpsc::Sender<Command>,
}

/// The recorder's thread.
pub(super) struct RecorderThread(JoinHandle<Ledger>);

impl RecorderThread {
    /// Waits until every handle is gone and the ledger is at rest.
    pub(super) fn join(self) -> Result<Ledger, LedgerError> {
        self.0.join().map_err(|_| LedgerError::io("the recorder", std::io::Error::other("its thread panicked")))
    }
}

impl Recorder {
    /// Starts the thread.
    pub(super) fn start(ledger: Ledger) -> Result<(Self, RecorderThread), LedgerError> {
        let (commands, receiver) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || record(ledger, receiver))
            .map_err(|error| LedgerError::io("the recorder", error))?;
        Ok((Self { commands }, RecorderThread(thread)))
    }

    /// Records a state; returns when it is durable.
    pub(super) async fn mark(&self, position: u64, state: State) -> Result<(), Arc<LedgerError>> {
        let (done, answer) = oneshot::channel();
        let gone = || Arc::new(LedgerError::io("the recorder", std::io::Error::other("it has stopped")));
        self.commands.send(Command::Mark { position, state, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// The next conversation with something to send, in send order.
    pub(super) async fn next(&self) -> Result<Option<Run>, LedgerError> {
        self.ask(|reply| Command::Next { reply }).await
    }

    /// The entry at a position.
    pub(super) async fn entry(&self, position: u64) -> Result<Option<Entry>, LedgerError> {
        self.ask(|reply| Command::Entry { position, reply }).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, LedgerError>>) -> Command,
    ) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        let gone = || LedgerError::io("the recorder", std::io::Error::other("it has stopped"));
        self.commands.send(command(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn record(mut ledger: Ledger, mut commands: mpsc::Receiver<Command>) -> Ledger {
    let mut cursor = Cursor::new(&ledger);
    let mut summed_up = Instant::now();
    while let Some(first) = commands.blocking_recv() {
        let mut marks = Vec::new();
        let mut acknowledgements = Vec::new();
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Mark { position, state, done } => {
                    marks.push((position, state));
                    acknowledgements.push(done);
                }
                Command::Next { reply } => {
                    let _ = reply.send(cursor.next(&ledger));
                }
                Command::Entry { position, reply } => {
                    let _ = reply.send(ledger.entry(position));
                }
            }
            next = if marks.len() < GROUP { commands.try_recv().ok() } else { None };
        }
        if !marks.is_empty() {
            let result = ledger.mark(&marks).map_err(Arc::new);
            for done in acknowledgements {
                let _ = done.send(result.clone());
            }
        }
        if summed_up.elapsed() >= SUMMARY_EVERY {
            // A summary that cannot be written leaves `status` behind, no more.
            let _ = ledger.write_summary();
            summed_up = Instant::now();
        }
    }
    ledger
}

/// Where handing out stands. Positions only grow: what fails in this run is taken up in the next.
struct Cursor {
    positions: Range<u64>,
}

impl Cursor {
    fn new(ledger: &Ledger) -> Self {
        let end = ledger.plan().map_or(0, |plan| plan.planned);
        Self { positions: ledger.first_open().min(end)..end }
    }

    /// Walks on to the end of the next conversation that has something to send. The send order keeps
    /// conversations together.
    fn next(&mut self, ledger: &Ledger) -> Result<Option<Run>, LedgerError> {
        let mut run = Run { items: Vec::new(), is_new: true };
        let mut current: Option<String> = None;
        while let Some(position) = self.positions.clone().next() {
            let Some(Entry { verdict: Verdict::Planned(planned), .. }) = ledger.entry(position)? else { break };
            if current.as_ref().is_some_and(|current| *current != planned.thread_ref) {
                if !run.items.is_empty() {
                    break;
                }
                run.is_new = true;
            }
            current = Some(planned.thread_ref);
            self.positions.start = position + 1;
            match ledger.state(position)? {
                State::Accepted { .. } | State::Confirmed { .. } => run.is_new = false,
                State::Refused { .. } => {}
                State::Planned => run.items.push((position, State::Planned)),
                State::Sending => {
                    run.items.push((position, State::Unknown { why: "sent in an earlier run, no answer seen".to_owned() }));
                }
                unknown @ State::Unknown { .. } => run.items.push((position, unknown)),
            }
        }
        // What may be in Front already goes first, so that nothing newer overtakes it.
        run.items.sort_by_key(|(_, before)| !matches!(before, State::Unknown { .. }));
        Ok((!run.items.is_empty()).then_some(run))
    }
}
