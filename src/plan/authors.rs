//! Who is meant by a handle that says little, in chats whose export names a visitor's address in some rows only.

use super::facts::Candidate;
use super::texts::Text;
use std::collections::HashMap;

/// The best handle that a row knows beside a lesser one.
struct Better {
    handle: Text,
    missing: u8,
    /// Rows equally good name different people.
    is_doubtful: bool,
}

/// Lesser handles, sorted, each with the better one.
pub(super) type KnownBetter = Box<[(Text, Text)]>;

/// The rows of a conversation that its customers wrote.
#[derive(Default)]
pub(super) struct Rows(HashMap<Text, Better>);

impl Rows {
    /// Adds a row; `keep` numbers handles.
    pub(super) fn add(&mut self, row: &Candidate, keep: impl Fn(&str) -> Text) {
        for lesser in row.other_handles.iter().filter(|lesser| **lesser != row.sender) {
            let (handle, missing) = (keep(&row.sender), row.missing_handles);
            let known = self.0.entry(keep(lesser)).or_insert(Better { handle, missing, is_doubtful: false });
            if missing < known.missing {
                *known = Better { handle, missing, is_doubtful: false };
            } else if missing == known.missing && known.handle != handle {
                known.is_doubtful = true;
            }
        }
    }

    /// Handles that stand beside better ones in some row, with the best of those. Only what a row says
    /// together belongs together: two visitors of one conversation stay two, and a name that two of them share says nothing.
    /// Sorted by the lesser handle.
    pub(super) fn known_better(self) -> KnownBetter {
        let sure = self.0.into_iter().filter(|(_, better)| !better.is_doubtful);
        let mut known: Vec<(Text, Text)> = sure.map(|(lesser, better)| (lesser, better.handle)).collect();
        known.sort_unstable();
        known.into_boxed_slice()
    }
}
