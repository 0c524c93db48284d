//! How a run tells its waiting requests to give up.

use std::sync::Arc;

use tokio::sync::watch;

/// Shared by all who wait for Front: once cancelled, nobody begins another attempt. A request that is already on the
/// wire is not cut off, because its answer is worth more than the seconds it takes.
#[derive(Debug, Clone)]
pub struct Cancellation {
    cancelled: Arc<watch::Sender<bool>>,
}

impl Cancellation {
    /// Not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self { cancelled: Arc::new(watch::Sender::new(false)) }
    }

    /// Cancels for all clones, for good. May be called from any thread.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Returns when cancelled.
    pub async fn cancelled(&self) {
        // An error would mean that the sender is gone, and `self` holds it.
        let _ = self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

impl Default for Cancellation {
    fn default() -> Self {
        Self::new()
    }
}
