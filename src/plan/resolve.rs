//! What is decided over several records: copies, collisions, threads, and the order of sending.
//!
//! Everything here is a function of the *set* of records and of what was sent before. Reading order numbers
//! the entries, and says which of two messages of one second is sent first; nothing else.

use super::authors::{self, KnownBetter};
use super::facts::{Brief, Candidate, Facts, Read, Undecided};
use super::ids::{ExternalId, ThreadRef};
use super::links::graph_id;
use super::pins::Pins;
use super::texts::{RuleList, Rules, Text, TextList};
use crate::ledger::LedgerError;
use crate::mapping::{InboxCopies, Mapping, Order, Rule};
use crate::thread::{Graph, Name, Names};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Everything decided, with the facts it was decided from.
pub(super) struct Resolution<'a> {
    pub(super) read: &'a Read,
    pub(super) mapping: &'a Mapping,
    /// As those of [`Read`], until copies are united.
    pub(super) keys: Vec<([u8; 20], u32)>,
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
    pub record: u32,
    /// The smallest number of its copies: lines of one second go in the order in which an export had them first.
    pub read_first: u32,
    pub external_id: ExternalId,
    /// Index into the threads.
    pub thread: u32,
    /// Tags of all kept copies, a set.
    pub tags: TextList,
    /// The rules that decide about any kept copy: those that name an inbox in order, of the others the first.
    pub rules: RuleList,
    /// It stands for copies without a rule that names an inbox, while others have one and are messages of their own.
    pub is_for_default: bool,
    /// Whom its conversation is assigned to with it.
    pub assignee: Option<Text>,
}

/// One conversation.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "thread_ref is Front's word")]
pub(super) struct Thread {
    pub thread_ref: ThreadRef,
    pub inbox: Text,
    /// Another inbox that the rules would give it, were it not sent before. Nothing is said unless all that was sent of it
    /// is read again.
    pub wanted: Option<Text>,
    /// Whom a new conversation is assigned to.
    pub assignee: Option<Text>,
    /// Who we talked to, if one of its messages needs them for a recipient: the author of the oldest inbound message among those
    /// that name them best.
    pub customer: Option<Text>,
    pub is_archived: bool,
    /// As `wanted`, of the archived state.
    pub wanted_archived: bool,
    /// Its messages name different inboxes.
    pub has_conflict: bool,
    /// Handles that others of its messages know better, sorted, with the better ones; most have none.
    pub known_better: Option<KnownBetter>,
    pub first: i64,
    pub last: i64,
    pub size: u32,
}

impl Thread {
    /// The customer, for a message that does not name them: as recipient if it names none, as author if others of its
    /// messages know a better handle of theirs. `keep` numbers the author's handle.
    pub(super) fn customer_for(&self, candidate: &Candidate, keep: impl FnOnce(&str) -> Text) -> Option<Text> {
        if candidate.wants_recipient {
            return self.customer;
        }
        let known_better =
            self.known_better.as_ref().filter(|_| candidate.is_inbound && candidate.missing_handles > 0)?;
        let sender = keep(&candidate.sender);
        let at = known_better.binary_search_by_key(&sender, |(lesser, _)| *lesser).ok()?;
        known_better.get(at).map(|(_, better)| *better)
    }
}

/// Decides. `undecided` is that of `read`, and used up by it.
pub(super) fn resolve<'a>(
    read: &'a Read,
    Undecided { graph, keys }: Undecided,
    pins: &Pins,
    mapping: &'a Mapping,
    sample: Option<usize>,
) -> Result<Resolution<'a>, LedgerError> {
    let mut resolution = Resolution {
        read,
        mapping,
        keys,
        fates: vec![Fate::Own; read.briefs.len()],
        messages: Vec::new(),
        threads: Vec::new(),
        rejoined: 0,
        further_copies: 0,
        shared_rows: 0,
        repeated_rows: 0,
        collisions: 0,
    };
    resolution.unite_copies(pins)?;
    resolution.name_threads(graph, pins)?;
    resolution.tag_further_inboxes();
    resolution.put_in_order();
    if let Some(wanted) = sample {
        resolution.keep_sample(wanted, pins);
    }
    // Last of all: whatever was decided above was decided by the first ids.
    for message in resolution.messages.iter_mut().filter(|_| !pins.is_empty()) {
        message.external_id = ExternalId::of(&pins.newest(&message.external_id.text()));
    }
    Ok(resolution)
}

