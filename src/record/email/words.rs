//! Encoded words (RFC 2047), decoded as mail really writes them.
//!
//! Adjacent words of one charset are joined before decoding, since many senders cut them inside a character.
//!
//! [`decode`] is what identity is made of and never gets better; [`read`] is what people see, with repairs that are said.

use super::charset::{decode_raw_header, decode_word, is_unknown};
use super::header::unfold;
use super::transfer::{base64, hex_pairs};
use crate::record::plain::{all, are_printable};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8};
use memchr::{memchr, memchr_iter, memmem};

/// A decoded header value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// One line, no control characters, trimmed.
    pub(super) text: String,
    /// What had to be repaired, in words, each once.
    pub(super) repairs: Vec<String>,
}

/// Decodes an unstructured header value by its own declarations; raw bytes are UTF-8, else windows-1252.
pub(super) fn decode(value: &[u8]) -> Words {
    if let Some(text) = as_it_stands(value) {
        return Words { text: text.to_owned(), repairs: Vec::new() };
    }
    let mut text = String::with_capacity(value.len());
    for run in runs(&unfold(value), false) {
        match run {
            Run::Raw(bytes) => text.push_str(&decode_raw_header(bytes).0),
            Run::Encoded(word) => text.push_str(&word.text()),
        }
    }
    Words { text: one_line(&text), repairs: Vec::new() }
}

/// Decodes an unstructured header value for people. `charset` is what the text of the mail declares: who writes raw bytes
/// into a header mostly writes them in that.
pub(super) fn read(value: &[u8], charset: Option<&str>) -> Words {
    if let Some(text) = as_it_stands(value) {
        return Words { text: text.to_owned(), repairs: Vec::new() };
    }
    let mut text = String::with_capacity(value.len());
    let mut repairs = Vec::new();
    for run in runs(&unfold(value), true) {
        match run {
            Run::Raw(bytes) => text.push_str(&raw_text(bytes, charset, &mut repairs)),
            Run::Encoded(word) => text.push_str(&word.mended(&mut repairs)),
        }
    }
    Words { text: one_line(&text), repairs }
}

/// The value if it is one line of ASCII without encoded words, as most are: there is nothing to decode.
fn as_it_stands(value: &[u8]) -> Option<&str> {
    let value = value.trim_ascii();
    let mut marks = memchr_iter(b'?', value).filter_map(|mark| value.get(mark.checked_sub(1)?));
    (all(value, are_printable) && !marks.any(|before| *before == b'=')).then(|| std::str::from_utf8(value).ok())?
}

/// The text as one line: control characters become spaces, and those around it go.
pub(super) fn one_line(text: &str) -> String {
    if all(text.as_bytes(), are_printable) {
        return text.trim().to_owned();
    }
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    line.trim().to_owned()
}

/// Rewrites a structured value (an address list) so that its words can be told apart: every chain of encoded words
/// becomes one word in UTF-8, raw 8-bit bytes become UTF-8. Also what had to be repaired.
pub(super) fn normalize(value: &[u8], charset: Option<&str>) -> (Vec<u8>, Vec<String>) {
    if let Some(text) = as_it_stands(value) {
        return (text.as_bytes().to_vec(), Vec::new());
    }
    let mut output = Vec::with_capacity(value.len());
    let mut repairs = Vec::new();
    for run in runs(&unfold(value), true) {
        match run {
            Run::Raw(bytes) => output.extend_from_slice(raw_text(bytes, charset, &mut repairs).as_bytes()),
            Run::Encoded(word) => encode(&word.mended(&mut repairs), &mut output),
        }
    }
    (output, repairs)
}

