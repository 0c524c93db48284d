//! What is decided over several records: copies, collisions, threads, and the order of sending.
//!
//! Everything here is a function of the *set* of records and of what was sent before; reading order
//! only numbers the entries.

use super::facts::{Candidate, Facts, Finding, Read, Text, Texts};
use super::pins::Pins;
use super::read::graph_id;
use crate::ledger::{Entry, Planned, Verdict};
use crate::mapping::{Collisions, Mapping, Order};
use crate::request::{Decision, decided_digest};
use crate::thread::{Graph, Name};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Everything decided, with the facts it was decided from.
pub(super) struct Resolution<'a> {
    read: &'a Read,
    mapping: &'a Mapping,
    /// By record number.
    fates: Vec<Fate>,
    pub(super) messages: Vec<Message>,
    pub(super) threads: Vec<Thread>,
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Index into the messages.
    Message(u32),
    /// A copy of the message at this index.
    Copy(u32),
    /// As the record's own finding says.
    Own,
}

/// A message to be sent, standing for one or more copies.
#[derive(Debug)]
pub(super) struct Message {
    /// Number of the record whose copy is sent.
    pub record: usize,
    pub external_id: String,
    /// Index into the threads.
    pub thread: usize,
    /// Tags of all kept copies, sorted.
    pub tags: Vec<Text>,
    /// The earliest inbox rule that any kept copy matched.
    pub inbox_rule: Option<u16>,
}

/// One conversation.
#[derive(Debug)]
pub(super) struct Thread {
    pub thread_ref: String,
    pub inbox: String,
    pub is_archived: bool,
    /// Who we talked to: the author of the oldest inbound message.
    pub customer: Option<Text>,
    /// Its messages disagree about the inbox.
    pub has_conflict: bool,
    pub first: i64,
    pub last: i64,
    pub size: u32,
}

/// Decides.
pub(super) fn resolve<'a>(read: &'a Read, pins: &Pins, mapping: &'a Mapping) -> Resolution<'a> {
    let mut resolution = Resolution {
        read,
        mapping,
        fates: vec![Fate::Own; read.facts.len()],
        messages: Vec::new(),
        threads: Vec::new(),
    };
    resolution.unite_copies(pins);
    resolution.name_threads(pins);
    resolution.put_in_order();
    resolution
}

