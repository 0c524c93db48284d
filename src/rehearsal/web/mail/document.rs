//! The HTML of a mail as a document of its own: what is allowed, quoted history folded, pictures in their places.

use std::collections::HashMap;

use super::super::super::store::Attachment;
use super::allowed;
use super::pictures;
use super::quotes::{self, Begins};
use super::style;
use super::survey::{survey, wanted};
use super::tokens::{Piece, Tag, walk};

/// How a mail looks that says nothing of it itself. White paper in any case: what a mail colours, it colours for that.
const HEAD: &str = include_str!("../../templates/mail.html");

/// Where a document takes its pictures from.
pub(in super::super) struct Pictures<'a> {
    /// Address of the mail's own files, up to the number of each.
    pub(in super::super) own: &'a str,
    pub(in super::super) files: &'a [Attachment],
    /// Pictures on other servers are asked for, over https.
    pub(in super::super) remote: bool,
}

pub(in super::super) fn document(html: &str, pictures: &Pictures<'_>) -> String {
    let wanted = survey(html, pictures.files).wanted;
    let found = pictures::places(&wanted, pictures.files);
    let places = wanted.iter().zip(found).filter_map(|(wanted, place)| Some((wanted.cid.clone(), place?))).collect();
    let mut writer = Writer { out: HEAD.to_owned(), pictures, places, has_text: false, fold: None };
    walk(html, |piece| match piece {
        Piece::Open(tag) => writer.open(tag),
        Piece::Close(name) => writer.close(name),
        Piece::Text(text) => writer.text(text),
        Piece::Style(text) => writer.out.push_str(&style::tamed(text).0),
    });
    writer.out
}

struct Writer<'a> {
    out: String,
    pictures: &'a Pictures<'a>,
    /// By cid, the number of the file.
    places: HashMap<String, usize>,
    /// Something to read has been written.
    has_text: bool,
    /// The element that is folded, and how many of its name are open.
    fold: Option<(String, usize)>,
}

