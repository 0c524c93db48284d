//! Tables of chat lines: CSV files with a header, one row per line of chat.
//!
//! Tables in UTF-8 or a single-byte encoding are read where they lie. The others (UTF-16, the double-byte ones) cannot be
//! framed as bytes, nor read at a place without all that goes before: they are decoded once, when the source is opened,
//! into a nameless temporary file that the system removes with the process, and offsets refer to that text. It depends on
//! nothing but the file and the encoding, so origins hold from one run to the next.

mod encoding;
pub(super) mod fuzzing;
mod header;
mod rows;

use super::find::Found;
use super::pread::{self, ReadAt};
use super::{
    Content, Origin, Piece, RawEntry, RawRow, Scan, Source, SourceError, SourceFile, Unreadable, files, looks,
};
use crate::mapping::{CsvMapping, SourceMapping};
use encoding::{Chosen, Known};
use encoding_rs::{Encoding, UTF_8};
use header::Header;
use rows::{Damage, Framed, LONGEST_ROW, Rows, Stretch};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};

/// Most text kept in the temporary file of a source.
const MOST_DECODED: u64 = 4 << 30;

/// A source of chat tables.
pub(super) struct ChatCsv {
    name: String,
    index: u16,
    files: Vec<SourceFile>,
    /// One for each file; `None` for an empty one.
    tables: Vec<Option<Table>>,
    /// The text of those files that cannot be read where they lie.
    decoded: Option<File>,
    notes: Vec<String>,
}

/// How to read one file.
struct Table {
    header: Header,
    /// Encoding of the text as it is read: UTF-8 for decoded files.
    encoding: &'static Encoding,
    /// Where its text lies in the temporary file, if it is there.
    decoded_at: Option<u64>,
    /// Bytes of text.
    length: u64,
}

/// The text of a table: the file itself, or its part of the temporary file.
enum Text<'a> {
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

impl ChatCsv {
    pub(super) fn open(
        mapping: &SourceMapping,
        csv: &CsvMapping,
        index: u16,
        found: Found,
    ) -> Result<ChatCsv, SourceError> {
        files::first_problem(mapping, &found)?;
        let mut source = ChatCsv {
            name: mapping.name.clone(),
            index,
            notes: found.notes(),
            files: found.files,
            tables: Vec::new(),
            decoded: None,
        };
        let mut opening = Opening { mapping, csv, decoded_length: 0, decoded: None, detected: BTreeMap::new() };
        for file in &source.files {
            let table = opening.table(file, &mut source.notes)?;
            source.tables.push(table);
        }
        source.decoded = opening.decoded;
        if !source.tables.iter().flatten().any(|table| table.header.has_rows) {
            return Err(files::holds_nothing(mapping, &source.files, "rows"));
        }
        for (what, files) in opening.detected {
            let others = files.len() - 1;
            let others = if others == 0 { String::new() } else { format!(" and {others} more") };
            source.notes.push(format!("{}{others}: {what}", files.first().map_or("", String::as_str)));
        }
        Ok(source)
    }

    fn table(&self, number: u32) -> Option<&Table> {
        self.tables.get(usize::try_from(number).ok()?)?.as_ref()
    }

    fn text(&self, file: &SourceFile, table: &Table) -> io::Result<Text<'_>> {
        match (table.decoded_at, &self.decoded) {
            (Some(start), Some(decoded)) => Ok(Text::Decoded { file: decoded, start, length: table.length }),
            _ => File::open(&file.path).map(Text::File),
        }
    }

    fn origin(&self, file: u32, stretch: &Stretch) -> Origin {
        let Stretch { offset, length, line, .. } = *stretch;
        let piece = Piece { file, offset, length, line: Some(line) };
        Origin { source: self.index, pieces: vec![piece], part: 0 }
    }

    fn scan_file<'a>(
        &'a self,
        number: u32,
        file: &'a SourceFile,
    ) -> Box<dyn Iterator<Item = Result<RawEntry, Unreadable>> + Send + 'a> {
        let Some(table) = self.table(number) else { return Box::new(std::iter::empty()) };
        let failed = move |place: (u64, u64), error: &io::Error| {
            let piece = Piece {
                file: number,
                offset: place.0,
                length: table.length.saturating_sub(place.0),
                line: Some(place.1),
            };
            let origin = Origin { source: self.index, pieces: vec![piece], part: 0 };
            files::unreadable_file(&file.shown, place.0, origin, error)
        };
        let start = table.header.rows_at;
        let text = match self.text(file, table) {
            Ok(text) => text,
            Err(error) => return Box::new(std::iter::once(Err(failed(start, &error)))),
        };
        let mut rows = Rows::new(text, table.header.delimiter, start.0, start.1);
        Box::new(std::iter::from_fn(move || {
            Some(match rows.next()? {
                Ok(stretch) => table.entry(&file.shown, self.origin(number, &stretch), stretch.content),
                Err(error) => Err(failed(rows.place(), &error)),
            })
        }))
    }
}

