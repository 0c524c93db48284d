//! The index: plan entries and their states in sled, for finding the next thing and for counting.
//!
//! sled 0.34 is fast, and kill-safe in what it acknowledges, but not to be trusted alone: its flush is no fsync, it can
//! panic on damaged files, its values carry no checksum of ours. So every call is guarded, every value sealed, flush
//! points are our own, and nothing is kept here that sources and journal could not give again. Keys that come in random
//! order cost sled gigabytes of memory; here they are positions or sorted beforehand.

use super::blocks::{self, Block, block_of};
use super::entry::Entry;
use super::error::{LedgerError, Part};
use super::guard::guarded;
use super::ids;
use super::items::{Items, notice};
use super::journal::LastLine;
use super::plan_meta::{FileMeta, Plan};
use super::recent::Recent;
use super::reckoning::Reckoning;
use super::sealed::{seal, unseal};
use super::standing::IdHash;
use super::stored::Stored;
use super::watch;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// sled's page cache, bytes. Reading goes in key order, so more would not help; `items` makes sled keep to it.
const CACHE: u64 = 16 << 20;
const PLAN: &[u8] = b"plan";
const WATERMARK: &[u8] = b"watermark";

/// Key and value, as they are stored.
pub(super) type Sealed = (Vec<u8>, Vec<u8>);

/// Blocks that are stored in one call: each call of sled that writes is watched over by a thread of its own, which takes longer to start
/// than a block to store.
pub(super) const BLOCKS_AT_ONCE: usize = 16;

/// An open index.
#[derive(Debug)]
pub(super) struct Index {
    dir: PathBuf,
    db: sled::Db,
    entries: sled::Tree,
    states: sled::Tree,
    external: sled::Tree,
    original: sled::Tree,
    files: sled::Tree,
    recent: Recent,
    // Last, so that it is the one that closes sled.
    _closing: Closing,
}

/// Closes sled, which may panic over damaged files even then, and wait for a write that failed.
#[derive(Debug)]
struct Closing {
    dir: PathBuf,
    db: Option<sled::Db>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let (dir, db) = (self.dir.clone(), self.db.take());
        // Nothing is lost if that fails: what counts was flushed, and the rest is in the journal.
        let close = move || {
            drop(db);
            Ok(())
        };
        watch::over_closing(&self.dir, move || guarded(&dir, close));
    }
}

/// How far states and books agree with the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Watermark {
    /// Every fact before this byte of the journal is in them.
    pub(super) offset: u64,
    /// The line that ends there.
    pub(super) last: Option<LastLine>,
    /// Where the journal names the target.
    pub(super) target: Option<u64>,
    pub(super) reckoning: Reckoning,
}

/// Which of a record's two ids.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Front's external id; only planned entries have one.
    External,
    /// The export's own id.
    Original,
}

impl Index {
    /// Opens or creates the index at `dir`.
    pub(super) fn open(dir: &Path) -> Result<Self, LedgerError> {
        guarded(dir, || {
            let db = sled::Config::new()
                .path(dir)
                .cache_capacity(CACHE)
                .use_compression(false)
                .flush_every_ms(None)
                .open()?;
            Ok(Self {
                dir: dir.to_path_buf(),
                entries: db.open_tree("entries")?,
                states: db.open_tree("states")?,
                external: db.open_tree("external")?,
                original: db.open_tree("original")?,
                files: db.open_tree("files")?,
                recent: Recent::default(),
                _closing: Closing { dir: dir.to_path_buf(), db: Some(db.clone()) },
                db,
            })
        })
    }

    /// Makes what sled has written durable, also against a power cut: sled's flush is no fsync.
    fn sync(&self) -> Result<(), LedgerError> {
        let path = self.dir.join("db");
        std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .and_then(|file| file.sync_all())
            .map_err(LedgerError::io(&path, "sync"))
    }

    pub(super) fn plan(&self) -> Result<Option<Plan>, LedgerError> {
        self.get(&self.db, PLAN)
    }

    pub(super) fn put_plan(&self, plan: &Plan) -> Result<(), LedgerError> {
        self.put(&self.db, PLAN, plan)
    }

    pub(super) fn watermark(&self) -> Result<Option<Watermark>, LedgerError> {
        self.get(&self.states, WATERMARK)
    }

    /// Stores states and how far they go: all of it or, after a kill, nothing. Durable when this returns.
    pub(super) fn put_states(&self, states: &BTreeMap<u64, Stored>, watermark: &Watermark) -> Result<(), LedgerError> {
        let mut batch = self.batch(states)?;
        // In the same tree, for only there a batch is one. Positions are far below this key.
        batch.insert(WATERMARK, seal(&self.dir, WATERMARK, watermark)?);
        let (db, tree) = (self.db.clone(), self.states.clone());
        self.written(move || {
            tree.apply_batch(batch)?;
            db.flush().map(drop)
        })?;
        self.sync()
    }

