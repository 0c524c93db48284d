//! What was imported can be taken back, as far as nobody else has touched it.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::books::figure;
use support::chance::Chance;
use support::desk::{COLLEAGUE, Desk, MAPPING};
use support::front::Process;

const CRACK: &str = "Crack in the frame of my Grassington";
const ORDER: &str = "Where is order 5512?";

const GO: &[&str] = &["--go", "--confirm", "yes"];
const FOR_GOOD: &[&str] = &["--go", "--permanently", "--confirm", "delete for good"];

fn finished(options: &[&str]) -> Desk {
    let desk = Desk::imported(options);
    desk.finish();
    desk
}

/// Why things were left.
fn whys(said: &Value) -> Vec<String> {
    let left = said["taken_back"]["left_as_it_is"].as_array().expect("a list").iter();
    left.map(|it| it[1].as_str().expect("words").to_owned()).collect()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("a ledger can be walked");
        let target = to.join(entry.path().strip_prefix(from).expect("below it"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).expect("a folder");
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
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
    let [conversation, tag] = why[..] else { panic!("{said}") };
    assert_eq!(conversation, "a teammate has touched it since (event: comment)");
    assert!(left[0][0].as_str().is_some_and(|name| name.starts_with("conversation of 90006 (cnv_")), "{said}");
    assert!(left[1][0] == "tag order" && tag.starts_with("a conversation that is not taken back has it"), "{said}");
    let order = desk.conversation(ORDER);
    assert_eq!(order["status"], "archived");
    assert_eq!(order["links"], json!(["https://old-helpdesk.example/tickets/5502"]));
    assert_eq!(desk.conversation(CRACK)["status"], "deleted");
    assert_eq!((figure(&said, "confirmed"), figure(&said, "pending")), (3, 9), "{said}");
}

#[test]
fn a_comment_of_another_program_is_somebodys_too() {
    let desk = finished(&[]);
    let id = desk.conversation(ORDER)["id"].as_str().expect("an id").to_owned();
    let comment = json!({ "body": "Order 5512: delivered" });
    assert_eq!(desk.front.send("POST", &format!("/conversations/{id}/comments"), &comment).0, 201);
    let (code, said, complaint) = desk.undo(GO);
    assert_eq!(code, 3, "{said}\n{complaint}");
    assert!(whys(&said).contains(&"another program has touched it since (event: comment)".to_owned()), "{said}");
    assert_eq!(desk.conversation(ORDER)["status"], "archived");
}

#[test]
fn what_somebody_wrote_into_a_contact_or_put_below_a_tag_stays_with_it() {
    let desk = Desk::new(&["--tag", "theirs"]);
    assert_eq!(desk.plan().0, 0);
    assert_eq!(desk.run("prepare", &[]).0, 0);
    assert_eq!(desk.run("import", &[]).0, 0);
    desk.finish();
    let contacts = desk.front.list("/contacts");
    let named = contacts.iter().find(|contact| contact["name"] != "").expect("a contact with a name");
    let path = format!("/contacts/{}", named["id"].as_str().expect("an id"));
    let (status, said) = desk.front.call("PATCH", &path, COLLEAGUE, &json!({ "description": "VIP: call first" }));
    assert_eq!(status, 204, "{said}");
    let tags = desk.front.list("/tags");
    let order =
        tags.iter().find(|tag| tag["name"] == "order").expect("a tag")["id"].as_str().expect("an id").to_owned();
    let (status, said) =
        desk.front.call("POST", &format!("/tags/{order}/children"), COLLEAGUE, &json!({ "name": "urgent" }));
    assert_eq!(status, 201, "{said}");
    let (code, said, complaint) = desk.undo(GO);
    assert_eq!(code, 3, "{said}\n{complaint}");
    let whys = whys(&said);
    for why in ["somebody has given it a description", "the tag urgent stands below it"] {
        assert!(whys.iter().any(|known| known == why), "{why}: {said}");
    }
    let left = desk.front.list("/contacts");
    assert!(left.iter().any(|contact| contact["description"] == "VIP: call first"), "{left:?}");
    let names: Vec<Value> = desk.front.list("/tags").into_iter().map(|tag| tag["name"].clone()).collect();
    assert_eq!(names.iter().filter(|name| *name == "order" || *name == "urgent").count(), 2, "{names:?}");
}

#[test]
fn what_front_does_not_show_is_left_until_somebody_says_that_it_was_deleted() {
    let desk = finished(&[]);
    let id = desk.conversation(ORDER)["id"].as_str().expect("an id").to_owned();
    desk.colleague(ORDER, "PATCH", "", &json!({ "status": "deleted" }));
    desk.colleague(ORDER, "DELETE", "", &Value::Null);
    let (code, said, complaint) = desk.undo(GO);
    assert_eq!(code, 3, "{said}\n{complaint}");
    assert!(whys(&said).iter().any(|why| why.starts_with("Front does not show it to this token")), "{id}: {said}");
    assert_eq!((figure(&said, "confirmed"), &said["taken_back"]["gone"]), (3, &json!(0)));
    let (code, said, complaint) = desk.undo(&[GO, &["--gone"]].concat());
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert_eq!((figure(&said, "confirmed"), &said["taken_back"]["gone"]), (0, &json!(1)));
}

#[test]
fn what_was_trashed_can_still_be_deleted_for_good() {
    let desk = finished(&[]);
    assert_eq!(desk.undo(GO).0, 0);
    desk.colleague(ORDER, "PATCH", "", &json!({ "status": "open" }));
    // Front empties its trash by itself.
    desk.colleague(CRACK, "DELETE", "", &Value::Null);
    let (code, said, complaint) = desk.undo(FOR_GOOD);
    assert_eq!(code, 3, "{said}\n{complaint}");
    assert_eq!((&said["taken_back"]["deleted"], &said["taken_back"]["gone"]), (&json!(2), &json!(1)));
    assert_eq!(whys(&said), ["it was taken back, and somebody has taken it out of the trash since"]);
    assert_eq!(statuses(&desk).len(), 1);
    let (code, again, complaint) = desk.undo(GO);
    assert_eq!((code, &again["taken_back"]["messages"]), (0, &json!(0)), "{complaint}");
}

#[test]
fn a_note_that_the_token_may_not_change_is_told_and_stops_nothing() {
    // Three notes are written, and the fourth call is the first that withdraws one.
    let desk = finished(&["--fault-reads", "comment/403=1/4"]);
    let (code, said, complaint) = desk.undo(GO);
    assert_eq!(code, 3, "{said}\n{complaint}");
    assert_eq!(statuses(&desk), ["deleted", "deleted", "deleted", "deleted"]);
    assert_eq!((figure(&said, "confirmed"), &said["taken_back"]["comments"]), (0, &json!(2)), "{said}");
    let [why] = &whys(&said)[..] else { panic!("{said}") };
    assert!(why.starts_with("trashed, with its words as they are: "), "{why}");
}

#[test]
fn torn_off_while_it_wrote_that_messages_are_taken_back_it_goes_on_where_it_was() {
    let desk = finished(&[]);
    let ledger = desk.workspace.path(MAPPING).with_extension("ledger");
    let before = desk.workspace.path("ledger before");
    copy(&ledger, &before);
    assert_eq!(desk.undo(FOR_GOOD).0, 0);
    // As if the power had failed when the first message of the first thread was written, and nothing was deleted for good yet.
    let journal = std::fs::read_to_string(ledger.join("journal.jsonl")).expect("a journal");
    let undone = |line: &&str| line.contains("\"undone\"") && line.contains("thread_renewed_as");
    let first = journal.lines().position(|line| undone(&line)).expect("something was taken back");
    let of_first: Vec<&str> = journal.lines().take(first + 1).collect();
    std::fs::remove_dir_all(&ledger).expect("a ledger");
    copy(&before, &ledger);
    std::fs::write(ledger.join("journal.jsonl"), of_first.join("\n") + "\n").expect("a journal");
    let (code, said, complaint) = desk.undo(&[FOR_GOOD, &["--gone"]].concat());
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert_eq!(
        (figure(&said, "pending"), figure(&said, "confirmed"), &said["balanced"]),
        (12, 0, &json!(true)),
        "{said}"
    );
}

#[test]
fn after_a_broken_import_its_open_ends_are_settled_and_it_is_taken_back_without_being_finished() {
    let mut chance = Chance(3);
    for _ in 0..20 {
        let desk = Desk::new(&["--latency-ms", "30", "--lose-answer-every", "2"]);
        let output = desk.workspace.path("import.out");
        let mut import = Process::start(&mut desk.command("import", &["--create-tags"]), &output);
        std::thread::sleep(std::time::Duration::from_millis(500 + chance.below(400) as u64));
        import.kill();
        let (_, before, _) = desk.status();
        let (unknown, pending) = (figure(&before, "unknown"), figure(&before, "pending"));
        if unknown == 0 || pending == 0 {
            continue;
        }
        let (_, look, _) = desk.undo(&[]);
        assert!(whys(&look).iter().any(|why| why.contains("`import --settle`") || why.contains("`verify`")), "{look}");
        for _ in 0..20 {
            let (code, said, complaint) = desk.run("import", &["--settle"]);
            assert!([0, 7].contains(&code), "{code} {said}\n{complaint}");
            if code == 0 {
                break;
            }
        }
        let (_, after, _) = desk.status();
        assert_eq!((figure(&after, "unknown"), figure(&after, "pending")), (0, pending), "nothing new: {after}");
        desk.run("verify", &[]);
        let (code, said, complaint) = desk.undo(GO);
        assert_eq!(code, 0, "{said}\n{complaint}");
        assert_eq!((figure(&said, "pending"), figure(&said, "confirmed")), (12, 0), "{said}");
        return;
    }
    panic!("no kill left a message without an answer");
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
