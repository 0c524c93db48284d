//! What is decided over several records: copies, collisions, threads, and the order of sending.
//!
//! Everything here is a function of the *set* of records and of what was sent before. Reading order numbers
//! the entries, and says which of two messages of one second is sent first; nothing else.

use super::authors;
use super::facts::{Candidate, Read, Text, TextList};
use super::pins::Pins;
use super::read::graph_id;
use crate::mapping::{InboxCopies, Mapping, Order};
use crate::request::hex;
use crate::thread::{Graph, Name};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything decided, with the facts it was decided from.
pub(super) struct Resolution<'a> {
    pub(super) read: &'a Read,
    pub(super) mapping: &'a Mapping,
    /// By record number.
    pub(super) fates: Vec<Fate>,
    pub(super) messages: Vec<Message>,
    pub(super) threads: Vec<Thread>,
    /// Sent threads that turned out to be one with another.
    pub(super) rejoined: u64,
    /// Messages beside the first of those that are one message in several inboxes.
    pub(super) further_copies: u64,
    /// Rows without an id of their own that further exports hold again.
    pub(super) shared_rows: u64,
    /// Rows without an id of their own beside the first of those that are equal in one file.
    pub(super) repeated_rows: u64,
    /// Messages beside the first of those that are different and share a Message-ID, or an id of the export.
    pub(super) collisions: u64,
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// Index into the messages.
    Message(u32),
    /// A copy of the message at this index.
    Copy(u32),
    /// Its conversation is not in the sample.
    LeftOut,
    /// As the record's own finding says.
    Own,
}

/// A message to be sent, standing for one or more copies.
#[derive(Debug)]
pub(super) struct Message {
    /// Number of the record whose copy is sent.
    pub record: usize,
    /// The smallest number of its copies: lines of one second go in the order in which an export had them first.
    pub read_first: usize,
    pub external_id: String,
    /// Index into the threads.
    pub thread: usize,
    /// Tags of all kept copies, sorted.
    pub tags: TextList,
    /// The rules that name an inbox for any kept copy, in order.
    pub inbox_rules: Box<[u16]>,
    /// It stands for copies without such a rule, while others have one and are messages of their own.
    pub is_for_default: bool,
    /// The first rule that says whom its thread is assigned to, for any kept copy.
    pub assignee_rule: Option<u16>,
    /// Likewise whether it is archived.
    pub archived_rule: Option<u16>,
    /// Whom its conversation is assigned to with it.
    pub assignee: Option<Text>,
}

/// One conversation.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "thread_ref is Front's word")]
pub(super) struct Thread {
    pub thread_ref: String,
    pub inbox: Arc<str>,
    pub is_archived: bool,
    /// Another inbox that the rules would give it, were it not sent before. Nothing is said unless all that was sent of it
    /// is read again.
    pub wanted: Option<String>,
    /// Likewise the archived state.
    pub wanted_archived: bool,
    /// Whom a new conversation is assigned to.
    pub assignee: Option<Text>,
    /// Who we talked to: the author of the oldest inbound message among those that name them best.
    pub customer: Option<Text>,
    /// Handles that others of its messages know better, sorted, with the better ones.
    pub known_better: Box<[(Text, Text)]>,
    /// Its messages name different inboxes.
    pub has_conflict: bool,
    pub first: i64,
    pub last: i64,
    pub size: u32,
}

impl Thread {
    /// The customer, for a message that does not name them: as recipient if it names none, as author if others of its
    /// messages know a better handle of theirs.
    pub(super) fn customer_for(&self, candidate: &Candidate) -> Option<Text> {
        if candidate.wants_recipient {
            return self.customer;
        }
        let is_theirs = candidate.is_inbound && candidate.missing_handles > 0;
        if !is_theirs {
            return None;
        }
        let at = self.known_better.binary_search_by_key(&candidate.sender, |(lesser, _)| *lesser).ok()?;
        self.known_better.get(at).map(|(_, better)| *better)
    }
}

