//! What makes two records one message: the scheme behind external ids.
//!
//! Two digests stand in [`Identity`](super::Identity). Each is BLAKE3 in key-derivation mode; the context string
//! names the digest and its scheme, so no two kinds can ever be equal. Fields are written in the order given below, each
//! as its length (8 bytes, little endian) and its bytes; a list is its number of entries (8 bytes, little endian) and then
//! its entries; a value that may be missing is a list of none or one. So no two different inputs are written alike.
//!
//! | digest | context | fields |
//! |---|---|---|
//! | mail `key` | `threadlift tl1 mail id` | namespace, Message-ID (no brackets, case kept) |
//! | mail `key` without usable Message-ID | `threadlift tl1 mail content` | namespace; values of Date, From, To, Cc, Subject (each a list, raw bytes, every run of white space as one space); canonical hash of each leaf part, in order |
//! | mail `sameness` | `threadlift tl1 mail sameness` | first Date as above (list of none or one), sender, subject, text, canonical hash of each file (sorted, each once) |
//! | chat `key` | `threadlift tl1 chat id` | namespace, conversation, id cell |
//! | chat `key` without id column | `threadlift tl1 chat content` | namespace, conversation, time cell, sender cell, text cell with its line ends as CRLF |
//! | chat `sameness` | `threadlift tl1 chat sameness` | sender cell, text cell |
//! | chat `sameness` without id column | `threadlift tl1 chat sameness` | time cell, sender cell, text cell |
//! | `key` of a message in one of several inboxes | `threadlift tl1 inbox` | the `key` by the lines above, inbox as the mapping names it |
//!
//! *Canonical hash* of a part: BLAKE3 of its bytes, transfer encoding undone, line ends as LF and none at the end,
//! unless the part is base64 and no text: then its bytes as they are. *Sender* in `sameness`: what stands in the last pair of angle brackets of From, else its first word with
//! an `@`, else all of it; lower case, no white space; where a mailing list put its own address there and another field
//! names the person, the person. *Subject* there: decoded, without leading `[tag]`s, replies as `re:`.
//! *Text* there: the plain parts (if they hold nothing but a list footer, the HTML parts without tags), decoded by declared
//! charset, without list footer, white space collapsed. Time, sender and text of a chat row are the cells as read, trimmed.
//!
//! Never in `key`: a repaired or derived value, and a header that changes between exports (Received, Status, X-Gmail-Labels,
//! X-Mozilla-Status, Content-Length, Delivered-To and their like). Where an id needs a suffix, `sameness` is the digest to use.
//!
//! [`Likeness`](super::Likeness) is beside these and never in an id: with it a mail of which files are missing in the export
//! is known as a copy of the whole one, and what was pinned by sender and text as written is known by what a list hid.

/// The `key` of a mail that has a usable Message-ID.
#[must_use]
pub fn mail_key(namespace: &str, message_id: &str) -> [u8; 32] {
    Digest::new("threadlift tl1 mail id").field(namespace.as_bytes()).field(message_id.as_bytes()).finish()
}

/// What an id (a `key`, or the name of a thread) becomes where each inbox has a copy of its own. The default inbox keeps
/// the id as it is, so that a mapping may begin to ask for copies later.
#[must_use]
pub fn in_inbox(id: &[u8], inbox: &str) -> [u8; 32] {
    Digest::new("threadlift tl1 inbox").field(id).field(inbox.as_bytes()).finish()
}

/// So many bytes are gathered before they are hashed: BLAKE3 takes several blocks in one step, but only those it gets together.
const GATHERED: usize = 64 << 10;

/// Writes fields unambiguously into one digest.
pub(super) struct Digest {
    context: &'static str,
    gathered: Vec<u8>,
    /// What came before, if it was too much to be held.
    hashed: Option<blake3::Hasher>,
}

impl Digest {
    /// A digest of its own kind.
    pub(super) fn new(context: &'static str) -> Self {
        Self { context, gathered: Vec::with_capacity(256), hashed: None }
    }

    /// Adds one field.
    pub(super) fn field(mut self, bytes: &[u8]) -> Self {
        self.number(bytes.len());
        self.add(bytes);
        self
    }

    /// Adds a list of fields.
    pub(super) fn list<T: AsRef<[u8]>>(mut self, entries: &[T]) -> Self {
        self.number(entries.len());
        entries.iter().fold(self, |digest, entry| digest.field(entry.as_ref()))
    }

    /// The digest.
    pub(super) fn finish(self) -> [u8; 32] {
        match self.hashed {
            None => blake3::derive_key(self.context, &self.gathered),
            Some(mut hasher) => *hasher.update(&self.gathered).finalize().as_bytes(),
        }
    }

    fn number(&mut self, number: usize) {
        self.add(&(number as u64).to_le_bytes());
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.gathered.len() + bytes.len() <= GATHERED {
            self.gathered.extend_from_slice(bytes);
            return;
        }
        let hasher = self.hashed.get_or_insert_with(|| blake3::Hasher::new_derive_key(self.context));
        hasher.update(&self.gathered);
        self.gathered.clear();
        hasher.update(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_run_into_each_other() {
        let of = |fields: &[&str]| {
            fields.iter().fold(Digest::new("x"), |digest, field| digest.field(field.as_bytes())).finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab", ""]), of(&["ab"]));
        let one = Digest::new("x").list(&["a"]).list(&["b"; 1]).finish();
        let two = Digest::new("x").list(&["a", "b"]).list::<&str>(&[]).finish();
        assert_ne!(one, two);
    }

    #[test]
    fn how_long_fields_are_makes_no_other_scheme() {
        let field = |length: usize| (0..=250_u8).cycle().take(length).collect::<Vec<u8>>();
        for lengths in
            [vec![], vec![5], vec![70_000, 3], vec![GATHERED - 8], vec![1, GATHERED - 17, 0], vec![40_000; 5]]
        {
            let mut plain = blake3::Hasher::new_derive_key("x");
            let mut digest = Digest::new("x");
            for bytes in lengths.iter().map(|length| field(*length)) {
                plain.update(&(bytes.len() as u64).to_le_bytes());
                plain.update(&bytes);
                digest = digest.field(&bytes);
            }
            assert_eq!(digest.finish(), *plain.finalize().as_bytes(), "{lengths:?}");
        }
    }

    #[test]
    fn kinds_are_apart() {
        assert_ne!(Digest::new("x").field(b"a").finish(), Digest::new("y").field(b"a").finish());
    }
}
