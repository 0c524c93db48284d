//! An inbox and the order of its conversations; the team it belongs to.

use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The order in which an inbox shows its conversations: newest message first.
type Shelf = BTreeSet<(Reverse<i64>, Reverse<u32>)>;

#[derive(Debug)]
pub(in super::super) struct Inbox {
    pub(in super::super) id: String,
    pub(in super::super) name: String,
    /// Number of its team.
    pub(in super::super) team: u32,
    /// Whether all of its team see it.
    pub(in super::super) is_public: bool,
    /// Numbers of the teammates who see it beside those.
    pub(in super::super) teammates: Vec<u32>,
    pub(in super::super) messages: u64,
    shelf: Shelf,
    pub(super) is_gone: bool,
    /// Messages, and as many conversations, that were there before the first import.
    pub(super) live: u64,
}

impl Inbox {
    pub(super) fn new(id: String, name: String, team: u32, is_public: bool, teammates: Vec<u32>) -> Self {
        let (shelf, messages, live) = (Shelf::new(), 0, 0);
        Self { id, name, team, is_public, teammates, messages, shelf, is_gone: false, live }
    }

    /// How many conversations there are.
    pub(in super::super) fn conversations(&self) -> usize {
        self.shelf.len()
    }

    pub(super) fn put(&mut self, (time, number): (i64, u32)) {
        self.shelf.insert((Reverse(time), Reverse(number)));
    }

    pub(super) fn take(&mut self, (time, number): (i64, u32)) {
        self.shelf.remove(&(Reverse(time), Reverse(number)));
    }

    /// The conversations newest first: time of the last message and number.
    pub(in super::super) fn newest_first(&self) -> impl Iterator<Item = (i64, u32)> {
        self.shelf.iter().map(|(Reverse(time), Reverse(number))| (*time, *number))
    }

    /// The one before the given one in that order.
    pub(in super::super) fn before(&self, (time, number): (i64, u32)) -> Option<u32> {
        self.shelf.range(..(Reverse(time), Reverse(number))).next_back().map(|(_, Reverse(number))| *number)
    }

    /// Those that come after the given one.
    pub(in super::super) fn after(&self, (time, number): (i64, u32)) -> impl Iterator<Item = (i64, u32)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let start = Excluded((Reverse(time), Reverse(number)));
        self.shelf.range((start, Unbounded)).map(|(Reverse(time), Reverse(number))| (*time, *number))
    }
}
