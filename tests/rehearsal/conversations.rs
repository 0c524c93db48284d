//! What is done to a conversation: state, assignee, inbox, custom fields, followers, and its end.

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, Faults, TeammateSpec};

use super::support::*;

fn desk() -> Config {
    let fry = TeammateSpec { id: "tea_fry".to_owned(), email: "fry@acme.example".to_owned(), name: "Fry".to_owned() };
    let mut config = config();
    config.teammates.push(fry);
    Config {
        blocked_teammates: vec!["tea_fry".to_owned()],
        conversation_fields: vec!["Plan=string".parse().unwrap(), "VIP=boolean".parse().unwrap()],
        ..config
    }
}

async fn status(front: &Front, conversation: &str) -> String {
    front.get(conversation).await.body["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_conversation_is_archived_reopened_trashed_and_restored() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    for (wanted, shown) in [
        ("archived", "archived"),
        ("open", "unassigned"),
        ("deleted", "deleted"),
        ("open", "unassigned"),
        ("open", "unassigned"),
        ("spam", "deleted"),
    ] {
        front.done("PATCH", &own, &json!({ "status": wanted })).await;
        assert_eq!(status(&front, &own).await, shown);
    }
    let expected = ["trash", "restore", "trash", "reopen", "archive", "inbound"];
    assert_eq!(front.events(&own).await, expected, "what changes nothing is no event");
    assert_eq!(
        each(&front.all(&format!("/inboxes/{INBOX}/conversations?q[statuses][]=trashed")).await, "subject"),
        ["a"]
    );
    front.ask("PATCH", &own, &json!({ "status": "assigned" })).await.refuses(400, "must be one of");
}

#[tokio::test]
async fn a_late_import_reopens_what_was_archived_and_takes_out_what_was_trashed() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    for state in ["archived", "deleted"] {
        front.done("PATCH", &own, &json!({ "status": state })).await;
        let late = with(message(state), &json!({ "metadata": open("a")["metadata"] }));
        front.import(&late).await.uid();
        assert_eq!(status(&front, &own).await, "unassigned", "{state}");
    }
    front.done("PATCH", &own, &json!({ "status": "deleted" })).await;
    let old = json!({ "is_inbound": true, "thread_ref": "a", "is_archived": true });
    front.import(&with(message("old"), &json!({ "metadata": old }))).await.uid();
    assert_eq!(status(&front, &own).await, "deleted", "what is over takes nothing out of the trash");
}

#[tokio::test]
async fn a_conversation_is_given_to_a_teammate_and_taken_away() {
    let front = Front::new(desk());
    let own = front.conversation_of(&open("a")).await;
    let assignee = || async { front.get(&own).await.body["assignee"]["id"].clone() };
    front.done("PUT", &format!("{own}/assignee"), &json!({ "assignee_id": "alt:email:leela@acme.example" })).await;
    assert_eq!((assignee().await, status(&front, &own).await), (json!("tea_leela"), "assigned".to_owned()));
    front.done("PATCH", &own, &json!({ "assignee_id": null })).await;
    assert_eq!(assignee().await, Value::Null);
    assert_eq!(front.events(&own).await, ["unassign", "assign", "inbound"]);
    for (id, reason) in [("tea_none", "names no teammate"), ("tea_fry", "blocked")] {
        front.ask("PATCH", &own, &json!({ "assignee_id": id })).await.refuses(400, reason);
        front.ask("PUT", &format!("{own}/assignee"), &json!({ "assignee_id": id })).await.refuses(400, reason);
    }
    front.import(&with(message("b"), &json!({ "assignee_id": "tea_fry" }))).await.refuses(400, "blocked");
}

#[tokio::test]
async fn tags_are_put_taken_and_replaced_by_their_ids() {
    let front = Front::new(Config { tags: ["a", "b", "c"].map(str::to_owned).to_vec(), ..config() });
    let own = front.conversation_of(&with(open("x"), &json!({ "tags": ["a"] }))).await;
    let tags = front.all("/tags").await;
    let [a, b, c] = [0, 1, 2].map(|n| tags[n]["id"].clone());
    let names = || async { each(front.get(&own).await.body["tags"].as_array().unwrap(), "name") };
    front.done("POST", &format!("{own}/tags"), &json!({ "tag_ids": [a, b] })).await;
    assert_eq!(names().await, ["a", "b"]);
    front.done("DELETE", &format!("{own}/tags"), &json!({ "tag_ids": [a, c] })).await;
    assert_eq!(names().await, ["b"]);
    front.done("PATCH", &own, &json!({ "tag_ids": [c, a] })).await;
    assert_eq!(names().await, ["c", "a"]);
    assert_eq!(front.events(&own).await, ["tag", "tag", "untag", "untag", "tag", "tag", "inbound"]);
    for wrong in [json!(["a"]), json!(["tag_zzzzzz"]), json!([5]), json!("a")] {
        front.ask("POST", &format!("{own}/tags"), &json!({ "tag_ids": wrong })).await.refuses(400, "tag_ids");
    }
}

