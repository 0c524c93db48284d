//! Entries, packed into blocks.
//!
//! One by one they cost three times their size, on disk and in sled's memory. Each is encoded for itself, so that reading
//! one does not decode its neighbours.

use super::entry::Entry;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::io::{Read, Write};

/// Entries of a full block; only the last one of a plan may hold fewer.
///
/// sled (0.34.7) gathers up to sixteen blocks in a page. A page of more than 128 KiB it keeps in a file of its own and, counting it as a
/// few bytes, never lets it go from memory again. So blocks are small, and packed.
pub(super) const ENTRIES: u64 = 32;

/// No block is nearly as large.
const MOST_BYTES: u64 = 1 << 28;

/// The block that holds a position.
pub(super) fn block_of(position: u64) -> u64 {
    position / ENTRIES
}

/// Encoded entries in order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Block {
    /// Where each entry ends in `bytes`.
    ends: Vec<usize>,
    bytes: Bytes,
}

impl Block {
    pub(super) fn push(&mut self, entry: &Entry) -> Result<(), postcard::Error> {
        self.bytes.0 = postcard::to_extend(entry, std::mem::take(&mut self.bytes.0))?;
        self.ends.push(self.bytes.0.len());
        Ok(())
    }

    pub(super) fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    pub(super) fn clear(&mut self) {
        self.ends.clear();
        self.bytes.0.clear();
    }

    /// The entry at a place within the block; nothing if there is none that can be read.
    pub(super) fn get(&self, place: u64) -> Option<Entry> {
        let place = usize::try_from(place).ok()?;
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        postcard::from_bytes(self.bytes.0.get(start..*self.ends.get(place)?)?).ok()
    }
}

/// Bytes that are stored packed, and that serde hands over as a whole; it takes a `Vec<u8>` byte by byte.
#[derive(Debug, Default)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        let packed = packed.write_all(&self.0).and_then(|()| packed.finish());
        serializer.serialize_bytes(&packed.map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Bytes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, packed: &[u8]) -> Result<Bytes, E> {
                let mut bytes = Vec::new();
                DeflateDecoder::new(packed).take(MOST_BYTES).read_to_end(&mut bytes).map_err(E::custom)?;
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_bytes(Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Verdict;
    use crate::source::Origin;

    fn entry(number: u64) -> Entry {
        let origin = Origin { source: 0, pieces: Vec::new(), part: 0 };
        let verdict = Verdict::Skipped { cause: "x".repeat(usize::try_from(number).unwrap()) };
        Entry { number, origin, digest: [1; 16], verdict, original_id: None }
    }

    #[test]
    fn each_entry_of_a_block_is_read_for_itself() {
        let mut block = Block::default();
        for number in 0..5 {
            block.push(&entry(number)).unwrap();
        }
        let stored = postcard::to_stdvec(&block).unwrap();
        let read: Block = postcard::from_bytes(&stored).unwrap();
        assert_eq!(read.len(), 5);
        for number in 0..5 {
            assert_eq!(read.get(number).unwrap(), entry(number));
        }
        assert_eq!(read.get(5), None);
        assert_eq!(read.get(u64::MAX), None);
        // A checksum keeps damage from coming so far; if it comes, it is an error all the same.
        let (ends, _): (Vec<usize>, &[u8]) = postcard::take_from_bytes(&stored).unwrap();
        let no_deflate = postcard::to_stdvec(&(ends, &[0xff_u8; 9][..])).unwrap();
        assert!(postcard::from_bytes::<Block>(&no_deflate).is_err());
    }
}
