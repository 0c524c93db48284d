//! A look at a table of which nothing is known yet: encoding, delimiter, quote, names of the columns, and its first rows.

use super::super::pread::ReadAt;
use super::super::{SourceError, SourceFile, files, looks};
use super::encoding::{self, Known};
use super::header::{self, Header};
use super::rows::Rows;
use super::split;
use crate::mapping::{CsvMapping, SourceMapping};
use encoding_rs::UTF_8;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// What a table looks like, and how much of it was looked at.
#[derive(Debug, Clone)]
pub struct Look {
    /// Name of the encoding (WHATWG).
    pub encoding: &'static str,
    /// The encoding follows from nothing but how often which bytes occur.
    pub is_encoding_guessed: bool,
    /// What stands between cells.
    pub delimiter: char,
    /// What stands around cells that hold delimiters; `None` if quotes are ordinary characters.
    pub quote: Option<char>,
    /// Names of the columns.
    pub names: Arc<Vec<String>>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that have another number of cells, or broken quotes.
    pub misfits: u64,
    /// Bytes of the file that were looked at.
    pub bytes: u64,
}

/// Looks at the first `most` bytes of a table and hands the cells of each whole row to `row`, which says whether to go on.
/// What `source` says of encoding, delimiter and quote holds; its columns play no part. `None`: there is no header.
///
/// # Errors
/// If the file cannot be read, or is no table.
pub fn look_at_table(
    source: &SourceMapping,
    csv: &CsvMapping,
    file: &SourceFile,
    most: u64,
    row: &mut dyn FnMut(&[String]) -> bool,
) -> Result<Option<Look>, SourceError> {
    let failed = |error: io::Error| files::cannot_open(source, &file.shown, &error);
    let no_table = |what: &str, remedy: &str| SourceError {
        title: format!("source `{}`: {} is no table", source.name, file.shown),
        detail: what.to_owned(),
        remedy: remedy.to_owned(),
        at: source.path_at,
    };
    let head = files::head(source, file)?;
    if let Some((what, remedy)) = looks::instead_of_table(&head, &file.path) {
        return Err(no_table(what, remedy));
    }
    let open = First { file: File::open(&file.path).map_err(failed)?, most };
    let chosen = encoding::choose(&open, csv.encoding).map_err(failed)?;
    let chosen =
        chosen.map_err(|found| no_table("its byte order mark is that of another encoding", found.marked.name()))?;
    let is_whole = file.size <= most;
    let mut look = Look {
        encoding: chosen.encoding.name(),
        is_encoding_guessed: chosen.known == Known::Guessed,
        delimiter: ',',
        quote: None,
        names: Arc::default(),
        rows: 0,
        misfits: 0,
        bytes: file.size.min(most),
    };
    if encoding::frames_as_it_is(chosen.encoding) {
        let Some(header) = header::of_any(source, csv, file, &open, chosen.mark, chosen.encoding)? else {
            return Ok(None);
        };
        let each = Each { encoding: chosen.encoding, end: file.size.min(most), is_whole, row };
        each.rows(&open, &header, &mut look).map_err(failed)?;
    } else {
        // Text of UTF-16 grows by half at most, that of other encodings to three bytes for one.
        let mut text = Vec::new();
        let done =
            encoding::decode(&open, chosen.mark, chosen.encoding, &mut text, most.saturating_mul(3)).map_err(failed)?;
        if done.is_none() {
            return Err(no_table("its text grows beyond all measure where it is decoded", "save it as UTF-8"));
        }
        let text = text.as_slice();
        let Some(header) = header::of_any(source, csv, file, &text, 0, UTF_8)? else { return Ok(None) };
        let each = Each { encoding: UTF_8, end: text.len() as u64, is_whole, row };
        each.rows(&text, &header, &mut look).map_err(failed)?;
    }
    Ok(Some(look))
}

/// Where rows go to.
struct Each<'a> {
    encoding: &'static encoding_rs::Encoding,
    /// Where the text ends that is looked at.
    end: u64,
    /// Nothing comes behind it.
    is_whole: bool,
    row: &'a mut dyn FnMut(&[String]) -> bool,
}

impl Each<'_> {
    fn rows(self, text: &impl ReadAt, header: &Header, look: &mut Look) -> io::Result<()> {
        look.delimiter = char::from(header.marks.delimiter);
        look.quote = header.marks.quote.map(char::from);
        look.names = Arc::clone(&header.names);
        let (offset, line) = header.rows_at;
        for stretch in Rows::new(text, header.marks, offset, line) {
            let stretch = stretch?;
            // The last row may be cut where the look ends.
            if !self.is_whole && stretch.offset + stretch.length >= self.end {
                break;
            }
            look.rows += 1;
            let cells = stretch.content.ok().map(|row| split(&row, header.marks, self.encoding));
            match cells.and_then(|cells| header.ends.fitted(cells, header.names.len()).ok()) {
                None => look.misfits += 1,
                Some(cells) if !(self.row)(&cells) => break,
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// The beginning of a file.
struct First {
    file: File,
    most: u64,
}

impl ReadAt for First {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(self.most.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = rest.min(buffer.len());
        buffer.get_mut(..count).map_or(Ok(0), |buffer| self.file.read_some(buffer, offset))
    }
}
