//! Promises about what programs write into mbox files, and about separators that are hard to judge.

use super::super::test_support::{Export, problems, scan_twice, texts};
use crate::mapping::{Dialect, Format, Limits, Mapping};
use crate::source::{Content, RawMail, Source};

const DATE: &str = "Tue Mar 19 09:13:51 2019";

fn open(bytes: impl AsRef<[u8]>) -> (Export, Box<dyn Source>) {
    let export = Export::new().with("a.mbox", bytes);
    let source = export.open(Format::Mbox(Dialect::Auto), &["a.mbox"]).unwrap();
    (export, source)
}

/// Texts of the mails, and the notes after reading them; scanning and reading again give the same.
fn read(bytes: impl AsRef<[u8]>) -> (Vec<String>, Vec<String>) {
    let (_export, source) = open(bytes);
    scan_twice(&*source);
    (texts(&*source), source.notes())
}

fn raw(bytes: impl AsRef<[u8]>) -> Vec<RawMail> {
    let (_export, source) = open(bytes);
    let mail = |content| if let Content::Mail(mail) = content { mail } else { panic!("no mail") };
    source.scan().map(|entry| mail(entry.unwrap().content)).collect()
}

#[test]
fn a_takeout_box_is_read_in_its_order() {
    let one = |id: &str, subject: &str| {
        format!(
            "From {id}@xxx Tue Mar 19 09:13:51 +0000 2019\r\nX-GM-THRID: {id}\r\nSubject: {subject}\r\n\r\nHi\r\n\r\n"
        )
    };
    let (texts, notes) = read(one("1628412341234123412", "newer") + &one("1528412341234123412", "older"));
    assert_eq!(texts[0], "X-GM-THRID: 1628412341234123412\r\nSubject: newer\r\n\r\nHi\r\n");
    assert!(texts[1].contains("older"));
    assert_eq!(notes, [""; 0]);
}

#[test]
fn vault_pipermail_and_groups_boxes_are_read() {
    let vault = "From 1628412341234123412-0a1b2c3d-1111-2222-3333-444455556666.mbox@xxx Tue Mar 19 09:13:51 +0000 2019\r\nA: b\r\n\r\n";
    assert_eq!(read(vault.repeat(2)).0, ["A: b\r\n", "A: b\r\n"]);
    let pipermail =
        "From leela at planet.example  Tue Mar 19 09:13:51 2019\nFrom: leela at planet.example (Leela)\n\nHi\n\n";
    assert_eq!(read(pipermail.repeat(2)).0.len(), 2);
    let groups = format!("From 1@xxx {DATE}\r\nA: b\r\n\r\none\rtwo\r\rFrom 2@xxx {DATE}\rthree\r\n\r\n");
    assert_eq!(read(groups.repeat(2)).0.len(), 2, "a bare CR ends no line");
}

#[test]
fn separators_without_a_date_count_in_a_file_that_begins_with_one() {
    let mails =
        "From 1844000000000000000@xxx\nSubject: 1\n\none\n\nFrom 1844000000000000001@xxx\nSubject: 2\n\ntwo\n\n";
    assert_eq!(read(mails).0, ["Subject: 1\n\none\n", "Subject: 2\n\ntwo\n"]);
    let (texts, notes) = read(format!("From a@b.example {DATE}\nSubject: 0\n\nzero\n\n{mails}"));
    assert_eq!(texts.len(), 1);
    assert!(notes.iter().any(|note| note.starts_with("2 `From ` lines without a date")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("first: a.mbox, byte 60")), "{notes:?}");
}

#[test]
fn thunderbird_separates_mails_without_a_blank_line() {
    let mail = "From - Thu Feb 05 22:34:43 2009\r\nX-Mozilla-Status: 0001\r\nSubject: x\r\n\r\ntext\r\n";
    let (texts, notes) = read(mail.repeat(3));
    assert_eq!(texts, ["X-Mozilla-Status: 0001\r\nSubject: x\r\n\r\ntext\r\n"; 3]);
    assert!(notes.iter().any(|note| note.starts_with("2 `From ` lines counted as separators")), "{notes:?}");
    let body = "text\nFrom - Thu Feb 05 22:34:43 2009\nis when it broke\n";
    assert_eq!(read(format!("From - {DATE}\nSubject: x\n\n{body}\n")).0, [format!("Subject: x\n\n{body}")]);
}

