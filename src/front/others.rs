//! What else of one kind is under way, and when any of it last succeeded: tells an outage from a request that Front cannot
//! digest.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Requests of one kind.
#[derive(Debug, Default)]
pub(super) struct Others {
    under_way: AtomicUsize,
    last_success: Mutex<Option<Instant>>,
}

impl Others {
    /// One more, until what is given is dropped.
    pub(super) fn join(&self) -> Present<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    /// Whether no second one is under way.
    pub(super) fn is_alone(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) <= 1
    }

    pub(super) fn succeeded(&self) {
        *self.last_success.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn last_success(&self) -> Option<Instant> {
        *self.last_success.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that is under way.
pub(super) struct Present<'o>(&'o Others);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
