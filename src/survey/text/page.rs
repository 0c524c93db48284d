//! A page of TOML with remarks. Whatever comes from an export stands in it as data that neither TOML, an editor nor a
//! terminal obeys.

use std::fmt::Write as _;

/// Widest line that a remark stands behind.
const WIDTH: usize = 120;

/// Width of comments.
const COMMENT: usize = 116;

/// Longest piece of an export that is shown within a remark, in characters.
const SHOWN: usize = 100;

/// A page, and its lines that ask for something.
#[derive(Debug, Default)]
pub(in crate::survey) struct Page {
    text: String,
    todos: Vec<Todo>,
}

/// A line that asks for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    /// Line, from 1.
    pub line: usize,
    /// What is asked for, in words.
    pub what: String,
    /// Without it, no plan can be made.
    pub is_needed: bool,
}

impl Page {
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A comment over as many lines as it needs.
    pub(super) fn comment(&mut self, text: &str) {
        self.wrapped("#", text);
    }

    /// A comment that is one of several below another.
    pub(super) fn item(&mut self, text: &str) {
        self.wrapped("#  ", text);
    }

    fn wrapped(&mut self, start: &str, text: &str) {
        let mut line = start.to_owned();
        for word in harmless(text).split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > COMMENT && line.len() > start.len() {
                self.line(&line);
                start.clone_into(&mut line);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    /// A line with the header of a table.
    pub(super) fn header(&mut self, name: &str) {
        self.line(name);
    }

    /// A line as it stands; it was made by this program.
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// A line of TOML, with a remark.
    pub(super) fn code(&mut self, code: &str, remark: &str) {
        let remark = harmless(remark);
        if remark.is_empty() {
            self.line(code);
        } else if code.chars().count() + remark.chars().count() + 5 <= WIDTH {
            self.line(&format!("{code}   # {remark}"));
        } else {
            self.comment(&remark);
            self.line(code);
        }
    }

    /// A line of TOML that is taken out, with a remark.
    pub(super) fn off(&mut self, code: &str, remark: &str) {
        self.code(&format!("# {}", harmless(code)), remark);
    }

    /// A line that asks for something.
    pub(super) fn todo(&mut self, code: &str, what: &str, is_needed: bool) {
        self.code(code, &format!("TODO: {what}"));
        let line = self.text.matches('\n').count();
        self.todos.push(Todo { line, what: harmless(what), is_needed });
    }

    pub(in crate::survey) fn into_parts(self) -> (String, Vec<Todo>) {
        (self.text, self.todos)
    }
}

/// Foreign text on one line, without what an editor or a terminal would obey, or what would end a comment.
fn harmless(text: &str) -> String {
    let text = crate::words::printable(text);
    text.chars()
        .map(|letter| if matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}') { '\u{fffd}' } else { letter })
        .collect()
}

/// A piece of an export within a remark: in quotes, and cut if it is long.
pub(in crate::survey) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", harmless(&cut))
}

/// A string of TOML (version 1.0): basic, and in one line. Whatever nobody would see is written as an escape.
pub(in crate::survey) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if is_unseen(letter) && u32::from(letter) <= 0xffff => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter if is_unseen(letter) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(letter, '\u{e0000}'..='\u{e0fff}')
}

/// A string of TOML for a pattern: literal, so that it stands as it is meant, if it can be.
pub(super) fn pattern(text: &str) -> String {
    if text.contains('\'') || text.chars().any(is_unseen) { quoted(text) } else { format!("'{text}'") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(fill: impl FnOnce(&mut Page)) -> (String, Vec<Todo>) {
        let mut page = Page::default();
        fill(&mut page);
        page.into_parts()
    }

    #[test]
    fn a_remark_stands_behind_its_line_or_above_it() {
        let (text, todos) = page(|page| {
            page.code("a = 1", "why");
            page.todo("b = 2", &"say what ".repeat(20), true);
            page.off("c = 3", "maybe");
        });
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "a = 1   # why");
        assert!(lines[1].starts_with("# TODO: say what"));
        assert_eq!(lines[todos[0].line - 1], "b = 2");
        assert_eq!(lines.last(), Some(&"# c = 3   # maybe"));
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn nothing_in_a_string_is_unseen() {
        assert_eq!(quoted("a\"b\\c\nd\u{202e}e\u{7f}\u{e0001}é"), r#""a\"b\\c\nd\u202Ee\u007F\U000E0001é""#);
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_a_string_and_stays_inside_a_comment(text in "\\PC{0,20}|.{0,40}", other in ".{0,200}") {
            let (written, _) = page(|page| {
                page.comment(&other);
                page.code(&format!("a = {}", quoted(&text)), &other);
                page.off(&format!("c = {}", quoted(&other)), &text);
                page.code(&format!("{} = 1", quoted(&format!("k{text}"))), &other);
            });
            let table: toml::Table = written.parse().unwrap();
            prop_assert_eq!(table["a"].as_str(), Some(text.as_str()));
            prop_assert_eq!(table.len(), 2);
            prop_assert!(written.chars().all(|letter| letter == '\n' || !letter.is_control()));
        }
    }
}