    /// Stores states of an index that is being built.
    pub(super) fn put_early_states(&self, states: &BTreeMap<u64, Stored>) -> Result<(), LedgerError> {
        let (batch, tree) = (self.batch(states)?, self.states.clone());
        self.written(move || tree.apply_batch(batch))
    }

    fn batch(&self, states: &BTreeMap<u64, Stored>) -> Result<sled::Batch, LedgerError> {
        let mut batch = sled::Batch::default();
        for (position, stored) in states {
            let key = position.to_be_bytes();
            batch.insert(&key, seal(&self.dir, &key, stored)?);
        }
        Ok(batch)
    }

    pub(super) fn entry(&self, position: u64) -> Result<Option<Entry>, LedgerError> {
        let number = block_of(position);
        let block = match self.recent.get(number) {
            Some(block) => block,
            None => match self.get(&self.entries, &number.to_be_bytes())? {
                Some(block) => self.recent.keep(number, block),
                None => return Ok(None),
            },
        };
        Ok(block.get(position % blocks::ENTRIES))
    }

    /// A block of entries as it is stored.
    pub(super) fn sealed(&self, number: u64, block: &Block) -> Result<Sealed, LedgerError> {
        let key = number.to_be_bytes();
        Ok((key.to_vec(), seal(&self.dir, &key, block)?))
    }

    pub(super) fn put_entries(&self, blocks: Vec<Sealed>) -> Result<(), LedgerError> {
        self.recent.forget();
        self.put_all(&self.entries, blocks)
    }

    /// The blocks that hold the entries of a range of positions.
    pub(super) fn blocks(&self, range: Range<u64>) -> Stretch<Block> {
        let end = if range.is_empty() { 0 } else { block_of(range.end - 1) + 1 };
        Stretch::new(&self.dir, &self.entries, block_of(range.start)..end)
    }

    pub(super) fn state(&self, position: u64) -> Result<Option<Stored>, LedgerError> {
        self.get(&self.states, &position.to_be_bytes())
    }

    pub(super) fn states(&self, range: Range<u64>) -> Stretch<Stored> {
        Stretch::new(&self.dir, &self.states, range)
    }

    pub(super) fn put_file(&self, source: u16, number: u32, file: &FileMeta) -> Result<(), LedgerError> {
        self.put(&self.files, &file_key(source, number), file)
    }

    pub(super) fn files(&self, source: u16) -> Files {
        let items = self.files.scan_prefix(source.to_be_bytes());
        Files { dir: self.dir.clone(), items: Items::new(&self.dir, &self.files, items) }
    }

    /// Stores all ids of a kind, sorted.
    pub(super) fn put_ids(&self, kind: Kind, sorted: &[ids::Pair]) -> Result<(), LedgerError> {
        for several in sorted.chunks(ids::PAIRS * BLOCKS_AT_ONCE) {
            let mut blocks = Vec::with_capacity(BLOCKS_AT_ONCE);
            for pairs in several.chunks(ids::PAIRS) {
                if let Some((prefix, position)) = pairs.first() {
                    let key = ids::key(*prefix, u64::from(*position)).to_vec();
                    let sealed = seal(&self.dir, &key, &ids::Block::of(pairs))?;
                    blocks.push((key, sealed));
                }
            }
            self.put_all(self.tree(kind), blocks)?;
        }
        Ok(())
    }

    /// Positions whose id may have this hash; the caller compares the entry's id.
    pub(super) fn positions(&self, kind: Kind, hash: IdHash) -> Result<Vec<u64>, LedgerError> {
        let tree = self.tree(kind);
        let prefix = ids::prefix(hash);
        let (first, last) = (ids::key(prefix, 0), ids::key(prefix, u64::MAX));
        // The block before may end with the first of them.
        let before = guarded(&self.dir, || tree.get_lt(first))?;
        let mut items = guarded(&self.dir, || Ok(tree.range(first..=last)))?;
        let mut item = match before {
            Some(item) => Some(item),
            None => guarded(&self.dir, || items.next().transpose())?,
        };
        let mut positions = Vec::new();
        while let Some((key, bytes)) = item {
            let block: ids::Block = unseal(&self.dir, &key, &bytes)?;
            positions.extend(block.positions(hash));
            item = guarded(&self.dir, || items.next().transpose())?;
        }
        Ok(positions)
    }

