//! What is sent when.

use super::front::accepts;
use super::*;
use tokio::sync::Barrier;

#[tokio::test]
async fn conversations_go_side_by_side_and_each_one_message_at_a_time_oldest_first() {
    let names = ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "d1"];
    let world = World::of(&names);
    // Nobody is answered before the first messages of all four are there: one conversation after the other would hang.
    let all_there = Arc::new(Barrier::new(4));
    let front = Front::new(move |seen| {
        let all_there = Arc::clone(&all_there);
        Box::pin(async move {
            if seen.name.ends_with('1') {
                all_there.wait().await;
            }
            accepts()
        })
    })
    .await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Finished), "{:?}", outcome.ending);
    assert_eq!(outcome.accepted, 9);
    assert_eq!(front.overlaps(), 0);
    for thread in ["a", "b", "c", "d"] {
        let order: Vec<String> = front.seen().into_iter().filter(|name| name.starts_with(thread)).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
    assert_eq!(world.states(&names), ["accepted"; 9]);
}

#[tokio::test]
async fn with_one_request_in_flight_conversations_start_in_send_order() {
    let mut world = World::of(&["c1", "a1", "b1"]);
    world.in_flight = 1;
    let front = Front::answering(|_| accepts()).await;
    world.send(&front).await;
    assert_eq!(front.seen(), ["a1", "b1", "c1"]);
}

#[tokio::test]
async fn the_second_message_of_a_new_ref_waits_while_others_go_on() {
    // More conversations than are open at once, so that a2 would not be the last one without its wait.
    let others: Vec<String> = ('b'..='p').map(|thread| format!("{thread}1")).collect();
    let names: Vec<&str> = ["a1", "a2"].into_iter().chain(others.iter().map(String::as_str)).collect();
    let mut world = World::of(&names);
    world.in_flight = 1;
    world.settle = NEVER;
    let stop = world.cancellation.clone();
    let front = Front::answering(move |name| {
        if name == "p1" {
            stop.cancel();
        }
        accepts()
    })
    .await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Interrupted));
    let without_second: Vec<&str> = names.iter().copied().filter(|name| *name != "a2").collect();
    assert_eq!(front.seen(), without_second);
    assert_eq!(world.states(&["a1", "a2", "p1"]), ["accepted", "planned", "accepted"]);
}

#[tokio::test]
async fn a_single_message_needs_no_wait_behind_it() {
    let mut world = World::of(&["a1"]);
    world.settle = NEVER;
    let outcome = world.send(&Front::answering(|_| accepts()).await).await;
    assert!(matches!(outcome.ending, Ending::Finished));
}

#[tokio::test]
async fn a_ref_that_was_seen_in_front_is_not_waited_for() {
    let mut world = World::of(&["a1", "a2", "a3"]);
    let seen = State::Confirmed { message_id: "msg_1".into(), conversation_id: "cnv_1".into(), differs: None };
    world.mark("a1", &[State::Sending, accepted(), seen]);
    world.settle = NEVER;
    let world = world.reopened();
    let front = Front::answering(|_| accepts()).await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Finished));
    assert_eq!(front.seen(), ["a2", "a3"]);
}

#[tokio::test]
async fn a_ref_that_was_only_accepted_in_an_earlier_run_is_waited_for_once() {
    let mut world = World::of(&["a1", "a2", "a3", "b1"]);
    world.mark("a1", &[State::Sending, accepted()]);
    world.settle = Duration::from_millis(300);
    let world = world.reopened();
    let front = Front::answering(|_| accepts()).await;
    world.send(&front).await;
    assert_eq!(front.seen(), ["b1", "a2", "a3"], "another conversation fills the time");
}

#[tokio::test]
async fn what_may_be_in_front_already_goes_first_in_its_conversation() {
    let mut world = World::of(&["a1", "a2", "a3", "b1"]);
    world.in_flight = 1;
    world.mark("a2", &[State::Sending, unknown()]);
    let world = world.reopened();
    let front = Front::answering(|_| accepts()).await;
    world.send(&front).await;
    let order: Vec<String> = front.seen().into_iter().filter(|name| name.starts_with('a')).collect();
    assert_eq!(order, ["a2", "a1", "a3"]);
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again() {
    let world = World::of(&["a1", "a2", "b1"]);
    let front = Front::answering(|_| accepts()).await;
    world.send(&front).await;
    let world = world.reopened();
    let again = Front::answering(|_| accepts()).await;
    let outcome = world.send(&again).await;
    assert_eq!((outcome.accepted, again.seen().len()), (0, 0));
    assert!(matches!(outcome.ending, Ending::Finished));
}

#[tokio::test]
async fn a_request_leaves_only_after_the_journal_says_so() {
    let world = World::of(&["a1", "a2", "b1"]);
    let journal = world.ledger.dir().join("journal.jsonl");
    let early = Arc::new(std::sync::Mutex::new(Vec::new()));
    let found = Arc::clone(&early);
    let front = Front::new(move |seen| {
        let lines = std::fs::read_to_string(&journal).unwrap();
        let said = format!("\"sending\":{{\"external_id\":\"{}\"", seen.external_id);
        if !lines.contains(&said) {
            found.lock().unwrap().push(seen.name);
        }
        Box::pin(std::future::ready(accepts()))
    })
    .await;
    world.send(&front).await;
    assert_eq!(front.seen().len(), 3);
    assert!(early.lock().unwrap().is_empty(), "{early:?}");
}

#[tokio::test]
async fn a_run_that_was_cancelled_before_it_began_sends_nothing() {
    let world = World::of(&["a1"]);
    world.cancellation.cancel();
    let front = Front::answering(|_| accepts()).await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Interrupted));
    assert!(front.seen().is_empty());
    assert_eq!(world.state("a1"), State::Planned);
}
