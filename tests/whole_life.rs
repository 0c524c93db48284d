//! The whole life of a migration, killed at any moment and run again: plan, prepare, import, verify, finish, and back.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::books::figure;
use support::chance::Chance;
use support::desk::Desk;

/// The commands, in the order in which a team gives them, with what each is given.
const STAGES: [(&str, &[&str]); 4] = [("prepare", &[]), ("import", &[]), ("verify", &[]), ("finish", &[])];

fn desk(options: &[&str]) -> Desk {
    let desk = Desk::new(options);
    let (code, said, complaint) = desk.plan();
    assert_eq!(code, 0, "{said}\n{complaint}");
    desk
}

/// What is there beside what Front lets nobody remove, and what it made by itself when it took messages: links, lists, and contacts
/// of handles that are known as nothing but a handle.
fn removable(state: &Value) -> Value {
    let mut state = state.clone();
    let all = state.as_object_mut().expect("a state");
    all.remove("links");
    all.remove("contact_lists");
    let contacts = people(&Value::Object(all.clone()));
    all.insert("contacts".to_owned(), Value::from(contacts));
    state
}

/// Contacts that are more than a handle of some message.
fn people(state: &Value) -> Vec<Value> {
    let contacts = state["contacts"].as_array().expect("a list").iter();
    contacts.filter(|contact| contact["name"] != "" || contact["lists"] != json!([])).cloned().collect()
}

/// Handles of all contacts, without their sources.
fn handles(state: &Value) -> Vec<String> {
    let contacts = state["contacts"].as_array().expect("a list").iter();
    let handles = contacts.flat_map(|contact| contact["handles"].as_array().expect("a list"));
    handles
        .map(|handle| {
            handle.as_str().and_then(|handle| handle.split_once(':')).expect("source and handle").1.to_owned()
        })
        .collect()
}

#[test]
fn killed_between_and_inside_all_stages_everything_is_there_once_and_taken_back_nothing_is() {
    let undisturbed = desk(&[]);
    let before = undisturbed.state();
    for (name, options) in STAGES {
        let (code, said, complaint) = undisturbed.run(name, options);
        assert_eq!(code, 0, "{name}: {said}\n{complaint}");
    }
    let expected = undisturbed.state();
    assert_eq!(people(&expected).len(), 4, "{expected}");
    let mut handles = handles(&expected);
    let all = handles.len();
    handles.sort();
    handles.dedup();
    assert_eq!(handles.len(), all, "somebody is two contacts: {expected}");

    let mut chance = Chance(9_000);
    let mut landed = 0;
    for round in 0..8_u64 {
        let faults: &[&str] = match round % 2 {
            0 => &["--latency-ms", "25", "--lose-answer-every", "7"],
            _ => &["--latency-ms", "25", "--fail-every", "6"],
        };
        let desk = desk(faults);
        for (name, options) in STAGES {
            landed += desk.under_kills(name, options, &mut chance, 350);
        }
        assert_eq!(desk.state(), expected, "round {round}");
        let (_, status, _) = desk.status();
        assert_eq!((figure(&status, "confirmed"), &status["balanced"]), (12, &json!(true)), "{status}");

        landed +=
            desk.under_kills("undo", &["--go", "--permanently", "--confirm", "delete for good"], &mut chance, 350);
        assert_eq!(removable(&desk.state()), removable(&before), "round {round}");
        if landed >= 16 && round >= 1 {
            return;
        }
    }
    panic!("only {landed} kills met a living process");
}
