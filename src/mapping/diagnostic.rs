//! What is wrong with a mapping, shown at its place in the text.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet, normalize_untrusted_str};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// So many diagnostics are kept; beyond that the file is something else than a mapping, and the rest is only counted.
pub(super) const KEPT: usize = 100;

/// One thing that is wrong, where it stands, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Line in the mapping, from 1; 0 when the file as a whole is meant (it could not be read).
    pub line: usize,
    /// Column in that line, in characters, from 1; 0 when the file as a whole is meant.
    pub column: usize,
    /// How many characters are underlined; 0 underlines the one at `column`.
    pub width: usize,
    /// What is wrong, in one line.
    pub title: String,
    /// What stands under the underlined text.
    pub label: String,
    /// The remedy.
    pub help: String,
}

/// Everything that was found wrong with one mapping file; never empty.
///
/// `Display` renders all of it as plain text, [`render`](Self::render) with color if asked.
#[derive(Debug, Clone)]
pub struct MappingErrors {
    path: PathBuf,
    text: String,
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
}

impl MappingErrors {
    /// Diagnostics about `text`, in the order of the file; `omitted` more were found than are kept.
    pub(super) fn new(path: &Path, text: &str, mut diagnostics: Vec<Diagnostic>, omitted: usize) -> Self {
        diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        Self { path: path.to_owned(), text: text.to_owned(), diagnostics, omitted }
    }

    /// A diagnostic about the file as a whole.
    pub(super) fn whole_file(path: &Path, title: String, help: &str) -> Self {
        let diagnostic =
            Diagnostic { line: 0, column: 0, width: 0, title, label: String::new(), help: help.to_owned() };
        Self::new(path, "", vec![diagnostic], 0)
    }

    /// The mapping file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was found, in the order of the file.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// All diagnostics as text for people: title, `--> file:line:column`, the underlined line, the remedy.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let path = self.path.display().to_string();
        let lines: Vec<&str> = self.text.split('\n').collect();
        let mut blocks: Vec<String> =
            self.diagnostics.iter().map(|found| block(&renderer, Level::ERROR, &path, &lines, found)).collect();
        if self.omitted > 0 {
            blocks.push(format!("... and {} more errors; is this file a mapping?", self.omitted));
        }
        blocks.join("\n\n")
    }
}

impl fmt::Display for MappingErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for MappingErrors {}

/// Warnings about a mapping that was loaded, as [`MappingErrors::render`] shows errors.
#[must_use]
pub fn render_warnings(path: &Path, text: &str, warnings: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let path = path.display().to_string();
    let lines: Vec<&str> = text.split('\n').collect();
    let blocks: Vec<String> =
        warnings.iter().map(|found| block(&renderer, Level::WARNING, &path, &lines, found)).collect();
    blocks.join("\n\n")
}

fn block(renderer: &Renderer, level: Level<'static>, path: &str, lines: &[&str], found: &Diagnostic) -> String {
    // The title may quote what stands in an export.
    let title = level.primary_title(normalize_untrusted_str(&found.title));
    // Labels and help are printed as they are, so control characters from the mapping are made harmless first.
    let label = normalize_untrusted_str(&found.label);
    let help = Level::HELP.message(normalize_untrusted_str(&found.help));
    let group = match found.line.checked_sub(1).and_then(|index| lines.get(index)) {
        // Only the one line is handed over: the renderer's work is then independent of the length of the file.
        Some(line) => {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let annotation = AnnotationKind::Primary.span(bytes_of(line, found)).label(label);
            title.element(Snippet::source(line).line_start(found.line).path(path).annotation(annotation)).element(help)
        }
        None => title.element(Origin::path(path)).element(help),
    };
    renderer.render(&[group])
}

/// The underlined bytes of `line`, from columns in characters; clamped to the line.
fn bytes_of(line: &str, found: &Diagnostic) -> Range<usize> {
    let byte_at = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte);
    let first = found.column.saturating_sub(1);
    byte_at(first)..byte_at(first.saturating_add(found.width.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize, width: usize) -> Diagnostic {
        Diagnostic { line, column, width, title: "title".into(), label: "label".into(), help: "help".into() }
    }

    #[test]
    fn columns_count_characters_and_not_bytes() {
        let errors = MappingErrors::new(Path::new("m.toml"), "a = 1\nü = \"日本\"\n", vec![at(2, 5, 4)], 0);
        insta::assert_snapshot!(errors, @r#"
    error: title
     --> m.toml:2:5
      |
    2 | ü = "日本"
      |     ^^^^^^ label
      |
      = help: help
    "#);
    }

    #[test]
    fn a_place_outside_of_the_text_is_still_shown() {
        for place in [at(1, 99, 7), at(99, 1, 1), at(1, usize::MAX, usize::MAX), at(2, 1, 0)] {
            let shown = MappingErrors::new(Path::new("m.toml"), "x\r\n", vec![place], 0).to_string();
            assert!(shown.contains("title") && shown.contains("m.toml") && shown.contains("help"), "{shown}");
        }
    }

    #[test]
    fn color_is_only_in_the_colored_rendering() {
        let errors = MappingErrors::new(Path::new("m.toml"), "x", vec![at(1, 1, 1)], 0);
        assert!(errors.render(true).contains('\u{1b}'));
        assert!(!errors.to_string().contains('\u{1b}'));
    }

    #[test]
    fn control_characters_of_the_mapping_never_reach_the_terminal() {
        let mut found = at(1, 1, 3);
        found.title = "\u{1b}[31mtitle".into();
        found.label = "\u{1b}]0;label\u{7}".into();
        found.help = "\u{1b}[2Jhelp".into();
        let shown = MappingErrors::new(Path::new("m.toml"), "\u{1b}[2Jx", vec![found], 0).to_string();
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'), "{shown:?}");
    }

    #[test]
    fn diagnostics_come_in_the_order_of_the_file() {
        let errors = MappingErrors::new(Path::new("m"), "", vec![at(3, 1, 1), at(1, 9, 1), at(1, 2, 1)], 0);
        let places: Vec<_> = errors.diagnostics().iter().map(|found| (found.line, found.column)).collect();
        assert_eq!(places, [(1, 2), (1, 9), (3, 1)]);
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        assert!(
            MappingErrors::new(Path::new("m"), "", vec![at(1, 1, 1)], 7)
                .to_string()
                .ends_with("and 7 more errors; is this file a mapping?")
        );
    }
}
