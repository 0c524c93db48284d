//! yEnc 1.3 (yenc.org/yenc-draft.1.3.txt): files as 8-bit text, as news programs write them.

use super::enclosed::{Enclosed, lines};
use std::ops::Range;

/// What every byte was raised by.
const SHIFT: u8 = 42;
/// What an escaped byte was raised by beside that.
const ESCAPED: u8 = 64;

/// Decodes the file that begins with the line at `start` of `text`; none if what stands there is no yEnc file.
/// The range is what it took.
pub(super) fn read(text: &[u8], start: usize) -> Option<(Enclosed, Range<usize>)> {
    let mut rest = lines(text, start).peekable();
    let head = rest.next()?;
    let keys = head.text.strip_prefix(b"=ybegin ")?;
    // The name is the last key and may hold blanks.
    let at = memchr::memmem::find(keys, b"name=")?;
    let name = super::charset::decode_raw_header(keys.get(at + 5..)?.trim_ascii()).0.into_owned();
    let mut size = number(keys, b"size=")?;
    let part = number(keys, b"part=");
    let mut end = head.end;
    if let Some(line) = rest.next_if(|line| line.text.starts_with(b"=ypart ")) {
        let (first, last) = (number(line.text, b"begin=")?, number(line.text, b"end=")?);
        size = last.checked_sub(first)?.checked_add(1)?;
        end = line.end;
    }
    let mut content = Vec::new();
    let mut trailer = None;
    for line in rest {
        end = line.end;
        if let Some(keys) = line.text.strip_prefix(b"=yend") {
            trailer = Some(keys);
            break;
        }
        decode_line(line.text, &mut content);
        // Far over its size: its trailer is lost, and what follows is something else.
        if content.len() as u64 > size.saturating_mul(2).saturating_add(1024) {
            break;
        }
    }
    let damage = match trailer {
        None => Some("it has no end: it may have been cut"),
        Some(_) if content.len() as u64 != size => Some("its size is not the one it states"),
        Some(keys) if checksum(keys, part.is_some()).is_some_and(|stated| stated != crc32fast::hash(&content)) => {
            Some("its checksum (CRC-32) is not the one it states")
        }
        Some(_) if part.is_some() => Some("it is one part of a larger file"),
        Some(_) => None,
    };
    let name = if name.is_empty() { "attachment.bin".to_owned() } else { name };
    Some((Enclosed { name, content, damage }, start..end))
}

fn decode_line(line: &[u8], content: &mut Vec<u8>) {
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (plain, escaped) = rest.split_at(at);
        content.extend(plain.iter().map(|byte| byte.wrapping_sub(SHIFT)));
        let Some(byte) = escaped.get(1) else { return };
        content.push(byte.wrapping_sub(ESCAPED).wrapping_sub(SHIFT));
        rest = escaped.get(2..).unwrap_or_default();
    }
    content.extend(rest.iter().map(|byte| byte.wrapping_sub(SHIFT)));
}

/// The decimal value behind `key`, which must stand at the start or behind a blank.
fn number(keys: &[u8], key: &[u8]) -> Option<u64> {
    std::str::from_utf8(value(keys, key)?).ok()?.parse().ok()
}

/// A part is checked by `pcrc32`, a whole file by `crc32`.
fn checksum(keys: &[u8], is_part: bool) -> Option<u32> {
    let stated = value(keys, if is_part { b"pcrc32=" } else { b"crc32=" })?;
    u32::from_str_radix(std::str::from_utf8(stated).ok()?, 16).ok()
}

fn value<'a>(keys: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let words = || keys.split(u8::is_ascii_whitespace);
    words().find_map(|word| word.strip_prefix(key))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Plain reference encoder.
    pub(in super::super) fn encode(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut text = format!("=ybegin line=128 size={} name={name}\r\n", bytes.len()).into_bytes();
        for line in bytes.chunks(128) {
            for byte in line {
                let raised = byte.wrapping_add(SHIFT);
                if matches!(raised, 0 | b'\n' | b'\r' | b'=') {
                    text.extend([b'=', raised.wrapping_add(ESCAPED)]);
                } else {
                    text.push(raised);
                }
            }
            text.extend_from_slice(b"\r\n");
        }
        let end = format!("=yend size={} crc32={:08x}\r\n", bytes.len(), crc32fast::hash(bytes));
        text.extend_from_slice(end.as_bytes());
        text
    }

    #[test]
    fn a_wrong_size_or_checksum_is_said_and_the_file_kept() {
        let text = String::from_utf8(encode("a.bin", b"12345")).unwrap();
        let damage = |text: &str| read(text.as_bytes(), 0).unwrap().0.damage;
        assert_eq!(damage(&text), None);
        assert!(damage(&text.replace("size=5 name", "size=6 name")).unwrap().contains("size"));
        let crc = format!("{:08x}", crc32fast::hash(b"12345"));
        assert!(damage(&text.replace(&crc, "00000001")).unwrap().contains("CRC"));
        assert!(damage(&text.replace("=yend", "=yond")).unwrap().contains("no end"));
    }

    #[test]
    fn one_part_of_many_is_named_as_such() {
        let text = b"=ybegin part=1 line=128 size=10 name=a b.bin\r\n=ypart begin=1 end=2\r\n\x8b\x8c\r\n=yend size=2 part=1\r\n";
        let (found, place) = read(text, 0).unwrap();
        assert_eq!((found.name.as_str(), &found.content[..]), ("a b.bin", &b"ab"[..]));
        assert!(found.damage.unwrap().contains("one part") && place == (0..text.len()));
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let text = encode("a b.bin", &bytes);
            let (found, place) = read(&text, 0).unwrap();
            prop_assert_eq!((found.name.as_str(), found.content, found.damage), ("a b.bin", bytes, None));
            prop_assert_eq!(place, 0..text.len());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&[b"=ybegin line=1 size=3 name=a\n", bytes.as_slice()].concat(), 0);
        }
    }
}
