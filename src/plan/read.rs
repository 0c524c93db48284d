//! Reading all sources once, on all cores.
//!
//! Each worker takes the next entries from the scan under a lock (framing runs at gigabytes a second,
//! so the lock is never the bottleneck) and parses them outside it. So no queue exists, and memory holds
//! one large entry or a few small ones for each worker, whose bytes together stay within a budget. What does
//! not fit waits, and while it does, nothing further is taken: one entry more than the budget is held.

use super::PlanError;
use super::budget::{Budget, Held};
use super::collected::{Arriving, Collected, Stretch};
use super::facts::{Read, Undecided};
use super::noticed::Noticed;
use super::past::{self, Key, Past, ReadFile};
use super::pins::Pins;
use super::reader::Reader;
use crate::event::{Event, Limit, Observer, Stage, Waits};
use crate::ledger::{LedgerError, Readings};
use crate::mapping::Mapping;
use crate::source::{Origin, RawEntry, Source, Unreadable};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Bytes of entries that are parsed at once. Parsing a mail may hold several times its size; a larger one is parsed alone.
const PARSED_AT_ONCE: u64 = 64 << 20;

/// Entries, and bytes of them, that a thread takes at once: threads that take turns for each small mail wait for each other.
const BATCH: usize = 32;
const BATCH_BYTES: u64 = 64 << 10;

/// Stack of a parsing thread. Nesting is limited before a parse, so this is ample.
pub(crate) const STACK: usize = 16 << 20;

/// Bytes between two progress events.
const PROGRESS: u64 = 1 << 20;

/// What is to be read, with whom to ask on the way.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub sources: &'a [Box<dyn Source>],
    pub mapping: &'a Mapping,
    pub pins: &'a Pins,
    /// What an earlier plan has read.
    pub past: Option<&'a Past>,
    /// Parsing threads.
    pub threads: usize,
    pub observer: &'a dyn Observer,
    pub stop: &'a AtomicBool,
}

/// Reads every entry of every source; what memory does not keep of them goes into `readings`.
pub(super) fn read_all(task: Task<'_>, readings: Readings) -> Result<(Read, Undecided), PlanError> {
    let Task { sources, observer, .. } = task;
    let total = sources.iter().flat_map(|source| source.files()).map(|file| file.size).sum();
    observer.event(Event::StageStarted { stage: Stage::Reading, total });
    let work = Work {
        task,
        reader: Reader::new(task.mapping, task.pins, task.past),
        noticed: Mutex::default(),
        collected: Mutex::new(Collected::new(readings)),
        budget: Budget::new(PARSED_AT_ONCE),
        bytes: AtomicU64::new(0),
        records: AtomicU64::new(0),
        waits: Waits::default(),
    };
    for (number, source) in (0..).zip(sources) {
        work.read_source(number, source.as_ref())?;
        if task.stop.load(Ordering::Relaxed) {
            return Err(PlanError::Interrupted);
        }
    }
    observer.event(Event::StageFinished { stage: Stage::Reading });
    let noticed = work.noticed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut collected = work.collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = collected.failed {
        return Err(error.into());
    }
    collected.readings.flush()?;
    let Collected { briefs, keys, graph, spread, files, readings, .. } = collected;
    let Reader { texts, known, .. } = work.reader;
    let known = known.into_inner();
    Ok((Read { briefs, texts, noticed, spread, known, files, readings }, Undecided { keys, graph }))
}

struct Work<'a> {
    task: Task<'a>,
    reader: Reader<'a>,
    noticed: Mutex<Noticed>,
    collected: Mutex<Collected>,
    budget: Budget,
    bytes: AtomicU64,
    records: AtomicU64,
    waits: Waits,
}

/// What is next: an entry as it lies in its source, or as an earlier plan has read it.
enum Next {
    Entry(Result<RawEntry, Unreadable>),
    /// A record of the readings, of the file that has this number now.
    Known(u32, Result<Vec<u8>, LedgerError>),
}

/// A scan with the number of what comes next.
struct Numbered<'a> {
    scan: Box<dyn Iterator<Item = Next> + Send + 'a>,
    next: u64,
}

