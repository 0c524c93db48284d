//! Promises about whole mbox files.

use super::framer::{BLOCK, Framer, Kind, Stretch};
use super::*;
use crate::mapping::Format;
use crate::source::MAX_MAIL;
use crate::source::test_support::{Export, Read, problems, read, scan_twice, source, texts};
use proptest::prelude::*;

const DATE: &str = "Tue Mar 19 09:13:51 2019";

fn mbox(bytes: impl AsRef<[u8]>) -> (Export, Box<dyn Source>) {
    let export = Export::new().with("a.mbox", bytes);
    let source = export.open(Format::Mbox(Dialect::Auto), &["a.mbox"]).unwrap();
    (export, source)
}

fn mails(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let (_export, source) = mbox(bytes);
    scan_twice(&*source);
    texts(&*source)
}

fn reading(bytes: &[u8]) -> Reading {
    reading::survey(&bytes, bytes.len() as u64, Dialect::Auto).unwrap().0
}

/// The stretches of `bytes`, read in blocks of `block`.
fn stretches(bytes: &[u8], block: usize) -> Vec<Stretch> {
    Framer::new(bytes, reading(bytes), block).map(|stretch| stretch.map_err(|broken| broken.error).unwrap()).collect()
}

fn separators(bytes: &[u8]) -> Vec<u64> {
    stretches(bytes, BLOCK).iter().filter(|stretch| stretch.kind == Kind::Mail).map(|stretch| stretch.offset).collect()
}

#[test]
fn the_last_message_is_never_lost() {
    let first = format!("From a@b.example {DATE}\nSubject: 1\n\none\n\n");
    for ending in ["\n\n", "\n", ""] {
        let all = mails(format!("{first}From a@b.example {DATE}\nSubject: 2\n\ntwo{ending}"));
        assert_eq!(all.len(), 2);
        assert!(all[1].starts_with("Subject: 2\n\ntwo"));
    }
    assert_eq!(mails(format!("{first}From a@b.example {DATE}")), ["Subject: 1\n\none\n", ""]);
}

#[test]
fn an_mbox_of_one_mail_gives_one_mail() {
    assert_eq!(mails(format!("From - {DATE}\r\nSubject: 1\r\n\r\none\r\n\r\n")), ["Subject: 1\r\n\r\none\r\n"]);
}

#[test]
fn a_line_in_a_body_that_starts_with_from_is_text() {
    let body =
        "Hello\n\nFrom here on we ship.\nFrom a@b.example Tue Mar 19 09:13:51 2019 is in the middle of a paragraph\n";
    let no_blank_line_before = format!("x\nFrom a@b.example {DATE}\n");
    let all = mails(format!("From a@b.example {DATE}\nSubject: 1\n\n{body}{no_blank_line_before}\n"));
    assert_eq!(all, [format!("Subject: 1\n\n{body}{no_blank_line_before}")]);
}

#[test]
fn a_separator_may_follow_a_blank_line_in_either_line_ending() {
    let mixed = format!("From a@b.example {DATE}\nSubject: 1\n\r\nFrom a@b.example {DATE}\r\nSubject: 2\r\n\r\n");
    assert_eq!(mails(mixed), ["Subject: 1\n", "Subject: 2\r\n"]);
}

#[test]
fn a_byte_order_mark_or_blank_lines_at_the_start_hide_no_mail() {
    let mail = format!("From a@b.example {DATE}\nSubject: 1\n\none\n");
    for lead in ["", "\u{feff}", "\n", "\r\n", "\n\n", "\u{feff}\n", "\u{feff}\r\n", "\0\0"] {
        let (_export, source) = mbox(format!("{lead}{mail}"));
        let entries = scan_twice(&*source);
        assert_eq!(entries.len(), 1, "{lead:?}: {entries:?}");
        assert_eq!(texts(&*source), ["Subject: 1\n\none\n"], "{lead:?}");
    }
}

