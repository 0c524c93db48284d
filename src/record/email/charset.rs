//! Character sets: declared where the declaration holds, repaired where it does not.

use super::charset_names::{Meaning, meaning};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Text, and what had to be done to get it.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The text, without NUL and byte order mark.
    pub(super) text: String,
    /// What was changed, in words; empty for text that is as declared.
    pub(super) changes: Vec<String>,
}

/// Decodes the text of a part.
///
/// What says nothing (no charset, US-ASCII, a name nobody knows) is read as UTF-8 if it is UTF-8, then as its HTML
/// says, then as what it looks like, which is windows-1252 for most of such mail.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> Decoded {
    let mut changes = Vec::new();
    let mut text = match declared.map_or(Meaning::Silent, meaning) {
        Meaning::Silent | Meaning::Unknown => undeclared(bytes, &mut changes),
        Meaning::Rare(decode) => decode(bytes),
        Meaning::Known(encoding) => known(bytes, encoding, &mut changes),
        Meaning::Utf16 => known(bytes, byte_order(bytes), &mut changes),
        Meaning::Utf32(is_little) => utf_32(bytes, is_little),
    };
    if text.starts_with('\u{FEFF}') {
        text.remove(0);
    }
    if memchr::memchr(0, text.as_bytes()).is_some() {
        text.retain(|character| character != '\0');
        changes.push("NUL characters removed from the text".to_owned());
    }
    Decoded { text, changes }
}

/// Decodes by declaration alone, without repair: what identity is made of must not change when repair gets better.
pub(super) fn decode_plainly<'a>(bytes: &'a [u8], declared: Option<&str>) -> Cow<'a, str> {
    match declared.and_then(|label| Encoding::for_label_no_replacement(label.trim().as_bytes())) {
        Some(encoding) => encoding.decode(bytes).0,
        None => lossy(bytes),
    }
}

/// As [`String::from_utf8_lossy`], and faster where nothing is lost.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Decodes a header's bytes: UTF-8 (RFC 6532) or, failing that, windows-1252. True if the latter was needed.
pub(super) fn decode_raw_header(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
    }
}

/// Decodes the bytes of encoded words of one charset.
pub(super) fn decode_word(bytes: &[u8], label: &str) -> String {
    match meaning(label) {
        Meaning::Known(encoding) => encoding.decode(bytes).0.into_owned(),
        Meaning::Utf16 => byte_order(bytes).decode(bytes).0.into_owned(),
        Meaning::Utf32(is_little) => utf_32(bytes, is_little),
        Meaning::Rare(decode) => decode(bytes),
        Meaning::Silent | Meaning::Unknown => decode_raw_header(bytes).0.into_owned(),
    }
}

/// Is it a charset that nobody here knows?
pub(super) fn is_unknown(label: &str) -> bool {
    matches!(meaning(label), Meaning::Unknown)
}

fn undeclared(bytes: &[u8], changes: &mut Vec<String>) -> String {
    if bytes.is_ascii() {
        return seven_bit(bytes, changes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        changes.push("text without a usable charset read as UTF-8".to_owned());
        return text.to_owned();
    }
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        changes.push(format!("text without a usable charset read as {}, as its byte order mark says", encoding.name()));
        return encoding.decode(bytes).0.into_owned();
    }
    if let Some(encoding) = html_charset(bytes) {
        changes.push(format!("text without a usable charset read as {}, as its HTML says", encoding.name()));
        return encoding.decode(bytes).0.into_owned();
    }
    let (encoding, text) = guessed(bytes);
    changes.push(format!("text without a usable charset read as {}", encoding.name()));
    text
}

/// ASCII, unless its escape sequences say that it is Japanese (RFC 1468), which such mail often does not declare.
fn seven_bit(bytes: &[u8], changes: &mut Vec<String>) -> String {
    if memchr::memchr(0x1b, bytes).is_none() {
        return lossy(bytes).into_owned();
    }
    let is_japanese =
        [b"\x1b$B".as_slice(), b"\x1b$@", b"\x1b(J"].iter().any(|mark| memchr::memmem::find(bytes, mark).is_some());
    if is_japanese {
        let (text, damaged) = ISO_2022_JP.decode_without_bom_handling(bytes);
        if !damaged {
            changes.push("text without a usable charset read as ISO-2022-JP".to_owned());
            return text.into_owned();
        }
    }
    lossy(bytes).into_owned()
}

/// Reads bytes that are not UTF-8 as what they look like; windows-1252 if the look does not fit after all.
fn guessed(bytes: &[u8]) -> (&'static Encoding, String) {
    let encoding = look(bytes);
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    if damaged {
        return (WINDOWS_1252, WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned());
    }
    (encoding, text.into_owned())
}

