//! What was taken back counts as never sent, and has other ids from then on.

use super::*;
use crate::ledger::Pin;

/// A ledger that has sent `a` and `b` and seen both.
fn sent() -> (TempDir, Ledger) {
    let (dir, ledger) = ledger_of(&["a", "b", "c"]);
    send(&ledger, 0, &confirmed());
    send(&ledger, 1, &confirmed());
    (dir, ledger)
}

fn threads(ledger: &Ledger) -> Vec<Vec<Pin>> {
    let threads = ledger.sent_threads().unwrap().map(|thread| thread.unwrap().pins);
    threads.filter(|pins| !pins.is_empty()).collect()
}

fn take_back(ledger: &Ledger, name: &str) {
    let thread = threads(ledger).into_iter().find(|pins| pins[0].external_id == external_id(name)).unwrap();
    ledger.undo(&thread).unwrap();
}

#[test]
fn what_was_sent_is_listed_thread_by_thread_until_it_is_taken_back() {
    let (_dir, ledger) = sent();
    assert_eq!((threads(&ledger).len(), ledger.sent_threads().unwrap().len()), (2, 2), "never what was not sent");
    take_back(&ledger, "a");
    let left = threads(&ledger);
    assert_eq!(left.iter().map(|pins| pins[0].external_id.as_str()).collect::<Vec<_>>(), ["tl1-b"]);
    let all = ledger.sent_threads().unwrap();
    assert_eq!(all.len(), 1);
    let mut all: Vec<(String, usize, u64)> =
        all.map(|thread| thread.unwrap()).map(|thread| (thread.thread_ref, thread.pins.len(), thread.undone)).collect();
    all.sort();
    assert_eq!(
        all,
        [("tl1-t-a".into(), 0, 1), ("tl1-t-b".into(), 1, 0)],
        "what was taken back is known to have been there"
    );
}

#[test]
fn it_counts_as_not_sent_and_the_books_balance_at_once_and_after_a_kill() {
    let (_dir, ledger) = sent();
    take_back(&ledger, "a");
    let check = |ledger: &Ledger| {
        assert_eq!(states(ledger), [State::Planned, confirmed(), State::Planned]);
        assert_eq!((ledger.counts().planned, ledger.counts().confirmed), (2, 1));
        assert!(ledger.tallies().iter().all(|(_, tally)| tally.balances()));
        assert!(ledger.is_outdated(), "the plan has the former ids");
    };
    check(&ledger);
    // The journal has it, the index not yet.
    let (_other, other) = sent();
    let copy = as_killed_now(&other);
    take_back(&other, "a");
    std::fs::copy(other.dir().join("journal.jsonl"), copy.path().join("ledger/journal.jsonl")).unwrap();
    check(&open_copy(&copy));
}

#[test]
fn message_and_thread_have_the_next_ids_and_nothing_is_pinned_of_them() {
    let (_dir, mut ledger) = sent();
    take_back(&ledger, "a");
    let pins = ledger.pins().unwrap();
    let renewals = pins.renewals().clone();
    assert_eq!(renewals.newest("tl1-a"), "tl1-a-r2");
    assert_eq!(renewals.newest_ref("tl1-t-a").as_deref(), Some("tl1-t-a-r2"));
    assert_eq!((renewals.newest("tl1-b"), renewals.newest_ref("tl1-t-b")), ("tl1-b".into(), None));
    let standing: Vec<State> = pins.map(|pin| pin.unwrap().state).collect();
    assert_eq!(standing, [State::Planned, confirmed()]);

    // Sent again and taken back again, it has the third.
    plan_of(&mut ledger, "p2", &["a-r2", "b", "c"]);
    assert!(!ledger.is_outdated());
    send(&ledger, 0, &confirmed());
    take_back(&ledger, "a-r2");
    assert_eq!(ledger.renewals().unwrap().newest("tl1-a"), "tl1-a-r3");
    assert!(
        Ledger::check(&{
            let path = ledger.dir().to_path_buf();
            ledger.close().unwrap();
            path
        })
        .unwrap()
        .is_sound()
    );
}
