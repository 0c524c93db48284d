//! What a parser would make of a mail's HTML, seen before it is given to one; and its text, where that is too much.
//!
//! Parsers as browsers have them open elements like `<b>` and `<font>` again in every block that begins while they are open (HTML
//! standard, section 13.2.4.3). A mail of a few kilobytes can ask for millions of elements so.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// Elements that are opened again.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Elements that leave open what is open.
const INERT: [&str; 3] = ["br", "img", "wbr"];

/// Elements of which not even the content is for readers.
const HIDDEN: [&str; 4] = ["script", "style", "title", "template"];

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 16] =
    ["blockquote", "br", "div", "dd", "dt", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "table", "tr", "ul"];

/// What an element that is opened again costs beside its attributes, in bytes.
const ELEMENT: usize = 100;

/// Most bytes that may be opened again. Mails of people and of their programs ask for some thousands.
const MOST: usize = 1_000_000;

/// Whether a parser would make far more of it than was written.
pub(super) fn is_growing(html: &str) -> bool {
    // Formatting elements that are open: the place of the name in the list, and what each costs.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let kind = |name: &[u8]| FORMATTING.iter().position(|known| known.as_bytes() == name);
    let (mut cost, mut sum) = (0_usize, 0_usize);
    let mut is_broken = false;
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) => match kind(&tag.name) {
                Some(kind) => {
                    sum += if is_broken { cost } else { 0 };
                    is_broken = false;
                    let attributes = tag.attributes.iter().map(|(name, value)| name.len() + value.value.len());
                    let costs = ELEMENT + attributes.sum::<usize>();
                    open.push((kind, costs));
                    cost += costs;
                }
                None => is_broken |= !INERT.contains(&text(&tag.name).as_str()),
            },
            Token::EndTag(tag) => {
                is_broken = true;
                // One that closes nothing leaves open what is open.
                let closed = kind(&tag.name).and_then(|kind| open.iter().rposition(|(open, _)| *open == kind));
                if let Some(at) = closed {
                    cost -= open.remove(at).1;
                }
            }
            Token::String(_) => {
                sum += if is_broken { cost } else { 0 };
                is_broken = false;
            }
            _ => {}
        }
        if sum > MOST {
            return true;
        }
    }
    false
}

/// The text alone, blocks on lines of their own.
pub(super) fn text_of(html: &str) -> String {
    let mut shown = String::new();
    let mut hidden: Option<String> = None;
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) if hidden.is_none() => {
                let name = text(&tag.name);
                if BLOCKS.contains(&name.as_str()) && !shown.is_empty() && !shown.ends_with('\n') {
                    shown.push('\n');
                }
                hidden = Some(name).filter(|name| HIDDEN.contains(&name.as_str()));
            }
            Token::EndTag(tag) if hidden.as_ref() == Some(&text(&tag.name)) => hidden = None,
            Token::String(letters) if hidden.is_none() => shown.push_str(&text(&letters.value)),
            _ => {}
        }
    }
    shown
}

fn tokens(html: &str) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    // Reading from memory cannot fail.
    Tokenizer::new_with_emitter(html, emitter).map(|Ok(token)| token)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{is_growing, text_of};
    use std::fmt::Write as _;

    /// Formatting elements that differ, and are never closed.
    fn formatting(number: usize) -> String {
        (0..number).fold(String::new(), |mut html, n| {
            let _ = write!(html, "<b a{n}>");
            html
        })
    }

    #[test]
    fn elements_that_are_opened_again_without_end_are_noticed_whatever_opens_them() {
        let open = formatting(4_500);
        for again in ["<p>x", "<div>x", "</span>x", "<tr>x", "<p><i>", "</i>x", "<h1><img>x"] {
            assert!(is_growing(&format!("<p>{open}{}", again.repeat(8_000))), "{again}");
        }
        let closing = "</i>".repeat(4_500);
        assert!(is_growing(&format!("{open}{closing}{}", "<p>x".repeat(5_000))), "end tags that close none of them");
        // One that is long is as good as many.
        assert!(is_growing(&format!("<font face='{}'>{}", "x".repeat(40_000), "<p>x".repeat(5_000))));
    }

    #[test]
    fn what_people_and_their_programs_write_is_not() {
        let line = "<p class=MsoNormal><span style='x'><font face='Calibri'><b>Dear</b> <i>all</i></font></span></p>\n";
        assert!(!is_growing(&line.repeat(650)));
        assert!(!is_growing(&format!("{}{}", "<div>".repeat(12_000), formatting(1_000))));
        assert!(!is_growing(&format!("{}{}", formatting(5), "<p>word ".repeat(1_500))), "five that nobody closed");
    }

    #[test]
    fn the_text_of_a_mail_is_what_a_reader_sees() {
        let html = "<title>t</title><style>p{}</style><p>a &amp; b<p>c<br>d<script>e</script>";
        assert_eq!(text_of(html), "a & b\nc\nd");
    }
}
