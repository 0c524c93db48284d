//! What confirming asks of Front: a seam, so that tests hold patience of minutes in virtual time.

use crate::event::Waits;
use crate::front::{Answer, Cancellation, Client, FrontError, Message, MessagePage};
use crate::request::ImportRequest;

/// Front, as far as confirming needs it. Each call is one request where nothing goes wrong.
#[async_trait::async_trait]
pub trait Sight: Send + Sync {
    /// The message that an import's uid promised; nothing while it does not exist.
    async fn by_uid(&self, uid: &str) -> Result<Option<Message>, FrontError>;

    /// The message with this id; nothing if it does not exist.
    async fn by_id(&self, id: &str) -> Result<Option<Message>, FrontError>;

    /// Messages of a conversation, newest first; nothing if there is no such conversation.
    async fn page(
        &self,
        conversation_id: &str,
        limit: u32,
        next: Option<&str>,
    ) -> Result<Option<MessagePage>, FrontError>;

    /// Sends a message once more.
    async fn import(&self, inbox_id: &str, request: &ImportRequest, cancellation: &Cancellation) -> Answer;

    /// What requests spend their time on, where that is known.
    fn waits(&self) -> Option<&Waits> {
        None
    }
}

#[async_trait::async_trait]
impl Sight for Client {
    async fn by_uid(&self, uid: &str) -> Result<Option<Message>, FrontError> {
        self.message_by_uid(uid).await
    }

    async fn by_id(&self, id: &str) -> Result<Option<Message>, FrontError> {
        self.message(id).await
    }

    async fn page(
        &self,
        conversation_id: &str,
        limit: u32,
        next: Option<&str>,
    ) -> Result<Option<MessagePage>, FrontError> {
        self.conversation_messages(conversation_id, limit, next).await
    }

    async fn import(&self, inbox_id: &str, request: &ImportRequest, cancellation: &Cancellation) -> Answer {
        Client::import(self, inbox_id, request, cancellation).await
    }

    fn waits(&self) -> Option<&Waits> {
        Some(Client::waits(self))
    }
}
