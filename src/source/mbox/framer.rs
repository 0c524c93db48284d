//! Finding where mails begin in an mbox file, without holding the file or a mail.
//!
//! A framer of our own, because the crates at hand lose or invent mails: mbox-reader never yields the last message and
//! mail-parser's iterator splits at any line that starts with `From `; both drop what stands before the first separator.
//! What a separator is stands in [`super::separator`]; where the dialect has Content-Length, [`super::length`] is asked
//! first. Everything else is text and stays with the mail it stands in.

use super::super::pread::{ReadAt, fill};
use super::dialect::{LineEnd, Rules};
use super::length::{self, Measured};
use super::separator::{self, Line, UTF8_BOM};
use memchr::memmem;
use std::io;

/// Bytes looked through per read.
pub(super) const BLOCK: usize = 1 << 20;

/// Enough bytes before a newline to see whether it ends a blank line.
const LOOK_BACK: u64 = 2;

/// A stretch of an mbox file. In order, stretches tile the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// First byte.
    pub(super) offset: u64,
    /// Number of bytes.
    pub(super) length: u64,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A mail, from its separator to the next.
    Mail,
    /// What stands before the first separator; the whole file if there is none.
    Before { blank: bool, whole: bool },
}

/// A file that could not be read on from the stretch that starts at `offset`.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) offset: u64,
    pub(super) error: io::Error,
}

/// `From ` lines that look like separators and were not taken for one, so that nobody loses a mail in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Suspects {
    pub(super) count: u64,
    /// Offset of the first.
    pub(super) first: u64,
}

/// How the Content-Length fields met so far fit. Only counted where the rules ask for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lengths {
    pub(super) fit: u64,
    pub(super) wrong: u64,
    /// Mails without the field.
    pub(super) absent: u64,
}

/// An iterator over the stretches of a file.
pub(super) struct Framer<R> {
    file: R,
    rules: Rules,
    newline: u8,
    suspects: Suspects,
    lengths: Lengths,
    /// The Content-Length of the open mail has been looked at.
    is_measured: bool,
    /// Where the file ends, once Content-Length has led there.
    end: Option<u64>,
    block: usize,
    finder: memmem::Finder<'static>,
    window: Vec<u8>,
    /// Offset in the file of the window's first byte.
    window_at: u64,
    /// Offset of the next block.
    next_block: u64,
    /// Newlines are looked for in `window[searched..limit]`.
    searched: usize,
    limit: usize,
    /// The window reaches the end of the file.
    at_end: bool,
    /// Where the first line starts: 3 after a byte order mark.
    first_line: u64,
    /// Start of the stretch whose end is looked for, and what it is as far as it has been seen.
    open: u64,
    open_kind: Kind,
    done: bool,
}

impl<R: ReadAt> Framer<R> {
    /// Reads `file` in blocks of `block` bytes; the result does not depend on it.
    pub(super) fn new(file: R, rules: Rules, block: usize) -> Framer<R> {
        let (newline, separator) = match rules.line_end {
            LineEnd::Lf => (b'\n', b"\nFrom "),
            LineEnd::Cr => (b'\r', b"\rFrom "),
        };
        Framer {
            file,
            rules,
            newline,
            suspects: Suspects::default(),
            lengths: Lengths::default(),
            is_measured: false,
            end: None,
            block: block.max(1),
            finder: memmem::Finder::new(separator),
            window: Vec::new(),
            window_at: 0,
            next_block: 0,
            searched: 0,
            limit: 0,
            at_end: false,
            first_line: 0,
            open: 0,
            open_kind: Kind::Before { blank: true, whole: true },
            done: false,
        }
    }

    /// The file, to read what the stretches hold.
    pub(super) fn file(&self) -> &R {
        &self.file
    }

    /// Lines passed over so far that look like separators.
    pub(super) fn suspects(&self) -> Suspects {
        self.suspects
    }

    /// How the Content-Length fields met so far fit.
    pub(super) fn lengths(&self) -> Lengths {
        self.lengths
    }

    fn next_separator(&mut self) -> io::Result<Option<u64>> {
        if self.next_block == 0 {
            self.read_block()?;
            if let Some(start) = self.first_lines() {
                return Ok(Some(start));
            }
        }
        match self.measure()? {
            Measured::Separator(next) => return Ok(Some(next)),
            Measured::End(end) => {
                self.end = Some(end);
                return Ok(None);
            }
            Measured::Absent | Measured::Wrong => {}
        }
        loop {
            if let Some(found) = self.search() {
                return Ok(Some(found));
            }
            if self.at_end {
                return Ok(None);
            }
            self.read_block()?;
        }
    }

