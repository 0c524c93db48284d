//! What `finish` will do: figures, and what it costs.

use crate::ledger::Finish;
use serde::{Deserialize, Serialize};

/// Links that Front attaches with one request.
const LINKS_AT_ONCE: u64 = 10;

/// What conversations get once all of their messages are in Front.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finishing {
    /// Conversations that get anything.
    pub conversations: u64,
    /// Notes that become comments.
    pub comments: u64,
    /// Links that are attached.
    pub links: u64,
    /// Conversations that get tags which they were sent without.
    pub tagged: u64,
    /// Conversations that are archived, or opened again, because they were sent otherwise.
    pub archived: u64,
    /// Conversations that get a ticket status.
    pub statuses: u64,
    /// Conversations that get custom fields.
    pub custom_fields: u64,
    /// Conversations that somebody follows from then on.
    pub followed: u64,
    /// Requests that all of it takes, at most.
    pub requests: u64,
}

impl Finishing {
    /// Adds what one conversation gets beside its comments.
    pub(super) fn add(&mut self, finish: &Finish) {
        if finish.is_empty() {
            return;
        }
        let Finish { links, is_archived, tags, status, custom_fields, followers } = finish;
        let links = links.len() as u64;
        let one = |is_so: bool| u64::from(is_so);
        self.conversations += 1;
        self.links += links;
        self.tagged += one(!tags.is_empty());
        self.archived += one(is_archived.is_some());
        self.statuses += one(status.is_some());
        self.custom_fields += one(!custom_fields.is_empty());
        self.followed += one(!followers.is_empty());
        let has_state = is_archived.is_some() || status.is_some() || !custom_fields.is_empty();
        // A look at the conversation; each link by itself, since only so it gets its name, and all of them to the conversation.
        self.requests += 1 + links + links.div_ceil(LINKS_AT_ONCE) + one(!tags.is_empty()) + one(has_state);
        self.requests += one(!followers.is_empty());
    }

    /// Adds the comments of one conversation: a look at those that are there, and each of them.
    pub(super) fn add_comments(&mut self, comments: u64) {
        self.comments += comments;
        self.requests += 1 + comments;
    }
}
