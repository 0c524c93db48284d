//! Mails for the browser, as an mbox holds them.

use crate::support::mails::mail;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A mail of one part: `kind` is its subtype of text.
pub(crate) fn text(number: usize, subject: &str, kind: &str, body: &str) -> Vec<u8> {
    mail(&format!("{}Content-Type: text/{kind}; charset=utf-8\n", head(number, subject)), &format!("\n{body}\n"))
}

/// A mail in HTML with files: name, type and content of each.
pub(crate) fn with_files(number: usize, subject: &str, html: &str, files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let head = format!("{}Content-Type: multipart/mixed; boundary=\"=_b\"\n", head(number, subject));
    let mut parts = vec![format!("\n--=_b\nContent-Type: text/html; charset=utf-8\n\n{html}\n")];
    for (name, kind, content) in files {
        let encoded = STANDARD.encode(content);
        parts.push(format!(
            "--=_b\nContent-Type: {kind}\nContent-Disposition: attachment; filename=\"{name}\"\n\
             Content-Transfer-Encoding: base64\n\n{encoded}\n"
        ));
    }
    mail(&head, &format!("{}--=_b--\n", parts.concat()))
}

fn head(number: usize, subject: &str) -> String {
    format!(
        "From: Ann Archer <ann@x.example>\nTo: Bob <bob@y.example>\nSubject: {subject}\n\
         Date: Fri, 21 Nov 1997 {:02}:{:02}:06 +0000\nMessage-ID: <{number}@x.example>\n",
        number / 60,
        number % 60
    )
}
