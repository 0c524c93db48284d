//! Token, lookups and lists.

use std::time::Duration;

use serde_json::{Value, json};
use threadlift::rehearsal::Config;

use super::support::*;

#[tokio::test]
async fn nothing_is_answered_without_the_token() {
    let front = Front::plain();
    for path in ["/me", "/inboxes", "/messages/msg_100000", "/nowhere", "/download/fil_100000_0"] {
        for token in [None, Some("wrong")] {
            let mut call = front.client.get(front.url(path));
            if let Some(token) = token {
                call = call.bearer_auth(token);
            }
            let reply = Reply::of(call.send().await.unwrap()).await;
            reply.refuses(401, "Unauthenticated");
            assert_eq!(reply.body["_error"]["status"], 401);
        }
    }
    let call = front.client.post(front.url(&format!("/inboxes/{INBOX}/imported_messages")));
    let reply = Reply::of(call.json(&message("a")).send().await.unwrap()).await;
    reply.refuses(401, "Unauthenticated");
    assert_eq!(front.state().messages, 0);
}

#[tokio::test]
async fn the_company_and_what_is_in_it_are_listed() {
    let front = Front::plain();
    assert_eq!(front.get("/me").await.body["id"], "cmp_rehearsal");
    let inboxes = front.get("/inboxes").await.body;
    assert_eq!(inboxes["_results"][0]["id"], INBOX);
    let second = inboxes["_results"][1]["id"].as_str().unwrap();
    assert!(second.starts_with("inb_"));
    assert_eq!(front.get(&format!("/inboxes/{second}")).await.body["name"], "Billing");
    front.get("/inboxes/inb_none").await.refuses(404, "Unknown inbox ID inb_none");
    let teammate = &front.get("/teammates").await.body["_results"][0];
    assert_eq!((&teammate["id"], &teammate["first_name"]), (&json!("tea_leela"), &json!("Leela")));
    assert_eq!(front.get("/channels").await.body["_results"], json!([]));
    front.get("/nowhere").await.refuses(404, "does not exist");
}

#[tokio::test]
async fn every_answer_tells_where_the_limit_stands() {
    let front = Front::new(Config { limit_per_minute: 100, ..config() });
    for (path, remaining) in [("/me", "99"), ("/nowhere", "98")] {
        let reply = front.get(path).await;
        assert_eq!(reply.headers["x-ratelimit-limit"], "100");
        assert_eq!(reply.headers["x-ratelimit-remaining"], remaining);
        let reset = reply.headers["x-ratelimit-reset"].to_str().unwrap();
        assert!(reset.contains('.') && reset.parse::<f64>().unwrap() > 1.7e9, "{reset}");
    }
    let unknown = front.client.get(front.url("/me")).send().await.unwrap();
    assert_eq!(unknown.headers()["x-ratelimit-remaining"], "98", "a call that is not let in costs nothing");
}

#[tokio::test]
async fn over_the_limit_the_answer_is_429_with_the_time_to_wait() {
    let front = Front::new(Config { limit_per_minute: 2, ..config() });
    front.import(&message("a")).await.uid();
    assert_eq!(front.get("/me").await.status, 200);
    let reply = front.import(&message("b")).await;
    reply.refuses(429, "Please retry in");
    assert_eq!(reply.headers["x-ratelimit-remaining"], "0");
    let wait: f64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(wait > 0.0 && wait <= 60.0, "{wait}");
    let state = front.state();
    assert_eq!((state.messages, state.over_limit, state.refused), (1, 1, 0));
}

#[tokio::test]
async fn a_message_is_unknown_until_it_exists() {
    let front = Front::new(Config { appear_after: Duration::from_hours(1), ..config() });
    let uid = front.import(&message("a")).await.uid();
    front.get(&format!("/messages/alt:uid:{uid}")).await.refuses(404, "Unknown message ID");
    let conversations = front.get(&format!("/inboxes/{INBOX}/conversations")).await.body;
    let id = conversations["_results"][0]["id"].as_str().unwrap();
    let listed = front.get(&format!("/conversations/{id}/messages")).await.body;
    assert_eq!(listed["_results"], json!([]));
    front.import(&message("b")).await.uid();
    assert_eq!(front.state().hurried, 1, "it came before the first of its thread existed");
}

