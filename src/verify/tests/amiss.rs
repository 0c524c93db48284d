//! What is missing or different.

use super::*;
use crate::front::{Answer, StopCause};
use crate::verify::Stop;
use tokio::sync::mpsc;

/// Runs to the end, which takes no more than two patiences.
async fn confirmed_or_not(world: &World) -> Outcome {
    let outcome = world.confirm(Scope::Open).await;
    assert!(is_finished(&outcome), "{outcome:?}");
    outcome
}

fn missing(state: &State) -> &str {
    let State::Missing { why, .. } = state else { panic!("{state:?}") };
    why
}

#[tokio::test(start_paused = true)]
async fn what_never_comes_is_sent_again_once_with_the_same_bytes_and_then_reported() {
    let world = World::of(&["a1", "a2"]);
    world.shows("a2", NOW);
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent), (1, 1, 1));
    assert_eq!(world.front.imported(), [world.request("a1")]);
    assert_eq!(missing(&world.state("a1")), "accepted twice with the same id, and not there");
    assert_eq!(world.state("a2"), confirmed("a2"));

    let world = world.reopened();
    world.front.asked();
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.missing, outcome.resent), (1, 0), "a restart does not send it for ever");
    assert_eq!(world.front.imported().len(), 1);
    assert!(world.front.asked().contains(&"uid a1".to_owned()), "the first uid is tried, too");
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_and_comes_after_all_is_confirmed() {
    let world = World::of(&["a1"]);
    world.front.makes_what_is_sent_again(Duration::from_secs(30));
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent), (1, 0, 1));
    let again = State::Confirmed { message_id: "msg_again-1".into(), conversation_id: "cnv_a".into(), differs: None };
    assert_eq!(world.state("a1"), again);
}

#[tokio::test(start_paused = true)]
async fn every_uid_that_was_ever_given_is_tried_before_anything_is_sent_again() {
    let world = World::of(&["a1"]);
    let late = State::Unknown { why: "lost".into() };
    world.mark("a1", &[State::Missing { uid: "a1".into(), why: "x".into() }, State::Sending, late, State::Sending]);
    world.mark("a1", &[State::Accepted { uid: "never".into() }]);
    world.shows("a1", NOW);
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.resent), (1, 0));
    assert_eq!(world.state("a1"), confirmed("a1"));
}

#[tokio::test(start_paused = true)]
async fn a_kill_between_missing_and_the_second_sending_loses_nothing() {
    let world = World::of(&["a1"]);
    world.mark("a1", &[State::Missing { uid: "a1".into(), why: "not there".into() }]);
    world.front.makes_what_is_sent_again(NOW);
    let world = world.reopened();
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.resent), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_the_means_to_send_again_a_missing_message_stays_missing() {
    let world = World { resends: false, ..World::of(&["a1"]) };
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.missing, outcome.resent), (1, 0));
    assert_eq!(missing(&world.state("a1")), "not there 5 min after Front accepted it");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_changed_keeps_a_missing_message_from_being_sent_again_and_says_so() {
    let world = World::of(&["a1"]);
    world.folder.write("a1.eml", "From: eve@x.example\n\nother\n");
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.missing, outcome.resent), (1, 0));
    assert!(outcome.not_resent.is_some_and(|why| why.contains("a1.eml")));
    assert!(world.front.imported().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_reads_otherwise_is_named_different_with_what_differs() {
    let world = World::of(&["a1", "a2"]);
    world.shows("a2", NOW);
    world.shows_as("a1", NOW, |message| Message {
        subject: Some("lamp".into()),
        created_at: Some(7.0),
        is_inbound: Some(false),
        ..message
    });
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.different), (1, 1));
    assert_eq!(world.differs("a1").as_deref(), Some("subject, date, direction"));
    assert_eq!(world.differs("a2"), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_once_is_found_by_its_id_even_where_its_uid_leads_nowhere_any_more() {
    let world = World::of(&["a1"]);
    world.shows_as("a1", NOW, |message| Message { subject: Some("lamp".into()), ..message });
    world.mark("a1", &[confirmed("a1")]);
    world.front.forgets_uids();
    let outcome = world.confirm(Scope::Sample(1)).await;
    assert_eq!((outcome.different, outcome.missing), (1, 0), "{outcome:?}");
    assert_eq!(world.differs("a1").as_deref(), Some("subject"));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_sent_under_another_plan_is_not_compared_with_this_one() {
    let world = World::of(&["a1"]);
    let World { folder, ledger, front, .. } = world;
    let mut ledger = Arc::try_unwrap(ledger).unwrap();
    folder.plan(&mut ledger, "[defaults]\ntags = [\"x\"]\n");
    let world = World { folder, ledger: Arc::new(ledger), front, cancellation: Cancellation::new(), resends: false };
    let shown = Message {
        subject: Some("what the first plan said".into()),
        conversation_id: Some("cnv_a".into()),
        ..Message::default()
    };
    world.front.shows("a1", NOW, shown);
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.different), (1, 0));
    assert_eq!(world.differs("a1"), None);
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_front_split_is_different_and_all_its_conversations_are_named() {
    let world = World::of(&["a1", "a2", "a3"]);
    world.shows("a1", NOW);
    world.shows("a3", NOW);
    world.shows_as("a2", NOW, |message| Message { conversation_id: Some("cnv_z".into()), ..message });
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.different, outcome.missing), (2, 1, 0));
    assert_eq!(world.differs("a2").as_deref(), Some("one thread in several conversations: cnv_a, cnv_z"));
    assert_eq!((world.differs("a1"), world.differs("a3")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_colleagues_merged_into_another_is_still_one() {
    let world = World::of(&["a1", "a2"]);
    world.mark("a1", &[confirmed("a1")]);
    world.shows("a1", NOW);
    world.shows("a2", NOW);
    world.front.merges("cnv_a", "cnv_m");
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.different), (1, 0));
    assert_eq!(world.differs("a2"), None);
}

