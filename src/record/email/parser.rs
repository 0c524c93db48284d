//! The only place that names the MIME parser (mail-parser 0.11).
//!
//! Its next major version has another interface; what we need of it is small and stands here: the structure of a
//! mail as byte ranges, a few rare charsets.

use super::nested;
use mail_parser::decoders::charsets::map::charset_decoder as decoder_of;
use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders, PartType};
use memchr::memmem;
use std::ops::Range;
use std::sync::LazyLock;

/// Finds parts and leaves them encoded: decoding is ours (see `transfer`), and twice would cost twice.
static FRAMING: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .header_content_type(HeaderName::ContentType)
        .header_content_type(HeaderName::ContentDisposition)
        .default_header_ignore()
});

/// The structure of a mail; nested messages are one part each.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Structure {
    /// All parts; the first is the mail itself.
    pub(super) parts: Vec<Part>,
    /// Parts that a client shows when it prefers HTML, in order.
    pub(super) html: Vec<usize>,
    /// Parts that a client shows when it prefers plain text, in order.
    pub(super) text: Vec<usize>,
    /// Parts that are files, in the order of the mail.
    pub(super) files: Vec<usize>,
}

/// A part, as byte ranges of the mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its header block.
    pub(super) header: Range<usize>,
    /// Its content, still encoded.
    pub(super) body: Range<usize>,
    /// What it holds.
    pub(super) kind: PartKind,
    /// Its parts, if it is a multipart; all come after it.
    pub(super) children: Vec<usize>,
}

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// Text other than HTML.
    Text,
    /// HTML.
    Html,
    /// Anything else, a nested message among it.
    Other,
    /// Other parts.
    Multipart,
}

/// Finds the structure of a mail; none if it has no header field at all.
///
/// `holds_messages` says that parts of the mail are mails. Those are hidden from the parser, which would go into them: it
/// loses its way where several end at once (a panic in builds with assertions, lost parts in others), needs them decoded
/// to find their end, and recurses. It has panicked on damaged input in earlier versions: call it guarded.
pub(super) fn structure(mail: &[u8], holds_messages: bool) -> Option<Structure> {
    let hidden = if holds_messages { nested::hidden(mail) } else { None };
    let bytes = hidden.as_deref().unwrap_or(mail);
    let mut structure = lone_part(bytes).or_else(|| whole(bytes))?;
    if hidden.is_some() {
        nested::restore_digests(mail, &mut structure);
    }
    Some(structure)
}

/// The structure of a mail of one part, by its header alone: the parser would go through all of its text, and decode it,
/// to find that the part ends where the mail does. `None` if that cannot be told.
fn lone_part(mail: &[u8]) -> Option<Structure> {
    /// So much behind the blank line shows that the parser, too, ends the header there.
    const BEHIND: usize = 16;
    let blank = [&b"\n\n"[..], b"\n\r\n"].into_iter().filter_map(|blank| memmem::find(head(mail), blank)).min()?;
    let beginning = mail.get(..blank + BEHIND)?;
    let message: Message<'_> = FRAMING.parse(beginning)?;
    let [part] = message.parts.as_slice() else { return None };
    let declared = message.content_type().map_or("", |declared| declared.ctype());
    if declared == "multipart" || declared == "message" || part.offset_body as usize >= beginning.len() {
        return None;
    }
    let mut structure = structure_of(&message, mail);
    if let [part] = structure.parts.as_mut_slice() {
        part.body.end = mail.len();
    }
    Some(structure)
}

/// What the header of a mail with one part is mostly no longer than.
fn head(mail: &[u8]) -> &[u8] {
    const LONGEST: usize = 64 << 10;
    mail.get(..mail.len().min(LONGEST)).unwrap_or_default()
}

/// The structure as the parser finds it when it reads all of the mail.
fn whole(mail: &[u8]) -> Option<Structure> {
    FRAMING.parse(mail).map(|message| structure_of(&message, mail))
}

