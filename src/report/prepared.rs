//! What was made before an import, and which agents Front knows.

use super::text::{self, Extent};
use crate::prepare;
use serde::Serialize;

/// What `prepare` found and made.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Prepared {
    /// Everybody in Front whom the mapping names.
    pub agents: Vec<Agent>,
    /// What was made; absent before anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
}

impl Prepared {
    /// The text for a terminal.
    #[must_use]
    pub fn text(&self, extent: Extent) -> String {
        let mut out = String::new();
        text::render_prepared(&mut out, self, extent);
        out
    }
}

/// A teammate whom the mapping names.
#[derive(Debug, Clone, Serialize)]
pub struct Agent {
    /// As the mapping names them: an id or an alias.
    pub teammate: String,
    /// Their addresses in the old helpdesk, by `[agents]`.
    pub addresses: Vec<String>,
    /// Whether Front knows them.
    pub standing: AgentStanding,
    /// Front's id of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Their name in Front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The plan needs them; else no message is theirs.
    pub is_needed: bool,
}

/// Whether Front knows a teammate. The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStanding {
    /// Front has no such teammate.
    Unmatched,
    /// They can no longer log in.
    Blocked,
    /// They are there.
    Matched,
}

/// What one run made.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Made {
    /// Figures.
    #[serde(flatten)]
    pub counts: prepare::Counts,
    /// The first things that were left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<LeftThing>,
    /// Why something is not done yet that a further run may do, the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
}

/// A thing that was left.
#[derive(Debug, Clone, Serialize)]
pub struct LeftThing {
    /// Which.
    pub what: String,
    /// Why.
    pub why: String,
}
