//! The ledger itself: opening and reading. How states change is in `marks`.

use super::attach::{attach, index_damaged};
use super::blocks::{self, Block, block_of};
use super::books::Books;
use super::build::{JournalEnd, NewPlan};
use super::entry::{Entry, Part, State, Verdict};
use super::error::LedgerError;
use super::fact::Target;
use super::home;
use super::index::{Files, Index, Kind, Stretch};
use super::journal::{self, FactReader, Journal};
use super::lock::Lock;
use super::plan_meta::{Plan, PlanMeta};
use super::readings::Readings;
use super::renewal::first_id;
use super::rescue;
use super::standing::{self, Pins};
use super::stored::{Reached, Stored};
use super::summary::{self, SourceTally, Summary};
use super::tally::{Counts, Tally};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of the index that an entry of a plan takes while it is built.
const BYTES_AN_ENTRY: u64 = 500;

/// Bytes that even an index of nothing takes.
const SMALLEST_INDEX: u64 = 1 << 20;

/// A ledger, locked for this process until it is dropped.
///
/// It can be shared between threads: reading goes on while one of them marks.
#[derive(Debug)]
pub struct Ledger {
    dir: PathBuf,
    pub(super) current: Option<Current>,
    books: Mutex<Books>,
    index_lost: Option<String>,
    notices: Vec<String>,
    // Last, so that the lock is let go when everything else is closed.
    _lock: Lock,
}

/// The current plan and its index.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) index: Index,
    pub(super) plan: Plan,
}

