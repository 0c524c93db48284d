//! The limit a minute: fixed windows, one for the whole company.

use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_mins(1);

/// Counts the calls of the current window.
pub(super) struct Window {
    limit: u64,
    used: u64,
    started: Instant,
}

/// Where the window stands after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether this call may pass.
    pub(super) allowed: bool,
    /// Calls left in this window.
    pub(super) remaining: u64,
    /// Time until the next window.
    pub(super) left: Duration,
}

impl Window {
    pub(super) fn new(limit: u64, now: Instant) -> Self {
        Self { limit, used: 0, started: now }
    }

    /// Counts one call made at `now`.
    pub(super) fn take(&mut self, now: Instant) -> Standing {
        let allowed = self.peek(now).remaining > 0;
        if allowed {
            self.used += 1;
        }
        Standing { allowed, ..self.peek(now) }
    }

    /// Where the window stands, for an answer to a call that does not count.
    pub(super) fn peek(&mut self, now: Instant) -> Standing {
        let mut age = now.saturating_duration_since(self.started);
        if age >= WINDOW {
            self.started = now;
            self.used = 0;
            age = Duration::ZERO;
        }
        let remaining = self.limit.saturating_sub(self.used);
        Standing { allowed: remaining > 0, remaining, left: WINDOW.saturating_sub(age) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lets_exactly_its_limit_through_and_the_next_one_starts_afresh() {
        let start = Instant::now();
        let mut window = Window::new(2, start);
        assert_eq!(window.take(start), Standing { allowed: true, remaining: 1, left: WINDOW });
        assert_eq!(window.take(start), Standing { allowed: true, remaining: 0, left: WINDOW });
        let late = start + Duration::from_secs(59);
        assert_eq!(window.take(late), Standing { allowed: false, remaining: 0, left: Duration::from_secs(1) });
        let next = start + Duration::from_mins(1);
        assert_eq!(window.take(next), Standing { allowed: true, remaining: 1, left: WINDOW });
    }
}
