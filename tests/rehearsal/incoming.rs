//! Live messages that a program of somebody's own delivers to a custom channel.

use serde_json::{Value, json};
use threadlift::rehearsal::Config;

use super::support::*;

const CHAT: &str = "/channels/alt:address:chat/incoming_messages";

fn with_chat() -> Front {
    let channels = vec!["custom:chat=Support".parse().unwrap(), "help@acme.example=Support".parse().unwrap()];
    Front::new(Config { channels, ..config() })
}

fn chat(reference: &str) -> Value {
    json!({ "sender": { "handle": "visitor-1", "name": "Visitor" }, "body": "Hi", "metadata": { "thread_ref": reference } })
}

async fn conversation(front: &Front, uid: &str) -> Value {
    let message = front.get(&format!("/messages/alt:uid:{uid}")).await.body;
    assert_eq!((&message["type"], &message["is_inbound"]), (&json!("custom"), &json!(true)));
    let address = message["_links"]["related"]["conversation"].as_str().unwrap().to_owned();
    front.get(&address.replace(&front.server.base_url(), "")).await.body
}

#[tokio::test]
async fn a_live_message_is_open_and_of_now_and_never_joins_what_was_imported() {
    let front = with_chat();
    let imported = front.conversation_of(&open("ref")).await;
    let uid = front.ask("POST", CHAT, &chat("ref")).await.uid();
    let it = conversation(&front, &uid).await;
    assert_ne!(format!("/conversations/{}", it["id"].as_str().unwrap()), imported);
    assert_eq!((&it["status"], &it["recipient"]["name"]), (&json!("unassigned"), &json!("Visitor")));
    assert!((it["created_at"].as_i64().unwrap() - jiff::Timestamp::now().as_second()).abs() < 3600);
    let again = front.ask("POST", CHAT, &chat("ref")).await.uid();
    assert_ne!(again, uid, "the same again is another message");
    let own = format!("/conversations/{}", it["id"].as_str().unwrap());
    assert_eq!(front.all(&format!("{own}/messages")).await.len(), 2);
    let mut unthreaded = chat("");
    unthreaded["metadata"] = json!({});
    let by_sender = front.ask("POST", CHAT, &unthreaded).await.uid();
    assert_ne!(conversation(&front, &by_sender).await["id"], it["id"]);
    assert_eq!((front.state().messages, front.state().repeats), (4, 0));
    front.done("PATCH", &own, &json!({ "status": "archived" })).await;
    front.ask("POST", CHAT, &chat("ref")).await.uid();
    assert_eq!(front.get(&own).await.body["status"], "unassigned", "whoever writes again reopens");
    assert_eq!(front.get("/contacts/alt:custom:visitor-1").await.status, 200);
}

#[tokio::test]
async fn files_come_with_live_messages() {
    let front = with_chat();
    let parts = [
        field("sender[handle]", "visitor-1"),
        field("body", "See there"),
        field("metadata[thread_ref]", "r"),
        file(0, "a.txt", "text/plain", b"first"),
    ];
    let call = front.client.post(front.url(CHAT)).bearer_auth(TOKEN);
    let call = call.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(form(&parts));
    let uid = Reply::of(call.send().await.unwrap()).await.uid();
    let message = front.get(&format!("/messages/alt:uid:{uid}")).await.body;
    assert_eq!(message["attachments"][0]["filename"], "a.txt");
    assert_eq!(message["metadata"]["thread_ref"], "r");
}

#[tokio::test]
async fn only_custom_channels_take_messages_and_only_whole_ones() {
    let front = with_chat();
    let mail = "/channels/alt:address:help@acme.example/incoming_messages";
    front.ask("POST", mail, &chat("r")).await.refuses(400, "Only custom channels");
    front.ask("POST", "/channels/cha_x/incoming_messages", &chat("r")).await.refuses(404, "Unknown channel ID");
    for (change, reason) in [
        (json!({ "external_id": "x" }), "not a field"),
        (json!({ "created_at": 5 }), "not a field"),
        (json!({ "body": "" }), "body must not be empty"),
        (json!({ "sender": { "name": "x" } }), "sender.handle is required"),
        (json!({ "sender": { "handle": "x", "contact_id": "crd_x" } }), "names no contact"),
    ] {
        front.ask("POST", CHAT, &with(chat("r"), &change)).await.refuses(400, reason);
    }
    assert_eq!(front.state().messages, 0);
}
