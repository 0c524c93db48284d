//! A part of a mail with its own fields and its decoded bytes.

use super::enclosed;
use super::header::Fields;
use super::params::Parameterized;
use super::parser::{Part, PartKind};
use super::transfer::{self, Encoding};
use bytes::Bytes;

/// A leaf of a mail, decoded once.
pub(super) struct Leaf<'a> {
    /// Its header fields.
    pub(super) fields: Fields<'a>,
    /// Content-Type with parameters.
    pub(super) content_type: Parameterized,
    charset: Option<String>,
    /// Content-Disposition with parameters.
    pub(super) disposition: Parameterized,
    /// How it travels.
    pub(super) encoding: Encoding,
    /// What it holds.
    pub(super) kind: PartKind,
    /// The original bytes, transfer encoding undone by the book: what identity is made of.
    pub(super) content: Bytes,
    /// The bytes that people get where they are others than `content`.
    repaired: Option<Bytes>,
    /// What was wrong with the transfer encoding.
    pub(super) damage: Option<&'static str>,
    /// The name that an encoding other than those of MIME gives the file.
    pub(super) enclosed_name: Option<String>,
}

impl<'a> Leaf<'a> {
    /// Reads and decodes a part of `mail`.
    pub(super) fn read(mail: &'a Bytes, part: &Part) -> Self {
        let fields = Fields::split(mail.get(part.header.clone()).unwrap_or_default());
        let content_type = fields.first("Content-Type").map(Parameterized::parse).unwrap_or_default();
        let disposition = fields.first("Content-Disposition").map(Parameterized::parse).unwrap_or_default();
        let encoding = Encoding::of(fields.first("Content-Transfer-Encoding"));
        let encoded = mail.slice(part.body.clone());
        let content = encoding.decode(encoded.clone());
        let damage = encoding.damage(&encoded, content.len());
        let mut leaf = Self {
            fields,
            charset: charset_of(&content_type),
            content_type,
            disposition,
            encoding,
            kind: part.kind,
            content,
            repaired: None,
            damage,
            enclosed_name: None,
        };
        leaf.repair(&encoded);
        leaf
    }

    fn repair(&mut self, encoded: &Bytes) {
        match self.encoding {
            Encoding::Base64 if self.damage.is_some() => {
                let Some(at) = transfer::text_below_base64(encoded) else { return };
                let mut content = transfer::base64(encoded.get(..at).unwrap_or_default());
                if self.kind != PartKind::Other {
                    content.extend_from_slice(b"\n\n");
                    content.extend_from_slice(encoded.get(at..).unwrap_or_default());
                }
                self.repaired = Some(content.into());
                self.damage = Some("plain text below its base64 told apart");
            }
            Encoding::Enclosed => {
                if let Some(file) = enclosed::whole(&self.content) {
                    self.repaired = Some(file.content.into());
                    self.enclosed_name = Some(file.name);
                    self.damage = file.damage;
                } else {
                    self.damage = Some("no uuencode and no yEnc, though declared as such: kept as it is");
                }
            }
            _ => {}
        }
    }

    /// The bytes that people get.
    pub(super) fn file(&self) -> &Bytes {
        self.repaired.as_ref().unwrap_or(&self.content)
    }

    /// Is it HTML? A part that was cut off is text of no kind to the parser.
    pub(super) fn is_html(&self) -> bool {
        self.kind == PartKind::Html || self.kind == PartKind::Text && self.content_type.value == "text/html"
    }

    /// Is it declared to be a file to save, not a text to show?
    pub(super) fn is_attachment(&self) -> bool {
        self.disposition.value == "attachment"
    }

    /// The declared charset.
    pub(super) fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// Is it a mail?
    pub(super) fn is_message(&self) -> bool {
        matches!(self.content_type.value.as_str(), "message/rfc822" | "message/global") || self.is_digested()
    }

    /// Is it a part of a multipart/digest without a type of its own? Those are mails (RFC 2046 section 5.1.5).
    pub(super) fn is_digested(&self) -> bool {
        self.kind == PartKind::Other && !self.fields.has("Content-Type")
    }

    /// BLAKE3 of the canonical bytes: all line ends as LF and none at the end, for what travels as lines, since exports
    /// rewrite line ends and mbox files add one. Base64 of anything but text is exact already.
    pub(super) fn canonical_hash(&self) -> [u8; 32] {
        let exact = self.encoding == Encoding::Base64 && self.kind == PartKind::Other;
        if exact { *blake3::hash(&self.content).as_bytes() } else { unified_hash(&self.content) }
    }
}

fn charset_of(content_type: &Parameterized) -> Option<String> {
    let declared = content_type.get("charset")?;
    // `charset=us-ascii (Plain text)`
    declared.split_whitespace().next().map(|label| label.trim_matches(['"', '\'']).to_owned())
}

/// BLAKE3 of the bytes with CR LF and bare CR as LF, and no line end at the end.
pub(super) fn unified_hash(bytes: &[u8]) -> [u8; 32] {
    /// Lines that are hashed together; one by one they would take several times as long.
    const TOGETHER: usize = 64 << 10;
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    let mut rest = bytes.get(..end).unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    let mut lines: Vec<u8> = Vec::new();
    while let Some(at) = memchr::memchr(b'\r', rest) {
        let (plain, from) = rest.split_at(at);
        if lines.len() + plain.len() >= TOGETHER {
            hasher.update(&lines);
            lines.clear();
        }
        lines.extend_from_slice(plain);
        lines.push(b'\n');
        rest = from.strip_prefix(b"\r\n").or_else(|| from.get(1..)).unwrap_or_default();
    }
    hasher.update(&lines);
    hasher.update(rest);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_do_not_change_the_hash_and_anything_else_does() {
        let one = unified_hash(b"a\n\nb");
        assert_eq!(one, unified_hash(b"a\r\n\rb\r\n\n"));
        assert_ne!(one, unified_hash(b"a\nb"));
        assert_eq!(unified_hash(b"\r\n"), unified_hash(b""));
    }

    #[test]
    fn lines_of_any_length_are_hashed_as_they_stand() {
        for length in [1, 70, 998, 70_000] {
            let line = "x".repeat(length);
            let text = |end: &str| vec![line.as_str(); 200_000 / length].join(end);
            let hash = *blake3::hash(text("\n").as_bytes()).as_bytes();
            assert_eq!(
                [unified_hash(text("\r\n").as_bytes()), unified_hash(text("\n").as_bytes())],
                [hash; 2],
                "{length}"
            );
        }
    }
}
