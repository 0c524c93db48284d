//! What the journal says about single messages beyond their last state: every promise Front made of them.

use super::error::LedgerError;
use super::fact::{Fact, Glance};
use super::journal::{self, FactReader};
use super::ledger::Ledger;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// What was tried with one message, over all plans and runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "what happened to a message, each by itself")]
pub struct Trace {
    /// Every uid that Front answered with, each once, oldest first. A repeat may be answered with a uid of its own, and
    /// only one of them need ever lead to a message.
    pub uids: Vec<String>,
    /// Digests of the requests, oldest first, one for each row of equal ones: the last is the one that was sent last. More than
    /// one means that it was sent again after the plan had changed.
    pub requests: Vec<[u8; 32]>,
    /// It was sent again after it had been missing.
    pub resent: bool,
    /// An attempt of it had no answer: whatever Front made of that one may be there under a uid that nobody knows.
    pub unanswered: bool,
    /// It was seen in Front once.
    pub seen: bool,
    /// It goes out under another id since, and never again under this one.
    pub renewed: bool,
    missing: bool,
    is_out: bool,
}

/// Whom a uid or the id of a message in Front belongs to, as far as a line of the journal says.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Named<'a> {
    Accepted(#[serde(borrow)] Promised<'a>),
    Missing(#[serde(borrow)] Promised<'a>),
    Confirmed(#[serde(borrow)] Seen<'a>),
}

#[derive(Deserialize)]
struct Promised<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Seen<'a> {
    #[serde(borrow)]
    message_id: Cow<'a, str>,
}

impl Ledger {
    /// What was tried with these messages; those that the journal does not know are left out. One pass over the journal
    /// as it is now, however many they are; marking goes on meanwhile.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn traces(&self, external_ids: &HashSet<String>) -> Result<HashMap<String, Trace>, LedgerError> {
        let mut traces: HashMap<String, Trace> = HashMap::with_capacity(external_ids.len());
        if external_ids.is_empty() {
            return Ok(traces);
        }
        self.each_line(|glance, line| {
            let Some(id) = glance.external_id().filter(|id| external_ids.contains(*id)) else { return Ok(()) };
            traces.entry(id.to_owned()).or_default().take(line.read()?);
            Ok(())
        })?;
        Ok(traces)
    }

    /// The external ids of the messages to which these uids and ids of messages in Front belong; where Front gave one to
    /// several, to the first. One pass over the journal, in which nothing else is kept.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn holders(&self, names: &HashSet<String>) -> Result<HashMap<String, String>, LedgerError> {
        let mut holders: HashMap<String, String> = HashMap::with_capacity(names.len());
        if names.is_empty() {
            return Ok(holders);
        }
        self.each_line(|glance, line| {
            let (Glance::Accepted(_) | Glance::Missing(_) | Glance::Confirmed(_), Some(id)) =
                (glance, glance.external_id())
            else {
                return Ok(());
            };
            let (Named::Accepted(Promised { uid: name })
            | Named::Missing(Promised { uid: name })
            | Named::Confirmed(Seen { message_id: name })) = line.read()?;
            if names.contains(name.as_ref()) {
                holders.entry(name.into_owned()).or_insert_with(|| id.to_owned());
            }
            Ok(())
        })?;
        Ok(holders)
    }

    /// Every line of the journal as it is now.
    fn each_line(
        &self,
        mut each: impl FnMut(&Glance<'_>, Line<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        // What is being written behind it may not be whole yet.
        let end = self.books().sound_length()?;
        let reader = FactReader::open(self.dir())?;
        journal::glance_until(self.dir(), end, |glance, json, offset| {
            each(glance, Line { reader: &reader, json, offset })
        })
    }
}

/// A line of the journal, and where it begins.
struct Line<'a> {
    reader: &'a FactReader,
    json: &'a [u8],
    offset: u64,
}

impl<'a> Line<'a> {
    fn read<T: Deserialize<'a>>(self) -> Result<T, LedgerError> {
        serde_json::from_slice(self.json)
            .map_err(|_| self.reader.damaged(self.offset, "there is no line of the journal"))
    }
}

impl Trace {
    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Sending(sending) => {
                // The process ended before it heard of the one before.
                self.unanswered |= self.is_out;
                self.is_out = true;
                if self.requests.last() != Some(&sending.request) {
                    self.requests.push(sending.request);
                }
                self.resent |= self.missing;
            }
            Fact::Accepted { uid, .. } => {
                self.is_out = false;
                self.promised(uid);
            }
            Fact::Missing { uid, .. } => {
                self.missing = true;
                self.promised(uid);
            }
            Fact::Confirmed { .. } => self.seen = true,
            Fact::Renewed { .. } => self.renewed = true,
            Fact::Unknown { .. } => {
                self.is_out = false;
                self.unanswered = true;
            }
            Fact::Refused { status, .. } => {
                self.is_out = false;
                // A server's failure is no answer.
                self.unanswered |= !(400..500).contains(&status);
            }
            Fact::Unsent { .. } => self.is_out = false,
            // What comes after it is about the message under another id.
            Fact::Undone { .. } => *self = Self { renewed: true, ..Self::default() },
            Fact::Target(_) | Fact::Effect(_) => {}
        }
    }

    fn promised(&mut self, uid: String) {
        if !uid.is_empty() && !self.uids.contains(&uid) {
            self.uids.push(uid);
        }
    }
}