#[test]
fn thunderbird_writes_separators_that_say_nothing_and_quotes_behind_them_as_mboxrd() {
    let new = "From \r\nSubject: 1\r\n\r\n>From x\r\n>>From y\r\n\r\n";
    let old = "From - Thu Feb 05 22:34:43 2009\r\nSubject: 0\r\n\r\n>>From y\r\n\r\n";
    let (texts, _) = read(format!("{old}{new}{new}"));
    let newer = "Subject: 1\r\n\r\nFrom x\r\n>From y\r\n";
    assert_eq!(texts, ["Subject: 0\r\n\r\n>>From y\r\n", newer, newer]);
    assert_eq!(read(new.repeat(2)).0.len(), 2);
    let pasted = format!("From a@b.example {DATE}\nSubject: 1\n\nsee\n\nFrom \nSent: Tuesday\n");
    assert_eq!(read(&pasted).0.len(), 1);
    let appended = format!("{pasted}\nFrom \nX-Mozilla-Status: 0001\nSubject: 2\n\n");
    assert_eq!(read(appended).0.len(), 2);
}

#[test]
fn a_mail_deleted_in_thunderbird_is_labelled_trash_and_says_so() {
    let mail = |status: &str, separator: &str| format!("{separator}\nX-Mozilla-Status: {status}\nSubject: x\n\nt\n\n");
    let dash = format!("From - {DATE}");
    for (status, is_deleted) in [("0009", true), ("0008", true), ("000a", true), ("0001", false), ("no", false)] {
        let mail = raw(mail(status, &dash)).remove(0);
        assert_eq!(mail.labels == ["Trash"], is_deleted, "{status}");
        assert_eq!(mail.changes.len(), usize::from(is_deleted));
    }
    assert_eq!(raw(mail("0009", &format!("From a@b.example {DATE}")))[0].labels, [""; 0], "not a Thunderbird file");
}

#[test]
fn a_quoted_separator_in_a_header_is_no_quoting_and_is_left() {
    let mail = format!("From - {DATE}\nSubject: 1\n>From - {DATE}\nTo: a@b.example\n\n>From x\n\n");
    assert_eq!(read(&mail).0, [format!("Subject: 1\n>From - {DATE}\nTo: a@b.example\n\nFrom x\n")]);
    let first = format!("From - {DATE}\n>From - {DATE}\nTo: a@b.example\n\n>From x\n\n");
    assert_eq!(read(first).0, [format!(">From - {DATE}\nTo: a@b.example\n\nFrom x\n")]);
}

#[test]
fn a_patch_in_a_mail_is_text_and_in_a_file_of_patches_a_mail() {
    let patch =
        "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: A <a@b.example>\n\ndiff\n\n";
    let patches = raw(patch.repeat(2));
    assert_eq!(patches.len(), 2);
    assert_eq!(patches[0].separator_date, None, "the date is the same in all patches");
    let (texts, notes) = read(format!("From a@b.example {DATE}\nSubject: 1\n\nsee\n\n{patch}end\n"));
    assert_eq!(texts.len(), 1);
    assert!(notes.iter().any(|note| note.starts_with("1 `From ` line of a patch")), "{notes:?}");
}

#[test]
fn a_line_that_may_be_a_separator_is_counted_with_its_place() {
    let fake = format!("text\nFrom c@d.example {DATE}\nSubject: 2\n\n");
    let last = format!("From a@b.example {DATE}\nSubject: 3\n\n");
    let (texts, notes) = read(format!("From a@b.example {DATE}\nSubject: 1\n\n{fake}{fake}{last}"));
    assert_eq!(texts.len(), 2);
    assert!(
        notes[0].starts_with("2 `From ` lines with a date and a header field behind it, but no blank"),
        "{notes:?}"
    );
    assert!(notes[0].contains("first: a.mbox, byte 59") && notes[0].contains("put a blank line"), "{notes:?}");
    let (texts, notes) =
        read(format!("From a@b.example {DATE}\nSubject: 1\n\nsee\n\nFrom c@d.example {DATE}\nit rained\n"));
    assert_eq!(texts.len(), 1);
    assert!(notes[0].contains("no header field behind it"), "{notes:?}");
}

