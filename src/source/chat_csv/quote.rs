//! What stands around cells, where neither the mapping nor the first row says so.

use super::super::pread::ReadAt;
use super::rows::{Marks, Rows, cells};
use std::io;

/// Rows that are looked at.
const SAMPLE: usize = 100;

/// What the first rows look like with some quote.
struct Sample {
    /// Rows that are broken, or have another number of cells than the header.
    misfits: usize,
    /// A cell of a sound row begins with the quote.
    is_used: bool,
}

/// The quote of a table whose rows begin at `offset`, which is the start of `line`.
///
/// It is `"`, as RFC 4180 has it, unless rows do not fit that, no cell is quoted so, and all rows fit another way: with
/// `'`, or in a table with tabs without any quote, which is how IANA's text/tab-separated-values has it.
pub(super) fn detected(
    text: &impl ReadAt,
    delimiter: u8,
    columns: usize,
    (offset, line): (u64, u64),
) -> io::Result<Option<u8>> {
    let sample = |quote| sample(Rows::new(text, Marks { delimiter, quote }, offset, line), delimiter, quote, columns);
    let usual = sample(Some(b'"'))?;
    if usual.misfits == 0 || usual.is_used {
        return Ok(Some(b'"'));
    }
    let single = sample(Some(b'\''))?;
    if single.misfits == 0 && single.is_used {
        return Ok(Some(b'\''));
    }
    Ok(if delimiter == b'\t' && sample(None)?.misfits == 0 { None } else { Some(b'"') })
}

fn sample<R: ReadAt>(rows: Rows<R>, delimiter: u8, quote: Option<u8>, columns: usize) -> io::Result<Sample> {
    let mut found = Sample { misfits: 0, is_used: false };
    for row in rows.take(SAMPLE) {
        match row?.content {
            Ok(row) if cells(&row, Marks { delimiter, quote }).len() == columns => {
                found.is_used |=
                    row.split(|byte| *byte == delimiter).any(|cell| quote.is_some() && cell.first() == quote.as_ref());
            }
            _ => found.misfits += 1,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(table: &str, delimiter: u8) -> Option<u8> {
        detected(&table.as_bytes(), delimiter, 2, (0, 2)).unwrap()
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
