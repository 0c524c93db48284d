//! Messages inside a mail, hidden from the parser: each is one part, up to the boundary of what it stands in.

use super::header::Fields;
use super::limits::{folded_line, starts_with};
use super::parser::{PartKind, Structure};
use memchr::memchr2_iter;

/// Types that hold messages, and what the parser is shown instead: as long, so that all offsets stay.
const HIDDEN: [(&[u8], &[u8], &[u8]); 3] =
    [(b"message", b"rfc822", b"hidden"), (b"message", b"global", b"hidden"), (b"multipart", b"digest", b"hidden")];

const FIELD: &[u8] = b"content-type:";

/// A copy of `mail` in which no Content-Type field names a message or a digest; `None` if none does anyway.
///
/// Fields are looked for anywhere, in texts too: only offsets and kinds are taken from the copy.
pub(super) fn hidden(mail: &[u8]) -> Option<Vec<u8>> {
    let mut copy: Option<Vec<u8>> = None;
    let mut passed = 0;
    for at in memchr2_iter(b'c', b'C', mail) {
        if at < passed || !mail.get(at..).is_some_and(|rest| starts_with(rest, FIELD)) {
            continue;
        }
        let start = at + FIELD.len();
        let value = folded_line(mail.get(start..).unwrap_or_default());
        passed = start + value.len();
        for (main, sub, instead) in HIDDEN {
            if let Some(found) = subtype(value, main, sub) {
                let copy = copy.get_or_insert_with(|| mail.to_vec());
                if let Some(place) = copy.get_mut(start + found..start + found + instead.len()) {
                    place.copy_from_slice(instead);
                }
            }
        }
    }
    copy
}

/// Where `sub` stands in a value that begins with `main/sub`.
fn subtype(value: &[u8], main: &[u8], sub: &[u8]) -> Option<usize> {
    let blank = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let start = blank(value);
    let rest = value.get(start..)?;
    let behind = starts_with(rest, main).then(|| rest.get(main.len()..)).flatten()?;
    let slash = blank(behind);
    let behind = behind.get(slash..)?.strip_prefix(b"/")?;
    let gap = blank(behind);
    let found = start + main.len() + slash + 1 + gap;
    let ends = behind.get(gap + sub.len()).is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'('));
    (starts_with(behind.get(gap..)?, sub) && ends).then_some(found)
}

/// The parts of a digest that name no type are messages (RFC 2046 section 5.1.5); the parser, which did not see that they
/// are in one, took them for texts.
pub(super) fn restore_digests(mail: &[u8], structure: &mut Structure) {
    let fields = |header: &std::ops::Range<usize>| Fields::split(mail.get(header.clone()).unwrap_or_default());
    let mut messages = Vec::new();
    for part in structure.parts.iter().filter(|part| part.kind == PartKind::Multipart) {
        let fields_of_part = fields(&part.header);
        let is_digest =
            fields_of_part.first("Content-Type").is_some_and(|value| subtype(value, b"multipart", b"digest").is_some());
        if is_digest {
            let untyped = |child: &&usize| {
                structure.parts.get(**child).is_some_and(|child| !fields(&child.header).has("Content-Type"))
            };
            messages.extend(part.children.iter().filter(untyped).copied());
        }
    }
    if messages.is_empty() {
        return;
    }
    messages.sort_unstable();
    let is_message = |id: &usize| messages.binary_search(id).is_ok();
    structure.html.retain(|id| !is_message(id));
    structure.text.retain(|id| !is_message(id));
    structure.files.extend(&messages);
    structure.files.sort_unstable();
    structure.files.dedup();
    for id in messages {
        if let Some(part) = structure.parts.get_mut(id) {
            part.kind = PartKind::Other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::testing::record;

    const HEAD: &str = "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n";

    #[test]
    fn only_types_that_hold_messages_are_hidden_and_nothing_moves() {
        let text = "Content-Type: message/rfc822\nCONTENT-TYPE:\n Message / Global; x=y\ncontent-type: multipart/digest;b=c\n\
                    Content-Type: message/delivery-status\nContent-Type: text/rfc822\nContent-Type: message/rfc822-headers\n";
        let copy = String::from_utf8(hidden(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(copy.len(), text.len());
        assert_eq!(
            copy,
            "Content-Type: message/hidden\nCONTENT-TYPE:\n Message / hidden; x=y\ncontent-type: multipart/hidden;b=c\n\
             Content-Type: message/delivery-status\nContent-Type: text/rfc822\nContent-Type: message/rfc822-headers\n"
        );
        assert_eq!(hidden(b"Content-Type: text/plain\n\nmessage/rfc822\n"), None);
    }

    #[test]
    fn messages_within_messages_that_all_end_at_one_boundary_lose_nothing_behind_them() {
        let inner = "Content-Type: message/rfc822\n\nSubject: 1\nContent-Type: message/rfc822\n\nSubject: 2\n\
                     Content-Type: message/rfc822\n\nSubject: 3\n\nFoo!\n";
        let mail = format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n{inner}\n--b\nContent-Type: text/html\n\n<b>last</b>\n--b--\n"
        );
        let found = record(mail.as_bytes());
        assert_eq!(found.body, crate::record::Body::Html("<b>last</b>".into()));
        assert_eq!(found.attachments.len(), 1);
        assert_eq!(found.attachments[0].filename, "1.eml");
        assert!(found.attachments[0].content.ends_with(b"Foo!\n"));
    }

    #[test]
    fn a_digest_is_a_file_for_each_message() {
        let mail = format!(
            "{HEAD}Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\n1\n--b\n\nSubject: two\n\n2\n--b--\n"
        );
        let names: Vec<String> = record(mail.as_bytes()).attachments.into_iter().map(|file| file.filename).collect();
        assert_eq!(names, ["one.eml", "two.eml"]);
    }
}
