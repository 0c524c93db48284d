//! The report for a terminal: fits a screen unless everything is asked for, worst things named with an example and a remedy.

mod around;
mod decisions;
mod delivering;
mod diff;
mod months;
mod outcome;
mod plan;
mod prepared;

pub(super) use around::finishing;
pub(super) use decisions::decisions;
pub(super) use delivering::delivering;
pub(super) use outcome::{classes, name};
pub(super) use plan::{active, day, silence};
pub(super) use prepared::render_prepared;

use super::Report;
use crate::words::{count, counted, duration, printable};
use std::fmt::Write as _;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What fits a screen; of long lists the beginning, with a count of the rest.
    Screen,
    /// All that the report holds.
    Everything,
}

impl Extent {
    /// How many lines of a list are shown, of which so many fit a screen.
    fn most(self, on_screen: usize) -> usize {
        match self {
            Extent::Screen => on_screen,
            Extent::Everything => usize::MAX,
        }
    }
}

pub(super) fn render(report: &Report, extent: Extent) -> String {
    let mut out = String::new();
    if let Some(plan) = &report.plan {
        plan::render(&mut out, plan, report, extent);
    }
    if let Some(found) = &report.diff {
        diff::render(&mut out, found, extent);
    }
    outcome::render(&mut out, report, extent);
    if let Some(sent) = &report.sent {
        let _ = writeln!(
            out,
            "Sent      {} accepted by {} in {}",
            count(sent.accepted),
            printable(&sent.company),
            duration(whole(sent.seconds))
        );
        if let Some(holds) = &sent.front_holds {
            let inboxes: Vec<String> =
                holds.inboxes.iter().map(|(name, held)| format!("{} {}", printable(name), count(*held))).collect();
            let _ = writeln!(
                out,
                "          the embedded Front counts {} in {} ({}), {} sent twice and kept once",
                counted(holds.messages, "message"),
                counted(holds.conversations, "conversation"),
                inboxes.join(", "),
                count(holds.repeats)
            );
        }
    }
    // A run that stopped before it looked for anything has seen nothing.
    if let Some(seen) = report.seen.as_ref().filter(|seen| seen.lookups > 0) {
        outcome::render_seen(&mut out, seen);
    }
    out.push_str(&around(report, extent));
    let _ = writeln!(out, "Ledger    {}", printable(&report.ledger));
    let _ = writeln!(out, "\n{}", report.ending);
    out
}

/// What the run did beside messages: made before them, gave to conversations, delivered, took back. Empty without any.
pub(super) fn around(report: &Report, extent: Extent) -> String {
    let mut out = String::new();
    if let Some(prepared) = &report.prepared {
        render_prepared(&mut out, prepared, extent);
    }
    if let Some(finished) = &report.finished {
        outcome::render_finished(&mut out, finished, extent);
    }
    if let Some(delivered) = &report.delivered {
        delivering::render_delivered(&mut out, delivered);
    }
    if let Some(taken_back) = &report.taken_back {
        outcome::render_taken_back(&mut out, taken_back, extent);
    }
    out
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown in whole seconds")]
fn whole(seconds: f64) -> u64 {
    seconds.round().max(0.0) as u64
}
