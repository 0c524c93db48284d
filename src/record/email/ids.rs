//! Message-ID, In-Reply-To and References (RFC 5322 section 3.6.4), read from the raw bytes.

use super::charset::decode_raw_header;
use crate::record::Address;
use memchr::memchr;
use std::collections::HashSet;

/// Longest id: longer ones do not fit a header line (RFC 5322 section 2.1.1).
const MAX_BYTES: usize = 998;

/// The first usable id of a Message-ID field.
pub(super) fn message_id(raw: &[u8]) -> Option<String> {
    let tokens = tokens(raw);
    if let Some(id) = tokens.bracketed.first() {
        return usable(id).then(|| id.clone());
    }
    // Without brackets the whole value must be one word.
    match tokens.bare.as_slice() {
        [word] => usable(word).then(|| word.clone()),
        _ => None,
    }
}

/// The ids of In-Reply-To fields. Old programs write prose there ("Your message of Tuesday"): without brackets only
/// a lone word with an `@` counts.
pub(super) fn in_reply_to<'a>(raw: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut ids = Vec::new();
    for value in raw {
        let tokens = tokens(value);
        match tokens.bare.as_slice() {
            [word] if tokens.bracketed.is_empty() && word.contains('@') => ids.push(word.clone()),
            _ => ids.extend(tokens.bracketed),
        }
    }
    distinct(ids)
}

/// The ids of References fields, oldest first; brackets may be missing.
pub(super) fn references<'a>(raw: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    distinct(raw.flat_map(|value| tokens(value).in_order).collect())
}

/// Is it the address of somebody in the mail rather than an id? Some programs write `In-Reply-To: <jane@x.example>`, and
/// all mails that answer one person would become one conversation.
pub(super) fn is_address(id: &str, handles: &HashSet<String>) -> bool {
    handles.contains(&id.to_lowercase())
}

/// The handles of people, as [`is_address`] compares them.
pub(super) fn handles<'a>(people: impl Iterator<Item = &'a Address>) -> HashSet<String> {
    people.map(|person| person.handle.to_lowercase()).collect()
}

fn distinct(ids: Vec<String>) -> Vec<String> {
    let (mut seen, is_one) = (HashSet::new(), ids.len() < 2);
    ids.into_iter().filter(|id| usable(id) && (is_one || seen.insert(id.clone()))).collect()
}

fn usable(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_BYTES
        && !id.chars().any(|character| character.is_whitespace() || character.is_control())
}

#[derive(Default)]
struct Tokens {
    bracketed: Vec<String>,
    /// Words outside of brackets, quotes and comments.
    bare: Vec<String>,
    /// Bracketed ids and bare words with an `@`.
    in_order: Vec<String>,
}

fn tokens(raw: &[u8]) -> Tokens {
    let mut tokens = Tokens::default();
    // How much is left after the last `)`: a comment that opens later never ends, and is no comment.
    let after_last_close = memchr::memrchr(b')', raw).map_or(raw.len(), |at| raw.len() - at - 1);
    let mut rest = raw;
    while let Some(&first) = rest.first() {
        rest = match first {
            b'<' => {
                let (id, tail) = bracketed(rest.get(1..).unwrap_or_default());
                if !id.is_empty() {
                    tokens.in_order.push(id.clone());
                    tokens.bracketed.push(id);
                }
                tail
            }
            b'(' if rest.len() > after_last_close => after_comment(rest),
            b'(' | b'>' | b',' | b';' | b'"' | b' ' | b'\t' | b'\r' | b'\n' | b'\x0C' => {
                rest.get(1..).unwrap_or_default()
            }
            _ => {
                let stop = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b',' | b';' | b'(');
                let end = rest.iter().position(stop).unwrap_or(rest.len());
                let (word, tail) = rest.split_at(end);
                let word = text(word);
                if word.contains('@') {
                    tokens.in_order.push(word.clone());
                }
                tokens.bare.push(word);
                tail
            }
        };
    }
    tokens
}