/// The charset that bytes which are not UTF-8 look most like.
fn look(bytes: &[u8]) -> &'static Encoding {
    /// More would not change the guess.
    const SAMPLE: usize = 1 << 20;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes.get(..bytes.len().min(SAMPLE)).unwrap_or_default(), true);
    detector.guess(None, Utf8Detection::Deny)
}

/// The byte order of UTF-16 without a mark: blanks and letters of Europe have a zero byte at their high end.
fn byte_order(bytes: &[u8]) -> &'static Encoding {
    if let Some((marked, _)) = Encoding::for_bom(bytes) {
        return if marked == UTF_16LE { UTF_16LE } else { UTF_16BE };
    }
    let zeros = |at: usize| bytes.chunks_exact(2).take(1 << 10).filter(|pair| pair.get(at) == Some(&0)).count();
    if zeros(1) > zeros(0) { UTF_16LE } else { UTF_16BE }
}

/// UTF-32 (Unicode standard, section 3.10); a byte order mark wins over the name.
fn utf_32(bytes: &[u8], is_little: bool) -> String {
    let is_little = match bytes {
        [0xFF, 0xFE, 0, 0, ..] => true,
        [0, 0, 0xFE, 0xFF, ..] => false,
        _ => is_little,
    };
    let number = |four: &[u8]| -> u32 {
        let four = <[u8; 4]>::try_from(four).unwrap_or_default();
        if is_little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }
    };
    bytes.chunks_exact(4).map(|four| char::from_u32(number(four)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The charset that HTML states in its first kilobyte (HTML standard, section 13.2.3.2).
fn html_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(1024))?.to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset=")? + b"charset=".len();
    memchr::memmem::find(head.get(..at)?, b"<meta")?;
    let value = head.get(at..)?;
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':')));
    Encoding::for_label_no_replacement(value.get(..end.unwrap_or(value.len()))?).filter(|found| *found != UTF_8)
}