#[tokio::test]
async fn a_message_appears_in_time() {
    let front = Front::new(Config { appear_after: Duration::from_millis(20), ..config() });
    let uid = front.import(&message("a")).await.uid();
    for _ in 0..500 {
        let found = front.get(&format!("/messages/alt:uid:{uid}")).await;
        if found.status == 200 {
            return;
        }
        found.refuses(404, "Unknown message ID");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the message never appeared");
}

#[tokio::test]
async fn ids_that_were_never_given_out_are_unknown() {
    let front = Front::plain();
    for path in [
        "/messages/msg_100000",
        "/messages/alt:uid:00000000000000000000000000000000",
        "/messages/alt:uid:x",
        "/messages/x",
        "/conversations/cnv_100000",
        "/conversations/x/messages",
        "/download/fil_100000_0",
        "/download/x",
    ] {
        front.get(path).await.refuses(404, "Unknown");
    }
}

#[tokio::test]
async fn messages_of_a_conversation_come_newest_first_page_by_page() {
    let front = Front::plain();
    let times = [30, 10, 20, 20, 50, 40, 10];
    for (n, time) in times.iter().enumerate() {
        front.import(&with(message(&n.to_string()), &json!({ "created_at": time }))).await.uid();
    }
    let conversation = front.get(&format!("/inboxes/{INBOX}/conversations")).await.body["_results"][0].clone();
    let own = format!("/conversations/{}", conversation["id"].as_str().unwrap());
    assert_eq!(front.get(&own).await.body, conversation);
    let of = |results: Vec<Value>| results.iter().map(|it| it["created_at"].as_i64().unwrap()).collect::<Vec<_>>();
    for limit in [1, 2, 3, 7, 100] {
        let newest = of(front.all(&format!("{own}/messages?limit={limit}")).await);
        assert_eq!(newest, [50, 40, 30, 20, 20, 10, 10], "limit {limit}");
        let oldest = of(front.all(&format!("{own}/messages?limit={limit}&sort_order=asc")).await);
        assert_eq!(oldest, [10, 10, 20, 20, 30, 40, 50], "limit {limit}");
    }
    for refused in ["limit=0", "limit=101", "page_token=x", "colour=red", "sort_by=id"] {
        front.get(&format!("{own}/messages?{refused}")).await.refuses(400, "Query parameter");
    }
}

#[tokio::test]
async fn conversations_of_an_inbox_come_newest_first_and_by_state() {
    let front = Front::plain();
    for n in 0..7 {
        let metadata = json!({ "is_inbound": true, "thread_ref": n.to_string(), "is_archived": n % 2 == 0 });
        let values = json!({ "created_at": 100 + n, "metadata": metadata, "subject": n.to_string() });
        front.import(&with(message(&n.to_string()), &values)).await.uid();
    }
    let subjects = |results: Vec<Value>| -> Vec<String> {
        results.iter().map(|it| it["subject"].as_str().unwrap().to_owned()).collect()
    };
    let path = format!("/inboxes/{INBOX}/conversations");
    assert_eq!(subjects(front.all(&format!("{path}?limit=3")).await), ["6", "5", "4", "3", "2", "1", "0"]);
    let open = front.all(&format!("{path}?limit=2&q[statuses][]=unassigned&q[statuses][]=assigned")).await;
    assert_eq!(subjects(open), ["5", "3", "1"]);
    let archived = front.all(&format!("{path}?limit=2&q%5Bstatuses%5D%5B%5D=archived")).await;
    assert_eq!(subjects(archived), ["6", "4", "2", "0"]);
}

#[tokio::test]
async fn a_conversation_shows_state_assignee_tags_and_main_recipient() {
    let front = Front::plain();
    let values = json!({
        "subject": "Help",
        "tags": ["legacy"],
        "assignee_id": "alt:email:leela@acme.example",
        "metadata": { "is_inbound": true, "thread_ref": "r", "is_archived": false },
    });
    front.import(&with(message("a"), &values)).await.uid();
    let path = format!("/inboxes/{INBOX}/conversations");
    let shown = front.get(&path).await.body["_results"][0].clone();
    assert_eq!(shown["status"], "assigned");
    assert_eq!(shown["assignee"]["id"], "tea_leela");
    assert_eq!(shown["tags"][0]["name"], "legacy");
    assert_eq!(shown["recipient"]["handle"], "ana@example.com");
    // The last message processed says whether the conversation is archived.
    let reply = json!({ "metadata": { "is_inbound": false, "thread_ref": "r" } });
    front.import(&with(message("b"), &reply)).await.uid();
    let shown = front.get(&path).await.body["_results"][0].clone();
    assert_eq!(shown["status"], "archived");
    assert_eq!(shown["tags"].as_array().unwrap().len(), 1, "a tag stays with the conversation");
}

#[tokio::test]
async fn attachments_can_be_downloaded_from_their_url() {
    let front = Front::plain();
    let mut parts = form_message("a");
    parts.push(file(0, "a.txt", "text/plain", b"first"));
    parts.push(file(1, "b.bin", "application/x-thing", &[0, 1, 2, 255]));
    let uid = front.import_form(&parts).await.uid();
    let found = front.get(&format!("/messages/alt:uid:{uid}")).await.body;
    let second = &found["attachments"][1];
    assert_eq!((&second["filename"], &second["size"]), (&json!("b.bin"), &json!(4)));
    let answer = front.client.get(second["url"].as_str().unwrap()).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-thing");
    assert_eq!(answer.bytes().await.unwrap().as_ref(), [0, 1, 2, 255]);
}

#[tokio::test]
async fn tags_are_listed_page_by_page_in_both_orders() {
    let tags: Vec<String> = (0..5).map(|n| format!("tag {n}")).collect();
    let front = Front::new(Config { tags: tags.clone(), ..config() });
    let names = |results: Vec<Value>| -> Vec<String> {
        results.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(front.all("/tags?limit=2").await), tags);
    let backwards: Vec<String> = tags.into_iter().rev().collect();
    assert_eq!(names(front.all("/tags?limit=2&sort_by=id&sort_order=desc").await), backwards);
}
