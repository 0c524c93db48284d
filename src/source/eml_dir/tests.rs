use super::mail_start;
use crate::mapping::Format;
use crate::source::test_support::{Export, problems, scan_twice, shown, texts};
use crate::source::Content;
use std::fs::File;
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn a_folder_gives_its_eml_files_however_their_ending_is_written() {
    let export = Export::new();
    for name in ["mail/b.EML", "mail/a.eml", "mail/sub/c.Eml", "mail/d.txt", "mail/eml"] {
        export.write(name, "Subject: x\n");
    }
    let source = export.open(Format::Eml, &["mail"]).unwrap();
    assert_eq!(shown(&*source), ["mail/a.eml", "mail/b.EML", "mail/sub/c.Eml"]);
    assert_eq!(scan_twice(&*source).len(), 3);
}

#[test]
fn a_glob_gives_what_it_matches_whatever_the_ending() {
    let export = Export::new().with("cur/1234.host:2,S", "Subject: x\n").with("new/5678.host", "Subject: y\n");
    let source = export.open(Format::Eml, &["{cur,new}/*"]).unwrap();
    assert_eq!(texts(&*source), ["Subject: x\n", "Subject: y\n"]);
}

#[test]
fn a_byte_order_mark_and_a_from_line_do_not_belong_to_the_mail() {
    let rest = |bytes: &str| bytes[mail_start(bytes.as_bytes())..].to_owned();
    assert_eq!(rest("\u{feff}Subject: x\n"), "Subject: x\n");
    assert_eq!(rest("From a@b.example Tue Mar 19 09:13:51 2019\r\nSubject: x\n"), "Subject: x\n");
    assert_eq!(rest("\u{feff}>From - Tue Mar 19 09:13:51 2019\nSubject: x\n"), "Subject: x\n");
    assert_eq!(rest("From: a@b.example\nSubject: x\n"), "From: a@b.example\nSubject: x\n");
    assert_eq!(rest("From : a@b.example\n"), "From : a@b.example\n");
    assert_eq!(rest(""), "");
    assert_eq!(rest("From me"), "");
}

#[test]
fn the_time_of_a_file_is_kept() {
    let export = Export::new();
    let path = export.write("a.eml", "Subject: x\n");
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(UNIX_EPOCH + Duration::from_secs(1_552_986_831))
        .unwrap();
    let source = export.open(Format::Eml, &["a.eml"]).unwrap();
    let entry = source.scan().next().unwrap().unwrap();
    let Content::Mail(mail) = entry.content else { panic!("no mail") };
    assert_eq!(mail.file_time, Some(1_552_986_831));
    assert_eq!(mail.separator_date, None);
    let piece = &entry.origin.pieces[0];
    assert_eq!((piece.file, piece.offset, piece.length, piece.line), (0, 0, 11, None));
}

#[test]
fn an_empty_file_is_one_unreadable_record_that_names_it() {
    let export = Export::new().with("a.eml", "Subject: x\n").with("b.eml", "");
    let source = export.open(Format::Eml, &["*.eml"]).unwrap();
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "empty file");
    assert!(problems[0].detail.contains("b.eml"));
    assert_eq!(problems[0].origin.pieces[0].file, 1);
}

#[test]
fn a_folder_of_empty_files_holds_no_messages() {
    let export = Export::new().with("a.eml", "").with("b.eml", "");
    let error = export.open(Format::Eml, &["."]).err().expect("an error");
    assert!(error.title.contains("holds no messages"), "{error}");
    assert!(error.detail.contains("all 2 files"), "{error}");
}

#[test]
fn a_mail_too_large_is_named_and_not_read() {
    let export = Export::new().with("a.eml", "Subject: x\n");
    let large = export.write("large.eml", "Subject: large\n\n");
    File::options().write(true).open(large).unwrap().set_len(150_000_001).unwrap();
    let source = export.open(Format::Eml, &["*.eml"]).unwrap();
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "mail larger than 150 MB");
    assert!(problems[0].detail.contains("large.eml") && problems[0].detail.contains("150000001"));
}

#[test]
fn a_packed_file_among_mails_is_unreadable() {
    let export = Export::new().with("a.eml", "Subject: x\n").with("b.eml", b"\x1f\x8b\x08rest");
    let problems = problems(&*export.open(Format::Eml, &["*.eml"]).unwrap());
    assert!(problems[0].remedy.contains("gunzip"), "{problems:?}");
}

#[test]
fn a_file_gone_or_changed_since_is_not_taken_for_the_mail_it_was() {
    let export = Export::new().with("a.eml", "Subject: x\n").with("b.eml", "Subject: y\n");
    let source = export.open(Format::Eml, &["*.eml"]).unwrap();
    let origins: Vec<_> = source.scan().map(|entry| entry.unwrap().origin).collect();
    export.write("a.eml", "Subject: another\n");
    std::fs::remove_file(export.path().join("b.eml")).unwrap();
    assert_eq!(source.read_at(&origins[0]).unwrap_err().cause, "file changed since the plan");
    let gone = source.read_at(&origins[1]).unwrap_err();
    assert_eq!(gone.cause, "file cannot be read");
    assert!(gone.detail.contains("b.eml"));
    assert_eq!(gone.origin, origins[1]);
}