/// Raw bytes of a header: UTF-8 (RFC 6532), ISO-2022-JP by its escapes, the charset of the mail's text, windows-1252.
fn raw_text(bytes: &[u8], charset: Option<&str>, repairs: &mut Vec<String>) -> String {
    let escapes = memmem::find(bytes, b"\x1b$").is_some();
    if let Some(text) =
        escapes.then(|| ISO_2022_JP.decode_without_bom_handling_and_without_replacement(bytes)).flatten()
    {
        say(repairs, "bytes without a charset read as ISO-2022-JP");
        return text.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let declared = charset.and_then(|label| Encoding::for_label_no_replacement(label.as_bytes()));
    if let Some(encoding) = declared.filter(|encoding| *encoding != UTF_8)
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
    {
        say(repairs, &format!("bytes without a charset read as {}", encoding.name()));
        return text.into_owned();
    }
    say(repairs, "bytes without a charset read as windows-1252");
    decode_raw_header(bytes).0.into_owned()
}

fn say(repairs: &mut Vec<String>, repair: &str) {
    if !repairs.iter().any(|said| said == repair) {
        repairs.push(repair.to_owned());
    }
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
    Encoded(Chain<'a>),
}

/// Adjacent encoded words of one charset.
struct Chain<'a> {
    label: &'a [u8],
    bytes: Vec<u8>,
    /// The last of them has no end.
    unclosed: bool,
}

impl Chain<'_> {
    fn text(&self) -> String {
        decode_word(&self.bytes, &String::from_utf8_lossy(self.label))
    }

    fn mended(&self, repairs: &mut Vec<String>) -> String {
        if self.unclosed {
            say(repairs, "encoded word without end read to its end");
        }
        if is_unknown(&String::from_utf8_lossy(self.label)) {
            say(repairs, "encoded word of an unknown charset read as UTF-8 or windows-1252");
        }
        self.text()
    }
}

/// Splits a line into raw bytes and chains of encoded words; `mend` takes words without end, too.
fn runs(line: &[u8], mend: bool) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut chain: Option<Chain<'_>> = None;
    let mut ends = Ends { line, known: Some(0) };
    let mut raw_start = 0;
    let mut at = 0;
    while let Some(found) = line.get(at..).and_then(|rest| memmem::find(rest, b"=?")) {
        let start = at + found;
        let Some(word) = line.get(start..).and_then(|rest| Word::parse(rest, start, &mut ends, mend)) else {
            at = start + 2;
            continue;
        };
        let between = line.get(raw_start..start).unwrap_or_default();
        // White space between two encoded words is not part of the text (RFC 2047 section 6.2).
        let adjacent = chain.is_some() && between.iter().all(u8::is_ascii_whitespace);
        match &mut chain {
            Some(chain) if adjacent && chain.label.eq_ignore_ascii_case(word.label) && !is_stateful(chain.label) => {
                word.append(&mut chain.bytes);
                chain.unclosed |= word.unclosed;
            }
            _ => {
                runs.extend(chain.take().map(Run::Encoded));
                if !adjacent && !between.is_empty() {
                    runs.push(Run::Raw(between));
                }
                let mut bytes = Vec::new();
                word.append(&mut bytes);
                chain = Some(Chain { label: word.label, bytes, unclosed: word.unclosed });
            }
        }
        at = start + word.length;
        raw_start = at;
    }
    runs.extend(chain.map(Run::Encoded));
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
    unclosed: bool,
}

