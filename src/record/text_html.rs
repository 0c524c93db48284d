//! Plain text as HTML that shows the same lines.

use super::links::{links, may_hold_one};
use super::plain::{Lanes, all, are, are_printable, has_two_spaces, lines};
use memchr::memmem;
use std::fmt::Write;

/// Deepest quoting that becomes blockquotes; more marks than that stay as text.
const MAX_QUOTES: usize = 20;

/// Turns plain text into HTML: escaped, lines and leading or repeated spaces kept, quote marks (`> `) as nested
/// blockquotes, web and mail addresses as links.
///
/// Front reads a bare body as Markdown, which would eat underscores and stars.
#[must_use]
pub fn text_to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    let text = text.strip_suffix('\n').unwrap_or(text);
    if is_bare(text) {
        push_bare(text, &mut html);
        return html;
    }
    let mut depth = 0;
    for (number, line) in lines(text).enumerate() {
        let (quotes, rest) = quote_level(line);
        if quotes == depth {
            if number > 0 {
                html.push_str("<br>\n");
            }
        } else {
            change_level(depth, quotes, &mut html);
            depth = quotes;
        }
        push_line(rest, &mut html);
    }
    change_level(depth, 0, &mut html);
    html
}

fn change_level(from: usize, to: usize, html: &mut String) {
    for _ in from..to {
        html.push_str("<blockquote>");
    }
    for _ in to..from {
        html.push_str("</blockquote>");
    }
}

/// How many quote marks stand in front, and what follows them.
fn quote_level(line: &str) -> (usize, &str) {
    let mut level = 0;
    let mut rest = line;
    while level < MAX_QUOTES {
        let [b'>', ..] = rest.as_bytes() else { break };
        let after = rest.get(1..).unwrap_or_default();
        level += 1;
        // `> > text` and `>> text` mean the same; the space before a further mark belongs to the marks.
        rest = match after.strip_prefix(' ') {
            Some(next) if next.starts_with('>') => next,
            _ => after,
        };
    }
    (level, if level > 0 { rest.strip_prefix(' ').unwrap_or(rest) } else { rest })
}

fn push_line(line: &str, html: &mut String) {
    let mut at = 0;
    for link in links(line) {
        push_text(line.get(at..link.place.start).unwrap_or_default(), at > 0, html);
        let text = line.get(link.place.clone()).unwrap_or_default();
        html.push_str("<a href=\"");
        html.push_str(link.scheme);
        push_text(text, true, html);
        html.push_str("\">");
        push_text(text, true, html);
        html.push_str("</a>");
        at = link.place.end;
    }
    push_text(line.get(at..).unwrap_or_default(), at > 0, html);
}

/// Writes text escaped. A browser drops a space at the start of a line and after another one: `bare_space_shows` says
/// that neither is the case.
fn push_text(text: &str, mut bare_space_shows: bool, html: &mut String) {
    if stands_as_it_is(text, bare_space_shows) {
        return html.push_str(text);
    }
    let mut rest = text;
    while let Some((at, character)) = rest.char_indices().find(|(_, character)| is_special(*character)) {
        html.push_str(rest.get(..at).unwrap_or_default());
        bare_space_shows |= at > 0;
        rest = rest.get(at + character.len_utf8()..).unwrap_or_default();
        match character {
            ' ' if bare_space_shows => html.push(' '),
            ' ' => html.push_str("&nbsp;"),
            '\t' => html.push_str("&nbsp;&nbsp;&nbsp;&nbsp;"),
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            // What HTML has no way to hold (HTML standard, section 3.2.5) is written out as the sign for it.
            control if control.is_control() => {
                let picture = char::from_u32(0x2400 + u32::from(control)).filter(|_| u32::from(control) < 0x20);
                let _ = write!(html, "{}", picture.unwrap_or('\u{FFFD}'));
            }
            other => html.push(other),
        }
        bare_space_shows = !character.is_whitespace();
    }
    html.push_str(rest);
}

/// Is it not written as it is, or does it decide whether the space behind it shows?
fn is_special(character: char) -> bool {
    matches!(character, '&' | '<' | '>' | '"') || character.is_whitespace() || character.is_control()
}

/// Nothing of it has to be escaped, as is so of most lines: seen without looking at one character after the other.
fn stands_as_it_is(text: &str, bare_space_shows: bool) -> bool {
    let text = text.as_bytes();
    all(text, are_plain) && (bare_space_shows || text.first() != Some(&b' ')) && !has_two_spaces(text)
}

fn are_plain(lanes: Lanes) -> Lanes {
    let marks = are(lanes, b'&') | are(lanes, b'<') | are(lanes, b'>') | are(lanes, b'"');
    are_printable(lanes) & !marks
}

/// Nothing in the whole of a text is to be made HTML but the ends of its lines.
fn is_bare(text: &str) -> bool {
    let bytes = text.as_bytes();
    all(bytes, |lanes| are_plain(lanes) | are(lanes, b'\n'))
        && bytes.first() != Some(&b' ')
        && !has_two_spaces(bytes)
        && memmem::find(bytes, b"\n ").is_none()
        && !may_hold_one(bytes)
}

