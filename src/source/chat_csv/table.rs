//! One file of a table, open for reading.

use super::super::SourceFile;
use super::super::pread::{self, ReadAt};
use super::frame::{self, Damage, Framed, Marks};
use super::header::{self, Header};
use super::layout::{Layout, Misfit};
use super::rows::{LONGEST_ROW, Rows};
use encoding_rs::Encoding;
use memchr::memmem;
use std::borrow::Cow;
use std::fs::File;
use std::io;

/// How to read one file.
pub(super) struct Table {
    pub(super) header: Header,
    /// Encoding of the text as it is read: UTF-8 for decoded files.
    pub(super) encoding: &'static Encoding,
    /// Where its text lies in the temporary file, if it is there.
    pub(super) decoded_at: Option<u64>,
    /// Bytes of text.
    pub(super) length: u64,
    pub(super) content: Content,
}

/// What the rows of a file are.
pub(super) enum Content {
    /// Messages.
    Messages(Layout),
    /// Rows of the second table: the columns that are read, its key first.
    Joined(Vec<usize>),
}

/// The text of a table: the file itself, or its part of the temporary file.
pub(super) enum Text<'a> {
    File(File),
    Decoded { file: &'a File, start: u64, length: u64 },
}

impl ReadAt for Text<'_> {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Text::File(file) => file.read_some(buffer, offset),
            Text::Decoded { file, start, length } => {
                let rest = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
                let count = rest.min(buffer.len());
                buffer.get_mut(..count).map_or(Ok(0), |buffer| file.read_some(buffer, start.saturating_add(offset)))
            }
        }
    }
}

impl Table {
    /// The text of the file; `decoded` is the temporary file of the source.
    pub(super) fn text<'a>(&self, file: &SourceFile, decoded: Option<&'a File>) -> io::Result<Text<'a>> {
        match (self.decoded_at, decoded) {
            (Some(start), Some(file)) => Ok(Text::Decoded { file, start, length: self.length }),
            _ => File::open(&file.path).map(Text::File),
        }
    }

    /// The row at a place again, as bytes; `None` if no row stands there any more.
    pub(super) fn row_at(&self, text: &Text<'_>, offset: u64, length: u64) -> io::Result<Option<Vec<u8>>> {
        if length > LONGEST_ROW as u64 {
            return Ok(None);
        }
        let row = pread::exactly(text, offset, length)?;
        let is_row = frame::frame(&row, self.header.marks, true) == Framed::Row(row.len()) && !row.is_empty();
        Ok(is_row.then_some(row))
    }

    /// The rows of the file, from the first after the header on.
    pub(super) fn rows<'a>(&self, text: Text<'a>) -> Rows<Text<'a>> {
        let (offset, line) = self.header.rows_at;
        Rows::new(text, self.header.marks, offset, line).shaped(self.header.shape)
    }

    /// The cells of a row, as many as the header has.
    pub(super) fn cells(&self, row: Result<Vec<u8>, Damage>) -> Result<Vec<String>, Misfit> {
        let row = row.map_err(explained)?;
        let cells = split(&row, self.header.marks, self.encoding);
        if is_header(&cells, &self.header.names) {
            return Err(Misfit {
                cause: "the header again",
                detail: "the row repeats the names of the columns, as in tables that were put together".to_owned(),
                remedy: "nothing is lost by it; delete the line if it is not to be listed again",
            });
        }
        let (found, expected) = (cells.len(), self.header.names.len());
        self.header.ends.fitted(cells, expected).map_err(|cells| {
            let (what, remedy) = self.seen_in(&row, &cells);
            let detail = format!("{found} cells, but the header has {expected}{what}");
            Misfit { cause: "wrong number of cells", detail, remedy }
        })
    }

    /// What stands in a row that would explain its wrong number of cells, and what to do.
    fn seen_in(&self, row: &[u8], cells: &[String]) -> (&'static str, &'static str) {
        if let Some(quote) = self.header.marks.quote {
            let is_late = |cell: &String| cell.starts_with(' ') && cell.trim_start().starts_with(char::from(quote));
            if cells.iter().any(is_late) {
                return ("; a space stands before the quote", "take the spaces between delimiters and quotes away");
            }
            if memmem::find(row, &[b'\\', quote]).is_some() {
                return ("; quotes are escaped with a backslash; CSV doubles them", DOUBLE);
            }
        }
        if cells.len() > self.header.names.len() {
            return ("", "put quotes around the cell that holds a delimiter (and double the quotes inside it)");
        }
        ("", "put quotes around the cell that holds a line break, or add the missing cells")
    }
}

const DOUBLE: &str = "double the quotes that stand for themselves: \"\"";

/// Are these cells the names of the columns?
fn is_header(cells: &[String], names: &[String]) -> bool {
    cells.len() == names.len() && cells.iter().zip(names).all(|(cell, name)| header::name_of(cell) == name)
}

fn explained(damage: Damage) -> Misfit {
    let megabytes = LONGEST_ROW >> 20;
    let (cause, detail, remedy) = match damage {
        Damage::OpenQuote => (
            "quote never closed",
            "a cell begins with a quote that is not closed; reading goes on at the next line".to_owned(),
            "close the quote, or double the quotes that stand for themselves",
        ),
        Damage::RowsInQuotes => (
            "rows within a quoted cell",
            "a cell begins with a quote, and further rows of the table stand before the next one; reading goes on at the \
             next line"
                .to_owned(),
            "close the quote where the cell ends, or double it if it stands for itself; if the text does quote rows of this \
             table, indent them",
        ),
        Damage::Backslash => (
            "text after a closing quote",
            "quotes are escaped with a backslash; CSV doubles them; reading goes on at the next line".to_owned(),
            "export with doubled quotes, or replace each \\\" by \"\"",
        ),
        Damage::StrayQuote => (
            "text after a closing quote",
            "a quote inside a quoted cell is not doubled; reading goes on at the next line".to_owned(),
            DOUBLE,
        ),
        Damage::TooLong => (
            "row too large",
            format!("it is larger than {megabytes} MiB; reading goes on behind it"),
            "check the delimiter and the encoding, and that the file is a table; shorten the row if it is sound",
        ),
        Damage::GivenUp => (
            "too many damaged rows",
            "the file is not read on from here".to_owned(),
            "mend the quotes of the rows named before, or export again",
        ),
    };
    Misfit { cause, detail, remedy }
}

/// The cells of one row, decoded.
pub(super) fn split(row: &[u8], marks: Marks, encoding: &'static Encoding) -> Vec<String> {
    let decoded = |cell: Cow<'_, [u8]>| encoding.decode_without_bom_handling(&cell).0.into_owned();
    frame::cells(row, marks).into_iter().map(decoded).collect()
}
