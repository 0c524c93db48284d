//! Tests of [`super`] against a fake on loopback.

use super::*;
use crate::front::fake::{
    Does, Fake, Seen, TOKEN, accepts, client, message, message_with_files, quick, says, stops_halfway,
};
use crate::front::{FrontError, Settings};
use secrecy::SecretString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

async fn import(fake: &Fake, request: &ImportRequest) -> Answer {
    fake.client(quick()).await.import("inb_1", request, &Cancellation::new()).await
}

fn accepted(uid: &str) -> Answer {
    Answer::Accepted { uid: uid.to_owned(), repeated: false }
}

/// Accepted after an attempt of which nobody knows what Front made.
fn accepted_at_last(uid: &str) -> Answer {
    Answer::Accepted { uid: uid.to_owned(), repeated: true }
}

/// Every attempt was the same request, byte for byte.
fn assert_same_bytes(seen: &[Seen], attempts: usize, request: &ImportRequest) {
    assert_eq!(seen.len(), attempts);
    let expected = encode(request);
    for attempt in seen {
        assert_eq!(attempt.line(), "POST /inboxes/inb_1/imported_messages HTTP/1.1");
        assert_eq!(attempt.header("content-type"), Some(expected.content_type.as_str()));
        assert_eq!(attempt.header("content-length"), Some(expected.size.to_string().as_str()));
        assert_eq!(attempt.header("transfer-encoding"), None);
        assert!(attempt.body == expected.chunks.concat(), "the body is what was encoded");
    }
}

