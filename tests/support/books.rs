//! Figures of a summary, as `--json` prints it.

use super::must;
use serde_json::Value;

/// Messages that Front took, be they seen or not.
pub(crate) fn answered(summary: &Value) -> usize {
    figure(summary, "accepted") + figure(summary, "confirmed")
}

/// A figure of a summary's books, all sources together.
#[track_caller]
pub(crate) fn figure(summary: &Value, name: &str) -> usize {
    let figure = summary["total"][name].as_u64().unwrap_or_else(|| panic!("no {name} in {summary}"));
    must(usize::try_from(figure), name)
}
