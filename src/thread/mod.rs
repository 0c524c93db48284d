//! Which messages belong to one conversation.
//!
//! A pure function from a *set* of messages to thread names: order of reading plays no part. Each
//! message takes the first that applies:
//!
//! 1. what is pinned, because it was sent before: for the message itself, else for its explicit group;
//! 2. its explicit group: the mapping's rule, X-GM-THRID, or a chat's conversation id;
//! 3. through the reference graph, the name that a copy of it or its nearest ancestor has by 1 or 2, else the one
//!    that its connected component has;
//! 4. a name of its own for the component: the smallest root id. A root is an id, present or only
//!    referenced, that no message names a parent for. New replies add no roots, so they do not rename.
//!
//! The graph remembers ids that are referenced but absent, ignores references to oneself, and cannot
//! loop: components are kept by union-find, the nearest ancestor is found by breadth, nothing recurses.

mod nearest;
mod subject;

pub use subject::base_subject;

use hashbrown::HashTable;
use nearest::Nearest;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// 128 bits that name a message id or a group; a blake3 digest cut short.
pub type Id = [u8; 16];

/// What threading needs to know of a message.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Message {
    /// Its id: of the Message-ID, or of the content where there is none.
    pub id: Id,
    /// Ids it refers to, oldest first; the last one is its parent.
    pub references: Vec<Id>,
    /// The group that a rule, Gmail or the chat export puts it in.
    pub group: Option<Id>,
    /// Digest of the subject without reply prefixes, if it may be joined by subject.
    pub subject: Option<Id>,
    /// Unix seconds.
    pub date: i64,
}

/// Where a thread's name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// It was sent under this ref before.
    Pinned(String),
    /// An explicit group.
    Group(Id),
    /// The smallest root of a component of the reference graph.
    Root(Id),
}

/// The threads of all messages.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Each name once.
    all: Vec<Name>,
    /// By message, in the order they were added: the place of its name.
    of: Vec<u32>,
    /// Threads that were sent under refs of their own and would be one thread with another now. They keep their refs.
    pub rejoined: u64,
}

impl Names {
    /// The name of the thread of the message with this number.
    #[must_use]
    pub fn of(&self, message: u32) -> Option<&Name> {
        self.all.get(self.number_of(message)? as usize)
    }

    /// The number of that name: equal for messages of one name, less than [`Names::len`].
    #[must_use]
    pub fn number_of(&self, message: u32) -> Option<u32> {
        self.of.get(message as usize).copied()
    }

    /// How many different names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// There are none, for there are no messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// The reference graph, filled message by message: some fifty bytes for each, and thirty for each id that is only referenced.
#[derive(Debug, Default, Clone)]
pub struct Graph {
    index: Index,
    nodes: Vec<Node>,
    messages: Vec<Placed>,
    /// References of all messages, end to end; each of [`Placed`] knows where its own end.
    references: Vec<u32>,
    /// Refs of what was sent, each once, and where it stands.
    refs: Vec<String>,
    ref_index: HashMap<String, u32>,
    /// By node: the ref it was sent under.
    pins: HashMap<u32, u32>,
    group_index: Index,
    /// Names of the groups.
    groups: Vec<Id>,
    /// By group: the ref that one of its messages was sent under.
    group_pins: HashMap<u32, u32>,
    /// Messages without a group that may be joined by subject: digest, date, node.
    subjects: Vec<(Id, i64, u32)>,
}

/// Where each id stands in a list of ids: its place alone, since the list has the id.
#[derive(Debug, Default, Clone)]
struct Index {
    places: HashTable<u32>,
    hasher: RandomState,
}

impl Index {
    /// The place of an id, which is `next` if it has none yet; `id_at` is the list.
    fn place(&mut self, id: &Id, next: u32, id_at: impl Fn(u32) -> Id) -> u32 {
        let hash = |id: &Id| self.hasher.hash_one(id);
        let entry = self.places.entry(hash(id), |place| id_at(*place) == *id, |place| hash(&id_at(*place)));
        *entry.or_insert(next).get()
    }
}

#[derive(Debug, Clone)]
struct Node {
    id: Id,
    /// Union-find parent; itself for the head of a component.
    head: u32,
    /// Some message names a parent for it.
    is_child: bool,
    /// The message that speaks for this id; `u32::MAX` if it is only referenced.
    message: u32,
}

#[derive(Debug, Clone)]
struct Placed {
    node: u32,
    /// Where its references end; they begin where those of the message before end.
    references_end: u32,
    /// Its group's place; [`ABSENT`] without one.
    group: u32,
}

impl Placed {
    fn group(&self) -> Option<u32> {
        (self.group != ABSENT).then_some(self.group)
    }
}

const ABSENT: u32 = u32::MAX;

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message and gives its number, which is the count of messages added before.
    pub fn add(&mut self, message: &Message) -> u32 {
        let node = self.node(message.id);
        let mut previous: Option<u32> = None;
        for reference in &message.references {
            let referenced = self.node(*reference);
            if referenced == node {
                continue;
            }
            if let Some(older) = previous
                && older != referenced
            {
                self.link(older, referenced);
            }
            self.references.push(referenced);
            previous = Some(referenced);
        }
        if let Some(parent) = previous {
            self.link(parent, node);
        }
        let number = u32::try_from(self.messages.len()).unwrap_or(ABSENT);
        let group = message.group.map_or(ABSENT, |group| self.group(group));
        if group == ABSENT
            && let Some(subject) = message.subject
        {
            self.subjects.push((subject, message.date, node));
        }
        let references_end = u32::try_from(self.references.len()).unwrap_or(ABSENT);
        self.messages.push(Placed { node, references_end, group });
        // Of several messages with one id the one with the most references speaks for it, whichever came first.
        let speaks = self.speaker(node).is_none_or(|known| self.reference_ids(known) < self.reference_ids(number));
        if let Some(slot) = self.nodes.get_mut(node as usize)
            && speaks
        {
            slot.message = number;
        }
        number
    }

