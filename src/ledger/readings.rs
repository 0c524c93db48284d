//! What planning has read of each record, in a file beside the index: kept out of memory while a plan is made.
//!
//! Records of bytes one behind the other, each `<length> <crc32> <bytes>` (4 bytes each, little endian), found again by the place that
//! [`Readings::add`] gave. Nothing here is needed by what was planned: the file can be deleted at any time.

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

/// Records of bytes, written once and read in any order.
#[derive(Debug)]
pub struct Readings {
    path: PathBuf,
    file: File,
    /// What is not written yet, and where in the file it begins.
    pending: Vec<u8>,
    written: u64,
}

impl Readings {
    /// An empty file in the ledger's directory. It has a name only until it is open: whatever ends the process, nothing is left.
    ///
    /// # Errors
    /// What the system refuses.
    pub(crate) fn new(dir: &Path) -> Result<Self, LedgerError> {
        let path = home::readings_path(dir);
        let open = home::private_file().read(true).write(true).create(true).truncate(true).open(&path);
        let file = open.map_err(LedgerError::io(&path, "create"))?;
        fs::remove_file(&path).map_err(LedgerError::io(&path, "remove the name of"))?;
        Ok(Self { path, file, pending: Vec::with_capacity(WRITTEN), written: 0 })
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
        let (length, crc) = head(buffer.get(..got).unwrap_or_default()).ok_or_else(damaged)?;
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
        let bytes = buffer.get(HEAD..whole.min(got)).unwrap_or_default();
        if crc32fast::hash(bytes) == crc { Ok(bytes) } else { Err(damaged()) }
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
            .map(|length| (0..length).map(|at| (at * 7 + length) as u8).collect())
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
    fn nothing_is_left_of_it_in_the_ledger() {
        let dir = tempfile::tempdir().unwrap();
        let mut readings = Readings::new(dir.path()).unwrap();
        readings.add(b"some").unwrap();
        readings.flush().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
