//! Complete conversations: what they get beside their messages is there once, whatever happens on the way.

mod support;

use serde_json::{Value, json};
use support::books::figure;
use support::chance::Chance;
use support::desk::{Desk, MAPPING};
use support::front::TOKEN;
use support::must;

const CRACK: &str = "Crack in the frame of my Grassington";
const ORDER: &str = "Where is order 5512?";
const RIDE: &str = "Ride on Sunday?";

#[test]
fn a_ticket_has_its_link_its_notes_its_tags_its_assignee_and_its_state() {
    let scene = Desk::imported(&[]);
    let before = scene.conversation(CRACK);
    assert_eq!((&before["links"], &before["comments"]), (&json!([]), &json!([])), "not before all messages are there");
    let finished = scene.finish();
    assert_eq!((&finished["links"], &finished["comments"], &finished["left"]), (&json!(4), &json!(3), &json!(0)));

    let ticket = scene.conversation(CRACK);
    assert_eq!(ticket["links"], json!(["https://old-helpdesk.example/tickets/5501"]));
    assert_eq!(ticket["tags"], json!(["frame", "legacy", "still open", "warranty"]));
    assert_eq!((&ticket["status"], &ticket["assignee"]), (&json!("assigned"), &json!("nell@kettlewell.example")));
    assert_eq!(ticket["custom_fields"], json!({ "Priority": "high" }));
    let comments = ticket["comments"].as_array().expect("a list");
    let authors: Vec<&Value> = comments.iter().map(|comment| &comment["author"]).collect();
    assert_eq!(authors, ["nell@kettlewell.example", "ida@kettlewell.example"], "in their order, by their authors");
    let body = comments[0]["body"].as_str().expect("a body");
    assert!(body.starts_with("Note by Nell Ashby (nell@kettlewell.example), 2019-05-06 08:40 UTC · tl1-"), "{body}");
    assert!(body.ends_with("\n\nBought second-hand in 2018, see the old card file.  \nIs that still under warranty?"));

    let closed = scene.conversation(RIDE);
    assert_eq!((&closed["status"], &closed["comments"]), (&json!("archived"), &json!([])));
    let links = scene.state()["links"].clone();
    assert_eq!(links[0]["name"], "Ticket 5501", "{links}");
}

#[test]
fn an_import_begins_with_messages_though_notes_and_their_files_follow() {
    let scene = Desk::new(&[]);
    let rows = "comment_id,ticket_id,created_at,visibility,author_role,author_email,author_name,body\n\
                1,5501,2019-05-06T08:12:40Z,public,customer,judith@dalesmail.example,Judith Moss,A crack\n\
                2,5501,2019-05-06T08:40:00Z,private,agent,nell@kettlewell.example,Nell Ashby,Look at it\n";
    scene.workspace.write("samples/helpdesk/comments.csv", rows);
    let (code, said, complaint) = scene.run("import", &["--create-tags"]);
    assert_eq!(code, 0, "{said}\n{complaint}");
    let words = said["ending"].as_str().expect("words");
    assert!(words.ends_with("1 note waits to be written: `threadlift finish mappings/helpdesk.toml`."), "{words}");
    assert_eq!(scene.finish()["comments"], 1);
}

#[test]
fn a_second_run_does_nothing_and_asks_nothing_of_conversations() {
    let scene = Desk::imported(&[]);
    scene.finish();
    let (state, counted) = (scene.state(), scene.front.get("/rehearsal/state")["conversations"].clone());
    let again = scene.finish();
    for figure in ["links", "comments", "tags", "followers", "states", "there_already", "left", "waiting"] {
        assert_eq!(again[figure], 0, "{figure} in {again}");
    }
    assert_eq!(scene.state(), state);
    assert_eq!(scene.front.get("/rehearsal/state")["conversations"], counted);
}

#[test]
fn without_its_messages_a_conversation_waits() {
    let scene = Desk::new(&[]);
    let (code, said, complaint) = scene.run("import", &["--create-tags", "--max-requests", "18"]);
    assert_eq!(code, 6, "{said}\n{complaint}");
    let (code, said, complaint) = scene.run("finish", &[]);
    assert_eq!(code, 7, "{said}\n{complaint}");
    assert!(said["finished"]["waiting"].as_u64() > Some(0), "{said}");
    assert!(said["ending"].as_str().expect("words").contains("wait"), "{said}");
    let (code, ..) = scene.run("import", &["--create-tags"]);
    assert_eq!(code, 0);
    let finished = scene.finish();
    assert_eq!(finished["waiting"], 0);
    let undisturbed = Desk::imported(&[]);
    undisturbed.finish();
    assert_eq!(scene.state(), undisturbed.state());
}

#[test]
fn killed_anywhere_and_run_again_each_link_comment_field_and_state_is_there_once() {
    let undisturbed = Desk::imported(&[]);
    undisturbed.finish();
    let expected = undisturbed.state();
    let mut chance = Chance(7_000);
    let mut landed = 0;
    for round in 0..12_u64 {
        let faults: &[&str] = match round % 3 {
            0 => &["--latency-ms", "40"],
            1 => &["--latency-ms", "30", "--lose-answer-every", "4"],
            _ => &["--latency-ms", "30", "--fail-every", "5"],
        };
        let scene = Desk::imported(faults);
        landed += scene.under_kills("finish", &[], &mut chance, 400);
        assert_eq!(scene.state(), expected, "round {round}");
        if landed >= 12 && round >= 2 {
            return;
        }
    }
    panic!("only {landed} kills met a living process");
}

