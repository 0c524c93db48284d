//! A token without the right to read, outages, and which conversation comes first.

use super::*;
use crate::front::FrontError;
use crate::verify::{Stop, first_conversation};

#[tokio::test(start_paused = true)]
async fn a_token_that_may_not_read_stops_it_at_once() {
    let world = World::of(&["a1", "b1"]);
    world.front.refuses_the_token();
    let outcome = world.confirm(Scope::Open).await;
    let Ending::Stopped(Stop::Front(FrontError::Unauthorized { status, .. })) = outcome.ending else {
        panic!("{outcome:?}")
    };
    assert_eq!((status, world.states(&["a1", "b1"])), (403, vec!["accepted", "accepted"]));
    assert!(world.cancellation.is_cancelled(), "sending stops with it");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_waits_for_no_answer_to_a_question() {
    let world = World::of(&["a1"]);
    world.front.falls_silent();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.cancellation.cancel();
    };
    let began = tokio::time::Instant::now();
    let (outcome, ()) = tokio::join!(world.confirm(Scope::Open), stop);
    assert!(matches!(outcome.ending, Ending::Interrupted), "{outcome:?}");
    assert_eq!((began.elapsed(), world.state("a1").name()), (Duration::from_secs(5), "accepted"));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_minutes_says_nothing_about_the_messages() {
    let world = World::of(&["a1"]);
    world.front.is_down_for(Duration::from_mins(20));
    world.shows("a1", Duration::from_mins(22));
    let outcome = world.confirm(Scope::Open).await;
    assert!(is_finished(&outcome), "{outcome:?}");
    assert_eq!((outcome.confirmed, outcome.missing), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_outage_past_its_limit_stops_it_and_loses_nothing() {
    let world = World::of(&["a1"]);
    world.front.is_down_for(Duration::from_mins(1_000));
    let outcome = world.confirm(Scope::Open).await;
    assert!(matches!(outcome.ending, Ending::Stopped(Stop::Front(FrontError::Unavailable { .. }))), "{outcome:?}");
    assert_eq!(world.state("a1").name(), "accepted");
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_sense_is_asked_for_again_until_there_were_ten_in_a_row() {
    for (times, is_seen) in [(1, true), (9, true), (10, false)] {
        let world = World::of(&["a1"]);
        world.shows("a1", NOW);
        world.front.makes_no_sense_of("a1", times);
        let position = world.position("a1");
        let outcome = world.confirm(Scope::Only(position..position + 1)).await;
        assert_eq!((is_finished(&outcome), outcome.confirmed), (is_seen, u64::from(is_seen)), "{times}: {outcome:?}");
        assert_eq!(outcome.lookups, u64::from(times + u32::from(is_seen)), "one after another, with pauses");
        let Ending::Stopped(Stop::Front(FrontError::Unreadable { .. })) = outcome.ending else {
            assert!(is_seen && outcome.unanswered.is_none());
            continue;
        };
        assert_eq!(world.state("a1").name(), "accepted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_for_which_alone_front_makes_no_sense_is_left_and_holds_up_no_other() {
    let world = World::of(&["a1", "b1"]);
    world.shows("a1", Duration::from_secs(200));
    world.front.makes_no_sense_of("b1", u32::MAX);
    let outcome = world.confirm(Scope::Open).await;
    assert!(is_finished(&outcome), "{outcome:?}");
    assert_eq!((outcome.confirmed, outcome.missing), (1, 0));
    assert!(outcome.unanswered.is_some_and(|why| why.contains("uid b1")));
    assert_eq!(world.states(&["a1", "b1"]), ["confirmed", "accepted"]);
    let asked = world.front.asked();
    assert_eq!(asked.iter().filter(|question| *question == "uid b1").count(), 7);
}

#[tokio::test(start_paused = true)]
async fn one_conversation_is_confirmed_and_no_other() {
    let world = World::of(&["a1", "b1"]);
    for name in ["a1", "b1"] {
        world.shows(name, NOW);
    }
    let position = world.position("b1");
    let outcome = world.confirm(Scope::Only(position..position + 1)).await;
    assert_eq!((outcome.confirmed, world.front.asked()), (1, vec!["uid b1".to_owned()]));
    assert_eq!(world.states(&["a1", "b1"]), ["accepted", "confirmed"]);
}

#[test]
fn a_first_import_begins_with_a_small_conversation_that_has_a_file_and_a_reply() {
    let folder = Folder::new();
    for name in ["a1", "b1", "b2", "c1"] {
        folder.write(&format!("{name}.eml"), &letter(name));
    }
    let with_file = letter("d1").replace("\n\nThis", "\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nThis")
        + "--x\nContent-Disposition: attachment; filename=a.txt\n\nfile\n--x--\n";
    folder.write("d1.eml", &with_file);
    folder.write("d2.eml", &letter("d2"));
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, "");
    let first = first_conversation(&ledger).unwrap().expect("there is one");
    let position = ledger.find("d1@x").unwrap()[0];
    assert_eq!((first.range, first.was_sent), (position..position + 2, false));

    // One that a run was killed over is looked at first, and nothing is sent for it.
    let accepted = State::Accepted { uid: "u".into() };
    let c1 = ledger.find("c1@x").unwrap()[0];
    ledger.mark(&[(c1, State::Sending), (c1, accepted)]).unwrap();
    let first = first_conversation(&ledger).unwrap().expect("there is one");
    assert_eq!((first.range, first.was_sent), (c1..c1 + 1, true));

    ledger.mark(&[(c1, confirmed("c1"))]).unwrap();
    assert_eq!(first_conversation(&ledger).unwrap(), None, "something was seen: the way is known to be good");
}

#[test]
fn a_first_import_does_not_begin_with_a_long_conversation_or_with_one_that_was_begun() {
    let folder = Folder::new();
    // With a file, and the first in the send order.
    let with_file = letter("a1").replace("\n\nThis", "\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nThis")
        + "--x\nContent-Disposition: attachment; filename=a.txt\n\nfile\n--x--\n";
    folder.write("a1.eml", &with_file);
    let names: Vec<String> = (2..=21).map(|number| format!("a{number}")).collect();
    for name in names.iter().map(String::as_str).chain(["b1", "b2", "c1"]) {
        folder.write(&format!("{name}.eml"), &letter(name));
    }
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, "");
    let of = |name: &str| ledger.find(&format!("{name}@x")).unwrap()[0];
    let first = || first_conversation(&ledger).unwrap().expect("there is one").range;
    assert_eq!(first(), of("b1")..of("b1") + 2);
    let refused = State::Refused { status: 400, cause: "no".into() };
    ledger.mark(&[(of("b1"), State::Sending), (of("b1"), refused)]).unwrap();
    assert_eq!(first(), of("c1")..of("c1") + 1);
}
