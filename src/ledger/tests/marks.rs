//! Marks that fail, and what is known afterwards.

use super::*;
use crate::ledger::books::Books;
use crate::ledger::fact::Fact;
use crate::ledger::index::Watermark;
use crate::ledger::journal::{Journal, Survey};
use crate::ledger::reckoning::Reckoning;
use crate::ledger::stored::{Reached, Stored};
use crate::ledger::{LedgerError, Part};
use std::fs;

#[test]
fn a_mark_that_failed_half_way_is_in_the_journal_and_the_books_take_nothing_more() {
    let (_dir, ledger) = ledger_of(&["a", "b", "c"]);
    send(&ledger, 1, &accepted("v"));
    ledger.flush().unwrap();
    ledger.mark(&[(0, State::Sending)]).unwrap();
    let counted = ledger.counts();
    // The next look at it, when the first message is settled, fails after the journal has that fact.
    ledger.current().unwrap().index.spoil_state(1);
    let error = ledger.mark(&[(0, accepted("u"))]).unwrap_err();
    assert!(error.is_index_damage(), "{error}");
    assert_eq!(ledger.history("tl1-a").unwrap().len(), 2);
    let error = ledger.mark(&[(2, State::Sending)]).unwrap_err();
    assert!(matches!(error, LedgerError::Broken { .. }), "{error}");
    assert!(ledger.history("tl1-c").unwrap().is_empty(), "nothing is sent that is not counted");
    ledger.flush().unwrap();
    let path = ledger.dir().to_path_buf();
    drop(ledger);
    // The books that are kept end before the failed mark, so opening looks at it again, and finds the damage again.
    let mut ledger = Ledger::open(&path).unwrap();
    assert!(ledger.index_lost().is_some(), "{counted:?}");
    plan_of(&mut ledger, "p2", &["a", "b", "c"]);
    assert_eq!(states(&ledger), [accepted("u"), accepted("v"), State::Planned]);
}

#[test]
fn books_that_missed_a_change_are_not_kept() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 1, &accepted("v"));
    ledger.mark(&[(0, State::Sending)]).unwrap();
    ledger.flush().unwrap();
    ledger.current().unwrap().index.spoil_state(1);
    assert!(ledger.mark(&[(0, accepted("u"))]).is_err());
    let before = fs::read(ledger.dir().join("sled/db")).unwrap();
    ledger.flush().unwrap();
    assert!(
        fs::read(ledger.dir().join("sled/db")).unwrap() == before,
        "the index was brought up to a change that nobody counted"
    );
}

#[test]
fn a_kill_right_before_a_flush_loses_none_of_thousands_of_marks_of_every_kind() {
    const MESSAGES: u64 = 1_300;
    let names: Vec<String> = (0..MESSAGES).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_dir, ledger) = ledger_of(&names);
    let before = as_killed_now(&ledger);
    let outcome = |at: u64| match at % 5 {
        0 => refused("no"),
        1 => unknown("reset"),
        2 => State::Planned,
        3 => State::Sending,
        _ => accepted(&at.to_string()),
    };
    for start in (0..MESSAGES).step_by(50) {
        let due: Vec<u64> = (start..start + 50).collect();
        let sending: Vec<(u64, State)> = due.iter().map(|at| (*at, State::Sending)).collect();
        ledger.mark(&sending).unwrap();
        let outcomes: Vec<(u64, State)> =
            due.iter().map(|at| (*at, outcome(*at))).filter(|(_, state)| *state != State::Sending).collect();
        ledger.mark(&outcomes).unwrap();
    }
    // The index as it was before all of that, and the journal as it is.
    fs::copy(ledger.dir().join("journal.jsonl"), before.path().join("ledger/journal.jsonl")).unwrap();
    let killed = open_copy(&before);
    let at_rest = |at| if outcome(at) == State::Sending { never_answered() } else { outcome(at) };
    assert_eq!(states(&killed), (0..MESSAGES).map(at_rest).collect::<Vec<_>>());
    let (counts, fifth) = (killed.counts(), MESSAGES / 5);
    assert_eq!(
        (counts.planned, counts.sending, counts.unknown, counts.refused, counts.accepted),
        (fifth, 0, 2 * fifth, fifth, fifth)
    );
    assert_eq!(killed.first_open(), 1);
    assert!(killed.notices().is_empty());
    drop(killed);
    assert!(Ledger::check(&before.path().join("ledger")).unwrap().is_sound());
}

