//! Where the ids of a plan are: hash of an id → positions, in sorted blocks.
//!
//! sled keeps its keys one by one in memory, so that a key for each of two million ids would cost more than everything
//! else. A block of sorted pairs lies under its first pair instead.

use super::standing::IdHash;
use serde::{Deserialize, Serialize};

/// Pairs in a block.
pub(super) const PAIRS: usize = 256;
/// Bytes of the hash that are kept; the caller compares the ids themselves.
const PREFIX: usize = 8;

pub(super) type Prefix = [u8; PREFIX];

/// What is kept of a hash, and the position of an entry. A plan has fewer entries than the position can tell.
pub(super) type Pair = (Prefix, u32);

/// Pairs in sorted order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Block(Vec<(Prefix, u64)>);

/// What is kept of a hash.
pub(super) fn prefix(hash: IdHash) -> Prefix {
    hash.first_chunk().copied().unwrap_or_default()
}

/// The key of a block that begins with this pair.
pub(super) fn key(prefix: Prefix, position: u64) -> [u8; PREFIX + 8] {
    let mut key = [0; PREFIX + 8];
    for (to, from) in key.iter_mut().zip(prefix.into_iter().chain(position.to_be_bytes())) {
        *to = from;
    }
    key
}

impl Block {
    pub(super) fn of(sorted: &[Pair]) -> Self {
        Self(sorted.iter().map(|(prefix, position)| (*prefix, u64::from(*position))).collect())
    }

    /// All of it.
    pub(super) fn pairs(&self) -> &[(Prefix, u64)] {
        &self.0
    }

    /// Positions whose id may have this hash.
    pub(super) fn positions(&self, hash: IdHash) -> impl Iterator<Item = u64> {
        let wanted = prefix(hash);
        self.0.iter().filter(move |(found, _)| *found == wanted).map(|(_, position)| *position)
    }
}
