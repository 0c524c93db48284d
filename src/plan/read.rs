//! Reading all sources once, on all cores.
//!
//! Each worker takes the next entry from the scan under a lock (framing runs at gigabytes a second,
//! so the lock is never the bottleneck) and parses it outside. So no queue exists, and memory holds
//! as many entries as there are workers, whose bytes together stay within a budget. An entry that does
//! not fit waits, and while it does, nothing further is taken: one entry more than the budget is held.

use super::budget::Budget;
use super::decide::{Decided, decide};
use super::facts::{ABSENT, Brief, Candidate, Class, Facts, Finding, Problem, Read, Richness, Undecided, names};
use super::gist::Gist;
use super::inboxes::sent_ids;
use super::noticed::Noticed;
use super::overview::kind_of;
use super::past::{self, Key, Memo, NO_KEY, Named, Past, ReadFile};
use super::pins::Pins;
use super::texts::{RuleList, Rules, Text, Texts};
use super::{PlanError, short};
use crate::event::{Event, Limit, Observer, Stage, Waits};
use crate::ledger::{LedgerError, Readings};
use crate::mapping::{InboxCopies, Mapping};
use crate::record::{self, BadKind, BadRecord, Direction, Kind, Outcome, Record};
use crate::request::{Draft, TEXT_MADE_HTML, TooLarge};
use crate::source::{Content, Origin, RawEntry, Source, Unreadable};
use crate::thread::{Graph, Id, Message, base_subject};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Bytes of entries that are parsed at once. Parsing a mail may hold several times its size; a larger one is parsed alone.
const PARSED_AT_ONCE: u64 = 64 << 20;

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
        contexts: past::contexts(task.mapping),
        texts: Texts::default(),
        noticed: Mutex::default(),
        collected: Mutex::new(Collected::new(readings)),
        budget: Budget::new(PARSED_AT_ONCE),
        bytes: AtomicU64::new(0),
        records: AtomicU64::new(0),
        known: AtomicU64::new(0),
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
    let known = work.known.into_inner();
    Ok((Read { briefs, texts: work.texts, noticed, spread, known, files, readings }, Undecided { keys, graph }))
}

/// A record on its way from the thread that has read it into its place.
struct Arriving {
    /// Its facts, encoded.
    bytes: Vec<u8>,
    /// Without its places.
    brief: Brief,
    /// Of a record that may be sent.
    key: Option<[u8; 20]>,
    links: Option<Message>,
    /// The source could read it.
    is_read: bool,
    /// The number of its file, and how many bytes of it it is; a row with many messages is counted once.
    file: u32,
    length: u64,
    /// Where each inbox gets its own copy: the rules of the copies beside the first.
    further: Vec<RuleList>,
}

/// Records one behind the other in the readings.
#[derive(Clone, Copy)]
struct Stretch {
    first: u64,
    records: u64,
    /// The source could read all of them. What failed once may not fail again, though the file is the same.
    is_whole: bool,
}

/// Records in reading order, whichever thread has read them.
struct Collected {
    briefs: Vec<Brief>,
    keys: Vec<([u8; 20], u32)>,
    graph: Graph,
    spread: u64,
    /// Files that were read whole.
    files: Vec<ReadFile>,
    /// Of the source at hand: the number of each file, and where its records are.
    stretches: Vec<(u32, Stretch)>,
    readings: Readings,
    /// Of the source at hand: the number that comes next, and records that came before their turn.
    next: u64,
    early: BTreeMap<u64, Arriving>,
    /// Why no more can be taken.
    failed: Option<LedgerError>,
}

impl Collected {
    fn new(readings: Readings) -> Self {
        Self {
            briefs: Vec::new(),
            keys: Vec::new(),
            graph: Graph::new(),
            spread: 0,
            files: Vec::new(),
            stretches: Vec::new(),
            readings,
            next: 0,
            early: BTreeMap::new(),
            failed: None,
        }
    }

    /// Takes a record, and says whether further ones can be taken, and how many bytes of its source it is.
    fn take(&mut self, number: u64, arriving: Result<Arriving, LedgerError>) -> (bool, u64) {
        let arriving = match arriving {
            Ok(arriving) => arriving,
            Err(error) => {
                self.failed.get_or_insert(error);
                return (false, 0);
            }
        };
        let length = arriving.length;
        if number != self.next {
            self.early.insert(number, arriving);
            return (self.failed.is_none(), length);
        }
        let mut due = Some(arriving);
        while let Some(arriving) = due.filter(|_| self.failed.is_none()) {
            self.failed = self.add(&arriving).err();
            due = self.early.remove(&self.next);
        }
        (self.failed.is_none(), length)
    }

