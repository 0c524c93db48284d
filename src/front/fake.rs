//! A Front for tests that can misbehave below HTTP: hang up, reset, stop in the middle of an answer, or say nothing.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Client, Settings, Timing};
use crate::request::{File, ImportRequest, Metadata, Sender};

pub(super) const TOKEN: &str = "eyJ0b2tlbg.c2VjcmV0";

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Request line and headers, headers in lower case.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// What the fake does once it has read a request.
#[derive(Debug, Clone)]
pub(super) enum Does {
    /// Writes these bytes and closes the connection.
    Writes(String),
    /// Resets the connection.
    Resets,
    /// Leaves the client waiting.
    Nothing,
}

/// A complete answer. It names a limit that paces nobody.
pub(super) fn says(status: u16, headers: &str, body: &str) -> Does {
    let length = body.len();
    Does::Writes(format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\nx-ratelimit-limit: 1000000000\r\ncontent-length: {length}\r\n\
         {headers}\r\n{body}"
    ))
}

pub(super) fn accepts(uid: &str) -> Does {
    says(202, "", &format!(r#"{{"status":"accepted","message_uid":"{uid}"}}"#))
}

/// The first half of an acceptance.
pub(super) fn stops_halfway() -> Does {
    let body = "HTTP/1.1 202 Accepted\r\ncontent-length: 60\r\n\r\n{\"status\":\"accepted\",\"mess";
    Does::Writes(body.to_owned())
}

pub(super) struct Fake {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Does one thing after another; the last one for ever.
    pub(super) async fn script(script: Vec<Does>) -> Self {
        let step = Mutex::new(0);
        Self::new(move |_| {
            let mut step = step.lock().unwrap();
            let does = script[(*step).min(script.len() - 1)].clone();
            *step += 1;
            does
        })
        .await
    }

    pub(super) async fn new(does: impl Fn(&Seen) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (record, does) = (Arc::clone(&seen), Arc::new(does));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (record, does) = (Arc::clone(&record), Arc::clone(&does));
                tokio::spawn(async move { serve(stream, &record, &*does).await });
            }
        });
        Self { address, seen }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client that has asked once (which neither the script nor `seen` counts) and so knows that the limit here paces
    /// nobody.
    pub(super) async fn client(&self, timing: Timing) -> Client {
        let client = client(self.base_url(), timing);
        let prime = client.target().url(&["prime", ""]);
        assert!(client.attempt(Method::GET, &prime, None, None).await.is_ok());
        client
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>, does: &(dyn Fn(&Seen) -> Does + Send + Sync)) {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let mut body = bytes.split_off(head_end);
    let head = String::from_utf8(bytes).unwrap();
    let request = Seen { head, body: Vec::new() };
    let length: usize = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let request = Seen { body, ..request };
    let action = if request.line().starts_with("GET /prime/") {
        says(404, "", "")
    } else {
        let action = does(&request);
        seen.lock().unwrap().push(request);
        action
    };
    match action {
        Does::Writes(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Does::Resets => stream.set_zero_linger().unwrap(),
        Does::Nothing => std::future::pending().await,
    }
}

/// A client that may use all of the limit.
pub(super) fn client(base_url: String, timing: Timing) -> Client {
    let mut settings = Settings::new(base_url, SecretString::from(TOKEN));
    settings.share = 1.0;
    settings.reserve = 0;
    settings.per_resource = 1_000_000;
    settings.timing = timing;
    Client::new(settings).unwrap()
}

/// Patience for tests.
pub(super) fn quick() -> Timing {
    Timing {
        first_backoff: Duration::from_millis(1),
        longest_backoff: Duration::from_millis(4),
        shortest_hint: Duration::from_millis(1),
        longest_hint: Duration::from_millis(20),
        ..Timing::default()
    }
}

pub(super) fn message(external_id: &str) -> ImportRequest {
    ImportRequest {
        sender: Sender { handle: "ada@shop.example".into(), name: None, author_id: None },
        to: vec!["support@acme.example".into()],
        cc: vec![],
        bcc: vec![],
        subject: None,
        body: "<p>Hi</p>".into(),
        body_format: Some("html"),
        external_id: external_id.into(),
        created_at: 1,
        kind: "email",
        assignee_id: None,
        tags: vec![],
        metadata: Metadata { thread_ref: "r".into(), is_inbound: true, is_archived: true, should_skip_rules: true },
        attachments: vec![],
    }
}

pub(super) fn message_with_files() -> ImportRequest {
    let file = |filename: &str, content: Vec<u8>| File {
        filename: filename.into(),
        content_type: "application/pdf".into(),
        content_id: None,
        is_named_by_id: false,
        content: Bytes::from(content),
    };
    let attachments = vec![file("a.pdf", vec![7; 300_000]), file("leer.pdf", vec![]), file("ü.pdf", vec![1, 2, 3])];
    ImportRequest { attachments, ..message("with-files") }
}
