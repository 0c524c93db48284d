//! `ledger check`: every byte of a ledger is looked at, and nothing is changed.

use super::attach;
use super::entry::{State, Verdict};
use super::error::LedgerError;
use super::home;
use super::index::{Index, Kind, Watermark};
use super::journal::{self, FactReader, place};
use super::ledger::{Current, Ledger};
use super::lock::Lock;
use super::rescue;
use super::scan::{self, Scan};
use super::standing::{self, Standings};
use super::stored::{Reached, Stored};
use super::summary::read_summary;
use super::tally::Counts;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Damages that are named; the rest is counted.
const MOST_NAMED: usize = 20;

/// What a look at the whole ledger found.
#[derive(Debug, Default, Serialize)]
pub struct Checkup {
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// Its lines whose checksums agree.
    pub lines: u64,
    /// The same by kind of fact.
    pub facts: BTreeMap<&'static str, u64>,
    /// Messages that the journal knows.
    pub messages: u64,
    /// Bytes of a half-written line at its end, as a crash leaves it; the next command on this ledger cuts them off.
    pub torn: u64,
    /// The index, if there is one that can be opened.
    pub index: Option<IndexFigures>,
    /// What is damaged, the first of it.
    pub damages: Vec<Damage>,
    /// How many damages there are.
    pub damaged: u64,
}

/// What the index holds.
#[derive(Debug, Serialize)]
pub struct IndexFigures {
    /// The plan.
    pub plan_id: String,
    /// Its entries, all read.
    pub entries: u64,
    /// Of these, those to be sent.
    pub planned: u64,
    /// States, each compared with the journal's last word if `compared`.
    pub states: u64,
    /// Ids, compared with the entries.
    pub ids: u64,
    /// The byte of the journal up to which it goes.
    pub watermark: u64,
    /// False where the journal is damaged, so that it cannot tell whether the states are right.
    pub compared: bool,
}

/// One damage.
#[derive(Debug, Clone, Serialize)]
pub struct Damage {
    /// The file or folder.
    pub path: PathBuf,
    /// Line, byte or key.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl Checkup {
    /// Is nothing damaged?
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damaged == 0
    }

    fn add(&mut self, path: PathBuf, place: impl Into<String>, what: impl Into<String>) {
        self.damaged += 1;
        if self.damages.len() < MOST_NAMED {
            self.damages.push(Damage { path, place: place.into(), what: what.into() });
        }
    }

    /// Takes up an error that is damage; any other ends the check.
    fn add_error(&mut self, error: LedgerError) -> Result<(), LedgerError> {
        match error {
            LedgerError::Damaged { path, place, what, .. } => {
                self.add(path, place, what);
                Ok(())
            }
            other => Err(other),
        }
    }
}

impl Ledger {
    /// Looks at every byte of the ledger at `dir`, which must exist. Takes the lock; changes nothing but what sled itself writes
    /// when it is opened.
    ///
    /// # Errors
    /// Locked, newer, absent, not a ledger, or refused by the system. Damage is in the result.
    pub fn check(dir: &Path) -> Result<Checkup, LedgerError> {
        let mut checkup = Checkup::default();
        match home::prepare(dir, false) {
            Err(error @ LedgerError::Damaged { .. }) => checkup.add_error(error)?,
            prepared => prepared?,
        }
        let _lock = Lock::take(dir)?;
        if checkup.is_sound()
            && let Err(error) = home::check(dir)
        {
            checkup.add_error(error)?;
        }
        let mut standings = Standings::default();
        let (scan, is_there) = match scan::scan(dir, |fact, _, offset| standings.note(fact, offset)) {
            Ok(scan) => (scan, true),
            Err(error) => {
                checkup.add_error(error)?;
                (Scan::default(), false)
            }
        };
        for bad in scan.damages() {
            checkup.add(home::journal_path(dir), place(bad.number, bad.offset), bad.what.clone());
        }
        checkup.journal_bytes = scan.bytes;
        checkup.lines = scan.lines;
        checkup.messages = standings.len();
        checkup.torn = scan.torn();
        if let Err(error) = read_summary(dir) {
            checkup.add_error(error)?;
        }
        let is_whole = is_there && scan.damages().next().is_none();
        checkup.index(dir, is_whole.then_some(&standings), &scan)?;
        checkup.facts = scan.facts;
        Ok(checkup)
    }
}

