//! Finding where mails begin in an mbox file, without holding the file or a mail.
//!
//! A framer of our own, because the crates at hand lose or invent mails: mbox-reader never yields the last message and
//! mail-parser's iterator splits at any line that starts with `From `; both drop what stands before the first separator.
//! Here a separator is a line that starts the file (after a byte order mark) or follows a blank line, begins with `From `
//! and ends in a date ([`super::date`]). Everything else is text and stays with the mail it stands in.

use super::super::pread::{ReadAt, fill};
use super::date;
use memchr::{memchr, memmem};
use std::io;

/// Bytes looked through per read.
pub(super) const BLOCK: usize = 1 << 20;

/// Longest line that can be a separator. An address has at most 256 bytes (RFC 5321 section 4.5.3.1.3).
const LONGEST_LINE: usize = 1024;

/// Enough bytes after a newline to judge the line behind it: `\r\n` and the longest line.
const LOOK_AHEAD: usize = LONGEST_LINE + 3;

/// Enough bytes before a newline to see whether it ends a blank line.
const LOOK_BACK: u64 = 2;

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

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

/// An iterator over the stretches of a file.
pub(super) struct Framer<R> {
    file: R,
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
    pub(super) fn new(file: R, block: usize) -> Framer<R> {
        Framer {
            file,
            block: block.max(1),
            finder: memmem::Finder::new(b"\nFrom "),
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

    fn next_separator(&mut self) -> io::Result<Option<u64>> {
        if self.next_block == 0 {
            self.read_block()?;
            if let Some(start) = self.first_lines() {
                return Ok(Some(start));
            }
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

    fn read_block(&mut self) -> io::Result<()> {
        let start = self.next_block.saturating_sub(LOOK_BACK);
        let back = usize::try_from(self.next_block - start).unwrap_or(0);
        let wanted = back + self.block + LOOK_AHEAD;
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
        if separator_start(&self.window, true).is_some() {
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
            if self.ends_blank_line(newline)
                && self.window.get(newline + 1..).is_some_and(|rest| separator_end(rest).is_some())
            {
                self.note_blank(start, newline);
                return Some(self.window_at + newline as u64 + 1);
            }
        }
        self.searched = self.limit;
        self.note_blank(start, self.limit);
        None
    }

    fn ends_blank_line(&self, newline: usize) -> bool {
        let starts_line = |at: usize| {
            self.window_at + at as u64 == self.first_line
                || at.checked_sub(1).and_then(|before| self.window.get(before)) == Some(&b'\n')
        };
        starts_line(newline)
            || newline.checked_sub(1).is_some_and(|cr| self.window.get(cr) == Some(&b'\r') && starts_line(cr))
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
                    self.close(self.window_at + self.window.len() as u64, false)
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

/// If `bytes` begin with a separator line: its date and the length of the line with its end.
fn separator_end(bytes: &[u8]) -> Option<(i64, usize)> {
    let reach = bytes.get(..bytes.len().min(LONGEST_LINE + 2))?;
    let (line, length) = match memchr(b'\n', reach) {
        Some(end) => (reach.get(..end)?, end + 1),
        None => (reach, reach.len()),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LONGEST_LINE {
        return None;
    }
    Some((date::of_separator(line)?, length))
}

/// If `bytes`, an entry, begin with a separator: its date and where the mail itself begins. At the start of a file a
/// byte order mark and stray NULs (both are found in real exports) may stand before it.
pub(super) fn separator_start(bytes: &[u8], file_start: bool) -> Option<(i64, usize)> {
    let mut lead = 0;
    if file_start {
        lead = if bytes.starts_with(UTF8_BOM) { UTF8_BOM.len() } else { 0 };
        let nuls = bytes.iter().skip(lead).take(LONGEST_LINE).take_while(|byte| **byte == 0).count();
        lead += nuls;
    }
    let (date, length) = separator_end(bytes.get(lead..)?)?;
    Some((date, lead + length))
}
