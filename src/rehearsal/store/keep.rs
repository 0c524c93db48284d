//! How much of bodies and files lies on disk at most.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is kept, over all messages, in bytes.
pub(in super::super) struct Keep {
    limit: u64,
    used: AtomicU64,
    /// Messages of which nothing but what lists and lookups need was kept.
    forgotten: AtomicU64,
}

impl Keep {
    pub(in super::super) fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0), forgotten: AtomicU64::new(0) }
    }

    /// Room for so much, if there is. Messages on their way count with what they announced.
    pub(in super::super) fn room(&self, bytes: u64) -> Option<Room<'_>> {
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Room { keep: self, bytes })
    }

    pub(in super::super) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::Relaxed);
    }

    pub(in super::super) fn limit(&self) -> u64 {
        self.limit
    }

    pub(in super::super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(in super::super) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }
}

/// Room of one message, which is given back unless it is taken.
pub(in super::super) struct Room<'a> {
    keep: &'a Keep,
    bytes: u64,
}

impl Room<'_> {
    /// The message is stored, and came to so much.
    pub(in super::super) fn take(mut self, bytes: u64) {
        self.keep.used.fetch_add(bytes, Ordering::Relaxed);
        self.keep.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.keep.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_up_to_the_limit_and_comes_back_unless_it_is_taken() {
        let keep = Keep::new(100);
        let refused = keep.room(60).unwrap();
        assert!(keep.room(41).is_none());
        drop(refused);
        keep.room(100).unwrap().take(30);
        assert_eq!(keep.used(), 30);
        assert!(keep.room(71).is_none() && keep.room(70).is_some());
        assert!(keep.room(u64::MAX).is_none());
    }
}