/// Decides. `graph` is that of `read`, which is used up by it.
pub(super) fn resolve<'a>(
    read: &'a Read,
    graph: Graph,
    pins: &Pins,
    mapping: &'a Mapping,
    sample: Option<usize>,
) -> Resolution<'a> {
    let mut resolution = Resolution {
        read,
        mapping,
        fates: vec![Fate::Own; read.facts.len()],
        messages: Vec::new(),
        threads: Vec::new(),
        rejoined: 0,
        further_copies: 0,
        shared_rows: 0,
        repeated_rows: 0,
        collisions: 0,
    };
    resolution.unite_copies(pins);
    resolution.name_threads(graph, pins);
    resolution.tag_further_inboxes();
    resolution.put_in_order();
    if let Some(wanted) = sample {
        resolution.keep_sample(wanted, pins);
    }
    // Last of all: whatever was decided above was decided by the first ids.
    for message in &mut resolution.messages {
        message.external_id = pins.newest(&message.external_id);
    }
    resolution
}

impl<'a> Resolution<'a> {
    fn name_threads(&mut self, graph: Graph, pins: &Pins) {
        let threads = match self.mapping.identity.copies {
            InboxCopies::One => {
                let names = self.names(graph, pins, None);
                self.rejoined = names.rejoined;
                self.threads_by(|message| match pins.thread_ref(&message.external_id) {
                    Some(pinned) => pinned.to_owned(),
                    None => match names.of(message) {
                        Some(Name::Pinned(pinned)) => pinned.clone(),
                        Some(Name::Group(id) | Name::Root(id)) => new_ref(id),
                        None => message.external_id.clone(),
                    },
                })
            }
            InboxCopies::PerInbox => {
                let (refs, rejoined) = self.refs_per_inbox(graph, pins);
                self.rejoined = rejoined;
                let mut refs = refs.into_iter();
                self.threads_by(|_| refs.next().unwrap_or_default())
            }
        };
        self.decide_threads(threads, pins);
    }

    /// Puts each message into the thread of its ref, and numbers the threads.
    fn threads_by(&mut self, mut ref_of: impl FnMut(&Message) -> String) -> HashMap<String, usize> {
        let mut threads: HashMap<String, usize> = HashMap::new();
        for message in &mut self.messages {
            let next = threads.len();
            message.thread = *threads.entry(ref_of(message)).or_insert(next);
        }
        threads
    }

