//! Contacts and their lists.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::body::json_body;
use super::call::{self, CallResult};
use super::cancellation::Cancellation;
use super::client::Client;
use super::conversations::Conversation;
use super::pages::in_large_pages;
use super::settings::FrontError;
use super::wire::or_default;

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Contact {
    /// `crd_…`
    pub id: String,
    /// As shown in Front; may be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// What is noted of them.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// How they can be reached.
    #[serde(default, deserialize_with = "or_default")]
    pub handles: Vec<Handle>,
    /// Lists they are on.
    #[serde(default, deserialize_with = "or_default")]
    pub lists: Vec<ContactList>,
    /// Addresses of pages about them.
    #[serde(default, deserialize_with = "or_default")]
    pub links: Vec<String>,
    /// By the names of the fields.
    #[serde(default, deserialize_with = "or_default")]
    pub custom_fields: Map<String, Value>,
    /// They are one teammate's own.
    #[serde(default, deserialize_with = "or_default")]
    pub is_private: bool,
}

/// How somebody can be reached. One contact has it, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Handle {
    /// An address, a number, a name.
    pub handle: String,
    /// `email`, `phone`, `twitter`, `facebook`, `intercom`, `front_chat` or `custom`.
    pub source: String,
}

/// A list of contacts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContactList {
    /// `grp_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

/// A contact to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewContact {
    /// How they can be reached; none of it may be another contact's.
    pub handles: Vec<Handle>,
    /// The rest.
    #[serde(flatten)]
    pub details: ContactDetails,
}

/// What is said of a contact; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ContactDetails {
    /// As shown in Front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is noted of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By the names of the fields. All of them: Front erases those that are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Map<String, Value>>,
    /// Names of the lists they are on; Front makes those that are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_names: Option<Vec<String>>,
}

impl Client {
    /// The contact that has this handle; [`Absent`](super::Outcome::Absent) if none has.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn contact_by_handle(&self, handle: &Handle, cancellation: &Cancellation) -> CallResult<Contact> {
        let alias = format!("alt:{}:{}", handle.source, handle.handle);
        self.ask(&self.target().url_of_alias(&["contacts"], &alias), cancellation).await
    }

    /// The contact with this id.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn contact(&self, contact_id: &str, cancellation: &Cancellation) -> CallResult<Contact> {
        self.ask(&self.target().url(&["contacts", contact_id]), cancellation).await
    }

    /// The first conversation among those that somebody is part of that is `wanted`.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn conversation_of_contact(
        &self,
        contact_id: &str,
        cancellation: &Cancellation,
        wanted: impl Fn(&Conversation) -> bool,
    ) -> CallResult<Option<Conversation>> {
        let url = in_large_pages(self.target().url(&["contacts", contact_id, "conversations"]));
        self.find(url, cancellation, wanted).await
    }

    /// Makes a contact of the company. After [`Lost`](super::Outcome::Lost) it may be there: ask for its handle.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn create_contact(&self, contact: &NewContact, cancellation: &Cancellation) -> CallResult<Contact> {
        self.make(&self.target().url(&["contacts"]), &json_body(contact), cancellation, call::json).await
    }

    /// Changes what is said of a contact.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn update_contact(
        &self,
        contact_id: &str,
        details: &ContactDetails,
        cancellation: &Cancellation,
    ) -> CallResult<()> {
        let url = self.target().url(&["contacts", contact_id]);
        self.set(Method::PATCH, &url, Some(&json_body(details)), cancellation).await
    }

    /// Gives a contact one more handle.
    ///
    /// A handle cannot be there twice. But Front refuses one that is there already, so after an answer that was lost another
    /// attempt would look like a refusal: it is [`Lost`](super::Outcome::Lost) instead, and the contact says how it stands.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn add_handle(&self, contact_id: &str, handle: &Handle, cancellation: &Cancellation) -> CallResult<()> {
        let url = self.target().url(&["contacts", contact_id, "handles"]);
        self.make(&url, &json_body(handle), cancellation, |_| Ok(())).await
    }

    /// Deletes a contact.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn delete_contact(&self, contact_id: &str, cancellation: &Cancellation) -> CallResult<()> {
        self.set(Method::DELETE, &self.target().url(&["contacts", contact_id]), None, cancellation).await
    }

    /// All lists of contacts that the token can see.
    pub async fn contact_lists(&self) -> Result<Vec<ContactList>, FrontError> {
        self.list(self.target().url(&["contact_lists"])).await
    }

    /// Puts contacts on a list.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn add_to_contact_list(
        &self,
        list_id: &str,
        contact_ids: &[String],
        cancellation: &Cancellation,
    ) -> CallResult<()> {
        self.change_contact_list(Method::POST, list_id, contact_ids, cancellation).await
    }

    /// Takes contacts off a list.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn remove_from_contact_list(
        &self,
        list_id: &str,
        contact_ids: &[String],
        cancellation: &Cancellation,
    ) -> CallResult<()> {
        self.change_contact_list(Method::DELETE, list_id, contact_ids, cancellation).await
    }

    async fn change_contact_list(
        &self,
        method: Method,
        list_id: &str,
        contact_ids: &[String],
        cancellation: &Cancellation,
    ) -> CallResult<()> {
        let url = self.target().url(&["contact_lists", list_id, "contacts"]);
        self.set(method, &url, Some(&json_body(&json!({ "contact_ids": contact_ids }))), cancellation).await
    }
}