    fn add(&mut self, arriving: &Arriving) -> Result<(), LedgerError> {
        self.next += 1;
        let at = self.readings.add(&arriving.bytes)?;
        match self.stretches.last_mut() {
            Some((file, stretch)) if *file == arriving.file => {
                stretch.records += 1;
                stretch.is_whole &= arriving.is_read;
            }
            _ => self.stretches.push((arriving.file, Stretch { first: at, records: 1, is_whole: arriving.is_read })),
        }
        self.spread += arriving.further.len() as u64;
        for rules in arriving.further.iter().chain([&arriving.brief.rules]) {
            let place = arriving.links.as_ref().map_or(ABSENT, |links| self.graph.add(links));
            let number = u32::try_from(self.briefs.len()).unwrap_or(ABSENT);
            self.keys.extend(arriving.key.map(|key| (key, number)));
            self.briefs.push(Brief { at, place, rules: *rules, ..arriving.brief });
        }
        Ok(())
    }
}

struct Work<'a> {
    task: Task<'a>,
    /// By source.
    contexts: Vec<[u8; 16]>,
    texts: Texts,
    noticed: Mutex<Noticed>,
    collected: Mutex<Collected>,
    budget: Budget,
    bytes: AtomicU64,
    records: AtomicU64,
    known: AtomicU64,
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
        let of = self.contexts.get(number).zip(self.task.mapping.sources.get(number));
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

    fn work(&self, number: u16, source: &dyn Source, scan: &Mutex<Numbered<'_>>) {
        let mut noticed = Noticed::default();
        while !self.task.stop.load(Ordering::Relaxed) {
            let asked = Instant::now();
            let (place, next, _held) = {
                let mut scan = scan.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(next) = scan.scan.next() else { break };
                // Waited for with the scan in hand, so that no other worker takes a further entry meanwhile.
                let held = self.budget.hold(match &next {
                    Next::Entry(Ok(entry)) => length(&entry.origin),
                    Next::Entry(Err(_)) | Next::Known(..) => 0,
                });
                scan.next += 1;
                (scan.next - 1, next, held)
            };
            let came = Instant::now();
            self.waits.add(Limit::Disk, came.duration_since(asked));
            let arriving = match next {
                Next::Entry(entry) => Ok(self.record(entry, &mut noticed)),
                Next::Known(file, record) => {
                    record.and_then(|record| self.known(&record, number, file, source, &mut noticed))
                }
            };
            let (goes_on, passed) = self.collected.lock().unwrap_or_else(PoisonError::into_inner).take(place, arriving);
            self.waits.add(Limit::Processor, came.elapsed());
            self.advance(passed);
            if !goes_on {
                break;
            }
        }
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner).join(noticed);
    }

    /// A record of an unchanged file.
    fn known(
        &self,
        record: &[u8],
        number: u16,
        file: u32,
        source: &dyn Source,
        noticed: &mut Noticed,
    ) -> Result<Arriving, LedgerError> {
        let decoded = self.task.past.and_then(|past| past.decoded(record, &self.texts));
        let (key, facts, memo) = decoded.ok_or_else(|| LedgerError::unknown_reading(record.len()))?;
        let facts = Facts { place: facts.place.moved(number, file), ..facts };
        let origin = facts.place.origin();
        if let Some(arriving) = self.again(&key, facts, memo, None, noticed) {
            self.known.fetch_add(1, Ordering::Relaxed);
            return Ok(arriving);
        }
        Ok(self.record(source.read_at(&origin), noticed))
    }

    fn advance(&self, length: u64) {
        let records = self.records.fetch_add(1, Ordering::Relaxed) + 1;
        let before = self.bytes.fetch_add(length, Ordering::Relaxed);
        let done = before + length;
        if before / PROGRESS != done / PROGRESS {
            self.task.observer.event(Event::StageAdvanced { stage: Stage::Reading, done, records });
            if let Some(by) = self.waits.due() {
                self.task.observer.event(Event::Limited { stage: Stage::Reading, by });
            }
        }
    }

    fn record(&self, entry: Result<RawEntry, Unreadable>, noticed: &mut Noticed) -> Arriving {
        let entry = match entry {
            Ok(entry) => entry,
            Err(unreadable) => {
                return self.arriving(&NO_KEY, &failed(unreadable), &Memo::default(), &Decided::default());
            }
        };
        let digest = digest(&entry);
        let source = usize::from(entry.origin.source);
        let key = past::key_of(self.contexts.get(source).unwrap_or(&NO_KEY), &entry, &digest, self.task.mapping);
        if let Some((facts, memo)) = self.task.past.and_then(|past| past.find(&key, &self.texts)) {
            let facts = Facts { place: entry.origin.clone().into(), digest, ..facts };
            if let Some(arriving) = self.again(&key, facts, memo, Some(&entry), noticed) {
                self.known.fetch_add(1, Ordering::Relaxed);
                return arriving;
            }
        }
        self.parsed(&key, digest, entry, noticed)
    }

    /// A record that an earlier plan has read; `None` if it must be parsed all the same, because more is asked of it now.
    fn again(
        &self,
        key: &Key,
        mut facts: Facts,
        mut memo: Memo,
        entry: Option<&RawEntry>,
        noticed: &mut Noticed,
    ) -> Option<Arriving> {
        if let Some(gist) = &mut memo.gist {
            gist.size = facts.place.length();
            if let Some(Content::Mail(mail)) = entry.map(|entry| &entry.content) {
                gist.folder = mail.folder.as_ref().to_owned();
            }
        }
        let Some(gist) = &memo.gist else {
            return Some(self.arriving(key, &facts, &memo, &Decided::default()));
        };
        let decided = decide(entry, gist, usize::from(facts.place.source()), self.task.mapping)?;
        let named = facts.finding.candidate().map(|candidate| (candidate.identity.key, candidate.names().collect()));
        let skipped = memo.skipped.take().or(named).filter(|_| decided.skip.is_some());
        facts.finding = self.finding_again(facts.finding, memo.direction, &decided, skipped.as_ref())?;
        noticed.add(gist, &decided, self.task.mapping);
        let memo = Memo { direction: decided.direction, skipped, ..memo };
        Some(self.arriving(key, &facts, &memo, &decided))
    }

    /// What an earlier finding, of a record that went in direction `before`, is by what is decided now.
    fn finding_again(
        &self,
        finding: Finding,
        before: Direction,
        decided: &Decided,
        skipped: Option<&Named>,
    ) -> Option<Finding> {
        if let Some(cause) = &decided.skip {
            let (key, names) = skipped?;
            let cause = self.texts.keep(cause);
            if !self.is_sent(key, names) {
                return Some(Finding::Skipped { cause, sent: None });
            }
            let candidate = finding.into_candidate().filter(|_| decided.direction == before)?;
            let sent = Some(Box::new(Candidate { direction_by: decided.direction_by, ..candidate }));
            return Some(Finding::Skipped { cause, sent });
        }
        match finding {
            _ if decided.direction != before => None,
            Finding::Rejected(problem) => Some(Finding::Rejected(problem)),
            finding => {
                let candidate = Candidate { direction_by: decided.direction_by, ..finding.into_candidate()? };
                Some(Finding::Candidate(Box::new(candidate)))
            }
        }
    }

    fn is_sent(&self, key: &[u8; 32], names: &[[u8; 16]]) -> bool {
        !self.task.pins.is_empty() && sent_ids(names, key, self.task.mapping, self.task.pins).next().is_some()
    }

    fn parsed(&self, key: &Key, digest: [u8; 16], entry: RawEntry, noticed: &mut Noticed) -> Arriving {
        let source = usize::from(entry.origin.source);
        let mut original_id = None;
        let mut memo = Memo::default();
        let mut decided = Decided::default();
        let finding = match read_record(&entry, self.task.mapping) {
            Ok(Outcome::Record(record)) => {
                original_id = record.message_id.as_deref().map(Into::into);
                let gist = Gist::of(&entry, &record);
                // With the entry at hand nothing is lacking.
                decided = decide(Some(&entry), &gist, source, self.task.mapping).unwrap_or_default();
                noticed.add(&gist, &decided, self.task.mapping);
                memo.links = Some(links(&record, self.namespace(source), self.task.mapping));
                memo.gist = Some(gist);
                memo.direction = decided.direction;
                if decided.skip.is_some() {
                    let identity = record.identity.into();
                    let names = names(&identity, record.likeness.as_deref()).collect();
                    memo.skipped = Some((identity.key, names));
                }
                self.finding(*record, &decided, memo.skipped.as_ref())
            }
            Ok(Outcome::Skip(cause)) => Finding::Skipped { cause: self.texts.keep(&cause), sent: None },
            Err(bad) => bad_record(bad),
        };
        if memo.gist.is_none() {
            original_id = record::original_id(&entry, self.task.mapping).map(Into::into);
        }
        let facts = Facts { place: entry.origin.into(), digest, original_id, finding };
        self.arriving(key, &facts, &memo, &decided)
    }

    fn arriving(&self, key: &Key, facts: &Facts, memo: &Memo, decided: &Decided) -> Arriving {
        let namespace = self.namespace(usize::from(facts.place.source()));
        let by_rule = decided.thread.as_ref().map(|value| graph_id(namespace, "rule", value));
        let links = memo.links.clone().map(|links| Message { group: by_rule.or(links.group), ..links });
        let tags = self.texts.keep_set(decided.tags.iter().map(|tag| self.texts.keep(tag)));
        let number = |rule: usize| u16::try_from(rule).ok();
        let mut rules = Rules {
            inboxes: decided.inbox_rules.iter().copied().filter_map(number).collect(),
            assignee: decided.assignee_rule.and_then(number),
            archived: decided.archived_rule.and_then(number),
        };
        let mut further = Vec::new();
        if self.task.mapping.identity.copies == InboxCopies::PerInbox && facts.finding.candidate().is_some() {
            let of_one = |inbox| self.texts.keep_rules(&Rules { inboxes: vec![inbox], ..rules.clone() });
            further = rules.inboxes.iter().skip(1).copied().map(of_one).collect();
            rules.inboxes.truncate(1);
        }
        let rules = self.texts.keep_rules(&rules);
        let is_candidate = facts.finding.class() == Class::Candidate;
        let candidate = facts.finding.candidate().filter(|_| is_candidate);
        Arriving {
            bytes: past::encoded(key, facts, memo),
            brief: Brief::new(0, facts, ABSENT, tags, rules),
            key: candidate.and_then(|candidate| candidate.identity.key.first_chunk().copied()),
            links,
            is_read: *key != NO_KEY,
            file: facts.place.first_piece().map_or(ABSENT, |piece| piece.file),
            length: if facts.place.part() == 0 { facts.place.length() } else { 0 },
            further,
        }
    }

    fn namespace(&self, source: usize) -> &str {
        self.task.mapping.sources.get(source).map_or("", |source| source.namespace.as_str())
    }

    /// `skipped`: what names a record that is skipped.
    fn finding(&self, record: Record, decided: &Decided, skipped: Option<&Named>) -> Finding {
        let Some(cause) = &decided.skip else {
            return match self.candidate(record, decided) {
                Ok(candidate) => Finding::Candidate(candidate),
                Err(too_large) => {
                    Finding::Rejected(Box::new(super::too_large(too_large, self.task.mapping.defaults.oversize)))
                }
            };
        };
        let is_sent = skipped.is_some_and(|(key, names)| self.is_sent(key, names));
        let sent = if is_sent { self.candidate(record, decided).ok() } else { None };
        Finding::Skipped { cause: self.texts.keep(cause), sent }
    }

    fn candidate(&self, record: Record, decided: &Decided) -> Result<Box<Candidate>, TooLarge> {
        let mut candidate = Candidate {
            identity: record.identity.into(),
            likeness: record.likeness.clone(),
            is_inbound: decided.direction == Direction::Inbound,
            direction_by: decided.direction_by,
            date: record.date.unwrap_or_default(),
            draft: [0; 32],
            active: record.active,
            size: 0,
            richness: richness(&record, decided.direction),
            sender: record.from.as_ref().map_or("", |from| from.handle.as_str()).into(),
            wants_recipient: record.kind == Kind::Custom && record.to.is_empty(),
            missing_handles: record.missing_handles,
            other_handles: record.other_handles.iter().map(|handle| handle.as_str().into()).collect(),
            may_repeat: record.kind == Kind::Custom && record.message_id.is_none(),
            files: 0,
            file_bytes: 0,
            subject: [0; 8],
            changes: self.texts.keep_list(&[]),
            left_out: None,
        };
        let mut changes: Vec<Text> = record.changes.iter().map(|change| self.kind(change)).collect();
        let draft = Draft::new(record, decided.direction, self.task.mapping)?;
        changes.extend(draft.changes.iter().map(|change| self.kind(change)));
        changes.sort_unstable();
        changes.dedup();
        candidate.changes = self.texts.keep_list(&changes);
        candidate.left_out = draft.left_out().map(Box::new);
        candidate.draft = draft.digest;
        candidate.size = draft.size;
        candidate.subject = draft.subject_digest();
        (candidate.files, candidate.file_bytes) = draft.files();
        Ok(Box::new(candidate))
    }

    fn kind(&self, change: &str) -> Text {
        self.texts.keep(&kind_of(change))
    }
}

