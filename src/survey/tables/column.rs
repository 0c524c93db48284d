//! What the cells of one column look like.

use super::times::Times;
use super::transcript::Lines;
use super::words::{Part, rank};
use crate::mapping::zone_named;
use crate::words::most_frequent;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Different values that are counted in one column.
const MOST_VALUES: usize = 2_000;

/// Longest value that is counted as one of few, in bytes.
const LONGEST: usize = 100;

/// Different values that are known again, in a column of which none has come again so far.
const MOST_KNOWN: usize = 1 << 19;

/// Does a value of the column come again?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// No two cells have the same.
    Never,
    Some,
    /// There were more values than are known again, and none came twice.
    Unknown,
}

/// Which values were there, by 64 bits of each.
#[derive(Debug, Default)]
struct Known {
    digests: HashSet<u64>,
    is_full: bool,
    has_repeat: bool,
}

impl Known {
    fn take(&mut self, cell: &str) {
        if self.has_repeat {
            return;
        }
        let mut hasher = DefaultHasher::new();
        cell.hash(&mut hasher);
        let digest = hasher.finish();
        if self.digests.contains(&digest) {
            *self = Known { has_repeat: true, ..Known::default() };
        } else if self.digests.len() < MOST_KNOWN {
            self.digests.insert(digest);
        } else {
            self.is_full = true;
        }
    }

    fn repeats(&self) -> Repeats {
        match (self.has_repeat, self.is_full) {
            (true, _) => Repeats::Some,
            (false, true) => Repeats::Unknown,
            (false, false) => Repeats::Never,
        }
    }
}

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
    /// Cells with letters beyond ASCII.
    pub(super) foreign: u64,
    /// Cells in a script that puts no blanks between words.
    pub(super) unspaced: u64,
    /// Cells that hold tags of HTML.
    pub(super) tags: u64,
    /// Cells that name a time zone.
    zones: u64,
    letters: u64,
    pub(super) times: Times,
    pub(super) lines: Lines,
    /// Values with counts; `None` if there were too many, or one too long.
    pub(super) values: Option<HashMap<String, u64>>,
    known: Known,
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
        self.foreign += u64::from(!cell.is_ascii());
        self.unspaced += u64::from(cell.chars().any(is_unspaced));
        self.tags += u64::from(cell.contains("</") || cell.contains("<br") || cell.contains("<p>"));
        self.zones += u64::from(cell.contains('/') && cell.len() < 40 && zone_named(cell).is_some());
        self.times.take(cell);
        self.lines.take(cell);
        if self.example.is_empty() {
            self.example = cell.chars().take(60).collect();
        }
        self.known.take(cell);
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

    pub(super) fn repeats(&self) -> Repeats {
        self.known.repeats()
    }

    /// Nearly all cells are times. Numbers are only where the name says so: ids look the same.
    pub(super) fn are_times(&self) -> bool {
        self.times.are_times() && (!self.times.are_numbers() || rank(Part::Time, &self.name).is_some())
    }

    /// How many of a hundred cells are of several words, or in a script that does not show where a word ends.
    pub(super) fn words_percent(&self) -> u64 {
        self.percent(self.blanks.max(self.unspaced))
    }

    /// Few different values, of which some occur again; most frequent first.
    pub(super) fn few(&self, most: usize) -> Option<Vec<(String, u64)>> {
        let values = self.values.as_ref().filter(|values| !values.is_empty() && values.len() <= most)?;
        Some(most_frequent(values.iter().map(|(value, count)| (value.clone(), *count))))
    }

    pub(super) fn are_zones(&self) -> bool {
        self.filled > 0 && self.zones == self.filled
    }
}

/// Thai, Lao, Burmese, Khmer, Chinese and Japanese.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// One mail address and nothing else.
pub(super) fn is_address(cell: &str) -> bool {
    let is_odd = |letter: char| letter.is_whitespace() || "<>,;\"".contains(letter);
    cell.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
        && !cell.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: impl Iterator<Item = String>) -> Column {
        let mut columns = Column::all([String::from("id")].iter());
        cells.for_each(|cell| columns[0].take(&cell));
        columns.remove(0)
    }

    #[test]
    fn a_value_that_comes_again_is_seen_however_many_others_there_are() {
        let many = 3 * MOST_VALUES;
        assert_eq!(column((0..many).map(|n| n.to_string())).repeats(), Repeats::Never);
        assert_eq!(column((0..many).map(|n| (n % (many - 1)).to_string())).repeats(), Repeats::Some);
        let long = |n: usize| format!("{n}{}", "x".repeat(2 * LONGEST));
        assert_eq!(column([1, 2, 1].map(long).into_iter()).repeats(), Repeats::Some);
        assert_eq!(column([1, 2, 3].map(long).into_iter()).repeats(), Repeats::Never);
    }

    #[test]
    fn of_more_values_than_are_known_again_nobody_says_that_they_are_unique() {
        let mut known = Known::default();
        (0..MOST_KNOWN).for_each(|n| known.take(&n.to_string()));
        assert_eq!(known.repeats(), Repeats::Never);
        known.take("one more");
        assert_eq!(known.repeats(), Repeats::Unknown);
        known.take("7");
        assert_eq!(known.repeats(), Repeats::Some);
    }
}
