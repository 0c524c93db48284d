//! The only place that names the MIME parser (mail-parser 0.11).
//!
//! Its next major version has another interface; what we need of it is small and stands here: the structure of a
//! mail as byte ranges, a few rare charsets.

use super::nested;
use mail_parser::decoders::charsets::map::charset_decoder as decoder_of;
use mail_parser::{HeaderName, Message, MessageParser, PartType};
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
#[derive(Debug)]
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
#[derive(Debug)]
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
    let message: Message<'_> = FRAMING.parse(hidden.as_deref().unwrap_or(mail))?;
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
    let mut structure = Structure { html: known(&message.html_body), text: known(&message.text_body), files, parts };
    if hidden.is_some() {
        nested::restore_digests(mail, &mut structure);
    }
    Some(structure)
}

/// A decoder for charsets outside the WHATWG list.
pub(super) fn charset_decoder(label: &str) -> Option<fn(&[u8]) -> String> {
    decoder_of(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn bytes_without_any_field_have_no_structure() {
        assert!(structure(b"", false).is_none());
    }
}
