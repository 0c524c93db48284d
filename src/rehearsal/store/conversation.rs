//! A conversation as lists and lookups need it: all in memory, and little of it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::events::Chain;

/// How many different people of one conversation are remembered for lists and search.
pub(in super::super) const PEOPLE: usize = 32;

/// Somebody who wrote or was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Person {
    pub(in super::super) handle: Box<str>,
    /// Only senders have one.
    pub(in super::super) name: Option<Box<str>>,
    has_sent: bool,
    has_received: bool,
}

/// What somebody is to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Role {
    Sender,
    Recipient,
}

impl Person {
    pub(super) fn new(handle: &str, name: Option<&str>) -> Self {
        Self { handle: handle.into(), name: name.map(Into::into), has_sent: false, has_received: false }
    }

    fn plays(&mut self, role: Role) {
        match role {
            Role::Sender => self.has_sent = true,
            Role::Recipient => self.has_received = true,
        }
    }

    /// The name, or the handle of someone without one.
    pub(in super::super) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.handle)
    }
}

#[derive(Debug)]
pub(in super::super) struct Conversation {
    pub(in super::super) inbox: u32,
    /// Of the first message that had one.
    pub(in super::super) subject: Box<str>,
    /// In order of appearance, at most [`PEOPLE`].
    pub(in super::super) people: Vec<Person>,
    /// Time and number of each message: oldest first, those of one second in the order in which they came.
    pub(in super::super) messages: BTreeSet<(i64, u32)>,
    /// The message that was accepted first, whatever its date.
    pub(super) opener: u32,
    /// Numbers of the tags, in the order in which they came.
    pub(in super::super) tags: Vec<u32>,
    /// Number of the teammate.
    pub(in super::super) assignee: Option<u32>,
    /// As the last message said, or who changed it since: Front documents no other rule.
    pub(in super::super) state: State,
    /// The sender of the newest inbound message, whom Front shows as the main recipient; with the time of that message, and
    /// what the handle is a handle of.
    pub(in super::super) recipient: Option<(i64, &'static str, Person)>,
    /// The conversation that this one has become part of.
    pub(super) merged_into: Option<u32>,
    /// It was deleted for good.
    pub(super) is_gone: bool,
    pub(super) events: Chain,
    /// What few conversations have.
    pub(super) rest: Option<Box<Rest>>,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum State {
    Open,
    Archived,
    Trashed,
}

/// What is put to a conversation beside its messages.
#[derive(Debug, Default)]
pub(in super::super) struct Rest {
    /// Numbers of the links, in the order in which they came.
    pub(super) links: Vec<u32>,
    /// Numbers of the teammates.
    pub(super) followers: Vec<u32>,
    /// Numbers of the comments, oldest first.
    pub(super) comments: Vec<u32>,
    pub(super) custom_fields: Map<String, Value>,
    /// Number of the ticket status that was set by itself.
    pub(super) ticket_status: Option<u32>,
}

impl Conversation {
    pub(super) fn new(inbox: u32, opener: u32) -> Self {
        Self {
            inbox,
            subject: Box::default(),
            people: Vec::new(),
            messages: BTreeSet::new(),
            opener,
            tags: Vec::new(),
            assignee: None,
            state: State::Archived,
            recipient: None,
            merged_into: None,
            is_gone: false,
            events: Chain::default(),
            rest: None,
        }
    }

    /// Time of the newest message.
    pub(in super::super) fn last(&self) -> i64 {
        self.messages.last().map_or(0, |(time, _)| *time)
    }

    /// Time of the oldest message.
    pub(in super::super) fn first(&self) -> i64 {
        self.messages.first().map_or(0, |(time, _)| *time)
    }

    /// Front's word for the state.
    pub(in super::super) fn status(&self) -> &'static str {
        match (self.state, self.assignee) {
            (State::Trashed, _) => "deleted",
            (State::Archived, _) => "archived",
            (State::Open, Some(_)) => "assigned",
            (State::Open, None) => "unassigned",
        }
    }

    pub(in super::super) fn links(&self) -> &[u32] {
        self.rest.as_ref().map_or(&[], |rest| &rest.links)
    }

    pub(in super::super) fn followers(&self) -> &[u32] {
        self.rest.as_ref().map_or(&[], |rest| &rest.followers)
    }

    /// Oldest first.
    pub(in super::super) fn comments(&self) -> &[u32] {
        self.rest.as_ref().map_or(&[], |rest| &rest.comments)
    }

    pub(in super::super) fn custom_fields(&self) -> Map<String, Value> {
        self.rest.as_ref().map(|rest| rest.custom_fields.clone()).unwrap_or_default()
    }

    pub(super) fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    pub(super) fn meet(&mut self, handle: &str, name: Option<&str>, role: Role) {
        if let Some(person) = self.people.iter_mut().find(|person| *person.handle == *handle) {
            person.plays(role);
            if person.name.is_none() {
                person.name = name.map(Into::into);
            }
        } else if self.people.len() < PEOPLE {
            let mut person = Person::new(handle, name);
            person.plays(role);
            self.people.push(person);
        }
    }

    /// The people of a conversation that has become part of this one.
    pub(super) fn take_over(&mut self, others: &[Person]) {
        for person in others {
            let roles = [(person.has_sent, Role::Sender), (person.has_received, Role::Recipient)];
            for (_, role) in roles.into_iter().filter(|(plays, _)| *plays) {
                self.meet(&person.handle, person.name.as_deref(), role);
            }
        }
    }

    /// Whether a remembered person with this handle has the role.
    pub(in super::super) fn has(&self, handle: &str, role: Role) -> bool {
        self.people.iter().any(|person| {
            let plays = if role == Role::Sender { person.has_sent } else { person.has_received };
            plays && person.handle.eq_ignore_ascii_case(handle)
        })
    }

    /// Whether the subject or a remembered name or handle holds what is searched for.
    pub(in super::super) fn mentions(&self, holds: impl Fn(&str) -> bool) -> bool {
        holds(&self.subject)
            || self.people.iter().any(|person| holds(&person.handle) || person.name.as_deref().is_some_and(&holds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stand_by_time_and_then_by_arrival() {
        let mut conversation = Conversation::new(0, 0);
        for (time, message) in [(20, 0), (10, 1), (20, 2), (10, 3)] {
            conversation.messages.insert((time, message));
        }
        assert!(conversation.messages.iter().eq(&[(10, 1), (10, 3), (20, 0), (20, 2)]));
        assert_eq!((conversation.first(), conversation.last()), (10, 20));
    }

    #[test]
    fn a_person_is_remembered_once_and_keeps_the_first_name() {
        let mut conversation = Conversation::new(0, 0);
        conversation.meet("a@example.com", None, Role::Recipient);
        conversation.meet("a@example.com", Some("Ana"), Role::Sender);
        conversation.meet("a@example.com", Some("Other"), Role::Sender);
        assert_eq!(conversation.people.len(), 1);
        assert_eq!(conversation.people[0].shown(), "Ana");
        (0..100).for_each(|n| conversation.meet(&n.to_string(), None, Role::Recipient));
        assert_eq!(conversation.people.len(), PEOPLE);
    }

    #[test]
    fn search_looks_at_subject_names_and_handles() {
        let mut conversation = Conversation::new(0, 0);
        conversation.subject = "Rückgabe ÄRGER".into();
        conversation.meet("ana@example.com", Some("Ana Ünal"), Role::Sender);
        for found in ["ÄRGER", "Ünal", "ana@"] {
            assert!(conversation.mentions(|text| text.contains(found)), "{found}");
        }
        assert!(!conversation.mentions(|text| text.contains("Bob")));
    }
}
