//! The HTML of a mail as a document of its own: what is allowed, quoted history folded, pictures in their places.

use std::collections::HashMap;

use super::super::super::store::Attachment;
use super::allowed;
use super::history::{Part, parts};
use super::pictures;
use super::style;
use super::survey::{survey, wanted};
use super::tokens::{Piece, Tag};

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
    let seen = survey(html, pictures.files);
    let wanted = seen.wanted;
    let found = pictures::places(&wanted, pictures.files);
    let places = wanted.iter().zip(found).filter_map(|(wanted, place)| Some((wanted.cid.clone(), place?))).collect();
    let mut writer = Writer { out: HEAD.to_owned(), pictures, places };
    // What the mail itself says of its direction counts for all of it.
    writer.out.push_str(if seen.has_direction { "<body>" } else { "<body dir=\"auto\">" });
    parts(html, |part| match part {
        Part::Piece(Piece::Open(tag)) => writer.open(tag),
        Part::Piece(Piece::Close(name)) => writer.close(name),
        Part::Piece(Piece::Text(text)) => escape(text, &mut writer.out),
        Part::Piece(Piece::Style(text)) => writer.out.push_str(&style::tamed(text)),
        Part::Begins { is_folded } => writer.begin_fold(is_folded),
        Part::Ends => writer.out.push_str("</details>"),
    });
    writer.out
}

struct Writer<'a> {
    out: String,
    pictures: &'a Pictures<'a>,
    /// By cid, the number of the file.
    places: HashMap<String, usize>,
}

impl Writer<'_> {
    fn open(&mut self, tag: &Tag) {
        if !allowed::element(&tag.name) {
            return;
        }
        // A click opens nothing. Whoever wants to see where a link leads can read it, whatever the mail would say there.
        let link = Some(tag.get("href").trim()).filter(|address| tag.name == "a" && allowed::is_link(address));
        self.out.push('<');
        self.out.push_str(&tag.name);
        for (name, value) in tag.attributes.iter().filter(|(name, _)| allowed::attribute(name)) {
            if link.is_none() || name != "title" {
                self.attribute(name, value);
            }
        }
        let style = tag.get("style");
        if !style.is_empty() {
            self.attribute("style", &style::tamed(style));
        }
        if let Some(address) = link {
            self.attribute("title", address);
        }
        if tag.name == "img" {
            self.source(tag);
        }
        self.out.push('>');
    }

    fn begin_fold(&mut self, is_folded: bool) {
        let open = if is_folded { "" } else { " open" };
        self.out.push_str("<details class=\"threadlift-fold\"");
        self.out.push_str(open);
        self.out.push_str("><summary>Quoted history</summary>");
    }

    fn source(&mut self, tag: &Tag) {
        let source = tag.get("src").trim();
        let address = match wanted(tag).map(|wanted| self.places.get(&wanted.cid)) {
            Some(Some(place)) => Some(format!("{}/{place}", self.pictures.own)),
            None if allowed::is_inline_data(source) => Some(source.to_owned()),
            None if allowed::is_remote(source) && self.pictures.remote => Some(over_https(source)),
            _ => None,
        };
        if let Some(address) = address {
            self.attribute("src", &address);
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
    use super::super::tokens::walk;
    use super::*;
    use proptest::prelude::*;

    fn written(html: &str, remote: bool) -> String {
        let file = Attachment {
            filename: "image001.png".to_owned(),
            content_type: "image/png".to_owned(),
            size: 1,
            sha256: String::new(),
            cid: None,
        };
        let document = document(html, &Pictures { own: "/p", files: &[file], remote });
        document.strip_prefix(HEAD).unwrap().strip_prefix("<body dir=\"auto\">").unwrap().to_owned()
    }

    #[test]
    fn what_looks_stays_and_what_acts_goes() {
        assert_eq!(
            written("<p style='color:red' onclick=x>a<script>b</script></p>", false),
            "<p style=\"color:red\">a</p>"
        );
        assert_eq!(written("<form action=x><input>a<button>b</button></form>", false), "ab");
        assert_eq!(written("<a href=javascript:x>a</a>", false), "<a>a</a>");
        let link = "<a title=\"https://x.example/?a&amp;b\">a</a>";
        assert_eq!(written("<a target=_top title=bank href=\"https://x.example/?a&amp;b\">a</a>", false), link);
        assert_eq!(written("<svg><style><img src=x onerror=y></style></svg>", false).matches('<').count(), 2);
        assert_eq!(written("<meta http-equiv=refresh content='0;url=x'><base href=x><link rel=x>", false), "");
    }

    #[test]
    fn pictures_come_from_the_mail_itself_unless_others_are_asked_for() {
        assert_eq!(written("<img src=cid:image001.png@01D0 alt=x>", false), "<img alt=\"x\" src=\"/p/0\">");
        assert_eq!(written("<img class=c src=http://t.example/x>", false), "<img class=\"c\" alt=\"\">");
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
        let ruled = "<div style='border:none;border-top:solid #E1E1E1 1.0pt'>From: x</div>";
        let windows = written(&format!("<p>Yes</p><div>{ruled}</div><p>old</p>"), false);
        assert!(windows.starts_with(&format!("<p>Yes</p>{fold}<div><div style=")), "{windows}");
    }

    #[test]
    fn the_direction_of_the_text_is_the_mails_or_told_by_its_letters() {
        let direction = |html: &str| {
            let pictures = Pictures { own: "/p", files: &[], remote: false };
            document(html, &pictures).strip_prefix(HEAD).unwrap().to_owned()
        };
        assert_eq!(direction("<p>שלום"), "<body dir=\"auto\"><p>שלום");
        assert_eq!(direction("<body dir=rtl>x"), "<body><body dir=\"rtl\">x");
    }

    proptest! {
        #[test]
        fn whatever_comes_only_harmless_elements_and_attributes_are_written(html in "(<[a-z/!-]{0,8}[ a-z=\"'<>/:&;-]{0,20}>?|[a-z<>&\"' ]{0,6}){0,20}") {
            walk(&written(&html, false), |piece| if let Piece::Open(tag) = piece {
                assert!(allowed::element(&tag.name) || ["details", "summary"].contains(&tag.name.as_str()), "{}", tag.name);
                for name in tag.attributes.keys() {
                    assert!(allowed::attribute(name) || ["style", "src", "open"].contains(&name.as_str()), "{name}");
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
