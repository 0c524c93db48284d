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
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut hidden: Option<String> = None;
    let mut in_style = false;
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
                let attribute =
                    |(name, value): (HtmlString, Spanned<HtmlString, ()>)| (text(&name), text(&value.value));
                take(Piece::Open(&Tag { name, attributes: tag.attributes.into_iter().map(attribute).collect() }));
            }
            Token::EndTag(tag) => {
                let name = text(&tag.name);
                if hidden.is_none() {
                    in_style = false;
                    take(Piece::Close(&name));
                } else if hidden.as_ref() == Some(&name) {
                    hidden = None;
                }
            }
            Token::String(shown) if hidden.is_none() => {
                let shown = text(&shown.value);
                take(if in_style { Piece::Style(&shown) } else { Piece::Text(&shown) });
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
    fn what_is_hidden_ends_where_a_browser_ends_it() {
        for html in ["<script>a<b></script>x", "<title>a<b></title>x", "<iframe src=y>a</iframe>x", "<!-- a -->x"] {
            assert_eq!(pieces(html), ["x"], "{html}");
        }
        assert_eq!(pieces("x<script>never closed"), ["x"]);
    }
}
