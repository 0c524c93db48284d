//! mbox files: many mails in one file, each behind a `From ` line.
//!
//! [`line_end`] reads lines that end in CR alone, [`mod@line`] judges such a line, [`reading`] tells from the beginning of a file how it is written, [`framer`] finds where
//! mails begin, [`lengths`] knows Content-Length, [`mail`] unwraps a mail, [`notes`] says what people should know.

pub(super) mod date;
mod framer;
mod lengths;
mod line;
mod line_end;
mod mail;
mod notes;
mod reading;

#[cfg(test)]
mod dialect_tests;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod ways_tests;

use super::files;
use super::find::Found;
use super::folder::Passed;
use super::pread::{self, ReadAt};
use super::{Content, Origin, Piece, RawEntry, RawMail, Scan, Source, SourceError, SourceFile, Unreadable, looks};
use crate::mapping::{Dialect, Limits, SourceMapping};
use bytes::Bytes;
use framer::{Framer, Kind, Stretch};
use line::Next;
use line_end::{LineEnd, Lines};
use mail::Unwrapped;
use memchr::memchr_iter;
use notes::Scanned;
use reading::{Evidence, Reading};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A source of mbox files.
pub(super) struct Mbox {
    name: String,
    index: u16,
    files: Vec<SourceFile>,
    notes: Vec<String>,
    passed: Vec<Passed>,
    dialect: Dialect,
    limits: Limits,
    /// Flags that a mail program stored become labels.
    flags: bool,
    /// Labels that the place of each file gives to its mails.
    labels: Vec<Vec<String>>,
    /// The folder that each file is.
    folders: Vec<Arc<str>>,
    /// How each file is read, found out when it is first opened.
    readings: Vec<OnceLock<(Reading, Evidence)>>,
    /// What the scan of each file has met.
    scanned: Mutex<BTreeMap<u32, Scanned>>,
}

/// A file that is open.
struct Open<R> {
    file: Lines<R>,
    number: u32,
    size: u64,
    reading: Reading,
}

/// Does a file with these first bytes begin like a mailbox? Blank lines and a byte order mark may come first.
pub(super) fn begins(head: &[u8]) -> bool {
    let mut head = head.get(..head.len().min(line::LOOK_BACK)).unwrap_or_default().to_vec();
    LineEnd::of(&head).unify(&mut head, None);
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let start = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
    line::at_start(text.get(start..).unwrap_or_default(), true).is_some_and(|(line, _)| match line.next {
        Next::Mozilla | Next::Field => true,
        Next::Possible => line.date.is_some(),
        Next::Text => false,
    })
}

impl Mbox {
    pub(super) fn open(
        mapping: &SourceMapping,
        dialect: Dialect,
        limits: Limits,
        index: u16,
        found: Found,
    ) -> Result<Mbox, SourceError> {
        files::first_problem(mapping, &found)?;
        let Found { files, places, mut notes, passed, .. } = found;
        let mut empty = 0;
        for file in &files {
            let head = files::head(mapping, file)?;
            if let Some(packed) = looks::packed(&head, &file.path) {
                return Err(files::is_packed(mapping, file, &packed));
            }
            if file.size <= looks::HEAD && head.iter().all(u8::is_ascii_whitespace) {
                empty += 1;
                notes.push(format!("{} is empty", file.shown));
            }
        }
        if empty == files.len() {
            return Err(files::holds_nothing(mapping, &files, "messages"));
        }
        let labels = files.iter().map(|file| places.of_mailbox(&file.path)).collect();
        let folders = files.iter().map(|file| places.folder_of_mailbox(&file.path)).collect();
        Ok(Mbox { notes, passed, labels, folders, ..Mbox::of(mapping, dialect, limits, index, files) })
    }

    fn of(mapping: &SourceMapping, dialect: Dialect, limits: Limits, index: u16, files: Vec<SourceFile>) -> Mbox {
        Mbox {
            name: mapping.name.clone(),
            index,
            readings: files.iter().map(|_| OnceLock::new()).collect(),
            files,
            notes: Vec::new(),
            passed: Vec::new(),
            labels: Vec::new(),
            folders: Vec::new(),
            dialect,
            limits,
            flags: mapping.labels_from.flags,
            scanned: Mutex::default(),
        }
    }

