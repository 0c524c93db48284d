//! Web and mail addresses in plain text.
//!
//! Only what is surely a link becomes one: `http:`, `https:`, `mailto:` and `www.`. A bare `word.word` may be a file.

use std::ops::Range;

/// What a link begins with, and what has to stand in front of it to be one.
const STARTS: [(&str, &str); 4] = [("https://", ""), ("http://", ""), ("mailto:", ""), ("www.", "http://")];

/// A link in a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Where it stands.
    pub(super) place: Range<usize>,
    /// What has to be put before the text at `place` to get its address.
    pub(super) scheme: &'static str,
}

/// The links of a line, in order. Punctuation that ends a sentence is no part of a link, nor is a closing bracket
/// that was opened before it.
pub(super) fn links(line: &str) -> Vec<Link> {
    let mut found = Vec::new();
    // Most lines hold none, and looking at every word of them costs.
    if !may_hold_one(line.as_bytes()) {
        return found;
    }
    let mut passed = 0;
    let mut follows_word = false;
    for (at, character) in line.char_indices() {
        if at >= passed
            && !follows_word
            && let Some((length, scheme)) = link_at(line.get(at..).unwrap_or_default())
        {
            found.push(Link { place: at..at + length, scheme });
            passed = at + length;
        }
        follows_word = character.is_alphanumeric();
    }
    found
}

/// May a link stand in it? Also asked of several lines at once.
pub(super) fn may_hold_one(line: &[u8]) -> bool {
    let is_www = |dot: usize| {
        let before = dot.checked_sub(3).and_then(|start| line.get(start..dot));
        before.is_some_and(|before| [b"www", b"Www", b"WWW"].iter().any(|start| before == *start))
    };
    memchr::memchr(b':', line).is_some() || memchr::memchr_iter(b'.', line).any(is_www)
}

/// The length and the scheme of the link that `text` begins with.
fn link_at(text: &str) -> Option<(usize, &'static str)> {
    let (start, scheme) = STARTS
        .iter()
        .find(|(start, _)| text.get(..start.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(start)))?;
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"«»“”„".contains(c)).unwrap_or(text.len());
    let length = without_punctuation(text.get(..end)?);
    let rest = text.get(start.len()..length)?;
    let is_link = match *start {
        "mailto:" => rest.contains('@'),
        "www." => rest.contains('.') && rest.starts_with(char::is_alphanumeric),
        _ => rest.starts_with(|c: char| c.is_alphanumeric() || c == '['),
    };
    is_link.then_some((length, *scheme))
}

/// How much of a link is left without the punctuation behind it.
fn without_punctuation(link: &str) -> usize {
    let count = |sign: char| link.matches(sign).count();
    // Closing brackets that no opening one of the link asks for.
    let mut surplus =
        [('(', ')'), ('[', ']'), ('{', '}')].map(|(open, close)| (close, count(close).saturating_sub(count(open))));
    let mut end = link.len();
    while let Some(last) = link.get(..end).and_then(|rest| rest.chars().next_back()) {
        let bracket = surplus.iter_mut().find(|(close, _)| *close == last);
        let goes = match bracket {
            Some((_, 0)) => false,
            Some((_, left)) => {
                *left -= 1;
                true
            }
            None => ".,;:!?'’`*_~|…".contains(last),
        };
        if !goes {
            break;
        }
        end -= last.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(line: &str) -> Vec<String> {
        links(line).into_iter().map(|link| format!("{}{}", link.scheme, &line[link.place])).collect()
    }

    #[test]
    fn only_safe_schemes_become_links() {
        let line = "https://a.example/x?y=1&z=2#t HTTP://b.example mailto:c@d.example www.e.example/f";
        assert_eq!(
            found(line),
            ["https://a.example/x?y=1&z=2#t", "HTTP://b.example", "mailto:c@d.example", "http://www.e.example/f"]
        );
        assert!(found("javascript:x data:y ftp://z file:///etc a.example xhttp://y http:// www. mailto:x").is_empty());
    }

    #[test]
    fn punctuation_and_foreign_brackets_stay_outside() {
        for (line, link) in [
            ("(see http://a.example/b).", "http://a.example/b"),
            ("http://a.example/b_(c)", "http://a.example/b_(c)"),
            ("(http://a.example/b_(c))!", "http://a.example/b_(c)"),
            ("<http://a.example/>", "http://a.example/"),
            ("\"http://a.example/\", he said", "http://a.example/"),
            ("*http://a.example/*", "http://a.example/"),
            ("[http://a.example/x]...", "http://a.example/x"),
            ("http://[::1]/x", "http://[::1]/x"),
        ] {
            assert_eq!(found(line), [link], "{line}");
        }
    }

    proptest! {
        #[test]
        fn links_lie_in_the_line_in_order(line in "(https?://|www\\.|mailto:|[a-z.@()<>\\[\\]]|é| |\\PC){0,40}") {
            let mut end = 0;
            for link in links(&line) {
                prop_assert!(link.place.start >= end && link.place.end > link.place.start);
                prop_assert!(line.get(link.place.clone()).is_some());
                end = link.place.end;
            }
        }
    }
}
