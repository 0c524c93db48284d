//! What planning has read of each record, in a file beside the index: kept out of memory while a plan is made, and found again by
//! the next one.
//!
//! Records of bytes one behind the other, each `<length> <crc32> <bytes>` (4 bytes each, little endian), found by the place that
//! [`Readings::add`] gave. The last one is a table of contents, and behind it stand its place (8 bytes) and [`SEAL`]. Nothing that was
//! planned needs the file: it can be deleted at any time, and what is damaged in it is read anew from the sources.

use super::error::{LedgerError, Part};
use super::home;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes of length and checksum.
const HEAD: usize = 8;
/// Bytes that are read at once: most records are shorter.
const GLANCE: usize = 640;
/// Bytes that are written at once.
const WRITTEN: usize = 1 << 18;
/// Ends a whole file.
const SEAL: &[u8; 8] = b"readings";

/// Records of bytes, written once and read in any order.
#[derive(Debug)]
pub struct Readings {
    path: PathBuf,
    file: File,
    /// What is not written yet, and where in the file it begins.
    pending: Vec<u8>,
    written: u64,
    /// It is still made, and goes when it is dropped.
    is_draft: bool,
}

impl Drop for Readings {
    fn drop(&mut self) {
        if self.is_draft {
            // What stays behind is written over by the next one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Readings {
    /// An empty file in the ledger's directory, which goes again unless it is kept.
    ///
    /// # Errors
    /// What the system refuses.
    pub(crate) fn new(dir: &Path) -> Result<Self, LedgerError> {
        let path = home::new_readings_path(dir);
        let open = home::private_file().read(true).write(true).create(true).truncate(true).open(&path);
        let file = open.map_err(LedgerError::io(&path, "create"))?;
        Ok(Self { path, file, pending: Vec::with_capacity(WRITTEN), written: 0, is_draft: true })
    }

    /// The kept ones of a ledger's directory, with their table of contents; none if there are none, or none that are whole.
    pub(crate) fn kept(dir: &Path) -> Option<(Self, Vec<u8>)> {
        let path = home::readings_path(dir);
        let file = File::open(&path).ok()?;
        let written = file.metadata().ok()?.len();
        let mut end = [0; 16];
        file.read_exact_at(&mut end, written.checked_sub(16)?).ok()?;
        let (place, seal) = end.split_first_chunk::<8>()?;
        if seal != SEAL {
            return None;
        }
        let readings = Self { path, file, pending: Vec::new(), written, is_draft: false };
        let mut contents = Vec::new();
        let length = readings.get(u64::from_le_bytes(*place), &mut contents).ok()?.len();
        contents.drain(..HEAD);
        contents.truncate(length);
        Some((readings, contents))
    }

    /// Keeps them in place of those that were kept before.
    ///
    /// # Errors
    /// What the system refuses, a full disk for one.
    pub fn keep(mut self, contents: &[u8]) -> Result<(), LedgerError> {
        let place = self.add(contents)?;
        self.pending.extend_from_slice(&place.to_le_bytes());
        self.pending.extend_from_slice(SEAL);
        self.flush()?;
        let kept = self.path.parent().map(home::readings_path).unwrap_or_default();
        fs::rename(&self.path, &kept).map_err(LedgerError::io(&kept, "replace"))?;
        self.is_draft = false;
        Ok(())
    }

    /// Calls `each` with every record and its place, in order, after a [`Readings::flush`].
    ///
    /// # Errors
    /// What the system refuses, and damage.
    pub fn walk(&self, mut each: impl FnMut(u64, &[u8])) -> Result<(), LedgerError> {
        let mut stretch = Vec::new();
        let mut at = 0;
        while at < self.written {
            stretch.resize(usize::try_from(self.written - at).unwrap_or(WRITTEN).min(WRITTEN), 0);
            self.file.read_exact_at(&mut stretch, at).map_err(LedgerError::io(&self.path, "read"))?;
            let mut rest = stretch.as_slice();
            while let Some((length, _)) = head(rest)
                && let Some((record, behind)) = rest.split_at_checked(HEAD.saturating_add(length))
            {
                each(at, self.whole(at, record)?);
                at += record.len() as u64;
                rest = behind;
            }
            if rest.len() == stretch.len() {
                // Longer than a stretch.
                let mut buffer = Vec::new();
                let record = self.get(at, &mut buffer)?;
                each(at, record);
                at += (HEAD + record.len()) as u64;
            }
        }
        Ok(())
    }

    /// Adds a record and gives its place.
    ///
    /// # Errors
    /// What the system refuses, a full disk for one.
    pub fn add(&mut self, bytes: &[u8]) -> Result<u64, LedgerError> {
        let place = self.written + self.pending.len() as u64;
        let length = u32::try_from(bytes.len())
            .map_err(|_| LedgerError::io(&self.path, "write")(io::Error::from(io::ErrorKind::InvalidInput)))?;
        self.pending.extend_from_slice(&length.to_le_bytes());
        self.pending.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= WRITTEN {
            self.flush()?;
        }
        Ok(place)
    }

    /// Writes what was added, so that it can be read. Once everything is added, what is set aside for more is given back.
    ///
    /// # Errors
    /// What the system refuses, a full disk for one.
    pub fn flush(&mut self) -> Result<(), LedgerError> {
        let room = |error| LedgerError::io(&self.path, "write")(error).or_full(&self.path, self.written);
        self.file.write_all(&self.pending).map_err(room)?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// As [`Readings::get`]; also the place of the record behind it.
    ///
    /// # Errors
    /// As [`Readings::get`].
    pub fn get_next<'b>(&self, place: u64, buffer: &'b mut Vec<u8>) -> Result<(&'b [u8], u64), LedgerError> {
        let record = self.get(place, buffer)?;
        let next = place + (HEAD + record.len()) as u64;
        Ok((record, next))
    }

    /// The error for a record that is not what was written.
    #[must_use]
    pub fn damaged(&self, place: u64, what: &str) -> LedgerError {
        let (place, what) = (format!("byte {place}"), what.to_owned());
        LedgerError::Damaged { part: Part::Readings, path: self.path.clone(), place, what }
    }

    /// The record at a place that [`Readings::add`] gave, after a [`Readings::flush`]; `buffer` is used for it.
    ///
    /// # Errors
    /// What the system refuses, and damage.
    pub fn get<'b>(&self, place: u64, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], LedgerError> {
        let failed = |error| LedgerError::io(&self.path, "read")(error);
        let damaged = || self.damaged(place, "the checksum does not match");
        buffer.resize(GLANCE, 0);
        let mut got = self.file.read_at(buffer, place).map_err(failed)?;
        let (length, _) = head(buffer.get(..got).unwrap_or_default()).ok_or_else(damaged)?;
        let whole = HEAD.saturating_add(length);
        if whole > got {
            if place + whole as u64 > self.written {
                return Err(damaged());
            }
            buffer.resize(whole, 0);
            let rest = buffer.get_mut(got..).unwrap_or_default();
            self.file.read_exact_at(rest, place + got as u64).map_err(failed)?;
            got = whole;
        }
        self.whole(place, buffer.get(..whole.min(got)).unwrap_or_default())
    }

    /// The bytes of a record with its head, if they are what was written.
    fn whole<'b>(&self, place: u64, record: &'b [u8]) -> Result<&'b [u8], LedgerError> {
        let bytes = record.get(HEAD..).unwrap_or_default();
        match head(record) {
            Some((length, crc)) if length == bytes.len() && crc == crc32fast::hash(bytes) => Ok(bytes),
            _ => Err(self.damaged(place, "the checksum does not match")),
        }
    }
}