impl Writer<'_> {
    fn open(&mut self, tag: &Tag) {
        if !allowed::element(&tag.name) {
            return;
        }
        if let Some((name, depth)) = &mut self.fold {
            *depth += usize::from(*name == tag.name);
        } else if let Some(begins) = quotes::begins(tag) {
            self.begin_fold(begins, tag);
        }
        self.out.push('<');
        self.out.push_str(&tag.name);
        for (name, value) in tag.attributes.iter().filter(|(name, _)| allowed::attribute(name)) {
            self.attribute(name, value);
        }
        let style = tag.get("style");
        if !style.is_empty() {
            self.attribute("style", &style::tamed(style).0);
        }
        if tag.name == "a" && allowed::is_link(tag.get("href").trim()) {
            // The frame opens nothing. Whoever wants to see where a link leads can read it.
            self.attribute("href", tag.get("href").trim());
            if tag.get("title").is_empty() {
                self.attribute("title", tag.get("href").trim());
            }
        }
        if tag.name == "img" {
            self.source(tag);
        }
        self.out.push('>');
    }

    /// History that nothing stands before is all that there is to read, and stays open.
    fn begin_fold(&mut self, begins: Begins, tag: &Tag) {
        let open = if self.has_text { "" } else { " open" };
        self.out.push_str("<details class=\"threadlift-fold\"");
        self.out.push_str(open);
        self.out.push_str("><summary>Quoted history</summary>");
        self.fold = Some(match begins {
            Begins::Element => (tag.name.clone(), 1),
            // It ends with what holds it, as the standard ends elements that were left open (section 13.2.6.4.7).
            Begins::Rest => (String::new(), 1),
        });
    }

    fn source(&mut self, tag: &Tag) {
        let source = tag.get("src").trim();
        let address = match wanted(tag).map(|wanted| self.places.get(&wanted.cid)) {
            Some(Some(place)) => Some(format!("{}/{place}", self.pictures.own)),
            None if allowed::is_inline_data(source) => Some(source.to_owned()),
            None if allowed::is_remote(source) && self.pictures.remote => Some(over_https(source)),
            _ => None,
        };
        match address {
            Some(address) => self.attribute("src", &address),
            None => self.out.push_str(" class=\"threadlift-away\""),
        }
        if !tag.attributes.contains_key("alt") {
            self.attribute("alt", "");
        }
    }

    fn close(&mut self, name: &str) {
        if !allowed::element(name) || allowed::is_empty(name) && name != "br" {
            return;
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        if let Some((folded, depth)) = &mut self.fold {
            *depth = depth.saturating_sub(usize::from(folded == name));
            if *depth == 0 {
                self.out.push_str("</details>");
                self.fold = None;
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.has_text |= text.chars().any(|letter| !letter.is_whitespace());
        escape(text, &mut self.out);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(value, &mut self.out);
        self.out.push('"');
    }
}

/// The address with https, whatever it was written with: what is not to be had so, is not fetched.
fn over_https(address: &str) -> String {
    let rest = address.find([':', '/', '\\']).and_then(|at| address.get(at..)).unwrap_or_default();
    format!("https://{}", rest.trim_start_matches([':', '/', '\\']))
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(html: &str, remote: bool) -> String {
        let file = Attachment {
            filename: "image001.png".to_owned(),
            content_type: "image/png".to_owned(),
            size: 1,
            sha256: String::new(),
        };
        let document = document(html, &Pictures { own: "/p", files: &[file], remote });
        document.strip_prefix(HEAD).unwrap().to_owned()
    }

    #[test]
    fn what_looks_stays_and_what_acts_goes() {
        assert_eq!(
            written("<p style='color:red' onclick=x>a<script>b</script></p>", false),
            "<p style=\"color:red\">a</p>"
        );
        assert_eq!(written("<form action=x><input>a<button>b</button></form>", false), "ab");
        assert_eq!(written("<a href=javascript:x>a</a>", false), "<a>a</a>");
        let link = "<a href=\"https://x.example/?a&amp;b\" title=\"https://x.example/?a&amp;b\">a</a>";
        assert_eq!(written("<a target=_top href=\"https://x.example/?a&amp;b\">a</a>", false), link);
        assert_eq!(written("<svg><style><img src=x onerror=y></style></svg>", false).matches('<').count(), 2);
        assert_eq!(written("<meta http-equiv=refresh content='0;url=x'><base href=x><link rel=x>", false), "");
    }

    #[test]
    fn pictures_come_from_the_mail_itself_unless_others_are_asked_for() {
        assert_eq!(written("<img src=cid:image001.png@01D0 alt=x>", false), "<img alt=\"x\" src=\"/p/0\">");
        assert_eq!(written("<img src=http://t.example/x>", false), "<img class=\"threadlift-away\" alt=\"\">");
        assert_eq!(written("<img src=http://t.example/x>", true), "<img src=\"https://t.example/x\" alt=\"\">");
        for source in ["//t.example/x", "https:t.example/x", "HTTPS://t.example/x", "\\\\t.example/x"] {
            assert_eq!(written(&format!("<img src='{source}'>"), true), "<img src=\"https://t.example/x\" alt=\"\">");
        }
        for source in ["/web/search", "data:text/html,x", "data:image/svg+xml;base64,A", "file:///etc/passwd", ""] {
            assert!(!written(&format!("<img src='{source}'>"), true).contains("src"), "{source}");
        }
    }

    #[test]
    fn history_is_folded_and_nothing_of_it_lost() {
        let folded = written("yes<blockquote>a<blockquote>b</blockquote>c</blockquote>d", false);
        let fold = "<details class=\"threadlift-fold\"><summary>Quoted history</summary>";
        assert_eq!(folded, format!("yes{fold}<blockquote>a<blockquote>b</blockquote>c</blockquote></details>d"));
        let outlook = written("yes<div id=divRplyFwdMsg>From: x</div><div>old</div>", false);
        assert_eq!(outlook, format!("yes{fold}<div id=\"divRplyFwdMsg\">From: x</div><div>old</div>"));
        assert!(
            written("<blockquote>all there is</blockquote>", false)
                .contains("<details class=\"threadlift-fold\" open>")
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_only_harmless_elements_and_attributes_are_written(html in "(<[a-z/!-]{0,8}[ a-z=\"'<>/:&;-]{0,20}>?|[a-z<>&\"' ]{0,6}){0,20}") {
            walk(&written(&html, false), |piece| if let Piece::Open(tag) = piece {
                assert!(allowed::element(&tag.name) || ["details", "summary"].contains(&tag.name.as_str()), "{}", tag.name);
                for name in tag.attributes.keys() {
                    assert!(allowed::attribute(name) || ["style", "href", "src", "open"].contains(&name.as_str()), "{name}");
                }
            });
        }

        #[test]
        fn no_text_is_lost(words in prop::collection::vec("[a-z]{1,5}", 1..8), tags in prop::collection::vec("</?(p|b|blockquote|div|table|td|form|svg|x)>", 1..8)) {
            let html: String = words.iter().zip(tags.iter().cycle()).flat_map(|(word, tag)| [word.as_str(), tag.as_str()]).collect();
            let mut shown = String::new();
            walk(&written(&html, false), |piece| if let Piece::Text(text) = piece { shown.push_str(text); });
            prop_assert_eq!(shown.replace("Quoted history", ""), words.concat());
        }
    }
}
