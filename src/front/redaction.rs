//! Strikes the token out of what Front answers, however the answer spells it: an answer may repeat the request, and from
//! there the token must not get into a ledger, a report or a link.

use http::{HeaderMap, HeaderValue};
use memchr::memmem::Finder;

/// What is left in its place.
const REDACTED: &[u8] = b"[token]";

/// Knows the token and its spellings. There is no `Debug`.
pub(super) struct Redaction {
    plain: Finder<'static>,
    length: usize,
}

impl Redaction {
    /// `token` as it stands in the Authorization header; not empty.
    pub(super) fn new(token: &str) -> Self {
        Self { plain: Finder::new(token.as_bytes()).into_owned(), length: token.len() }
    }

    /// The text without the token: as it is, percent-encoded, escaped as in JSON or HTML, or a mixture.
    pub(super) fn clean(&self, text: Vec<u8>) -> Vec<u8> {
        let text = self.without(text, as_written);
        if memchr::memchr3(b'%', b'\\', b'&', &text).is_none() {
            return text;
        }
        self.without(text, unescaped)
    }

    /// The same for the values of headers, of which a Location is used.
    pub(super) fn clean_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let clean = self.clean(value.as_bytes().to_vec());
            if clean != value.as_bytes() {
                // What stood in place of the token is plain ASCII, so this cannot fail.
                *value = HeaderValue::from_bytes(&clean).unwrap_or(HeaderValue::from_static("[token]"));
            }
        }
    }

    fn without(&self, text: Vec<u8>, reading: fn(&[u8]) -> Unescaped<'_>) -> Vec<u8> {
        let read = reading(&text);
        let mut hits = self.plain.find_iter(read.bytes()).peekable();
        if hits.peek().is_none() {
            drop(hits);
            drop(read);
            return text;
        }
        let mut clean = Vec::with_capacity(text.len());
        let mut from = 0;
        for at in hits {
            clean.extend_from_slice(text.get(from..read.place(at)).unwrap_or_default());
            clean.extend_from_slice(REDACTED);
            from = read.place(at + self.length);
        }
        clean.extend_from_slice(text.get(from..).unwrap_or_default());
        clean
    }
}

/// A text with its escapes undone, and the way back to the places in the text as it was written.
struct Unescaped<'t> {
    bytes: std::borrow::Cow<'t, [u8]>,
    /// Places right after an escape: here, and in the text. Between two of them the distance stays the same.
    after: Vec<(usize, usize)>,
}

fn as_written(text: &[u8]) -> Unescaped<'_> {
    Unescaped { bytes: text.into(), after: Vec::new() }
}

fn unescaped(text: &[u8]) -> Unescaped<'_> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut after = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memchr3(b'%', b'\\', b'&', rest) {
        let (before, escape) = rest.split_at(at);
        bytes.extend_from_slice(before);
        if let Some((byte, length)) = unescape(escape) {
            bytes.push(byte);
            rest = escape.get(length..).unwrap_or_default();
            after.push((bytes.len(), text.len() - rest.len()));
        } else {
            bytes.extend_from_slice(escape.get(..1).unwrap_or_default());
            rest = escape.get(1..).unwrap_or_default();
        }
    }
    bytes.extend_from_slice(rest);
    Unescaped { bytes: bytes.into(), after }
}

impl Unescaped<'_> {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in the text the byte stands that is at `here` without escapes.
    fn place(&self, here: usize) -> usize {
        let before = self.after.partition_point(|(after, _)| *after <= here);
        match before.checked_sub(1).and_then(|last| self.after.get(last)) {
            Some((after, place)) => place + (here - after),
            None => here,
        }
    }
}

/// The ASCII character that an escape at the start of `text` stands for, and how long the escape is. Tokens have no
/// others.
fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match text {
        [b'%', digits @ ..] => Some((hex(digits.get(..2)?)?, 3)),
        [b'\\', b'u', b'0', b'0', digits @ ..] => Some((hex(digits.get(..2)?)?, 6)),
        [b'\\', escaped @ (b'/' | b'"' | b'\\'), ..] => Some((*escaped, 2)),
        [b'&', ..] => {
            let end = memchr::memchr(b';', text.get(..10).unwrap_or(text))?;
            let byte = match text.get(1..end)? {
                b"amp" => b'&',
                b"lt" => b'<',
                b"gt" => b'>',
                b"quot" => b'"',
                b"apos" => b'\'',
                [b'#', b'x' | b'X', digits @ ..] => hex(digits)?,
                [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
                _ => return None,
            };
            Some((byte, end + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(token: &str, text: &str) -> String {
        String::from_utf8(Redaction::new(token).clean(text.as_bytes().to_vec())).unwrap()
    }

    /// One character in one of the ways that answers spell it.
    fn spelled(c: char, way: u8) -> String {
        let code = u32::from(c);
        match way {
            0 => format!("%{code:02X}"),
            1 => format!("%{code:02x}"),
            2 => format!("\\u{code:04x}"),
            3 => format!("&#{code};"),
            4 => format!("&#x{code:X};"),
            5 if c == '/' => "\\/".to_owned(),
            _ => c.to_string(),
        }
    }

    #[test]
    fn every_spelling_of_the_token_is_struck_out() {
        for text in
            ["a/b+c=.d", "a%2Fb%2Bc%3D.d", "a%2fb%2bc%3d%2Ed", r"a\/b+c=.d", r"a\u002fb\u002Bc=.d", "a&#x2F;b&#43;c=.d"]
        {
            assert_eq!(clean("a/b+c=.d", &format!("<{text}>, {text}")), "<[token]>, [token]", "{text}");
        }
        assert_eq!(clean("a\"b\\c", r#"{"sent":"a\"b\\c"}"#), r#"{"sent":"[token]"}"#);
        assert_eq!(clean("a%41", "a%41 and a%2541"), "[token] and [token]");
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in ["", "100 % & more \\", "%zz %4 &; &#; &#999; \\u00", "a/", "%61%2"] {
            assert_eq!(clean("a/b", text), text);
        }
        let bytes = vec![0xff, b'%', 0x80, b'&'];
        assert_eq!(Redaction::new("a/b").clean(bytes.clone()), bytes);
    }

    #[test]
    fn headers_are_cleaned_too() {
        let mut headers = HeaderMap::new();
        headers.insert("location", HeaderValue::from_static("https://x.example/?t=a%2Fb"));
        headers.insert("server", HeaderValue::from_static("front"));
        Redaction::new("a/b").clean_headers(&mut headers);
        assert_eq!(headers.get("location").unwrap(), "https://x.example/?t=[token]");
        assert_eq!(headers.get("server").unwrap(), "front");
    }

    proptest! {
        #[test]
        fn no_mixture_of_spellings_hides_the_token_and_nothing_beside_it_is_lost(
            token in "[!-$&-~]{8,40}",
            ways in prop::collection::vec(0_u8..8, 40),
            before in "[ -~]{0,20} ",
            after in " [ -~]{0,20}",
        ) {
            let written: String = token.chars().zip(&ways).map(|(c, way)| spelled(c, *way)).collect();
            let shown = clean(&token, &format!("{before}{written}{after}"));
            prop_assume!(!token.contains(['\\', '&']));
            prop_assert_eq!(shown, format!("{before}[token]{after}"));
        }
    }
}
