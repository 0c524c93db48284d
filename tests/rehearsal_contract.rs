//! The embedded Front, driven over HTTP with requests written by hand: nothing of the client takes part.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod rehearsal {
    pub(crate) mod answers;
    pub(crate) mod api;
    pub(crate) mod channels;
    pub(crate) mod comments;
    pub(crate) mod company;
    pub(crate) mod connections;
    pub(crate) mod contacts;
    pub(crate) mod contents;
    pub(crate) mod conversations;
    pub(crate) mod events;
    pub(crate) mod ids;
    pub(crate) mod import;
    pub(crate) mod incoming;
    pub(crate) mod independence;
    pub(crate) mod links;
    pub(crate) mod misbehaviour;
    pub(crate) mod notes;
    pub(crate) mod rates;
    pub(crate) mod refusals;
    pub(crate) mod stored;
    pub(crate) mod support;
    pub(crate) mod tags;
    pub(crate) mod web;
}
