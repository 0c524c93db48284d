use crate::event::Silent;
use crate::mapping::{Dialect, Format, LabelsFrom, SourceMapping};
use crate::source::test_support::{Export, PATH_AT, chat, problems, said, scan_twice, shown, source, texts};
use crate::source::{Content, RawEntry, Watch, open_all};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

const MAIL: &str = "From a@b.example Tue Mar 19 09:13:51 2019\nSubject: x\n\ntext\n\n";

fn error(export: &Export, format: Format, paths: &[&str]) -> crate::source::SourceError {
    export.open(format, paths).err().expect("an error")
}

#[test]
fn a_glob_finds_files_in_the_order_of_their_path_bytes() {
    let export = Export::new();
    for name in ["b/x.mbox", "a/y.mbox", "a/deep/z.mbox", "Z.mbox", "é.mbox", "a/y.txt"] {
        export.write(name, MAIL);
    }
    let found = export.open(Format::Mbox(Dialect::Auto), &["**/*.mbox"]).unwrap();
    assert_eq!(shown(&*found), ["Z.mbox", "a/deep/z.mbox", "a/y.mbox", "b/x.mbox", "é.mbox"]);
    assert_eq!(shown(&*export.open(Format::Mbox(Dialect::Auto), &["a/*.mbox"]).unwrap()), ["a/y.mbox"]);
    assert_eq!(shown(&*export.open(Format::Mbox(Dialect::Auto), &["{a,b}/?.mbox"]).unwrap()), ["a/y.mbox", "b/x.mbox"]);
}

#[test]
fn a_star_does_not_cross_folders() {
    let export = Export::new().with("top.mbox", MAIL).with("sub/below.mbox", MAIL);
    assert_eq!(shown(&*export.open(Format::Mbox(Dialect::Auto), &["*.mbox"]).unwrap()), ["top.mbox"]);
}

#[test]
fn a_plain_name_may_contain_what_looks_like_a_wildcard() {
    let export = Export::new().with("[Gmail].mbox", MAIL).with("G.mbox", MAIL);
    assert_eq!(shown(&*export.open(Format::Mbox(Dialect::Auto), &["[Gmail].mbox"]).unwrap()), ["[Gmail].mbox"]);
}

#[test]
fn a_file_matched_by_two_patterns_counts_once() {
    let export = Export::new().with("in/a.mbox", MAIL).with("in/b.mbox", MAIL);
    let found = export.open(Format::Mbox(Dialect::Auto), &["in/*.mbox", "./in/../in/a.mbox", "**/b.mbox"]).unwrap();
    assert_eq!(found.files().len(), 2);
    assert_eq!(found.scan().count(), 2);
}

#[test]
fn absolute_paths_work() {
    let export = Export::new().with("in/a.mbox", MAIL);
    let pattern = format!("{}/in/*.mbox", export.path().display());
    assert_eq!(shown(&*export.open(Format::Mbox(Dialect::Auto), &[&pattern]).unwrap()), ["in/a.mbox"]);
    let elsewhere = Export::new();
    let found = elsewhere.open(Format::Mbox(Dialect::Auto), &[&pattern]).unwrap();
    assert_eq!(shown(&*found), [format!("{}/in/a.mbox", export.path().display())]);
}

#[test]
fn a_name_that_is_not_utf_8_is_read_like_any_other() {
    let export = Export::new();
    let name = OsStr::from_bytes(b"Bo\xeete.mbox");
    std::fs::write(export.path().join(name), MAIL).unwrap();
    let found = export.open(Format::Mbox(Dialect::Auto), &["*.mbox"]).unwrap();
    assert_eq!(shown(&*found), ["Bo\u{fffd}te.mbox"]);
    assert_eq!(scan_twice(&*found).iter().filter(|read| read.is_ok()).count(), 1);
}

