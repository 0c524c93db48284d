//! Messages that no uid leads to, and a second look at what is missing.

use super::*;
use std::collections::BTreeSet;
use tokio::time::Instant;

const DOUBTED: &str = "not there under any uid that Front gave; one attempt was never properly answered, so it may be there \
                       under another: look in Front before sending it under a new id";

/// Front shows what was planned as `name`, under a uid that nobody was told.
fn shows_nameless(world: &World, name: &str, uid: &str) {
    world.front.shows(uid, NOW, message_of(&world.request(name), &format!("cnv_{}", &name[..1])));
}

fn missing() -> State {
    State::Missing { uid: "old".into(), why: "not there".into() }
}

/// Sent twice, and one attempt had no answer.
fn sent_again_with_an_answer_lost(uid: &str) -> [State; 5] {
    let lost = State::Unknown { why: "lost".into() };
    [missing(), State::Sending, lost, State::Sending, State::Accepted { uid: uid.into() }]
}

fn why(state: &State) -> &str {
    let State::Missing { why, .. } = state else { panic!("{state:?}") };
    why
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_uid_was_lost_is_found_by_what_it_says_and_not_sent_again() {
    let world = World::of(&["a1", "a2", "a3"]);
    world.shows("a1", NOW);
    shows_nameless(&world, "a2", "first");
    world.shows("a3", NOW);
    let outcome = world.confirm(Scope::Open).await;
    assert!(is_finished(&outcome), "{outcome:?}");
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent, outcome.different), (3, 0, 0, 0));
    let found = State::Confirmed { message_id: "msg_first".into(), conversation_id: "cnv_a".into(), differs: None };
    assert_eq!((world.state("a2"), world.front.imported().len()), (found, 0));
}

#[tokio::test(start_paused = true)]
async fn it_is_found_in_a_conversation_that_an_earlier_run_saw() {
    let world = World::of(&["a1", "a2"]);
    world.shows("a1", NOW);
    world.mark("a1", &[confirmed("a1")]);
    shows_nameless(&world, "a2", "first");
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!((outcome.confirmed, outcome.resent, world.state("a2").name()), (1, 0, "confirmed"));
}

#[tokio::test(start_paused = true)]
async fn where_several_in_front_read_like_it_it_stays_missing_and_says_why() {
    let world = World::of(&["a1", "a2"]);
    world.shows("a1", NOW);
    shows_nameless(&world, "a2", "first");
    shows_nameless(&world, "a2", "second");
    world.mark("a2", &sent_again_with_an_answer_lost("never"));
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent), (1, 1, 0));
    assert_eq!(why(&world.state("a2")), DOUBTED);
}

