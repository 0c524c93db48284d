//! Size: nothing here may take time or memory that grows faster than the plan.

use super::*;

fn names(count: u64) -> impl Iterator<Item = (u64, String)> {
    // As long as real ids.
    (0..count).map(|number| (number, blake3::hash(&number.to_le_bytes()).to_hex()[..40].to_owned()))
}

#[test]
fn a_hundred_thousand_entries_are_planned_sent_killed_and_planned_again() {
    const COUNT: u64 = 100_000;
    const SENT: u64 = 10_000;
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
    let entries = |count| names(count).map(|(number, name)| planned(number, &name));
    ledger.write_plan(meta("p1", COUNT), filled(entries(COUNT))).unwrap();
    for start in (0..SENT).step_by(1_000) {
        let group: Vec<(u64, State)> =
            (start..start + 1_000).flat_map(|at| [(at, State::Sending), (at, accepted("u"))]).collect();
        ledger.mark(&group).unwrap();
    }
    let copy = as_killed_now(&ledger);
    drop(ledger);
    let mut ledger = open_copy(&copy);
    assert_eq!((ledger.counts().accepted, ledger.first_open()), (SENT, SENT));
    let (_, last) = names(COUNT).last().unwrap();
    assert_eq!(ledger.find(&external_id(&last)).unwrap(), [COUNT - 1]);
    ledger.write_plan(meta("p2", 2 * SENT), filled(entries(2 * SENT))).unwrap();
    assert_eq!((ledger.counts().accepted, ledger.counts().planned), (SENT, SENT));
    assert_eq!(ledger.pins().unwrap().count() as u64, SENT);
}

#[test]
fn no_page_is_so_large_that_sled_would_never_let_it_go() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    // Digests cannot be packed.
    let digest = |name: &str, what: &str| *blake3::hash(format!("{name}{what}").as_bytes()).as_bytes();
    let entries = names(5_000).map(|(number, name)| {
        let mut entry = planned(number, &name);
        entry.digest.copy_from_slice(&digest(&name, "entry")[..16]);
        if let Verdict::Planned(planned) = &mut entry.verdict {
            planned.request = digest(&name, "request");
            planned.thread_ref = format!("tl1-t-{}", blake3::Hash::from_bytes(digest(&name, "thread")).to_hex());
        }
        entry
    });
    ledger.write_plan(meta("p1", 5_000), filled(entries)).unwrap();
    drop(ledger);
    let files = std::fs::read_dir(dir.path().join("sled/blobs")).unwrap().count();
    assert_eq!(files, 0, "pages that sled keeps in files of their own");
}
