//! Content-Transfer-Encoding (RFC 2045 section 6), undone byte for byte.
//!
//! The parser decodes too, but it drops the last bytes of base64 without padding and turns text into Unicode; a file
//! must leave here as it went in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use memchr::memchr;

/// How a part travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, or anything unknown: as is.
    Identity,
    /// Base64.
    Base64,
    /// Quoted-printable.
    QuotedPrintable,
    /// uuencode or yEnc under a name of its own, which no RFC knows (`x-uuencode`). Identity sees these bytes as they are.
    Enclosed,
}

impl Encoding {
    /// From the value of a Content-Transfer-Encoding field. Comments and trailing words are ignored.
    pub(super) fn of(value: Option<&[u8]>) -> Self {
        let value = value.unwrap_or_default().trim_ascii();
        let end = value.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'('));
        let word = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
        let word = word.strip_prefix(b"\"").unwrap_or(word);
        let word = word.strip_suffix(b"\"").unwrap_or(word);
        if word.eq_ignore_ascii_case(b"base64") {
            Self::Base64
        } else if word.eq_ignore_ascii_case(b"quoted-printable") {
            Self::QuotedPrintable
        } else if ENCLOSED.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes())) {
            Self::Enclosed
        } else {
            Self::Identity
        }
    }

    /// The original bytes.
    pub(super) fn decode(self, bytes: Bytes) -> Bytes {
        match self {
            Self::Identity | Self::Enclosed => bytes,
            Self::Base64 => base64(&bytes).into(),
            Self::QuotedPrintable => quoted_printable(&bytes).into(),
        }
    }

    /// What is wrong with encoded bytes that were decoded all the same; `decoded` is their number afterwards.
    pub(super) fn damage(self, encoded: &[u8], decoded: usize) -> Option<&'static str> {
        match self {
            Self::Identity | Self::Enclosed => None,
            Self::Base64 => base64_damage(encoded, decoded),
            Self::QuotedPrintable => has_stray_escape(encoded)
                .then_some("quoted-printable with `=` signs that stand for nothing, kept as they are"),
        }
    }
}

/// Names of uuencode and yEnc as transfer encodings.
const ENCLOSED: [&str; 7] = ["x-uuencode", "x-uue", "x-uu", "uuencode", "uue", "x-yencode", "x-yenc"];

fn base64_damage(encoded: &[u8], decoded: usize) -> Option<&'static str> {
    let blanks: usize = b" \t\n\r\x0c".iter().map(|blank| memchr::memchr_iter(*blank, encoded).count()).sum();
    let padding = encoded.trim_ascii_end().iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let characters = encoded.len() - blanks;
    if characters.is_multiple_of(4) && decoded == (characters / 4 * 3).saturating_sub(padding) {
        return None;
    }
    let mut signs = encoded.iter().filter(|byte| !byte.is_ascii_whitespace());
    if encoded.iter().any(|byte| value(*byte) == OTHER && *byte != b'=' && !byte.is_ascii_whitespace()) {
        return Some("base64 with characters that do not belong to it, passed over");
    }
    if signs.by_ref().any(|byte| *byte == b'=') && signs.any(|byte| *byte != b'=') {
        return Some("base64 texts joined to one");
    }
    Some("base64 without its last characters: it may have been cut")
}

/// Where the base64 of a part ends and plain text begins, which mailing lists add below without looking: at the first
/// line with a character outside the alphabet, if some base64 stands before it and none after it.
pub(super) fn text_below_base64(encoded: &[u8]) -> Option<usize> {
    const WHOLE_LINE: usize = 60;
    let outside = |byte: &u8| value(*byte) == OTHER && *byte != b'=' && !byte.is_ascii_whitespace();
    // Mailman's rule of underscores comes first; a blank inside a line is no base64 either.
    let is_text = |line: &[u8]| line.iter().any(outside) || line.trim_ascii().contains(&b' ');
    let mut at = 0;
    let mut found = None;
    for line in encoded.split_inclusive(|byte| *byte == b'\n') {
        if is_text(line) {
            found = found.or(Some(at));
        } else if found.is_some() && line.trim_ascii().len() >= WHOLE_LINE {
            return None;
        }
        at += line.len();
    }
    found.filter(|start| encoded.get(..*start).is_some_and(|head| !head.trim_ascii().is_empty()))
}

