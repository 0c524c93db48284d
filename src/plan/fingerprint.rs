//! Telling whether the sources are still those that were planned, without reading them whole.

use crate::ledger::FileMeta;
use crate::source::{Source, SourceFile};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes of one sampled block.
const BLOCK: usize = 4096;

/// Above so many files their blocks are not sampled: opening them all would take longer than the
/// import may take to start. Each entry's own digest is checked before it is sent in any case.
const MAX_SAMPLED: usize = 1_000;

/// Names, sizes and sampled blocks of a source's files.
pub(super) fn file_metas(source: &dyn Source) -> Vec<FileMeta> {
    let files = source.files();
    if files.len() > MAX_SAMPLED {
        return vec![all_together(files)];
    }
    files.iter().map(|file| FileMeta { shown: file.shown.clone(), size: file.size, sample: sample(file) }).collect()
}

/// Many files as one: their names and sizes in order.
fn all_together(files: &[SourceFile]) -> FileMeta {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(&(file.shown.len() as u64).to_be_bytes());
        hasher.update(file.shown.as_bytes());
        hasher.update(&file.size.to_be_bytes());
    }
    FileMeta {
        shown: format!("{} files", files.len()),
        size: files.iter().map(|file| file.size).sum(),
        sample: short(&hasher),
    }
}

/// Digest of the first, the middle and the last block. A file that cannot be read has the digest of nothing.
fn sample(file: &SourceFile) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    if let Ok(open) = File::open(&file.path) {
        let mut block = vec![0; BLOCK];
        let last = file.size.saturating_sub(BLOCK as u64);
        for offset in [0, last / 2, last] {
            if let Ok(read) = open.read_at(&mut block, offset) {
                hasher.update(block.get(..read).unwrap_or_default());
            }
        }
    }
    short(&hasher)
}

fn short(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut short = [0; 16];
    short.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
    short
}
