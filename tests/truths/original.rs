//! The mails themselves, decoded without any of the program's own code.
//!
//! The truths hold digests of texts, not the texts. A decoding that meets the digest is the text, whoever made it; so it
//! does no harm that mail-parser, which the program uses too, splits the mail here.

use crate::truth::{Samples, Truth};
use crate::visible::squeezed;
use encoding_rs::Encoding;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use sha2::{Digest, Sha256};
use std::panic::catch_unwind;

/// Charsets that senders use without saying so.
const UNSAID: [&str; 3] = ["utf-8", "windows-1252", "iso-2022-jp"];

/// A mail's texts.
pub(crate) struct Mail {
    texts: Vec<Text>,
}

/// A text, in one way to decode it.
pub(crate) struct Text {
    decoded: String,
    /// Digest of the bytes that were decoded.
    pub(crate) bytes: String,
    /// Its lines were broken for the wire (RFC 3676).
    flows: bool,
    /// And the space at the end of such a line is none of the text's.
    deletes_space: bool,
}

impl Text {
    /// The text as its sender wants it to be seen. The truths' digests are over the lines as they travel.
    pub(crate) fn shown(&self) -> String {
        if self.flows { unflowed(&self.decoded, self.deletes_space) } else { self.decoded.clone() }
    }
}

impl Mail {
    /// Decodes all texts in the mail of a truth, in every way that may be right.
    pub(crate) fn read(samples: &Samples, truth: &Truth) -> Self {
        let bytes = bytes(samples, truth);
        // It panics on some damaged mails in builds with assertions.
        let texts = catch_unwind(|| {
            let mut texts = Vec::new();
            if let Some(message) = MessageParser::default().parse(&bytes) {
                collect(&message, &mut texts);
            }
            texts
        });
        Self { texts: texts.unwrap_or_default() }
    }

    /// The text of this digest, if any decoding meets it.
    pub(crate) fn text(&self, digest: &str) -> Option<&Text> {
        self.texts.iter().find(|text| sha256(squeezed(&text.decoded).as_bytes()) == digest)
    }
}

/// Joins flowed lines of equal quote depth; each line comes out with one mark and a space for each level.
fn unflowed(text: &str, deletes_space: bool) -> String {
    let mut shown = String::new();
    let mut flowing: Option<usize> = None;
    for line in text.lines() {
        let marks = line.len() - line.trim_start_matches('>').len();
        let content = &line[marks..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        if flowing != Some(marks) || is_signature {
            shown.push('\n');
            shown.push_str(&"> ".repeat(marks));
        }
        let flows = content.ends_with(' ') && !is_signature;
        shown.push_str(if flows && deletes_space { &content[..content.len() - 1] } else { content });
        flowing = flows.then_some(marks);
    }
    shown
}

fn collect(message: &Message<'_>, texts: &mut Vec<Text>) {
    for part in &message.parts {
        let (PartType::Text(decoded) | PartType::Html(decoded)) = &part.body else {
            if let PartType::Message(inner) = &part.body {
                collect(inner, texts);
            }
            continue;
        };
        let attribute = |name: &str| part.content_type().and_then(|field| field.attribute(name));
        let is = |name: &str, value: &str| attribute(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
        let bytes = sha256(part.contents());
        let encodings = attribute("charset").into_iter().chain(UNSAID);
        let encodings = encodings.filter_map(|label| Encoding::for_label(label.as_bytes()));
        let decodings = encodings.map(|encoding| encoding.decode(part.contents()).0.into_owned());
        texts.extend(std::iter::once(decoded.clone().into_owned()).chain(decodings).map(|decoded| Text {
            decoded,
            bytes: bytes.clone(),
            flows: is("format", "flowed"),
            deletes_space: is("delsp", "yes"),
        }));
    }
}

/// The bytes of a truth's mail; inside a mailbox it loses its `From ` line and one level of quoting.
pub(crate) fn bytes(samples: &Samples, truth: &Truth) -> Vec<u8> {
    let entry = samples.entry(truth);
    if !truth.in_mailbox {
        return entry.to_vec();
    }
    let mut lines: Vec<&[u8]> = entry.split_inclusive(|byte| *byte == b'\n').skip(1).collect();
    if matches!(lines.last(), Some(&b"\n" | &b"\r\n")) {
        lines.pop();
    }
    let plain = lines.concat();
    let is_wanted = |bytes: &[u8]| truth.digest("raw_sha256").is_none_or(|digest| sha256(bytes) == digest);
    if is_wanted(&plain) {
        return plain;
    }
    let unquote =
        |line: &&[u8]| line.strip_prefix(b">").filter(|rest| rest.starts_with(b"From ")).unwrap_or(line).to_vec();
    lines.iter().flat_map(unquote).collect()
}

/// In lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