#[tokio::test(start_paused = true)]
async fn two_threads_that_front_put_into_one_conversation_are_different() {
    let world = World::of(&["a1", "b1", "b2"]);
    world.shows("a1", NOW);
    for name in ["b1", "b2"] {
        world.shows_as(name, NOW, |message| Message { conversation_id: Some("cnv_a".into()), ..message });
    }
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.different), (2, 1), "one message of the second thread stands for it");
    let told = [world.differs("a1"), world.differs("b1"), world.differs("b2")];
    assert_eq!(told.iter().flatten().collect::<Vec<_>>(), ["two threads in one conversation: cnv_a"]);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_an_earlier_run_saw_is_remembered() {
    let world = World::of(&["a1", "b1"]);
    world.mark("a1", &[confirmed("a1")]);
    world.shows_as("b1", NOW, |message| Message { conversation_id: Some("cnv_a".into()), ..message });
    let outcome = confirmed_or_not(&world).await;
    assert_eq!(outcome.different, 1);
}

#[tokio::test(start_paused = true)]
async fn every_conversation_in_which_an_earlier_run_saw_a_thread_is_remembered() {
    let world = World::of(&["a1", "a2", "b1"]);
    world.mark("a1", &[confirmed("a1")]);
    let astray = State::Confirmed {
        message_id: "msg_a2".into(),
        conversation_id: "cnv_z".into(),
        differs: Some("one thread in several conversations: cnv_a, cnv_z".into()),
    };
    world.mark("a2", &[astray]);
    world.shows_as("b1", NOW, |message| Message { conversation_id: Some("cnv_z".into()), ..message });
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.confirmed, outcome.different), (0, 1));
    assert_eq!(world.differs("b1").as_deref(), Some("two threads in one conversation: cnv_z"));
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_was_seen_before_is_different_once_another_turns_up_in_its_conversation() {
    let world = World::of(&["a1", "b1", "c1"]);
    world.mark("a1", &[confirmed("a1")]);
    world.mark("c1", &[confirmed("c1")]);
    world.shows_as("b1", NOW, |message| Message { conversation_id: Some("cnv_a".into()), ..message });
    // Sent in this run, and seen before anybody has looked through what earlier runs left: nothing else is open.
    let (settled, heard) = mpsc::unbounded_channel();
    let position = world.position("b1");
    settled.send(position..position + 1).unwrap();
    let sending = async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        let state = world.state("b1");
        drop(settled);
        state
    };
    let (outcome, while_sending) = tokio::join!(world.confirm(Scope::Beside(heard)), sending);
    assert_eq!(while_sending.name(), "confirmed");
    assert_eq!((outcome.confirmed, outcome.different), (1, 1), "{outcome:?}");
    let told = [world.differs("a1"), world.differs("b1"), world.differs("c1")];
    assert_eq!(told.iter().flatten().collect::<Vec<_>>(), ["two threads in one conversation: cnv_a"]);
    assert_eq!(world.front.asked(), ["uid b1"], "what was seen is not asked for again");
}

