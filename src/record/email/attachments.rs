//! The files of a mail, inline images and nested messages among them.

use super::enclosed::Enclosed;
use super::filenames;
use super::header::Fields;
use super::part::Leaf;
use super::tnef;
use super::words;
use crate::record::Attachment;

const UNKNOWN: &str = "application/octet-stream";

/// Types that programs write when they know none.
const SAYS_NOTHING: [&str; 8] = [
    UNKNOWN,
    "application/octetstream",
    "application/x-octet-stream",
    "application/binary",
    "application/unknown",
    "application/x-unknown",
    "application/download",
    "application/force-download",
];

/// The files of a mail: its parts, with a `winmail.dat` replaced by what is in it, and then the files that stood in its
/// text.
pub(super) fn all<'a>(
    parts: impl Iterator<Item = &'a Leaf<'a>>,
    enclosed: Vec<Enclosed>,
    changes: &mut Vec<String>,
) -> Vec<Attachment> {
    let mut files = Vec::new();
    for leaf in parts {
        let place = files.len() + 1;
        let file = read(leaf, place, changes);
        if TNEF.contains(&file.content_type.as_str()) || file.filename.eq_ignore_ascii_case("winmail.dat") {
            files.extend(unwrapped(file, place, changes));
        } else {
            files.push(file);
        }
    }
    for file in enclosed {
        let place = files.len() + 1;
        if let Some(damage) = file.damage {
            changes.push(format!("file {place}: {damage}"));
        }
        files.push(named(Some(&file.name), UNKNOWN, file.content.into(), place));
    }
    files
}

/// The types of a `winmail.dat`.
const TNEF: [&str; 2] = ["application/ms-tnef", "application/vnd.ms-tnef"];

/// The files in a wrapper; the wrapper itself stays if it holds none, or not only files that came out whole.
fn unwrapped(wrapper: Attachment, place: usize, changes: &mut Vec<String>) -> Vec<Attachment> {
    let Some(opened) = tnef::open(&wrapper.content) else { return vec![wrapper] };
    let mut files: Vec<Attachment> = Vec::new();
    for inner in opened.files {
        let Some(content) = inner.content else { continue };
        let kind = inner.content_type.filter(|kind| is_type(kind));
        let mut file = named(inner.name.as_deref(), kind.as_deref().unwrap_or(UNKNOWN), content, place + files.len());
        file.content_id = inner.content_id.filter(|id| !id.is_empty());
        files.push(file);
    }
    if files.is_empty() {
        return vec![wrapper];
    }
    if opened.is_whole {
        changes.push(format!("file {place}: {} replaced by what is in it", wrapper.filename));
    } else {
        changes.push(format!(
            "file {place}: {} is damaged or holds more; what came out of it stands beside it",
            wrapper.filename
        ));
        files.push(wrapper);
    }
    files
}

/// A file that has no part of its own.
fn named(name: Option<&str>, declared_type: &str, content: bytes::Bytes, place: usize) -> Attachment {
    let name = name.and_then(filenames::clean);
    let content_type = known_type(declared_type, name.as_deref(), &content);
    let filename = name.unwrap_or_else(|| filenames::generic(&content_type, &content, place));
    Attachment { filename, content_type, content_id: None, content }
}

/// Makes an attachment of a part; `place` is its number among the files of the mail, from 1.
pub(super) fn read(leaf: &Leaf<'_>, place: usize, changes: &mut Vec<String>) -> Attachment {
    let declared_type = declared_type(leaf);
    let declared_name = declared_name(leaf);
    if let Some(damage) = leaf.damage {
        changes.push(format!("file {place}: {damage}"));
    }
    let content_type = known_type(&declared_type, declared_name.as_deref(), leaf.file());
    if content_type != declared_type {
        changes.push(format!("file {place}: type {declared_type} replaced by {content_type}"));
    }
    if written_name(leaf).is_some_and(|name| filenames::looks_escaped(&name)) {
        changes.push(format!("file {place}: `%` before 22, 0D or 0A in its name replaced by `_`"));
    }
    let filename = declared_name.unwrap_or_else(|| {
        let name = if leaf.is_message() { message_name(leaf.file(), place) } else { None };
        name.unwrap_or_else(|| filenames::generic(&content_type, leaf.file(), place))
    });
    let content_id = leaf
        .fields
        .first("Content-ID")
        .map(|value| words::decode(value).text.trim_matches(['<', '>', ' ']).to_owned())
        .filter(|id| !id.is_empty());
    Attachment { filename, content_type, content_id, content: leaf.file().clone() }
}

