//! The text of a mail as it is compared between copies: white space collapsed, list additions taken off.
//!
//! What this gives goes into digests that are pinned in ledgers. It uses declared charsets only and none of the
//! repairs that the body gets; a change here is a change of the identity scheme.

use super::charset::decode_plainly;
use super::parser::{PartKind, Structure};
use super::part::Leaf;
use crate::record::plain::{all, are, are_printable, has_two_spaces, lines};
use memchr::memrchr;

/// A text as it is compared.
#[derive(Debug, Default)]
pub(super) struct Visible {
    /// The text.
    pub(super) text: String,
    /// It stands in HTML, and the plain parts hold nothing but a list's footer.
    pub(super) is_above_footer: bool,
}

/// The text of the plain parts if they hold any, else of the HTML parts.
///
/// A list that puts its footer below a mail of HTML alone adds a plain part of nothing but that, so the footer is taken off
/// before it is asked whether there is a text.
pub(super) fn text(structure: &Structure, leaves: &[Option<Leaf<'_>>]) -> Visible {
    let lines = decoded(&structure.text, leaves, PartKind::Text);
    let plain = without_footer(&lines);
    if !plain.trim().is_empty() {
        return Visible { text: collapse(plain), is_above_footer: false };
    }
    let html = strip_tags(&decoded(&structure.html, leaves, PartKind::Html));
    Visible { text: collapse(without_footer(&html)), is_above_footer: !lines.trim().is_empty() }
}

fn decoded(ids: &[usize], leaves: &[Option<Leaf<'_>>], kind: PartKind) -> String {
    let mut text = String::new();
    for leaf in ids.iter().filter_map(|id| leaves.get(*id)?.as_ref()).filter(|leaf| leaf.kind == kind) {
        text.push_str(&decode_plainly(&leaf.content, leaf.charset()));
        text.push('\n');
    }
    text
}

/// White space runs as one space; byte order marks and NULs gone.
pub(super) fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    // Most lines are words with one space between them already, in many texts all of them.
    let is_calm = |text: &str| {
        all(text.as_bytes(), |lanes| are_printable(lanes) | are(lanes, b'\n')) && !has_two_spaces(text.as_bytes())
    };
    let is_all_calm = is_calm(text);
    for line in lines(text) {
        let words = line.trim_ascii();
        if is_all_calm || is_calm(words) {
            push_word(&mut collapsed, words);
        } else {
            let is_space = |character: char| character.is_whitespace() || matches!(character, '\u{FEFF}' | '\0');
            line.split(is_space).for_each(|word| push_word(&mut collapsed, word));
        }
    }
    collapsed
}

fn push_word(line: &mut String, word: &str) {
    if !word.is_empty() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
}

/// Without what a mailing list put below: Mailman's lines after a rule of underscores, Google Groups' after `-- `.
fn without_footer(text: &str) -> &str {
    let mut end = text.len();
    // The footer is short and last; more than the last lines need not be looked at.
    for _ in 0..12 {
        let Some(before) = end.checked_sub(1).and_then(|last| text.as_bytes().get(..last)) else { break };
        let start = memrchr(b'\n', before).map_or(0, |at| at + 1);
        let (line, below) = (text.get(start..end).unwrap_or_default(), text.get(end..).unwrap_or_default());
        end = start;
        let line = line.trim_end();
        let mailman = line.len() >= 40 && line.bytes().all(|byte| byte == b'_') && below.contains("mailing list");
        let google = line == "--" && below.starts_with("You received this message because you are subscribed to");
        if mailman || google {
            return text.get(..start).unwrap_or(text);
        }
    }
    text
}

/// The subject without list tags (`[users]`, at the front or after a reply prefix), white space collapsed.
pub(super) fn subject(decoded: &str) -> String {
    let mut rest = decoded.trim();
    let mut prefixes = String::new();
    loop {
        if let Some(tagged) = rest.strip_prefix('[')
            && let Some((_, after)) = tagged.split_once(']')
        {
            rest = after.trim_start();
        } else if rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) {
            prefixes.push_str("re: ");
            rest = rest.get(3..).unwrap_or_default().trim_start();
        } else {
            return collapse(&(prefixes + rest));
        }
    }
}

