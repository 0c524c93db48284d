//! What must hold of the rows of any bytes; see [`crate::fuzzing`].

use super::rows::{BLOCK, Framed, LONGEST_ROW, Rows, cells, frame};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The rows of a table. The lowest two bits of `choice` are the delimiter, the others the size of blocks.
///
/// # Panics
/// If rows overlap or leave out anything but blank lines, or depend on the size of blocks.
pub(crate) fn rows(choice: u8, table: &[u8]) {
    let choice = usize::from(choice);
    let Some(&delimiter) = DELIMITERS.get(choice % DELIMITERS.len()) else { return };
    let found: Vec<_> = Rows::new(table, delimiter, 0, 1).filter_map(Result::ok).collect();
    let small = Rows::new(table, delimiter, 0, 1).with_limits(1 + choice / DELIMITERS.len(), LONGEST_ROW);
    assert_eq!(found, small.filter_map(Result::ok).collect::<Vec<_>>(), "the block size decides what is found");
    assert!(table.len() < BLOCK, "a table for one block");
    let is_blank = |from: u64, to: u64| {
        let between = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        between
            .and_then(|(from, to)| table.get(from..to))
            .is_some_and(|bytes| bytes.iter().all(|byte| byte.is_ascii_whitespace() && *byte != delimiter))
    };
    let (mut end, mut line) = (0, 0);
    for row in &found {
        assert!(row.offset >= end && row.line > line && row.length > 0, "rows overlap: {row:?}");
        assert!(is_blank(end, row.offset), "left out before {row:?}");
        (end, line) = (row.offset + row.length, row.line);
        if let Ok(bytes) = &row.content {
            assert_eq!(bytes.len() as u64, row.length);
            assert_eq!(frame(bytes, delimiter, true), Framed::Row(bytes.len()), "a row is none by itself");
            check_cells(bytes, delimiter);
        }
    }
    assert!(is_blank(end, table.len() as u64), "left out at the end");
}

/// Cells written with all their quotes are the same cells.
fn check_cells(row: &[u8], delimiter: u8) {
    let read: Vec<Vec<u8>> = cells(row, delimiter).into_iter().map(std::borrow::Cow::into_owned).collect();
    let mut written = Vec::new();
    for (number, cell) in read.iter().enumerate() {
        if number > 0 {
            written.push(delimiter);
        }
        written.push(b'"');
        for byte in cell {
            written.push(*byte);
            if *byte == b'"' {
                written.push(b'"');
            }
        }
        written.push(b'"');
    }
    assert_eq!(cells(&written, delimiter), read, "cells change when they are quoted");
}
