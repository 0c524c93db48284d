//! What Front does not document, and how it is played: one reading unless another is asked for.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::body::MAX_REQUEST;
use super::store::Attachment;

/// How Front is played where its documents are silent.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that Front's documents leave open")]
pub struct Undocumented {
    /// A time with a fraction of a second.
    pub fractions: Fractions,
    /// What makes a file one that stands within the text.
    pub inline: Option<InlineBy>,
    /// The largest request in bytes, or with `is_limit_per_file` the largest file.
    pub limit: u64,
    /// The limit is that of each file, and not of the whole request.
    pub is_limit_per_file: bool,
    /// One `thread_ref` is one conversation in whichever inbox it comes.
    pub are_refs_shared: bool,
    /// Messages of different types never share a conversation.
    pub are_refs_by_type: bool,
    /// Lists show imported messages in the order in which they came, and not by their dates.
    pub is_by_arrival: bool,
    /// The external ids of what was deleted for good can be used again.
    pub are_deleted_ids_free: bool,
    /// An author who does not exist or is blocked is left out, and the message taken.
    pub takes_any_author: bool,
}

impl Default for Undocumented {
    fn default() -> Self {
        Self {
            fractions: Fractions::Refuse,
            inline: None,
            limit: MAX_REQUEST,
            is_limit_per_file: false,
            are_refs_shared: false,
            are_refs_by_type: false,
            is_by_arrival: false,
            are_deleted_ids_free: false,
            takes_any_author: false,
        }
    }
}

/// What becomes of a time with a fraction of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fractions {
    /// The message is refused, as the schema asks for an integer.
    Refuse,
    /// It is kept.
    Keep,
    /// The second is kept.
    Cut,
}

/// What tells which file a `cid:` in the text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlineBy {
    /// The header Content-ID of its part.
    ContentId,
    /// Its name.
    Filename,
}

impl Undocumented {
    /// Largest request and largest file that are taken.
    pub(super) fn sizes(&self) -> Sizes {
        // Far beyond what a client tries, and still an end.
        const WHOLE: u64 = 200_000_000;
        if self.is_limit_per_file {
            Sizes { whole: WHOLE, file: self.limit }
        } else {
            Sizes { whole: self.limit, file: self.limit }
        }
    }

    /// Takes the fraction off the time where that is allowed; gives the time as it will be shown, if that is another.
    pub(super) fn settle_time(&self, request: &mut Map<String, Value>) -> Option<Value> {
        let given = request.get("created_at").filter(|time| time.is_f64()).cloned()?;
        #[expect(clippy::cast_possible_truncation, reason = "Unix seconds with decimals")]
        let whole = given.as_f64()?.floor() as i64;
        if self.fractions != Fractions::Refuse {
            request.insert("created_at".to_owned(), whole.into());
        }
        (self.fractions == Fractions::Keep).then_some(given)
    }

    /// Leaves a Content-ID to those files alone that stand within the text.
    pub(super) fn settle_files(&self, files: &mut [Attachment], request: &Map<String, Value>) {
        let body = request.get("body").and_then(Value::as_str).unwrap_or_default();
        for file in files {
            let named = match self.inline {
                None => None,
                Some(InlineBy::ContentId) => file.cid.take(),
                Some(InlineBy::Filename) => Some(file.filename.clone()),
            };
            file.cid = named.filter(|cid| body.contains(&format!("cid:{cid}")));
        }
    }
}

/// How much is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) whole: u64,
    pub(super) file: u64,
}

/// One of these, as it is typed: `inline=filename`.
#[derive(Clone, Copy, Debug)]
pub struct Play(Change, u64);

/// Of numbers, the number.
type Change = fn(&mut Undocumented, u64);

impl Play {
    /// Changes how Front is played.
    pub fn apply(self, to: &mut Undocumented) {
        (self.0)(to, self.1);
    }
}

/// Of each the words, and what they do.
const PLAYS: [(&str, Change); 11] = [
    ("fractions=keep", |it, _| it.fractions = Fractions::Keep),
    ("fractions=cut", |it, _| it.fractions = Fractions::Cut),
    ("inline=content-id", |it, _| it.inline = Some(InlineBy::ContentId)),
    ("inline=filename", |it, _| it.inline = Some(InlineBy::Filename)),
    ("limit=per-file", |it, _| it.is_limit_per_file = true),
    ("refs=shared", |it, _| it.are_refs_shared = true),
    ("refs=by-type", |it, _| it.are_refs_by_type = true),
    ("order=arrival", |it, _| it.is_by_arrival = true),
    ("deleted-ids=free", |it, _| it.are_deleted_ids_free = true),
    ("authors=any", |it, _| it.takes_any_author = true),
    ("limit", |it, bytes| it.limit = bytes),
];

impl FromStr for Play {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = text.strip_prefix("limit=").and_then(|bytes| bytes.parse().ok());
        let words = if bytes.is_some() { "limit" } else { text };
        let known = PLAYS.iter().find(|(its, _)| *its == words && (bytes.is_some() || *its != "limit"));
        let Some((_, play)) = known else {
            let all: Vec<&str> = PLAYS.iter().map(|(its, _)| *its).filter(|its| *its != "limit").collect();
            return Err(format!("write one of {}, or limit=BYTES", all.join(", ")));
        };
        Ok(Self(*play, bytes.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_front_is_played_can_be_typed() {
        let mut played = Undocumented::default();
        for words in ["inline=filename", "limit=26214400", "limit=per-file", "refs=shared"] {
            words.parse::<Play>().unwrap().apply(&mut played);
        }
        assert_eq!((played.inline, played.limit), (Some(InlineBy::Filename), 26_214_400));
        assert!(played.is_limit_per_file && played.are_refs_shared && !played.are_refs_by_type);
        assert_eq!(played.sizes().file, 26_214_400);
        for wrong in ["limit", "limit=", "inline", "inline=x", ""] {
            assert!(wrong.parse::<Play>().unwrap_err().contains("inline=filename"), "{wrong}");
        }
    }
}
