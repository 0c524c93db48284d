//! What became of the records: the balance, its causes, and the worst of them by name.

use super::Extent;
use crate::ledger::{Class, Tally};
use crate::plan::Overview;
use crate::report::{Finished, Report, Seen, SourceBalance, TakenBack};
use crate::words::{count, counted, most_frequent, printable};
use std::fmt::Write as _;

/// Causes shown for each class; the rest is counted.
const MAX_CAUSES: usize = 5;

/// Steps that were left, by name.
const MAX_LEFT: usize = 6;

/// Kinds of problems shown, the worst first.
const MAX_PROBLEMS: usize = 4;

pub(super) fn render(out: &mut String, report: &Report, extent: Extent) {
    render_balance(out, report);
    render_waiting(out, &report.total);
    render_causes(out, &report.total, extent);
    if let Some(plan) = &report.plan {
        render_problems(out, plan, extent);
    }
    render_refusals(out, report);
    render_amiss(out, report);
}

/// The classes of the balance, in the order of the equation.
pub(in crate::report) fn classes(tally: &Tally) -> [(&'static str, u64); 9] {
    [
        ("confirmed", tally.confirmed),
        ("accepted", tally.accepted),
        ("unknown", tally.unknown),
        ("pending", tally.pending),
        ("duplicate", tally.duplicate),
        ("skipped", tally.skipped),
        ("unreadable", tally.unreadable),
        ("rejected", tally.rejected),
        ("refused", tally.refused),
    ]
}

fn render_balance(out: &mut String, report: &Report) {
    let total = SourceBalance { source: "all".to_owned(), tally: report.total.clone() };
    let mut rows: Vec<&SourceBalance> = report.sources.iter().collect();
    if rows.len() > 1 {
        rows.push(&total);
    }
    let shown: Vec<bool> = classes(&report.total).iter().map(|(_, number)| *number > 0).collect();
    let name_width = rows.iter().map(|row| row.source.chars().count()).chain([6]).max().unwrap_or(6);
    let _ = write!(out, "Balance   {:name_width$}  {:>9}  =", "", "read");
    for ((class, _), _) in classes(&report.total).iter().zip(&shown).filter(|(_, shown)| **shown) {
        let _ = write!(out, "  {class:>10}");
    }
    out.push('\n');
    for row in rows {
        let _ = write!(out, "          {:name_width$}  {:>9}  =", row.source, count(row.tally.read));
        for ((_, number), _) in classes(&row.tally).iter().zip(&shown).filter(|(_, shown)| **shown) {
            let _ = write!(out, "  {:>10}", count(*number));
        }
        if !row.tally.balances() {
            out.push_str("   DOES NOT BALANCE");
        }
        out.push('\n');
    }
}

fn render_waiting(out: &mut String, total: &Tally) {
    if total.notes > 0 {
        let words = "notes, which `finish` writes once their conversations are in Front";
        let _ = writeln!(out, "          {:>10} {:>7}  {words}", "pending", count(total.notes));
    }
    if total.deliveries > 0 {
        let words = "left to `deliver`, after everything else, or of unknown fate and never delivered again by itself";
        let _ = writeln!(out, "          {:>10} {:>7}  {words}", "live", count(total.deliveries));
    }
}

fn render_causes(out: &mut String, total: &Tally, extent: Extent) {
    let most = extent.most(MAX_CAUSES);
    for (class, causes) in &total.causes {
        let causes = most_frequent(causes.iter().map(|(cause, number)| (cause, *number)));
        for (cause, number) in causes.iter().take(most) {
            let _ = writeln!(out, "          {:>10} {:>7}  {}", name(*class), count(*number), printable(cause));
        }
        if causes.len() > most {
            let _ = writeln!(out, "          {:>10} {:>7}  more causes", name(*class), causes.len() - most);
        }
    }
}

pub(in crate::report) fn name(class: Class) -> &'static str {
    match class {
        Class::Unknown => "unknown",
        Class::Duplicate => "duplicate",
        Class::Skipped => "skipped",
        Class::Unreadable => "unreadable",
        Class::Rejected => "rejected",
        Class::Refused => "refused",
        Class::Missing => "missing",
        Class::Different => "different",
    }
}

fn render_problems(out: &mut String, plan: &Overview, extent: Extent) {
    let most = extent.most(MAX_PROBLEMS);
    for kind in plan.problems.iter().take(most) {
        let _ = writeln!(
            out,
            "{:<9} {}: {} ({})",
            title(&kind.status),
            printable(&kind.cause),
            printable(&kind.place),
            count(kind.count)
        );
        let _ = writeln!(out, "          {}", printable(&kind.detail));
        let _ = writeln!(out, "          help: {}", printable(&kind.remedy));
    }
    if plan.problems.len() > most {
        let more = plan.problems.len() - most;
        let _ = writeln!(out, "          {more} more kinds of problems; `plan --requests FILE` names every record");
    } else if plan.problems.iter().any(|kind| kind.count > 1) {
        out.push_str("          one of each kind is named here; `plan --requests FILE` names every record\n");
    }
}

