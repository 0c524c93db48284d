//! What is asked of Front, and what it has answered.

use super::{Halt, Job};
use crate::event::{Event, Observer};
use crate::front::{Call, Called, Cancellation, Client, FrontError, Outcome, Paging, Repeat};
use crate::request::encode::{Encoded, encode};
use crate::request::{ImportRequest, Metadata, Sender};
use http::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Begins the subject of everything that a probe makes.
pub const MARK: &str = "[threadlift probe]";

/// Nobody can be reached there (RFC 2606).
pub(super) const CUSTOMER: &str = "probe-customer@threadlift.invalid";
pub(super) const OURS: &str = "probe@threadlift.invalid";

const BODY: &str = "<p>Made by `threadlift probe` to see how this Front takes imports. It can be deleted.</p>";

/// The first pause between two looks for a message, and the longest.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// What an import was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Taken(String),
    Refused {
        status: u16,
        cause: String,
    },
    /// Nobody knows.
    Lost(String),
}

impl Sent {
    /// As evidence.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Taken(uid) => format!("taken as {uid}"),
            Self::Refused { status, cause } => format!("refused with {status} ({cause})"),
            Self::Lost(why) => format!("no usable answer ({why})"),
        }
    }
}

/// A message that was sent and has come to exist.
pub(super) struct Seen {
    pub(super) uid: String,
    pub(super) message: Value,
}

impl Seen {
    pub(super) fn conversation(&self) -> Option<&str> {
        self.message.pointer("/_links/related/conversation")?.as_str()?.rsplit('/').next()
    }
}

pub(super) struct Bench<'j> {
    pub(super) job: &'j Job,
    pub(super) on: &'j Cancellation,
    observer: &'j dyn Observer,
    made: u32,
    /// The uids that were given.
    pub(super) uids: Vec<String>,
    /// Those of them that nobody has waited for to the end.
    pub(super) pending: BTreeSet<String>,
}

impl<'j> Bench<'j> {
    pub(super) fn new(job: &'j Job, observer: &'j dyn Observer, on: &'j Cancellation) -> Self {
        Self { job, on, observer, made: 0, uids: Vec::new(), pending: BTreeSet::new() }
    }

    /// The same, with another that can stop it.
    pub(super) fn for_cleanup(self, on: &'j Cancellation) -> Self {
        Self { on, ..self }
    }

    pub(super) fn say(&self, what: &str) {
        self.observer.event(Event::Note { text: format!("trying: {what}") });
    }

    /// An inbound mail of its own thread, a day old, in nobody's name.
    pub(super) fn letter(&mut self, about: &str) -> ImportRequest {
        self.made += 1;
        let id = format!("threadlift-probe-{}-{}", self.job.run, self.made);
        ImportRequest {
            sender: Sender { handle: CUSTOMER.to_owned(), name: Some("threadlift probe".to_owned()), author_id: None },
            to: vec![OURS.to_owned()],
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: Some(format!("{MARK} {about}")),
            body: BODY.to_owned(),
            body_format: Some("html"),
            external_id: id.clone(),
            created_at: self.job.now - 86_400,
            kind: "email",
            assignee_id: None,
            tags: Vec::new(),
            metadata: Metadata { thread_ref: id, is_inbound: true, is_archived: true, should_skip_rules: true },
            attachments: Vec::new(),
        }
    }

    /// Sends a letter to the scratch inbox.
    pub(super) async fn send(&mut self, letter: &ImportRequest) -> Result<Sent, Halt> {
        self.send_bytes(&self.job.inbox_id, &encode(letter)).await
    }

    pub(super) async fn send_bytes(&mut self, inbox_id: &str, body: &Encoded) -> Result<Sent, Halt> {
        if self.job.most_requests.is_some_and(|most| self.job.client.requests_made() >= most) {
            return Err(Halt::Front(FrontError::Spent));
        }
        let path = ["inboxes", inbox_id, "imported_messages"];
        let call = Call { method: Method::POST, path: &path, body: Some(body), repeat: Repeat::UnlessLost };
        let sent = match self.job.client.call(&call, self.on).await?.outcome {
            Outcome::Done(answer) => match answer.get("message_uid").and_then(Value::as_str) {
                Some(uid) => Sent::Taken(uid.to_owned()),
                None => Sent::Lost("an answer without message_uid".to_owned()),
            },
            Outcome::Absent { cause } => Sent::Refused { status: 404, cause },
            Outcome::Refused { status, cause } => Sent::Refused { status, cause },
            Outcome::Cancelled => return Err(Halt::Cancelled),
            Outcome::Failed { cause, .. } => Sent::Lost(cause),
            Outcome::Lost { why } => Sent::Lost(why),
        };
        if let Sent::Taken(uid) = &sent {
            self.uids.push(uid.clone());
            self.pending.insert(uid.clone());
        }
        Ok(sent)
    }