/// Is there a `=` that begins neither a pair of hexadecimal digits nor a soft line break?
fn has_stray_escape(encoded: &[u8]) -> bool {
    memchr::memchr_iter(b'=', encoded).any(|at| {
        let after = encoded.get(at + 1..).unwrap_or_default();
        let is_pair = matches!(after, [high, low, ..] if hex(*high).is_some() && hex(*low).is_some());
        let is_soft_break = || {
            let window = after.get(..after.len().min(MAX_BLANKS)).unwrap_or_default();
            window.split(|byte| *byte == b'\n').next().is_none_or(|line| line.trim_ascii().is_empty())
        };
        !is_pair && !is_soft_break()
    })
}

/// Blanks looked at behind a soft line break; a search to the end of each line would cost too much in one long line.
const MAX_BLANKS: usize = 80;

const OTHER: u8 = 0xff;

const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [OTHER; 256];
    let mut value = 0;
    while value < 64 {
        #[expect(clippy::cast_possible_truncation, reason = "below 64")]
        {
            table[alphabet[value] as usize] = value as u8;
        }
        value += 1;
    }
    table
}

fn value(byte: u8) -> u8 {
    VALUES.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

/// Decodes base64. Bytes outside the alphabet are passed over (RFC 2045 section 6.8); padding ends a group, not the
/// text, since some senders join two encoded texts; a last group without padding is decoded as far as it goes.
pub(super) fn base64(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len() / 4 * 3 + 3);
    let mut group: u32 = 0;
    let mut filled = 0_u8;
    let mut rest = input;
    let mut begins_line = true;
    loop {
        if begins_line && filled == 0 {
            let whole = whole_groups(rest, &mut output);
            rest = rest.get(whole..).unwrap_or_default();
        }
        let Some((&first, tail)) = rest.split_first() else { break };
        rest = tail;
        begins_line = first == b'\n';
        if first == b'=' {
            flush(group, filled, &mut output);
            (group, filled) = (0, 0);
            continue;
        }
        let bits = value(first);
        if bits == OTHER {
            continue;
        }
        group = group << 6 | u32::from(bits);
        filled += 1;
        if filled == 4 {
            let [_, one, two, three] = group.to_be_bytes();
            output.extend_from_slice(&[one, two, three]);
            (group, filled) = (0, 0);
        }
    }
    flush(group, filled, &mut output);
    output
}

/// Decodes the first line as far as it is whole groups, and gives how many bytes those have: none if anything but the alphabet stands
/// among them. What is left of the line may be padded.
fn whole_groups(input: &[u8], output: &mut Vec<u8>) -> usize {
    let line = input.get(..memchr(b'\n', input).unwrap_or(input.len())).unwrap_or_default();
    let signs = line.strip_suffix(b"\r").unwrap_or(line);
    let whole = (signs.len() / 4).saturating_sub(usize::from(signs.ends_with(b"="))) * 4;
    let before = output.len();
    if STANDARD_NO_PAD.decode_vec(signs.get(..whole).unwrap_or_default(), output).is_ok() {
        return whole;
    }
    output.truncate(before);
    0
}

/// The bytes of an unfinished group of two or three characters; one character alone holds no byte.
fn flush(group: u32, filled: u8, output: &mut Vec<u8>) {
    match filled {
        2 => output.extend_from_slice(&[(group << 12).to_be_bytes()[1]]),
        3 => {
            let [_, one, two, _] = (group << 6).to_be_bytes();
            output.extend_from_slice(&[one, two]);
        }
        _ => {}
    }
}

