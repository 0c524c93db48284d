//! What the journal says of single messages.

use super::*;
use crate::ledger::Trace;
use std::collections::HashSet;

fn traces(ledger: &Ledger, names: &[&str]) -> BTreeMap<String, Trace> {
    let wanted: HashSet<String> = names.iter().map(|name| external_id(name)).collect();
    ledger.traces(&wanted).unwrap().into_iter().collect()
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
    ledger.write_plan(meta("p2", 2), filled(vec![changed, planned(1, "b")])).unwrap();
    send(&ledger, 0, &accepted("u1"));
    // It never came, was sent again, and Front called it by another name.
    ledger.mark(&[(0, State::Missing { uid: "u1".into(), why: "5 min".into() })]).unwrap();
    send(&ledger, 0, &accepted("u2"));
    let dir = ledger.dir().to_path_buf();
    drop(ledger);
    let ledger = Ledger::open(&dir).unwrap();
    let found = traces(&ledger, &["a", "c"]);
    let a = &found[&external_id("a")];
    assert_eq!((found.len(), a.uids.as_slice()), (1, &["u1".to_owned(), "u2".to_owned()][..]), "c was never sent");
    assert_eq!((a.requests.as_slice(), a.resent), (&[[7; 32], [8; 32]][..], true));
    let b = &traces(&ledger, &["b"])[&external_id("b")];
    assert_eq!((b.uids.as_slice(), b.requests.as_slice()), (&["ub".to_owned()][..], &[[7; 32]][..]));
    assert_eq!(traces(&ledger, &[]), BTreeMap::new());
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
    ledger.write_plan(meta("p2", 2), filled(vec![mended(0, "a"), mended(1, "b")])).unwrap();
    assert_eq!([ledger.state(0).unwrap().name(), ledger.state(1).unwrap().name()], ["unknown"; 2]);
    let tally = &ledger.tallies()[0].1;
    assert_eq!((tally.unknown, tally.balances()), (2, true));
    let dir = ledger.dir().to_path_buf();
    drop(ledger);
    let ledger = Ledger::open(&dir).unwrap();
    ledger.mark(&[(0, State::Sending), (0, State::Planned)]).unwrap();
    assert_eq!(ledger.state(0).unwrap().name(), "unknown", "that this attempt was not taken says nothing of the first");
}
