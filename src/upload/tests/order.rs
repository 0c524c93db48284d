//! What is sent when.

use super::front::accepts;
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    let others: Vec<String> = ('b'..='p').map(|thread| format!("{thread}1")).collect();
    let names: Vec<&str> = ["a1", "a2"].into_iter().chain(others.iter().map(String::as_str)).collect();
    let mut world = World::of(&names);
    world.in_flight = 1;
    world.settle = NEVER;
    let stop = world.cancellation.clone();
    let front = Front::answering(move |name| {
        if name == "p1" {
            // All others have had their turn by then, and a2 would have it now.
            let stop = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(200)).await;
                stop.cancel();
            });
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
    // Without its wait a2 would be the first.
    world.in_flight = 1;
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
async fn of_several_that_may_be_in_front_the_oldest_goes_first_and_nothing_overtakes_it_while_it_stays_open() {
    let names = ["a1", "a2", "a3", "a4"];
    let mut world = World::of(&names);
    world.in_flight = 1;
    world.mark("a2", &[State::Sending, unknown()]);
    // As after a kill, and as after an answer that was lost when the run had been killed before: none of them is settled.
    world.mark("a3", &[State::Sending]);
    let world = world.reopened();
    let vague = Front::answering(|name| if name == "a2" { (202, "{}".to_owned()) } else { accepts() }).await;
    world.send(&vague).await;
    assert!(vague.seen().iter().all(|name| name == "a2"), "{:?}", vague.seen());
    let mut world = world.reopened();
    world.in_flight = 1;
    let front = Front::answering(|_| accepts()).await;
    world.send(&front).await;
    assert_eq!(front.seen(), ["a2", "a3", "a1", "a4"]);
    assert_eq!(world.states(&names), ["accepted"; 4]);
}

/// A Front that answers only when two requests are there, or so many milliseconds late. The most that were there at once.
async fn crowded(world: &World, late: u64) -> usize {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (two, seen_most) = (Arc::new(Barrier::new(2)), Arc::clone(&most));
    let front = Front::new(move |_| {
        let (now, most, two) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&two));
        Box::pin(async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            if late == 0 {
                two.wait().await;
            }
            // Time for another one to show itself, should there be one.
            tokio::time::sleep(Duration::from_millis(late.max(30))).await;
            now.fetch_sub(1, Ordering::SeqCst);
            accepts()
        })
    })
    .await;
    let outcome = world.send(&front).await;
    assert!(matches!(outcome.ending, Ending::Finished), "{:?}", outcome.ending);
    seen_most.load(Ordering::SeqCst)
}

#[tokio::test]
async fn as_many_requests_are_in_flight_as_the_mapping_says_and_no_more() {
    let mut world = World::of(&["a1", "b1", "c1", "d1", "e1", "f1"]);
    world.in_flight = 2;
    assert_eq!(crowded(&world, 0).await, 2);
}

#[tokio::test]
async fn as_many_requests_are_in_flight_as_their_bytes_have_room_for_and_one_that_is_larger_goes_alone() {
    // A small letter takes one unit of 64 KiB; here is room for two.
    let mut world = World::of(&["a1", "b1", "c1", "d1"]);
    world.bytes = 128 << 10;
    assert_eq!(crowded(&world, 0).await, 2);

    // A large one takes two units or more, and there are no more than two.
    let large = |name: &str| letter(name) + &"All work and no play.\n".repeat(10_000);
    let mut world = World::of_letters(&["a1", "b1", "c1"], large);
    world.bytes = 128 << 10;
    assert_eq!(crowded(&world, 30).await, 1);
    assert_eq!(world.states(&["a1", "b1", "c1"]), ["accepted"; 3]);
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
