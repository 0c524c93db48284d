//! Collects what is wrong while a mapping is checked, so that all of it can be shown at once.

use super::diagnostic::{Diagnostic, KEPT, MappingErrors};
use super::when::Place;
use std::ops::Range;
use std::path::Path;

/// What was found so far in one text.
pub(super) struct Findings<'t> {
    text: &'t str,
    /// Byte offset of each line's first character.
    line_starts: Vec<usize>,
    found: Vec<Diagnostic>,
    omitted: usize,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let line_starts =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1)).collect();
        Self { text, line_starts, found: Vec::new(), omitted: 0 }
    }

    /// Notes that the bytes `at` are wrong. A span over several lines is shown by its first.
    pub(super) fn report(
        &mut self,
        at: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.found.len() >= KEPT {
            self.omitted += 1;
            return;
        }
        let (line, column) = self.place(at);
        let width = self.width(at);
        self.found.push(Diagnostic {
            line,
            column,
            width,
            title: title.into(),
            label: label.into(),
            help: help.into(),
        });
    }

    /// Characters of a span, as far as its first line goes.
    pub(super) fn width(&self, at: &Range<usize>) -> usize {
        let shown = self.raw(at);
        shown.split('\n').next().map_or(0, |first| first.trim_end_matches('\r').chars().count())
    }

    /// `(line, column)` of a span's first character, from 1, the column in characters.
    pub(super) fn place(&self, at: &Range<usize>) -> (usize, usize) {
        let line = self.line(at);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..self.text.floor_char_boundary(at.start));
        (line, before.map_or(0, |before| before.chars().count()) + 1)
    }

    /// The place of a span for later diagnostics.
    pub(super) fn place_of(&self, at: &Range<usize>) -> Place {
        let (line, column) = self.place(at);
        Place { line, column, width: self.width(at) }
    }

    /// The line of a span's first character, from 1.
    pub(super) fn line(&self, at: &Range<usize>) -> usize {
        let offset = self.text.floor_char_boundary(at.start);
        self.line_starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The text as written at `at`.
    pub(super) fn raw(&self, at: &Range<usize>) -> &'t str {
        let end = self.text.floor_char_boundary(at.end);
        self.text.get(self.text.floor_char_boundary(at.start)..end).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_errors(self, path: &Path) -> MappingErrors {
        MappingErrors::new(path, self.text, self.found, self.omitted)
    }
}

/// A piece of the mapping inside a sentence: in backquotes, on one line, and not longer than a line.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    // escape_debug also escapes quotes, which are harmless here and worse to read.
    format!("`{}`", shown.replace("\\\"", "\"").replace("\\'", "'"))
}

/// `a`, `b` or `c`
pub(super) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}

/// The known word that `written` was probably meant to be, if one is close.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Distance costs the product of both lengths, and nothing that long is a typing error.
    const LONGEST: usize = 100;
    if written.len() > LONGEST {
        return None;
    }
    let written = written.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The remedy for a word that is not one of the known ones.
pub(super) fn did_you_mean(written: &str, known: &[&str], otherwise: impl Into<String>) -> String {
    nearest(written, known.iter().copied()).map_or_else(|| otherwise.into(), |word| format!("did you mean `{word}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_line_and_a_column_in_characters() {
        let found = Findings::new("ä\nbü = 1\n");
        assert_eq!(found.place(&(0..1)), (1, 1));
        assert_eq!(found.place(&(3..4)), (2, 1));
        assert_eq!(found.place(&(7..8)), (2, 4));
        assert_eq!(found.place(&(99..100)), (3, 1));
    }

    #[test]
    fn a_typing_error_finds_its_word_and_a_different_word_finds_none() {
        let known = ["inbox", "base_url", "in_flight"];
        assert_eq!(nearest("inbos", known), Some("inbox"));
        assert_eq!(nearest("Inbox", known), Some("inbox"));
        assert_eq!(nearest("baseurl", known), Some("base_url"));
        assert_eq!(nearest("in-flight", known), Some("in_flight"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
    }

    #[test]
    fn a_quoted_piece_stays_on_one_line_and_short() {
        assert_eq!(quoted("a\nb\"c"), "`a\\nb\"c`");
        assert!(quoted(&"y".repeat(10_000)).len() < 70);
    }

    #[test]
    fn a_flood_of_findings_is_counted_and_not_kept() {
        let mut found = Findings::new("x");
        for _ in 0..KEPT + 5 {
            found.report(&(0..1), "t", "l", "h");
        }
        let errors = found.into_errors(Path::new("m"));
        assert_eq!(errors.diagnostics().len(), KEPT);
        assert!(errors.to_string().contains("and 5 more"));
    }
}