#[test]
fn what_stands_before_the_first_separator_is_one_unreadable_record() {
    let (_export, source) = mbox(format!("cut off\n\nFrom a@b.example {DATE}\nSubject: 1\n"));
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "text before the first mbox separator");
    assert_eq!((problems[0].origin.pieces[0].offset, problems[0].origin.pieces[0].length), (0, 9));
    assert_eq!(texts(&*source), ["Subject: 1\n"]);
}

#[test]
fn a_file_without_any_separator_is_one_unreadable_record_that_says_what_it_looks_like() {
    let (_export, source) = mbox("Subject: 1\nFrom: a@b.example\n\none\n");
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "not an mbox file");
    assert!(problems[0].detail.contains("a.mbox") && problems[0].detail.contains("single mail"), "{problems:?}");
    assert!(problems[0].remedy.contains("format = \"eml\""));
    assert!(texts(&*source).is_empty());
}

#[test]
fn the_separator_gives_its_date() {
    let (_export, source) = mbox(format!("From a@b.example {DATE}\nSubject: 1\n"));
    let Content::Mail(mail) = source.scan().next().unwrap().unwrap().content else { panic!("no mail") };
    assert_eq!((mail.separator_date, mail.file_time), (Some(1_552_986_831), None));
}

#[test]
fn an_empty_file_among_several_is_a_note_and_alone_an_error() {
    let export = Export::new().with("Drafts.mbox", "").with("Blank.mbox", "\r\n\n");
    let error = export.open(Format::Mbox(Dialect::Auto), &["Drafts.mbox"]).err().expect("an error");
    assert!(error.title.contains("holds no messages") && error.detail.contains("Drafts.mbox"), "{error}");
    export.write("Inbox.mbox", format!("From a@b.example {DATE}\nSubject: 1\n"));
    let source = export.open(Format::Mbox(Dialect::Auto), &["*.mbox"]).unwrap();
    assert_eq!(source.notes(), ["Blank.mbox is empty", "Drafts.mbox is empty"]);
    assert_eq!(scan_twice(&*source).len(), 1);
}

#[test]
fn offsets_are_those_of_the_separator_and_lengths_reach_to_the_next() {
    let one = format!("From a@b.example {DATE}\nSubject: 1\n\none\n\n");
    let two = format!("From c@d.example {DATE}\nSubject: 2\n\n>From two\n");
    let (_export, source) = mbox(format!("{one}{two}"));
    let pieces: Vec<Piece> = scan_twice(&*source).into_iter().map(|read| read.unwrap().0.pieces.remove(0)).collect();
    let piece = |offset, length| Piece { file: 0, offset, length, line: None };
    assert_eq!(pieces, [piece(0, one.len() as u64), piece(one.len() as u64, two.len() as u64)]);
}

#[test]
fn a_mail_too_large_is_named_and_the_next_one_is_read() {
    let export = Export::new();
    let path = export.write("a.mbox", format!("From a@b.example {DATE}\nSubject: large\n\n"));
    let file = File::options().write(true).open(path).unwrap();
    let after = format!("\n\nFrom a@b.example {DATE}\nSubject: 2\n");
    std::os::unix::fs::FileExt::write_all_at(&file, after.as_bytes(), MAX_MAIL + 10).unwrap();
    let source = export.open(Format::Mbox(Dialect::Auto), &["a.mbox"]).unwrap();
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "mail larger than 150 MB");
    assert_eq!(problems[0].origin.pieces[0].length, MAX_MAIL + 12);
    assert_eq!(source.read_at(&problems[0].origin).unwrap_err().cause, "mail larger than 150 MB");
    assert_eq!(texts(&*source), ["Subject: 2\n"]);
}

/// Bytes on a disk that fails from some offset on.
struct BadDisk {
    bytes: Vec<u8>,
    good: u64,
}

impl ReadAt for BadDisk {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset + buffer.len() as u64 > self.good && self.good < self.bytes.len() as u64 {
            return Err(io::Error::other("bad sector"));
        }
        self.bytes.as_slice().read_some(buffer, offset)
    }
}

