//! The second table: which of its rows belongs to a key.
//!
//! Of each row only a digest of its key and its place are held; the row is read again for each message that needs it, so
//! memory does not grow with what a ticket says. The place goes into the message's origin: reading one message again
//! needs no index.

use super::super::{Piece, SourceFile};
use super::table::{Content, Table};
use std::fs::File;
use std::io;

/// A row of the second table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    key: [u8; 16],
    /// Of the cells that are read: exports that overlap have a row twice.
    cells: [u8; 16],
    file: u32,
    offset: u64,
    length: u32,
    line: u64,
}

/// All rows, by key.
#[derive(Debug)]
pub(super) struct Index {
    rows: Vec<Row>,
}

/// What belongs to a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    Row(Piece),
    Nothing,
    /// Two rows that differ in what is read, by file and line.
    Several([(u32, u64); 2]),
}

impl Index {
    /// Reads the tables, each with its file and number. Damaged rows are left out here; the scan names them.
    pub(super) fn build<'a>(
        tables: impl Iterator<Item = (u32, &'a SourceFile, &'a Table)>,
        decoded: Option<&File>,
    ) -> io::Result<Index> {
        let mut rows = Vec::new();
        for (number, file, table) in tables {
            for stretch in table.rows(table.text(file, decoded)?) {
                let stretch = stretch?;
                let Some(read) = table.cells(stretch.content).ok().and_then(|cells| chosen(table, &cells)) else {
                    continue;
                };
                let Some((key, length)) = read.first().zip(u32::try_from(stretch.length).ok()) else { continue };
                let (offset, line) = (stretch.offset, stretch.line);
                rows.push(Row { key: digest(&[key.trim()]), cells: digest(&read), file: number, offset, length, line });
            }
        }
        rows.sort_unstable();
        rows.dedup_by(|later, first| (later.key, later.cells) == (first.key, first.cells));
        Ok(Index { rows })
    }

    pub(super) fn row_of(&self, key: &str) -> Belongs {
        let key = digest(&[key]);
        let first = self.rows.partition_point(|row| row.key < key);
        let mut found = self.rows.iter().skip(first).take_while(|row| row.key == key);
        match (found.next(), found.next()) {
            (None, _) => Belongs::Nothing,
            (Some(row), None) => Belongs::Row(Piece {
                file: row.file,
                offset: row.offset,
                length: u64::from(row.length),
                line: Some(row.line),
            }),
            (Some(one), Some(other)) => {
                let mut places = [(one.file, one.line), (other.file, other.line)];
                places.sort_unstable();
                Belongs::Several(places)
            }
        }
    }
}

/// The cells of a row that are read, the key first.
pub(super) fn chosen(table: &Table, cells: &[String]) -> Option<Vec<String>> {
    let Content::Joined(columns) = &table.content else { return None };
    Some(columns.iter().map(|column| cells.get(*column).cloned().unwrap_or_default()).collect())
}

fn digest(cells: &[impl AsRef<str>]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for cell in cells {
        let cell = cell.as_ref();
        hasher.update(&(cell.len() as u64).to_be_bytes()).update(cell.as_bytes());
    }
    let mut short = [0; 16];
    short.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
    short
}
