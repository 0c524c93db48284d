//! What is decided over several records: copies, collisions, threads, and the order of sending.
//!
//! Everything here is a function of the *set* of records and of what was sent before. Reading order numbers
//! the entries, and says which of two messages of one second is sent first; nothing else.

use super::beyond::{Beyond, Straddlers};
use super::deliveries::is_delivered;
use super::facts::{Brief, Candidate, Facts, Read, Undecided};
use super::ids::{ExternalId, ThreadRef};
use super::links::graph_id;
use super::pins::Pins;
use super::texts::{RuleList, Rules, Text, TextList};
use super::threads::Thread;
use crate::ledger::{LedgerError, generation};
use crate::mapping::{InboxCopies, Mapping};
use crate::thread::{Graph, Name, Names};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Everything decided, with the facts it was decided from.
pub(super) struct Resolution<'a> {
    pub(super) read: &'a Read,
    pub(super) mapping: &'a Mapping,
    /// What was sent before.
    pub(super) pins: &'a Pins,
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
    /// Conversations with messages on both sides of an end of their source.
    pub(super) straddlers: Straddlers,
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
    /// A note without a conversation.
    Lone,
    /// It, or its conversation, lies beyond the ends of its source.
    Beyond(Beyond),
    /// As the record's own finding says.
    Own,
}

/// A message to be sent, or a note, standing for one or more copies.
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

/// Decides. `undecided` is that of `read`, and used up by it.
pub(super) fn resolve<'a>(
    read: &'a Read,
    Undecided { graph, keys }: Undecided,
    pins: &'a Pins,
    mapping: &'a Mapping,
    sample: Option<usize>,
) -> Result<Resolution<'a>, LedgerError> {
    let mut resolution = Resolution {
        read,
        mapping,
        pins,
        keys,
        fates: vec![Fate::Own; read.briefs.len()],
        messages: Vec::new(),
        threads: Vec::new(),
        rejoined: 0,
        further_copies: 0,
        shared_rows: 0,
        repeated_rows: 0,
        collisions: 0,
        straddlers: Straddlers::default(),
    };
    resolution.unite_copies(pins)?;
    resolution.name_threads(graph, pins)?;
    resolution.leave_lone_notes(pins);
    resolution.tag_further_inboxes();
    resolution.put_in_order();
    if let Some(wanted) = sample {
        resolution.keep_sample(wanted, pins);
    }
    // Last of all: whatever was decided above was decided by the first ids.
    for message in resolution.messages.iter_mut().filter(|_| pins.has_renewals()) {
        message.external_id = ExternalId::of(&pins.newest(&message.external_id.text()));
    }
    Ok(resolution)
}

impl<'a> Resolution<'a> {
    fn name_threads(&mut self, graph: Graph, pins: &Pins) -> Result<(), LedgerError> {
        let (refs, names) = match self.mapping.identity.copies {
            InboxCopies::One => {
                let names = self.names(graph, pins, None);
                self.rejoined = names.rejoined();
                let refs = self.threads_by(pins, |message| match pins.thread_ref(&message.external_id.text()) {
                    Some(pinned) => ThreadRef::of(pinned),
                    None => match names.of(message) {
                        Some(Name::Pinned(pinned)) => ThreadRef::of(pinned),
                        Some(Name::Group(id) | Name::Root(id)) => ThreadRef::plain(id),
                        None => ThreadRef::of(&message.external_id.text()),
                    },
                });
                (refs, names)
            }
            InboxCopies::PerInbox => {
                let (refs, names, rejoined) = self.refs_per_inbox(graph, pins);
                self.rejoined = rejoined;
                let mut refs = refs.into_iter();
                (self.threads_by(pins, |_| refs.next().unwrap_or_else(|| ThreadRef::of(""))), names)
            }
        };
        let refs = self.keep_within(refs, &names, pins);
        self.decide_threads(refs, pins)
    }

