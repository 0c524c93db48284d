//! Who was treated as us, and why: a table that somebody who knows the team approves.

use crate::mapping::Mapping;
use crate::plan::decide::DirectionBy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most authors that are named. A team is smaller; a mapping that takes customers for us is seen by the first of them.
pub const MAX_AUTHORS: usize = 300;

/// Everybody who was treated as us.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAuthors {
    /// Most frequent first.
    pub first: Vec<OwnAuthor>,
    /// How many were left out.
    pub left_out: u64,
    /// How many of all are on our domains, and neither a teammate nor one of our addresses.
    #[serde(default)]
    pub unplaced: u64,
}

/// Somebody who was treated as us.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAuthor {
    /// Their handle.
    pub handle: String,
    /// Messages they wrote.
    pub messages: u64,
    /// Why they count as us, with the messages for which that is so.
    pub because: Vec<(String, u64)>,
    /// The teammate whose messages they are in Front, by `[agents]`.
    pub teammate: Option<String>,
    /// On one of our domains, and neither a teammate nor one of our addresses.
    pub is_unplaced: bool,
}

/// Counts them.
#[derive(Default)]
pub(super) struct Authors(BTreeMap<Box<str>, BTreeMap<DirectionBy, u64>>);

impl Authors {
    pub(super) fn add(&mut self, sender: &str, by: DirectionBy) {
        if !self.0.contains_key(sender) {
            self.0.insert(sender.into(), BTreeMap::new());
        }
        if let Some(reasons) = self.0.get_mut(sender) {
            *reasons.entry(by).or_default() += 1;
        }
    }

    /// The teammates that some of them are.
    pub(super) fn teammates(&self, mapping: &Mapping) -> impl Iterator<Item = String> {
        self.0.keys().filter_map(|handle| mapping.agents.get(&handle.to_lowercase())).cloned()
    }

    pub(super) fn all(self, mapping: &Mapping) -> OwnAuthors {
        let mut all: Vec<OwnAuthor> = self.0.into_iter().map(|(handle, by)| author(&handle, by, mapping)).collect();
        all.sort_by(|a, b| b.messages.cmp(&a.messages).then_with(|| a.handle.cmp(&b.handle)));
        let unplaced = all.iter().filter(|author| author.is_unplaced).count() as u64;
        let left_out = all.len().saturating_sub(MAX_AUTHORS) as u64;
        all.truncate(MAX_AUTHORS);
        OwnAuthors { first: all, left_out, unplaced }
    }
}

fn author(handle: &str, by: BTreeMap<DirectionBy, u64>, mapping: &Mapping) -> OwnAuthor {
    let lower = handle.to_lowercase();
    let is_address = mapping.ours.addresses.contains(&lower);
    let why = |by: DirectionBy| match by {
        DirectionBy::Stated => "the export says so: a label, a folder or a role".to_owned(),
        DirectionBy::Ours if is_address => "one of our addresses".to_owned(),
        DirectionBy::Ours => {
            format!("on {}, one of our domains", handle.rsplit_once('@').map_or("", |(_, domain)| domain))
        }
        DirectionBy::Rule(rule) => {
            let line = mapping.rules.get(usize::from(rule)).map_or(0, |rule| rule.at.line);
            format!("rule {} (line {line})", rule + 1)
        }
        DirectionBy::Others => "nothing says so".to_owned(),
    };
    let teammate = mapping.agents.get(&lower).cloned();
    OwnAuthor {
        messages: by.values().sum(),
        is_unplaced: mapping.ours.owns(handle) && !is_address && teammate.is_none(),
        because: by.into_iter().map(|(by, messages)| (why(by), messages)).collect(),
        handle: handle.to_owned(),
        teammate,
    }
}
