//! What people and the API do to conversations. Each change is an event; what changes nothing is none.

use serde_json::{Map, Value};

use super::super::actor::Stamp;
use super::super::desk::Category;
use super::conversation::{Conversation, Rest, State};
use super::events::Happening;
use super::{Status, Store};

/// Stands for no target.
const NOTHING: u32 = 0;

impl Store {
    fn change(&mut self, number: u32) -> Option<&mut Conversation> {
        self.conversations.get_mut(number as usize)
    }

    pub(in super::super) fn assign(&mut self, number: u32, to: Option<u32>, stamp: Stamp) {
        let Some(it) = self.change(number) else { return };
        let before = std::mem::replace(&mut it.assignee, to);
        match (before, to) {
            (before, Some(to)) if before != Some(to) => self.emit(number, Happening::Assign, to, stamp),
            (Some(before), None) => self.emit(number, Happening::Unassign, before, stamp),
            _ => {}
        }
    }

    pub(in super::super) fn set_state(&mut self, number: u32, state: State, stamp: Stamp) {
        let Some(it) = self.change(number) else { return };
        let before = std::mem::replace(&mut it.state, state);
        let what = match (before, state) {
            (before, state) if before == state => return,
            (_, State::Archived) => Happening::Archive,
            (_, State::Trashed) => Happening::Trash,
            (State::Trashed, State::Open) => Happening::Restore,
            (_, State::Open) => Happening::Reopen,
        };
        // The status that was set by itself holds until the state says otherwise.
        if let Some(rest) = &mut it.rest {
            rest.ticket_status = None;
        }
        self.emit(number, what, NOTHING, stamp);
    }

    /// The ticket status of a conversation: the one that was set, or the first of the category that its state means. None
    /// while ticketing is off.
    pub(in super::super) fn ticket_status(&self, it: &Conversation) -> Option<&Status> {
        let category = if it.state == State::Open { Category::Open } else { Category::Resolved };
        let meant = || self.statuses.iter().find(|status| status.category == category);
        let set = it.rest.as_ref().and_then(|rest| rest.ticket_status);
        set.and_then(|number| self.statuses.get(number as usize)).or_else(meant)
    }

    /// Sets a ticket status. What is resolved is archived; everything else is open.
    pub(in super::super) fn set_ticket_status(&mut self, number: u32, status: u32, stamp: Stamp) {
        let Some(category) = self.statuses.get(status as usize).map(|status| status.category) else { return };
        let before = self.conversation(number).and_then(|it| self.ticket_status(it)).map(|it| it.id.clone());
        self.set_state(number, if category == Category::Resolved { State::Archived } else { State::Open }, stamp);
        let Some(it) = self.change(number) else { return };
        it.rest().ticket_status = Some(status);
        if self.statuses.get(status as usize).map(|it| &it.id) != before.as_ref() {
            self.emit(number, Happening::TicketStatusUpdate, status, stamp);
        }
    }

    pub(in super::super) fn add_tags(&mut self, number: u32, tags: &[u32], stamp: Stamp) {
        for tag in tags {
            let Some(it) = self.change(number) else { return };
            if !it.tags.contains(tag) {
                it.tags.push(*tag);
                self.emit(number, Happening::Tag, *tag, stamp);
            }
        }
    }

    pub(in super::super) fn remove_tags(&mut self, number: u32, tags: &[u32], stamp: Stamp) {
        for tag in tags {
            let Some(it) = self.change(number) else { return };
            if let Some(at) = it.tags.iter().position(|has| has == tag) {
                it.tags.remove(at);
                self.emit(number, Happening::Untag, *tag, stamp);
            }
        }
    }

    /// Leaves a conversation these tags and no others.
    pub(in super::super) fn replace_tags(&mut self, number: u32, tags: &[u32], stamp: Stamp) {
        let left: Vec<u32> = self.conversation(number).map(|it| it.tags.clone()).unwrap_or_default();
        let left: Vec<u32> = left.into_iter().filter(|tag| !tags.contains(tag)).collect();
        self.remove_tags(number, &left, stamp);
        self.add_tags(number, tags, stamp);
    }

    /// Followers leave no events: Front has no type of them.
    pub(in super::super) fn set_followers(&mut self, number: u32, teammates: &[u32], follow: bool) {
        let Some(it) = self.change(number) else { return };
        let followers = &mut it.rest().followers;
        followers.retain(|one| follow || !teammates.contains(one));
        for one in teammates.iter().filter(|_| follow) {
            if !followers.contains(one) {
                followers.push(*one);
            }
        }
    }

