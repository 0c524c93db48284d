//! What a mail client would show of a mail.

use super::charset;
use super::parser::{PartKind, Structure};
use super::part::Leaf;
use crate::record::{Body, text_to_html};

/// Builds the body from the leaves of a mail, which stand at their part numbers.
///
/// HTML wins over plain text; several parts shown one after the other (a list's footer below the text) are joined.
pub(super) fn read(structure: &Structure, leaves: &[Option<Leaf<'_>>], changes: &mut Vec<String>) -> Body {
    let mut shown = decode(&structure.html, leaves);
    // A blank HTML part beside a real text part says nothing.
    if is_blank(&shown) {
        let plain = decode(&structure.text, leaves);
        if shown.is_empty() || !is_blank(&plain) {
            shown = plain;
        }
    }
    for part in &mut shown {
        changes.append(&mut part.changes);
    }
    if shown.len() > 1 {
        changes.push("parts of the text joined into one body".to_owned());
    }
    join(shown)
}

/// A displayed part, decoded.
struct Shown {
    html: bool,
    text: String,
    changes: Vec<String>,
}

fn decode(ids: &[usize], leaves: &[Option<Leaf<'_>>]) -> Vec<Shown> {
    ids.iter()
        .filter_map(|id| leaves.get(*id)?.as_ref())
        .filter(|leaf| leaf.kind != PartKind::Other)
        .map(|leaf| {
            let decoded = charset::decode(&leaf.content, leaf.charset().as_deref());
            let html = leaf.kind == PartKind::Html;
            Shown { html, text: with_lf(decoded.text), changes: decoded.changes }
        })
        .collect()
}

fn is_blank(parts: &[Shown]) -> bool {
    parts.iter().all(|part| part.text.trim().is_empty())
}

/// Line ends as LF, in HTML too: one mail stored with LF here and CRLF there must give one request. CR CR LF is what
/// some programs made of CRLF by converting twice.
fn with_lf(text: String) -> String {
    if !text.contains('\r') {
        return text;
    }
    text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace('\r', "\n")
}

fn join(parts: Vec<Shown>) -> Body {
    if parts.iter().any(|part| part.html) {
        let html = parts.into_iter().map(|part| if part.html { part.text } else { text_to_html(&part.text) });
        return Body::Html(html.collect::<Vec<_>>().join("\n<br>\n"));
    }
    Body::Text(parts.into_iter().map(|part| part.text).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use crate::record::Body;
    use crate::record::testing::record;

    const HEAD: &str = "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n";

    fn body(rest: &str) -> Body {
        record(format!("{HEAD}{rest}").as_bytes()).body
    }

    fn multipart(kind: &str, parts: &[&str]) -> Body {
        let parts = parts.join("\n--b\n");
        body(&format!("Content-Type: multipart/{kind}; boundary=b\n\n--b\n{parts}\n--b--\n"))
    }

    #[test]
    fn line_ends_of_the_file_do_not_reach_the_body() {
        let html = |end: &str| body(&format!("Content-Type: text/html{end}{end}<p>one{end}two</p>{end}"));
        assert_eq!(html("\r\n"), html("\n"));
        assert_eq!(body("Content-Type: text/plain\n\none\r\r\ntwo\n"), Body::Text("one\ntwo\n".into()));
    }

    const TEXT: &str = "Content-Type: text/plain\n\nhello";
    const HTML: &str = "Content-Type: text/html\n\n<p>hello</p>";

    #[test]
    fn html_wins_and_stays_as_it_is() {
        assert_eq!(multipart("alternative", &[TEXT, HTML]), Body::Html("<p>hello</p>".into()));
    }

    #[test]
    fn text_alone_stays_text_with_lf() {
        assert_eq!(body("\nhello\r\nthere\r\n"), Body::Text("hello\nthere\n".into()));
        assert_eq!(multipart("alternative", &[TEXT]), Body::Text("hello".into()));
    }

    #[test]
    fn a_blank_html_part_does_not_hide_the_text() {
        let blank = "Content-Type: text/html\n\n ";
        assert_eq!(multipart("alternative", &[TEXT, blank]), Body::Text("hello".into()));
    }

    #[test]
    fn a_footer_below_is_joined_and_the_joining_is_said() {
        let footer = "Content-Type: text/plain\n\n1 < 2";
        assert_eq!(multipart("mixed", &[HTML, footer]), Body::Html("<p>hello</p>\n<br>\n1 &lt; 2".into()));
        assert_eq!(multipart("mixed", &[TEXT, footer]), Body::Text("hello\n1 < 2".into()));
    }

    #[test]
    fn a_mail_without_text_has_an_empty_body() {
        assert_eq!(body(""), Body::Text(String::new()));
        assert_eq!(body("Content-Type: image/png\n\nPNG"), Body::Text(String::new()));
    }

    #[test]
    fn a_multipart_without_parts_shows_its_text() {
        assert_eq!(body("Content-Type: multipart/mixed; boundary=b\n\nhello\n"), Body::Text("hello\n".into()));
    }

    #[test]
    fn eight_bit_text_without_charset_is_repaired_and_said() {
        let mail = [HEAD.as_bytes(), b"\ncaf\xE9\0\n"].concat();
        let found = record(&mail);
        assert_eq!(found.body, Body::Text("café\n".into()));
        assert_eq!(found.changes.len(), 2);
    }

    #[test]
    fn a_truncated_alternative_still_shows_its_text() {
        let cut = "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n";
        assert!(matches!(body(cut), Body::Text(text) if text.trim() == "hello"));
    }
}
