//! When a plan no longer stands, and what a plan leaves in the ledger.

use super::*;
use crate::ledger::{Ledger, LedgerError, PlanMeta};
use crate::plan::testing::Folder;
use crate::plan::{PlanError, overview_of};
use std::fs;

/// A folder with so many mails, and its ledger.
fn folder(mails: usize) -> (Folder, Ledger) {
    let folder = Folder::new();
    for number in 0..mails {
        folder.write(&format!("{number:04}.eml"), &letter(&number.to_string(), 0, "", "Hi"));
    }
    let ledger = folder.open_ledger();
    (folder, ledger)
}

#[test]
fn a_plan_stands_while_nothing_changes() {
    let (folder, mut ledger) = folder(3);
    assert_eq!(folder.staleness(&ledger, ""), Some("nothing is planned yet".into()));
    let overview = folder.plan(&mut ledger, "");
    assert_eq!(folder.staleness(&ledger, ""), None);
    assert_eq!(overview_of(ledger.plan().unwrap()).unwrap(), overview);
    assert_eq!((overview.messages, overview.threads, overview.sent_differently), (3, 3, 0));
}

#[test]
fn another_mapping_makes_it_stale() {
    let (folder, mut ledger) = folder(1);
    folder.plan(&mut ledger, "");
    assert_eq!(folder.staleness(&ledger, "# a remark"), Some("the mapping was changed after it was planned".into()));
}

#[test]
fn another_threadlift_makes_it_stale() {
    let (folder, mut ledger) = folder(1);
    let mapping = folder.mapping("");
    let meta = PlanMeta {
        plan_id: "p".into(),
        mapping_text: mapping.text.clone(),
        mapping_digest: mapping.digest(),
        engine: "0.0.1".into(),
        sources: Vec::new(),
    };
    ledger.write_plan(meta, |_| Ok::<_, LedgerError>(Vec::new())).unwrap();
    assert_eq!(folder.staleness(&ledger, ""), Some("it was planned by threadlift 0.0.1".into()));
}

#[test]
fn a_large_file_that_grew_by_more_of_the_same_or_was_changed_in_its_middle_makes_it_stale() {
    // Lines of 64 bytes: whole blocks more of them look the same wherever a sample is taken.
    let long = |lines: usize| letter("a", 0, "", &format!("{}\n", "x".repeat(63)).repeat(lines));
    let then = long(1_024);
    let mut middle = then.clone().into_bytes();
    let at = (then.len() - 4096) / 2 + 100;
    middle[at] = b'y';
    let changed = String::from_utf8(middle).unwrap();
    for now in [long(1_024 + 128), changed] {
        let (folder, mut ledger) = folder(0);
        folder.write("a.eml", &then);
        folder.plan(&mut ledger, "");
        folder.write("a.eml", &now);
        let why = folder.staleness(&ledger, "").expect("it was changed");
        assert!(why.contains("mails/a.eml of source `old` is new or was changed"), "{why}");
    }
}

#[test]
fn a_file_that_is_new_gone_or_changed_makes_it_stale_by_name() {
    type Change = fn(&Folder);
    let changes: [(&str, Change, &str); 4] = [
        (
            "new",
            |folder| folder.write("0000a.eml", &letter("n", 0, "", "Ho")),
            "mails/0000a.eml of source `old` is new",
        ),
        ("last", |folder| folder.write("9.eml", &letter("n", 0, "", "Ho")), "mails/9.eml of source `old` is new"),
        ("gone", |folder| fs::remove_file(folder.path("0001.eml")).unwrap(), "mails/0001.eml of source `old` is gone"),
        (
            "byte",
            |folder| folder.write("0001.eml", &letter("1", 0, "", "Ho")),
            "mails/0001.eml of source `old` is new or was changed",
        ),
    ];
    for (name, change, expected) in changes {
        let (folder, mut ledger) = folder(3);
        folder.plan(&mut ledger, "");
        change(&folder);
        let why = folder.staleness(&ledger, "").expect(name);
        assert!(why.starts_with(expected), "{name}: {why}");
    }
}

#[test]
fn a_new_name_alone_does_not() {
    let (folder, mut ledger) = folder(3);
    folder.plan(&mut ledger, "");
    fs::rename(folder.path("0001.eml"), folder.path("0001-renamed.eml")).unwrap();
    assert_eq!(folder.staleness(&ledger, ""), None);
    fs::rename(folder.path("0000.eml"), folder.path("9.eml")).unwrap();
    assert!(folder.staleness(&ledger, "").is_some(), "but another order does: origins count in it");
}

#[test]
fn of_very_many_files_sizes_and_samples_are_looked_at_and_names_are_not() {
    let (folder, mut ledger) = folder(1_001);
    folder.plan(&mut ledger, "");
    assert_eq!(folder.staleness(&ledger, ""), None);
    fs::rename(folder.path("0001.eml"), folder.path("0001-renamed.eml")).unwrap();
    assert_eq!(folder.staleness(&ledger, ""), None);
    let first = fs::read(folder.path("0000.eml")).unwrap();
    let mut other = first.clone();
    let last = other.len() - 1;
    other[last] ^= 1;
    fs::write(folder.path("0000.eml"), other).unwrap();
    assert!(folder.staleness(&ledger, "").is_some(), "of the same size, with another byte in a sample");
    fs::write(folder.path("0000.eml"), first).unwrap();
    folder.write("0500.eml", &letter("500", 0, "", "longer"));
    assert!(
        folder.staleness(&ledger, "").unwrap().starts_with("1001 files of source `old`"),
        "{:?}",
        folder.staleness(&ledger, "")
    );
}

#[test]
fn the_books_balance_and_what_was_sent_stays_sent_over_plans() {
    let (folder, mut ledger) = folder(3);
    folder.write("bad.eml", "no mail");
    folder.write("copy.eml", &letter("0", 0, "", "Hi"));
    folder.plan(&mut ledger, "");
    ledger.mark(&[(0, State::Sending), (0, accepted())]).unwrap();
    let overview = folder.plan(&mut ledger, "[defaults]\ntags = [\"late\"]\n");
    let (_, tally) = ledger.tallies().remove(0);
    assert!(tally.balances());
    assert_eq!((tally.read, tally.accepted, tally.pending, tally.duplicate, tally.unreadable), (5, 1, 2, 1, 1));
    assert_eq!(overview.sent_differently, 1);
    assert_eq!(overview.problems.len(), 1);
    assert_eq!((overview.problems[0].place.as_str(), overview.problems[0].count), ("mails/bad.eml", 1));
}

#[test]
fn an_interrupted_plan_leaves_the_former_one() {
    let (folder, mut ledger) = folder(2);
    folder.plan(&mut ledger, "");
    let stopped = folder.plan_unless(&mut ledger, "# other", &AtomicBool::new(true));
    assert!(matches!(stopped, Err(PlanError::Interrupted)));
    assert_eq!(folder.staleness(&ledger, ""), None);
}
