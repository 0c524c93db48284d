//! Where messages go, as charts. Each is drawn twice, for wide and for narrow screens, and stands as a table below itself.

mod bars;
mod periods;

use self::bars::{Bars, Series};
use super::{Section, rendered, shown};
use crate::plan::Overview;
use crate::report::Report;
use crate::words::{count, counted, duration, most_frequent};
use askama::Template;
use std::collections::BTreeMap;

/// Inboxes with a colour of their own; the rest is one more.
const MAX_INBOXES: usize = 5;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<figure>
<figcaption><h3>{{ title }}</h3><p>{{ says }}</p></figcaption>
{% if legend.len() > 1 %}<ul class="legend">{% for (class, name) in legend %}<li><span class="swatch {{ class }}"></span>{{ name }}</li>{% endfor %}</ul>
{% endif %}<div class="chart for-wide" role="img" aria-label="{{ title }}. {{ says }}">{{ wide|safe }}</div>
<div class="chart for-narrow" role="img" aria-label="{{ title }}. {{ says }}">{{ narrow|safe }}</div>
<details><summary>As a table</summary><div class="wide" tabindex="0" role="region" aria-label="{{ title }}, as a table">
<table class="numbers"><thead><tr><th scope="col">{{ what }}</th>{% for (_, name) in legend %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for (label, cells) in rows %}<tr><th scope="row">{{ label }}</th>{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div></details>
</figure>
"##
)]
struct Figure {
    title: &'static str,
    says: String,
    what: &'static str,
    legend: Vec<(&'static str, String)>,
    wide: String,
    narrow: String,
    rows: Vec<(String, Vec<String>)>,
}

pub(super) fn section(plan: &Overview, report: &Report) -> Section {
    let mut content = String::new();
    for figure in [by_inbox(plan), by_direction(plan), by_size(plan), by_time(report)].into_iter().flatten() {
        content.push_str(&rendered(&figure));
    }
    if content.is_empty() {
        content.push_str("<p class=\"note\">There is nothing to send, and so nothing to draw.</p>\n");
    }
    Section { id: "charts", title: "What goes where", mark: None, content }
}

fn by_inbox(plan: &Overview) -> Option<Figure> {
    let periods = periods::of(&plan.months)?;
    let mut inboxes = most_frequent(plan.inboxes.iter().map(|(name, messages)| (name, *messages)));
    let most = if inboxes.len() > MAX_INBOXES + 1 { MAX_INBOXES } else { inboxes.len() };
    let others = inboxes.split_off(most);
    let place: BTreeMap<&str, usize> = inboxes.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
    let mut series: Vec<Series> =
        inboxes.iter().map(|(name, _)| Series { name: shown(name), values: vec![0; periods.labels.len()] }).collect();
    if !others.is_empty() {
        let name = format!("{} more inboxes", count(others.len() as u64));
        series.push(Series { name, values: vec![0; periods.labels.len()] });
    }
    for (month, messages) in plan.months.iter() {
        let column = periods.column(month);
        for (inbox, number) in &messages.inboxes {
            let at = place.get(inbox.as_str()).copied().unwrap_or(most);
            if let Some(value) = series.get_mut(at).and_then(|series| series.values.get_mut(column)) {
                *value += number;
            }
        }
    }
    let largest =
        inboxes.first().map(|(name, messages)| format!("; most go into {} ({})", shown(name), count(*messages)));
    let says = format!(
        "{} into {}{}{}",
        counted(plan.messages, "message"),
        counted(plan.inboxes.len() as u64, "inbox"),
        largest.filter(|_| plan.inboxes.len() > 1).unwrap_or_default(),
        periods.note
    );
    let title = if periods.is_monthly { "Messages by month and inbox" } else { "Messages by year and inbox" };
    Some(figure(title, says, periods.what(), count, &Bars::stacked(periods.labels.clone(), series)))
}

fn by_direction(plan: &Overview) -> Option<Figure> {
    let periods = periods::of(&plan.months)?;
    let mut received = Series { name: "in: written to us".to_owned(), values: vec![0; periods.labels.len()] };
    let mut written = Series { name: "out: written by us".to_owned(), values: received.values.clone() };
    for (month, messages) in plan.months.iter() {
        let column = periods.column(month);
        for (series, number) in [(&mut received, messages.inbound), (&mut written, messages.outbound)] {
            if let Some(value) = series.values.get_mut(column) {
                *value += number;
            }
        }
    }
    let says = format!("{} in, {} out{}", count(plan.inbound), count(plan.outbound), periods.note);
    let title = if periods.is_monthly { "Direction by month" } else { "Direction by year" };
    Some(figure(title, says, periods.what(), count, &Bars::stacked(periods.labels.clone(), vec![received, written])))
}

fn by_size(plan: &Overview) -> Option<Figure> {
    if plan.threads == 0 {
        return None;
    }
    let (labels, values): (Vec<String>, Vec<u64>) = plan.thread_sizes.iter().unzip();
    let says = format!(
        "{}, by their number of messages; the largest has {}",
        counted(plan.threads, "conversation"),
        count(plan.largest_thread)
    );
    let series = vec![Series { name: "Conversations".to_owned(), values }];
    Some(figure("Sizes of conversations", says, "Messages", count, &Bars::lying(labels, series, 1)))
}

/// Time for what is left, with what the mapping gives the import of the company's limit and with all of it.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
fn by_time(report: &Report) -> Option<Figure> {
    let longest = report.estimates.iter().map(|estimate| estimate.seconds).max().filter(|seconds| *seconds > 0)?;
    let (unit, name) = match longest {
        0..7_200 => (60, "Minutes"),
        7_200..259_200 => (3_600, "Hours"),
        _ => (86_400, "Days"),
    };
    let labels: Vec<String> =
        report.estimates.iter().map(|estimate| format!("{} a minute", estimate.limit_per_minute)).collect();
    let with_all: Vec<u64> = report
        .estimates
        .iter()
        .map(|estimate| {
            (estimate.seconds as f64 * estimate.own_per_minute / f64::from(estimate.limit_per_minute)).ceil() as u64
        })
        .collect();
    let own: Vec<u64> = report.estimates.iter().map(|estimate| estimate.seconds).collect();
    let ours: Vec<String> = report.estimates.iter().map(|estimate| format!("{:.0}", estimate.own_per_minute)).collect();
    let series = vec![
        Series { name: format!("at this mapping's share ({} a minute)", ours.join(", ")), values: own },
        Series { name: "with all of the limit".to_owned(), values: with_all },
    ];
    let requests = &report.requests;
    let says = format!(
        "{name}, for {}, by the limit of your Front plan: {}",
        counted(requests.all(), "request"),
        requests.words()
    );
    Some(figure("Time the import takes", says, "Limit", duration, &Bars::lying(labels, series, unit)))
}

/// A figure whose table writes the numbers as `written` says.
fn figure(
    title: &'static str,
    says: String,
    what: &'static str,
    written: impl Fn(u64) -> String,
    bars: &Bars,
) -> Figure {
    let rows = bars.labels.iter().enumerate().map(|(at, label)| {
        let cells = bars.series.iter().map(|series| written(series.values.get(at).copied().unwrap_or_default()));
        (label.clone(), cells.collect())
    });
    let legend = bars.series.iter().zip(bars::CLASSES).map(|(series, class)| (class, series.name.clone()));
    Figure {
        title,
        says,
        what,
        legend: legend.collect(),
        wide: bars.drawn(bars::WIDE),
        narrow: bars.drawn(bars::NARROW),
        rows: rows.collect(),
    }
}
