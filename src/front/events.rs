//! What happened to a conversation, and who did it.

use serde::Deserialize;
use serde_json::Value;

use super::call::CallResult;
use super::cancellation::Cancellation;
use super::client::Client;
use super::wire::or_default;

/// The most events per page that Front gives, as it says where it lists those of the whole company.
const PAGE_LIMIT: &str = "15";

/// Something that happened to a conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WireEvent")]
pub struct ConversationEvent {
    /// `evt_…`
    pub id: String,
    /// `assign`, `archive`, `comment`, `tag`, `inbound` and so on.
    pub kind: String,
    /// Unix seconds, with decimals.
    pub emitted_at: f64,
    /// Who or what did it.
    pub source: Party,
    /// What it was done with.
    pub target: Party,
}

/// One side of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// `api`, `teammate`, `rule` and so on; empty if Front does not say.
    pub kind: String,
    /// Its id; the first one where there are several.
    pub id: Option<String>,
}

#[derive(Deserialize)]
struct WireEvent {
    id: String,
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    emitted_at: f64,
    #[serde(default, deserialize_with = "or_default")]
    source: WireParty,
    #[serde(default, deserialize_with = "or_default")]
    target: WireParty,
}

#[derive(Default, Deserialize)]
struct WireParty {
    #[serde(rename = "_meta", default, deserialize_with = "or_default")]
    meta: Meta,
    /// A rule, a teammate, a list of inboxes: whatever it is, things have ids.
    #[serde(default)]
    data: Value,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    kind: String,
}

impl From<WireParty> for Party {
    fn from(wire: WireParty) -> Self {
        let thing = wire.data.get(0).unwrap_or(&wire.data);
        Self { kind: wire.meta.kind, id: thing.get("id").and_then(Value::as_str).map(str::to_owned) }
    }
}

impl From<WireEvent> for ConversationEvent {
    fn from(wire: WireEvent) -> Self {
        Self {
            id: wire.id,
            kind: wire.kind,
            emitted_at: wire.emitted_at,
            source: wire.source.into(),
            target: wire.target.into(),
        }
    }
}

impl Client {
    /// The events of a conversation, newest first: all, or those since a moment (Unix seconds).
    ///
    /// Front orders them by the company's settings for what moves a conversation up, so a page is the last only if all of it
    /// is older.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn conversation_events(
        &self,
        conversation_id: &str,
        since: Option<f64>,
        cancellation: &Cancellation,
    ) -> CallResult<Vec<ConversationEvent>> {
        let mut url = self.target().url(&["conversations", conversation_id, "events"]);
        url.query_pairs_mut().append_pair("limit", PAGE_LIMIT);
        let is_older = |event: &ConversationEvent| since.is_some_and(|since| event.emitted_at < since);
        let enough = |page: &[ConversationEvent]| !page.is_empty() && page.iter().all(is_older);
        let called = self.walk(url, cancellation, enough).await?;
        Ok(called.map(|events| events.into_iter().filter(|event| !is_older(event)).collect()))
    }
}