    pub(in super::super) fn add_links(&mut self, number: u32, links: &[u32], stamp: Stamp) {
        for link in links {
            let Some(rest) = self.change(number).map(Conversation::rest) else { return };
            if rest.links.contains(link) {
                continue;
            }
            rest.links.push(*link);
            if let Some(link) = self.links.get_mut(*link as usize) {
                link.conversations.push(number);
            }
            self.emit(number, Happening::LinkAdded, *link, stamp);
        }
    }

    pub(in super::super) fn remove_links(&mut self, number: u32, links: &[u32], stamp: Stamp) {
        for link in links {
            let Some(rest) = self.change(number).map(Conversation::rest) else { return };
            let Some(at) = rest.links.iter().position(|has| has == link) else { continue };
            rest.links.remove(at);
            self.detach(*link, number);
            self.emit(number, Happening::LinkRemoved, *link, stamp);
        }
    }

    fn detach(&mut self, link: u32, conversation: u32) {
        if let Some(link) = self.links.get_mut(link as usize) {
            link.conversations.retain(|has| *has != conversation);
        }
    }

    /// Leaves a conversation these custom fields and no others.
    pub(in super::super) fn set_custom_fields(&mut self, number: u32, fields: Map<String, Value>, stamp: Stamp) {
        let Some(it) = self.change(number) else { return };
        if it.custom_fields() != fields {
            it.rest().custom_fields = fields;
            self.emit(number, Happening::CustomFieldUpdated, NOTHING, stamp);
        }
    }

    pub(in super::super) fn move_to(&mut self, number: u32, inbox: u32, stamp: Stamp) {
        let Some(it) = self.change(number).filter(|it| it.inbox != inbox) else { return };
        let from = std::mem::replace(&mut it.inbox, inbox);
        let (place, count) = ((it.last(), number), it.messages.len() as u64);
        if let Some(from) = self.inboxes.get_mut(from as usize) {
            from.take(place);
            from.messages = from.messages.saturating_sub(count);
        }
        if let Some(to) = self.inboxes.get_mut(inbox as usize) {
            to.put(place);
            to.messages += count;
        }
        self.emit(number, Happening::Move, inbox, stamp);
    }

    /// Deletes a conversation for good, with its messages. The external ids of those stay used up.
    pub(in super::super) fn delete(&mut self, number: u32) {
        let is_live = u64::from(number < self.live);
        let Some(it) = self.change(number) else { return };
        it.is_gone = true;
        let (inbox, place, count) = (it.inbox, (it.last(), number), it.messages.len() as u64);
        let links = it.rest.take().map(|rest| rest.links).unwrap_or_default();
        it.people = Vec::new();
        for link in links {
            self.detach(link, number);
        }
        if let Some(inbox) = self.inboxes.get_mut(inbox as usize) {
            inbox.take(place);
            inbox.messages = inbox.messages.saturating_sub(count);
            inbox.live = inbox.live.saturating_sub(is_live);
        }
        if is_live == 0 {
            self.counts.deleted += 1;
            self.counts.deleted_messages += count;
        }
    }

    /// Puts to a conversation what was put to one that has become part of it.
    pub(super) fn take_over_rest(&mut self, from: u32, into: u32) {
        let Some(given) = self.change(from).and_then(|it| it.rest.take()) else { return };
        for link in &given.links {
            if let Some(link) = self.links.get_mut(*link as usize) {
                link.conversations.retain(|has| *has != from && *has != into);
                link.conversations.push(into);
            }
        }
        for comment in &given.comments {
            if let Some(comment) = self.comments.get_mut(*comment as usize) {
                comment.conversation = into;
            }
        }
        let Some(kept) = self.change(into).map(Conversation::rest) else { return };
        let Rest { links, followers, comments, custom_fields, .. } = *given;
        for (kept, given) in
            [(&mut kept.links, links), (&mut kept.followers, followers), (&mut kept.comments, comments)]
        {
            kept.extend(given);
            let mut seen = std::collections::HashSet::new();
            kept.retain(|number| seen.insert(*number));
        }
        kept.comments.sort_unstable();
        for (name, value) in custom_fields {
            kept.custom_fields.entry(name).or_insert(value);
        }
    }
}
