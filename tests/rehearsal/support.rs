//! A server, a client without a single idea of Front, and requests by hand.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, Fault, Faults, InboxSpec, Server, Snapshot, TeammateSpec};

pub(crate) const TOKEN: &str = "a-token-for-tests";
pub(crate) const INBOX: &str = "inb_support";
pub(crate) const BOUNDARY: &str = "----by-hand";

/// Two inboxes, one teammate, and messages that exist at once.
pub(crate) fn config() -> Config {
    Config {
        token: TOKEN.to_owned(),
        inboxes: vec![
            InboxSpec { name: "Support".to_owned(), id: Some(INBOX.to_owned()) },
            InboxSpec { name: "Billing".to_owned(), id: None },
        ],
        teammates: vec![TeammateSpec {
            id: "tea_leela".to_owned(),
            email: "leela@acme.example".to_owned(),
            name: "Leela Turanga".to_owned(),
        }],
        appear_after: Duration::ZERO,
        ..Config::default()
    }
}

pub(crate) struct Front {
    pub(crate) server: Server,
    pub(crate) client: reqwest::Client,
}

/// Faults as they are typed.
pub(crate) fn faults(written: &[&str]) -> Vec<Fault> {
    written.iter().map(|fault| fault.parse().unwrap()).collect()
}

/// A call as bytes.
pub(crate) fn call(front: &Front, method: &str, path: &str, body: &str) -> String {
    let host = front.server.base_url().replace("http://", "");
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The import of a message as bytes.
pub(crate) fn import_call(front: &Front, message: &Value) -> String {
    call(front, "POST", &format!("/inboxes/{INBOX}/imported_messages"), &message.to_string())
}

/// Sends bytes as they are, and gives back the status line.
pub(crate) fn status_line(front: &Front, request: &str) -> String {
    let mut stream = front.connect();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// Status and body of an answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Reply {
    pub(crate) async fn of(answer: reqwest::Response) -> Self {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Self { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), headers }
    }

    pub(crate) fn uid(&self) -> String {
        assert_eq!(self.status, 202, "{self:?}");
        assert_eq!(self.body["status"], "accepted");
        let uid = self.body["message_uid"].as_str().unwrap().to_owned();
        assert!(uid.len() == 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit()), "{uid}");
        uid
    }

    /// Asserts a refusal in Front's shape that says this.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.body["_error"].to_string().contains(words), "{words:?} in {self:?}");
    }
}

impl Front {
    pub(crate) fn new(config: Config) -> Self {
        // reqwest is built without cryptography of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { server: Server::start(config).unwrap(), client }
    }

    pub(crate) fn plain() -> Self {
        Self::new(config())
    }

    pub(crate) fn with(faults: Faults) -> Self {
        Self::new(Config { faults, ..config() })
    }

    /// With these faults on imports.
    pub(crate) fn faulty(written: &[&str]) -> Self {
        Self::with(Faults { imports: faults(written), ..Faults::default() })
    }

    /// A connection of one's own.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.server.base_url().replace("http://", "")).unwrap();
        // Far longer than anything here takes: a test that fails must also end.
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }

    /// How often a fault took effect.
    pub(crate) fn counted(&self, fault: &str) -> u64 {
        self.state().faults.get(fault).copied().unwrap_or_default()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url())
    }

    pub(crate) fn state(&self) -> Snapshot {
        self.server.state()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.client.get(self.url(path)).bearer_auth(TOKEN).send().await.unwrap()).await
    }

    /// A page of the web inbox, without a token.
    pub(crate) async fn page(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) fn posting(
        &self,
        inbox: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::RequestBuilder {
        self.client
            .post(self.url(&format!("/inboxes/{inbox}/imported_messages")))
            .bearer_auth(TOKEN)
            .header("content-type", content_type)
            .body(body)
    }

    pub(crate) async fn import(&self, message: &Value) -> Reply {
        self.import_into(INBOX, message).await
    }

    pub(crate) async fn import_into(&self, inbox: &str, message: &Value) -> Reply {
        Reply::of(self.posting(inbox, "application/json", message.to_string()).send().await.unwrap()).await
    }

    pub(crate) async fn import_form(&self, parts: &[Part]) -> Reply {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        Reply::of(self.posting(INBOX, &kind, form(parts)).send().await.unwrap()).await
    }
}

/// The smallest message.
pub(crate) fn message(external_id: &str) -> Value {
    json!({
        "sender": { "handle": "ana@example.com" },
        "to": ["support@acme.example"],
        "body": "Hello",
        "external_id": external_id,
        "created_at": 1_453_770_984,
        "metadata": { "is_inbound": true, "thread_ref": "thread-1" },
    })
}

/// The message with further top-level values.
pub(crate) fn with(mut message: Value, values: &Value) -> Value {
    for (name, value) in values.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

/// One part of a form: its header lines after `Content-Disposition: form-data; `, and its content.
pub(crate) type Part = (String, Vec<u8>);

pub(crate) fn field(name: &str, value: &str) -> Part {
    (format!("name=\"{name}\""), value.as_bytes().to_vec())
}

pub(crate) fn file(index: usize, filename: &str, content_type: &str, content: &[u8]) -> Part {
    let head = format!("name=\"attachments[{index}]\"; filename=\"{filename}\"\r\nContent-Type: {content_type}");
    (head, content.to_vec())
}

/// The smallest message as a form.
pub(crate) fn form_message(external_id: &str) -> Vec<Part> {
    vec![
        field("sender[handle]", "ana@example.com"),
        field("to[0]", "support@acme.example"),
        field("body", "Hello"),
        field("external_id", external_id),
        field("created_at", "1453770984"),
        field("metadata[is_inbound]", "true"),
        field("metadata[thread_ref]", "thread-1"),
    ]
}

pub(crate) fn form(parts: &[Part]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}
