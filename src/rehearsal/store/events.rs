//! What happened to conversations: a chain for each, from the newest back, in a few bytes an event.

use super::super::actor::{Actor, Stamp};
use super::Store;

/// Stands for no event.
const NONE: u32 = u32::MAX;
/// Stands for the client among the numbers of teammates.
const API: u32 = u32::MAX;

/// What happened, in Front's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Happening {
    Assign,
    Unassign,
    Archive,
    Reopen,
    Trash,
    Restore,
    Comment,
    Inbound,
    Outbound,
    Move,
    Tag,
    Untag,
    ConversationsMerged,
    LinkAdded,
    LinkRemoved,
    CustomFieldUpdated,
    TicketStatusUpdate,
}

impl Happening {
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Unassign => "unassign",
            Self::Archive => "archive",
            Self::Reopen => "reopen",
            Self::Trash => "trash",
            Self::Restore => "restore",
            Self::Comment => "comment",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Move => "move",
            Self::Tag => "tag",
            Self::Untag => "untag",
            Self::ConversationsMerged => "conversations_merged",
            Self::LinkAdded => "link_added",
            Self::LinkRemoved => "link_removed",
            Self::CustomFieldUpdated => "custom_field_updated",
            Self::TicketStatusUpdate => "ticket_status_update",
        }
    }
}

/// One event: 28 bytes and what aligns them.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Event {
    at: u64,
    pub(in super::super) conversation: u32,
    /// Number of what it happened with: a teammate, tag, link, comment, message or inbox, as the happening says.
    pub(in super::super) target: u32,
    before: u32,
    by: u32,
    pub(in super::super) what: Happening,
}

impl Event {
    pub(in super::super) fn by(&self) -> Actor {
        if self.by == API { Actor::Api } else { Actor::Teammate(self.by) }
    }

    /// Unix time in seconds, with its milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact")]
    pub(in super::super) fn emitted_at(&self) -> f64 {
        self.at as f64 / 1000.0
    }
}

/// The last event of a conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain(u32);

impl Default for Chain {
    fn default() -> Self {
        Self(NONE)
    }
}

impl Store {
    pub(super) fn emit(&mut self, conversation: u32, what: Happening, target: u32, stamp: Stamp) {
        let Ok(number) = u32::try_from(self.events.len()) else { return };
        let Some(it) = self.conversations.get_mut(conversation as usize) else { return };
        let by = match stamp.by {
            Actor::Api => API,
            Actor::Teammate(number) => number,
        };
        self.events.push(Event { at: stamp.at, conversation, target, before: it.events.0, by, what });
        it.events = Chain(number);
    }

    pub(in super::super) fn event(&self, number: u32) -> Option<&Event> {
        self.events.get(number as usize)
    }

    /// Events of a conversation with their numbers, newest first, those before the event `after` where one is given.
    pub(in super::super) fn events_of(&self, conversation: u32, after: Option<u32>) -> Vec<(u32, Event)> {
        let start = match after {
            Some(number) => self.event(number).filter(|event| event.conversation == conversation).map(|it| it.before),
            None => self.conversation(conversation).map(|it| it.events.0),
        };
        let link = |number: u32| Some((number, *self.event(number)?));
        std::iter::successors(start.and_then(link), |(_, event)| link(event.before)).collect()
    }

    /// Events of all conversations with their numbers, newest first, those before the event `after` where one is given.
    pub(in super::super) fn all_events(&self, after: Option<u32>) -> impl Iterator<Item = (u32, Event)> {
        let count = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        let end = after.map_or(count, |number| number.min(count));
        (0..end).rev().filter_map(|number| Some((number, *self.event(number)?)))
    }

    /// Hands the events of one conversation to another, among whose own they stand in the order in which they came.
    pub(super) fn hand_over_events(&mut self, from: u32, into: u32) {
        let mut numbers: Vec<u32> =
            [from, into].iter().flat_map(|number| self.events_of(*number, None)).map(|(number, _)| number).collect();
        numbers.sort_unstable();
        let mut before = NONE;
        for number in numbers {
            if let Some(event) = self.events.get_mut(number as usize) {
                event.before = before;
                event.conversation = into;
                before = number;
            }
        }
        for (number, last) in [(from, NONE), (into, before)] {
            if let Some(it) = self.conversations.get_mut(number as usize) {
                it.events = Chain(last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_takes_tens_of_bytes() {
        assert!(size_of::<Event>() <= 32);
    }
}
