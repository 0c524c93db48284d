//! What is delivered through a channel instead of being imported. It makes threads of its own, as Front never joins it with imports.

use super::ids::ThreadRef;
use super::pins::Pins;
use super::resolve::{Message, Resolution};
use super::threads::Thread;
use crate::ledger::LedgerError;

/// What stands in a delivered thread's ref between the ref of an import and the rest of the channel's id. No other ref has it.
const BY_CHANNEL: &str = "-cha_";

/// Is it the ref of what is delivered?
#[must_use]
pub fn is_delivered(thread_ref: &str) -> bool {
    thread_ref.contains(BY_CHANNEL)
}

impl Resolution<'_> {
    /// The ref of a message: of one that is delivered the one that it has in its channel. `imported` is the one that it would have
    /// as an import, or was delivered under.
    pub(super) fn ref_of(&self, message: &Message, imported: ThreadRef) -> ThreadRef {
        if !self.is_delivery(message) || is_delivered(&imported.text()) {
            return imported;
        }
        ThreadRef::of(&format!("{}-{}", imported.text(), self.channel_of(message)))
    }

    /// The channel that the mapping gives a message.
    fn channel_of(&self, message: &Message) -> &str {
        let source = self.brief_of(message).and_then(|brief| self.mapping.sources.get(usize::from(brief.source)));
        source.and_then(|source| source.deliver.as_ref()).map_or("", |deliver| &deliver.channel)
    }

    /// A thread of messages that are delivered: nothing is decided about it but its channel, and who its customer is.
    pub(super) fn delivered_thread(
        &self,
        thread_ref: ThreadRef,
        members: &[&Message],
        pins: &Pins,
    ) -> Result<Thread, LedgerError> {
        let channel = pins.thread(&thread_ref.text()).map(|pin| pin.inbox.as_str());
        let channel = channel.or_else(|| Some(self.channel_of(members.first()?))).unwrap_or_default();
        let dates = || members.iter().map(|message| self.date_of(message));
        Ok(Thread {
            inbox: self.read.texts.keep(channel),
            wanted: None,
            assignee: None,
            customer: None,
            is_archived: false,
            wanted_archived: false,
            has_conflict: false,
            known_better: self.known_better(members)?,
            first: dates().min().unwrap_or_default(),
            last: dates().max().unwrap_or_default(),
            size: 0,
            thread_ref,
        })
    }
}
