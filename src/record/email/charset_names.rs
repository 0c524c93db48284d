//! Names of character sets as mails write them: those of the WHATWG list, and what else is meant by them.

use super::parser;
use encoding_rs::{Encoding, REPLACEMENT, UTF_16BE, UTF_16LE, X_USER_DEFINED};

/// What a declared name means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// Nothing about 8-bit bytes.
    Silent,
    /// A charset that nobody here knows.
    Unknown,
    /// A charset of the WHATWG list.
    Known(&'static Encoding),
    /// UTF-16 whose byte order only the text can show.
    Utf16,
    /// UTF-32, big endian unless a byte order mark says otherwise; true for `utf-32le`.
    Utf32(bool),
    /// Another one for which the parser has a decoder (UTF-7, IBM850).
    Rare(fn(&[u8]) -> String),
}

/// Names that say nothing.
const SILENT: [&str; 12] = [
    "",
    "usascii",
    "ascii",
    "ansix341968",
    "iso646us",
    "unknown8bit",
    "xunknown",
    "unknown",
    "8bit",
    "7bit",
    "default",
    "none",
];

/// What `label` means. Case, blanks, quotes and hyphens do not matter.
pub(super) fn meaning(label: &str) -> Meaning {
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'));
    let bare: String = label.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if SILENT.contains(&bare.as_str()) {
        return Meaning::Silent;
    }
    match bare.as_str() {
        // Without a mark the WHATWG list takes UTF-16 for little endian, RFC 2781 section 4.3 for big endian.
        "utf16" | "unicode" | "iso10646ucs2" | "ucs2" => return Meaning::Utf16,
        "utf16le" => return Meaning::Known(UTF_16LE),
        "utf16be" => return Meaning::Known(UTF_16BE),
        "utf32" | "utf32be" | "ucs4" | "iso10646ucs4" => return Meaning::Utf32(false),
        "utf32le" => return Meaning::Utf32(true),
        _ => {}
    }
    match Encoding::for_label(label.as_bytes()).or_else(|| Encoding::for_label(usual(&bare)?.as_bytes())) {
        // Not encodings but WHATWG's shields for browsers; they would destroy the text.
        Some(encoding) if encoding == REPLACEMENT || encoding == X_USER_DEFINED => Meaning::Silent,
        Some(encoding) => Meaning::Known(encoding),
        None => parser::charset_decoder(label)
            .or_else(|| parser::charset_decoder(&format!("ibm{}", digits(&bare)?)))
            .map_or(Meaning::Unknown, Meaning::Rare),
    }
}

/// The WHATWG name of a charset with a sloppy one: `cp-1252`, `win1251`, `8859-1`, `latin-1`, `utf8mb4`.
fn usual(bare: &str) -> Option<String> {
    if bare.starts_with("utf8") || bare == "unicode11utf8" {
        return Some("utf-8".to_owned());
    }
    let number = digits(bare)?;
    let stem = bare.strip_suffix(number)?;
    let name = match (stem, number) {
        (_, "932" | "943") | ("xsjis" | "sjis", _) => "shift_jis".to_owned(),
        (_, "936") => "gbk".to_owned(),
        (_, "949") => "euc-kr".to_owned(),
        (_, "950") => "big5".to_owned(),
        (_, "65001") => "utf-8".to_owned(),
        (_, "866") => "ibm866".to_owned(),
        (_, "874") => "windows-874".to_owned(),
        (_, "20866") => "koi8-r".to_owned(),
        (_, "21866") => "koi8-u".to_owned(),
        (_, "54936" | "18030") => "gb18030".to_owned(),
        (_, "20127") => return None,
        (_, page) if page.len() == 4 && page.starts_with("125") => format!("windows-{page}"),
        (_, page) if page.len() == 5 && page.starts_with("2859") => format!("iso-8859-{}", page.get(4..)?),
        (_, page) if bare.contains("8859") => {
            let part = page.strip_prefix("8859").unwrap_or(page).trim_start_matches('0');
            format!("iso-8859-{part}")
        }
        ("latin" | "isolatin", part) => format!("latin{part}"),
        _ => return None,
    };
    Some(name)
}

/// The digits at the end.
fn digits(bare: &str) -> Option<&str> {
    let number = bare.get(bare.trim_end_matches(|c: char| c.is_ascii_digit()).len()..)?;
    (!number.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(label: &str) -> String {
        match meaning(label) {
            Meaning::Known(encoding) => encoding.name().to_owned(),
            other => format!("{other:?}").split('(').next().unwrap().to_owned(),
        }
    }

    #[test]
    fn sloppy_names_are_understood() {
        for (label, expected) in [
            ("iso-8859-1 ", "windows-1252"),
            ("\"UTF-8\"", "UTF-8"),
            ("utf8mb4", "UTF-8"),
            ("ISO8859_15", "ISO-8859-15"),
            ("8859-2", "ISO-8859-2"),
            ("cp-1251", "windows-1251"),
            ("win1250", "windows-1250"),
            ("windows1257", "windows-1257"),
            ("cp932", "Shift_JIS"),
            ("ms949", "EUC-KR"),
            ("cp65001", "UTF-8"),
            ("latin-1", "windows-1252"),
            ("gb2312", "GBK"),
            ("ks_c_5601-1987", "EUC-KR"),
            ("iso-2022-jp", "ISO-2022-JP"),
            ("utf-16", "Utf16"),
            ("UTF-32LE", "Utf32"),
            ("cp850", "Rare"),
            ("cp-850", "Rare"),
            ("utf-7", "Rare"),
            ("X-UNKNOWN", "Silent"),
            ("unknown-8bit", "Silent"),
            ("x-no-such-charset", "Unknown"),
            ("", "Silent"),
        ] {
            assert_eq!(name(label), expected, "{label}");
        }
    }
}
