//! What was tried with single messages.

use super::*;
use crate::ledger::Trace;
use std::collections::HashSet;

#[test]
fn every_uid_the_last_request_and_the_second_sending_of_what_was_missing_are_told() {
    let dir = TempDir::new().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.write_plan(meta("p", 3), filled([planned(0, "a"), planned(1, "b"), planned(2, "c")])).unwrap();
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

#[test]
fn an_attempt_without_an_answer_is_told_whatever_came_later() {
    let accepted = || State::Accepted { uid: "u".into() };
    let unknown = || State::Unknown { why: "lost".into() };
    let refused = |status| State::Refused { status, cause: "no".into() };
    for (way, unanswered) in [
        (vec![State::Sending, accepted()], false),
        (vec![State::Sending, State::Planned, State::Sending, accepted()], false),
        (vec![State::Sending, refused(400), State::Planned, State::Sending, accepted()], false),
        (vec![State::Sending, unknown(), State::Sending, accepted()], true),
        (vec![State::Sending, refused(502), State::Sending, accepted()], true),
    ] {
        let dir = TempDir::new().unwrap();
        let mut ledger = Ledger::open(dir.path()).unwrap();
        ledger.write_plan(meta("p", 1), filled([planned(0, "a")])).unwrap();
        let changes: Vec<(u64, State)> = way.iter().map(|state| (0, state.clone())).collect();
        ledger.mark(&changes).unwrap();
        let trace = ledger.traces(&HashSet::from([external_id("a")])).unwrap().remove(&external_id("a"));
        assert_eq!(trace.map(|trace| trace.unanswered), Some(unanswered), "{way:?}");
    }
    // A process that ended before there was an answer.
    let dir = TempDir::new().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.write_plan(meta("p", 1), filled([planned(0, "a")])).unwrap();
    ledger.mark(&[(0, State::Sending)]).unwrap();
    ledger.close().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    ledger.mark(&[(0, State::Sending), (0, accepted())]).unwrap();
    let traces = ledger.traces(&HashSet::from([external_id("a")])).unwrap();
    assert!(traces[&external_id("a")].unanswered);
}

#[test]
fn a_uid_or_a_message_leads_to_the_message_of_ours_that_it_belongs_to() {
    let dir = TempDir::new().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.write_plan(meta("p", 2), filled([planned(0, "a"), planned(1, "b")])).unwrap();
    let accepted = |uid: &str| State::Accepted { uid: uid.into() };
    let confirmed = State::Confirmed { message_id: "msg_1".into(), conversation_id: "c".into(), differs: None };
    ledger.mark(&[(0, State::Sending), (0, accepted("u")), (0, confirmed)]).unwrap();
    ledger.mark(&[(1, State::Sending), (1, accepted("v"))]).unwrap();
    let names = ["u", "v", "msg_1", "c", "w"].map(str::to_owned).into();
    let holders: BTreeMap<String, String> = ledger.holders(&names).unwrap().into_iter().collect();
    let of = |name: &str, id: &str| (name.to_owned(), external_id(id));
    assert_eq!(holders, BTreeMap::from([of("msg_1", "a"), of("u", "a"), of("v", "b")]));
    assert!(ledger.holders(&HashSet::new()).unwrap().is_empty());
}