#[test]
fn a_path_that_matches_nothing_says_where_it_looked_and_what_is_near() {
    let export = Export::new().with("Takeout/Mail/All mail.mbox", MAIL);
    let error = error(&export, Format::Mbox(Dialect::Auto), &["Takeuot/**/*.mbox"]);
    assert_eq!(error.at, PATH_AT);
    assert!(error.title.contains("`Takeuot/**/*.mbox`"), "{error}");
    assert!(error.detail.contains(&export.path().canonicalize().unwrap().display().to_string()), "{error}");
    assert!(error.detail.contains("there is no `Takeuot`"), "{error}");
    assert!(error.remedy.contains("`Takeout`"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named_with_its_likeliest_neighbour() {
    let export = Export::new().with("mail/one.eml", MAIL);
    let error = error(&export, Format::Eml, &["mail/on.eml"]);
    assert!(error.detail.contains("no `on.eml`"), "{error}");
    assert!(error.remedy.contains("`one.eml`"), "{error}");
    assert!(error.to_string().contains("line 7, column 3"), "{error}");
}

#[test]
fn a_folder_without_fitting_files_says_how_many_others_it_holds() {
    let export = Export::new().with("in/a.mbx", MAIL).with("in/b.txt", MAIL);
    let error = error(&export, Format::Mbox(Dialect::Auto), &["in/*.mbox"]);
    assert!(error.detail.contains("2 entries"), "{error}");
}

#[test]
fn every_pattern_has_to_match() {
    let export = Export::new().with("a.mbox", MAIL);
    assert!(error(&export, Format::Mbox(Dialect::Auto), &["a.mbox", "b*.mbox"]).title.contains("`b*.mbox`"));
}

#[test]
fn a_broken_pattern_is_an_error_of_the_mapping() {
    let export = Export::new().with("a.mbox", MAIL);
    assert!(error(&export, Format::Mbox(Dialect::Auto), &["[a.mbox"]).title.contains("not a pattern"));
}

#[test]
fn a_folder_given_as_table_comes_with_the_pattern_that_reads_it() {
    let export = Export::new().with("mail/a.csv", "a,b\n");
    let table = error(&export, Format::Csv(Box::new(chat())), &["mail"]);
    assert!(table.remedy.contains("`mail/**/*.csv`"), "{table}");
}

#[test]
fn a_folder_of_mailboxes_gives_all_of_them_and_says_what_it_leaves_out() {
    let export = Export::new();
    for name in ["Mail/Inbox", "Mail/Archives.sbd/2019", "Mail/list.txt", "Mail/a.mbx", "Mail/b.MBOX"] {
        export.write(name, format!("\u{feff}\r\n{MAIL}"));
    }
    for name in ["Mail/Inbox.msf", "Mail/msgFilterRules.dat", "Mail/popstate.dat", "Mail/filterlog.html"] {
        export.write(name, "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n");
    }
    export.write("Mail/Trash", "");
    export.write("Mail/readme.txt", "From here on, nothing is dated\n");
    export.write("Mail/one.eml", "Subject: x\n\ntext\n");
    let found = export.open(Format::Mbox(Dialect::Auto), &["Mail"]).unwrap();
    assert_eq!(shown(&*found), ["Mail/Archives.sbd/2019", "Mail/Inbox", "Mail/a.mbx", "Mail/b.MBOX", "Mail/list.txt"]);
    let notes = said(&*found).join("\n");
    for said in [
        "4 files were not read, Mail/Inbox.msf among them",
        "Mail/Trash was not read: empty",
        "Mail/readme.txt",
        "Mail/one.eml was not read: a single mail",
    ] {
        assert!(notes.contains(said), "{said} in {notes}");
    }
}

#[test]
fn what_another_source_reads_is_not_called_unread() {
    let export = Export::new().with("Mail/Inbox", MAIL);
    let (one, two) = (export.write("Mail/1.eml", "Subject: x\n"), export.write("Mail/2.eml", "Subject: x\n"));
    let found = export.open(Format::Mbox(Dialect::Auto), &["Mail"]).unwrap();
    let [passed] = found.passed() else { panic!("{:?}", found.passed()) };
    let line = |read: &[&PathBuf]| passed.line(&|path| read.iter().any(|read| path == read.as_path()));
    assert!(line(&[]).unwrap().starts_with("2 files were not read, Mail/1.eml among them: a single mail"));
    assert!(line(&[&one]).unwrap().starts_with("Mail/2.eml was not read: a single mail"));
    assert_eq!(line(&[&one, &two]), None);
}

#[test]
fn a_mailbox_that_is_damaged_is_read_by_its_name_and_not_left_out() {
    let export = Export::new().with("Mail/Inbox", MAIL).with("Mail/old.mbox", "no separator here\n");
    let found = export.open(Format::Mbox(Dialect::Auto), &["Mail"]).unwrap();
    assert_eq!(shown(&*found), ["Mail/Inbox", "Mail/old.mbox"]);
    assert_eq!(problems(&*found)[0].cause, "not an mbox file");
}

#[test]
fn a_folder_without_any_mailbox_says_what_it_holds() {
    let export = Export::new().with("Mail/1.eml", "Subject: x\n").with("Mail/2.eml", "Subject: x\n");
    let none = error(&export, Format::Mbox(Dialect::Auto), &["Mail"]);
    assert!(none.detail.contains("holds no mailbox file") && none.detail.contains("2 files"), "{none}");
    assert!(none.remedy.contains("format = \"eml\""), "{none}");
}

#[test]
fn a_folder_of_mailboxes_with_a_packed_one_comes_with_the_command_for_it() {
    let export = Export::new().with("lists/may.txt", MAIL).with("lists/may.txt.gz", b"\x1f\x8b\x08rest");
    let found = export.open(Format::Mbox(Dialect::Auto), &["lists"]).unwrap();
    assert!(said(&*found).iter().any(|note| note.contains("unpacked beside itself")), "{:?}", said(&*found));
    export.write("lists/june.txt.gz", b"\x1f\x8b\x08rest");
    let packed = error(&export, Format::Mbox(Dialect::Auto), &["lists"]);
    assert!(packed.remedy.contains("gunzip --keep ") && packed.remedy.contains("june.txt.gz"), "{packed}");
    assert!(packed.remedy.contains("`unpack = "), "{packed}");
}

#[test]
fn a_link_that_leads_nowhere_does_not_stop_a_folder_of_mailboxes() {
    let export = Export::new().with("profile/Inbox", MAIL);
    export.link("profile/lock", "127.0.0.1:+42");
    let found = export.open(Format::Mbox(Dialect::Auto), &["profile"]).unwrap();
    assert!(said(&*found)[0].contains("profile/lock was not read: a link"), "{:?}", said(&*found));
    export.link("profile/Old.mbox", "gone");
    assert!(error(&export, Format::Mbox(Dialect::Auto), &["profile"]).detail.contains("Old.mbox"));
}

#[test]
fn a_takeout_folder_can_be_named_as_it_comes() {
    let export = Export::new()
        .with("Takeout/archive_browser.html", "<html>")
        .with("Takeout/Mail/All mail.mbox", MAIL)
        .with("Takeout/Mail/User Settings/Filters.json", "{}");
    let found = export.open(Format::Mbox(Dialect::Auto), &["Takeout"]).unwrap();
    assert_eq!(shown(&*found), ["Takeout/Mail/All mail.mbox"]);
}

#[test]
fn an_apple_mail_export_is_read_through_its_folder() {
    let export = Export::new().with("Inbox.mbox/mbox", MAIL).with("plain.mbox", MAIL);
    export.write("Inbox.mbox/table_of_contents", b"\0\0\0\x01");
    for path in ["Inbox.mbox", "In*.mbox", "**/Inbox.mbox"] {
        let found = export.open(Format::Mbox(Dialect::Auto), &[path]).unwrap();
        assert_eq!(shown(&*found), ["Inbox.mbox/mbox"], "{path}");
    }
    let found = export.open(Format::Mbox(Dialect::Auto), &["*.mbox"]).unwrap();
    assert_eq!(shown(&*found), ["Inbox.mbox/mbox", "plain.mbox"]);
    let all = export.open(Format::Mbox(Dialect::Auto), &["."]).unwrap();
    assert_eq!(shown(&*all), ["Inbox.mbox/mbox", "plain.mbox"]);
}

#[test]
fn another_folder_that_ends_in_mbox_is_named_and_not_read() {
    let export = Export::new().with("Old.mbox/a/Inbox", MAIL).with("plain.mbox", MAIL);
    let found = export.open(Format::Mbox(Dialect::Auto), &["*.mbox"]).unwrap();
    assert_eq!(shown(&*found), ["plain.mbox"]);
    assert!(found.notes().iter().any(|note| note.contains("Old.mbox is a folder")), "{:?}", found.notes());
    assert!(error(&export, Format::Mbox(Dialect::Auto), &["O*.mbox"]).remedy.contains("`Old.mbox`"));
}

#[test]
fn names_of_folders_and_files_become_labels_of_mailboxes_if_the_mapping_says_so() {
    let export = Export::new().with("Mail/Work.sbd/Orders", MAIL).with("Mail/Inbox", MAIL);
    let labels = |from: LabelsFrom| -> Vec<Vec<String>> {
        let mapping = SourceMapping { labels_from: from, ..source(Format::Mbox(Dialect::Auto), &["Mail"]) };
        let found = export.open_source(mapping).unwrap();
        let entries: Vec<_> = found.scan().map(Result::unwrap).collect();
        let labels = |entry: RawEntry| match entry.content {
            Content::Mail(mail) => mail.labels,
            Content::Row(_) => Vec::new(),
        };
        assert!(entries.iter().all(|entry| labels(found.read_at(&entry.origin).unwrap()) == labels(entry.clone())));
        entries.into_iter().map(labels).collect()
    };
    let both = LabelsFrom { folders: true, file: true, flags: false };
    assert_eq!(labels(both), [vec!["Inbox"], vec!["Work", "Orders"]]);
    assert_eq!(labels(LabelsFrom { file: false, ..both }), [vec![], vec!["Work"]]);
    assert_eq!(labels(LabelsFrom::default()), [[""; 0], []]);
}

#[test]
fn a_packed_export_comes_with_the_command_that_unpacks_it() {
    let export = Export::new().with("takeout.zip", b"PK\x03\x04rest").with("may.mbox", b"\x1f\x8b\x08rest");
    let zip = error(&export, Format::Mbox(Dialect::Auto), &["takeout.zip"]);
    assert!(zip.remedy.contains("`unzip ") && zip.remedy.contains("takeout.zip"), "{zip}");
    assert!(error(&export, Format::Mbox(Dialect::Auto), &["may.mbox"]).remedy.contains("`gunzip --keep "));
    assert!(error(&export, Format::Eml, &["takeout.zip"]).title.contains("ZIP archive"));
    assert!(error(&export, Format::Csv(Box::new(chat())), &["takeout.zip"]).title.contains("ZIP archive"));
}

#[test]
fn links_inside_the_source_are_followed_and_do_not_double_a_file() {
    let export = Export::new().with("in/real/a.eml", "Subject: a\n").with("in/real/b.eml", "Subject: b\n");
    export.link("in/again", "real");
    export.link("in/c.eml", "real/a.eml");
    let found = export.open(Format::Eml, &["in"]).unwrap();
    assert_eq!(shown(&*found), ["in/real/a.eml", "in/real/b.eml"]);
    let linked = export.open(Format::Eml, &["in/ag*/*.eml"]).unwrap();
    assert_eq!(shown(&*linked), ["in/again/a.eml", "in/again/b.eml"]);
}

#[test]
fn a_link_in_a_circle_ends() {
    let export = Export::new().with("in/sub/a.eml", "Subject: a\n");
    export.link("in/sub/up", "..");
    let found = export.open(Format::Eml, &["in"]).unwrap();
    assert_eq!(shown(&*found), ["in/sub/a.eml"]);
    assert!(problems(&*found).is_empty());
}

#[test]
fn a_link_out_of_a_source_of_mails_is_counted_as_unreadable() {
    let elsewhere = Export::new().with("b.eml", "Subject: b\n");
    let export = Export::new().with("in/a.eml", "Subject: a\n");
    export.link("in/b.eml", elsewhere.path().join("b.eml"));
    export.link("in/folder", elsewhere.path());
    let found = export.open(Format::Eml, &["in"]).unwrap();
    assert_eq!(texts(&*found), ["Subject: a\n"]);
    let problems = problems(&*found);
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| problem.cause == "symbolic link leads out of the source"));
    assert!(problems.iter().any(|problem| problem.detail.contains("in/b.eml")), "{problems:?}");
}

#[test]
fn a_link_out_of_a_source_of_mbox_files_is_an_error() {
    let elsewhere = Export::new().with("b.mbox", MAIL);
    let export = Export::new().with("in/a.mbox", MAIL);
    export.link("in/b.mbox", elsewhere.path().join("b.mbox"));
    let out = error(&export, Format::Mbox(Dialect::Auto), &["in/*.mbox"]);
    assert!(out.title.contains("leads out") && out.detail.contains("in/b.mbox"), "{out}");
    assert!(out.remedy.contains("name that in `path`"), "{out}");
    // Named itself, it is what the user wants.
    assert_eq!(shown(&*export.open(Format::Mbox(Dialect::Auto), &["in/b.mbox"]).unwrap()), ["in/b.mbox"]);
}

#[test]
fn a_linked_folder_that_no_pattern_reaches_does_not_matter() {
    let elsewhere = Export::new().with("b.mbox", MAIL);
    let export = Export::new().with("in/a.mbox", MAIL);
    export.link("in/folder", elsewhere.path());
    assert_eq!(shown(&*export.open(Format::Mbox(Dialect::Auto), &["in/*.mbox"]).unwrap()), ["in/a.mbox"]);
    assert!(error(&export, Format::Mbox(Dialect::Auto), &["in/**/*.mbox"]).detail.contains("in/folder"));
}

#[test]
fn a_broken_link_matters_by_its_name() {
    let export = Export::new().with("in/a.mbox", MAIL);
    export.link("in/note.txt", "gone");
    assert!(export.open(Format::Mbox(Dialect::Auto), &["in/*.mbox"]).is_ok());
    export.link("in/b.mbox", "gone");
    let broken = error(&export, Format::Mbox(Dialect::Auto), &["in/*.mbox"]);
    assert!(broken.detail.contains("in/b.mbox"), "{broken}");
}

#[test]
fn a_file_that_cannot_be_opened_comes_with_the_reason() {
    let export = Export::new();
    export.link("a.mbox", "a.mbox");
    let error = error(&export, Format::Mbox(Dialect::Auto), &["a.mbox"]);
    assert!(error.title.contains("a.mbox cannot be opened"), "{error}");
    assert!(error.detail.contains("symbolic links"), "{error}");
}

#[test]
fn all_bad_sources_are_named_at_once() {
    let export = Export::new().with("a.mbox", MAIL);
    let sources = vec![
        source(Format::Mbox(Dialect::Auto), &["x.mbox"]),
        source(Format::Mbox(Dialect::Auto), &["a.mbox"]),
        source(Format::Mbox(Dialect::Auto), &["y.mbox"]),
    ];
    let mapping = export.mapping(sources);
    let errors = open_all(&mapping).err().expect("errors");
    assert_eq!(errors.len(), 2);
    let watch = Watch { observer: &Silent, stop: &AtomicBool::new(false) };
    assert!(super::super::open(&mapping, 3, &watch).is_err());
    let good = export.mapping(vec![source(Format::Mbox(Dialect::Auto), &["a.mbox"])]);
    assert_eq!(open_all(&good).unwrap_or_default().len(), 1);
}
