//! What is counted while everything fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What happened in one scene or in all.
#[derive(Default)]
pub(crate) struct Happened {
    /// Kills that met a living program.
    pub(crate) kills: BTreeMap<String, usize>,
    pub(crate) faults: BTreeMap<String, u64>,
    /// What Front counted.
    pub(crate) counted: BTreeMap<&'static str, u64>,
    /// Messages of unknown fate that met a changed mapping.
    pub(crate) changed: u64,
    pub(crate) scenes: usize,
}

impl Happened {
    pub(crate) fn landed(&self) -> usize {
        self.kills.values().sum()
    }

    pub(crate) fn add(&mut self, other: Self) {
        other.kills.into_iter().for_each(|(name, count)| *self.kills.entry(name).or_default() += count);
        other.faults.into_iter().for_each(|(name, count)| *self.faults.entry(name).or_default() += count);
        other.counted.into_iter().for_each(|(name, count)| *self.counted.entry(name).or_default() += count);
        self.changed += other.changed;
        self.scenes += other.scenes;
    }

    pub(crate) fn table(&self, seconds: f64) -> String {
        let mut table = format!("{} kills landed in {} imports, {seconds:.0} s\n", self.landed(), self.scenes);
        let mut line = |name: &str, count: &dyn std::fmt::Display| {
            // Writing to a String cannot fail.
            let _ = writeln!(table, "  {name:<42}{count:>9}");
        };
        self.kills.iter().for_each(|(name, count)| line(&format!("killed {name}"), count));
        self.faults.iter().for_each(|(name, count)| line(&format!("fault {name}"), count));
        self.counted.iter().for_each(|(name, count)| line(name, count));
        line("unknown when the mapping changed", &self.changed);
        table
    }
}
