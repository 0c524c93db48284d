//! What is handed out next.

use super::*;
use crate::upload::queue::Queue;

/// Everything that is handed out: messages and whether the conversation is new.
fn handed_out(world: &World, names: &[&str]) -> Vec<(Vec<String>, bool)> {
    let mut queue = Queue::of(&world.ledger).unwrap();
    let mut all = Vec::new();
    while let Some(run) = queue.next(&world.ledger).unwrap() {
        let name = |position: &u64| names.iter().find(|name| world.position(name) == *position).unwrap();
        all.push((run.positions.iter().map(|position| (*name(position)).to_owned()).collect(), run.is_new));
    }
    all
}

fn run_of(names: &[&str], is_new: bool) -> (Vec<String>, bool) {
    (names.iter().map(|name| (*name).to_owned()).collect(), is_new)
}

#[test]
fn conversations_come_whole_and_in_send_order() {
    let names = ["b1", "a2", "a1", "c1", "c2"];
    let world = World::of(&names);
    let expected = [run_of(&["a1", "a2"], true), run_of(&["b1"], true), run_of(&["c1", "c2"], true)];
    assert_eq!(handed_out(&world, &names), expected);
}

#[test]
fn what_is_settled_is_left_out_and_what_was_accepted_makes_the_ref_known() {
    let names = ["a1", "a2", "b1", "c1", "c2", "d1", "d2"];
    let world = World::of(&names);
    world.mark("a1", &[State::Sending, accepted()]);
    world.mark("b1", &[State::Sending, accepted()]);
    world.mark("c1", &[State::Sending, State::Refused { status: 400, cause: "no".into() }]);
    world.mark("d2", &[State::Sending, accepted()]);
    let expected = [run_of(&["a2"], false), run_of(&["c2"], true), run_of(&["d1"], false)];
    assert_eq!(handed_out(&world, &names), expected);
}

#[test]
fn where_everything_is_settled_nothing_comes() {
    let world = World::of(&["a1"]);
    world.mark("a1", &[State::Sending, accepted()]);
    assert_eq!(handed_out(&world, &["a1"]), []);
}
