//! What people get wrong, and what the program says to it: the exit code, what is wrong and where, what to do next, and
//! that Front received nothing. Run against the real program and an embedded Front in a process of its own.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

#[path = "mistakes/harness.rs"]
mod harness;

#[path = "mistakes/arguments.rs"]
mod arguments;
#[path = "mistakes/calls.rs"]
mod calls;
#[path = "mistakes/chats.rs"]
mod chats;
#[path = "mistakes/hostile.rs"]
mod hostile;
#[path = "mistakes/ledger.rs"]
mod ledger;
#[path = "mistakes/mapping.rs"]
mod mapping;
#[path = "mistakes/online.rs"]
mod online;
#[path = "mistakes/refusals.rs"]
mod refusals;
#[path = "mistakes/sources.rs"]
mod sources;
#[path = "mistakes/stale_plans.rs"]
mod stale_plans;
#[path = "mistakes/target.rs"]
mod target;