    fn origin(&self, file: u32, offset: u64, length: u64) -> Origin {
        let piece = Piece { file, offset, length, line: None };
        Origin { source: self.index, pieces: vec![piece], part: 0 }
    }

    /// Opens a file that had `size` bytes when the source was opened.
    fn opened<R: ReadAt>(&self, file: R, number: u32, size: u64) -> Open<R> {
        let known = usize::try_from(number).ok().and_then(|index| self.readings.get(index));
        let reading = match known.and_then(OnceLock::get) {
            Some((reading, _)) => *reading,
            // A file that cannot be read will be reported by whoever reads on.
            None => reading::survey(&file, size, self.dialect).map_or(Reading::blind(self.dialect), |found| {
                known.map_or(found, |known| *known.get_or_init(|| found)).0
            }),
        };
        Open { file: Lines::new(file, reading.line_end), number, size, reading }
    }

    /// The entry or problem in one stretch of an open file; `None` for blank lines before the first separator. `held`: its
    /// bytes, if they have been read already.
    fn entry<R: ReadAt>(
        &self,
        open: &Open<R>,
        stretch: Stretch,
        held: Option<Bytes>,
    ) -> Option<Result<(RawEntry, bool), Unreadable>> {
        let number = open.number;
        let origin = self.origin(number, stretch.offset, stretch.length);
        match stretch.kind {
            Kind::Mail => Some(self.mail(open, origin, Some(stretch), held)),
            Kind::Before { blank: true, whole: false } => None,
            Kind::Before { whole: true, blank } => {
                let head =
                    pread::exactly(open.file.as_stored(), 0, stretch.length.min(looks::HEAD)).unwrap_or_default();
                if blank && head.iter().all(u8::is_ascii_whitespace) {
                    return None;
                }
                let (looks, remedy) = looks::instead_of_mbox(&head, self.path(number));
                Some(Err(Unreadable {
                    detail: format!("{} holds no line that separates mails; {looks}", self.shown(number)),
                    origin,
                    cause: "not an mbox file".to_owned(),
                    remedy: remedy.to_owned(),
                }))
            }
            Kind::Before { whole: false, .. } => Some(Err(Unreadable {
                detail: format!("the first {} bytes of {} belong to no mail", stretch.length, self.shown(number)),
                origin,
                cause: "text before the first mbox separator".to_owned(),
                remedy:
                    "look at the start of the file: the export may have been cut there; if it is a mail, put a line \
                         such as `From - Thu Jan  1 00:00:00 1970` before it"
                        .to_owned(),
            })),
        }
    }

    /// Reads (unless it is `held`) and unwraps the mail at `origin`, which has been checked to be one piece of the file, with
    /// what the `scanned` file has shown of it. Also says whether the end of the file may have cut it.
    fn mail<R: ReadAt>(
        &self,
        open: &Open<R>,
        origin: Origin,
        scanned: Option<Stretch>,
        held: Option<Bytes>,
    ) -> Result<(RawEntry, bool), Unreadable> {
        let Some(&Piece { file: number, offset, length, .. }) = origin.pieces.first() else {
            return Err(files::foreign(origin));
        };
        if length > self.limits.mail {
            return Err(self.over_limit(origin, "mail", "mail", self.limits.mail, length));
        }
        let bytes = match held.map_or_else(|| pread::exactly(&open.file, offset, length).map(Bytes::from), Ok) {
            Ok(bytes) => bytes,
            Err(error) => return Err(self.broken(origin, &error)),
        };
        if length > self.limits.line
            && let Some(longest) = line_over(&bytes, self.limits.line)
        {
            return Err(self.over_limit(origin, "mail with a line", "line", self.limits.line, longest));
        }
        let is_last = offset.saturating_add(length) >= open.size;
        let entry = mail::Entry { is_first: offset == 0, is_last, flags: self.flags, ..mail::Entry::of(scanned) };
        match mail::in_entry(&bytes, entry, open.reading) {
            Some(Unwrapped { mut mail, may_be_cut }) => {
                mail.labels.extend(self.labels.get(open.number as usize).into_iter().flatten().cloned());
                mail.folder = self.folders.get(open.number as usize).cloned().unwrap_or_default();
                Ok((RawEntry { origin, content: Content::Mail(mail) }, may_be_cut))
            }
            None => Err(files::changed(self.shown(number), origin, "no mbox separator stands there any more")),
        }
    }

