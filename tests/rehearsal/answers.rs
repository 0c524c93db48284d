//! Answers of no use to messages that were stored.

use std::io::{Read, Write};

use serde_json::json;
use threadlift::rehearsal::Faults;

use super::support::*;

/// Status, content type and text of the answer to an import; it was stored, and a repeat is given its uid.
async fn spoilt(fault: &str) -> (u16, String, String) {
    let front = Front::faulty(&[&format!("{fault}=1/2")]);
    front.import(&message("a")).await.uid();
    let answer = front.posting(INBOX, "application/json", message("b").to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    let text = answer.text().await.unwrap();
    assert_eq!((front.state().messages, front.counted(fault)), (2, 1));
    front.import(&message("b")).await.uid();
    assert_eq!(front.state().repeats, 1);
    (status, kind, text)
}

#[tokio::test]
async fn an_answer_without_json_hides_a_stored_message() {
    let (status, kind, text) = spoilt("not-json").await;
    assert_eq!((status, kind.as_str()), (202, "application/json"));
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err() && !text.is_empty(), "{text}");
}

#[tokio::test]
async fn a_page_hides_a_stored_message() {
    let (status, kind, text) = spoilt("html").await;
    assert_eq!((status, kind.as_str()), (202, "text/html"));
    assert!(text.starts_with("<html>"), "{text}");
}

#[tokio::test]
async fn an_empty_answer_hides_a_stored_message() {
    assert_eq!(spoilt("empty").await, (202, String::new(), String::new()));
}

#[tokio::test]
async fn an_answer_without_a_uid_hides_a_stored_message() {
    let (status, kind, text) = spoilt("no-uid").await;
    assert_eq!((status, kind.as_str()), (202, "application/json"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json!({ "status": "accepted" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_answer_promises_more_than_comes() {
    let front = Front::faulty(&["truncated=1"]);
    let mut stream = front.connect();
    stream.write_all(import_call(&front, &message("a")).as_bytes()).unwrap();
    let mut text = String::new();
    // The connection ends with the answer, in good order or not.
    let _ = stream.read_to_string(&mut text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let promised =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let promised: usize = promised.unwrap();
    assert!(head.starts_with("HTTP/1.1 202") && body.starts_with('{') && !body.ends_with('}'), "{text}");
    assert!(body.len() < promised, "{text}");
    assert_eq!((front.state().messages, front.counted("truncated")), (1, 1));
}

#[tokio::test]
async fn answers_to_other_calls_can_be_spoilt_too() {
    let front = Front::with(Faults { reads: faults(&["html=1/2", "truncated=1/3"]), ..Faults::default() });
    assert_eq!(front.get("/me").await.body["id"], "cmp_rehearsal");
    assert!(front.get("/me").await.body.is_string());
    let broken = front.client.get(front.url("/me")).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(broken.status(), 200);
    assert!(broken.text().await.is_err());
}
