//! Rules, which may answer what an import does with mail, assignments and notifications.

use serde::Deserialize;

use super::client::Client;
use super::settings::FrontError;
use super::wire::{Related, or_default};

/// A rule, as far as Front tells: what sets it off is not told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireRule")]
pub struct Rule {
    /// `rul_…`
    pub id: String,
    /// As shown in Front.
    pub name: String,
    /// What it does, in Front's words.
    pub actions: Vec<String>,
    /// It belongs to one teammate.
    pub is_private: bool,
    /// Workspace or teammate that it belongs to; none for those of the company.
    pub owner_id: Option<String>,
}

#[derive(Deserialize)]
struct WireRule {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    actions: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    is_private: bool,
    #[serde(rename = "_links", default, deserialize_with = "or_default")]
    links: Related,
}

impl From<WireRule> for Rule {
    fn from(wire: WireRule) -> Self {
        let owner_id = wire.links.id("owner");
        Self { id: wire.id, name: wire.name, actions: wire.actions, is_private: wire.is_private, owner_id }
    }
}

impl Client {
    /// The rules that the token can see.
    pub async fn rules(&self) -> Result<Vec<Rule>, FrontError> {
        self.list(self.target().url(&["rules"])).await
    }

    /// The rules of the whole company.
    pub async fn company_rules(&self) -> Result<Vec<Rule>, FrontError> {
        self.list(self.target().url(&["company", "rules"])).await
    }
}
