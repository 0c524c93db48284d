//! Notes, links and state of a conversation on its page.

use serde_json::{Value, json};

use super::support::*;
use super::web::{link, text};

#[tokio::test]
async fn notes_stand_among_the_messages_of_their_time_and_say_nothing_that_is_not_escaped() {
    let front = Front::plain();
    let own = front.conversation_of(&with(open("a"), &json!({ "body": "before" }))).await;
    let later = json!({ "body": "after", "created_at": 4_000_000_000_i64, "metadata": open("a")["metadata"] });
    front.import(&with(message("b"), &later)).await.uid();
    let note = json!({ "body": "<b>said</b> between", "author_id": "tea_leela" });
    front.made(&format!("{own}/comments"), &note).await;
    front.done("POST", &format!("{own}/links"), &json!({ "link_external_urls": ["javascript:alert(1)"] })).await;
    let page = text(&front, &format!("/web{own}")).await;
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} in {page}"));
    let places = ["before", "Internal note of Leela Turanga", "&#60;b&#62;said&#60;/b&#62; between", "after"].map(at);
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.contains("javascript:alert(1)") && !page.contains("href=\"javascript"), "{page}");
    front.done("PATCH", &own, &json!({ "status": "deleted", "assignee_id": "tea_leela" })).await;
    let list = text(&front, &format!("/web/inboxes/{INBOX}")).await;
    assert!(list.contains(">trashed</span>") && list.contains("Leela Turanga"), "{list}");
    front.done("DELETE", &own, &Value::Null).await;
    assert_eq!(front.page(&format!("/web{own}")).await.status().as_u16(), 404);
}

#[tokio::test]
async fn notes_of_a_long_conversation_stand_on_the_page_of_their_time() {
    let front = Front::plain();
    let mut own = String::new();
    for n in 0..51 {
        let metadata = open("a")["metadata"].clone();
        own = front
            .conversation_of(&with(message(&n.to_string()), &json!({ "created_at": 1000 + n, "metadata": metadata })))
            .await;
    }
    front.made(&format!("{own}/comments"), &json!({ "body": "of today" })).await;
    let first = text(&front, &format!("/web{own}")).await;
    let last = text(&front, &format!("/web{own}?page=2")).await;
    assert!(!first.contains("of today") && last.contains("of today"));
}

#[tokio::test]
async fn files_of_notes_are_downloads() {
    let front = Front::plain();
    let own = front.conversation_of(&open("a")).await;
    let parts = [field("body", "x"), file(0, "page.html", "text/html", b"<script>alert(1)</script>")];
    let call = front.client.post(front.url(&format!("{own}/comments"))).bearer_auth(TOKEN);
    let call = call.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(form(&parts));
    assert_eq!(call.send().await.unwrap().status().as_u16(), 201);
    let page = text(&front, &format!("/web{own}")).await;
    let answer = front.page(&link(&page, "/web/comments/")).await;
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    assert_eq!(front.page("/web/comments/com_x/0").await.status().as_u16(), 404);
}
