//! What colleagues say among themselves.

use serde_json::{Value, json};
use threadlift::rehearsal::Faults;

use super::support::*;

#[tokio::test]
async fn comments_are_listed_newest_first_with_their_authors() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let path = format!("{own}/comments");
    let first = front.made(&path, &json!({ "body": "**One**", "author_id": "alt:email:leela@acme.example" })).await;
    let second = front.made(&path, &json!({ "body": "Two", "is_pinned": true })).await;
    assert_eq!((&first["author"]["id"], &first["author"]["type"]), (&json!("tea_leela"), &json!("user")));
    assert_eq!(second["author"]["type"], "api", "who names nobody is the API itself");
    let reply =
        front.made(&format!("/comments/{}/replies", second["id"].as_str().unwrap()), &json!({ "body": "Three" })).await;
    assert_eq!(reply["_links"]["related"]["comment_replied_to"], second["_links"]["self"]);
    let listed = front.all(&path).await;
    assert_eq!(listed, [reply, second, first.clone()]);
    assert_eq!(front.get(&format!("/comments/{}", first["id"].as_str().unwrap())).await.body, first);
    assert_eq!(front.events(&own).await, ["comment", "comment", "comment", "inbound"]);
    let sources = front.all(&format!("{own}/events")).await;
    assert_eq!(sources[2]["source"]["_meta"]["type"], "api", "the client wrote it, whomever it names");
    assert_eq!(front.get(&own).await.body["status"], "unassigned");
}

#[tokio::test]
async fn a_comment_says_something_and_has_no_date_of_its_own() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let path = format!("{own}/comments");
    for (wrong, reason) in [
        (json!({}), "body is required"),
        (json!({ "body": "" }), "body must not be empty"),
        (json!({ "body": 5 }), "body must be a string"),
        (json!({ "body": "x", "created_at": 5 }), "created_at is not a field"),
        (json!({ "body": "x", "author_id": "tea_none" }), "author_id names no teammate"),
        (json!({ "body": "x", "attachments": [] }), "multipart/form-data"),
    ] {
        front.ask("POST", &path, &wrong).await.refuses(400, reason);
    }
    front.ask("POST", "/conversations/cnv_x/comments", &json!({ "body": "x" })).await.refuses(404, "Unknown");
    assert!(front.all(&path).await.is_empty());
}

#[tokio::test]
async fn files_of_a_comment_travel_as_a_form_and_come_back() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let parts = [field("body", "See there"), field("is_pinned", "true"), file(0, "a.txt", "text/plain", b"first")];
    let call = front.client.post(front.url(&format!("{own}/comments"))).bearer_auth(TOKEN);
    let call = call.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(form(&parts));
    let made = Reply::of(call.send().await.unwrap()).await;
    assert_eq!((made.status, &made.body["is_pinned"]), (201, &json!(true)));
    let file = &made.body["attachments"][0];
    assert_eq!((&file["filename"], &file["size"]), (&json!("a.txt"), &json!(5)));
    let answer = front.client.get(file["url"].as_str().unwrap()).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"first");
}

#[tokio::test]
async fn only_who_wrote_a_comment_changes_what_it_says() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let path = format!("{own}/comments");
    let mine = front.made(&path, &json!({ "body": "mine", "author_id": "tea_leela" })).await;
    let theirs = front.ask_as("tea_leela", "POST", &path, &json!({ "body": "theirs" })).await.body;
    assert_eq!(theirs["author"]["id"], "tea_leela");
    let at = |comment: &Value| format!("/comments/{}/", comment["id"].as_str().unwrap());
    let changed = front.ask("PATCH", &at(&mine), &json!({ "body": "changed" })).await;
    assert_eq!((changed.status, &changed.body["body"], &changed.body["id"]), (200, &json!("changed"), &mine["id"]));
    front.ask("PATCH", &at(&theirs), &json!({ "body": "changed" })).await.refuses(403, "token that wrote it");
    let pinned = front.ask("PATCH", &at(&theirs), &json!({ "is_pinned": true })).await;
    assert_eq!((pinned.status, &pinned.body["body"]), (200, &json!("theirs")));
    assert_eq!(each(&front.all(&path).await, "body"), ["theirs", "changed"]);
    assert_eq!(front.ask("DELETE", &at(&mine), &Value::Null).await.status, 405, "Front deletes no comment");
}

#[tokio::test]
async fn a_comment_whose_answer_is_lost_is_there_all_the_same() {
    let reads = faults(&["comment/lose-answer=1/2", "link/500=1"]);
    let front = Front::with(Faults { reads, ..Faults::default() });
    let own = front.conversation_of(&open("a")).await;
    let path = format!("{own}/comments");
    front.made(&path, &json!({ "body": "one" })).await;
    let call = front.client.post(front.url(&path)).bearer_auth(TOKEN).json(&json!({ "body": "two" }));
    assert!(call.send().await.is_err(), "the answer is lost");
    assert_eq!(each(&front.all(&path).await, "body"), ["two", "one"]);
    assert_eq!(front.counted("lose-answer"), 1);
    front.ask("POST", "/links", &json!({ "external_url": "https://x.example" })).await.refuses(500, "internal error");
    assert!(front.all("/links").await.is_empty());
    front.done("PATCH", &own, &json!({ "status": "open" })).await;
}
