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

#[cfg(test)]
mod tests {
    use super::of;
    use crate::plan::Months;

    fn months(months: &[&str]) -> Months {
        let message = serde_json::json!({"inbound": 1, "outbound": 0, "inboxes": {"Support": 1}});
        let all: serde_json::Map<String, serde_json::Value> =
            months.iter().map(|month| ((*month).to_owned(), message.clone())).collect();
        serde_json::from_value(all.into()).unwrap()
    }

    #[test]
    fn months_without_messages_keep_their_place() {
        let periods = of(&months(&["2018-11", "2019-02"])).unwrap();
        assert_eq!(periods.labels, ["2018-11", "2018-12", "2019-01", "2019-02"]);
        assert_eq!((periods.column("2018-11"), periods.column("2019-02")), (0, 3));
        assert!(of(&months(&[])).is_none());
    }

    #[test]
    fn many_months_are_years_and_many_years_begin_with_those_before() {
        let periods = of(&months(&["2001-01", "2003-06", "2010-12"])).unwrap();
        assert_eq!((periods.labels.len(), periods.column("2003-06")), (10, 2));
        // A date that was read wrongly must not stretch the rest.
        let mut all: Vec<String> = (1985..2025).map(|year| format!("{year}-07")).collect();
        all.push("9999-12".to_owned());
        let periods = of(&months(&all.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
        assert_eq!((periods.labels.len(), periods.labels[0].as_str()), (30, "to 1996"));
        assert_eq!([periods.column("1985-07"), periods.column("1996-07"), periods.column("1997-07")], [0, 0, 1]);
        assert_eq!(periods.column("9999-12"), 29);
    }
}
