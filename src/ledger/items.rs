//! The items of a tree, read in order, and what was read let go again.
//!
//! sled lets a page go only when sixty-four accesses to the pages of its group, one of 256, have come together (0.34.7, `lru.rs`). To
//! read in order is one access a page, so until then pages stay in memory by the ten thousand, whatever the capacity of the cache. One
//! more access for each kilobyte that is read keeps that to some ten megabytes.

use super::error::LedgerError;
use super::guard::guarded;
use std::path::{Path, PathBuf};

/// Bytes to an access.
const STEP: usize = 1 << 10;

/// Items in the order of their keys. After an error there are no more.
pub(super) struct Items {
    dir: PathBuf,
    tree: sled::Tree,
    iter: sled::Iter,
    /// Bytes that were read since the last access that was made for them.
    unnoticed: usize,
    ended: bool,
}

impl Items {
    /// Those that `iter` gives of a `tree` of the index at `dir`.
    pub(super) fn new(dir: &Path, tree: &sled::Tree, iter: sled::Iter) -> Self {
        Self { dir: dir.to_path_buf(), tree: tree.clone(), iter, unnoticed: 0, ended: false }
    }

    fn read(&mut self) -> Result<Option<(sled::IVec, sled::IVec)>, LedgerError> {
        guarded(&self.dir, || {
            let item = self.iter.next().transpose()?;
            if let Some((key, value)) = &item {
                self.unnoticed = notice(&self.tree, key, self.unnoticed + key.len() + value.len())?;
            }
            Ok(item)
        })
    }
}

impl Iterator for Items {
    type Item = Result<(sled::IVec, sled::IVec), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.read().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

/// Makes the accesses for so many bytes that were read at `key`; gives how many bytes are left over.
pub(super) fn notice(tree: &sled::Tree, key: &[u8], bytes: usize) -> sled::Result<usize> {
    for _ in 0..bytes / STEP {
        tree.contains_key(key)?;
    }
    Ok(bytes % STEP)
}
