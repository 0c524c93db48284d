//! What `prepare` will do, as far as it is known without asking Front: figures, and what it costs at most.

use serde::{Deserialize, Serialize};

/// Somebody's contact is looked up, and made or completed.
const PER_PERSON: u64 = 2;

/// What is made in Front before the import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparing {
    /// People whose contacts are made or completed.
    pub people: u64,
    /// Tags that must be there.
    pub tags: u64,
    /// Requests that all of it takes, at most.
    pub requests: u64,
}

impl Preparing {
    pub(super) fn of(people: u64, tags: u64) -> Self {
        Self { people, tags, requests: people * PER_PERSON + tags }
    }
}
