//! The differences that remain, each with who is right and why.

use crate::compare::Difference;
use crate::support::must;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const LISTED: &str = include_str!("differences.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    difference: Vec<Kind>,
}

/// Mails that differ for one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    field: String,
    origin: String,
    right: Right,
    why: String,
    ids: BTreeSet<String>,
}

/// Whose value a reader of the mail would want.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Right {
    /// What the program makes of the mail.
    Program,
    /// What the origin says; the program is to be mended, or the reason says what it would cost.
    Truth,
    /// The mail can be read in both ways.
    Both,
    /// The mail says something else than either.
    Neither,
}

impl Right {
    pub(crate) const ALL: [Self; 4] = [Self::Program, Self::Truth, Self::Both, Self::Neither];
}

/// The list, each difference once.
pub(crate) fn listed() -> BTreeMap<Difference, Right> {
    let list: List = must(toml::from_str(LISTED), "differences.toml");
    let mut listed = BTreeMap::new();
    for kind in list.difference {
        assert!(kind.why.len() > 20, "a reason for {:?} that says why: {:?}", kind.ids, kind.why);
        for id in kind.ids {
            let difference = Difference { field: kind.field.clone(), origin: kind.origin.clone(), id };
            let place = format!("{difference:?}");
            assert!(listed.insert(difference, kind.right).is_none(), "stands twice: {place}");
        }
    }
    listed
}

/// Fails unless the list names exactly what was found.
pub(crate) fn assert_exact(found: &BTreeSet<Difference>, listed: &BTreeMap<Difference, Right>) {
    let missing: Vec<_> = found.iter().filter(|difference| !listed.contains_key(difference)).collect();
    let gone: Vec<_> = listed.keys().filter(|difference| !found.contains(difference)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "tests/truths/differences.toml\n  lacks {missing:#?}\n  lists what no longer differs: {gone:#?}"
    );
}
