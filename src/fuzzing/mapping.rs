//! The fuzz target `mapping`.

use crate::mapping::{diagnostic, parse};
use std::path::Path;

/// A mapping file.
///
/// # Panics
/// If what is wrong is not shown at a place within the text and with a remedy, or a good mapping is not the same twice.
pub fn mapping(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("mapping.toml");
    // No editor counts a byte order mark as a column.
    let shown = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = shown.split('\n').collect();
    let check = |(line, column): (usize, usize)| {
        let found = line.checked_sub(1).and_then(|index| lines.get(index));
        let width = found.unwrap_or_else(|| panic!("there is no line {line}")).chars().count();
        assert!((1..=width + 1).contains(&column), "column {column} of a line of {width}");
    };
    match parse(path, text) {
        Ok(mapping) => {
            assert!(!mapping.sources.is_empty(), "nothing to read");
            for source in &mapping.sources {
                check(source.path_at);
                let shown = diagnostic(&mapping, source.path_at, 4, "title", "label", "help").render(true);
                assert!(shown.contains("title") && shown.contains("help"), "{shown}");
            }
            let again = parse(path, text).map(|again| format!("{again:?}"));
            assert_eq!(again.ok(), Some(format!("{mapping:?}")), "the same text is read in two ways");
        }
        Err(errors) => {
            assert!(!errors.diagnostics().is_empty(), "refused without a reason");
            for found in errors.diagnostics() {
                check((found.line, found.column));
                assert!(!found.title.is_empty() && !found.label.is_empty() && !found.help.is_empty(), "{found:?}");
            }
            let plain = errors.render(false);
            let is_control = |c: char| c.is_control() && c != '\n';
            assert!(!plain.contains(is_control), "control characters of the mapping reach the terminal: {plain:?}");
            assert!(!errors.render(true).is_empty());
        }
    }
}
