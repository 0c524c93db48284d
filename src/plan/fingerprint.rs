//! Telling whether the sources are still those that were planned, without reading them whole.
//!
//! Sizes and sampled blocks decide, in the order of the files, which is what the plan's origins count in. Names do
//! not: a folder that was moved holds the same mail. (Above [`MAX_SAMPLED`] files names stand in for the blocks.)

use super::short;
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
    files.iter().map(|file| FileMeta { shown: file.shown.to_string(), size: file.size, sample: sample(file) }).collect()
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
        sample: short(&hasher.finalize()),
    }
}

/// What became of the files of a source, in words; `None` if they are those that were planned.
pub(super) fn difference(source: &str, then: &[FileMeta], now: &[FileMeta]) -> Option<String> {
    let is_same = |a: &FileMeta, b: &FileMeta| (a.size, a.sample) == (b.size, b.sample);
    let same = then.iter().zip(now).take_while(|(a, b)| is_same(a, b)).count();
    let gone = then.get(same).filter(|was| now.iter().all(|is| is.shown != was.shown));
    match (gone, now.get(same), then.get(same)) {
        (_, None, None) => None,
        (Some(file), _, _) | (None, None, Some(file)) => Some(format!("{} of source `{source}` is gone", file.shown)),
        (None, Some(file), _) => {
            Some(format!("{} of source `{source}` is new or was changed after it was planned", file.shown))
        }
    }
}

/// Digest of the first, the middle and the last block. A file that cannot be read has the digest of nothing.
fn sample(file: &SourceFile) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    if let Ok(open) = File::open(&file.path) {
        let mut block = vec![0; BLOCK];
        let last = file.size.saturating_sub(BLOCK as u64);
        for offset in [0, last / 2, last] {
            hasher.update(filled(&open, &mut block, offset));
        }
    }
    short(&hasher.finalize())
}

/// The block at `offset`, as much of it as there is. A network file system may give it in pieces.
fn filled<'b>(file: &File, block: &'b mut [u8], offset: u64) -> &'b [u8] {
    let mut filled = 0;
    while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    block.get(..filled).unwrap_or_default()
}
