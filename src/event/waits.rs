//! What a stage spends its time on: so that whoever watches knows what would make it faster.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What holds a stage up most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Front's rate limit, or the part of it that is ours.
    Quota,
    /// The way to Front and back, and Front itself.
    Network,
    /// Reading sources and writing the ledger.
    Disk,
    /// Making messages of bytes.
    Processor,
}

impl Limit {
    const ALL: [Limit; 4] = [Limit::Quota, Limit::Network, Limit::Disk, Limit::Processor];

    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Limit::Quota => "quota",
            Limit::Network => "network",
            Limit::Disk => "disk",
            Limit::Processor => "processor",
        }
    }
}

/// Between two answers to "what holds it up?".
const EVERY: Duration = Duration::from_secs(1);

/// Time spent by all that work on a stage, the recent weighing most.
#[derive(Debug)]
pub struct Waits {
    /// Microseconds, by limit.
    spent: [AtomicU64; 4],
    began: Instant,
    /// Milliseconds after the beginning.
    told: AtomicU64,
}

impl Default for Waits {
    fn default() -> Self {
        Self { spent: Default::default(), began: Instant::now(), told: AtomicU64::new(0) }
    }
}

impl Waits {
    /// Somebody spent so long.
    pub fn add(&self, limit: Limit, time: Duration) {
        if let Some(spent) = self.spent.get(limit as usize) {
            spent.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// What most of the time was spent on lately; `None` if nothing was.
    #[must_use]
    pub fn chief(&self) -> Option<Limit> {
        let spent = self.spent.iter().map(|spent| spent.load(Ordering::Relaxed));
        let (most, limit) = spent.zip(Limit::ALL).max_by_key(|(spent, _)| *spent)?;
        (most > 0).then_some(limit)
    }

    /// As [`chief`](Self::chief), once a second and to one caller alone.
    #[must_use]
    pub fn due(&self) -> Option<Limit> {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let told = self.told.load(Ordering::Relaxed);
        if now < told.saturating_add(EVERY.as_millis().try_into().unwrap_or(u64::MAX))
            || self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return None;
        }
        let chief = self.chief();
        for spent in &self.spent {
            // What is long past fades.
            let _ = spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| Some(spent / 2));
        }
        chief
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_longest_lately_is_named() {
        let waits = Waits::default();
        assert_eq!(waits.chief(), None);
        waits.add(Limit::Disk, Duration::from_millis(20));
        waits.add(Limit::Network, Duration::from_millis(15));
        waits.add(Limit::Network, Duration::from_millis(15));
        assert_eq!(waits.chief(), Some(Limit::Network));
        assert_eq!(waits.due(), None, "not more than once a second");
    }
}
