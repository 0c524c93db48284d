//! Limits, and what answers say of them.

use std::time::Duration;

use threadlift::rehearsal::{Config, LiveTeam};

use super::support::*;

fn number(reply: &Reply, header: &str) -> f64 {
    reply.headers[header].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_resource_asked_too_often_answers_429_with_calls_left_and_names_the_tier() {
    let front = Front::new(Config { limit_per_minute: 100, per_resource: Some(2), ..config() });
    let path = format!("/inboxes/{INBOX}");
    // Three calls may take longer than a second on a busy machine; the first three of many that do not are enough.
    for _ in 0..20 {
        let replies = [front.get(&path).await, front.import(&message("a")).await, front.get(&path).await];
        let Some(reply) = replies.iter().find(|reply| reply.status == 429) else { continue };
        reply.refuses(429, "Please retry in");
        assert_eq!(reply.headers["x-front-tier"], "tier-2");
        assert!(number(reply, "x-ratelimit-remaining") > 0.0 && number(reply, "retry-after") <= 1.0, "{reply:?}");
        assert!(front.state().over_resource > 0 && front.state().over_limit == 0);
        assert_eq!(front.get("/me").await.status, 200, "what has no id is not limited by it");
        return;
    }
    panic!("three calls were never refused");
}

#[tokio::test]
async fn the_limit_changes_with_its_import() {
    let front = Front::new(Config { limit_per_minute: 100, limit_at: vec![(2, 3)], ..config() });
    assert_eq!(front.import(&message("a")).await.headers["x-ratelimit-limit"], "100");
    let second = front.import(&message("b")).await;
    assert_eq!((second.status, &second.headers["x-ratelimit-limit"]), (202, &"3".parse().unwrap()));
    assert_eq!(front.get("/me").await.status, 200);
    front.get("/me").await.refuses(429, "Please retry in");
    let state = front.state();
    assert_eq!((state.over_limit, state.busiest_window, state.imports, state.reads), (1, 3, 2, 2));
}

#[tokio::test]
async fn a_burst_allowance_is_announced_and_lets_calls_pass_beyond_the_limit() {
    let front = Front::new(Config { limit_per_minute: 2, has_burst: true, ..config() });
    let mut left = Vec::new();
    for _ in 0..3 {
        let reply = front.get("/me").await;
        assert_eq!(reply.headers["x-ratelimit-burst-limit"], "1");
        left.push((number(&reply, "x-ratelimit-remaining"), number(&reply, "x-ratelimit-burst-remaining")));
    }
    assert_eq!(left, [(1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]);
    assert_eq!(front.get("/me").await.status, 429);
    let plain = Front::plain().get("/me").await;
    assert!(!plain.headers.contains_key("x-ratelimit-burst-limit"));
}

#[tokio::test]
async fn answers_can_be_silent_about_limits() {
    let front = Front::new(Config { has_rate_headers: false, limit_per_minute: 1, ..config() });
    let silent = |reply: &Reply| !reply.headers.keys().any(|name| name.as_str().starts_with("x-ratelimit"));
    assert!(silent(&front.get("/me").await));
    let refused = front.get("/me").await;
    assert!(refused.status == 429 && silent(&refused), "{refused:?}");
}

#[tokio::test]
async fn a_clock_that_is_off_shows_in_date_reset_and_retry_after() {
    let skew = -1000;
    let faults = threadlift::rehearsal::Faults { imports: faults(&["429=1:date:60"]), ..Default::default() };
    let front = Front::new(Config { clock_skew: skew, faults, ..config() });
    let reply = front.import(&message("a")).await;
    let now = jiff::Timestamp::now().as_second();
    let of = |header: &str| {
        let date = reply.headers[header].to_str().unwrap();
        jiff::fmt::rfc2822::parse(date).unwrap().timestamp().as_second() - now - skew
    };
    assert!((-30..=1).contains(&of("date")), "{}", of("date"));
    assert!((30..=61).contains(&of("retry-after")), "{}", of("retry-after"));
    let reset = jiff::Timestamp::from_second(now + skew).unwrap().as_second();
    let ahead =
        reply.headers["x-ratelimit-reset"].to_str().unwrap().split('.').next().unwrap().parse::<i64>().unwrap() - reset;
    assert!((0..=61).contains(&ahead), "{ahead}");
}

#[tokio::test]
async fn a_live_team_uses_the_same_limit_and_is_counted() {
    // So many that some are due at once.
    let live_team = Some(LiveTeam { per_minute: 600_000, is_bursty: false });
    let front = Front::new(Config { limit_per_minute: 100, live_team, ..config() });
    tokio::time::sleep(Duration::from_millis(50)).await;
    front.get("/me").await.refuses(429, "Please retry in");
    let state = front.state();
    assert_eq!((state.over_limit, state.busiest_window), (1, 0));
    assert!(state.others_asked > 400 && state.others_refused == state.others_asked - 100, "{state:?}");
}
