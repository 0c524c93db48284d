//! A Front of our own, on loopback: the referee of every rehearsal and of the tests.
//!
//! It keeps Front's documented contract strictly (what Front's API document and guides state; where they are silent
//! it takes the stricter reading) and shares no code with the client that talks to it, so that one misreading of the
//! contract cannot hide on both sides. What was imported is shown in a plain web inbox at [`Server::web_url`].
//!
//! Memory holds what lists and lookups need, about 500 bytes a message. Requests themselves lie in one append-only
//! file and attachments in one file per message, in a temporary directory that goes with the server.

mod api;
mod clock;
mod config;
mod connection;
mod errors;
mod faults;
mod gate;
mod import;
mod lodging;
mod pace;
mod server;
mod snapshot;
mod spoil;
mod store;
mod tally;
mod templates;
mod weather;
mod web;

pub use config::{Company, Config, InboxSpec, RepeatAnswer, TeammateSpec, UnknownTags};
pub use faults::{Fault, Faults, Hint, Misfortune, Outage, Part, Rate, Refusal, Stretch};
pub use server::Server;
pub use snapshot::{InboxCount, Snapshot};
