//! What `ledger check` finds and `ledger rebuild` mends, one damage at a time.

use super::*;
use crate::ledger::LedgerError;
use crate::ledger::blocks::Block;
use crate::ledger::entry::Part;
use crate::ledger::index::Watermark;
use crate::ledger::reckoning::Reckoning;
use std::fs;
use std::path::PathBuf;

/// A closed ledger of which two messages were sent.
fn two() -> (TempDir, PathBuf) {
    let (dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &accepted("u"));
    send(&ledger, 1, &accepted("v"));
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    (dir, path)
}

fn damages(path: &Path) -> Vec<String> {
    let told = Ledger::check(path).unwrap().damages;
    told.into_iter().map(|damage| format!("{}: {}", damage.place, damage.what)).collect()
}

#[test]
fn a_loss_needs_the_users_word_and_without_it_nothing_is_changed() {
    let (_dir, path) = two();
    let journal = path.join("journal.jsonl");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[20] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    let error = Ledger::repair(&path, false).unwrap_err();
    assert!(matches!(&error, LedgerError::Lossy { losses, .. } if losses.len() == 1), "{error}");
    assert!(error.to_string().contains("line 1 (byte 0)") && error.remedy().contains("--drop-damaged"), "{error}");
    assert_eq!(fs::read(&journal).unwrap(), bytes);
    assert!(path.join("sled").exists());
    let mended = Ledger::repair(&path, true).unwrap();
    assert!(mended.notices[0].contains("line 1 (byte 0)"), "{:?}", mended.notices);
    assert_eq!(fs::read(path.join("journal.damaged-1")).unwrap(), bytes);
}

#[test]
fn a_half_written_end_is_no_loss_and_is_cut_off() {
    let (_dir, path) = two();
    let journal = path.join("journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, [&whole[..], b"0bad0bad {\"sending\""].concat()).unwrap();
    let mended = Ledger::repair(&path, false).unwrap();
    assert!(mended.notices[0].contains("journal.torn-1"), "{:?}", mended.notices);
    assert_eq!(fs::read(&journal).unwrap(), whole);
}

#[test]
fn a_format_that_is_gone_is_written_anew_where_the_journal_shows_what_it_was() {
    let (_dir, path) = two();
    fs::remove_file(path.join("format")).unwrap();
    assert_eq!(damages(&path), ["its beginning: the file is missing"]);
    assert!(Ledger::open(&path).is_err());
    let mended = Ledger::repair(&path, false).unwrap();
    assert!(mended.notices[0].contains("format was written anew"), "{:?}", mended.notices);
    assert_eq!(Ledger::open(&path).unwrap().pins().unwrap().count(), 2);
}

#[test]
fn books_that_do_not_agree_with_the_states_are_found() {
    let (_dir, path) = two();
    let ledger = Ledger::open(&path).unwrap();
    let index = &ledger.current().unwrap().index;
    let before = index.watermark().unwrap().unwrap();
    let mut reckoning = Reckoning::of_sources(1);
    (0..2).for_each(|_| reckoning.add_planned(0, Part::Messages));
    index.put_states(&BTreeMap::new(), &Watermark { reckoning, ..before }).unwrap();
    drop(ledger);
    assert_eq!(damages(&path), ["watermark: the books do not agree with the states"]);
}

#[test]
fn an_index_whose_ids_are_not_those_of_its_entries_is_found() {
    let (_dir, path) = two();
    let ledger = Ledger::open(&path).unwrap();
    ledger.current().unwrap().index.forget_ids();
    drop(ledger);
    assert_eq!(
        damages(&path),
        ["external ids: they are not those of the entries", "original ids: they are not those of the entries"]
    );
}

#[test]
fn a_journal_that_lost_a_line_of_no_message_is_found_by_the_line_that_the_index_knows() {
    let (_dir, path) = two();
    let journal = path.join("journal.jsonl");
    let before = fs::read(&journal).unwrap();
    let ledger = Ledger::open(&path).unwrap();
    ledger.bind(&target()).unwrap();
    ledger.close().unwrap();
    fs::write(&journal, &before).unwrap();
    let told = damages(&path);
    assert!(told.len() == 1 && told[0].contains("its end is missing"), "{told:?}");
}

#[test]
fn entries_in_the_wrong_place_and_files_that_cannot_be_read_are_found() {
    let (_dir, path) = two();
    let ledger = Ledger::open(&path).unwrap();
    let mut block = Block::default();
    for entry in [entry(0, Some("a@shop.example".into()), Verdict::Skipped { cause: "spam".into() }), planned(1, "b")] {
        block.push(&entry).unwrap();
    }
    let index = &ledger.current().unwrap().index;
    index.put_entries(vec![index.sealed(0, &block).unwrap()]).unwrap();
    drop(ledger);
    assert_eq!(damages(&path).first().unwrap(), "entry 0: its place does not fit what was decided of it");
    let (_dir, path) = two();
    let ledger = Ledger::open(&path).unwrap();
    ledger.current().unwrap().index.spoil_file();
    drop(ledger);
    assert_eq!(damages(&path), ["key 000000000000: the checksum of the value does not match"]);
}

#[test]
fn a_summary_that_was_changed_and_an_index_that_is_gone_are_found() {
    let (_dir, path) = two();
    let ledger = Ledger::open(&path).unwrap();
    ledger.write_summary("at rest", serde_json::Value::Null).unwrap();
    ledger.close().unwrap();
    let summary = path.join("summary.json");
    fs::write(&summary, fs::read_to_string(&summary).unwrap().replace("at rest", "at work")).unwrap();
    fs::remove_dir_all(path.join("sled")).unwrap();
    assert_eq!(damages(&path), ["its beginning: its checksum does not match", "the folder: it is missing"]);
}