    /// Sends a letter and waits for it. In words if that came to nothing.
    pub(super) async fn deliver(&mut self, letter: &ImportRequest) -> Result<Result<Seen, String>, Halt> {
        match self.send(letter).await? {
            Sent::Taken(uid) => self.arrived(uid).await,
            other => Ok(Err(format!("the message was {}", other.told()))),
        }
    }

    pub(super) async fn arrived(&mut self, uid: String) -> Result<Result<Seen, String>, Halt> {
        Ok(match self.see(&uid).await? {
            Some(message) => Ok(Seen { uid, message }),
            None => Err(format!("{uid} did not come to exist in {} s", self.job.patience.as_secs_f64())),
        })
    }

    /// The message of a uid; nothing if patience ends before.
    pub(super) async fn see(&mut self, uid: &str) -> Result<Option<Value>, Halt> {
        let (until, mut pause) = (Instant::now() + self.job.patience, FIRST_LOOK);
        loop {
            if let Some(found) = self.get(&["messages", &format!("alt:uid:{uid}")]).await? {
                self.pending.remove(uid);
                return Ok(Some(found));
            }
            if Instant::now() >= until {
                self.pending.remove(uid);
                return Ok(None);
            }
            tokio::select! {
                () = self.on.cancelled() => return Err(Halt::Cancelled),
                () = tokio::time::sleep(pause.min(until - Instant::now())) => {}
            }
            pause = (pause * 2).min(LONGEST_LOOK);
        }
    }

    /// The probe's own conversations in an inbox, those of earlier runs included, that are not in the trash.
    pub(super) async fn remains(&self, inbox_id: &str) -> Result<Vec<String>, Halt> {
        let standing = standing(&self.job.client, inbox_id).await?;
        Ok(standing.into_iter().filter(|it| it.is_ours).map(|it| it.id).collect())
    }

    /// What is there; nothing if Front knows no such thing.
    pub(super) async fn get(&self, path: &[&str]) -> Result<Option<Value>, Halt> {
        get(&self.job.client, path, self.on).await
    }

    /// The uids of a conversation's messages, as the list shows them.
    pub(super) async fn listed(&self, conversation: &str) -> Result<Vec<String>, Halt> {
        let page = self.get(&["conversations", conversation, "messages"]).await?;
        Ok(texts(page.as_ref(), "message_uid"))
    }
}

/// What its results have under this name.
pub(super) fn texts(page: Option<&Value>, name: &str) -> Vec<String> {
    let results = page.and_then(|page| page.get("_results")).and_then(Value::as_array);
    let texts = results.into_iter().flatten().filter_map(|it| it.get(name)?.as_str());
    texts.map(str::to_owned).collect()
}

async fn get(client: &Client, path: &[&str], on: &Cancellation) -> Result<Option<Value>, Halt> {
    let call = Call { method: Method::GET, path, body: None, repeat: Repeat::Freely };
    let Called { outcome, .. } = client.call(&call, on).await?;
    match outcome {
        Outcome::Done(value) => Ok(Some(value)),
        Outcome::Cancelled => Err(Halt::Cancelled),
        Outcome::Absent { .. } | Outcome::Refused { .. } | Outcome::Failed { .. } | Outcome::Lost { .. } => Ok(None),
    }
}

/// A conversation of an inbox, as far as it matters here.
struct Listed {
    id: String,
    is_ours: bool,
}

/// Conversations of an inbox that are not in the trash.
async fn standing(client: &Client, inbox_id: &str) -> Result<Vec<Listed>, FrontError> {
    let all = client.raw_list(&["inboxes", inbox_id, "conversations"], Paging::Documented).await?;
    let text = |it: &Value, name: &str| it.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let standing = all.unwrap_or_default().into_iter().filter(|it| text(it, "status") != "deleted");
    Ok(standing.map(|it| Listed { id: text(&it, "id"), is_ours: text(&it, "subject").starts_with(MARK) }).collect())
}

pub(super) async fn strangers(client: &Client, inbox_id: &str) -> Result<usize, FrontError> {
    Ok(standing(client, inbox_id).await?.iter().filter(|it| !it.is_ours).count())
}