    /// Remembers that the message of this id was sent under `thread_ref`, whether or not it is read again.
    /// Of several refs for one id the smallest counts.
    pub fn pin(&mut self, id: Id, thread_ref: &str) {
        let node = self.node(id);
        self.pin_node(node, thread_ref);
    }

    /// As [`Graph::pin`], for a message that was added, by its number.
    pub fn pin_message(&mut self, number: u32, thread_ref: &str) {
        if let Some(node) = self.messages.get(number as usize).map(|message| message.node) {
            self.pin_node(node, thread_ref);
        }
    }

    fn pin_node(&mut self, node: u32, thread_ref: &str) {
        let next = u32::try_from(self.refs.len()).unwrap_or(ABSENT);
        let pin = self.ref_index.get(thread_ref).copied().unwrap_or(next);
        if pin == next {
            self.refs.push(thread_ref.to_owned());
            self.ref_index.insert(thread_ref.to_owned(), next);
        }
        let known = *self.pins.entry(node).or_insert(pin);
        if self.ref_of(pin) < self.ref_of(known) {
            self.pins.insert(node, pin);
        }
    }

    fn ref_of(&self, pin: u32) -> &str {
        self.refs.get(pin as usize).map_or("", String::as_str)
    }

    /// The thread of every message.
    ///
    /// Messages of equal subject whose dates are at most `join_days` apart are joined first; 0 joins none.
    #[must_use]
    pub fn names(mut self, join_days: u32) -> Names {
        self.index = Index::default();
        self.group_index = Index::default();
        if join_days > 0 {
            self.join_by_subject(i64::from(join_days) * 86_400);
        }
        self.settle_group_pins();
        let heads = self.heads();
        let head_of = |node: u32| heads.get(node as usize).copied().unwrap_or(node);
        let named = self.named_nodes(&heads);
        let component_names = self.component_names(&named, head_of);
        let has_several = |node| component_names.get(&head_of(node)).is_some_and(|component| component.has_several);
        let nearest = Nearest::of(&self, &named, has_several);
        let roots = self.roots(&heads);
        let rejoined = self.rejoined(head_of);
        let mut naming = Naming::new(&self, heads.len());
        let mut of = Vec::with_capacity(self.messages.len());
        for (number, message) in (0..).zip(&self.messages) {
            let head = head_of(message.node);
            let taken = |component: &ComponentNames| {
                let taken = named.get(&message.node).or_else(|| named.get(&nearest.to(&self, number)?));
                taken.copied().unwrap_or(component.first)
            };
            let short = self.own_name(message).or_else(|| component_names.get(&head).map(taken));
            let short = short.unwrap_or_else(|| Short::Root(roots.get(head as usize).copied().unwrap_or(head)));
            of.push(naming.number(short, || self.name(short)));
        }
        Names { all: naming.names, of, rejoined }
    }

    fn name(&self, short: Short) -> Name {
        match short {
            Short::Pinned(pin) => Name::Pinned(self.ref_of(pin).to_owned()),
            Short::Group(group) => Name::Group(self.groups.get(group as usize).copied().unwrap_or_default()),
            Short::Root(node) => Name::Root(self.id_of(node)),
        }
    }

    /// Of several names for one message the lowest in this order counts.
    fn rank(&self, short: Short) -> (u8, &[u8]) {
        match short {
            Short::Pinned(pin) => (0, self.ref_of(pin).as_bytes()),
            Short::Group(group) => (1, self.groups.get(group as usize).map_or(&[], |id| id.as_slice())),
            Short::Root(node) => (2, self.nodes.get(node as usize).map_or(&[], |node| node.id.as_slice())),
        }
    }

