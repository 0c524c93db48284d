//! Reading at a place. All readers of this module share files without sharing a cursor.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes that can be read at any offset. A file, or in tests something that fails on purpose.
pub(super) trait ReadAt {
    /// Reads some bytes at `offset`; 0 means the end. May read fewer than asked.
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for File {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_some(buffer, offset)
    }
}

impl ReadAt for [u8] {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

/// Fills `buffer` from `offset` on; returns how much there was before the end.
pub(super) fn fill(file: &impl ReadAt, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_some(rest, offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads exactly `length` bytes at `offset`. The caller has checked that `length` is reasonable to hold.
///
/// # Errors
/// `UnexpectedEof` if the file ends before.
pub(super) fn exactly(file: &impl ReadAt, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut bytes = vec![0; length];
    if fill(file, &mut bytes, offset)? < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends earlier than expected"));
    }
    Ok(bytes)
}
