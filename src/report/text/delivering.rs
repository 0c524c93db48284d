//! What is delivered through channels: nothing about it is silent, so it is said before all else.

use super::plan::day;
use crate::plan::Overview;
use crate::report::Delivered;
use crate::words::{count, counted, printable};
use std::fmt::Write as _;

/// What will be delivered, and what that means; nothing if nothing is.
pub(in crate::report) fn delivering(plan: &Overview) -> Option<String> {
    let live = &plan.delivering;
    let (first, last) = live.dates?;
    let channels: Vec<String> =
        live.channels.iter().map(|(channel, messages)| format!("{channel} {}", count(*messages))).collect();
    Some(format!(
        "LOUD: {} in {}, written {} to {}, ARE DELIVERED LIVE through {} and not imported: FRONT'S RULES RUN, replies go to the \
         channel's webhook and not by e-mail, they never join imported conversations, and Front dates them by the delivery. By \
         `deliver`, after everything else, with a question of its own; {} at least",
        counted(live.messages, "message"),
        counted(live.conversations, "conversation"),
        day(first),
        day(last),
        channels.join(", "),
        counted(live.requests, "request"),
    ))
}

pub(super) fn render_delivered(out: &mut String, delivered: &Delivered) {
    let _ = write!(
        out,
        "Delivered {} live, {} seen in Front",
        counted(delivered.delivered, "message"),
        count(delivered.seen)
    );
    if delivered.refused > 0 {
        let _ = write!(out, ", {} refused", count(delivered.refused));
    }
    out.push('\n');
    for unknown in &delivered.examples {
        let _ = writeln!(out, "Unknown   {}: {}", printable(&unknown.id), printable(&unknown.why));
    }
    let more = delivered.unknown.saturating_sub(delivered.examples.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "          {} more", count(more));
    }
    if let Some(why) = &delivered.unsettled {
        let _ = writeln!(out, "          not settled: {}", printable(why));
    }
}