#[test]
fn an_index_that_says_otherwise_than_the_line_it_names_is_damage_and_no_answer() {
    let (_dir, ledger) = ledger_of(&["a"]);
    send(&ledger, 0, &accepted("u"));
    ledger.flush().unwrap();
    // The line at byte 0 says that it goes out.
    let elsewhere = Stored { source: 0, reached: Reached::Accepted, line: 0 };
    ledger.current().unwrap().index.put_early_states(&BTreeMap::from([(0, elsewhere)])).unwrap();
    let error = ledger.state(0).unwrap_err();
    assert!(error.to_string().contains("line 1 (byte 0): the line says something else than the index"), "{error}");
    assert!(ledger.states(0..1).unwrap().next().unwrap().is_err());
}

#[test]
fn books_of_another_plan_are_not_taken_for_those_of_this_one() {
    let (_dir, ledger) = ledger_of(&["a"]);
    let reckoning = Reckoning::of_sources(2);
    let foreign = Watermark { offset: 0, last: None, target: None, reckoning };
    ledger.current().unwrap().index.put_states(&BTreeMap::new(), &foreign).unwrap();
    let path = ledger.dir().to_path_buf();
    drop(ledger);
    let ledger = Ledger::open(&path).unwrap();
    assert!(
        ledger.index_lost().unwrap().contains("it counts other sources than the plan"),
        "{:?}",
        ledger.index_lost()
    );
}

#[test]
fn an_index_beside_the_journal_of_another_ledger_is_refused_whichever_is_longer() {
    let (_one, one) = ledger_of(&["a", "b"]);
    let (_other, other) = ledger_of(&["a", "b"]);
    send(&one, 0, &accepted("u"));
    send(&other, 1, &accepted("u"));
    send(&other, 0, &accepted("v"));
    let paths = [one.dir().to_path_buf(), other.dir().to_path_buf()];
    one.close().unwrap();
    other.close().unwrap();
    for (index, journal) in [(0, 1), (1, 0)] {
        let dir = tempfile::tempdir().unwrap();
        let mixed = dir.path().join("ledger");
        copy_tree(&paths[journal], &mixed);
        fs::remove_dir_all(mixed.join("sled")).unwrap();
        copy_tree(&paths[index].join("sled"), &mixed.join("sled"));
        let error = Ledger::open(&mixed).unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { part: Part::Journal, .. }), "{error}");
        assert!(!Ledger::check(&mixed).unwrap().is_sound());
    }
}

#[test]
fn an_older_index_beside_a_newer_journal_catches_up_with_it() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &accepted("u"));
    ledger.flush().unwrap();
    let older = as_killed_now(&ledger);
    send(&ledger, 1, &accepted("v"));
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    fs::remove_dir_all(path.join("sled")).unwrap();
    copy_tree(&older.path().join("ledger/sled"), &path.join("sled"));
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(states(&ledger), [accepted("u"), accepted("v")]);
    assert_eq!((ledger.first_open(), ledger.counts().accepted), (2, 2));
}

/// A device that is always full, and cannot be shortened.
#[cfg(target_os = "linux")]
#[test]
fn a_journal_that_may_hold_half_a_line_takes_nothing_more_until_it_is_opened_again() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    let journal = path.join("journal.jsonl");
    fs::remove_file(&journal).unwrap();
    std::os::unix::fs::symlink("/dev/full", &journal).unwrap();
    let survey = Survey { good: 0, size: 0, last: None, target: None };
    let mut open = Journal::open(&path, &survey).unwrap();
    let fact = || [Fact::Unsent { external_id: "tl1-a".into() }];
    let error = open.append(&fact()).unwrap_err();
    assert!(
        matches!(&error, LedgerError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull),
        "{error}"
    );
    assert!(matches!(open.append(&fact()), Err(LedgerError::Broken { .. })));
    assert!(matches!(open.sound_length(), Err(LedgerError::Broken { .. })));
    let mut books = Books::new(&path, Journal::open(&path, &survey).unwrap(), None).unwrap();
    let error = books.append(&fact()).unwrap_err();
    assert!(matches!(error, LedgerError::Full { .. }), "{error}");
    assert!(error.remedy().contains("make room on that disk"), "{}", error.remedy());
}
