//! The mails themselves, decoded without any of the program's own code.
//!
//! The truths hold digests of texts, not the texts. A decoding that meets the digest is the text, whoever made it; so it
//! does no harm that mail-parser, which the program uses too, splits the mail here.

use crate::truth::{Samples, Truth};
use crate::visible::squeezed;
use encoding_rs::{Encoding, ISO_8859_15, UTF_8, WINDOWS_1252};
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use sha2::{Digest, Sha256};
use std::panic::catch_unwind;

/// Charsets that senders use without saying so.
const UNSAID: [&str; 3] = ["utf-8", "windows-1252", "iso-2022-jp"];

/// A mail's texts.
#[derive(Default)]
pub(crate) struct Mail {
    texts: Vec<Text>,
    /// Parts that are in a message in the mail.
    enclosed: Vec<Enclosed>,
}

/// A part in a message in a mail.
struct Enclosed {
    /// Digest of its bytes.
    bytes: String,
    /// What it says, as its charset has it, white space collapsed.
    says: Option<String>,
    /// Digest of the outermost message around it.
    message: String,
}

/// A text, in one way to decode it.
#[derive(Default)]
pub(crate) struct Text {
    decoded: String,
    /// Digest of the bytes that were decoded.
    bytes: String,
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

    fn is_of(&self, bytes: &str) -> bool {
        self.bytes == bytes || is_version(&self.decoded, bytes)
    }
}

impl Mail {
    /// Decodes all texts in the mail of a truth, in every way that may be right.
    pub(crate) fn read(samples: &Samples, truth: &Truth) -> Self {
        let bytes = bytes(samples, truth);
        // It panics on some damaged mails in builds with assertions.
        let mail = catch_unwind(|| {
            let mut mail = Self::default();
            if let Some(message) = MessageParser::default().parse(&bytes) {
                mail.collect(&message, None);
            }
            mail
        });
        let mut mail = mail.unwrap_or_default();
        let segments = segments(&bytes);
        mail.texts.extend(segments.into_iter().flat_map(|part| texts(part, None)));
        mail
    }

    fn collect(&mut self, message: &Message<'_>, inside: Option<&str>) {
        for part in &message.parts {
            let bytes = sha256(part.contents());
            if let Some(outermost) = inside {
                let says = part.text_contents().map(squeezed);
                self.enclosed.push(Enclosed { bytes: bytes.clone(), says, message: outermost.to_owned() });
            }
            let (PartType::Text(decoded) | PartType::Html(decoded)) = &part.body else {
                if let PartType::Message(inner) = &part.body {
                    self.collect(inner, Some(inside.unwrap_or(&bytes)));
                }
                continue;
            };
            let attribute = |name: &str| part.content_type().and_then(|field| field.attribute(name));
            let is = |name: &str, value: &str| attribute(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
            let mut found = texts(part.contents(), attribute("charset"));
            found.push(Text { decoded: decoded.clone().into_owned(), bytes: bytes.clone(), ..Text::default() });
            let (flows, deletes_space) = (is("format", "flowed"), is("delsp", "yes"));
            self.texts.extend(found.into_iter().map(|text| Text { flows, deletes_space, ..text }));
        }
    }

    /// The text of this digest, if any decoding meets it.
    pub(crate) fn text(&self, digest: &str) -> Option<&Text> {
        self.texts.iter().find(|text| sha256(squeezed(&text.decoded).as_bytes()) == digest)
    }

    /// Are the bytes of this digest a text of that one?
    pub(crate) fn says(&self, bytes: &str, digest: &str) -> bool {
        let said = self.texts.iter().filter(|text| sha256(squeezed(&text.decoded).as_bytes()) == digest);
        said.into_iter().any(|text| text.is_of(bytes))
    }

    /// The decodings of the texts whose bytes have this digest.
    pub(crate) fn texts_of(&self, bytes: &str) -> impl Iterator<Item = &Text> {
        self.texts.iter().filter(move |text| text.is_of(bytes))
    }

    /// Digests of the messages in the mail that hold a part of these bytes, or one that says the same.
    pub(crate) fn containers_of(&self, bytes: &str) -> impl Iterator<Item = &str> {
        let says: Vec<String> = self.texts_of(bytes).map(|text| squeezed(&text.decoded)).collect();
        let is_it =
            move |part: &&Enclosed| part.bytes == bytes || part.says.as_ref().is_some_and(|it| says.contains(it));
        self.enclosed.iter().filter(is_it).map(|part| part.message.as_str())
    }
}

/// Is it a digest of the text in a usual charset, with other line ends, or with another number of them at its end?
fn is_version(text: &str, digest: &str) -> bool {
    let whole = text.replace("\r\n", "\n");
    let lines = whole.trim_end_matches('\n');
    let ends = ["", "\n", "\n\n"].map(|end| format!("{lines}{end}"));
    let versions = ends.into_iter().chain([whole.clone()]).flat_map(|text| [text.replace('\n', "\r\n"), text]);
    versions.into_iter().any(|version| {
        let encoded = |encoding: &'static Encoding| sha256(&encoding.encode(&version).0);
        [UTF_8, WINDOWS_1252, ISO_8859_15].into_iter().any(|encoding| encoded(encoding) == digest)
    })
}

/// What stands between the lines that are a boundary: parts that travel unencoded, found without any parser.
fn segments(mail: &[u8]) -> Vec<&[u8]> {
    let text = String::from_utf8_lossy(mail);
    let values = text.split("boundary=").skip(1);
    let boundaries = values.filter_map(|rest| rest.split(['"', ';', '\r', '\n']).find(|word| !word.is_empty()));
    let mut segments = Vec::new();
    for boundary in boundaries.map(|boundary| format!("--{boundary}")) {
        let mut at = 0;
        let mut start = None;
        for line in mail.split_inclusive(|byte| *byte == b'\n') {
            if line.strip_prefix(boundary.as_bytes()).is_some_and(|rest| matches!(rest.trim_ascii(), b"" | b"--")) {
                segments.extend(start.map(|start| &mail[start..at]));
                start = Some(at + line.len());
            }
            at += line.len();
        }
    }
    let bodies = segments.into_iter().filter_map(|part| {
        let ends =
            [b"\n\n".as_slice(), b"\n\r\n"].map(|blank| memchr::memmem::find(part, blank).map(|at| at + blank.len()));
        part.get(ends.into_iter().flatten().min()?..)
    });
    bodies.collect()
}

/// The texts that bytes may be: in the charset that is declared, and in those that senders use without saying so.
fn texts(bytes: &[u8], declared: Option<&str>) -> Vec<Text> {
    let digest = sha256(bytes);
    let encodings = declared.into_iter().chain(UNSAID).filter_map(|label| Encoding::for_label(label.as_bytes()));
    let decodings = encodings.map(|encoding| encoding.decode(bytes).0.into_owned());
    decodings.map(|decoded| Text { decoded, bytes: digest.clone(), ..Text::default() }).collect()
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
