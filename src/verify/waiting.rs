//! Conversations that wait to be looked for, by the moment at which they are due.

use super::Timing;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A conversation to look for. A hundred bytes each, however many messages it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Its positions in the send order.
    pub(super) range: Range<u64>,
    /// What was seen before is to be seen again.
    pub(super) again: bool,
    /// Of what is missing these positions alone are looked for, and of everything else nothing.
    pub(super) only: Option<Arc<BTreeSet<u64>>>,
    /// How often it was looked for in vain.
    pub(super) turn: u32,
    /// How often Front could not be asked for it.
    pub(super) failures: u32,
    /// Patience is counted from here.
    pub(super) since: Instant,
}

impl Item {
    pub(super) fn new(range: Range<u64>, now: Instant) -> Self {
        Self { range, again: false, only: None, turn: 0, failures: 0, since: now }
    }

    /// Is a missing message at this position looked for?
    pub(super) fn is_meant(&self, position: u64) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&position))
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Due {
    at: Instant,
    item: Item,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.item.range.start).cmp(&(other.at, other.item.range.start))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// All that wait.
pub(super) struct Waiting {
    heap: BinaryHeap<Reverse<Due>>,
    timing: Timing,
    /// How long Front seems to take: the first look at a conversation waits so long, as a look too early is wasted.
    lag: Duration,
}

impl Waiting {
    pub(super) fn new(timing: Timing) -> Self {
        Self { heap: BinaryHeap::new(), timing, lag: timing.first_look }
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// A conversation of which something was accepted a moment ago.
    pub(super) fn add_fresh(&mut self, range: Range<u64>, now: Instant) {
        self.push(now + self.lag, Item::new(range, now));
    }

    /// One that may be there by now.
    pub(super) fn add_old(&mut self, range: Range<u64>, again: bool, now: Instant) {
        self.push(now, Item { again, ..Item::new(range, now) });
    }

    /// Something of it was not there: later again, with growing pauses. `nothing` of it was, at the first look: the
    /// next conversations are given more time.
    pub(super) fn later(&mut self, item: Item, nothing: bool, now: Instant) {
        if nothing && item.turn == 0 {
            self.lag = (self.lag * 2).min(self.timing.longest_pause);
        }
        let pause = self.pause(item.turn);
        // The last look comes when patience ends, not long after.
        let ends = (item.since + self.timing.patience).max(now);
        let due = (now + pause).min(ends);
        self.push(due, Item { turn: item.turn.saturating_add(1), ..item });
    }

    /// Front could not be asked, which says nothing about the conversation: its patience begins anew. An answer without
    /// sense may be a thing of a moment; whoever gave no answer at all was asked several times already.
    pub(super) fn postpone(&mut self, item: Item, is_senseless: bool, now: Instant) {
        let pause = if is_senseless { self.pause(item.failures) } else { self.timing.longest_pause };
        let failures = item.failures.saturating_add(1);
        self.push(now + pause, Item { failures, since: now, ..item });
    }

    /// Pauses grow with each vain look.
    fn pause(&self, looks: u32) -> Duration {
        let pause = self.timing.first_pause.saturating_mul(2_u32.saturating_pow(looks.min(16)));
        pause.min(self.timing.longest_pause)
    }

    /// It was there at the first look: the next conversations may be looked for a little sooner.
    pub(super) fn was_there(&mut self, item: &Item) {
        if item.turn == 0 {
            self.lag = self.lag.saturating_sub(self.lag / 16).max(self.timing.first_pause.min(self.timing.first_look));
        }
    }

    fn push(&mut self, at: Instant, item: Item) {
        self.heap.push(Reverse(Due { at, item }));
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(due)| due.at)
    }

    /// One that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Item> {
        if self.next_due()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing() -> Timing {
        Timing::of(Duration::from_secs(10), Duration::from_mins(5))
    }

    /// Pauses until patience ends, in seconds.
    #[test]
    fn pauses_grow_from_one_second_and_the_last_look_comes_when_patience_ends() {
        let start = Instant::now();
        let mut waiting = Waiting::new(timing());
        waiting.add_fresh(0..1, start);
        let mut looks = Vec::new();
        let mut now = start;
        while now < start + Duration::from_mins(5) {
            now = waiting.next_due().unwrap();
            looks.push((now - start).as_secs());
            let item = waiting.pop(now).unwrap();
            waiting.later(item, true, now);
        }
        assert_eq!(looks, [10, 11, 13, 17, 25, 41, 73, 133, 193, 253, 300]);
    }

    #[test]
    fn the_first_look_follows_front_s_own_pace() {
        let now = Instant::now();
        let mut waiting = Waiting::new(timing());
        let item = |start| Item::new(start..start + 1, now);
        waiting.later(item(0), true, now);
        waiting.later(item(1), true, now);
        assert_eq!(waiting.lag, Duration::from_secs(40));
        for start in 2..200 {
            waiting.was_there(&item(start));
        }
        assert_eq!(waiting.lag, Duration::from_secs(1));
    }
}
