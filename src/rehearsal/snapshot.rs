//! What the server has counted.

use std::collections::BTreeMap;
use std::time::Duration;

/// The state of the embedded Front at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Messages stored.
    pub messages: u64,
    /// Conversations made.
    pub conversations: u64,
    /// Imports whose `external_id` was known already; nothing was stored for them.
    pub repeats: u64,
    /// Those repeats whose inbox or content differed from what was stored: a client that resends must send the same.
    pub changed_repeats: u64,
    /// Imports answered with 400, 404, 413 or another refusal of this one request.
    pub refused: u64,
    /// Calls answered with 429 because the limit a minute was used up.
    pub over_limit: u64,
    /// Calls answered with 429 because one resource was asked too often within a second, with calls left otherwise.
    pub over_resource: u64,
    /// Searches answered with 429 because their part of the limit a minute was used up.
    pub over_search: u64,
    /// Messages that came before the first message of their thread existed: in Front such may race into two
    /// conversations, and with [`Faults::race_firsts`](super::Faults::race_firsts) they do here.
    pub hurried: u64,
    /// Imports answered 202 of which nothing is kept because their `external_id` was used up before.
    pub burnt: u64,
    /// Messages lost after their 202.
    pub lost: u64,
    /// Imports that came with the right token, each attempt.
    pub imports: u64,
    /// All other calls that came with the right token.
    pub reads: u64,
    /// From the first of these calls to the last.
    pub span: Duration,
    /// Most of these calls that passed within one window of a minute.
    pub busiest_window: u64,
    /// Requests of the live team.
    pub others_asked: u64,
    /// Those of them that were refused because the limit was used up.
    pub others_refused: u64,
    /// By the name of the fault, how many calls it took effect on.
    pub faults: BTreeMap<String, u64>,
    /// Bytes of bodies and files that are kept.
    pub kept_bytes: u64,
    /// Most that may be.
    pub keep_limit: u64,
    /// Messages of which neither body nor files were kept.
    pub forgotten: u64,
    /// The inboxes in the order in which they were set up.
    pub inboxes: Vec<InboxCount>,
}

/// One inbox and what lies in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxCount {
    /// `inb_…`
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// Messages stored.
    pub messages: u64,
    /// Conversations made.
    pub conversations: u64,
}
