//! Blocks of entries that were read a moment ago.
//!
//! An entry is wanted three times while it is sent, and a block holds many that are wanted together; to find, check and copy
//! the block each time costs more than all else that the ledger does for a message. Blocks are written once, with the plan, so
//! what was checked when it was read stays true.

use super::blocks::Block;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Blocks that are kept: those in which the conversations lie that are open at once. A few megabytes.
const KEPT: usize = 512;

/// The blocks that were read last, each with its number.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<VecDeque<(u64, Arc<Block>)>>);

impl Recent {
    pub(super) fn get(&self, number: u64) -> Option<Arc<Block>> {
        self.blocks().iter().rev().find(|(kept, _)| *kept == number).map(|(_, block)| Arc::clone(block))
    }

    /// Keeps a block instead of the one that came first.
    pub(super) fn keep(&self, number: u64, block: Block) -> Arc<Block> {
        let block = Arc::new(block);
        let mut blocks = self.blocks();
        blocks.push_back((number, Arc::clone(&block)));
        if blocks.len() > KEPT {
            blocks.pop_front();
        }
        block
    }

    /// Keeps nothing any more: a block is written.
    pub(super) fn forget(&self) {
        self.blocks().clear();
    }

    fn blocks(&self) -> MutexGuard<'_, VecDeque<(u64, Arc<Block>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_read_last_are_kept_and_no_more_than_so_many() {
        let recent = Recent::default();
        let kept = KEPT as u64;
        for number in 0..=kept {
            recent.keep(number, Block::default());
        }
        assert!(recent.get(0).is_none());
        assert!((1..=kept).all(|number| recent.get(number).is_some()));
        assert_eq!(recent.blocks().len(), KEPT);
        recent.forget();
        assert!(recent.get(kept).is_none());
    }
}
