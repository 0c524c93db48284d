//! Custom fields, which are defined in Front alone, and ticket statuses.

use serde::Deserialize;

use super::client::Client;
use super::settings::FrontError;
use super::wire::or_default;

/// A custom field. Values are given under its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CustomField {
    /// `fld_…`
    pub id: String,
    /// As shown in Front, and as values are given under.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// What it is for.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// `string`, `boolean`, `datetime`, `number`, `teammate`, `inbox` or `enum`.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// What an `enum` may be.
    #[serde(default, deserialize_with = "or_default")]
    pub values: Vec<FieldValue>,
}

/// A value of a custom field of the type `enum`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldValue {
    /// As it is given.
    #[serde(default, deserialize_with = "or_default")]
    pub value: String,
    /// As shown in Front.
    #[serde(default, deserialize_with = "or_default")]
    pub label: String,
}

/// A status that a ticket can have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TicketStatus {
    /// `sts_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `open`, `waiting` or `resolved`.
    pub category: Option<String>,
}

impl Client {
    /// The custom fields of conversations; those that Front manages itself are not among them.
    pub async fn conversation_fields(&self) -> Result<Vec<CustomField>, FrontError> {
        self.list(self.target().url(&["conversations", "custom_fields"])).await
    }

    /// The custom fields of contacts.
    pub async fn contact_fields(&self) -> Result<Vec<CustomField>, FrontError> {
        self.list(self.target().url(&["contacts", "custom_fields"])).await
    }

    /// The statuses of tickets, or `None` where the company does not use tickets.
    pub async fn ticket_statuses(&self) -> Result<Option<Vec<TicketStatus>>, FrontError> {
        self.list_if_there(&self.target().url(&["company", "statuses"])).await
    }
}
