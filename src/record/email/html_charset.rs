//! The charset that HTML declares inside itself. What is sent is UTF-8, so a declaration of anything else would lie.

use super::html::{Attribute, attributes, tags};
use std::ops::Range;

/// What HTML is made to declare.
const UTF_8: &str = "utf-8";

/// The HTML with every declaration of another charset turned into UTF-8; true if there was one.
pub(super) fn corrected(html: String) -> (String, bool) {
    let places = declarations(&html);
    if places.is_empty() {
        return (html, false);
    }
    let mut output = String::with_capacity(html.len());
    let mut at = 0;
    for place in places {
        output.push_str(html.get(at..place.start).unwrap_or_default());
        output.push_str(UTF_8);
        at = place.end;
    }
    output.push_str(html.get(at..).unwrap_or_default());
    (output, true)
}

/// Places of charset names other than UTF-8: in an XML declaration, in `meta charset`, in `meta http-equiv`.
fn declarations(html: &str) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = xml_encoding(html).into_iter().collect();
    for tag in tags(html) {
        if tag.is("body") || tag.closes && tag.is("head") {
            break;
        }
        if tag.is("meta") && !tag.closes {
            let found: Vec<Attribute<'_>> = attributes(html, &tag).collect();
            let is_type = found.iter().any(|attribute| {
                attribute.name.eq_ignore_ascii_case("http-equiv")
                    && attribute.value.eq_ignore_ascii_case("content-type")
            });
            places.extend(found.iter().filter_map(|attribute| {
                if attribute.name.eq_ignore_ascii_case("charset") {
                    Some(shift(name_in(attribute.value), attribute.place.start))
                } else if is_type && attribute.name.eq_ignore_ascii_case("content") {
                    named_after(attribute.value, "charset").map(|place| shift(place, attribute.place.start))
                } else {
                    None
                }
            }));
        }
    }
    places.retain(|place| {
        let name = html.get(place.clone()).unwrap_or_default().trim();
        !name.is_empty() && !name.eq_ignore_ascii_case(UTF_8) && !name.eq_ignore_ascii_case("utf8")
    });
    places
}

fn shift(place: Range<usize>, by: usize) -> Range<usize> {
    place.start + by..place.end + by
}

/// The encoding of `<?xml version="1.0" encoding="…"?>` at the very start.
fn xml_encoding(html: &str) -> Option<Range<usize>> {
    let start = html.len() - html.trim_start().len();
    let declaration = html.get(start..)?;
    declaration.starts_with("<?xml").then_some(())?;
    let declaration = declaration.get(..declaration.find("?>")?)?;
    // Markup inside of it: it was never closed, and what is declared there is found with the tags.
    if declaration.get(1..)?.contains(['<', '>']) {
        return None;
    }
    named_after(declaration, "encoding").map(|place| shift(place, start))
}

/// The place of the value in `key = value`, quotes or not.
fn named_after(text: &str, key: &str) -> Option<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let after = lower.find(key)? + key.len();
    let rest = text.get(after..)?.trim_ascii_start().strip_prefix('=')?;
    Some(shift(name_in(rest), text.len() - rest.len()))
}

/// The place of a charset's name (RFC 2978 section 2.3) at the start of `value`, quotes or not. Nothing else is ever
/// replaced: behind a quote that is not closed stands markup.
fn name_in(value: &str) -> Range<usize> {
    let rest = value.trim_start_matches([' ', '"', '\'', '\t']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:+".contains(c);
    let start = value.len() - rest.len();
    start..start + rest.find(|c| !is_name(c)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_declaration_is_corrected() {
        for (html, expected) in [
            ("<meta charset=\"iso-8859-1\"><p>é", "<meta charset=\"utf-8\"><p>é"),
            ("<META CHARSET=koi8-r>", "<META CHARSET=utf-8>"),
            (
                "<meta content='text/html; charset=windows-1252' http-equiv=Content-Type>",
                "<meta content='text/html; charset=utf-8' http-equiv=Content-Type>",
            ),
            ("\n<?xml version=\"1.0\" encoding=\"big5\"?><html>", "\n<?xml version=\"1.0\" encoding=\"utf-8\"?><html>"),
        ] {
            assert_eq!(corrected(html.to_owned()), (expected.to_owned(), true));
        }
    }

    #[test]
    fn a_declaration_that_is_never_closed_swallows_no_markup() {
        for (html, expected) in [
            ("<meta a=b=\"c charset=koi8-r\"><p>", "<meta a=b=\"c charset=utf-8\"><p>"),
            (
                "<meta http-equiv=content-type content=\"a; charset=x<p>y\">",
                "<meta http-equiv=content-type content=\"a; charset=utf-8<p>y\">",
            ),
            ("<?xml encoding=\"big5<p>a<meta charset=big5>?>", "<?xml encoding=\"big5<p>a<meta charset=utf-8>?>"),
        ] {
            assert_eq!(corrected(html.to_owned()), (expected.to_owned(), true));
            assert_eq!(corrected(expected.to_owned()), (expected.to_owned(), false));
        }
    }

    #[test]
    fn html_that_declares_utf_8_or_nothing_stays_as_it_is() {
        for html in [
            "<meta charset=UTF-8>",
            "<meta http-equiv=content-type content='text/html'>",
            "<p>charset=big5</p>",
            "<body><meta charset=big5>",
            "<!-- <meta charset=big5> -->",
        ] {
            assert_eq!(corrected(html.to_owned()), (html.to_owned(), false));
        }
    }
}
