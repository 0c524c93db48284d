//! Values with a checksum over key and content: sled checks its pages when it loads them, and no more.

use super::error::{LedgerError, Part};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;
use std::path::Path;

const CRC: usize = 4;

/// The bytes to store under `key`.
pub(super) fn seal<T: Serialize>(dir: &Path, key: &[u8], value: &T) -> Result<Vec<u8>, LedgerError> {
    let mut bytes = postcard::to_stdvec(value)
        .map_err(|error| LedgerError::io(dir, "write")(std::io::Error::other(error.to_string())))?;
    bytes.extend_from_slice(&checksum(key, &bytes).to_le_bytes());
    Ok(bytes)
}

/// The value stored under `key`; damage is an error, never a wrong value.
pub(super) fn unseal<T: DeserializeOwned>(dir: &Path, key: &[u8], bytes: &[u8]) -> Result<T, LedgerError> {
    let damaged = |what: &str| LedgerError::Damaged {
        part: Part::Index,
        path: dir.to_path_buf(),
        place: format!("key {}", shown(key)),
        what: what.into(),
    };
    let (value, crc) = bytes.split_last_chunk::<CRC>().ok_or_else(|| damaged("the value is too short"))?;
    if u32::from_le_bytes(*crc) != checksum(key, value) {
        return Err(damaged("the checksum of the value does not match"));
    }
    postcard::from_bytes(value).map_err(|_| damaged("the value has another form than this version writes"))
}

fn checksum(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

fn shown(key: &[u8]) -> String {
    key.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_a_shorter_value_and_another_key_are_all_noticed() {
        let dir = Path::new("sled");
        let value = ("tl1-a".to_owned(), 77_u64);
        let bytes = seal(dir, b"key", &value).unwrap();
        assert_eq!(unseal::<(String, u64)>(dir, b"key", &bytes).unwrap(), value);
        assert!(unseal::<(String, u64)>(dir, b"kez", &bytes).is_err());
        for length in 0..bytes.len() {
            assert!(unseal::<(String, u64)>(dir, b"key", &bytes[..length]).is_err());
        }
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 0x10;
            let error = unseal::<(String, u64)>(dir, b"key", &flipped).unwrap_err();
            assert!(error.is_index_damage() && error.to_string().contains("key 6b6579"), "{error}");
        }
    }
}
