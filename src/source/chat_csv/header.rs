//! The first row of a table: its delimiter, its columns, and whether they are those that the mapping needs.

use super::super::missing::nearest;
use super::super::pread::ReadAt;
use super::super::{SourceError, SourceFile, files};
use super::rows::{Rows, Stretch};
use super::split;
use crate::mapping::{Columns, CsvMapping, SourceMapping};
use encoding_rs::Encoding;
use std::sync::Arc;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Columns listed in an error; some chat exports have more than a hundred.
const COLUMNS_SHOWN: usize = 40;

/// What the first row says.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    /// Column names, trimmed.
    pub(super) names: Arc<Vec<String>>,
    /// Where the rows begin.
    pub(super) rows_at: Place,
    /// There is a row.
    pub(super) has_rows: bool,
}

/// Reads the header of a table that starts at `start`; `None` if there is nothing but blank lines.
pub(super) fn read(
    mapping: &SourceMapping,
    csv: &CsvMapping,
    file: &SourceFile,
    text: &impl ReadAt,
    start: u64,
    encoding: &'static Encoding,
) -> Result<Option<Header>, SourceError> {
    let needed = needed(&csv.columns);
    let first_delimiter = csv.delimiter.unwrap_or(b',');
    let Some((row, after_first)) = first(mapping, file, text, (start, 1), first_delimiter)? else { return Ok(None) };
    // Excel writes and reads a line `sep=;` before the header.
    let by_excel = row.content.ok().and_then(|bytes| match bytes.strip_prefix(b"sep=") {
        Some([delimiter, b'\r' | b'\n', ..]) => Some(*delimiter),
        _ => None,
    });
    let header_at = if by_excel.is_some() { after_first } else { (start, 1) };
    let candidates = match csv.delimiter.or(by_excel) {
        Some(delimiter) => vec![delimiter],
        None => DELIMITERS.to_vec(),
    };
    let mut best: Option<(usize, Header)> = None;
    for delimiter in candidates {
        let Some((row, rows_at)) = first(mapping, file, text, header_at, delimiter)? else { return Ok(None) };
        let Ok(bytes) = row.content else { continue };
        let names: Vec<String> = split(&bytes, delimiter, encoding)
            .iter()
            .map(|name| name.trim().trim_start_matches('\u{feff}').to_owned())
            .collect();
        let fit = needed.iter().filter(|(_, name)| names.contains(name)).count();
        let better = best.as_ref().is_none_or(|(best_fit, best)| (fit, names.len()) > (*best_fit, best.names.len()));
        if better {
            let header = Header { delimiter, names: Arc::new(names), rows_at, has_rows: false };
            best = Some((fit, header));
        }
    }
    let Some((_, mut header)) = best else { return Err(open_quote(mapping, file)) };
    check(mapping, csv, file, &needed, &header)?;
    let (offset, line) = header.rows_at;
    let mut rows = Rows::new(text, header.delimiter, offset, line);
    header.has_rows =
        rows.next().transpose().map_err(|error| files::cannot_open(mapping, &file.shown, &error))?.is_some();
    Ok(Some(header))
}

/// Offset and line.
type Place = (u64, u64);

/// The first row from a place on, and the place after it.
fn first(
    mapping: &SourceMapping,
    file: &SourceFile,
    text: &impl ReadAt,
    (offset, line): Place,
    delimiter: u8,
) -> Result<Option<(Stretch, Place)>, SourceError> {
    let mut rows = Rows::new(text, delimiter, offset, line);
    let row = rows.next().transpose().map_err(|error| files::cannot_open(mapping, &file.shown, &error))?;
    Ok(row.map(|row| (row, rows.place())))
}

/// Key in the mapping and name of each column that the mapping uses.
fn needed(columns: &Columns) -> Vec<(&'static str, &String)> {
    let Columns { id, conversation, time, clock, sender, sender_name, recipient, text, role, subject, labels } =
        columns;
    [
        ("id", id.as_ref()),
        ("conversation", Some(conversation)),
        ("time", Some(time)),
        ("clock", clock.as_ref()),
        ("sender", Some(sender)),
        ("sender_name", sender_name.as_ref()),
        ("recipient", recipient.as_ref()),
        ("text", Some(text)),
        ("role", role.as_ref()),
        ("subject", subject.as_ref()),
        ("labels", labels.as_ref()),
    ]
    .into_iter()
    .filter_map(|(key, name)| Some((key, name?)))
    .collect()
}

fn check(
    mapping: &SourceMapping,
    csv: &CsvMapping,
    file: &SourceFile,
    needed: &[(&'static str, &String)],
    header: &Header,
) -> Result<(), SourceError> {
    for (key, name) in needed {
        let at = csv.columns_at.get(*key).copied().unwrap_or(mapping.path_at);
        match header.names.iter().filter(|column| column == name).count() {
            1 => {}
            0 => {
                let near = nearest(name, header.names.iter());
                let remedy = match near.first() {
                    Some(near) => {
                        format!("did you mean {near}? Set columns.{key} to the name as it stands in the file")
                    }
                    None => format!("set columns.{key} to one of these names, or declare `delimiter` and `encoding`"),
                };
                return Err(SourceError {
                    title: format!("source `{}`: {} has no column `{name}`", mapping.name, file.shown),
                    detail: format!("it has {}", listed(&header.names)),
                    remedy,
                    at,
                });
            }
            count => {
                return Err(SourceError {
                    title: format!("source `{}`: {} has {count} columns `{name}`", mapping.name, file.shown),
                    detail: format!("columns.{key} could mean any of them"),
                    remedy: "rename all but one of them in the file's first line".to_owned(),
                    at,
                });
            }
        }
    }
    Ok(())
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
