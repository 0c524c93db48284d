//! One message for several inboxes: which copies go into which, and under which ids and refs.
//!
//! With `copies = "per-inbox"` the copies for one inbox make a message of their own, in a thread of their own. A copy that
//! no rule gives an inbox is for the default inbox; a message of which no copy is given one follows its thread.
//! Id and ref of the default inbox are those that the message has with `copies = "one"`; for any other inbox its name
//! goes into both. What was sent under either policy keeps its id and ref under the other.

use super::copies::{Copy, is_named, names_of, suffixed_id};
use super::facts::Candidate;
use super::ids::{ExternalId, ThreadRef};
use super::pins::Pins;
use super::resolve::{Message, NamesInGraph, Resolution, plain_id};
use super::texts::Text;
use crate::ledger::LedgerError;
use crate::mapping::{Collisions, Mapping};
use crate::record::identity::in_inbox;
use crate::thread::{Graph, Id, Name};
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl<'a> Resolution<'a> {
    /// Groups the copies of one key by inbox; the copies for each inbox are united by themselves.
    pub(super) fn unite_per_inbox(&mut self, group: &[Copy<'_>], pins: &Pins) -> Result<(), LedgerError> {
        let mapping = self.mapping;
        let mut inboxes: BTreeMap<(usize, &str), Vec<Copy<'_>>> = BTreeMap::new();
        for (number, copy) in group {
            let rules = self.read.briefs.get(*number).map(|brief| self.read.texts.rules(brief.rules));
            let first = rules.and_then(|rules| rules.inboxes.first().copied());
            let named = first.and_then(|rule| mapping.rules.get(usize::from(rule))?.inbox.as_deref());
            let inbox = named.unwrap_or(&mapping.target.inbox);
            let first_rule = mapping.rules.iter().position(|rule| rule.inbox.as_deref() == Some(inbox));
            inboxes.entry((first_rule.unwrap_or(usize::MAX), inbox)).or_default().push((*number, copy));
        }
        let mut classes: Classes<'_> = HashMap::new();
        for ((_, inbox), copies) in &inboxes {
            for (_, copy) in copies {
                let known = classes.entry(class_of(&copy.pin(), mapping)).or_default();
                if known.last() != Some(inbox) {
                    known.push(*inbox);
                }
            }
        }
        self.further_copies += classes.values().map(|inboxes| inboxes.len().saturating_sub(1) as u64).sum::<u64>();
        for ((_, inbox), copies) in &inboxes {
            let Some((_, first)) = copies.first() else { continue };
            let ids = IdsIn { key: &first.identity.key, inbox, classes: &classes, mapping, pins };
            let before = self.messages.len();
            self.unite_group(copies, &ids.plain(), &|class| ids.sent(class), pins)?;
            for at in before..self.messages.len() {
                let sent = self.messages.get(at).map(|message| self.candidate_of(message)).transpose()?.flatten();
                let pin = sent.as_ref().map(Candidate::pin);
                let siblings = pin.and_then(|pin| classes.get(&class_of(&pin, mapping))).map_or(0, Vec::len);
                if let Some(message) = self.messages.get_mut(at) {
                    message.is_for_default = *inbox == mapping.target.inbox && siblings > 1;
                }
            }
        }
        Ok(())
    }

    /// The ref of every message, where each inbox has threads of its own, the names that all have without regard to inboxes, and how
    /// many sent threads turned out to be one with another.
    pub(super) fn refs_per_inbox(&self, graph: Graph, pins: &Pins) -> (Vec<ThreadRef>, NamesInGraph<'a>, u64) {
        let default = self.mapping.target.inbox.as_str();
        let inboxes: BTreeSet<&str> = self.messages.iter().filter_map(|message| self.named_inbox(message)).collect();
        let mut refs: Vec<Option<ThreadRef>> = vec![None; self.messages.len()];
        let mut rejoined = 0;
        // The inbox that a message without one of its own takes, by thread: the default one before the others, then
        // that of the oldest message.
        let mut leaders: HashMap<Id, (bool, i64, &ExternalId, &str)> = HashMap::new();
        for inbox in inboxes {
            let names = self.names(graph.clone(), pins, Some(inbox));
            rejoined += names.rejoined();
            for (message, found) in self.messages.iter().zip(&mut refs) {
                if self.named_inbox(message) != Some(inbox) {
                    continue;
                }
                let name = names.of(message);
                if let Some(Name::Group(id) | Name::Root(id)) = name {
                    let leader = (inbox != default, self.date_of(message), &message.external_id, inbox);
                    let known = leaders.entry(*id).or_insert(leader);
                    *known = (*known).min(leader);
                }
                *found = Some(self.ref_in(message, name, inbox, pins));
            }
        }
        let names = self.names(graph, pins, None);
        let refs = self.messages.iter().zip(refs).map(|(message, found)| {
            found.unwrap_or_else(|| {
                let name = names.of(message);
                let leader = match name {
                    Some(Name::Group(id) | Name::Root(id)) => leaders.get(id),
                    _ => None,
                };
                self.ref_in(message, name, leader.map_or(default, |(_, _, _, inbox)| inbox), pins)
            })
        });
        let refs = refs.collect();
        (refs, names, rejoined)
    }

    /// The inboxes beside its thread's that the rules give a message, which is imported once all the same.
    pub(super) fn further_inboxes(&self, message: &Message) -> BTreeSet<&str> {
        let rules = self.rules_of(message);
        if rules.inboxes.is_empty() {
            return BTreeSet::new();
        }
        let thread = self.threads.get(message.thread as usize).map(|thread| self.read.texts.get(thread.inbox));
        let named = rules.inboxes.iter().filter_map(|rule| self.inbox_of_rule(*rule));
        named.filter(|inbox| Some(*inbox) != thread.as_deref()).collect()
    }

    /// Tags messages with the further inboxes they are for, if the mapping asks for it.
    pub(super) fn tag_further_inboxes(&mut self) {
        let Some(pattern) = &self.mapping.identity.also_in_tag else { return };
        for at in 0..self.messages.len() {
            let Some(message) = self.messages.get(at) else { break };
            let further = self.further_inboxes(message);
            if further.is_empty() {
                continue;
            }
            let named: Vec<Text> =
                further.into_iter().map(|inbox| self.read.texts.keep(&pattern.replace("{inbox}", inbox))).collect();
            let tags = self.read.texts.keep_set(self.read.texts.list(message.tags).iter().copied().chain(named));
            if let Some(message) = self.messages.get_mut(at) {
                message.tags = tags;
            }
        }
    }

    /// The ref of a message in a thread of this name, within an inbox.
    fn ref_in(&self, message: &Message, name: Option<&Name>, inbox: &str, pins: &Pins) -> ThreadRef {
        if let Some(sent) = pins.thread_ref(&message.external_id.text()) {
            return ThreadRef::of(sent);
        }
        let id = match name {
            Some(Name::Pinned(sent)) => return ThreadRef::of(sent),
            Some(Name::Group(id) | Name::Root(id)) => id,
            None => return ThreadRef::of(&message.external_id.text()),
        };
        let plain = ThreadRef::plain(id);
        let is_elsewhere = pins.thread(&plain.text()).is_some_and(|thread| thread.inbox != inbox);
        if inbox == self.mapping.target.inbox && !is_elsewhere { plain } else { ThreadRef::plain(&in_inbox(id, inbox)) }
    }
}

/// Each different message that shares a key, with the inboxes that copies of it are for, in the order of the rules.
type Classes<'a> = HashMap<[u8; 16], Vec<&'a str>>;

/// Which of the messages that share a key a copy is of; all are one if the mapping takes the richest for all.
fn class_of(pin: &[u8; 32], mapping: &Mapping) -> [u8; 16] {
    let mut class = [0; 16];
    if mapping.identity.collisions == Collisions::KeepBoth {
        class.iter_mut().zip(pin).for_each(|(to, from)| *to = *from);
    }
    class
}

/// The ids of one message in one of its inboxes.
struct IdsIn<'a> {
    key: &'a [u8; 32],
    inbox: &'a str,
    classes: &'a Classes<'a>,
    mapping: &'a Mapping,
    pins: &'a Pins,
}