impl Table {
    fn entry(&self, shown: &str, origin: Origin, row: Result<Vec<u8>, Damage>) -> Result<RawEntry, Unreadable> {
        let line = origin.pieces.first().and_then(|piece| piece.line).unwrap_or(0);
        let unreadable = |cause: &str, detail: String, remedy: &str| Unreadable {
            origin: origin.clone(),
            cause: cause.to_owned(),
            detail: format!("{shown}, line {line}: {detail}"),
            remedy: remedy.to_owned(),
        };
        let bytes = row.map_err(|damage| {
            let (cause, detail, remedy) = explained(damage);
            unreadable(cause, detail, remedy)
        })?;
        let cells = split(&bytes, self.header.delimiter, self.encoding);
        let (found, expected) = (cells.len(), self.header.names.len());
        if found != expected {
            let remedy = if found > expected {
                "put quotes around the cell that holds a delimiter (and double the quotes inside it)"
            } else {
                "put quotes around the cell that holds a line break, or add the missing cells"
            };
            let detail = format!("{found} cells, but the header has {expected}");
            return Err(unreadable("wrong number of cells", detail, remedy));
        }
        let row = RawRow { header: self.header.names.clone(), cells };
        Ok(RawEntry { origin, content: Content::Row(row) })
    }
}

fn explained(damage: Damage) -> (&'static str, String, &'static str) {
    let megabytes = LONGEST_ROW >> 20;
    match damage {
        Damage::OpenQuote => (
            "quote never closed",
            "a cell begins with a quote that is not closed; reading goes on at the next line".to_owned(),
            "close the quote, or double the quotes that stand for themselves",
        ),
        Damage::StrayQuote => (
            "text after a closing quote",
            "a quote inside a quoted cell is not doubled; reading goes on at the next line".to_owned(),
            "double the quotes that stand for themselves: \"\"",
        ),
        Damage::TooLong => (
            "row too large",
            format!("no line ends within {megabytes} MiB; reading goes on at the next line"),
            "check the delimiter and the encoding, and that the file is a table",
        ),
        Damage::GivenUp => (
            "too many damaged rows",
            "the file is not read on from here".to_owned(),
            "mend the quotes of the rows named before, or export again",
        ),
    }
}

/// The cells of one row, decoded.
fn split(row: &[u8], delimiter: u8, encoding: &'static Encoding) -> Vec<String> {
    let decoded = |cell: Cow<'_, [u8]>| encoding.decode_without_bom_handling(&cell).0.into_owned();
    rows::cells(row, delimiter).into_iter().map(decoded).collect()
}

/// What accumulates while the files of a source are opened.
struct Opening<'a> {
    mapping: &'a SourceMapping,
    csv: &'a CsvMapping,
    decoded: Option<File>,
    decoded_length: u64,
    /// What was detected, and in which files.
    detected: BTreeMap<String, Vec<String>>,
}

