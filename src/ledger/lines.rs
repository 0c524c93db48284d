//! The journal's lines: `<crc32, 8 hex digits> <JSON>\n`.
//!
//! The checksum is over the line's place (its first byte in the file, as 8 bytes, the highest first) and its JSON. So a whole line
//! that was taken out, put in, doubled or swapped is noticed as well as a flipped bit: every line behind it stands at
//! another place than its checksum says. And a line can be checked alone, wherever it is read.

use memchr::{memchr, memchr_iter};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Longer lines are never written, so a longer one is damage; without the limit a damaged file could fill the memory.
pub(super) const LONGEST: usize = 1 << 20;
const CRC_DIGITS: usize = 8;
const BLOCK: usize = 256 << 10;

/// Appends to `out` the line that will begin at byte `offset` of the file. Returns its checksum.
pub(super) fn write_line(out: &mut Vec<u8>, json: &[u8], offset: u64) -> u32 {
    let checksum = checksum(json, offset);
    out.extend_from_slice(format!("{checksum:08x} ").as_bytes());
    out.extend_from_slice(json);
    out.push(b'\n');
    checksum
}

/// The JSON of the line (without its newline) that begins at byte `offset`, if the checksum agrees.
pub(super) fn json_of(line: &[u8], offset: u64) -> Option<&[u8]> {
    let (written, json) = parts(line)?;
    (written == checksum(json, offset)).then_some(json)
}

/// Which of these places a line was written for, and its JSON; nothing if it is damaged itself.
pub(super) fn json_elsewhere(line: &[u8], mut offsets: impl Iterator<Item = u64>) -> Option<(u64, &[u8])> {
    let (written, json) = parts(line)?;
    let offset = offsets.find(|offset| written == checksum(json, *offset))?;
    Some((offset, json))
}

/// The checksum that stands in a line.
pub(super) fn checksum_in(line: &[u8]) -> Option<u32> {
    Some(parts(line)?.0)
}

/// The number, from 1, of the line that begins at byte `offset` of a file. Reads all that is before it.
pub(super) fn number_at(path: &Path, offset: u64) -> io::Result<u64> {
    let mut before = File::open(path)?.take(offset);
    let mut block = vec![0; BLOCK];
    let mut number = 1;
    loop {
        let read = before.read(&mut block)?;
        if read == 0 {
            return Ok(number);
        }
        number += memchr_iter(b'\n', block.get(..read).unwrap_or_default()).count() as u64;
    }
}

/// A line's checksum as written, and its JSON.
fn parts(line: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = line.split_at_checked(CRC_DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    // Only what is written is read: `from_str_radix` would also take a sign and capitals.
    let is_ours = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let written = std::str::from_utf8(digits).ok().filter(|_| is_ours);
    Some((u32::from_str_radix(written?, 16).ok()?, json))
}

fn checksum(json: &[u8], offset: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&offset.to_be_bytes());
    hasher.update(json);
    hasher.finalize()
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
        write_line(&mut line, br#"{"unsent":{"external_id":"tl1-a"}}"#, 700);
        assert_eq!(line.pop(), Some(b'\n'));
        assert!(json_of(&line, 700).is_some());
        for place in 0..line.len() {
            for bit in 0..8 {
                let mut flipped = line.clone();
                flipped[place] ^= 1 << bit;
                assert_eq!(json_of(&flipped, 700), None, "byte {place} bit {bit}");
            }
        }
    }

    #[test]
    fn a_line_at_another_place_is_not_the_line_that_was_written() {
        let mut line = Vec::new();
        write_line(&mut line, b"{}", 700);
        let line = &line[..line.len() - 1];
        for offset in [0, 699, 701, 1 << 40] {
            assert_eq!(json_of(line, offset), None);
        }
        assert_eq!(json_elsewhere(line, 690..710), Some((700, &b"{}"[..])));
        assert_eq!(json_elsewhere(line, 701..710), None);
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
