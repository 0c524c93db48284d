//! Tests of whole mails: nothing panics, nothing overflows, and the fields that have no file of their own.

use super::{RawMail, from_mail};
use crate::record::testing::{mail, mapping, record};
use crate::record::{BadKind, Body, Direction};
use bytes::Bytes;
use proptest::prelude::*;

const MAIL: &str = "Message-ID: <1@x.example>\nFrom: Ann <Ann@X.example>\nTo: b@x.example, C <c@x.example>\n\
    Cc: undisclosed-recipients:;\nBcc: d@x.example\nReply-To: r@x.example\nIn-Reply-To: <0@x.example>\n\
    References: <1@x.example> <0@x.example>\nSubject: =?utf-8?Q?[#42]_caf=C3=A9?=\nX-GM-THRID: 1633\n\
    X-Gmail-Labels: Sent,Work\nX-Ticket: T-7\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n\nhello\n";

#[test]
fn every_field_of_a_mail_is_read() {
    let found = record(MAIL.as_bytes());
    assert_eq!(found.message_id.as_deref(), Some("1@x.example"));
    assert_eq!(found.from.unwrap().handle, "Ann@x.example");
    assert_eq!(found.to.len(), 2);
    assert_eq!((found.cc.len(), found.bcc.len(), found.reply_to.len()), (0, 1, 1));
    assert_eq!(found.in_reply_to, ["0@x.example"]);
    assert_eq!(found.references, ["0@x.example"]);
    assert_eq!(found.subject.as_deref(), Some("[#42] café"));
    assert_eq!(found.gmail_thread.as_deref(), Some("1633"));
    assert_eq!(found.labels, ["Sent", "Work"]);
    assert_eq!(found.stated_direction, Some(Direction::Outbound));
    assert_eq!(found.date, Some(880_127_706));
    assert_eq!(found.body, Body::Text("hello\n".into()));
    assert_eq!(found.changes, [""; 0]);
}

#[test]
fn what_the_source_had_to_change_stands_in_the_record() {
    let raw = RawMail { changes: vec!["a line mended".to_owned()], ..mail(MAIL.as_bytes()) };
    assert_eq!(from_mail(&raw, &mapping(), 0).unwrap().changes, ["a line mended"]);
}

/// Ids of mails without a Message-ID as they were before texts were reflowed, files taken out of them and charsets
/// repaired: what people see may get better, what a mail is may not.
#[test]
fn repairs_for_people_never_touch_the_identity() {
    let head = "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n";
    let hex = |digest: [u8; 32]| blake3::Hash::from_bytes(digest).to_hex()[..16].to_owned();
    for (name, rest, key, sameness) in [
        (
            "flowed",
            "Content-Type: text/plain; format=flowed\n\none \ntwo\n".as_bytes(),
            "7cc6c0f635134f09",
            "1b565ef9b908f881",
        ),
        ("enclosed", b"\nabove\nbegin 644 a.txt\n#86)C\n`\nend\nbelow\n", "dffe3016ea6beb37", "1040832e3607797a"),
        ("charset", b"Content-Type: text/plain; charset=utf-8\n\ncaf\xE9\n", "e67915b8437ae604", "c56a6da693f520e1"),
        ("html", b"Content-Type: text/html\n\n<meta charset=latin1><p>x</p>\n", "2454008a581fe516", "e02f5b430a921780"),
        (
            "base64",
            b"Content-Transfer-Encoding: base64\n\naGVsbG8=\n_____\nusers list\n",
            "d6382e154e9e2986",
            "70e544881b166471",
        ),
        (
            "related",
            b"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: image/png\n\nP\n--b\nContent-Type: \
            text/html\n\n<p>x\n--b--\n",
            "0e325774e01591a3",
            "7499479df9cce664",
        ),
        (
            "repeated",
            b"Content-Type: multipart/mixed; boundary=b\nContent-Type: text/plain\n\n--b\nContent-Type: text/html\n\n\
            <p>x\n--b--\n",
            "a26b0805760c9bc2",
            "134c32e05c99ffdd",
        ),
    ] {
        let identity = record(&[head.as_bytes(), rest].concat()).identity;
        assert_eq!((hex(identity.key).as_str(), hex(identity.sameness).as_str()), (key, sameness), "{name}");
    }
}

#[test]
fn the_thread_rule_reads_a_header_then_the_subject() {
    let mut mapping = mapping();
    mapping.thread.subject = regex::Regex::new(r"\[#(\d+)\]").ok();
    let value = |mapping: &crate::mapping::Mapping| from_mail(&mail(MAIL.as_bytes()), mapping, 0).unwrap().thread_value;
    assert_eq!(value(&mapping).as_deref(), Some("42"));
    mapping.thread.header = Some("x-ticket".into());
    assert_eq!(value(&mapping).as_deref(), Some("T-7"));
    mapping.thread.header = Some("X-Absent".into());
    assert_eq!(value(&mapping).as_deref(), Some("42"));
}

