//! Statuses on request, with and without a word on when to come again; storms; chosen messages.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, Faults};

use super::support::*;

fn hint(reply: &Reply) -> Option<&str> {
    reply.headers.get("retry-after").map(|value| value.to_str().unwrap())
}

/// Seconds from now to an HTTP date.
fn ahead(date: &str) -> i64 {
    let then = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
    then.as_second() - jiff::Timestamp::now().as_second()
}

#[tokio::test]
async fn failing_imports_store_nothing() {
    let front = Front::faulty(&["500=1/2"]);
    front.import(&message("a")).await.uid();
    front.import(&message("b")).await.refuses(500, "An internal error occurred.");
    assert_eq!(front.state().messages, 1);
    front.import(&message("b")).await.uid();
    let state = front.state();
    assert_eq!((state.messages, state.repeats, state.refused, front.counted("500")), (2, 0, 0, 1));
}

#[tokio::test]
async fn broken_servers_answer_in_json_and_load_balancers_with_a_page() {
    for (fault, status, is_page) in
        [("500=1", 500, false), ("503=1", 503, false), ("502=1", 502, true), ("504=1", 504, true)]
    {
        let front = Front::faulty(&[fault]);
        let reply = front.import(&message("a")).await;
        assert_eq!((reply.status, hint(&reply)), (status, None), "{fault}");
        assert_eq!(reply.headers["content-type"], if is_page { "text/html" } else { "application/json" }, "{fault}");
        assert_eq!(reply.headers.contains_key("x-ratelimit-limit"), !is_page, "{fault}");
        assert_eq!(reply.body.is_string(), is_page, "{fault}: {}", reply.body);
        assert_eq!(front.get("/me").await.status, 200, "only imports are counted");
        assert_eq!((front.state().messages, front.counted(&status.to_string())), (0, 1));
    }
}