impl IdsIn<'_> {
    /// The id without suffix.
    fn plain(&self) -> String {
        let (plain, own) = (plain_id(self.key), self.own());
        match self.is_here(&plain) {
            _ if self.pins.is_taken(&own) => own,
            Some(true) => plain,
            None if self.inbox == self.mapping.target.inbox => plain,
            Some(false) | None => own,
        }
    }

    /// The id under which this message was sent into this inbox, by whatever policy.
    fn sent(&self, class: &[Copy<'_>]) -> Option<String> {
        let ids = [self.own(), plain_id(self.key)];
        sent_under(&names_of(class), ids, self.pins).find(|id| self.is_here(id) == Some(true))
    }

    fn own(&self) -> String {
        plain_id(&in_inbox(self.key, self.inbox))
    }

    /// Was what stands under this id sent into this inbox? What was sent into one that no copy is for any more, since
    /// the mapping changed, counts for the first, or it would be imported again.
    fn is_here(&self, id: &str) -> Option<bool> {
        let sent_into = self.pins.inbox(id)?;
        let inboxes = self.classes.get(&class_of(&self.pins.message(id)?, self.mapping))?;
        let home = inboxes.iter().find(|inbox| **inbox == sent_into).or(inboxes.first());
        Some(home == Some(&self.inbox))
    }
}

/// The ids under which the message of these names was sent before, by whatever policy: the plain one first, then by inbox.
pub(super) fn sent_ids<'i>(
    names: &'i [[u8; 16]],
    key: &'i [u8; 32],
    mapping: &'i Mapping,
    pins: &'i Pins,
) -> impl Iterator<Item = String> + 'i {
    let inboxes = mapping.rules.iter().filter_map(|rule| rule.inbox.as_deref()).chain([mapping.target.inbox.as_str()]);
    let ids = [plain_id(key)].into_iter().chain(inboxes.map(|inbox| plain_id(&in_inbox(key, inbox))));
    sent_under(names, ids.take(if pins.is_empty() { 0 } else { usize::MAX }), pins)
}

/// Those of the ids, bare or with a suffix of the message, under which just this message was sent.
fn sent_under(
    names: &[[u8; 16]],
    plain: impl IntoIterator<Item = String>,
    pins: &Pins,
) -> impl Iterator<Item = String> {
    let is_sent = |id: &String| pins.copy(id).is_some_and(|pin| is_named(names, &pin));
    plain.into_iter().flat_map(|plain| [suffixed_id(&plain, names, pins), plain]).filter(is_sent)
}
