//! What is decided about a conversation as a whole: inbox, archived state, assignee, customer.

use super::authors::{self, KnownBetter};
use super::deliveries::is_delivered;
use super::facts::{Brief, Candidate};
use super::ids::ThreadRef;
use super::pins::Pins;
use super::resolve::{Fate, Message, Resolution};
use super::texts::{Rules, Text};
use crate::ledger::LedgerError;
use crate::mapping::Rule;

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
    /// Messages of it that are imported.
    pub size: u32,
}

impl Thread {
    /// Are its messages delivered through a channel, which stands for its inbox?
    pub(super) fn is_delivered(&self) -> bool {
        is_delivered(&self.thread_ref.text())
    }

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

impl Resolution<'_> {
    /// One inbox, one archived state, one customer for each thread.
    pub(super) fn decide_threads(&mut self, refs: Vec<ThreadRef>, pins: &Pins) -> Result<(), LedgerError> {
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
            let members = members.filter_map(|(_, _, at)| self.messages.get(*at as usize));
            // A note decides nothing about its conversation.
            let members: Vec<&Message> = members.filter(|message| !self.is_comment(message)).collect();
            threads.push(if is_delivered(&thread_ref.text()) {
                self.delivered_thread(thread_ref, &members, pins)?
            } else {
                self.decide_thread(thread_ref, &members, pins)?
            });
        }
        self.threads = threads;
        self.assign(pins);
        Ok(())
    }

    /// Leaves out the notes of conversations that have no message, here or in Front: there is nothing that they could be comments of.
    pub(super) fn leave_lone_notes(&mut self, pins: &Pins) {
        let is_there = |thread: &Thread| {
            thread.size > 0 || thread.is_delivered() || pins.thread(&thread.thread_ref.text()).is_some()
        };
        let kept: Vec<bool> = self.threads.iter().map(is_there).collect();
        if kept.contains(&false) {
            self.keep_threads(&kept, Fate::Lone);
        }
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

    pub(super) fn known_better(&self, members: &[&Message]) -> Result<Option<KnownBetter>, LedgerError> {
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
}