fn push_bare(text: &str, html: &mut String) {
    for (number, line) in lines(text).enumerate() {
        if number > 0 {
            html.push_str("<br>\n");
        }
        html.push_str(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_markup_characters_show_as_written() {
        assert_eq!(text_to_html("a < b & \"c\"\n\n*d* _e_\n"), "a &lt; b &amp; &quot;c&quot;<br>\n<br>\n*d* _e_");
    }

    #[test]
    fn spaces_and_tabs_keep_their_width() {
        assert_eq!(text_to_html("  a  b\tc"), "&nbsp;&nbsp;a &nbsp;b&nbsp;&nbsp;&nbsp;&nbsp;c");
    }

    #[test]
    fn quotes_become_blockquotes_of_their_level() {
        let html = text_to_html("hi\n> one\n>> two\n> > too\n>\nend");
        assert_eq!(html, "hi<blockquote>one<blockquote>two<br>\ntoo</blockquote></blockquote>end");
    }

    #[test]
    fn a_wall_of_marks_does_not_nest_without_end() {
        let html = text_to_html(&">".repeat(1_000));
        assert_eq!(html.matches("<blockquote>").count(), MAX_QUOTES);
        assert_eq!(html.matches("&gt;").count(), 1_000 - MAX_QUOTES);
    }

    #[test]
    fn addresses_become_links_and_show_as_written() {
        assert_eq!(
            text_to_html("see  https://x.example/?a=1&b='2\", or"),
            "see &nbsp;<a href=\"https://x.example/?a=1&amp;b='2\">https://x.example/?a=1&amp;b='2</a>&quot;, or"
        );
        assert_eq!(
            text_to_html("> www.x.example"),
            "<blockquote><a href=\"http://www.x.example\">www.x.example</a></blockquote>"
        );
        assert_eq!(text_to_html("javascript:alert(1)"), "javascript:alert(1)");
    }

    /// The text of HTML made here, with its lines and quote marks: what [`text_to_html`] was given.
    fn text_again(html: &str) -> String {
        let mut text = String::new();
        let mut depth: usize = 0;
        let mut is_line_start = true;
        let mut rest = html;
        while !rest.is_empty() {
            let tag = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let Some((name, tail)) = tag else {
                if std::mem::replace(&mut is_line_start, false) {
                    text.push_str(&">".repeat(depth));
                }
                let end = rest[1..].find('<').map_or(rest.len(), |end| end + 1);
                text.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            };
            match name {
                "br" => {
                    if !std::mem::replace(&mut is_line_start, true) {
                        text.push('\n');
                    }
                }
                "blockquote" | "/blockquote" => {
                    if !std::mem::replace(&mut is_line_start, true) {
                        text.push('\n');
                    }
                    depth = if name == "blockquote" { depth + 1 } else { depth - 1 };
                }
                _ => assert!(name == "/a" || name.starts_with("a href=\""), "{name}"),
            }
            rest = tail.strip_prefix('\n').unwrap_or(tail);
        }
        let text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
        text.replace("&quot;", "\"").replace("&amp;", "&")
    }

    /// Lines with white space collapsed and quote marks joined; blank lines at a change of depth do not count.
    fn bare_lines(text: &str) -> Vec<String> {
        let line = |line: &str| {
            let (depth, rest) = quote_level(line);
            format!("{}{}", ">".repeat(depth), rest.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        text.lines().map(line).filter(|line| !line.trim_matches('>').is_empty()).collect()
    }

    /// What a reader sees, without white space and quote marks.
    fn visible(html: &str) -> String {
        let mut text = String::new();
        let mut in_tag = false;
        for character in html.chars() {
            match character {
                '<' => in_tag = true,
                '>' if in_tag => in_tag = false,
                other if !in_tag => text.push(other),
                _ => {}
            }
        }
        let text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
        text.replace("&quot;", "\"").replace("&amp;", "&")
    }

    /// As [`text_to_html`], line by line.
    fn line_by_line(text: &str) -> String {
        // What makes the text other than bare, and is taken off again.
        text_to_html(&format!(":\n{text}")).strip_prefix(":<br>\n").unwrap().to_owned()
    }

    proptest! {
        #[test]
        fn a_bare_text_is_what_its_lines_are(text in "([a-z.;' ]{0,6}|www|\n|\r|\t|é|&|:){0,12}") {
            prop_assume!(!matches!(text.as_str(), "" | "\n"));
            prop_assert_eq!(text_to_html(&text), line_by_line(&text));
        }

        #[test]
        fn the_reader_sees_the_same_text(text in "([a-z<>&;\"# \t]|nbsp;|\\PC|\n|\n> |\n>>){0,60}") {
            let bare = |text: &str| -> String {
                text.chars().filter(|character| !character.is_whitespace() && *character != '>').collect()
            };
            prop_assert_eq!(bare(&visible(&text_to_html(&text))), bare(&text));
        }

        #[test]
        fn lines_quote_levels_and_words_come_back(
            lines in proptest::collection::vec("(>{0,3} ?)?([a-c&<\" \t]|https://x\\.y/|www\\.a\\.b|[).,]){0,12}", 0..12),
        ) {
            let text = lines.join("\n");
            prop_assert_eq!(bare_lines(&text_again(&text_to_html(&text))), bare_lines(&text));
        }

        #[test]
        fn every_blockquote_is_closed(text in "(>| |a|\n){0,60}") {
            let html = text_to_html(&text);
            prop_assert_eq!(html.matches("<blockquote>").count(), html.matches("</blockquote>").count());
        }

        #[test]
        fn every_line_of_one_level_keeps_its_break(lines in proptest::collection::vec("[a-z ]{0,5}", 1..20)) {
            let text = lines.join("\n");
            prop_assume!(!text.ends_with('\n'));
            prop_assert_eq!(text_to_html(&text).matches("<br>").count(), lines.len() - 1);
        }
    }
}
