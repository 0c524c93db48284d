//! What was sent before, as far as a new plan must agree with it.

use super::resolve::plain_id;
use crate::ledger::{Ledger, LedgerError, Pin, Planned, State};
use crate::mapping::Mapping;
use crate::record::identity;
use std::collections::{BTreeSet, HashMap};

/// Every message of which Front has heard, by external id.
#[derive(Debug, Default)]
pub(super) struct Pins {
    known: HashMap<Box<str>, Known>,
    /// What each thread was first sent with.
    threads: Vec<ThreadPin>,
    by_ref: HashMap<Box<str>, u32>,
}

/// A message of which Front has heard.
#[derive(Debug)]
struct Known {
    /// See [`Candidate::pin`](super::facts::Candidate::pin).
    identity: [u8; 32],
    request: [u8; 32],
    original_id: Option<Box<str>>,
    /// Index into the threads; absent if Front refused it for good. Then its id still stands for it (the ledger keeps
    /// the refusal under that id), but a mended mapping may send it as another copy and elsewhere.
    thread: Option<u32>,
}

/// What a sent thread keeps.
#[derive(Debug, Clone)]
pub(super) struct ThreadPin {
    pub thread_ref: String,
    pub inbox: String,
    pub is_archived: bool,
    /// How many messages of it were sent.
    pub messages: u32,
}

/// Where a request differs from the one that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// In what one record alone decides: content, people, date, direction.
    Drafted,
    /// In what is decided over several records alone: tags, and the customer where one stands in.
    Decided,
}

/// A sent message's place in the reference graph.
pub(super) struct GraphPin<'a> {
    pub namespace: &'a str,
    pub message_id: &'a str,
    pub thread_ref: &'a str,
}

/// A refusal by the server's failure (5xx, or no answer at all) may hide a stored message: that one stays pinned.
fn is_final(status: u16) -> bool {
    (400..500).contains(&status)
}

impl Pins {
    /// Reads the journal's pins. What Front certainly never saw pins nothing.
    pub(super) fn of(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut pins = Self::default();
        for pin in ledger.pins()? {
            pins.add(pin?);
        }
        Ok(pins)
    }

    pub(super) fn add(&mut self, pin: Pin) {
        let thread = match pin.state {
            State::Planned => return,
            State::Refused { status, .. } if is_final(status) => None,
            _ => Some(self.thread_of(&pin)),
        };
        let known = Known {
            identity: pin.identity,
            request: pin.request,
            original_id: pin.original_id.map(String::into_boxed_str),
            thread,
        };
        self.known.insert(pin.external_id.into_boxed_str(), known);
    }

    /// The thread of a pin; of several inboxes that were used for one ref, the first counts.
    fn thread_of(&mut self, pin: &Pin) -> u32 {
        if let Some(known) = self.by_ref.get(pin.thread_ref.as_str()) {
            if let Some(thread) = self.threads.get_mut(*known as usize) {
                thread.messages = thread.messages.saturating_add(1);
            }
            return *known;
        }
        let thread = u32::try_from(self.threads.len()).unwrap_or(u32::MAX);
        self.threads.push(ThreadPin {
            thread_ref: pin.thread_ref.clone(),
            inbox: pin.inbox.clone(),
            is_archived: pin.is_archived,
            messages: 1,
        });
        self.by_ref.insert(pin.thread_ref.as_str().into(), thread);
        thread
    }

    /// Does an external id stand for a message already, sent or refused?
    pub(super) fn is_taken(&self, external_id: &str) -> bool {
        self.known.contains_key(external_id)
    }

    /// Which message an external id stands for.
    pub(super) fn message(&self, external_id: &str) -> Option<[u8; 32]> {
        self.known.get(external_id).map(|known| known.identity)
    }

    /// Which copy of a message Front has.
    pub(super) fn copy(&self, external_id: &str) -> Option<[u8; 32]> {
        self.sent(external_id).map(|(known, _)| known.identity)
    }

    /// Which copy of a message Front refused for good.
    pub(super) fn refused_copy(&self, external_id: &str) -> Option<[u8; 32]> {
        self.known.get(external_id).filter(|known| known.thread.is_none()).map(|known| known.identity)
    }

    /// The ref a message was sent under.
    pub(super) fn thread_ref(&self, external_id: &str) -> Option<&str> {
        self.sent(external_id).map(|(_, thread)| thread.thread_ref.as_str())
    }

    /// Nothing was ever sent.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many messages were sent.
    pub(super) fn sent_messages(&self) -> u64 {
        self.threads.iter().map(|thread| u64::from(thread.messages)).sum()
    }

    /// The inbox a message was sent into.
    pub(super) fn inbox(&self, external_id: &str) -> Option<&str> {
        self.sent(external_id).map(|(_, thread)| thread.inbox.as_str())
    }

    /// What a sent thread keeps.
    pub(super) fn thread(&self, thread_ref: &str) -> Option<&ThreadPin> {
        self.threads.get(*self.by_ref.get(thread_ref)? as usize)
    }

    /// In what the request that was sent differs from the one that this plan would send, if it does.
    pub(super) fn difference(&self, planned: &Planned) -> Option<Difference> {
        let (known, _) = self.sent(&planned.external_id)?;
        let draft = |pin: &[u8; 32]| pin.iter().skip(16).copied().collect::<Vec<u8>>();
        let is_same_draft = draft(&known.identity) == draft(&planned.identity);
        let difference = if is_same_draft { Difference::Decided } else { Difference::Drafted };
        (known.request != planned.request).then_some(difference)
    }

    fn sent(&self, external_id: &str) -> Option<(&Known, &ThreadPin)> {
        let known = self.known.get(external_id)?;
        Some((known, self.threads.get(known.thread? as usize)?))
    }

    /// Sent mails by Message-ID, so that newcomers that refer to them join their threads even when they
    /// are not read again. The external id proves which namespace a Message-ID was sent under.
    pub(super) fn graph_pins<'a>(&'a self, mapping: &'a Mapping) -> impl Iterator<Item = GraphPin<'a>> {
        let namespaces: BTreeSet<&str> = mapping.sources.iter().map(|source| source.namespace.as_str()).collect();
        self.known.iter().filter_map(move |(external_id, known)| {
            let message_id = known.original_id.as_deref()?;
            let thread = self.threads.get(known.thread? as usize)?;
            let is_of = |namespace: &str| {
                let key = identity::mail_key(namespace, message_id);
                external_id.starts_with(&plain_id(&key))
                    || external_id.starts_with(&plain_id(&identity::in_inbox(&key, &thread.inbox)))
            };
            let namespace = namespaces.iter().copied().find(|namespace| is_of(namespace))?;
            Some(GraphPin { namespace, message_id, thread_ref: &thread.thread_ref })
        })
    }
}