/// Reads an id after its `<`. Doubled brackets are one; a fold inside an id is no space; a missing `>` ends at the next
/// `<` or white space.
fn bracketed(rest: &[u8]) -> (String, &[u8]) {
    let rest = rest.get(rest.iter().position(|byte| *byte != b'<').unwrap_or(rest.len())..).unwrap_or_default();
    let end = memchr::memchr2(b'>', b'<', rest).unwrap_or(rest.len());
    let (inside, tail) = rest.split_at(end);
    if tail.first() != Some(&b'>') {
        let inside = inside.trim_ascii_start();
        let end = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
        let (id, after) = inside.split_at(end);
        // What follows an unclosed id is read on from there, up to the next bracket and beyond.
        let left = after.len() + tail.len();
        return (text(id), rest.get(rest.len() - left..).unwrap_or_default());
    }
    let mut id = Vec::with_capacity(inside.len());
    let mut in_fold = false;
    for &byte in inside.trim_ascii() {
        match byte {
            b'\r' | b'\n' => in_fold = true,
            b' ' | b'\t' if in_fold => {}
            other => {
                in_fold = false;
                id.push(other);
            }
        }
    }
    (text(&id), tail.get(1..).unwrap_or_default())
}

/// What follows a comment.
fn after_comment(rest: &[u8]) -> &[u8] {
    memchr(b')', rest).and_then(|at| rest.get(at + 1..)).unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    decode_raw_header(bytes).0.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_comments_and_space_go_and_case_stays() {
        assert_eq!(message_id(b" <A1@X.example> (added)\r\n").as_deref(), Some("A1@X.example"));
        assert_eq!(message_id(b"<<a@x>>").as_deref(), Some("a@x"));
        assert_eq!(message_id(b"< a@x >").as_deref(), Some("a@x"));
        assert_eq!(message_id(b"a@x").as_deref(), Some("a@x"));
        assert_eq!(message_id(b"<a@x> <b@x>").as_deref(), Some("a@x"));
        assert_eq!(message_id(b"<long-\r\n id@x>").as_deref(), Some("long-id@x"));
        assert_eq!(message_id(b"<1234>").as_deref(), Some("1234"));
    }

    #[test]
    fn an_id_that_names_nothing_is_none() {
        for raw in [&b""[..], b"<>", b"< >", b"<a b@x>", b"two words", b"()"] {
            assert_eq!(message_id(raw), None, "{raw:?}");
        }
        assert_eq!(message_id(format!("<{}@x>", "a".repeat(998)).as_bytes()), None);
    }

    #[test]
    fn prose_in_in_reply_to_is_no_id() {
        let ids = |raw: &'static str| in_reply_to([raw.as_bytes()].into_iter());
        assert_eq!(ids("Your message of Tuesday"), [""; 0]);
        assert_eq!(ids("Message from a@x of \"Mon, 1 Jan\" <1@x>"), ["1@x"]);
        assert_eq!(ids("a@x"), ["a@x"]);
        assert_eq!(ids("<1@x> <1@x> <2@x>"), ["1@x", "2@x"]);
    }

    #[test]
    fn an_address_of_the_mail_is_no_id() {
        let jane = [Address { name: None, handle: "jane@x.example".into() }];
        assert!(is_address("Jane@X.example", &handles(jane.iter())));
        assert!(!is_address("1@x.example", &handles(jane.iter())));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_readers_of_ids_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            message_id(&bytes);
            for id in in_reply_to([bytes.as_slice()].into_iter()).iter().chain(&references([bytes.as_slice()].into_iter())) {
                proptest::prop_assert!(!id.is_empty() && !id.contains(char::is_whitespace));
            }
        }
    }

    #[test]
    fn references_keep_their_order_with_and_without_brackets() {
        let ids = |raw: &'static str| references([raw.as_bytes()].into_iter());
        assert_eq!(ids("<1@x>\r\n\t<2@x><3@x>,<4@x>"), ["1@x", "2@x", "3@x", "4@x"]);
        assert_eq!(ids("1@x <2@x> word 3@x"), ["1@x", "2@x", "3@x"]);
        assert_eq!(ids("<1@x <2@x> <3@x"), ["1@x", "2@x", "3@x"]);
        assert_eq!(ids("<<1@x>> <2@\r\n x> <1@x>, < 3@x >"), ["1@x", "2@x", "3@x"]);
    }
}
