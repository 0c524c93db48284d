//! Messages by inbox and time, as a table that fits eighty columns.

use super::Extent;
use crate::plan::{Month, Months};
use crate::words::{count, printable};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Columns of time.
const MAX_PERIODS: usize = 5;

/// Inboxes that fit a screen.
const MAX_INBOXES: usize = 6;

/// Longest name of an inbox, in characters; a longer one is cut.
const MAX_NAME: usize = 20;

/// Messages of an inbox, by period.
type Row = BTreeMap<String, u64>;

pub(super) fn render(out: &mut String, months: &Months, extent: Extent) {
    let Some(period) = period_of(months) else { return };
    let mut periods: Vec<String> = months.iter().map(|(month, _)| period(month)).collect();
    periods.dedup();
    let before = periods.len().checked_sub(MAX_PERIODS).filter(|before| *before > 0);
    let first = before.and_then(|before| periods.get(before)).cloned();
    // What does not fit comes into one column.
    let column = |month: &str| {
        let period = period(month);
        match &first {
            Some(first) if period < *first => format!("before {first}"),
            _ => period,
        }
    };
    let mut columns: Vec<String> = months.iter().map(|(month, _)| column(month)).collect();
    columns.dedup();
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for (month, Month { inboxes, .. }) in months.iter() {
        for (inbox, messages) in inboxes {
            *rows.entry(inbox).or_default().entry(column(month)).or_default() += messages;
        }
    }
    let mut rows: Vec<(String, Row)> = rows.into_iter().map(|(inbox, row)| (name(inbox), row)).collect();
    if rows.len() > extent.most(MAX_INBOXES) {
        rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.values().sum::<u64>()));
        let others = rows.split_off(MAX_INBOXES - 1);
        let mut sum = Row::new();
        for (period, messages) in others.iter().flat_map(|(_, row)| row) {
            *sum.entry(period.clone()).or_default() += messages;
        }
        rows.push((format!("{} more inboxes", count(others.len() as u64)), sum));
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let _ = write!(out, "When      {:width$}", "");
    for column in &columns {
        let _ = write!(out, "  {column:>9}");
    }
    out.push('\n');
    for (name, row) in rows {
        let _ = write!(out, "          {name:width$}");
        for column in &columns {
            let width = column.chars().count().max(9);
            let cell = row.get(column).map_or_else(|| "·".to_owned(), |messages| count(*messages));
            let _ = write!(out, "  {cell:>width$}");
        }
        out.push('\n');
    }
}

/// Months, as long as they fit, else years; `None` without any.
fn period_of(months: &Months) -> Option<fn(&str) -> String> {
    let (first, last) = (months.iter().next()?.0, months.iter().last()?.0);
    let number = |month: &str| {
        let (year, month) = month.split_once('-')?;
        Some(year.parse::<usize>().ok()? * 12 + month.parse::<usize>().ok()?)
    };
    let span = number(last)?.checked_sub(number(first)?)?;
    Some(if span < MAX_PERIODS {
        str::to_owned
    } else {
        |month| month.split('-').next().unwrap_or_default().to_owned()
    })
}

fn name(inbox: &str) -> String {
    let mut shown: String = printable(inbox).chars().take(MAX_NAME).collect();
    if inbox.chars().nth(MAX_NAME).is_some() {
        shown.push('…');
    }
    shown
}