impl Checkup {
    /// Looks at the index; against the journal only if that is whole.
    fn index(&mut self, dir: &Path, standings: Option<&Standings>, scan: &Scan) -> Result<(), LedgerError> {
        let path = home::index_path(dir);
        if !path.exists() {
            if scan.good > 0 {
                self.add(path, "the folder", "it is missing");
            }
            return Ok(());
        }
        let opened = match rescue::mended(&path) {
            Ok((index, _)) => attach::heads(dir, &index).map(|(plan, watermark)| (Current { index, plan }, watermark)),
            Err(error) => Err(error),
        };
        let (current, watermark) = match opened {
            Ok(opened) => opened,
            Err(error) => return self.add_error(error),
        };
        let mut standings = standings;
        if self.is_end_damaged(dir, scan, &watermark) {
            standings = None;
        } else if let Err(error) = journal::survey(dir, watermark.last)
            && standings.is_some()
        {
            self.add_error(error)?;
            standings = None;
        }
        let mut look = Look { dir, current: &current, watermark: &watermark, ids: [(0, 0); 2], states: 0 };
        match look.entries(self, standings) {
            Ok(()) => {}
            Err(error) => self.add_error(error)?,
        }
        self.index = Some(IndexFigures {
            plan_id: current.plan.plan_id.clone(),
            entries: current.plan.total,
            planned: current.plan.planned,
            states: look.states,
            ids: look.ids.iter().map(|(count, _)| count).sum(),
            watermark: watermark.offset,
            compared: standings.is_some(),
        });
        Ok(())
    }

    /// Is there less of the journal than the index has seen whole? Then what stands at its end was not left by a crash.
    fn is_end_damaged(&mut self, dir: &Path, scan: &Scan, watermark: &Watermark) -> bool {
        // Of a journal of which lines are missing the end stands elsewhere: what counts is where it was written for.
        let end = scan.kept.last().map_or(0, |kept| kept.end);
        if watermark.offset <= end || scan.bytes == 0 {
            return false;
        }
        let path = home::journal_path(dir);
        let before = self.damaged;
        for bad in scan.bad.iter().filter(|bad| bad.offset >= scan.good) {
            self.add(path.clone(), place(bad.number, bad.offset), bad.what.clone());
        }
        if self.damaged == before {
            let lost = watermark.offset - end;
            self.add(
                path,
                format!("byte {}", scan.good),
                format!("its end is missing, {lost} bytes that had been written"),
            );
        }
        self.torn = 0;
        true
    }
}

/// A look at an index.
struct Look<'a> {
    dir: &'a Path,
    current: &'a Current,
    watermark: &'a Watermark,
    /// Ids of the entries, by kind: how many, and a sum over them that does not depend on their order.
    ids: [(u64, u64); 2],
    states: u64,
}

