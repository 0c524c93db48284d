//! The order of sending.

use super::ids::ThreadRef;
use super::resolve::{Fate, Resolution};
use crate::mapping::Order;

impl Resolution<'_> {
    /// Sorts the messages into the order they are sent in: thread by thread, oldest first in each, and lines of
    /// one second as the source has them, since a chat's clock may count minutes. Behind them the comments, likewise,
    /// and behind those what is delivered.
    pub(super) fn put_in_order(&mut self) {
        let mut places = self.places_in_order();
        for fate in &mut self.fates {
            if let Fate::Message(index) | Fate::Copy(index) = fate {
                *index = places.get(*index as usize).copied().unwrap_or_default();
            }
        }
        // Each swap puts one message where it belongs; a list of moved ones would need the room of all.
        for at in 0..self.messages.len() {
            while let Some(to) = places.get(at).map(|place| *place as usize).filter(|to| *to != at) {
                self.messages.swap(at, to);
                places.swap(at, to);
            }
        }
    }

    /// By message: its place in the order of sending.
    fn places_in_order(&self) -> Vec<u32> {
        let read_first = self.read_first();
        let mut threads: Vec<(i64, &ThreadRef, usize)> = (0..)
            .zip(&self.threads)
            .map(|(at, thread)| {
                let due = match self.mapping.send.order {
                    Order::RecentThreadsFirst => thread.last.saturating_neg(),
                    Order::OldestFirst => thread.first,
                    Order::Source => read_first.get(at).copied().unwrap_or(i64::MAX),
                };
                (due, &thread.thread_ref, at)
            })
            .collect();
        threads.sort_unstable();
        let mut ranks = vec![0_u32; threads.len()];
        for (rank, (_, _, at)) in (0..).zip(threads) {
            if let Some(slot) = ranks.get_mut(at) {
                *slot = rank;
            }
        }
        let mut order: Vec<(u8, u32, u32, i64, u32)> = (0..)
            .zip(&self.messages)
            .map(|(index, message)| {
                let rank = ranks.get(message.thread as usize).copied().unwrap_or_default();
                let part = u8::from(self.is_comment(message)) + 2 * u8::from(self.is_delivery(message));
                (part, rank, message.read_first, self.date_of(message), index)
            })
            .collect();
        order.sort_unstable_by_key(|(part, rank, read_first, date, index)| (*part, *rank, *date, *read_first, *index));
        let mut places = vec![0_u32; order.len()];
        for (place, (.., index)) in (0..).zip(order) {
            if let Some(slot) = places.get_mut(index as usize) {
                *slot = place;
            }
        }
        places
    }

    /// By thread: the number of the record that the sources have first of it, if threads are ordered by it.
    fn read_first(&self) -> Vec<i64> {
        if self.mapping.send.order != Order::Source {
            return Vec::new();
        }
        let mut first = vec![i64::MAX; self.threads.len()];
        for message in &self.messages {
            if let Some(slot) = first.get_mut(message.thread as usize) {
                *slot = i64::from(message.read_first).min(*slot);
            }
        }
        first
    }
}
