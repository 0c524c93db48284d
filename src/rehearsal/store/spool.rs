//! Attachments on disk: one file for each message that has any, the attachments one after the other.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Files in one folder: some file systems grow slow beyond some ten thousand.
const SHARD: u32 = 4096;

/// The place of all spools.
pub(in super::super) struct SpoolDir {
    root: PathBuf,
    last: AtomicU32,
}

impl SpoolDir {
    pub(in super::super) fn new(root: PathBuf) -> Self {
        Self { root, last: AtomicU32::new(0) }
    }

    /// A spool for one request, which may keep nothing. Nothing is written to disk before the first byte.
    pub(in super::super) fn begin(&self, keeps: bool) -> Spool<'_> {
        Spool { dir: self, keeps, open: None }
    }

    fn path(&self, number: NonZeroU32) -> PathBuf {
        self.root.join((number.get() / SHARD).to_string()).join(number.to_string())
    }

    /// Reads one attachment: `size` bytes from `offset`.
    pub(in super::super) fn read(&self, number: NonZeroU32, offset: u64, size: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path(number))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(size).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The attachments of one request on their way in. Its file goes away unless the message is stored.
pub(in super::super) struct Spool<'a> {
    dir: &'a SpoolDir,
    keeps: bool,
    open: Option<(NonZeroU32, File)>,
}

impl Spool<'_> {
    pub(in super::super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.keeps {
            return Ok(());
        }
        if self.open.is_none() {
            self.open = Some(self.create()?);
        }
        match &mut self.open {
            Some((_, file)) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    fn create(&self) -> io::Result<(NonZeroU32, File)> {
        let number = self.dir.last.fetch_add(1, Ordering::Relaxed).checked_add(1).and_then(NonZeroU32::new);
        let number = number.ok_or_else(|| io::Error::other("more messages with attachments than can be numbered"))?;
        let path = self.dir.path(number);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok((number, File::create_new(path)?))
    }

    /// The number under which the file can be read once it is kept; `None` when nothing was written.
    pub(in super::super) fn number(&self) -> Option<NonZeroU32> {
        self.open.as_ref().map(|(number, _)| *number)
    }

    /// Leaves the file where it is: it belongs to a stored message now.
    pub(in super::super) fn keep(mut self) {
        self.open = None;
    }
}

impl Drop for Spool<'_> {
    fn drop(&mut self) {
        if let Some((number, _)) = self.open.take() {
            // A file that stays behind costs space until the server stops, nothing else.
            let _ = fs::remove_file(self.dir.path(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_spool_can_be_read_and_a_dropped_one_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let dir = SpoolDir::new(place.path().to_owned());
        let mut kept = dir.begin(true);
        kept.write(b"first").unwrap();
        kept.write(b"second").unwrap();
        let number = kept.number().unwrap();
        kept.keep();
        assert_eq!(dir.read(number, 5, 6).unwrap(), b"second");

        let mut refused = dir.begin(true);
        refused.write(b"gone").unwrap();
        let number = refused.number().unwrap();
        drop(refused);
        assert!(dir.read(number, 0, 4).is_err());
    }
}
