//! The folder that an archive is unpacked into: what is written there, and how much room is left.

use super::super::Watch;
use crate::event::{Event, Stage};
use std::cell::Cell;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Room that stays free: the ledger lies on a disk, too, and a full one troubles everybody.
pub(super) const RESERVE: u64 = 256 << 20;

/// Every file takes at least a block.
pub(super) const BLOCK: u64 = 4_096;

/// Between two looks at the free room.
const LOOK_EVERY: u64 = 16 << 20;

/// Between two progress events.
const PROGRESS: u64 = 1 << 20;

const BUFFER: usize = 128 << 10;

/// Why an archive could not be unpacked.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The archive or its content is not as it should be.
    Archive(String),
    /// Something that is left to other programs.
    Unsupported(String),
    /// No room.
    Full {
        /// Bytes that would be needed, where that is known beforehand.
        needed: Option<u64>,
        /// Bytes that are free.
        free: u64,
    },
    /// The folder cannot be written.
    Write(PathBuf, io::Error),
    /// The user asked to stop.
    Stopped,
}

/// How much can still be written at `folder`, for users other than the superuser.
pub(super) fn free(folder: &Path) -> Result<u64, Trouble> {
    let found = rustix::fs::statvfs(folder).map_err(|error| Trouble::Write(folder.to_path_buf(), error.into()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// A folder that is being filled. It is new and nothing but plain files and folders are made in it, so no link in it
/// can lead a name elsewhere.
pub(super) struct Target<'a> {
    folder: &'a Path,
    watch: &'a Watch<'a>,
    since_look: u64,
    /// Files written.
    pub(super) files: u64,
    /// Bytes written.
    pub(super) bytes: u64,
    /// Links and devices, which hold no mail.
    pub(super) left_out: u64,
}

impl<'a> Target<'a> {
    pub(super) fn new(folder: &'a Path, watch: &'a Watch<'a>) -> Target<'a> {
        Target { folder, watch, since_look: LOOK_EVERY, files: 0, bytes: 0, left_out: 0 }
    }

    /// Writes a file. `claimed`: the bytes that the archive says it has; more or fewer mean that it lies or is damaged.
    pub(super) fn file(&mut self, path: &Path, from: &mut dyn Read, claimed: Option<u64>) -> Result<(), Trouble> {
        let (mut to, path) = self.create(path)?;
        let mut buffer = vec![0; BUFFER];
        let mut written = 0_u64;
        loop {
            if self.watch.stop.load(Ordering::Relaxed) {
                return Err(Trouble::Stopped);
            }
            let count = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Trouble::Archive(format!("{}: {error}", self.inside(&path)))),
            };
            written += count as u64;
            if let Some(claimed) = claimed.filter(|claimed| written > *claimed) {
                let what = format!("{} is larger than the {claimed} bytes it claims", self.inside(&path));
                return Err(Trouble::Archive(what));
            }
            self.take_room(count as u64)?;
            to.write_all(buffer.get(..count).unwrap_or_default()).map_err(|error| failed(&path, error))?;
        }
        if let Some(claimed) = claimed.filter(|claimed| written != *claimed) {
            let what = format!("{} ends after {written} of the {claimed} bytes it claims", self.inside(&path));
            return Err(Trouble::Archive(what));
        }
        self.files += 1;
        self.bytes += written;
        self.take_room(BLOCK)
    }

    /// Writes once more a file that is there already.
    pub(super) fn copy(&mut self, of: &Path, path: &Path) -> Result<bool, Trouble> {
        let of = self.folder.join(of);
        let Ok(meta) = fs::symlink_metadata(&of) else { return Ok(false) };
        if !meta.is_file() {
            return Ok(false);
        }
        let mut from = File::open(&of).map_err(|error| failed(&of, error))?;
        self.file(path, &mut from, Some(meta.len()))?;
        Ok(true)
    }

    /// A new file at `path`, or at a place beside it if there is one already: an archive can hold several of one name,
    /// and each may hold other mails.
    fn create(&self, path: &Path) -> Result<(File, PathBuf), Trouble> {
        for number in 1_u32.. {
            let folder =
                if number == 1 { self.folder.to_path_buf() } else { self.folder.join(format!("again-{number}")) };
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                make_folder(parent).map_err(|error| failed(parent, error))?;
            }
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, error)),
            }
        }
        Err(Trouble::Archive(format!("{} is in it too often", path.display())))
    }

    fn take_room(&mut self, bytes: u64) -> Result<(), Trouble> {
        self.since_look = self.since_look.saturating_add(bytes);
        if self.since_look < LOOK_EVERY {
            return Ok(());
        }
        self.since_look = 0;
        let free = free(self.folder)?;
        if free < RESERVE { Err(Trouble::Full { needed: None, free }) } else { Ok(()) }
    }

    fn inside(&self, path: &Path) -> String {
        path.strip_prefix(self.folder).unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// Makes a folder and those above it, for their owner alone: mail is nobody else's business.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn failed(path: &Path, error: io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::StorageFull {
        return Trouble::Full { needed: None, free: 0 };
    }
    Trouble::Write(path.to_path_buf(), error)
}

/// Tells the observer how much of the archives has been read.
pub(super) struct Meter<'a> {
    watch: &'a Watch<'a>,
    done: Cell<u64>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(watch: &'a Watch<'a>) -> Meter<'a> {
        Meter { watch, done: Cell::new(0) }
    }

    fn add(&self, bytes: u64) {
        let before = self.done.get();
        let done = before.saturating_add(bytes);
        self.done.set(done);
        if before / PROGRESS != done / PROGRESS {
            self.watch.observer.event(Event::StageAdvanced { stage: Stage::Unpacking, done, records: 0 });
        }
    }
}

/// An archive, with what is read of it counted.
pub(super) struct Metered<'a> {
    pub(super) file: File,
    pub(super) meter: &'a Meter<'a>,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.meter.add(count as u64);
        Ok(count)
    }
}

impl Seek for Metered<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
