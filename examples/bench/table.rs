//! What was measured, as tables for `docs/performance.md`.

use crate::measure::Took;

/// What was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Figures {
    fn megabytes(self) -> f64 {
        self.bytes as f64 / 1e6
    }
}

/// One thing that was measured.
pub(crate) struct Row<'a> {
    pub(crate) what: &'a str,
    pub(crate) took: Took,
    pub(crate) figures: Figures,
    /// What it is compared with.
    pub(crate) beside: Took,
}

pub(crate) fn title(what: &str, figures: Figures) {
    println!("\n### {what}: {} messages, {:.0} MB\n", figures.messages, figures.megabytes());
    println!("| what | s | MB/s | messages/s | times as fast | peak memory |");
    println!("| --- | --- | --- | --- | --- | --- |");
}

pub(crate) fn row(row: &Row<'_>) {
    let Row { what, took, figures, beside } = row;
    println!(
        "| {what} | {:.2} | {:.0} | {:.0} | {:.2} | {:.0} MB |",
        took.seconds,
        figures.megabytes() / took.seconds,
        figures.messages as f64 / took.seconds,
        beside.seconds / took.seconds,
        took.megabytes
    );
}

pub(crate) fn title_of_growth() {
    println!(
        "\n| export | messages | MB | s | time a message, against the first | peak memory | ledger, bytes a message |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
}

pub(crate) fn row_of_growth(what: &str, took: Took, figures: Figures, ratio: f64, ledger: u64) {
    println!(
        "| {what} | {} | {:.0} | {:.1} | {ratio:.2} | {:.0} MB | {ledger} |",
        figures.messages,
        figures.megabytes(),
        took.seconds,
        took.megabytes
    );
}
