//! Tables of chat lines: CSV files with a header, one row per line of chat, or laid out in other ways.
//!
//! Tables in UTF-8 or a single-byte encoding are read where they lie. The others (UTF-16, the double-byte ones) cannot be
//! framed as bytes, nor read at a place without all that goes before: they are decoded once, when the source is opened,
//! into a nameless temporary file that the system removes with the process, and offsets refer to that text. It depends on
//! nothing but the file and the encoding, so origins hold from one run to the next.
//!
//! ```text
//! encoding, header   what the first bytes and the first row say          (opening, needed, known, quote)
//! rows               where rows begin and end, and their cells           (frame, swallowed, table)
//! joined             the row of a second table that belongs to a row
//! layout             from a row to its messages
//! ```

mod encoding;
mod frame;
pub(super) mod fuzzing;
mod header;
mod joined;
mod known;
mod last_rows;
mod layout;
mod look;
mod needed;
mod opening;
mod original;
mod quote;
mod rows;
mod swallowed;
mod table;

pub use look::{Look, look_at_table};
pub use needed::{has_columns, has_joined_columns};

use super::find::Found;
use super::{
    Content, Origin, Piece, RawEntry, RawRow, Scan, Source, SourceError, SourceFile, TableRow, Unreadable, files,
};
use crate::mapping::{CsvMapping, SourceMapping};
use joined::{Belongs, Index};
use last_rows::LastRows;
use layout::{Layout, Message, Misfit};
use opening::Opening;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use table::{Content as Rowed, Table, split};

/// A source of chat tables.
pub(super) struct ChatCsv {
    name: String,
    index: u16,
    csv: CsvMapping,
    /// Files of messages, then those of the second table.
    files: Vec<SourceFile>,
    /// How many of the files hold messages.
    messages: usize,
    /// One for each file; `None` for an empty one.
    tables: Vec<Option<Table>>,
    /// The text of those files that cannot be read where they lie.
    decoded: Option<File>,
    /// Which row of the second table belongs to a key; made when it is first asked for.
    joined: OnceLock<Result<Index, String>>,
    /// Rows of many messages that were read again last.
    last_rows: Mutex<LastRows>,
    notes: Vec<String>,
}

/// The messages of one row.
type Messages = Vec<Result<Message, Misfit>>;

/// The row of the second table that belongs to a row, with its cells.
type Joined = Option<(Piece, Vec<String>)>;

impl ChatCsv {
    /// Opens the tables; `joined` are the files of the second one.
    pub(super) fn open(
        mapping: &SourceMapping,
        csv: &CsvMapping,
        index: u16,
        found: Found,
        joined: Option<Found>,
    ) -> Result<ChatCsv, SourceError> {
        files::first_problem(mapping, &found)?;
        let mut notes = found.notes;
        let mut tables = Vec::new();
        let mut opening = Opening::new(mapping, csv);
        for file in &found.files {
            tables.push(opening.of_messages(file, &mut notes)?);
        }
        if !tables.iter().flatten().any(|table| table.header.has_rows) {
            return Err(opening::no_rows(mapping, &found.files, &tables));
        }
        let messages = found.files.len();
        let mut files = found.files;
        if let (Some(join), Some(joined)) = (&csv.join, joined) {
            files::first_problem(mapping, &joined)?;
            notes.extend(joined.notes);
            for file in joined.files {
                tables.push(opening.of_joined(join, &file, &mut notes)?);
                files.push(file);
            }
        }
        notes.extend(opening.notes());
        Ok(ChatCsv {
            name: mapping.name.clone(),
            index,
            csv: csv.clone(),
            files,
            messages,
            tables,
            decoded: opening.decoded,
            joined: OnceLock::new(),
            last_rows: Mutex::default(),
            notes,
        })
    }

    fn table(&self, number: u32) -> Option<(&SourceFile, &Table)> {
        let number = usize::try_from(number).ok()?;
        Some((self.files.get(number)?, self.tables.get(number)?.as_ref()?))
    }

    fn origin(&self, pieces: Vec<Piece>, part: u32) -> Origin {
        Origin { source: self.index, pieces, part }
    }

    fn unreadable(&self, pieces: &[Piece], part: u32, misfit: &Misfit) -> Unreadable {
        let first = pieces.first();
        let place = first.map_or_else(String::new, |piece| self.shown((piece.file, piece.line.unwrap_or(0))));
        Unreadable {
            origin: self.origin(pieces.to_vec(), part),
            cause: misfit.cause.to_owned(),
            detail: format!("{place}: {}", misfit.detail),
            remedy: misfit.remedy.to_owned(),
        }
    }