#[tokio::test(start_paused = true)]
async fn where_several_of_ours_read_like_it_none_of_them_is_found_by_what_it_says() {
    let unknown = State::Unknown { why: "lost".into() };
    for rival in [State::Accepted { uid: "other".into() }, unknown] {
        let twin = |name: &str| letter(name).replace("00:03:00", "00:02:00").replace("Subject: a3", "Subject: a2");
        let world = World::written(&["a1", "a2", "a3"], twin);
        world.mark("a1", &[State::Sending, State::Accepted { uid: "a1".into() }]);
        world.mark("a2", &[State::Sending, State::Accepted { uid: "a2".into() }]);
        world.mark("a3", &[State::Sending, rival]);
        world.shows("a1", NOW);
        shows_nameless(&world, "a2", "first");
        let world = World { resends: false, ..world };
        let outcome = world.confirm(Scope::Open).await;
        assert_eq!(outcome.confirmed, 1, "{outcome:?}");
        assert_eq!(world.state("a2").name(), "missing");
        assert_ne!(world.state("a3").name(), "confirmed");
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_message_of_ours_was_promised_or_seen_as_is_never_claimed() {
    let seen = State::Confirmed { message_id: "msg_b1".into(), conversation_id: "cnv_b".into(), differs: None };
    for earlier in [None, Some(seen)] {
        let world = World { resends: false, ..World::of(&["a1", "a2", "b1"]) };
        world.shows("a1", NOW);
        // Under the uid that was given to the other one, or as the message that it was seen as.
        if let Some(seen) = earlier {
            world.mark("b1", &[seen]);
            world.front.lists_no_uids();
        }
        shows_nameless(&world, "a2", "b1");
        let start = world.position("a1");
        let outcome = world.confirm(Scope::Only(start..start + 2)).await;
        assert_eq!((outcome.confirmed, outcome.missing), (1, 1));
        assert_eq!(why(&world.state("a2")), "not there 5 min after Front accepted it");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_and_is_gone_is_not_found_in_another_that_reads_like_it() {
    let world = World::of(&["a1", "a2"]);
    world.mark("a1", &[confirmed("a1")]);
    let gone = State::Missing { uid: "a2".into(), why: "seen before, and gone since".into() };
    world.mark("a2", &[confirmed("a2"), gone.clone()]);
    world.shows("a1", NOW);
    shows_nameless(&world, "a2", "first");
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent, world.state("a2")), (0, 1, 0, gone));
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_got_its_answer_at_last_is_doubted_when_it_is_not_there() {
    let world = World::of(&["a1"]);
    world.front.answers_repeats();
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!((outcome.missing, outcome.resent), (1, 1));
    assert_eq!(why(&world.state("a1")), DOUBTED);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_reads_otherwise_is_not_taken_for_it() {
    let world = World { resends: false, ..World::of(&["a1", "a2"]) };
    world.shows("a1", NOW);
    let other = Message { created_at: Some(7.0), ..message_of(&world.request("a2"), "cnv_a") };
    world.front.shows("other", NOW, other);
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!((outcome.confirmed, outcome.missing, world.state("a2").name()), (1, 1, "missing"));
}

#[tokio::test(start_paused = true)]
async fn where_the_conversation_is_not_known_what_was_never_answered_is_doubted() {
    let world = World::of(&["a1", "b1"]);
    shows_nameless(&world, "a1", "first");
    world.mark("a1", &sent_again_with_an_answer_lost("never"));
    let outcome = world.confirm(Scope::Open).await;
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent), (0, 2, 1), "the other one is sent again");
    assert_eq!(why(&world.state("a1")), DOUBTED);
    assert_eq!(why(&world.state("b1")), "accepted twice with the same id, and not there");
}

#[tokio::test(start_paused = true)]
async fn a_second_look_at_some_that_are_missing_is_taken_at_once_and_at_nothing_else() {
    let world = World { resends: false, ..World::of(&["a1", "a2", "a3", "a4", "b1", "c1"]) };
    for name in ["a2", "a3", "a4", "b1", "c1"] {
        world.mark(name, &[missing()]);
    }
    world.mark("a1", &[confirmed("a1")]);
    for name in ["a1", "a3", "b1", "c1"] {
        world.shows(name, NOW);
    }
    shows_nameless(&world, "a2", "first");
    let began = Instant::now();
    let these: BTreeSet<u64> = ["a2", "a4", "b1"].iter().map(|name| world.position(name)).collect();
    let outcome = world.confirm(Scope::These(these)).await;
    assert!(is_finished(&outcome), "{outcome:?}");
    assert_eq!(began.elapsed(), NOW);
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent), (2, 1, 0));
    let names = ["a1", "a2", "a3", "a4", "b1", "c1"];
    assert_eq!(world.states(&names), ["confirmed", "confirmed", "missing", "missing", "confirmed", "missing"]);
    assert_eq!((world.state("b1"), world.state("a4")), (confirmed("b1"), missing()));
    let asked = world.front.asked();
    assert!(asked.iter().all(|question| !question.ends_with("a3") && !question.ends_with("c1")), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_look_reaches_both_ends_of_a_long_conversation() {
    let names: Vec<String> = (1..=150).map(|number| format!("a{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = World { resends: false, ..World::of(&[names.as_slice(), &["b1"]].concat()) };
    world.mark("a1", &[confirmed("a1")]);
    world.shows("a1", NOW);
    world.mark("a150", &[missing()]);
    shows_nameless(&world, "a150", "first");
    let outcome = world.confirm(Scope::These(BTreeSet::from([world.position("a150")]))).await;
    assert_eq!(
        (outcome.confirmed, world.state("a150").name()),
        (1, "confirmed"),
        "its first message names its conversation"
    );
    let none = world.confirm(Scope::These(BTreeSet::from([world.position("b1"), 1_000_000]))).await;
    assert!(is_finished(&none) && none.lookups == 0, "{none:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_look_that_has_no_answer_at_first_is_taken_later() {
    let world = World { resends: false, ..World::of(&["a1", "b1"]) };
    world.mark("a1", &[missing()]);
    world.mark("b1", &[missing()]);
    world.shows("a1", NOW);
    world.front.is_down_for(Duration::from_mins(3));
    let these = BTreeSet::from([world.position("a1"), world.position("b1")]);
    let outcome = world.confirm(Scope::These(these)).await;
    assert!(is_finished(&outcome), "{outcome:?}");
    assert_eq!((outcome.confirmed, outcome.missing), (1, 1));
}