#[test]
fn a_disk_error_costs_the_rest_of_its_file_and_is_said_once() {
    let mail = format!("From a@b.example {DATE}\nSubject: 1\n\n{}\n\n", "x".repeat(3000));
    let bytes = mail.repeat(3).into_bytes();
    let mapping = source(Format::Mbox(Dialect::Auto), &[]);
    let source = Mbox::of(&mapping, Dialect::Auto, Limits::default(), 4, Vec::new());
    let size = bytes.len() as u64;
    let good = mail.len() as u64 + 2000;
    let disk = BadDisk { bytes, good };
    let entries: Vec<Read> = source.scan_open(2, size, Ok(disk), 64).map(read).collect();
    assert_eq!(entries.len(), 2);
    assert!(entries[0].is_ok());
    let problem = entries[1].as_ref().unwrap_err();
    assert_eq!(problem.cause, "file cannot be read");
    assert!(problem.detail.contains("bad sector") && problem.detail.contains(&mail.len().to_string()), "{problem:?}");
    let piece = &problem.origin.pieces[0];
    assert_eq!((problem.origin.source, piece.file), (4, 2));
    assert_eq!((piece.offset, piece.length), (mail.len() as u64, 2 * mail.len() as u64));
}

#[test]
fn a_file_that_vanished_is_one_unreadable_record_and_the_next_file_is_read() {
    let export = Export::new();
    for name in ["a.mbox", "b.mbox"] {
        export.write(name, format!("From a@b.example {DATE}\nSubject: {name}\n"));
    }
    let source = export.open(Format::Mbox(Dialect::Auto), &["*.mbox"]).unwrap();
    std::fs::remove_file(export.path().join("a.mbox")).unwrap();
    assert_eq!(texts(&*source), ["Subject: b.mbox\n"]);
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].detail.contains("a.mbox"));
    assert_eq!(problems[0].origin.pieces[0].length, source.files()[0].size);
}

#[test]
fn a_file_changed_since_is_not_taken_for_the_mail_it_was() {
    let (export, source) =
        mbox(format!("From a@b.example {DATE}\nSubject: 1\n\nFrom a@b.example {DATE}\nSubject: 2\n"));
    let origins: Vec<Origin> = scan_twice(&*source).into_iter().map(|read| read.unwrap().0).collect();
    export.write("a.mbox", format!("x\nFrom a@b.example {DATE}\nSubject: 1\n"));
    for origin in &origins {
        let problem = source.read_at(origin).unwrap_err();
        assert_eq!(problem.cause, "file changed since the plan");
        assert!(problem.detail.contains("a.mbox") && !problem.remedy.is_empty());
    }
    let elsewhere = Origin { source: 9, ..origins[0].clone() };
    assert_eq!(source.read_at(&elsewhere).unwrap_err().cause, "origin of another source");
    let nowhere = Origin { pieces: Vec::new(), ..origins[0].clone() };
    assert!(source.read_at(&nowhere).is_err());
}

#[test]
fn mbox_reader_finds_the_same_candidates_but_loses_the_last_mail() {
    let text = format!("From a@b.example {DATE}\nSubject: x\n\nFrom here on we ship\n\n").repeat(5);
    let export = Export::new();
    let path = export.write("a.mbox", &text);
    let peer = mbox_reader::MboxFile::from_file(&path).unwrap();
    // It reports the end of each entry that it yields, which is the start of the next `From ` line.
    let boundaries: Vec<u64> = peer.iter().map(|entry| entry.offset() as u64).collect();
    let every_from_line: Vec<u64> = text.match_indices("\nFrom ").map(|(newline, _)| newline as u64 + 1).collect();
    assert_eq!(boundaries, every_from_line);
    let ours = separators(text.as_bytes());
    assert_eq!(ours.len(), 5);
    assert!(ours.iter().skip(1).all(|start| boundaries.contains(start)));
    // Ten `From ` lines make ten stretches; the peer yields nine of them, and never the one that ends the file.
    assert_eq!(every_from_line.len() + 1, 10);
    assert_eq!(peer.iter().count(), 9);
    assert!(peer.iter().all(|entry| entry.offset() < text.len()));
}

