//! What must hold of the rows of any bytes, and of their messages; see [`crate::fuzzing`].

use super::super::SourceFile;
use super::frame::{Framed, Marks, cells, frame};
use super::layout::{Layout, Misfit};
use super::needed;
use super::rows::{BLOCK, LONGEST_ROW, Rows};
use super::swallowed::Shape;
use crate::mapping::{CsvMapping, Format, Mapping, Transcript, number_in, numbered};
use std::path::Path;
use std::sync::Arc;

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

/// The messages of the rows of a table, each with the first row of the second table.
///
/// # Panics
/// If a message lacks a cell or has another in a column that is not of its own, a line of a transcript is lost, or there
/// are not as many messages as the row has texts.
pub(crate) fn messages(mapping: &Mapping, table: &[u8], joined: &[u8]) {
    let Some(source) = mapping.sources.first() else { return };
    let Format::Csv(csv) = &source.format else { return };
    let mut rows = text_rows(table).into_iter();
    let Some(names) = rows.next().map(Arc::new) else { return };
    let of_joined: Vec<String> = csv
        .join
        .as_ref()
        .map_or_else(Vec::new, |join| needed::of_joined(csv, join).into_iter().map(|needed| needed.name).collect());
    let file = SourceFile::new(Path::new("t.csv"), "t.csv", table.len() as u64);
    let Ok(layout) = Layout::new(source, csv, &file, &names, &of_joined) else { return };
    assert_eq!(layout.header.get(..names.len()), Some(names.as_slice()), "columns of the file are gone");
    let joined = text_rows(joined).into_iter().nth(1).unwrap_or_default();
    for row in rows.filter(|row| row.len() == names.len()) {
        let messages = layout.messages(csv, row.clone(), &joined).into_iter();
        let found: Vec<Result<Vec<String>, Misfit>> = messages.map(|message| Ok(message?.cells)).collect();
        assert!(!found.is_empty(), "a row came to nothing: {row:?}");
        for cells in found.iter().flatten() {
            assert_eq!(cells.len(), layout.header.len(), "a message lacks cells");
        }
        check_own_cells(csv, &names, &row, &found);
        if let Some(transcript) = &csv.transcript {
            check_transcript(csv, transcript, &layout, &row, &found);
        } else if let Some(text) = numbered(&csv.columns.text) {
            let texts = names
                .iter()
                .zip(&row)
                .filter(|(name, cell)| number_in(text, name).is_some() && !cell.trim().is_empty());
            assert!(found.iter().any(Result::is_err) || found.len() == texts.count().max(1), "messages of {row:?}");
        } else {
            assert_eq!(found.len(), 1, "several messages of one: {row:?}");
        }
    }
}

/// Rows of a table with commas, as text.
fn text_rows(table: &[u8]) -> Vec<Vec<String>> {
    let marks = Marks::of(b',');
    let rows = Rows::new(table, marks, 0, 1).filter_map(|row| row.ok()?.content.ok());
    let text =
        |row: Vec<u8>| cells(&row, marks).iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    rows.map(text).collect()
}

/// Every message has the cells of its row, but for the transcript.
fn check_own_cells(csv: &CsvMapping, names: &[String], row: &[String], found: &[Result<Vec<String>, Misfit>]) {
    let transcript = csv.transcript.as_ref().map(|transcript| &transcript.column);
    for cells in found.iter().flatten() {
        for ((name, own), cell) in names.iter().zip(row).zip(cells) {
            assert!(own == cell || transcript == Some(name), "column {name:?}: {own:?} is {cell:?}");
        }
    }
}

/// All lines of a transcript stand in its messages, in order; those before the first one are said to be there.
fn check_transcript(
    csv: &CsvMapping,
    transcript: &Transcript,
    layout: &Layout,
    row: &[String],
    found: &[Result<Vec<String>, Misfit>],
) {
    let position = |name: &str| layout.header.iter().position(|column| column == name);
    let (Some(column), Some(text)) = (position(&transcript.column), position(&csv.columns.text)) else { return };
    let Some(cell) = row.get(column).filter(|cell| !cell.trim().is_empty()) else { return };
    let mut lines: Vec<&str> = Vec::new();
    for cells in found.iter().flatten() {
        let (Some(first), Some(words)) = (cells.get(column), cells.get(text)) else { panic!("cells are gone") };
        assert!(transcript.line.is_match(first), "a message that begins with {first:?}");
        lines.push(first);
        lines.extend(words.split('\n').skip(1));
    }
    let unified = cell.replace("\r\n", "\n").replace('\r', "\n");
    let all: Vec<&str> = unified.lines().collect();
    let lead = all.len().saturating_sub(lines.len());
    if found.iter().any(|found| found.as_ref().is_err_and(|misfit| misfit.cause.starts_with("row too large"))) {
        return;
    }
    assert_eq!(all.get(lead..), Some(lines.as_slice()), "lines of {cell:?}");
    let before = all.get(..lead).unwrap_or_default();
    assert!(!before.iter().any(|line| transcript.line.is_match(line)), "a message is gone: {cell:?}");
    let is_said = found.iter().any(Result::is_err);
    assert_eq!(is_said, before.iter().any(|line| !line.trim().is_empty()), "lines before the first of {cell:?}");
}
