//! What is made in Front beside messages: tags, contacts, links, states. Each has a name of its own, so that it is made once, however
//! often a command is run, and can be taken back.
//!
//! Only the journal knows of effects. That one begins is durable before the request leaves, so that what is found in Front after a
//! kill is known to be ours.

use super::error::LedgerError;
use super::fact::{Fact, Glance};
use super::journal::{self, FactReader};
use super::ledger::Ledger;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Something that is made in Front once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Effect {
    /// What sort of thing.
    pub kind: EffectKind,
    /// The `thread_ref` of the conversation it is about; empty for what is the company's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// Which one: an address, a name, a handle, a state.
    pub what: String,
}

/// Sorts of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// An inbox, by its name.
    Inbox,
    /// A tag, by its name with the names of those above it.
    Tag,
    /// A contact, by source and handle.
    Contact,
    /// A link of a conversation, by its address.
    Link,
    /// A tag of a conversation that was sent without it, by its name.
    Tagged,
    /// A teammate who follows a conversation.
    Follower,
    /// How a conversation stands.
    State,
    /// That a conversation is trashed.
    Trashed,
    /// That a conversation is deleted for good.
    Deleted,
}

impl EffectKind {
    /// As the journal names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Tag => "tag",
            Self::Contact => "contact",
            Self::Link => "link",
            Self::Tagged => "tagged",
            Self::Follower => "follower",
            Self::State => "state",
            Self::Trashed => "trashed",
            Self::Deleted => "deleted",
        }
    }
}

impl Effect {
    /// An effect on a conversation.
    #[must_use]
    pub fn on(thread_ref: &str, kind: EffectKind, what: impl Into<String>) -> Self {
        Self { kind, of: thread_ref.to_owned(), what: what.into() }
    }

    /// An effect on the company.
    #[must_use]
    pub fn company(kind: EffectKind, what: impl Into<String>) -> Self {
        Self { kind, of: String::new(), what: what.into() }
    }

    fn hash(&self) -> EffectHash {
        hash(self.kind.name(), &self.of, &self.what)
    }
}

/// What became of an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectEnd {
    /// A request goes out that makes it.
    Begun,
    /// It is there.
    Done {
        /// Front's id of it, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// We made it; else it was there before.
        made: bool,
        /// How it was before, for what is changed; what it was given, for a contact that was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
    },
    /// It was not made, and is not to be tried again by itself.
    Left {
        /// Why.
        why: String,
    },
    /// It was taken back.
    Undone,
}

/// One line of the journal about an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EffectFact {
    #[serde(flatten)]
    pub(super) effect: Effect,
    /// The conversation in Front that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) conversation: Option<String>,
    pub(super) end: EffectEnd,
}

/// An effect, where it stands, and the conversation in Front that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectChange {
    /// Which.
    pub effect: Effect,
    /// Front's id of its conversation, if it is about one.
    pub conversation: Option<String>,
    /// What became of it.
    pub end: EffectEnd,
}

type EffectHash = [u8; 16];

fn hash(kind: &str, of: &str, what: &str) -> EffectHash {
    let mut hasher = blake3::Hasher::new_derive_key("threadlift 1 effect");
    for field in [kind, of, what] {
        hasher.update(&(field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    let mut hash = [0; 16];
    hash.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
    hash
}

/// How far an effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was begun, and nobody knows whether Front did it.
    Begun,
    /// It is done.
    Done,
    /// It was left.
    Left,
    /// It was taken back.
    Undone,
}

/// All effects that the journal knows.
#[derive(Debug, Default)]
pub struct Effects {
    /// By effect: how far it is, and where its last line begins.
    known: HashMap<EffectHash, (Standing, u64)>,
}

impl Effects {
    fn note(&mut self, fact: &Glance<'_>, line: u64) {
        if let Glance::Effect(effect) = fact {
            self.known.insert(hash(&effect.kind, &effect.of, &effect.what), (effect.standing(), line));
        }
    }

    /// How far an effect is; nothing if it was never begun.
    #[must_use]
    pub fn standing(&self, effect: &Effect) -> Option<Standing> {
        self.known.get(&effect.hash()).map(|(standing, _)| *standing)
    }

    /// Effects that were begun, done or left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl Ledger {
    /// Records what became of effects, in order; durable when this returns.
    ///
    /// # Errors
    /// A ledger that takes nothing more, or what the system refuses.
    pub fn record(&self, changes: impl IntoIterator<Item = EffectChange>) -> Result<(), LedgerError> {
        let fact = |EffectChange { effect, conversation, end }| Fact::Effect(EffectFact { effect, conversation, end });
        let facts: Vec<Fact> = changes.into_iter().map(fact).collect();
        self.books().note(&facts)
    }

    /// All effects, and how far they are. Reads the whole journal.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn effects(&self) -> Result<Effects, LedgerError> {
        let mut effects = Effects::default();
        journal::glance(self.dir(), |fact, _, line| {
            effects.note(fact, line);
            Ok(())
        })?;
        Ok(effects)
    }

    /// Every effect with its last change, in the order of those.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses; each item fails for itself.
    pub fn last_changes(
        &self,
        effects: &Effects,
    ) -> Result<impl Iterator<Item = Result<EffectChange, LedgerError>>, LedgerError> {
        let mut lines: Vec<u64> = effects.known.values().map(|(_, line)| *line).collect();
        lines.sort_unstable();
        let mut facts = FactReader::open(self.dir())?;
        Ok(lines.into_iter().filter_map(move |line| match facts.read(line) {
            Ok(Fact::Effect(EffectFact { effect, conversation, end })) => {
                Some(Ok(EffectChange { effect, conversation, end }))
            }
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        }))
    }
}
