//! The journal's lines: `<crc32 of the JSON, 8 hex digits> <JSON>\n`.

use memchr::memchr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Longer lines are never written, so a longer one is damage; without the limit a damaged file could fill the memory.
pub(super) const LONGEST: usize = 1 << 20;
const CRC_DIGITS: usize = 8;
const BLOCK: usize = 256 << 10;

/// Appends one line to `out`.
pub(super) fn write_line(out: &mut Vec<u8>, json: &[u8]) {
    out.extend_from_slice(format!("{:08x} ", crc32fast::hash(json)).as_bytes());
    out.extend_from_slice(json);
    out.push(b'\n');
}

/// The JSON of a line (without its newline), if the checksum agrees.
pub(super) fn json_of(line: &[u8]) -> Option<&[u8]> {
    let (digits, rest) = line.split_at_checked(CRC_DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    let written = std::str::from_utf8(digits).ok().and_then(|text| u32::from_str_radix(text, 16).ok())?;
    (written == crc32fast::hash(json)).then_some(json)
}

/// One stretch of the file up to a newline or the end.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// First byte in the file.
    pub(super) offset: u64,
    /// Number of the line, from 1, counted from where reading began.
    pub(super) number: u64,
    /// Content without the newline; empty if it was longer than [`LONGEST`].
    pub(super) bytes: &'a [u8],
    /// Does a newline end it?
    pub(super) complete: bool,
    /// Where the next line begins.
    pub(super) end: u64,
}

/// Reads lines one after the other in bounded memory.
pub(super) struct Lines {
    file: File,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    offset: u64,
    number: u64,
}

impl Lines {
    /// Reads on from `offset`, which must be the beginning of a line.
    pub(super) fn from(mut file: File, offset: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file, buffer: vec![0; BLOCK], start: 0, filled: 0, offset, number: 0 })
    }

    /// The next line; `None` at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let offset = self.offset;
        let mut searched = 0;
        let mut dropped = false;
        let (length, complete) = loop {
            let held = self.buffer.get(self.start..self.filled).unwrap_or_default();
            if let Some(found) = held.get(searched..).and_then(|fresh| memchr(b'\n', fresh)) {
                break (searched + found, true);
            }
            searched = held.len();
            if searched > LONGEST {
                // Nobody may see these bytes as a line: let them go and look for its end.
                self.offset += searched as u64;
                (self.start, self.filled, searched, dropped) = (0, 0, 0, true);
            }
            if !self.fill()? {
                break (self.filled - self.start, false);
            }
        };
        let taken = length + usize::from(complete);
        if taken == 0 && !dropped {
            return Ok(None);
        }
        let bytes = self.start..self.start + length;
        self.start += taken;
        self.offset += taken as u64;
        self.number += 1;
        let bytes = if dropped { &[] } else { self.buffer.get(bytes).unwrap_or_default() };
        Ok(Some(Line { offset, number: self.number, bytes, complete, end: self.offset }))
    }

    /// Reads more behind what is held; false at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match self.file.read(room) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn read_all(bytes: &[u8]) -> Vec<(u64, Vec<u8>, bool)> {
        let mut lines = Lines::from(file_of(bytes), 0).unwrap();
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.offset, line.bytes.to_vec(), line.complete));
        }
        all
    }

    #[test]
    fn every_byte_of_a_line_is_under_the_checksum() {
        let mut line = Vec::new();
        write_line(&mut line, br#"{"unsent":{"external_id":"tl1-a"}}"#);
        assert_eq!(line.pop(), Some(b'\n'));
        assert!(json_of(&line).is_some());
        for place in 0..line.len() {
            let mut flipped = line.clone();
            flipped[place] ^= 1;
            assert_eq!(json_of(&flipped), None, "byte {place}");
        }
    }

    #[test]
    fn a_line_without_end_is_not_held_in_memory() {
        let mut bytes = vec![b'x'; 5 * LONGEST];
        bytes.extend_from_slice(b"\nshort\n");
        let mut lines = Lines::from(file_of(&bytes), 0).unwrap();
        let first = lines.next().unwrap().unwrap();
        assert_eq!((first.offset, first.bytes.len(), first.complete), (0, 0, true));
        let second = lines.next().unwrap().unwrap();
        assert_eq!((second.offset, second.bytes, second.number), (5 * LONGEST as u64 + 1, &b"short"[..], 2));
        assert!(lines.next().unwrap().is_none());
        assert!(lines.buffer.len() <= 4 * LONGEST);
    }

    proptest! {
        #[test]
        fn lines_are_what_splitting_at_newlines_gives(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..400),
            repeat in 1..1500_usize,
        ) {
            let bytes = bytes.repeat(repeat);
            let mut expected = Vec::new();
            let mut offset = 0;
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                let complete = piece.ends_with(b"\n");
                expected.push((offset, piece[..piece.len() - usize::from(complete)].to_vec(), complete));
                offset += piece.len() as u64;
            }
            prop_assert_eq!(read_all(&bytes), expected);
        }
    }
}
