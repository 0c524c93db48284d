//! Encoded words (RFC 2047), decoded as mail really writes them.
//!
//! Adjacent words of one charset are joined before decoding, since many senders cut them inside a character.

use super::charset::{decode_raw_header, decode_word};
use super::header::unfold;
use super::transfer::{base64, hex_pairs};
use memchr::{memchr, memmem};

/// A decoded header value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// One line, no control characters, trimmed.
    pub(super) text: String,
    /// Raw bytes were read as windows-1252.
    pub(super) repaired: bool,
}

/// Decodes an unstructured header value.
pub(super) fn decode(value: &[u8]) -> Words {
    let mut text = String::with_capacity(value.len());
    let mut repaired = false;
    for run in runs(&unfold(value)) {
        match run {
            Run::Raw(bytes) => {
                let (raw, was_repaired) = decode_raw_header(bytes);
                text.push_str(&raw);
                repaired |= was_repaired;
            }
            Run::Encoded(word) => text.push_str(&word),
        }
    }
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    Words { text: line.trim().to_owned(), repaired }
}

/// Rewrites a structured value (an address list) so that a parser which decodes word by word gets it right: every
/// chain of encoded words becomes one word in UTF-8, raw 8-bit bytes become UTF-8. True if windows-1252 was needed.
pub(super) fn normalize(value: &[u8]) -> (Vec<u8>, bool) {
    let mut output = Vec::with_capacity(value.len());
    let mut repaired = false;
    for run in runs(&unfold(value)) {
        match run {
            Run::Raw(bytes) => {
                let (raw, was_repaired) = decode_raw_header(bytes);
                output.extend_from_slice(raw.as_bytes());
                repaired |= was_repaired;
            }
            Run::Encoded(word) => encode(&word, &mut output),
        }
    }
    (output, repaired)
}

