//! What happens when something goes wrong.

use super::front::{accepts, refuses};
use super::*;
use crate::front::StopCause;
use crate::upload::Stop;

#[tokio::test]
async fn a_refused_message_is_kept_with_its_cause_and_its_conversation_goes_on() {
    let world = World::of(&["a1", "a2", "a3"]);
    let front = Front::answering(|name| if name == "a2" { refuses("no such tag") } else { accepts() }).await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Finished));
    assert_eq!(outcome.accepted, 2);
    assert_eq!(world.states(&["a1", "a3"]), ["accepted"; 2]);
    let State::Refused { status: 400, cause } = world.state("a2") else { panic!("{:?}", world.state("a2")) };
    assert!(cause.contains("no such tag"), "{cause}");
}

#[tokio::test]
async fn an_unknown_outcome_stops_its_conversation_alone_and_is_replayed_first_with_the_same_bytes() {
    let names = ["a1", "a2", "a3", "b1", "b2"];
    let world = World::of(&names);
    let vague = |name: &str| if name == "a2" { (202, "{}".to_owned()) } else { accepts() };
    let first = Front::answering(vague).await;
    let outcome = world.send(&first).await;
    assert!(matches!(outcome.ending, Ending::Finished), "{:?}", outcome.ending);
    assert_eq!(world.states(&names), ["accepted", "unknown", "planned", "accepted", "accepted"]);
    let world = world.reopened();
    let second = Front::answering(|_| accepts()).await;
    world.send(&second).await;
    assert_eq!(second.seen(), ["a2", "a3"]);
    assert_eq!(second.bodies("a2")[0], first.bodies("a2")[0]);
    assert_eq!(world.states(&names), ["accepted"; 5]);
}

#[tokio::test]
async fn a_bad_token_stops_the_run_with_nothing_marked() {
    let names = ["a1", "a2", "b1", "c1", "d1", "e1"];
    let world = World::of(&names);
    let front = Front::answering(|_| (401, "{}".to_owned())).await;
    let outcome = world.send(&front).await;
    assert!(
        matches!(outcome.ending, Ending::Stopped(Stop::Front(StopCause::Unauthorized { status: 401, .. }))),
        "{:?}",
        outcome.ending
    );
    assert_eq!(world.states(&names), ["planned"; 6]);
    assert!(front.seen().len() <= world.in_flight, "nothing new left after the first answer");
}

#[tokio::test]
async fn what_may_have_arrived_before_the_run_was_stopped_is_unknown_and_goes_first_the_next_time() {
    let names = ["a1", "a2", "b1"];
    let mut world = World::of(&names);
    world.in_flight = 1;
    let asked = std::sync::atomic::AtomicU32::new(0);
    let front = Front::answering(move |_| match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => accepts(),
        // Perhaps it took the message all the same.
        1 => (500, String::new()),
        _ => (401, "{}".to_owned()),
    })
    .await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Stopped(Stop::Front(_))), "{:?}", outcome.ending);
    let seen = front.seen();
    let doubtful = seen.last().unwrap().as_str();
    assert_eq!((seen.len(), world.state(doubtful).name()), (3, "unknown"), "{seen:?}");
    let counts = world.ledger.counts();
    assert_eq!((counts.accepted, counts.planned, counts.unknown), (1, 1, 1));
}

#[tokio::test]
async fn ten_refusals_in_a_row_stop_the_run() {
    let names = ["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1", "j1", "k1", "l1"];
    let mut world = World::of(&names);
    world.in_flight = 1;
    let front = Front::answering(|_| refuses("no such tag")).await;
    let outcome = world.send(&front).await;
    let Ending::Stopped(Stop::Refusals { commonest, .. }) = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(commonest.contains("no such tag"), "{commonest}");
    let refused = world.states(&names).iter().filter(|state| **state == "refused").count();
    assert_eq!((refused, front.seen().len()), (10, 10));
}

#[tokio::test]
async fn a_source_that_changed_stops_the_run_before_that_message_is_marked() {
    let mut world = World::of(&["a1", "b1", "b2"]);
    world.in_flight = 1;
    world.folder.write("b1.eml", &letter("b1").replace("This is", "That is"));
    let front = Front::answering(|_| accepts()).await;
    let outcome = world.send(&front).await;
    let Ending::Stopped(Stop::Source(error)) = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(error.to_string().contains("mails/b1.eml"), "{error}");
    assert_eq!(front.seen(), ["a1"]);
    assert_eq!(world.states(&["a1", "b1", "b2"]), ["accepted", "planned", "planned"]);
}

#[tokio::test]
async fn an_inbox_that_was_not_looked_up_stops_the_run() {
    let mut world = World::of(&["a1"]);
    world.inboxes.clear();
    let front = Front::answering(|_| accepts()).await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Stopped(Stop::Inbox(inbox)) if inbox == "Support"));
    assert!(front.seen().is_empty());
    assert_eq!(world.state("a1"), State::Planned);
}

#[tokio::test]
async fn a_server_error_is_met_by_the_same_message_again_and_counts_once() {
    let world = World::of(&["a1", "a2"]);
    let failures = std::sync::atomic::AtomicU32::new(0);
    let front = Front::answering(move |_| {
        let nth = failures.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if nth < 2 { (500, String::new()) } else { accepts() }
    })
    .await;
    let outcome = world.send(&front).await;
    assert_eq!(front.seen(), ["a1", "a1", "a1", "a2"]);
    assert_eq!(outcome.accepted, 2);
    assert_eq!(front.bodies("a1")[0]["external_id"], world.external_id("a1"));
    assert_eq!(front.bodies("a1")[0], front.bodies("a1")[2]);
}

#[tokio::test]
async fn an_interruption_lets_the_answer_under_way_arrive_and_be_kept() {
    let mut world = World::of(&["a1", "a2", "b1"]);
    world.in_flight = 1;
    let stop = world.cancellation.clone();
    let front = Front::answering(move |_| {
        stop.cancel();
        accepts()
    })
    .await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Interrupted));
    assert_eq!(outcome.accepted, 1);
    assert_eq!(world.states(&["a1", "a2", "b1"]), ["accepted", "planned", "planned"]);
}

#[tokio::test]
async fn a_mark_that_the_ledger_rejects_is_told_to_whoever_made_it_and_the_recorder_goes_on() {
    let world = World::of(&["a1"]);
    let (recorder, thread) = crate::upload::recorder::Recorder::start(&world.ledger, &Arc::default()).unwrap();
    assert!(recorder.mark(99, State::Sending).await.is_err(), "there is no such position");
    assert!(recorder.mark(0, accepted()).await.is_err(), "nothing is accepted before it was sent");
    recorder.mark(0, State::Sending).await.unwrap();
    recorder.mark(0, accepted()).await.unwrap();
    assert_eq!(world.state("a1"), accepted());
    drop(recorder);
    thread.join().unwrap();
}
