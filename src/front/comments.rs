//! Comments, which only teammates see. Front dates them itself, and has no call that deletes one.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::body::json_body;
use super::call::{self, CallResult};
use super::cancellation::Cancellation;
use super::client::Client;
use super::wire::{Identified, id_of, or_default};
use crate::request::encode::Encoded;

/// A comment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WireComment")]
pub struct Comment {
    /// `com_…`
    pub id: String,
    /// What it says.
    pub body: String,
    /// Who wrote it (`tea_…`); none for what is no teammate's.
    pub author_id: Option<String>,
    /// Unix seconds, with decimals.
    pub posted_at: Option<f64>,
}

#[derive(Deserialize)]
struct WireComment {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    body: String,
    author: Option<Identified>,
    posted_at: Option<f64>,
}

impl From<WireComment> for Comment {
    fn from(wire: WireComment) -> Self {
        Self { id: wire.id, body: wire.body, author_id: id_of(wire.author), posted_at: wire.posted_at }
    }
}

impl Client {
    /// All comments of a conversation, newest first.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn comments(&self, conversation_id: &str, cancellation: &Cancellation) -> CallResult<Vec<Comment>> {
        let url = self.target().url(&["conversations", conversation_id, "comments"]);
        self.walk(url, cancellation, |_| false).await
    }

    /// Adds a comment: `body` is a `CreateComment` as JSON, or multipart with files. Never made again when an answer is lost:
    /// list the comments before another attempt.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn create_comment(
        &self,
        conversation_id: &str,
        body: &Encoded,
        cancellation: &Cancellation,
    ) -> CallResult<Comment> {
        let url = self.target().url(&["conversations", conversation_id, "comments"]);
        self.make(&url, body, cancellation, call::json).await
    }

    /// Makes a comment say something else. Front allows it to the token that wrote the comment, and to no other.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn update_comment(&self, comment_id: &str, body: &str, cancellation: &Cancellation) -> CallResult<()> {
        // Front documents this path with a slash at its end, unlike all others.
        let url = self.target().url(&["comments", comment_id, ""]);
        self.set(Method::PATCH, &url, Some(&json_body(&json!({ "body": body }))), cancellation).await
    }
}
