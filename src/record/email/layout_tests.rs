use crate::record::testing::record;
use crate::record::{Body, Record};

fn mail(kind: &str, parts: &[&str]) -> String {
    format!("Content-Type: multipart/{kind}\n\n--b\n{}\n--b--\n", parts.join("\n--b\n"))
}

/// A multipart as a part, with a boundary of its own.
fn nested(kind: &str, boundary: &str, parts: &[&str]) -> String {
    mail(&format!("{kind}; boundary={boundary}"), parts)
        .replace("--b\n", &format!("--{boundary}\n"))
        .replace("--b--", &format!("--{boundary}--"))
}

fn read(rest: &str) -> Record {
    record(format!("From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n{rest}").as_bytes())
}

fn multipart(kind: &str, parts: &[&str]) -> Record {
    read(&mail(&format!("{kind}; boundary=b"), parts))
}

fn names(record: &Record) -> Vec<&str> {
    record.attachments.iter().map(|file| file.filename.as_str()).collect()
}

fn html(text: &str) -> Body {
    Body::Html(text.to_owned())
}

fn text(text: &str) -> Body {
    Body::Text(text.to_owned())
}

const TEXT: &str = "Content-Type: text/plain\n\nhello";
const HTML: &str = "Content-Type: text/html\n\n<p>hello</p>";
const IMAGE: &str = "Content-Type: image/png\nContent-ID: <i>\n\nPNG";

#[test]
fn an_alternative_in_a_related_in_a_mixed_shows_its_html_and_keeps_the_image() {
    let inner = nested("alternative", "d", &[TEXT, HTML]);
    let related = nested("related", "c", &[&inner, IMAGE]);
    let found = multipart("mixed", &[&related, "Content-Type: application/pdf; name=a.pdf\n\n%PDF"]);
    assert_eq!((found.body.clone(), names(&found)), (html("<p>hello</p>"), vec!["image-1.png", "a.pdf"]));
    assert_eq!(found.attachments[0].content_id.as_deref(), Some("i"));
}

#[test]
fn the_root_of_a_related_is_the_one_that_start_names_or_the_first_text() {
    let root = "Content-Type: text/html\nContent-ID: <root@x>\n\n<p>root</p>";
    let found = multipart("related; start=\"<root@x>\"", &[HTML, root]);
    assert_eq!((found.body.clone(), names(&found)), (html("<p>root</p>"), vec!["attachment-1.html"]));
    assert_eq!(multipart("related", &[IMAGE, HTML]).body, html("<p>hello</p>"));
}

#[test]
fn an_invitation_beside_the_text_is_kept_as_a_file() {
    let calendar = "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR";
    let found = multipart("alternative", &[TEXT, HTML, calendar]);
    assert_eq!((found.body.clone(), names(&found)), (html("<p>hello</p>"), vec!["invite.ics"]));
}

#[test]
fn a_calendar_entry_alone_is_a_file_and_the_body_says_so() {
    let found = read("Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n");
    assert_eq!(names(&found), ["invite.ics"]);
    assert!(matches!(&found.body, Body::Text(body) if body.contains("calendar")), "{:?}", found.body);
}

#[test]
fn a_text_that_is_declared_an_attachment_is_a_file() {
    let note = "Content-Type: text/plain; name=n.txt\nContent-Disposition: ATTACHMENT\n\nnote";
    let found = multipart("mixed", &[note, TEXT]);
    assert_eq!((found.body.clone(), names(&found)), (text("hello"), vec!["n.txt"]));
    let alone = read("Content-Disposition: attachment; filename=n.txt\n\nnote\n");
    assert_eq!((alone.body.clone(), names(&alone)), (text(""), vec!["n.txt"]));
}

#[test]
fn signatures_are_files_and_the_signed_text_is_shown() {
    let signature = "Content-Type: application/pgp-signature\n\nsig";
    let found = multipart("signed", &[TEXT, signature]);
    assert_eq!((found.body.clone(), names(&found)), (text("hello"), vec!["signature.asc"]));
    let smime = "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nsig";
    assert_eq!(names(&multipart("signed", &[TEXT, smime])), ["smime.p7s"]);
}

#[test]
fn encrypted_mail_keeps_its_parts_and_says_what_it_is() {
    let version = "Content-Type: application/pgp-encrypted\n\nVersion: 1";
    let sealed = "Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----";
    let found = multipart("encrypted", &[version, sealed]);
    assert_eq!(names(&found), ["version.asc", "encrypted.asc"]);
    assert!(matches!(&found.body, Body::Text(body) if body.contains("encrypted")), "{:?}", found.body);
    let smime = read("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nsealed\n");
    assert_eq!(names(&smime), ["smime.p7m"]);
    assert!(matches!(&smime.body, Body::Text(body) if body.contains("smime.p7m")), "{:?}", smime.body);
}

