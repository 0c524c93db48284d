//! Finding where rows begin and end.
//!
//! The csv crate is not used, because it does not say when a quote was never closed: it would swallow all rows to the
//! next quote or the end of the file, and call them one; and its reader takes tens of microseconds to make, too much to
//! make one for each row that is read again. So rows are framed and split here, with strict quotes (RFC 4180, section 2),
//! and a row that breaks them costs one line, not the rest. On sound rows the tests hold it to what the csv crate says.

use super::super::pread::{ReadAt, fill};
use memchr::{memchr, memchr_iter, memchr2, memchr3};
use std::borrow::Cow;
use std::io;

/// Bytes asked for per read.
pub(super) const BLOCK: usize = 1 << 20;

/// Largest row. A cell with a whole transcript is some hundred kilobytes; what is larger is a quote left open.
pub(super) const LONGEST_ROW: usize = 16 << 20;

/// How many times the largest row is looked through for the end of a larger one.
const FARTHEST_END: u64 = 4;

/// After a damaged row, reading goes on at its next line. What was read in vain until then is bounded by this, for a
/// file made of nothing but open quotes would be read again from every line.
const MOST_IN_VAIN: u64 = 16 * LONGEST_ROW as u64;

/// A stretch of a table: a row, or a line where a damaged one began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// First line, from 1.
    pub(super) line: u64,
    pub(super) content: Result<Vec<u8>, Damage>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// A quoted cell does not end before the end of the file or the largest row.
    OpenQuote,
    /// Text follows the closing quote of a cell.
    StrayQuote,
    /// No line end within the largest row.
    TooLong,
    /// Too many damaged rows: the rest of the file is given up.
    GivenUp,
}

/// The signs of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    /// Between two cells.
    pub(super) delimiter: u8,
    /// Around a cell; `None` where quotes are ordinary characters.
    pub(super) quote: Option<u8>,
}

impl Marks {
    /// As RFC 4180 has it, but for the delimiter.
    pub(super) const fn of(delimiter: u8) -> Marks {
        Marks { delimiter, quote: Some(b'"') }
    }

    /// What follows the quote that opens these bytes.
    fn opened(self, bytes: &[u8]) -> Option<(u8, &[u8])> {
        let quote = self.quote?;
        Some((quote, bytes.strip_prefix(&[quote])?))
    }
}

/// What stands at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framed {
    /// A row of so many bytes, line end included.
    Row(usize),
    /// Its end is not here yet.
    Incomplete { in_quotes: bool },
    /// Seen after so many bytes.
    Damaged(Damage, usize),
}

/// Frames the row that starts at `bytes`. `at_end`: nothing follows.
pub(super) fn frame(bytes: &[u8], marks: Marks, at_end: bool) -> Framed {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        at += if let Some((quote, cell)) = marks.opened(rest) {
            match quoted(cell, quote, marks.delimiter, at_end) {
                Ok(length) => length + 1,
                Err(Framed::Damaged(damage, seen)) => return Framed::Damaged(damage, at + seen),
                Err(other) => return other,
            }
        } else {
            match memchr3(marks.delimiter, b'\n', b'\r', rest) {
                Some(length) => length,
                None if at_end => return Framed::Row(bytes.len()),
                None => return Framed::Incomplete { in_quotes: false },
            }
        };
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), None) if !at_end => return Framed::Incomplete { in_quotes: false },
            (Some(b'\r'), Some(b'\n')) => return Framed::Row(at + 2),
            (Some(b'\n' | b'\r'), _) => return Framed::Row(at + 1),
            (Some(_), _) => at += 1,
            (None, _) => return Framed::Row(at),
        }
    }
}

/// Length of a quoted cell, given what follows its opening quote, with the closing quote.
fn quoted(cell: &[u8], sign: u8, delimiter: u8, at_end: bool) -> Result<usize, Framed> {
    let mut at = 0;
    loop {
        let Some(quote) = memchr(sign, cell.get(at..).unwrap_or_default()) else {
            return Err(if at_end {
                Framed::Damaged(Damage::OpenQuote, cell.len())
            } else {
                Framed::Incomplete { in_quotes: true }
            });
        };
        at += quote + 1;
        match cell.get(at) {
            Some(byte) if *byte == sign => at += 1,
            Some(b'\n' | b'\r') => return Ok(at),
            Some(byte) if *byte == delimiter => return Ok(at),
            Some(_) => return Err(Framed::Damaged(Damage::StrayQuote, at)),
            None if at_end => return Ok(at),
            None => return Err(Framed::Incomplete { in_quotes: false }),
        }
    }
}

