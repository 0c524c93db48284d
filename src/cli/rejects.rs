//! The reject bundle (`--rejects DIR`): originals of all that is unreadable, rejected or refused, to be mended and fed again.
//!
//! ```text
//! DIR/rejects.csv                one line for each: what it is, where it lay, why it is here, what to do
//! DIR/mails/0000/00000001.eml    each mail as it lies in its source, a thousand to a folder
//! DIR/tables/1-NAME.csv          the rows of one source, below the header of their table
//! ```
//!
//! A table whose header, delimiter or encoding is another one gets a file of its own. Names are numbers and names of sources,
//! which the mapping takes in plain letters only: nothing of a message goes into a path. `rejects.csv` gets its name last, so that a bundle with it is whole.

use super::context::Context;
use super::exit::Failure;
use super::printable;
use crate::ledger::{Entry, Ledger, State, Verdict};
use crate::mapping::Format;
use crate::plan::Rebuilder;
use crate::source::{Content, Source};
use crate::words::counted;
use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Mails in one folder.
const FOLDER: u64 = 1_000;
const INDEX: &str = "rejects.csv";
const HEADER: [&str; 9] =
    ["file", "source", "place", "external_id", "original_id", "category", "cause", "detail", "remedy"];
/// A refusal's remedy.
const REFUSED: &str =
    "mend the mapping or this original; then `threadlift retry MAPPING`, or feed the bundle as a source";

/// Where a bundle will be written.
pub(super) struct Bundle {
    dir: PathBuf,
}

/// What a line of the index says beyond the entry.
struct Why<'a> {
    category: &'static str,
    cause: &'a str,
    detail: String,
    remedy: &'a str,
}

impl Bundle {
    /// Checks that a bundle can be written at `dir`, before hours of work.
    ///
    /// # Errors
    /// If something is there already, or it lies in the ledger.
    pub(super) fn at(context: &Context, dir: Option<&Path>) -> Result<Option<Self>, Failure> {
        let Some(dir) = dir else { return Ok(None) };
        let help = "name a folder that does not exist yet, such as `rejects-2`; nothing was written";
        match fs::read_dir(dir).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => {
                return Err(Failure::usage(
                    format!("{} holds something already, perhaps an earlier bundle being mended", dir.display()),
                    help,
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::usage(format!("cannot use {}: {error}", dir.display()), help)),
        }
        let real = |path: &Path| {
            let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            whole.ancestors().find_map(|above| {
                let rest = whole.strip_prefix(above).ok()?;
                Some(fs::canonicalize(above).ok()?.join(rest))
            })
        };
        if let (Some(dir), Some(ledger)) = (real(dir), real(&context.ledger_dir()))
            && dir.starts_with(ledger)
        {
            return Err(Failure::usage("the bundle would lie inside the ledger", help));
        }
        Ok(Some(Self { dir: dir.to_owned() }))
    }

    /// Writes the bundle and says where it is. Without anything to put in, none is made.
    ///
    /// # Errors
    /// If the ledger is damaged, or the system refuses to write.
    pub(super) fn write(
        &self,
        context: &Context,
        ledger: &Ledger,
        sources: &Arc<Vec<Box<dyn Source>>>,
    ) -> Result<String, Failure> {
        let total =
            ledger.tallies().iter().map(|(_, tally)| tally.unreadable + tally.rejected + tally.refused).sum::<u64>();
        if total == 0 {
            return Ok("No bundle was written: nothing is unreadable, rejected or refused.".to_owned());
        }
        let rebuilder = Rebuilder::new(Arc::clone(&context.mapping), Arc::clone(sources));
        let mut writing = Writing::begin(&self.dir, rebuilder, sources).map_err(|error| self.unwritten(&error))?;
        for item in ledger.states(0..u64::MAX)? {
            let (position, State::Refused { status, cause }) = item? else { continue };
            let detail = if status == 0 { "no answer at all".to_owned() } else { format!("Front answered {status}") };
            let why = Why { category: "refused", cause: &cause, detail, remedy: REFUSED };
            writing.add(&ledger.entry(position)?, &why).map_err(|error| self.unwritten(&error))?;
        }
        let planned = ledger.plan().map_or(0, |plan| plan.planned);
        for item in ledger.entries(planned..u64::MAX)? {
            let (_, entry) = item?;
            let (category, (cause, detail, remedy)) = match &entry.verdict {
                Verdict::Unreadable { cause, detail, remedy } => ("unreadable", (cause, detail, remedy)),
                Verdict::Rejected { cause, detail, remedy } => ("rejected", (cause, detail, remedy)),
                _ => continue,
            };
            let why = Why { category, cause, detail: detail.clone(), remedy };
            writing.add(&entry, &why).map_err(|error| self.unwritten(&error))?;
        }
        let (written, lost) = writing.finish().map_err(|error| self.unwritten(&error))?;
        let lost = match lost {
            0 => String::new(),
            some => format!(" {} could not be read from the source and have a line alone.", counted(some, "original")),
        };
        Ok(format!(
            "{} in {}; {INDEX} there says why each is.{lost} Mended, `mails` and `tables` can be further sources of this mapping.",
            counted(written, "original"),
            self.dir.display()
        ))
    }

    fn unwritten(&self, error: &io::Error) -> Failure {
        Failure::usage(
            format!("the reject bundle in {} could not be written: {error}", self.dir.display()),
            "what was done is in the ledger: make room, or name another folder, and run `threadlift status MAPPING` with --rejects",
        )
    }
}

/// A bundle that is being written.
struct Writing<'a> {
    dir: PathBuf,
    rebuilder: Rebuilder,
    sources: &'a [Box<dyn Source>],
    index: BufWriter<File>,
    mails: u64,
    lost: u64,
    written: u64,
    /// File of a source's rows below a head.
    tables: HashMap<(u16, Vec<u8>), String>,
    /// The table that is open; rows of one file come together.
    open: Option<(String, BufWriter<File>)>,
    /// Rows that stand in a table already: a row may hold several messages.
    rows: HashMap<(u16, u32, u64), String>,
    folders: HashSet<PathBuf>,
}

