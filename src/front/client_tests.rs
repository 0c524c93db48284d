//! Tests of settings, secrecy and lookups against a fake on loopback.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;

use super::fake::{Does, Fake, TOKEN, message, quick, says};
use super::{Answer, Cancellation, Client, Company, Files, FrontError, Settings, StopCause, Tag, Timing};

fn settings() -> Settings {
    Settings::new("https://api2.frontapp.com", SecretString::from(TOKEN))
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    assert!(Client::new(settings()).is_ok());
    let refused = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        matches!(Client::new(settings), Err(FrontError::Setting(_)))
    };
    assert!(refused(|settings| settings.share = 0.0));
    assert!(refused(|settings| settings.share = 1.01));
    assert!(refused(|settings| settings.share = f64::NAN));
    assert!(refused(|settings| settings.per_resource = 0));
    assert!(refused(|settings| settings.per_resource = 6));
    assert!(refused(|settings| settings.token = SecretString::from(" \n")));
    assert!(refused(|settings| settings.token = SecretString::from("to\nken")));
    assert!(refused(|settings| settings.base_url = "http://api2.frontapp.com".into()));
    let mut rehearsal = settings();
    rehearsal.base_url = "http://127.0.0.1:1".into();
    rehearsal.per_resource = NonZeroU32::MAX.get();
    assert!(Client::new(rehearsal).is_ok());
}

#[tokio::test]
async fn the_token_is_in_its_header_and_nowhere_else() {
    let echo = format!("you sent Bearer {TOKEN}, and {TOKEN}");
    let fake = Fake::script(vec![says(401, "", &echo), says(400, "", &echo), says(418, "", &echo)]).await;
    let client = fake.client(quick()).await;
    let stop = client.import("inb_1", &message("m"), &Cancellation::new()).await;
    let text = "you sent Bearer [token], and [token]".to_owned();
    assert_eq!(
        stop,
        Answer::Stop { cause: StopCause::Unauthorized { status: 401, text: text.clone() }, may_be_there: false }
    );
    let refused = client.import("inb_1", &message("m"), &Cancellation::new()).await;
    assert_eq!(refused, Answer::Refused { status: 400, cause: text });
    let error = client.me().await.expect_err("418");
    let mut bad = settings();
    bad.token = SecretString::from(format!("{TOKEN}\u{7f}"));
    let no_client = Client::new(bad).expect_err("a token with a control character");
    for shown in [
        format!("{client:?}"),
        format!("{:?}", settings()),
        format!("{error} {error:?}"),
        format!("{no_client} {no_client:?}"),
    ] {
        assert!(!shown.contains("eyJ0b2tlbg") && !shown.contains("c2VjcmV0"), "{shown}");
    }
    for seen in fake.seen() {
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(seen.head.matches(TOKEN).count(), 1);
        assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("threadlift/")));
    }
}

