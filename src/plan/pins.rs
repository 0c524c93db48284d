//! What was sent before, as far as a new plan must agree with it.

use super::deliveries::is_delivered;
use super::overview::Ends;
use super::resolve::plain_id;
use crate::ledger::{Ledger, LedgerError, Pin, Planned, Renewals, State, first_id, generation};
use crate::mapping::Mapping;
use crate::record::identity;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Every message of which Front has heard, by external id; where a message has several, by the first of them. Asked by
/// any of them.
#[derive(Debug, Default)]
pub(super) struct Pins {
    known: HashMap<Box<str>, Known>,
    /// What each thread was first sent with.
    threads: Vec<ThreadPin>,
    by_ref: HashMap<Box<str>, u32>,
    renewals: Renewals,
    has_deliveries: bool,
}

/// A message of which Front has heard.
#[derive(Debug)]
struct Known {
    /// See [`Candidate::pin`](super::facts::Candidate::pin).
    identity: [u8; 32],
    request: [u8; 32],
    original_id: Option<Box<str>>,
    /// Whom its conversation was assigned to with it.
    assignee: Option<Box<str>>,
    end: End,
    /// Which of its ids is the newest under which it was sent.
    generation: u32,
    /// Index into the threads; absent if Front refused it for good. Then its id still stands for it (the ledger keeps
    /// the refusal under that id), but a mended mapping may send it as another copy and elsewhere.
    thread: Option<u32>,
}

/// What is known of a message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Seen,
    Accepted,
    Missing,
    Unknown,
}

impl End {
    fn of(state: &State) -> Self {
        match state {
            State::Confirmed { .. } => End::Seen,
            State::Accepted { .. } => End::Accepted,
            State::Missing { .. } => End::Missing,
            State::Planned | State::Sending | State::Refused { .. } | State::Unknown { .. } => End::Unknown,
        }
    }
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
        let all = ledger.pins()?;
        let mut pins = Self { renewals: all.renewals().clone(), ..Self::default() };
        for pin in all {
            pins.add(pin?);
        }
        Ok(pins)
    }

    pub(super) fn add(&mut self, pin: Pin) {
        let first = first_id(&pin.external_id);
        let earlier = self.known.get(first).and_then(|known| known.thread);
        let end = End::of(&pin.state);
        let thread = match pin.state {
            State::Planned => return,
            // Under an earlier id it was sent into a thread.
            State::Refused { status, .. } if is_final(status) => earlier,
            _ => earlier.or_else(|| Some(self.thread_of(&pin))),
        };
        let known = Known {
            end,
            generation: generation(&pin.external_id),
            identity: pin.identity,
            request: pin.request,
            original_id: pin.original_id.map(String::into_boxed_str),
            assignee: pin.assignee.map(String::into_boxed_str),
            thread,
        };
        self.known.insert(first.into(), known);
    }

    /// The thread of a pin; of several inboxes that were used for one ref, the first counts.
    fn thread_of(&mut self, pin: &Pin) -> u32 {
        if let Some(known) = self.by_ref.get(pin.thread_ref.as_str()) {
            if let Some(thread) = self.threads.get_mut(*known as usize) {
                thread.messages = thread.messages.saturating_add(1);
            }
            return *known;
        }
        self.has_deliveries |= is_delivered(&pin.thread_ref);
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
        self.known.contains_key(first_id(external_id))
    }

    /// Which message an external id stands for.
    pub(super) fn message(&self, external_id: &str) -> Option<[u8; 32]> {
        self.known.get(first_id(external_id)).map(|known| known.identity)
    }

    /// Which copy of a message Front has.
    pub(super) fn copy(&self, external_id: &str) -> Option<[u8; 32]> {
        self.sent(external_id).map(|(known, _)| known.identity)
    }

    /// Which copy of a message Front refused for good.
    pub(super) fn refused_copy(&self, external_id: &str) -> Option<[u8; 32]> {
        self.known.get(first_id(external_id)).filter(|known| known.thread.is_none()).map(|known| known.identity)
    }

    /// The id that the message with this one has now.
    pub(super) fn newest(&self, external_id: &str) -> String {
        self.renewals.newest(external_id)
    }

    /// The ref that a thread has now, if it has another one since it was taken back.
    pub(super) fn newest_ref(&self, thread_ref: &str) -> Option<String> {
        self.renewals.newest_ref(thread_ref)
    }

    /// Was anything ever taken back, or given a new id?
    pub(super) fn has_renewals(&self) -> bool {
        self.renewals != Renewals::default()
    }

    /// The ref a message was sent under.
    pub(super) fn thread_ref(&self, external_id: &str) -> Option<&str> {
        self.sent(external_id).map(|(_, thread)| thread.thread_ref.as_str())
    }

    /// Was anything ever delivered through a channel?
    pub(super) fn has_deliveries(&self) -> bool {
        self.has_deliveries
    }

    /// Nothing was ever sent.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What is known of all messages that were sent.
    pub(super) fn ends(&self) -> Ends {
        let mut ends = Ends::default();
        for known in self.known.values().filter(|known| known.thread.is_some()) {
            ends.add(known.end);
        }
        ends
    }

    /// What is known of a message, if it was sent.
    pub(super) fn end(&self, external_id: &str) -> Option<End> {
        self.sent(external_id).map(|(known, _)| known.end)
    }

    /// Messages that were sent and are not among the planned ids: which message and copy, and the inbox.
    pub(super) fn gone<'a>(
        &'a self,
        planned: impl Iterator<Item = Cow<'a, str>>,
    ) -> impl Iterator<Item = ([u8; 32], &'a str)> {
        let planned: HashSet<Box<str>> = planned.map(|id| first_id(&id).into()).collect();
        self.known.iter().filter_map(move |(external_id, known)| {
            let thread = self.threads.get(known.thread? as usize)?;
            (!planned.contains(external_id.as_ref())).then_some((known.identity, thread.inbox.as_str()))
        })
    }

    /// The inbox a message was sent into.
    pub(super) fn inbox(&self, external_id: &str) -> Option<&str> {
        self.sent(external_id).map(|(_, thread)| thread.inbox.as_str())
    }

    /// Whom the conversation of a message was assigned to when that was sent.
    pub(super) fn assignee(&self, external_id: &str) -> Option<&str> {
        self.sent(external_id).and_then(|(known, _)| known.assignee.as_deref())
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
        // One that is to go out under a new id has not been sent yet, as far as that one goes.
        let is_this_one = known.generation == generation(&planned.external_id);
        (is_this_one && known.request != planned.request).then_some(difference)
    }

    fn sent(&self, external_id: &str) -> Option<(&Known, &ThreadPin)> {
        let known = self.known.get(first_id(external_id))?;
        Some((known, self.threads.get(known.thread? as usize)?))
    }

    /// Sent mails by Message-ID, so that newcomers that refer to them join their threads even when they
    /// are not read again. The external id proves which namespace a Message-ID was sent under.
    pub(super) fn graph_pins<'a>(&'a self, mapping: &'a Mapping) -> impl Iterator<Item = GraphPin<'a>> {
        let namespaces: BTreeSet<&str> = mapping.sources.iter().map(|source| source.namespace.as_str()).collect();
        self.known.iter().filter_map(move |(external_id, known)| {
            let message_id = known.original_id.as_deref()?;
            let thread = self.threads.get(known.thread? as usize).filter(|thread| !is_delivered(&thread.thread_ref))?;
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
