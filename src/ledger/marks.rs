//! Changing states: the journal first, then the index, then the books.

use super::attach::index_damaged;
use super::entry::{Entry, Planned, State, Verdict};
use super::error::LedgerError;
use super::fact::{Fact, Target, clipped};
use super::index::{Kind, Watermark};
use super::journal::{self, FactReader, Journal};
use super::ledger::{Current, Ledger};
use super::standing;
use super::stored::{Reached, Stored};
use super::tally::{Counts, Outcomes, Tally, Verdicts};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// Changes between two flushes of the index, at most. The journal has them all; this only bounds what is replayed.
const CHANGES_PER_FLUSH: usize = 500;
/// Time between two flushes of the index while changes come in.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
const NEVER_ANSWERED_BEFORE: &str = "an earlier attempt was never answered";

/// Everything that changes while messages are sent.
#[derive(Debug)]
pub(super) struct Books {
    journal: Journal,
    facts: FactReader,
    target: Option<Target>,
    reckoning: Reckoning,
    /// Entries being sent whose earlier attempt was never answered; as many as are in flight.
    doubted: HashSet<u64>,
    unflushed: usize,
    flushed_at: Instant,
    /// The index missed a change that the journal has. Its watermark may not rise any more.
    behind: bool,
}

/// The states, counted.
#[derive(Debug, Default)]
pub(super) struct Reckoning {
    outcomes: Vec<Outcomes>,
    stored: u64,
    first_open: u64,
}

/// One change of state on its way into journal, index and books.
struct Step {
    position: u64,
    source: u16,
    before: State,
    after: State,
    is_new: bool,
    doubted: bool,
}

impl Ledger {
    /// Records changes of state, in order, as one group: all of them are durable when this returns.
    ///
    /// `Sending → Planned` of an entry whose earlier attempt was never answered makes it `Unknown` again: that Front
    /// did not take this attempt says nothing about the earlier one.
    ///
    /// # Errors
    /// [`LedgerError::IllegalTransition`] if [`State::may_become`] forbids one of them, and then none is made. After
    /// other errors nothing more can be marked before the ledger is opened again, save when a full disk has room again.
    pub fn mark(&self, changes: &[(u64, State)]) -> Result<(), LedgerError> {
        let current = self.current()?;
        let mut books = self.books();
        if books.behind {
            return Err(LedgerError::Broken { path: self.dir().to_path_buf() });
        }
        let (steps, facts) = books.steps(self.dir(), current, changes)?;
        let lines = books.journal.append(&facts)?;
        let made = books.make(current, steps, &lines);
        books.behind = made.is_err();
        made?;
        if books.unflushed >= CHANGES_PER_FLUSH || books.flushed_at.elapsed() >= FLUSH_EVERY {
            books.flush(current)?;
        }
        Ok(())
    }

    /// Binds the ledger to a target, before anything is sent to it. Inboxes that are new are added to those on record.
    ///
    /// # Errors
    /// [`LedgerError::Foreign`] if the ledger was made for another company, or if an inbox's name stood for another.
    pub fn bind(&self, target: &Target) -> Result<(), LedgerError> {
        let mut books = self.books();
        let Some(bound) = &books.target else {
            books.journal.append(&[Fact::Target(target.clone())])?;
            books.target = Some(target.clone());
            return Ok(());
        };
        let foreign = |recorded, found| LedgerError::Foreign { path: self.dir().to_path_buf(), recorded, found };
        if bound.company_id != target.company_id {
            let named = |target: &Target| format!("company {} ({})", target.company_name, target.company_id);
            return Err(foreign(named(bound), named(target)));
        }
        let mut inboxes = bound.inboxes.clone();
        for (name, id) in &target.inboxes {
            if let Some(recorded) = inboxes.insert(name.clone(), id.clone()).filter(|recorded| recorded != id) {
                let named = |id: &str| format!("inbox {name} ({id})");
                return Err(foreign(named(&recorded), named(id)));
            }
        }
        if inboxes.len() > bound.inboxes.len() {
            let wider = Target { inboxes, ..target.clone() };
            books.journal.append(&[Fact::Target(wider.clone())])?;
            books.target = Some(wider);
        }
        Ok(())
    }

