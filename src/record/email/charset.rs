//! Character sets: declared where the declaration holds, repaired where it does not.

use super::parser;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, WINDOWS_1252, X_USER_DEFINED};
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
/// What says nothing (no charset, US-ASCII, a name nobody knows) is read as UTF-8 if it is UTF-8, otherwise as
/// windows-1252, which is what such mail mostly holds.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> Decoded {
    let mut changes = Vec::new();
    let text = match declared.map_or(Declared::Silent, meaning) {
        Declared::Silent => undeclared(bytes, &mut changes),
        Declared::Unknown(decoder) => decoder.map_or_else(|| undeclared(bytes, &mut changes), |decode| decode(bytes)),
        Declared::Known(encoding) => known(bytes, encoding, &mut changes),
    };
    let mut text = text.strip_prefix('\u{FEFF}').map_or_else(|| text.clone(), str::to_owned);
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
        None => String::from_utf8_lossy(bytes),
    }
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
        Declared::Known(encoding) => encoding.decode(bytes).0.into_owned(),
        Declared::Unknown(Some(decode)) => decode(bytes),
        Declared::Silent | Declared::Unknown(None) => decode_raw_header(bytes).0.into_owned(),
    }
}

/// Is it a charset that neither the WHATWG list nor the parser knows?
pub(super) fn is_unknown(label: &str) -> bool {
    matches!(meaning(label), Declared::Unknown(None))
}

enum Declared {
    /// Says nothing about 8-bit bytes.
    Silent,
    /// A charset of the WHATWG list.
    Known(&'static Encoding),
    /// Another one, for which the parser may have a decoder (UTF-7, IBM850).
    Unknown(Option<fn(&[u8]) -> String>),
}

fn meaning(label: &str) -> Declared {
    let label = label.trim();
    let silent = ["us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "unknown-8bit", "x-unknown", "unknown", "8bit"];
    if label.is_empty() || silent.iter().any(|name| label.eq_ignore_ascii_case(name)) {
        return Declared::Silent;
    }
    match Encoding::for_label(label.as_bytes()) {
        // Not encodings but WHATWG's shields for browsers; they would destroy the text.
        Some(encoding) if encoding == REPLACEMENT || encoding == X_USER_DEFINED => Declared::Silent,
        Some(encoding) => Declared::Known(encoding),
        None => Declared::Unknown(parser::charset_decoder(label)),
    }
}

fn undeclared(bytes: &[u8], changes: &mut Vec<String>) -> String {
    if bytes.is_ascii() {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        changes.push("text without a usable charset read as UTF-8".to_owned());
        return text.to_owned();
    }
    if let Some(encoding) = html_charset(bytes) {
        changes.push(format!("text without a usable charset read as {}, as its HTML says", encoding.name()));
        return encoding.decode(bytes).0.into_owned();
    }
    changes.push("text without a usable charset read as windows-1252".to_owned());
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
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
        changes.push("text declared as UTF-8 read as windows-1252".to_owned());
        return WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned();
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