/// The cells of a framed row, quotes undone.
pub(super) fn cells(row: &[u8], marks: Marks) -> Vec<Cow<'_, [u8]>> {
    let delimiter = marks.delimiter;
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let rest = row.get(at..).unwrap_or_default();
        let in_quotes = marks.opened(rest).map(|(quote, cell)| (quote, cell, quoted(cell, quote, delimiter, true)));
        if let Some((quote, cell, Ok(length))) = in_quotes {
            cells.push(unquoted(cell.get(..length.saturating_sub(1)).unwrap_or_default(), quote));
            at += length + 1;
        } else {
            let length = memchr3(delimiter, b'\n', b'\r', rest).unwrap_or(rest.len());
            cells.push(Cow::Borrowed(rest.get(..length).unwrap_or_default()));
            at += length;
        }
        if row.get(at) != Some(&delimiter) {
            return cells;
        }
        at += 1;
    }
}

fn unquoted(cell: &[u8], quote: u8) -> Cow<'_, [u8]> {
    if memchr(quote, cell).is_none() {
        return Cow::Borrowed(cell);
    }
    let mut bytes = Vec::with_capacity(cell.len());
    let mut copied = 0;
    // Inside a sound cell quotes stand in pairs: the first of each is kept.
    for first in memchr_iter(quote, cell).step_by(2) {
        bytes.extend_from_slice(cell.get(copied..=first).unwrap_or_default());
        copied = first + 2;
    }
    bytes.extend_from_slice(cell.get(copied..).unwrap_or_default());
    Cow::Owned(bytes)
}

/// Where in a row a reader stands that holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// At the start of a cell.
    Start,
    /// In a cell without quotes.
    Bare,
    Quotes,
    /// Behind a quote inside quotes: the end of the cell, or the first of two.
    Closing,
    /// Behind the row.
    End,
    /// Text follows a closing quote.
    Broken,
}

impl Within {
    /// Where one stands after `bytes`, or after those of them that belong to the row.
    fn after(mut self, bytes: &[u8], marks: Marks) -> (Within, usize) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            let rest = bytes.get(at..).unwrap_or_default();
            if self == Within::Quotes {
                let Some(quote) = marks.quote.and_then(|quote| memchr(quote, rest)) else { return (self, bytes.len()) };
                at += quote + 1;
                self = Within::Closing;
                continue;
            }
            self = match (self, byte) {
                (_, b'\n' | b'\r') => return (Within::End, at + 1),
                (_, byte) if byte == marks.delimiter => Within::Start,
                (Within::Start | Within::Closing, byte) if Some(byte) == marks.quote => Within::Quotes,
                (Within::Closing, _) => return (Within::Broken, at),
                _ => Within::Bare,
            };
            at += 1;
        }
        (self, bytes.len())
    }
}

/// An iterator over the rows of a table, blank lines left out.
pub(super) struct Rows<R> {
    text: R,
    marks: Marks,
    block: usize,
    longest: usize,
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte.
    buffer_at: u64,
    /// Where in the buffer the next row starts.
    start: usize,
    line: u64,
    at_end: bool,
    /// Bytes beyond its line that were read to find each damaged row.
    in_vain: u64,
    failed: bool,
}

impl<R: ReadAt> Rows<R> {
    /// Rows from `offset` on, which is the start of `line`.
    pub(super) fn new(text: R, marks: Marks, offset: u64, line: u64) -> Rows<R> {
        Rows {
            text,
            marks,
            block: BLOCK,
            longest: LONGEST_ROW,
            buffer: Vec::new(),
            buffer_at: offset,
            start: 0,
            line,
            at_end: false,
            in_vain: 0,
            failed: false,
        }
    }

    /// Smaller blocks and rows, for whoever asks whether they decide anything.
    pub(super) fn with_limits(self, block: usize, longest: usize) -> Rows<R> {
        Rows { block, longest, ..self }
    }

