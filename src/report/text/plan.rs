//! What a plan decided, in the order in which people ask: who will notice, what goes where, whose it is, what was
//! changed, how long it takes.

use super::around::{finishing, preparing};
use super::decisions::decisions;
use super::delivering::delivering;
use super::{Extent, months};
use crate::plan::{ActiveMessages, Listed, Overview, OwnAuthors, is_expected};
use crate::report::Report;
use crate::words::{count, counted, duration, printable, size};
use jiff::Timestamp;
use std::fmt::Write as _;

/// Inboxes that are named.
const MAX_INBOXES: usize = 8;

/// Notes that fit a screen.
const MAX_NOTES: usize = 9;

/// Names of a list that fit a line.
const MAX_NAMES: usize = 5;

/// Kinds of changes that are named.
const MAX_CHANGES: usize = 3;

/// A name and a number, side by side.
const COLUMN: usize = 40;

pub(super) fn render(out: &mut String, plan: &Overview, report: &Report, extent: Extent) {
    if let Some(live) = delivering(plan) {
        let _ = writeln!(out, "Live      {live}");
    }
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
    if plan.note_messages > 0 {
        let notes = counted(plan.note_messages, "internal note");
        let _ = writeln!(
            out,
            "          {notes} among them as messages: whoever forwards the conversation forwards them, too"
        );
    }
    months::render(out, &plan.months, extent);
    if let Some((first, last)) = plan.dates {
        let _ = writeln!(out, "Dates     {} to {}", day(first), day(last));
    }
    let _ = writeln!(
        out,
        "Direction {} in, {} out; treated as us: {}",
        count(plan.inbound),
        count(plan.outbound),
        authors(&plan.own_authors)
    );
    let sizes: Vec<String> = plan
        .thread_sizes
        .iter()
        .filter(|(_, threads)| *threads > 0)
        .map(|(size, threads)| format!("{} of {size}", count(threads)))
        .collect();
    if !sizes.is_empty() {
        let _ = writeln!(out, "Threads   by messages: {}", sizes.join(", "));
    }
    if plan.assigned > 0 {
        let _ = writeln!(out, "Assigned  {} to somebody, by rules", counted(plan.assigned, "conversation"));
    }
    render_files(out, plan);
    let _ = writeln!(out, "Changes   {}", changes(plan));
    if let Some(active) = active(plan.active) {
        let _ = writeln!(out, "          active HTML: {active}; Front sanitises it, threadlift changes nothing");
    }
    if !plan.unlisted_labels.first.is_empty() {
        let _ = writeln!(out, "Labels    without a tag: {}", listed(&plan.unlisted_labels));
    }
    if !plan.tagged.first.is_empty() {
        let _ = writeln!(out, "Tags      by conversation: {}", listed(&plan.tagged));
    }
    if let Some(preparing) = preparing(plan) {
        let _ = writeln!(out, "Prepare   {preparing}");
    }
    if let Some(finishing) = finishing(plan) {
        let _ = writeln!(out, "Finish    {finishing}");
    }
    if !plan.warnings.is_empty() {
        let _ = writeln!(out, "Mapping   {}", warnings(plan));
    }
    render_notes(out, plan, extent);
    for line in &report.front {
        let _ = writeln!(out, "Front     {}", printable(line));
    }
    render_time(out, report);
    if extent == Extent::Everything {
        render_lists(out, plan);
    }
    out.push('\n');
}

fn render_files(out: &mut String, plan: &Overview) {
    if plan.files + plan.left_out.files == 0 {
        out.push_str("Files     none\n");
        return;
    }
    let messages = if plan.files > 0 { format!(" in {}", counted(plan.with_files, "message")) } else { String::new() };
    let _ = write!(out, "Files     {} ({}){messages}", counted(plan.files, "file"), size(plan.file_bytes));
    let left_out = plan.left_out;
    if left_out.messages > 0 {
        let files = counted(left_out.files, "file");
        let _ = write!(
            out,
            "; {} go without {files} ({}) too large for a request, named in their text",
            counted(left_out.messages, "message"),
            size(left_out.bytes)
        );
    }
    out.push('\n');
}

fn changes(plan: &Overview) -> String {
    if plan.changed == 0 {
        return "none beside plain text made HTML".to_owned();
    }
    let mut words = format!("{} changed on the way beside plain text made HTML", counted(plan.changed, "message"));
    let kinds = plan.changes.first.iter().filter(|kind| !is_expected(&kind.change));
    let named: Vec<String> =
        kinds.take(MAX_CHANGES).map(|kind| format!("{} {}", count(kind.messages), printable(&kind.change))).collect();
    if !named.is_empty() {
        let _ = write!(words, ": {}", named.join(", "));
    }
    words.push_str("; `show ID` names each change");
    words
}

fn warnings(plan: &Overview) -> String {
    const LINES: usize = 6;
    let lines: Vec<String> = plan.warnings.iter().take(LINES).map(|warning| warning.line.to_string()).collect();
    let more = if plan.warnings.len() > LINES { " and more" } else { "" };
    let plural = if lines.len() == 1 { "line" } else { "lines" };
    let warnings = counted(plan.warnings.len() as u64, "warning");
    format!(
        "{warnings}, of {plural} {}{more}: what there has no effect on these sources, or seems misspelt",
        lines.join(", ")
    )
}

/// What must not be overlooked first.
fn render_notes(out: &mut String, plan: &Overview, extent: Extent) {
    let mut notes: Vec<String> = decisions(plan).into_iter().chain(plan.notes.iter().cloned()).collect();
    notes.sort_by_key(|note| !note.starts_with("ATTENTION"));
    let most = extent.most(MAX_NOTES);
    for note in notes.iter().take(most) {
        let _ = writeln!(out, "Note      {}", printable(note));
    }
    if notes.len() > most {
        let _ =
            writeln!(out, "          {} more; `--details` shows them", counted((notes.len() - most) as u64, "note"));
    }
}

