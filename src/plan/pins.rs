//! What was sent before, as far as a new plan must agree with it.

use super::resolve::plain_id;
use crate::ledger::{Ledger, LedgerError, Pin, Planned, State};
use crate::mapping::Mapping;
use crate::record::identity;
use std::collections::{BTreeSet, HashMap};

/// Messages that may be in Front, by external id.
pub(super) struct Pins {
    sent: HashMap<String, Pin>,
    /// What a thread was first sent with.
    threads: HashMap<String, ThreadPin>,
}

/// What a sent thread keeps.
#[derive(Debug, Clone)]
pub(super) struct ThreadPin {
    pub inbox: String,
    pub is_archived: bool,
}

/// A sent message's place in the reference graph.
pub(super) struct GraphPin<'a> {
    pub namespace: String,
    pub message_id: &'a str,
    pub thread_ref: &'a str,
}

impl Pins {
    /// Reads the journal's pins. What Front certainly did not take pins nothing.
    pub(super) fn of(ledger: &Ledger) -> Result<Self, LedgerError> {
        let mut pins = Self { sent: HashMap::new(), threads: HashMap::new() };
        for pin in ledger.pins()? {
            let pin = pin?;
            if matches!(pin.state, State::Planned | State::Refused { .. }) {
                continue;
            }
            let thread = ThreadPin { inbox: pin.inbox.clone(), is_archived: pin.is_archived };
            pins.threads.entry(pin.thread_ref.clone()).or_insert(thread);
            pins.sent.insert(pin.external_id.clone(), pin);
        }
        Ok(pins)
    }

    /// Which copy was sent under an id; see [`Candidate::pin`](super::facts::Candidate::pin).
    pub(super) fn copy(&self, external_id: &str) -> Option<[u8; 32]> {
        self.sent.get(external_id).map(|pin| pin.identity)
    }

    /// The ref a message was sent under.
    pub(super) fn thread_ref(&self, external_id: &str) -> Option<&str> {
        self.sent.get(external_id).map(|pin| pin.thread_ref.as_str())
    }

    /// What a sent thread keeps.
    pub(super) fn thread(&self, thread_ref: &str) -> Option<&ThreadPin> {
        self.threads.get(thread_ref)
    }

    /// It was sent, and with another request than this plan would send.
    pub(super) fn was_sent_differently(&self, planned: &Planned) -> bool {
        self.sent.get(&planned.external_id).is_some_and(|pin| pin.request != planned.request)
    }

    /// Sent mails by Message-ID, so that newcomers that refer to them join their threads even when they
    /// are not read again. The external id proves which namespace a Message-ID was sent under.
    pub(super) fn graph_pins<'a>(&'a self, mapping: &'a Mapping) -> impl Iterator<Item = GraphPin<'a>> {
        let namespaces: BTreeSet<&str> = mapping.sources.iter().map(|source| source.namespace.as_str()).collect();
        self.sent.values().flat_map(move |pin| {
            let message_id = pin.original_id.as_deref();
            let own: Vec<&str> = namespaces
                .iter()
                .copied()
                .filter(|namespace| {
                    message_id
                        .is_some_and(|id| pin.external_id.starts_with(&plain_id(&identity::mail_key(namespace, id))))
                })
                .collect();
            own.into_iter().filter_map(move |namespace| {
                Some(GraphPin { namespace: namespace.to_owned(), message_id: message_id?, thread_ref: &pin.thread_ref })
            })
        })
    }
}
