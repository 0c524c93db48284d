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
    texts: Vec<String>,
}

impl Mail {
    /// Decodes all texts in the mail of a truth, in every way that may be right.
    pub(crate) fn read(samples: &Samples, truth: &Truth) -> Self {
        let mut texts = Vec::new();
        let wanted = ["text_sha256", "html_sha256"].iter().any(|key| truth.get(key).is_some());
        if wanted {
            let bytes = bytes(samples, truth);
            // It panics on some damaged mails in builds with assertions.
            let found = catch_unwind(|| {
                let mut texts = Vec::new();
                if let Some(message) = MessageParser::default().parse(&bytes) {
                    collect(&message, &mut texts);
                }
                texts
            });
            texts = found.unwrap_or_default();
        }
        Self { texts }
    }

    /// The text of this digest, if any decoding meets it.
    pub(crate) fn text(&self, digest: &str) -> Option<&str> {
        self.texts.iter().find(|text| sha256(squeezed(text).as_bytes()) == digest).map(String::as_str)
    }
}

fn collect(message: &Message<'_>, texts: &mut Vec<String>) {
    for part in &message.parts {
        let (PartType::Text(decoded) | PartType::Html(decoded)) = &part.body else {
            if let PartType::Message(inner) = &part.body {
                collect(inner, texts);
            }
            continue;
        };
        texts.push(decoded.clone().into_owned());
        let charset = part.content_type().and_then(|field| field.attribute("charset"));
        for label in charset.into_iter().chain(UNSAID) {
            if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
                texts.push(encoding.decode(part.contents()).0.into_owned());
            }
        }
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
    let unquote = |line: &&[u8]| line.strip_prefix(b">").filter(|rest| rest.starts_with(b"From ")).unwrap_or(line).to_vec();
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
