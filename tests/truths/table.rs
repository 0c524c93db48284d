//! How many truths were asked and met, by field and origin.

use crate::compare::FIELDS;
use crate::differences::Right;
use crate::support::must;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write as _};

/// Least share of agreement where two parsers agree, in percent.
const FLOORS: [(&str, f64); 12] = [
    ("from", 99.9),
    ("from_name", 99.8),
    ("to", 99.9),
    ("cc", 99.9),
    ("subject", 99.9),
    ("message_id", 99.9),
    ("in_reply_to", 99.9),
    ("references", 99.9),
    ("date", 99.7),
    ("text", 99.5),
    ("html", 99.5),
    ("attachments", 99.3),
];

/// How many truths each origin states on each field, so that it can be said how many were not asked.
const ASKED: &str = include_str!("asked.toml");

#[derive(Default)]
pub(crate) struct Table {
    cells: BTreeMap<(String, String), Count>,
}

#[derive(Default, Clone, Copy)]
struct Count {
    asked: u32,
    equal: u32,
    /// Of the listed differences, how many are right as [`Right::ALL`] says.
    right: [u32; Right::ALL.len()],
}

impl Count {
    fn percent(self) -> f64 {
        100.0 * f64::from(self.equal) / f64::from(self.asked)
    }
}

impl Table {
    /// The counts in `asked.toml`, with nothing met.
    pub(crate) fn committed() -> Self {
        let origins: BTreeMap<String, BTreeMap<String, u32>> = must(toml::from_str(ASKED), "asked.toml");
        let mut table = Self::default();
        for (origin, fields) in origins {
            for (field, asked) in fields {
                table.cells.insert((origin.clone(), field), Count { asked, ..Count::default() });
            }
        }
        table
    }

    /// Counts a field of a truth. A listed difference is a difference, whoever is right.
    pub(crate) fn count(&mut self, origin: &str, field: &str, is_equal: bool, listed: Option<Right>) {
        let cell = self.cells.entry((origin.to_owned(), field.to_owned())).or_default();
        cell.asked += 1;
        cell.equal += u32::from(is_equal);
        for (count, right) in cell.right.iter_mut().zip(Right::ALL) {
            *count += u32::from(!is_equal && listed == Some(right));
        }
    }

    /// How many truths are asked.
    pub(crate) fn all(&self) -> u32 {
        self.cells.values().map(|cell| cell.asked).sum()
    }

    fn rows(&self) -> impl Iterator<Item = (&str, &str, Count)> {
        let rank = |field: &str| FIELDS.iter().position(|known| *known == field);
        let mut rows: Vec<_> =
            self.cells.iter().map(|((origin, field), cell)| (origin.as_str(), field.as_str(), *cell)).collect();
        rows.sort_by_key(|(origin, field, _)| (*origin, rank(field)));
        rows.into_iter()
    }

    /// How many are asked, in the form of `asked.toml`.
    pub(crate) fn counts(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        for (origin, field, cell) in self.rows() {
            if origin != last {
                let _ = writeln!(text, "[\"{origin}\"]");
                last = origin;
            }
            let _ = writeln!(text, "{field} = {}", cell.asked);
        }
        text
    }

    /// Fails if a field on which two parsers agree is met too rarely.
    pub(crate) fn assert_floors(&self) {
        for (name, floor) in FLOORS {
            let mut asked = 0;
            for (origin, field, cell) in
                self.rows().filter(|(origin, field, _)| origin.starts_with("agree:") && *field == name)
            {
                asked += cell.asked;
                assert!(cell.percent() >= floor, "{field} of {origin}: {:.2} %, at least {floor} %", cell.percent());
            }
            assert!(asked > 0, "{name} was never asked");
        }
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [origin, field, asked, equal, percent] = ["origin", "field", "asked", "equal", "percent"];
        writeln!(f, "{:67}of the differences, right is", "")?;
        write!(f, "{origin:<42} {field:<12} {asked:>6} {equal:>6} {percent:>7}")?;
        writeln!(f, " {:>7} {:>7} {:>7} {:>7}", "program", "truth", "both", "neither")?;
        for (origin, field, cell) in self.rows() {
            write!(f, "{origin:<42} {field:<12} {:>6} {:>6} {:>7.2}", cell.asked, cell.equal, cell.percent())?;
            writeln!(f, "{}", cell.right.map(|count| format!(" {count:>7}")).concat())?;
        }
        Ok(())
    }
}