#[test]
fn a_byte_order_mark_or_nul_before_the_mail_hides_nothing() {
    let found = record(&[b"\xEF\xBB\xBF\0\r\n", MAIL.as_bytes()].concat());
    assert_eq!(found.message_id.as_deref(), Some("1@x.example"));
    assert_eq!(found.changes, ["bytes before the first header field left out"]);
    assert_eq!(found.identity.key, record(MAIL.as_bytes()).identity.key);
}

#[test]
fn bytes_that_are_no_mail_are_unreadable() {
    for bytes in [&b""[..], b"\n\n", b"no field here", b"\0\0\0"] {
        let bad = from_mail(&mail(bytes), &mapping(), 0).unwrap_err();
        assert!(bad.kind == BadKind::Unreadable || bad.cause == "no sender", "{bytes:?}: {bad:?}");
    }
    assert_eq!(from_mail(&mail(b""), &mapping(), 0).unwrap_err().cause, "not a mail");
}

#[test]
fn a_mail_nested_beyond_reason_is_rejected_and_takes_no_stack() {
    let deep = format!("{}\n", "Content-Type: message/rfc822\n\n".repeat(27_000));
    assert!(deep.len() > 800_000);
    let raw = mail(format!("From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n{deep}").as_bytes());
    // The stack that std, tokio and rayon give their threads.
    let small = std::thread::Builder::new().stack_size(2 << 20);
    let bad = small.spawn(move || from_mail(&raw, &mapping(), 0).unwrap_err()).unwrap().join().unwrap();
    assert_eq!((bad.kind, bad.cause.as_str()), (BadKind::Rejected, "nested too deeply"));
}

#[test]
fn the_deepest_nesting_that_is_allowed_fits_a_small_stack() {
    let deep = "Content-Type: message/rfc822\n\n".repeat(1_000);
    let raw = mail(format!("From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n{deep}").as_bytes());
    let small = std::thread::Builder::new().stack_size(2 << 20);
    assert!(small.spawn(move || from_mail(&raw, &mapping(), 0).is_ok()).unwrap().join().unwrap());
}

#[test]
fn hostile_headers_cost_no_quadratic_time() {
    // A search to the end for every piece would keep this test busy for hours.
    let fields = [
        ("Subject: ", "=?utf-8?Q?"),
        ("References: ", "("),
        ("References: ", "<"),
        ("To: ", "a@x.example,"),
        ("X-Gmail-Labels: ", "a,"),
        ("Content-Type: ", "text/plain; name*0=a;"),
    ];
    for (name, piece) in fields {
        let text = format!(
            "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n{name}{}\n\nhi\n",
            piece.repeat(100_000)
        );
        assert!(from_mail(&mail(text.as_bytes()), &mapping(), 0).is_ok(), "{piece}");
    }
}

#[test]
fn hostile_bodies_cost_no_quadratic_time() {
    let pieces = [
        "<",
        "<!--",
        "<a b=\"",
        "<script>",
        "</",
        "<!",
        "<p style=url(",
        "&",
        "begin 644 a\n#86)C\n",
        "=ybegin line=1 size=1 name=a\n",
        "=ybegin line=1 size=99999999 name=a\n",
        "<meta charset=",
        "http://",
        "www.",
        "(",
        "http://x(",
        "> ",
        "=",
        " ",
        "=?",
        "\n--",
    ];
    for kind in ["text/plain; format=flowed", "text/html", "text/enriched"] {
        for piece in pieces {
            let text = format!(
                "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nContent-Type: {kind}\n\
                 Content-Transfer-Encoding: quoted-printable\n\n{}",
                piece.replace('=', "=3D").repeat(100_000)
            );
            let found = from_mail(&mail(text.as_bytes()), &mapping(), 0).unwrap();
            if let Body::Text(text) = &found.body {
                assert!(!crate::record::text_to_html(text).contains("javascript"));
            }
        }
    }
}

fn raw(bytes: Vec<u8>) -> RawMail {
    RawMail { separator_date: Some(880_127_706), ..RawMail::new(Bytes::from(bytes)) }
}

