//! Columns in which a cell holds a whole chat: what a line looks like that begins a message, and who speaks.

use super::times::Times;
use super::words;
use crate::mapping::Role;
use regex::Regex;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How a line begins a message, the most particular first. The groups are columns of the mapping.
const LINES: [&str; 4] = [
    r"^\((?<clock>\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?)\) (?<author>[^:]{1,60}): (?<words>.*)$",
    r"^\[(?<clock>\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?)\] (?<author>[^:]{1,60}): (?<words>.*)$",
    r"^(?<clock>\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?) (?:- )?(?<author>[^:]{1,60}): (?<words>.*)$",
    r"^(?<author>[^:\d]{1,40}): (?<words>.*)$",
];

static REGEXES: LazyLock<Vec<Regex>> =
    LazyLock::new(|| LINES.iter().filter_map(|line| Regex::new(line).ok()).collect());

/// The pattern without a clock, which lines of a form fit as well: `Name: Jo`.
const UNCLOCKED: usize = 3;

/// In one of so many cells somebody speaks twice, if chats are in them. A form asks everything once.
const ONE_TALKS_IN: u64 = 10;

/// Lines of one cell that are looked at, and authors that are counted.
const MOST_LINES: usize = 200;
const MOST_AUTHORS: usize = 500;

/// What was seen of lines in the cells of one column.
#[derive(Debug, Default)]
pub(super) struct Lines {
    cells: u64,
    /// Cells of several lines that begin a message each, by the place of the pattern.
    fitting: [u64; LINES.len()],
    /// Cells without clocks in which an author comes again.
    talks: u64,
    authors: HashMap<String, u64>,
    clock: String,
}

/// A column of transcripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::survey) struct Transcript {
    pub(in crate::survey) column: String,
    pub(in crate::survey) line: &'static str,
    pub(in crate::survey) clock_format: Option<&'static str>,
    /// Who speaks, with the number of lines and what the word means, if it means something.
    pub(in crate::survey) authors: Vec<(String, u64, Option<Role>)>,
    pub(in crate::survey) why: String,
}

impl Lines {
    pub(super) fn take(&mut self, cell: &str) {
        self.cells += 1;
        if !cell.contains('\n') {
            return;
        }
        for (index, (regex, count)) in REGEXES.iter().zip(&mut self.fitting).enumerate() {
            let group = |line: &str, name: &str| Some(regex.captures(line)?.name(name)?.as_str().trim().to_owned());
            let authors: Vec<String> = cell.lines().take(MOST_LINES).filter_map(|line| group(line, "author")).collect();
            if authors.len() < 2 {
                continue;
            }
            *count += 1;
            let mut once = HashSet::new();
            self.talks += u64::from(index == UNCLOCKED && authors.iter().any(|author| !once.insert(author)));
            for author in authors {
                if let Some(lines) = self.authors.get_mut(&author) {
                    *lines += 1;
                } else if self.authors.len() < MOST_AUTHORS {
                    self.authors.insert(author, 1);
                }
            }
            if let Some(clock) = cell.lines().find_map(|line| group(line, "clock")) {
                self.clock = clock;
            }
            return;
        }
    }

    /// Most cells are transcripts.
    pub(super) fn transcript(&self, column: &str) -> Option<Transcript> {
        let best = (0..LINES.len()).max_by_key(|index| (self.fitting.get(*index), std::cmp::Reverse(*index)))?;
        let (line, fitting) = (LINES.get(best)?, *self.fitting.get(best)?);
        // A short chat has one line, so not all cells need to have several.
        if fitting == 0 || fitting * 2 < self.cells {
            return None;
        }
        if best == UNCLOCKED && self.talks * ONE_TALKS_IN < fitting {
            return None;
        }
        let mut authors: Vec<(String, u64, Option<Role>)> =
            self.authors.iter().map(|(name, lines)| (name.clone(), *lines, words::role(name))).collect();
        authors.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let clock_format = line.contains("clock").then(|| Times::clock_format(&self.clock));
        let why = format!("{fitting} of {} cells hold several such lines", self.cells);
        Some(Transcript { column: column.to_owned(), line, clock_format, authors, why })
    }
}

impl Transcript {
    /// Do the names of authors tell visitors from agents, so that the rest can be read off the other columns?
    pub(super) fn names_visitors(&self) -> bool {
        self.authors.iter().any(|(_, _, role)| *role == Some(Role::Inbound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(cells: &[&str]) -> Option<Transcript> {
        let mut lines = Lines::default();
        for cell in cells {
            lines.take(cell);
        }
        lines.transcript("chat")
    }

    #[test]
    fn a_cell_of_lines_with_clock_and_author_is_a_transcript() {
        let found =
            transcript(&["(10:41:07) Visitor: hello\n(10:42:00) Nell: hi\nand more", "(9:00:01) Visitor: ok"]).unwrap();
        assert_eq!((found.line, found.clock_format), (LINES[0], Some("%H:%M:%S")));
        let authors: Vec<(&str, u64)> = found.authors.iter().map(|(name, lines, _)| (name.as_str(), *lines)).collect();
        assert_eq!(authors, [("Nell", 1), ("Visitor", 1)]);
        assert!(found.names_visitors());
        assert_eq!(transcript(&["[10:41 PM] Sam: a\n[10:42 PM] Visitor: b"]).unwrap().clock_format, Some("%I:%M %p"));
        assert_eq!(transcript(&["Sam: a\nBob: b\nSam: c", "Sam: a\nBob: b"]).unwrap().line, LINES[UNCLOCKED]);
    }

    #[test]
    fn a_form_is_no_chat_though_its_lines_look_like_one() {
        assert_eq!(
            transcript(&["Name: Jo\nEmail: jo@x.example\nMessage: hello", "Customer: Bo\nOrder: A\nMessage: hi"]),
            None
        );
    }

    #[test]
    fn a_text_of_several_lines_is_none() {
        assert_eq!(transcript(&["hello\nyou\nthere", "Order: 12\nthanks"]), None);
        assert_eq!(transcript(&["hello"]), None);
        assert_eq!(REGEXES.len(), LINES.len());
    }
}