/// Is it a change that nearly every message has, so that counting it says nothing?
#[must_use]
pub fn is_expected(change: &str) -> bool {
    change == TEXT_MADE_HTML || change == record::chat::SUBJECT_MADE
}

/// Reads an entry as a record. Should that panic, which is a bug, the one record is lost and not the run.
pub(super) fn read_record(entry: &RawEntry, mapping: &Mapping) -> Result<Outcome, BadRecord> {
    catch_unwind(AssertUnwindSafe(|| record::read(entry, mapping))).unwrap_or_else(|_| {
        Err(BadRecord {
            kind: BadKind::Unreadable,
            cause: "reading it failed".to_owned(),
            detail: "threadlift stumbled over this entry, which is a bug in threadlift".to_owned(),
            remedy: "please report it; the entry is left out, everything else goes on".to_owned(),
        })
    })
}

/// Digest of an entry's bytes: the mail without separator, with what is kept beside it, or the cells.
pub(super) fn digest(entry: &RawEntry) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    match &entry.content {
        Content::Mail(mail) => {
            hasher.update(&mail.bytes);
            for part in &mail.aside {
                for field in [part.number.as_bytes(), part.filename.as_bytes(), &part.content] {
                    hasher.update(&(field.len() as u64).to_be_bytes());
                    hasher.update(field);
                }
            }
        }
        Content::Row(row) => {
            for cell in &row.cells {
                hasher.update(&(cell.len() as u64).to_be_bytes());
                hasher.update(cell.as_bytes());
            }
        }
    }
    short(&hasher.finalize())
}

