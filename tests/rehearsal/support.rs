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

    /// A call of any kind.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.ask_as("", method, path, body).await
    }

    /// A call of a colleague, with their id behind the token.
    pub(crate) async fn ask_as(&self, teammate: &str, method: &str, path: &str, body: &Value) -> Reply {
        let token = if teammate.is_empty() { TOKEN.to_owned() } else { format!("{TOKEN}:{teammate}") };
        let mut call = self.client.request(method.parse().unwrap(), self.url(path)).bearer_auth(token);
        if !body.is_null() {
            call = call.json(body);
        }
        Reply::of(call.send().await.unwrap()).await
    }

    /// A change that must be done, and is answered with nothing.
    pub(crate) async fn done(&self, method: &str, path: &str, body: &Value) {
        let reply = self.ask(method, path, body).await;
        assert_eq!((reply.status, &reply.body), (204, &json!("")), "{method} {path}: {reply:?}");
    }

    /// Makes something, and gives it back.
    pub(crate) async fn made(&self, path: &str, body: &Value) -> Value {
        let reply = self.ask("POST", path, body).await;
        assert_eq!(reply.status, 201, "{path}: {reply:?}");
        reply.body
    }

    /// All entries of a list, page after page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut results = Vec::new();
        let mut next = Some(self.url(path));
        while let Some(url) = next {
            let reply = Reply::of(self.client.get(url).bearer_auth(TOKEN).send().await.unwrap()).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            results.extend(reply.body["_results"].as_array().unwrap().iter().cloned());
            assert!(results.len() < 1000, "the pages have an end");
            next = reply.body["_pagination"]["next"].as_str().map(str::to_owned);
        }
        results
    }

    /// Imports a message, and gives the path of its conversation.
    pub(crate) async fn conversation_of(&self, message: &Value) -> String {
        let uid = self.import(message).await.uid();
        let found = self.get(&format!("/messages/alt:uid:{uid}")).await.body;
        let address = found["_links"]["related"]["conversation"].as_str().unwrap().to_owned();
        address.replace(&self.server.base_url(), "")
    }

    /// Types of the events of a conversation, newest first.
    pub(crate) async fn events(&self, conversation: &str) -> Vec<String> {
        let events = self.all(&format!("{conversation}/events")).await;
        events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
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

/// A message of a thread of its own that is open.
pub(crate) fn open(external_id: &str) -> Value {
    let metadata = json!({ "is_inbound": true, "thread_ref": external_id, "is_archived": false });
    with(message(external_id), &json!({ "metadata": metadata, "subject": external_id }))
}

/// The values of one field of each entry.
pub(crate) fn each(entries: &[Value], name: &str) -> Vec<String> {
    entries.iter().map(|entry| entry[name].as_str().unwrap_or_default().to_owned()).collect()
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