fn known(bytes: &[u8], encoding: &'static Encoding, changes: &mut Vec<String>) -> String {
    let (text, used, damaged) = encoding.decode(bytes);
    if !damaged {
        return text.into_owned();
    }
    // Declared UTF-8 without one good multi-byte character was never UTF-8.
    if used == UTF_8 && !text.chars().any(|character| !character.is_ascii() && character != '\u{FFFD}') {
        let (encoding, text) = html_charset(bytes)
            .map_or_else(|| guessed(bytes), |encoding| (encoding, encoding.decode(bytes).0.into_owned()));
        changes.push(format!("text declared as UTF-8 read as {}", encoding.name()));
        return text;
    }
    // The other way round: text of several bytes a character that breaks its own rules and keeps those of UTF-8.
    if used != UTF_8
        && !used.is_single_byte()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        changes.push(format!("text declared as {} read as UTF-8", used.name()));
        return text.to_owned();
    }
    // Where half of what is beyond ASCII does not exist in a charset of single bytes, it was another one. Less is damage.
    let beyond = text.chars().filter(|character| !character.is_ascii()).count();
    let misfits = text.chars().filter(|character| *character == char::REPLACEMENT_CHARACTER).count();
    if used.is_single_byte() && misfits * 2 >= beyond {
        let look = look(bytes);
        let (text, damaged) = look.decode_without_bom_handling(bytes);
        if !damaged {
            changes.push(format!("text declared as {} read as {}", used.name(), look.name()));
            return text.into_owned();
        }
    }
    changes.push(format!("bytes that do not fit the declared {} replaced by U+FFFD", used.name()));
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(bytes: &[u8], declared: Option<&str>) -> (String, usize) {
        let decoded = decode(bytes, declared);
        (decoded.text, decoded.changes.len())
    }

    #[test]
    fn a_good_declaration_is_followed_without_a_word() {
        assert_eq!(plain(b"caf\xE9", Some("iso-8859-1")), ("café".into(), 0));
        assert_eq!(plain("café".as_bytes(), Some("UTF-8")), ("café".into(), 0));
        assert_eq!(plain(b"\x1b$B%O\x1b(B", Some("iso-2022-jp")), ("ハ".into(), 0));
        assert_eq!(plain(b"+ZYeB9FH6-", Some("utf-7")).1, 0);
        assert_eq!(plain(b"plain", Some("us-ascii")), ("plain".into(), 0));
    }

    #[test]
    fn eight_bit_text_without_charset_is_repaired_and_said() {
        assert_eq!(plain("café".as_bytes(), None), ("café".into(), 1));
        assert_eq!(plain(b"caf\xE9 \x80", Some("us-ascii")), ("café €".into(), 1));
        assert_eq!(plain(b"caf\xE9", Some("x-no-such-charset")), ("café".into(), 1));
        assert_eq!(plain(b"<meta charset=\"koi8-r\">\xF0", None), ("<meta charset=\"koi8-r\">П".into(), 1));
    }

    #[test]
    fn latin1_declared_as_utf8_is_read_and_mixed_damage_is_marked() {
        assert_eq!(plain(b"caf\xE9", Some("utf-8")), ("café".into(), 1));
        assert_eq!(plain(b"\xC3\xA9 \xE9", Some("utf-8")), ("é \u{FFFD}".into(), 1));
    }

    #[test]
    fn charsets_of_the_world_are_read_as_declared() {
        for (text, label, bytes) in [
            ("\u{65E5}\u{672C}", "iso-2022-jp", &b"\x1b$BF|K\\\x1b(B"[..]),
            ("\u{4E2D}\u{6587}", "gb2312", b"\xD6\xD0\xCE\xC4"),
            ("\u{20029}", "gb18030", b"\x95\x32\x86\x37"),
            ("\u{4E2D}", "big5", b"\xA4\xA4"),
            ("\u{D55C}", "euc-kr", b"\xC7\xD1"),
            ("\u{41F}\u{440}", "koi8-r", b"\xF0\xD2"),
            ("\u{41F}\u{440}", "windows-1251", b"\xCF\xF0"),
            ("\u{20AC}", "iso-8859-1", b"\x80"),
            ("\u{20AC}", "iso-8859-15", b"\xA4"),
            ("h\u{E9}", "utf-16", b"\xFF\xFEh\0\xE9\0"),
            ("h\u{E9}", "utf-16", b"h\0\xE9\0"),
            ("h\u{E9}", "utf-16", b"\0h\0\xE9"),
            ("h\u{E9}", "utf-32", b"\0\0\0h\0\0\0\xE9"),
            ("\u{65E5}\u{672C}", "utf-7", b"+ZeVnLA-"),
        ] {
            assert_eq!(plain(bytes, Some(label)), (text.to_owned(), 0), "{label}");
        }
    }

    #[test]
    fn undeclared_text_is_read_as_what_it_looks_like() {
        let russian = encoding_rs::KOI8_R.encode("\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43A}\u{430}\u{43A} \u{434}\u{435}\u{43B}\u{430}? \u{41F}\u{438}\u{448}\u{438} \u{43C}\u{43D}\u{435} \u{441}\u{43A}\u{43E}\u{440}\u{43E}.").0.into_owned();
        for declared in [None, Some("us-ascii"), Some("x-unknown"), Some("utf-8")] {
            let (text, changes) = plain(&russian, declared);
            assert!(
                text.starts_with("\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442}") && changes == 1,
                "{declared:?}: {text}"
            );
        }
        assert_eq!(plain(b"\x1b$BF|K\\\x1b(B", Some("us-ascii")), ("\u{65E5}\u{672C}".into(), 1));
    }

    #[test]
    fn a_declared_charset_without_such_characters_gives_way_to_what_the_text_looks_like() {
        let german = b"Wir w\xFCrden uns freuen, wenn Sie uns f\xFCr die Gr\xFC\xDFe und M\xFChe zur\xFCckschreiben.";
        let (text, changes) = plain(german, Some("windows-874"));
        assert_eq!((text.contains("w\u{FC}rden") && text.contains("Gr\u{FC}\u{DF}e"), changes), (true, 1), "{text}");
        let greek = [encoding_rs::WINDOWS_1253.encode("\u{39A}\u{3B1}\u{3BB}\u{3B7}\u{3BC}\u{3AD}\u{3C1}\u{3B1} \u{3C3}\u{3B1}\u{3C2}, \u{3C4}\u{3B9} \u{3BA}\u{3AC}\u{3BD}\u{3B5}\u{3C4}\u{3B5};").0.as_ref(), b" \xD2"].concat();
        assert!(plain(&greek, Some("windows-1253")).0.starts_with("\u{39A}\u{3B1}\u{3BB}"));
    }

    #[test]
    fn utf_8_in_the_clothes_of_another_charset_of_many_bytes_is_seen() {
        assert_eq!(plain("caf\u{E9}!".as_bytes(), Some("iso-2022-jp")), ("caf\u{E9}!".into(), 1));
    }

    #[test]
    fn nul_and_byte_order_mark_go() {
        assert_eq!(plain(b"a\0b", None), ("ab".into(), 1));
        assert_eq!(plain(b"\xEF\xBB\xBFab", Some("utf-8")), ("ab".into(), 0));
    }

    #[test]
    fn plain_decoding_never_repairs() {
        assert_eq!(decode_plainly(b"caf\xE9", None), "caf\u{FFFD}");
        assert_eq!(decode_plainly(b"caf\xE9", Some("latin1")), "café");
    }
}