impl Ledger {
    /// Opens the ledger at `dir`, which is made if there is none.
    ///
    /// An index that cannot be used is set aside, and the ledger opens without a plan: see [`Ledger::index_lost`].
    ///
    /// # Errors
    /// Locked, newer, damaged (format or journal), not a ledger, or refused by the system.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        Self::open_at(dir, true)
    }

    /// Opens the ledger at `dir`, which must exist.
    ///
    /// # Errors
    /// As [`Ledger::open`], and [`LedgerError::Absent`].
    pub fn open_existing(dir: &Path) -> Result<Self, LedgerError> {
        Self::open_at(dir, false)
    }

    fn open_at(dir: &Path, create: bool) -> Result<Self, LedgerError> {
        home::prepare(dir, create)?;
        let lock = Lock::take(dir)?;
        home::check_or_found(dir)?;
        home::make_private_all(dir)?;
        home::tidy_indexes(dir)?;
        let attached = attach(dir, rescue::open(dir)?)?;
        let survey = journal::survey(dir, attached.last_line())?;
        let torn = journal::cut_torn_tail(dir, &survey)?;
        let target = survey.target.or(attached.target());
        let mut books = Books::new(dir, Journal::open(dir, &survey)?, target)?;
        let taken_up = attached.take_up(dir, &mut books)?;
        let is_gone = taken_up.current.is_none() && survey.good > 0;
        Ok(Self {
            dir: dir.to_path_buf(),
            index_lost: taken_up.lost.or_else(|| is_gone.then(|| "its folder sled is gone".to_owned())),
            current: taken_up.current,
            books: Mutex::new(books),
            notices: torn.into_iter().chain(taken_up.notices).collect(),
            _lock: lock,
        })
    }

    /// The ledger's directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The current plan, if there is one.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.current.as_ref().map(|current| &current.plan)
    }

    /// Why the plan that was there had to be set aside when the ledger was opened. Planning again restores it.
    #[must_use]
    pub fn index_lost(&self) -> Option<&str> {
        self.index_lost.as_deref()
    }

    /// What was repaired when the ledger was opened, in sentences for the user.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The target that was bound, if any.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.books().target().cloned()
    }

    /// Replaces the current plan by what `fill` adds to the new one. What `fill` gives is kept as [`Plan::extra`].
    ///
    /// What the journal knows of an external id becomes the state of its entry, whichever plan it was sent under. Until
    /// everything is durable the former plan stays in force; a kill leaves the one or the other.
    ///
    /// # Errors
    /// [`LedgerError::Misplanned`] if entries share an external id; those of `fill`; a damaged journal; or what the system
    /// refuses.
    pub fn write_plan<E: From<LedgerError>>(
        &mut self,
        meta: PlanMeta,
        fill: impl FnOnce(&mut NewPlan<'_>) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        let journal = self.journal_end()?;
        let needed = meta.sources.iter().map(|source| source.read).sum::<u64>().saturating_mul(BYTES_AN_ENTRY);
        let needed = needed.saturating_add(SMALLEST_INDEX);
        home::check_room(&self.dir, needed)?;
        // Two open indexes would need the memory of both.
        if self.current.take().is_some() {
            rescue::await_closed(&home::index_path(&self.dir))?;
        }
        let full = |error: LedgerError| E::from(error.or_full(&self.dir, needed));
        let written = NewPlan::begin(&self.dir, &meta.sources, needed).map_err(full).and_then(|mut plan| {
            let extra = fill(&mut plan)?;
            plan.finish(meta, extra, journal).map_err(full)
        });
        // Why the former plan cannot be taken up again either matters less than why the new one was not kept.
        let attached = self.reattach();
        written.and_then(|()| Ok(attached?))
    }

    /// Room for what a plan reads.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn readings(&self) -> Result<Readings, LedgerError> {
        Readings::new(&self.dir)
    }

    /// What the last plan has read, with its table of contents; see [`Readings::keep`].
    #[must_use]
    pub fn kept_readings(&self) -> Option<(Readings, Vec<u8>)> {
        Readings::kept(&self.dir)
    }

    fn journal_end(&self) -> Result<JournalEnd, LedgerError> {
        let books = self.books();
        Ok(JournalEnd { length: books.sound_length()?, last: books.last_line(), target: books.target_line() })
    }

    /// Takes the index in `sled` into use, be it the new one or the former.
    fn reattach(&mut self) -> Result<(), LedgerError> {
        home::tidy_indexes(&self.dir)?;
        let attached = attach(&self.dir, rescue::open(&self.dir)?)?;
        let taken_up = attached.take_up(&self.dir, &mut self.books())?;
        self.current = taken_up.current;
        self.index_lost = taken_up.lost;
        self.notices.extend(taken_up.notices);
        Ok(())
    }

    /// Every message that was ever sent, under whichever plan, in the order in which they were last sent.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn pins(&self) -> Result<Pins, LedgerError> {
        Pins::read(&self.dir)
    }

    /// The entry at a position.
    ///
    /// # Errors
    /// No plan, a position outside of it, or a damaged index.
    pub fn entry(&self, position: u64) -> Result<Entry, LedgerError> {
        let current = self.current()?;
        current.index.entry(position)?.ok_or_else(|| current.missing(&self.dir, position))
    }

    /// The entries at a range of positions, in order.
    ///
    /// # Errors
    /// No plan; each item fails for itself if the index is damaged there.
    pub fn entries(&self, range: Range<u64>) -> Result<Entries, LedgerError> {
        let current = self.current()?;
        let range = range.start..range.end.min(current.plan.total);
        Ok(Entries { dir: self.dir.clone(), due: range.clone(), blocks: current.index.blocks(range), at_hand: None })
    }

    /// The state of the planned entry at a position.
    ///
    /// # Errors
    /// No plan, a position that is not planned, or a damaged index.
    pub fn state(&self, position: u64) -> Result<State, LedgerError> {
        let current = self.current()?;
        current.check_planned(position)?;
        let mut books = self.books();
        match books.stored(current, position)? {
            Some(stored) => stored.state(books.facts()),
            None => Ok(State::Planned),
        }
    }

    /// The states at a range of planned positions, in order.
    ///
    /// # Errors
    /// No plan; each item fails for itself if the index is damaged there.
    pub fn states(&self, range: Range<u64>) -> Result<States, LedgerError> {
        Ok(States { stored: self.stored(range)?, facts: FactReader::open(&self.dir)? })
    }

    /// The states at a range of planned positions without their words, in order: of a million that are settled nothing of the
    /// journal is read.
    ///
    /// # Errors
    /// As [`Ledger::states`].
    pub fn reached(
        &self,
        range: Range<u64>,
    ) -> Result<impl Iterator<Item = Result<(u64, Reached), LedgerError>>, LedgerError> {
        let of = |stored: Option<Stored>| stored.map_or(Reached::Planned, |stored| stored.reached);
        Ok(self.stored(range)?.map(move |item| item.map(|(position, stored)| (position, of(stored)))))
    }

    fn stored(&self, range: Range<u64>) -> Result<StoredStates, LedgerError> {
        let current = self.current()?;
        let range = range.start..range.end.min(current.plan.planned);
        // Before the index is looked at: what leaves these for the index meanwhile is seen twice, not missed.
        let fresh = self.books().fresh(range.clone());
        Ok(StoredStates { due: range.clone(), fresh, stored: None, items: current.index.states(range) })
    }

    /// Positions of the entries with this external id or original id, in order.
    ///
    /// # Errors
    /// No plan, or a damaged index.
    pub fn find(&self, id: &str) -> Result<Vec<u64>, LedgerError> {
        let index = &self.current()?.index;
        let hash = standing::hash(id);
        let mut found = index.positions(Kind::External, hash)?;
        found.extend(index.positions(Kind::Original, hash)?);
        found.sort_unstable();
        found.dedup();
        let mut exact = Vec::with_capacity(found.len());
        for position in found {
            let entry = self.entry(position)?;
            let external = match &entry.verdict {
                Verdict::Planned(planned) => Some(&planned.external_id),
                _ => None,
            };
            if [external, entry.original_id.as_ref()].into_iter().flatten().any(|own| own == id) {
                exact.push(position);
            }
        }
        Ok(exact)
    }

    /// The files of a source of the plan, in scan order.
    ///
    /// # Errors
    /// No plan; each item fails for itself if the index is damaged there.
    pub fn files(&self, source: u16) -> Result<Files, LedgerError> {
        Ok(self.current()?.index.files(source))
    }

    /// The journal's lines about the message with this external id, whatever other ids it had, as JSON, oldest first.
    /// Reads the whole journal.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn history(&self, external_id: &str) -> Result<Vec<String>, LedgerError> {
        let mut lines = Vec::new();
        journal::glance(&self.dir, |fact, json, _| {
            if fact.external_id().is_some_and(|id| first_id(id) == first_id(external_id)) {
                lines.push(String::from_utf8_lossy(json).into_owned());
            }
            Ok(())
        })?;
        Ok(lines)
    }

    /// Entries of the plan that are messages to be imported: they stand before all others. None without a plan.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.plan().map_or(0, |plan| plan.messages)
    }

    /// Messages by state.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let books = self.books();
        books.counts().less(&books.counts_of(Part::Comments)).less(&books.counts_of(Part::Deliveries))
    }

    /// Notes that become comments, by state.
    #[must_use]
    pub fn comments(&self) -> Counts {
        self.books().counts_of(Part::Comments)
    }

    /// Messages that are delivered, by state.
    #[must_use]
    pub fn deliveries(&self) -> Counts {
        self.books().counts_of(Part::Deliveries)
    }

    /// The books: the tally of each source, by name, in the order of the mapping. Empty without a plan.
    #[must_use]
    pub fn tallies(&self) -> Vec<(String, Tally)> {
        let Some(plan) = self.plan() else { return Vec::new() };
        let books = self.books();
        plan.sources.iter().cloned().zip(books.tallies(&plan.verdicts)).collect()
    }

    /// The first planned position that is neither accepted, confirmed nor refused; the number of planned entries if
    /// there is none.
    #[must_use]
    pub fn first_open(&self) -> u64 {
        self.books().first_open()
    }

    /// Replaces `summary.json`. `run` says what is going on; `details` is anything `status` should show besides.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn write_summary(&self, run: &str, details: serde_json::Value) -> Result<(), LedgerError> {
        let sources = self.tallies().into_iter().map(|(name, tally)| SourceTally { name, tally }).collect();
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let summary = Summary {
            written_at: i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX),
            pid: std::process::id(),
            run: run.to_owned(),
            plan_id: self.plan().map(|plan| plan.plan_id.clone()),
            sources,
            details,
        };
        summary::write(&self.dir, &summary).map_err(|error| error.or_full(&self.dir, self.books().bytes_to_come()))
    }

    pub(super) fn current(&self) -> Result<&Current, LedgerError> {
        self.current.as_ref().ok_or_else(|| LedgerError::NoPlan { path: self.dir.clone() })
    }

    /// A panic elsewhere leaves the books as they were before or after a change, never in between.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    pub(super) fn check_planned(&self, position: u64) -> Result<(), LedgerError> {
        let planned = self.plan.planned;
        if position < planned { Ok(()) } else { Err(LedgerError::NotPlanned { position, planned }) }
    }

    pub(super) fn missing(&self, dir: &Path, position: u64) -> LedgerError {
        if position < self.plan.total {
            index_damaged(dir, position, "there is no entry")
        } else {
            LedgerError::NotPlanned { position, planned: self.plan.planned }
        }
    }
}

