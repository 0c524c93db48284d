//! A row as it lies in its table, for a bundle of what could not be sent.

use super::super::pread;
use super::rows::LONGEST_ROW;
use super::{ChatCsv, Origin, TableRow};
use std::io;

/// The byte order mark of UTF-8, for tables whose text was decoded: without it the encoding would be guessed again.
const MARK: &[u8] = "\u{feff}".as_bytes();

impl ChatCsv {
    pub(super) fn original(&self, origin: &Origin) -> Option<io::Result<TableRow>> {
        let piece = origin.pieces.first()?;
        let (file, table) = self.table(piece.file)?;
        let read = || {
            if piece.length > LONGEST_ROW as u64 {
                return Err(io::Error::other(format!("the row is longer than {LONGEST_ROW} bytes")));
            }
            let text = table.text(file, self.decoded.as_ref())?;
            let (rows_at, _) = table.header.rows_at;
            let head = pread::exactly(&text, 0, rows_at)?;
            let row = pread::exactly(&text, piece.offset, piece.length)?;
            let head = if table.decoded_at.is_some() { [MARK, &head].concat() } else { head };
            Ok(TableRow { head, row })
        };
        Some(read())
    }
}
