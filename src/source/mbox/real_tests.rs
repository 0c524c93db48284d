//! A public mailing list archive against its index, which was made from the list's own repository. It stands beside the
//! project, not in it: without it this test says that it was not asked.

use super::Mbox;
use crate::mapping::{Dialect, Format, Limits};
use crate::source::test_support::{Export, source};
use crate::source::{Content, RawMail, Source, Watch, find};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

#[derive(serde::Deserialize)]
struct Expected {
    offset: u64,
    length: u64,
    raw_sha256: String,
}

fn samples() -> PathBuf {
    match std::env::var_os("THREADLIFT_REAL_SAMPLES") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples-real"),
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn every_mail_of_a_real_archive_is_found_and_restored() {
    let lists = samples().join("lists");
    let Ok(index) = std::fs::File::open(lists.join("linux-man.index.jsonl")) else {
        eprintln!("not asked: there are no real samples in {}", lists.display());
        return;
    };
    let path = lists.join("linux-man.mbox").display().to_string();
    let mapping = source(Format::Mbox(Dialect::Auto), &[&path]);
    let watch = Watch { observer: &crate::event::Silent, stop: &std::sync::atomic::AtomicBool::new(false) };
    let found = find::find(Export::new().path(), &mapping, &watch).unwrap();
    let archive = Mbox::open(&mapping, Dialect::Auto, Limits::default(), 0, found).unwrap();
    let mut entries = archive.scan();
    let (mut count, mut next, mut ambiguous) = (0, 0, Vec::new());
    for line in BufReader::new(index).lines() {
        let expected: Expected = serde_json::from_str(&line.unwrap()).unwrap();
        let entry = entries.next().expect("as many entries as the index has").unwrap();
        let piece = &entry.origin.pieces[0];
        assert_eq!((piece.offset, piece.length), (expected.offset, expected.length), "entry {count}");
        assert_eq!(piece.offset, next, "entry {count}");
        next = piece.offset + piece.length;
        let Content::Mail(mail) = entry.content else { panic!("entry {count} is no mail") };
        if sha256(&mail.bytes) != expected.raw_sha256 {
            // The original says `>From ` by itself. The mboxo dialect leaves that as it is, and so made it equal to a
            // quoted `From `: no rule can tell. Put back, it must be the original again.
            let text = String::from_utf8(mail.bytes.to_vec()).unwrap();
            let quoted = text.replace("\nFrom ", "\n>From ");
            assert_eq!(sha256(quoted.as_bytes()), expected.raw_sha256, "entry {count}");
            ambiguous.push(count);
        }
        count += 1;
    }
    assert!(entries.next().is_none());
    assert_eq!(count, 17_885);
    assert_eq!(ambiguous, [4566]);
}

/// A line of `expect.jsonl`.
#[derive(serde::Deserialize)]
struct Truth {
    file: String,
    index: Option<usize>,
    offset: Option<u64>,
    raw_sha256: Option<String>,
}

/// Offsets of the stretches of a file, and its mails.
fn read_file(path: &std::path::Path) -> Vec<(u64, RawMail)> {
    let bytes = std::fs::read(path).unwrap();
    super::in_memory(&bytes, Dialect::Auto, 1 << 20)
        .into_iter()
        .map(|(offset, _, mail)| (offset, mail.expect("nothing stands before the first mail")))
        .collect()
}

#[test]
fn mails_of_real_mbox_files_begin_where_other_programs_say() {
    let samples = samples();
    let Ok(truths) = std::fs::File::open(samples.join("expect.jsonl")) else {
        eprintln!("not asked: there are no real samples in {}", samples.display());
        return;
    };
    let mut files = std::collections::BTreeMap::new();
    let (mut offsets, mut bytes, mut others) = (0, 0, Vec::new());
    for line in BufReader::new(truths).lines() {
        let truth: Truth = serde_json::from_str(&line.unwrap()).unwrap();
        let (Some(index), false) = (truth.index, truth.file.starts_with("lists/")) else { continue };
        let mails = files.entry(truth.file.clone()).or_insert_with(|| read_file(&samples.join(&truth.file)));
        let (offset, mail) = &mails[index];
        assert_eq!(Some(*offset), truth.offset, "{} mail {index}", truth.file);
        offsets += 1;
        if let Some(expected) = truth.raw_sha256 {
            bytes += 1;
            if sha256(&mail.bytes) != expected {
                others.push(format!("{} mail {index}", truth.file));
            }
        }
    }
    assert_eq!(files["mimekit/UnitTests/TestData/mbox/content-length.mbox.txt"].len(), 29);
    eprintln!("{offsets} offsets, {bytes} digests");
    assert_eq!(others, [""; 0]);
    assert!(offsets > 130 && bytes > 100);
}
