//! What changes while messages are sent: the journal's end, the books, and the states that the index does not have yet.
//!
//! The index gets states only together with the books and the place in the journal that they belong to, in one batch that sled
//! keeps whole or not at all. So whatever is found in it after a kill belongs together, and the journal behind that place says the rest.

use super::attach::index_damaged;
use super::entry::{Part, State};
use super::error::LedgerError;
use super::fact::{Fact, Target, clipped};
use super::index::Watermark;
use super::journal::{self, FactReader, Journal, LastLine};
use super::ledger::{Current, Ledger};
use super::reckoning::{Change, Reckoning};
use super::stored::{Reached, Stored};
use super::tally::{Counts, Tally, Verdicts};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

/// Changes that wait for the index, at most. The journal has them all; this only bounds what is replayed. At Front's own pace
/// it is the time that counts; at thousands of messages a second more flushes would cost more than all else.
const CHANGES_PER_FLUSH: usize = 4_000;
/// Time between two flushes of the index while changes come in.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Bytes that sending, accepting and confirming a message add, most of them in the journal.
const BYTES_A_MESSAGE: u64 = 1_000;
const NEVER_ANSWERED_BEFORE: &str = "an earlier attempt was never answered";

/// Everything that changes while messages are sent.
#[derive(Debug)]
pub(super) struct Books {
    dir: std::path::PathBuf,
    journal: Journal,
    facts: FactReader,
    /// The target, and where the journal names it.
    target: Option<(Target, u64)>,
    reckoning: Reckoning,
    /// States that the index does not have yet.
    fresh: BTreeMap<u64, Stored>,
    /// Entries being sent whose earlier attempt was never answered; as many as are in flight.
    doubted: HashSet<u64>,
    /// Changes since the last flush, states or not.
    unflushed: usize,
    flushed_at: Instant,
    /// The books missed a change that the journal has, and take no more.
    behind: bool,
}

/// One change of state on its way into journal, books and index.
pub(super) struct Step {
    position: u64,
    source: u16,
    before: State,
    after: State,
    is_new: bool,
    doubted: bool,
}

impl Books {
    /// The books of a ledger that has no plan.
    pub(super) fn new(dir: &Path, journal: Journal, target: Option<u64>) -> Result<Self, LedgerError> {
        let mut facts = FactReader::open(dir)?;
        let target = match target.map(|line| Ok::<_, LedgerError>((facts.read(line)?, line))).transpose()? {
            Some((Fact::Target(target), line)) => Some((target, line)),
            Some((_, line)) => return Err(facts.damaged(line, "it names no target")),
            None => None,
        };
        Ok(Self {
            dir: dir.to_path_buf(),
            journal,
            facts,
            target,
            reckoning: Reckoning::default(),
            fresh: BTreeMap::new(),
            doubted: HashSet::new(),
            unflushed: 0,
            flushed_at: Instant::now(),
            behind: false,
        })
    }

    /// Takes up the books of a plan as the index has them, replays the journal behind them, and ends what was under way.
    pub(super) fn take_up(&mut self, current: &Current, watermark: Watermark) -> Result<(), LedgerError> {
        self.leave();
        self.reckoning = watermark.reckoning;
        if self.reckoning.outcomes.len() != current.plan.verdicts.len() {
            return Err(index_damaged(&self.dir, "watermark", "it counts other sources than the plan"));
        }
        let dir = self.dir.clone();
        journal::replay(&dir, watermark.offset, |fact, line| {
            self.unflushed += 1;
            self.reckoning.is_outdated |= matches!(fact, Fact::Renewed { .. } | Fact::Undone { .. });
            let Some((external_id, after)) = fact.into_state() else { return Ok(()) };
            let Some((position, source)) = current.position_of(&dir, &external_id)? else { return Ok(()) };
            let stored = Stored { source, reached: Reached::of(&after), line };
            self.replayed(current, position, stored, &after)
        })?;
        for position in std::mem::take(&mut self.reckoning.under_way) {
            let Some(stored) = self.stored(current, position)? else {
                return Err(index_damaged(&dir, position, "a request was under way, and its state is gone"));
            };
            let rested = Stored { reached: stored.reached.at_rest(), ..stored };
            let after = rested.state(&mut self.facts)?;
            self.unflushed += 1;
            self.replayed(current, position, rested, &after)?;
        }
        self.flush(current)
    }

