//! The HTML of a mail as a report shows it: what it says and roughly how it looked, and nothing that does anything.
//!
//! Sanitised by `ammonia`, and shown under the page's policy, which would forbid the same once more: no script but the
//! page's own, nothing from elsewhere. What is left cannot leave its box, which the style sees to.

use super::plain;
use crate::report::{PICTURES, Picture};
use ammonia::{Builder, UrlRelative};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest picture that a mail itself holds as an address, in bytes.
const MAX_OWN: usize = 60_000;

/// Bytes of pictures that mails of one page may show again: whoever collected the pictures has counted each once.
const MAX_AGAIN: usize = 2_000_000;

/// What is left of them.
pub(super) struct Room(Arc<Mutex<usize>>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(MAX_AGAIN)))
    }
}

/// What a mail may say about how its text looks. None of it places anything outside its box.
const STYLES: [&str; 12] = [
    "background-color",
    "color",
    "display",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "width",
];

/// Sanitises a mail's HTML and puts its pictures in place. Nothing comes of a mail that would become far more by that than was
/// written.
pub(super) fn harmless(html: &str, pictures: &BTreeMap<String, Picture>, room: &Room) -> Option<String> {
    if plain::is_growing(html) {
        return None;
    }
    let drawn = Drawn {
        addresses: pictures.iter().map(|(id, picture)| (id.clone(), address(picture))).collect(),
        seen: Mutex::default(),
        room: Arc::clone(&room.0),
    };
    let mut builder = Builder::default();
    builder
        .url_schemes(HashSet::from(["cid", "data"]))
        .url_relative(UrlRelative::Deny)
        .add_tags(["font"])
        .rm_tags(["map", "area"])
        .add_generic_attributes(["style", "align", "bgcolor", "dir"])
        .add_tag_attributes("font", ["color", "size", "face"])
        .add_tag_attributes("table", ["border", "cellpadding", "cellspacing", "width"])
        .add_tag_attributes("td", ["width", "valign"])
        .filter_style_properties(HashSet::from(STYLES))
        .link_rel(None)
        // A name for pictures that have none; `alt` comes first where there is one.
        .set_tag_attribute_value("img", "title", "a picture of the mail")
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            ("img", "src") => picture(value, &drawn),
            (_, "src" | "href" | "cite" | "longdesc") => None,
            _ => Some(value.into()),
        });
    Some(builder.clean(html).to_string())
}

/// Pictures of one mail, as addresses.
struct Drawn {
    addresses: BTreeMap<String, String>,
    /// Those that have been put in a place.
    seen: Mutex<BTreeSet<String>>,
    room: Arc<Mutex<usize>>,
}

impl Drawn {
    /// The address of a picture, if it was not shown before or there is room to show it again.
    fn address(&self, id: &str) -> Option<String> {
        let address = self.addresses.get(id)?;
        if !self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned()) {
            let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
            *room = room.checked_sub(address.len())?;
        }
        Some(address.clone())
    }
}

/// A picture of the mail, or a small one that it writes out; nothing that lies elsewhere.
fn picture<'a>(address: &'a str, drawn: &Drawn) -> Option<Cow<'a, str>> {
    if let Some(id) = strip_scheme(address, "cid:") {
        return drawn.address(id).map(Cow::Owned);
    }
    let own = strip_scheme(address, "data:").filter(|_| address.len() <= MAX_OWN)?;
    PICTURES.iter().any(|kind| own.starts_with(&format!("{kind};base64,"))).then_some(address.into())
}

fn strip_scheme<'a>(address: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = address.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn address(picture: &Picture) -> String {
    format!("data:{};base64,{}", picture.content_type, STANDARD.encode(&picture.content))
}

#[cfg(test)]
mod tests {
    use super::{MAX_AGAIN, Room, harmless};
    use crate::report::Picture;
    use bytes::Bytes;
    use std::collections::BTreeMap;

    fn cleaned(html: &str) -> String {
        harmless(html, &BTreeMap::new(), &Room::default()).unwrap()
    }

    #[test]
    fn a_picture_that_is_shown_again_and_again_is_written_as_often_as_there_is_room() {
        let picture = || Picture { content_type: "image/png", content: Bytes::from(vec![7; 390_000]) };
        let pictures: BTreeMap<String, Picture> = ["a", "b"].map(|id| (id.to_owned(), picture())).into();
        let room = Room::default();
        let shown = harmless(&format!("{}<img src=cid:b>", "<img src=cid:a>".repeat(4_000)), &pictures, &room).unwrap();
        assert!(shown.len() < MAX_AGAIN + 1_500_000, "{}", shown.len());
        assert_eq!(shown.matches("<img").count(), 4_001);
        // Each has its place once, whatever the others took.
        assert_eq!(shown.matches("src=").count(), 1 + MAX_AGAIN / 520_000 + 1);
        assert_eq!(harmless("<img src=cid:a><img src=cid:a>", &pictures, &room).unwrap().matches("src=").count(), 1);
    }

    #[test]
    fn of_a_mail_that_would_grow_without_end_nothing_comes() {
        let open: String = (0..4_500).flat_map(|n| ["<b a".to_owned(), n.to_string(), ">".to_owned()]).collect();
        assert_eq!(harmless(&format!("<p>{open}{}", "<p>x".repeat(8_000)), &BTreeMap::new(), &Room::default()), None);
    }

    #[test]
    fn what_a_mail_says_and_how_it_looked_stays() {
        let html = "<div style=\"color: red; position: fixed\"><b>Bold</b><font color=\"blue\">blue</font><br>\
                    <table border=\"1\"><tbody><tr><td>cell</td></tr></tbody></table><blockquote>quoted</blockquote></div>";
        let expected = html.replace("color: red; position: fixed", "color:red");
        assert_eq!(cleaned(html), expected);
    }

    #[test]
    fn links_are_text_and_scripts_are_nothing() {
        assert_eq!(cleaned("<a href=\"https://x.example/\">the lamp</a>"), "<a>the lamp</a>");
        assert_eq!(cleaned("<script>alert(1)</script><style>p{}</style>text"), "text");
        assert_eq!(cleaned("1 < 2 & <unknown>3</unknown>"), "1 &lt; 2 &amp; 3");
    }

    #[test]
    fn a_mail_that_is_cut_or_nested_without_end_is_still_whole_html() {
        assert_eq!(cleaned("<p><b>cut in the mid"), "<p><b>cut in the mid</b></p>");
        let deep = "<div>".repeat(12_000);
        assert_eq!(cleaned(&deep).matches("</div>").count(), 12_000);
    }
}
