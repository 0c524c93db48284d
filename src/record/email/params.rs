//! Parameters of Content-Type and Content-Disposition (RFC 2045, RFC 2231), with the mistakes that senders make.

use super::charset::decode_word;
use super::header::unfold;
use super::transfer::percent_pairs;
use super::words;

/// A value with parameters.
#[derive(Debug, Default)]
pub(super) struct Parameterized {
    /// What stands before the first `;`, lower case, without comment and inner white space.
    pub(super) value: String,
    pieces: Vec<Piece>,
}

/// One `name*N*=value`.
#[derive(Debug)]
struct Piece {
    name: Vec<u8>,
    /// Place in a continuation; 0 for whole values.
    place: u32,
    /// Percent-encoded, with `charset'language'` in front of the first.
    extended: bool,
    value: Vec<u8>,
}

impl Parameterized {
    /// Parses a raw field value.
    pub(super) fn parse(raw: &[u8]) -> Self {
        let line = unfold(raw);
        let (head, mut rest) = match memchr::memchr(b';', &line) {
            Some(at) => line.split_at(at),
            None => (line.as_slice(), &b""[..]),
        };
        let mut pieces = Vec::new();
        while let Some((piece, tail)) = next_piece(rest) {
            pieces.extend(piece);
            rest = tail;
        }
        Self { value: main_value(head), pieces }
    }

    /// The decoded parameter of that name (lower case).
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let named = |extended: bool| {
            self.pieces.iter().any(|piece| piece.name == name.as_bytes() && (piece.extended || !extended))
        };
        if !named(false) {
            return None;
        }
        // Senders that give both forms give the plain one for old readers (RFC 6266 section 4.3 says the same).
        let extended_only = named(true);
        let continued = self.pieces.iter().any(|piece| piece.name == name.as_bytes() && piece.place > 0);
        let mut pieces: Vec<&Piece> = self
            .pieces
            .iter()
            .filter(|piece| piece.name == name.as_bytes() && (continued || piece.extended || !extended_only))
            .collect();
        pieces.sort_by_key(|piece| piece.place);
        pieces.dedup_by_key(|piece| piece.place);
        let first = pieces.first()?;
        if !extended_only {
            let joined: Vec<u8> = pieces.iter().flat_map(|piece| piece.value.iter().copied()).collect();
            return Some(words::decode(&joined).text);
        }
        let (charset, start) =
            if first.extended { charset_of(&first.value) } else { (&b""[..], first.value.as_slice()) };
        let mut joined = if first.extended { percent_pairs(start) } else { start.to_vec() };
        for piece in pieces.iter().skip(1) {
            if piece.extended {
                joined.extend_from_slice(&percent_pairs(&piece.value));
            } else {
                joined.extend_from_slice(&piece.value);
            }
        }
        Some(decode_word(&joined, &String::from_utf8_lossy(charset)))
    }
}

/// Splits `charset'language'text`.
fn charset_of(value: &[u8]) -> (&[u8], &[u8]) {
    let mut fields = value.splitn(3, |byte| *byte == b'\'');
    match (fields.next(), fields.next(), fields.next()) {
        (Some(charset), Some(_), Some(text)) => (charset, text),
        _ => (b"", value),
    }
}

fn main_value(head: &[u8]) -> String {
    let head = head.split(|byte| *byte == b'(').next().unwrap_or_default();
    head.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// Takes the next `name=value` off the line; none at its end. A piece without `=` gives no parameter.
fn next_piece(line: &[u8]) -> Option<(Option<Piece>, &[u8])> {
    let skip = line.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b';')?;
    let line = line.get(skip..)?;
    let Some(stop) = memchr::memchr2(b'=', b';', line) else {
        return Some((None, b""));
    };
    let (name, rest) = line.split_at(stop);
    if rest.first() == Some(&b';') {
        return Some((None, rest));
    }
    let rest = rest.get(1..)?.trim_ascii_start();
    let (value, rest) = if let Some(quoted) = rest.strip_prefix(b"\"") {
        quoted_value(quoted)
    } else {
        let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
        let (value, rest) = rest.split_at(end);
        (value.trim_ascii().to_vec(), rest)
    };
    Some((piece(name.trim_ascii(), value), rest))
}

/// Reads up to the closing quote. Only `\"` and `\\` are escapes: elsewhere the backslash belongs to a Windows path.
fn quoted_value(line: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        match (byte, line.get(at + 1)) {
            (b'"', _) => return (value, line.get(at + 1..).unwrap_or_default()),
            (b'\\', Some(next @ (b'"' | b'\\'))) => {
                value.push(*next);
                at += 2;
            }
            _ => {
                value.push(byte);
                at += 1;
            }
        }
    }
    (value, b"")
}

fn piece(name: &[u8], value: Vec<u8>) -> Option<Piece> {
    let (name, extended) = match name.strip_suffix(b"*") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (name, place) = match memchr::memchr(b'*', name) {
        Some(star) => {
            let digits = std::str::from_utf8(name.get(star + 1..)?).ok()?;
            (name.get(..star)?, digits.parse::<u32>().ok()?)
        }
        None => (name, 0),
    };
    (!name.is_empty()).then(|| Piece { name: name.to_ascii_lowercase(), place, extended, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(value: &str, name: &str) -> Option<String> {
        Parameterized::parse(value.as_bytes()).get(name)
    }

    #[test]
    fn plain_and_quoted_values() {
        let parsed = Parameterized::parse(b" Text/Plain (old); charset=UTF-8; name=\"a; \\\"b\\\".txt\"");
        assert_eq!(parsed.value, "text/plain");
        assert_eq!(parsed.get("charset").as_deref(), Some("UTF-8"));
        assert_eq!(parsed.get("name").as_deref(), Some("a; \"b\".txt"));
        assert_eq!(parsed.get("none"), None);
    }

    #[test]
    fn continuations_join_before_decoding_in_any_order() {
        let value = "attachment; filename*1*=%A9.txt; filename*0*=utf-8'fr'caf%C3";
        assert_eq!(get(value, "filename").as_deref(), Some("café.txt"));
        assert_eq!(get("a; name*0=\"one \"; name*1=two", "name").as_deref(), Some("one two"));
    }

    #[test]
    fn the_charset_of_the_first_piece_rules_all() {
        assert_eq!(get("a; name*0*=windows-1251''%CF; name*1*=%F0", "name").as_deref(), Some("Пр"));
    }

    #[test]
    fn the_extended_form_wins_over_the_plain_one() {
        assert_eq!(
            get("a; filename=\"cafe.txt\"; filename*=UTF-8''caf%C3%A9.txt", "filename").as_deref(),
            Some("café.txt")
        );
    }

    #[test]
    fn encoded_words_and_raw_bytes_are_read_where_they_should_not_be() {
        assert_eq!(get("a; name=\"=?utf-8?Q?caf=C3=A9?=.txt\"", "name").as_deref(), Some("café.txt"));
        let parsed = Parameterized::parse(b"a; name=caf\xE9 1.txt; x");
        assert_eq!(parsed.get("name").as_deref(), Some("café 1.txt"));
    }

    #[test]
    fn a_windows_path_keeps_its_backslashes() {
        assert_eq!(get(r#"a; filename="C:\dir\f.txt""#, "filename").as_deref(), Some(r"C:\dir\f.txt"));
    }
}