impl Opening<'_> {
    fn table(&mut self, file: &SourceFile, notes: &mut Vec<String>) -> Result<Option<Table>, SourceError> {
        let mapping = self.mapping;
        let failed = |error: io::Error| files::cannot_open(mapping, &file.shown, &error);
        let head = files::head(mapping, file)?;
        if let Some(packed) = looks::packed(&head, &file.path) {
            return Err(files::is_packed(mapping, file, &packed));
        }
        if file.size == 0 {
            notes.push(format!("{} is empty", file.shown));
            return Ok(None);
        }
        let open = File::open(&file.path).map_err(failed)?;
        let chosen = encoding::choose(&open, self.csv.encoding).map_err(failed)?;
        let chosen = chosen.map_err(|contradiction| SourceError {
            title: format!("source `{}`: {} is not in {}", mapping.name, file.shown, contradiction.declared.name()),
            detail: format!("its first bytes mark it as {}", contradiction.marked.name()),
            remedy: "leave `encoding` out, or make two sources of files in two encodings".to_owned(),
            at: mapping.path_at,
        })?;
        if let Some(offset) = chosen.misfit {
            notes.push(format!(
                "{}: byte {offset} is not UTF-8, the declared encoding; such bytes become \u{fffd}",
                file.shown
            ));
        }
        let (text, encoding, decoded_at, start, length) = if encoding::frames_as_it_is(chosen.encoding) {
            (Text::File(open), chosen.encoding, None, chosen.mark, file.size)
        } else {
            let (start, length) = self.decode(file, &open, chosen, notes)?;
            let Some(decoded) = &self.decoded else { return Ok(None) };
            (Text::Decoded { file: decoded, start, length }, UTF_8, Some(start), 0, length)
        };
        let Some(header) = header::read(mapping, self.csv, file, &text, start, encoding)? else {
            notes.push(format!("{} is empty", file.shown));
            return Ok(None);
        };
        if !header.has_rows {
            notes.push(format!("{} has a header and no rows", file.shown));
        }
        drop(text);
        self.note_detected(file, chosen, header.delimiter);
        Ok(Some(Table { header, encoding, decoded_at, length }))
    }

    /// Appends the text of a file to the temporary file; returns where it lies there.
    fn decode(
        &mut self,
        file: &SourceFile,
        open: &File,
        chosen: Chosen,
        notes: &mut Vec<String>,
    ) -> Result<(u64, u64), SourceError> {
        let name = chosen.encoding.name();
        let mapping = self.mapping;
        let problem = |title: String, detail: String| SourceError {
            title: format!("source `{}`: {title}", mapping.name),
            detail,
            remedy: format!(
                "decode it once with `iconv -f {name} -t UTF-8 {} > {}`",
                files::quoted_for_shell(&file.path),
                files::quoted_for_shell(&file.path.with_extension("utf8.csv")),
            ),
            at: mapping.path_at,
        };
        let failed =
            |error: io::Error| problem(format!("{} cannot be decoded from {name}", file.shown), error.to_string());
        let to = match &mut self.decoded {
            Some(to) => to,
            none => none.insert(tempfile::tempfile().map_err(failed)?),
        };
        let start = self.decoded_length;
        let mut to = BufWriter::new(to);
        let done =
            encoding::decode(open, chosen.mark, chosen.encoding, &mut to, MOST_DECODED - start).map_err(failed)?;
        let Some(done) = done else {
            let detail = format!("the text in {name} takes more than {} GiB of temporary space", MOST_DECODED >> 30);
            return Err(problem(format!("{} is too large to be decoded on the way", file.shown), detail));
        };
        to.into_inner().map_err(|error| failed(error.into_error()))?;
        self.decoded_length += done.length;
        if done.misfits > 0 {
            notes.push(format!("{}: {} places are not {name} and become \u{fffd}", file.shown, done.misfits));
        }
        Ok((start, done.length))
    }

    fn note_detected(&mut self, file: &SourceFile, chosen: Chosen, delimiter: u8) {
        let mut detected = Vec::new();
        match chosen.known {
            Known::Declared => {}
            Known::Evident => detected.push(format!("encoding {}", chosen.encoding.name())),
            Known::Guessed => detected.push(format!(
                "encoding {} is a guess; declare `encoding` if letters come out wrong",
                chosen.encoding.name()
            )),
        }
        if self.csv.delimiter.is_none() {
            let delimiter = if delimiter == b'\t' { "tab".to_owned() } else { format!("`{}`", char::from(delimiter)) };
            detected.push(format!("delimiter {delimiter}"));
        }
        if !detected.is_empty() {
            self.detected.entry(detected.join("; ")).or_default().push(file.shown.to_string());
        }
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
        Box::new((0..).zip(&self.files).flat_map(|(number, file)| self.scan_file(number, file)))
    }

    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        let (piece, file) = files::of_origin(&self.files, self.index, origin)?;
        let Some(table) = self.table(piece.file) else { return Err(files::foreign(origin.clone())) };
        let changed = || files::changed(&file.shown, origin.clone(), "no row stands there any more");
        if piece.length > LONGEST_ROW as u64 {
            return Err(changed());
        }
        let row = self.text(file, table).and_then(|text| pread::exactly(&text, piece.offset, piece.length));
        let row = row.map_err(|error| files::unreadable_file(&file.shown, piece.offset, origin.clone(), &error))?;
        if rows::frame(&row, table.header.delimiter, true) != Framed::Row(row.len()) || row.is_empty() {
            return Err(changed());
        }
        table.entry(&file.shown, origin.clone(), Ok(row))
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

#[cfg(test)]
mod tests;
