//! Pauses that grow.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Doubles with each pause, up to a longest one; each is shortened by chance to between half and all of itself, so that
/// those who failed together do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first.min(longest), longest }
    }

    /// The next pause.
    pub(super) fn pause(&mut self) -> Duration {
        let full = self.next;
        self.next = full.saturating_mul(2).min(self.longest);
        // The standard library seeds each RandomState anew: chance enough for this, without another dependency.
        let chance = u32::try_from(RandomState::new().hash_one(0_u8) >> 48).unwrap_or(0);
        let half = full / 2;
        half + half.mul_f64(f64::from(chance) / 65_536.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_mins(1));
        for full in [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
            let full = Duration::from_millis(full);
            let pause = backoff.pause();
            assert!(pause >= full / 2 && pause <= full, "{pause:?} of {full:?}");
        }
        let first: Vec<_> =
            (0..20).map(|_| Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).pause()).collect();
        assert!(first.iter().any(|pause| Some(pause) != first.first()));
    }
}
