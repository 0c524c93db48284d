//! What was tried with single messages.

use super::*;
use crate::ledger::Trace;
use std::collections::HashSet;

#[test]
fn every_uid_the_last_request_and_the_second_sending_of_what_was_missing_are_told() {
    let dir = TempDir::new().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.write_plan(meta("p", 3), [planned(0, "a"), planned(1, "b"), planned(2, "c")]).unwrap();
    let accepted = |uid: &str| State::Accepted { uid: uid.into() };
    let missing = State::Missing { uid: "u1".into(), why: "not there".into() };
    let unknown = State::Unknown { why: "lost".into() };
    ledger.mark(&[(0, State::Sending), (0, unknown), (0, State::Sending), (0, accepted("u1"))]).unwrap();
    ledger.mark(&[(1, State::Sending), (1, accepted("v"))]).unwrap();
    let trace = |name: &str| ledger.traces(&HashSet::from([external_id(name)])).unwrap().remove(&external_id(name));
    let once: Trace = trace("a").unwrap();
    assert_eq!((once.uids, once.requests, once.seen), (vec!["u1".to_owned()], vec![[7; 32]], false));
    assert!(!once.resent, "a replay of an unknown fate is no second sending");

    ledger.mark(&[(0, missing), (0, State::Sending), (0, accepted("u2"))]).unwrap();
    let confirmed = State::Confirmed { message_id: "m".into(), conversation_id: "c".into(), differs: None };
    ledger.mark(&[(1, confirmed)]).unwrap();
    let again = trace("a").unwrap();
    assert_eq!((again.uids, again.resent, again.seen), (vec!["u1".to_owned(), "u2".to_owned()], true, false));
    assert_eq!(trace("b").map(|trace| (trace.resent, trace.seen)), Some((false, true)));
    assert_eq!(trace("c"), None, "it was never sent");
    assert!(ledger.traces(&HashSet::new()).unwrap().is_empty());
}