fn length(origin: &Origin) -> u64 {
    origin.pieces.iter().map(|piece| piece.length).sum()
}

fn failed(unreadable: Unreadable) -> Facts {
    let Unreadable { origin, cause, detail, remedy } = unreadable;
    let problem = Box::new(Problem { cause, detail, remedy });
    Facts { place: origin.into(), digest: [0; 16], original_id: None, finding: Finding::Unreadable(problem) }
}

fn bad_record(bad: BadRecord) -> Finding {
    let BadRecord { kind, cause, detail, remedy } = bad;
    let problem = Box::new(Problem { cause, detail, remedy });
    match kind {
        BadKind::Unreadable => Finding::Unreadable(problem),
        BadKind::Rejected => Finding::Rejected(problem),
    }
}

fn richness(record: &Record, direction: Direction) -> Richness {
    let body = match &record.body {
        record::Body::Html(text) | record::Body::Text(text) => text.len(),
    };
    Richness {
        is_whole: record.likeness.as_ref().is_none_or(|likeness| likeness.missing == 0),
        blind_copies: u32::try_from(record.bcc.len()).unwrap_or(u32::MAX),
        files: u32::try_from(record.attachments.len()).unwrap_or(u32::MAX),
        is_outbound: direction == Direction::Outbound,
        body: body as u64,
    }
}

