//! Teammates.

use serde::Deserialize;

use super::client::Client;
use super::settings::FrontError;
use super::wire::or_default;

/// A teammate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Teammate {
    /// `tea_…`
    pub id: String,
    /// Address they log in with.
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
    /// What they are mentioned by.
    #[serde(default, deserialize_with = "or_default")]
    pub username: String,
    /// Given name.
    #[serde(default, deserialize_with = "or_default")]
    pub first_name: String,
    /// Family name.
    #[serde(default, deserialize_with = "or_default")]
    pub last_name: String,
    /// Their account is blocked: they can no longer log in.
    #[serde(default, deserialize_with = "or_default")]
    pub is_blocked: bool,
    /// They are not out of office, as far as Front says.
    #[serde(default = "yes")]
    pub is_available: bool,
    /// `user` for people, `visitor`, or one of the kinds of bots; empty if Front does not say.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
}

fn yes() -> bool {
    true
}

impl Teammate {
    /// Given and family name; empty if Front has neither.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

impl Client {
    /// All teammates of the company.
    pub async fn teammates(&self) -> Result<Vec<Teammate>, FrontError> {
        self.list(self.target().url(&["teammates"])).await
    }
}