#[tokio::test]
async fn custom_fields_that_are_not_given_again_are_erased() {
    let front = Front::new(desk());
    let own = front.conversation_of(&open("a")).await;
    let fields = || async { front.get(&own).await.body["custom_fields"].clone() };
    front.done("PATCH", &own, &json!({ "custom_fields": { "Plan": "pro", "VIP": true } })).await;
    assert_eq!(fields().await, json!({ "Plan": "pro", "VIP": true }));
    front.done("PATCH", &own, &json!({ "status": "archived" })).await;
    assert_eq!(fields().await, json!({ "Plan": "pro", "VIP": true }), "who gives none keeps them");
    front.done("PATCH", &own, &json!({ "custom_fields": { "VIP": false } })).await;
    assert_eq!(fields().await, json!({ "VIP": false }));
    front.ask("PATCH", &own, &json!({ "custom_fields": { "plan": "pro" } })).await.refuses(400, "plan does not exist");
    front.ask("PATCH", &own, &json!({ "custom_fields": { "Plan": 5 } })).await.refuses(400, "no string");
    assert_eq!(front.all("/conversations/custom_fields").await.len(), 2);
}

#[tokio::test]
async fn ticket_statuses_mean_states_and_the_other_way_round() {
    let statuses = ["sts_1=open:Open", "sts_2=waiting:On hold", "sts_3=resolved:Done"];
    let statuses = statuses.map(|status| status.parse().unwrap()).to_vec();
    let front = Front::new(Config { statuses, ..config() });
    let own = front.conversation_of(&open("a")).await;
    let shown = || async {
        let it = front.get(&own).await.body;
        ["status", "status_id", "status_category"].map(|name| it[name].as_str().unwrap().to_owned())
    };
    assert_eq!(shown().await, ["unassigned", "sts_1", "open"]);
    front.done("PATCH", &own, &json!({ "status_id": "sts_2" })).await;
    assert_eq!(shown().await, ["unassigned", "sts_2", "waiting"]);
    front.done("PATCH", &own, &json!({ "status_id": "sts_3" })).await;
    assert_eq!(shown().await, ["archived", "sts_3", "resolved"]);
    front.import(&with(message("late"), &json!({ "metadata": open("a")["metadata"] }))).await.uid();
    assert_eq!(shown().await, ["unassigned", "sts_1", "open"], "a late import reopens a ticket, too");
    front.done("PATCH", &own, &json!({ "status": "archived" })).await;
    assert_eq!(shown().await, ["archived", "sts_3", "resolved"]);
    let both = json!({ "status": "open", "status_id": "sts_1" });
    front.ask("PATCH", &own, &both).await.refuses(400, "only one of status and status_id");
    front.ask("PATCH", &own, &json!({ "status_id": "sts_9" })).await.refuses(400, "names no status");
    let plain = Front::plain();
    let own = plain.conversation_of(&open("a")).await;
    plain.ask("PATCH", &own, &json!({ "status_id": "sts_1" })).await.refuses(400, "ticketing is enabled");
    assert_eq!(plain.get(&own).await.body.get("status_id"), None);
    assert_eq!(plain.get("/company/statuses").await.status, 404);
}

#[tokio::test]
async fn a_conversation_moves_to_another_inbox_with_its_messages() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let billing = front.state().inboxes[1].id.clone();
    front.done("PATCH", &own, &json!({ "inbox_id": billing })).await;
    assert!(front.all(&format!("/inboxes/{INBOX}/conversations")).await.is_empty());
    assert_eq!(front.all(&format!("/inboxes/{billing}/conversations")).await.len(), 1);
    assert_eq!(each(&front.all(&format!("{own}/inboxes")).await, "id"), [billing]);
    let state = front.state();
    assert_eq!((state.inboxes[0].messages, state.inboxes[1].messages), (0, 1));
    front.ask("PATCH", &own, &json!({ "inbox_id": "inb_none" })).await.refuses(400, "names no inbox");
}

#[tokio::test]
async fn followers_come_and_go_fifty_at_a_time() {
    let front = Front::new(desk());
    let own = front.conversation_of(&open("a")).await;
    let path = format!("{own}/followers");
    front.done("POST", &path, &json!({ "teammate_ids": ["alt:email:leela@acme.example", "tea_leela"] })).await;
    assert_eq!(each(&front.all(&path).await, "id"), ["tea_leela"]);
    front.ask("POST", &path, &json!({ "teammate_ids": ["tea_fry"] })).await.refuses(400, "blocked");
    let ignoring = format!("{path}?ignore_errors=true");
    front.done("POST", &ignoring, &json!({ "teammate_ids": ["tea_fry", "tea_none", "tea_leela"] })).await;
    front.ask("POST", &path, &json!({ "teammate_ids": vec!["tea_leela"; 51] })).await.refuses(400, "more than 50");
    front.done("DELETE", &path, &json!({ "teammate_ids": ["tea_leela"] })).await;
    assert!(front.all(&path).await.is_empty());
}

