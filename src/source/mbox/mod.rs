//! mbox files: many mails in one file, each behind a `From ` line.

mod date;
mod framer;
mod mail;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod tests;

use super::files;
use super::find::Found;
use super::pread::{self, ReadAt};
use super::{
    Content, MAX_MAIL, Origin, Piece, RawEntry, RawMail, Scan, Source, SourceError, SourceFile, Unreadable, looks,
};
use crate::mapping::SourceMapping;
use framer::{Framer, Kind, Stretch};
use std::fs::File;
use std::io;

/// A source of mbox files.
pub(super) struct Mbox {
    name: String,
    index: u16,
    files: Vec<SourceFile>,
    notes: Vec<String>,
    /// Labels that the place of each file gives to its mails.
    labels: Vec<Vec<String>>,
}

/// Does a file with these first bytes begin like a mailbox? Blank lines and a byte order mark may come first.
pub(super) fn begins(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
    framer::separator_start(text.get(start..).unwrap_or_default(), true).is_some()
}

impl Mbox {
    pub(super) fn open(mapping: &SourceMapping, index: u16, found: Found) -> Result<Mbox, SourceError> {
        files::first_problem(mapping, &found)?;
        let mut notes = found.notes();
        let mut empty = 0;
        for file in &found.files {
            let head = files::head(mapping, file)?;
            if let Some(packed) = looks::packed(&head, &file.path) {
                return Err(files::is_packed(mapping, file, &packed));
            }
            if file.size <= looks::HEAD && head.iter().all(u8::is_ascii_whitespace) {
                empty += 1;
                notes.push(format!("{} is empty", file.shown));
            }
        }
        if empty == found.files.len() {
            return Err(files::holds_nothing(mapping, &found.files, "messages"));
        }
        let labels = found.files.iter().map(|file| found.places.of_mailbox(&file.path)).collect();
        Ok(Mbox { name: mapping.name.clone(), index, files: found.files, notes, labels })
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
        if length > MAX_MAIL {
            return Err(files::too_large(self.shown(number), origin, length, MAX_MAIL));
        }
        let entry = match pread::exactly(file, offset, length) {
            Ok(entry) => entry,
            Err(error) => return Err(self.broken(origin, &error)),
        };
        match mail::in_entry(entry, offset == 0) {
            Some(mail) => {
                let labels = self.labels.get(number as usize).cloned().unwrap_or_default();
                Ok(RawEntry { origin, content: Content::Mail(RawMail { labels, ..mail }) })
            }
            None => Err(files::changed(self.shown(number), origin, "no mbox separator stands there any more")),
        }
    }

    fn broken(&self, origin: Origin, error: &io::Error) -> Unreadable {
        let place = origin.pieces.first().map_or((0, 0), |piece| (piece.file, piece.offset));
        files::unreadable_file(self.shown(place.0), place.1, origin, error)
    }

    fn shown(&self, file: u32) -> &str {
        files::shown(&self.files, file)
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
            Ok(file) => State::Reading(Box::new(Framer::new(file, block))),
            Err(error) => State::Failed(Some(error)),
        };
        FileScan { mbox: self, number, size, state }
    }
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
                match framer.next()? {
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
        self.notes.clone()
    }
}
