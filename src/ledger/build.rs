//! Building the index of a new plan beside the one in use, and putting it in its place.

use super::blocks::{self, Block, block_of};
use super::entry::{Entry, Part, Planned, State, Verdict};
use super::error::LedgerError;
use super::fact::Fact;
use super::home;
use super::ids;
use super::index::{BLOCKS_AT_ONCE, Index, Kind, Sealed, Watermark};
use super::journal::{FactReader, LastLine};
use super::plan_meta::{Plan, PlanMeta, SourceMeta};
use super::reckoning::{Change, Reckoning};
use super::rescue;
use super::standing::{self, IdHash, Standings};
use super::stored::{Reached, Stored};
use super::tally::Verdicts;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// States that are stored together.
const STATES_AT_ONCE: usize = 1_000;

/// How far the journal goes, all of which is in the standings that a plan is built with.
#[derive(Debug, Clone, Copy)]
pub(super) struct JournalEnd {
    pub(super) length: u64,
    pub(super) last: Option<LastLine>,
    pub(super) target: Option<u64>,
}

/// Puts `sled.new` in the place of `sled`, both closed. After a kill in between, `home::tidy_indexes` decides.
fn swap(dir: &Path) -> Result<(), LedgerError> {
    let (current, old, new) = (home::index_path(dir), home::old_index_path(dir), home::new_index_path(dir));
    if old.exists() {
        home::remove_tree(&old)?;
    }
    if current.exists() {
        fs::rename(&current, &old).map_err(LedgerError::io(&current, "replace"))?;
    }
    fs::rename(&new, &current).map_err(LedgerError::io(&new, "rename"))?;
    home::sync_dir(dir)?;
    if old.exists() { home::remove_tree(&old) } else { Ok(()) }
}

/// A plan that is being written; see [`Ledger::write_plan`](super::Ledger::write_plan).
pub struct NewPlan<'a> {
    dir: &'a Path,
    /// Bytes that it may take.
    room: u64,
    index: Index,
    facts: FactReader,
    standings: Standings,
    verdicts: Vec<Verdicts>,
    external: Vec<ids::Pair>,
    original: Vec<ids::Pair>,
    /// Entries not yet packed.
    block: Block,
    /// Blocks not yet stored.
    blocks: Vec<Sealed>,
    messages: u64,
    comments: u64,
    planned: u64,
    total: u64,
    reckoning: Reckoning,
    /// States not yet stored.
    states: BTreeMap<u64, Stored>,
}

impl<'a> NewPlan<'a> {
    /// Begins a complete index in `sled.new`.
    pub(super) fn begin(dir: &'a Path, sources: &[SourceMeta], room: u64) -> Result<Self, LedgerError> {
        let path = home::new_index_path(dir);
        if path.exists() {
            home::remove_tree(&path)?;
        }
        home::make_private_dir(&path)?;
        Ok(NewPlan {
            dir,
            room,
            index: rescue::patiently(&path)?,
            facts: FactReader::open(dir)?,
            standings: Standings::read(dir)?,
            verdicts: sources.iter().map(|source| Verdicts::of_read(source.read)).collect(),
            external: Vec::new(),
            original: Vec::new(),
            block: Block::default(),
            blocks: Vec::new(),
            messages: 0,
            comments: 0,
            planned: 0,
            total: 0,
            reckoning: Reckoning::of_sources(sources.len()),
            states: BTreeMap::new(),
        })
    }

    /// Adds the next entry: those to be sent come first, in send order, then all others in reading order.
    ///
    /// # Errors
    /// [`LedgerError::Misplanned`] if it breaks the order or names a source that the plan does not have; a damaged journal;
    /// or what the system refuses.
    pub fn add(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        self.take(entry).map_err(|error| error.or_full(self.dir, self.room))
    }

    fn take(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let position = self.total;
        let source = entry.origin.source;
        let Some(verdicts) = self.verdicts.get_mut(usize::from(source)) else {
            return Err(misplanned(entry, &format!("it names source {source}, which the plan does not have")));
        };
        verdicts.add(&entry.verdict);
        if let Verdict::Planned(planned) = &entry.verdict {
            if self.planned != self.total {
                return Err(misplanned(entry, "it is to be sent, but stands behind entries that are not"));
            }
            let part = planned.form.part();
            let is_behind_others = match part {
                Part::Messages => self.messages != self.planned,
                Part::Comments => self.comments != self.planned,
                Part::Deliveries => false,
            };
            if is_behind_others {
                return Err(misplanned(entry, "it stands behind what is sent after it"));
            }
            self.planned += 1;
            if part == Part::Messages {
                self.messages = self.planned;
            }
            if part != Part::Deliveries {
                self.comments = self.planned;
            }
            self.reckoning.add_planned(source, part);
            let hash = standing::hash(&planned.external_id);
            self.external.push((ids::prefix(hash), pair_position(entry, position)?));
            self.add_state(position, source, planned, &hash)?;
        }
        if let Some(id) = &entry.original_id {
            self.original.push((ids::prefix(standing::hash(id)), pair_position(entry, position)?));
        }
        self.block.push(entry).map_err(|error| misplanned(entry, &format!("it cannot be encoded: {error}")))?;
        self.total += 1;
        if self.block.len() == blocks::ENTRIES { self.put_block(block_of(position)) } else { Ok(()) }
    }