impl<'a> Word<'a> {
    /// A word at the start of `line`, which begins at `offset` of the whole value.
    fn parse(line: &'a [u8], offset: usize, ends: &mut Ends<'_>, mend: bool) -> Option<Self> {
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
        let end = ends.next(start + offset).and_then(|end| end.checked_sub(offset));
        let closed = end.and_then(|end| line.get(start..end)).filter(|data| !holds_opening(data));
        let (data, length) = match closed {
            Some(data) => (data, start + data.len() + 2),
            None if mend => {
                let data = unclosed_data(line.get(start..)?);
                (data.strip_suffix(b"?").unwrap_or(data), start + data.len())
            }
            None => return None,
        };
        // RFC 2231 section 5 adds a language to the charset: `utf-8*en`.
        let label = label.split(|byte| *byte == b'*').next().unwrap_or(label);
        Some(Self { label, base64, data, length, unclosed: closed.is_none() })
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

/// Another word that begins inside: this one was never closed.
fn holds_opening(data: &[u8]) -> bool {
    memmem::find(data, b"=?").is_some_and(|at| data.get(at + 2..).is_some_and(|tail| memchr(b'?', tail).is_some()))
}

/// What belongs to a word without end: all up to white space, a bracket or the next word.
fn unclosed_data(rest: &[u8]) -> &[u8] {
    let stop = |byte: &u8| byte.is_ascii_whitespace() || b"<>\",;".contains(byte);
    // Both in one pass: a line of nothing but openings must not be searched to its end for each.
    let opens =
        |at: usize| rest.get(at..at + 2) == Some(b"=?") && rest.get(at + 2).is_some_and(u8::is_ascii_alphanumeric);
    let end = rest.iter().enumerate().position(|(at, byte)| stop(byte) || opens(at));
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy;

    fn text(value: &str) -> String {
        decode(value.as_bytes()).text
    }

    proptest::proptest! {
        #[test]
        fn a_value_that_stands_as_it_is_needs_no_decoding(value in "([a-z ?=]|=\\?|\\?=|=\\?utf-8\\?Q\\?a\\?=|[\r\n\té\x1b])" .prop_map(|piece| piece.repeat(2)), more in "[ -~\n\t]{0,20}") {
            let value = format!("{value}{more}");
            let Some(text) = as_it_stands(value.as_bytes()) else { return Ok(()) };
            let line = unfold(value.as_bytes());
            proptest::prop_assert!(runs(&line, true).iter().chain(&runs(&line, false)).all(|run| matches!(run, Run::Raw(_))));
            proptest::prop_assert_eq!(one_line(std::str::from_utf8(&line).unwrap()), text);
            proptest::prop_assert_eq!(line, text.as_bytes());
        }
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
        let said = |repair: &str| vec![repair.to_owned()];
        let found = read(b"caf\xE9", None);
        assert_eq!(
            (found.text.as_str(), found.repairs),
            ("café", said("bytes without a charset read as windows-1252"))
        );
        assert_eq!(read("café".as_bytes(), None), Words { text: "café".into(), repairs: Vec::new() });
        let found = read(b"\xF0\xF2\xE9", Some("koi8-r"));
        assert_eq!((found.text.as_str(), found.repairs), ("ПРИ", said("bytes without a charset read as KOI8-R")));
        let found = read(b"Re: \x1b$B%O%O\x1b(B!", None);
        assert_eq!(
            (found.text.as_str(), found.repairs),
            ("Re: ハハ!", said("bytes without a charset read as ISO-2022-JP"))
        );
    }

    #[test]
    fn words_without_end_are_read_to_their_end_and_it_is_said() {
        for (value, text) in [
            ("=?utf-8?Q?caf=C3=A9", "café"),
            ("=?utf-8?B?Y2Fmw6k=?", "café"),
            ("=?utf-8?Q?caf=C3=A9 au lait", "café au lait"),
            ("=?utf-8?Q?caf=?utf-8?Q?=C3=A9?=", "café"),
        ] {
            let found = read(value.as_bytes(), None);
            assert_eq!((found.text.as_str(), found.repairs.len()), (text, 1), "{value}");
        }
        assert_eq!(decode(b"=?utf-8?Q?caf=C3=A9").text, "=?utf-8?Q?caf=C3=A9", "identity is made of the unmended text");
    }

    #[test]
    fn a_charset_nobody_knows_is_guessed_and_said() {
        let found = read(b"=?x-nobody?Q?caf=C3=A9?=", None);
        assert_eq!((found.text.as_str(), found.repairs.len()), ("café", 1));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            decode(&bytes);
            read(&bytes, Some("koi8-r"));
            normalize(&bytes, None);
        }

        #[test]
        fn pieces_of_words_in_any_order_are_read(value in "(=\\?|utf-8|\\?Q\\?|\\?B\\?|=C3=A9|w6k=|\\?=| |<|é){0,12}") {
            let found = read(value.as_bytes(), None);
            proptest::prop_assert!(!found.text.contains(char::is_control));
        }
    }

    #[test]
    fn normal_form_is_one_word_of_the_same_text() {
        let (value, _) = normalize(b"=?utf-8?Q?=C3?= =?utf-8?Q?=A9, x?= <a@x.example>", None);
        assert_eq!(value, b"=?utf-8?Q?=C3=A9=2C=20x?= <a@x.example>");
    }
}
