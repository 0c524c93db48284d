//! Records what became of things, off the threads that wait for Front: a sync to disk takes its time.

use super::{Halt, Stop};
use crate::ledger::{Effect, EffectChange, EffectEnd, Ledger};
use std::sync::Arc;

pub(super) struct Recorder {
    ledger: Arc<Ledger>,
}

impl Recorder {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }

    /// Records what became of something; durable when this returns.
    pub(super) async fn record(&self, effect: &Effect, end: EffectEnd) -> Result<(), Halt> {
        let ledger = Arc::clone(&self.ledger);
        let change = EffectChange { effect: effect.clone(), conversation: None, end };
        match tokio::task::spawn_blocking(move || ledger.record([change])).await {
            Ok(recorded) => recorded.map_err(Halt::from),
            Err(_) => Err(Halt::Stop(Stop::Panicked)),
        }
    }
}
