//! The ledger's directory: names, rights, format, and how files are put there durably.

use super::error::{LedgerError, Part, is_full};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The format this version writes, and the newest it reads.
const FORMAT: u64 = 1;
const FORMAT_PREFIX: &str = "threadlift ledger ";

pub(super) fn lock_path(dir: &Path) -> PathBuf {
    dir.join("LOCK")
}

pub(super) fn journal_path(dir: &Path) -> PathBuf {
    dir.join("journal.jsonl")
}

pub(super) fn summary_path(dir: &Path) -> PathBuf {
    dir.join("summary.json")
}

pub(super) fn readings_path(dir: &Path) -> PathBuf {
    dir.join("readings")
}

/// Readings that are still made.
pub(super) fn new_readings_path(dir: &Path) -> PathBuf {
    dir.join("readings.tmp")
}

/// The index in use.
pub(super) fn index_path(dir: &Path) -> PathBuf {
    dir.join("sled")
}

/// An index being built.
pub(super) fn new_index_path(dir: &Path) -> PathBuf {
    dir.join("sled.new")
}

/// The index that is being replaced.
pub(super) fn old_index_path(dir: &Path) -> PathBuf {
    dir.join("sled.old")
}

fn format_path(dir: &Path) -> PathBuf {
    dir.join("format")
}

/// Options for files that only their owner may read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a directory that only its owner may enter; parents are made with the usual rights.
pub(super) fn make_private_dir(path: &Path) -> Result<(), LedgerError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(LedgerError::io(parent, "make"))?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(LedgerError::io(path, "make"))
}

/// Takes away everybody else's rights.
#[cfg(unix)]
pub(super) fn make_private(path: &Path, mode: u32) -> Result<(), LedgerError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(LedgerError::io(path, "set the rights of"))
}

/// Windows gives a user's folders to that user alone; there is nothing to take away.
#[cfg(not(unix))]
pub(super) fn make_private(_path: &Path, _mode: u32) -> Result<(), LedgerError> {
    Ok(())
}

/// Takes away everybody else's rights on the files in a folder that others write for us (sled knows no rights).
pub(super) fn make_files_private(path: &Path) -> Result<(), LedgerError> {
    for item in fs::read_dir(path).map_err(LedgerError::io(path, "list"))? {
        let item = item.map_err(LedgerError::io(path, "list"))?;
        if item.file_type().is_ok_and(|kind| kind.is_file()) {
            make_private(&item.path(), 0o600)?;
        }
    }
    Ok(())
}

/// Takes away everybody else's rights on the ledger's own files, which may have come from a backup that kept none.
pub(super) fn make_private_all(dir: &Path) -> Result<(), LedgerError> {
    make_private(dir, 0o700)?;
    make_files_private(dir)
}