/// Length and checksum of a record.
fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, _) = rest.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*length)).ok()?, u32::from_le_bytes(*crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_any_length_are_found_again_in_any_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut readings = Readings::new(dir.path()).unwrap();
        let records: Vec<Vec<u8>> = [0, 1, GLANCE - HEAD - 1, GLANCE - HEAD, GLANCE - HEAD + 1, WRITTEN + 3, 5, 700]
            .map(|length| (0..length).map(|at| u8::try_from((at * 7 + length) % 256).unwrap()).collect())
            .to_vec();
        let places: Vec<u64> = records.iter().map(|record| readings.add(record).unwrap()).collect();
        readings.flush().unwrap();
        let mut buffer = Vec::new();
        for (record, place) in records.iter().zip(&places).rev() {
            assert_eq!(readings.get(*place, &mut buffer).unwrap(), record);
        }
        let beyond = readings.get(places[7] + 708, &mut buffer).unwrap_err();
        assert!(matches!(beyond, LedgerError::Damaged { part: Part::Readings, .. }), "{beyond}");
        assert!(readings.get(places[7] + 1, &mut buffer).is_err());
    }

    #[test]
    fn all_are_walked_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut readings = Readings::new(dir.path()).unwrap();
        let lengths = [0, 5, WRITTEN - HEAD, 1, WRITTEN + 1, 3 * WRITTEN, 0, 2];
        let places: Vec<u64> = lengths.iter().map(|length| readings.add(&vec![7; *length]).unwrap()).collect();
        readings.flush().unwrap();
        let mut walked = Vec::new();
        readings.walk(|place, record| walked.push((place, record.len()))).unwrap();
        assert_eq!(walked, places.into_iter().zip(lengths).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_kept_is_gone_and_what_is_kept_is_found_until_it_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let mut readings = Readings::new(dir.path()).unwrap();
        readings.add(b"some").unwrap();
        drop(readings);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(Readings::kept(dir.path()).is_none());

        let mut readings = Readings::new(dir.path()).unwrap();
        let place = readings.add(b"some").unwrap();
        readings.keep(b"contents").unwrap();
        let (kept, contents) = Readings::kept(dir.path()).unwrap();
        assert_eq!((kept.get(place, &mut Vec::new()).unwrap(), contents.as_slice()), (&b"some"[..], &b"contents"[..]));
        let path = home::readings_path(dir.path());
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(Readings::kept(dir.path()).is_none(), "{length}");
        }
        for at in 12..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 4;
            fs::write(&path, &flipped).unwrap();
            assert!(Readings::kept(dir.path()).is_none(), "{at}");
        }
    }
}
