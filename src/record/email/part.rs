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

    /// The bytes with all line ends as LF and none at the end, for what travels as lines: exports rewrite line ends, and
    /// mbox files add one. Base64 of anything but text is exact already.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let exact = self.encoding == Encoding::Base64 && self.kind == PartKind::Other;
        if exact { self.content.to_vec() } else { unify_lines(&self.content) }
    }
}

/// CR LF and bare CR become LF; line ends at the end go.
pub(super) fn unify_lines(bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\r', rest) {
        let (plain, from) = rest.split_at(at);
        output.extend_from_slice(plain);
        output.push(b'\n');
        rest = from.strip_prefix(b"\r\n").or_else(|| from.get(1..)).unwrap_or_default();
    }
    output.extend_from_slice(rest);
    while output.last() == Some(&b'\n') {
        output.pop();
    }
    output
}