/// HTML without tags, scripts, styles and comments; the common entities decoded.
fn strip_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        push_entities(before, &mut text);
        let closing = if tag.starts_with("!--") { "-->" } else { ">" };
        let Some((inside, after)) = tag.split_once(closing) else { return text };
        rest = ["script", "style"]
            .iter()
            .find(|name| opens(inside, name))
            .map_or(after, |name| after_element(after, name));
        text.push(' ');
    }
    push_entities(rest, &mut text);
    text
}

fn opens(tag: &str, name: &str) -> bool {
    tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && tag.as_bytes().get(name.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// What follows the end tag of `name`; nothing if it never ends, as browsers have it.
fn after_element<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once("</") {
        if opens(tag, name) {
            return tag.split_once('>').map_or("", |(_, after)| after);
        }
        rest = tag;
    }
    ""
}

fn push_entities(text: &str, output: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        output.push_str(before);
        // Entities are short; a lone `&` must not make a search of the whole text.
        let end = after.bytes().take(10).position(|byte| byte == b';');
        let found = end.and_then(|end| Some((entity(after.get(..end)?)?, after.get(end + 1..)?)));
        let (character, tail) = found.unwrap_or(('&', after));
        output.push(character);
        rest = tail;
    }
    output.push_str(rest);
}

fn entity(name: &str) -> Option<char> {
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => char::from_u32(number?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_scripts_and_entities_vanish() {
        let html = "<style>p{}</style><p>a &lt; b&nbsp;&#228;<br>c<!-- x > y -->d</p><SCRIPT>if (a</b) x</SCRIPT>e & f &bogus;";
        assert_eq!(collapse(&strip_tags(html)), "a < b ä c d e & f &bogus;");
    }

    proptest::proptest! {
        #[test]
        fn words_are_collapsed_alike_in_every_line(text in "([a-z&]{1,9}|[ \r\n\t\x0b\x0c\0\u{FEFF}\u{85}\u{a0}\u{2028}é\x1c~\x7f]){0,40}") {
            let is_space = |character: char| character.is_whitespace() || matches!(character, '\u{FEFF}' | '\0');
            let words: Vec<_> = text.split(is_space).filter(|word| !word.is_empty()).collect();
            proptest::prop_assert_eq!(collapse(&text), words.join(" "));
        }
    }

    #[test]
    fn a_footer_is_looked_for_in_the_last_twelve_lines() {
        let google = "-- \nYou received this message because you are subscribed to x\n";
        for (lines, is_found) in [(0, true), (10, true), (11, false)] {
            let text = format!("é\n{google}{}", "\n".repeat(lines));
            assert_eq!(without_footer(&text) == "é\n", is_found, "{lines}");
        }
        assert_eq!(without_footer(""), "");
        assert_eq!(without_footer("\n"), "\n");
        assert_eq!(without_footer("é"), "é");
    }

    #[test]
    fn list_footers_are_taken_off_and_nothing_else() {
        let rule = "_".repeat(47);
        let mailman = format!("hello\n{rule}\nUsers mailing list\nUsers@x.example\nhttps://x.example/users\n");
        assert_eq!(without_footer(&mailman), "hello\n");
        let google =
            "hello\n-- \nYou received this message because you are subscribed to the Google Groups \"g\" group.\n";
        assert_eq!(without_footer(google), "hello\n");
        let own = format!("hello\n{rule}\nsigned, J\n-- \nJ\n");
        assert_eq!(without_footer(&own), own);
    }

    #[test]
    fn list_tags_leave_the_subject() {
        assert_eq!(subject("[users] Re: [users]  hello  [x]"), "re: hello [x]");
        assert_eq!(subject("Re: hello [x]"), "re: hello [x]");
        assert_eq!(subject("[open"), "[open");
    }
}