impl<'a> Writing<'a> {
    fn begin(dir: &Path, rebuilder: Rebuilder, sources: &'a [Box<dyn Source>]) -> io::Result<Self> {
        private_folders(dir)?;
        let mut index = BufWriter::new(create(&dir.join(format!("{INDEX}.part")))?);
        write_cells(&mut index, &HEADER)?;
        Ok(Self {
            dir: dir.to_owned(),
            rebuilder,
            sources,
            index,
            mails: 0,
            lost: 0,
            written: 0,
            tables: HashMap::new(),
            open: None,
            rows: HashMap::new(),
            folders: HashSet::new(),
        })
    }

    fn add(&mut self, entry: &Entry, why: &Why<'_>) -> io::Result<()> {
        let (file, trouble) = self.original(entry)?;
        let (mut detail, mut is_lost) = (why.detail.clone(), false);
        if let Some(trouble) = trouble {
            detail = format!("{detail} ({trouble})");
            is_lost = file.is_none();
        }
        self.lost += u64::from(is_lost);
        self.written += u64::from(!is_lost);
        let external_id = match &entry.verdict {
            Verdict::Planned(planned) => planned.external_id.as_str(),
            _ => "",
        };
        let place = self.rebuilder.place(entry);
        let source = self.rebuilder.source_name(usize::from(entry.origin.source));
        write_cells(
            &mut self.index,
            &[
                file.as_deref().unwrap_or_default(),
                source,
                &place,
                external_id,
                entry.original_id.as_deref().unwrap_or_default(),
                why.category,
                why.cause,
                &detail,
                why.remedy,
            ],
        )
    }

    /// Lays the original down. Gives its file in the bundle, and what is to be said of it.
    fn original(&mut self, entry: &Entry) -> io::Result<(Option<String>, Option<String>)> {
        let number = usize::from(entry.origin.source);
        let is_table =
            self.rebuilder.mapping().sources.get(number).is_some_and(|source| matches!(source.format, Format::Csv(_)));
        if is_table { self.row(entry) } else { self.mail(entry) }
    }