#[tokio::test]
async fn only_what_is_in_the_trash_is_deleted_for_good_and_its_external_ids_stay_used_up() {
    let front = Front::plain();
    let uid = front.import(&open("a")).await.uid();
    let own = front.conversation_of(&open("a")).await;
    front.made(&format!("{own}/comments"), &json!({ "body": "x" })).await;
    front.ask("DELETE", &own, &Value::Null).await.refuses(400, "must be trashed");
    front.done("PATCH", &own, &json!({ "status": "deleted" })).await;
    front.done("DELETE", &own, &Value::Null).await;
    for path in ["", "/messages", "/comments", "/events", "/followers"] {
        front.get(&format!("{own}{path}")).await.refuses(404, "Unknown conversation ID");
    }
    front.get("/comments/com_100000").await.refuses(404, "Unknown comment ID");
    front.get(&format!("/messages/alt:uid:{uid}")).await.refuses(404, "Unknown message ID");
    let state = front.state();
    assert_eq!((state.messages, state.conversations, state.inboxes[0].messages), (0, 0, 0));
    let phantom = front.import(&open("a")).await.uid();
    assert_ne!(phantom, uid);
    front.get(&format!("/messages/alt:uid:{phantom}")).await.refuses(404, "Unknown message ID");
    assert_eq!((front.state().messages, front.state().burnt), (0, 1));
    let again = front.conversation_of(&with(open("a"), &json!({ "external_id": "a2" }))).await;
    assert_ne!(again, own, "the thread begins anew");
    let named = with(open("b"), &json!({ "conversation_id": own.rsplit('/').next().unwrap() }));
    front.import(&named).await.refuses(404, "Unknown conversation ID");
}

#[tokio::test]
async fn what_was_merged_is_found_where_it_is_now_whatever_is_asked_of_it() {
    let front = Front::with(Faults { merge_at: vec![3], ..Faults::default() });
    let first = front.conversation_of(&open("a")).await;
    let second = front.conversation_of(&open("b")).await;
    front.made(&format!("{second}/comments"), &json!({ "body": "kept" })).await;
    front.done("POST", &format!("{second}/links"), &json!({ "link_external_urls": ["https://old.example/b"] })).await;
    front.import(&open("c")).await.uid();
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (method, rest, body) in [
        ("GET", "", Value::Null),
        ("GET", "/comments", Value::Null),
        ("GET", "/events", Value::Null),
        ("GET", "/followers", Value::Null),
        ("PATCH", "", json!({ "status": "open" })),
        ("PUT", "/assignee", json!({ "assignee_id": null })),
        ("POST", "/comments", json!({ "body": "x" })),
        ("POST", "/links", json!({ "link_external_urls": ["https://old.example/c"] })),
        ("POST", "/followers", json!({ "teammate_ids": [] })),
        ("POST", "/tags", json!({ "tag_ids": [] })),
    ] {
        let mut call =
            client.request(method.parse().unwrap(), front.url(&format!("{second}{rest}"))).bearer_auth(TOKEN);
        if !body.is_null() {
            call = call.json(&body);
        }
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 301, "{method} {rest}");
        assert_eq!(answer.headers()["location"], front.url(&format!("{first}{rest}")), "{method} {rest}");
    }
    assert_eq!(each(&front.all(&format!("{first}/comments")).await, "body"), ["kept"]);
    let links = front.get(&first).await.body["links"].clone();
    assert_eq!(each(links.as_array().unwrap(), "external_url"), ["https://old.example/b"]);
    assert_eq!(front.events(&first).await, ["conversations_merged", "link_added", "comment", "inbound", "inbound"]);
}

#[tokio::test]
async fn conversations_of_all_inboxes_are_listed_newest_first_and_oldest_first() {
    let front = Front::plain();
    let billing = front.state().inboxes[1].id.clone();
    for (n, inbox) in [(1, INBOX), (2, billing.as_str()), (3, INBOX)] {
        let values = json!({ "created_at": n });
        front.import_into(inbox, &with(open(&n.to_string()), &values)).await.uid();
    }
    let subjects = |query: &'static str| {
        let front = &front;
        async move { each(&front.all(&format!("/conversations?limit=2{query}")).await, "subject") }
    };
    assert_eq!(subjects("").await, ["3", "2", "1"]);
    assert_eq!(subjects("&sort_by=date&sort_order=asc").await, ["1", "2", "3"]);
    assert!(subjects("&q[statuses][]=archived").await.is_empty());
}
