use super::room::Target;
use super::{archive, with_ending};
use crate::event::{Event, Observer, Silent, Stage};
use crate::mapping::{Dialect, Format, LabelsFrom, SourceMapping};
use crate::source::test_support::{Export, shown, source, texts};
use crate::source::{Content, Source, SourceError, Watch, files};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const MAIL: &str = "From a@b.example Tue Mar 19 09:13:51 2019\nSubject: x\n\ntext\n\n";

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

/// A tar of `(kind, name, content or target)`, whose names are written as they are.
fn tarred(entries: &[(tar::EntryType, &str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, name, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        let data = if kind.is_file() { content.as_bytes() } else { b"" };
        if !kind.is_file() {
            header.as_mut_bytes()[157..157 + content.len()].copy_from_slice(content.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        tar.append(&header, data).unwrap();
    }
    tar.into_inner().unwrap()
}

const FILE: tar::EntryType = tar::EntryType::Regular;

fn mapping(format: Format, paths: &[&str]) -> SourceMapping {
    SourceMapping { unpack: Some(PathBuf::from("out")), ..source(format, paths) }
}

fn open(export: &Export, paths: &[&str]) -> Result<Box<dyn Source>, SourceError> {
    export.open_source(mapping(Format::Mbox(Dialect::Auto), paths))
}

fn refused(export: &Export, path: &str) -> SourceError {
    let error = open(export, &[path]).err().expect("an error");
    let left: Vec<_> = fs::read_dir(export.path().join("out")).into_iter().flatten().filter_map(Result::ok).collect();
    assert!(left.is_empty(), "left over: {left:?}");
    error
}

#[test]
fn parts_of_a_takeout_are_unpacked_once_and_read_as_folders_are() {
    let export = Export::new()
        .with("t-001.zip", zipped(&[("Takeout/archive_browser.html", "<html>1"), ("Takeout/Mail/a.mbox", MAIL)]))
        .with("t-002.zip", zipped(&[("Takeout/archive_browser.html", "<html>2"), ("Takeout/Mail/b.mbox", MAIL)]));
    let first = open(&export, &["t-*.zip"]).unwrap();
    assert_eq!(texts(&*first).len(), 2);
    assert!(shown(&*first)[0].starts_with("out/t-001-") && shown(&*first)[0].ends_with("/Takeout/Mail/a.mbox"));
    assert!(first.notes().iter().any(|note| note.contains("t-001.zip is unpacked (2 files, ")), "{:?}", first.notes());
    // What is there is not written again.
    let unpacked = first.files()[0].path.clone();
    let marked = fs::File::options().write(true).open(&unpacked).unwrap();
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    marked.set_modified(long_ago).unwrap();
    let second = open(&export, &["t-*.zip"]).unwrap();
    assert_eq!((shown(&*second), second.notes()), (shown(&*first), first.notes()));
    assert_eq!(fs::metadata(&unpacked).unwrap().modified().unwrap(), long_ago);
}

#[test]
fn what_is_unpacked_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let export = Export::new().with("a.zip", zipped(&[("Takeout/a.mbox", MAIL)]));
    let source = open(&export, &["a.zip"]).unwrap();
    for path in source.files()[0].path.ancestors().take_while(|path| *path != export.path()) {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn mails_unpacked_by_us_are_those_unpacked_by_hand() {
    let export = Export::new().with("lists/may.txt.gz", gzipped(MAIL.as_bytes())).with("by-hand/may.txt", MAIL);
    let ours = open(&export, &["lists"]).unwrap();
    let by_hand = open(&export, &["by-hand"]).unwrap();
    assert_eq!(texts(&*ours), texts(&*by_hand));
    assert!(shown(&*ours)[0].ends_with("/may.txt"));
}

#[test]
fn tar_and_its_compressed_kin_are_unpacked_with_maildirs_inside() {
    let files = [
        (FILE, "./m/cur/1:2,S", "Subject: a\n"),
        (FILE, "m/new/2", "Subject: b\n"),
        (FILE, "m/cur/3:2,", "Subject: c\n"),
    ];
    for (name, bytes) in
        [("m.tar", tarred(&files)), ("m.tgz", gzipped(&tarred(&files))), ("m.tar.gz", gzipped(&tarred(&files)))]
    {
        let export = Export::new().with(name, bytes);
        let source = export.open_source(mapping(Format::Eml, &[name])).unwrap();
        assert_eq!(texts(&*source), ["Subject: a\n", "Subject: c\n", "Subject: b\n"], "{name}");
    }
}

#[test]
fn the_place_of_an_archive_is_the_place_of_its_mails() {
    let export = Export::new().with("lists/users/may.txt.gz", gzipped(MAIL.as_bytes()));
    let labels_from = LabelsFrom { folders: true, file: true, flags: false };
    let found = SourceMapping { labels_from, ..mapping(Format::Mbox(Dialect::Auto), &["lists/*/*.gz"]) };
    let entry = export.open_source(found).unwrap().scan().next().unwrap().unwrap();
    let Content::Mail(mail) = entry.content else { panic!("no mail") };
    assert_eq!(mail.labels, ["users", "may"]);
}

#[test]
fn names_that_lead_out_are_refused_and_nothing_is_written_there() {
    for name in ["../evil.mbox", "a/../../evil.mbox", "/tmp/evil.mbox", "..\\..\\evil.mbox"] {
        let export = Export::new().with("in/a.tar", tarred(&[(FILE, "good.mbox", MAIL), (FILE, name, MAIL)]));
        let error = refused(&export, "in/a.tar");
        assert!(error.detail.contains("it holds"), "{error}");
        assert!(!export.path().join("evil.mbox").exists() && !export.path().join("in/evil.mbox").exists());
    }
    let export = Export::new().with("a.zip", zipped(&[("../evil.mbox", MAIL)]));
    assert!(refused(&export, "a.zip").detail.contains("leads out"));
}

#[test]
fn links_in_an_archive_are_not_made() {
    let export = Export::new();
    let secret = export.write("secret/s.mbox", MAIL);
    let link = tar::EntryType::Symlink;
    let tar = tarred(&[
        (link, "out", "../../secret"),
        (FILE, "out/x.mbox", MAIL),
        (link, "s.mbox", secret.to_str().unwrap()),
    ]);
    export.write("a.tar", tar);
    let source = open(&export, &["a.tar"]).unwrap();
    assert!(shown(&*source).len() == 1 && shown(&*source)[0].ends_with("/out/x.mbox"), "{:?}", shown(&*source));
    assert!(!export.path().join("secret/x.mbox").exists());
    assert!(source.notes()[0].contains("without 2 links or devices"), "{:?}", source.notes());
}

#[test]
fn a_hard_link_is_the_file_it_links_to_and_one_to_elsewhere_is_refused() {
    let link = tar::EntryType::Link;
    let export = Export::new().with("a.tar", tarred(&[(FILE, "a.mbox", MAIL), (link, "b.mbox", "a.mbox")]));
    assert_eq!(texts(&*open(&export, &["a.tar"]).unwrap()).len(), 2);
    for target in ["../a.tar", "/etc/hostname", "c.mbox"] {
        let export = Export::new().with("a.tar", tarred(&[(FILE, "a.mbox", MAIL), (link, "b.mbox", target)]));
        refused(&export, "a.tar");
    }
}

#[test]
fn files_of_one_name_are_all_kept() {
    let other = MAIL.replace("text", "other");
    let export = Export::new().with("a.tar", tarred(&[(FILE, "a.mbox", MAIL), (FILE, "a.mbox", &other)]));
    assert_eq!(texts(&*open(&export, &["a.tar"]).unwrap()).len(), 2);
    let mut bytes = zipped(&[("a.mbox", MAIL), ("b.mbox", &other)]);
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, b"b.mbox").collect();
    for at in places {
        bytes[at] = b'a';
    }
    let export = Export::new().with("a.zip", bytes);
    let error = refused(&export, "a.zip");
    assert!(error.detail.contains("one name") && error.remedy.contains("unzip"), "{error}");
}

#[test]
fn damaged_and_cut_archives_leave_nothing_behind() {
    let zip = zipped(&[("a.mbox", &MAIL.repeat(200)), ("b.mbox", MAIL)]);
    let tar = tarred(&[(FILE, "a.mbox", &MAIL.repeat(20)), (FILE, "b.mbox", MAIL)]);
    let gz = gzipped(MAIL.repeat(2_000).as_bytes());
    let cut = |bytes: &[u8], to: usize| bytes[..to].to_vec();
    let mut damaged = gz.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    for (name, bytes) in [
        ("a.zip", cut(&zip, zip.len() / 2)),
        ("a.zip", cut(&zip, zip.len() - 10)),
        ("a.zip", [b"PK\x03\x04".as_slice(), &[7; 100]].concat()),
        ("a.gz", cut(&gz, gz.len() / 2)),
        ("a.gz", cut(&gz, gz.len() - 4)),
        ("a.gz", b"\x1f\x8b\x08garbage garbage".to_vec()),
        ("a.gz", damaged),
        ("a.tar", cut(&tar, 700)),
        ("a.tar", cut(&tar, 512 + 1_536)),
        ("a.tgz", gzipped(&cut(&tar, 600))),
        ("a.tgz", gzipped(b"no tar at all")),
    ] {
        let export = Export::new().with(name, bytes);
        let error = refused(&export, name);
        assert!(error.title.contains("cannot be unpacked") && error.detail.contains(name), "{error}");
    }
}

/// Sizes are read from the central directory (APPNOTE.TXT section 4.3.12).
fn claiming(mut zip: Vec<u8>, size: u32) -> Vec<u8> {
    let entries: Vec<usize> = memchr::memmem::find_iter(&zip, b"PK\x01\x02").collect();
    for at in entries {
        zip[at + 24..at + 28].copy_from_slice(&size.to_le_bytes());
    }
    zip
}

#[test]
fn an_archive_that_is_too_large_for_the_disk_is_refused_before_anything_is_written() {
    // 20,000 files of 4 GB each.
    let names: Vec<String> = (0..20_000).map(|number| format!("{number}.mbox")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let export = Export::new().with("a.zip", claiming(zipped(&files), 0xffff_fff0));
    let error = refused(&export, "a.zip");
    assert!(error.detail.contains("bytes are needed"), "{error}");
    assert!(error.detail.contains("bytes are free") && error.remedy.contains("another disk"), "{error}");
}

#[test]
fn a_file_of_another_size_than_it_claims_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let watch = Watch { observer: &Silent, stop: &stop };
    let mut target = Target::new(folder.path(), &watch);
    assert!(target.file(Path::new("a"), &mut &b"12345"[..], Some(5)).is_ok());
    assert!(target.file(Path::new("b"), &mut &b"123456"[..], Some(5)).is_err());
    assert!(target.file(Path::new("c"), &mut &b"1234"[..], Some(5)).is_err());
    for size in [1, 1_000] {
        let export = Export::new().with("a.zip", claiming(zipped(&[("a.mbox", MAIL)]), size));
        assert!(refused(&export, "a.zip").detail.contains("a.mbox"));
    }
}

#[test]
fn an_interrupted_archive_is_unpacked_anew_and_what_was_left_of_it_is_never_read() {
    let export = Export::new().with("a.zip", zipped(&[("a.mbox", MAIL)]));
    let into = open(&export, &["a.zip"]).unwrap().files()[0].path.parent().unwrap().to_path_buf();
    fs::remove_file(with_ending(&into, super::NOTE)).unwrap();
    fs::write(into.join("a.mbox"), "half").unwrap();
    let scratch = with_ending(&into, files::SCRATCH);
    fs::create_dir_all(&scratch).unwrap();
    fs::write(scratch.join("half.mbox"), MAIL).unwrap();
    assert_eq!(texts(&*export.open(Format::Mbox(Dialect::Auto), &["out/**/*.mbox"]).unwrap()).len(), 0);
    let again = open(&export, &["a.zip"]).unwrap();
    assert_eq!(texts(&*again), ["Subject: x\n\ntext\n"]);
    assert!(!scratch.exists());
}

#[test]
fn what_was_taken_out_of_an_unpacked_folder_is_noticed() {
    let export = Export::new().with("a.zip", zipped(&[("a.mbox", MAIL), ("b.mbox", MAIL)]));
    let file = open(&export, &["a.zip"]).unwrap().files()[0].path.clone();
    fs::remove_file(file).unwrap();
    let error = open(&export, &["a.zip"]).err().expect("an error");
    assert!(error.title.contains("not whole any more") && error.remedy.contains("delete that folder"), "{error}");
}

#[test]
fn archives_without_any_mail_stop_the_run_and_say_what_was_in_them() {
    let export = Export::new().with("a.zip", zipped(&[("Takeout/archive_browser.html", "<html>")]));
    let error = open(&export, &["a.zip"]).err().expect("an error");
    assert!(error.title.contains("nothing that was unpacked"), "{error}");
    assert!(error.detail.contains("archive_browser.html was not read"), "{error}");
}

#[test]
fn an_archive_that_was_replaced_is_unpacked_again() {
    let export = Export::new().with("a.gz", gzipped(MAIL.as_bytes()));
    open(&export, &["a.gz"]).unwrap();
    export.write("a.gz", gzipped(MAIL.replace("text", "next").as_bytes()));
    assert_eq!(texts(&*open(&export, &["a.gz"]).unwrap()), ["Subject: x\n\nnext\n"]);
}

#[test]
fn without_room_of_its_own_to_unpack_in_the_command_is_told() {
    let export = Export::new().with("a.7z", b"7z\xbc\xaf\x27\x1c\0").with("b.zip", zipped(&[("a.mbox", MAIL)]));
    let error = open(&export, &["a.7z"]).err().expect("an error");
    assert!(error.remedy.contains("7z x ") && !error.remedy.contains("unpack ="), "{error}");
    let plain = export.open(Format::Mbox(Dialect::Auto), &["b.zip"]).err().expect("an error");
    assert!(plain.remedy.contains("unzip ") && plain.remedy.contains("`unpack = "), "{plain}");
}

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Observer for Heard {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

#[test]
fn unpacking_is_announced_and_can_be_stopped() {
    let export = Export::new().with("a.zip", zipped(&[("a.mbox", MAIL)]));
    let heard = Heard::default();
    let stop = AtomicBool::new(true);
    let mapping = export.mapping(vec![mapping(Format::Mbox(Dialect::Auto), &["a.zip"])]);
    let stopped = crate::source::open(&mapping, 0, &Watch { observer: &heard, stop: &stop }).err().expect("an error");
    assert!(stopped.detail.contains("stopped before it was whole"), "{stopped}");
    assert!(fs::read_dir(export.path().join("out")).unwrap().next().is_none());
    stop.store(false, std::sync::atomic::Ordering::Relaxed);
    crate::source::open(&mapping, 0, &Watch { observer: &heard, stop: &stop }).unwrap();
    let events = heard.0.into_inner().unwrap();
    let starts = events.iter().filter(|event| matches!(event, Event::StageStarted { stage: Stage::Unpacking, .. }));
    let ends = events.iter().filter(|event| matches!(event, Event::StageFinished { stage: Stage::Unpacking }));
    assert_eq!((starts.count(), ends.count()), (2, 2));
    assert!(events.iter().any(|event| matches!(event, Event::Note { text } if text.contains("1 files, "))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_archive_writes_outside_its_folder(
        names in proptest::collection::vec("[./\\\\ab:]{1,12}", 1..6),
        kinds in proptest::collection::vec(0..3_usize, 6),
        garbage in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("one/two/inside");
        fs::create_dir_all(&inside).unwrap();
        let kind = |at: usize| [FILE, tar::EntryType::Symlink, tar::EntryType::Link][kinds[at]];
        let entries: Vec<_> = names.iter().enumerate().map(|(at, name)| (kind(at), name.as_str(), "../..")).collect();
        let path = folder.path().join("a.tar");
        let mut bytes = tarred(&entries);
        bytes.extend(garbage);
        fs::write(&path, bytes).unwrap();
        let stop = AtomicBool::new(false);
        let watch = Watch { observer: &Silent, stop: &stop };
        let meter = super::Meter::new(&watch);
        let file = super::Metered { file: fs::File::open(&path).unwrap(), meter: &meter };
        let mut target = Target::new(&inside, &watch);
        // Refused or not: all that was written is inside.
        let _ = archive::unpack(&path, file, &inside, &mut target);
        let files = walkdir::WalkDir::new(folder.path()).into_iter().filter_map(Result::ok);
        for entry in files.filter(|entry| !entry.file_type().is_dir() && entry.path() != path) {
            prop_assert!(entry.file_type().is_file() && entry.path().starts_with(&inside), "{:?}", entry.path());
        }
    }
}
