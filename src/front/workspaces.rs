//! Workspaces, which Front's API calls teams, and their inboxes.

use serde::{Deserialize, Serialize};

use super::body::json_body;
use super::call::{CallResult, json};
use super::cancellation::Cancellation;
use super::client::Client;
use super::settings::FrontError;
use super::wire::or_default;

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Workspace {
    /// `tim_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

/// An inbox that the token can see.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Inbox {
    /// `inb_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default)]
    pub name: String,
    /// It belongs to one teammate.
    #[serde(default, deserialize_with = "or_default")]
    pub is_private: bool,
    /// All of its workspace have access.
    #[serde(default, deserialize_with = "or_default")]
    pub is_public: bool,
}

/// An inbox to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewInbox {
    /// As it will be shown.
    pub name: String,
    /// Teammates who see it: ids, or `alt:email:…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teammate_ids: Vec<String>,
    /// Whether all of its workspace see it; Front decides where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_public: Option<bool>,
}

impl Client {
    /// All workspaces of the company.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, FrontError> {
        self.list(self.target().url(&["teams"])).await
    }

    /// The inboxes of a workspace; `None` if there is no such workspace.
    pub async fn workspace_inboxes(&self, workspace_id: &str) -> Result<Option<Vec<Inbox>>, FrontError> {
        self.list_if_there(&self.target().url(&["teams", workspace_id, "inboxes"])).await
    }

    /// All inboxes that the token can see.
    pub async fn inboxes(&self) -> Result<Vec<Inbox>, FrontError> {
        self.list(self.target().url(&["inboxes"])).await
    }

    /// Makes an inbox, in the oldest workspace that the token has access to unless one is named. There is no call that deletes
    /// one.
    ///
    /// After [`Outcome::Lost`](super::Outcome::Lost) it may be there all the same: list the inboxes before another attempt.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn create_inbox(
        &self,
        inbox: &NewInbox,
        workspace_id: Option<&str>,
        cancellation: &Cancellation,
    ) -> CallResult<Inbox> {
        let url = match workspace_id {
            None => self.target().url(&["inboxes"]),
            Some(workspace) => self.target().url(&["teams", workspace, "inboxes"]),
        };
        self.make(&url, &json_body(inbox), cancellation, json).await
    }
}
