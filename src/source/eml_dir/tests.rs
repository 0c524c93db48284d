use super::mail_start;
use crate::mapping::{Format, LabelsFrom, SourceMapping};
use crate::source::test_support::{Export, problems, said, scan_twice, shown, source, texts};
use crate::source::{Content, RawEntry, Source};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
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
    let export = Export::new().with("a.eml", "Subject: x\n").with("b.eml.gz", b"\x1f\x8b\x08rest");
    export.write("c.eml", b"\x1f\x8b\x08rest");
    let problems = problems(&*export.open(Format::Eml, &["."]).unwrap());
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| problem.remedy.contains("gunzip")), "{problems:?}");
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

/// Labels of all mails, in order.
fn labels(source: &dyn Source) -> Vec<Vec<String>> {
    let labels = |entry: RawEntry| match entry.content {
        Content::Mail(mail) => mail.labels,
        Content::Row(_) => Vec::new(),
    };
    source.scan().map(|entry| labels(entry.unwrap())).collect()
}

#[test]
fn a_maildir_is_known_by_itself_and_what_is_not_delivered_is_not_read() {
    let export = Export::new()
        .with("mail/cur/1.host:2,S", "Subject: seen\n")
        .with("mail/cur/2.host:2,FT", "Subject: trashed\n")
        .with("mail/new/3.host", "Subject: new\n")
        .with("mail/tmp/4.host", "Subject: half\n")
        .with("mail/.Archive.2019/cur/5.host:2,", "Subject: old\n")
        .with("mail/dovecot.index.log", "x")
        .with("mail/dovecot-uidlist", "x")
        .with("mail/courierimapkeywords/:list", "x")
        .with("mail/maildirsize", "x");
    std::fs::create_dir_all(export.path().join("mail/.Archive.2019/new")).unwrap();
    let source = export.open(Format::Eml, &["mail"]).unwrap();
    assert_eq!(
        shown(&*source),
        ["mail/.Archive.2019/cur/5.host:2,", "mail/cur/1.host:2,S", "mail/cur/2.host:2,FT", "mail/new/3.host"]
    );
    assert_eq!(labels(&*source), [vec![], vec![], vec!["Trash", "Starred"], vec![]]);
    let notes = said(&*source).join("\n");
    assert!(notes.contains("mail/tmp/4.host was not read: a Maildir's `tmp`"), "{notes}");
    assert!(notes.contains("3 files were not read, mail/dovecot-uidlist among them: an index"), "{notes}");
    assert_eq!(scan_twice(&*source).len(), 4);
}

#[test]
fn a_copy_of_cur_alone_is_known_by_its_names_and_an_ordinary_folder_of_that_name_is_not() {
    let export = Export::new().with("a/cur/1.host:2,S", "Subject: x\n").with("b/new/1.pdf", "%PDF");
    assert_eq!(shown(&*export.open(Format::Eml, &["a"]).unwrap()), ["a/cur/1.host:2,S"]);
    assert!(export.open(Format::Eml, &["b"]).is_err());
}

#[test]
fn folders_are_labels_and_flags_are_none_as_the_mapping_says() {
    let export =
        Export::new().with("in/.Sent.2019/cur/1:2,F", "Subject: x\n").with("in/.Sent.2019/new/2", "Subject: y\n");
    let labels_of = |from| {
        labels(&*export.open_source(SourceMapping { labels_from: from, ..source(Format::Eml, &["in"]) }).unwrap())
    };
    let all = LabelsFrom { folders: true, file: true, flags: true };
    assert_eq!(labels_of(all), [vec!["Sent/2019", "Starred"], vec!["Sent/2019"]]);
    assert_eq!(labels_of(LabelsFrom { flags: false, ..all }), [["Sent/2019"], ["Sent/2019"]]);
    assert_eq!(labels_of(LabelsFrom::default()), [[""; 0], []]);
}

