//! What the server has counted.

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
    /// Messages that joined a conversation before its first message existed: in Front such may race into two
    /// conversations.
    pub hurried: u64,
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