/// Decodes quoted-printable. White space at line ends goes (RFC 2045 section 6.7 rule 3), line ends stay as they are,
/// an `=` that begins nothing is kept.
pub(super) fn quoted_printable(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest);
        let (line, next) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
        rest = next;
        let (text, line_end) = match (line.strip_suffix(b"\r\n"), line.strip_suffix(b"\n")) {
            (Some(text), _) => (text, &b"\r\n"[..]),
            (None, Some(text)) => (text, &b"\n"[..]),
            (None, None) => (line, &b""[..]),
        };
        let text = trim_blank_end(text);
        if let Some(text) = text.strip_suffix(b"=") {
            hex_pairs(text, &mut output);
        } else {
            hex_pairs(text, &mut output);
            output.extend_from_slice(line_end);
        }
    }
    output
}

fn trim_blank_end(mut text: &[u8]) -> &[u8] {
    while let [head @ .., b' ' | b'\t' | b'\r'] = text {
        text = head;
    }
    text
}

/// Replaces each `=XX`; anything else is kept.
pub(super) fn hex_pairs(text: &[u8], output: &mut Vec<u8>) {
    escapes(text, b'=', output);
}

/// Replaces each `%XX` (RFC 2231 section 4); anything else is kept.
pub(super) fn percent_pairs(text: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    escapes(text, b'%', &mut output);
    output
}

