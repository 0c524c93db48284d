//! The first row of a table: its delimiter and quote, its columns, and whether they are those that the mapping needs.

use super::super::missing::nearest;
use super::super::pread::ReadAt;
use super::super::{SourceError, SourceFile, files};
use super::frame::Marks;
use super::known;
use super::needed::Needed;
use super::quote::{self, Ends};
use super::rows::{Rows, Stretch};
use super::split;
use super::swallowed::Shape;
use crate::mapping::{CsvMapping, Quote, SourceMapping, number_in, numbered};
use encoding_rs::Encoding;
use std::io;
use std::sync::Arc;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Columns listed in an error; some chat exports have more than a hundred.
const COLUMNS_SHOWN: usize = 40;

/// What the first row says.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) marks: Marks,
    /// Column names, trimmed.
    pub(super) names: Arc<Vec<String>>,
    /// Where the rows begin.
    pub(super) rows_at: Place,
    pub(super) ends: Ends,
    /// What a row looks like; `None` if it is not known where its time stands.
    pub(super) shape: Option<Shape>,
    /// There is a row.
    pub(super) has_rows: bool,
}

/// Reads the header of a table that starts at `start`; `None` if there is nothing but blank lines.
pub(super) fn read(
    mapping: &SourceMapping,
    csv: &CsvMapping,
    needed: &[Needed],
    file: &SourceFile,
    text: &impl ReadAt,
    start: u64,
    encoding: &'static Encoding,
) -> Result<Option<Header>, SourceError> {
    let Some(mut header) = best(mapping, csv, needed, file, text, start, encoding)? else { return Ok(None) };
    if let Some(refusal) = known::holds_no_messages(mapping, csv, file, &header.names) {
        return Err(refusal);
    }
    check(mapping, file, needed, &header)?;
    finish(&mut header, mapping, csv, file, text)?;
    let cells = header.ends.cells_in_row(header.names.len());
    header.shape = time_column(needed, &header.names).map(|time| Shape { cells, time });
    header.has_rows = first(mapping, file, text, header.rows_at, header.marks)?.is_some();
    Ok(Some(header))
}

/// The header of a table whose columns nobody has named yet: of the delimiters that may be meant the one that gives most.
pub(super) fn of_any(
    mapping: &SourceMapping,
    csv: &CsvMapping,
    file: &SourceFile,
    text: &impl ReadAt,
    start: u64,
    encoding: &'static Encoding,
) -> Result<Option<Header>, SourceError> {
    let Some(mut header) = best(mapping, csv, &[], file, text, start, encoding)? else { return Ok(None) };
    finish(&mut header, mapping, csv, file, text)?;
    Ok(Some(header))
}

/// The header by the marks with which most of the columns that are needed are found, and then most columns at all.
fn best(
    mapping: &SourceMapping,
    csv: &CsvMapping,
    needed: &[Needed],
    file: &SourceFile,
    text: &impl ReadAt,
    start: u64,
    encoding: &'static Encoding,
) -> Result<Option<Header>, SourceError> {
    let first_marks = Marks::of(csv.delimiter.unwrap_or(b','));
    let Some((row, after_first)) = first(mapping, file, text, (start, 1), first_marks)? else { return Ok(None) };
    let row = row.content.unwrap_or_default();
    let row = row.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&row);
    let by_excel = said_by_excel(row);
    let header_at = if by_excel.is_some() { after_first } else { (start, 1) };
    let delimiters = match csv.delimiter.or(by_excel) {
        Some(delimiter) => vec![delimiter],
        None => DELIMITERS.to_vec(),
    };
    let quotes = match csv.quote {
        Some(Quote::Byte(quote)) => vec![Some(quote)],
        Some(Quote::Never) => vec![None],
        None if row.first() == Some(&b'\'') => vec![Some(b'"'), Some(b'\'')],
        None => vec![Some(b'"')],
    };
    let mut best: Option<(usize, Header)> = None;
    for marks in quotes.iter().flat_map(|quote| delimiters.iter().map(|delimiter| (*delimiter, *quote))) {
        let marks = Marks { delimiter: marks.0, quote: marks.1 };
        let Some((row, rows_at)) = first(mapping, file, text, header_at, marks)? else { return Ok(None) };
        let Ok(bytes) = row.content else { continue };
        let names: Vec<String> = split(&bytes, marks, encoding).iter().map(|name| name_of(name).to_owned()).collect();
        let fit = needed.iter().filter(|needed| needed.is_in(&names)).count();
        let better = best.as_ref().is_none_or(|(best_fit, best)| (fit, names.len()) > (*best_fit, best.names.len()));
        if better {
            let names = Arc::new(names);
            best = Some((fit, Header { marks, names, rows_at, ends: Ends::AsHeader, shape: None, has_rows: false }));
        }
    }
    let Some((_, header)) = best else { return Err(open_quote(mapping, file)) };
    Ok(Some(header))
}

