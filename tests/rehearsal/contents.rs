//! All that there is, so that two runs can be compared.

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, Faults};

use super::support::*;

async fn fill(front: &Front, order: [&str; 2]) {
    for id in order {
        front.import(&with(open(id), &json!({ "tags": ["legacy"] }))).await.uid();
    }
    let conversations = front.all("/conversations").await;
    let own = conversations.iter().find(|it| it["subject"] == "a").unwrap()["id"].as_str().unwrap().to_owned();
    let own = format!("/conversations/{own}");
    front.made(&format!("{own}/comments"), &json!({ "body": "note", "author_id": "tea_leela" })).await;
    front.done("POST", &format!("{own}/links"), &json!({ "link_external_urls": ["https://old.example/1"] })).await;
    front.done("POST", &format!("{own}/followers"), &json!({ "teammate_ids": ["tea_leela"] })).await;
    let state = json!({ "assignee_id": "tea_leela", "custom_fields": { "Plan": "pro" } });
    front.done("PATCH", &own, &state).await;
}

fn without_ids(mut contents: Value) -> Value {
    for conversation in contents["conversations"].as_array_mut().unwrap() {
        assert!(conversation["id"].take().is_string());
    }
    contents
}

#[tokio::test]
async fn two_servers_that_hold_the_same_give_the_same_whatever_came_first() {
    let config = Config { conversation_fields: vec!["Plan=string".parse().unwrap()], ..config() };
    let [one, other] = [Front::new(config.clone()), Front::new(config)];
    fill(&one, ["a", "b"]).await;
    fill(&other, ["b", "a"]).await;
    let contents = without_ids(one.server.contents().unwrap());
    assert_eq!(contents, without_ids(other.server.contents().unwrap()));
    assert_eq!(
        contents["conversations"][0],
        json!({
            "id": null,
            "inbox": "Support",
            "subject": "a",
            "status": "assigned",
            "ticket_status": null,
            "assignee": "leela@acme.example",
            "tags": ["legacy"],
            "links": ["https://old.example/1"],
            "followers": ["leela@acme.example"],
            "custom_fields": { "Plan": "pro" },
            "messages": 1,
            "external_ids": ["a"],
            "comments": [{ "author": "leela@acme.example", "body": "note", "is_pinned": false, "is_reply": false, "attachments": [] }],
        })
    );
    assert_eq!(contents["conversations"][1]["comments"], json!([]));
    assert_eq!(contents["contacts"].as_array().unwrap().len(), 2);
    assert_eq!(contents["tags"][0]["path"], "legacy");
    assert_eq!(contents["links"][0]["external_url"], "https://old.example/1");
    assert_eq!(each(contents["inboxes"].as_array().unwrap(), "name"), ["Billing", "Support"]);
    assert_eq!(without_ids(one.get("/rehearsal/state").await.body), contents, "other processes can ask for it");
    let stranger = one.client.get(one.url("/rehearsal/state")).send().await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
}

#[tokio::test]
async fn asking_what_there_is_costs_nothing_and_fails_for_nobody() {
    let broken = Faults { reads: faults(&["500=1"]), ..Faults::default() };
    let front = Front::new(Config { limit_per_minute: 1, faults: broken, ..config() });
    for _ in 0..3 {
        assert_eq!(front.get("/rehearsal/state").await.status, 200);
    }
    assert_eq!(front.state().reads, 0);
    front.get("/me").await.refuses(500, "internal error");
}
