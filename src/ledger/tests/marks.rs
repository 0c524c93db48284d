//! Marks that fail, and what is known afterwards.

use super::*;
use crate::ledger::LedgerError;
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
