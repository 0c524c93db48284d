//! Channels, the live mail they brought in, search, and tags.

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, Server};

use super::support::*;

fn with_channel(spec: &str) -> Front {
    Front::new(Config { channels: vec![spec.parse().unwrap()], ..config() })
}

fn results(reply: &Reply) -> &Vec<Value> {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["_results"].as_array().unwrap()
}

#[tokio::test]
async fn a_channel_is_listed_for_the_company_and_for_its_inbox_alone() {
    let front = with_channel("help@acme.example=Support");
    let channels = front.get("/channels").await;
    let channel = &results(&channels)[0];
    for (field, value) in [
        ("address", json!("help@acme.example")),
        ("send_as", json!("help@acme.example")),
        ("is_private", json!(false)),
        ("is_valid", json!(true)),
    ] {
        assert_eq!(channel[field], value, "{field}");
    }
    assert!(channel["id"].as_str().unwrap().starts_with("cha_") && channel["type"].is_string());
    let billing = front.state().inboxes[1].id.clone();
    assert_eq!(results(&front.get(&format!("/inboxes/{INBOX}/channels")).await), results(&channels));
    assert!(results(&front.get(&format!("/inboxes/{billing}/channels")).await).is_empty());
    front.get("/inboxes/inb_none/channels").await.refuses(404, "Unknown inbox ID");
}

#[test]
fn a_channel_of_no_inbox_is_refused_at_the_start() {
    let channels = vec!["help@acme.example=Nowhere".parse().unwrap()];
    let error = Server::start(Config { channels, ..config() }).err().unwrap();
    assert!(error.to_string().contains("Nowhere"), "{error}");
}

#[tokio::test]
async fn live_mail_is_found_and_counts_for_nothing_else() {
    let front = with_channel("help@acme.example=Support:2024-01-01:7");
    let listed = front.get(&format!("/inboxes/{INBOX}/conversations")).await;
    let times: Vec<i64> = results(&listed).iter().map(|it| it["updated_at"].as_i64().unwrap()).collect();
    assert_eq!((times.len(), times.last()), (7, Some(&1_704_067_200)));
    assert!(times.is_sorted_by(|later, earlier| later > earlier), "{times:?}");
    assert!(times[0] > jiff::Timestamp::now().as_second() - 60 * 60, "the newest is of today");
    let id = results(&listed)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(results(&front.get(&format!("/conversations/{id}/messages")).await).len(), 1);
    front.import(&message("live-1")).await.uid();
    let state = front.state();
    assert_eq!((state.messages, state.conversations, state.repeats), (1, 1, 0));
    assert_eq!((state.inboxes[0].messages, state.inboxes[0].conversations), (1, 1));
}

#[tokio::test]
async fn search_finds_by_inbox_time_people_and_words() {
    let front = with_channel("help@acme.example=Support:2024-01-01:6");
    let total = |query: String| {
        let front = &front;
        async move {
            let reply = front.get(&format!("/conversations/search/{query}")).await;
            assert_eq!(results(&reply).len(), usize::try_from(reply.body["_total"].as_u64().unwrap()).unwrap());
            reply.body["_total"].as_u64().unwrap()
        }
    };
    let imported = json!({ "created_at": 1_000_000_000, "subject": "Old times" });
    front.import(&with(message("a"), &imported)).await.uid();
    let billing = front.state().inboxes[1].id.clone();
    assert_eq!(total(format!("inbox:{INBOX}")).await, 7);
    assert_eq!(total(format!("inbox:{billing}")).await, 0);
    assert_eq!(total(format!("inbox:{INBOX}%20before:1704067200")).await, 1);
    assert_eq!(total(format!("inbox:{INBOX}%20before:1704067201")).await, 2);
    assert_eq!(total("after:1704067200".to_owned()).await, 5);
    assert_eq!(total("after:1704067199%20before:1704067201".to_owned()).await, 1);
    assert_eq!(total("from:HELP@acme.example".to_owned()).await, 2, "every third went out");
    assert_eq!(total("to:help@acme.example".to_owned()).await, 4);
    assert_eq!(total("old%20TIMES".to_owned()).await, 1);
    assert_eq!(total("%22times%20old%22".to_owned()).await, 0);
    front.get("/conversations/search/inbox:inb_none").await.refuses(404, "Unknown inbox ID");
    front.get("/conversations/search/is:archived").await.refuses(400, "not understood");
}

#[tokio::test]
async fn search_is_paged_by_latest_activity_and_has_two_fifths_of_the_limit() {
    let channels = vec!["help@acme.example=Support:2024-01-01:5".parse().unwrap()];
    let front = Front::new(Config { channels, limit_per_minute: 10, ..config() });
    let mut times = Vec::new();
    let mut next = Some(front.url(&format!("/conversations/search/inbox:{INBOX}?limit=2")));
    while let Some(url) = next {
        let reply = Reply::of(front.client.get(url).bearer_auth(TOKEN).send().await.unwrap()).await;
        assert_eq!(reply.body["_total"], 5);
        times.extend(results(&reply).iter().map(|it| it["updated_at"].as_i64().unwrap()));
        next = reply.body["_pagination"]["next"].as_str().map(str::to_owned);
    }
    assert!(times.len() == 5 && times.is_sorted_by(|later, earlier| later > earlier), "{times:?}");
    assert_eq!(front.get("/conversations/search/x").await.status, 200, "the fourth of ten calls a minute");
    let reply = front.get("/conversations/search/x").await;
    reply.refuses(429, "Please retry in");
    assert_eq!((&reply.headers["x-front-tier"], front.state().over_search), (&"search".parse().unwrap(), 1));
    assert_eq!(front.get("/me").await.status, 200);
}

#[tokio::test]
async fn a_tag_is_made_once_and_under_a_name_of_at_most_64_characters() {
    let front = Front::plain();
    let make = |body: Value| {
        let call = front.client.post(front.url("/company/tags")).bearer_auth(TOKEN).json(&body);
        async move { Reply::of(call.send().await.unwrap()).await }
    };
    let longest = "é".repeat(64);
    let made = make(json!({ "name": longest, "highlight": "blue" })).await;
    assert_eq!((made.status, &made.body["name"]), (201, &json!(longest)));
    assert!(made.body["id"].as_str().unwrap().starts_with("tag_"));
    make(json!({ "name": longest })).await.refuses(400, "exists");
    make(json!({ "name": "x".repeat(65) })).await.refuses(400, "64 characters");
    for wrong in [json!({ "name": "" }), json!({}), json!({ "name": 5 }), json!({ "name": "a", "colour": "red" })] {
        make(wrong).await.refuses(400, "Body did not satisfy requirements");
    }
    for path in ["/tags", "/company/tags"] {
        let listed = front.get(path).await;
        assert_eq!(results(&listed).iter().map(|tag| &tag["name"]).collect::<Vec<_>>(), [&json!(longest)], "{path}");
    }
    assert_eq!((front.state().imports, front.state().refused), (0, 0));
}
