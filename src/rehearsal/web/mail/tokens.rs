//! The HTML of a mail as a browser cuts it up (HTML standard, section 13.2.5), less what is never shown.

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, HtmlString, Spanned, Token, Tokenizer};

/// Elements of which not even the content is for readers.
const HIDDEN: [&str; 6] = ["script", "title", "iframe", "noembed", "noframes", "template"];

/// What a mail consists of.
pub(super) enum Piece<'a> {
    Open(&'a Tag),
    Close(&'a str),
    Text(&'a str),
    /// What stands in a style sheet of the mail.
    Style(&'a str),
}

/// A start tag: name and attributes in lower case, as the standard has them.
#[derive(Clone)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
}

impl Tag {
    /// The value of an attribute, empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Hands over the pieces in order. Time and memory follow the length of the HTML, however it is nested.
pub(super) fn walk(html: &str, mut take: impl FnMut(Piece<'_>)) {
    read(html, false, &mut take);
}

fn read(html: &str, is_noscript: bool, take: &mut dyn FnMut(Piece<'_>)) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut hidden: Option<String> = None;
    let mut in_style = false;
    let mut in_noscript = false;
    // Reading from memory cannot fail.
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) if hidden.is_none() => {
                let name = text(&tag.name);
                if HIDDEN.contains(&name.as_str()) {
                    hidden = Some(name);
                    continue;
                }
                in_style = name == "style";
                in_noscript = name == "noscript";
                let attribute =
                    |(name, value): (HtmlString, Spanned<HtmlString, ()>)| (text(&name), text(&value.value));
                take(Piece::Open(&Tag { name, attributes: tag.attributes.into_iter().map(attribute).collect() }));
            }
            Token::EndTag(tag) => {
                let name = text(&tag.name);
                if hidden.is_none() {
                    (in_style, in_noscript) = (false, false);
                    take(Piece::Close(&name));
                } else if hidden.as_ref() == Some(&name) {
                    hidden = None;
                }
            }
            Token::String(shown) if hidden.is_none() => {
                let shown = text(&shown.value);
                match (in_style, in_noscript) {
                    (true, _) => take(Piece::Style(&shown)),
                    // Without scripts it is HTML as any other; within itself it is not, or its depth would cost.
                    (false, true) if !is_noscript => read(&shown, true, take),
                    _ => take(Piece::Text(&shown)),
                }
            }
            _ => {}
        }
    }
}

fn text(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(html: &str) -> Vec<String> {
        let mut pieces = Vec::new();
        walk(html, |piece| {
            pieces.push(match piece {
                Piece::Open(tag) => format!("<{} {:?}>", tag.name, tag.attributes),
                Piece::Close(name) => format!("</{name}>"),
                Piece::Text(text) => text.to_owned(),
                Piece::Style(text) => format!("style:{text}"),
            });
        });
        pieces
    }

    #[test]
    fn a_mail_is_cut_up_as_a_browser_does() {
        assert_eq!(pieces("<P Title=a&amp;b>x &lt;b&gt;</p>"), ["<p {\"title\": \"a&b\"}>", "x <b>", "</p>"]);
        assert_eq!(pieces("<style>p > a { }</style>y"), ["<style {}>", "style:p > a { }", "</style>", "y"]);
    }

    #[test]
    fn what_stands_there_for_lack_of_scripts_is_read_as_the_rest() {
        let html = "<noscript>a <b>c</b><img src=x></noscript>d";
        assert_eq!(
            pieces(html),
            ["<noscript {}>", "a ", "<b {}>", "c", "</b>", "<img {\"src\": \"x\"}>", "</noscript>", "d"]
        );
        let deep = format!("{}a{}", "<noscript>".repeat(10_000), "</noscript>".repeat(10_000));
        assert!(pieces(&deep).concat().contains(">a<"));
    }

    #[test]
    fn what_is_hidden_ends_where_a_browser_ends_it() {
        for html in ["<script>a<b></script>x", "<title>a<b></title>x", "<iframe src=y>a</iframe>x", "<!-- a -->x"] {
            assert_eq!(pieces(html), ["x"], "{html}");
        }
        assert_eq!(pieces("x<script>never closed"), ["x"]);
    }
}