impl<'a> Resolution<'a> {
    fn name_threads(&mut self, graph: Graph, pins: &Pins) -> Result<(), LedgerError> {
        let refs = match self.mapping.identity.copies {
            InboxCopies::One => {
                let names = self.names(graph, pins, None);
                self.rejoined = names.rejoined();
                self.threads_by(|message| match pins.thread_ref(&message.external_id.text()) {
                    Some(pinned) => ThreadRef::of(pinned),
                    None => match names.of(message) {
                        Some(Name::Pinned(pinned)) => ThreadRef::of(pinned),
                        Some(Name::Group(id) | Name::Root(id)) => ThreadRef::plain(id),
                        None => ThreadRef::of(&message.external_id.text()),
                    },
                })
            }
            InboxCopies::PerInbox => {
                let (refs, rejoined) = self.refs_per_inbox(graph, pins);
                self.rejoined = rejoined;
                let mut refs = refs.into_iter();
                self.threads_by(|_| refs.next().unwrap_or_else(|| ThreadRef::of("")))
            }
        };
        self.decide_threads(refs, pins)
    }

    /// Puts each message into the thread of its ref, and gives the refs of the threads.
    fn threads_by(&mut self, mut ref_of: impl FnMut(&Message) -> ThreadRef) -> Vec<ThreadRef> {
        let mut refs: Vec<ThreadRef> = Vec::new();
        let mut places: HashTable<u32> = HashTable::new();
        let hasher = RandomState::new();
        for message in &mut self.messages {
            let thread_ref = ref_of(message);
            let of = |place: u32| refs.get(place as usize);
            let hash = hasher.hash_one(&thread_ref);
            let entry = places.entry(
                hash,
                |at| of(*at) == Some(&thread_ref),
                |at| of(*at).map_or(0, |known| hasher.hash_one(known)),
            );
            let next = number(refs.len());
            message.thread = *entry.or_insert(next).get();
            if message.thread == next {
                refs.push(thread_ref);
            }
        }
        refs
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
        for message in self.messages.iter().filter(|_| !pins.is_empty()) {
            if let Some(thread_ref) = pins.thread_ref(&message.external_id.text())
                && counts(thread_ref)
                && let Some(brief) = self.brief_of(message)
            {
                graph.pin_message(brief.place, thread_ref);
            }
        }
        NamesInGraph { names: graph.names(self.mapping.thread.join_by_subject), briefs: &self.read.briefs }
    }

    /// The inbox that the message itself is for; absent if it goes where its thread goes.
    pub(super) fn named_inbox(&self, message: &Message) -> Option<&str> {
        let named = self.rules_of(message).inboxes.first().and_then(|rule| self.inbox_of_rule(*rule));
        named.or(message.is_for_default.then_some(&self.mapping.target.inbox))
    }

    /// The inbox that a rule names.
    pub(super) fn inbox_of_rule(&self, rule: u16) -> Option<&str> {
        self.mapping.rules.get(usize::from(rule))?.inbox.as_deref()
    }