/// Finds out what the rows say of quotes and ends.
fn finish(
    header: &mut Header,
    mapping: &SourceMapping,
    csv: &CsvMapping,
    file: &SourceFile,
    text: &impl ReadAt,
) -> Result<(), SourceError> {
    let failed = |error: io::Error| files::cannot_open(mapping, &file.shown, &error);
    // A header quoted with anything but `"` has said so itself.
    (header.marks.quote, header.ends) = if csv.quote.is_none() && header.marks.quote == Some(b'"') {
        quote::detected(text, header.marks.delimiter, &header.names, header.rows_at).map_err(failed)?
    } else {
        (header.marks.quote, quote::ends(text, header.marks, &header.names, header.rows_at).map_err(failed)?)
    };
    Ok(())
}

/// The name that a cell of the header is.
pub(super) fn name_of(cell: &str) -> &str {
    cell.trim().trim_start_matches('\u{feff}')
}

/// The delimiter in a line `sep=;`, which Excel writes and reads before the header.
fn said_by_excel(row: &[u8]) -> Option<u8> {
    let end = row.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let line = row.get(..=end)?;
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line.split_at_checked(4)? {
        (word, [delimiter]) if word.eq_ignore_ascii_case(b"sep=") => Some(*delimiter),
        _ => None,
    }
}

/// Where the time of a row stands; of numbered columns the first.
fn time_column(needed: &[Needed], names: &[String]) -> Option<usize> {
    let time = &needed.iter().find(|needed| needed.key == "columns.time")?.name;
    let pattern = numbered(time);
    let fits = |name: &String| name == time || pattern.is_some_and(|pattern| number_in(pattern, name).is_some());
    names.iter().position(fits)
}

/// Offset and line.
type Place = (u64, u64);

/// The first row from a place on, and the place after it.
fn first(
    mapping: &SourceMapping,
    file: &SourceFile,
    text: &impl ReadAt,
    (offset, line): Place,
    marks: Marks,
) -> Result<Option<(Stretch, Place)>, SourceError> {
    let mut rows = Rows::new(text, marks, offset, line);
    let row = rows.next().transpose().map_err(|error| files::cannot_open(mapping, &file.shown, &error))?;
    Ok(row.map(|row| (row, rows.place())))
}

fn check(mapping: &SourceMapping, file: &SourceFile, needed: &[Needed], header: &Header) -> Result<(), SourceError> {
    for Needed { key, name, at, .. } in needed.iter().filter(|needed| !needed.may_be_absent()) {
        let same = header.names.iter().filter(|column| *column == name).count();
        if same > 1 {
            return Err(SourceError {
                title: format!("source `{}`: {} has {same} columns `{name}`", mapping.name, file.shown),
                detail: format!("{key} could mean any of them"),
                remedy: "rename all but one of them in the file's first line".to_owned(),
                at: *at,
            });
        }
    }
    let Some(missing) = needed.iter().find(|needed| !needed.may_be_absent() && !needed.is_in(&header.names)) else {
        return Ok(());
    };
    let Needed { key, name, at, .. } = missing;
    let near = nearest(name, header.names.iter());
    // Rules and values ask for columns, too.
    let asked = key == "columns.asked";
    let key = if asked { format!("`column` in [values] or a [[rule]], where it says `{name}`,") } else { key.clone() };
    let remedy = match near.first() {
        Some(near) => format!("did you mean {near}? Set {key} to the name as it stands in the file"),
        None => format!("set {key} to one of these names, or declare `delimiter` and `encoding`"),
    };
    Err(SourceError {
        title: format!("source `{}`: {} has no column `{name}`", mapping.name, file.shown),
        detail: format!("it has {}", listed(&header.names)),
        remedy,
        at: *at,
    })
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(COLUMNS_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(COLUMNS_SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", shown.join(", "))
}

fn open_quote(mapping: &SourceMapping, file: &SourceFile) -> SourceError {
    SourceError {
        title: format!("source `{}`: the first line of {} is no header", mapping.name, file.shown),
        detail: "a quote in it is never closed, or text follows a closing quote".to_owned(),
        remedy: "mend the first line: names of columns, with a delimiter between them".to_owned(),
        at: mapping.path_at,
    }
}
