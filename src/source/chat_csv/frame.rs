//! Where a row ends, and its cells.
//!
//! The csv crate is not used, because it does not say when a quote was never closed: it would swallow all rows to the
//! next quote or the end of the file, and call them one; and its reader takes tens of microseconds to make, too much to
//! make one for each row that is read again. So rows are framed and split here, with strict quotes (RFC 4180, section 2).
//! On sound rows the tests hold it to what the csv crate says.

use memchr::{memchr, memchr_iter, memchr3};
use std::borrow::Cow;

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// A quoted cell does not end before the end of the file or the largest row.
    OpenQuote,
    /// A quoted cell holds lines that are rows of the table by themselves.
    RowsInQuotes,
    /// Text follows the closing quote of a cell.
    StrayQuote,
    /// The same, and a backslash stands before that quote.
    Backslash,
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
        let rest = bytes.get(at..).unwrap_or_default();
        match rest.first() {
            Some(b'\n' | b'\r') => {
                return line_end(rest, at_end)
                    .map_or(Framed::Incomplete { in_quotes: false }, |length| Framed::Row(at + length));
            }
            Some(_) => at += 1,
            None => return Framed::Row(at),
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
            Some(_) => {
                let is_escaped = at.checked_sub(2).and_then(|before| cell.get(before)) == Some(&b'\\');
                let damage = if is_escaped { Damage::Backslash } else { Damage::StrayQuote };
                return Err(Framed::Damaged(damage, at));
            }
            None if at_end => return Ok(at),
            None => return Err(Framed::Incomplete { in_quotes: false }),
        }
    }
}

/// Length of the line end that `bytes` begin with; `None` if what is not here yet decides it.
///
/// `\r\r\n` is one: programs write it that turn `\n` into `\r\n` twice.
pub(super) fn line_end(bytes: &[u8], at_end: bool) -> Option<usize> {
    match bytes {
        [b'\r', b'\r', b'\n', ..] => Some(3),
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] | [b'\r', b'\r'] if !at_end => None,
        _ => Some(1),
    }
}

/// Counts the lines of a row, block by block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines {
    feeds: u64,
    /// Carriage returns without a line feed behind them.
    returns: u64,
    last: u8,
}

impl Lines {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        self.returns += memchr_iter(b'\r', bytes).count() as u64;
        for feed in memchr_iter(b'\n', bytes) {
            self.feeds += 1;
            let before = feed.checked_sub(1).map_or(Some(self.last), |before| bytes.get(before).copied());
            self.returns = self.returns.saturating_sub(u64::from(before == Some(b'\r')));
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    /// How many lines end in the row. How it ends itself says how lines end in this file: where a line feed does it, a
    /// carriage return within a cell is text to every program that counts lines.
    pub(super) fn count(self) -> u64 {
        if self.last == b'\r' { self.feeds + self.returns } else { self.feeds }
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
pub(super) enum Within {
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
    pub(super) fn after(mut self, bytes: &[u8], marks: Marks) -> (Within, usize) {
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
