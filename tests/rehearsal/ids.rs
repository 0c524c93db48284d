//! External ids that are used up, uids that never become messages.

use serde_json::json;
use threadlift::rehearsal::{Config, Faults, RepeatAnswer};

use super::support::*;

async fn is_a_message(front: &Front, uid: &str) -> bool {
    let found = front.get(&format!("/messages/alt:uid:{uid}")).await;
    if found.status != 200 {
        found.refuses(404, "Unknown message ID");
    }
    found.status == 200
}

#[tokio::test]
async fn a_burnt_id_is_accepted_with_a_fresh_uid_and_never_becomes_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let burnt = folder.path().join("burnt");
    std::fs::write(&burnt, "a\n\nb\r\n").unwrap();
    let front = Front::new(Config { burnt: Some(burnt), ..config() });
    let mut uids = Vec::new();
    for id in ["a", "b", "a"] {
        uids.push(front.import(&message(id)).await.uid());
    }
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 3, "each answer has a uid of its own");
    for uid in &uids {
        assert!(!is_a_message(&front, uid).await);
    }
    let uid = front.import(&message("c")).await.uid();
    assert!(is_a_message(&front, &uid).await);
    let state = front.state();
    assert_eq!((state.messages, state.burnt, state.repeats, state.conversations), (1, 3, 0, 1));
}

#[tokio::test]
async fn what_one_server_stored_is_burnt_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("burnt");
    let first = Front::plain();
    first.import(&message("b")).await.uid();
    first.import(&message("a")).await.uid();
    assert_eq!(first.server.burn(&file).unwrap(), 2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\nb\n");
    let second = Front::new(Config { burnt: Some(file.clone()), ..config() });
    let uid = second.import(&message("a")).await.uid();
    assert!(!is_a_message(&second, &uid).await);
    let uid = second.import(&message("c")).await.uid();
    assert!(is_a_message(&second, &uid).await);
}

#[test]
fn a_file_of_burnt_ids_that_cannot_be_read_is_named() {
    let burnt = Some("/nowhere/burnt".into());
    let error = threadlift::rehearsal::Server::start(Config { burnt, ..config() }).err().unwrap();
    assert!(error.to_string().contains("/nowhere/burnt"), "{error}");
}

#[tokio::test]
async fn a_repeat_can_be_given_a_uid_that_never_becomes_a_message() {
    let front = Front::new(Config { repeat_answer: RepeatAnswer::NewUid, ..config() });
    let first = front.import(&message("a")).await.uid();
    let again = front.import(&message("a")).await.uid();
    assert_ne!(first, again);
    assert!(is_a_message(&front, &first).await && !is_a_message(&front, &again).await);
    assert_eq!((front.state().messages, front.state().repeats), (1, 1));
}

#[tokio::test]
async fn a_lost_message_has_a_uid_and_is_taken_in_when_it_comes_again() {
    let front = Front::faulty(&["lost=1/1"]);
    let lost = front.import(&message("a")).await.uid();
    assert!(!is_a_message(&front, &lost).await);
    assert_eq!((front.state().messages, front.state().lost, front.counted("lost")), (0, 1, 1));
    let uid = front.import(&message("a")).await.uid();
    assert!(is_a_message(&front, &uid).await && !is_a_message(&front, &lost).await);
    assert_eq!((front.state().messages, front.state().repeats), (1, 0));
}

#[tokio::test]
async fn chosen_messages_are_lost_by_id_or_subject_and_their_ids_can_stay_burnt() {
    let lose = vec!["doomed".to_owned(), "Never".to_owned()];
    let front = Front::with(Faults { lose, lost_stay_burnt: true, ..Faults::default() });
    let never = with(message("b"), &json!({ "subject": "Never again" }));
    for sent in [&message("doomed-1"), &never, &message("doomed-1"), &never] {
        let uid = front.import(sent).await.uid();
        assert!(!is_a_message(&front, &uid).await);
    }
    let uid = front.import(&message("c")).await.uid();
    assert!(is_a_message(&front, &uid).await);
    let state = front.state();
    assert_eq!((state.messages, state.lost, state.burnt), (1, 2, 2));
}