/// Entries at a range of positions; see [`Ledger::entries`].
pub struct Entries {
    dir: PathBuf,
    due: Range<u64>,
    blocks: Stretch<Block>,
    /// A block and its number.
    at_hand: Option<(u64, Block)>,
}

impl Entries {
    fn entry(&mut self, due: u64) -> Result<Entry, LedgerError> {
        let wanted = block_of(due);
        if self.at_hand.as_ref().is_none_or(|(number, _)| *number != wanted) {
            self.at_hand = self.blocks.next().transpose()?;
        }
        self.at_hand
            .as_ref()
            .filter(|(number, _)| *number == wanted)
            .and_then(|(_, block)| block.get(due % blocks::ENTRIES))
            .ok_or_else(|| index_damaged(&self.dir, due, "there is no entry"))
    }
}

impl Iterator for Entries {
    type Item = Result<(u64, Entry), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let due = self.due.next()?;
        let entry = self.entry(due);
        if entry.is_err() {
            self.due = due..due;
        }
        Some(entry.map(|entry| (due, entry)))
    }
}

/// States at a range of planned positions; see [`Ledger::states`].
pub struct States {
    stored: StoredStates,
    facts: FactReader,
}

impl Iterator for States {
    type Item = Result<(u64, State), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.stored.next()?;
        let state = item.and_then(|(position, stored)| {
            Ok((position, stored.map_or(Ok(State::Planned), |stored| stored.state(&mut self.facts))?))
        });
        if state.is_err() {
            self.stored.due = 0..0;
        }
        Some(state)
    }
}

/// States as the index keeps them; nothing for what was never sent.
struct StoredStates {
    due: Range<u64>,
    /// States that the index did not have yet.
    fresh: BTreeMap<u64, Stored>,
    stored: Option<(u64, Stored)>,
    items: Stretch<Stored>,
}

impl StoredStates {
    fn at(&mut self, due: u64) -> Result<Option<Stored>, LedgerError> {
        if self.stored.is_none() {
            self.stored = self.items.next().transpose()?;
        }
        let indexed = self.stored.take_if(|(position, _)| *position == due).map(|(_, stored)| stored);
        Ok(self.fresh.remove(&due).or(indexed))
    }
}

impl Iterator for StoredStates {
    type Item = Result<(u64, Option<Stored>), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let due = self.due.next()?;
        let stored = self.at(due);
        if stored.is_err() {
            self.due = due..due;
        }
        Some(stored.map(|stored| (due, stored)))
    }
}
