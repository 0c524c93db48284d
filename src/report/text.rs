//! The report for a terminal: fits a screen, worst things named with an example and a remedy.

use super::decisions::decisions;
use super::{Report, Seen, SourceBalance};
use crate::ledger::{Class, Tally};
use crate::plan::{ActiveMessages, Listed, Overview};
use crate::words::{count, counted, duration, printable, size};
use jiff::Timestamp;
use std::fmt::Write as _;

/// Causes shown for each class; the rest is counted.
const MAX_CAUSES: usize = 6;

/// Inboxes that are named.
const MAX_INBOXES: usize = 8;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    if let Some(plan) = &report.plan {
        render_plan(&mut out, plan, report);
    }
    render_balance(&mut out, report);
    render_causes(&mut out, &report.total);
    if let Some(plan) = &report.plan {
        render_problems(&mut out, plan);
    }
    render_refusals(&mut out, report);
    render_amiss(&mut out, report);
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
        render_seen(&mut out, seen);
    }
    let _ = writeln!(out, "Ledger    {}", printable(&report.ledger));
    let _ = writeln!(out, "\n{}", report.ending);
    out
}

fn render_plan(out: &mut String, plan: &Overview, report: &Report) {
    let _ = writeln!(out, "Silence   {}", silence(plan));
    let inboxes = inboxes(plan);
    let _ = writeln!(
        out,
        "Into      {} · {} in {}, the largest has {}",
        if inboxes.is_empty() { "no inbox".to_owned() } else { inboxes.join(" · ") },
        counted(plan.messages, "message"),
        counted(plan.threads, "conversation"),
        count(plan.largest_thread)
    );
    if let Some((first, last)) = plan.dates {
        let _ = writeln!(out, "Dates     {} to {}", day(first), day(last));
    }
    let _ = writeln!(
        out,
        "Direction {} in, {} out; treated as us: {}",
        count(plan.inbound),
        count(plan.outbound),
        listed(&plan.treated_as_us, "nobody")
    );
    let _ = writeln!(
        out,
        "Content   {} ({}); {} changed on the way beside plain text made HTML; `show ID` names each change",
        counted(plan.files, "file"),
        size(plan.file_bytes),
        counted(plan.changed, "message")
    );
    if let Some(active) = active(plan.active) {
        let _ = writeln!(out, "          active HTML: {active}; Front sanitises it, threadlift changes nothing");
    }
    if !plan.unlisted_labels.first.is_empty() {
        let _ = writeln!(out, "Labels    without a tag: {}", listed(&plan.unlisted_labels, "none"));
    }
    if !plan.tagged.first.is_empty() {
        let _ = writeln!(out, "Tags      by conversation: {}", listed(&plan.tagged, "none"));
    }
    for note in decisions(plan) {
        let _ = writeln!(out, "Note      {}", printable(&note));
    }
    for note in &plan.notes {
        let _ = writeln!(out, "Note      {}", printable(note));
    }
    for line in &report.front {
        let _ = writeln!(out, "Front     {}", printable(line));
    }
    let times: Vec<String> = report
        .estimates
        .iter()
        .map(|estimate| format!("{} at {}/min", duration(estimate.seconds), estimate.limit_per_minute))
        .collect();
    if report.estimates.iter().any(|estimate| estimate.seconds > 0) {
        let ours: Vec<String> =
            report.estimates.iter().map(|estimate| format!("{:.0}", estimate.own_per_minute)).collect();
        let _ = writeln!(
            out,
            "Time      {}, confirmation included (your Front plan's limit; {} of it are used, by `share` and `reserve`)",
            times.join(", "),
            ours.join(", ")
        );
    }
    out.push('\n');
}

