//! Records what became of steps, off the threads that wait for Front: a sync to disk takes its time.

use super::{Halt, Stop};
use crate::ledger::{EffectChange, Ledger, State};
use std::sync::Arc;

pub(super) struct Recorder {
    ledger: Arc<Ledger>,
}

impl Recorder {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }

    /// Records effects; durable when this returns.
    pub(super) async fn effects(&self, changes: Vec<EffectChange>) -> Result<(), Halt> {
        let ledger = Arc::clone(&self.ledger);
        joined(tokio::task::spawn_blocking(move || ledger.record(changes)).await)
    }

    /// Records states of comments; durable when this returns.
    pub(super) async fn states(&self, changes: Vec<(u64, State)>) -> Result<(), Halt> {
        let ledger = Arc::clone(&self.ledger);
        joined(tokio::task::spawn_blocking(move || ledger.mark(&changes)).await)
    }
}

fn joined<T, E: Into<Stop>>(result: Result<Result<T, E>, tokio::task::JoinError>) -> Result<T, Halt> {
    match result {
        Ok(result) => result.map_err(|error| Halt::Stop(error.into())),
        Err(_) => Err(Halt::Stop(Stop::Panicked)),
    }
}
