//! Finding where rows begin and end.
//!
//! A row that breaks the rules of quotes costs one line, not the rest.

use super::super::pread::{ReadAt, fill};
use super::frame::{Damage, Framed, Lines, Marks, Within, frame, line_end};
use super::swallowed::{Shape, holds_rows};
use memchr::memchr2;
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

/// An iterator over the rows of a table. Blank lines are left out, and lines of nothing but delimiters, as spreadsheets
/// write empty rows.
pub(super) struct Rows<R> {
    text: R,
    marks: Marks,
    shape: Option<Shape>,
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
            shape: None,
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

    /// With rows of this shape, of which none may stand within a cell.
    pub(super) fn shaped(self, shape: Option<Shape>) -> Rows<R> {
        Rows { shape, ..self }
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
            let swallows = |length: usize| {
                let bytes = self.rest().get(..length).unwrap_or_default();
                self.shape.is_some_and(|shape| holds_rows(bytes, self.marks, shape))
            };
            let (damage, seen) = match frame(self.rest(), self.marks, self.at_end) {
                Framed::Row(length) if swallows(length) => (Damage::RowsInQuotes, length),
                Framed::Row(length) if length > self.longest => (Damage::TooLong, length),
                Framed::Row(length) => {
                    let row = self.take(length);
                    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == self.marks.delimiter;
                    if row.content.as_ref().is_ok_and(|bytes| bytes.iter().all(blank)) {
                        continue;
                    }
                    return Ok(Some(row));
                }
                Framed::Incomplete { .. } if self.rest().len() > self.longest && swallows(self.longest) => {
                    (Damage::RowsInQuotes, self.rest().len())
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
        let (mut at, mut lines) = (offset, Lines::default());
        while within != Within::End {
            let filled = fill(&self.text, &mut block, at)?;
            let bytes = block.get(..filled).unwrap_or_default();
            let (next, read) = within.after(bytes, self.marks);
            let read = bytes.get(..read).unwrap_or_default();
            within = next;
            at += read.len() as u64;
            lines.read(read);
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
        if within == Within::End
            && let Some(first) = at.checked_sub(1)
        {
            let mut end = [0; 3];
            let filled = fill(&self.text, &mut end, first)?;
            let end = end.get(..filled).unwrap_or_default();
            let more = line_end(end, true).and_then(|length| end.get(1..length)).unwrap_or_default();
            lines.read(more);
            at += more.len() as u64;
        }
        self.buffer.clear();
        (self.buffer_at, self.start, self.at_end) = (at, 0, false);
        self.line = line + lines.count();
        Ok(Some(Stretch { offset, length: at - offset, line, content: Err(Damage::TooLong) }))
    }

    fn take(&mut self, length: usize) -> Stretch {
        let (offset, line) = self.place();
        let bytes = self.rest().get(..length).unwrap_or_default().to_vec();
        self.start += length;
        let mut lines = Lines::default();
        lines.read(&bytes);
        self.line += lines.count();
        Stretch { offset, length: length as u64, line, content: Ok(bytes) }
    }

    /// Passes over one line, however long, holding none of it.
    fn skip_line(&mut self) -> io::Result<(u64, u64)> {
        let (offset, _) = self.place();
        loop {
            if let Some(end) = memchr2(b'\n', b'\r', self.rest()) {
                // The line feed of a CRLF left over would be a blank line: nothing, but it counts as a line.
                let Some(length) = line_end(self.rest().get(end..).unwrap_or_default(), self.at_end) else {
                    self.read_more()?;
                    continue;
                };
                self.start += end + length;
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
