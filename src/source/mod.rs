//! Reading exports from disk: bytes in, [`RawEntry`] out.
//!
//! A source can do two things: scan everything once, in a stable order, and read one entry again at
//! its [`Origin`]. Nothing here knows what a mail means; it only finds where entries begin and end.

mod chat_csv;
mod eml_dir;
mod error;
mod files;
mod find;
mod folder;
pub(crate) mod fuzzing;
mod imap_name;
mod looks;
mod mbox;
mod missing;
mod name;
mod place;
mod pread;
mod seems;
mod unpack;
mod walk;
mod zones;

#[cfg(test)]
mod test_support;

pub use chat_csv::{Look, has_columns, has_joined_columns, look_at_table};
pub use error::SourceError;
pub use folder::Passed;
pub use name::Shown;
pub use seems::{Form, Judge, Seems};
pub use unpack::peek;
pub use zones::zone_hours;

use crate::event::{Observer, Silent};
use crate::mapping::{Dialect, Format, Mapping, SourceMapping};
use bytes::Bytes;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Largest file that is read as one mail, in bytes; a larger one is [`Unreadable`], named, and never held in memory.
pub const MAX_MAIL: u64 = 150_000_000;

/// Where an entry's bytes lie: enough to read it again without scanning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Index of the source in the mapping.
    pub source: u16,
    /// The pieces the entry is made of, in order; mostly one.
    pub pieces: Vec<Piece>,
    /// Which record of the entry, from 0: one entry may give many records.
    pub part: u32,
}

/// One stretch of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Index into [`Source::files`].
    pub file: u32,
    /// First byte, from 0. In an mbox this is the first byte of the `From ` line.
    pub offset: u64,
    /// Number of bytes. In an mbox the `From ` line and the closing blank line are included.
    pub length: u64,
    /// First line, from 1, for sources that people read by line (CSV).
    pub line: Option<u64>,
}

/// A file of a source.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Absolute (or working-directory) path, for opening.
    pub path: Arc<Path>,
    /// Path relative to the mapping's folder, with `/`, for people.
    pub shown: Shown,
    /// Size in bytes when the source was opened.
    pub size: u64,
}

impl SourceFile {
    /// The file at `path`, called `shown`.
    #[must_use]
    pub fn new(path: &Path, shown: &str, size: u64) -> SourceFile {
        let path: Arc<Path> = path.into();
        let shown = Shown::of(&path, shown);
        SourceFile { path, shown, size }
    }
}

/// An entry as read, before it means anything.
#[derive(Debug, Clone)]
pub struct RawEntry {
    /// Where it was found.
    pub origin: Origin,
    /// What was found.
    pub content: Content,
}

/// The content of an entry.
#[derive(Debug, Clone)]
pub enum Content {
    /// One mail.
    Mail(RawMail),
    /// One row of a table.
    Row(RawRow),
}

/// The bytes of one mail.
#[derive(Debug, Clone)]
pub struct RawMail {
    /// The mail itself: without `From ` line, mbox quoting undone.
    pub bytes: Bytes,
    /// Date of the mbox separator, Unix seconds, if the mail came from an mbox.
    pub separator_date: Option<i64>,
    /// The file's modification time, Unix seconds, for files that hold one mail.
    pub file_time: Option<i64>,
    /// The folder it lies in, below the fixed part of `path`, with `/`; a mailbox file is a folder. Rules may ask for it.
    pub folder: Arc<str>,
    /// Labels that its place gives, as far as the mapping takes names as data: folders, file name, flags.
    pub labels: Vec<String>,
    /// Contents of parts that the export keeps in files of their own.
    pub aside: Vec<AsidePart>,
    /// What had to be changed to read it, in words.
    pub changes: Vec<String>,
}

impl RawMail {
    /// A mail of which nothing is known but its bytes.
    #[must_use]
    pub fn new(bytes: Bytes) -> RawMail {
        RawMail {
            bytes,
            separator_date: None,
            file_time: None,
            folder: Arc::default(),
            labels: Vec::new(),
            aside: Vec::new(),
            changes: Vec::new(),
        }
    }
}

/// The content of one part, kept beside the mail (Apple Mail's `.partial.emlx`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsidePart {
    /// Number of the part, as in IMAP (RFC 3501 section 6.4.5): `2`, `1.2`.
    pub number: String,
    /// The file's own name.
    pub filename: String,
    /// Its content, not encoded.
    pub content: Bytes,
}

/// One message of a table, cells decoded to text: a row, or what a row holds of it.
#[derive(Debug, Clone)]
pub struct RawRow {
    /// Names of the columns, shared by all rows of a file: those of the file, then those that the mapping makes of them.
    pub header: Arc<Vec<String>>,
    /// Cells, as many as the header has.
    pub cells: Vec<String>,
    /// The zone of its times, where the file's header names it.
    pub zone: Option<TimeZone>,
    /// For a line of a transcript whose lines have a time of day only.
    pub run: Option<ClockRun>,
}

/// Where the clock of a transcript stands at one of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockRun {
    /// Time of day of the first line.
    pub first: Time,
    /// How many times the clock has passed midnight since.
    pub days: u16,
}

impl RawRow {
    /// The cell under `column`, if there is such a column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        let index = self.header.iter().position(|name| name == column)?;
        self.cells.get(index).map(String::as_str)
    }
}

/// A row of a table, not taken apart: enough to make a table of chosen rows that is read as the first one was. The text of
/// tables that cannot be read where they lie (UTF-16, double-byte encodings) is UTF-8 with a byte order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// What stands before the first row: byte order mark, header.
    pub head: Vec<u8>,
    /// The row, line end included if there is one.
    pub row: Vec<u8>,
}