    /// Where the next row starts: offset and line.
    pub(super) fn place(&self) -> (u64, u64) {
        (self.buffer_at + self.start as u64, self.line)
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Reads at least as much again as is there, so that a long row is not framed from its start once per block.
    fn read_more(&mut self) -> io::Result<()> {
        let rest = self.rest();
        let had = rest.len();
        let wanted = had + self.block.max(had).max(1);
        let mut grown = vec![0; wanted];
        if let Some(front) = grown.get_mut(..had) {
            front.copy_from_slice(rest);
        }
        let (offset, _) = self.place();
        let filled = grown.get_mut(had..).map_or(Ok(0), |free| fill(&self.text, free, offset + had as u64))?;
        grown.truncate(had + filled);
        self.buffer = grown;
        self.buffer_at = offset;
        self.start = 0;
        self.at_end = had + filled < wanted;
        Ok(())
    }

    fn next_stretch(&mut self) -> io::Result<Option<Stretch>> {
        loop {
            if self.rest().is_empty() {
                if self.at_end {
                    return Ok(None);
                }
                self.read_more()?;
                continue;
            }
            let (damage, seen) = match frame(self.rest(), self.marks, self.at_end) {
                Framed::Row(length) if length > self.longest => (Damage::TooLong, length),
                Framed::Row(length) => {
                    let row = self.take(length);
                    let blank = |byte: &u8| byte.is_ascii_whitespace() && *byte != self.marks.delimiter;
                    if row.content.as_ref().is_ok_and(|bytes| bytes.iter().all(blank)) {
                        continue;
                    }
                    return Ok(Some(row));
                }
                Framed::Incomplete { in_quotes } if self.rest().len() > self.longest => {
                    if let Some(row) = self.pass_over_large_row()? {
                        return Ok(Some(row));
                    }
                    let damage = if in_quotes { Damage::OpenQuote } else { Damage::TooLong };
                    (damage, self.rest().len())
                }
                Framed::Incomplete { .. } => {
                    self.read_more()?;
                    continue;
                }
                Framed::Damaged(damage, seen) => (damage, seen),
            };
            let line = self.line;
            let (damage, (offset, length)) = if self.in_vain > MOST_IN_VAIN {
                (Damage::GivenUp, self.skip_all()?)
            } else {
                (damage, self.skip_line()?)
            };
            self.in_vain = self.in_vain.saturating_add((seen as u64).saturating_sub(length));
            return Ok(Some(Stretch { offset, length, line, content: Err(damage) }));
        }
    }

    /// Passes over a sound row that is too large to hold, with all its quoted line ends. `None`, and nothing passed, if no
    /// end is found not much farther on.
    fn pass_over_large_row(&mut self) -> io::Result<Option<Stretch>> {
        let (offset, line) = self.place();
        let mut within = Within::Start;
        let mut block = vec![0; self.block.max(1)];
        let (mut at, mut breaks, mut last) = (offset, 0, 0);
        while within != Within::End {
            let filled = fill(&self.text, &mut block, at)?;
            let bytes = block.get(..filled).unwrap_or_default();
            let (next, read) = within.after(bytes, self.marks);
            let read = bytes.get(..read).unwrap_or_default();
            within = next;
            at += read.len() as u64;
            breaks += memchr_iter(b'\n', read).count() as u64;
            last = read.last().copied().unwrap_or(last);
            let is_end_of_text = filled < block.len();
            if within == Within::Broken
                || (within != Within::End && at - offset > FARTHEST_END * self.longest as u64)
                || (within == Within::Quotes && is_end_of_text)
            {
                self.in_vain = self.in_vain.saturating_add(at - offset);
                return Ok(None);
            }
            if is_end_of_text {
                break;
            }
        }
        if within == Within::End && last == b'\r' {
            let mut following = [0];
            let is_crlf = fill(&self.text, &mut following, at)? == 1 && following == *b"\n";
            at += u64::from(is_crlf);
            breaks += 1;
        }
        self.buffer.clear();
        (self.buffer_at, self.start, self.at_end) = (at, 0, false);
        self.line = line + breaks;
        Ok(Some(Stretch { offset, length: at - offset, line, content: Err(Damage::TooLong) }))
    }

    fn take(&mut self, length: usize) -> Stretch {
        let (offset, line) = self.place();
        let bytes = self.rest().get(..length).unwrap_or_default().to_vec();
        self.start += length;
        // A lone carriage return ends a row as well; inside a cell it is text.
        let breaks = memchr_iter(b'\n', &bytes).count() as u64;
        self.line += breaks + u64::from(bytes.ends_with(b"\r"));
        Stretch { offset, length: length as u64, line, content: Ok(bytes) }
    }

    /// Passes over one line, however long, holding none of it.
    fn skip_line(&mut self) -> io::Result<(u64, u64)> {
        let (offset, _) = self.place();
        loop {
            if let Some(end) = memchr2(b'\n', b'\r', self.rest()) {
                // The line feed of a CRLF left over would be a blank line: nothing, but it counts as a line.
                let crlf = self.rest().get(end..end + 2) == Some(b"\r\n");
                if !crlf && self.rest().len() == end + 1 && self.rest().ends_with(b"\r") && !self.at_end {
                    self.read_more()?;
                    continue;
                }
                self.start += end + 1 + usize::from(crlf);
                self.line += 1;
                break;
            }
            self.start = self.buffer.len();
            if self.at_end {
                break;
            }
            self.read_more()?;
        }
        Ok((offset, self.place().0 - offset))
    }

    fn skip_all(&mut self) -> io::Result<(u64, u64)> {
        let (offset, _) = self.place();
        loop {
            self.start = self.buffer.len();
            if self.at_end {
                return Ok((offset, self.place().0 - offset));
            }
            self.read_more()?;
        }
    }
}

impl<R: ReadAt> Iterator for Rows<R> {
    type Item = io::Result<Stretch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_stretch();
        self.failed = next.is_err();
        next.transpose()
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