    fn node(&mut self, id: Id) -> u32 {
        let next = u32::try_from(self.nodes.len()).unwrap_or(ABSENT);
        let nodes = &self.nodes;
        let place =
            self.index.place(&id, next, |place| nodes.get(place as usize).map(|node| node.id).unwrap_or_default());
        if place == next {
            self.nodes.push(Node { id, head: next, is_child: false, message: ABSENT });
        }
        place
    }

    fn group(&mut self, id: Id) -> u32 {
        let next = u32::try_from(self.groups.len()).unwrap_or(ABSENT);
        let groups = &self.groups;
        let place = self.group_index.place(&id, next, |place| groups.get(place as usize).copied().unwrap_or_default());
        if place == next {
            self.groups.push(id);
        }
        place
    }

    fn id_of(&self, node: u32) -> Id {
        self.nodes.get(node as usize).map(|node| node.id).unwrap_or_default()
    }

    fn link(&mut self, parent: u32, child: u32) {
        if let Some(node) = self.nodes.get_mut(child as usize) {
            node.is_child = true;
        }
        self.unite(parent, child);
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            // The head with the smaller id wins: any fixed choice would do, this one needs no rank.
            let (winner, loser) = if self.id_of(a) <= self.id_of(b) { (a, b) } else { (b, a) };
            if let Some(node) = self.nodes.get_mut(loser as usize) {
                node.head = winner;
            }
        }
    }

    /// The head of a component, with the path halved on the way so that chains stay short.
    fn find(&mut self, mut at: u32) -> u32 {
        loop {
            let head = self.head_link(at);
            if head == at {
                return at;
            }
            let further = self.head_link(head);
            if let Some(node) = self.nodes.get_mut(at as usize) {
                node.head = further;
            }
            at = further;
        }
    }

    /// The head of every node's component.
    fn heads(&mut self) -> Vec<u32> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(ABSENT)).map(|node| self.find(node)).collect()
    }

    fn head_link(&self, at: u32) -> u32 {
        self.nodes.get(at as usize).map_or(at, |node| node.head)
    }

    fn join_by_subject(&mut self, window: i64) {
        let mut dated = std::mem::take(&mut self.subjects);
        dated.sort_unstable();
        let joins: Vec<(u32, u32)> = dated
            .iter()
            .zip(dated.iter().skip(1))
            .filter(|(a, b)| a.0 == b.0 && b.1.saturating_sub(a.1) <= window)
            .map(|(a, b)| (a.2, b.2))
            .collect();
        for (a, b) in joins {
            self.unite(a, b);
        }
    }

    /// The name a message has without looking at the graph: pinned itself, pinned as a group, or its group.
    fn own_name(&self, message: &Placed) -> Option<Short> {
        let pinned = self.pins.get(&message.node).or_else(|| self.group_pins.get(&message.group()?));
        pinned.copied().map(Short::Pinned).or_else(|| message.group().map(Short::Group))
    }

    /// Groups of which a member was sent: the ref they keep. The smallest, should there be several.
    fn settle_group_pins(&mut self) {
        if self.pins.is_empty() {
            return;
        }
        for message in &self.messages {
            let Some((group, pin)) = message.group().zip(self.pins.get(&message.node).copied()) else { continue };
            let known = self.group_pins.get(&group).copied();
            if known.is_none_or(|known| self.ref_of(pin) < self.ref_of(known)) {
                self.group_pins.insert(group, pin);
            }
        }
    }

    /// Sent threads beyond the first in each component and each group. Messages of explicit groups are not of one thread
    /// for being linked, and what is not read again counts only where a message that is read joins it to another.
    fn rejoined(&self, head_of: impl Fn(u32) -> u32) -> u64 {
        if self.pins.is_empty() {
            return 0;
        }
        let mut joined: HashMap<(u32, u32), HashSet<u32>> = HashMap::new();
        let mut absent: HashMap<u32, u32> = self.pins.clone();
        for message in &self.messages {
            absent.remove(&message.node);
        }
        for message in &self.messages {
            let head = if message.group().is_some() { ABSENT } else { head_of(message.node) };
            let refs = joined.entry((message.group, head)).or_default();
            refs.extend(self.pins.get(&message.node));
        }
        for (node, pin) in absent {
            if let Some(refs) = joined.get_mut(&(ABSENT, head_of(node))) {
                refs.insert(pin);
            }
        }
        joined.into_values().map(|refs| refs.len().saturating_sub(1) as u64).sum()
    }

    /// Nodes that have a name of their own, and another message may take it; where messages of one id differ, the one of
    /// lowest rank.
    fn named_nodes(&self, heads: &[u32]) -> HashMap<u32, Short> {
        // A message by itself, as most of a chat's are, needs nobody else's name. Nodes and messages of each component:
        let mut members = vec![0_u32; heads.len()];
        let placed = self.messages.iter().filter_map(|message| heads.get(message.node as usize));
        for head in heads.iter().chain(placed) {
            if let Some(members) = members.get_mut(*head as usize) {
                *members = members.saturating_add(1);
            }
        }
        let is_shared = |node: u32| {
            let head = heads.get(node as usize).copied().unwrap_or(node);
            members.get(head as usize).is_some_and(|members| *members > 2)
        };
        let pinned = self.pins.iter().filter(|(node, _)| is_shared(**node));
        let mut named: HashMap<u32, Short> = pinned.map(|(node, pin)| (*node, Short::Pinned(*pin))).collect();
        for message in self.messages.iter().filter(|message| is_shared(message.node)) {
            let Some(name) = self.own_name(message) else { continue };
            let known = named.entry(message.node).or_insert(name);
            if self.rank(name) < self.rank(*known) {
                *known = name;
            }
        }
        named
    }

    /// By head of a component.
    fn component_names(
        &self,
        named: &HashMap<u32, Short>,
        head_of: impl Fn(u32) -> u32,
    ) -> HashMap<u32, ComponentNames> {
        let mut components: HashMap<u32, ComponentNames> = HashMap::new();
        for (node, name) in named {
            let new = ComponentNames { first: *name, has_several: false };
            let known = components.entry(head_of(*node)).or_insert(new);
            known.has_several |= known.first != *name;
            if self.rank(*name) < self.rank(known.first) {
                known.first = *name;
            }
        }
        components
    }

    /// The message that speaks for an id; none if the id is only referenced.
    fn speaker(&self, node: u32) -> Option<u32> {
        Some(self.nodes.get(node as usize)?.message).filter(|message| *message != ABSENT)
    }

    /// References of a message, the parent last.
    fn parents(&self, message: u32) -> impl DoubleEndedIterator<Item = u32> {
        let end_of =
            |message: u32| self.messages.get(message as usize).map_or(0, |message| message.references_end as usize);
        let start = message.checked_sub(1).map_or(0, end_of);
        self.references.get(start..end_of(message)).unwrap_or_default().iter().copied()
    }

    fn reference_ids(&self, message: u32) -> Vec<Id> {
        self.parents(message).map(|node| self.id_of(node)).collect()
    }

    /// By the head of a component, its node with the smallest id of those without a parent; where a loop leaves none, with the
    /// smallest id.
    fn roots(&self, heads: &[u32]) -> Vec<u32> {
        let mut roots: Vec<u32> = (0..).take(heads.len()).collect();
        let rank = |node: u32| self.nodes.get(node as usize).map(|node| (node.is_child, node.id));
        for (at, head) in (0_u32..).zip(heads) {
            if let Some(root) = roots.get_mut(*head as usize)
                && rank(at) < rank(*root)
            {
                *root = at;
            }
        }
        roots
    }
}