    /// Puts each message into the thread of its ref, and gives the refs of the threads.
    fn threads_by(&mut self, pins: &Pins, mut ref_of: impl FnMut(&Message) -> ThreadRef) -> Vec<ThreadRef> {
        // What was taken back goes out under another ref, so that it never meets what Front may have kept of the first.
        let newest = |thread_ref: ThreadRef| {
            if !pins.has_renewals() {
                return thread_ref;
            }
            pins.newest_ref(&thread_ref.text()).map_or(thread_ref, |newest| ThreadRef::of(&newest))
        };
        let mut refs: Vec<ThreadRef> = Vec::new();
        // With room for all from the beginning: a table that grows looks at every ref again, each time.
        let mut places: HashTable<u32> = HashTable::with_capacity(self.messages.len());
        let hasher = RandomState::new();
        let mut threads = Vec::with_capacity(self.messages.len());
        for message in &self.messages {
            let thread_ref = newest(self.ref_of(message, ref_of(message)));
            let of = |place: u32| refs.get(place as usize);
            let hash = hasher.hash_one(&thread_ref);
            let entry = places.entry(
                hash,
                |at| of(*at) == Some(&thread_ref),
                |at| of(*at).map_or(0, |known| hasher.hash_one(known)),
            );
            let next = number(refs.len());
            let thread = *entry.or_insert(next).get();
            if thread == next {
                refs.push(thread_ref);
            }
            threads.push(thread);
        }
        for (message, thread) in self.messages.iter_mut().zip(threads) {
            message.thread = thread;
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
                // What is imported never joins it.
                && !is_delivered(thread_ref)
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

    pub(super) fn date_of(&self, message: &Message) -> i64 {
        self.brief_of(message).map_or(0, |brief| brief.date)
    }

    /// Of the copy that is sent.
    pub(super) fn brief_of(&self, message: &Message) -> Option<&'a Brief> {
        self.read.briefs.get(message.record as usize)
    }

    /// Does it become a comment?
    pub(super) fn is_comment(&self, message: &Message) -> bool {
        self.brief_of(message).is_some_and(|brief| brief.traits.is_comment())
    }

    /// Is it delivered through a channel?
    pub(super) fn is_delivery(&self, message: &Message) -> bool {
        self.brief_of(message).is_some_and(|brief| brief.traits.is_delivery())
    }

    /// Messages that are imported; behind them in the order of sending stand the comments, and behind those what is delivered.
    pub(super) fn imported(&self) -> &[Message] {
        self.split().0
    }

    /// What becomes comments.
    pub(super) fn comments(&self) -> &[Message] {
        self.split().1
    }

    /// What is delivered.
    pub(super) fn deliveries(&self) -> &[Message] {
        self.split().2
    }

    fn split(&self) -> (&[Message], &[Message], &[Message]) {
        let end = self.messages.partition_point(|message| !self.is_delivery(message));
        let (sent_silently, deliveries) = self.messages.split_at(end);
        let (imported, comments) =
            sent_silently.split_at(sent_silently.partition_point(|message| !self.is_comment(message)));
        (imported, comments, deliveries)
    }

    /// Messages that were never sent under the ids that they have now, and were under others.
    pub(super) fn again(&self) -> u64 {
        if !self.pins.has_renewals() {
            return 0;
        }
        let is_again = |message: &&Message| {
            let id = message.external_id.text();
            generation(&id) > 1 && self.pins.end(&id).is_none()
        };
        self.messages.iter().filter(is_again).count() as u64
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

    /// The number of its name, less than [`NamesInGraph::len`].
    pub(super) fn number_of(&self, message: &Message) -> Option<u32> {
        self.number_at(self.briefs.get(message.record as usize)?.place)
    }

    /// As [`NamesInGraph::number_of`], by its place in the graph.
    pub(super) fn number_at(&self, place: u32) -> Option<u32> {
        self.names.number_of(place)
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
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
