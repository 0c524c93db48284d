//! A Front that does as the test says.

use crate::front::{Client, Settings, Timing};
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An imported message, as Front sees it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The test's name for it.
    pub(super) name: String,
    pub(super) external_id: String,
    thread_ref: String,
    pub(super) body: Value,
}

/// Status code and body; with status 0 the body is all that is written before the connection ends.
pub(super) type Says = (u16, String);

pub(super) struct Front {
    pub(super) client: Client,
    record: Arc<Mutex<Record>>,
}

#[derive(Default)]
struct Record {
    seen: Vec<Seen>,
    /// Conversations with a request under way.
    busy: HashSet<String>,
    overlaps: usize,
}

pub(super) fn accepts() -> Says {
    (202, r#"{"status":"accepted","message_uid":"u"}"#.to_owned())
}

pub(super) fn refuses(why: &str) -> Says {
    (400, format!(r#"{{"_error":{{"message":"{why}"}}}}"#))
}

type Answer = dyn Fn(Seen) -> BoxFuture<'static, Says> + Send + Sync;

impl Front {
    /// Answers at once.
    pub(super) async fn answering(answer: impl Fn(&str) -> Says + Send + Sync + 'static) -> Self {
        Self::new(move |seen| Box::pin(std::future::ready(answer(&seen.name)))).await
    }

    pub(super) async fn new(answer: impl Fn(Seen) -> BoxFuture<'static, Says> + Send + Sync + 'static) -> Self {
        Self::allowing(None, answer).await
    }

    /// To this Front the client makes so many requests at most, the one that it begins with included.
    pub(super) async fn allowing(
        most_requests: Option<u64>,
        answer: impl Fn(Seen) -> BoxFuture<'static, Says> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let record = Arc::new(Mutex::new(Record::default()));
        let (kept, answer): (_, Arc<Answer>) = (Arc::clone(&record), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                tokio::spawn(async move { serve(stream, &kept, &*answer).await });
            }
        });
        let mut settings = Settings::new(base_url, SecretString::from("token"));
        settings.share = 1.0;
        settings.reserve = 0;
        settings.per_resource = 1_000_000;
        settings.most_requests = most_requests;
        settings.timing = Timing {
            first_backoff: Duration::from_millis(1),
            longest_backoff: Duration::from_millis(4),
            ..Timing::default()
        };
        let client = Client::new(settings).unwrap();
        // From the answer it learns that the limit paces nobody here.
        client.me().await.unwrap();
        Self { client, record }
    }

    /// Messages in the order in which their requests came.
    pub(super) fn seen(&self) -> Vec<String> {
        self.record.lock().unwrap().seen.iter().map(|seen| seen.name.clone()).collect()
    }

    pub(super) fn bodies(&self, name: &str) -> Vec<Value> {
        let record = self.record.lock().unwrap();
        record.seen.iter().filter(|seen| seen.name == name).map(|seen| seen.body.clone()).collect()
    }

    /// How often a request came while another one of its conversation was under way.
    pub(super) fn overlaps(&self) -> usize {
        self.record.lock().unwrap().overlaps
    }
}

async fn serve(mut stream: TcpStream, record: &Mutex<Record>, answer: &Answer) {
    let Some((head, body)) = read(&mut stream).await else { return };
    let (status, text) = if head.starts_with("GET ") {
        (200, r#"{"id":"cmp_1","name":"Acme"}"#.to_owned())
    } else {
        let body: Value = serde_json::from_slice(&body).unwrap();
        let field = |value: &Value| value.as_str().unwrap().to_owned();
        let seen = Seen {
            name: field(&body["subject"]),
            external_id: field(&body["external_id"]),
            thread_ref: field(&body["metadata"]["thread_ref"]),
            body,
        };
        let thread = seen.thread_ref.clone();
        {
            let mut record = record.lock().unwrap();
            record.seen.push(seen.clone());
            record.overlaps += usize::from(!record.busy.insert(thread.clone()));
        }
        let says = answer(seen).await;
        // Time for another request of this conversation to show itself, should there be one.
        tokio::time::sleep(Duration::from_millis(2)).await;
        record.lock().unwrap().busy.remove(&thread);
        says
    };
    let length = text.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\nx-ratelimit-limit: 1000000000\r\ncontent-length: {length}\r\n\r\n"
    );
    let head = if status == 0 { String::new() } else { head };
    let _ = stream.write_all(format!("{head}{text}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap();
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    while body.len() < length.unwrap_or(0) {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}
