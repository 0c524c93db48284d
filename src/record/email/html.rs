//! HTML as a run of tags: enough to count and to find a declaration, in one pass, with nothing built.
//!
//! Follows the tokenizer of the HTML standard (section 13.2.5) where it decides what is a tag: comments and the inside of
//! `script`, `style` and their like hold none, a `>` in quotes ends none.

use memchr::{memchr, memchr3, memmem};
use std::ops::Range;

/// A start or end tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Name as written, without `/`.
    pub(super) name: &'a str,
    /// Is it an end tag?
    pub(super) closes: bool,
    /// Where it stands, from `<` to behind `>`.
    pub(super) place: Range<usize>,
    /// Place of what stands between name and `>`.
    inside: Range<usize>,
}

impl Tag<'_> {
    /// Is this its name, in any case?
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Name and value of an attribute; the value without quotes, not decoded, with its place in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    /// Name as written.
    pub(super) name: &'a str,
    /// Value as written; empty if there is none.
    pub(super) value: &'a str,
    /// Where the value stands.
    pub(super) place: Range<usize>,
}

/// Elements whose content is text up to their end tag.
const RAW: [&str; 8] = ["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"];

/// The tags of a text, in order.
pub(super) fn tags(html: &str) -> Tags<'_> {
    Tags { html, at: 0 }
}

/// See [`tags`].
pub(super) struct Tags<'a> {
    html: &'a str,
    at: usize,
}

impl<'a> Tags<'a> {
    /// What was not read yet.
    fn rest(&self) -> &'a [u8] {
        self.html.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Goes behind the next `needle`, or to the end.
    fn skip_past(&mut self, needle: &[u8]) {
        self.at += memmem::find(self.rest(), needle).map_or(self.rest().len(), |found| found + needle.len());
    }

    /// Goes to the end tag of `name`, or to the end: what is never closed hides all that follows.
    fn skip_raw(&mut self, name: &str) {
        while let Some(found) = memmem::find(self.rest(), b"</") {
            self.at += found;
            let after = self.rest().get(2..).unwrap_or_default();
            let matches = after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
            if matches && after.get(name.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric()) {
                return;
            }
            self.at += 2;
        }
        self.at = self.html.len();
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let start = self.at + memchr(b'<', self.rest())?;
            self.at = start + 1;
            let rest = self.rest();
            if rest.starts_with(b"!--") {
                self.skip_past(b"-->");
                continue;
            }
            let closes = rest.first() == Some(&b'/');
            let name_at = self.at + usize::from(closes);
            let name = self.html.get(name_at..).unwrap_or_default();
            let end = name.bytes().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<'));
            let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
            if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
                continue;
            }
            let inside = name_at + name.len();
            let length = end_of_tag(self.html.as_bytes().get(inside..).unwrap_or_default());
            let until = inside + length.unwrap_or(self.html.len() - inside);
            self.at = (until + 1).min(self.html.len());
            let place = start..self.at;
            if !closes && let Some(raw) = RAW.iter().find(|raw| name.eq_ignore_ascii_case(raw)) {
                self.skip_raw(raw);
            }
            return Some(Tag { name, closes, place, inside: inside..until });
        }
    }
}

/// Where the `>` stands that ends a tag: the first one outside quotes. A quote counts only behind `=`.
fn end_of_tag(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
        let quote = *bytes.get(at)?;
        if quote == b'>' {
            return Some(at);
        }
        let before = bytes.get(..at)?.trim_ascii_end();
        at += 1;
        if before.last() == Some(&b'=') {
            at += memchr(quote, bytes.get(at..)?)? + 1;
        }
    }
}

