//! Rows within a cell: what a forgotten quote makes of a table.
//!
//! A quote that opens and is not closed ends at the next quote that stands before a delimiter, often rows later, and what
//! it swallowed may still have the right number of cells. So a line within a quoted cell is looked at by itself: as many
//! cells as a row has, and a time written like the row's where a row has its time, is a row. A text that quotes a whole
//! row of its own table looks the same, and is set aside too: with its place, which is better than losing messages.

use super::frame::{Framed, Marks, cells, frame, line_end};
use memchr::{memchr_iter, memchr2};
use std::cell::LazyCell;

/// What a row of the table looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// How many cells.
    pub(super) cells: usize,
    /// Which of them is the time, from 0.
    pub(super) time: usize,
}

/// Longer cells are no time.
const LONGEST_TIME: usize = 64;

/// Digits in a row that may be one or two: of a day, a month, an hour.
const FEW_DIGITS: usize = 2;

/// Does a line of the row, after the first, look like a row itself?
///
/// `row` may be the front of a row only, if that is as much as is held. Looks at each byte a few times at most.
pub(super) fn holds_rows(row: &[u8], marks: Marks, shape: Shape) -> bool {
    let mut lines = Physical(row);
    let Some(first) = lines.next() else { return false };
    if lines.0.is_empty() {
        return false;
    }
    // The time of the row; where the quote was opened before it, that of the first line, read as if there were none.
    let unquoted = Marks { quote: None, ..marks };
    let times = LazyCell::new(|| [time_of(row, marks, shape), time_of(first, unquoted, shape)]);
    lines.any(|line| {
        let has_cells = || memchr_iter(marks.delimiter, line).count() + 1 >= shape.cells;
        let is_sound =
            || frame(line, marks, true) == Framed::Row(line.len()) && cells(line, marks).len() == shape.cells;
        has_cells()
            && is_sound()
            && time_of(line, marks, shape).is_some_and(|time| times.iter().flatten().any(|known| *known == time))
    })
}

/// How the time of a row is written.
fn time_of(row: &[u8], marks: Marks, shape: Shape) -> Option<Vec<u8>> {
    writing(cells(row, marks).get(shape.time)?)
}

/// What a time has in common with others of its column: letters are all the same, and digits, one or two of them as well.
/// `None` for what is no time, having no digit.
fn writing(cell: &[u8]) -> Option<Vec<u8>> {
    let cell = cell.trim_ascii();
    if cell.len() > LONGEST_TIME || !cell.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => b'0',
        b'a'..=b'z' | b'A'..=b'Z' => b'a',
        other => other,
    };
    let mut written = Vec::new();
    for run in cell.chunk_by(|one, next| kind(*one) == kind(*next)) {
        let Some(kind) = run.first().map(|byte| kind(*byte)) else { continue };
        let is_one = kind == b'a' || (kind == b'0' && run.len() <= FEW_DIGITS);
        written.extend(std::iter::repeat_n(kind, if is_one { 1 } else { run.len() }));
    }
    Some(written)
}

/// The lines of some bytes, quotes or not.
struct Physical<'a>(&'a [u8]);

impl<'a> Iterator for Physical<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.0;
        if text.is_empty() {
            return None;
        }
        let Some(end) = memchr2(b'\n', b'\r', text) else {
            self.0 = &[];
            return Some(text);
        };
        let (line, rest) = text.split_at_checked(end)?;
        self.0 = line_end(rest, true).and_then(|length| rest.get(length..)).unwrap_or_default();
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { cells: 4, time: 1 };

    fn holds(row: &str) -> bool {
        holds_rows(row.as_bytes(), Marks::of(b','), SHAPE)
    }

    #[test]
    fn a_line_with_the_cells_of_a_row_and_its_kind_of_time_is_a_row() {
        assert!(holds("c1,2019-05-01T10:00:01Z,ann,\"hello\nc1,2019-05-01T10:00:02Z,bob,hi\"\n"));
        assert!(holds("c1,2019-05-01T10:00:01Z,\"ann,hello\r\nc1,2019-05-01T10:00:02Z,bob,which?\"\r\n"));
        assert!(holds("c1,1/2/2019 9:05 am,ann,\"hello\rc1,12/22/2019 10:15 PM,bob,hi\"\r"));
        assert!(holds("\"c1,2019-05-01,ann,hello\nc1,2019-05-02,bob,hi\nc1\",2019-05-03,ann,yes\n"), "times before it");
    }

    #[test]
    fn a_row_that_lost_cells_to_the_quote_is_compared_by_its_first_line() {
        let time_last = Shape { cells: 3, time: 2 };
        let row = b"c1,\"hello,2019-05-01\nc1,which?,2019-05-02\nc1,this\"\n";
        assert!(holds_rows(row, Marks::of(b','), time_last));
    }

    #[test]
    fn texts_with_commas_are_no_rows() {
        for text in [
            "one, two, three, four",
            "c1,at noon,bob,hi",
            "a,2019,b,c",
            "c1,2019-05-01T10:00:02Z,hi",
            "c1,2019-05-01T10:00:02Z,bob,hi,there",
            "c1,,bob,hi",
        ] {
            assert!(!holds(&format!("c1,2019-05-01T10:00:01Z,ann,\"hello\n{text}\n\"\n")), "{text}");
        }
        assert!(!holds("c1,2019-05-01T10:00:01Z,ann,hello\n"));
        assert!(!holds("c1,when?,ann,\"hello\nc1,then,bob,hi\"\n"));
        assert!(!holds(""));
    }

    #[test]
    fn epochs_are_as_long_as_each_other() {
        let row = |inner: &str| format!("c1,1556704801,ann,\"hello\nc1,{inner},bob,hi\"\n");
        assert!(holds(&row("1556704802")));
        assert!(!holds(&row("25")));
    }
}
