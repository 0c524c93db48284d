//! Promises about dialects: what is written in one is read back.

use super::super::pread::ReadAt;
use super::super::test_support::{Export, problems, scan_twice, texts};
use super::framer::Framer;
use super::in_memory;
use super::reading::Reading;
use crate::mapping::{Dialect, Format};
use crate::source::Source;
use proptest::prelude::*;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

const DATE: &str = "Tue Mar 19 09:13:51 2019";
const ALL: [Dialect; 4] = [Dialect::Mboxo, Dialect::Mboxrd, Dialect::Mboxcl, Dialect::Mboxcl2];

/// Writes mails (header, body) in a dialect, as its definition says.
fn written(mails: &[(String, String)], dialect: Dialect, crlf: bool) -> (Vec<u8>, Vec<u64>) {
    let (mut file, mut offsets) = (Vec::new(), Vec::new());
    let end = if crlf { "\r\n" } else { "\n" };
    for (header, body) in mails {
        offsets.push(file.len() as u64);
        let quoted: Vec<String> = body
            .split_inclusive('\n')
            .map(|line| {
                let bare = line.trim_start_matches('>');
                let quotes = match dialect {
                    Dialect::Mboxo | Dialect::Mboxcl => line.starts_with("From "),
                    Dialect::Mboxrd => bare.starts_with("From "),
                    Dialect::Mboxcl2 | Dialect::Auto => false,
                };
                format!("{}{line}", if quotes { ">" } else { "" })
            })
            .collect();
        let body = quoted.concat().replace('\n', end);
        let length = if matches!(dialect, Dialect::Mboxcl | Dialect::Mboxcl2) {
            format!("Content-Length: {}{end}", body.len())
        } else {
            String::new()
        };
        let header = header.replace('\n', end);
        file.extend(format!("From a@b.example {DATE}{end}{header}{length}{end}{body}{end}").bytes());
    }
    (file, offsets)
}

/// What was read, without the Content-Length that the writer added, and with LF.
fn read_back(bytes: &[u8], dialect: Dialect, block: usize) -> Vec<(u64, String)> {
    let stretches = in_memory(bytes, dialect, block);
    let mut next = 0;
    for (offset, length, _) in &stretches {
        assert_eq!(*offset, next);
        next += length;
    }
    assert_eq!(next, bytes.len() as u64);
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let (header, body) = text.split_once("\n\n").unwrap();
        let fields: Vec<&str> = header.lines().filter(|line| !line.starts_with("Content-Length: ")).collect();
        format!("{}\n\n{body}", fields.join("\n"))
    };
    stretches.into_iter().map(|(offset, _, mail)| (offset, text(&mail.unwrap().bytes))).collect()
}

/// Bodies in which separators, quoted lines and blank lines abound. `>From ` of a person is left out where mboxo is
/// written: that dialect cannot tell it from a quoted line.
fn body(may_quote: bool) -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => Just("text\n".to_owned()),
        2 => Just("\n".to_owned()),
        2 => Just("From here on we ship\n".to_owned()),
        2 => Just(format!("\nFrom c@d.example {DATE}\nSubject: not a mail\n\n")),
        1 => Just("Content-Length: 3\n".to_owned()),
        1 => Just(if may_quote { ">From a friend\n" } else { "> From a friend\n" }.to_owned()),
        1 => Just(">>From afar\n".to_owned()),
        1 => Just("x".repeat(3000) + "\n"),
    ];
    (proptest::collection::vec(line, 0..12), any::<bool>()).prop_map(|(lines, ends)| {
        let body = lines.concat();
        // A body that Content-Length delimits may well end in blank lines; others lose one of two.
        if ends { body } else { format!("{body}end\n") }
    })
}

fn mails(may_quote: bool) -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec((0..99_u8, body(may_quote)), 1..6).prop_map(|mails| {
        mails.into_iter().map(|(number, body)| (format!("Subject: {number}\nX-From: From a\n"), body)).collect()
    })
}

fn check(mails: &[(String, String)], dialect: Dialect, read_as: Dialect, block: usize) {
    for crlf in [false, true] {
        let (file, offsets) = written(mails, dialect, crlf);
        let found = read_back(&file, read_as, block);
        let expected: Vec<(u64, String)> =
            offsets.iter().zip(mails).map(|(offset, (header, body))| (*offset, format!("{header}\n{body}"))).collect();
        assert_eq!(found, expected, "{dialect:?} read as {read_as:?}, crlf {crlf}");
    }
}

