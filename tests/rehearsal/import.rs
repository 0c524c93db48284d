//! What an import takes and what it refuses.

use serde_json::{Value, json};

use super::support::*;

#[tokio::test]
async fn an_accepted_message_can_be_found_by_its_uid_and_by_its_id() {
    let front = Front::plain();
    let uid = front.import(&message("a")).await.uid();
    let found = front.get(&format!("/messages/alt:uid:{uid}")).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.body["message_uid"], uid);
    let id = found.body["id"].as_str().unwrap();
    assert!(id.starts_with("msg_"));
    assert_eq!(front.get(&format!("/messages/{id}")).await.body, found.body);
    assert_eq!(front.get(&format!("/messages/alt%3Auid%3A{uid}")).await.body, found.body);
}

#[tokio::test]
async fn json_and_form_of_the_same_message_become_the_same_message() {
    let front = Front::plain();
    let from_json = front.import(&message("a")).await.uid();
    let from_form = front.import_form(&form_message("b")).await.uid();
    let mut json = front.get(&format!("/messages/alt:uid:{from_json}")).await.body;
    let mut form = front.get(&format!("/messages/alt:uid:{from_form}")).await.body;
    for body in [&mut json, &mut form] {
        for own in ["_links", "id", "message_uid", "version"] {
            assert!(!body[own].take().is_null(), "{own}");
        }
    }
    assert_eq!(json, form);
}

#[tokio::test]
async fn a_repeated_external_id_is_answered_with_the_first_uid_and_nothing_is_stored() {
    let front = Front::plain();
    let first = front.import(&message("a")).await.uid();
    assert_eq!(front.import(&message("a")).await.uid(), first);
    assert_eq!(front.import(&with(message("a"), &json!({ "body": "Other" }))).await.uid(), first);
    let billing = front.state().inboxes[1].id.clone();
    assert_eq!(front.import_into(&billing, &message("a")).await.uid(), first, "external ids hold for the company");
    let state = front.state();
    assert_eq!((state.messages, state.repeats, state.changed_repeats), (1, 3, 2));
    assert_eq!(front.get(&format!("/messages/alt:uid:{first}")).await.body["body"], "Hello");
}

#[tokio::test]
async fn every_field_arrives_as_it_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let dump = dir.path().join("dump.jsonl");
    let front = Front::new(threadlift::rehearsal::Config { dump: Some(dump.clone()), ..config() });
    let full = json!({
        "sender": { "handle": "leela@acme.example", "name": "Leela", "author_id": "alt:email:leela@acme.example" },
        "to": ["ana@example.com", "bob@example.com"],
        "cc": ["c@example.com"],
        "bcc": ["d@example.com"],
        "subject": "Ré: ✓",
        "body": "<p>Hi</p>",
        "body_format": "html",
        "external_id": "tl1-full",
        "created_at": 1_453_770_984,
        "type": "email",
        "assignee_id": "tea_leela",
        "tags": ["legacy", "vip"],
        "metadata": { "is_inbound": false, "thread_ref": "t", "is_archived": false, "should_skip_rules": true },
    });
    let uid = front.import(&full).await.uid();
    let line: Value = serde_json::from_str(&std::fs::read_to_string(&dump).unwrap()).unwrap();
    assert_eq!(line["request"], full);
    assert_eq!(line["inbox"], INBOX);
    assert_eq!(line["external_id"], "tl1-full");
    assert_eq!(line["multipart"], false);
    assert_eq!(line["attachments"], json!([]));
    assert_eq!(line["message_uid"], uid);
    assert_eq!(line.as_object().unwrap().len(), 6);

    let mut parts: Vec<Part> = [
        ("sender[handle]", "leela@acme.example"),
        ("sender[name]", "Leela"),
        ("sender[author_id]", "alt:email:leela@acme.example"),
        ("to[0]", "ana@example.com"),
        ("to[1]", "bob@example.com"),
        ("cc[0]", "c@example.com"),
        ("bcc[0]", "d@example.com"),
        ("subject", "Ré: ✓"),
        ("body", "<p>Hi</p>"),
        ("body_format", "html"),
        ("external_id", "tl1-form"),
        ("created_at", "1453770984"),
        ("type", "email"),
        ("assignee_id", "tea_leela"),
        ("tags[0]", "legacy"),
        ("tags[1]", "vip"),
        ("metadata[is_inbound]", "false"),
        ("metadata[thread_ref]", "t"),
        ("metadata[is_archived]", "false"),
        ("metadata[should_skip_rules]", "true"),
    ]
    .map(|(name, value)| field(name, value))
    .to_vec();
    parts.push(file(0, "Ré%22x%22.txt", "text/plain", b"hello"));
    parts.push(file(1, "empty.bin", "application/octet-stream", b""));
    front.import_form(&parts).await.uid();
    let text = std::fs::read_to_string(&dump).unwrap();
    let line: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line["request"], with(full, &json!({ "external_id": "tl1-form" })));
    assert_eq!(line["multipart"], true);
    let sha_of_hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let sha_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(
        line["attachments"],
        json!([
            { "filename": "Ré\"x\".txt", "content_type": "text/plain", "size": 5, "sha256": sha_of_hello },
            { "filename": "empty.bin", "content_type": "application/octet-stream", "size": 0, "sha256": sha_of_nothing },
        ])
    );
}