/// A mail of everything that has a reader of its own.
const WHOLE: &[u8] = b"From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nContent-Type: multipart/mixed; boundary=a\n\n\
    above\n--a\nContent-Type: multipart/related; boundary=b; start=\"<r>\"\n\n--b\nContent-Type: image/png\nContent-ID: <i>\n\
    Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b\nContent-Type: text/html; charset=koi8-r\nContent-ID: <r>\n\
    Content-Transfer-Encoding: quoted-printable\n\n<meta charset=3D\"koi8-r\"><p onload=3Dx>=D0=D2<img src=3Dcid:i>\n--b--\n\
    --a\nContent-Type: text/plain; format=flowed; delsp=yes\n\n> one \n> two\nbegin 644 a.txt\n#86)C\n`\nend\n\
    =ybegin line=128 size=1 name=b\nk\n=yend size=1\n--a\nContent-Type: message/rfc822\n\nSubject: in\n\nhi\n\
    --a\nContent-Type: application/ms-tnef; name*0*=utf-8''win%6D; name*1=ail.dat\nContent-Transfer-Encoding: base64\n\n\
    eJ8+IgEAAgKQBgAEAAAAAQIDBAoA\n--a--\nbelow\n";

/// Pieces that mails are made of, in any order.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("From: a@x.example\n"),
        Just("Date: Fri, 21 Nov 1997 09:55:06 -0600\n"),
        Just("Subject: "),
        Just("=?utf-8?Q?=C3?= =?utf-8?B?qQ==?="),
        Just("Content-Type: multipart/mixed; boundary=b\n"),
        Just("Content-Type: multipart/alternative; boundary=\"c\"\n"),
        Just("Content-Type: message/rfc822\n"),
        Just("Content-Type: text/html; charset=utf-8\n"),
        Just("Content-Type: image/png; name*0*=utf-8''%C3; name*1*=%A9\n"),
        Just("Content-Transfer-Encoding: base64\n"),
        Just("Content-Transfer-Encoding: quoted-printable\n"),
        Just("Content-Disposition: attachment; filename=\"a"),
        Just("References: <1@x> (c) <2"),
        Just("--b\n"),
        Just("--b--\n"),
        Just("--c\n"),
        Just("--c--"),
        Just("\n"),
        Just("\r\n"),
        Just("aGVsbG8="),
        Just("=C3=A9=\n"),
        Just("Content-Type: multipart/related; boundary=c; start=\"<1@x>\"\n"),
        Just("Content-Type: text/plain; charset=utf-16; format=flowed; delsp=yes\n"),
        Just("Content-Type: application/ms-tnef\n"),
        Just("Content-Type: text/enriched\n"),
        Just("Content-Transfer-Encoding: x-uuencode\n"),
        Just("begin 644 a.txt\n#86)C\n"),
        Just("`\nend\n"),
        Just("=ybegin line=128 size=3 name=a\n"),
        Just("=yend size=3\n"),
        Just("<meta charset=koi8-r><script>"),
        Just("<p>&lt;</p>"),
        Just("> > q\n"),
        Just("\u{e9}\0"),
        Just(" "),
        Just(":"),
        Just("<"),
        Just("("),
        Just("\""),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_record_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = from_mail(&raw(bytes), &mapping(), 0);
    }

    #[test]
    fn anything_like_a_mail_ends_in_a_record_or_a_reason(bytes in mail_like()) {
        if let Ok(found) = from_mail(&raw(bytes.clone()), &mapping(), 0) {
            prop_assert!(found.date.is_some() && found.from.is_some());
            prop_assert!(found.attachments.iter().all(|file| !file.filename.is_empty()));
            let again = from_mail(&raw(bytes), &mapping(), 0).unwrap();
            prop_assert_eq!(found.identity, again.identity);
        }
    }

    #[test]
    fn a_mail_with_any_damage_ends_in_a_record_or_a_reason(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = WHOLE.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(found) = from_mail(&raw(bytes), &mapping(), 0) {
            prop_assert!(found.attachments.iter().all(|file| !file.filename.is_empty() && file.content_type.contains('/')));
        }
    }

    #[test]
    fn the_order_and_presence_of_volatile_headers_never_touch_the_identity(
        order in Just(vec![
            "From: a@x.example\n", "To: b@x.example\n", "Date: Fri, 21 Nov 1997 09:55:06 -0600\n", "Subject: hi\n",
            "Received: by x; Fri, 21 Nov 1997 15:55:06 +0000\n", "X-Gmail-Labels: Inbox\n", "Status: RO\n",
        ]).prop_shuffle(),
    ) {
        let full = order.concat() + "\nhello\n";
        let bare: String = order.iter().filter(|line| !["Re", "X-", "St"].contains(&&line[..2])).copied().collect();
        let (full, bare) = (record(full.as_bytes()).identity, record((bare + "\nhello\n").as_bytes()).identity);
        prop_assert_eq!(full.key, bare.key);
        prop_assert_eq!(full.sameness, bare.sameness);
    }
}