const PARTIAL: &str = "From: a@b.example\nSubject: x\n\ntext\n";
const LIST: &str = "<?xml version=\"1.0\"?>\n<plist><dict><key>flags</key><integer>16</integer>\n\
    <key>date-received</key><integer>1552986831</integer></dict></plist>\n";

fn apple() -> Export {
    Export::new()
        .with("V10/Box.mbox/Data/Messages/7.partial.emlx", format!("{}\n{PARTIAL}{LIST}", PARTIAL.len()))
        .with("V10/Box.mbox/Data/Messages/8.emlx", format!("{}\n{PARTIAL}", PARTIAL.len()))
        .with("V10/Box.mbox/Data/Attachments/7/1.2/b.png", "PNG")
        .with("V10/Box.mbox/Data/Attachments/7/2/a.pdf", "%PDF")
        .with("V10/Box.mbox/Data/Attachments/8/2/saved.pdf", "%PDF")
        .with("V10/Box.mbox/Info.plist", "<plist/>")
}

#[test]
fn apple_mails_come_with_their_flags_their_date_and_the_files_beside_them() {
    let export = apple();
    let source = export.open(Format::Eml, &["V10"]).unwrap();
    let entry = source.scan().next().unwrap().unwrap();
    let Content::Mail(mail) = &entry.content else { panic!("no mail") };
    assert_eq!((&mail.bytes[..], mail.file_time), (PARTIAL.as_bytes(), Some(1_552_986_831)));
    assert_eq!(mail.labels, ["Starred"]);
    let aside: Vec<_> = mail.aside.iter().map(|part| (part.number.as_str(), part.filename.as_str())).collect();
    assert_eq!(aside, [("1.2", "b.png"), ("2", "a.pdf")]);
    let pieces: Vec<_> = entry.origin.pieces.iter().map(|piece| (piece.file, piece.length)).collect();
    assert_eq!(pieces.iter().map(|piece| piece.0).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!((pieces[1].1, pieces[2].1), (3, 4));
    assert_eq!(source.files()[2].shown.as_str(), "V10/Box.mbox/Data/Attachments/7/1.2/b.png");
    assert_eq!(scan_twice(&*source).len(), 2, "files beside a mail are no mails");
    let Content::Mail(whole) = source.scan().nth(1).unwrap().unwrap().content else { panic!("no mail") };
    assert_eq!(whole.aside, []);
    let by_pattern = export.open(Format::Eml, &["V10/**/*.emlx"]).unwrap();
    assert_eq!(by_pattern.files().len(), 4);
}

#[test]
fn a_change_of_a_file_beside_a_mail_is_noticed() {
    let export = apple();
    let source = export.open(Format::Eml, &["V10"]).unwrap();
    let origin = source.scan().next().unwrap().unwrap().origin;
    export.write("V10/Box.mbox/Data/Attachments/7/2/a.pdf", "%PDF-1.4");
    assert_eq!(source.read_at(&origin).unwrap_err().cause, "file changed since the plan");
    std::fs::remove_file(export.path().join("V10/Box.mbox/Data/Attachments/7/2/a.pdf")).unwrap();
    let gone = source.read_at(&origin).unwrap_err();
    assert!(gone.detail.contains("a.pdf"), "{gone:?}");
}

#[test]
fn a_link_among_the_files_beside_a_mail_is_not_followed() {
    let export = apple().with("secret.txt", "secret");
    export.link("V10/Box.mbox/Data/Attachments/7/3/x.txt", export.path().join("secret.txt"));
    export.link("V10/Box.mbox/Data/Attachments/7/4", export.path());
    let source = export.open(Format::Eml, &["V10/**/7.partial.emlx"]).unwrap();
    let mails: Vec<_> = source.scan().filter_map(Result::ok).collect();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].origin.pieces.len(), 3);
}

