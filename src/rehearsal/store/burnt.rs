//! External ids that are used up without a message behind them, and messages that are lost after their 202.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::super::config::RepeatAnswer;
use super::super::faults::Faults;

/// What of ids outlives messages, and the rules by which it does.
#[derive(Default)]
pub(super) struct Burnt {
    ids: HashSet<Box<str>>,
    /// Lost once and free to come again.
    lost: HashSet<Box<str>>,
    keeps_lost: bool,
    pub(super) repeat_answer: RepeatAnswer,
}

impl Burnt {
    /// With the ids of a file, one a line.
    pub(super) fn open(file: Option<&Path>, faults: &Faults, repeat_answer: RepeatAnswer) -> io::Result<Self> {
        let mut ids = HashSet::new();
        if let Some(path) = file {
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            for line in BufReader::new(File::open(path).map_err(named)?).lines() {
                let line = line.map_err(named)?;
                if !line.trim().is_empty() {
                    ids.insert(line.trim().into());
                }
            }
        }
        Ok(Self { ids, lost: HashSet::new(), keeps_lost: faults.lost_stay_burnt, repeat_answer })
    }

    pub(super) fn holds(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Whether this message gets lost, which happens to an id once.
    pub(super) fn lose(&mut self, id: &str) -> bool {
        if self.keeps_lost { self.ids.insert(id.into()) } else { self.lost.insert(id.into()) }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &Box<str>> {
        self.ids.iter()
    }
}
