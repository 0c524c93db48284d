//! Tests of calls that are no imports: what is repeated, what never is, and what is said of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::fake::{Does, Fake, Seen, TOKEN, quick, says, stops_halfway};
use super::{Call, CallResult, Called, Cancellation, Client, FrontError, Outcome, Repeat, Settings, Timing, json_body};

const ONCE: Repeat = Repeat::UnlessLost;

/// `POST /conversations/cnv_1/tags`, the body of which must arrive each time.
async fn posted(client: &Client, repeat: Repeat, cancellation: &Cancellation) -> CallResult<Value> {
    let body = json_body(&json!({ "tag_ids": ["tag_1"] }));
    let path = &["conversations", "cnv_1", "tags"];
    client.call(&Call { method: Method::POST, path, body: Some(&body), repeat }, cancellation).await
}

/// The same without cancellation and in haste.
async fn post(fake: &Fake, repeat: Repeat) -> CallResult<Value> {
    posted(&fake.client(quick()).await, repeat, &Cancellation::new()).await
}

fn done(value: Value) -> Called<Value> {
    Called { outcome: Outcome::Done(value), merged_into: None }
}

fn assert_attempts(seen: &[Seen], attempts: usize) {
    assert_eq!(seen.len(), attempts);
    for attempt in seen {
        assert_eq!(attempt.line(), "POST /conversations/cnv_1/tags HTTP/1.1");
        assert_eq!(attempt.header("content-type"), Some("application/json"));
        assert_eq!(String::from_utf8_lossy(&attempt.body), r#"{"tag_ids":["tag_1"]}"#);
    }
}

/// Trouble after which nobody knows whether the call was made.
fn losses() -> Vec<Does> {
    vec![
        says(500, "", "boom"),
        says(502, "", "<html><title>Bad gateway</title></html>"),
        says(503, "retry-after: 0.01\r\n", ""),
        says(408, "", ""),
        Does::Resets,
        Does::Writes(String::new()),
        stops_halfway(),
        says(200, "", "<html>fine</html>"),
    ]
}

#[tokio::test]
async fn what_comes_to_the_same_is_repeated_until_it_is_clear() {
    for trouble in losses().into_iter().chain([says(429, "", ""), says(429, "retry-after: 0.01\r\n", "")]) {
        let fake = Fake::script(vec![trouble.clone(), trouble.clone(), says(204, "", "")]).await;
        assert_eq!(post(&fake, Repeat::Freely).await.unwrap(), done(Value::Null), "{trouble:?}");
        assert_attempts(&fake.seen(), 3);
    }
}

#[tokio::test]
async fn what_would_be_there_twice_is_not_repeated_once_it_may_have_been_made() {
    for trouble in losses() {
        let fake = Fake::script(vec![trouble.clone(), says(201, "", "{}")]).await;
        let outcome = post(&fake, ONCE).await.unwrap().outcome;
        assert!(matches!(&outcome, Outcome::Lost { why } if !why.is_empty()), "{trouble:?}: {outcome:?}");
        assert_attempts(&fake.seen(), 1);
    }
}

#[tokio::test]
async fn what_was_certainly_not_made_is_made_again() {
    for throttled in [
        says(429, "", ""),
        says(429, "retry-after: 0.01\r\n", ""),
        says(429, "", r#"{"_error":{"message":"Please retry in 3 milliseconds."}}"#),
    ] {
        let fake = Fake::script(vec![throttled.clone(), throttled, says(201, "", r#"{"id":"com_1"}"#)]).await;
        assert_eq!(post(&fake, ONCE).await.unwrap(), done(json!({ "id": "com_1" })));
        assert_attempts(&fake.seen(), 3);
    }
}

#[tokio::test]
async fn without_a_connection_nothing_is_lost_and_the_outage_ends_the_run() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let timing = Timing { outage: Duration::from_millis(50), ..quick() };
    let client = super::fake::client(nobody, timing);
    for repeat in [ONCE, Repeat::Freely] {
        let error = posted(&client, repeat, &Cancellation::new()).await.expect_err("nobody listens");
        assert!(matches!(error, FrontError::Unavailable { attempts: 2.., .. }), "{error}");
    }
}

#[tokio::test]
async fn an_outage_is_waited_out_and_ends_the_run_when_it_is_too_long() {
    let mut script = vec![says(503, "", ""); 15];
    script.push(says(204, "", ""));
    let fake = Fake::script(script).await;
    assert_eq!(post(&fake, Repeat::Freely).await.unwrap(), done(Value::Null));
    assert_attempts(&fake.seen(), 16);

    let fake = Fake::script(vec![says(503, "", "down")]).await;
    let client = fake.client(Timing { outage: Duration::from_millis(50), ..quick() }).await;
    let error = posted(&client, Repeat::Freely, &Cancellation::new()).await.expect_err("down for ever");
    let FrontError::Unavailable { path, last, .. } = error else { panic!("{error}") };
    assert_eq!((path.as_str(), last.as_str()), ("/conversations/cnv_1/tags", "Front answered 503: down"));
}

#[tokio::test]
async fn what_fails_while_others_succeed_is_set_aside() {
    let fake = Fake::new(|seen| if seen.line().contains("cnv_1/") { says(500, "", "boom") } else { says(204, "", "") });
    let fake = fake.await;
    let client = fake.client(quick()).await;
    let cancellation = Cancellation::new();
    let others = async {
        loop {
            let added = client.add_tags("cnv_2", &["tag_1".into()], &cancellation).await.unwrap();
            assert_eq!(added.outcome, Outcome::Done(()));
        }
    };
    let called = tokio::select! {
        called = posted(&client, Repeat::Freely, &cancellation) => called.unwrap(),
        () = others => unreachable!("others go on for ever"),
    };
    let Outcome::Failed { attempts: 6.., status: Some(500), cause } = called.outcome else { panic!("{called:?}") };
    assert_eq!(cause, "boom");
}

#[tokio::test]
async fn the_last_call_of_a_run_cannot_stop_it_for_ever() {
    let fake = Fake::new(|seen| match seen.line() {
        "GET /me HTTP/1.1" => says(200, "", r#"{"id":"cmp_1"}"#),
        _ => says(500, "", "boom"),
    })
    .await;
    let client = fake.client(Timing { alone: Duration::from_millis(20), ..quick() }).await;
    let outcome = posted(&client, Repeat::Freely, &Cancellation::new()).await.unwrap().outcome;
    assert!(matches!(outcome, Outcome::Failed { status: Some(500), .. }), "{outcome:?}");
}

#[tokio::test]
async fn questions_that_are_answered_do_not_speak_against_what_is_written() {
    let fake = Fake::new(|seen| match seen.line().split(' ').next() {
        Some("GET") => says(200, "", r#"{"id":"cnv_2"}"#),
        _ => says(500, "", "boom"),
    })
    .await;
    let timing = Timing { outage: Duration::from_millis(100), ..quick() };
    let client = fake.client(timing).await;
    let cancellation = Cancellation::new();
    let questions = async {
        loop {
            let asked = client.conversation("cnv_2", &cancellation).await.unwrap();
            assert!(matches!(asked.outcome, Outcome::Done(_)));
        }
    };
    let error = tokio::select! {
        called = posted(&client, Repeat::Freely, &cancellation) => called.expect_err("an outage"),
        () = questions => unreachable!("questions go on for ever"),
    };
    assert!(matches!(error, FrontError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_merged_conversation_is_followed_with_the_call_in_hand_and_named() {
    for (repeat, location) in
        [(ONCE, "/conversations/cnv_9/tags"), (ONCE, "/conversations/cnv_9"), (Repeat::Freely, "/conversations/cnv_9")]
    {
        let fake = Fake::new(move |seen| match seen.line() {
            "POST /conversations/cnv_1/tags HTTP/1.1" => says(301, &format!("location: {location}\r\n"), ""),
            _ => says(201, "", r#"{"id":"x"}"#),
        })
        .await;
        let called = post(&fake, repeat).await.unwrap();
        let expected = Called { outcome: Outcome::Done(json!({ "id": "x" })), merged_into: Some("cnv_9".into()) };
        assert_eq!(called, expected);
        let seen = fake.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[1].line(), "POST /conversations/cnv_9/tags HTTP/1.1");
        assert_eq!(seen[0].body, seen[1].body);
    }
}

#[tokio::test]
async fn no_redirect_leads_a_call_anywhere_else() {
    let elsewhere = Fake::script(vec![says(204, "", "")]).await;
    let away = format!("location: {}/conversations/cnv_9/tags\r\n", elsewhere.base_url());
    for status in [301, 307, 308] {
        let fake = Fake::script(vec![says(status, &away, "")]).await;
        let error = post(&fake, ONCE).await.expect_err("another host");
        assert!(error.to_string().contains("redirects away from Front"), "{error}");
    }
    let location = |to: &str| format!("location: {to}\r\n");
    for (status, location) in
        [(301, location("/login")), (302, away), (303, location("/conversations/cnv_9/tags")), (308, location("/x"))]
    {
        let fake = Fake::script(vec![says(status, &location, "")]).await;
        let outcome = post(&fake, ONCE).await.unwrap().outcome;
        assert!(matches!(outcome, Outcome::Refused { status: kept, .. } if kept == status), "{outcome:?}");
    }
    assert_eq!(elsewhere.seen(), []);
    let fake = Fake::new(|seen| {
        let to = if seen.line().contains("cnv_1") { "cnv_2" } else { "cnv_1" };
        says(301, &format!("location: /conversations/{to}/tags\r\n"), "")
    })
    .await;
    let error = post(&fake, ONCE).await.expect_err("without end");
    assert!(error.to_string().contains("redirects without end"), "{error}");
}

#[tokio::test]
async fn what_is_not_there_is_told_from_what_front_does_not_want() {
    let error = |message: &str| format!(r#"{{"_error":{{"message":"{message}"}}}}"#);
    let absent = |cause: &str| Outcome::<Value>::Absent { cause: cause.into() };
    let refused = |status, cause: &str| Outcome::<Value>::Refused { status, cause: cause.into() };
    for (status, body, outcome) in [
        (404, error("Unknown conversation ID cnv_1"), absent("Unknown conversation ID cnv_1")),
        (404, String::new(), absent("no explanation")),
        (404, error("Unknown tag ID tag_1"), refused(404, "Unknown tag ID tag_1")),
        (400, error("Body did not satisfy requirements"), refused(400, "Body did not satisfy requirements")),
        (409, error("conflict"), refused(409, "conflict")),
        (422, error("no"), refused(422, "no")),
    ] {
        let fake = Fake::script(vec![says(status, "", &body)]).await;
        assert_eq!(post(&fake, ONCE).await.unwrap().outcome, outcome);
        assert_attempts(&fake.seen(), 1);
    }
    for status in [401, 403] {
        let fake = Fake::script(vec![says(status, "", &error("no"))]).await;
        let stops = post(&fake, Repeat::Freely).await.expect_err("the token");
        assert!(matches!(&stops, FrontError::Unauthorized { status: kept, .. } if *kept == status), "{stops}");
    }
}

#[tokio::test]
async fn a_cancelled_run_begins_no_call() {
    let fake = Fake::script(vec![says(204, "", "")]).await;
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let called = posted(&fake.client(quick()).await, ONCE, &cancellation).await.unwrap();
    assert_eq!(called.outcome, Outcome::Cancelled);
    assert_eq!(fake.seen(), []);
}

#[tokio::test]
async fn cancelling_ends_a_wait_and_not_a_call_under_way() {
    for (trouble, repeat) in [(says(429, "", ""), ONCE), (says(500, "", ""), Repeat::Freely)] {
        let (cancellation, first) = (Cancellation::new(), AtomicBool::new(true));
        let trigger = cancellation.clone();
        let fake = Fake::new(move |_| {
            trigger.cancel();
            if first.swap(false, Ordering::Relaxed) { trouble.clone() } else { says(204, "", "") }
        })
        .await;
        let hour = Duration::from_hours(1);
        let client = fake.client(Timing { first_backoff: hour, longest_backoff: hour, ..quick() }).await;
        assert_eq!(posted(&client, repeat, &cancellation).await.unwrap().outcome, Outcome::Cancelled);
        assert_attempts(&fake.seen(), 1);
    }
    let cancellation = Cancellation::new();
    let trigger = cancellation.clone();
    let fake = Fake::new(move |_| {
        trigger.cancel();
        says(201, "", "{}")
    })
    .await;
    assert_eq!(posted(&fake.client(quick()).await, ONCE, &cancellation).await.unwrap(), done(json!({})));
}

#[tokio::test]
async fn a_budget_of_requests_is_kept_to_by_calls() {
    let fake = Fake::script(vec![says(500, "", "")]).await;
    let mut settings = Settings::new(fake.base_url(), SecretString::from(TOKEN));
    (settings.share, settings.reserve, settings.per_resource) = (1.0, 0, 1_000_000);
    (settings.timing, settings.most_requests) = (quick(), Some(3));
    let client = Client::new(settings).unwrap();
    assert!(client.attempt(Method::GET, &client.target().url(&["prime", ""]), None, None).await.is_ok());
    let error = posted(&client, Repeat::Freely, &Cancellation::new()).await.expect_err("spent");
    assert!(matches!(error, FrontError::Spent), "{error}");
    assert_eq!(fake.seen().len(), 2);
}

#[tokio::test]
async fn the_token_is_in_no_outcome() {
    let echo = format!(r#"{{"_error":{{"message":"you sent {TOKEN}"}}}}"#);
    for status in [400, 404, 500] {
        let fake = Fake::script(vec![says(status, "", &echo)]).await;
        let shown = format!("{:?}", post(&fake, ONCE).await.unwrap());
        assert!(shown.contains("[token]") && !shown.contains(TOKEN), "{shown}");
    }
    let fake = Fake::script(vec![says(200, "", &format!(r#"{{"id":"{TOKEN}"}}"#))]).await;
    assert_eq!(post(&fake, ONCE).await.unwrap(), done(json!({ "id": "[token]" })));
}
