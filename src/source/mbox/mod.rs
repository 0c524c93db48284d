//! mbox files: many mails in one file, each behind a `From ` line.

mod date;
mod dialect;
mod framer;
mod length;
mod mail;
#[cfg(test)]
mod real_tests;
mod separator;
#[cfg(test)]
mod tests;

use super::files;
use super::find::Found;
use super::pread::{self, ReadAt};
use super::{Content, Origin, Piece, RawEntry, Scan, Source, SourceError, SourceFile, Unreadable, looks};
use crate::mapping::{Dialect, Limits, SourceMapping};
use dialect::Rules;
use framer::{Framer, Kind, Stretch, Suspects};
use memchr::memchr_iter;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};

/// A source of mbox files.
pub(super) struct Mbox {
    name: String,
    index: u16,
    files: Vec<SourceFile>,
    /// How each file is read.
    rules: Vec<Rules>,
    limits: Limits,
    notes: Vec<String>,
    /// Lines that scans of a file passed over although they look like separators.
    suspects: Mutex<BTreeMap<u32, Suspects>>,
}

impl Mbox {
    pub(super) fn open(
        mapping: &SourceMapping,
        declared: Dialect,
        limits: Limits,
        index: u16,
        found: Found,
    ) -> Result<Mbox, SourceError> {
        files::first_problem(mapping, &found)?;
        let mut notes = found.notes();
        let mut empty = 0;
        let mut rules = Vec::with_capacity(found.files.len());
        let mut evidence: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for file in &found.files {
            let head = files::head(mapping, file)?;
            if let Some(packed) = looks::packed(&head, &file.path) {
                return Err(files::is_packed(mapping, file, &packed));
            }
            if file.size <= looks::HEAD && head.iter().all(u8::is_ascii_whitespace) {
                empty += 1;
                notes.push(format!("{} is empty", file.shown));
            }
            let detected = File::open(&file.path)
                .and_then(|open| dialect::detect(&open, declared))
                .map_err(|error| files::cannot_open(mapping, &file.shown, &error))?;
            rules.push(detected.rules);
            if let Some(reason) = detected.evidence {
                evidence.entry(reason).or_default().push(&file.shown);
            }
        }
        for (reason, files) in evidence {
            let others = files.len() - 1;
            let others = if others == 0 { String::new() } else { format!(" and {others} more") };
            notes.push(format!("{}{others}: {reason}", files.first().copied().unwrap_or_default()));
        }
        if empty == found.files.len() {
            return Err(files::holds_nothing(mapping, &found.files, "messages"));
        }
        let suspects = Mutex::default();
        Ok(Mbox { name: mapping.name.clone(), index, files: found.files, rules, limits, notes, suspects })
    }

    fn origin(&self, file: u32, offset: u64, length: u64) -> Origin {
        let piece = Piece { file, offset, length, line: None };
        Origin { source: self.index, pieces: vec![piece], part: 0 }
    }