#[tokio::test]
async fn trouble_is_met_by_sending_the_same_bytes_again() {
    for (name, trouble) in [
        ("500", says(500, "", r#"{"_error":{"message":"An internal error occurred."}}"#)),
        ("502 in HTML", says(502, "", "<html><title>Bad gateway</title></html>")),
        ("503 with a wait", says(503, "retry-after: 0.01\r\n", "")),
        ("408", says(408, "", "")),
        ("429 with a wait", says(429, "retry-after: 0.01\r\n", "")),
        ("429 in words", says(429, "", r#"{"_error":{"message":"Please retry in 3 milliseconds."}}"#)),
        ("429 without a word", says(429, "", "")),
        ("reset", Does::Resets),
        ("hung up", Does::Writes(String::new())),
        ("half a head", Does::Writes("HTTP/1.1 20".to_owned())),
        ("half an answer", stops_halfway()),
        ("no uid", says(202, "", "{}")),
    ] {
        for request in [message("m"), message_with_files()] {
            let fake = Fake::script(vec![trouble.clone(), trouble.clone(), accepts("u1")]).await;
            // A 429 says that nothing was taken.
            let answer = if name.starts_with("429") { accepted("u1") } else { accepted_at_last("u1") };
            assert_eq!(import(&fake, &request).await, answer, "{name}");
            assert_same_bytes(&fake.seen(), 3, &request);
        }
    }
}

#[tokio::test]
async fn a_503_that_names_a_wait_holds_up_everybody_for_so_long() {
    let failed = AtomicBool::new(false);
    let fake = Fake::new(move |seen| match seen.line().split(' ').next() {
        Some("POST") if failed.swap(true, Ordering::Relaxed) => accepts("u1"),
        Some("POST") => says(503, "retry-after: 0.5\r\n", ""),
        _ => says(200, "", r#"{"id":"cmp_1"}"#),
    })
    .await;
    let client = fake.client(Timing { longest_hint: Duration::from_mins(1), ..quick() }).await;
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.import("inb_1", &message("m"), &Cancellation::new()).await }
    });
    let mut longest = Duration::ZERO;
    while !sending.is_finished() {
        let asked = std::time::Instant::now();
        client.me().await.unwrap();
        longest = longest.max(asked.elapsed());
    }
    assert_eq!(sending.await.unwrap(), accepted_at_last("u1"));
    assert!(longest > Duration::from_millis(400), "a simple question waited, too: {longest:?}");
}

#[tokio::test]
async fn a_429_is_waited_for_as_long_as_it_says_and_no_longer() {
    let throttled = says(429, "x-ratelimit-remaining: 50\r\nretry-after: 0.01\r\n", "");
    let fake = Fake::script(vec![throttled.clone(), throttled.clone(), throttled, accepts("u1")]).await;
    // What is waited for without a word from Front would take an hour.
    let hour = Duration::from_hours(1);
    let client = fake.client(Timing { first_backoff: hour, longest_backoff: hour, ..quick() }).await;
    let request = message("m");
    let cancellation = Cancellation::new();
    let answer = tokio::time::timeout(Duration::from_mins(1), client.import("inb_1", &request, &cancellation)).await;
    assert_eq!(answer, Ok(accepted("u1")));
    assert_eq!(fake.seen().len(), 4);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_and_asked_again() {
    let fake = Fake::script(vec![Does::Nothing, accepts("u1")]).await;
    let timing = Timing { answer: Duration::from_millis(100), ..quick() };
    let client = fake.client(timing).await;
    assert_eq!(client.import("inb_1", &message("m"), &Cancellation::new()).await, accepted_at_last("u1"));
    assert_same_bytes(&fake.seen(), 2, &message("m"));
}

#[tokio::test]
async fn a_success_that_never_names_the_message_is_unknown_after_three_replays() {
    for unusable in [says(202, "", "<html>fine</html>"), says(204, "", ""), stops_halfway()] {
        let fake = Fake::script(vec![unusable]).await;
        assert!(matches!(import(&fake, &message("m")).await, Answer::Unknown { .. }));
        assert_same_bytes(&fake.seen(), 4, &message("m"));
    }
}

#[tokio::test]
async fn a_final_answer_is_taken_at_its_word() {
    let refused = |status, cause: &str| Answer::Refused { status, cause: cause.to_owned() };
    for (does, answer) in [
        (
            says(400, "", r#"{"_error":{"message":"Body did not satisfy requirements"}}"#),
            refused(400, "Body did not satisfy requirements"),
        ),
        (says(413, "", "<html><title>Too large</title></html>"), refused(413, "Too large")),
        (says(409, "", "taken"), refused(409, "taken")),
        (
            says(401, "", "no"),
            Answer::Stop { cause: StopCause::Unauthorized { status: 401, text: "no".into() }, may_be_there: false },
        ),
        (
            says(403, "", "no"),
            Answer::Stop { cause: StopCause::Unauthorized { status: 403, text: "no".into() }, may_be_there: false },
        ),
        (
            says(404, "", "no"),
            Answer::Stop {
                cause: StopCause::UnknownInbox { inbox_id: "inb_1".into(), text: "no".into() },
                may_be_there: false,
            },
        ),
        (says(200, "", r#"{"message_uid":"u2"}"#), accepted("u2")),
    ] {
        let fake = Fake::script(vec![does]).await;
        assert_eq!(import(&fake, &message("m")).await, answer);
        assert_same_bytes(&fake.seen(), 1, &message("m"));
    }
}

#[tokio::test]
async fn a_conflict_after_an_answer_was_lost_is_not_a_refusal() {
    let fake = Fake::script(vec![Does::Resets, says(409, "", "conflict")]).await;
    assert!(matches!(import(&fake, &message("m")).await, Answer::Unknown { .. }));
    let there = says(400, "", r#"{"_error":{"message":"external_id already exists"}}"#);
    let fake = Fake::script(vec![there]).await;
    assert!(matches!(import(&fake, &message("m")).await, Answer::Unknown { .. }));
}

#[tokio::test]
async fn a_message_is_never_carried_along_by_a_redirect() {
    let elsewhere = Fake::script(vec![accepts("stolen")]).await;
    let location = format!("location: {}/inboxes/inb_1/imported_messages\r\n", elsewhere.base_url());
    for status in [301, 302, 307, 308] {
        let fake = Fake::script(vec![says(status, &location, "")]).await;
        let answer = import(&fake, &message("m")).await;
        assert!(matches!(answer, Answer::Refused { status: kept, .. } if kept == status));
    }
    assert_eq!(elsewhere.seen(), []);
}

#[tokio::test]
async fn an_outage_counts_against_no_message_and_is_waited_out() {
    let mut script = vec![says(503, "", ""); 15];
    script.push(accepts("u1"));
    let fake = Fake::script(script).await;
    assert_eq!(import(&fake, &message("m")).await, accepted_at_last("u1"));
    assert_same_bytes(&fake.seen(), 16, &message("m"));
}

#[tokio::test]
async fn an_outage_beyond_its_limit_stops_the_run() {
    // Long enough for a busy machine to try between the two.
    let timing = Timing { outage: Duration::from_millis(600), alone: Duration::from_millis(1), ..quick() };
    let fake = Fake::script(vec![says(503, "", "down")]).await;
    let answer = fake.client(timing.clone()).await.import("inb_1", &message("m"), &Cancellation::new()).await;
    assert_eq!(
        answer,
        Answer::Stop { cause: StopCause::Outage { last: "Front answered 503: down".into() }, may_be_there: true }
    );
    assert!(fake.seen().iter().any(|seen| seen.line() == "GET /me HTTP/1.1"), "asked whether Front is alive");

    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let answer = client(nobody, timing).import("inb_1", &message("m"), &Cancellation::new()).await;
    assert!(matches!(answer, Answer::Stop { cause: StopCause::Outage { .. }, may_be_there: false }), "{answer:?}");
}

#[tokio::test]
async fn the_last_message_of_a_run_cannot_stop_it_for_ever() {
    let fake = Fake::new(|seen| match seen.line() {
        "GET /me HTTP/1.1" => says(200, "", r#"{"id":"cmp_1","name":"Acme"}"#),
        _ => says(500, "", "boom"),
    })
    .await;
    let timing = Timing { alone: Duration::from_millis(20), ..quick() };
    let answer = fake.client(timing).await.import("inb_1", &message("m"), &Cancellation::new()).await;
    let Answer::Poison { attempts, status: Some(500), cause } = answer else { panic!("{answer:?}") };
    assert_eq!((attempts as usize, cause.as_str()), (fake.seen().len() - 1, "boom"));
}

#[tokio::test]
async fn where_several_messages_fail_and_none_succeeds_it_is_an_outage_though_front_answers_questions() {
    let fake = Fake::new(|seen| match seen.line() {
        "GET /me HTTP/1.1" => says(200, "", r#"{"id":"cmp_1","name":"Acme"}"#),
        _ => says(500, "", "boom"),
    })
    .await;
    let timing = Timing { outage: Duration::from_millis(80), alone: Duration::from_millis(1), ..quick() };
    let client = fake.client(timing).await;
    let cancellation = Cancellation::new();
    let (one, other) = (message("one"), message("other"));
    let first = client.import("inb_1", &one, &cancellation);
    let second = client.import("inb_1", &other, &cancellation);
    // The one that gives up first leaves the other alone, which then is what speaks against it.
    let answer = tokio::select! { answer = first => answer, answer = second => answer };
    assert!(matches!(answer, Answer::Stop { cause: StopCause::Outage { .. }, may_be_there: true }), "{answer:?}");
}

#[tokio::test]
async fn a_budget_of_requests_counts_every_attempt_and_ends_the_run() {
    let fake = Fake::script(vec![says(500, "", ""), accepts("u1")]).await;
    let mut settings = Settings::new(fake.base_url(), SecretString::from(TOKEN));
    (settings.share, settings.reserve, settings.per_resource) = (1.0, 0, 1_000_000);
    (settings.timing, settings.most_requests) = (quick(), Some(3));
    let client = Client::new(settings).unwrap();
    // The first of the three tells it that nothing paces it here.
    assert!(client.attempt(Method::GET, &client.target().url(&["prime", ""]), None, None).await.is_ok());
    assert_eq!(client.import("inb_1", &message("m"), &Cancellation::new()).await, accepted_at_last("u1"));
    let answer = client.import("inb_1", &message("n"), &Cancellation::new()).await;
    assert_eq!(answer, Answer::Stop { cause: StopCause::Spent, may_be_there: false });
    assert_eq!(fake.seen().len(), 2);
    assert!(matches!(client.me().await, Err(FrontError::Spent)), "lookups count as well");
}

#[tokio::test]
async fn a_message_that_fails_while_others_succeed_is_set_aside() {
    let fake = Fake::new(|seen| {
        let poison = seen.body.windows(6).any(|window| window == b"poison");
        if poison { says(500, "", "boom") } else { accepts("u") }
    })
    .await;
    let client = fake.client(quick()).await;
    let cancellation = Cancellation::new();
    let poison = message("poison");
    let failing = client.import("inb_1", &poison, &cancellation);
    let others = async {
        loop {
            assert_eq!(client.import("inb_1", &message("fine"), &cancellation).await, accepted("u"));
        }
    };
    let answer = tokio::select! {
        answer = failing => answer,
        () = others => unreachable!("others go on for ever"),
    };
    assert!(matches!(answer, Answer::Poison { attempts: 6.., status: Some(500), .. }), "{answer:?}");
}

fn failed(status: u16) -> Trouble {
    Trouble { status: Some(status), why: "boom".into(), wait: None, kind: Kind::Failed }
}

#[tokio::test(start_paused = true)]
async fn the_sixth_failure_among_successes_is_the_last() {
    let timing = Timing::default();
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut history = History::new(Backoff::new(Duration::ZERO, Duration::ZERO));
    // An outage: ten failures, no success since the first.
    for second in 10..20 {
        assert!(matches!(history.note(&failed(503), at(second), Some(at(5)), false, &timing), Next::Again));
    }
    // Front is back for others; throttling does not count.
    let throttled = Trouble { kind: Kind::Throttled, ..failed(429) };
    for second in 21..25 {
        assert!(matches!(history.note(&throttled, at(second), Some(at(20)), false, &timing), Next::Again));
        assert!(matches!(history.note(&failed(500), at(second), Some(at(20)), false, &timing), Next::Again));
    }
    let last = history.note(&failed(500), at(25), Some(at(20)), false, &timing);
    assert!(matches!(last, Next::Enough(Answer::Poison { attempts: 19, status: Some(500), .. })));
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_measured_from_the_latest_success() {
    let timing = Timing { outage: Duration::from_mins(30), ..Timing::default() };
    let start = Instant::now();
    let at = |minutes| start + Duration::from_mins(minutes);
    let mut history = History::new(Backoff::new(Duration::ZERO, Duration::ZERO));
    assert!(matches!(history.note(&failed(503), at(1), None, false, &timing), Next::Again));
    assert!(matches!(history.note(&failed(503), at(30), None, false, &timing), Next::Again));
    assert!(matches!(history.note(&failed(503), at(59), Some(at(30)), false, &timing), Next::Again));
    assert!(matches!(history.note(&failed(503), at(60), Some(at(30)), false, &timing), Next::LongOutage));
}

#[tokio::test]
async fn a_cancelled_run_begins_no_attempt() {
    let fake = Fake::script(vec![accepts("u1")]).await;
    let client = fake.client(quick()).await;
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let answer = client.import("inb_1", &message("m"), &cancellation).await;
    assert_eq!(answer, Answer::Cancelled { sent_before: false });
    assert_eq!(fake.seen(), []);
}

#[tokio::test]
async fn cancelling_ends_a_wait_and_says_what_may_have_happened() {
    for (trouble, may_have_arrived) in
        [(says(429, "", ""), false), (says(500, "", ""), true), (Does::Resets, true), (says(202, "", "{}"), true)]
    {
        let cancellation = Cancellation::new();
        let trigger = cancellation.clone();
        let fake = Fake::new(move |_| {
            // Comes while the client waits for the answer, which it still takes.
            trigger.cancel();
            trouble.clone()
        })
        .await;
        let timing =
            Timing { first_backoff: Duration::from_mins(10), longest_backoff: Duration::from_mins(10), ..quick() };
        let answer = fake.client(timing).await.import("inb_1", &message("m"), &cancellation).await;
        assert_eq!(fake.seen().len(), 1);
        if may_have_arrived {
            assert!(matches!(answer, Answer::Unknown { .. }), "{answer:?}");
        } else {
            assert_eq!(answer, Answer::Cancelled { sent_before: true });
        }
    }
}

#[tokio::test]
async fn cancelling_ends_a_wait_at_the_gate() {
    let fake = Fake::script(vec![says(429, "retry-after: 600\r\n", "")]).await;
    let timing = Timing { longest_hint: Duration::from_mins(10), ..quick() };
    let client = fake.client(timing).await;
    let cancellation = Cancellation::new();
    let request = message("m");
    let importing = client.import("inb_1", &request, &cancellation);
    let cancelling = async {
        while fake.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        cancellation.cancel();
    };
    let (answer, ()) = tokio::join!(importing, cancelling);
    assert_eq!(answer, Answer::Cancelled { sent_before: true });
}