    fn scan_table(&self, number: u32) -> Scan<'_> {
        let Some((file, table)) = self.table(number) else { return Box::new(std::iter::empty()) };
        let failed = move |(offset, line): (u64, u64), error: &io::Error| {
            let length = table.length.saturating_sub(offset);
            let origin = self.origin(vec![Piece { file: number, offset, length, line: Some(line) }], 0);
            files::unreadable_file(&file.shown, offset, origin, error)
        };
        let start = table.header.rows_at;
        let text = match table.text(file, self.decoded.as_ref()) {
            Ok(text) => text,
            Err(error) => return Box::new(std::iter::once(Err(failed(start, &error)))),
        };
        let mut rows = table.rows(text);
        let stretches = std::iter::from_fn(move || {
            let next = rows.next()?;
            Some(next.map_err(|error| failed(rows.place(), &error)))
        });
        Box::new(stretches.flat_map(move |stretch| {
            let stretch = match stretch {
                Ok(stretch) => stretch,
                Err(unreadable) => return vec![Err(unreadable)],
            };
            let piece =
                Piece { file: number, offset: stretch.offset, length: stretch.length, line: Some(stretch.line) };
            let cells = match table.cells(stretch.content) {
                Ok(cells) => cells,
                Err(misfit) => return vec![Err(self.unreadable(&[piece], 0, &misfit))],
            };
            match &table.content {
                // A row that tells more about messages is none itself.
                Rowed::Joined(_) => Vec::new(),
                Rowed::Messages(layout) => self.entries(table, layout, piece, cells),
            }
        }))
    }

    /// The entries of a row of messages.
    fn entries(
        &self,
        table: &Table,
        layout: &Layout,
        piece: Piece,
        cells: Vec<String>,
    ) -> Vec<Result<RawEntry, Unreadable>> {
        let joined = match self.belonging(table, &cells) {
            Ok(joined) => joined,
            Err(misfit) => return vec![Err(self.unreadable(&[piece], 0, &misfit))],
        };
        let mut pieces = vec![piece];
        let joined = joined.map(|(piece, cells)| {
            pieces.push(piece);
            cells
        });
        let messages = layout.messages(&self.csv, cells, &joined.unwrap_or_default());
        let entry = |(part, message): (u32, Result<Message, Misfit>)| match message {
            Ok(message) => Ok(entry_of(layout, self.origin(pieces.clone(), part), message)),
            Err(misfit) => Err(self.unreadable(&pieces, part, &misfit)),
        };
        (0..).zip(messages).map(entry).collect()
    }

    /// The row of the second table that belongs to a row, if there is a second table.
    fn belonging(&self, table: &Table, cells: &[String]) -> Result<Joined, Misfit> {
        let Some(join) = &self.csv.join else { return Ok(None) };
        let on = table.header.names.iter().position(|name| *name == join.on);
        let key = on.and_then(|on| cells.get(on)).map(|key| key.trim()).unwrap_or_default();
        let failed = |error: String| Misfit {
            cause: "second table cannot be read",
            detail: error,
            remedy: "check the disk or the network drive, and run the command again",
        };
        match self.joined().as_ref().map_err(|error| failed(error.clone()))?.row_of(key) {
            Belongs::Row(piece) => {
                let cells = self.joined_cells(&piece).map_err(|error| failed(error.to_string()))?;
                Ok(cells.map(|cells| (piece, cells)))
            }
            Belongs::Nothing => Err(Misfit {
                cause: "nothing to join",
                detail: format!("no readable row of the second table has {key:?} under {:?}", join.key),
                remedy: "mend the row if it is named above as unreadable; export both tables for the same period; or take `join` \
                         out of the source",
            }),
            Belongs::Several(places) => Err(Misfit {
                cause: "two rows to join",
                detail: format!(
                    "{} both have {key:?}, and differ",
                    places.map(|place| self.shown(place)).join(" and ")
                ),
                remedy: "remove the older of the two rows, or export the second table once for the whole period",
            }),
        }
    }

    /// A line of a file, for people.
    fn shown(&self, (file, line): (u32, u64)) -> String {
        let shown = usize::try_from(file).ok().and_then(|file| self.files.get(file)).map_or("", |file| &*file.shown);
        format!("{shown}, line {line}")
    }

    fn joined(&self) -> &Result<Index, String> {
        self.joined.get_or_init(|| {
            let tables = (0..).zip(self.files.iter().zip(&self.tables)).skip(self.messages);
            let tables = tables.filter_map(|(number, (file, table))| Some((number, file, table.as_ref()?)));
            Index::build(tables, self.decoded.as_ref()).map_err(|error| error.to_string())
        })
    }

    /// The cells that are read of a row of the second table, without the key; `None` if no row stands there any more.
    fn joined_cells(&self, piece: &Piece) -> io::Result<Option<Vec<String>>> {
        let Some((file, table)) = self.table(piece.file) else { return Ok(None) };
        let row = table.row_at(&table.text(file, self.decoded.as_ref())?, piece.offset, piece.length)?;
        let cells = row.and_then(|row| table.cells(Ok(row)).ok()).and_then(|cells| joined::chosen(table, &cells));
        Ok(cells)
    }

    /// The messages of the row at an origin, from memory if it is the row that was read last.
    fn messages_at(&self, origin: &Origin) -> Result<(&Layout, Arc<Messages>), Unreadable> {
        let foreign = || files::foreign(origin.clone());
        let [piece, rest @ ..] = origin.pieces.as_slice() else { return Err(foreign()) };
        let (file, table) = self.table(piece.file).ok_or_else(foreign)?;
        let Rowed::Messages(layout) = &table.content else { return Err(foreign()) };
        if origin.source != self.index || rest.len() != usize::from(self.csv.join.is_some()) {
            return Err(foreign());
        }
        let mut last = self.last_rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(messages) = last.of(&origin.pieces) {
            return Ok((layout, messages));
        }
        let failed = |error: io::Error| files::unreadable_file(&file.shown, piece.offset, origin.clone(), &error);
        let changed = || files::changed(&file.shown, origin.clone(), "no row stands there any more");
        let text = table.text(file, self.decoded.as_ref()).map_err(failed)?;
        let row = table.row_at(&text, piece.offset, piece.length).map_err(failed)?.ok_or_else(changed)?;
        let cells = table.cells(Ok(row)).map_err(|misfit| self.unreadable(&origin.pieces, origin.part, &misfit))?;
        let joined = match rest.first() {
            Some(piece) => self.joined_cells(piece).map_err(failed)?.ok_or_else(changed)?,
            None => Vec::new(),
        };
        let messages = Arc::new(layout.messages(&self.csv, cells, &joined));
        if messages.len() > 1 {
            last.keep(origin.pieces.clone(), &messages);
        }
        Ok((layout, messages))
    }
}