/// The attributes of a tag of `html`.
pub(super) fn attributes<'a>(html: &'a str, tag: &Tag<'a>) -> impl Iterator<Item = Attribute<'a>> {
    let mut at = tag.inside.start;
    let end = tag.inside.end;
    std::iter::from_fn(move || {
        let rest = html.get(at..end)?;
        at += rest.find(|c: char| !c.is_ascii_whitespace() && c != '/')?;
        let rest = html.get(at..end)?;
        // A `=` at the start belongs to the name.
        let tail = rest.get(1..).unwrap_or_default();
        let length =
            tail.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/')).map_or(rest.len(), |l| l + 1);
        let name = rest.get(..length).or_else(|| rest.get(..rest.chars().next()?.len_utf8()))?;
        at += name.len();
        let rest = html.get(at..end)?;
        let blank = rest.len() - rest.trim_ascii_start().len();
        let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
            return Some(Attribute { name, value: "", place: at..at });
        };
        at += blank + 1 + (value.len() - value.trim_ascii_start().len());
        let rest = html.get(at..end)?;
        let (value, skip) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let quoted = rest.get(1..).unwrap_or_default();
                (quoted.get(..quoted.find(quote).unwrap_or(quoted.len())).unwrap_or_default(), 1)
            }
            _ => {
                (rest.get(..rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len())).unwrap_or_default(), 0)
            }
        };
        let place = at + skip..at + skip + value.len();
        at = (place.end + skip).min(end);
        Some(Attribute { name, value, place })
    })
}

/// Does it show anything: a character outside tags that is no blank, or an image?
pub(in crate::record) fn says_something(html: &str) -> bool {
    let mut at = 0;
    for tag in tags(html) {
        if shows(html.get(at..tag.place.start).unwrap_or_default()) || tag.is("img") {
            return true;
        }
        // What stands in a raw element ends with its end tag, which comes next.
        at = if !tag.closes && RAW.iter().any(|raw| tag.is(raw)) { html.len() } else { tag.place.end };
    }
    shows(html.get(at..).unwrap_or_default())
}

fn shows(text: &str) -> bool {
    let mut rest = text;
    // Comments and declarations that stand between two tags.
    while let Some((before, after)) = rest.split_once("<!") {
        if has_ink(before) {
            return true;
        }
        let end = if after.starts_with("--") { "-->" } else { ">" };
        rest = after.split_once(end).map_or("", |(_, tail)| tail);
    }
    has_ink(rest)
}

fn has_ink(text: &str) -> bool {
    text.replace("&nbsp;", " ").replace("&#160;", " ").chars().any(|c| !c.is_whitespace() && !is_invisible(c))
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{FEFF}' | '\u{200B}'..='\u{200D}' | '\0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(html: &str) -> Vec<String> {
        tags(html).map(|tag| format!("{}{}", if tag.closes { "/" } else { "" }, tag.name)).collect()
    }

    #[test]
    fn comments_scripts_and_quotes_hold_no_tags() {
        let html = "<!-- <a> --><p title=\"<b>\">x<SCRIPT>'<i>'</script><br/>< 3 <!DOCTYPE html></p>";
        assert_eq!(names(html), ["p", "SCRIPT", "/script", "br", "/p"]);
        assert_eq!(names("<title><a>"), ["title"]);
        assert_eq!(names("<p it's>x<b>"), ["p", "b"]);
    }

    #[test]
    fn attributes_are_read_in_every_spelling() {
        let html = "<a HREF = 'x y' b=c/d e f=\"\" =g>";
        let tag = tags(html).next().unwrap();
        let found: Vec<_> = attributes(html, &tag).map(|found| (found.name, found.value)).collect();
        assert_eq!(found, [("HREF", "x y"), ("b", "c/d"), ("e", ""), ("f", ""), ("=g", "")]);
        assert!(attributes(html, &tag).all(|found| &html[found.place.clone()] == found.value));
    }

    #[test]
    fn blank_html_says_nothing_and_a_picture_does() {
        for blank in
            ["", "<html><head><style>p{}</style><title>t</title></head><body>&nbsp;<br></body></html>", "<!-- x --> "]
        {
            assert!(!says_something(blank), "{blank}");
        }
        for full in ["<p>x", "<style>a</style>x", "<img src=cid:1>", "x", "<!-- a -->x", "<p>ä</p>"] {
            assert!(says_something(full), "{full}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(html in "([<>=\"'/! a-]|<!--|-->|<script|</script>|é|\\PC){0,60}") {
            for tag in tags(&html) {
                prop_assert!(html.get(tag.place.clone()).is_some());
                for found in attributes(&html, &tag) {
                    prop_assert_eq!(&html[found.place.clone()], found.value);
                }
            }
            says_something(&html);
        }
    }
}