#[test]
fn a_program_that_never_writes_blank_lines_is_understood() {
    let mail = format!("From a@b.example {DATE}\nSubject: 1\n\ntext\n");
    assert_eq!(read(mail.repeat(4)).0.len(), 4);
    let (texts, notes) = read(mail.repeat(2));
    assert_eq!((texts.len(), notes.len()), (1, 1), "one such line is too little to go by, and is said");
}

#[test]
fn an_empty_mail_is_a_mail() {
    let separator = format!("From a@b.example {DATE}\n");
    assert_eq!(read(format!("{separator}\n{separator}Subject: 2\n\n{separator}")).0, ["", "Subject: 2\n", ""]);
}

#[test]
fn stray_nuls_and_marks_before_a_separator_hide_no_mail() {
    let mail = format!("From a@b.example {DATE}\nSubject: 1\n\none\n\n");
    for lead in ["\0\0", "\u{feff}", "\0\0\n", "\u{feff}\0"] {
        assert_eq!(read(format!("{lead}{mail}{lead}{mail}")).0.len(), 2, "{lead:?}");
    }
    let nuls = vec![0; 3000];
    assert_eq!(read([mail.as_bytes(), &nuls, mail.as_bytes()].concat()).0.len(), 2);
    let (_export, source) = open(vec![0; 9000]);
    assert_eq!(problems(&*source)[0].cause, "not an mbox file");
}

#[test]
fn a_file_cut_within_its_last_mail_is_read_and_said() {
    let mail = format!("From a@b.example {DATE}\nSubject: 1\n\none\n\n");
    for (end, is_cut) in [("two", true), ("two\n", false)] {
        let (_export, source) = open(format!("{mail}From a@b.example {DATE}\nSubject: 2\n\n{end}"));
        let entries: Vec<_> = source.scan().map(Result::unwrap).collect();
        let Content::Mail(last) = &entries[1].content else { panic!("no mail") };
        assert_eq!(last.changes.len(), usize::from(is_cut));
        let Content::Mail(again) = source.read_at(&entries[1].origin).unwrap().content else { panic!("no mail") };
        assert_eq!(again.changes, last.changes);
        assert_eq!(source.notes().iter().any(|note| note.contains("the last mail may be cut")), is_cut);
    }
    let short = format!("From a@b.example {DATE}\nSubject: 1\nContent-Length: 50\n\ntext\n");
    let full = format!("From a@b.example {DATE}\nContent-Length: 5\n\ntext\n\n");
    let last = raw(format!("{full}{full}{short}")).remove(2);
    assert!(last.changes[0].contains("45 bytes before"), "{:?}", last.changes);
}

#[test]
fn limits_are_named_by_their_keys_in_the_mapping() {
    let long = format!("From a@b.example {DATE}\nSubject: 1\n\n{}\n\n", "x".repeat(500));
    let small = format!("From a@b.example {DATE}\nSubject: 2\n\ntwo\n");
    let export = Export::new().with("a.mbox", format!("{long}{small}"));
    let mapping = export.mapping(vec![super::super::test_support::source(Format::Mbox(Dialect::Auto), &["a.mbox"])]);
    for (limits, cause, key) in [
        (Limits { mail: 400, ..Limits::default() }, "mail larger than 400 bytes", "`mail`"),
        (Limits { line: 400, ..Limits::default() }, "mail with a line larger than 400 bytes", "`line`"),
    ] {
        let source = crate::source::open_all(&Mapping { limits, ..mapping.clone() }).unwrap().remove(0);
        let problems = problems(&*source);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].cause, cause);
        assert!(problems[0].detail.contains("a.mbox, byte 0"), "{problems:?}");
        assert!(problems[0].remedy.contains(key) && problems[0].remedy.contains("[limits]"), "{problems:?}");
        assert_eq!(source.read_at(&problems[0].origin).unwrap_err().cause, cause);
        assert_eq!(texts(&*source), ["Subject: 2\n\ntwo\n"]);
    }
}
