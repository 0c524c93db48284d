//! Parts whose content the export keeps in files of their own, as Apple Mail does with the attachments of a
//! `.partial.emlx`: the part is empty and says in `X-Apple-Content-Length` how long it should be.

use super::parser::{Part, PartKind, Structure};
use super::part::Leaf;
use crate::record::{Attachment, Body, text_to_html};
use crate::source::AsidePart;
use std::collections::HashMap;

/// Says how many bytes a part has that is kept elsewhere.
const LENGTH: &str = "X-Apple-Content-Length";

/// Puts the contents into the parts they belong to. Contents that belong to no part are returned as files of the mail:
/// the numbers of parts inside nested messages, for one, lead to none of ours.
pub(super) fn fill(
    structure: &Structure,
    leaves: &mut [Option<Leaf<'_>>],
    aside: &[AsidePart],
    changes: &mut Vec<String>,
) -> Vec<Attachment> {
    if aside.is_empty() {
        return Vec::new();
    }
    let numbers = numbers(&structure.parts);
    let places: HashMap<&str, usize> = numbers.iter().map(String::as_str).zip(0..).collect();
    let mut loose = Vec::new();
    for (place, found) in aside.iter().enumerate() {
        let at = places.get(found.number.as_str());
        match at.and_then(|at| leaves.get_mut(*at)).and_then(Option::as_mut) {
            Some(leaf) if is_missing(leaf) => leaf.content = found.content.clone(),
            // A client that has fetched a part since keeps both.
            Some(leaf) if leaf.content == found.content => {}
            _ => {
                changes.push(format!("file beside the mail belongs to no part of it and is added: {}", found.filename));
                loose.push(attachment(found, place + 1));
            }
        }
    }
    loose
}

/// Is the content of this part neither in the mail nor beside it?
pub(super) fn is_missing(leaf: &Leaf<'_>) -> bool {
    let length = leaf.fields.first(LENGTH).map(<[u8]>::trim_ascii);
    length.is_some_and(|length| length != b"0") && leaf.content.iter().all(u8::is_ascii_whitespace)
}

/// Notes at the end of a body that name the files which are missing, so that nobody takes the mail for complete.
pub(super) fn name_missing(body: &mut Body, missing: &[Attachment], changes: &mut Vec<String>) {
    for file in missing {
        changes.push(format!("file missing in the export: {}", file.filename));
        let line = format!("[A file is missing in the export that this mail was imported from: {}]", file.filename);
        add_line(body, &line);
    }
}

/// A note in a body that is empty because its text is missing.
pub(super) fn name_missing_text(
    body: &mut Body,
    structure: &Structure,
    leaves: &[Option<Leaf<'_>>],
    changes: &mut Vec<String>,
) {
    let is_shown_and_missing =
        |id: &usize| leaves.get(*id).and_then(Option::as_ref).is_some_and(is_missing) && !structure.files.contains(id);
    if !structure.html.iter().chain(&structure.text).any(is_shown_and_missing) {
        return;
    }
    changes.push("text missing in the export".to_owned());
    let (Body::Html(text) | Body::Text(text)) = &*body;
    if text.trim().is_empty() {
        add_line(body, "[The text is missing in the export that this mail was imported from]");
    }
}

fn add_line(body: &mut Body, line: &str) {
    match body {
        Body::Text(text) => {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(line);
            text.push('\n');
        }
        Body::Html(html) => {
            // What stands behind the end tags may not be shown.
            let lower = html.to_ascii_lowercase();
            let end = lower.rfind("</body").or_else(|| lower.rfind("</html")).unwrap_or(html.len());
            html.insert_str(end, &format!("<p>{}</p>", text_to_html(line)));
        }
    }
}

fn attachment(found: &AsidePart, place: usize) -> Attachment {
    let content_type = mime_guess::from_path(&found.filename).first_raw().unwrap_or("application/octet-stream");
    let filename = super::filenames::clean(&found.filename);
    Attachment {
        filename: filename.unwrap_or_else(|| super::filenames::generic(content_type, &found.content, place)),
        content_type: content_type.to_owned(),
        content_id: None,
        content: found.content.clone(),
    }
}

/// The number of each part (RFC 3501 section 6.4.5): `1` is the only part of a mail, or the first of a multipart; the
/// parts of a multipart `2` are `2.1`, `2.2` and so on. The multipart that is the whole mail has none.
fn numbers(parts: &[Part]) -> Vec<String> {
    struct Open {
        prefix: String,
        end: usize,
        parts: usize,
    }
    let mut open: Vec<Open> = Vec::new();
    let mut numbers = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        while open.last().is_some_and(|around| part.body.start > around.end) {
            open.pop();
        }
        let number = match open.last_mut() {
            Some(around) => {
                around.parts += 1;
                format!("{}{}", around.prefix, around.parts)
            }
            None if index == 0 && part.kind == PartKind::Multipart => String::new(),
            None => "1".to_owned(),
        };
        if part.kind == PartKind::Multipart {
            let prefix = if number.is_empty() { String::new() } else { format!("{number}.") };
            open.push(Open { prefix, end: part.body.end, parts: 0 });
        }
        numbers.push(number);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::email::{from_mail, parser};
    use crate::record::testing::{identity, mail, mapping};
    use crate::record::{Record, text_to_html};
    use crate::source::RawMail;
    use bytes::Bytes;

    const HEAD: &str = "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n";

    /// A mail with a text, an image inside a related part, and a document.
    fn whole(image: &str, document: &str) -> String {
        format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/related; boundary=b\n\n\
             --b\nContent-Type: text/html\n\n<html><body><p>hi</p></body></html>\n--b\n\
             Content-Type: image/png; name=logo.png\nContent-ID: <l@x>\nContent-Transfer-Encoding: base64\n{image}\n--b--\n\
             --a\nContent-Type: application/pdf; name=\"offer 1.pdf\"\nContent-Disposition: attachment\n\
             Content-Transfer-Encoding: base64\n{document}\n--a--\n"
        )
    }

    fn partial() -> String {
        whole("X-Apple-Content-Length: 10\n\n", "X-Apple-Content-Length: 20\n\n")
    }

    fn beside(number: &str, filename: &str, content: &'static [u8]) -> AsidePart {
        AsidePart { number: number.to_owned(), filename: filename.to_owned(), content: Bytes::from_static(content) }
    }

    fn record(text: &str, aside: Vec<AsidePart>) -> Record {
        from_mail(&RawMail { aside, ..mail(text.as_bytes()) }, &mapping(), 0).unwrap()
    }

    fn html(record: &Record) -> &str {
        let (Body::Html(text) | Body::Text(text)) = &record.body;
        text
    }

    #[test]
    fn parts_are_numbered_as_imap_numbers_them() {
        let of = |text: &str| numbers(&parser::structure(text.as_bytes(), false).unwrap().parts);
        assert_eq!(of(&partial()), ["", "1", "1.1", "1.2", "2"]);
        assert_eq!(of("Subject: x\n\nhi\n"), ["1"]);
        let two = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n\
                   --b--\n--a\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ny\n--c\n\nz\n--c--\n--a--\n";
        assert_eq!(of(two), ["", "1", "1.1", "2", "2.1", "2.2"]);
    }

    #[test]
    fn contents_beside_the_mail_come_into_their_parts() {
        let found =
            record(&partial(), vec![beside("1.2", "logo.png", b"PNG"), beside("2", "offer 1.pdf", b"%PDF-1.4\n")]);
        let files: Vec<_> = found.attachments.iter().map(|file| (file.filename.as_str(), &file.content[..])).collect();
        assert_eq!(files, [("logo.png", &b"PNG"[..]), ("offer 1.pdf", b"%PDF-1.4\n")]);
        assert_eq!(found.attachments[0].content_id.as_deref(), Some("l@x"));
        assert!(!html(&found).contains("missing"));
        assert_eq!(found.changes, [""; 0]);
    }

    #[test]
    fn a_mail_in_pieces_and_the_whole_one_are_the_same_message() {
        let pieces = record(&partial(), vec![beside("1.2", "x", b"PNG"), beside("2", "y", b"%PDF-1.4\n")]).identity;
        let whole = identity(&whole("\nUE5H\n", "\nJVBERi0xLjQK\n"));
        assert_eq!((pieces.key, pieces.sameness), (whole.key, whole.sameness));
    }

    #[test]
    fn a_file_that_is_missing_is_named_and_never_sent_empty() {
        let found = record(&partial(), vec![beside("1.2", "logo.png", b"PNG")]);
        assert_eq!(found.attachments.len(), 1);
        assert_eq!(found.changes, ["file missing in the export: offer 1.pdf"]);
        let note = "<p>[A file is missing in the export that this mail was imported from: offer 1.pdf]</p>";
        assert_eq!(html(&found), format!("<html><body><p>hi</p>{note}</body></html>"));
        let plain = format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=a\n\n--a\n\nhi\n--a\nContent-Type: image/png; name=\"<i>.png\"\n\
             X-Apple-Content-Length: 7\n\n--a--\n"
        );
        let found = record(&plain, Vec::new());
        assert_eq!(found.attachments.len(), 0);
        assert!(html(&found).starts_with("hi\n[A file is missing"), "{}", html(&found));
        assert!(text_to_html(html(&found)).contains("&lt;i&gt;.png"));
    }

    #[test]
    fn a_file_that_belongs_to_no_part_is_added_rather_than_lost() {
        let found = record(&partial(), vec![beside("7", "../notes.txt", b"text"), beside("x", "", b"%PDF-1.4\n")]);
        let names: Vec<_> = found.attachments.iter().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, ["notes.txt", "attachment-2.pdf"]);
        assert_eq!(found.changes.len(), 4, "{:?}", found.changes);
    }

    #[test]
    fn a_part_that_has_its_content_keeps_it_and_is_not_doubled() {
        let whole = whole("X-Apple-Content-Length: 10\n\nUE5H\n", "\nJVBERi0xLjQK\n");
        let found = record(&whole, vec![beside("1.2", "logo.png", b"PNG")]);
        assert_eq!(found.attachments.len(), 2);
        assert_eq!(found.changes, [""; 0]);
        let other = record(&whole, vec![beside("1.2", "logo.png", b"GIF")]);
        assert_eq!(other.attachments.len(), 3);
    }

    #[test]
    fn a_text_that_is_missing_is_said() {
        let text = format!("{HEAD}Content-Type: text/plain\nX-Apple-Content-Length: 99\n\n");
        let found = record(&text, Vec::new());
        assert_eq!(html(&found), "[The text is missing in the export that this mail was imported from]\n");
        assert_eq!(found.changes, ["text missing in the export"]);
        assert_eq!(html(&record(&text, vec![beside("1", "1.txt", b"hello")])), "hello");
    }

    #[test]
    fn ordinary_mails_do_not_change() {
        let found = record(&format!("{HEAD}X-Apple-Content-Length: 0\n\n"), Vec::new());
        assert_eq!((html(&found), found.changes.len()), ("", 0));
    }
}
