//! Strings and lists that repeat by the thousand, each kept once and named by a number.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A string seen before: tags, causes, inboxes repeat by the thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Text(NonZeroU32);

/// A list of strings seen before: most messages have the tags and the changes of many others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TextList(NonZeroU32);

/// What rules say of a record, seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuleList(NonZeroU32);

/// Indexes of the rules that decide something about a record or a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Rules {
    /// They name its inboxes, in order. One at most of a record where each inbox gets its own copy.
    pub inboxes: Vec<u16>,
    /// It names whom its thread is assigned to.
    pub assignee: Option<u16>,
    /// It says whether its thread is archived.
    pub archived: Option<u16>,
    /// They give its conversation something once all of it is in Front, in order.
    pub finish: Vec<u16>,
}

/// Keeps each value once. Numbers depend on the order of threads and never leave the plan.
#[derive(Debug, Default)]
pub(super) struct Texts {
    strings: Mutex<Kept<str>>,
    lists: Mutex<Kept<[Text]>>,
    rules: Mutex<Kept<Rules>>,
}

/// Values by number, from 1.
#[derive(Debug)]
struct Kept<T: ?Sized> {
    numbers: HashMap<Arc<T>, NonZeroU32>,
    values: Vec<Arc<T>>,
}

impl<T: ?Sized> Default for Kept<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), values: Vec::new() }
    }
}

impl<T: ?Sized + Eq + std::hash::Hash> Kept<T> {
    fn keep(&mut self, value: &T, own: impl FnOnce(&T) -> Arc<T>) -> NonZeroU32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let value = own(value);
        self.values.push(Arc::clone(&value));
        let number = u32::try_from(self.values.len()).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX);
        self.numbers.insert(value, number);
        number
    }

    fn get(&self, number: NonZeroU32) -> Option<Arc<T>> {
        self.values.get(number.get() as usize - 1).map(Arc::clone)
    }
}

impl Texts {
    pub(super) fn keep(&self, text: &str) -> Text {
        Text(locked(&self.strings).keep(text, |text| Arc::from(text)))
    }

    pub(super) fn get(&self, text: Text) -> Arc<str> {
        locked(&self.strings).get(text.0).unwrap_or_default()
    }

    pub(super) fn keep_list(&self, list: &[Text]) -> TextList {
        TextList(locked(&self.lists).keep(list, |list| Arc::from(list)))
    }

    pub(super) fn list(&self, list: TextList) -> Arc<[Text]> {
        locked(&self.lists).get(list.0).unwrap_or_default()
    }

    /// Keeps a set of strings: each once and sorted, since copies of equal content may carry their labels in any order.
    pub(super) fn keep_set(&self, texts: impl IntoIterator<Item = Text>) -> TextList {
        let mut texts: Vec<(Arc<str>, Text)> = texts.into_iter().map(|text| (self.get(text), text)).collect();
        texts.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        texts.dedup_by(|a, b| a.0 == b.0);
        self.keep_list(&texts.into_iter().map(|(_, text)| text).collect::<Vec<_>>())
    }

    pub(super) fn keep_rules(&self, rules: &Rules) -> RuleList {
        RuleList(locked(&self.rules).keep(rules, |rules| Arc::new(rules.clone())))
    }

    pub(super) fn rules(&self, rules: RuleList) -> Arc<Rules> {
        locked(&self.rules).get(rules.0).unwrap_or_default()
    }
}

/// The strings and lists that facts in the readings name.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Exported {
    texts: Vec<Box<str>>,
    lists: Vec<Vec<Text>>,
}

impl Texts {
    /// All strings and lists, for another plan.
    pub(super) fn export(&self) -> Exported {
        Exported {
            texts: locked(&self.strings).values.iter().map(|text| text.as_ref().into()).collect(),
            lists: locked(&self.lists).values.iter().map(|list| list.to_vec()).collect(),
        }
    }

    /// The number that a string of another plan has here.
    pub(super) fn take_over(&self, text: Text, other: &Exported) -> Option<Text> {
        Some(self.keep(other.texts.get(text.0.get() as usize - 1)?))
    }

    /// The number that a list of another plan has here.
    pub(super) fn take_over_list(&self, list: TextList, other: &Exported) -> Option<TextList> {
        let list = other.lists.get(list.0.get() as usize - 1)?;
        let list: Option<Vec<Text>> = list.iter().map(|text| self.take_over(*text, other)).collect();
        Some(self.keep_list(&list?))
    }
}

fn locked<T: ?Sized>(kept: &Mutex<Kept<T>>) -> MutexGuard<'_, Kept<T>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
