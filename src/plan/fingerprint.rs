//! Telling whether the sources are still those that were planned, without reading them whole.
//!
//! Sizes and sampled blocks decide, in the order of the files, which is what the plan's origins count in. Names and times do
//! not: a folder that was moved holds the same mail.

use super::rebuild::Rebuilder;
use super::{PlanError, short};
use crate::ledger::{Entry, FileMeta, Ledger, Verdict};
use crate::source::{Source, SourceFile};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of one sampled block.
const BLOCK: usize = 4096;

/// Of more files than these only so many are sampled, evenly spread: opening them all would take longer than the
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

/// Many files as one: the sizes of all in order, and samples of some.
fn all_together(files: &[SourceFile]) -> FileMeta {
    let mut hasher = blake3::Hasher::new();
    let every = files.len().div_ceil(MAX_SAMPLED).max(1);
    for (number, file) in files.iter().enumerate() {
        hasher.update(&file.size.to_be_bytes());
        if number % every == 0 {
            hasher.update(&sample(file));
        }
    }
    FileMeta {
        shown: format!("{} files", files.len()),
        size: files.iter().map(|file| file.size).sum(),
        sample: short(&hasher.finalize()),
    }
}

/// Reads every entry of the plan again, in the order in which they lie, and names the first whose bytes differ.
///
/// # Errors
/// A damaged ledger, or a thread that cannot be started. Stopped by `stop` it says nothing.
pub fn rehash(
    ledger: &Ledger,
    rebuilder: &Rebuilder,
    threads: usize,
    stop: &AtomicBool,
) -> Result<Option<String>, PlanError> {
    let mut places = Vec::new();
    for item in ledger.entries(0..u64::MAX)? {
        let (position, entry) = item?;
        if let Some(place) = place_of(&entry) {
            places.push((place, position));
        }
    }
    places.sort_unstable();
    let next = AtomicUsize::new(0);
    let first: Mutex<Option<(usize, String)>> = Mutex::new(None);
    let work = || -> Result<(), PlanError> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((_, position)) = places.get(at).filter(|_| !stop.load(Ordering::Relaxed)) else { return Ok(()) };
            let entry = ledger.entry(*position)?;
            if let Err(error) = rebuilder.read(&entry) {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(before, _)| at < *before) {
                    *first = Some((at, error.to_string()));
                }
                // Those that lie before it are being read already.
                next.store(places.len(), Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for _ in 0..threads.max(1) {
            let builder = std::thread::Builder::new().stack_size(super::STACK);
            running.push(builder.spawn_scoped(scope, work).map_err(PlanError::Thread)?);
        }
        running.into_iter().try_for_each(|thread| thread.join().map_err(|_| PlanError::Panicked)?)
    })?;
    Ok(first.into_inner().unwrap_or_else(PoisonError::into_inner).map(|(_, what)| what))
}

/// Where an entry begins; nothing for what could not be read when it was planned.
fn place_of(entry: &Entry) -> Option<(u16, u32, u64, u32)> {
    if matches!(entry.verdict, Verdict::Unreadable { .. }) {
        return None;
    }
    let piece = entry.origin.pieces.first()?;
    Some((entry.origin.source, piece.file, piece.offset, entry.origin.part))
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