/// The declared `type/subtype`; what is not one is unknown.
fn declared_type(leaf: &Leaf<'_>) -> String {
    let value = &leaf.content_type.value;
    match value.split_once('/') {
        Some(_) if is_type(value) => value.clone(),
        None if leaf.is_digested() => "message/rfc822".to_owned(),
        // A part without any Content-Type is text (RFC 2045 section 5.2).
        None if value.is_empty() && !leaf.fields.has("Content-Type") => "text/plain".to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// Is it `type/subtype`?
fn is_type(value: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+*'%`|~".contains(&byte))
    };
    value.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub))
}

fn declared_name(leaf: &Leaf<'_>) -> Option<String> {
    written_name(leaf).and_then(|name| filenames::clean(&name))
}

/// The first name in the headers of which anything is left when it is cleaned.
fn written_name(leaf: &Leaf<'_>) -> Option<String> {
    let names = [leaf.disposition.get("filename"), leaf.content_type.get("name"), leaf.enclosed_name.clone()];
    names.into_iter().flatten().find(|name| filenames::clean(name).is_some())
}

/// What a file without a telling type is, by its name and then by its first bytes.
fn known_type(declared: &str, name: Option<&str>, content: &[u8]) -> String {
    if !SAYS_NOTHING.contains(&declared) {
        return declared.to_owned();
    }
    let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    if let Some(by_name) = extension.and_then(|extension| mime_guess::from_ext(extension).first_raw()) {
        return by_name.to_owned();
    }
    infer::get(content).map_or(declared, |kind| kind.mime_type()).to_owned()
}

/// A nested mail is called by its subject.
fn message_name(content: &[u8], place: usize) -> Option<String> {
    let head = content.get(..content.len().min(65_536)).unwrap_or_default();
    let end = memchr::memmem::find(head, b"\n\n").or_else(|| memchr::memmem::find(head, b"\n\r\n"));
    let fields = Fields::split(head.get(..end.map_or(head.len(), |at| at + 1)).unwrap_or_default());
    let subject = fields.first("Subject").map(|value| words::decode(value).text).unwrap_or_default();
    // A subject is no path: `Re: 1/2` must not become `2`.
    let name = filenames::clean(&format!("{}.eml", subject.replace(['/', '\\', ':'], "_")));
    if subject.is_empty() { Some(format!("message-{place}.eml")) } else { name }
}

#[cfg(test)]
mod tests {
    use crate::record::testing::record;

    fn single(part: &str) -> crate::record::Attachment {
        let mail = format!(
            "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nContent-Type: multipart/mixed; boundary=b\n\n\
             --b\n\nhello\n--b\n{part}\n--b--\n"
        );
        let mut found = record(mail.as_bytes()).attachments;
        assert_eq!(found.len(), 1, "{part}");
        found.remove(0)
    }

    #[test]
    fn a_text_file_keeps_its_own_bytes() {
        let mut mail = b"From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nContent-Type: multipart/mixed; \
            boundary=b\n\n--b\n\nhello\n--b\nContent-Type: text/plain; charset=iso-8859-1; name=a.txt\n\
            Content-Disposition: attachment\n\ncaf"
            .to_vec();
        mail.extend_from_slice(b"\xE9\r\nend\n--b--\n");
        let found = record(&mail).attachments;
        assert_eq!(&found[0].content[..], b"caf\xE9\r\nend");
        let encoded = single(
            "Content-Type: text/csv; charset=iso-8859-1\nContent-Disposition: attachment; filename=b.csv\n\
             Content-Transfer-Encoding: quoted-printable\n\ncaf=E9=0D=0A",
        );
        assert_eq!(&encoded.content[..], b"caf\xE9\r\n");
        assert_eq!(encoded.content_type, "text/csv");
    }

