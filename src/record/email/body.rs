//! What a mail client would show of a mail.

use super::charset;
use super::enclosed::{self, Enclosed};
use super::header::Fields;
use super::layout::Layout;
use super::params::Parameterized;
use super::parser::{Part, PartKind, Structure};
use super::part::Leaf;
use super::{active, enriched, flowed, html_charset, repeated};
use crate::record::{ActiveContent, Body, text_to_html};
use std::borrow::Cow;

/// A body, and what was found on the way to it.
pub(super) struct Built {
    /// What is shown.
    pub(super) body: Body,
    /// What its HTML would do by itself.
    pub(super) active: ActiveContent,
    /// Files that stood in its text.
    pub(super) files: Vec<Enclosed>,
    /// The mail's parts hold no text: a note, or text from outside of them, stands in.
    pub(super) is_stand_in: bool,
}

/// Builds the body from the leaves of a mail, which stand at their part numbers.
///
/// HTML wins over plain text; several parts shown one after the other (a list's footer below the text) are joined.
pub(super) fn read(
    mail: &[u8],
    structure: &Structure,
    layout: &Layout,
    leaves: &[Option<Leaf<'_>>],
    changes: &mut Vec<String>,
) -> Built {
    let mut shown = decode(&layout.html, leaves);
    // A blank HTML part beside a real text part says nothing.
    if is_blank(&shown) {
        let plain = decode(&layout.text, leaves);
        if shown.is_empty() || !is_blank(&plain) {
            shown = plain;
        }
    }
    let outside = Outside::read(mail, structure);
    if outside.is_cut {
        changes.push("the mail ends inside a part: it may have been cut".to_owned());
    }
    let mut active = ActiveContent::default();
    let mut files = Vec::new();
    for part in &mut shown {
        changes.append(&mut part.changes);
        files.append(&mut part.files);
        if part.html {
            add(&mut active, active::count(&part.text));
        }
    }
    if is_blank(&shown)
        && files.is_empty()
        && let Some(text) = stand_in(layout, leaves, &outside, changes)
    {
        return Built { body: Body::Text(text), active, files, is_stand_in: true };
    }
    if shown.len() > 1 {
        changes.push("parts of the text joined into one body".to_owned());
    }
    Built { body: join(shown), active, files, is_stand_in: false }
}

/// A displayed part, decoded.
struct Shown {
    html: bool,
    text: String,
    changes: Vec<String>,
    files: Vec<Enclosed>,
}

fn decode(ids: &[usize], leaves: &[Option<Leaf<'_>>]) -> Vec<Shown> {
    ids.iter()
        .filter_map(|id| leaves.get(*id)?.as_ref())
        .filter(|leaf| leaf.kind != PartKind::Other)
        .map(shown)
        .collect()
}

fn shown(leaf: &Leaf<'_>) -> Shown {
    let html = leaf.is_html();
    let mut changes: Vec<String> = leaf.damage.map(|damage| format!("text: {damage}")).into_iter().collect();
    let (bytes, files) = if html { (Cow::Borrowed(&leaf.file()[..]), Vec::new()) } else { enclosed::take(leaf.file()) };
    if !files.is_empty() {
        changes.push("files that stood in the text (uuencode or yEnc) taken out and attached".to_owned());
    }
    let decoded = charset::decode(&bytes, leaf.charset());
    changes.extend(decoded.changes);
    let mut text = with_lf(decoded.text);
    if html {
        let (corrected, was_other) = html_charset::corrected(text);
        if was_other {
            changes.push("charset that the HTML declares replaced by utf-8, as it is sent".to_owned());
        }
        return Shown { html, text: corrected, changes, files };
    }
    let parameter = |name: &str| leaf.content_type.get(name).unwrap_or_default();
    match leaf.content_type.value.as_str() {
        "text/enriched" => text = enriched::plain(&text, false),
        "text/richtext" => text = enriched::plain(&text, true),
        _ if parameter("format").eq_ignore_ascii_case("flowed") => {
            text = flowed::joined(&text, parameter("delsp").eq_ignore_ascii_case("yes"));
        }
        _ => {}
    }
    Shown { html, text, changes, files }
}

fn is_blank(parts: &[Shown]) -> bool {
    parts.iter().all(|part| part.text.trim().is_empty())
}

fn add(sum: &mut ActiveContent, found: ActiveContent) {
    sum.scripts = sum.scripts.saturating_add(found.scripts);
    sum.handlers = sum.handlers.saturating_add(found.handlers);
    sum.forms = sum.forms.saturating_add(found.forms);
    sum.remote_images = sum.remote_images.saturating_add(found.remote_images);
}

/// What a mail without any text shows, so that nobody takes it for an empty one by accident.
fn stand_in(
    layout: &Layout,
    leaves: &[Option<Leaf<'_>>],
    outside: &Outside<'_>,
    changes: &mut Vec<String>,
) -> Option<String> {
    let types = || layout.files.iter().filter_map(|id| Some(leaves.get(*id)?.as_ref()?.content_type.value.as_str()));
    let note = if layout.is_encrypted && types().any(|found| found.ends_with("pkcs7-mime")) {
        "[This mail is sealed as a whole (S/MIME, signed or encrypted). Its content is in the attached file smime.p7m.]"
    } else if layout.is_encrypted {
        "[This mail is encrypted. Its parts are attached as they came.]"
    } else if let Some(text) = outside.text(layout.files.is_empty()) {
        let decoded = charset::decode(&text, None);
        changes.extend(decoded.changes);
        changes.push("the text shown stood outside the parts of the mail".to_owned());
        return Some(with_lf(decoded.text));
    } else if types().any(|found| found == "text/calendar") {
        "[This mail is a calendar entry. It is attached.]"
    } else {
        return None;
    };
    changes.push("a note takes the place of the text, which is not in the mail or cannot be read".to_owned());
    Some(note.to_owned())
}

/// What a mail has outside its parts.
#[derive(Default)]
struct Outside<'a> {
    /// Above the first part, or below a header that does not end as it should.
    above: &'a [u8],
    /// Below the last part.
    below: &'a [u8],
    /// The last boundary is missing.
    is_cut: bool,
}

impl<'a> Outside<'a> {
    fn read(mail: &'a [u8], structure: &Structure) -> Self {
        let found = match structure.parts.first() {
            Some(root) if root.kind == PartKind::Multipart => Self::of_multipart(mail, root),
            Some(root) if structure.parts.len() == 1 && root.body.is_empty() => Self::of_header(mail),
            _ => None,
        };
        found.unwrap_or_default()
    }

    fn of_multipart(mail: &'a [u8], root: &Part) -> Option<Self> {
        let fields = Fields::split(mail.get(root.header.clone())?);
        let boundary = repeated::content_type(&fields).map(Parameterized::parse)?.get("boundary")?;
        let body = mail.get(root.body.start..)?;
        let start = memchr::memmem::find(body, format!("--{boundary}").as_bytes()).unwrap_or(body.len());
        let closing = format!("--{boundary}--");
        let end = memchr::memmem::rfind(body, closing.as_bytes());
        Some(Self {
            above: body.get(..start).unwrap_or_default(),
            below: body.get(end.map_or(body.len(), |end| end + closing.len())..).unwrap_or_default().trim_ascii_start(),
            is_cut: end.is_none(),
        })
    }

    /// A line of blanks where an empty one should end the header makes the text a part of the header.
    fn of_header(mail: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        for line in mail.split_inclusive(|byte| *byte == b'\n') {
            at += line.len();
            if line.trim_ascii().is_empty() {
                return Some(Self { above: mail.get(at..)?, ..Self::default() });
            }
        }
        None
    }

    /// What can be shown. Text below the parts is an afterthought of programs: where there are files, it is none.
    fn text(&self, with_below: bool) -> Option<Cow<'a, [u8]>> {
        // "This is a multi-part message in MIME format": for programs of the last century.
        let is_notice = memchr::memmem::find(&self.above.to_ascii_lowercase(), b"mime").is_some();
        let above = if is_notice || self.above.trim_ascii().is_empty() { &b""[..] } else { self.above };
        let below = if with_below { self.below } else { b"" };
        match (above.is_empty(), below.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Cow::Borrowed(above)),
            (true, false) => Some(Cow::Borrowed(below)),
            (false, false) => Some(Cow::Owned([above, below].concat())),
        }
    }
}

/// Line ends as LF, in HTML too: one mail stored with LF here and CRLF there must give one request. CR CR LF is what
/// some programs made of CRLF by converting twice.
fn with_lf(text: String) -> String {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
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
