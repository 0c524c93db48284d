//! A part of a mail with its own fields and its decoded bytes.

use super::header::Fields;
use super::params::Parameterized;
use super::parser::{Part, PartKind};
use super::transfer::Encoding;
use bytes::Bytes;

/// A leaf of a mail, decoded once.
pub(super) struct Leaf<'a> {
    /// Its header fields.
    pub(super) fields: Fields<'a>,
    /// Content-Type with parameters.
    pub(super) content_type: Parameterized,
    /// How it travels.
    pub(super) encoding: Encoding,
    /// What it holds.
    pub(super) kind: PartKind,
    /// The original bytes.
    pub(super) content: Bytes,
}

impl<'a> Leaf<'a> {
    /// Reads and decodes a part of `mail`.
    pub(super) fn read(mail: &'a Bytes, part: &Part) -> Self {
        let fields = Fields::split(mail.get(part.header.clone()).unwrap_or_default());
        let content_type = fields.first("Content-Type").map(Parameterized::parse).unwrap_or_default();
        let encoding = Encoding::of(fields.first("Content-Transfer-Encoding"));
        let content = encoding.decode(mail.slice(part.body.clone()));
        Self { fields, content_type, encoding, kind: part.kind, content }
    }

    /// The declared charset.
    pub(super) fn charset(&self) -> Option<String> {
        let declared = self.content_type.get("charset")?;
        // `charset=us-ascii (Plain text)`
        declared.split_whitespace().next().map(|label| label.trim_matches(['"', '\'']).to_owned())
    }

    /// Is it a mail?
    pub(super) fn is_message(&self) -> bool {
        matches!(self.content_type.value.as_str(), "message/rfc822" | "message/global")
    }

    /// BLAKE3 of the canonical bytes: all line ends as LF and none at the end, for what travels as lines, since exports
    /// rewrite line ends and mbox files add one. Base64 of anything but text is exact already.
    pub(super) fn canonical_hash(&self) -> [u8; 32] {
        let exact = self.encoding == Encoding::Base64 && self.kind == PartKind::Other;
        if exact { *blake3::hash(&self.content).as_bytes() } else { unified_hash(&self.content) }
    }
}

/// BLAKE3 of the bytes with CR LF and bare CR as LF, and no line end at the end.
pub(super) fn unified_hash(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    let mut rest = bytes.get(..end).unwrap_or_default();
    while let Some(at) = memchr::memchr(b'\r', rest) {
        let (plain, from) = rest.split_at(at);
        hasher.update(plain);
        hasher.update(b"\n");
        rest = from.strip_prefix(b"\r\n").or_else(|| from.get(1..)).unwrap_or_default();
    }
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
}
