//! Counts what the HTML of a mail would do by itself. Nothing is removed: Front sanitises what it shows.

use super::html::{attributes, tags};
use crate::record::ActiveContent;

/// Longest start of a link that is looked at for its scheme.
const SCHEME_WINDOW: usize = 200;

/// Counts active content in one pass.
pub(in crate::record) fn count(html: &str) -> ActiveContent {
    let mut found = ActiveContent::default();
    for tag in tags(html).filter(|tag| !tag.closes) {
        found.scripts += u32::from(tag.is("script"));
        found.forms += u32::from(tag.is("form"));
        let shows_pictures = ["img", "input", "image", "source", "video"].iter().any(|name| tag.is(name));
        let mut is_remote = false;
        for attribute in attributes(html, &tag) {
            let (name, value) = (attribute.name.to_ascii_lowercase(), attribute.value);
            match name.as_str() {
                "src" | "srcset" | "poster" | "xlink:href" if shows_pictures && is_elsewhere(value) => is_remote = true,
                "background" if is_elsewhere(value) => is_remote = true,
                "style" if styles_from_elsewhere(value) => is_remote = true,
                _ => {}
            }
            let is_handler =
                name.strip_prefix("on").is_some_and(|event| event.starts_with(|c: char| c.is_alphabetic()));
            found.handlers += u32::from(is_handler && !value.is_empty());
            found.scripts += u32::from(!is_handler && runs_code(value));
        }
        found.remote_images += u32::from(is_remote);
    }
    found
}

/// Is it a `javascript:` or `vbscript:` link, however it is disguised? Browsers pass over blanks and control characters
/// in a scheme (URL standard, section 4.4) and undo character references first.
fn runs_code(value: &str) -> bool {
    let scheme = visible_start(value);
    scheme.starts_with("javascript:") || scheme.starts_with("vbscript:")
}

/// Does an address lead out of the mail? `cid:` and `data:` do not.
fn is_elsewhere(value: &str) -> bool {
    let start = visible_start(value);
    ["http:", "https:", "//", "ftp:"].iter().any(|scheme| start.starts_with(scheme))
}

fn styles_from_elsewhere(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    style.match_indices("url(").any(|(at, _)| {
        let address = style.get(at + 4..).unwrap_or_default();
        let address = address.strip_prefix("&quot;").or_else(|| address.strip_prefix("&#39;")).unwrap_or(address);
        is_elsewhere(address.trim_start_matches(['"', '\'', ' ']))
    })
}

/// The start of an attribute's value, lower case, without blanks, with numeric character references undone.
fn visible_start(value: &str) -> String {
    let mut start = String::new();
    let mut rest = value;
    while let Some(next) = rest.chars().next().filter(|_| start.len() < SCHEME_WINDOW) {
        let (character, length) =
            if next == '&' { reference(rest).unwrap_or(('&', 1)) } else { (next, next.len_utf8()) };
        if !character.is_whitespace() && !character.is_control() {
            start.push(character.to_ascii_lowercase());
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    start
}

/// The character that a reference at the start stands for, and the reference's length.
fn reference(text: &str) -> Option<(char, usize)> {
    for (name, character) in [("&colon;", ':'), ("&Tab;", '\t'), ("&NewLine;", '\n'), ("&sol;", '/'), ("&amp;", '&')] {
        if text.starts_with(name) {
            return Some((character, name.len()));
        }
    }
    let number = text.strip_prefix("&#")?;
    let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |hex| (hex, 16));
    let length = digits.bytes().take(8).take_while(|byte| char::from(*byte).is_digit(radix)).count();
    let character = char::from_u32(u32::from_str_radix(digits.get(..length)?, radix).ok()?)?;
    let end = text.len() - digits.len() + length;
    Some((character, end + usize::from(text.get(end..).is_some_and(|tail| tail.starts_with(';')))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(html: &str) -> (u32, u32, u32, u32) {
        let found = count(html);
        (found.scripts, found.handlers, found.forms, found.remote_images)
    }

    #[test]
    fn scripts_handlers_forms_and_remote_images_are_counted() {
        assert_eq!(counts("<script>x</script><a href='javascript:y()'>z</a>"), (2, 0, 0, 0));
        assert_eq!(counts("<body onload=x onLoad='y'><p on=1 only>"), (0, 2, 0, 0));
        assert_eq!(counts("<form action=x><input type=text></form>"), (0, 0, 1, 0));
        assert_eq!(counts("<img src=https://x.example/a.png><img src='//x.example/b'>"), (0, 0, 0, 2));
        assert_eq!(
            counts("<td background=\"http://x.example/a\"><p style=\"a:url('https://x.example/')\">"),
            (0, 0, 0, 2)
        );
    }

    #[test]
    fn disguised_code_is_found() {
        for link in ["JaVaScript:x", " java\nscript:x", "&#106;avascript:x", "&#x6A;avascript&colon;x", "vbscript:x"] {
            assert_eq!(counts(&format!("<a href=\"{link}\">")), (1, 0, 0, 0), "{link}");
        }
    }

    #[test]
    fn what_stays_in_the_mail_is_not_active() {
        let html = "<img src=cid:1><img src='data:image/png;base64,x'><a href='https://x.example'>javascript:</a>\
            <!-- <script> --><p style='color:red' title='http://x.example'>";
        assert_eq!(counts(html), (0, 0, 0, 0));
    }
}
