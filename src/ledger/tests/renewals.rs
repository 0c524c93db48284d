//! New ids of messages, where lines of the journal are lost.

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn missing() -> State {
    State::Missing { uid: "u".into(), why: "5 min".into() }
}

/// A ledger in which `a` got its second id, and the plan was made again.
fn renewed() -> (TempDir, Ledger) {
    let (dir, mut ledger) = ledger_of(&["a", "b"]);
    ledger.mark(&[(0, State::Sending), (0, accepted("u")), (0, missing())]).unwrap();
    ledger.mark(&[(1, State::Sending), (1, accepted("v"))]).unwrap();
    ledger.renew(&BTreeSet::from([0])).unwrap();
    assert!(ledger.is_outdated());
    plan_of(&mut ledger, "p2", &["a-r2", "b"]);
    assert!(!ledger.is_outdated());
    (dir, ledger)
}

/// Closes the ledger and flips a bit in the one line of the journal that has this in it.
fn damaged(ledger: Ledger, needle: &str) -> PathBuf {
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    let journal = fs::read_to_string(path.join("journal.jsonl")).unwrap();
    let hits: Vec<usize> = journal.match_indices(needle).map(|(at, _)| at).collect();
    let [hit] = hits[..] else { panic!("{needle} is in the journal {} times", hits.len()) };
    let mut bytes = journal.into_bytes();
    bytes[hit + 3] ^= 1;
    fs::write(path.join("journal.jsonl"), bytes).unwrap();
    path
}

fn newest(ledger: &Ledger) -> String {
    ledger.renewals().unwrap().newest("tl1-a")
}

#[test]
fn only_a_message_that_is_missing_gets_a_new_id() {
    let (_dir, ledger) = renewed();
    for position in [0, 1] {
        let error = ledger.renew(&BTreeSet::from([position])).unwrap_err();
        assert!(error.to_string().contains("from not missing to renewed"), "{error}");
    }
    assert!(!ledger.is_outdated());
    assert_eq!(ledger.history("tl1-a").unwrap().iter().filter(|line| line.contains("renewed_as")).count(), 1);
}

#[test]
fn a_renewal_puts_the_plan_out_of_date_also_after_a_kill_before_anything_was_flushed() {
    let (_dir, ledger) = ledger_of(&["a"]);
    ledger.mark(&[(0, State::Sending), (0, accepted("u")), (0, missing())]).unwrap();
    let before = as_killed_now(&ledger);
    ledger.renew(&BTreeSet::from([0])).unwrap();
    fs::copy(ledger.dir().join("journal.jsonl"), before.path().join("ledger/journal.jsonl")).unwrap();
    let killed = open_copy(&before);
    assert!(killed.is_outdated());
    assert_eq!(newest(&killed), "tl1-a-r2");
}

#[test]
fn where_the_line_of_a_renewal_is_lost_the_plan_still_tells_it() {
    let (_dir, ledger) = renewed();
    let path = damaged(ledger, "renewed_as");
    let repair = Ledger::repair(&path, true).unwrap();
    assert!(
        repair.notices.iter().any(|notice| notice.contains("New ids that it knew, too: 1;")),
        "{:?}",
        repair.notices
    );
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(newest(&ledger), "tl1-a-r2");
    assert_eq!(
        ledger.history("tl1-a").unwrap().last().unwrap(),
        r#"{"renewed":{"external_id":"tl1-a","renewed_as":"tl1-a-r2"}}"#
    );
}

#[test]
fn where_it_was_sent_under_its_new_id_that_tells_of_the_renewal_without_index_and_line() {
    let (_dir, ledger) = renewed();
    ledger.mark(&[(0, State::Sending), (0, accepted("w"))]).unwrap();
    let path = damaged(ledger, "renewed_as");
    fs::remove_dir_all(path.join("sled")).unwrap();
    Ledger::repair(&path, true).unwrap();
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(newest(&ledger), "tl1-a-r2");
    let renewed: Vec<(String, bool)> =
        ledger.pins().unwrap().map(|pin| pin.map(|pin| (pin.external_id, pin.is_renewed)).unwrap()).collect();
    let told = [("tl1-a", true), ("tl1-b", false), ("tl1-a-r2", false)].map(|(id, is)| (id.to_owned(), is));
    assert_eq!(renewed, told);
    plan_of(&mut ledger, "p3", &["a-r2", "b"]);
    assert_eq!(states(&ledger), [accepted("w"), accepted("v")]);
}
