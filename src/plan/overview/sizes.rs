//! Conversations by their number of messages.

use crate::words::count;
use serde::{Deserialize, Serialize};

/// Up to how many messages a conversation counts in each class; larger ones are in the last.
const UP_TO: [u64; 7] = [1, 2, 5, 10, 20, 100, 1_000];

/// Conversations by size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadSizes([u64; 8]);

impl ThreadSizes {
    pub(super) fn add(&mut self, messages: u64) {
        let class = UP_TO.iter().position(|most| messages <= *most).unwrap_or(UP_TO.len());
        if let Some(threads) = self.0.get_mut(class) {
            *threads += 1;
        }
    }

    /// Each class in words (`3 to 5`), with its conversations.
    pub fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        let above = UP_TO.last().copied().unwrap_or_default();
        let class = move |at: usize| match (at.checked_sub(1).and_then(|at| UP_TO.get(at)), UP_TO.get(at)) {
            (Some(below), Some(most)) if below + 1 < *most => format!("{} to {}", count(below + 1), count(*most)),
            (_, Some(most)) => count(*most),
            (_, None) => format!("over {}", count(above)),
        };
        self.0.iter().enumerate().map(move |(at, threads)| (class(at), *threads))
    }
}

#[cfg(test)]
mod tests {
    use super::ThreadSizes;

    #[test]
    fn every_size_is_in_the_class_that_names_it() {
        let mut sizes = ThreadSizes::default();
        for messages in [1, 1, 2, 3, 5, 6, 10, 11, 20, 21, 100, 101, 1_000, 1_001, 90_000] {
            sizes.add(messages);
        }
        let classes: Vec<String> = sizes.iter().map(|(class, threads)| format!("{class}: {threads}")).collect();
        let expected = [
            "1: 2",
            "2: 1",
            "3 to 5: 2",
            "6 to 10: 2",
            "11 to 20: 2",
            "21 to 100: 2",
            "101 to 1,000: 2",
            "over 1,000: 2",
        ];
        assert_eq!(classes, expected);
    }
}
