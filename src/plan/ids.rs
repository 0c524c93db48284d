//! External ids and thread refs in as little room as millions of them leave: those that threadlift makes are digests in hexadecimal,
//! and are held as bytes.

use crate::request::hex;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

/// What all ids of this scheme begin with.
const SCHEME: &str = "tl1-";

/// Front's external id.
pub(super) type ExternalId = Id<20>;

/// Front's thread ref.
pub(super) type ThreadRef = Id<16>;

/// An id whose plain form has so many bytes. Equal ids have one form, so they can be compared as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Id<const BYTES: usize> {
    /// `tl1-` and these bytes.
    Plain([u8; BYTES]),
    /// Anything else: with a suffix, or of another scheme.
    Other(Box<str>),
}

impl<const BYTES: usize> Id<BYTES> {
    /// The plain id of a digest that is long enough.
    pub(super) fn plain(digest: &[u8]) -> Self {
        Self::Plain(digest.first_chunk().copied().unwrap_or([0; BYTES]))
    }

    pub(super) fn of(text: &str) -> Self {
        let bytes = text.strip_prefix(SCHEME).and_then(bytes_of);
        bytes.map_or_else(|| Self::Other(text.into()), Self::Plain)
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(bytes) => Cow::Owned([SCHEME, &hex(bytes)].concat()),
            Self::Other(text) => Cow::Borrowed(text),
        }
    }
}

/// As their texts are ordered.
impl<const BYTES: usize> Ord for Id<BYTES> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Plain(one), Self::Plain(two)) => one.cmp(two),
            _ => self.text().cmp(&other.text()),
        }
    }
}

impl<const BYTES: usize> PartialOrd for Id<BYTES> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const BYTES: usize> Display for Id<BYTES> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

/// The bytes that just so many lower-case hexadecimal digits stand for.
fn bytes_of<const BYTES: usize>(digits: &str) -> Option<[u8; BYTES]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != BYTES || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_has_one_form_and_keeps_its_text(
            texts in prop::collection::vec("(tl1-)?([0-9a-f]{3,5}|[0-9A-Fa-f]{4})(-[0-9a-f]{2})?", 2..20)
        ) {
            let ids: Vec<Id<2>> = texts.iter().map(|text| Id::of(text)).collect();
            for (id, text) in ids.iter().zip(&texts) {
                prop_assert_eq!(&id.text(), text);
                for (other, other_text) in ids.iter().zip(&texts) {
                    prop_assert_eq!(id.cmp(other), text.cmp(other_text));
                    prop_assert_eq!(id == other, text == other_text);
                }
            }
        }
    }

    #[test]
    fn what_is_made_of_a_digest_is_what_its_text_says() {
        let made: Id<2> = Id::plain(&[0x0a, 0xbc, 0xff]);
        assert_eq!(made, Id::of("tl1-0abc"));
        assert_eq!(made, Id::Plain([0x0a, 0xbc]));
    }
}
