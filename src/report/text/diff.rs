//! How a plan differs from the one before.

use super::Extent;
use crate::plan::PlanDiff;
use crate::words::{count, counted, printable};
use std::fmt::Write as _;

/// Kinds of differences that fit a screen.
const MAX_KINDS: usize = 8;

/// Examples that fit a line.
const MAX_EXAMPLES: usize = 1;

pub(super) fn render(out: &mut String, diff: &PlanDiff, extent: Extent) {
    if let Some(why) = &diff.unavailable {
        let _ = writeln!(out, "Diff      nothing to compare with: {}\n", printable(why));
        return;
    }
    let _ = writeln!(
        out,
        "Diff      {} planned otherwise than before, {} as before",
        counted(diff.changed, "message"),
        count(diff.same)
    );
    let most = extent.most(MAX_KINDS);
    for kind in diff.kinds.iter().take(most) {
        let _ = writeln!(out, "          {:>9}  {}", count(kind.messages), printable(&kind.what));
        for example in kind.examples.iter().take(extent.most(MAX_EXAMPLES)) {
            let place =
                if example.place.is_empty() { String::new() } else { format!(" ({})", printable(&example.place)) };
            let _ = writeln!(out, "          {:>9}  such as {}{place}", "", printable(&example.id));
        }
    }
    let more = diff.left_out + diff.kinds.len().saturating_sub(most) as u64;
    if more > 0 {
        let _ = writeln!(out, "          {} more; `--details` shows them", counted(more, "kind"));
    }
    out.push('\n');
}
