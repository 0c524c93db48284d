//! The HTML of a mail as a report shows it: what it says and roughly how it looked, and nothing that does anything.
//!
//! Sanitised by `ammonia`, and shown under the page's policy, which would forbid the same once more: no script but the
//! page's own, nothing from elsewhere. What is left cannot leave its box, which the style sees to.

use crate::report::{PICTURES, Picture};
use ammonia::{Builder, UrlRelative};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// Longest picture that a mail itself holds as an address, in bytes.
const MAX_OWN: usize = 60_000;

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

/// Sanitises a mail's HTML and puts its pictures in place.
pub(super) fn harmless(html: &str, pictures: &BTreeMap<String, Picture>) -> String {
    let drawn: BTreeMap<String, String> = pictures.iter().map(|(id, picture)| (id.clone(), address(picture))).collect();
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
    builder.clean(html).to_string()
}

/// A picture of the mail, or a small one that it writes out; nothing that lies elsewhere.
fn picture<'a>(address: &'a str, drawn: &BTreeMap<String, String>) -> Option<Cow<'a, str>> {
    if let Some(id) = strip_scheme(address, "cid:") {
        return drawn.get(id).map(|address| Cow::Owned(address.clone()));
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
