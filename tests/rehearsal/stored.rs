//! Messages that are stored otherwise than they were sent, and conversations that are not what was meant.

use std::time::Duration;

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, Faults};

use super::support::*;

#[tokio::test]
async fn a_message_can_be_stored_with_another_subject_date_or_direction_or_without_a_file() {
    let part = |message: &Value| {
        let files: Vec<Value> =
            message["attachments"].as_array().unwrap().iter().map(|it| json!([it["filename"], it["size"]])).collect();
        json!([message["subject"], message["created_at"], message["is_inbound"], files])
    };
    let files = json!([["a.txt", 5], ["b.txt", 6]]);
    let sent = json!(["Help", 1_453_770_984, true, files]);
    for (place, argument, expected) in [
        (0, "subject", json!("Help (altered)")),
        (1, "date", json!(1_453_857_384)),
        (2, "direction", json!(false)),
        (3, "attachment", json!([["a.txt", 5]])),
    ] {
        // Imports 1 and 3 are first attempts, 2 and 4 repeats: every third falls on the second message alone.
        let front = Front::faulty(&[&format!("alter=1/3:{argument}")]);
        let mut shown = Vec::new();
        for id in ["a", "b"] {
            let mut parts = form_message(id);
            parts.push(field("subject", "Help"));
            parts.push(file(0, "a.txt", "text/plain", b"first"));
            parts.push(file(1, "b.txt", "text/plain", b"second"));
            let uid = front.import_form(&parts).await.uid();
            shown.push(part(&front.get(&format!("/messages/alt:uid:{uid}")).await.body));
            // Sent again it is a repeat of what was sent, however it was stored.
            assert_eq!(front.import_form(&parts).await.uid(), uid);
        }
        let mut altered = sent.clone();
        altered[place] = expected;
        assert_eq!(shown, [sent.clone(), altered], "{argument}");
        assert_eq!((front.state().changed_repeats, front.counted("alter")), (0, 1), "{argument}");
    }
}

#[tokio::test]
async fn two_firsts_can_race_into_two_conversations() {
    let appear_after = Duration::from_millis(200);
    let faults = Faults { race_firsts: true, ..Faults::default() };
    let front = Front::new(Config { appear_after, faults, ..config() });
    front.import(&message("a")).await.uid();
    front.import(&message("b")).await.uid();
    tokio::time::sleep(appear_after * 2).await;
    front.import(&message("c")).await.uid();
    tokio::time::sleep(appear_after * 2).await;
    let state = front.state();
    assert_eq!((state.messages, state.conversations, state.hurried), (3, 2, 1));
    let listed = front.get(&format!("/inboxes/{INBOX}/conversations")).await.body;
    let mut sizes = Vec::new();
    for conversation in listed["_results"].as_array().unwrap() {
        let path = format!("/conversations/{}/messages", conversation["id"].as_str().unwrap());
        sizes.push(front.get(&path).await.body["_results"].as_array().unwrap().len());
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2], "the third came when the first existed, and joined it");
}

#[tokio::test]
async fn a_merged_conversation_says_where_it_is_now() {
    let front = Front::with(Faults { merge_at: vec![3], ..Faults::default() });
    let in_thread = |id: &str, thread: &str| {
        with(message(id), &json!({ "metadata": { "is_inbound": true, "thread_ref": thread } }))
    };
    front.import(&in_thread("a", "one")).await.uid();
    let second = front.import(&in_thread("b", "two")).await.uid();
    let link = |message: &Value| message["_links"]["related"]["conversation"].as_str().unwrap().to_owned();
    let before = link(&front.get(&format!("/messages/alt:uid:{second}")).await.body);
    front.import(&in_thread("c", "two")).await.uid();
    let after = link(&front.get(&format!("/messages/alt:uid:{second}")).await.body);
    assert_ne!(before, after);

    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for rest in ["", "/messages"] {
        let answer = plain.get(format!("{before}{rest}")).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 301);
        assert_eq!(answer.headers()["location"], format!("{after}{rest}"));
    }
    let listed = Reply::of(plain.get(format!("{after}/messages")).bearer_auth(TOKEN).send().await.unwrap()).await;
    assert_eq!(listed.body["_results"].as_array().unwrap().len(), 3, "the new one of the merged thread is there too");
    let state = front.state();
    assert_eq!((state.conversations, state.inboxes[0].conversations, front.counted("merge")), (1, 1, 1));
}

#[tokio::test]
async fn a_forgetful_server_keeps_what_lookups_compare_and_no_content() {
    let spill = tempfile::tempdir().unwrap();
    let front = Front::new(Config { forget_bodies: true, spill: Some(spill.path().to_owned()), ..config() });
    let mut parts = form_message("a");
    parts.push(field("subject", "Help"));
    parts.push(file(0, "a.txt", "text/plain", &vec![b'x'; 100_000]));
    let uid = front.import_form(&parts).await.uid();
    let found = front.get(&format!("/messages/alt:uid:{uid}")).await.body;
    let shown = json!([found["subject"], found["created_at"], found["is_inbound"], found["body"]]);
    assert_eq!(shown, json!(["Help", 1_453_770_984, true, ""]));
    let attachment = &found["attachments"][0];
    assert_eq!(json!([attachment["filename"], attachment["size"]]), json!(["a.txt", 100_000]));
    let answer = front.client.get(attachment["url"].as_str().unwrap()).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let size: u64 = walkdir::WalkDir::new(spill.path())
        .into_iter()
        .map(|entry| entry.unwrap().metadata().unwrap())
        .filter(std::fs::Metadata::is_file)
        .map(|file| file.len())
        .sum();
    assert!(size < 2_000, "{size} bytes are kept");
    // Repeats are still told from what is not the same: the body and the files count.
    front.import_form(&parts).await.uid();
    assert_eq!((front.state().repeats, front.state().changed_repeats), (1, 0));
    parts[2] = field("body", "Other");
    front.import_form(&parts).await.uid();
    *parts.last_mut().unwrap() = file(0, "a.txt", "text/plain", &vec![b'y'; 100_000]);
    parts[2] = field("body", "Hello");
    front.import_form(&parts).await.uid();
    assert_eq!((front.state().repeats, front.state().changed_repeats), (3, 2));
}
