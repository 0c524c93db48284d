//! Months, or years where there are too many months to tell apart.

use crate::plan::Months;

/// Most months side by side.
const MAX_MONTHS: usize = 36;

/// Most years side by side; those before are one.
const MAX_YEARS: usize = 30;

/// Columns of time.
pub(super) struct Periods {
    pub(super) labels: Vec<String>,
    pub(super) is_monthly: bool,
    /// What a reader must know of the columns.
    pub(super) note: &'static str,
    /// The last of those that share the first column, if several do.
    before: Option<String>,
}

/// The columns that these months need; none without any.
pub(super) fn of(months: &Months) -> Option<Periods> {
    let present: Vec<&str> = months.iter().map(|(month, _)| month).collect();
    let (first, last) = (present.first()?, present.last()?);
    let (start, end) = (number(first)?, number(last)?);
    if end - start < MAX_MONTHS {
        let labels = (start..=end).map(|month| format!("{:04}-{:02}", month / 12, month % 12 + 1)).collect();
        return Some(Periods { labels, is_monthly: true, note: "", before: None });
    }
    let mut years: Vec<String> = if end / 12 - start / 12 < MAX_YEARS {
        (start / 12..=end / 12).map(|year| format!("{year:04}")).collect()
    } else {
        present.iter().filter_map(|month| Some(month.split_once('-')?.0.to_owned())).collect()
    };
    years.dedup();
    let is_whole = end / 12 - start / 12 < MAX_YEARS;
    let mut before = None;
    if years.len() > MAX_YEARS {
        let kept = years.split_off(years.len() - MAX_YEARS + 1);
        before = years.pop();
        years = kept;
        years.insert(0, format!("to {}", before.as_deref().unwrap_or_default()));
    }
    let note = if is_whole { "" } else { "; years without messages are left out" };
    Some(Periods { labels: years, is_monthly: false, note, before })
}

impl Periods {
    /// The column of a month.
    pub(super) fn column(&self, month: &str) -> usize {
        let label = if self.is_monthly { month } else { month.split('-').next().unwrap_or_default() };
        if self.before.as_deref().is_some_and(|before| label <= before) {
            return 0;
        }
        self.labels.iter().position(|column| column == label).unwrap_or_default()
    }

    /// What the columns are.
    pub(super) fn what(&self) -> &'static str {
        if self.is_monthly { "Month" } else { "Year" }
    }
}

/// Months since the year 0.
fn number(month: &str) -> Option<usize> {
    let (year, month) = month.split_once('-')?;
    Some(year.parse::<usize>().ok()? * 12 + month.parse::<usize>().ok()?.checked_sub(1)?)
}
