//! Links: one for each address outside of Front, company-wide, on any number of conversations.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::body::json_body;
use super::call::{self, CallResult};
use super::cancellation::Cancellation;
use super::client::Client;
use super::conversations::Conversation;
use super::pages::in_large_pages;
use super::wire::or_default;

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// `top_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Where it leads; compared in every letter, large and small.
    #[serde(default, deserialize_with = "or_default")]
    pub external_url: String,
}

impl Client {
    /// Gives a link a name. An integration that knows its address may give it another.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn rename_link(&self, link_id: &str, name: &str, cancellation: &Cancellation) -> CallResult<()> {
        let url = self.target().url(&["links", link_id]);
        self.set(Method::PATCH, &url, Some(&json_body(&json!({ "name": name }))), cancellation).await
    }

    /// Makes a link with a name. What Front answers where it has one of this address already is not documented.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn create_link(&self, external_url: &str, name: &str, cancellation: &Cancellation) -> CallResult<Link> {
        let body = json_body(&json!({ "external_url": external_url, "name": name }));
        self.make(&self.target().url(&["links"]), &body, cancellation, call::json).await
    }

    /// The conversations that a link is on.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn link_conversations(
        &self,
        link_id: &str,
        cancellation: &Cancellation,
    ) -> CallResult<Vec<Conversation>> {
        let url = in_large_pages(self.target().url(&["links", link_id, "conversations"]));
        self.walk(url, cancellation, |_| false).await
    }
}