#[tokio::test]
async fn json_of_the_wrong_shape_is_refused_with_details() {
    let front = Front::plain();
    for (values, words) in [
        (json!({ "created_at": "1453770984" }), "created_at must be an integer"),
        (json!({ "created_at": 1_453_770_984.123 }), "created_at must be an integer"),
        (json!({ "created_at": 1_453_770_984_000_i64 }), "milliseconds"),
        (json!({ "to": [] }), "at least one recipient"),
        (json!({ "to": ["a", ""] }), "to[1] must not be empty"),
        (json!({ "to": [{ "handle": "a" }] }), "to[0] must be a string"),
        (json!({ "body": "" }), "body must not be empty"),
        (json!({ "type": "whatsapp" }), "type must be one of"),
        (json!({ "type": "sms", "body_format": "html" }), "body_format can only be given for type email"),
        (json!({ "tags": [""] }), "tags[0] must not be empty"),
        (json!({ "tags": ["x".repeat(65)] }), "more than 64"),
        (json!({ "colour": "red" }), "colour is not a field"),
        (json!({ "sender": { "handle": "a", "phone": "1" } }), "sender.phone is not a field"),
        (json!({ "metadata": { "thread_ref": "t" } }), "metadata.is_inbound is required"),
        (json!({ "metadata": { "is_inbound": 1 } }), "metadata.is_inbound must be true or false"),
        (json!({ "attachments": ["eA=="] }), "multipart/form-data"),
        (json!({ "assignee_id": "tea_nobody" }), "assignee_id names no teammate"),
        (json!({ "external_id": "x".repeat(201) }), "external_id must have 1 to 200"),
    ] {
        front.import(&with(message("a"), &values)).await.refuses(400, words);
    }
    for broken in ["", "[]", "{", "\"text\"", "null"] {
        let answer = front.posting(INBOX, "application/json", broken).send().await.unwrap();
        Reply::of(answer).await.refuses(400, "not a JSON object");
    }
    let state = front.state();
    assert_eq!((state.messages, state.refused), (0, 23));
}

#[tokio::test]
async fn forms_of_the_wrong_shape_are_refused_with_details() {
    let front = Front::plain();
    let file_head = |rest: &str| (format!("name=\"attachments[0]\"{rest}"), b"x".to_vec());
    let cases: Vec<(Vec<Part>, &str)> = vec![
        (vec![field("to[2]", "b@example.com")], "to[2] came where to[1] was due"),
        (vec![field("to[0]", "b@example.com")], "to[0] came where to[1] was due"),
        (vec![field("cc[1]", "b@example.com")], "cc[1] came where cc[0] was due"),
        (vec![field("cc[]", "b@example.com")], "entries of a list"),
        (vec![field("cc", "b@example.com")], "entries of a list"),
        (vec![field("subject[0]", "x")], "subject is not a list"),
        (vec![field("body", "again")], "body was given twice"),
        (vec![field("colour", "red")], "colour is not a field"),
        (vec![field("sender.name", "x")], "sender.name is not a field"),
        (vec![field("metadata[is_archived]", "1")], "metadata.is_archived must be true or false"),
        (vec![field("metadata[is_archived]", "TRUE")], "metadata.is_archived must be true or false"),
        (vec![("name=\"subject\"\r\nContent-Type: text/plain".to_owned(), vec![])], "must not have a Content-Type"),
        (vec![("name=\"subject\"; filename=\"x\"".to_owned(), vec![])], "must not have a filename"),
        (vec![("name=\"subject\"".to_owned(), vec![0xff])], "subject is not UTF-8"),
        (vec![file_head("")], "must have a filename"),
        (vec![file_head("; filename=\"\"")], "must have a filename"),
        (vec![file_head("; filename*=\"UTF-8''x\"")], "only name and filename"),
        (vec![file(1, "a.txt", "text/plain", b"x")], "attachments[1] came where attachments[0] was due"),
    ];
    for (extra, words) in cases {
        let parts: Vec<Part> = form_message("a").into_iter().chain(extra).collect();
        front.import_form(&parts).await.refuses(400, words);
    }
    let mut late = form_message("a");
    late.retain(|(head, _)| !head.contains("created_at"));
    late.push(field("created_at", "1.5"));
    front.import_form(&late).await.refuses(400, "created_at must be an integer");
    assert_eq!(front.state().messages, 0);
}

#[tokio::test]
async fn a_form_that_breaks_off_is_refused() {
    let front = Front::plain();
    let mut body = form(&form_message("a"));
    body.truncate(body.len() - 30);
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let answer = front.posting(INBOX, &kind, body).send().await.unwrap();
    Reply::of(answer).await.refuses(400, "");
    let answer = front.posting(INBOX, "multipart/form-data", form(&form_message("a"))).send().await.unwrap();
    Reply::of(answer).await.refuses(415, "boundary");
    let answer = front.posting(INBOX, "text/plain", "x").send().await.unwrap();
    Reply::of(answer).await.refuses(415, "application/json");
}