    fn replayed(&mut self, current: &Current, position: u64, stored: Stored, after: &State) -> Result<(), LedgerError> {
        let found = self.stored(current, position)?;
        let before = match found {
            Some(found) => found.state_for_counting(&mut self.facts)?,
            None => State::Planned,
        };
        self.change(current, position, stored, &before, after, found.is_none())
    }

    /// There is no plan, or another one comes into force.
    pub(super) fn leave(&mut self) {
        self.reckoning = Reckoning::default();
        self.fresh.clear();
        self.doubted.clear();
        self.unflushed = 0;
        self.behind = false;
    }

    /// Bytes in the journal, if it is known what they are.
    pub(super) fn sound_length(&self) -> Result<u64, LedgerError> {
        self.journal.sound_length()
    }

    /// The journal's last line.
    pub(super) fn last_line(&self) -> Option<LastLine> {
        self.journal.last()
    }

    /// A reader of the journal's lines.
    pub(super) fn facts(&mut self) -> &mut FactReader {
        &mut self.facts
    }

    pub(super) fn target(&self) -> Option<&Target> {
        self.target.as_ref().map(|(target, _)| target)
    }

    /// Where the journal names the target.
    pub(super) fn target_line(&self) -> Option<u64> {
        self.target.as_ref().map(|(_, line)| *line)
    }

    /// Records a target.
    pub(super) fn put_target(&mut self, target: Target) -> Result<(), LedgerError> {
        let lines = self.append(&[Fact::Target(target.clone())])?;
        self.target = lines.first().map(|line| (target, *line));
        self.unflushed += 1;
        Ok(())
    }

    pub(super) fn first_open(&self) -> u64 {
        self.reckoning.first_open()
    }

    pub(super) fn counts(&self) -> Counts {
        self.reckoning.counts()
    }

    /// See [`Reckoning::counts_of`].
    pub(super) fn counts_of(&self, part: Part) -> Counts {
        self.reckoning.counts_of(part)
    }

    /// Bytes that sending the rest will add, roughly.
    pub(super) fn bytes_to_come(&self) -> u64 {
        self.counts().left().saturating_mul(BYTES_A_MESSAGE)
    }

    pub(super) fn tallies(&self, verdicts: &[Verdicts]) -> Vec<Tally> {
        self.reckoning.tallies(verdicts)
    }

    /// Positions of some refused messages, and whether there are more.
    pub(super) fn refused(&self) -> (Vec<u64>, bool) {
        let kept: Vec<u64> = self.reckoning.refused.iter().copied().collect();
        let is_all = kept.len() as u64 >= self.counts().refused;
        (kept, !is_all)
    }

    /// The states of a range that the index does not have yet.
    pub(super) fn fresh(&self, range: Range<u64>) -> BTreeMap<u64, Stored> {
        if range.is_empty() {
            return BTreeMap::new();
        }
        self.fresh.range(range).map(|(position, stored)| (*position, *stored)).collect()
    }

    /// The state at a position, in the index or on its way there.
    pub(super) fn stored(&self, current: &Current, position: u64) -> Result<Option<Stored>, LedgerError> {
        match self.fresh.get(&position) {
            Some(stored) => Ok(Some(*stored)),
            None => current.index.state(position),
        }
    }

    /// Appends facts to the journal.
    pub(super) fn append(&mut self, facts: &[Fact]) -> Result<Vec<u64>, LedgerError> {
        let needed = self.bytes_to_come();
        self.journal.append(facts).map_err(|error| error.or_full(&self.dir, needed))
    }

    /// Records that messages get new ids. Gives where each line begins.
    pub(super) fn renew(&mut self, facts: &[Fact]) -> Result<Vec<u64>, LedgerError> {
        let lines = self.append(facts)?;
        self.reckoning.is_outdated = true;
        self.unflushed += facts.len();
        Ok(lines)
    }

    /// Counts a message that was taken back as not sent, if it is in the plan.
    pub(super) fn undone(
        &mut self,
        dir: &Path,
        current: &Current,
        external_id: &str,
        line: u64,
    ) -> Result<(), LedgerError> {
        let Some((position, source)) = current.position_of(dir, external_id)? else { return Ok(()) };
        let stored = Stored { source, reached: Reached::Planned, line };
        self.replayed(current, position, stored, &State::Planned)
    }

