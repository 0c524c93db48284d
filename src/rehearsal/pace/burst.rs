//! The burst allowance: half the limit a minute, refilled over ten minutes. Source: Front's guide to rate limiting.

use std::time::{Duration, Instant};

const REFILL: Duration = Duration::from_mins(10);

/// Calls that may pass beyond the limit.
pub(super) struct Burst {
    limit: u64,
    used: u64,
    /// Since when the calls used are being refilled.
    since: Instant,
}

impl Burst {
    pub(super) fn new(limit_per_minute: u64, now: Instant) -> Self {
        Self { limit: limit_per_minute / 2, used: 0, since: now }
    }

    pub(super) fn take(&mut self, now: Instant) -> bool {
        let allowed = self.remaining(now) > 0;
        if allowed {
            self.used += 1;
        }
        allowed
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    pub(super) fn remaining(&mut self, now: Instant) -> u64 {
        let millis = u64::try_from(now.saturating_duration_since(self.since).as_millis()).unwrap_or(u64::MAX);
        let span = REFILL.as_secs() * 1000;
        let back = millis.saturating_mul(self.limit) / span;
        if self.used == 0 || back >= self.used {
            (self.used, self.since) = (0, now);
        } else if back > 0 {
            self.used -= back;
            // Only the time that whole calls took is spent.
            self.since += Duration::from_millis((back * span).div_ceil(self.limit.max(1)));
        }
        self.limit - self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowance_is_half_the_limit_and_comes_back_in_ten_minutes() {
        let start = Instant::now();
        let mut burst = Burst::new(20, start);
        assert_eq!((0..12).filter(|_| burst.take(start)).count(), 10);
        assert_eq!(burst.remaining(start + Duration::from_secs(59)), 0);
        assert_eq!(burst.remaining(start + Duration::from_secs(61)), 1);
        assert_eq!(burst.remaining(start + Duration::from_mins(5)), 5);
        assert_eq!(burst.remaining(start + Duration::from_mins(11)), 10);
    }
}
