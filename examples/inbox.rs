//! How long pages of the rehearsal's inbox take when it is full.
//!
//! ```text
//! cargo run --release --example inbox [CONVERSATIONS]
//! ```

#![expect(clippy::print_stdout, reason = "a measurement prints")]

use serde_json::json;
use std::time::{Duration, Instant};
use threadlift::rehearsal::{Config, InboxSpec, Server};

/// Messages of each conversation.
const MESSAGES: u32 = 3;
/// How often each page is asked for.
const TIMES: usize = 21;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let conversations: u32 = std::env::args().nth(1).map_or(Ok(20_000), |number| number.parse())?;
    let config = Config {
        inboxes: vec![InboxSpec { name: "Support".to_owned(), id: Some("inb_1".to_owned()) }],
        appear_after: Duration::ZERO,
        ..Config::default()
    };
    let token = config.token.clone();
    let server = Server::start(config)?;
    let base = server.base_url();
    // reqwest is built without cryptography of its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let began = Instant::now();
    for number in 0..conversations * MESSAGES {
        let answer = client
            .post(format!("{base}/inboxes/inb_1/imported_messages"))
            .bearer_auth(&token)
            .json(&message(number, conversations))
            .send()
            .await?;
        answer.error_for_status()?;
    }
    println!(
        "{conversations} conversations of {MESSAGES} messages, imported in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    println!("{:<34} {:>9} {:>9}", "", "median", "longest");
    let list = "/web/inboxes/inb_1";
    let last = conversations.div_ceil(50);
    for (name, path) in [
        ("first page", "/".to_owned()),
        ("inbox, first page", list.to_owned()),
        ("inbox, page in the middle", format!("{list}?page={}", last / 2)),
        ("inbox, last page", format!("{list}?page={last}")),
        ("conversation", "/web/conversations/cnv_100001".to_owned()),
        ("search: in 50 newest subjects", "/web/search?q=question".to_owned()),
        ("search: in one text, the oldest", "/web/search?q=needle".to_owned()),
        ("search: nowhere", "/web/search?q=absent".to_owned()),
    ] {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            client.get(format!("{base}{path}")).send().await?.error_for_status()?.bytes().await?;
            times.push(began.elapsed());
        }
        times.sort();
        let milliseconds = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
        println!("{name:<34} {:>6.1} ms {:>6.1} ms", milliseconds(times.get(TIMES / 2)), milliseconds(times.last()));
    }
    let page = client.get(format!("{base}/web/search?q=absent")).send().await?.text().await?;
    if let Some(said) = page.split("class=\"kept\">").nth(1).and_then(|rest| rest.split('<').next()) {
        println!("the last of these said: {said}");
    }
    Ok(())
}

/// About 2 kB of HTML, as a mail with its history has.
fn message(number: u32, conversations: u32) -> serde_json::Value {
    let (conversation, place) = (number / MESSAGES, number % MESSAGES);
    let words = if number == 0 { "needle" } else { "hay" };
    let history = "<p>and the history of it, as mail programs quote it below each answer.</p>".repeat(20);
    let is_inbound = place != 1;
    let customer = format!("customer{conversation}@customers.example");
    let (sender, to) =
        if is_inbound { (customer.as_str(), "us@x.example") } else { ("us@x.example", customer.as_str()) };
    json!({
        "sender": { "handle": sender, "name": format!("Customer {conversation}") },
        "to": [to],
        "subject": format!("A question about order {conversation}"),
        "body": format!("<p>Text {number} with {words} &amp; more.</p><blockquote>{history}</blockquote>"),
        "body_format": "html",
        "external_id": format!("id-{number}"),
        "created_at": 1_400_000_000 + i64::from(place) * 3600 + i64::from(conversation) * 86_400 / i64::from(conversations) * 300,
        "tags": ["legacy"],
        "metadata": { "is_inbound": is_inbound, "is_archived": true, "should_skip_rules": true, "thread_ref": format!("t{conversation}") },
    })
}
