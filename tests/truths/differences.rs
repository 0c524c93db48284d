//! The differences that remain, each with who is right and why.

use crate::compare::Difference;
use crate::support::must;
use serde::Deserialize;
use std::collections::BTreeSet;

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
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Right {
    Program,
    Truth,
    Both,
    Neither,
}

/// Fails unless the list names exactly what was found.
pub(crate) fn assert_listed(found: &BTreeSet<Difference>) {
    let list: List = must(toml::from_str(LISTED), "differences.toml");
    let mut listed = BTreeSet::new();
    for kind in &list.difference {
        assert!(kind.why.len() > 20, "a reason for {:?} that says why: {:?}", kind.ids, kind.why);
        for id in &kind.ids {
            let difference = Difference { field: kind.field.clone(), origin: kind.origin.clone(), id: id.clone() };
            assert!(listed.insert(difference), "{id} stands twice for {} of {}", kind.field, kind.origin);
        }
    }
    let missing: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(found).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "tests/truths/differences.toml\n  lacks {missing:#?}\n  lists what no longer differs: {gone:#?}"
    );
}
