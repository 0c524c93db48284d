//! What was planned and what became of it, safe against a kill at any moment.
//!
//! The journal is the truth of what was sent; sled is an index over plan and journal that can be
//! rebuilt. Only this folder names sled.

mod entry;

pub use entry::{Entry, Planned, State, Verdict};
