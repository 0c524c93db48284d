//! What the journal says about every message that was ever sent, over all plans.

use super::entry::State;
use super::error::LedgerError;
use super::fact::{Fact, Glance};
use super::journal::{self, FactReader};
use super::renewal::Renewals;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::path::Path;

/// A message whose last fact is that it goes out: the process ended before there was an answer.
pub(super) const NEVER_ANSWERED: &str = "the process ended before Front answered";

/// The first half of an id's blake3 digest.
pub(super) type IdHash = [u8; 16];

pub(super) fn hash(id: &str) -> IdHash {
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(blake3::hash(id.as_bytes()).as_bytes()) {
        *to = *from;
    }
    hash
}

/// Where a message stands: offsets into the journal, since the words themselves would fill the memory.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// The last request: the offset of its line plus one, which takes half the room of an `Option<u64>`. There is none
    /// if that line was lost and taken out by hand.
    sending: Option<NonZeroU64>,
    /// The last fact.
    last: u64,
}

/// Where every message stands that the journal knows.
#[derive(Debug, Default)]
pub(super) struct Standings(HashMap<IdHash, Standing>, Renewals);

impl Standings {
    /// Reads the whole journal.
    pub(super) fn read(dir: &Path) -> Result<Self, LedgerError> {
        let mut standings = Self::default();
        journal::glance(dir, |fact, _, offset| {
            standings.note(fact, offset);
            Ok(())
        })?;
        Ok(standings)
    }

    /// Takes up the next fact of the journal.
    pub(super) fn note(&mut self, fact: &Glance<'_>, offset: u64) {
        self.1.note(fact);
        if matches!(fact, Glance::Renewed(_)) {
            // The former id stays as it stands: what is pinned of the message is read from there.
            return;
        }
        let Some(external_id) = fact.external_id() else { return };
        let standing = self.0.entry(hash(external_id)).or_insert(Standing { sending: None, last: offset });
        standing.last = offset;
        if matches!(fact, Glance::Sending(_)) {
            standing.sending = NonZeroU64::new(offset + 1);
        }
    }

    /// Messages that the journal knows.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// The newest ids of messages that have more than one.
    pub(super) fn renewals(&self) -> &Renewals {
        &self.1
    }

    /// The offset of the last fact about a message.
    pub(super) fn last(&self, id: &IdHash) -> Option<u64> {
        self.0.get(id).map(|standing| standing.last)
    }

    /// The offset of the last request of a message.
    pub(super) fn sending(&self, id: &IdHash) -> Option<u64> {
        Some(self.0.get(id)?.sending?.get() - 1)
    }
}

/// A message that was sent at least once, and what later plans must keep of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Front's external id.
    pub external_id: String,
    /// The export's own id.
    pub original_id: Option<String>,
    /// What became of it. `Planned` means that Front certainly did not take it; a request without an answer is `Unknown`.
    pub state: State,
    /// Front's thread ref.
    pub thread_ref: String,
    /// Inbox, as the mapping named it.
    pub inbox: String,
    /// Archived after import?
    pub is_archived: bool,
    /// Whom its conversation was assigned to with it, as the mapping named them.
    pub assignee: Option<String>,
    /// Digest of the copy that was sent.
    pub identity: [u8; 32],
    /// Digest of the request, as last sent.
    pub request: [u8; 32],
    /// The plan it was sent under.
    pub plan_id: String,
    /// The message goes out under another id since.
    pub is_renewed: bool,
}

/// All pins, in the order in which the messages were last sent.
#[derive(Debug)]
pub struct Pins {
    standings: std::vec::IntoIter<(u64, u64)>,
    renewals: Renewals,
    requests: FactReader,
    outcomes: FactReader,
}

impl Pins {
    pub(super) fn read(dir: &Path) -> Result<Self, LedgerError> {
        let Standings(standings, renewals) = Standings::read(dir)?;
        let mut standings: Vec<(u64, u64)> =
            standings.into_values().filter_map(|standing| Some((standing.sending?.get() - 1, standing.last))).collect();
        standings.sort_unstable();
        Ok(Self {
            standings: standings.into_iter(),
            renewals,
            requests: FactReader::open(dir)?,
            outcomes: FactReader::open(dir)?,
        })
    }

    /// The newest ids of messages that have more than one.
    #[must_use]
    pub fn renewals(&self) -> &Renewals {
        &self.renewals
    }

    /// Where the requests and the last facts of all messages are, which are not handed out then.
    pub(super) fn take_places(&mut self) -> std::vec::IntoIter<(u64, u64)> {
        std::mem::take(&mut self.standings)
    }

    /// The ref of the message whose request is there.
    pub(super) fn ref_at(&mut self, sending: u64) -> Result<Option<String>, LedgerError> {
        let Fact::Sending(request) = self.requests.read(sending)? else { return Ok(None) };
        Ok(Some(request.thread_ref))
    }

    /// The message with its last request and its last fact there.
    pub(super) fn at(&mut self, sending: u64, last: u64) -> Result<Option<Pin>, LedgerError> {
        let Fact::Sending(request) = self.requests.read(sending)? else { return Ok(None) };
        let state = if sending == last {
            State::Unknown { why: NEVER_ANSWERED.into() }
        } else {
            let Some((_, state)) = self.outcomes.read(last)?.into_state() else { return Ok(None) };
            state
        };
        Ok(Some(Pin {
            is_renewed: self.renewals.is_former(&request.external_id),
            external_id: request.external_id,
            original_id: request.original_id,
            state,
            thread_ref: request.thread_ref,
            inbox: request.inbox,
            is_archived: request.archived,
            assignee: request.assignee,
            identity: request.identity,
            request: request.request,
            plan_id: request.plan,
        }))
    }
}

impl Iterator for Pins {
    type Item = Result<Pin, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (sending, last) = self.standings.next()?;
            if let Some(pin) = self.at(sending, last).transpose() {
                return Some(pin);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.standings.len()))
    }
}
