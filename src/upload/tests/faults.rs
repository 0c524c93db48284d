//! The fault matrix: for each fault what is sent, what is counted, and the state that stays.

use super::front::{Says, accepts, refuses};
use super::*;
use crate::front::StopCause;
use crate::upload::{Chosen, Doubted, Stop, choose};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};

/// The connection ends without a word.
fn hangs_up() -> Says {
    (0, String::new())
}

/// The connection ends within an acceptance.
fn stops_halfway() -> Says {
    (0, "HTTP/1.1 202 Accepted\r\ncontent-length: 60\r\n\r\n{\"status\":\"accepted\",\"mess".to_owned())
}

fn html(status: u16) -> Says {
    (status, "<html><title>Bad gateway</title></html>".to_owned())
}

/// A Front that does so `times` times with messages of this name, and then takes them.
async fn failing(name: &'static str, times: u32, says: Says) -> Front {
    let met = AtomicU32::new(0);
    Front::answering(move |asked| {
        if asked == name && met.fetch_add(1, Ordering::Relaxed) < times { says.clone() } else { accepts() }
    })
    .await
}

#[tokio::test]
async fn a_passing_fault_is_met_with_the_same_bytes_and_leaves_no_trace_in_the_books() {
    let faults = [500, 502, 503, 504, 408, 429].map(|status| (status, "busy".to_owned()));
    let broken = [html(502), hangs_up(), stops_halfway(), html(202), (202, "{}".to_owned()), (200, "null".to_owned())];
    for fault in faults.into_iter().chain(broken) {
        let names = ["a1", "a2", "b1"];
        let mut world = World::of(&names);
        world.in_flight = 1;
        let front = failing("a1", 2, fault.clone()).await;
        let outcome = world.send(&front).await;
        assert!(matches!(outcome.ending, Ending::Finished), "{fault:?}: {:?}", outcome.ending);
        assert_eq!(outcome.accepted, 3, "{fault:?}");
        let order: Vec<String> = front.seen().into_iter().filter(|name| name.starts_with('a')).collect();
        assert_eq!(order, ["a1", "a1", "a1", "a2"], "{fault:?}");
        let bodies = front.bodies("a1");
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{fault:?}");
        assert_eq!(world.states(&names), ["accepted"; 3], "{fault:?}");
        // Whether Front made something of an attempt is known of a 429 alone; the journal keeps that.
        let id = world.external_id("a1");
        let traces = world.ledger.traces(&HashSet::from([id.clone()])).unwrap();
        assert_eq!((traces[&id].unanswered, traces[&id].resent), (fault.0 != 429, false), "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_never_becomes_usable_leaves_its_message_unknown_and_holds_up_no_other_conversation() {
    for fault in [stops_halfway(), html(202), (202, "{}".to_owned()), (204, String::new())] {
        let names = ["a1", "a2", "b1"];
        let world = World::of(&names);
        let outcome = world.send(&failing("a1", u32::MAX, fault.clone()).await).await;
        assert!(matches!(outcome.ending, Ending::Finished), "{fault:?}: {:?}", outcome.ending);
        assert_eq!(outcome.accepted, 1, "{fault:?}");
        assert_eq!(world.states(&names), ["unknown", "planned", "accepted"], "{fault:?}");
        let tally = &world.ledger.tallies()[0].1;
        assert_eq!((tally.unknown, tally.pending, tally.accepted, tally.balances()), (1, 1, 1, true));
    }
}

#[tokio::test]
async fn a_final_no_is_kept_and_the_rest_of_its_conversation_goes_on() {
    for status in [400, 409, 413, 422] {
        let names = ["a1", "a2", "b1"];
        let world = World::of(&names);
        let outcome = world.send(&failing("a1", u32::MAX, (status, refuses("no such tag").1)).await).await;
        assert!(matches!(outcome.ending, Ending::Finished));
        assert_eq!(world.states(&names), ["refused", "accepted", "accepted"]);
        assert!(matches!(world.state("a1"), State::Refused { status: kept, .. } if kept == status));
    }
}

#[tokio::test]
async fn a_message_on_which_the_server_fails_while_others_succeed_is_set_aside_and_its_conversation_goes_on() {
    let others: Vec<String> = (1..=59).map(|number| format!("b{number}")).collect();
    let names: Vec<&str> = ["a1", "a2"].into_iter().chain(others.iter().map(String::as_str)).collect();
    for fault in [(500, "boom".to_owned()), hangs_up()] {
        let world = World::of(&names);
        let front = failing("a1", u32::MAX, fault.clone()).await;
        let outcome = world.send(&front).await;
        assert!(matches!(outcome.ending, Ending::Finished), "{fault:?}: {:?}", outcome.ending);
        assert_eq!(outcome.accepted, names.len() as u64 - 1);
        let State::Refused { status, cause } = world.state("a1") else { panic!("{:?}", world.state("a1")) };
        assert_eq!(status, fault.0);
        assert!(cause.starts_with("Front failed on it again and again, and not on others: "), "{cause}");
        assert!(front.bodies("a1").len() >= 6, "{}", front.bodies("a1").len());

        // It is listed for a retry, as one that may be in Front.
        let taken = choose(&world.ledger, &Chosen { cause: "AGAIN AND AGAIN".into(), ..Chosen::default() }).unwrap();
        assert_eq!(taken.count(), 1);
        taken.take_up(&world.ledger).unwrap();
        assert_eq!(world.state("a1").name(), "unknown");
        let world = world.reopened();
        let again = Front::answering(|_| accepts()).await;
        world.send(&again).await;
        assert_eq!(again.bodies("a1"), [front.bodies("a1")[0].clone()]);
        assert_eq!(world.ledger.counts().accepted, names.len() as u64);
    }
}

#[tokio::test]
async fn an_inbox_that_is_gone_or_a_token_that_is_turned_down_in_mid_run_stops_it_with_nothing_marked() {
    for status in [401, 403, 404] {
        let names = ["a1", "a2", "b1", "c1"];
        let mut world = World::of(&names);
        world.in_flight = 1;
        let met = AtomicU32::new(0);
        let front = Front::answering(move |_| {
            if met.fetch_add(1, Ordering::Relaxed) < 2 { accepts() } else { (status, "{}".to_owned()) }
        })
        .await;
        let outcome = world.send(&front).await;
        let Ending::Stopped(Stop::Front(cause)) = outcome.ending else { panic!("{:?}", outcome.ending) };
        match cause {
            StopCause::Unauthorized { status: said, .. } => assert_eq!(said, status),
            StopCause::UnknownInbox { .. } => assert_eq!(status, 404),
            other => panic!("{other:?}"),
        }
        assert_eq!((outcome.accepted, front.seen().len()), (2, 3));
        let counts = world.ledger.counts();
        assert_eq!((counts.accepted, counts.planned), (2, 2));
    }
}

#[tokio::test]
async fn more_than_one_in_twenty_refused_after_a_hundred_stops_with_the_commonest_cause() {
    let names: Vec<String> =
        (1..=59).flat_map(|number| ["a", "b", "c"].map(|thread| format!("{thread}{number}"))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::of(&names);
    world.in_flight = 1;
    let met = AtomicU32::new(0);
    let front = Front::answering(move |_| {
        if met.fetch_add(1, Ordering::Relaxed) % 10 == 9 { refuses("no such tag") } else { accepts() }
    })
    .await;
    let outcome = world.send(&front).await;
    let Ending::Stopped(Stop::Refusals { what, commonest }) = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert_eq!((what.as_str(), commonest.as_str()), ("Front refused 11 of 110 messages", "no such tag"));
    assert_eq!(front.seen().len(), 110);
}

#[tokio::test]
async fn a_message_of_unknown_fate_is_replayed_byte_for_byte_after_planning_again() {
    let names = ["a1", "a2", "b1"];
    let world = World::of(&names);
    let first = failing("a1", u32::MAX, stops_halfway()).await;
    world.send(&first).await;
    let world = world.replanned("");
    let second = Front::answering(|_| accepts()).await;
    let doubted = Doubted::of(&world.ledger).unwrap();
    world.send(&second).await;
    assert_eq!(second.seen(), ["a1", "a2"]);
    assert_eq!(second.bodies("a1")[0], first.bodies("a1")[0]);
    assert_eq!(doubted.sent_otherwise(&world.ledger).unwrap(), 0);
}

#[tokio::test]
async fn where_the_mapping_changed_its_new_request_goes_out_under_the_same_id_and_both_digests_are_kept() {
    let names = ["a1", "a2", "b1"];
    let world = World::of(&names);
    let first = failing("a1", u32::MAX, stops_halfway()).await;
    world.send(&first).await;
    let world = world.replanned("[defaults]\ntags = [\"old\"]\n");
    let second = Front::answering(|_| accepts()).await;
    let doubted = Doubted::of(&world.ledger).unwrap();
    world.send(&second).await;
    assert_eq!(second.seen(), ["a1", "a2"]);
    assert_eq!(doubted.sent_otherwise(&world.ledger).unwrap(), 1);
    let (was, is) = (&first.bodies("a1")[0], &second.bodies("a1")[0]);
    assert_eq!((&is["external_id"], &is["metadata"]), (&was["external_id"], &was["metadata"]));
    assert_eq!((was.get("tags"), &is["tags"]), (None, &serde_json::json!(["old"])));
    let id = world.external_id("a1");
    let sent = &world.ledger.traces(&HashSet::from([id.clone()])).unwrap()[&id];
    assert_eq!((sent.requests.len(), sent.uids.as_slice()), (2, &["u".to_owned()][..]));
}

#[tokio::test]
async fn what_is_missing_in_front_is_sent_again_with_the_same_bytes_and_only_where_asked() {
    let names = ["a1", "a2", "b1"];
    let world = World::of(&names);
    let first = Front::answering(|_| accepts()).await;
    world.send(&first).await;
    let missing = State::Missing { uid: "u".into(), why: "not there after 5 min".into() };
    world.mark("a2", std::slice::from_ref(&missing));
    world.mark("b1", &[missing]);
    let mut world = world.reopened();
    let by_id = Chosen { ids: vec!["<a2@x>".into()], missing: true, ..Chosen::default() };
    world.again = choose(&world.ledger, &by_id).unwrap().missing;
    let second = Front::answering(|_| accepts()).await;
    world.send(&second).await;
    assert_eq!(second.seen(), ["a2"]);
    assert_eq!(second.bodies("a2")[0], first.bodies("a2")[0]);
    assert_eq!(world.states(&names), ["accepted", "accepted", "missing"]);
}

#[tokio::test]
async fn a_budget_of_requests_ends_the_run_cleanly_and_the_next_goes_on() {
    let names = ["a1", "a2", "b1", "c1"];
    let world = World::of(&names);
    // One of the three asks who we are.
    let front = Front::allowing(Some(3), |_| Box::pin(std::future::ready(accepts()))).await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Spent), "{:?}", outcome.ending);
    assert_eq!((outcome.accepted, front.seen().len()), (2, 2));
    let counts = world.ledger.counts();
    assert_eq!((counts.accepted, counts.planned, counts.unknown), (2, 2, 0));
    let world = world.reopened();
    world.send(&Front::answering(|_| accepts()).await).await;
    assert_eq!(world.states(&names), ["accepted"; 4]);
}

#[test]
fn conversations_enough_are_open_to_keep_the_pace_through_settling_and_latency() {
    let open = crate::upload::open_conversations;
    // Two messages each, 200 a minute: each is open for two answers of 5 s and a settle of 10 s.
    assert!(open(24, Duration::from_secs(10)) >= (200 * (5 + 10 + 5) / 60 / 2));
    // A settle of a minute.
    assert!(open(24, Duration::from_mins(1)) >= (200 * (5 + 60 + 5) / 60 / 2));
    // Ten minutes: what a fixed number of conversations for each request in flight would not do.
    assert!(open(24, Duration::from_mins(10)) >= (200 * (5 + 600 + 5) / 60 / 2));
    assert!(open(1, Duration::ZERO) >= 1);
    assert_eq!(open(256, Duration::MAX), 4_096, "bounded however long it takes");
}

#[tokio::test]
async fn what_was_left_for_a_passing_reason_is_begun_again_after_all_others() {
    let names = ["a1", "a2", "b1"];
    let world = World::of(&names);
    // Four answers without a uid: more than a message waits for in one round.
    let front = failing("a1", 4, (202, "{}".to_owned())).await;
    let (heard, mut settled) = tokio::sync::mpsc::unbounded_channel();
    let job = Job { settled: Some(heard), ..world.job(&front) };
    let outcome = run(job, Arc::new(Silent), world.cancellation.clone()).await;
    assert!(matches!(outcome.ending, Ending::Finished));
    let order: Vec<String> = front.seen().into_iter().filter(|name| name.starts_with('a')).collect();
    assert_eq!(order, ["a1", "a1", "a1", "a1", "a1", "a2"]);
    assert_eq!(world.states(&names), ["accepted"; 3]);
    let mut ranges = Vec::new();
    while let Ok(range) = settled.try_recv() {
        ranges.push(range);
    }
    assert_eq!(ranges, [2..3, 0..2], "each conversation is told of once, when nothing more of it is sent");
}

#[tokio::test]
async fn where_front_takes_nothing_at_all_one_round_is_enough() {
    let world = World::of(&["a1", "b1"]);
    let front = Front::answering(|_| (202, "{}".to_owned())).await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Finished));
    assert_eq!(front.seen().len(), 8);
    assert_eq!(world.states(&["a1", "b1"]), ["unknown"; 2]);
}