/// Writes text as one encoded word of any length; only letters and digits stay bare.
fn encode(text: &str, output: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
    output.extend_from_slice(b"=?utf-8?Q?");
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() {
            output.push(byte);
        } else {
            output.extend_from_slice(&[b'=', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    output.extend_from_slice(b"?=");
}

enum Run<'a> {
    Raw(&'a [u8]),
    Encoded(String),
}

/// Splits a line into raw bytes and chains of encoded words.
fn runs(line: &[u8]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    // Bytes of the chain at hand, with its charset.
    let mut chain: Option<(&[u8], Vec<u8>)> = None;
    let mut ends = Ends { line, known: Some(0) };
    let mut raw_start = 0;
    let mut at = 0;
    while let Some(found) = line.get(at..).and_then(|rest| memmem::find(rest, b"=?")) {
        let start = at + found;
        let Some(word) = line.get(start..).and_then(|rest| Word::parse(rest, start, &mut ends)) else {
            at = start + 2;
            continue;
        };
        let between = line.get(raw_start..start).unwrap_or_default();
        // White space between two encoded words is not part of the text (RFC 2047 section 6.2).
        let adjacent = chain.is_some() && between.iter().all(u8::is_ascii_whitespace);
        match &mut chain {
            Some((label, bytes)) if adjacent && label.eq_ignore_ascii_case(word.label) && !is_stateful(label) => {
                word.append(bytes);
            }
            _ => {
                close(chain.take(), &mut runs);
                if !adjacent && !between.is_empty() {
                    runs.push(Run::Raw(between));
                }
                let mut bytes = Vec::new();
                word.append(&mut bytes);
                chain = Some((word.label, bytes));
            }
        }
        at = start + word.length;
        raw_start = at;
    }
    close(chain, &mut runs);
    match line.get(raw_start..) {
        Some(rest) if !rest.is_empty() => runs.push(Run::Raw(rest)),
        _ => {}
    }
    runs
}

/// Charsets with escapes start anew in each word; joined, the escapes between two words are an error.
fn is_stateful(label: &[u8]) -> bool {
    [&b"iso-2022"[..], b"csiso2022", b"hz-", b"utf-7"]
        .iter()
        .any(|start| label.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
}

fn close(chain: Option<(&[u8], Vec<u8>)>, runs: &mut Vec<Run<'_>>) {
    if let Some((label, bytes)) = chain {
        runs.push(Run::Encoded(decode_word(&bytes, &String::from_utf8_lossy(label))));
    }
}

/// Places of `?=`, found once: many openings before one end must not cost a search each.
struct Ends<'a> {
    line: &'a [u8],
    /// The end last found; none if there is no more.
    known: Option<usize>,
}

impl Ends<'_> {
    /// The first end at or after `from`; `from` never goes back.
    fn next(&mut self, from: usize) -> Option<usize> {
        if self.known? < from || from == 0 || !self.line.get(self.known?..)?.starts_with(b"?=") {
            self.known = memmem::find(self.line.get(from..)?, b"?=").map(|at| from + at);
        }
        self.known
    }
}

/// `=?label?Q?data?=`
struct Word<'a> {
    label: &'a [u8],
    base64: bool,
    data: &'a [u8],
    length: usize,
}

impl<'a> Word<'a> {
    /// A word at the start of `line`, which begins at `offset` of the whole value.
    fn parse(line: &'a [u8], offset: usize, ends: &mut Ends<'_>) -> Option<Self> {
        let rest = line.get(2..)?;
        // A label is short; without this bound a line of `=?` would be searched to its end again and again.
        let label_end = memchr(b'?', rest.get(..rest.len().min(80))?)?;
        let label = rest.get(..label_end)?;
        if label.is_empty() || !label.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let base64 = match rest.get(label_end + 1..label_end + 3)? {
            [b'b' | b'B', b'?'] => true,
            [b'q' | b'Q', b'?'] => false,
            _ => return None,
        };
        let start = 2 + label_end + 3;
        let data = line.get(start..ends.next(start + offset)?.checked_sub(offset)?)?;
        // Another word that begins inside: this one was never closed.
        if memmem::find(data, b"=?")
            .is_some_and(|at| data.get(at + 2..).is_some_and(|tail| memchr(b'?', tail).is_some()))
        {
            return None;
        }
        // RFC 2231 section 5 adds a language to the charset: `utf-8*en`.
        let label = label.split(|byte| *byte == b'*').next().unwrap_or(label);
        Some(Self { label, base64, data, length: start + data.len() + 2 })
    }

    fn append(&self, bytes: &mut Vec<u8>) {
        if self.base64 {
            bytes.extend_from_slice(&base64(self.data));
        } else {
            let spaced: Vec<u8> = self.data.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
            hex_pairs(&spaced, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> String {
        decode(value.as_bytes()).text
    }

    #[test]
    fn words_decode_in_both_encodings() {
        assert_eq!(text("=?iso-8859-1?Q?Caf=E9_au_lait?="), "Café au lait");
        assert_eq!(text("=?UTF-8*en?B?w6k=?="), "é");
        assert_eq!(text("=?utf-8?Q?a b?="), "a b");
    }

    #[test]
    fn a_character_cut_between_words_is_whole_again() {
        assert_eq!(text("=?utf-8?Q?caf=C3?=\r\n =?UTF-8?B?qQ==?= now"), "café now");
    }

    #[test]
    fn words_of_a_stateful_charset_stand_for_themselves() {
        assert_eq!(text("=?iso-2022-jp?B?GyRCJU8bKEI=?= =?iso-2022-jp?B?GyRCJU8bKEI=?="), "ハハ");
    }

    #[test]
    fn space_goes_between_words_and_stays_beside_them() {
        assert_eq!(text("=?utf-8?Q?a?=  =?iso-8859-1?Q?b?= c =?utf-8?Q?d?="), "ab c d");
    }

    #[test]
    fn what_is_no_word_stays_as_it_is() {
        for same in ["a =? b", "=?utf-8?X?a?=", "=?utf-8?Q?a", "2 =3D 2?", "=??Q?a?="] {
            assert_eq!(text(same), same);
        }
    }

    #[test]
    fn raw_bytes_are_repaired_and_said() {
        assert_eq!(decode(b"caf\xE9"), Words { text: "café".into(), repaired: true });
        assert_eq!(decode("café".as_bytes()), Words { text: "café".into(), repaired: false });
    }

    #[test]
    fn normal_form_is_one_word_of_the_same_text() {
        let (value, _) = normalize(b"=?utf-8?Q?=C3?= =?utf-8?Q?=A9, x?= <a@x.example>");
        assert_eq!(value, b"=?utf-8?Q?=C3=A9=2C=20x?= <a@x.example>");
    }
}
