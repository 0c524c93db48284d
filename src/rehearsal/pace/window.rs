//! The limit a minute: fixed windows, one after the other from the start of the server.

use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_mins(1);

/// Counts the calls of the current window.
pub(super) struct Window {
    pub(super) limit: u64,
    started: Instant,
    used: u64,
    /// Of `used` those of the client, not of the live team.
    ours: u64,
    searches: u64,
    /// Most of `ours` in any window before this one.
    busiest: u64,
}

impl Window {
    pub(super) fn new(limit: u64, now: Instant) -> Self {
        Self { limit, started: now, used: 0, ours: 0, searches: 0, busiest: 0 }
    }

    /// Moves on to the window that holds `now`, and counts one call of the live team or of the client where there is
    /// room for it.
    pub(super) fn take(&mut self, is_ours: bool, now: Instant) -> bool {
        self.roll(now);
        let allowed = self.remaining() > 0;
        if allowed {
            self.used += 1;
        }
        if allowed && is_ours {
            self.ours += 1;
        }
        allowed
    }

    /// Counts one search, which may use at most 40 % of the limit. Source: Front's guide to rate limiting.
    pub(super) fn take_search(&mut self, now: Instant) -> bool {
        self.roll(now);
        let allowed = self.searches < self.limit * 2 / 5;
        self.searches += u64::from(allowed);
        allowed
    }

    pub(super) fn roll(&mut self, now: Instant) {
        let age = now.saturating_duration_since(self.started);
        if age >= WINDOW {
            self.started += WINDOW * u32::try_from(age.as_secs() / WINDOW.as_secs()).unwrap_or(u32::MAX);
            self.busiest = self.busiest();
            (self.used, self.ours, self.searches) = (0, 0, 0);
        }
    }

    pub(super) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// Time until the next window.
    pub(super) fn left(&self, now: Instant) -> Duration {
        WINDOW.saturating_sub(now.saturating_duration_since(self.started))
    }

    /// Most calls of the client in any window.
    pub(super) fn busiest(&self) -> u64 {
        self.busiest.max(self.ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lets_exactly_its_limit_through_and_the_next_one_starts_afresh() {
        let start = Instant::now();
        let mut window = Window::new(2, start);
        assert!(window.take(true, start) && window.take(true, start));
        assert_eq!((window.remaining(), window.left(start)), (0, WINDOW));
        let late = start + Duration::from_secs(59);
        assert!(!window.take(true, late));
        assert_eq!(window.left(late), Duration::from_secs(1));
        assert!(window.take(true, start + WINDOW));
        assert_eq!((window.remaining(), window.busiest()), (1, 2));
    }

    #[test]
    fn windows_keep_their_beat_however_rarely_they_are_asked() {
        let start = Instant::now();
        let mut window = Window::new(2, start);
        let later = start + Duration::from_secs(200);
        assert!(window.take(false, later));
        assert_eq!((window.left(later), window.busiest()), (Duration::from_secs(40), 0));
    }

    #[test]
    fn searches_have_two_fifths_of_the_limit() {
        let start = Instant::now();
        let mut window = Window::new(5, start);
        assert_eq!([(); 3].map(|()| window.take_search(start)), [true, true, false]);
        assert!(window.take_search(start + WINDOW));
    }
}
