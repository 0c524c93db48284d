//! The requests as received, one JSON line each, in one append-only file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where a line lies.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Place {
    at: u64,
    len: u32,
}

impl Place {
    /// Bytes of the line.
    pub(in super::super) fn len(self) -> u64 {
        u64::from(self.len)
    }
}

/// One file of a message.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(in super::super) struct Attachment {
    pub(in super::super) filename: String,
    pub(in super::super) content_type: String,
    pub(in super::super) size: u64,
    /// In hexadecimal.
    pub(in super::super) sha256: String,
    /// By what the text names it, if it stands within the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) cid: Option<String>,
}

/// What of a line is needed to show its message.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Stored {
    pub(in super::super) external_id: String,
    pub(in super::super) request: Map<String, Value>,
    pub(in super::super) attachments: Vec<Attachment>,
    /// Body and files were not kept.
    #[serde(default)]
    pub(in super::super) forgotten: bool,
}

/// The writing end.
pub(super) struct Log {
    file: File,
    len: u64,
}

/// The reading end.
pub(in super::super) struct LogReader(Mutex<File>);

pub(super) fn create(path: &Path) -> io::Result<(Log, LogReader)> {
    let file = OpenOptions::new().append(true).create_new(true).open(path)?;
    Ok((Log { file, len: 0 }, LogReader(Mutex::new(File::open(path)?))))
}

impl Log {
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<Place> {
        let len = u32::try_from(line.len()).map_err(io::Error::other)?;
        if let Err(error) = self.file.write_all(line) {
            // What was written of the line must go, or all later places would be off.
            self.file.set_len(self.len)?;
            return Err(error);
        }
        let place = Place { at: self.len, len };
        self.len += u64::from(len);
        Ok(place)
    }
}

impl LogReader {
    pub(in super::super) fn read<T: DeserializeOwned>(&self, place: Place) -> io::Result<T> {
        let mut line = vec![0; place.len as usize];
        {
            let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(place.at))?;
            file.read_exact(&mut line)?;
        }
        serde_json::from_slice(&line).map_err(io::Error::other)
    }
}