    /// Brings the index up to the journal on disk. Marks are durable without this; it saves time at the next open.
    ///
    /// # Errors
    /// A damaged index, or what the system refuses.
    pub fn flush(&self) -> Result<(), LedgerError> {
        let Some(current) = &self.current else { return Ok(()) };
        self.books().flush(current)
    }

    /// Flushes and closes. Dropping a ledger loses nothing either.
    ///
    /// # Errors
    /// As [`Ledger::flush`].
    pub fn close(self) -> Result<(), LedgerError> {
        self.flush()
    }
}

impl Books {
    pub(super) fn new(journal: Journal, facts: FactReader, target: Option<Target>, reckoning: Reckoning) -> Self {
        Self {
            journal,
            facts,
            target,
            reckoning,
            doubted: HashSet::new(),
            unflushed: 0,
            flushed_at: Instant::now(),
            behind: false,
        }
    }

    /// Another plan is in force.
    pub(super) fn reckon_anew(&mut self, reckoning: Reckoning) {
        self.reckoning = reckoning;
        self.doubted.clear();
        self.unflushed = 0;
        self.behind = false;
    }

    /// Bytes in the journal, if it is known what they are.
    pub(super) fn sound_length(&self) -> Result<u64, LedgerError> {
        self.journal.sound_length()
    }

    /// A reader of the journal's lines.
    pub(super) fn facts(&mut self) -> &mut FactReader {
        &mut self.facts
    }

    pub(super) fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    pub(super) fn first_open(&self) -> u64 {
        self.reckoning.first_open
    }

    pub(super) fn counts(&self) -> Counts {
        self.reckoning.outcomes.iter().fold(Counts::default(), |mut sum, outcomes| {
            sum.add(&outcomes.counts);
            sum
        })
    }

    pub(super) fn tallies(&self, verdicts: &[Verdicts]) -> Vec<Tally> {
        self.reckoning.outcomes.iter().zip(verdicts).map(|(outcomes, verdicts)| outcomes.tally(verdicts)).collect()
    }

    /// Checks all changes and puts them into words, before any is made.
    fn steps(
        &mut self,
        dir: &Path,
        current: &Current,
        changes: &[(u64, State)],
    ) -> Result<(Vec<Step>, Vec<Fact>), LedgerError> {
        let mut steps: Vec<Step> = Vec::with_capacity(changes.len());
        let mut facts = Vec::with_capacity(changes.len());
        // A group may change one entry twice.
        let mut latest: HashMap<u64, usize> = HashMap::new();
        for (position, wanted) in changes {
            let position = *position;
            let (entry, planned) = current.planned(dir, position)?;
            let earlier = latest.get(&position).and_then(|step| steps.get(*step));
            let (before, is_new, doubted) = if let Some(step) = earlier {
                (step.after.clone(), false, step.doubted)
            } else {
                let stored = current.index.state(position)?;
                let is_new = stored.is_none();
                let before = match stored {
                    Some(stored) => stored.state_for_counting(&mut self.facts)?,
                    None => State::Planned,
                };
                (before, is_new, self.doubted.contains(&position))
            };
            if !before.may_become(wanted) {
                return Err(LedgerError::IllegalTransition {
                    position,
                    external_id: planned.external_id,
                    from: before.name(),
                    to: wanted.name(),
                });
            }
            let after = match wanted {
                State::Planned if doubted => State::Unknown { why: NEVER_ANSWERED_BEFORE.into() },
                other => clipped(other.clone()),
            };
            let doubted = matches!((&before, &after), (State::Unknown { .. } | State::Missing { .. }, State::Sending));
            facts.push(Fact::of(&entry, &planned, &after, &current.plan.plan_id));
            latest.insert(position, steps.len());
            steps.push(Step { position, source: entry.origin.source, before, after, is_new, doubted });
        }
        Ok((steps, facts))
    }

    /// Makes changes that the journal has, in index and books.
    fn make(&mut self, current: &Current, steps: Vec<Step>, lines: &[u64]) -> Result<(), LedgerError> {
        let mut lowest_reopened = None;
        for (step, line) in steps.into_iter().zip(lines) {
            let Step { position, source, before, after, is_new, doubted } = step;
            let stored = Stored { source, reached: Reached::of(&after), line: *line };
            current.index.put_state(position, &stored)?;
            if doubted {
                self.doubted.insert(position);
            } else {
                self.doubted.remove(&position);
            }
            self.reckoning.stored += u64::from(is_new);
            if let Some(outcomes) = self.reckoning.outcomes.get_mut(usize::from(source)) {
                outcomes.change(&before, &after);
            }
            if !after.is_settled() {
                lowest_reopened = Some(lowest_reopened.map_or(position, |lowest: u64| lowest.min(position)));
            }
            self.unflushed += 1;
        }
        let first_open = self.reckoning.first_open.min(lowest_reopened.unwrap_or(u64::MAX));
        self.reckoning.first_open = settled_from(current, first_open)?;
        Ok(())
    }