    /// One inbox, one archived state, one customer for each thread.
    fn decide_threads(&mut self, refs: Vec<ThreadRef>, pins: &Pins) -> Result<(), LedgerError> {
        let mut order: Vec<(u32, i64, u32)> =
            (0..).zip(&self.messages).map(|(at, message)| (message.thread, self.date_of(message), at)).collect();
        // Oldest first; of one second the smaller id, which is the same wherever the messages were found.
        let id = |at: u32| self.messages.get(at as usize).map(|message| &message.external_id);
        order.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| id(a.2).cmp(&id(b.2))));
        let mut threads = Vec::with_capacity(refs.len());
        let mut members = order.chunk_by(|a, b| a.0 == b.0);
        for thread_ref in refs {
            // Threads are numbered by their messages, so each has some.
            let members = members.next().unwrap_or_default().iter();
            let members: Vec<&Message> = members.filter_map(|(_, _, at)| self.messages.get(*at as usize)).collect();
            threads.push(self.decide_thread(thread_ref, &members, pins)?);
        }
        self.threads = threads;
        self.assign(pins);
        Ok(())
    }

    /// A conversation is assigned with all of its messages, but once it is in Front it is the team's: what comes later assigns
    /// nobody, and what is sent again says what it said.
    fn assign(&mut self, pins: &Pins) {
        for message in &mut self.messages {
            let Some(thread) = self.threads.get(message.thread as usize) else { continue };
            message.assignee = if pins.thread(&thread.thread_ref.text()).is_some() {
                pins.assignee(&message.external_id.text()).map(|assignee| self.read.texts.keep(assignee))
            } else {
                thread.assignee
            };
        }
    }

    fn decide_thread(&self, thread_ref: ThreadRef, members: &[&Message], pins: &Pins) -> Result<Thread, LedgerError> {
        let texts = &self.read.texts;
        let named: Vec<&str> = members.iter().filter_map(|message| self.named_inbox(message)).collect();
        let pin = pins.thread(&thread_ref.text());
        let wanted = named.first().copied().unwrap_or(&self.mapping.target.inbox);
        let inbox = pin.map_or(wanted, |pin| &pin.inbox);
        let is_whole = pin.is_none_or(|pin| {
            let sent = members.iter().filter(|message| pins.copy(&message.external_id.text()).is_some()).count();
            pin.messages as usize <= sent
        });
        let briefs = || members.iter().filter_map(|message| self.brief_of(message));
        let rule = |index: u16| self.mapping.rules.get(usize::from(index));
        let by_rule = |of: fn(&Rules) -> Option<u16>| {
            members.iter().filter_map(move |message| rule(of(&self.rules_of(message))?))
        };
        let decided = by_rule(|rules| rules.archived).find_map(|rule: &Rule| rule.is_archived);
        let decided = decided.unwrap_or(self.mapping.silence.is_archived);
        let is_archived = pin.map_or(decided, |pin| pin.is_archived);
        // Of a conversation that was sent and is read in part only, another part may have decided.
        let rules_may_say = self.mapping.rules.iter().any(|rule| rule.is_archived.is_some());
        let assignee = by_rule(|rules| rules.assignee).find_map(|rule| rule.assignee.as_deref());
        Ok(Thread {
            inbox: texts.keep(inbox),
            wanted: (is_whole && wanted != inbox).then(|| texts.keep(wanted)),
            assignee: assignee.map(|assignee| texts.keep(assignee)),
            customer: self.customer(members)?,
            is_archived,
            wanted_archived: if is_whole || !rules_may_say { decided } else { is_archived },
            has_conflict: named.iter().any(|inbox| Some(inbox) != named.first()),
            known_better: self.known_better(members)?,
            first: briefs().map(|brief| brief.date).min().unwrap_or_default(),
            last: briefs().map(|brief| brief.date).max().unwrap_or_default(),
            size: u32::try_from(members.len()).unwrap_or(u32::MAX),
            thread_ref,
        })
    }

    fn customer(&self, members: &[&Message]) -> Result<Option<Text>, LedgerError> {
        let is = |message: &Message, has: fn(&Brief) -> bool| self.brief_of(message).is_some_and(has);
        if !members.iter().any(|message| is(message, |brief| brief.traits.wants_recipient())) {
            return Ok(None);
        }
        let inbound = members.iter().filter(|message| is(message, |brief| brief.traits.is_inbound()));
        let missing = |message: &Message| self.brief_of(message).map(|brief| brief.missing_handles);
        let Some(best) = inbound.min_by_key(|message| missing(message)) else { return Ok(None) };
        Ok(self.candidate_of(best)?.map(|best| self.read.texts.keep(&best.sender)))
    }

    fn known_better(&self, members: &[&Message]) -> Result<Option<KnownBetter>, LedgerError> {
        let inbound = |message: &&&Message| self.brief_of(message).is_some_and(|brief| brief.traits.is_inbound());
        let names_others = |message: &Message| self.brief_of(message).is_some_and(|brief| brief.traits.names_others());
        if !members.iter().filter(inbound).any(|message| names_others(message)) {
            return Ok(None);
        }
        let mut rows = authors::Rows::default();
        for message in members.iter().filter(inbound) {
            if let Some(row) = self.candidate_of(message)? {
                rows.add(&row, |handle| self.read.texts.keep(handle));
            }
        }
        let known = rows.known_better();
        Ok((!known.is_empty()).then_some(known))
    }

    /// Sorts the messages into the order they are sent in: thread by thread, oldest first in each, and lines of
    /// one second as the source has them, since a chat's clock may count minutes.
    fn put_in_order(&mut self) {
        let mut places = self.places_in_order();
        for fate in &mut self.fates {
            if let Fate::Message(index) | Fate::Copy(index) = fate {
                *index = places.get(*index as usize).copied().unwrap_or_default();
            }
        }
        // Each swap puts one message where it belongs; a list of moved ones would need the room of all.
        for at in 0..self.messages.len() {
            while let Some(to) = places.get(at).map(|place| *place as usize).filter(|to| *to != at) {
                self.messages.swap(at, to);
                places.swap(at, to);
            }
        }
    }

    /// By message: its place in the order of sending.
    fn places_in_order(&self) -> Vec<u32> {
        let read_first = self.read_first();
        let mut threads: Vec<(i64, &ThreadRef, usize)> = (0..)
            .zip(&self.threads)
            .map(|(at, thread)| {
                let due = match self.mapping.send.order {
                    Order::RecentThreadsFirst => thread.last.saturating_neg(),
                    Order::OldestFirst => thread.first,
                    Order::Source => read_first.get(at).copied().unwrap_or(i64::MAX),
                };
                (due, &thread.thread_ref, at)
            })
            .collect();
        threads.sort_unstable();
        let mut ranks = vec![0_u32; threads.len()];
        for (rank, (_, _, at)) in (0..).zip(threads) {
            if let Some(slot) = ranks.get_mut(at) {
                *slot = rank;
            }
        }
        let mut order: Vec<(u32, u32, i64, u32)> = (0..)
            .zip(&self.messages)
            .map(|(index, message)| {
                let rank = ranks.get(message.thread as usize).copied().unwrap_or_default();
                (rank, message.read_first, self.date_of(message), index)
            })
            .collect();
        order.sort_unstable_by_key(|(rank, read_first, date, index)| (*rank, *date, *read_first, *index));
        let mut places = vec![0_u32; order.len()];
        for (place, (_, _, _, index)) in (0..).zip(order) {
            if let Some(slot) = places.get_mut(index as usize) {
                *slot = place;
            }
        }
        places
    }

    /// By thread: the number of the record that the sources have first of it, if threads are ordered by it.
    fn read_first(&self) -> Vec<i64> {
        if self.mapping.send.order != Order::Source {
            return Vec::new();
        }
        let mut first = vec![i64::MAX; self.threads.len()];
        for message in &self.messages {
            if let Some(slot) = first.get_mut(message.thread as usize) {
                *slot = i64::from(message.read_first).min(*slot);
            }
        }
        first
    }

    pub(super) fn date_of(&self, message: &Message) -> i64 {
        self.brief_of(message).map_or(0, |brief| brief.date)
    }

    /// Of the copy that is sent.
    pub(super) fn brief_of(&self, message: &Message) -> Option<&'a Brief> {
        self.read.briefs.get(message.record as usize)
    }

    pub(super) fn rules_of(&self, message: &Message) -> Arc<Rules> {
        self.read.texts.rules(message.rules)
    }

    /// The copy of a message that is sent.
    pub(super) fn candidate_of(&self, message: &Message) -> Result<Option<Candidate>, LedgerError> {
        self.read.candidate(message.record as usize)
    }
}

impl Message {
    /// What people find it by: the export's own id, or else the external id. `facts` are those of its record.
    pub(super) fn name(&self, facts: &Facts) -> String {
        facts.original_id.as_deref().map_or_else(|| self.external_id.text().into_owned(), str::to_owned)
    }
}

/// The thread of every record that has a place in the reference graph.
pub(super) struct NamesInGraph<'a> {
    names: Names,
    briefs: &'a [Brief],
}

impl NamesInGraph<'_> {
    pub(super) fn of(&self, message: &Message) -> Option<&Name> {
        self.names.of(self.briefs.get(message.record as usize)?.place)
    }

    /// Sent threads that turned out to be one with another.
    pub(super) fn rejoined(&self) -> u64 {
        self.names.rejoined
    }
}

/// A place in a list, which is shorter than the numbers go: records are numbered by as many bits.
pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Scheme `tl1`: 160 bits of the identity key. Changing this doubles every mailbox imported before.
pub(super) fn plain_id(key: &[u8; 32]) -> String {
    ExternalId::plain(key).text().into_owned()
}
