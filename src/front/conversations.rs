//! Conversations: how they stand, and what is attached to them.

use http::Method;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::body::json_body;
use super::call::{CallResult, Called, Outcome};
use super::cancellation::Cancellation;
use super::client::Client;
use super::links::Link;
use super::tags::Tag;
use super::teammates::Teammate;
use super::wire::{Identified, id_of, or_default};

/// Links that one call attaches or removes.
const MOST_LINKS: usize = 10;

/// Followers that one call adds or removes.
const MOST_FOLLOWERS: usize = 50;

/// A conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WireConversation")]
pub struct Conversation {
    /// `cnv_…`: what it is called now, after merges.
    pub id: String,
    /// As Front shows it.
    pub subject: String,
    /// `archived`, `unassigned`, `assigned` or `deleted`, in Front's word: what is trashed is `deleted`.
    pub status: String,
    /// The ticket's status (`sts_…`), where the company uses tickets.
    pub status_id: Option<String>,
    /// `tea_…`
    pub assignee_id: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its links.
    pub links: Vec<Link>,
    /// By the names of the fields.
    pub custom_fields: Map<String, Value>,
}

impl Conversation {
    /// Does it lie in the trash?
    #[must_use]
    pub fn is_trashed(&self) -> bool {
        self.status == "deleted"
    }
}

#[derive(Deserialize)]
struct WireConversation {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    subject: String,
    #[serde(default, deserialize_with = "or_default")]
    status: String,
    status_id: Option<String>,
    assignee: Option<Identified>,
    #[serde(default, deserialize_with = "or_default")]
    tags: Vec<Tag>,
    #[serde(default, deserialize_with = "or_default")]
    links: Vec<Link>,
    #[serde(default, deserialize_with = "or_default")]
    custom_fields: Map<String, Value>,
}

impl From<WireConversation> for Conversation {
    fn from(wire: WireConversation) -> Self {
        Self {
            id: wire.id,
            subject: wire.subject,
            status: wire.status,
            status_id: wire.status_id,
            assignee_id: id_of(wire.assignee),
            tags: wire.tags,
            links: wire.links,
            custom_fields: wire.custom_fields,
        }
    }
}

/// What a conversation is to become; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConversationChange {
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<Assignee>,
    /// Not together with `status_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// A ticket's status (`sts_…`), where the company uses tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_id: Option<String>,
    /// By the names of the fields. All of them: Front erases those that are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Map<String, Value>>,
    /// The inbox that it moves to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
}

/// Whose a conversation is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    /// A teammate's: `tea_…` or `alt:email:…`.
    Teammate(String),
    /// Nobody's.
    Nobody,
}

impl Serialize for Assignee {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Teammate(id) => to.serialize_str(id),
            Self::Nobody => to.serialize_none(),
        }
    }
}

/// What a conversation can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Done with.
    Archived,
    /// To be dealt with.
    Open,
    /// Trashed.
    Deleted,
    /// Spam.
    Spam,
}

impl Client {
    /// How a conversation stands.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn conversation(&self, id: &str, cancellation: &Cancellation) -> CallResult<Conversation> {
        self.ask(&self.target().url(&["conversations", id]), cancellation).await
    }

    /// Changes how a conversation stands.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn update_conversation(
        &self,
        id: &str,
        change: &ConversationChange,
        cancellation: &Cancellation,
    ) -> CallResult<()> {
        let url = self.target().url(&["conversations", id]);
        self.set(Method::PATCH, &url, Some(&json_body(change)), cancellation).await
    }

    /// Deletes a conversation for good. Front does so only with one that is trashed.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn delete_conversation(&self, id: &str, cancellation: &Cancellation) -> CallResult<()> {
        self.set(Method::DELETE, &self.target().url(&["conversations", id]), None, cancellation).await
    }

    /// Who follows a conversation.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn followers(&self, id: &str, cancellation: &Cancellation) -> CallResult<Vec<Teammate>> {
        self.walk(self.target().url(&["conversations", id, "followers"]), cancellation, |_| false).await
    }

    /// Makes teammates (ids or `alt:email:…`) follow a conversation. They may be notified.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn add_followers(&self, id: &str, teammates: &[String], cancellation: &Cancellation) -> CallResult<()> {
        let place = Attached { what: "followers", key: "teammate_ids", most: MOST_FOLLOWERS };
        self.attach(Method::POST, id, place, teammates, cancellation).await
    }

    /// Adds tags by their ids.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn add_tags(&self, id: &str, tag_ids: &[String], cancellation: &Cancellation) -> CallResult<()> {
        self.attach(Method::POST, id, Attached::TAGS, tag_ids, cancellation).await
    }

    /// Removes tags by their ids.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn remove_tags(&self, id: &str, tag_ids: &[String], cancellation: &Cancellation) -> CallResult<()> {
        self.attach(Method::DELETE, id, Attached::TAGS, tag_ids, cancellation).await
    }

    /// Attaches links by their addresses; Front makes those that no conversation has yet.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn add_links(&self, id: &str, external_urls: &[String], cancellation: &Cancellation) -> CallResult<()> {
        let place = Attached { what: "links", key: "link_external_urls", most: MOST_LINKS };
        self.attach(Method::POST, id, place, external_urls, cancellation).await
    }

    /// Removes links by their ids. The links themselves stay: there is no call that deletes one.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn remove_links(&self, id: &str, link_ids: &[String], cancellation: &Cancellation) -> CallResult<()> {
        let place = Attached { what: "links", key: "link_ids", most: MOST_LINKS };
        self.attach(Method::DELETE, id, place, link_ids, cancellation).await
    }

    /// As many calls as are needed, up to the first that does not succeed.
    async fn attach(
        &self,
        method: Method,
        id: &str,
        attached: Attached,
        values: &[String],
        cancellation: &Cancellation,
    ) -> CallResult<()> {
        let mut merged_into: Option<String> = None;
        for piece in values.chunks(attached.most) {
            let url = self.target().url(&["conversations", merged_into.as_deref().unwrap_or(id), attached.what]);
            let body = json_body(&json!({ attached.key: piece }));
            let called = self.set(method.clone(), &url, Some(&body), cancellation).await?;
            merged_into = called.merged_into.or(merged_into);
            if called.outcome != Outcome::Done(()) {
                return Ok(Called { outcome: called.outcome, merged_into });
            }
        }
        Ok(Called { outcome: Outcome::Done(()), merged_into })
    }
}

/// A kind of things that conversations have attached.
#[derive(Clone, Copy)]
struct Attached {
    what: &'static str,
    key: &'static str,
    /// In one call.
    most: usize,
}

impl Attached {
    const TAGS: Self = Self { what: "tags", key: "tag_ids", most: usize::MAX };
}