#[test]
fn what_a_colleague_did_since_is_theirs() {
    let scene = Desk::imported(&[]);
    scene.colleague(ORDER, "PATCH", "", &json!({ "status": "open" }));
    scene.colleague(RIDE, "PATCH", "", &json!({ "assignee_id": "alt:email:ida@kettlewell.example" }));
    let (code, said, complaint) = scene.run("finish", &[]);
    assert_eq!(code, 3, "{said}\n{complaint}");
    assert_eq!(said["finished"]["left"], 1, "an assignee that nobody planned is no difference: {said}");
    let why = said["finished"]["examples"][0]["why"].as_str().expect("words");
    assert_eq!(why, "its state: a teammate has changed how it stands since (event: reopen)");
    assert_eq!(scene.conversation(ORDER)["status"], "assigned");
    assert_eq!(scene.conversation(ORDER)["custom_fields"], json!({ "Priority": "normal" }), "an empty field is filled");
    assert_eq!(scene.conversation(RIDE)["assignee"], "ida@kettlewell.example");
}

#[test]
fn what_was_left_is_told_by_every_further_run_until_it_is_tried_again() {
    let scene = Desk::imported(&[]);
    scene.colleague(CRACK, "PATCH", "", &json!({ "custom_fields": { "Priority": "low" } }));
    let (code, said, complaint) = scene.run("finish", &[]);
    assert_eq!((code, &said["finished"]["left"]), (3, &json!(1)), "{said}\n{complaint}");
    assert_eq!(
        said["finished"]["examples"][0]["why"],
        "its state: the custom field Priority holds \"low\" and keeps it"
    );
    let (code, said, complaint) = scene.run("finish", &[]);
    assert_eq!((code, &said["finished"]["left"]), (3, &json!(1)), "{said}\n{complaint}");
    assert_eq!(said["finished"]["examples"][0]["why"], "its state: left by an earlier run");
    scene.colleague(CRACK, "PATCH", "", &json!({ "custom_fields": { "Priority": "high" } }));
    let (code, said, complaint) = scene.run("finish", &["--retry-left"]);
    assert_eq!((code, &said["finished"]["left"]), (0, &json!(0)), "{said}\n{complaint}");
}

#[test]
fn a_note_that_front_turned_down_is_not_written_and_waits() {
    let scene = Desk::imported(&["--fault-reads", "comment/403=1/1"]);
    let (code, _, complaint) = scene.run("finish", &[]);
    assert_eq!(code, 4, "{complaint}");
    let (code, status, _) = scene.status();
    assert_eq!((code, figure(&status, "unknown"), figure(&status, "notes")), (0, 0, 3), "{status}");
    let words = status["ending"].as_str().expect("words");
    assert!(words.contains("3 notes wait to be written: `threadlift finish mappings/helpdesk.toml`"), "{words}");
    let (code, said, complaint) = scene.undo(&["--go", "--confirm", "yes"]);
    assert_eq!(code, 0, "{said}\n{complaint}");
}

#[test]
fn what_the_import_itself_left_open_is_archived() {
    let scene = Desk::imported(&[]);
    let id = scene.conversation(RIDE)["id"].as_str().expect("an id").to_owned();
    let (status, said) =
        scene.front.call("PATCH", &format!("/conversations/{id}"), TOKEN, &json!({ "status": "open" }));
    assert_eq!(status, 204, "{said}");
    scene.finish();
    assert_eq!(scene.conversation(RIDE)["status"], "archived");
}

#[test]
fn what_was_trashed_meanwhile_is_left_and_told() {
    let scene = Desk::imported(&[]);
    scene.colleague(RIDE, "PATCH", "", &json!({ "status": "deleted" }));
    let (code, said, complaint) = scene.run("finish", &[]);
    assert_eq!(code, 3, "{said}\n{complaint}");
    let why = said["finished"]["examples"][0]["why"].as_str().expect("words");
    assert!(why.ends_with("somebody has moved the conversation to the trash"), "{why}");
    assert_eq!(scene.conversation(RIDE)["links"], json!([]));
}

#[test]
fn a_stale_plan_is_not_finished() {
    let scene = Desk::imported(&[]);
    let mapping = must(std::fs::read_to_string(scene.workspace.path(MAPPING)), MAPPING);
    scene.workspace.write(MAPPING, mapping.replace("tickets/{ticket}", "t/{ticket}"));
    let (code, _, complaint) = scene.run("finish", &[]);
    assert_eq!(code, 2, "{complaint}");
    assert!(complaint.contains("the mapping was changed after it was planned; nothing was done"), "{complaint}");
    assert!(complaint.contains("threadlift plan"), "{complaint}");
}

#[test]
fn what_front_does_not_have_is_pointed_at_before_anything_is_done() {
    let scene = Desk::imported(&[]);
    let mapping = must(std::fs::read_to_string(scene.workspace.path(MAPPING)), MAPPING);
    scene.workspace.write(MAPPING, mapping.replace("\"Priority\" =", "\"Prio\" ="));
    assert_eq!(scene.run("import", &["--create-tags"]).0, 0);
    let (code, _, complaint) = scene.run("finish", &[]);
    assert_eq!(code, 4, "{complaint}");
    assert!(complaint.contains("Front has no custom field Prio for conversations"), "{complaint}");
    assert!(complaint.contains("Front has: Priority"), "{complaint}");
    assert_eq!(scene.conversation(CRACK)["links"], json!([]));
}
