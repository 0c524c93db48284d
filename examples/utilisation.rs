//! How much of Front's limit an import uses, in real minutes: sends small messages to the embedded Front at 100 requests a
//! minute, once with quick answers and once with slow ones, and counts what was accepted and what was refused.
//!
//! `cargo run --release --example utilisation [MINUTES [LIMIT]]`; three minutes and 100 requests a minute unless said.

#![expect(clippy::print_stdout, reason = "its output is the table")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use threadlift::front::{Answer, Cancellation, Client, Settings};
use threadlift::rehearsal::{Config, Faults, InboxSpec, Server};
use threadlift::request::{ImportRequest, Metadata, Sender};

const LATENCIES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(5)];

/// Conversations open at once.
const SENDERS: u64 = 64;

/// What one measurement found.
struct Row {
    latency: Duration,
    seconds: f64,
    requests: u64,
    accepted: u64,
    over_limit: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let minutes: f64 = arguments.next().map_or(Ok(3.0), |text| text.parse())?;
    let limit: u64 = arguments.next().map_or(Ok(100), |text| text.parse())?;
    println!("limit {limit}/min, share 1.0, reserve 0, {SENDERS} senders");
    println!("latency      time  requests  accepted  of limit  refused (429)");
    for latency in LATENCIES {
        let row = measure(latency, minutes, limit)?;
        println!(
            "{:>6} ms {:>7.1} s {:>9} {:>9} {:>9.3} {:>14}",
            row.latency.as_millis(),
            row.seconds,
            row.requests,
            row.accepted,
            utilisation(&row, limit),
            row.over_limit
        );
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of minutes")]
fn utilisation(row: &Row, limit: u64) -> f64 {
    row.accepted as f64 / (limit as f64 * row.seconds / 60.0)
}

fn measure(latency: Duration, minutes: f64, limit: u64) -> Result<Row, Box<dyn Error>> {
    let server = Server::start(Config {
        inboxes: vec![InboxSpec { name: "Support".to_owned(), id: Some("inb_1".to_owned()) }],
        limit_per_minute: limit,
        faults: Faults { latency, ..Faults::default() },
        ..Config::default()
    })?;
    let mut settings = Settings::new(server.base_url(), SecretString::from("rehearsal".to_owned()));
    settings.share = 1.0;
    settings.reserve = 0;
    let client = Client::new(settings)?;
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
        // Every run begins with it.
        client.me().await?;
        let cancellation = Cancellation::new();
        let (accepted, number) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (client, cancellation) = (client.clone(), cancellation.clone());
                let (accepted, number) = (Arc::clone(&accepted), Arc::clone(&number));
                tokio::spawn(async move {
                    while !cancellation.is_cancelled() {
                        let message = message(number.fetch_add(1, Ordering::Relaxed));
                        if let Answer::Accepted { .. } = client.import("inb_1", &message, &cancellation).await {
                            accepted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        // From when the first answers can be there.
        tokio::time::sleep(latency).await;
        let (began, before) = (Instant::now(), accepted.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_secs_f64(minutes * 60.0)).await;
        let (seconds, after) = (began.elapsed().as_secs_f64(), accepted.load(Ordering::Relaxed));
        cancellation.cancel();
        for sender in senders {
            sender.await?;
        }
        let over_limit = server.state().over_limit;
        Ok(Row { latency, seconds, requests: client.requests_made(), accepted: after - before, over_limit })
    })
}

fn message(number: u64) -> ImportRequest {
    ImportRequest {
        sender: Sender { handle: "ada@shop.example".to_owned(), name: None, author_id: None },
        to: vec!["support@acme.example".to_owned()],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: None,
        body: "<p>Hello</p>".to_owned(),
        body_format: Some("html"),
        external_id: format!("utilisation-{number}"),
        created_at: 1_500_000_000,
        kind: "email",
        assignee_id: None,
        tags: Vec::new(),
        metadata: Metadata {
            thread_ref: format!("utilisation-{number}"),
            is_inbound: true,
            is_archived: true,
            should_skip_rules: true,
        },
        attachments: Vec::new(),
    }
}