impl<'a> Work<'a> {
    fn read_source(&self, number: u16, source: &'a dyn Source) -> Result<(), PlanError> {
        // Before the first of them is read: what is written to a file from now on changes its key.
        let keys = self.file_keys(usize::from(number), source);
        let scan = Mutex::new(Numbered { scan: self.scan(&keys, source), next: 0 });
        {
            let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
            collected.next = 0;
            collected.stretches.clear();
        }
        std::thread::scope(|scope| {
            let mut workers = Vec::new();
            for worker in 0..self.task.threads.max(1) {
                let thread = std::thread::Builder::new().name(format!("parse-{worker}")).stack_size(STACK);
                match thread.spawn_scoped(scope, || self.work(number, source, &scan)) {
                    Ok(worker) => workers.push(worker),
                    Err(error) if workers.is_empty() => return Err(PlanError::Thread(error)),
                    // Fewer threads are slower and read the same.
                    Err(_) => break,
                }
            }
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| PlanError::Panicked))
        })?;
        drop(scan);
        self.finish_source(&keys, source);
        Ok(())
    }

    /// By file: see [`past::file_key`].
    fn file_keys(&self, number: usize, source: &dyn Source) -> Vec<Option<Key>> {
        let of = self.reader.context(number).zip(self.task.mapping.sources.get(number));
        let key = |file| of.and_then(|(context, mapping)| past::file_key(context, mapping, file));
        source.files().iter().map(key).collect()
    }

    /// The entries of a source, those of files that are as an earlier plan has read them from its readings.
    fn scan(&self, keys: &[Option<Key>], source: &'a dyn Source) -> Box<dyn Iterator<Item = Next> + Send + 'a> {
        let past = self.task.past;
        let known = |(file, key): (u32, &Option<Key>)| {
            let read = past?.file(key.as_ref()?)?;
            source.take_mark(file, &read.mark).then_some((file, read))
        };
        let known: HashMap<u32, &'a ReadFile> = (0..).zip(keys).filter_map(known).collect();
        let Some(past) = past.filter(|_| !known.is_empty()) else { return Box::new(source.scan().map(Next::Entry)) };
        let files = (0..).zip(source.files()).map(|(file, _)| file);
        Box::new(files.flat_map(move |file| -> Box<dyn Iterator<Item = Next> + Send + 'a> {
            match known.get(&file) {
                Some(read) => Box::new(past.records(read).map(move |record| Next::Known(file, record))),
                None => Box::new(source.scan_file(file).map(Next::Entry)),
            }
        }))
    }

    /// Remembers which files were read whole, and the columns of tables.
    fn finish_source(&self, keys: &[Option<Key>], source: &dyn Source) {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        let stretches = std::mem::take(&mut collected.stretches);
        for (file, Stretch { first, records, .. }) in stretches.into_iter().filter(|(_, stretch)| stretch.is_whole) {
            let key = keys.get(file as usize).copied().flatten();
            if let Some((key, mark)) = key.zip(source.mark(file)) {
                collected.files.push(ReadFile { key, first, records, mark });
            }
        }
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        for (file, _) in (0..).zip(source.files()) {
            noticed.add_columns(source.columns(file));
        }
    }

    /// What is next, with the number of the first of it: one entry, or as many small ones as make taking them worth while.
    fn batch(&self, scan: &mut Numbered<'_>) -> Option<(u64, Vec<Next>, Held<'_>)> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(next) = scan.scan.next() else { break };
            bytes += match &next {
                Next::Entry(Ok(entry)) => length(&entry.origin),
                Next::Entry(Err(_)) | Next::Known(..) => 0,
            };
            batch.push(next);
        }
        if batch.is_empty() {
            return None;
        }
        // Waited for with the scan in hand, so that no other worker takes a further entry meanwhile.
        let held = self.budget.hold(bytes);
        let first = scan.next;
        scan.next += batch.len() as u64;
        Some((first, batch, held))
    }

    fn work(&self, number: u16, source: &dyn Source, scan: &Mutex<Numbered<'_>>) {
        let mut noticed = Noticed::default();
        while !self.task.stop.load(Ordering::Relaxed) {
            let asked = Instant::now();
            let Some((first, batch, _held)) = self.batch(&mut scan.lock().unwrap_or_else(PoisonError::into_inner))
            else {
                break;
            };
            let came = Instant::now();
            self.waits.add(Limit::Disk, came.duration_since(asked));
            let arriving: Vec<Result<Arriving, LedgerError>> = batch
                .into_iter()
                .map(|next| match next {
                    Next::Entry(entry) => Ok(self.reader.record(entry, &mut noticed)),
                    Next::Known(file, record) => {
                        record.and_then(|record| self.reader.known(&record, number, file, source, &mut noticed))
                    }
                })
                .collect();
            let records = arriving.len() as u64;
            let taken = self.collected.lock().unwrap_or_else(PoisonError::into_inner).take_all(first, arriving);
            self.waits.add(Limit::Processor, came.elapsed());
            let Some(bytes) = taken else { break };
            self.advance(bytes, records);
        }
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner).join(noticed);
    }

    fn advance(&self, bytes: u64, records: u64) {
        let records = self.records.fetch_add(records, Ordering::Relaxed) + records;
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let done = before + bytes;
        if before / PROGRESS != done / PROGRESS {
            self.task.observer.event(Event::StageAdvanced { stage: Stage::Reading, done, records });
            if let Some(by) = self.waits.due() {
                self.task.observer.event(Event::Limited { stage: Stage::Reading, by });
            }
        }
    }
}

fn length(origin: &Origin) -> u64 {
    origin.pieces.iter().map(|piece| piece.length).sum()
}