    /// Calls `each` with every id of a kind, as far as it is kept, and its position.
    pub(super) fn each_id(&self, kind: Kind, mut each: impl FnMut([u8; 8], u64)) -> Result<(), LedgerError> {
        let tree = self.tree(kind);
        for item in Items::new(&self.dir, tree, tree.iter()) {
            let (key, bytes) = item?;
            let block: ids::Block = unseal(&self.dir, &key, &bytes)?;
            block.pairs().iter().for_each(|(prefix, position)| each(*prefix, *position));
        }
        Ok(())
    }

    fn tree(&self, kind: Kind) -> &sled::Tree {
        match kind {
            Kind::External => &self.external,
            Kind::Original => &self.original,
        }
    }

    fn get<T: DeserializeOwned>(&self, tree: &sled::Tree, key: &[u8]) -> Result<Option<T>, LedgerError> {
        let bytes = guarded(&self.dir, || {
            let bytes = tree.get(key)?;
            notice(tree, key, bytes.as_ref().map_or(0, |bytes| bytes.len()))?;
            Ok(bytes)
        })?;
        bytes.map(|bytes| unseal(&self.dir, key, &bytes)).transpose()
    }

    fn put<T: Serialize>(&self, tree: &sled::Tree, key: &[u8], value: &T) -> Result<(), LedgerError> {
        let bytes = seal(&self.dir, key, value)?;
        let (tree, key) = (tree.clone(), key.to_vec());
        self.written(move || tree.insert(key, bytes).map(drop))
    }

    fn put_all(&self, tree: &sled::Tree, blocks: Vec<Sealed>) -> Result<(), LedgerError> {
        let tree = tree.clone();
        self.written(move || blocks.into_iter().try_for_each(|(key, bytes)| tree.insert(key, bytes).map(drop)))
    }

    /// Makes a call of sled that writes.
    fn written(&self, call: impl FnOnce() -> sled::Result<()> + Send + 'static) -> Result<(), LedgerError> {
        let (dir, db) = (self.dir.clone(), self.db.clone());
        let flush = move || guarded(&dir, || db.flush().map(drop));
        let dir = self.dir.clone();
        watch::over(&self.dir, move || guarded(&dir, call), flush)
    }

    #[cfg(test)]
    pub(super) fn flip_a_bit_of_entry(&self, position: u64) {
        let key = block_of(position).to_be_bytes();
        let mut bytes = self.entries.get(key).unwrap().unwrap().to_vec();
        bytes[3] ^= 1;
        self.entries.insert(key, bytes).unwrap();
        self.recent.forget();
    }

    #[cfg(test)]
    pub(super) fn spoil_state(&self, position: u64) {
        self.states.insert(position.to_be_bytes(), &[1, 2, 3, 4, 5]).unwrap();
        self.db.flush().unwrap();
    }

    #[cfg(test)]
    pub(super) fn spoil_file(&self) {
        self.files.insert(file_key(0, 0), &[1, 2, 3, 4, 5]).unwrap();
    }

    #[cfg(test)]
    pub(super) fn forget_ids(&self) {
        self.external.clear().unwrap();
        self.original.clear().unwrap();
    }

    #[cfg(test)]
    pub(super) fn forget_state(&self, position: u64) {
        self.states.remove(position.to_be_bytes()).unwrap().unwrap();
    }
}

fn file_key(source: u16, number: u32) -> [u8; 6] {
    let [s0, s1] = source.to_be_bytes();
    let [n0, n1, n2, n3] = number.to_be_bytes();
    [s0, s1, n0, n1, n2, n3]
}

/// Stored values at a range of positions, in order; positions without a value are passed over.
pub(super) struct Stretch<T> {
    dir: PathBuf,
    items: Items,
    value: PhantomData<T>,
}

impl<T> Stretch<T> {
    fn new(dir: &Path, tree: &sled::Tree, range: Range<u64>) -> Self {
        let keys = range.start.to_be_bytes()..range.end.max(range.start).to_be_bytes();
        Self { dir: dir.to_path_buf(), items: Items::new(dir, tree, tree.range(keys)), value: PhantomData }
    }
}

impl<T: DeserializeOwned> Iterator for Stretch<T> {
    type Item = Result<(u64, T), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.items.next()?.and_then(|(key, bytes)| {
            let position = key.as_ref().try_into().map(u64::from_be_bytes).map_err(|_| LedgerError::Damaged {
                part: Part::Index,
                path: self.dir.clone(),
                place: format!("a key of {} bytes", key.len()),
                what: "positions have 8".into(),
            })?;
            Ok((position, unseal(&self.dir, &key, &bytes)?))
        }))
    }
}

/// The files of one source, in scan order.
pub struct Files {
    dir: PathBuf,
    items: Items,
}

impl Iterator for Files {
    type Item = Result<FileMeta, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.items.next()?.and_then(|(key, bytes)| unseal(&self.dir, &key, &bytes)))
    }
}
