//! Links: one for each address.

use serde_json::{Value, json};

use super::support::*;

async fn link(front: &Front, url: &str, name: &str) -> Value {
    front.made("/links", &json!({ "external_url": url, "name": name })).await
}

#[tokio::test]
async fn one_address_is_one_link_and_case_makes_another() {
    let front = Front::plain();
    let first = link(&front, "https://old.example/T1", "Ticket 1").await;
    assert_eq!(link(&front, "https://old.example/T1", "Other").await, first);
    assert_ne!(link(&front, "https://old.example/t1", "Ticket 1").await["id"], first["id"]);
    let nameless = front.made("/links", &json!({ "external_url": "https://old.example/2" })).await;
    assert_eq!(nameless["name"], "https://old.example/2");
    assert_eq!(front.all("/links?limit=2").await.len(), 3);
    assert_eq!(front.all("/links?q[types][]=web").await.len(), 3);
    assert!(front.all("/links?q[types][]=app_1").await.is_empty());
    let path = format!("/links/{}", first["id"].as_str().unwrap());
    front.done("PATCH", &path, &json!({ "name": "Renamed" })).await;
    assert_eq!(front.get(&path).await.body["name"], "Renamed");
    for wrong in [json!({}), json!({ "external_url": "a", "pattern": "b" }), json!({ "pattern": "ORDER-1" })] {
        front.ask("POST", "/links", &wrong).await.refuses(400, "pattern");
    }
    front.ask("PATCH", &path, &json!({ "external_url": "x" })).await.refuses(400, "not a field");
}

#[tokio::test]
async fn links_are_put_to_conversations_once_and_lead_back_to_them() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let other = front.conversation_of(&open("b")).await;
    let one = link(&front, "https://old.example/1", "One").await;
    let path = format!("{own}/links");
    for _ in 0..2 {
        front.done("POST", &path, &json!({ "link_ids": [one["id"]] })).await;
        front
            .done("POST", &path, &json!({ "link_external_urls": ["https://old.example/2", "https://old.example/1"] }))
            .await;
    }
    front.done("POST", &format!("{other}/links"), &json!({ "link_ids": [one["id"]] })).await;
    let shown = front.get(&own).await.body["links"].clone();
    assert_eq!(each(shown.as_array().unwrap(), "external_url"), ["https://old.example/1", "https://old.example/2"]);
    assert_eq!(front.events(&own).await, ["link_added", "link_added", "inbound"]);
    let linked = format!("/links/{}/conversations", one["id"].as_str().unwrap());
    assert_eq!(each(&front.all(&format!("{linked}?limit=1")).await, "subject"), ["b", "a"]);
    assert!(front.all(&format!("{linked}?q[statuses][]=archived")).await.is_empty());
    front.done("DELETE", &path, &json!({ "link_ids": [one["id"]] })).await;
    assert_eq!(each(&front.all(&linked).await, "subject"), ["b"]);
    assert_eq!(front.events(&own).await[0], "link_removed");
    front.done("PATCH", &other, &json!({ "status": "deleted" })).await;
    assert_eq!(front.all(&format!("{linked}?q[statuses][]=trashed")).await.len(), 1);
    front.done("DELETE", &other, &Value::Null).await;
    assert!(front.all(&linked).await.is_empty());
}

#[tokio::test]
async fn ten_links_go_with_one_call_in_one_way() {
    let front = Front::plain();
    let path = format!("{}/links", front.conversation_of(&open("a")).await);
    let urls = |count: usize| (0..count).map(|n| format!("https://old.example/{n}")).collect::<Vec<_>>();
    front.done("POST", &path, &json!({ "link_external_urls": urls(10) })).await;
    front.ask("POST", &path, &json!({ "link_external_urls": urls(11) })).await.refuses(400, "more than 10");
    front.ask("POST", &path, &json!({ "link_ids": ["top_x"] })).await.refuses(400, "names no link");
    front.ask("POST", &path, &json!({})).await.refuses(400, "either link_ids or link_external_urls");
    let both = json!({ "link_ids": [], "link_external_urls": [] });
    front.ask("POST", &path, &both).await.refuses(400, "either link_ids or link_external_urls");
}
