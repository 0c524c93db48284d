//! How few requests it takes, and how long is waited.

use super::*;
use tokio::sync::mpsc;
use tokio::time::Instant;

fn names(thread: char, count: u32) -> Vec<String> {
    (1..=count).map(|number| format!("{thread}{number}")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_conversation_takes_a_request_for_its_first_message_and_one_for_each_hundred() {
    for (messages, requests) in [(1, 1), (2, 2), (3, 2), (20, 2), (101, 2), (102, 3), (250, 4)] {
        let names = names('a', messages);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let world = World::of(&names);
        for name in &names {
            world.shows(name, NOW);
        }
        let outcome = world.confirm(Scope::Open).await;
        assert!(is_finished(&outcome), "{outcome:?}");
        assert_eq!((outcome.confirmed, outcome.lookups), (u64::from(messages), requests), "{messages} messages");
        assert_eq!(world.front.asked().len() as u64, requests);
        for name in names {
            assert_eq!(world.state(name), confirmed(name));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_known_is_listed_at_once() {
    let world = World::of(&["a1", "a2", "a3", "a4"]);
    world.mark("a1", &[confirmed("a1")]);
    for name in ["a2", "a3", "a4"] {
        world.shows(name, NOW);
    }
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!((outcome.confirmed, world.front.asked()), (3, vec!["list cnv_a".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn what_a_list_does_not_show_is_looked_up_alone() {
    let world = World::of(&["a1", "a2", "a3"]);
    world.front.lists_no_uids();
    for name in ["a1", "a2", "a3"] {
        world.shows(name, NOW);
    }
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!(outcome.confirmed, 3);
    assert_eq!(world.front.asked(), ["uid a1", "list cnv_a", "uid a2", "uid a3"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_late_is_waited_for_and_holds_up_nobody() {
    let world = World::of(&["a1", "b1", "b2", "c1"]);
    world.shows("a1", Duration::from_secs(100));
    world.shows("b1", Duration::from_secs(299));
    world.shows("b2", NOW);
    world.shows("c1", NOW);
    let began = Instant::now();
    let outcome = world.confirm(Scope::Open).await;
    assert!(is_finished(&outcome), "{outcome:?}");
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent), (4, 0, 0));
    assert!(world.front.imported().is_empty());
    assert_eq!(began.elapsed().as_secs(), 300, "the last look comes when patience ends");
    // Pauses grow: minutes of waiting are a handful of requests.
    let asked = world.front.asked();
    assert!(asked.iter().filter(|question| *question == "uid a1").count() <= 9, "{asked:?}");
    assert_eq!(asked.iter().filter(|question| *question == "uid c1").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn beside_sending_it_hears_of_each_conversation_and_then_takes_up_what_was_left_before() {
    let world = World::of(&["a1", "b1", "b2", "c1"]);
    for name in ["a1", "b1", "b2", "c1"] {
        world.shows(name, NOW);
    }
    let (settled, heard) = mpsc::unbounded_channel();
    let first = world.position("b1");
    settled.send(first..first + 2).unwrap();
    let sending = async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        let states = world.states(&["a1", "b1", "b2", "c1"]);
        drop(settled);
        states
    };
    let (outcome, while_sending) = tokio::join!(world.confirm(Scope::Beside(heard)), sending);
    assert_eq!(while_sending, ["accepted", "confirmed", "confirmed", "accepted"]);
    assert_eq!((outcome.confirmed, outcome.lookups), (4, 4));
    assert_eq!(world.states(&["a1", "c1"]), ["confirmed", "confirmed"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_run_asks_for_what_the_first_has_not_seen_and_for_nothing_else() {
    let world = World::of(&["a1", "b1"]);
    world.shows("a1", NOW);
    world.shows("b1", Duration::from_mins(1));
    let stop = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        world.cancellation.cancel();
    };
    let (outcome, ()) = tokio::join!(world.confirm(Scope::Open), stop);
    assert!(matches!(outcome.ending, Ending::Interrupted), "{outcome:?}");
    assert_eq!(world.states(&["a1", "b1"]), ["confirmed", "accepted"]);
    world.front.asked();
    let world = world.reopened();
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!(outcome.confirmed, 1);
    assert!(world.front.asked().iter().all(|question| question == "uid b1"));
    assert_eq!(world.states(&["a1", "b1"]), ["confirmed", "confirmed"]);
}

#[tokio::test(start_paused = true)]
async fn a_sample_is_spread_evenly_and_looks_again_at_what_was_seen() {
    let names = names('a', 10);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = World::of(&names);
    for name in &names {
        world.shows(name, NOW);
        world.mark(name, &[confirmed(name)]);
    }
    let outcome = world.confirm(Scope::Sample(5)).await;
    assert_eq!((outcome.confirmed, outcome.lookups), (5, 5));
    let mut asked = world.front.asked();
    asked.sort();
    assert_eq!(asked, ["id msg_a10", "id msg_a2", "id msg_a4", "id msg_a6", "id msg_a8"]);
    let again = world.confirm(Scope::Sample(100)).await;
    assert_eq!(again.confirmed, 10, "no more than there are");
}