proptest! {
    #[test]
    fn what_is_written_in_a_dialect_is_read_back_exactly_in_blocks_of_any_size(
        plain in mails(false), quoting in mails(true), block in 1_usize..5000,
    ) {
        check(&plain, Dialect::Mboxo, Dialect::Mboxo, block);
        check(&quoting, Dialect::Mboxrd, Dialect::Mboxrd, block);
        check(&plain, Dialect::Mboxcl, Dialect::Mboxcl, block);
        check(&quoting, Dialect::Mboxcl2, Dialect::Mboxcl2, block);
    }

    #[test]
    fn a_file_says_itself_where_its_mails_end(plain in mails(false), quoting in mails(true)) {
        check(&plain, Dialect::Mboxo, Dialect::Auto, 1 << 20);
        for dialect in ALL {
            let (file, offsets) = written(&quoting, dialect, false);
            let found: Vec<u64> = in_memory(&file, Dialect::Auto, 1 << 20).into_iter().map(|found| found.0).collect();
            prop_assert_eq!(found, offsets, "{:?}", dialect);
        }
    }

    #[test]
    fn any_bytes_are_tiled_in_any_dialect(
        pieces in proptest::collection::vec(prop_oneof![
            Just(b"\n".to_vec()), Just(b"\r\n".to_vec()), Just(b"From ".to_vec()), Just(vec![0; 5000]),
            Just(format!("\n\nFrom - {DATE}\n").into_bytes()), Just(b"\nFrom \nA: b\n".to_vec()), Just(b"Subject: x\n".to_vec()),
            Just(b"Content-Length: 10\n\n".to_vec()), Just(b"Content-Length: 99999999999999999999\n".to_vec()),
            Just(b"Content-Length: 18446744073709551615\n\n".to_vec()), Just(b"\n>From - x\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
        ], 0..30),
        block in 1_usize..3000,
    ) {
        let bytes = pieces.concat();
        for dialect in ALL.into_iter().chain([Dialect::Auto]) {
            let found = in_memory(&bytes, dialect, 1 << 20);
            let shape = |found: &[(u64, u64, Option<crate::source::RawMail>)]| {
                found.iter().map(|(at, length, mail)| (*at, *length, mail.as_ref().map(|mail| mail.bytes.clone()))).collect::<Vec<_>>()
            };
            let mut end = 0;
            for (offset, length, _) in &found {
                prop_assert_eq!(*offset, end);
                end += length;
            }
            prop_assert_eq!(end, bytes.len() as u64);
            prop_assert_eq!(shape(&in_memory(&bytes, dialect, block)), shape(&found));
        }
    }
}

fn open(dialect: Dialect, bytes: impl AsRef<[u8]>) -> (Export, Box<dyn Source>) {
    let export = Export::new().with("a.mbox", bytes);
    let source = export.open(Format::Mbox(dialect), &["a.mbox"]).unwrap();
    (export, source)
}

/// A mail whose body holds what would be a separator.
fn mail_with_fake(length: impl Fn(usize) -> usize) -> String {
    let body = format!("see:\n\nFrom c@d.example {DATE}\nSubject: fake\n\nend\n");
    format!("From a@b.example {DATE}\nSubject: 1\nContent-Length: {}\n\n{body}\n", length(body.len()))
}

#[test]
fn a_correct_length_beats_a_fake_separator_and_a_wrong_one_does_not() {
    let true_mail = mail_with_fake(|length| length);
    let (_export, source) = open(Dialect::Auto, true_mail.repeat(3));
    assert_eq!(scan_twice(&*source).len(), 3);
    for wrong in [|length| length - 5, |length| length + 60, |_| 0, |_| usize::MAX] {
        let (_export, source) = open(Dialect::Mboxcl2, mail_with_fake(wrong).repeat(3));
        assert_eq!(scan_twice(&*source).len(), 6);
    }
    let (_export, source) = open(Dialect::Mboxo, true_mail.repeat(3));
    assert_eq!(scan_twice(&*source).len(), 6, "the mapping says that lengths do not count");
}

#[test]
fn a_length_counted_before_line_ends_were_converted_still_fits() {
    let crlf_counted = mail_with_fake(|length| length + 6);
    let (_export, source) = open(Dialect::Auto, crlf_counted.repeat(3));
    assert_eq!(scan_twice(&*source).len(), 3);
    let lf_counted = mail_with_fake(|length| length).replace('\n', "\r\n");
    let (_export, source) = open(Dialect::Auto, lf_counted.repeat(3));
    assert_eq!(scan_twice(&*source).len(), 3);
    assert!(source.notes().iter().any(|note| note.contains("mboxcl2: Content-Length fits in 3 of 3 mails")));
    assert!(!source.notes().iter().any(|note| note.contains("cut")), "{:?}", source.notes());
}

#[test]
fn a_length_that_counts_the_closing_blank_line_fits_and_so_does_a_body_without_line_end() {
    for (body, counted) in [("one\n\n", 5), ("one\n\n", 4), ("one\n", 3)] {
        let mail = format!("From a@b.example {DATE}\nContent-Length: {counted}\n\n{body}");
        let (_export, source) = open(Dialect::Mboxcl2, mail.repeat(2));
        assert_eq!(scan_twice(&*source).len(), 2);
        assert!(texts(&*source).iter().all(|text| text.ends_with(&body[..counted])), "{:?}", texts(&*source));
    }
}

#[test]
fn a_stray_length_in_a_file_of_another_dialect_is_not_believed() {
    let plain = format!("From a@b.example {DATE}\nSubject: 1\nContent-Length: 7\n\ntext\n\n");
    let (_export, source) = open(Dialect::Auto, format!("{}{}", plain.repeat(3), mail_with_fake(|length| length)));
    assert_eq!(scan_twice(&*source).len(), 5);
    let notes = source.notes();
    assert!(notes[0].contains("fits in 1 of 4 mails only"), "{notes:?}");
}

/// Bytes that count how many of them are read.
struct Counted<'a>(&'a [u8], AtomicU64);