impl Look<'_> {
    fn entries(&mut self, checkup: &mut Checkup, standings: Option<&Standings>) -> Result<(), LedgerError> {
        let index = &self.current.index;
        let path = home::index_path(self.dir);
        let mut facts = standings.map(|_| FactReader::open(self.dir)).transpose()?;
        let mut counts = Counts::default();
        for position in 0..self.current.plan.total {
            let entry = index.entry(position)?.ok_or_else(|| self.current.missing(self.dir, position))?;
            let planned = match &entry.verdict {
                Verdict::Planned(planned) => Some(planned),
                _ => None,
            };
            if planned.is_some() != (position < self.current.plan.planned) {
                checkup.add(path.clone(), format!("entry {position}"), "its place does not fit what was decided of it");
            }
            self.add_id(Kind::Original, entry.original_id.as_deref(), position);
            let Some(planned) = planned else { continue };
            self.add_id(Kind::External, Some(&planned.external_id), position);
            let stored = index.state(position)?;
            self.states += u64::from(stored.is_some());
            let Some((standings, facts)) = standings.zip(facts.as_mut()) else { continue };
            let told = standings.last(&standing::hash(&planned.external_id));
            let told = told.map(|line| Ok::<_, LedgerError>((line, facts.read(line)?.into_state()))).transpose()?;
            let known = match told {
                Some((line, Some((id, state)))) if id == planned.external_id => Some((line, state)),
                _ => None,
            };
            if let Some(what) = disagreement(stored, known.as_ref(), self.watermark.offset) {
                checkup.add(path.clone(), format!("state of entry {position} ({})", planned.external_id), what);
            }
            counts.count(&match stored {
                Some(stored) => stored.state_for_counting(facts)?,
                None => State::Planned,
            });
        }
        if standings.is_some() && counts != self.watermark.reckoning.counts() {
            checkup.add(path.clone(), "watermark", "the books do not agree with the states");
        }
        for (kind, name) in [(Kind::External, "external ids"), (Kind::Original, "original ids")] {
            let mut found = (0, 0_u64);
            index.each_id(kind, |prefix, position| {
                found = (found.0 + 1, found.1.wrapping_add(Self::sum_of(prefix, position)));
            })?;
            if found != self.of_kind(kind) {
                checkup.add(path.clone(), name, "they are not those of the entries");
            }
        }
        for source in (0..).take(self.current.plan.sources.len()) {
            for file in index.files(source) {
                file?;
            }
        }
        Ok(())
    }

    fn of_kind(&mut self, kind: Kind) -> (u64, u64) {
        *self.slot(kind)
    }

    fn slot(&mut self, kind: Kind) -> &mut (u64, u64) {
        let [external, original] = &mut self.ids;
        match kind {
            Kind::External => external,
            Kind::Original => original,
        }
    }

    fn add_id(&mut self, kind: Kind, id: Option<&str>, position: u64) {
        let Some(id) = id else { return };
        let prefix = super::ids::prefix(standing::hash(id));
        let slot = self.slot(kind);
        *slot = (slot.0 + 1, slot.1.wrapping_add(Self::sum_of(prefix, position)));
    }

    fn sum_of(prefix: [u8; 8], position: u64) -> u64 {
        u64::from_be_bytes(prefix) ^ position.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Where a state of the index is not what the journal says last, in words. What stands behind the watermark is replayed anyway.
fn disagreement(stored: Option<Stored>, told: Option<&(u64, State)>, watermark: u64) -> Option<String> {
    let reached = |stored: Stored| match stored.reached {
        Reached::Unanswered => Reached::Sending,
        other => other,
    };
    match (stored, told) {
        (_, Some((line, _))) if *line >= watermark => None,
        // A refused request that was mended afterwards is one that was not sent.
        (None, None | Some((_, State::Planned | State::Refused { .. }))) => None,
        (None, Some((line, state))) => {
            Some(format!("the index has none, and the journal says {} at byte {line}", state.name()))
        }
        (Some(_), None) => Some("the index has one, and the journal knows nothing of the message".to_owned()),
        (Some(stored), Some((line, state))) => (stored.line != *line || reached(stored) != Reached::of(state))
            .then(|| format!("the index and the journal, which says {} at byte {line}, do not agree", state.name())),
    }
}

/// Opens the index at `path` and reads its head.
pub(super) fn readable(dir: &Path) -> Option<(Current, Watermark)> {
    let (index, _): (Index, bool) = rescue::mended(&home::index_path(dir)).ok()?;
    let (plan, watermark) = attach::heads(dir, &index).ok()?;
    Some((Current { index, plan }, watermark))
}
