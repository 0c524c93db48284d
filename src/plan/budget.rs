//! A bound on the bytes of mails that are held for parsing, however many threads parse.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that may be held at once. One entry that is larger is let in alone.
pub(super) struct Budget {
    bytes: u64,
    held: Mutex<u64>,
    freed: Condvar,
}

/// Bytes held until this is dropped.
pub(super) struct Held<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(bytes: u64) -> Budget {
        Budget { bytes, held: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until `bytes` fit beside what is held, or nothing is.
    pub(super) fn hold(&self, bytes: u64) -> Held<'_> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |held: &mut u64| *held > 0 && held.saturating_add(bytes) > self.bytes;
        let mut held = self.freed.wait_while(held, is_full).unwrap_or_else(PoisonError::into_inner);
        *held = held.saturating_add(bytes);
        Held { budget: self, bytes }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut held = self.budget.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = held.saturating_sub(self.bytes);
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn never_more_is_held_than_the_budget_unless_one_alone_is_larger() {
        let budget = Budget::new(100);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    for round in 0..200 {
                        let bytes = if (thread + round) % 50 == 0 { 1_000 } else { 20 + thread };
                        let _held = budget.hold(bytes);
                        let sum = now.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        assert!(sum <= 100 || sum == 1_000, "{sum} bytes held");
                        most.fetch_max(sum, Ordering::SeqCst);
                        now.fetch_sub(bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1_000);
        assert_eq!(*budget.held.lock().unwrap(), 0);
    }
}