#[tokio::test(start_paused = true)]
async fn whatever_a_second_sending_comes_to_is_kept_and_only_an_acceptance_is_looked_for() {
    let stopped = |cause| Answer::Stop { cause, may_be_there: false };
    let no_token = StopCause::Unauthorized { status: 401, text: "no".into() };
    for (answer, state) in [
        (Answer::Refused { status: 400, cause: "no such tag".into() }, "refused"),
        (Answer::Poison { attempts: 6, status: Some(500), cause: "boom".into() }, "refused"),
        (Answer::Unknown { why: "no uid".into() }, "unknown"),
        (Answer::Cancelled { sent_before: false }, "unknown"),
        (stopped(StopCause::Spent), "unknown"),
        (stopped(no_token), "unknown"),
    ] {
        let world = World::of(&["a1"]);
        world.front.says_to_an_import(answer.clone());
        let outcome = world.confirm(Scope::Open).await;
        assert_eq!((world.state("a1").name(), outcome.resent), (state, 1), "{answer:?}");
        assert_eq!(world.front.imported(), [world.request("a1")]);
        match (&answer, &outcome.ending) {
            (Answer::Stop { cause: StopCause::Spent, .. }, Ending::Stopped(Stop::Spent))
            | (Answer::Stop { cause: StopCause::Unauthorized { .. }, .. }, Ending::Stopped(Stop::Sending(_)))
            | (Answer::Cancelled { .. }, Ending::Interrupted)
            | (Answer::Refused { .. } | Answer::Poison { .. } | Answer::Unknown { .. }, Ending::Finished) => {}
            (answer, ending) => panic!("{answer:?}: {ending:?}"),
        }
        // From here on it is the import's to send, or the user's to take up again.
        let world = world.reopened();
        world.front.asked();
        assert!(is_finished(&world.confirm(Scope::Open).await));
        assert_eq!((world.front.imported().len(), world.front.asked().len()), (1, 0), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_goes_out_under_a_new_id_is_not_sent_again_under_the_old_one() {
    let world = World::of(&["a1"]);
    world.mark("a1", &[State::Missing { uid: "a1".into(), why: "not there".into() }]);
    // A kill comes before the plan with the new id is made.
    world.ledger.renew(&std::collections::BTreeSet::from([world.position("a1")])).unwrap();
    let world = world.reopened();
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.missing, outcome.resent, world.front.imported().len()), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_again_once_the_run_is_stopped() {
    let world = World::of(&["a1", "a2"]);
    // The first of the two that are missing stops the run.
    world.front.says_to_an_import(Answer::Cancelled { sent_before: false });
    let outcome = world.confirm(Scope::Open).await;
    assert!(matches!(outcome.ending, Ending::Interrupted), "{outcome:?}");
    assert_eq!((world.front.imported().len(), outcome.resent), (1, 1));
    assert_eq!(world.states(&["a1", "a2"]), ["unknown", "accepted"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_and_is_gone_is_missing_and_is_not_sent_again() {
    let world = World::of(&["a1", "a2"]);
    for name in ["a1", "a2"] {
        world.shows(name, NOW);
    }
    confirmed_or_not(&world).await;
    world.front.forgets("a2");
    let outcome = world.confirm(Scope::Sample(2)).await;
    assert_eq!((outcome.confirmed, outcome.missing, outcome.resent), (1, 1, 0));
    assert_eq!(missing(&world.state("a2")), "seen before, and gone since");
    let outcome = confirmed_or_not(&world).await;
    assert_eq!((outcome.missing, outcome.resent), (1, 0), "somebody may have deleted it on purpose");
}
