//! Two conversations that become one, as people in Front make them.

use super::super::actor::Stamp;
use super::Store;
use super::events::Happening;

impl Store {
    /// Makes the two conversations of the inbox that were made first and still stand by themselves into one. False
    /// where there are no two.
    pub(in super::super) fn merge_first_two(&mut self, inbox: &str, stamp: Stamp) -> bool {
        let Some(inbox) = self.inbox_number(inbox) else { return false };
        let mut standing = (0..)
            .zip(&self.conversations)
            .filter(|(number, it)| it.inbox == inbox && it.merged_into.is_none() && !it.is_gone && *number >= self.live)
            .map(|(number, _)| number);
        let (Some(into), Some(from)) = (standing.next(), standing.next()) else { return false };
        self.merge(from, into);
        self.emit(into, Happening::ConversationsMerged, from, stamp);
        true
    }

    fn merge(&mut self, from: u32, into: u32) {
        let Some(gone) = self.conversations.get_mut(from as usize) else { return };
        gone.merged_into = Some(into);
        let left = (gone.last(), from);
        let messages = std::mem::take(&mut gone.messages);
        let (people, tags, inbox) = (gone.people.clone(), gone.tags.clone(), gone.inbox);
        for (_, message) in &messages {
            if let Some(message) = self.messages.get_mut(*message as usize) {
                message.conversation = into;
            }
        }
        let Some(kept) = self.conversations.get_mut(into as usize) else { return };
        let before = (kept.last(), into);
        kept.messages.extend(messages);
        kept.take_over(&people);
        for tag in tags {
            if !kept.tags.contains(&tag) {
                kept.tags.push(tag);
            }
        }
        let after = (kept.last(), into);
        if let Some(inbox) = self.inboxes.get_mut(inbox as usize) {
            inbox.take(left);
            inbox.take(before);
            inbox.put(after);
        }
        self.take_over_rest(from, into);
        self.hand_over_events(from, into);
        self.counts.merged += 1;
    }

    /// The conversation that this one has become part of, or itself.
    pub(in super::super) fn survivor(&self, number: u32) -> u32 {
        let mut number = number;
        // Conversations merge only into ones that were made before them, so this ends.
        while let Some(into) = self.conversation(number).and_then(|it| it.merged_into) {
            number = into;
        }
        number
    }
}
