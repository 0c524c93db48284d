//! What the cells of one column look like.

use super::times::Times;
use super::transcript::Lines;
use crate::mapping::zone_named;
use std::collections::HashMap;

/// Different values that are counted in one column.
const MOST_VALUES: usize = 2_000;

/// Longest value that is counted as one of few, in bytes.
const LONGEST: usize = 100;

/// What was counted in one column.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub(super) name: String,
    /// The mapping can name it, and it alone.
    pub(super) is_nameable: bool,
    pub(super) rows: u64,
    pub(super) filled: u64,
    /// Cells that are one mail address.
    pub(super) addresses: u64,
    /// Cells of seven digits or more, which may be telephone numbers.
    pub(super) numbers: u64,
    /// Cells with a blank inside.
    pub(super) blanks: u64,
    /// Cells that hold tags of HTML.
    pub(super) tags: u64,
    /// Cells that name a time zone.
    zones: u64,
    letters: u64,
    pub(super) times: Times,
    pub(super) lines: Lines,
    /// Values with counts; `None` if there were too many, or one too long.
    pub(super) values: Option<HashMap<String, u64>>,
    pub(super) example: String,
}

impl Column {
    /// The columns of these names.
    pub(super) fn all<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Column> {
        let names: Vec<&String> = names.collect();
        let column = |name: &&String| {
            let is_only = names.iter().filter(|other| *other == name).count() == 1;
            // A `*` in a name means numbers, and blanks around it are no part of one.
            let is_nameable = is_only && !name.is_empty() && name.trim() == name.as_str() && !name.contains('*');
            Column { name: (*name).clone(), is_nameable, values: Some(HashMap::new()), ..Column::default() }
        };
        names.iter().map(column).collect()
    }

    pub(super) fn take(&mut self, cell: &str) {
        self.rows += 1;
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        self.letters += cell.chars().take(1_000).count() as u64;
        self.addresses += u64::from(is_address(cell));
        self.numbers += u64::from(cell.len() >= 7 && cell.bytes().all(|byte| byte.is_ascii_digit()));
        self.blanks += u64::from(cell.contains(' '));
        self.tags += u64::from(cell.contains("</") || cell.contains("<br") || cell.contains("<p>"));
        self.zones += u64::from(cell.contains('/') && cell.len() < 40 && zone_named(cell).is_some());
        self.times.take(cell);
        self.lines.take(cell);
        if self.example.is_empty() {
            self.example = cell.chars().take(60).collect();
        }
        let Some(values) = &mut self.values else { return };
        if let Some(count) = values.get_mut(cell) {
            *count += 1;
        } else if values.len() < MOST_VALUES && cell.len() <= LONGEST {
            values.insert(cell.to_owned(), 1);
        } else {
            self.values = None;
        }
    }

    pub(super) fn percent(&self, part: u64) -> u64 {
        part.saturating_mul(100) / self.filled.max(1)
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled > 0 && self.filled * 100 >= self.rows * 98
    }

    /// Mean length of filled cells, in characters.
    pub(super) fn length(&self) -> u64 {
        self.letters / self.filled.max(1)
    }

    /// No value occurs twice, as far as they were counted.
    pub(super) fn is_unique(&self) -> bool {
        self.values.as_ref().is_none_or(|values| values.values().all(|count| *count == 1))
    }

    /// Few different values, of which some occur again; most frequent first.
    pub(super) fn few(&self, most: usize) -> Option<Vec<(String, u64)>> {
        let values = self.values.as_ref().filter(|values| !values.is_empty() && values.len() <= most)?;
        let mut few: Vec<(String, u64)> = values.iter().map(|(value, count)| (value.clone(), *count)).collect();
        few.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Some(few)
    }

    pub(super) fn are_zones(&self) -> bool {
        self.filled > 0 && self.zones == self.filled
    }
}

/// One mail address and nothing else.
pub(super) fn is_address(cell: &str) -> bool {
    let is_odd = |letter: char| letter.is_whitespace() || "<>,;\"".contains(letter);
    cell.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
        && !cell.contains(is_odd)
}