impl ReadAt for Counted<'_> {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = self.0.read_some(buffer, offset)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn lying_lengths_cost_a_bounded_number_of_bytes_each() {
    for (length, padding) in [(10_000_000_000_u64, 10), (1_000_000, 200), (3, 10), (u64::MAX, 10)] {
        let mail = format!("From a@b.example {DATE}\nContent-Length: {length}\n\n{}\n\n", "x".repeat(padding));
        let bytes = mail.repeat(10_000).into_bytes();
        let file = Counted(&bytes, AtomicU64::new(0));
        let mails = Framer::new(&file, Reading::blind(Dialect::Mboxcl), 1 << 20).count();
        assert_eq!(mails, 10_000);
        let read = file.1.into_inner();
        assert!(read < 4 * bytes.len() as u64 + 10_000 * 8_192, "{read} bytes read of {}", bytes.len());
    }
}

#[test]
fn a_hundred_thousand_lines_of_a_person_are_one_mail() {
    let text = format!("From a@b.example {DATE}\nSubject: x\n\n{}", "From x\n".repeat(100_000));
    assert_eq!(in_memory(text.as_bytes(), Dialect::Auto, 1 << 20).len(), 1);
}

#[test]
fn each_dialect_takes_off_what_it_put_on() {
    let text = "From x\n>From y\n>>From z\n";
    let quoted = format!("From a@b.example {DATE}\nSubject: 1\n\n>From x\n>>From y\n>>>From z\n\n");
    let read = |dialect| texts(&*open(dialect, &quoted).1).concat();
    assert_eq!(read(Dialect::Mboxrd), format!("Subject: 1\n\n{text}"));
    let once = "Subject: 1\n\nFrom x\n>>From y\n>>>From z\n";
    assert_eq!(
        (read(Dialect::Mboxo), read(Dialect::Mboxcl), read(Dialect::Auto)),
        (once.into(), once.into(), once.into())
    );
    assert_eq!(read(Dialect::Mboxcl2), "Subject: 1\n\n>From x\n>>From y\n>>>From z\n");
}

#[test]
fn mboxrd_is_believed_where_the_file_says_so() {
    let mail = "From mboxrd@z Thu Jan  1 00:00:00 1970\nSubject: 1\n\n>>From x\n\n";
    let (_export, source) = open(Dialect::Auto, mail.repeat(2));
    assert_eq!(texts(&*source), ["Subject: 1\n\n>From x\n", "Subject: 1\n\n>From x\n"]);
    assert!(source.notes()[0].contains("read as mboxrd"), "{:?}", source.notes());
}

#[test]
fn where_nothing_is_quoted_a_persons_quote_is_left_alone() {
    let mail = format!("From a@b.example {DATE}\nSubject: 1\n\nHello\n\nFrom here on we ship\n>From you I hear\n\n");
    let other = format!("From a@b.example {DATE}\nSubject: 2\n\nHi\n\n>From x\n\n");
    let (_export, both) = open(Dialect::Auto, format!("{mail}{other}{other}"));
    let both = texts(&*both);
    assert!(both[0].contains("\n>From you I hear\n"), "the mail itself shows that it is not quoted");
    assert!(both[1].contains("\nFrom x\n"), "most of the file is");
    let mail = mail.replace("\n>From you", "\n\nFrom now on\n>From you");
    let (_export, source) = open(Dialect::Auto, &mail);
    assert!(texts(&*source)[0].contains("\n>From you I hear\n"));
    scan_twice(&*source);
    assert!(source.notes()[0].contains("nothing is unquoted"), "{:?}", source.notes());
    assert!(texts(&*open(Dialect::Mboxo, &mail).1)[0].contains("\nFrom you I hear\n"));
}

#[test]
fn equal_evidence_of_many_files_is_one_note() {
    let export = Export::new();
    for number in 0..20 {
        let mail = format!("From a@b.example {DATE}\nSubject: {number}\n\n>From x\n>>From y\n\n");
        export.write(&format!("{number:02}.mbox"), mail);
    }
    let source = export.open(Format::Mbox(Dialect::Auto), &["*.mbox"]).unwrap();
    assert_eq!(source.notes(), [""; 0], "nothing is known before the files are read");
    assert_eq!(scan_twice(&*source).len(), 20);
    let notes = source.notes();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("00.mbox, 01.mbox, 02.mbox and 17 other files: read as mboxo"), "{notes:?}");
    assert!(notes[0].contains("begins 20; 20 with more") && notes[0].contains("dialect = \"mboxrd\""), "{notes:?}");
    assert!(problems(&*source).is_empty());
}
