//! Tables for people: columns under each other, and no more of them than have something to say.

use crate::words::printable;
use console::measure_text_width;

/// Rows below a heading.
pub(super) struct Table<const N: usize> {
    heading: [&'static str; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(heading: [&'static str; N]) -> Self {
        Self { heading, rows: Vec::new() }
    }

    /// Adds a row; what a terminal would obey in it is made harmless.
    pub(super) fn add(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell)));
    }

    /// The lines. Columns that are empty throughout are left out.
    pub(super) fn text(&self) -> String {
        let heading = self.heading.map(str::to_owned);
        let widths: [usize; N] = std::array::from_fn(|column| {
            let width = |row: &[String; N]| row.get(column).map_or(0, |cell| measure_text_width(cell));
            match self.rows.iter().map(width).max().unwrap_or(0) {
                0 => 0,
                widest => widest.max(width(&heading)),
            }
        });
        let mut out = String::new();
        for row in std::iter::once(&heading).chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(measure_text_width(cell)) + 2));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_stand_under_each_other_and_empty_ones_are_left_out() {
        let mut table = Table::new(["Name", "", "Address", "Id"]);
        table.add(["Zoë".into(), String::new(), String::new(), "tea_1".into()]);
        table.add(["A\u{1b}[2Jb\nc".into(), "blocked".into(), String::new(), "tea_12".into()]);
        let expected = "Name               Id\nZoë                tea_1\nA\u{fffd}[2Jb\u{fffd}c  blocked  tea_12\n";
        assert_eq!(table.text(), expected);
    }
}