#[test]
fn a_bounce_shows_its_text_and_keeps_its_reports() {
    let status = "Content-Type: message/delivery-status\n\nAction: failed";
    let headers = "Content-Type: text/rfc822-headers\n\nSubject: x";
    let found = multipart("report; report-type=delivery-status", &[TEXT, status, headers]);
    assert_eq!((found.body.clone(), names(&found)), (text("hello"), vec!["delivery-status.txt", "headers.txt"]));
    let receipt = "Content-Type: message/disposition-notification\n\nDisposition: manual";
    assert_eq!(names(&multipart("report", &[TEXT, receipt])), ["disposition-notification.txt"]);
}

#[test]
fn headers_or_another_readable_text_alone_are_the_body() {
    assert_eq!(read("Content-Type: text/rfc822-headers\n\nSubject: x\n").body, text("Subject: x\n"));
    assert_eq!(read("Content-Type: text/markdown\n\n# x\n").body, text("# x\n"));
    assert_eq!(read("Content-Type: text/enriched\n\n<bold>x</bold> <<\n").body, text("x < "));
    let enriched = "Content-Type: text/enriched\n\n<bold>x</bold>";
    let found = multipart("alternative", &[enriched]);
    assert_eq!((found.body.clone(), names(&found)), (text("x"), vec![]));
}

#[test]
fn a_blank_html_part_hides_no_text_even_beside_a_footer() {
    let blank = "Content-Type: text/html\n\n<html><head><title>t</title></head><body><br></body></html>";
    let inner = nested("alternative", "c", &[TEXT, blank]);
    assert_eq!(multipart("mixed", &[&inner, "Content-Type: text/plain\n\nfooter"]).body, text("hello\nfooter"));
}

#[test]
fn files_beside_a_text_that_is_not_shown_are_kept() {
    let plain = nested("mixed", "c", &[TEXT, "Content-Type: application/pdf; name=a.pdf\n\n%PDF"]);
    let found = multipart("alternative", &[&plain, HTML]);
    assert_eq!((found.body.clone(), names(&found)), (html("<p>hello</p>"), vec!["a.pdf"]));
}

#[test]
fn an_unknown_multipart_is_read_as_mixed_and_a_digest_as_mails() {
    let found = multipart("x-unheard-of", &[TEXT, "Content-Type: application/pdf; name=a.pdf\n\n%PDF"]);
    assert_eq!((found.body.clone(), names(&found)), (text("hello"), vec!["a.pdf"]));
    let digest = multipart("digest", &["\nSubject: one\n\nx", "\nSubject: two\n\ny"]);
    assert_eq!(names(&digest), ["one.eml", "two.eml"]);
}

#[test]
fn what_stands_outside_the_parts_shows_only_when_there_is_nothing_else() {
    let hidden = "Content-Type: multipart/mixed; boundary=b\n\nabove\n--b\n\nhello\n--b--\nbelow\n";
    assert_eq!(read(hidden).body, text("hello"));
    let shown = read("Content-Type: multipart/mixed; boundary=b\n\nabove\n--b\n\n\n--b--\nbelow\n");
    assert_eq!(shown.body, text("above\nbelow\n"));
    let noise = read(
        "Content-Type: multipart/mixed; boundary=b\n\nThis is a multi-part message in MIME format.\n--b\n\n\n--b--\n",
    );
    assert_eq!(noise.body, text(""));
}

#[test]
fn text_above_the_parts_is_shown_beside_files_and_text_below_is_not() {
    let file = "Content-Type: application/pdf; name=a.pdf\n\n%PDF";
    let found = read(&format!("Content-Type: multipart/mixed; boundary=b\n\nabove\n--b\n{file}\n--b--\nbelow\n"));
    assert_eq!((found.body.clone(), names(&found)), (text("above\n"), vec!["a.pdf"]));
}

#[test]
fn a_header_that_ends_in_a_line_of_blanks_hides_no_text() {
    let found = read("Subject: x\n \nhello, \nthere\n");
    assert_eq!(found.body, text("hello, \nthere\n"));
    assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
}

#[test]
fn a_mail_that_ends_inside_a_part_says_so() {
    let cut = read(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KG",
    );
    assert_eq!((cut.body.clone(), names(&cut)), (text("hello"), vec!["image-1.png"]));
    assert!(cut.changes.iter().any(|line| line.contains("may have been cut")), "{:?}", cut.changes);
    assert!(multipart("mixed", &[TEXT]).changes.is_empty());
    let alternative =
        read("Content-Type: multipart/alternative; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: text/html\n\n<p>hel");
    assert_eq!((alternative.body.clone(), names(&alternative)), (html("<p>hel"), vec![]));
}

#[test]
fn a_transfer_encoding_of_a_multipart_is_ignored() {
    let found =
        read(&mail("mixed; boundary=b", &[TEXT]).replacen("\n\n", "\nContent-Transfer-Encoding: BASE64\n\n", 1));
    assert_eq!(found.body, text("hello"));
}

#[test]
fn a_name_alone_makes_a_later_text_a_file() {
    let named = "Content-Type: text/plain; name=log.txt\n\nlog";
    let found = multipart("mixed", &[TEXT, named]);
    assert_eq!((found.body.clone(), names(&found)), (text("hello"), vec!["log.txt"]));
    assert_eq!(multipart("mixed", &[named]).body, text("log"));
}
