//! A plan of some conversations only, to be looked at before the rest: spread evenly over the order of sending, so that old
//! ones are among them as well as new ones.

use super::pins::Pins;
use super::resolve::{Fate, Resolution, number};
use super::threads::Thread;

/// A larger conversation is not chosen while there are others: it would take the room of many.
const LARGEST: u32 = 50;

impl Resolution<'_> {
    /// Keeps so many conversations, those that something was sent of before all others. What is left out keeps its fate as
    /// [`Fate::LeftOut`].
    pub(super) fn keep_sample(&mut self, wanted: usize, pins: &Pins) {
        let mut kept = vec![false; self.threads.len()];
        // What is delivered is no history to look at first: only what was delivered before stays.
        let is_delivered = |thread: usize| self.threads.get(thread).is_some_and(Thread::is_delivered);
        let mut order: Vec<usize> = self.messages.iter().map(|message| message.thread as usize).collect();
        order.dedup();
        let is_sent = |thread: &usize| {
            self.threads.get(*thread).is_some_and(|thread| pins.thread(&thread.thread_ref.text()).is_some())
        };
        let (sent, mut fresh): (Vec<usize>, Vec<usize>) = order.into_iter().partition(is_sent);
        fresh.retain(|thread| !is_delivered(*thread));
        let is_small = |thread: &usize| self.threads.get(*thread).is_some_and(|thread| thread.size <= LARGEST);
        if fresh.iter().any(is_small) {
            fresh.retain(is_small);
        }
        let room = wanted.saturating_sub(sent.len()).min(fresh.len());
        // The middle of each of so many equal stretches.
        let chosen = (0..room).filter_map(|at| fresh.get((2 * at + 1) * fresh.len() / (2 * room)));
        for thread in sent.iter().chain(chosen) {
            if let Some(slot) = kept.get_mut(*thread) {
                *slot = true;
            }
        }
        self.keep_threads(&kept, Fate::LeftOut);
    }

    /// Keeps these threads; messages of the others get the fate `otherwise`, and so do their copies.
    pub(super) fn keep_threads(&mut self, kept: &[bool], otherwise: Fate) {
        let mut next = 0;
        let mut numbers: Vec<u32> = Vec::with_capacity(kept.len());
        for is_kept in kept {
            numbers.push(number(next));
            next += usize::from(*is_kept);
        }
        let is_kept = |thread: u32| kept.get(thread as usize).copied().unwrap_or_default();
        self.keep_messages(|_, message| is_kept(message.thread), |_| otherwise);
        for message in &mut self.messages {
            message.thread = numbers.get(message.thread as usize).copied().unwrap_or_default();
        }
        let mut is_kept = kept.iter().copied();
        self.threads.retain(|_| is_kept.next().unwrap_or_default());
    }
}
