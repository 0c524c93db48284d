//! The HTML of a mail as a browser cuts it up (HTML standard, section 13.2.5), less what is never shown.

use std::collections::BTreeMap;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{DefaultEmitter, HtmlString, Span, Spanned, Token, Tokenizer};

use super::allowed;

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
                let name = lossy(&tag.name);
                if HIDDEN.contains(&name.as_str()) {
                    hidden = Some(name);
                    continue;
                }
                in_style = name == "style";
                let attribute =
                    |(name, value): (HtmlString, Spanned<HtmlString, ()>)| (lossy(&name), lossy(&value.value));
                take(Piece::Open(&Tag { name, attributes: tag.attributes.into_iter().map(attribute).collect() }));
            }
            Token::EndTag(tag) => {
                let name = lossy(&tag.name);
                if hidden.is_none() {
                    in_style = false;
                    take(Piece::Close(&name));
                } else if hidden.as_ref() == Some(&name) {
                    hidden = None;
                }
            }
            Token::String(shown) if hidden.is_none() => {
                let shown = lossy(&shown.value);
                take(if in_style { Piece::Style(&shown) } else { Piece::Text(&shown) });
            }
            _ => {}
        }
    }
}

/// The text of an HTML body as a reader sees it, blocks on lines of their own. A search calls this for every message, so nothing
/// is made of what it does not need.
pub(in super::super) fn text(html: &str) -> String {
    let mut text = Vec::with_capacity(html.len() / 2);
    let mut hidden: Option<&str> = None;
    let take = |event: CallbackEvent<'_>, _: Span<()>| {
        match event {
            CallbackEvent::String { value } if hidden.is_none() => text.extend_from_slice(value),
            CallbackEvent::OpenStartTag { name } if hidden.is_none() => {
                let name = str::from_utf8(name).unwrap_or_default();
                hidden = HIDDEN.into_iter().chain(["style"]).find(|hidden| *hidden == name);
                text.extend((allowed::is_block(name) || name == "br").then_some(b'\n'));
            }
            CallbackEvent::EndTag { name } => {
                let name = str::from_utf8(name).unwrap_or_default();
                if hidden == Some(name) {
                    hidden = None;
                } else if hidden.is_none() && allowed::is_block(name) {
                    text.push(b'\n');
                }
            }
            _ => {}
        }
        None::<Infallible>
    };
    let mut emitter = CallbackEmitter::new(take);
    emitter.naively_switch_states(true);
    // Reading from memory cannot fail.
    let _ = Tokenizer::new_with_emitter(html, emitter).finish();
    String::from_utf8_lossy(&text).into_owned()
}

fn lossy(bytes: &HtmlString) -> String {
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
    fn the_text_of_a_mail_is_what_a_reader_sees() {
        let html = "<title>x</title><STYLE>p{}</Style><p>One &amp; t<b>w</b>o&nbsp;&#8217;</p>three<br>four<script>five</script>";
        assert_eq!(text(html), "\nOne & two\u{a0}\u{2019}\nthree\nfour");
        for html in ["<", "a<b", "<!--", "<style>x", "a</"] {
            assert!(text(html).len() < html.len() + 1, "{html}");
        }
    }

    #[test]
    fn what_is_hidden_ends_where_a_browser_ends_it() {
        for html in ["<script>a<b></script>x", "<title>a<b></title>x", "<iframe src=y>a</iframe>x", "<!-- a -->x"] {
            assert_eq!(pieces(html), ["x"], "{html}");
        }
        assert_eq!(pieces("x<script>never closed"), ["x"]);
    }
}
