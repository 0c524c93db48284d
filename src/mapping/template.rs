//! Texts with values in them: subjects made of the cells of a table, links made of what a message says.

use super::findings::{Findings, quoted};
use super::section::Text;

/// Text with names of values in it: of columns, or of `[values]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(String),
}

impl Template {
    /// The values it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with its values, every run of white space as one space; `None` where it names values and
    /// none of them holds anything.
    #[must_use]
    pub fn filled<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
        let mut says_something = self.names().next().is_none();
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(words) => text.push_str(words),
                Piece::Value(name) => {
                    let value = value(name).unwrap_or_default();
                    says_something |= !value.is_empty();
                    text.push_str(value);
                }
            }
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        (says_something && !words.is_empty()).then(|| words.join(" "))
    }

    /// The text with its values as they are; `None` where one of them is missing.
    #[must_use]
    pub fn complete<V: AsRef<str>>(&self, value: impl Fn(&str) -> Option<V>) -> Option<String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(words) => text.push_str(words),
                Piece::Value(name) => text.push_str(value(name)?.as_ref()),
            }
        }
        Some(text)
    }
}

/// `"Chat {chat_id} with {visitor}"`; a brace that stands for itself is doubled.
pub(super) fn template(found: &mut Findings, text: &Text) -> Option<Template> {
    let help = "write `{` before and `}` behind a name, such as \"Chat {chat_id}\"; doubled they stand for \
                themselves";
    let mut wrong = |label: &str| {
        found.report(&text.at, format!("{} is no template", quoted(text.value)), label, help);
        None
    };
    let mut pieces = Vec::new();
    let mut words = String::new();
    let mut rest = text.value.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '{' | '}' if rest.peek() == Some(&letter) => {
                rest.next();
                words.push(letter);
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        Some('}') => break,
                        Some('{') | None => return wrong("a brace without its other one"),
                        Some(letter) => name.push(letter),
                    }
                }
                if name.trim().is_empty() {
                    return wrong("braces without a name");
                }
                pieces.push(Piece::Text(std::mem::take(&mut words)));
                pieces.push(Piece::Value(name.trim().to_owned()));
            }
            '}' => return wrong("a brace without its other one"),
            letter => words.push(letter),
        }
    }
    pieces.push(Piece::Text(words));
    Some(Template(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(written: &str) -> Option<String> {
        let mut found = Findings::new(written);
        let template = template(&mut found, &Text { value: written, at: 0..written.len() })?;
        template.filled(|column| match column {
            "chat id" => Some("17"),
            "who" => Some(" Ada\nL. "),
            "blank" => Some(""),
            _ => None,
        })
    }

    #[test]
    fn columns_in_braces_become_their_values_on_one_line() {
        assert_eq!(filled("Chat {chat id} with {who}").as_deref(), Some("Chat 17 with Ada L."));
        assert_eq!(filled("{{{chat id}}}").as_deref(), Some("{17}"));
        assert_eq!(filled("An old chat").as_deref(), Some("An old chat"));
    }

    #[test]
    fn without_any_value_there_is_no_subject() {
        assert_eq!(filled("Chat {blank} {absent}"), None);
        assert_eq!(filled("Chat {blank} {who}").as_deref(), Some("Chat Ada L."));
    }

    #[test]
    fn braces_that_stand_alone_are_refused() {
        for written in ["Chat {", "Chat }", "{a", "{a{b}}", "{}", "{ }"] {
            let mut found = Findings::new(written);
            assert_eq!(template(&mut found, &Text { value: written, at: 0..written.len() }), None, "{written}");
            assert!(!found.is_empty(), "{written}");
        }
    }
}
