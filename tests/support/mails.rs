//! Mails written by hand, as an mbox holds them.

/// A mail with its separator and its closing blank line. `head` and `body` have lines that end in `\n`.
pub(crate) fn mail(head: &str, body: &str) -> Vec<u8> {
    format!("From - Fri Nov 21 09:55:06 1997\n{head}MIME-Version: 1.0\n{body}\n").into_bytes()
}

/// The mail with this number: its own Message-ID, a minute of its own, and a text.
pub(crate) fn numbered(number: usize, more: &str) -> Vec<u8> {
    let head = format!(
        "From: Ann <ann@x.example>\nTo: Bob <bob@y.example>\nSubject: Lamp {number}\n\
         Date: Fri, 21 Nov 1997 09:{:02}:06 +0000\nMessage-ID: <{number}@x.example>\n{more}",
        number % 60
    );
    mail(&head, &format!("\nText of {number}.\n"))
}

/// The mail with this number and one file: its `Content-Type` and `Content-Disposition` lines, and its lines of base64.
pub(crate) fn with_file(number: usize, part_head: &str, base64: &str) -> Vec<u8> {
    let head = format!(
        "From: Ann <ann@x.example>\nTo: Bob <bob@y.example>\nSubject: File {number}\n\
         Date: Fri, 21 Nov 1997 10:{:02}:06 +0000\nMessage-ID: <file{number}@x.example>\n\
         Content-Type: multipart/mixed; boundary=\"=_b\"\n",
        number % 60
    );
    let body = format!(
        "\n--=_b\nContent-Type: text/html; charset=utf-8\n\n  <p>See file {number}</p>  \n\n\n--=_b\n{part_head}\
         Content-Transfer-Encoding: base64\n\n{base64}\n--=_b--\n"
    );
    mail(&head, &body)
}
