//! A message that is delivered through a channel, as if its customer wrote it now.

use super::File;
use super::encode::{Encoded, Payload, encode_as};
use serde::Serialize;

/// The body of `POST /channels/{id}/incoming_messages`, field for field as Front names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Its author.
    pub sender: Customer,
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// HTML. Never empty.
    pub body: String,
    /// `html`: without it Front takes the body for Markdown, and a text of a chat is none.
    pub body_format: &'static str,
    /// Thread.
    pub metadata: Reference,
    /// Files; they travel as multipart.
    #[serde(skip)]
    pub attachments: Vec<File>,
}

/// `sender`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Customer {
    /// Bare handle.
    pub handle: String,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `metadata`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// Messages of one ref share a conversation of the channel. Refs of imports are others, even where they are called the same.
    pub thread_ref: String,
}

impl Payload for Delivery {
    fn files(&self) -> &[File] {
        &self.attachments
    }
}

impl Delivery {
    /// The request body.
    #[must_use]
    pub fn encode(&self) -> Encoded {
        encode_as(self)
    }
}
