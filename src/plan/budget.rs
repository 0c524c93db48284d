//! A bound on the bytes of mails that are held for parsing, however many threads parse.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that may be held at once. One entry that is larger is let in alone.
pub(super) struct Budget {
    bytes: u64,
    books: Mutex<Books>,
    freed: Condvar,
}

#[derive(Default)]
struct Books {
    held: u64,
    /// Threads that wait. Waking nobody is a call of the system, too.
    waiting: usize,
}

/// Bytes held until this is dropped.
pub(super) struct Held<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(bytes: u64) -> Budget {
        Budget { bytes, books: Mutex::default(), freed: Condvar::new() }
    }

    /// Waits until `bytes` fit beside what is held, or nothing is.
    pub(super) fn hold(&self, bytes: u64) -> Held<'_> {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |books: &mut Books| books.held > 0 && books.held.saturating_add(bytes) > self.bytes;
        if is_full(&mut books) {
            books.waiting += 1;
            books = self.freed.wait_while(books, is_full).unwrap_or_else(PoisonError::into_inner);
            books.waiting -= 1;
        }
        books.held = books.held.saturating_add(bytes);
        Held { budget: self, bytes }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut books = self.budget.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.held = books.held.saturating_sub(self.bytes);
        if books.waiting > 0 {
            self.budget.freed.notify_all();
        }
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
        assert_eq!(budget.books.lock().unwrap().held, 0);
    }
}
