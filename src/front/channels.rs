//! Channels: mail that Front receives by itself and since when an inbox has conversations, and what is delivered through one.

use jiff::Timestamp;
use serde::Deserialize;

use super::call::CallResult;
use super::cancellation::Cancellation;
use super::client::{Client, Reply};
use super::settings::FrontError;
use super::verdict::message_uid;
use super::wire::{Related, or_default};
use crate::request::encode::Encoded;

/// Before this, nobody had mail in Front (Unix seconds of 1990-01-01).
const EARLIEST: i64 = 631_152_000;

const DAY: i64 = 86_400;

/// Conversations that are looked into for an older message than their last.
const MOST_OPENED: usize = 5;

/// An address that is connected to Front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// `cha_…`
    pub id: String,
    /// As shown in Front; may be empty.
    pub name: String,
    /// `smtp`, `gmail`, `custom` and so on.
    pub kind: String,
    /// What it receives at: a mail address, a telephone number, or what else its kind has.
    pub address: Option<String>,
    /// Addresses it receives and sends as; empty for channels that are no mail.
    pub addresses: Vec<String>,
    /// `inb_…`, if Front named it.
    pub inbox_id: Option<String>,
}

/// What an inbox holds already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Conversations.
    pub conversations: u64,
    /// Unix seconds of the oldest message that was found.
    pub since: i64,
}

#[derive(Deserialize)]
struct WireChannel {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    kind: String,
    address: Option<String>,
    send_as: Option<String>,
    #[serde(rename = "_links", default, deserialize_with = "or_default")]
    links: Related,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "_total")]
    total: u64,
    #[serde(rename = "_results", default)]
    results: Vec<Conversation>,
}

#[derive(Deserialize)]
struct Conversation {
    id: String,
}

#[derive(Deserialize)]
struct Oldest {
    #[serde(rename = "_results")]
    results: Vec<Dated>,
}

#[derive(Deserialize)]
struct Dated {
    created_at: f64,
}

impl Client {
    /// All channels that the token can see.
    pub async fn channels(&self) -> Result<Vec<Channel>, FrontError> {
        let channels: Vec<WireChannel> = self.list(self.target().url(&["channels"])).await?;
        let channel = |wire: WireChannel| {
            let mut addresses: Vec<String> = [wire.address.clone(), wire.send_as].into_iter().flatten().collect();
            addresses.retain(|address| address.contains('@'));
            addresses.dedup();
            let inbox_id = wire.links.id("inbox");
            Channel { id: wire.id, name: wire.name, kind: wire.kind, address: wire.address, addresses, inbox_id }
        };
        Ok(channels.into_iter().map(channel).collect())
    }

    /// Delivers a message through a channel of the kind `custom`, as its customer would: Front's rules run, and replies go to
    /// the channel. `body` is a `CustomMessage` as JSON, or multipart with files. Gives the uid under which it comes to exist.
    ///
    /// Never made again when an answer is lost: there is no external id by which Front could know it.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn deliver(&self, channel_id: &str, body: &Encoded, cancellation: &Cancellation) -> CallResult<String> {
        let url = self.target().url(&["channels", channel_id, "incoming_messages"]);
        let uid = |reply: &Reply| message_uid(&reply.body).ok_or_else(|| "without a message_uid".to_owned());
        self.make(&url, body, cancellation, uid).await
    }

    /// What an inbox holds; `None` if it is empty. About fifteen requests: Front's search has no order from the oldest
    /// on, so the day is found by halving.
    pub async fn holding(&self, inbox_id: &str) -> Result<Option<Holding>, FrontError> {
        let now = Timestamp::now().as_second();
        let (mut none_before, mut some_before) = (EARLIEST, now + DAY);
        let mut found = self.search(&format!("inbox:{inbox_id}")).await?;
        let conversations = found.total;
        if conversations == 0 {
            return Ok(None);
        }
        while some_before - none_before > DAY {
            let middle = none_before + (some_before - none_before) / 2;
            let earlier = self.search(&format!("inbox:{inbox_id} before:{middle}")).await?;
            if earlier.total == 0 {
                none_before = middle;
            } else {
                some_before = middle;
                found = earlier;
            }
        }
        // Whether `before` means the last message or any of a conversation is not documented, so the oldest are opened.
        let mut since = None;
        for conversation in found.results.iter().rev().take(MOST_OPENED) {
            let mut url = self.target().url(&["conversations", &conversation.id, "messages"]);
            url.query_pairs_mut().append_pair("sort_by", "created_at").append_pair("sort_order", "asc");
            url.query_pairs_mut().append_pair("limit", "1");
            let oldest: Oldest = self.one(&url).await?;
            if let Some(first) = oldest.results.first() {
                let first = whole(first.created_at);
                since = Some(since.map_or(first, |since: i64| since.min(first)));
            }
        }
        Ok(Some(Holding { conversations, since: since.unwrap_or(none_before) }))
    }

    async fn search(&self, query: &str) -> Result<Found, FrontError> {
        self.one(&self.target().url(&["conversations", "search", query])).await
    }
}

#[expect(clippy::cast_possible_truncation, reason = "Unix seconds with decimals")]
fn whole(seconds: f64) -> i64 {
    seconds.floor() as i64
}