    /// Records facts that change no state.
    pub(super) fn note(&mut self, facts: &[Fact]) -> Result<(), LedgerError> {
        self.append(facts)?;
        self.unflushed += facts.len();
        Ok(())
    }

    pub(super) fn is_outdated(&self) -> bool {
        self.reckoning.is_outdated
    }

    /// Checks all changes and puts them into words, before any is made.
    pub(super) fn steps(
        &mut self,
        dir: &Path,
        current: &Current,
        changes: &[(u64, State)],
    ) -> Result<(Vec<Step>, Vec<Fact>), LedgerError> {
        if self.behind {
            return Err(LedgerError::Broken { path: dir.to_path_buf() });
        }
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
                let stored = self.stored(current, position)?;
                let before = match stored {
                    Some(stored) => stored.state_for_counting(&mut self.facts)?,
                    None => State::Planned,
                };
                (before, stored.is_none(), self.doubted.contains(&position))
            };
            if is_new && !self.reckoning.has_planned(entry.origin.source) {
                return Err(index_damaged(dir, position, "its state is gone: everything has been sent"));
            }
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
            let doubted = Step::is_doubtful(&before, &after);
            facts.push(current.fact(&entry, &planned, &after));
            latest.insert(position, steps.len());
            steps.push(Step { position, source: entry.origin.source, before, after, is_new, doubted });
        }
        Ok((steps, facts))
    }

    /// Counts changes that the journal has.
    pub(super) fn make(&mut self, current: &Current, steps: &[Step], lines: &[u64]) -> Result<(), LedgerError> {
        for (step, line) in steps.iter().zip(lines) {
            let stored = Stored { source: step.source, reached: Reached::of(&step.after), line: *line };
            if step.doubted {
                self.doubted.insert(step.position);
            } else {
                self.doubted.remove(&step.position);
            }
            self.unflushed += 1;
            let made = self.change(current, step.position, stored, &step.before, &step.after, step.is_new);
            self.behind |= made.is_err();
            made?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        current: &Current,
        position: u64,
        stored: Stored,
        before: &State,
        after: &State,
        is_new: bool,
    ) -> Result<(), LedgerError> {
        self.fresh.insert(position, stored);
        let part = current.plan.part(position);
        let change = Change { position, source: stored.source, before, after, is_new, part };
        let fresh = &self.fresh;
        self.reckoning.make(&change, |position| {
            let stored = match fresh.get(&position) {
                Some(stored) => Some(*stored),
                None => current.index.state(position)?,
            };
            Ok(stored.is_some_and(|stored| stored.reached.is_settled()))
        })
    }

    pub(super) fn is_flush_due(&self) -> bool {
        self.unflushed >= CHANGES_PER_FLUSH || self.flushed_at.elapsed() >= FLUSH_EVERY
    }

    /// Brings the index up to the journal.
    pub(super) fn flush(&mut self, current: &Current) -> Result<(), LedgerError> {
        if self.behind || self.unflushed == 0 {
            return Ok(());
        }
        let watermark = Watermark {
            offset: self.journal.length(),
            last: self.journal.last(),
            target: self.target_line(),
            reckoning: self.reckoning.clone(),
        };
        let needed = self.bytes_to_come();
        current.index.put_states(&self.fresh, &watermark).map_err(|error| error.or_full(&self.dir, needed))?;
        self.fresh.clear();
        self.unflushed = 0;
        self.flushed_at = Instant::now();
        Ok(())
    }
}

impl Ledger {
    /// Positions of refused messages, in order, `most` of them at most.
    ///
    /// # Errors
    /// No plan, or a damaged index.
    pub fn refused(&self, most: usize) -> Result<Vec<u64>, LedgerError> {
        let current = self.current()?;
        let books = self.books();
        let (mut kept, are_more) = books.refused();
        if are_more && kept.len() < most {
            kept.clear();
            let mut fresh = books.fresh(0..current.plan.planned);
            for item in current.index.states(0..current.plan.planned) {
                let (position, stored) = item?;
                if fresh.remove(&position).unwrap_or(stored).reached == Reached::Refused {
                    kept.push(position);
                }
                if kept.len() == most {
                    break;
                }
            }
            kept.extend(fresh.into_iter().filter(|(_, stored)| stored.reached == Reached::Refused).map(|(at, _)| at));
            kept.sort_unstable();
        }
        kept.truncate(most);
        Ok(kept)
    }
}