    /// The entry or problem in one stretch of an open file; `None` for blank lines before the first separator.
    fn entry(&self, file: &impl ReadAt, number: u32, stretch: Stretch) -> Option<Result<RawEntry, Unreadable>> {
        let origin = self.origin(number, stretch.offset, stretch.length);
        match stretch.kind {
            Kind::Mail => Some(self.mail(file, origin)),
            Kind::Before { blank: true, .. } => None,
            Kind::Before { whole: true, .. } => {
                let head = pread::exactly(file, 0, stretch.length.min(looks::HEAD)).unwrap_or_default();
                let (looks, remedy) = looks::instead_of_mbox(&head);
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

    /// Reads and unwraps the mail at `origin`, which has been checked to be one piece of `file`.
    fn mail(&self, file: &impl ReadAt, origin: Origin) -> Result<RawEntry, Unreadable> {
        let Some(&Piece { file: number, offset, length, .. }) = origin.pieces.first() else {
            return Err(files::foreign(origin));
        };
        if length > self.limits.mail {
            return Err(files::too_large(self.shown(number), origin, length, self.limits.mail));
        }
        let entry = match pread::exactly(file, offset, length) {
            Ok(entry) => entry,
            Err(error) => return Err(self.broken(origin, &error)),
        };
        if let Some(longest) = longer_than(&entry, self.limits.line) {
            return Err(files::line_too_long(self.shown(number), origin, longest, self.limits.line));
        }
        match mail::in_entry(entry, self.rules(number), offset == 0) {
            Some(mail) => Ok(RawEntry { origin, content: Content::Mail(mail) }),
            None => Err(files::changed(self.shown(number), origin, "no mbox separator stands there any more")),
        }
    }

    fn broken(&self, origin: Origin, error: &io::Error) -> Unreadable {
        let place = origin.pieces.first().map_or((0, 0), |piece| (piece.file, piece.offset));
        files::unreadable_file(self.shown(place.0), place.1, origin, error)
    }

    fn rules(&self, file: u32) -> Rules {
        usize::try_from(file).ok().and_then(|file| self.rules.get(file)).copied().unwrap_or(Rules::PLAIN)
    }

    fn shown(&self, file: u32) -> &str {
        files::shown(&self.files, file)
    }

    fn note_suspects(&self, file: u32, found: Suspects) {
        if found.count > 0 {
            self.suspects.lock().unwrap_or_else(PoisonError::into_inner).insert(file, found);
        }
    }

    /// All entries of one file, whose size was `size` when the source was opened.
    fn scan_file<R: ReadAt + Send>(
        &self,
        number: u32,
        size: u64,
        file: io::Result<R>,
        block: usize,
    ) -> FileScan<'_, R> {
        let state = match file {
            Ok(file) => State::Reading(Box::new(Framer::new(file, self.rules(number), block))),
            Err(error) => State::Failed(Some(error)),
        };
        FileScan { mbox: self, number, size, state }
    }
}

/// The length of the first line of `bytes` that is longer than `most`.
fn longer_than(bytes: &[u8], most: u64) -> Option<u64> {
    if bytes.len() as u64 <= most {
        return None;
    }
    let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
    let mut start = 0;
    ends.map(|end| {
        let length = (end - start) as u64;
        start = (end + 1).min(bytes.len());
        length
    })
    .find(|length| *length > most)
}

/// An iterator over the entries of one file.
struct FileScan<'a, R> {
    mbox: &'a Mbox,
    number: u32,
    size: u64,
    state: State<R>,
}

enum State<R> {
    Reading(Box<Framer<R>>),
    /// The file could not be opened; said once.
    Failed(Option<io::Error>),
}

impl<R: ReadAt> Iterator for FileScan<'_, R> {
    type Item = Result<RawEntry, Unreadable>;

    /// Finds where an entry ends before reading it: a mail too large to hold is passed over unread, and scanning and
    /// [`Source::read_at`] take the same way through the code.
    fn next(&mut self) -> Option<Self::Item> {
        let rest_is_lost = |from: u64, error: &io::Error| {
            let origin = self.mbox.origin(self.number, from, self.size.saturating_sub(from));
            Some(Err(self.mbox.broken(origin, error)))
        };
        match &mut self.state {
            State::Failed(error) => rest_is_lost(0, &error.take()?),
            State::Reading(framer) => loop {
                let Some(next) = framer.next() else {
                    self.mbox.note_suspects(self.number, framer.suspects());
                    return None;
                };
                match next {
                    Ok(stretch) => {
                        if let Some(entry) = self.mbox.entry(framer.file(), self.number, stretch) {
                            return Some(entry);
                        }
                    }
                    Err(broken) => return rest_is_lost(broken.offset, &broken.error),
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
        Box::new(
            (0..)
                .zip(&self.files)
                .flat_map(|(number, file)| self.scan_file(number, file.size, File::open(&file.path), framer::BLOCK)),
        )
    }

    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        let (_, file) = files::of_origin(&self.files, self.index, origin)?;
        match File::open(&file.path) {
            Ok(open) => self.mail(&open, origin.clone()),
            Err(error) => Err(self.broken(origin.clone(), &error)),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        let suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        let of_most_files = 3;
        for (file, Suspects { count, first }) in suspects.iter().take(of_most_files) {
            notes.push(format!(
                "{}: {count} {} like separators and are read as text (the first at byte {first}); if mails are missing, \
                 look there, and put a blank line before it and a date behind it",
                self.shown(*file),
                if *count == 1 { "line looks" } else { "lines look" },
            ));
        }
        if let Some(more) = suspects.len().checked_sub(of_most_files).filter(|more| *more > 0) {
            notes.push(format!("lines like separators are in {more} more files"));
        }
        notes
    }
}