    fn mail(&mut self, entry: &Entry) -> io::Result<(Option<String>, Option<String>)> {
        let nth = self.mails + 1;
        let name = format!("mails/{:04}/{nth:08}.eml", self.mails / FOLDER);
        let path = self.dir.join(&name);
        let read =
            self.sources.get(usize::from(entry.origin.source)).and_then(|source| source.read_at(&entry.origin).ok());
        if let Some(Content::Mail(mail)) = read.map(|raw| raw.content) {
            self.folder_of(&path)?;
            create(&path)?.write_all(&mail.bytes)?;
            self.mails = nth;
            let apart = mail.aside.len();
            let note = (apart > 0).then(|| {
                format!("{} that the export keeps beside it are not in the file", counted(apart as u64, "part"))
            });
            return Ok((Some(name), note));
        }
        // It cannot be read as a mail: its bytes, then, piece by piece and never all in memory.
        match self.open_piece(entry) {
            Ok(mut piece) => {
                self.folder_of(&path)?;
                let mut file = create(&path)?;
                io::copy(&mut piece, &mut file)?;
                self.mails = nth;
                Ok((Some(name), None))
            }
            Err(error) => Ok((None, Some(format!("its original cannot be read: {error}")))),
        }
    }

    fn open_piece(&self, entry: &Entry) -> io::Result<io::Take<File>> {
        let gone = || io::Error::from(ErrorKind::NotFound);
        let piece = entry.origin.pieces.first().ok_or_else(gone)?;
        let source = self.sources.get(usize::from(entry.origin.source)).ok_or_else(gone)?;
        let found = source.files().get(piece.file as usize).ok_or_else(gone)?;
        let mut file = File::open(&found.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        file.seek(SeekFrom::Start(piece.offset))?;
        Ok(file.take(piece.length))
    }

    fn row(&mut self, entry: &Entry) -> io::Result<(Option<String>, Option<String>)> {
        let source = entry.origin.source;
        let lost = |why: String| Ok((None, Some(format!("its original cannot be read: {why}"))));
        let Some(piece) = entry.origin.pieces.first() else { return lost("its place is not known".to_owned()) };
        let key = (source, piece.file, piece.offset);
        if let Some(name) = self.rows.get(&key) {
            return Ok((Some(name.clone()), None));
        }
        let row = match self.sources.get(usize::from(source)).and_then(|source| source.table_row(&entry.origin)) {
            Some(Ok(row)) => row,
            Some(Err(error)) => return lost(error.to_string()),
            None => return lost("its table is gone".to_owned()),
        };
        let name = self.table_for(source, row.head)?;
        if let Some((_, table)) = &mut self.open {
            table.write_all(&row.row)?;
            if !row.row.ends_with(b"\n") && !row.row.ends_with(b"\r") {
                table.write_all(b"\n")?;
            }
        }
        self.rows.insert(key, name.clone());
        Ok((Some(name), None))
    }

    /// Opens the table for rows of this source below this head; gives its name.
    fn table_for(&mut self, source: u16, head: Vec<u8>) -> io::Result<String> {
        let key = (source, head);
        let known = self.tables.get(&key).cloned();
        let name = known.clone().unwrap_or_else(|| {
            let nth = self.tables.keys().filter(|(other, _)| *other == source).count();
            let further = if nth == 0 { String::new() } else { format!("-{}", nth + 1) };
            let name = self.rebuilder.source_name(usize::from(source));
            format!("tables/{}-{name}{further}.csv", source + 1)
        });
        if self.open.as_ref().is_some_and(|(open, _)| *open == name) {
            return Ok(name);
        }
        if let Some((_, mut before)) = self.open.take() {
            before.flush()?;
        }
        let path = self.dir.join(&name);
        let file = if known.is_some() {
            OpenOptions::new().append(true).open(&path)?
        } else {
            self.folder_of(&path)?;
            let mut file = create(&path)?;
            file.write_all(&key.1)?;
            self.tables.insert(key, name.clone());
            file
        };
        self.open = Some((name.clone(), BufWriter::new(file)));
        Ok(name)
    }

    fn folder_of(&mut self, path: &Path) -> io::Result<()> {
        let Some(folder) = path.parent() else { return Ok(()) };
        if self.folders.insert(folder.to_owned()) {
            private_folders(folder)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<(u64, u64)> {
        if let Some((_, mut table)) = self.open.take() {
            table.flush()?;
        }
        self.index.flush()?;
        fs::rename(self.dir.join(format!("{INDEX}.part")), self.dir.join(INDEX))?;
        Ok((self.written, self.lost))
    }
}

/// A file that was not there before, for its owner alone.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn private_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// One line of the index. Cells hold no control characters: they are shown, and never read back.
fn write_cells(out: &mut impl Write, cells: &[&str]) -> io::Result<()> {
    for (at, cell) in cells.iter().enumerate() {
        let cell = printable(cell);
        if at > 0 {
            out.write_all(b",")?;
        }
        if cell.contains([',', '"', ';']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}
