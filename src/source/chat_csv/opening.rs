//! Opening the files of a table: encoding, marks, header, layout; and saying what was detected.

use super::super::{SourceError, SourceFile, files, looks};
use super::encoding::{self, Chosen, Damaged, Known};
use super::frame::Marks;
use super::header;
use super::layout::Layout;
use super::needed::{self, Needed};
use super::table::{Content, Table, Text};
use crate::mapping::{CsvMapping, Join, SourceMapping};
use encoding_rs::UTF_8;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};

/// Most text kept in the temporary file of a source.
const MOST_DECODED: u64 = 4 << 30;

/// No file of a source has a row. `tables`: what was read of each file.
pub(super) fn no_rows(mapping: &SourceMapping, files: &[SourceFile], tables: &[Option<Table>]) -> SourceError {
    let mut error = files::holds_nothing(mapping, files, "rows");
    let mut with_header = files.iter().zip(tables).filter_map(|(file, table)| table.as_ref().map(|_| &file.shown));
    if let Some(first) = with_header.next() {
        let others = with_header.count();
        let others = if others == 0 { String::new() } else { format!(", and so have {others} more") };
        error.detail = format!("{first} has a header and no rows{others}");
    }
    error
}

fn damage_note(shown: &str, Damaged { places, line }: Damaged) -> String {
    if places == 1 {
        return format!("{shown}: a place in line {line} is not UTF-8 as the rest is; it becomes \u{fffd}");
    }
    format!("{shown}: {places} places are not UTF-8 as the rest is, the first in line {line}; they become \u{fffd}")
}

/// What accumulates while the files of a source are opened.
pub(super) struct Opening<'a> {
    mapping: &'a SourceMapping,
    csv: &'a CsvMapping,
    /// The text of those files that cannot be read where they lie.
    pub(super) decoded: Option<File>,
    decoded_length: u64,
    /// What was detected, and in which files.
    detected: BTreeMap<String, Vec<String>>,
}

impl<'a> Opening<'a> {
    pub(super) fn new(mapping: &'a SourceMapping, csv: &'a CsvMapping) -> Opening<'a> {
        Opening { mapping, csv, decoded: None, decoded_length: 0, detected: BTreeMap::new() }
    }

    /// What was detected, a line for all files of which it is true.
    pub(super) fn notes(&self) -> Vec<String> {
        let line = |(what, files): (&String, &Vec<String>)| {
            let others = files.len().saturating_sub(1);
            let others = if others == 0 { String::new() } else { format!(" and {others} more") };
            format!("{}{others}: {what}", files.first().map_or("", String::as_str))
        };
        self.detected.iter().map(line).collect()
    }

    /// A file of messages; `None` for an empty one.
    pub(super) fn of_messages(
        &mut self,
        file: &SourceFile,
        notes: &mut Vec<String>,
    ) -> Result<Option<Table>, SourceError> {
        let (mapping, csv) = (self.mapping, self.csv);
        let needed = needed::of_messages(csv, mapping.path_at);
        let Some(mut table) = self.table(file, &needed, notes)? else { return Ok(None) };
        let joined = csv.join.as_ref().map(|join| needed::of_joined(csv, join)).unwrap_or_default();
        let joined: Vec<String> = joined.into_iter().map(|needed| needed.name).collect();
        table.content = Content::Messages(Layout::new(mapping, csv, file, &table.header.names, &joined)?);
        Ok(Some(table))
    }

    /// A file of the second table; `None` for an empty one.
    pub(super) fn of_joined(
        &mut self,
        join: &Join,
        file: &SourceFile,
        notes: &mut Vec<String>,
    ) -> Result<Option<Table>, SourceError> {
        let needed = needed::of_joined(self.csv, join);
        let Some(mut table) = self.table(file, &needed, notes)? else { return Ok(None) };
        let position = |name: &String| table.header.names.iter().position(|column| column == name);
        let columns = needed.iter().filter_map(|needed| position(&needed.name)).collect();
        table.content = Content::Joined(columns);
        Ok(Some(table))
    }

    fn table(
        &mut self,
        file: &SourceFile,
        needed: &[Needed],
        notes: &mut Vec<String>,
    ) -> Result<Option<Table>, SourceError> {
        let mapping = self.mapping;
        let failed = |error: io::Error| files::cannot_open(mapping, &file.shown, &error);
        let head = files::head(mapping, file)?;
        if let Some((what, remedy)) = looks::instead_of_table(&head, &file.path) {
            return Err(SourceError {
                title: format!("source `{}`: {} is no table", mapping.name, file.shown),
                detail: what.to_owned(),
                remedy: remedy.to_owned(),
                at: mapping.path_at,
            });
        }
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
        if let Some(damaged) = chosen.damaged {
            notes.push(damage_note(&file.shown, damaged));
        }
        let (text, encoding, decoded_at, start, length) = if encoding::frames_as_it_is(chosen.encoding) {
            (Text::File(open), chosen.encoding, None, chosen.mark, file.size)
        } else {
            let (start, length) = self.decode(file, &open, chosen, notes)?;
            let Some(decoded) = &self.decoded else { return Ok(None) };
            (Text::Decoded { file: decoded, start, length }, UTF_8, Some(start), 0, length)
        };
        let Some(header) = header::read(mapping, self.csv, needed, file, &text, start, encoding)? else {
            notes.push(format!("{} is empty", file.shown));
            return Ok(None);
        };
        if !header.has_rows {
            notes.push(format!("{} has a header and no rows", file.shown));
        }
        drop(text);
        self.note_detected(file, chosen, header.marks);
        Ok(Some(Table { header, encoding, decoded_at, length, content: Content::Joined(Vec::new()) }))
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

    fn note_detected(&mut self, file: &SourceFile, chosen: Chosen, marks: Marks) {
        let mut detected = Vec::new();
        match chosen.known {
            Known::Declared => {}
            Known::Evident => detected.push(format!("encoding {}", chosen.encoding.name())),
            Known::Guessed => detected.push(format!(
                "encoding {} is a guess; declare `encoding` if letters come out wrong",
                chosen.encoding.name()
            )),
        }
        let shown = |sign: u8| if sign == b'\t' { "tab".to_owned() } else { format!("`{}`", char::from(sign)) };
        if self.csv.delimiter.is_none() {
            detected.push(format!("delimiter {}", shown(marks.delimiter)));
        }
        if self.csv.quote.is_none()
            && let Some(quote) = marks.quote
        {
            detected.push(format!("quote {}", shown(quote)));
        }
        if !detected.is_empty() {
            self.detected.entry(detected.join("; ")).or_default().push(file.shown.to_string());
        }
    }
}
