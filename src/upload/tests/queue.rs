//! What is handed out next.

use super::*;
use crate::upload::queue::{Known, Queue};

/// Everything that is handed out: messages and what Front knows of the conversation.
fn handed_out(world: &World, names: &[&str]) -> Vec<(Vec<String>, Known)> {
    let mut queue = Queue::of(&world.ledger, BTreeSet::new()).unwrap();
    let mut all = Vec::new();
    while let Some(run) = queue.next(&world.ledger).unwrap() {
        let name = |position: &u64| names.iter().find(|name| world.position(name) == *position).unwrap();
        all.push((run.positions.iter().map(|position| (*name(position)).to_owned()).collect(), run.conversation));
    }
    all
}

fn run_of(names: &[&str], known: Known) -> (Vec<String>, Known) {
    (names.iter().map(|name| (*name).to_owned()).collect(), known)
}

#[test]
fn conversations_come_whole_and_in_send_order() {
    let names = ["b1", "a2", "a1", "c1", "c2"];
    let world = World::of(&names);
    let expected = [run_of(&["a1", "a2"], Known::New), run_of(&["b1"], Known::New), run_of(&["c1", "c2"], Known::New)];
    assert_eq!(handed_out(&world, &names), expected);
}

#[test]
fn what_is_settled_is_left_out_and_what_was_accepted_makes_the_ref_known() {
    let names = ["a1", "a2", "b1", "c1", "c2", "d1", "d2", "d3"];
    let world = World::of(&names);
    let seen = State::Confirmed { message_id: "msg_1".into(), conversation_id: "cnv_1".into(), differs: None };
    world.mark("a1", &[State::Sending, accepted()]);
    world.mark("b1", &[State::Sending, accepted()]);
    world.mark("c1", &[State::Sending, State::Refused { status: 400, cause: "no".into() }]);
    world.mark("d2", &[State::Sending, accepted()]);
    world.mark("d3", &[State::Sending, accepted(), seen]);
    let expected = [run_of(&["a2"], Known::Accepted), run_of(&["c2"], Known::New), run_of(&["d1"], Known::Seen)];
    assert_eq!(handed_out(&world, &names), expected);
}

#[test]
fn whatever_may_be_in_front_already_goes_first_be_it_after_a_kill_or_under_a_new_plan() {
    let names = ["a1", "a2", "a3", "a4", "a5"];
    let world = World::of(&names);
    world.mark("a2", &[State::Sending]);
    world.mark("a4", &[State::Sending, unknown()]);
    let first = [run_of(&["a2", "a4", "a1", "a3", "a5"], Known::New)];
    assert_eq!(handed_out(&world, &names), first, "as long as the process lives");
    let world = world.reopened();
    assert_eq!(handed_out(&world, &names), first, "after a kill");
    let world = world.replanned("[defaults]\ntags = [\"old\"]\n");
    assert_eq!(handed_out(&world, &names), first, "under another plan");
}

#[test]
fn what_is_missing_and_sent_again_goes_before_what_was_never_sent() {
    let names = ["a1", "a2", "a3"];
    let world = World::of(&names);
    let missing = State::Missing { uid: "u".into(), why: "not there".into() };
    world.mark("a2", &[State::Sending, accepted(), missing]);
    let again = BTreeSet::from([world.position("a2")]);
    let mut queue = Queue::of(&world.ledger, again).unwrap();
    let positions = queue.next(&world.ledger).unwrap().map(|run| run.positions);
    assert_eq!(positions, Some(["a2", "a1", "a3"].map(|name| world.position(name)).to_vec()));
}

#[test]
fn where_everything_is_settled_nothing_comes() {
    let world = World::of(&["a1"]);
    world.mark("a1", &[State::Sending, accepted()]);
    assert_eq!(handed_out(&world, &["a1"]), []);
}