    /// What earlier plans sent stays sent. What Front refused stays refused as long as the request is the same: the
    /// refusal is about those bytes, and a mended one is to be sent.
    fn add_state(&mut self, position: u64, source: u16, planned: &Planned, hash: &IdHash) -> Result<(), LedgerError> {
        let Some(line) = self.standings.last(hash) else { return Ok(()) };
        let Some((_, state)) = self.facts.read(line)?.into_state().filter(|(id, _)| *id == planned.external_id) else {
            return Ok(());
        };
        let reached = match state {
            State::Refused { status, .. } if self.is_mended(planned, hash)? => {
                if (400..500).contains(&status) {
                    return Ok(());
                }
                // The server failed over the former bytes, which may have been taken all the same.
                Reached::Unanswered
            }
            state => Reached::of(&state).at_rest(),
        };
        let stored = Stored { source, reached, line };
        let after = stored.state(&mut self.facts)?;
        let change = Change {
            position,
            source,
            before: &State::Planned,
            after: &after,
            is_new: true,
            part: planned.form.part(),
        };
        // Positions come in order: nothing behind this one is settled yet.
        self.reckoning.make(&change, |_| Ok::<bool, LedgerError>(false))?;
        self.states.insert(position, stored);
        if self.states.len() >= STATES_AT_ONCE {
            self.index.put_early_states(&std::mem::take(&mut self.states))?;
        }
        Ok(())
    }

    /// Is the request another one than was last sent?
    fn is_mended(&mut self, planned: &Planned, hash: &IdHash) -> Result<bool, LedgerError> {
        let Some(line) = self.standings.sending(hash) else { return Ok(false) };
        Ok(matches!(self.facts.read(line)?, Fact::Sending(sent) if sent.request != planned.request))
    }

    fn put_block(&mut self, number: u64) -> Result<(), LedgerError> {
        self.blocks.push(self.index.sealed(number, &self.block)?);
        self.block.clear();
        if self.blocks.len() < BLOCKS_AT_ONCE { Ok(()) } else { self.put_blocks() }
    }

    fn put_blocks(&mut self) -> Result<(), LedgerError> {
        self.index.put_entries(std::mem::take(&mut self.blocks))
    }

    /// No two planned entries have one external id. Of the ids only a part is held, so those that agree in it are looked up.
    fn check_ids_differ(&self) -> Result<(), LedgerError> {
        for alike in self.external.chunk_by(|one, two| one.0 == two.0).filter(|alike| alike.len() > 1) {
            let mut ids = BTreeSet::new();
            for (_, position) in alike {
                let entry = self.index.entry(u64::from(*position))?;
                if let Some(Verdict::Planned(planned)) = entry.map(|entry| entry.verdict)
                    && !ids.insert(planned.external_id)
                {
                    let what = format!("position {position} has the external id of another planned entry");
                    return Err(LedgerError::Misplanned { what });
                }
            }
        }
        Ok(())
    }

    /// Makes it durable, and puts it in the place of the former plan. `extra` is [`Plan::extra`].
    pub(super) fn finish(self, meta: PlanMeta, extra: Vec<u8>, journal: JournalEnd) -> Result<(), LedgerError> {
        let (dir, path) = (self.dir, home::new_index_path(self.dir));
        self.put_rest(meta, extra, journal)?;
        rescue::await_closed(&path)?;
        home::make_files_private(&path)?;
        home::sync_dir(&path)?;
        swap(dir)
    }

    fn put_rest(mut self, meta: PlanMeta, extra: Vec<u8>, journal: JournalEnd) -> Result<(), LedgerError> {
        if self.block.len() > 0 {
            self.put_block(block_of(self.total))?;
        }
        self.put_blocks()?;
        self.external.sort_unstable();
        self.check_ids_differ()?;
        self.original.sort_unstable();
        self.index.put_ids(Kind::External, &self.external)?;
        self.index.put_ids(Kind::Original, &self.original)?;
        let mut sources = Vec::with_capacity(meta.sources.len());
        for (source, described) in (0_u16..).zip(meta.sources) {
            for (number, file) in (0_u32..).zip(&described.files) {
                self.index.put_file(source, number, file)?;
            }
            sources.push(described.name);
        }
        self.index.put_plan(&Plan {
            plan_id: meta.plan_id,
            mapping_text: meta.mapping_text,
            mapping_digest: meta.mapping_digest,
            engine: meta.engine,
            sources,
            messages: self.messages,
            comments: self.comments,
            planned: self.planned,
            total: self.total,
            extra,
            verdicts: self.verdicts,
        })?;
        let watermark =
            Watermark { offset: journal.length, last: journal.last, target: journal.target, reckoning: self.reckoning };
        self.index.put_states(&self.states, &watermark)
    }
}

/// A position as it is kept beside an id.
fn pair_position(entry: &Entry, position: u64) -> Result<u32, LedgerError> {
    u32::try_from(position)
        .map_err(|_| misplanned(entry, "a plan has room for no more entries than there are 32-bit numbers"))
}

fn misplanned(entry: &Entry, what: &str) -> LedgerError {
    LedgerError::Misplanned { what: format!("entry {}: {what}", entry.number) }
}