impl Source for ChatCsv {
    fn name(&self) -> &str {
        &self.name
    }

    fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn scan(&self) -> Scan<'_> {
        let numbers = (0..).zip(&self.files).map(|(number, _)| number);
        Box::new(numbers.flat_map(|number| self.scan_table(number)))
    }

    fn scan_file(&self, number: u32) -> Scan<'_> {
        self.scan_table(number)
    }

    fn columns(&self, number: u32) -> &[String] {
        match self.table(number).map(|(_, table)| &table.content) {
            Some(Rowed::Messages(layout)) => &layout.header,
            _ => &[],
        }
    }

    fn mark(&self, _number: u32) -> Option<Vec<u8>> {
        self.csv.join.is_none().then(Vec::new)
    }

    fn take_mark(&self, number: u32, _mark: &[u8]) -> bool {
        self.mark(number).is_some()
    }

    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        let (layout, messages) = self.messages_at(origin)?;
        let part = usize::try_from(origin.part).unwrap_or(usize::MAX);
        match messages.get(part) {
            Some(Ok(Message { cells, run })) => {
                Ok(entry_of(layout, origin.clone(), Message { cells: cells.clone(), run: *run }))
            }
            Some(Err(misfit)) => Err(self.unreadable(&origin.pieces, origin.part, misfit)),
            None => {
                let shown = origin.pieces.first().and_then(|piece| self.table(piece.file));
                let shown = shown.map_or("", |(file, _)| &*file.shown);
                Err(files::changed(shown, origin.clone(), "the row has fewer messages now"))
            }
        }
    }

    fn table_row(&self, origin: &Origin) -> Option<io::Result<TableRow>> {
        self.original(origin)
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

fn entry_of(layout: &Layout, origin: Origin, message: Message) -> RawEntry {
    let Message { cells, run } = message;
    let row = RawRow { header: Arc::clone(&layout.header), cells, zone: layout.zone.clone(), run };
    RawEntry { origin, content: Content::Row(row) }
}

#[cfg(test)]
mod tests;