/// A [`Name`] by its place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Short {
    Pinned(u32),
    Group(u32),
    /// Of the component with this root.
    Root(u32),
}

/// Numbers names, each once.
struct Naming {
    names: Vec<Name>,
    /// By pin, group and root: the number of its name; [`ABSENT`] as long as it has none.
    pins: Vec<u32>,
    groups: Vec<u32>,
    roots: Vec<u32>,
}

impl Naming {
    fn new(graph: &Graph, nodes: usize) -> Self {
        let unnamed = |count: usize| vec![ABSENT; count];
        let (pins, groups) = (unnamed(graph.refs.len()), unnamed(graph.groups.len()));
        Self { names: Vec::new(), pins, groups, roots: unnamed(nodes) }
    }

    fn number(&mut self, short: Short, name: impl FnOnce() -> Name) -> u32 {
        let slot = match short {
            Short::Pinned(pin) => self.pins.get_mut(pin as usize),
            Short::Group(group) => self.groups.get_mut(group as usize),
            Short::Root(node) => self.roots.get_mut(node as usize),
        };
        let Some(slot) = slot else { return ABSENT };
        if *slot == ABSENT {
            *slot = u32::try_from(self.names.len()).unwrap_or(ABSENT);
            self.names.push(name());
        }
        *slot
    }
}

/// What stands in a component by pin or group.
struct ComponentNames {
    /// The name of the lowest rank: what a message without named ancestors takes.
    first: Short,
    /// There are others.
    has_several: bool,
}

#[cfg(test)]
mod tests;