    /// What Content-Length says of the open mail, asked once and only where the rules say so. Where it leads to a separator,
    /// the search goes on behind that.
    fn measure(&mut self) -> io::Result<Measured> {
        if !self.rules.content_length || self.open_kind != Kind::Mail || std::mem::replace(&mut self.is_measured, true)
        {
            return Ok(Measured::Absent);
        }
        let measured = length::measure(&self.file, self.open, self.rules)?;
        match measured {
            Measured::Absent => self.lengths.absent += 1,
            Measured::Wrong => self.lengths.wrong += 1,
            Measured::End(_) => self.lengths.fit += 1,
            Measured::Separator(next) => {
                self.lengths.fit += 1;
                self.go_to(next)?;
            }
        }
        Ok(measured)
    }

    /// Goes on searching behind the separator at `offset`.
    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        let within = offset.checked_sub(self.window_at).and_then(|at| usize::try_from(at).ok());
        if let Some(at) = within.filter(|at| *at < self.limit) {
            self.searched = at;
            return Ok(());
        }
        self.next_block = offset;
        self.read_block()
    }

    fn read_block(&mut self) -> io::Result<()> {
        let start = self.next_block.saturating_sub(LOOK_BACK);
        let back = usize::try_from(self.next_block - start).unwrap_or(0);
        let wanted = back + self.block + separator::REACH;
        if self.window.len() != wanted {
            self.window = vec![0; wanted];
        }
        let filled = fill(&self.file, &mut self.window, start)?;
        self.window.truncate(filled);
        self.at_end = filled < wanted;
        self.window_at = start;
        self.searched = back.min(filled);
        self.limit = if self.at_end { filled } else { back + self.block };
        self.next_block += self.block as u64;
        Ok(())
    }

    /// Judges the start of the file: a mail may begin there without a newline before it.
    fn first_lines(&mut self) -> Option<u64> {
        if separator::at_file_start(&self.window, self.rules).is_some() {
            return Some(0);
        }
        if self.window.starts_with(UTF8_BOM) {
            self.first_line = UTF8_BOM.len() as u64;
        }
        None
    }

    /// The next separator in the window.
    fn search(&mut self) -> Option<u64> {
        let start = self.searched;
        let end = self.limit.saturating_add(5).min(self.window.len());
        while let Some(found) = self.window.get(self.searched..end).and_then(|bytes| self.finder.find(bytes)) {
            let newline = self.searched + found;
            if newline >= self.limit {
                break;
            }
            self.searched = newline + 1;
            let after_blank_line = self.ends_blank_line(newline);
            let offset = self.window_at + newline as u64 + 1;
            match separator::judge(self.window.get(newline + 1..).unwrap_or_default(), after_blank_line, self.rules) {
                Line::Separator(_) => {
                    self.note_blank(start, newline);
                    return Some(offset);
                }
                Line::Suspect => {
                    if self.suspects.count == 0 {
                        self.suspects.first = offset;
                    }
                    self.suspects.count += 1;
                }
                Line::Text => {}
            }
        }
        self.searched = self.limit;
        self.note_blank(start, self.limit);
        None
    }

    fn ends_blank_line(&self, newline: usize) -> bool {
        let starts_line = |at: usize| {
            self.window_at + at as u64 == self.first_line
                || at.checked_sub(1).and_then(|before| self.window.get(before)) == Some(&self.newline)
        };
        starts_line(newline)
            || self.newline == b'\n'
                && newline.checked_sub(1).is_some_and(|cr| self.window.get(cr) == Some(&b'\r') && starts_line(cr))
    }

    fn note_blank(&mut self, start: usize, end: usize) {
        if let Kind::Before { blank: true, whole } = self.open_kind {
            let mark = usize::try_from(self.first_line.saturating_sub(self.window_at)).unwrap_or(0);
            let seen = self.window.get(start.max(mark)..end).unwrap_or_default();
            self.open_kind = Kind::Before { blank: seen.iter().all(u8::is_ascii_whitespace), whole };
        }
    }

    /// Closes the open stretch at `end`, where a mail begins or the file ends.
    fn close(&mut self, end: u64, mail_follows: bool) -> Option<Stretch> {
        let kind = match self.open_kind {
            Kind::Mail => Kind::Mail,
            Kind::Before { blank, .. } => Kind::Before { blank, whole: !mail_follows },
        };
        let stretch = Stretch { offset: self.open, length: end.saturating_sub(self.open), kind };
        self.open = end;
        self.open_kind = Kind::Mail;
        self.is_measured = false;
        (stretch.length > 0).then_some(stretch)
    }
}

impl<R: ReadAt> Iterator for Framer<R> {
    type Item = Result<Stretch, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let stretch = match self.next_separator() {
                Ok(Some(start)) => self.close(start, true),
                Ok(None) => {
                    self.done = true;
                    let end = self.end.unwrap_or(self.window_at + self.window.len() as u64);
                    self.close(end, false)
                }
                Err(error) => {
                    self.done = true;
                    return Some(Err(Broken { offset: self.open, error }));
                }
            };
            if let Some(stretch) = stretch {
                return Some(Ok(stretch));
            }
        }
        None
    }
}
