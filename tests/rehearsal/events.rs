//! Who did what, and when.

use serde_json::{Value, json};

use super::support::*;

#[tokio::test]
async fn what_a_colleague_does_is_theirs_and_what_the_client_does_is_the_api_s() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let before = front.state();
    front.done("PATCH", &own, &json!({ "status": "archived" })).await;
    let reply =
        front.ask_as("tea_leela", "PATCH", &own, &json!({ "status": "open", "assignee_id": "tea_leela" })).await;
    assert_eq!(reply.status, 204, "{reply:?}");
    let events = front.all(&format!("{own}/events")).await;
    let sources: Vec<(&str, &str)> = events
        .iter()
        .map(|it| (it["type"].as_str().unwrap(), it["source"]["_meta"]["type"].as_str().unwrap()))
        .collect();
    assert_eq!(sources, [("reopen", "teammate"), ("assign", "teammate"), ("archive", "api"), ("inbound", "inboxes")]);
    assert_eq!(events[0]["source"]["data"]["id"], "tea_leela");
    assert_eq!(events[1]["target"]["data"]["id"], "tea_leela");
    assert!(events[2]["source"].get("data").is_none() && events[2].get("target").is_none());
    assert_eq!(front.state().reads, before.reads + 2, "a colleague's call counts for nothing");
    for unknown in ["tea_none", "", "leela"] {
        let token = format!("{TOKEN}:{unknown}");
        let call = front.client.get(front.url("/me")).bearer_auth(token).send().await.unwrap();
        assert_eq!(call.status().as_u16(), 401, "{unknown}");
    }
}

#[tokio::test]
async fn messages_come_from_their_inbox_or_their_author() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let outbound = |id: &str, sender: Value| {
        let metadata = json!({ "is_inbound": false, "thread_ref": "a", "is_archived": false });
        with(message(id), &json!({ "sender": sender, "metadata": metadata }))
    };
    front.import(&outbound("b", json!({ "handle": "x@acme.example", "author_id": "tea_leela" }))).await.uid();
    front.import(&outbound("c", json!({ "handle": "x@acme.example" }))).await.uid();
    let events = front.all(&format!("{own}/events")).await;
    let shown: Vec<Value> = events.iter().map(|it| json!([it["type"], it["source"]["_meta"]["type"]])).collect();
    let expected = [json!(["outbound", "api"]), json!(["outbound", "teammate"]), json!(["inbound", "inboxes"])];
    assert_eq!(shown, expected);
    assert_eq!(events[2]["source"]["data"][0]["id"], INBOX);
    assert_eq!(events[0]["target"]["data"]["recipients"][0]["handle"], "x@acme.example");
}

#[tokio::test]
async fn events_are_of_the_server_s_time_and_come_newest_first_on_pages_of_at_most_fifteen() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let other = front.conversation_of(&open("b")).await;
    for n in 0..40 {
        let status = if n % 2 == 0 { "archived" } else { "open" };
        front.done("PATCH", &own, &json!({ "status": status })).await;
    }
    let first = front.get(&format!("{own}/events?limit=100")).await.body;
    assert_eq!(first["_results"].as_array().unwrap().len(), 15, "pages may be shorter than was asked for");
    let events = front.all(&format!("{own}/events?limit=7")).await;
    assert_eq!(events.len(), 41);
    let times: Vec<f64> = events.iter().map(|it| it["emitted_at"].as_f64().unwrap()).collect();
    assert!(times.is_sorted_by(|later, earlier| later >= earlier), "{times:?}");
    let age = jiff::Timestamp::now().as_millisecond() - (times[0] * 1000.0).round().to_string().parse::<i64>().unwrap();
    assert!(age.abs() < 3_600_000, "{}", times[0]);
    let all = front.all("/events?limit=15").await;
    assert_eq!(all.len(), 42);
    let id = all[0]["id"].as_str().unwrap();
    assert_eq!(front.get(&format!("/events/{id}")).await.body, all[0]);
    let token = first["_pagination"]["next"].as_str().unwrap().rsplit("page_token=").next().unwrap().to_owned();
    let strange = front.get(&format!("{other}/events?page_token={token}")).await;
    assert_eq!(strange.body["_results"], json!([]), "a page of one conversation leads to none of another");
}
