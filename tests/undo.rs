//! What was imported can be taken back, as far as nobody else has touched it.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::books::figure;
use support::chance::Chance;
use support::desk::Desk;

const CRACK: &str = "Crack in the frame of my Grassington";
const ORDER: &str = "Where is order 5512?";

const GO: &[&str] = &["--go", "--confirm", "yes"];
const FOR_GOOD: &[&str] = &["--go", "--permanently", "--confirm", "delete for good"];

fn finished(options: &[&str]) -> Desk {
    let desk = Desk::imported(options);
    desk.finish();
    desk
}

fn statuses(desk: &Desk) -> Vec<Value> {
    let state = desk.state();
    state["conversations"].as_array().expect("a list").iter().map(|it| it["status"].clone()).collect()
}

#[test]
fn without_the_word_it_is_a_look_that_changes_nothing() {
    let desk = finished(&[]);
    let before = desk.state();
    let (code, said, complaint) = desk.undo(&[]);
    assert_eq!(code, 0, "{complaint}");
    let taken = &said["taken_back"];
    assert_eq!((&taken["is_dry"], &taken["trashed"], &taken["messages"]), (&json!(true), &json!(4), &json!(12)));
    assert_eq!((&taken["links"], &taken["comments"], &taken["left"]), (&json!(4), &json!(3), &json!(0)));
    assert!(said["ending"].as_str().expect("words").contains("--go"), "{said}");
    assert_eq!(desk.state(), before);
    assert_eq!(figure(&said, "confirmed"), 12, "and nothing counts otherwise");
}

#[test]
fn tags_that_an_import_made_go_and_those_of_others_stay() {
    let desk = Desk::imported(&["--tag", "legacy", "--tag", "theirs"]);
    let (code, said, complaint) = desk.undo(GO);
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert!(said["taken_back"]["tags"].as_u64().expect("a figure") > 2, "{said}");
    let tags =
        desk.state()["tags"].as_array().expect("a list").iter().map(|tag| tag["path"].clone()).collect::<Vec<_>>();
    assert_eq!(tags, ["legacy", "theirs"]);
}

#[test]
fn taken_back_everything_is_in_the_trash_without_links_and_with_words_in_its_notes() {
    let desk = finished(&[]);
    let (code, said, complaint) = desk.undo(GO);
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert_eq!(statuses(&desk), ["deleted", "deleted", "deleted", "deleted"]);
    let ticket = desk.conversation(CRACK);
    assert_eq!(ticket["links"], json!([]));
    let words = ticket["comments"][0]["body"].as_str().expect("a body");
    assert!(words.starts_with("Withdrawn: this note was imported"), "{words}");
    assert_eq!((figure(&said, "pending"), figure(&said, "confirmed")), (12, 0), "{said}");
    assert_eq!(said["balanced"], true);
    let (code, again, complaint) = desk.undo(GO);
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(again["taken_back"]["messages"], 0, "{again}");
}

#[test]
fn deleted_for_good_it_needs_its_own_words_and_a_new_import_takes_new_ids_that_front_has_not_burnt() {
    let desk = finished(&[]);
    let before = desk.state();
    let (code, _, complaint) = desk.undo(&["--go", "--permanently", "--confirm", "yes"]);
    assert_eq!(code, 2, "{complaint}");
    let (code, said, complaint) = desk.undo(FOR_GOOD);
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert_eq!(desk.state()["conversations"], json!([]));

    let (code, planned, complaint) = desk.plan();
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(planned["plan"]["again"], 12, "{planned}");
    let (code, said, complaint) = desk.run("import", &["--create-tags"]);
    assert_eq!(code, 0, "{said}\n{complaint}");
    desk.finish();
    let after = desk.state();
    let without_ids = |state: &Value| -> Vec<Value> {
        let conversations = state["conversations"].as_array().expect("a list").iter().cloned();
        let mut shown: Vec<Value> = conversations
            .map(|mut it| {
                it.as_object_mut().expect("a conversation").remove("external_ids");
                for comment in it["comments"].as_array_mut().expect("a list") {
                    let body = comment["body"].as_str().expect("a body").replace("-r2\n", "\n");
                    comment["body"] = body.into();
                }
                it
            })
            .collect();
        shown.sort_by_key(|it| it["subject"].to_string());
        shown
    };
    assert_eq!(without_ids(&after), without_ids(&before), "as it was, under other ids");
    let ids = after["conversations"][0]["external_ids"].to_string();
    assert!(ids.contains("-r2\""), "{ids}");
    assert_eq!(desk.front.get("/rehearsal/state")["conversations"].as_array().expect("a list").len(), 4);
}

#[test]
fn what_somebody_has_touched_is_left_and_told() {
    let desk = finished(&[]);
    desk.colleague(ORDER, "POST", "/comments", &json!({ "body": "I call him tomorrow" }));
    let (code, said, complaint) = desk.undo(GO);
    assert_eq!(code, 3, "{said}\n{complaint}");
    let left = said["taken_back"]["left_as_it_is"].as_array().expect("a list");
    let why: Vec<&str> = left.iter().filter_map(|it| it[1].as_str()).collect();
    let [tag, conversation] = why[..] else { panic!("{said}") };
    assert_eq!(conversation, "a teammate has touched it since (event: comment)");
    assert!(left[0][0] == "tag order" && tag.starts_with("a conversation that is not taken back has it"), "{said}");
    let order = desk.conversation(ORDER);
    assert_eq!(order["status"], "archived");
    assert_eq!(order["links"], json!(["https://old-helpdesk.example/tickets/5502"]));
    assert_eq!(desk.conversation(CRACK)["status"], "deleted");
    assert_eq!((figure(&said, "confirmed"), figure(&said, "pending")), (3, 9), "{said}");
}

#[test]
fn one_conversation_can_be_taken_back_by_a_message_of_it_or_by_a_tag() {
    let desk = finished(&[]);
    let (code, said, complaint) = desk.undo(&[GO, &["--thread", "90006"]].concat());
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert_eq!((&said["taken_back"]["trashed"], &desk.conversation(ORDER)["status"]), (&json!(1), &json!("deleted")));
    let (code, said, complaint) = desk.undo(&[GO, &["--tag", "still open"]].concat());
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert_eq!((&said["taken_back"]["trashed"], &desk.conversation(CRACK)["status"]), (&json!(1), &json!("deleted")));
    let (code, _, complaint) = desk.undo(&["--source", "mail"]);
    assert_eq!(code, 2, "{complaint}");
    assert!(complaint.contains("the sources of the plan: tickets"), "{complaint}");
}

#[test]
fn killed_anywhere_and_run_again_everything_is_taken_back_once() {
    let mut chance = Chance(8_000);
    let mut landed = 0;
    for round in 0..12_u64 {
        let desk = finished(if round % 2 == 0 {
            &["--latency-ms", "40"]
        } else {
            &["--latency-ms", "30", "--fail-every", "5"]
        });
        landed += desk.under_kills("undo", FOR_GOOD, &mut chance, 400);
        assert_eq!(desk.state()["conversations"], json!([]), "round {round}");
        let (code, status, complaint) = desk.status();
        assert_eq!(code, 0, "{complaint}");
        assert_eq!((figure(&status, "pending"), &status["balanced"]), (12, &json!(true)), "{status}");
        if landed >= 8 && round >= 1 {
            return;
        }
    }
    panic!("only {landed} kills met a living process");
}
