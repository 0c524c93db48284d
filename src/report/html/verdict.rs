//! How it stands, who will notice, and whether the books balance.

use super::{Section, rendered, shown};
use crate::ledger::Tally;
use crate::report::Report;
use crate::report::text::{classes, day, delivering, name, silence};
use crate::words::{count, counted, duration, most_frequent, size};
use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<div class="banner {{ tone }}"><p class="big">{{ headline }}</p>
{% for line in ending %}<p>{{ line }}</p>
{% endfor %}</div>
{% if let Some(live) = live %}<p class="silence bad">{{ live }}</p>
{% endif %}{% if let Some(silence) = silence %}<p class="silence {% if is_loud %}bad{% else %}good{% endif %}"><strong>{% if is_loud %}Not silent.{% else %}Silent.{% endif %}</strong> {{ silence }}</p>
{% endif %}<dl class="figures">
{% for (what, figure) in figures %}<div><dt>{{ what }}</dt><dd>{{ figure }}</dd></div>
{% endfor %}</dl>
{% for line in front %}<p class="note">{{ line }}</p>
{% endfor %}<h3>Every record ends in one place</h3>
<p>{% if balanced %}The books balance: what was read is the sum of all classes, for every source.{% else %}THE BOOKS DO NOT BALANCE.{% endif %}</p>
<div class="wide" tabindex="0" role="region" aria-label="Balance by source">
<table class="numbers"><thead><tr><th scope="col">Source</th><th scope="col">read</th>{% for class in names %}<th scope="col">{{ class }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}<tr{% if row.is_sum %} class="sum"{% endif %}><th scope="row">{{ row.source }}</th><td>{{ row.read }}</td>{% for number in row.numbers %}<td>{{ number }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{% if !causes.is_empty() %}<details><summary>Why: causes with their records</summary>
<table class="list"><thead><tr><th scope="col">Class</th><th scope="col" class="number">Records</th><th scope="col">Cause</th></tr></thead><tbody>
{% for (class, number, cause) in causes %}<tr><td>{{ class }}</td><td class="number" data-what="records">{{ number }}</td><td>{{ cause }}</td></tr>
{% endfor %}</tbody></table></details>
{% endif %}"##
)]
struct Verdict {
    tone: &'static str,
    headline: &'static str,
    ending: Vec<String>,
    live: Option<String>,
    silence: Option<String>,
    is_loud: bool,
    figures: Vec<(&'static str, String)>,
    front: Vec<String>,
    balanced: bool,
    names: Vec<&'static str>,
    rows: Vec<Row>,
    causes: Vec<(&'static str, String, String)>,
}

struct Row {
    source: String,
    read: String,
    numbers: Vec<String>,
    is_sum: bool,
}

pub(super) fn section(report: &Report) -> Section {
    let (tone, headline) = headline(report);
    let is_shown: Vec<bool> = classes(&report.total).iter().map(|(_, number)| *number > 0).collect();
    let visible = |tally: &Tally| -> Vec<(&'static str, u64)> {
        classes(tally).into_iter().zip(&is_shown).filter(|(_, is_shown)| **is_shown).map(|(class, _)| class).collect()
    };
    let row = |source: &str, tally: &Tally, is_sum: bool| Row {
        source: shown(source),
        read: count(tally.read),
        numbers: visible(tally).into_iter().map(|(_, number)| count(number)).collect(),
        is_sum,
    };
    let mut rows: Vec<Row> = report.sources.iter().map(|source| row(&source.source, &source.tally, false)).collect();
    if rows.len() > 1 {
        rows.push(row("all", &report.total, true));
    }
    let verdict = Verdict {
        tone,
        headline,
        ending: report.ending.lines().map(shown).collect(),
        live: report.plan.as_ref().and_then(delivering),
        silence: report.plan.as_ref().map(silence),
        is_loud: report.is_loud(),
        figures: figures(report),
        front: report.front.iter().map(|line| shown(line)).collect(),
        balanced: report.balanced,
        names: visible(&report.total).into_iter().map(|(name, _)| name).collect(),
        rows,
        causes: causes(&report.total),
    };
    Section { id: "verdict", title: "How it stands", mark: None, content: rendered(&verdict) }
}

/// The exit code in words. The documented codes stand in `cli`, which reports know nothing of.
fn headline(report: &Report) -> (&'static str, &'static str) {
    match (report.exit, report.command) {
        (0, "plan") => ("good", "Ready: every record is accounted for. Nothing was sent."),
        (0, _) => ("good", "In order."),
        (3, "plan") => ("fair", "Ready, but for some records that cannot be sent as they are. Nothing was sent."),
        (3, "prepare" | "finish") => ("fair", "Done, but for what was left as it is."),
        (3, _) => ("fair", "In order, but for some records that were unreadable, rejected or refused."),
        (6, _) => ("fair", "Stopped by a budget; run again to go on."),
        (7, _) => ("bad", "Some messages are not confirmed, missing or different."),
        (130, _) => ("fair", "Interrupted; run again to go on."),
        _ => ("bad", "Stopped."),
    }
}

fn figures(report: &Report) -> Vec<(&'static str, String)> {
    let mut figures = Vec::new();
    if let Some(sent) = &report.sent {
        let seconds = std::time::Duration::try_from_secs_f64(sent.seconds).unwrap_or_default().as_secs();
        figures.push(("Accepted in this run", format!("{} by {}", count(sent.accepted), shown(&sent.company))));
        figures.push(("It took", duration(seconds)));
    }
    if let Some(seen) = report.seen.as_ref().filter(|seen| seen.lookups > 0) {
        figures.push(("Confirmed in this run", count(seen.confirmed)));
        let others = [("Different", seen.different), ("Missing", seen.missing), ("Sent again", seen.resent)];
        figures.extend(others.into_iter().filter(|(_, number)| *number > 0).map(|(what, n)| (what, count(n))));
        figures.push(("Look-ups", count(seen.lookups)));
    }
    if let Some(plan) = &report.plan {
        figures.push(("Messages", count(plan.messages)));
        figures.push(("Conversations", count(plan.threads)));
        figures.push(("Inboxes", count(plan.inboxes.len() as u64)));
        figures.push(("In and out", format!("{} in, {} out", count(plan.inbound), count(plan.outbound))));
        if let Some((first, last)) = plan.dates {
            figures.push(("Dates", format!("{} to {}", day(first), day(last))));
        }
        figures.push(("Files", format!("{} ({})", counted(plan.files, "file"), size(plan.file_bytes))));
    }
    let left = report.total.left();
    if let (Some(estimate), true) = (report.estimates.get(1), left > 0) {
        figures.push(("Left to send", count(left)));
        let time = duration(estimate.seconds);
        figures.push(("Time it takes", format!("{time} at {} a minute", estimate.limit_per_minute)));
    }
    figures
}

fn causes(total: &Tally) -> Vec<(&'static str, String, String)> {
    let mut lines = Vec::new();
    for (class, causes) in &total.causes {
        let causes = most_frequent(causes.iter().map(|(cause, number)| (cause, *number)));
        lines.extend(causes.into_iter().map(|(cause, number)| (name(*class), count(number), shown(cause))));
    }
    lines
}