#[tokio::test]
async fn lists_are_followed_to_their_last_page() {
    let fake = Fake::new(|seen| match seen.line() {
        "GET /tags?limit=100 HTTP/1.1" => {
            let host = seen.header("host").unwrap();
            says(200, "", &format!(
                r#"{{"_pagination":{{"next":"http://{host}/tags?limit=100&page_token=b"}},"_results":[{{"id":"tag_1","name":"a","highlight":null}}]}}"#
            ))
        }
        "GET /tags?limit=100&page_token=b HTTP/1.1" => {
            says(200, "", r#"{"_pagination":{"next":null},"_results":[{"id":"tag_2","name":"b"}]}"#)
        }
        "GET /inboxes HTTP/1.1" => says(200, "", r#"{"_results":[{"id":"inb_1","name":"Support"}]}"#),
        "GET /teammates HTTP/1.1" => says(200, "", r#"{"_results":[{"id":"tea_1","email":"leela@acme.example"}]}"#),
        _ => says(200, "", r#"{"_links":{},"id":"cmp_1","name":"Acme"}"#),
    })
    .await;
    let client = fake.client(quick()).await;
    let tag = |id: &str, name: &str| Tag { id: id.into(), name: name.into(), parent_id: None, is_private: false };
    assert_eq!(client.tags().await.unwrap(), [tag("tag_1", "a"), tag("tag_2", "b")]);
    assert_eq!(client.inboxes().await.unwrap()[0].name, "Support");
    assert_eq!(client.teammates().await.unwrap()[0].email, "leela@acme.example");
    assert_eq!(client.me().await.unwrap(), Company { id: "cmp_1".into(), name: "Acme".into() });
}

#[tokio::test]
async fn pages_that_lead_away_or_in_a_circle_are_not_followed() {
    let elsewhere = Fake::script(vec![says(200, "", r#"{"_results":[]}"#)]).await;
    let away = format!(r#"{{"_pagination":{{"next":"{}/tags"}},"_results":[]}}"#, elsewhere.base_url());
    let circle = r#"{"_pagination":{"next":"/tags"},"_results":[]}"#;
    for body in [away.as_str(), circle] {
        let fake = Fake::script(vec![says(200, "", body)]).await;
        let error = fake.client(quick()).await.tags().await.expect_err(body);
        assert!(matches!(error, FrontError::Unreadable { .. }), "{error}");
    }
    assert_eq!(elsewhere.seen(), []);
}

#[tokio::test]
async fn a_message_that_does_not_exist_yet_is_none() {
    let fake = Fake::script(vec![
        says(404, "", ""),
        says(503, "", ""),
        says(
            200,
            "",
            r#"{"id":"msg_1","message_uid":"u/1","subject":"Hi","is_inbound":true,"created_at":1.5,"attachments":[{"size":2},{"size":3}],
                "_links":{"related":{"conversation":"https://acme.api.frontapp.com/conversations/cnv_9"}}}"#,
        ),
        says(200, "", r#"{"id":"msg_2"}"#),
    ])
    .await;
    let client = fake.client(quick()).await;
    assert_eq!(client.message_by_uid("u/1").await.unwrap(), None);
    let message = client.message_by_uid("u/1").await.unwrap().expect("it exists");
    assert_eq!((message.id.as_str(), message.conversation_id.as_deref()), ("msg_1", Some("cnv_9")));
    assert_eq!((message.is_inbound, message.created_at), (Some(true), Some(1.5)));
    assert_eq!((message.uid.as_deref(), message.subject.as_deref()), (Some("u/1"), Some("Hi")));
    assert_eq!(message.files, Some(Files { count: 2, bytes: Some(5) }));
    assert_eq!(client.message_by_uid("u/1").await.unwrap().expect("it exists").conversation_id, None);
    assert!(fake.seen().iter().all(|seen| seen.line() == "GET /messages/alt:uid:u%2F1 HTTP/1.1"));
}

#[tokio::test]
async fn lookups_try_again_and_then_say_why_not() {
    let cut_off = Does::Writes("HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{".to_owned());
    for trouble in [says(500, "", "boom"), Does::Resets, cut_off] {
        let fake = Fake::script(vec![trouble]).await;
        let error = fake.client(quick()).await.me().await.expect_err("no answer");
        assert!(matches!(error, FrontError::Unavailable { attempts: 6, .. }), "{error}");
        assert_eq!(fake.seen().len(), 6);
    }
    let fake = Fake::script(vec![says(403, "", "no")]).await;
    let error = fake.client(quick()).await.inboxes().await.expect_err("no permission");
    assert!(matches!(error, FrontError::Unauthorized { status: 403, .. }), "{error}");
    let fake = Fake::script(vec![says(200, "", "<html>welcome</html>")]).await;
    let error = fake.client(quick()).await.me().await.expect_err("not JSON");
    assert!(matches!(error, FrontError::Unreadable { .. }), "{error}");
    assert_eq!(fake.seen().len(), 3, "what is not Front is told soon");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_asked_for_again() {
    for senseless in ["<html>back soon</html>", "", "{\"id\":"] {
        let fake = Fake::script(vec![says(200, "", senseless), says(200, "", r#"{"id":"cmp_1","name":"Acme"}"#)]).await;
        let company = fake.client(quick()).await.me().await.expect("the second answer");
        assert_eq!((company.id.as_str(), fake.seen().len()), ("cmp_1", 2), "{senseless}");
    }
}

#[tokio::test]
async fn throttled_lookups_wait_for_as_long_as_it_takes_but_not_for_ever() {
    let mut script = vec![says(429, "retry-after: 0\r\n", ""); 10];
    script.push(says(200, "", r#"{"id":"cmp_1"}"#));
    let fake = Fake::script(script).await;
    assert!(fake.client(quick()).await.me().await.is_ok());

    let fake = Fake::script(vec![says(429, "", "")]).await;
    let timing = Timing { outage: Duration::from_millis(20), ..quick() };
    assert!(matches!(fake.client(timing).await.me().await, Err(FrontError::Unavailable { .. })));
}

#[tokio::test]
async fn a_lookup_follows_redirects_within_front_alone() {
    let fake = Fake::new(|seen| match seen.line() {
        "GET /me HTTP/1.1" => says(301, "location: /moved\r\n", ""),
        "GET /moved HTTP/1.1" => says(200, "", r#"{"id":"cmp_1"}"#),
        "GET /inboxes HTTP/1.1" => says(302, "location: https://acme.api.frontapp.com/inboxes\r\n", ""),
        _ => says(302, "location: /teammates\r\n", ""),
    })
    .await;
    let client = fake.client(quick()).await;
    assert_eq!(client.me().await.unwrap().id, "cmp_1");
    assert!(fake.seen().iter().all(|seen| seen.header("authorization").is_some()));
    assert!(client.inboxes().await.is_err(), "a rehearsal is never led to the real Front");
    assert!(client.teammates().await.is_err(), "without end");
}

#[tokio::test]
async fn a_token_that_is_echoed_in_any_spelling_shows_up_nowhere() {
    let spelled = |way: fn(u8) -> String| TOKEN.bytes().map(way).collect::<Vec<_>>().concat();
    let percent = spelled(|byte| format!("%{byte:02x}"));
    let json = spelled(|byte| format!("\\u{byte:04x}"));
    let html = spelled(|byte| format!("&#{byte};"));
    let echo = format!("{TOKEN} {percent} {json} {html}");
    let body = format!(r#"{{"_error":{{"title":"{json}","message":"{TOKEN}","details":["{percent}"]}}}}"#);
    let headers = format!("x-front-tier: {TOKEN}\r\nretry-after: {TOKEN}\r\nserver: {TOKEN}\r\n");
    let reason = |status: u16, location: &str| {
        let length = body.len();
        Does::Writes(format!(
            "HTTP/1.1 {status} {TOKEN}\r\nconnection: close\r\n{headers}{location}content-length: {length}\r\n\r\n{body}"
        ))
    };
    let mut shown = Vec::new();
    for status in [400, 401, 403, 404, 418, 422, 429, 500, 503, 999] {
        let fake = Fake::script(vec![reason(status, "")]).await;
        let timing = Timing { outage: Duration::from_millis(10), ..quick() };
        let client = fake.client(timing).await;
        shown.push(format!("{:?}", client.import("inb_1", &message("m"), &Cancellation::new()).await));
        let error = client.me().await.expect_err("no success");
        shown.push(format!("{error} {error:?} {}", error.remedy()));
    }
    // Redirects and pages that have the token in their address, also where the next answer names that address.
    let fake = Fake::new(move |seen| match seen.line() {
        "GET /me HTTP/1.1" => says(302, &format!("location: /moved/{TOKEN}\r\n"), ""),
        "GET /inboxes HTTP/1.1" => says(302, "location: /moved?to=%65yJ0b2tlbg.c2VjcmV0\r\n", ""),
        "GET /teammates HTTP/1.1" => {
            says(200, "", &format!(r#"{{"_results":[],"_pagination":{{"next":"/teammates/{TOKEN}"}}}}"#))
        }
        "GET /tags?limit=100 HTTP/1.1" => says(200, "", &format!(r#"{{"_results":[{{"id":"{TOKEN}","name":7}}]}}"#)),
        line if line.starts_with("POST") => says(202, "", &format!(r#"{{"message_uid":"{TOKEN}"}}"#)),
        _ => says(404, "", &echo),
    })
    .await;
    let client = fake.client(quick()).await;
    shown.push(format!("{:?}", client.me().await.expect_err("404")));
    shown.push(format!("{:?}", client.inboxes().await.expect_err("404")));
    shown.push(format!("{:?}", client.teammates().await.expect_err("404")));
    shown.push(format!("{:?}", client.tags().await.expect_err("a name that is no text")));
    shown.push(format!("{:?}", client.import("inb_1", &message("m"), &Cancellation::new()).await));
    shown.push(format!("{client:?} {:?} {:?}", client.target(), Cancellation::new()));
    assert!(shown.iter().any(|text| text.contains("[token]")), "nothing was echoed: the test shows nothing");
    for text in &shown {
        let plain = text.replace('\\', "").to_lowercase();
        for secret in [TOKEN, "eyJ0b2tlbg", "c2VjcmV0", "%65%79", "u0065u0079", "&#101;&#121;"] {
            assert!(!plain.contains(&secret.to_lowercase()), "{secret} in {text}");
        }
    }
    for seen in fake.seen() {
        assert_eq!(seen.head.matches(TOKEN).count(), 1, "in its own header alone: {}", seen.head);
    }
}

#[tokio::test]
async fn neither_redirects_nor_pages_carry_the_token_to_another_host() {
    let elsewhere = Fake::script(vec![says(200, "", r#"{"id":"cmp_1","_results":[]}"#)]).await;
    for status in [301, 302, 303, 307, 308] {
        let away = format!("location: {}/me\r\n", elsewhere.base_url());
        let fake = Fake::script(vec![says(status, &away, "")]).await;
        let client = fake.client(quick()).await;
        let error = client.me().await.expect_err("away");
        assert!(error.to_string().contains("redirects away from Front"), "{error}");
        let refused = client.import("inb_1", &message("m"), &Cancellation::new()).await;
        assert!(matches!(refused, Answer::Refused { .. }), "{refused:?}");
    }
    assert_eq!(elsewhere.seen(), []);
}

#[tokio::test]
async fn a_budget_of_requests_is_kept_to_by_lookups_and_imports_together() {
    let fake = Fake::new(|seen| match seen.line() {
        "GET /me HTTP/1.1" => says(200, "", r#"{"id":"cmp_1"}"#),
        _ => says(500, "", "boom"),
    })
    .await;
    let mut settings = Settings::new(fake.base_url(), SecretString::from(TOKEN));
    settings.timing = quick();
    settings.share = 1.0;
    settings.reserve = 0;
    settings.most_requests = Some(4);
    let client = Client::new(settings).unwrap();
    assert_eq!(client.requests_made(), 0);
    assert!(client.me().await.is_ok());
    let answer = client.import("inb_1", &message("m"), &Cancellation::new()).await;
    let spent = Answer::Stop { cause: StopCause::Spent, may_be_there: true };
    assert_eq!(answer, spent, "three attempts failed, a fourth was not to be");
    assert!(matches!(client.me().await, Err(FrontError::Spent)));
    assert_eq!((client.requests_made(), fake.seen().len()), (4, 4));
}

#[tokio::test]
async fn a_limit_of_one_resource_holds_up_no_other() {
    let tier = r#"{"_error":{"message":"exceeded the limit of a tier-2 route. Please retry in 600000 milliseconds."}}"#;
    let fake = Fake::new(move |seen| match seen.line() {
        "GET /me HTTP/1.1" => says(200, "", r#"{"id":"cmp_1"}"#),
        _ => says(429, "x-ratelimit-remaining: 50\r\nx-front-tier: 2\r\n", tier),
    })
    .await;
    let timing = Timing { longest_hint: Duration::from_mins(10), ..quick() };
    let client = fake.client(timing).await;
    let cancellation = Cancellation::new();
    let request = message("m");
    let held = tokio::spawn({
        let (client, cancellation) = (client.clone(), cancellation.clone());
        async move { client.import("inb_1", &request, &cancellation).await }
    });
    while fake.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        client.me().await.unwrap();
    }
    cancellation.cancel();
    assert_eq!(held.await.unwrap(), Answer::Cancelled { sent_before: true });
    assert_eq!(fake.seen().iter().filter(|seen| seen.line().starts_with("POST")).count(), 1);
}

#[tokio::test]
async fn a_conversation_s_messages_come_page_by_page_and_only_from_front() {
    let elsewhere = Fake::script(vec![says(200, "", r#"{"_results":[]}"#)]).await;
    let page =
        |next: &str| format!(r#"{{"_pagination":{{"next":{next}}},"_results":[{{"id":"msg_1","message_uid":"u"}}]}}"#);
    let fake = Fake::script(vec![
        says(200, "", &page(r#""/conversations/cnv_1/messages?limit=20&page_token=b""#)),
        says(200, "", &page("null")),
        says(404, "", ""),
    ])
    .await;
    let client = fake.client(quick()).await;
    let first = client.conversation_messages("cnv_1", 20, None).await.unwrap().expect("it exists");
    assert_eq!((first.messages[0].id.as_str(), first.messages[0].uid.as_deref()), ("msg_1", Some("u")));
    let second = client.conversation_messages("cnv_1", 20, first.next.as_deref()).await.unwrap().expect("it exists");
    assert_eq!(second.next, None);
    assert_eq!(client.conversation_messages("cnv_1", 20, None).await.unwrap(), None);
    let away = format!("{}/conversations/cnv_1/messages", elsewhere.base_url());
    let error = client.conversation_messages("cnv_1", 20, Some(&away)).await.expect_err("another host");
    assert!(matches!(error, FrontError::Unreadable { .. }), "{error}");
    assert_eq!(elsewhere.seen(), []);
    let lines: Vec<String> = fake.seen().iter().map(|seen| seen.line().to_owned()).collect();
    let get = |query: &str| format!("GET /conversations/cnv_1/messages?{query} HTTP/1.1");
    assert_eq!(lines, [get("limit=20"), get("limit=20&page_token=b"), get("limit=20")]);
}