/// Makes names that were created or renamed in a directory survive a power cut.
pub(super) fn sync_dir(path: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    File::open(path).and_then(|dir| dir.sync_all()).map_err(LedgerError::io(path, "sync"))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Writes a whole file so that readers see the old content or the new, never a half.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let draft = PathBuf::from(name);
    let mut file = private_file()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&draft)
        .map_err(LedgerError::io(&draft, "create"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(LedgerError::io(&draft, "write"))?;
    drop(file);
    fs::rename(&draft, path).map_err(LedgerError::io(path, "replace"))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Is there room for `needed` bytes in one file? Asked before work begins: sled may wait forever for a write that failed.
pub(super) fn check_room(dir: &Path, needed: u64) -> Result<(), LedgerError> {
    let path = dir.join("room.tmp");
    let open = private_file().write(true).create(true).truncate(true).open(&path);
    let file = open.map_err(|error| LedgerError::io(&path, "create")(error).or_full(dir, needed))?;
    let reserved = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, needed);
    drop(file);
    fs::remove_file(&path).map_err(LedgerError::io(&path, "remove"))?;
    match reserved.map_err(std::io::Error::from) {
        Err(source) if is_full(source.kind()) => Err(LedgerError::Full { path: dir.to_path_buf(), needed, source }),
        // A file system that cannot reserve room says so, which tells nothing about how much there is.
        _ => Ok(()),
    }
}

/// Makes sure that `dir` is a ledger's directory or fit to become one, before anything is put there.
pub(super) fn prepare(dir: &Path, create: bool) -> Result<(), LedgerError> {
    let absent = || LedgerError::Absent { path: dir.to_path_buf() };
    if !dir.try_exists().map_err(LedgerError::io(dir, "look for"))? {
        return if create { make_private_dir(dir) } else { Err(absent()) };
    }
    if format_path(dir).try_exists().map_err(LedgerError::io(dir, "read"))? {
        return Ok(());
    }
    if journal_path(dir).metadata().is_ok_and(|file| file.len() > 0) || index_path(dir).exists() {
        return Err(no_format(dir));
    }
    // A process that was ended while it made the ledger leaves these.
    let ours = ["LOCK", "format.tmp", "journal.jsonl", "room.tmp"];
    for item in fs::read_dir(dir).map_err(LedgerError::io(dir, "list"))? {
        let item = item.map_err(LedgerError::io(dir, "list"))?;
        if !ours.iter().any(|name| item.file_name() == *name) {
            return Err(LedgerError::NotALedger { path: dir.to_path_buf() });
        }
    }
    if !create {
        return Err(absent());
    }
    make_private(dir, 0o700)
}

pub(super) fn no_format(dir: &Path) -> LedgerError {
    LedgerError::Damaged {
        part: Part::Format,
        path: format_path(dir),
        place: "its beginning".into(),
        what: "the file is missing".into(),
    }
}

/// Writes the file that names the format.
pub(super) fn write_format(dir: &Path) -> Result<(), LedgerError> {
    write_atomically(&format_path(dir), format!("{FORMAT_PREFIX}{FORMAT}\n").as_bytes())
}

/// Checks the format, or founds a new ledger. The lock must be held.
pub(super) fn check_or_found(dir: &Path) -> Result<(), LedgerError> {
    let path = format_path(dir);
    match fs::read(&path) {
        Ok(bytes) => check_format(dir, &bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let journal = journal_path(dir);
            private_file()
                .append(true)
                .create(true)
                .open(&journal)
                .and_then(|file| file.sync_all())
                .map_err(LedgerError::io(&journal, "create"))?;
            // Written last: a format without a journal then means that the journal was taken away.
            write_format(dir)
        }
        Err(error) => Err(LedgerError::io(&path, "read")(error)),
    }
}

/// Checks the format of a ledger that is only read.
pub(super) fn check(dir: &Path) -> Result<(), LedgerError> {
    let path = format_path(dir);
    let bytes = fs::read(&path).map_err(LedgerError::io(&path, "read"))?;
    check_format(dir, &bytes)
}

fn check_format(dir: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let found = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.strip_prefix(FORMAT_PREFIX))
        .and_then(|number| number.trim_end().parse::<u64>().ok());
    match found {
        Some(FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(LedgerError::Newer { path: dir.to_path_buf(), found, known: FORMAT }),
        _ => Err(LedgerError::Damaged {
            part: Part::Format,
            path: format_path(dir),
            place: "line 1".into(),
            what: format!("expected `{FORMAT_PREFIX}{FORMAT}`"),
        }),
    }
}

/// Ends what an interrupted change of the index left half done: either the old one or the new one stands afterwards.
pub(super) fn tidy_indexes(dir: &Path) -> Result<(), LedgerError> {
    let (current, old, new) = (index_path(dir), old_index_path(dir), new_index_path(dir));
    if old.exists() {
        if current.exists() {
            remove_tree(&old)?;
        } else {
            fs::rename(&old, &current).map_err(LedgerError::io(&old, "put back"))?;
            sync_dir(dir)?;
        }
    }
    if new.exists() { remove_tree(&new) } else { Ok(()) }
}

pub(super) fn remove_tree(path: &Path) -> Result<(), LedgerError> {
    fs::remove_dir_all(path).map_err(LedgerError::io(path, "remove"))
}

/// The first of `name-1`, `name-2`, ... that is free.
pub(super) fn free_name(dir: &Path, name: &str) -> PathBuf {
    // More copies than this mean that something else is wrong; the last one is then replaced.
    const MOST: u32 = 1_000;
    let numbered = |number: u32| dir.join(format!("{name}-{number}"));
    (1..MOST).map(numbered).find(|path| !path.exists()).unwrap_or_else(|| numbered(MOST))
}