fn structure_of(message: &Message<'_>, mail: &[u8]) -> Structure {
    let parts: Vec<Part> = message
        .parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            let [header, body, end] =
                [part.offset_header, part.offset_body, part.offset_end].map(|at| (at as usize).min(mail.len()));
            let kind = match &part.body {
                PartType::Text(_) => PartKind::Text,
                PartType::Html(_) => PartKind::Html,
                PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) => PartKind::Other,
                PartType::Multipart(_) => PartKind::Multipart,
            };
            // A multipart that was cut off has no end; it reaches to the end of the mail.
            let end = if end < body { mail.len() } else { end };
            let children = match &part.body {
                PartType::Multipart(ids) => ids.iter().map(|id| *id as usize).filter(|id| *id > at).collect(),
                _ => Vec::new(),
            };
            Part { header: header.min(body)..body, body: body..end, kind, children }
        })
        .collect();
    let known = |ids: &[u32]| -> Vec<usize> {
        ids.iter().map(|id| *id as usize).filter(|id| parts.get(*id).is_some()).collect()
    };
    let mut files = known(&message.attachments);
    files.sort_unstable();
    files.dedup();
    Structure { html: known(&message.html_body), text: known(&message.text_body), files, parts }
}

/// A decoder for charsets outside the WHATWG list.
pub(super) fn charset_decoder(label: &str) -> Option<fn(&[u8]) -> String> {
    decoder_of(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn parts_are_found_by_place() {
        let mail =
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: image/png\n\nPNG\n--b--\n";
        let found = structure(mail, false).unwrap();
        let bodies: Vec<_> = found.parts.iter().map(|part| &mail[part.body.clone()]).collect();
        assert_eq!(bodies[1], b"hello");
        assert_eq!(bodies[2], b"PNG");
        assert_eq!(found.files, [2]);
        assert_eq!(found.html, [1, 2]);
        assert_eq!(found.parts[0].kind, PartKind::Multipart);
    }

    #[test]
    fn a_mail_of_one_part_is_told_by_its_header() {
        let kind =
            |mail: &str| lone_part(mail.as_bytes()).map(|found| found.parts.first().map(|part| part.kind).unwrap());
        let text = "\nhello, and some more\n";
        assert_eq!(kind(&format!("Subject: x\n{text}")), Some(PartKind::Text));
        assert_eq!(kind(&format!("Subject: x\r\nContent-Type: text/html\r\n\r{text}")), Some(PartKind::Html));
        assert_eq!(kind(&format!("Content-Type: image/png\n{text}")), Some(PartKind::Other));
        for open in ["multipart/mixed; boundary=b", "Multipart/mixed", "message/rfc822"] {
            assert_eq!(kind(&format!("Content-Type: {open}\n{text}--b\n\nhi\n--b--\n")), None, "{open}");
        }
        assert_eq!(kind("Subject: x\n"), None);
    }

    proptest! {
        #[test]
        fn the_header_alone_never_says_anything_else_than_the_whole_mail(
            lines in vec(
                "(Content-Type: ?(text/(plain|html|x)|image/png|multipart/mixed|message/rfc822|)(; ?(charset=utf-8|name=\"?a|name=\"a\"|boundary=\"?b\"?|=\\?utf-8\\?Q\\?a))?)\
                |Content-Disposition: (attachment|inline)(; filename=\"a)?|Content-Transfer-Encoding: base64|Subject: =\\?utf-8\\?Q\\?a\
                |--b(--)?|[ \t]{0,2}|[ \t]x|a: b|:|\"|\\?=|\\(|text",
                0..12,
            ),
            end in "\r?\n",
        ) {
            let mail = lines.join(&end);
            if let Some(found) = lone_part(mail.as_bytes()) {
                prop_assert_eq!(Some(found), whole(mail.as_bytes()));
            }
        }

        #[test]
        fn nor_does_it_for_any_bytes(bytes in vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b':'), Just(b'\r')], 0..60)) {
            if let Some(found) = lone_part(&bytes) {
                prop_assert_eq!(Some(found), whole(&bytes));
            }
        }
    }

    #[test]
    fn bytes_without_any_field_have_no_structure() {
        assert!(structure(b"", false).is_none());
    }
}
