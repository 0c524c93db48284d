//! What must hold of the rows of any bytes; see [`crate::fuzzing`].

use super::frame::{Framed, Marks, cells, frame};
use super::rows::{BLOCK, LONGEST_ROW, Rows};
use super::swallowed::Shape;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The marks a quote may be.
const QUOTES: [Option<u8>; 3] = [Some(b'"'), Some(b'\''), None];

/// The rows of a table. `choice` tells the delimiter, the quote and the size of blocks.
///
/// # Panics
/// If rows overlap or leave out anything but blank lines and lines of delimiters, or depend on the size of blocks.
pub(crate) fn rows(choice: u8, table: &[u8]) {
    let choice = usize::from(choice);
    let Some(&delimiter) = DELIMITERS.get(choice % DELIMITERS.len()) else { return };
    let choice = choice / DELIMITERS.len();
    let Some(&quote) = QUOTES.get(choice % QUOTES.len()) else { return };
    let marks = Marks { delimiter, quote };
    let shape = Some(Shape { cells: 3, time: 1 });
    let found: Vec<_> = Rows::new(table, marks, 0, 1).shaped(shape).filter_map(Result::ok).collect();
    let small = Rows::new(table, marks, 0, 1).shaped(shape).with_limits(1 + choice / QUOTES.len(), LONGEST_ROW);
    assert_eq!(found, small.filter_map(Result::ok).collect::<Vec<_>>(), "the block size decides what is found");
    assert!(table.len() < BLOCK, "a table for one block");
    let is_blank = |from: u64, to: u64| {
        let between = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        between
            .and_then(|(from, to)| table.get(from..to))
            .is_some_and(|bytes| bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == delimiter))
    };
    let (mut end, mut line) = (0, 0);
    for row in &found {
        assert!(row.offset >= end && row.line > line && row.length > 0, "rows overlap: {row:?}");
        assert!(is_blank(end, row.offset), "left out before {row:?}");
        (end, line) = (row.offset + row.length, row.line);
        if let Ok(bytes) = &row.content {
            assert_eq!(bytes.len() as u64, row.length);
            assert_eq!(frame(bytes, marks, true), Framed::Row(bytes.len()), "a row is none by itself");
            check_cells(bytes, marks);
        }
    }
    assert!(is_blank(end, table.len() as u64), "left out at the end");
}

/// Cells written with all their quotes are the same cells.
fn check_cells(row: &[u8], marks: Marks) {
    let read: Vec<Vec<u8>> = cells(row, marks).into_iter().map(std::borrow::Cow::into_owned).collect();
    let Some(quote) = marks.quote else { return };
    let mut written = Vec::new();
    for (number, cell) in read.iter().enumerate() {
        if number > 0 {
            written.push(marks.delimiter);
        }
        written.push(quote);
        for byte in cell {
            written.push(*byte);
            if *byte == quote {
                written.push(quote);
            }
        }
        written.push(quote);
    }
    assert_eq!(cells(&written, marks), read, "cells change when they are quoted");
}
