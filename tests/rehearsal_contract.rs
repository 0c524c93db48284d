//! The embedded Front, driven over HTTP with requests written by hand: nothing of the client takes part.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod rehearsal {
    pub(crate) mod answers;
    pub(crate) mod api;
    pub(crate) mod connections;
    pub(crate) mod ids;
    pub(crate) mod import;
    pub(crate) mod independence;
    pub(crate) mod misbehaviour;
    pub(crate) mod refusals;
    pub(crate) mod stored;
    pub(crate) mod support;
    pub(crate) mod web;
}
