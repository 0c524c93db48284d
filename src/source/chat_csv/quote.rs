//! What stands around cells, where neither the mapping nor the first row says so.

use super::super::pread::ReadAt;
use super::frame::{Marks, cells};
use super::rows::Rows;
use std::io;

/// Rows that are looked at.
const SAMPLE: usize = 100;

/// How rows end, compared with the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    AsHeader,
    /// A delimiter stands behind the last cell of each row, but not behind the last name.
    WithDelimiter,
    /// A delimiter stands behind the last name, but not behind the last cell of each row.
    WithoutDelimiter,
}

impl Ends {
    /// How many cells a row has, delimiters counted.
    pub(super) fn cells_in_row(self, columns: usize) -> usize {
        match self {
            Ends::AsHeader => columns,
            Ends::WithDelimiter => columns + 1,
            Ends::WithoutDelimiter => columns.saturating_sub(1),
        }
    }

    /// The cells of a row, as many as there are columns; an error gives back those that do not fit.
    ///
    /// A row that ends otherwise than those of its file fits if it surely is whole: one with a delimiter at its end may have
    /// lost another cell, and one without may have split one.
    pub(super) fn fitted(self, mut cells: Vec<String>, columns: usize) -> Result<Vec<String>, Vec<String>> {
        let is_last_empty = cells.last().is_some_and(String::is_empty);
        let fits = match self {
            Ends::AsHeader => cells.len() == columns,
            Ends::WithDelimiter if cells.len() == columns + 1 && is_last_empty => {
                cells.pop();
                true
            }
            Ends::WithDelimiter => cells.len() == columns && !is_last_empty,
            Ends::WithoutDelimiter if cells.len() + 1 == columns => {
                cells.push(String::new());
                true
            }
            Ends::WithoutDelimiter => cells.len() == columns && is_last_empty,
        };
        if fits { Ok(cells) } else { Err(cells) }
    }
}

/// What the first rows look like with some quote.
#[derive(Debug, Default)]
struct Sample {
    /// Rows with as many cells as the header.
    as_header: usize,
    /// Rows with one cell more, which is empty.
    with_delimiter: usize,
    /// Rows with one cell fewer than the header, if its last has no name.
    without_delimiter: usize,
    /// Rows that are broken, or have another number of cells.
    others: usize,
    /// A cell of a sound row begins with the quote.
    is_used: bool,
}

impl Sample {
    /// Rows end otherwise than the header only if none ends as it does: a text with a delimiter in it may well be followed
    /// by an empty cell.
    fn ends(&self) -> Ends {
        match (self.as_header, self.with_delimiter, self.without_delimiter) {
            (0, 1.., 0) => Ends::WithDelimiter,
            (0, 0, 1..) => Ends::WithoutDelimiter,
            _ => Ends::AsHeader,
        }
    }

    fn misfits(&self) -> usize {
        let all = self.as_header + self.with_delimiter + self.without_delimiter + self.others;
        all - match self.ends() {
            Ends::AsHeader => self.as_header,
            Ends::WithDelimiter => self.with_delimiter,
            Ends::WithoutDelimiter => self.without_delimiter,
        }
    }
}

/// The quote of a table whose rows begin at a place, and how they end.
///
/// The quote is `"`, as RFC 4180 has it, unless rows do not fit that, no cell is quoted so, and all rows fit another way:
/// with `'`, or in a table with tabs without any quote, which is how IANA's text/tab-separated-values has it.
pub(super) fn detected(
    text: &impl ReadAt,
    delimiter: u8,
    names: &[String],
    place: (u64, u64),
) -> io::Result<(Option<u8>, Ends)> {
    let sample = |quote| sample(text, Marks { delimiter, quote }, names, place);
    let usual = sample(Some(b'"'))?;
    if usual.misfits() == 0 || usual.is_used {
        return Ok((Some(b'"'), usual.ends()));
    }
    let single = sample(Some(b'\''))?;
    if single.misfits() == 0 && single.is_used {
        return Ok((Some(b'\''), single.ends()));
    }
    if delimiter == b'\t' {
        let bare = sample(None)?;
        if bare.misfits() == 0 {
            return Ok((None, bare.ends()));
        }
    }
    Ok((Some(b'"'), usual.ends()))
}

/// How the rows of a table end whose quote is known.
pub(super) fn ends(text: &impl ReadAt, marks: Marks, names: &[String], place: (u64, u64)) -> io::Result<Ends> {
    Ok(sample(text, marks, names, place)?.ends())
}

fn sample(text: &impl ReadAt, marks: Marks, names: &[String], (offset, line): (u64, u64)) -> io::Result<Sample> {
    let columns = names.len();
    let is_last_unnamed = names.last().is_some_and(String::is_empty);
    let mut found = Sample::default();
    for row in Rows::new(text, marks, offset, line).take(SAMPLE) {
        let row = row?.content.unwrap_or_default();
        let cells = cells(&row, marks);
        let (found_cells, is_last_empty) = (cells.len(), cells.last().is_some_and(|cell| cell.is_empty()));
        let count = if found_cells == columns && !row.is_empty() {
            &mut found.as_header
        } else if found_cells == columns + 1 && is_last_empty {
            &mut found.with_delimiter
        } else if found_cells + 1 == columns && is_last_unnamed && !row.is_empty() {
            &mut found.without_delimiter
        } else {
            found.others += 1;
            continue;
        };
        *count += 1;
        found.is_used |= marks
            .quote
            .is_some_and(|quote| row.split(|byte| *byte == marks.delimiter).any(|cell| cell.first() == Some(&quote)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(table: &str, delimiter: u8) -> Option<u8> {
        let names = ["chat", "what"].map(str::to_owned);
        detected(&table.as_bytes(), delimiter, &names, (0, 2)).unwrap().0
    }

    #[test]
    fn the_usual_quote_is_taken_unless_all_rows_speak_for_another() {
        assert_eq!(of("1,hi\n2,\"a, b\"\n", b','), Some(b'"'));
        assert_eq!(of("1,'tis\n2,'twas\n", b','), Some(b'"'), "what fits is not doubted");
        assert_eq!(of("1,'a, b'\n2,'it''s'\n3,hi\n", b','), Some(b'\''));
        assert_eq!(of("1,'a, b'\n2,\"c, d\"\n", b','), Some(b'"'), "quoted as usual somewhere");
        assert_eq!(of("1,'a, b'\n2,c, d\n", b','), Some(b'"'), "not all rows fit");
    }

    #[test]
    fn a_table_with_tabs_may_have_none() {
        assert_eq!(of("1\t\"hello\" she said\n2\t\"never closed\n", b'\t'), None);
        assert_eq!(of("1\t\"hello\"\n2\t\"never closed\n", b'\t'), Some(b'"'));
        assert_eq!(of("1,\"hello\" she said\n", b','), Some(b'"'), "a table with commas needs quotes");
    }
}