    #[test]
    fn a_nested_message_is_kept_whole_and_called_by_its_subject() {
        let inner =
            "From: b@x.example\nSubject: Re: 1/2\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nin\n--c--";
        let found = single(&format!("Content-Type: message/rfc822\n\n{inner}"));
        assert_eq!(found.filename, "Re_ 1_2.eml");
        assert_eq!(found.content_type, "message/rfc822");
        assert_eq!(String::from_utf8_lossy(&found.content), inner);
        let encoded =
            single("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaGkKCmhlbGxv");
        assert_eq!((encoded.filename.as_str(), &encoded.content[..]), ("hi.eml", &b"Subject: hi\n\nhello"[..]));
    }

    #[test]
    fn an_inline_image_keeps_its_content_id_without_brackets() {
        let found = single("Content-Type: image/png\nContent-ID: <logo@x>\nContent-Disposition: inline\n\nPNG");
        assert_eq!((found.filename.as_str(), found.content_id.as_deref()), ("image-1.png", Some("logo@x")));
    }

    #[test]
    fn a_type_that_says_nothing_is_found_by_name_or_bytes() {
        let by_name = single("Content-Type: application/octet-stream; name=\"a.pdf\"\n\nx");
        assert_eq!(by_name.content_type, "application/pdf");
        assert_eq!(single("Content-Type: application/octetstream; name=a.png\n\nx").content_type, "image/png");
        let by_bytes = single("Content-Type: application/octet-stream\n\n%PDF-1.4");
        assert_eq!(
            (by_bytes.content_type.as_str(), by_bytes.filename.as_str()),
            ("application/pdf", "attachment-1.pdf")
        );
        let broken = single("Content-Type: pdf; name=x\nContent-Disposition: attachment\n\nx");
        assert_eq!(broken.content_type, "application/octet-stream");
    }

    #[test]
    fn files_in_the_text_follow_the_files_of_the_mail() {
        let found = record(
            b"From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n\nabove\nbegin 644 a.txt\n#86)C\n`\nend\nbelow\n",
        );
        assert_eq!(found.body, crate::record::Body::Text("above\nbelow\n".into()));
        let file = &found.attachments[0];
        assert_eq!(
            (file.filename.as_str(), file.content_type.as_str(), &file.content[..]),
            ("a.txt", "text/plain", &b"abc"[..])
        );
        assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
    }

    #[test]
    fn a_part_that_travels_as_uuencode_is_decoded() {
        let found = single(
            "Content-Type: application/octet-stream\nContent-Transfer-Encoding: X-uuencode\n\nbegin 644 a.pdf\n#86)C\n`\nend",
        );
        assert_eq!(
            (found.filename.as_str(), found.content_type.as_str(), &found.content[..]),
            ("a.pdf", "application/pdf", &b"abc"[..])
        );
    }

    #[test]
    fn a_winmail_dat_gives_its_files() {
        let mail = |wrapper: &[u8]| {
            let part = b"From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nContent-Type: application/ms-tnef; \
                name=winmail.dat\nContent-Transfer-Encoding: binary\n\n";
            record(&[part.as_slice(), wrapper].concat())
        };
        let wrapper = crate::record::email::tnef::tests::wrapper("a.txt", b"inside");
        let found = mail(&wrapper);
        let names = |found: &crate::record::Record| -> Vec<String> {
            found.attachments.iter().map(|file| file.filename.clone()).collect()
        };
        assert_eq!((names(&found), &found.attachments[0].content[..]), (vec!["a.txt".to_owned()], &b"inside"[..]));
        assert_eq!(found.changes, ["file 1: winmail.dat replaced by what is in it"]);
        let cut = mail(&wrapper[..wrapper.len() - 9]);
        // The long name stands in the part that is gone.
        assert_eq!(names(&cut), ["SHORT~1.TXT", "winmail.dat"]);
        assert_eq!(names(&mail(b"nothing of the kind")), ["winmail.dat"]);
    }

    #[test]
    fn reports_and_signatures_get_telling_names() {
        assert_eq!(single("Content-Type: message/delivery-status\n\nAction: failed\n").filename, "delivery-status.txt");
        assert_eq!(single("Content-Type: application/pgp-signature\n\nx").filename, "signature.asc");
        assert_eq!(single("Content-Type: text/calendar; method=REQUEST\n\nx").filename, "invite.ics");
    }
}