fn render_time(out: &mut String, report: &Report) {
    if report.estimates.iter().all(|estimate| estimate.seconds == 0) {
        return;
    }
    let requests = &report.requests;
    let _ = writeln!(out, "Requests  {}: {}", count(requests.all()), requests.words());
    let times: Vec<String> = report
        .estimates
        .iter()
        .map(|estimate| format!("{} at {}/min", duration(estimate.seconds), estimate.limit_per_minute))
        .collect();
    let ours: Vec<String> = report.estimates.iter().map(|estimate| format!("{:.0}", estimate.own_per_minute)).collect();
    let _ = writeln!(
        out,
        "Time      {}, {} included (your Front plan's limit; {} of it are used, by `share` and `reserve`)",
        times.join(", "),
        if requests.prepare + requests.finish > 0 { "all of that" } else { "confirmation" },
        ours.join(", ")
    );
}

/// All lists in full, as far as the plan keeps them.
fn render_lists(out: &mut String, plan: &Overview) {
    let _ = writeln!(out, "\nTreated as us");
    for author in &plan.own_authors.first {
        let because: Vec<String> =
            author.because.iter().map(|(why, messages)| format!("{why} {}", count(*messages))).collect();
        let whose = match (&author.teammate, author.is_unplaced) {
            (Some(teammate), _) => format!("teammate {}", printable(teammate)),
            (None, true) => "neither in [agents] nor an address of [ours]: whose is it?".to_owned(),
            (None, false) => "no teammate".to_owned(),
        };
        let (handle, messages) = (printable(&author.handle), count(author.messages));
        let _ = writeln!(out, "  {handle:<COLUMN$} {messages:>9}  {}; {whose}", printable(&because.join(", ")));
    }
    more(out, plan.own_authors.left_out);
    let _ = writeln!(out, "\nBy month");
    for (month, messages) in plan.months.iter() {
        let inboxes: Vec<String> =
            messages.inboxes.iter().map(|(inbox, number)| format!("{} {}", printable(inbox), count(*number))).collect();
        let (inbound, outbound) = (count(messages.inbound), count(messages.outbound));
        let _ = writeln!(out, "  {month}  {inbound:>9} in {outbound:>9} out  {}", inboxes.join(", "));
    }
    let _ = writeln!(out, "\nChanges");
    for kind in &plan.changes.first {
        let _ = writeln!(out, "  {:>9}  {}", count(kind.messages), printable(&kind.change));
        let _ = writeln!(out, "  {:>9}  such as {} ({})", "", printable(&kind.id), printable(&kind.place));
    }
    more(out, plan.changes.left_out);
    for (title, list) in [("Labels without a tag", &plan.unlisted_labels), ("Tags, by conversation", &plan.tagged)] {
        if list.first.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}");
        for (name, number) in &list.first {
            let _ = writeln!(out, "  {:<COLUMN$} {:>9}", printable(name), count(*number));
        }
        more(out, list.left_out);
    }
    if !plan.rules.is_empty() {
        let _ = writeln!(out, "\nRules, with the records that match and those for which they decide something");
    }
    for (number, rule) in (1..).zip(&plan.rules) {
        let (matched, decided) = (count(rule.matched), count(rule.decided));
        let _ = writeln!(out, "  rule {number} (line {})  {matched:>9} {decided:>9}", rule.line);
    }
}

fn more(out: &mut String, left_out: u64) {
    if left_out > 0 {
        let _ = writeln!(out, "  {} more", count(left_out));
    }
}

/// Who hears of an import: nobody, unless the mapping says so.
pub(in crate::report) fn silence(plan: &Overview) -> String {
    let archived = match (plan.is_archived, plan.left_open) {
        (false, _) => "conversations are left OPEN".to_owned(),
        (true, 0) => "conversations are archived".to_owned(),
        (true, open) => format!("{} left OPEN by rules, the others are archived", counted(open, "conversation")),
    };
    let is_silent = plan.is_archived && plan.left_open == 0;
    match (is_silent, plan.should_skip_rules) {
        (true, true) => format!("{archived}, Front's rules are skipped: nobody is mailed, nothing pops open"),
        (false, true) => format!("LOUD: {archived}; Front's rules are skipped"),
        (true, false) => format!("LOUD: FRONT'S RULES RUN and may mail customers; {archived}"),
        (false, false) => format!("LOUD: FRONT'S RULES RUN and may mail customers, and {archived}"),
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
pub(in crate::report) fn active(found: ActiveMessages) -> Option<String> {
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

pub(in crate::report) fn day(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.strftime("%Y-%m-%d").to_string())
}

fn authors(authors: &OwnAuthors) -> String {
    if authors.first.is_empty() {
        return "nobody".to_owned();
    }
    named(authors.first.iter().map(|author| (author.handle.as_str(), author.messages)), authors.left_out)
}

fn listed(list: &Listed) -> String {
    named(list.first.iter().map(|(word, times)| (word.as_str(), *times)), list.left_out)
}

/// The first of them with how often each occurs, and how many more there are.
fn named<'a>(list: impl ExactSizeIterator<Item = (&'a str, u64)>, left_out: u64) -> String {
    let rest = left_out + list.len().saturating_sub(MAX_NAMES) as u64;
    let mut words: Vec<String> =
        list.take(MAX_NAMES).map(|(word, times)| format!("{} {}", printable(word), count(times))).collect();
    if rest > 0 {
        words.push(format!("{} more", count(rest)));
    }
    words.join(", ")
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