/// Who hears of an import: nobody, unless the mapping says so.
pub(super) fn silence(plan: &Overview) -> &'static str {
    match (plan.is_archived, plan.should_skip_rules) {
        (true, true) => "conversations are archived, Front's rules are skipped: nobody is mailed, nothing pops open",
        (false, true) => "LOUD: conversations are left OPEN; Front's rules are skipped",
        (true, false) => "LOUD: FRONT'S RULES RUN and may mail customers; conversations are archived",
        (false, false) => "LOUD: FRONT'S RULES RUN and may mail customers, and conversations are left OPEN",
    }
}

/// The inboxes with most messages; the rest is counted.
fn inboxes(plan: &Overview) -> Vec<String> {
    let mut all: Vec<(&String, &u64)> = plan.inboxes.iter().collect();
    if all.len() > MAX_INBOXES {
        all.sort_by_key(|(_, messages)| std::cmp::Reverse(**messages));
    }
    let more = all.len().saturating_sub(MAX_INBOXES);
    let named =
        all.into_iter().take(MAX_INBOXES).map(|(inbox, messages)| format!("{} {}", printable(inbox), count(*messages)));
    named.chain((more > 0).then(|| format!("{more} more inboxes"))).collect()
}

/// Messages with active content, the kinds that there are; none if there is none.
fn active(found: ActiveMessages) -> Option<String> {
    let kinds = [
        (found.scripts, "scripts"),
        (found.handlers, "event handlers"),
        (found.forms, "forms"),
        (found.remote_images, "remote images"),
    ];
    let present = kinds.iter().filter(|(messages, _)| *messages > 0);
    let mut words: Vec<String> = present.map(|(messages, kind)| format!("{} with {kind}", count(*messages))).collect();
    let first = words.first_mut()?;
    *first = first.replacen(" with ", if first.starts_with("1 ") { " message with " } else { " messages with " }, 1);
    Some(words.join(", "))
}

fn day(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.strftime("%Y-%m-%d").to_string())
}

fn listed(list: &Listed, none: &str) -> String {
    if list.first.is_empty() {
        return none.to_owned();
    }
    let mut words: Vec<String> =
        list.first.iter().take(5).map(|(word, times)| format!("{} {}", printable(word), count(*times))).collect();
    let rest = list.left_out + list.first.len().saturating_sub(5) as u64;
    if rest > 0 {
        words.push(format!("{} more", count(rest)));
    }
    words.join(", ")
}

/// The classes of the balance, in the order of the equation.
fn classes(tally: &Tally) -> [(&'static str, u64); 9] {
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

fn render_causes(out: &mut String, total: &Tally) {
    for (class, causes) in &total.causes {
        let mut causes: Vec<(&String, &u64)> = causes.iter().collect();
        causes.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        for (cause, number) in causes.iter().take(MAX_CAUSES) {
            let _ = writeln!(out, "          {:>10} {:>7}  {}", name(*class), count(**number), printable(cause));
        }
        if causes.len() > MAX_CAUSES {
            let _ = writeln!(out, "          {:>10} {:>7}  more causes", name(*class), causes.len() - MAX_CAUSES);
        }
    }
}

fn name(class: Class) -> &'static str {
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

fn render_problems(out: &mut String, plan: &Overview) {
    for kind in plan.problems.iter().take(MAX_CAUSES) {
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
    if plan.problems.len() > MAX_CAUSES {
        let more = plan.problems.len() - MAX_CAUSES;
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

fn render_seen(out: &mut String, seen: &Seen) {
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown in whole seconds")]
fn whole(seconds: f64) -> u64 {
    seconds.round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::active;
    use crate::plan::ActiveMessages;

    #[test]
    fn active_content_is_named_by_the_kinds_that_there_are() {
        let found = ActiveMessages { scripts: 12, remote_images: 3_400, ..ActiveMessages::default() };
        assert_eq!(active(found).unwrap(), "12 messages with scripts, 3,400 with remote images");
        let one = ActiveMessages { forms: 1, ..ActiveMessages::default() };
        assert_eq!(active(one).unwrap(), "1 message with forms");
        assert_eq!(active(ActiveMessages::default()), None);
    }
}