fn pieces_of_mbox() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"\n".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        3 => Just(b"From ".to_vec()),
        3 => Just(format!("From a@b.example {DATE}").into_bytes()),
        2 => Just(format!("\n\nFrom - {DATE}\n").into_bytes()),
        1 => Just(b">From ".to_vec()),
        1 => Just(DATE.as_bytes().to_vec()),
        1 => Just(b"\xef\xbb\xbf".to_vec()),
        1 => Just(vec![0]),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => (900usize..1100).prop_map(|length| vec![b'x'; length]),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_mail_that_is_still_held_is_never_written_over(
        lengths in proptest::collection::vec(0_usize..400, 1..20),
        block in 1_usize..300,
        is_held in proptest::collection::vec(any::<bool>(), 20),
    ) {
        let mail = |length: &usize| format!("From a@b.example {DATE}\nSubject: {length}\n\n{}\n\n", "text\n>From ".repeat(*length));
        let bytes = lengths.iter().map(mail).collect::<String>().into_bytes();
        let mut framer = Framer::new(bytes.as_slice(), reading(&bytes), block);
        let mut held = Vec::new();
        for is_kept in is_held {
            let Some(Ok(stretch)) = framer.next() else { break };
            let Some(found) = framer.held(stretch) else { continue };
            let start = usize::try_from(stretch.offset).unwrap();
            let place = start..start + usize::try_from(stretch.length).unwrap();
            prop_assert_eq!(&found[..], &bytes[place.clone()]);
            held.extend(is_kept.then_some((found, place)));
        }
        for (found, place) in held {
            prop_assert_eq!(&found[..], &bytes[place]);
        }
    }

    #[test]
    fn no_byte_is_lost_and_the_block_size_does_not_matter(bytes in pieces_of_mbox(), block in 1usize..3000) {
        let found = stretches(&bytes, BLOCK);
        let mut end = 0;
        for (index, stretch) in found.iter().enumerate() {
            prop_assert_eq!(stretch.offset, end);
            prop_assert!(stretch.kind == Kind::Mail || index == 0);
            end += stretch.length;
        }
        prop_assert_eq!(end, bytes.len() as u64);
        prop_assert_eq!(stretches(&bytes, block), found);
    }

    #[test]
    fn every_entry_read_again_is_the_one_scanned(bytes in pieces_of_mbox()) {
        let export = Export::new().with("a.mbox", &bytes);
        let Ok(source) = export.open(Format::Mbox(Dialect::Auto), &["a.mbox"]) else {
            // Refused as a whole: nothing in it, or packed by its first bytes.
            prop_assert!(bytes.iter().all(u8::is_ascii_whitespace) || looks::packed(&bytes, "a.mbox".as_ref()).is_some());
            return Ok(());
        };
        // Where no line ends in LF, those that end in CR are lines.
        let mut lines = bytes;
        if !lines.contains(&b'\n') {
            lines.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        let mails = stretches(&lines, BLOCK).iter().filter(|stretch| stretch.kind == Kind::Mail).count();
        prop_assert_eq!(scan_twice(&*source).iter().filter(|read| read.is_ok()).count(), mails);
    }

    #[test]
    fn any_place_can_be_asked_for(bytes in pieces_of_mbox(), offset in 0u64..500, length in 0u64..500) {
        let export = Export::new().with("a.mbox", &bytes);
        if let Ok(source) = export.open(Format::Mbox(Dialect::Auto), &["a.mbox"]) {
            let origin = files::whole_file(0, 0, 0);
            let piece = Piece { file: 0, offset, length, line: None };
            let read = source.read_at(&Origin { pieces: vec![piece], ..origin });
            prop_assert!(read.is_ok() || !read.unwrap_err().remedy.is_empty());
        }
    }

    #[test]
    fn line_endings_do_not_move_separators(bytes in pieces_of_mbox()) {
        let lf: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'\r').collect();
        let crlf: Vec<u8> = lf.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect();
        let moved = separators(&lf).into_iter().map(|start| {
            let before = usize::try_from(start).unwrap();
            start + memchr::memchr_iter(b'\n', &lf[..before]).count() as u64
        });
        prop_assert_eq!(separators(&crlf), moved.collect::<Vec<_>>());
    }
}