impl Resolution<'_> {
    /// Groups records by identity key, then by sameness: each class becomes one message.
    fn unite_copies(&mut self, pins: &Pins) {
        let mut candidates: Vec<(usize, &Candidate)> = (0..)
            .zip(&self.read.facts)
            .filter_map(|(number, facts)| match &facts.finding {
                Finding::Candidate(candidate) => Some((number, candidate.as_ref())),
                _ => None,
            })
            .collect();
        // The content digest comes before the number, so that equal copies are the only tie left to it.
        candidates.sort_unstable_by_key(|(number, candidate)| {
            let identity = &candidate.identity;
            (identity.key, identity.sameness, identity.content, *number)
        });
        for group in candidates.chunk_by(|a, b| a.1.identity.key == b.1.identity.key) {
            let Some((_, first)) = group.first() else { continue };
            let plain = plain_id(&first.identity.key);
            let mut classes: Vec<&[(usize, &Candidate)]> =
                group.chunk_by(|a, b| a.1.identity.sameness == b.1.identity.sameness).collect();
            if classes.len() > 1 && self.mapping.identity.collisions == Collisions::Richest {
                classes = vec![group];
            }
            let keeper = pins.copy(&plain).and_then(|pin| {
                classes.iter().position(|class| class.iter().any(|(_, copy)| copy.is_same_message(&pin)))
            });
            for (at, class) in classes.iter().enumerate() {
                let external_id = if at == keeper.unwrap_or(0) { plain.clone() } else { suffixed_id(&plain, class) };
                self.add_message(external_id, class, pins);
            }
        }
    }

    fn add_message(&mut self, external_id: String, class: &[(usize, &Candidate)], pins: &Pins) {
        let sent = pins.copy(&external_id);
        // Among equals the first in content order wins, which max_by_key would not give.
        let mut best: Option<(usize, &Candidate)> = None;
        for (number, copy) in class.iter().copied() {
            let rank = |copy: &Candidate| (sent == Some(copy.pin()), copy.richness);
            if best.is_none_or(|(_, held)| rank(held) < rank(copy)) {
                best = Some((number, copy));
            }
        }
        let Some((record, _)) = best else { return };
        let index = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        // Sorted, since copies of equal content may carry their labels in any order.
        let mut tags: Vec<(String, Text)> =
            class.iter().flat_map(|(_, copy)| &copy.tags).map(|tag| (self.read.texts.get(*tag), *tag)).collect();
        tags.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        tags.dedup_by(|a, b| a.0 == b.0);
        let tags = tags.into_iter().map(|(_, tag)| tag).collect();
        for (number, _) in class {
            if let Some(fate) = self.fates.get_mut(*number) {
                *fate = if *number == record { Fate::Message(index) } else { Fate::Copy(index) };
            }
        }
        let inbox_rule = class.iter().filter_map(|(_, copy)| copy.inbox_rule).min();
        self.messages.push(Message { record, external_id, thread: 0, tags, inbox_rule });
    }

    fn name_threads(&mut self, pins: &Pins) {
        let mut graph = Graph::new();
        for pin in pins.graph_pins(self.mapping) {
            graph.pin(graph_id(&pin.namespace, "message", pin.message_id), pin.thread_ref);
        }
        let mut graph_numbers = HashMap::new();
        let mut added = 0_usize;
        for (number, facts) in self.read.facts.iter().enumerate() {
            if let Some(links) = &facts.links {
                graph.add(links);
                graph_numbers.insert(number, added);
                added += 1;
            }
        }
        let names = graph.names(self.mapping.thread.join_by_subject);
        let mut threads: HashMap<String, usize> = HashMap::new();
        for index in 0..self.messages.len() {
            let Some(message) = self.messages.get(index) else { continue };
            let thread_ref = match pins.thread_ref(&message.external_id) {
                Some(pinned) => pinned.to_owned(),
                None => match graph_numbers.get(&message.record).and_then(|number| names.get(*number)) {
                    Some(Name::Pinned(pinned)) => pinned.clone(),
                    Some(Name::Group(id) | Name::Root(id)) => format!("tl1-{}", hex(id)),
                    None => message.external_id.clone(),
                },
            };
            let next = threads.len();
            let thread = *threads.entry(thread_ref).or_insert(next);
            if let Some(message) = self.messages.get_mut(index) {
                message.thread = thread;
            }
        }
        self.decide_threads(threads, pins);
    }

    /// One inbox, one archived state, one customer for each thread.
    fn decide_threads(&mut self, refs: HashMap<String, usize>, pins: &Pins) {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); refs.len()];
        for (index, message) in self.messages.iter().enumerate() {
            if let Some(members) = members.get_mut(message.thread) {
                members.push(index);
            }
        }
        let mut ordered: Vec<(usize, String)> = refs.into_iter().map(|(thread_ref, at)| (at, thread_ref)).collect();
        ordered.sort_unstable();
        for ((_, thread_ref), mut members) in ordered.into_iter().zip(members) {
            members.sort_by_cached_key(|index| self.age(*index));
            let rules: Vec<Option<u16>> =
                members.iter().map(|index| self.messages.get(*index).and_then(|message| message.inbox_rule)).collect();
            let decided = rules.iter().flatten().next().and_then(|rule| self.mapping.rules.get(usize::from(*rule)));
            let inbox_of =
                |rule: &Option<u16>| rule.and_then(|rule| self.mapping.rules.get(usize::from(rule))?.inbox.as_ref());
            let has_conflict = rules.iter().map(inbox_of).any(|inbox| inbox != rules.first().and_then(inbox_of));
            let pin = pins.thread(&thread_ref);
            let inbox = pin
                .map(|pin| pin.inbox.clone())
                .or_else(|| decided.and_then(|rule| rule.inbox.clone()))
                .unwrap_or_else(|| self.mapping.target.inbox.clone());
            let candidates = || members.iter().filter_map(|index| self.candidate(*index));
            self.threads.push(Thread {
                thread_ref,
                inbox,
                is_archived: pin.map_or(self.mapping.silence.is_archived, |pin| pin.is_archived),
                customer: candidates().find(|candidate| candidate.is_inbound).map(|candidate| candidate.sender),
                has_conflict,
                first: candidates().map(|candidate| candidate.date).min().unwrap_or_default(),
                last: candidates().map(|candidate| candidate.date).max().unwrap_or_default(),
                size: u32::try_from(members.len()).unwrap_or(u32::MAX),
            });
        }
    }

    /// Sorts the messages into the order they are sent in: thread by thread, oldest first in each.
    fn put_in_order(&mut self) {
        let mut order: Vec<usize> = (0..self.messages.len()).collect();
        let recent_first = self.mapping.send.order == Order::RecentThreadsFirst;
        order.sort_by_cached_key(|index| {
            let thread = self.messages.get(*index).and_then(|message| self.threads.get(message.thread));
            let (first, last, thread_ref) =
                thread.map_or((0, 0, String::new()), |thread| (thread.first, thread.last, thread.thread_ref.clone()));
            (if recent_first { last.saturating_neg() } else { first }, thread_ref, self.age(*index))
        });
        let mut place = vec![0_u32; order.len()];
        for (position, index) in (0_u32..).zip(&order) {
            if let Some(slot) = place.get_mut(*index) {
                *slot = position;
            }
        }
        let mut messages: Vec<(u32, Message)> = place.iter().copied().zip(self.messages.drain(..)).collect();
        messages.sort_unstable_by_key(|(position, _)| *position);
        self.messages.extend(messages.into_iter().map(|(_, message)| message));
        for fate in &mut self.fates {
            if let Fate::Message(index) | Fate::Copy(index) = fate {
                *index = place.get(*index as usize).copied().unwrap_or_default();
            }
        }
    }

    fn age(&self, index: usize) -> (i64, String) {
        let id = self.messages.get(index).map(|message| message.external_id.clone()).unwrap_or_default();
        (self.candidate(index).map_or(0, |candidate| candidate.date), id)
    }

    pub(super) fn candidate(&self, message: usize) -> Option<&Candidate> {
        let record = self.messages.get(message)?.record;
        match &self.read.facts.get(record)?.finding {
            Finding::Candidate(candidate) => Some(candidate),
            _ => None,
        }
    }

    /// All entries as the ledger keeps them: messages in send order, then the rest in reading order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        let messages = self.messages.iter().map(|message| message.record);
        let rest = (0_usize..).zip(&self.fates).filter(|(_, fate)| !matches!(fate, Fate::Message(_)));
        let numbers = messages.chain(rest.map(|(number, _)| number));
        numbers.filter_map(|number| Some(self.entry(number, self.verdict(number)?)))
    }

    /// All entries in reading order.
    pub(super) fn entries_as_read(&self) -> impl Iterator<Item = Entry> {
        (0..self.fates.len()).filter_map(|number| Some(self.entry(number, self.verdict(number)?)))
    }

    fn verdict(&self, number: usize) -> Option<Verdict> {
        Some(match *self.fates.get(number)? {
            Fate::Message(index) => {
                let index = index as usize;
                Verdict::Planned(self.planned(index, self.messages.get(index)?)?)
            }
            Fate::Copy(of) => Verdict::Duplicate { of: self.messages.get(of as usize)?.record as u64 },
            Fate::Own => own_verdict(self.read.facts.get(number)?, &self.read.texts)?,
        })
    }

    fn entry(&self, number: usize, verdict: Verdict) -> Entry {
        let facts = self.read.facts.get(number);
        Entry {
            number: number as u64,
            origin: facts.map_or_else(
                || crate::source::Origin { source: 0, pieces: Vec::new(), part: 0 },
                |facts| facts.origin.clone(),
            ),
            digest: facts.map(|facts| facts.digest).unwrap_or_default(),
            verdict,
            original_id: facts.and_then(|facts| facts.original_id.as_deref()).map(str::to_owned),
        }
    }

    /// What must be known to send the message at `index` again.
    fn planned(&self, index: usize, message: &Message) -> Option<Planned> {
        let candidate = self.candidate(index)?;
        let thread = self.threads.get(message.thread)?;
        let tags: Vec<String> = message.tags.iter().map(|tag| self.read.texts.get(*tag)).collect();
        let recipient =
            thread.customer.filter(|_| candidate.wants_recipient).map(|customer| self.read.texts.get(customer));
        let decision = Decision {
            external_id: &message.external_id,
            thread_ref: &thread.thread_ref,
            tags: &tags,
            is_archived: thread.is_archived,
            recipient: recipient.as_deref(),
        };
        let request = decided_digest(&candidate.draft, &decision);
        Some(Planned {
            external_id: message.external_id.clone(),
            thread_ref: thread.thread_ref.clone(),
            inbox: thread.inbox.clone(),
            is_inbound: candidate.is_inbound,
            is_archived: thread.is_archived,
            recipient,
            created_at: candidate.date,
            identity: candidate.pin(),
            request,
            size: candidate.size,
            tags,
        })
    }
}

fn own_verdict(facts: &Facts, texts: &Texts) -> Option<Verdict> {
    Some(match &facts.finding {
        Finding::Candidate(_) => return None,
        Finding::Skipped { cause } => Verdict::Skipped { cause: texts.get(*cause) },
        Finding::Unreadable(problem) => Verdict::Unreadable {
            cause: problem.cause.clone(),
            detail: problem.detail.clone(),
            remedy: problem.remedy.clone(),
        },
        Finding::Rejected(problem) => Verdict::Rejected {
            cause: problem.cause.clone(),
            detail: problem.detail.clone(),
            remedy: problem.remedy.clone(),
        },
    })
}

/// Scheme `tl1`: 160 bits of the identity key. Changing this doubles every mailbox imported before.
pub(super) fn plain_id(key: &[u8; 32]) -> String {
    format!("tl1-{}", hex(key.get(..20).unwrap_or_default()))
}

/// The id of a message whose plain id belongs to a different one with the same Message-ID.
fn suffixed_id(plain: &str, class: &[(usize, &Candidate)]) -> String {
    let sameness = class.first().map(|(_, copy)| copy.identity.sameness).unwrap_or_default();
    format!("{plain}-{}", hex(sameness.get(..8).unwrap_or_default()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