    /// Something larger than the key of `[limits]` allows.
    fn over_limit(&self, origin: Origin, what: &str, key: &str, limit: u64, length: u64) -> Unreadable {
        let (file, offset) = origin.pieces.first().map_or((0, 0), |piece| (piece.file, piece.offset));
        let size = if limit.is_multiple_of(1_000_000) {
            format!("{} MB", limit / 1_000_000)
        } else {
            format!("{limit} bytes")
        };
        Unreadable {
            cause: format!("{what} larger than {size}"),
            detail: format!("{}, byte {offset}: the {key} has {length} bytes", self.shown(file)),
            remedy: format!(
                "raise `{key}` in `[limits]` of the mapping if there is memory for it, or forward the mail by hand"
            ),
            origin,
        }
    }

    fn broken(&self, origin: Origin, error: &io::Error) -> Unreadable {
        let place = origin.pieces.first().map_or((0, 0), |piece| (piece.file, piece.offset));
        files::unreadable_file(self.shown(place.0), place.1, origin, error)
    }

    fn path(&self, file: u32) -> &Path {
        let file = usize::try_from(file).ok().and_then(|index| self.files.get(index));
        file.map_or(Path::new(""), |file| &file.path)
    }

    fn shown(&self, file: u32) -> &str {
        files::shown(&self.files, file)
    }

    /// All entries of one open file, whose size was `size` when the source was opened.
    fn scan_open<R: ReadAt + Send>(
        &self,
        number: u32,
        size: u64,
        file: io::Result<R>,
        block: usize,
    ) -> FileScan<'_, R> {
        let state = match file.map(|file| self.opened(file, number, size)) {
            Ok(open) => {
                let Open { file, number, size, reading } = open;
                State::Reading(Box::new(Framer::new(Open { file, number, size, reading }, reading, block)))
            }
            Err(error) => State::Failed(Some(error)),
        };
        FileScan { mbox: self, number, size, state, may_be_cut: false }
    }
}

impl<R: ReadAt> ReadAt for Open<R> {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_some(buffer, offset)
    }
}

/// The length of the first line in `bytes` that is longer than `limit`.
fn line_over(bytes: &[u8], limit: u64) -> Option<u64> {
    let mut start = 0;
    memchr_iter(b'\n', bytes).chain([bytes.len()]).find_map(|end| {
        let length = (end - start) as u64;
        start = end + 1;
        (length > limit).then_some(length)
    })
}

/// An mbox in memory: offset, length and mail of each stretch, in order; no mail for what stands before the first.
/// Reads in blocks of `block` bytes, on which the result does not depend.
pub(super) fn in_memory(bytes: &[u8], dialect: Dialect, block: usize) -> Vec<(u64, u64, Option<RawMail>)> {
    let size = bytes.len() as u64;
    let Ok((reading, _)) = reading::survey(&bytes, size, dialect) else { return Vec::new() };
    let lines = Lines::new(bytes, reading.line_end);
    let mut framer = Framer::new(&lines, reading, block);
    let mut stretches = Vec::new();
    while let Some(Ok(stretch)) = framer.next() {
        let Stretch { offset, length, kind, .. } = stretch;
        let is_last = offset + length == size;
        let entry = mail::Entry { is_first: offset == 0, is_last, flags: true, ..mail::Entry::of(Some(stretch)) };
        let held = framer.held(stretch).or_else(|| pread::exactly(&lines, offset, length).ok().map(Bytes::from));
        let mail = held.filter(|_| kind == Kind::Mail).and_then(|bytes| mail::in_entry(&bytes, entry, reading));
        stretches.push((offset, length, mail.map(|unwrapped| unwrapped.mail)));
    }
    stretches
}

