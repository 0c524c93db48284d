//! Whom we are talking to, and whether a message exists by now.

use serde::Deserialize;

use super::client::Client;
use super::pages::Page;
use super::settings::FrontError;
use super::wire::{Related, or_default};

/// The company that a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Company {
    /// `cmp_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default)]
    pub name: String,
}

/// A message that exists in Front.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// `msg_…`
    pub id: String,
    /// What the import's answer promised it under.
    pub uid: Option<String>,
    /// `cnv_…`, if Front named it.
    pub conversation_id: Option<String>,
    /// As Front shows it; empty where there is none.
    pub subject: Option<String>,
    /// Direction.
    pub is_inbound: Option<bool>,
    /// Unix seconds, with decimals.
    pub created_at: Option<f64>,
    /// Its files, inline ones included, if Front listed them.
    pub files: Option<Files>,
}

/// The files of a message that exists in Front.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Files {
    /// How many.
    pub count: u64,
    /// Bytes of all of them; absent if Front leaves out the size of one.
    pub bytes: Option<u64>,
}

/// Some of a conversation's messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MessagePage {
    /// Newest first.
    pub messages: Vec<Message>,
    /// Link to the page after this one; a page may hold fewer than were asked for though others follow.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct WireMessage {
    id: String,
    message_uid: Option<String>,
    subject: Option<String>,
    is_inbound: Option<bool>,
    created_at: Option<f64>,
    attachments: Option<Vec<WireFile>>,
    #[serde(rename = "_links", default, deserialize_with = "or_default")]
    links: Related,
}

#[derive(Deserialize)]
struct WireFile {
    size: Option<u64>,
}

impl From<WireMessage> for Message {
    fn from(wire: WireMessage) -> Self {
        let files = wire.attachments.map(|files| Files {
            count: files.len() as u64,
            bytes: files.iter().map(|file| file.size).try_fold(0, |sum: u64, size| sum.checked_add(size?)),
        });
        Self {
            id: wire.id,
            uid: wire.message_uid,
            conversation_id: wire.links.id("conversation"),
            subject: wire.subject,
            is_inbound: wire.is_inbound,
            created_at: wire.created_at,
            files,
        }
    }
}

impl Client {
    /// The company that the token belongs to.
    pub async fn me(&self) -> Result<Company, FrontError> {
        self.one(&self.target().url(&["me"])).await
    }

    /// The message that an import's uid promised, or `None` while it does not exist.
    pub async fn message_by_uid(&self, uid: &str) -> Result<Option<Message>, FrontError> {
        self.message(&format!("alt:uid:{uid}")).await
    }

    /// The message with this id (`msg_…`), or `None` if it does not exist.
    pub async fn message(&self, id: &str) -> Result<Option<Message>, FrontError> {
        let url = self.target().url(&["messages", id]);
        Ok(self.fetch::<WireMessage>(&url).await?.map(Message::from))
    }

    /// Messages of a conversation, newest first: the first page of at most `limit` (1 to 100), or the one that a page
    /// before linked to. `None` if there is no such conversation.
    pub async fn conversation_messages(
        &self,
        conversation_id: &str,
        limit: u32,
        next: Option<&str>,
    ) -> Result<Option<MessagePage>, FrontError> {
        let mut url = self.target().url(&["conversations", conversation_id, "messages"]);
        match next {
            None => drop(url.query_pairs_mut().append_pair("limit", &limit.to_string())),
            Some(next) => url = self.next_page(&url, next)?,
        }
        let Some(page) = self.fetch::<Page<WireMessage>>(&url).await? else { return Ok(None) };
        let next = page.next();
        Ok(Some(MessagePage { messages: page.results.into_iter().map(Message::from).collect(), next }))
    }
}
