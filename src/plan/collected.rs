//! Records in reading order, whichever thread has read them.

use super::facts::{ABSENT, Brief};
use super::past::ReadFile;
use super::texts::RuleList;
use crate::ledger::{LedgerError, Readings};
use crate::thread::{Graph, Message};
use std::collections::BTreeMap;

/// A record on its way from the thread that has read it into its place.
pub(super) struct Arriving {
    /// Its facts, encoded.
    pub bytes: Vec<u8>,
    /// Without its places.
    pub brief: Brief,
    /// Of a record that may be sent.
    pub key: Option<[u8; 20]>,
    pub links: Option<Message>,
    /// The source could read it.
    pub is_read: bool,
    /// The number of its file, and how many bytes of it it is; a row with many messages is counted once.
    pub file: u32,
    pub length: u64,
    /// Where each inbox gets its own copy: the rules of the copies beside the first.
    pub further: Vec<RuleList>,
}

/// Records one behind the other in the readings.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub first: u64,
    pub records: u64,
    /// The source could read all of them. What failed once may not fail again, though the file is the same.
    pub is_whole: bool,
}

/// Records in reading order, whichever thread has read them.
pub(super) struct Collected {
    pub briefs: Vec<Brief>,
    pub keys: Vec<([u8; 20], u32)>,
    pub graph: Graph,
    pub spread: u64,
    /// Files that were read whole.
    pub files: Vec<ReadFile>,
    /// Of the source at hand: the number of each file, and where its records are.
    pub stretches: Vec<(u32, Stretch)>,
    pub readings: Readings,
    /// Of the source at hand: the number that comes next, and records that came before their turn.
    pub next: u64,
    early: BTreeMap<u64, Arriving>,
    /// Why no more can be taken.
    pub failed: Option<LedgerError>,
}

impl Collected {
    pub(super) fn new(readings: Readings) -> Self {
        Self {
            briefs: Vec::new(),
            keys: Vec::new(),
            graph: Graph::new(),
            spread: 0,
            files: Vec::new(),
            stretches: Vec::new(),
            readings,
            next: 0,
            early: BTreeMap::new(),
            failed: None,
        }
    }

    /// Takes records, the first of which has this number, and says how many bytes of their source they are; `None` if no further
    /// ones can be taken.
    pub(super) fn take_all(&mut self, first: u64, arriving: Vec<Result<Arriving, LedgerError>>) -> Option<u64> {
        let mut bytes = 0;
        for (number, arriving) in (first..).zip(arriving) {
            match arriving {
                Ok(arriving) => {
                    bytes += arriving.length;
                    self.take(number, arriving);
                }
                Err(error) => {
                    self.failed.get_or_insert(error);
                }
            }
        }
        self.failed.is_none().then_some(bytes)
    }

    fn take(&mut self, number: u64, arriving: Arriving) {
        if number != self.next {
            self.early.insert(number, arriving);
            return;
        }
        let mut due = Some(arriving);
        while let Some(arriving) = due.filter(|_| self.failed.is_none()) {
            self.failed = self.add(&arriving).err();
            due = self.early.remove(&self.next);
        }
    }

    fn add(&mut self, arriving: &Arriving) -> Result<(), LedgerError> {
        self.next += 1;
        let at = self.readings.add(&arriving.bytes)?;
        match self.stretches.last_mut() {
            Some((file, stretch)) if *file == arriving.file => {
                stretch.records += 1;
                stretch.is_whole &= arriving.is_read;
            }
            _ => self.stretches.push((arriving.file, Stretch { first: at, records: 1, is_whole: arriving.is_read })),
        }
        self.spread += arriving.further.len() as u64;
        for rules in arriving.further.iter().chain([&arriving.brief.rules]) {
            let place = arriving.links.as_ref().map_or(ABSENT, |links| self.graph.add(links));
            let number = u32::try_from(self.briefs.len()).unwrap_or(ABSENT);
            self.keys.extend(arriving.key.map(|key| (key, number)));
            self.briefs.push(Brief { at, place, rules: *rules, ..arriving.brief });
        }
        Ok(())
    }
}
