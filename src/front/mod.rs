//! Front's API over HTTP: what it takes to look around, to import a message, to see whether it came to exist, and to complete
//! its conversation.
//!
//! Knows requests and events, and nothing of ledgers or plans. Every attempt, lookups and resends included, goes through
//! one gate (`gate`), which keeps to the company's rate limit and leaves the live team its share. A resend carries the
//! same bytes. The token leaves in one header to hosts that `target` trusts, and shows up nowhere else.
//!
//! Messages go out by `import`, everything else by `call`. What takes a [`Cancellation`] waits for outages to end, and says what
//! became of it; what takes none is a question before anything was done, which is given up after a few failures.

mod allowance;
mod backoff;
mod body;
mod call;
mod cancellation;
mod channels;
mod client;
mod comments;
mod contacts;
mod conversations;
mod events;
mod fields;
mod gate;
mod headers;
mod import;
mod links;
mod lookup;
mod others;
mod pages;
mod raw;
mod reason;
mod redaction;
mod redirect;
mod rules;
mod settings;
mod tags;
mod target;
mod teammates;
mod trouble;
mod verdict;
mod window;
mod wire;
mod workspaces;

pub use body::json_body;
pub use call::{Call, CallResult, Called, Outcome, Repeat};
pub use cancellation::Cancellation;
pub use channels::{Channel, Holding};
pub use client::Client;
pub use comments::Comment;
pub use contacts::{Contact, ContactDetails, ContactList, Handle, NewContact};
pub use conversations::{Assignee, Conversation, ConversationChange, Status};
pub use events::{ConversationEvent, Party};
pub use fields::{CustomField, FieldValue, TicketStatus, typed_value};
pub use import::{Answer, StopCause};
pub use links::Link;
pub use lookup::{Company, Files, Message, MessagePage};
pub use raw::{BadPath, Endpoint, Paging, RawPages};
pub use rules::Rule;
pub use settings::{BASE_URL, FrontError, Settings, Timing};
pub use tags::Tag;
pub use teammates::Teammate;
pub use workspaces::{Inbox, NewInbox, Workspace};

#[cfg(test)]
mod call_tests;
#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod things_tests;
