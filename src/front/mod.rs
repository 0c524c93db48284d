//! Front's API over HTTP: what it takes to look around, to import a message, and to see whether it came to exist.
//!
//! Knows requests and events, and nothing of ledgers or plans. Every attempt, lookups and resends included, goes through
//! one gate (`gate`), which keeps to the company's rate limit and leaves the live team its share. A resend carries the
//! same bytes. The token leaves in one header to hosts that `target` trusts, and shows up nowhere else.

mod allowance;
mod backoff;
mod body;
mod cancellation;
mod channels;
mod client;
mod gate;
mod headers;
mod import;
mod lookup;
mod reason;
mod redaction;
mod settings;
mod tags;
mod target;
mod verdict;
mod window;

pub use cancellation::Cancellation;
pub use channels::{Channel, Holding};
pub use client::Client;
pub use import::{Answer, StopCause};
pub use lookup::{Company, Files, Inbox, Message, MessagePage, Tag, Teammate};
pub use settings::{FrontError, Settings, Timing};

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod simulation_tests;
