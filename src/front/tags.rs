//! Tags.

use serde::{Deserialize, Serialize};

use super::body::json_body;
use super::call::{CallResult, json};
use super::cancellation::Cancellation;
use super::client::Client;
use super::conversations::Conversation;
use super::pages::in_large_pages;
use super::settings::FrontError;
use super::wire::{Related, or_default};
use http::Method;

/// A tag that the token can see; one name may occur in several workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireTag")]
pub struct Tag {
    /// `tag_…`
    pub id: String,
    /// As shown in Front, and as imports name it.
    pub name: String,
    /// The tag that it stands below.
    pub parent_id: Option<String>,
    /// It belongs to one teammate.
    pub is_private: bool,
}

#[derive(Deserialize)]
struct WireTag {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    is_private: bool,
    #[serde(rename = "_links", default, deserialize_with = "or_default")]
    links: Related,
}

impl From<WireTag> for Tag {
    fn from(wire: WireTag) -> Self {
        let parent_id = wire.links.id("parent_tag");
        Self { id: wire.id, name: wire.name, parent_id, is_private: wire.is_private }
    }
}

#[derive(Serialize)]
struct NewTag<'n> {
    name: &'n str,
}

impl Client {
    /// All tags that the token can see: the company's, those of workspaces, those of teammates.
    pub async fn tags(&self) -> Result<Vec<Tag>, FrontError> {
        self.list(in_large_pages(self.target().url(&["tags"]))).await
    }

    /// The tags of the company, which every workspace has.
    pub async fn company_tags(&self) -> Result<Vec<Tag>, FrontError> {
        self.list(in_large_pages(self.target().url(&["company", "tags"]))).await
    }

    /// Makes a tag for the whole company, or below another. Names have up to 64 characters.
    ///
    /// After [`Outcome::Lost`](super::Outcome::Lost) it may be there all the same: list the tags before another attempt.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn create_tag(
        &self,
        name: &str,
        parent_id: Option<&str>,
        cancellation: &Cancellation,
    ) -> CallResult<Tag> {
        let url = match parent_id {
            None => self.target().url(&["company", "tags"]),
            Some(parent) => self.target().url(&["tags", parent, "children"]),
        };
        self.make(&url, &json_body(&NewTag { name }), cancellation, json).await
    }

    /// The first conversation among those that have a tag that is `wanted`.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn tagged_conversation(
        &self,
        tag_id: &str,
        cancellation: &Cancellation,
        wanted: impl Fn(&Conversation) -> bool,
    ) -> CallResult<Option<Conversation>> {
        let url = in_large_pages(self.target().url(&["tags", tag_id, "conversations"]));
        self.find(url, cancellation, wanted).await
    }

    /// Deletes a tag; it goes from every conversation that has it.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn delete_tag(&self, tag_id: &str, cancellation: &Cancellation) -> CallResult<()> {
        self.set(Method::DELETE, &self.target().url(&["tags", tag_id]), None, cancellation).await
    }
}
