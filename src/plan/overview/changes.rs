//! What was changed in messages on the way, by kind.

use crate::ledger::LedgerError;
use crate::plan::resolve::Message;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most kinds that are named: there are some sixty, and charsets and file types make more of them.
pub const MAX_CHANGE_KINDS: usize = 200;

/// Longest text of a kind, in characters.
const LONGEST: usize = 100;

/// Changes, most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The first kinds.
    pub first: Vec<ChangeKind>,
    /// How many were left out.
    pub left_out: u64,
}

/// One kind of change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeKind {
    /// What was changed, in words.
    pub change: String,
    /// How many messages.
    pub messages: u64,
    /// File and place of one of them.
    pub place: String,
    /// The export's own id of that one, or else its external id.
    pub id: String,
}

/// The kind of a change: its words without names and numbers, so that equal ones add up.
#[must_use]
pub fn kind_of(change: &str) -> String {
    // What stands behind these is the name of a file.
    const NAMED: [&str; 3] = ["file left out, too large", "file missing in the export", "file beside the mail"];
    const CUT: &str = "the file ends ";
    let numbered = || {
        let (number, what) = change.strip_prefix("file ")?.split_once(": ")?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("file: {what}"))
    };
    let named = || {
        let (kind, _) = change.split_once(": ")?;
        NAMED.iter().any(|named| kind.starts_with(named)).then(|| kind.to_owned())
    };
    let cut = || {
        let rest = change.strip_prefix(CUT)?;
        let bytes = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        (bytes != rest).then(|| format!("{CUT}some{bytes}"))
    };
    let kind = numbered().or_else(named).or_else(cut).unwrap_or_else(|| change.to_owned());
    kind.chars().take(LONGEST).collect()
}

/// Counts them, with the first message of each in the order of sending.
#[derive(Default)]
pub(super) struct Changed<'a>(BTreeMap<Arc<str>, (u64, Option<&'a Message>)>);

impl<'a> Changed<'a> {
    pub(super) fn add(&mut self, change: Arc<str>, message: &'a Message) {
        let kind = self.0.entry(change).or_insert((0, Some(message)));
        kind.0 += 1;
    }

    /// All kinds; `place` names place and id of a message.
    pub(super) fn all(
        self,
        place: impl Fn(&Message) -> Result<(String, String), LedgerError>,
    ) -> Result<Changes, LedgerError> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        let left_out = all.len().saturating_sub(MAX_CHANGE_KINDS) as u64;
        all.truncate(MAX_CHANGE_KINDS);
        let named = all.into_iter().map(|(change, (messages, first))| {
            let (place, id) = first.map(&place).transpose()?.unwrap_or_default();
            Ok(ChangeKind { change: change.as_ref().to_owned(), messages, place, id })
        });
        Ok(Changes { first: named.collect::<Result<_, LedgerError>>()?, left_out })
    }
}

#[cfg(test)]
mod tests {
    use super::kind_of;

    #[test]
    fn names_and_numbers_make_no_kinds_of_their_own() {
        for (change, kind) in [
            ("file left out, too large: a: b.zip (31000000 bytes)", "file left out, too large"),
            ("file missing in the export: 1.pdf", "file missing in the export"),
            ("file 12: type text/x replaced by image/png", "file: type text/x replaced by image/png"),
            ("the file ends 417 bytes before the mail does", "the file ends some bytes before the mail does"),
            ("the file ends within the last line", "the file ends within the last line"),
            ("text declared as iso-8859-15 read as windows-1252", "text declared as iso-8859-15 read as windows-1252"),
            ("date before 1971", "date before 1971"),
        ] {
            assert_eq!(kind_of(change), kind);
        }
        assert_eq!(kind_of(&"\u{e9}".repeat(1_000)).chars().count(), 100);
    }
}
