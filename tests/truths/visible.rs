//! What a reader sees of HTML, and of the plain text it was made from, in a form in which the two can be compared.

use crate::support::must;
use html2text::config;
use html2text::render::{TaggedLine, TextDecorator};

/// Columns of the page on which HTML is laid out: lines of mails stay whole on it.
const WIDTH: usize = 100_000;

/// The whitespace rule of the truths: U+FEFF and U+0000 deleted, white space collapsed, both ends stripped.
pub(crate) fn squeezed(text: &str) -> String {
    let text: String = text.chars().filter(|character| !matches!(character, '\u{FEFF}' | '\0')).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines that a reader of the HTML sees, a quoted one with `> ` for each level.
pub(crate) fn lines(html: &str) -> String {
    let page = config::with_decorator(Quotes).raw_mode(true).allow_width_overflow();
    must(page.string_from_read(html.as_bytes(), WIDTH), "HTML")
}

/// The words that a reader of the HTML sees.
pub(crate) fn words(html: &str) -> String {
    squeezed(&lines(html))
}

/// Plain text as it can be seen in HTML made from it.
///
/// There `>> a` and `> > a` are the same quotation, and where a quotation ends or begins, blank lines make no difference:
/// marks are counted, and lines of nothing but marks left out. Controls have no place in HTML and stand as the picture of
/// theirs (U+2400 and on), or as U+FFFD.
pub(crate) fn quoted_words(text: &str) -> String {
    let mut words = String::new();
    for line in text.lines() {
        let mut rest = line;
        let mut marks = 0;
        while let Some(after) = rest.strip_prefix('>') {
            marks += 1;
            rest = if after.trim_start().starts_with('>') { after.trim_start() } else { after };
        }
        if !rest.trim().is_empty() {
            words.push_str(&"> ".repeat(marks));
            words.extend(rest.chars().map(pictured));
            words.push('\n');
        }
    }
    squeezed(&words)
}

fn pictured(character: char) -> char {
    match u32::from(character) {
        // What is white space, or deleted by the rule, stays.
        0 | 9..=13 | 0x85 => character,
        code @ ..0x20 => char::from_u32(0x2400 + code).unwrap_or(character),
        0x7F..0xA0 => '\u{FFFD}',
        _ => character,
    }
}

/// Writes nothing but text, and quote marks.
#[derive(Clone)]
struct Quotes;

impl TextDecorator for Quotes {
    type Annotation = ();

    fn decorate_link_start(&mut self, _: &str) -> (String, ()) {
        Default::default()
    }
    fn decorate_link_end(&mut self) -> String {
        String::new()
    }
    fn decorate_em_start(&self) -> (String, ()) {
        Default::default()
    }
    fn decorate_em_end(&self) -> String {
        String::new()
    }
    fn decorate_strong_start(&self) -> (String, ()) {
        Default::default()
    }
    fn decorate_strong_end(&self) -> String {
        String::new()
    }
    fn decorate_strikeout_start(&self) -> (String, ()) {
        Default::default()
    }
    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }
    fn decorate_code_start(&self) -> (String, ()) {
        Default::default()
    }
    fn decorate_code_end(&self) -> String {
        String::new()
    }
    fn decorate_preformat_first(&self) {}
    fn decorate_preformat_cont(&self) {}
    fn decorate_image(&mut self, _: &str, title: &str) -> (String, ()) {
        (title.to_owned(), ())
    }
    fn header_prefix(&self, _: usize) -> String {
        String::new()
    }
    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }
    fn unordered_item_prefix(&self) -> String {
        String::new()
    }
    fn ordered_item_prefix(&self, _: i64) -> String {
        String::new()
    }
    fn make_subblock_decorator(&self) -> Self {
        self.clone()
    }
    fn finalise(&mut self, _: Vec<String>) -> Vec<TaggedLine<()>> {
        Vec::new()
    }
}