#[tokio::test]
async fn a_wait_comes_in_seconds_in_fractions_as_a_date_or_not_at_all() {
    for status in [429, 500, 502, 503, 504] {
        for (argument, expected) in [(":7", Some("7")), (":0.25", Some("0.25")), ("", None)] {
            let front = Front::faulty(&[&format!("{status}=1{argument}")]);
            let reply = front.import(&message("a")).await;
            assert_eq!((reply.status, hint(&reply)), (status, expected), "{status}{argument}");
        }
        let front = Front::faulty(&[&format!("{status}=1:date:90")]);
        let reply = front.import(&message("a")).await;
        let wait = ahead(hint(&reply).unwrap());
        assert!((30..=91).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn a_burst_limit_comes_with_calls_left_and_says_its_wait_in_many_ways_or_none() {
    let reply = |fault: &'static str| async move {
        let front = Front::new(Config {
            limit_per_minute: 100,
            faults: Faults { imports: faults(&[fault]), ..Faults::default() },
            ..config()
        });
        let reply = front.import(&message("a")).await;
        assert_eq!(reply.headers["x-ratelimit-remaining"], "99", "{fault}");
        let state = front.state();
        assert_eq!((state.messages, state.refused, state.over_limit, front.counted("429")), (0, 0, 0, 1));
        reply
    };
    let seconds = reply("429=1:0.05").await;
    seconds.refuses(429, "Please retry in 50 milliseconds");
    assert_eq!(hint(&seconds), Some("0.05"));
    let words = reply("429=1:text:341").await;
    words.refuses(429, "Please retry in 341 milliseconds");
    assert_eq!(hint(&words), None);
    let nothing = reply("429=1").await;
    nothing.refuses(429, "Too many requests.");
    assert!(!nothing.body.to_string().contains("retry"), "{nothing:?}");
    assert_eq!(hint(&nothing), None);
}

#[tokio::test]
async fn a_storm_of_calls_refuses_everything_until_it_is_over() {
    let front = Front::faulty(&["storm=1/2:3"]);
    front.import(&message("a")).await.uid();
    front.import(&message("b")).await.refuses(429, "Too many requests");
    assert_eq!(front.get("/me").await.status, 429);
    assert_eq!(front.get("/inboxes").await.status, 429);
    assert_eq!(front.get("/me").await.status, 200);
    assert_eq!((front.state().messages, front.counted("storm")), (1, 3));
}

#[tokio::test]
async fn a_storm_in_time_says_when_it_will_be_over() {
    let front = Front::faulty(&["storm=1/2:60000ms"]);
    front.import(&message("a")).await.uid();
    let reply = front.import(&message("b")).await;
    reply.refuses(429, "Please retry in");
    let wait: f64 = hint(&reply).unwrap().parse().unwrap();
    assert!(wait > 0.0 && wait <= 60.0, "{wait}");
    assert_eq!(front.get("/me").await.status, 429);
}

#[tokio::test]
async fn chosen_messages_are_refused_whenever_they_come_and_others_are_not() {
    let front = Front::with(Faults {
        refuse: vec!["tl1-bad=413".parse().unwrap(), "Unwanted=422".parse().unwrap(), "x=400".parse().unwrap()],
        ..Faults::default()
    });
    for _ in 0..2 {
        front.import(&message("tl1-bad-7")).await.refuses(413, "25 MB");
        let unwanted = with(message("b"), &json!({ "subject": "Unwanted news" }));
        front.import(&unwanted).await.refuses(422, "Unprocessable");
        front.import(&message("x")).await.refuses(400, "Bad Request");
    }
    front.import(&message("fine")).await.uid();
    let state = front.state();
    assert_eq!((state.messages, state.refused, front.counted("refuse")), (1, 6, 6));
}

#[tokio::test]
async fn poison_is_a_500_each_time_while_others_pass() {
    let front = Front::with(Faults { poison: vec!["evil".to_owned()], ..Faults::default() });
    for n in 0..3 {
        front.import(&message("evil-1")).await.refuses(500, "An internal error occurred.");
        front.import(&message(&n.to_string())).await.uid();
    }
    assert_eq!((front.state().messages, front.state().refused, front.counted("poison")), (3, 0, 3));
}

#[tokio::test]
async fn other_calls_have_faults_of_their_own() {
    let front = Front::with(Faults { reads: faults(&["503=1/2:1"]), ..Faults::default() });
    assert_eq!(front.get("/me").await.status, 200);
    let reply = front.get("/me").await;
    assert_eq!((reply.status, hint(&reply)), (503, Some("1")));
    for n in 0..4 {
        front.import(&message(&n.to_string())).await.uid();
    }
}

#[tokio::test]
async fn the_same_seed_fails_the_same_imports() {
    let run = |seed| async move {
        let faults = Faults { seed, imports: faults(&["500=0.3", "429=0.2:0.1"]), ..Faults::default() };
        let front = Front::with(faults);
        let mut statuses = Vec::new();
        for n in 0..40 {
            statuses.push(front.import(&message(&n.to_string())).await.status);
        }
        statuses
    };
    let first = run(7).await;
    assert_eq!(first, run(7).await);
    assert_ne!(first, run(8).await);
    for status in [202, 429, 500] {
        assert!(first.contains(&status), "{first:?}");
    }
}

#[tokio::test]
async fn an_outage_with_answers_is_503_for_everything_and_passes() {
    let outage = "2:300:503".parse().unwrap();
    let front = Front::with(Faults { outages: vec![outage], ..Faults::default() });
    front.import(&message("a")).await.uid();
    let began = Instant::now();
    assert_eq!(front.import(&message("b")).await.status, 503);
    let read = front.get("/me").await;
    if began.elapsed() < Duration::from_millis(200) {
        assert_eq!((read.status, read.body.is_string()), (503, true));
    }
    assert_eq!(front.state().messages, 1);
    tokio::time::sleep(Duration::from_millis(350)).await;
    front.import(&message("b")).await.uid();
    assert!(front.counted("outage") >= 1);
}

#[tokio::test]
async fn a_deleted_inbox_is_unknown_to_every_call_and_the_others_go_on() {
    let front = Front::with(Faults { inbox_gone_at: Some(3), ..Faults::default() });
    let billing = front.state().inboxes[1].id.clone();
    front.import(&message("a")).await.uid();
    front.import(&message("b")).await.uid();
    for n in 0..2 {
        front.import(&message(&n.to_string())).await.refuses(404, &format!("Unknown inbox ID {INBOX}"));
    }
    for path in ["", "/conversations"] {
        front.get(&format!("/inboxes/{INBOX}{path}")).await.refuses(404, "Unknown inbox ID");
    }
    let listed = front.get("/inboxes").await.body;
    let ids: Vec<&Value> = listed["_results"].as_array().unwrap().iter().map(|inbox| &inbox["id"]).collect();
    assert_eq!(ids, [&json!(billing)]);
    front.import_into(&billing, &message("c")).await.uid();
    assert_eq!((front.state().messages, front.state().refused), (3, 2));
}