fn escapes(text: &[u8], mark: u8, output: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr(mark, rest) {
        let (plain, from) = rest.split_at(at);
        output.extend_from_slice(plain);
        if let [_, high, low, tail @ ..] = from
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            output.push(high << 4 | low);
            rest = tail;
        } else {
            output.push(mark);
            rest = from.get(1..).unwrap_or_default();
        }
    }
    output.extend_from_slice(rest);
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_survives_missing_padding_junk_and_joined_texts() {
        assert_eq!(base64(b"aGVsbG8="), b"hello");
        assert_eq!(base64(b"aGVsbG8"), b"hello");
        assert_eq!(base64(b"aGVs\r\nb!G8=\r\n"), b"hello");
        assert_eq!(base64(b"aGk=aGVsbG8="), b"hihello");
        assert_eq!(base64(b"aA=="), b"h");
        assert_eq!(base64(b"a"), b"");
    }

    #[test]
    fn quoted_printable_keeps_line_ends_and_drops_blanks_before_them() {
        assert_eq!(quoted_printable(b"a=C3=A9 \t\r\nb=\r\nc=\nd"), b"a\xC3\xA9\r\nbcd");
        assert_eq!(quoted_printable(b"1 = 2, =ZZ, =e"), b"1 = 2, =ZZ, =e");
        assert_eq!(quoted_printable(b"a=3Dc3"), b"a=c3");
    }

    #[test]
    fn damage_is_named_and_sound_text_is_not() {
        let base64_damage = |text: &[u8]| Encoding::Base64.damage(text, base64(text).len());
        for sound in [&b"aGVsbG8="[..], b"", b"aGVs\r\nbG8h\r\n", b"aA==\n"] {
            assert_eq!(base64_damage(sound), None, "{sound:?}");
        }
        for (damaged, said) in
            [(&b"aGVsbG8"[..], "cut"), (b"aGVs!bG8=", "do not belong"), (b"aGk=aGVsbG8=", "joined"), (b"a", "cut")]
        {
            assert!(base64_damage(damaged).is_some_and(|found| found.contains(said)), "{damaged:?}");
        }
        let quoted_damage = |text: &[u8]| Encoding::QuotedPrintable.damage(text, 0).is_some();
        assert!(!quoted_damage(b"a=C3=a9 = \r\nb=\nc="));
        assert!(quoted_damage(b"1 = 2") && quoted_damage(b"=ZZ") && quoted_damage(b"=e"));
    }

    #[test]
    fn text_that_a_list_put_below_base64_is_found() {
        let mail = b"aGVsbG8=\n_____\nusers mailing list\n";
        assert_eq!(text_below_base64(mail), Some(9));
        let junk_in_the_middle = [b"aGVs!\n".as_slice(), &[b'A'; 76], b"\n"].concat();
        assert_eq!(text_below_base64(&junk_in_the_middle), None);
        assert_eq!(text_below_base64(b"no base64 at all\n"), None);
        assert_eq!(text_below_base64(b"aGVsbG8=\r\n"), None);
    }

    #[test]
    fn the_encoding_is_known_in_any_dress() {
        assert_eq!(Encoding::of(Some(b" BASE64 ")), Encoding::Base64);
        assert_eq!(Encoding::of(Some(b"\"quoted-printable\"; x")), Encoding::QuotedPrintable);
        assert_eq!(Encoding::of(Some(b"8bit")), Encoding::Identity);
        assert_eq!(Encoding::of(None), Encoding::Identity);
    }

    /// Plain reference encoder, to check against.
    fn encode(bytes: &[u8]) -> Vec<u8> {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = Vec::new();
        for chunk in bytes.chunks(3) {
            let mut word = [0_u8; 4];
            word[1..=chunk.len()].copy_from_slice(chunk);
            let word = u32::from_be_bytes(word);
            for index in 0..4 {
                let bits = (word >> (18 - 6 * index)) & 63;
                text.push(if index <= chunk.len() { alphabet[bits as usize] } else { b'=' });
            }
            text.extend_from_slice(if text.len() % 78 == 76 { b"\r\n" } else { b"" });
        }
        text
    }

    /// Quoted-printable of bytes, every one of them escaped that may be.
    fn quote(bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'a'..=b'z' => text.push(*byte),
                _ => text.extend_from_slice(format!("={byte:02X}").as_bytes()),
            }
            text.extend_from_slice(if at % 20 == 19 { b"=\r\n" } else { b"" });
        }
        text
    }

    proptest! {
        #[test]
        fn quoted_printable_gives_back_what_went_in(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = quote(&bytes);
            prop_assert_eq!(Encoding::QuotedPrintable.damage(&text, bytes.len()), None);
            prop_assert_eq!(quoted_printable(&text), bytes);
        }

        #[test]
        fn sound_base64_shows_no_damage(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(Encoding::Base64.damage(&encode(&bytes), bytes.len()), None);
            prop_assert_eq!(text_below_base64(&encode(&bytes)), None);
        }

        #[test]
        fn base64_of_any_lines_is_what_its_signs_say_one_by_one(text in "([A-Za-z0-9+/]{0,9}[=!\r ]?\n?){0,20}") {
            let mut signs: Vec<u8> = Vec::new();
            let mut said = Vec::new();
            for byte in text.bytes().chain([b'=']) {
                if value(byte) != OTHER {
                    signs.push(value(byte));
                }
                if signs.len() == 4 || byte == b'=' {
                    let group = signs.iter().fold(0_u32, |group, sign| group << 6 | u32::from(*sign));
                    let bytes = (group << (6 * (4 - signs.len()))).to_be_bytes();
                    said.extend_from_slice(&bytes[1..][..(signs.len() * 3 / 4)]);
                    signs.clear();
                }
            }
            prop_assert_eq!(base64(text.as_bytes()), said);
        }

        #[test]
        fn base64_gives_back_what_went_in(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(base64(&encode(&bytes)), bytes);
        }

        #[test]
        fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            base64(&bytes);
            quoted_printable(&bytes);
            percent_pairs(&bytes);
            Encoding::Base64.damage(&bytes, 0);
            Encoding::QuotedPrintable.damage(&bytes, 0);
            text_below_base64(&bytes);
        }
    }
}
