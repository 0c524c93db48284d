//! Tests of what is asked of Front by name: which request each makes, and what it reads out of the answer.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::fake::{Does, Fake, quick, says};
use super::{
    Assignee, Called, Cancellation, ContactDetails, ConversationChange, Handle, NewContact, NewInbox, Outcome, Party,
    Status, json_body,
};

/// A Front that says the same to everything, and the request lines with their bodies that came to it.
async fn says_always(does: Does) -> (Fake, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&asked);
    let fake = Fake::new(move |seen| {
        let line = seen.line().trim_end_matches(" HTTP/1.1");
        record.lock().unwrap().push(format!("{line} {}", String::from_utf8_lossy(&seen.body)).trim_end().to_owned());
        does.clone()
    })
    .await;
    (fake, asked)
}

fn value<T>(called: Called<T>) -> T {
    match called.outcome {
        Outcome::Done(value) => value,
        other => panic!("{other}"),
    }
}

fn ids<const N: usize>(ids: [&str; N]) -> Vec<String> {
    ids.map(str::to_owned).to_vec()
}

#[tokio::test]
async fn each_change_is_the_request_that_front_documents() {
    let (fake, asked) = says_always(says(204, "", "")).await;
    let client = fake.client(quick()).await;
    let run = &Cancellation::new();
    let fields = || Some(json!({ "City": "Lyon" }).as_object().unwrap().clone());
    let change = ConversationChange {
        assignee_id: Some(Assignee::Teammate("tea_1".into())),
        status: Some(Status::Archived),
        custom_fields: fields(),
        inbox_id: Some("inb_1".into()),
        ..ConversationChange::default()
    };
    let unassign = ConversationChange {
        assignee_id: Some(Assignee::Nobody),
        status_id: Some("sts_1".into()),
        ..ConversationChange::default()
    };
    let details = ContactDetails { name: Some("Zoë".into()), custom_fields: fields(), ..ContactDetails::default() };
    let handle = Handle { handle: "+491".into(), source: "phone".into() };
    value(client.update_conversation("cnv_1", &change, run).await.unwrap());
    value(client.update_conversation("cnv_1", &unassign, run).await.unwrap());
    value(client.delete_conversation("cnv_1", run).await.unwrap());
    value(client.add_followers("cnv_1", &ids(["tea_1"]), run).await.unwrap());
    value(client.add_tags("cnv_1", &ids(["tag_1", "tag_2"]), run).await.unwrap());
    value(client.remove_tags("cnv_1", &ids(["tag_1"]), run).await.unwrap());
    value(client.add_links("cnv_1", &ids(["https://old.example/1"]), run).await.unwrap());
    value(client.remove_links("cnv_1", &ids(["top_1"]), run).await.unwrap());
    value(client.rename_link("top_1", "Ticket 1", run).await.unwrap());
    value(client.update_comment("com_1", "withdrawn", run).await.unwrap());
    value(client.delete_tag("tag_1", run).await.unwrap());
    value(client.update_contact("crd_1", &details, run).await.unwrap());
    value(client.add_handle("crd_1", &handle, run).await.unwrap());
    value(client.delete_contact("crd_1", run).await.unwrap());
    value(client.add_to_contact_list("grp_1", &ids(["crd_1"]), run).await.unwrap());
    value(client.remove_from_contact_list("grp_1", &ids(["crd_1"]), run).await.unwrap());
    let expected = [
        r#"PATCH /conversations/cnv_1 {"assignee_id":"tea_1","status":"archived","custom_fields":{"City":"Lyon"},"inbox_id":"inb_1"}"#,
        r#"PATCH /conversations/cnv_1 {"assignee_id":null,"status_id":"sts_1"}"#,
        "DELETE /conversations/cnv_1",
        r#"POST /conversations/cnv_1/followers {"teammate_ids":["tea_1"]}"#,
        r#"POST /conversations/cnv_1/tags {"tag_ids":["tag_1","tag_2"]}"#,
        r#"DELETE /conversations/cnv_1/tags {"tag_ids":["tag_1"]}"#,
        r#"POST /conversations/cnv_1/links {"link_external_urls":["https://old.example/1"]}"#,
        r#"DELETE /conversations/cnv_1/links {"link_ids":["top_1"]}"#,
        r#"PATCH /links/top_1 {"name":"Ticket 1"}"#,
        r#"PATCH /comments/com_1/ {"body":"withdrawn"}"#,
        "DELETE /tags/tag_1",
        r#"PATCH /contacts/crd_1 {"name":"Zoë","custom_fields":{"City":"Lyon"}}"#,
        r#"POST /contacts/crd_1/handles {"handle":"+491","source":"phone"}"#,
        "DELETE /contacts/crd_1",
        r#"POST /contact_lists/grp_1/contacts {"contact_ids":["crd_1"]}"#,
        r#"DELETE /contact_lists/grp_1/contacts {"contact_ids":["crd_1"]}"#,
    ];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn each_thing_that_is_made_is_the_request_that_front_documents() {
    let answer = r#"{"id":"x_1","name":"n","body":"b","message_uid":"u1"}"#;
    let (fake, asked) = says_always(says(201, "", answer)).await;
    let client = fake.client(quick()).await;
    let run = &Cancellation::new();
    let inbox =
        NewInbox { name: "Old mail".into(), teammate_ids: ids(["alt:email:a@b.example"]), is_public: Some(false) };
    let plain = NewInbox { name: "Old mail".into(), ..NewInbox::default() };
    let handle = Handle { handle: "ann@customer.example".into(), source: "email".into() };
    let details = ContactDetails { list_names: Some(ids(["VIP"])), ..ContactDetails::default() };
    let contact = NewContact { handles: vec![handle], details };
    let comment = json_body(&json!({ "body": "note", "author_id": "tea_1" }));
    let message = json_body(&json!({ "sender": { "handle": "v1" }, "body": "hi" }));
    assert_eq!(value(client.create_tag("vip", None, run).await.unwrap()).id, "x_1");
    assert_eq!(value(client.create_tag("vip", Some("tag_1"), run).await.unwrap()).id, "x_1");
    assert_eq!(value(client.create_inbox(&inbox, Some("tim_1"), run).await.unwrap()).id, "x_1");
    assert_eq!(value(client.create_inbox(&plain, None, run).await.unwrap()).name, "n");
    assert_eq!(value(client.create_contact(&contact, run).await.unwrap()).id, "x_1");
    assert_eq!(value(client.create_comment("cnv_1", &comment, run).await.unwrap()).id, "x_1");
    assert_eq!(value(client.deliver("cha_1", &message, run).await.unwrap()), "u1");
    let expected = [
        r#"POST /company/tags {"name":"vip"}"#,
        r#"POST /tags/tag_1/children {"name":"vip"}"#,
        r#"POST /teams/tim_1/inboxes {"name":"Old mail","teammate_ids":["alt:email:a@b.example"],"is_public":false}"#,
        r#"POST /inboxes {"name":"Old mail"}"#,
        r#"POST /contacts {"handles":[{"handle":"ann@customer.example","source":"email"}],"list_names":["VIP"]}"#,
        r#"POST /conversations/cnv_1/comments {"body":"note","author_id":"tea_1"}"#,
        r#"POST /channels/cha_1/incoming_messages {"sender":{"handle":"v1"},"body":"hi"}"#,
    ];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn what_front_made_without_naming_it_is_lost() {
    for answer in ["", "{}", r#"{"status":"accepted"}"#] {
        let (fake, asked) = says_always(says(202, "", answer)).await;
        let client = fake.client(quick()).await;
        let run = &Cancellation::new();
        let body = json_body(&json!({ "body": "note" }));
        let made = client.create_comment("cnv_1", &body, run).await.unwrap();
        assert!(matches!(made.outcome, Outcome::Lost { .. }), "{made:?}");
        let delivered = client.deliver("cha_1", &body, run).await.unwrap();
        assert!(matches!(delivered.outcome, Outcome::Lost { .. }), "{delivered:?}");
        assert_eq!(asked.lock().unwrap().len(), 2, "each was made once");
    }
}

#[tokio::test]
async fn links_and_followers_go_in_pieces_that_front_takes() {
    let fake = Fake::new(|seen| match seen.line() {
        "POST /conversations/cnv_1/links HTTP/1.1" => says(301, "location: /conversations/cnv_2\r\n", ""),
        line if line.contains("/links ") => says(204, "", ""),
        _ => says(400, "", "no"),
    })
    .await;
    let client = fake.client(quick()).await;
    let run = &Cancellation::new();
    let urls: Vec<String> = (0..25).map(|number| format!("https://old.example/{number}")).collect();
    let called = client.add_links("cnv_1", &urls, run).await.unwrap();
    assert_eq!(called, Called { outcome: Outcome::Done(()), merged_into: Some("cnv_2".into()) });
    let bodies = |of: &str| -> Vec<Vec<String>> {
        let seen = fake.seen();
        let bodies = seen.iter().filter(|seen| seen.line().contains(of));
        bodies
            .map(|seen| {
                let body: Value = serde_json::from_slice(&seen.body).unwrap();
                let values = body.as_object().unwrap().values().next().unwrap().clone();
                serde_json::from_value(values).unwrap()
            })
            .collect()
    };
    let pieces = bodies("/cnv_2/links");
    assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(pieces.concat(), urls);
    // The first piece that is not taken is the last.
    let many: Vec<String> = (0..51).map(|number| format!("tea_{number}")).collect();
    let called = client.add_followers("cnv_2", &many, run).await.unwrap();
    assert_eq!(called.outcome, Outcome::Refused { status: 400, cause: "no".into() });
    assert_eq!(bodies("/followers").iter().map(Vec::len).collect::<Vec<_>>(), [50]);
}

#[tokio::test]
async fn a_conversation_is_read_with_all_that_is_attached() {
    let whole = r#"{"id":"cnv_2","subject":"Hi","status":"assigned","status_id":"sts_1","assignee":{"id":"tea_1"},
        "tags":[{"id":"tag_1","name":"vip","_links":{"related":{"parent_tag":"https://x.example/tags/tag_9","owner":null}}}],
        "links":[{"id":"top_1","name":"Ticket 1","type":"web","external_url":"https://old.example/1","custom_fields":{}}],
        "custom_fields":{"City":"Lyon"},"metadata":{}}"#;
    let bare = r#"{"id":"cnv_3","subject":null,"status":"archived","assignee":null,"tags":[],"links":null,"custom_fields":null}"#;
    let fake = Fake::new(move |seen| match seen.line() {
        "GET /conversations/cnv_1 HTTP/1.1" => says(301, "location: /conversations/cnv_2\r\n", ""),
        "GET /conversations/cnv_2 HTTP/1.1" => says(200, "", whole),
        "GET /conversations/cnv_3 HTTP/1.1" => says(200, "", bare),
        _ => says(404, "", ""),
    })
    .await;
    let client = fake.client(quick()).await;
    let run = &Cancellation::new();
    let called = client.conversation("cnv_1", run).await.unwrap();
    assert_eq!(called.merged_into.as_deref(), Some("cnv_2"));
    let read = value(called);
    assert_eq!(
        (read.id.as_str(), read.status.as_str(), read.status_id.as_deref()),
        ("cnv_2", "assigned", Some("sts_1"))
    );
    assert_eq!(read.assignee_id.as_deref(), Some("tea_1"));
    assert_eq!((read.tags[0].name.as_str(), read.tags[0].parent_id.as_deref()), ("vip", Some("tag_9")));
    assert_eq!(read.links[0].external_url, "https://old.example/1");
    assert_eq!(Value::Object(read.custom_fields), json!({ "City": "Lyon" }));
    let read = value(client.conversation("cnv_3", run).await.unwrap());
    assert_eq!((read.assignee_id, read.tags, read.links), (None, vec![], vec![]));
    let gone = client.conversation("cnv_4", run).await.unwrap();
    assert!(matches!(gone.outcome, Outcome::Absent { .. }), "{gone:?}");
    let gone = client.comments("cnv_4", run).await.unwrap();
    assert!(matches!(gone.outcome, Outcome::Absent { .. }), "{gone:?}");
}

#[tokio::test]
async fn events_are_read_page_by_page_as_far_back_as_is_asked() {
    let page = |next: &str, moments: &[u32]| {
        let event = |at: &u32| {
            let source = match at {
                9 => r#"{"_meta":{"type":"teammate"},"data":{"id":"tea_1"}}"#,
                8 => r#"{"_meta":{"type":"inboxes"},"data":[{"id":"inb_1"},{"id":"inb_2"}]}"#,
                7 => r#"{"_meta":{"type":"api"}}"#,
                _ => "null",
            };
            format!(r#"{{"id":"evt_{at}","type":"archive","emitted_at":{at}.5,"source":{source}}}"#)
        };
        let events: Vec<String> = moments.iter().map(event).collect();
        says(200, "", &format!(r#"{{"_pagination":{{"next":{next}}},"_results":[{}]}}"#, events.join(",")))
    };
    let next = |token: &str| format!(r#""/conversations/cnv_1/events?limit=15&page_token={token}""#);
    let (second, third) = (next("2"), next("3"));
    let fake = Fake::new(move |seen| match seen.line().split(' ').nth(1).unwrap() {
        "/conversations/cnv_1/events?limit=15" => page(&second, &[9, 3, 8]),
        "/conversations/cnv_1/events?limit=15&page_token=2" => page(&third, &[7, 2]),
        "/conversations/cnv_1/events?limit=15&page_token=3" => page("null", &[1]),
        other => panic!("{other}"),
    })
    .await;
    let client = fake.client(quick()).await;
    let run = &Cancellation::new();
    let events = value(client.conversation_events("cnv_1", None, run).await.unwrap());
    assert_eq!(
        events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(),
        ["evt_9", "evt_3", "evt_8", "evt_7", "evt_2", "evt_1"]
    );
    let party = |kind: &str, id: Option<&str>| Party { kind: kind.into(), id: id.map(str::to_owned) };
    assert_eq!(events[0].source, party("teammate", Some("tea_1")));
    assert_eq!(events[2].source, party("inboxes", Some("inb_1")));
    assert_eq!((&events[3].source, &events[1].source), (&party("api", None), &party("", None)));
    // A page that is older only in part is not the last.
    let events = value(client.conversation_events("cnv_1", Some(5.0), run).await.unwrap());
    assert_eq!(events.iter().map(|event| event.emitted_at).collect::<Vec<_>>(), [9.5, 8.5, 7.5]);
    let asked = fake.seen().len();
    let events = value(client.conversation_events("cnv_1", Some(10.0), run).await.unwrap());
    assert_eq!((events.len(), fake.seen().len() - asked), (0, 1));
}

#[tokio::test]
async fn contacts_are_found_by_handles_of_any_letters() {
    let contact = r#"{"id":"crd_1","name":null,"handles":[{"source":"phone","handle":"+491"}],"groups":[],
        "lists":[{"id":"grp_1","name":"VIP","is_private":false}],"custom_fields":{"City":"Lyon"},"is_private":false}"#;
    let (fake, asked) = says_always(says(200, "", contact)).await;
    let client = fake.client(quick()).await;
    let run = &Cancellation::new();
    for (source, handle) in [("phone", "+491"), ("email", "a+b@c.example"), ("custom", "x/../y?z")] {
        let handle = Handle { handle: handle.into(), source: source.into() };
        let found = value(client.contact_by_handle(&handle, run).await.unwrap());
        assert_eq!((found.id.as_str(), found.name.as_str(), found.lists[0].name.as_str()), ("crd_1", "", "VIP"));
    }
    let expected = [
        "GET /contacts/alt:phone:%2B491",
        "GET /contacts/alt:email:a%2Bb%40c.example",
        "GET /contacts/alt:custom:x%2F..%2Fy%3Fz",
    ];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn lists_hold_what_a_preparation_needs() {
    let fake = Fake::new(|seen| {
        let results = match seen.line().split(' ').nth(1).unwrap() {
            "/teams" => json!([{ "id": "tim_1", "name": "Support" }]),
            "/teams/tim_1/inboxes" => json!([{ "id": "inb_1", "name": "Old", "is_private": false, "is_public": true }]),
            "/rules" | "/company/rules" => json!([{
                "id": "rul_1", "name": "Greet", "actions": ["Reply with template"], "is_private": true,
                "_links": { "self": "", "related": { "owner": "https://x.example/teammates/tea_1" } },
            }]),
            "/conversations/custom_fields" => json!([{ "id": "fld_1", "name": "City", "description": "", "type": "enum",
                "values": [{ "value": "l", "label": "Lyon" }] }]),
            "/contacts/custom_fields" => json!([{ "id": "fld_2", "name": "VIP", "type": "boolean" }]),
            "/teammates" => json!([{ "id": "tea_1", "email": "a@b.example", "first_name": "Ann", "last_name": "Lee",
                "username": "ann", "is_blocked": true, "is_available": false, "type": "user" }]),
            "/channels" => json!([{ "id": "cha_1", "type": "custom", "address": "x1", "name": null, "send_as": null,
                "_links": { "related": { "inbox": "https://x.example/inboxes/inb_1" } } }]),
            "/company/tags?limit=100" => json!([{ "id": "tag_1", "name": "a", "is_private": false }]),
            "/contact_lists" => json!([{ "id": "grp_1", "name": "VIP" }]),
            "/links/top_1/conversations?limit=100" => json!([{ "id": "cnv_1", "status": "archived" }]),
            "/conversations/cnv_1/followers" => json!([{ "id": "tea_1", "email": "a@b.example" }]),
            "/conversations/cnv_1/comments" => {
                json!([{ "id": "com_1", "body": "b", "author": { "id": "tea_1" }, "posted_at": 1.5 }, { "id": "com_2", "author": null }])
            }
            _ => return says(404, "", ""),
        };
        says(200, "", &json!({ "_links": {}, "_results": results }).to_string())
    })
    .await;
    let client = fake.client(quick()).await;
    let run = &Cancellation::new();
    assert_eq!(client.workspaces().await.unwrap()[0].name, "Support");
    assert!(client.workspace_inboxes("tim_1").await.unwrap().expect("it exists")[0].is_public);
    assert_eq!(client.workspace_inboxes("tim_2").await.unwrap(), None);
    for rules in [client.rules().await.unwrap(), client.company_rules().await.unwrap()] {
        assert_eq!(rules[0].actions, ["Reply with template"]);
        assert_eq!((rules[0].is_private, rules[0].owner_id.as_deref()), (true, Some("tea_1")));
    }
    assert_eq!(client.conversation_fields().await.unwrap()[0].values[0].label, "Lyon");
    assert_eq!(client.contact_fields().await.unwrap()[0].kind, "boolean");
    assert_eq!(client.ticket_statuses().await.unwrap(), None, "without tickets");
    let teammates = client.teammates().await.unwrap();
    assert_eq!((teammates[0].name().as_str(), teammates[0].is_blocked), ("Ann Lee", true));
    assert!(!teammates[0].is_available && teammates[0].kind == "user");
    let channels = client.channels().await.unwrap();
    assert_eq!(
        (channels[0].id.as_str(), channels[0].kind.as_str(), channels[0].name.as_str()),
        ("cha_1", "custom", "")
    );
    assert_eq!((channels[0].address.as_deref(), channels[0].inbox_id.as_deref()), (Some("x1"), Some("inb_1")));
    assert!(channels[0].addresses.is_empty(), "no mail address");
    assert_eq!(client.company_tags().await.unwrap()[0].id, "tag_1");
    assert_eq!(client.contact_lists().await.unwrap()[0].id, "grp_1");
    assert_eq!(value(client.link_conversations("top_1", run).await.unwrap())[0].id, "cnv_1");
    let followers = value(client.followers("cnv_1", run).await.unwrap());
    assert!(followers[0].id == "tea_1" && followers[0].is_available);
    let comments = value(client.comments("cnv_1", run).await.unwrap());
    assert_eq!((comments[0].author_id.as_deref(), comments[0].posted_at), (Some("tea_1"), Some(1.5)));
    assert_eq!((comments[1].author_id.as_deref(), comments[1].body.as_str()), (None, ""));
}