#[tokio::test]
async fn a_request_over_25_mb_gets_413_and_one_just_below_is_taken() {
    let front = Front::plain();
    let with_file = |id: &str, size: usize| {
        let mut parts = form_message(id);
        parts.push(file(0, "big.bin", "application/octet-stream", &vec![7; size]));
        form(&parts)
    };
    let frame = with_file("a", 0).len();
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let most = with_file("a", 25_000_000 - frame);
    assert_eq!(most.len(), 25_000_000);
    Reply::of(front.posting(INBOX, &kind, most).send().await.unwrap()).await.uid();

    let over = with_file("b", 25_000_001 - frame);
    Reply::of(front.posting(INBOX, &kind, over.clone()).send().await.unwrap()).await.refuses(413, "25 MB");

    // Without a Content-Length the size shows only on the way.
    let chunks = over.chunks(1 << 20).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    Reply::of(front.posting(INBOX, &kind, stream).send().await.unwrap()).await.refuses(413, "25 MB");
    let state = front.state();
    assert_eq!((state.messages, state.refused), (1, 2));
}

#[tokio::test]
async fn unknown_inboxes_and_conversations_are_named() {
    let front = Front::plain();
    front.import_into("inb_none", &message("a")).await.refuses(404, "Unknown inbox ID inb_none");
    let into_none = with(message("a"), &json!({ "conversation_id": "cnv_none" }));
    front.import(&into_none).await.refuses(404, "Unknown conversation ID cnv_none");
}

#[tokio::test]
async fn messages_thread_by_reference_within_an_inbox_and_by_sender_without_one() {
    let front = Front::plain();
    let metadata = |metadata: Value| json!({ "metadata": metadata });
    let same_ref = metadata(json!({ "is_inbound": true, "thread_ref": "r" }));
    let no_ref = metadata(json!({ "is_inbound": true }));
    let of_bob = json!({ "sender": { "handle": "bob@example.com" }, "metadata": { "is_inbound": true } });
    let mut conversations = Vec::new();
    for (id, values) in [("a", &same_ref), ("b", &same_ref), ("c", &no_ref), ("d", &no_ref), ("e", &of_bob)] {
        let uid = front.import(&with(message(id), values)).await.uid();
        let found = front.get(&format!("/messages/alt:uid:{uid}")).await.body;
        conversations.push(found["_links"]["related"]["conversation"].as_str().unwrap().to_owned());
    }
    assert_eq!(conversations[0], conversations[1]);
    assert_eq!(conversations[2], conversations[3]);
    assert_eq!(front.state().conversations, 3);

    let billing = front.state().inboxes[1].id.clone();
    front.import_into(&billing, &with(message("f"), &same_ref)).await.uid();
    assert_eq!(front.state().conversations, 4);

    let id = conversations[0].rsplit('/').next().unwrap();
    let named = with(with(message("g"), &no_ref), &json!({ "conversation_id": id }));
    front.import(&named).await.uid();
    assert_eq!(front.state().conversations, 4);
    let elsewhere = with(named, &json!({ "external_id": "h" }));
    front.import_into(&billing, &elsewhere).await.refuses(400, "another inbox");
}

#[tokio::test]
async fn only_an_outbound_author_has_to_be_a_teammate() {
    let front = Front::plain();
    let message = |id: &str, author: &str, is_inbound: bool| {
        let sender = json!({ "handle": "x@acme.example", "author_id": author });
        with(message(id), &json!({ "sender": sender, "metadata": { "is_inbound": is_inbound } }))
    };
    front.import(&message("a", "tea_nobody", false)).await.refuses(400, "sender.author_id names no teammate");
    front.import(&message("a", "alt:email:nobody@acme.example", false)).await.refuses(400, "names no teammate");
    front.import(&message("a", "tea_nobody", true)).await.uid();
    for (id, author) in [("b", "tea_leela"), ("c", "alt:email:leela@acme.example")] {
        let uid = front.import(&message(id, author, false)).await.uid();
        let found = front.get(&format!("/messages/alt:uid:{uid}")).await.body;
        assert_eq!(found["author"]["email"], "leela@acme.example");
    }
}

#[tokio::test]
async fn unknown_tags_are_created_or_refused_as_configured() {
    let tagged = with(message("a"), &json!({ "tags": ["new"] }));
    let lenient = Front::plain();
    lenient.import(&tagged).await.uid();
    assert_eq!(lenient.get("/tags").await.body["_results"][0]["name"], "new");

    let strict = Front::new(threadlift::rehearsal::Config {
        unknown_tags: threadlift::rehearsal::UnknownTags::Refuse,
        tags: vec!["known".to_owned()],
        ..config()
    });
    strict.import(&tagged).await.refuses(400, "tags[0] does not exist");
    strict.import(&with(message("a"), &json!({ "tags": ["known"] }))).await.uid();
    assert_eq!(strict.get("/tags").await.body["_results"].as_array().unwrap().len(), 1);
}
