//! What is noticed of all records while they are read: how the rules fared, and which names occur.

use super::decide::{Decided, Fared, Idle};
use super::gist::Gist;
use crate::mapping::Mapping;
use std::collections::BTreeMap;

/// Most names of one kind that are kept: beyond it they come from a hostile export, and no mapping names them all.
const MAX_NAMES: usize = 10_000;

/// Each thread notices for itself; [`Noticed::join`] adds up.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    /// Records that the mapping was asked about.
    pub asked: u64,
    /// Labels of all of them, kept or not.
    pub labels: Names,
    pub folders: Names,
    /// Not counted: a column is there or not.
    pub columns: Names,
    /// Labels that became no tag, with the number of kept records that carry them.
    pub unlisted: Names,
    /// By rule.
    pub rules: Vec<RuleCount>,
}

/// Names with the number of records that have them, if those are counted.
#[derive(Debug, Default)]
pub(super) struct Names(pub(super) BTreeMap<Box<str>, u64>);

impl Names {
    fn add(&mut self, name: &str, count: u64) {
        if let Some(known) = self.0.get_mut(name) {
            *known += count;
        } else if self.0.len() < MAX_NAMES {
            self.0.insert(name.into(), count);
        }
    }

    /// All of them.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.0.iter().map(|(name, count)| (name.to_string(), *count)).collect()
    }

    /// May there be more than are kept?
    pub(super) fn is_cut(&self) -> bool {
        self.0.len() >= MAX_NAMES
    }
}

/// How a rule fared.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct RuleCount {
    /// Records of which all conditions hold.
    pub matched: u64,
    /// Those of them for which it decided something.
    pub decided: u64,
    /// For the others: why not.
    pub idle_by: BTreeMap<Idle, u64>,
    /// By condition: records of which it and all before it hold.
    pub held: Vec<u64>,
}

impl Noticed {
    /// Notices a record and what the mapping decided about it.
    pub(super) fn add(&mut self, gist: &Gist, decided: &Decided, mapping: &Mapping) {
        self.asked += 1;
        for label in &gist.labels {
            self.labels.add(label, 1);
        }
        if !gist.folder.is_empty() {
            self.folders.add(&gist.folder, 1);
        }
        if decided.skip.is_none() {
            for label in &decided.unlisted {
                self.unlisted.add(label, 1);
            }
        }
        self.rules.resize_with(mapping.rules.len(), RuleCount::default);
        for ((count, fared), rule) in self.rules.iter_mut().zip(&decided.rules).zip(&mapping.rules) {
            count.add(*fared, rule.when.conditions.len());
        }
    }

    /// Notices the columns of a table.
    pub(super) fn add_columns(&mut self, columns: &[String]) {
        for column in columns {
            self.columns.add(column, 0);
        }
    }

    /// Adds what another thread has noticed.
    pub(super) fn join(&mut self, other: Self) {
        self.asked += other.asked;
        for (names, others) in [
            (&mut self.labels, other.labels),
            (&mut self.folders, other.folders),
            (&mut self.columns, other.columns),
            (&mut self.unlisted, other.unlisted),
        ] {
            others.0.iter().for_each(|(name, count)| names.add(name, *count));
        }
        if self.rules.len() < other.rules.len() {
            self.rules.resize_with(other.rules.len(), RuleCount::default);
        }
        for (rule, others) in self.rules.iter_mut().zip(other.rules) {
            rule.join(others);
        }
    }
}

impl RuleCount {
    fn add(&mut self, fared: Fared, conditions: usize) {
        self.held.resize(conditions, 0);
        let held = if let Fared::Failed(held) = fared { held } else { conditions };
        self.held.iter_mut().take(held).for_each(|count| *count += 1);
        match fared {
            Fared::Failed(_) => return,
            Fared::Decided => self.decided += 1,
            Fared::Idle(by) => *self.idle_by.entry(by).or_default() += 1,
        }
        self.matched += 1;
    }

    fn join(&mut self, other: Self) {
        self.matched += other.matched;
        self.decided += other.decided;
        for (by, count) in other.idle_by {
            *self.idle_by.entry(by).or_default() += count;
        }
        self.held.resize(self.held.len().max(other.held.len()), 0);
        self.held.iter_mut().zip(other.held).for_each(|(count, more)| *count += more);
    }
}
