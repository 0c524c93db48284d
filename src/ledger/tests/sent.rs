//! What the journal says of single messages.

use super::*;
use crate::ledger::Sent;
use std::collections::HashSet;

fn uids_of(ledger: &Ledger, names: &[&str]) -> BTreeMap<String, Sent> {
    let wanted: HashSet<String> = names.iter().map(|name| external_id(name)).collect();
    ledger.uids_of(&wanted).unwrap().into_iter().collect()
}

#[test]
fn every_uid_and_every_request_of_a_message_is_kept_over_plans_and_openings() {
    let (_dir, mut ledger) = ledger_of(&["a", "b", "c"]);
    send(&ledger, 0, &unknown("cut off"));
    send(&ledger, 1, &accepted("ub"));
    let mut changed = planned(0, "a");
    if let Verdict::Planned(planned) = &mut changed.verdict {
        planned.request = [8; 32];
    }
    ledger.write_plan(meta("p2", 2), vec![changed, planned(1, "b")]).unwrap();
    send(&ledger, 0, &accepted("u1"));
    // It never came, was sent again, and Front called it by another name.
    ledger.mark(&[(0, State::Missing { uid: "u1".into(), why: "5 min".into() })]).unwrap();
    send(&ledger, 0, &accepted("u2"));
    let dir = ledger.dir().to_path_buf();
    drop(ledger);
    let ledger = Ledger::open(&dir).unwrap();
    let expected = Sent { uids: vec!["u1".into(), "u2".into()], attempts: 3, requests: vec![[7; 32], [8; 32]] };
    assert_eq!(uids_of(&ledger, &["a", "c"]), BTreeMap::from([(external_id("a"), expected)]), "c was never sent");
    let once = Sent { uids: vec!["ub".into()], attempts: 1, requests: vec![[7; 32]] };
    assert_eq!(uids_of(&ledger, &["b"]), BTreeMap::from([(external_id("b"), once)]));
    assert_eq!(uids_of(&ledger, &[]), BTreeMap::new());
}

#[test]
fn a_mended_message_that_the_server_failed_on_may_be_in_front_already() {
    let (_dir, mut ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &State::Refused { status: 500, cause: "boom".into() });
    send(&ledger, 1, &State::Refused { status: 0, cause: "reset".into() });
    let mended = |number, name| {
        let mut entry = planned(number, name);
        if let Verdict::Planned(planned) = &mut entry.verdict {
            planned.request = [8; 32];
        }
        entry
    };
    ledger.write_plan(meta("p2", 2), vec![mended(0, "a"), mended(1, "b")]).unwrap();
    assert_eq!([ledger.state(0).unwrap().name(), ledger.state(1).unwrap().name()], ["unknown"; 2]);
    let tally = &ledger.tallies()[0].1;
    assert_eq!((tally.unknown, tally.balances()), (2, true));
    let dir = ledger.dir().to_path_buf();
    drop(ledger);
    let ledger = Ledger::open(&dir).unwrap();
    ledger.mark(&[(0, State::Sending), (0, State::Planned)]).unwrap();
    assert_eq!(ledger.state(0).unwrap().name(), "unknown", "that this attempt was not taken says nothing of the first");
}
