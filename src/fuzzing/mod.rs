//! What must hold of any bytes whatever: one function for each fuzz target of `fuzz/`, which `tests/fuzz_seeds.rs` calls too.
//!
//! Each reads bytes as the program does and panics if a promise is broken. No part of the program, and no room: nothing in
//! `src` may name it. What needs a room's own insides stands in a `fuzzing.rs` of that room.

mod csv;
mod dates;
mod mail;
mod mapping;
mod mbox;
mod promises;
mod tables;

pub use crate::record::email::fuzzing::{addresses, parts};
pub use csv::csv;
pub use dates::dates;
pub use mail::mail;
pub use mapping::mapping;
pub use mbox::mbox;

use crate::mapping::{self as settings, Mapping};
use std::path::Path;

/// Labels, and the names of mailboxes that become some.
///
/// # Panics
/// If a label or a name cannot be shown, or is another when it is read again.
pub fn labels(bytes: &[u8]) {
    crate::record::email::fuzzing::labels(bytes);
    crate::source::fuzzing::mailbox_name(bytes);
}

/// A mapping that must be good.
fn checked(text: &str) -> Mapping {
    settings::parse(Path::new("fuzz.toml"), text).unwrap_or_else(|errors| panic!("{errors}"))
}
