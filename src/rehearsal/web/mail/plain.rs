//! Messages that are nothing but text, cut into what was written and what is quoted.

use super::super::super::templates::Block;
use super::allowed;
use super::quotes;
use super::tokens::{Piece, walk};

/// Quotes of fewer lines stay open: they are what an answer between the lines refers to.
const SHORT: usize = 4;

/// Most levels of quotes that are written with marks: each line repeats all of its own.
const DEEPEST: usize = 20;

/// A plain text, quotes by their marks (`> `).
pub(in super::super) fn of_text(text: &str) -> Vec<Block> {
    let mut lines = Lines::default();
    for line in text.lines() {
        let (level, rest) = quotes::level(line);
        lines.push(level, rest);
    }
    lines.finish()
}

/// An HTML that says no more than text with line ends, quotes and links could; `None` for all others.
pub(in super::super) fn of_html(html: &str) -> Option<Vec<Block>> {
    let mut lines = Lines::default();
    let mut line = String::new();
    let mut depth = 0;
    let mut is_plain = true;
    walk(html, |piece| match piece {
        Piece::Open(tag) => match tag.name.as_str() {
            "br" if tag.attributes.is_empty() => lines.push(depth, &std::mem::take(&mut line)),
            "blockquote" if tag.attributes.is_empty() => {
                if !line.is_empty() {
                    lines.push(depth, &std::mem::take(&mut line));
                }
                depth += 1;
                is_plain &= depth <= DEEPEST;
            }
            "a" if tag.attributes.len() == 1 && allowed::is_link(tag.get("href")) => {}
            _ => is_plain = false,
        },
        Piece::Close("blockquote") if depth > 0 => {
            if !line.is_empty() {
                lines.push(depth, &std::mem::take(&mut line));
            }
            depth -= 1;
        }
        Piece::Close("a") => {}
        Piece::Close(_) | Piece::Style(_) => is_plain = false,
        Piece::Text(text) => push_collapsed(text, &mut line),
    });
    if !line.is_empty() {
        lines.push(depth, &line);
    }
    is_plain.then(|| lines.finish())
}

/// Adds a text as a browser shows it: white space of the source is one space, or none at the start of a line.
fn push_collapsed(text: &str, line: &mut String) {
    for letter in text.chars() {
        if !letter.is_ascii_whitespace() {
            line.push(letter);
        } else if !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
    }
}

/// Lines with their level of quoting, gathered into blocks.
#[derive(Default)]
struct Lines(Vec<(usize, String)>);

impl Lines {
    fn push(&mut self, level: usize, line: &str) {
        self.0.push((level, line.trim_end().to_owned()));
    }

    fn finish(self) -> Vec<Block> {
        // What stands below the header of another mail is that mail, whatever its marks.
        let own: Vec<&str> = self.0.iter().map(|(level, line)| if *level == 0 { line.as_str() } else { "" }).collect();
        let end = quotes::header_line(&own).unwrap_or(own.len());
        let mut blocks: Vec<Block> = Vec::new();
        for (number, (level, line)) in self.0.iter().enumerate() {
            let is_below = number >= end;
            let is_quote = is_below || *level > 0;
            let line = if is_below { marked(*level, line) } else { marked(level.saturating_sub(1), line) };
            match blocks.last_mut() {
                Some(block) if block.is_quote == is_quote && (number != end || !is_quote) => {
                    block.text.push('\n');
                    block.text.push_str(&line);
                }
                _ => blocks.push(Block { text: line, is_quote, folded: None }),
            }
        }
        fold(&mut blocks);
        blocks.retain(|block| !block.text.trim().is_empty());
        for block in &mut blocks {
            block.text = block.text.trim_matches('\n').to_owned();
        }
        blocks
    }
}

fn marked(level: usize, line: &str) -> String {
    if level == 0 { line.to_owned() } else { format!("{} {line}", ">".repeat(level)) }
}

/// Folds what is quoted at length, unless nothing else stands before it.
fn fold(blocks: &mut [Block]) {
    let mut has_text = false;
    for block in blocks {
        if !block.is_quote {
            has_text |= !block.text.trim().is_empty();
            continue;
        }
        let lines = block.text.lines().filter(|line| !line.trim().is_empty()).count();
        block.folded = (has_text && lines >= SHORT).then_some(lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(blocks: &[Block]) -> Vec<String> {
        let show = |block: &Block| match (block.is_quote, block.folded) {
            (false, _) => block.text.clone(),
            (true, None) => format!("quote: {}", block.text),
            (true, Some(lines)) => format!("folded {lines}: {}", block.text),
        };
        blocks.iter().map(show).collect()
    }

    #[test]
    fn long_quotes_are_folded_and_short_ones_stay() {
        let long = "Thanks.\n\nAnn wrote:\n> one\n> two\n>\n> > three\n> four\n> five\n";
        assert_eq!(shown(&of_text(long)), ["Thanks.\n\nAnn wrote:", "folded 5: one\ntwo\n\n> three\nfour\nfive"]);
        assert_eq!(shown(&of_text("> Blue or red?\nBlue.")), ["quote: Blue or red?", "Blue."]);
        assert_eq!(shown(&of_text("> a\n> b\n> c\n> d\n> e")), ["quote: a\nb\nc\nd\ne"], "all there is");
    }

    #[test]
    fn what_follows_the_header_of_another_mail_is_quoted() {
        let text = "See below.\n\nFrom: Ann\nSent: Monday\nTo: Bob\n\nHello\n> older";
        assert_eq!(
            shown(&of_text(text)),
            ["See below.", "folded 5: From: Ann\nSent: Monday\nTo: Bob\n\nHello\n> older"]
        );
    }

    #[test]
    fn html_that_is_only_text_is_text() {
        let html = "Hi &amp; <a href=\"https://x.example\">https://x.example</a><br>\n&nbsp;two<blockquote>a<br>\nb<blockquote>c</blockquote></blockquote>end";
        let blocks = of_html(html).unwrap();
        assert_eq!(shown(&blocks), ["Hi & https://x.example\n\u{a0}two", "quote: a\nb\n> c", "end"]);
        for rich in ["<b>x</b>", "<br class=x>", "<blockquote type=cite>x</blockquote>", "<p>x", "<style>x</style>"] {
            assert_eq!(of_html(rich), None, "{rich}");
        }
        assert_eq!(of_html(""), Some(Vec::new()));
    }

    #[test]
    fn quotes_that_are_nested_without_end_are_not_written_with_marks() {
        let nested = |levels: usize| of_html(&format!("{}{}", "<blockquote>".repeat(levels), "<br>".repeat(12_500)));
        assert!(nested(DEEPEST).is_some());
        assert_eq!(nested(DEEPEST + 1), None);
    }
}
