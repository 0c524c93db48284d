//! threadlift moves the message history of a legacy helpdesk into Front.

pub mod cli;
pub mod event;
pub mod front;
pub mod ledger;
pub mod mapping;
pub mod plan;
pub mod record;
pub mod rehearsal;
pub mod report;
pub mod request;
pub mod source;
pub mod thread;
pub mod upload;