    /// The threads of all records, with what was sent pinned; with an `inbox`, only what was sent into that one.
    pub(super) fn names(&self, mut graph: Graph, pins: &Pins, inbox: Option<&str>) -> NamesInGraph<'a> {
        let counts = |thread_ref: &str| {
            inbox.is_none_or(|inbox| pins.thread(thread_ref).is_some_and(|thread| thread.inbox == inbox))
        };
        for pin in pins.graph_pins(self.mapping).filter(|pin| counts(pin.thread_ref)) {
            graph.pin(graph_id(pin.namespace, "message", pin.message_id), pin.thread_ref);
        }
        // What was sent and is read again pins by its own place, so that it needs no Message-ID.
        for message in &self.messages {
            if let Some(thread_ref) = pins.thread_ref(&message.external_id)
                && counts(thread_ref)
                && let Some(place) = self.read.places.get(message.record)
            {
                graph.pin_message(*place, thread_ref);
            }
        }
        let names = graph.names(self.mapping.thread.join_by_subject);
        NamesInGraph { names: names.of, places: &self.read.places, rejoined: names.rejoined }
    }

    /// The inbox that the message itself is for; absent if it goes where its thread goes.
    pub(super) fn named_inbox(&self, message: &Message) -> Option<&str> {
        let named = message.inbox_rules.first().and_then(|rule| self.inbox_of_rule(*rule));
        named.or(message.is_for_default.then_some(&self.mapping.target.inbox))
    }

    /// The inbox that a rule names.
    pub(super) fn inbox_of_rule(&self, rule: u16) -> Option<&str> {
        self.mapping.rules.get(usize::from(rule))?.inbox.as_deref()
    }

    /// One inbox, one archived state, one customer for each thread.
    fn decide_threads(&mut self, refs: HashMap<String, usize>, pins: &Pins) {
        let mut members: Vec<Vec<&Message>> = vec![Vec::new(); refs.len()];
        for message in &self.messages {
            if let Some(members) = members.get_mut(message.thread) {
                members.push(message);
            }
        }
        let mut ordered: Vec<(usize, String)> = refs.into_iter().map(|(thread_ref, at)| (at, thread_ref)).collect();
        ordered.sort_unstable();
        let mut threads = Vec::with_capacity(ordered.len());
        for ((_, thread_ref), mut members) in ordered.into_iter().zip(members) {
            // Oldest first; of one second the smaller id, which is the same wherever the messages were found.
            members.sort_unstable_by(|a, b| (self.date_of(a), &a.external_id).cmp(&(self.date_of(b), &b.external_id)));
            threads.push(self.decide_thread(thread_ref, &members, pins));
        }
        self.threads = threads;
        self.assign(pins);
    }

    /// A conversation is assigned with all of its messages, but once it is in Front it is the team's: what comes later assigns
    /// nobody, and what is sent again says what it said.
    fn assign(&mut self, pins: &Pins) {
        for message in &mut self.messages {
            let Some(thread) = self.threads.get(message.thread) else { continue };
            message.assignee = if pins.thread(&thread.thread_ref).is_some() {
                pins.assignee(&message.external_id).map(|assignee| self.read.texts.keep(assignee))
            } else {
                thread.assignee
            };
        }
    }

    fn decide_thread(&self, thread_ref: String, members: &[&Message], pins: &Pins) -> Thread {
        let named: Vec<&str> = members.iter().filter_map(|message| self.named_inbox(message)).collect();
        let pin = pins.thread(&thread_ref);
        let wanted = named.first().copied().unwrap_or(&self.mapping.target.inbox);
        let inbox = pin.map_or(wanted, |pin| &pin.inbox);
        let sent = members.iter().filter(|message| pins.copy(&message.external_id).is_some()).count();
        let is_whole = pin.is_none_or(|pin| pin.messages as usize <= sent);
        let candidates = || members.iter().filter_map(|message| self.candidate_of(message));
        let rule = |index: u16| self.mapping.rules.get(usize::from(index));
        let by_rule = members.iter().find_map(|message| rule(message.archived_rule?)?.is_archived);
        let decided = by_rule.unwrap_or(self.mapping.silence.is_archived);
        let is_archived = pin.map_or(decided, |pin| pin.is_archived);
        // Of a conversation that was sent and is read in part only, another part may have decided.
        let rules_may_say = self.mapping.rules.iter().any(|rule| rule.is_archived.is_some());
        let assignee = members.iter().find_map(|message| rule(message.assignee_rule?)?.assignee.as_deref());
        Thread {
            inbox: self.read.texts.get(self.read.texts.keep(inbox)),
            wanted: (is_whole && wanted != inbox).then(|| wanted.to_owned()),
            is_archived,
            wanted_archived: if is_whole || !rules_may_say { decided } else { is_archived },
            assignee: assignee.map(|assignee| self.read.texts.keep(assignee)),
            customer: candidates()
                .filter(|candidate| candidate.is_inbound)
                .min_by_key(|candidate| candidate.missing_handles)
                .map(|best| best.sender),
            known_better: authors::known_better(candidates().filter(|candidate| candidate.is_inbound)),
            has_conflict: named.iter().any(|inbox| Some(inbox) != named.first()),
            first: candidates().map(|candidate| candidate.date).min().unwrap_or_default(),
            last: candidates().map(|candidate| candidate.date).max().unwrap_or_default(),
            size: u32::try_from(members.len()).unwrap_or(u32::MAX),
            thread_ref,
        }
    }

    /// Sorts the messages into the order they are sent in: thread by thread, oldest first in each, and lines of
    /// one second as the source has them, since a chat's clock may count minutes.
    fn put_in_order(&mut self) {
        let read_first = self.read_first();
        let mut threads: Vec<(i64, &str, usize)> = (0..)
            .zip(&self.threads)
            .map(|(at, thread)| {
                let due = match self.mapping.send.order {
                    Order::RecentThreadsFirst => thread.last.saturating_neg(),
                    Order::OldestFirst => thread.first,
                    Order::Source => read_first.get(at).copied().unwrap_or(i64::MAX),
                };
                (due, thread.thread_ref.as_str(), at)
            })
            .collect();
        threads.sort_unstable();
        let mut ranks = vec![0_u32; threads.len()];
        for (rank, (_, _, at)) in (0..).zip(threads) {
            if let Some(slot) = ranks.get_mut(at) {
                *slot = rank;
            }
        }
        let mut order: Vec<(u32, i64, usize, u32)> = (0..)
            .zip(&self.messages)
            .map(|(index, message)| {
                let rank = ranks.get(message.thread).copied().unwrap_or_default();
                (rank, self.date_of(message), message.read_first, index)
            })
            .collect();
        order.sort_unstable();
        let mut places = vec![0_u32; order.len()];
        for (place, (_, _, _, index)) in (0..).zip(order) {
            if let Some(slot) = places.get_mut(index as usize) {
                *slot = place;
            }
        }
        let mut messages: Vec<(u32, Message)> = places.iter().copied().zip(self.messages.drain(..)).collect();
        messages.sort_unstable_by_key(|(place, _)| *place);
        self.messages.extend(messages.into_iter().map(|(_, message)| message));
        for fate in &mut self.fates {
            if let Fate::Message(index) | Fate::Copy(index) = fate {
                *index = places.get(*index as usize).copied().unwrap_or_default();
            }
        }
    }

    /// By thread: the number of the record that the sources have first of it.
    fn read_first(&self) -> Vec<i64> {
        let mut first = vec![i64::MAX; self.threads.len()];
        for message in &self.messages {
            if let Some(slot) = first.get_mut(message.thread) {
                *slot = i64::try_from(message.read_first).unwrap_or(i64::MAX).min(*slot);
            }
        }
        first
    }

    pub(super) fn date_of(&self, message: &Message) -> i64 {
        self.candidate_of(message).map_or(0, |candidate| candidate.date)
    }

    /// The copy of a message that is sent.
    pub(super) fn candidate_of(&self, message: &Message) -> Option<&Candidate> {
        self.read.facts.get(message.record)?.finding.candidate()
    }

    /// What people find a message by: the export's own id, or else the external id.
    pub(super) fn name_of<'m>(&'m self, message: &'m Message) -> &'m str {
        let original = self.read.facts.get(message.record).and_then(|facts| facts.original_id.as_deref());
        original.unwrap_or(&message.external_id)
    }
}

/// The thread of every record that has a place in the reference graph.
pub(super) struct NamesInGraph<'a> {
    names: Vec<Name>,
    places: &'a [u32],
    /// Sent threads that turned out to be one with another.
    pub(super) rejoined: u64,
}

impl NamesInGraph<'_> {
    pub(super) fn of(&self, message: &Message) -> Option<&Name> {
        self.names.get(*self.places.get(message.record)? as usize)
    }
}

/// The ref of a thread that was not sent before: 128 bits of its name.
pub(super) fn new_ref(id: &[u8]) -> String {
    format!("tl1-{}", hex(id.get(..16).unwrap_or_default()))
}

/// Scheme `tl1`: 160 bits of the identity key. Changing this doubles every mailbox imported before.
pub(super) fn plain_id(key: &[u8; 32]) -> String {
    format!("tl1-{}", hex(key.get(..20).unwrap_or_default()))
}