    fn flush(&mut self, current: &Current) -> Result<(), LedgerError> {
        if self.behind || self.unflushed == 0 {
            return Ok(());
        }
        let watermark = Watermark { offset: self.journal.length(), states: self.reckoning.stored };
        current.index.put_watermark(watermark)?;
        current.index.flush()?;
        self.unflushed = 0;
        self.flushed_at = Instant::now();
        Ok(())
    }
}

impl Reckoning {
    /// Replays the journal behind the watermark, ends what was under way, and counts.
    pub(super) fn of(dir: &Path, current: &Current, watermark: Watermark) -> Result<Self, LedgerError> {
        let index = &current.index;
        let mut offset = watermark.offset;
        let mut changed = false;
        journal::replay(dir, watermark.offset, |fact, line| {
            if let Some((external_id, state)) = fact.into_state()
                && let Some((position, source)) = current.position_of(dir, &external_id)?
            {
                index.put_state(position, &Stored { source, reached: Reached::of(&state), line })?;
            }
            changed = true;
            Ok(())
        })?;
        if changed {
            offset = journal::size(dir)?;
        }

        let mut reckoning =
            Self { outcomes: current.plan.verdicts.iter().map(Outcomes::untouched).collect(), ..Self::default() };
        let mut facts = FactReader::open(dir)?;
        let mut interrupted = Vec::new();
        for item in index.states(0..current.plan.planned) {
            let (position, stored) = item?;
            let rested = Stored { reached: stored.reached.at_rest(), ..stored };
            let Some(outcomes) = reckoning.outcomes.get_mut(usize::from(stored.source)) else {
                return Err(index_damaged(dir, position, "its source is not in the plan"));
            };
            outcomes.change(&State::Planned, &rested.state_for_counting(&mut facts)?);
            reckoning.stored += 1;
            if position == reckoning.first_open && rested.reached.is_settled() {
                reckoning.first_open += 1;
            }
            if rested != stored {
                interrupted.push((position, rested));
            }
        }
        if reckoning.stored < watermark.states {
            return Err(index_damaged(dir, "of a state", "states that were written are gone"));
        }
        for (position, stored) in &interrupted {
            index.put_state(*position, stored)?;
        }
        if changed {
            index.put_watermark(Watermark { offset, states: reckoning.stored })?;
            index.flush()?;
        }
        Ok(reckoning)
    }
}

impl Current {
    /// The entry at a position that is to be sent.
    fn planned(&self, dir: &Path, position: u64) -> Result<(Entry, Planned), LedgerError> {
        self.check_planned(position)?;
        let mut entry = self.index.entry(position)?.ok_or_else(|| self.missing(dir, position))?;
        // The verdict's own words are not needed again; the place holder avoids a copy of all the strings.
        let verdict = std::mem::replace(&mut entry.verdict, Verdict::Duplicate { of: position });
        match verdict {
            Verdict::Planned(planned) => Ok((entry, planned)),
            _ => Err(index_damaged(dir, position, "there is no planned entry")),
        }
    }

    /// Where the plan has an external id, and from which source; nothing if it is not in this plan.
    fn position_of(&self, dir: &Path, external_id: &str) -> Result<Option<(u64, u16)>, LedgerError> {
        for position in self.index.positions(Kind::External, standing::hash(external_id))? {
            let (entry, planned) = self.planned(dir, position)?;
            if planned.external_id == external_id {
                return Ok(Some((position, entry.origin.source)));
            }
        }
        Ok(None)
    }
}

/// The first position from `position` on that is not settled.
fn settled_from(current: &Current, mut position: u64) -> Result<u64, LedgerError> {
    for item in current.index.states(position..current.plan.planned) {
        let (found, stored) = item?;
        if found != position || !stored.reached.is_settled() {
            break;
        }
        position += 1;
    }
    Ok(position)
}