#[test]
fn files_that_are_no_mails_are_named_for_what_they_are() {
    let export =
        Export::new().with("good.eml", "X-Odd : v\nSubject: x\n\n").with("late.eml", "junk line\nSubject: x\n");
    for (name, bytes) in [
        ("a.eml", &b"%PDF-1.4\n"[..]),
        ("b.eml", b"<!DOCTYPE html><html>"),
        ("c.eml", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("d.eml", b"!BDN\0\0"),
        ("e.eml", b"\0\x01\x02: \x03"),
        ("f.eml", b"just a text\n\nkey: value\n"),
    ] {
        export.write(name, bytes);
    }
    let problems = problems(&*export.open(Format::Eml, &["."]).unwrap());
    let said: Vec<_> = problems.iter().map(|problem| problem.detail.as_str()).collect();
    assert_eq!(
        said,
        [
            "a.eml: it is a PDF document",
            "b.eml: it is a web page",
            "c.eml: it is an Outlook message (MSG) or another Office file",
            "d.eml: it is an Outlook data file (PST)",
            "e.eml: it is not text",
            "f.eml: it has no header field",
        ]
    );
    assert!(problems.iter().all(|problem| problem.cause == "not a mail" && !problem.remedy.is_empty()));
}

#[test]
fn a_mailbox_is_not_taken_for_one_long_mail_and_a_mail_that_quotes_one_is_not_taken_for_a_mailbox() {
    let separator = "From a@b.example Tue Mar 19 09:13:51 2019\n";
    let mail = "Subject: x\n\ntext\n\n";
    let export = Export::new()
        .with("box.eml", format!("{separator}{mail}{separator}{mail}"))
        .with("dos.eml", format!("{separator}{mail}{separator}{mail}").replace('\n', "\r\n"))
        .with("quote.eml", format!("{separator}{mail}{separator}he wrote\n"))
        .with("forward.eml", format!("{mail}{separator}{mail}"));
    let source = export.open(Format::Eml, &["."]).unwrap();
    let said: Vec<_> = problems(&*source).into_iter().map(|problem| (problem.cause, problem.detail)).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].0.starts_with("mailbox of several mails") && said[0].1.starts_with("box.eml"));
    assert!(said[1].1.starts_with("dos.eml"));
}

#[test]
fn what_lies_beside_mails_in_a_folder_is_counted_by_kind() {
    let export = Export::new().with("in/a.eml", "Subject: x\n");
    for name in ["in/1.msg", "in/2.MSG", "in/old.pst", "in/x.mbox", "in/more.zip", "in/notes"] {
        export.write(name, "x");
    }
    let notes = said(&*export.open(Format::Eml, &["in"]).unwrap()).join("\n");
    for said in [
        "2 files were not read, in/1.msg among them: an Outlook message",
        "readpst",
        "format = \"mbox\"",
        "in/more.zip was not read: packed",
        "in/notes was not read",
    ] {
        assert!(notes.contains(said), "{said} in {notes}");
    }
}

#[test]
fn a_name_that_is_not_utf_8_is_read_like_any_other() {
    let export = Export::new();
    std::fs::create_dir_all(export.path().join("in/cur")).unwrap();
    std::fs::create_dir_all(export.path().join("in/new")).unwrap();
    std::fs::write(export.path().join("in/cur").join(OsStr::from_bytes(b"1.Bo\xeete:2,D")), "Subject: x\n").unwrap();
    let source = export.open(Format::Eml, &["in"]).unwrap();
    assert_eq!(shown(&*source), ["in/cur/1.Bo\u{fffd}te:2,D"]);
    assert_eq!(labels(&*source), [["Drafts"]]);
    assert_eq!(scan_twice(&*source).len(), 1);
}

#[test]
fn the_limit_on_mails_is_that_of_the_mapping() {
    let export = Export::new().with("a.eml", "Subject: x\n\nlong\n").with("b.eml", "Subject: y\n");
    let mut mapping = export.mapping(vec![source(Format::Eml, &["."])]);
    mapping.limits.mail = 12;
    let opened = crate::source::open_all(&mapping).unwrap_or_default();
    assert_eq!(problems(&*opened[0])[0].remedy.split(',').next(), Some("raise `mail` under [limits]"));
    assert_eq!(texts(&*opened[0]), ["Subject: y\n"]);
}