/// An iterator over the entries of one file.
struct FileScan<'a, R> {
    mbox: &'a Mbox,
    number: u32,
    size: u64,
    state: State<R>,
    may_be_cut: bool,
}

enum State<R> {
    Reading(Box<Framer<Open<R>>>),
    /// The file could not be opened; said once.
    Failed(Option<io::Error>),
}

impl<R: ReadAt> Iterator for FileScan<'_, R> {
    type Item = Result<RawEntry, Unreadable>;

    /// Finds where an entry ends before it is held: a mail too large for that is passed over, a long one read at its place as
    /// [`Source::read_at`] does it, and a short one is a slice of what was read to find its end.
    fn next(&mut self) -> Option<Self::Item> {
        let rest_is_lost = |from: u64, error: &io::Error| {
            let origin = self.mbox.origin(self.number, from, self.size.saturating_sub(from));
            Some(Err(self.mbox.broken(origin, error)))
        };
        match &mut self.state {
            State::Failed(error) => rest_is_lost(0, &error.take()?),
            State::Reading(framer) => loop {
                match framer.next() {
                    None => {
                        let scanned = Scanned { tally: framer.tally().clone(), may_be_cut: self.may_be_cut };
                        let mut all = self.mbox.scanned.lock().unwrap_or_else(PoisonError::into_inner);
                        all.insert(self.number, scanned);
                        return None;
                    }
                    Some(Ok(stretch)) => match self.mbox.entry(framer.file(), stretch, framer.held(stretch)) {
                        None => {}
                        Some(Ok((entry, may_be_cut))) => {
                            self.may_be_cut |= may_be_cut;
                            return Some(Ok(entry));
                        }
                        Some(Err(unreadable)) => return Some(Err(unreadable)),
                    },
                    Some(Err(broken)) => return rest_is_lost(broken.offset, &broken.error),
                }
            },
        }
    }
}

impl Source for Mbox {
    fn name(&self) -> &str {
        &self.name
    }

    fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn scan(&self) -> Scan<'_> {
        Box::new((0..).zip(&self.files).flat_map(|(number, _)| self.scan_file(number)))
    }

    fn scan_file(&self, number: u32) -> Scan<'_> {
        let Some(file) = usize::try_from(number).ok().and_then(|index| self.files.get(index)) else {
            return Box::new(std::iter::empty());
        };
        Box::new(self.scan_open(number, file.size, File::open(&file.path), framer::BLOCK))
    }

    fn mark(&self, number: u32) -> Option<Vec<u8>> {
        let (reading, evidence) = self.readings.get(number as usize)?.get()?;
        let scanned = self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        postcard::to_stdvec(&(reading, evidence, scanned.get(&number)?)).ok()
    }

    fn take_mark(&self, number: u32, mark: &[u8]) -> bool {
        let Ok((reading, evidence, scanned)) = postcard::from_bytes::<(Reading, Evidence, Scanned)>(mark) else {
            return false;
        };
        let Some(slot) = self.readings.get(number as usize) else { return false };
        let is_same = slot.get_or_init(|| (reading, evidence)).0 == reading;
        if is_same {
            self.scanned.lock().unwrap_or_else(PoisonError::into_inner).insert(number, scanned);
        }
        is_same
    }

    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        let (piece, file) = files::of_origin(&self.files, self.index, origin)?;
        match File::open(&file.path) {
            Ok(open) => {
                let open = self.opened(open, piece.file, file.size);
                self.mail(&open, origin.clone(), None, None).map(|(entry, _)| entry)
            }
            Err(error) => Err(self.broken(origin.clone(), &error)),
        }
    }

    fn passed(&self) -> &[Passed] {
        &self.passed
    }

    fn notes(&self) -> Vec<String> {
        let scanned = self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        let files = (0..).zip(self.files.iter().zip(&self.readings)).filter_map(|(number, (file, reading))| {
            let (reading, evidence) = *reading.get()?;
            Some(notes::Found { shown: &file.shown, reading, evidence, scanned: scanned.get(&number) })
        });
        let read = notes::of_files(self.dialect, &files.collect::<Vec<_>>());
        self.notes.iter().cloned().chain(read).collect()
    }
}