/// How the reference graph knows a record. Ids carry the namespace, so that equal ids of unrelated
/// sources stay apart.
fn links(record: &Record, namespace: &str, mapping: &Mapping) -> Message {
    let id = |kind: &str, value: &str| graph_id(namespace, kind, value);
    let own = record.message_id.as_ref().filter(|_| record.kind == Kind::Email);
    let mut key = [0; 16];
    key.iter_mut().zip(record.identity.key).for_each(|(to, from)| *to = from);
    let known: HashSet<&String> = record.references.iter().collect();
    let replied = record.in_reply_to.iter().filter(|id| !known.contains(id));
    // In-Reply-To names the parent more surely than a References header that a client has cut, so it goes last.
    let references = record.references.iter().chain(replied).map(|reference| id("message", reference)).collect();
    let group = record
        .thread_value
        .as_ref()
        .map(|value| id("rule", value))
        .or_else(|| record.gmail_thread.as_ref().map(|value| id("gmail", value)))
        .or_else(|| record.conversation.as_ref().map(|value| id("conversation", value)));
    let subject = record
        .subject
        .as_deref()
        .filter(|_| mapping.thread.join_by_subject > 0)
        .map(base_subject)
        .filter(|subject| !subject.is_empty());
    Message {
        id: own.map_or(key, |own| id("message", own)),
        references,
        group,
        subject: subject.map(|subject| id("subject", &subject)),
        date: record.date.unwrap_or_default(),
    }
}

/// The graph's name for an id of some kind within a namespace.
pub(super) fn graph_id(namespace: &str, kind: &str, value: &str) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key("threadlift 1 thread");
    for field in [namespace, kind, value] {
        hasher.update(&(field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    short(&hasher.finalize())
}