/// Something in a source that could not be read as an entry. It counts as one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where.
    pub origin: Origin,
    /// The kind of problem, a short phrase without names or numbers, so that equal causes add up.
    pub cause: String,
    /// What exactly was seen.
    pub detail: String,
    /// What the user can do.
    pub remedy: String,
}

/// An iterator over the entries of a source.
pub type Scan<'a> = Box<dyn Iterator<Item = Result<RawEntry, Unreadable>> + Send + 'a>;

/// An export on disk.
pub trait Source: Send + Sync {
    /// The name the mapping gives it.
    fn name(&self) -> &str;
    /// Its files, in scan order.
    fn files(&self) -> &[SourceFile];
    /// All entries, in a stable order: files by path bytes, within a file by offset.
    fn scan(&self) -> Scan<'_>;
    /// The entries of one of its files, in the same order.
    fn scan_file(&self, file: u32) -> Scan<'_> {
        let is_in_file = move |entry: &Result<RawEntry, Unreadable>| {
            let origin = entry.as_ref().map_or_else(|unreadable| &unreadable.origin, |entry| &entry.origin);
            origin.pieces.first().is_some_and(|piece| piece.file == file)
        };
        Box::new(self.scan().filter(is_in_file))
    }
    /// Names of the columns of a file that is a table: what [`RawRow::header`] says of each of its rows.
    fn columns(&self, _file: u32) -> &[String] {
        &[]
    }
    /// What the scan of a file has left beside its entries, so that a later run need not scan it again; `None` if it was not scanned to
    /// its end, or its entries depend on other files, too.
    fn mark(&self, _file: u32) -> Option<Vec<u8>> {
        None
    }
    /// Takes the mark of an earlier run for a scan of the file, which must be unchanged; says whether it could.
    fn take_mark(&self, _file: u32, _mark: &[u8]) -> bool {
        false
    }
    /// One entry again. The origin must stem from this source.
    ///
    /// # Errors
    /// [`Unreadable`] if the file is gone, shorter, or no longer holds an entry there.
    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable>;
    /// The row of an entry of a table as it lies there; `None` for entries of other sources.
    fn table_row(&self, _origin: &Origin) -> Option<io::Result<TableRow>> {
        None
    }
    /// What people should know about the files before they rely on them: empty ones, guessed encodings. Mostly none.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    /// Files that it passes over.
    fn passed(&self) -> &[Passed] {
        &[]
    }
}

/// Who watches while sources are opened, which may unpack archives.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Hears how far unpacking is.
    pub observer: &'a dyn Observer,
    /// Ends unpacking when it becomes true.
    pub stop: &'a AtomicBool,
}

/// Opens the source at `index` of the mapping: finds its files, unpacks them if the mapping says so, and checks all that
/// can be checked without reading them.
///
/// # Errors
/// What makes the source as a whole unusable: nothing there, not readable, packed, empty, a column missing.
pub fn open(mapping: &Mapping, index: usize, watch: &Watch<'_>) -> Result<Box<dyn Source>, SourceError> {
    let (Some(source), Ok(number)) = (mapping.sources.get(index), u16::try_from(index)) else {
        return Err(SourceError {
            title: format!("there is no source number {}", index + 1),
            detail: format!("the mapping has {} sources, and at most {} can be used", mapping.sources.len(), u16::MAX),
            remedy: "divide them over several mappings".to_owned(),
            at: mapping.sources.last().map_or((1, 1), |source| source.path_at),
        });
    };
    let found = find::find(&mapping.base, source, watch)?;
    Ok(match &source.format {
        Format::Mbox(dialect) => Box::new(mbox::Mbox::open(source, *dialect, mapping.limits, number, found)?),
        Format::Eml => Box::new(eml_dir::EmlDir::open(source, number, found, mapping.limits.mail)?),
        Format::Csv(csv) => {
            let joined = csv.join.as_ref().map(|join| {
                let second = SourceMapping { paths: join.paths.clone(), path_at: join.path_at, ..source.clone() };
                find::find(&mapping.base, &second, watch)
            });
            Box::new(chat_csv::ChatCsv::open(source, csv, number, found, joined.transpose()?)?)
        }
    })
}

/// Reads an mbox that lies in memory as a file of these bytes is read, in blocks of `block` bytes: offset, length and mail
/// of each stretch, in order. No mail: what stands before the first separator. Stretches tile the bytes.
#[must_use]
pub fn mbox_in_memory(bytes: &[u8], dialect: Dialect, block: usize) -> Vec<(u64, u64, Option<RawMail>)> {
    mbox::in_memory(bytes, dialect, block)
}

/// Opens all sources of the mapping, in order, unseen.
///
/// # Errors
/// As [`open_all_watched`].
pub fn open_all(mapping: &Mapping) -> Result<Vec<Box<dyn Source>>, Vec<SourceError>> {
    open_all_watched(mapping, &Watch { observer: &Silent, stop: &AtomicBool::new(false) })
}

/// Opens all sources of the mapping, in order.
///
/// # Errors
/// What is wrong with each that cannot be opened, so that all can be mended at once.
pub fn open_all_watched(mapping: &Mapping, watch: &Watch<'_>) -> Result<Vec<Box<dyn Source>>, Vec<SourceError>> {
    let mut sources = Vec::new();
    let mut errors = Vec::new();
    for index in 0..mapping.sources.len() {
        if watch.stop.load(Ordering::Relaxed) {
            break;
        }
        match open(mapping, index, watch) {
            Ok(source) => sources.push(source),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() && sources.len() == mapping.sources.len() { Ok(sources) } else { Err(errors) }
}