fn render_refusals(out: &mut String, report: &Report) {
    for refusal in &report.refusals {
        let id = refusal.original_id.as_ref().unwrap_or(&refusal.external_id);
        let _ = writeln!(out, "Refused   {}: {}", printable(id), printable(&refusal.cause));
    }
    let more = report.total.refused.saturating_sub(report.refusals.len() as u64);
    if more > 0 && !report.refusals.is_empty() {
        let _ = writeln!(out, "          {} more", count(more));
    }
    if let Some(first) = report.refusals.first().filter(|_| !report.show.is_empty()) {
        let _ = writeln!(out, "          help: `{} {}` names its place", report.show, first.external_id);
    }
}

fn render_amiss(out: &mut String, report: &Report) {
    for amiss in &report.amiss {
        let id = amiss.original_id.as_ref().unwrap_or(&amiss.external_id);
        let at = amiss.url.as_ref().map(|url| format!(" {}", printable(url))).unwrap_or_default();
        let _ = writeln!(out, "{:<9} {}: {}{at}", title(amiss.what), printable(id), printable(&amiss.words));
    }
    let more = (report.total.missing + report.total.different).saturating_sub(report.amiss.len() as u64);
    if more > 0 && !report.amiss.is_empty() {
        let _ = writeln!(out, "          {} more", count(more));
    }
}

pub(super) fn render_finished(out: &mut String, finished: &Finished, extent: Extent) {
    let counts = finished.counts;
    let words: Vec<String> = [
        (counts.links, "link"),
        (counts.tags, "tag"),
        (counts.comments, "comment"),
        (counts.followers, "follower"),
        (counts.states, "changed state"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| counted(number, what))
    .collect();
    let made = if words.is_empty() { "nothing new".to_owned() } else { words.join(", ") };
    let conversations = counted(counts.conversations, "conversation");
    let _ = write!(out, "Finished  {conversations}: {made}");
    let others = [
        (counts.there_already, "there already"),
        (counts.left, "left as they are"),
        (counts.waiting, "conversations wait for messages"),
    ];
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        let _ = write!(out, ", {} {what}", count(number));
    }
    out.push('\n');
    let left = finished.examples.iter().map(|step| (step.conversation.as_str(), step.why.as_str()));
    render_left(out, left, counts.left, finished.unsettled.as_deref(), extent);
}

/// What was left, of so many things in `all`, and what is not settled.
pub(super) fn render_left<'a>(
    out: &mut String,
    left: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
    all: u64,
    unsettled: Option<&str>,
    extent: Extent,
) {
    let (known, most) = (left.len(), extent.most(MAX_LEFT));
    for (name, why) in left.take(most) {
        let _ = writeln!(out, "Left      {}: {}", printable(name), printable(why));
    }
    let more = all.saturating_sub(known.min(most) as u64);
    if more > 0 {
        let shown = if known > most { "; `--details` shows them" } else { "" };
        let _ = writeln!(out, "          {} more{shown}", count(more));
    }
    if let Some(why) = unsettled {
        let _ = writeln!(out, "          not settled: {}", printable(why));
    }
}

pub(super) fn render_taken_back(out: &mut String, taken_back: &TakenBack, extent: Extent) {
    let counts = taken_back.counts;
    let words: Vec<String> = [
        (counts.trashed, "conversation", " trashed"),
        (counts.deleted, "conversation", " deleted for good"),
        (counts.gone, "conversation", " gone already"),
        (counts.links, "link", " taken off"),
        (counts.comments, "comment", " withdrawn in words (Front deletes none)"),
        (counts.tags, "tag", " deleted"),
        (counts.contacts, "contact", " deleted"),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, what, how)| format!("{}{how}", counted(number, what)))
    .collect();
    let made = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
    let title = if taken_back.is_dry { "Would be" } else { "Undone" };
    let _ = writeln!(out, "{title:<9} {made}; {} count as not sent", counted(counts.messages, "message"));
    if counts.delivered > 0 {
        let delivered = counted(counts.delivered, "message");
        let _ = writeln!(
            out,
            "          {delivered} delivered live: never taken back, since a customer is in that conversation"
        );
    }
    let left = taken_back.left.iter().map(|(name, why)| (name.as_str(), why.as_str()));
    render_left(out, left, counts.left, taken_back.unsettled.as_deref(), extent);
}

pub(super) fn render_seen(out: &mut String, seen: &Seen) {
    let mut words = vec![format!("{} confirmed in Front", count(seen.confirmed))];
    let others =
        [(seen.different, "different"), (seen.missing, "missing"), (seen.resent, "sent again with the same id")];
    words.extend(
        others.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{} {what}", count(*number))),
    );
    let _ = writeln!(out, "Seen      {}, with {}", words.join(", "), counted(seen.lookups, "look-up"));
    if let Some(why) = &seen.not_resent {
        let _ = writeln!(out, "          not sent again: {}", printable(why));
    }
    if let Some(why) = &seen.unanswered {
        let _ = writeln!(out, "          not looked up: {}", printable(why));
    }
}

fn title(status: &str) -> String {
    let mut letters = status.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
