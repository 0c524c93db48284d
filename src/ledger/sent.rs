//! What the journal says about how single messages were sent, attempt by attempt.

use super::error::LedgerError;
use super::fact::{Fact, Glance};
use super::journal::{self, FactReader};
use super::ledger::Ledger;
use std::collections::{HashMap, HashSet};

/// How a message was sent, over all plans and runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Every uid that Front answered with, each once, oldest first. A replay may be answered with another uid than the attempt
    /// before it, and only one of the two need ever lead to a message.
    pub uids: Vec<String>,
    /// How often the message was marked as sending. Front may have been asked more often: attempts that follow one another
    /// within a run share a mark.
    pub attempts: u32,
    /// Digests of the requests, oldest first, one for each row of equal ones: the last is the one that was sent last. More
    /// than one means that a message of unknown fate was sent again after the plan had changed.
    pub requests: Vec<[u8; 32]>,
}

impl Ledger {
    /// How these messages were sent. One pass over the journal, however many they are; those that it does not know are
    /// left out.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn uids_of(&self, external_ids: &HashSet<String>) -> Result<HashMap<String, Sent>, LedgerError> {
        let mut found: HashMap<String, Sent> = HashMap::with_capacity(external_ids.len());
        if external_ids.is_empty() {
            return Ok(found);
        }
        let reader = FactReader::open(self.dir())?;
        journal::glance(self.dir(), |fact, json, offset| {
            let is_told = matches!(fact, Glance::Sending(_) | Glance::Accepted(_) | Glance::Missing(_));
            let Some(external_id) = fact.external_id().filter(|id| is_told && external_ids.contains(*id)) else {
                return Ok(());
            };
            let fact =
                serde_json::from_slice(json).map_err(|_| reader.damaged(offset, "there is no line of the journal"))?;
            if !found.contains_key(external_id) {
                found.insert(external_id.to_owned(), Sent::default());
            }
            if let Some(sent) = found.get_mut(external_id) {
                sent.take(fact);
            }
            Ok(())
        })?;
        Ok(found)
    }
}

impl Sent {
    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Sending(sending) => {
                self.attempts = self.attempts.saturating_add(1);
                if self.requests.last() != Some(&sending.request) {
                    self.requests.push(sending.request);
                }
            }
            Fact::Accepted { uid, .. } | Fact::Missing { uid, .. } if !self.uids.contains(&uid) => self.uids.push(uid),
            _ => {}
        }
    }
}
