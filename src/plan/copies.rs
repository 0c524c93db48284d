//! Which records are one message, which of its copies is sent, and under which external id.

use super::classes::{Class, classes};
use super::facts::{Brief, Candidate, Class as Sort, Facts, Place};
use super::ids::ExternalId;
use super::inboxes::sent_ids;
use super::pins::Pins;
use super::resolve::{Fate, Message, Resolution, number, plain_id};
use super::texts::{RuleList, Rules, TextList};
use crate::ledger::LedgerError;
use crate::mapping::{Collisions, Format, InboxCopies};
use crate::request::hex;
use std::collections::{HashMap, HashSet};

/// A record that may be sent, with its number.
pub(super) type Copy<'a> = (usize, &'a Candidate);

/// A record that may be sent as it lies in the readings, with its number.
type Loaded = (usize, Candidate);

impl Resolution<'_> {
    /// Groups records by identity key, then by sameness: each class becomes one message.
    pub(super) fn unite_copies(&mut self, pins: &Pins) -> Result<(), LedgerError> {
        let mut keys = std::mem::take(&mut self.keys);
        keys.sort_unstable();
        self.messages.reserve(keys.len());
        let decides_alone = pins.is_empty() && self.mapping.identity.copies == InboxCopies::One;
        for alike in keys.chunk_by(|a, b| a.0 == b.0) {
            match alike {
                [(key, record)] if decides_alone => self.add_single(key, *record),
                _ => self.unite_alike(alike.iter().map(|(_, record)| *record as usize), pins)?,
            }
        }
        drop(keys);
        self.keep_what_was_sent(pins)
    }

    /// A record that shares its key with no other, where nothing was sent before.
    fn add_single(&mut self, key: &[u8; 20], record: u32) {
        let Some(brief) = self.read.briefs.get(record as usize) else { return };
        let index = number(self.messages.len());
        if let Some(fate) = self.fates.get_mut(record as usize) {
            *fate = Fate::Message(index);
        }
        self.messages.push(Message::new(ExternalId::plain(key), record, record, (brief.tags, brief.rules)));
    }

    /// Records whose keys begin alike.
    fn unite_alike(&mut self, records: impl Iterator<Item = usize>, pins: &Pins) -> Result<(), LedgerError> {
        let copies = self.sorted_copies(records)?;
        let copies: Vec<Copy<'_>> = copies.iter().map(|(number, copy)| (*number, copy)).collect();
        for group in copies.chunk_by(|a, b| a.1.identity.key == b.1.identity.key) {
            let Some((_, first)) = group.first() else { continue };
            match self.mapping.identity.copies {
                InboxCopies::One => {
                    let (key, mapping) = (&first.identity.key, self.mapping);
                    let sent = |class: &[Copy<'_>]| sent_ids(&names_of(class), key, mapping, pins).next();
                    self.unite_group(group, &plain_id(key), &sent, pins)?;
                }
                InboxCopies::PerInbox => self.unite_per_inbox(group, pins)?,
            }
        }
        Ok(())
    }

    /// Copies with what would be sent, sorted so that the copies of one message stand together.
    fn sorted_copies(&self, records: impl Iterator<Item = usize>) -> Result<Vec<Loaded>, LedgerError> {
        let mut copies: Vec<([u8; 16], Loaded)> = Vec::new();
        for record in records {
            let Facts { digest, finding, .. } = self.read.facts(record)?;
            copies.extend(finding.into_candidate().map(|candidate| (digest, (record, candidate))));
        }
        // What would be sent comes before all bytes, so that an export with other volatile headers prefers the same copy;
        // and those before the number, so that equal copies are the only tie left to it.
        copies.sort_unstable_by(|(bytes, (number, a)), (other_bytes, (other, b))| {
            let (one, two) = (&a.identity, &b.identity);
            let order = (&one.key, &one.sameness, &a.draft, bytes, number);
            order.cmp(&(&two.key, &two.sameness, &b.draft, other_bytes, other))
        });
        Ok(copies.into_iter().map(|(_, copy)| copy).collect())
    }

    /// What was sent and would be skipped now, all copies of it, stays a message: Front has it.
    fn keep_what_was_sent(&mut self, pins: &Pins) -> Result<(), LedgerError> {
        let skipped = self.sorted_copies(self.read.numbers_of(Sort::SentAndSkipped))?;
        if skipped.is_empty() {
            return Ok(());
        }
        let skipped: Vec<Copy<'_>> = skipped.iter().map(|(number, copy)| (*number, copy)).collect();
        let planned: HashSet<ExternalId> = self.messages.iter().map(|message| message.external_id.clone()).collect();
        let is_planned = |id: &String| planned.contains(&ExternalId::of(id));
        for group in skipped.chunk_by(|a, b| a.1.identity.key == b.1.identity.key) {
            for class in classes(group) {
                let Some((_, first)) = class.first() else { continue };
                let names = names_of(&class);
                let mut ids = sent_ids(&names, &first.identity.key, self.mapping, pins);
                if first.may_repeat {
                    let Some(id) = ids.next() else { continue };
                    // A row of them that is kept has the first number, so the others have the next.
                    let sent = numbered(&id).take_while(|id| pins.copy(id).is_some());
                    let ids: Vec<String> = sent.filter(|id| !is_planned(id)).collect();
                    for (id, copies) in ids.into_iter().zip(self.repeated(&class)?) {
                        self.add_message(&id, &copies, pins);
                    }
                    continue;
                }
                // Under the policy of a copy for each inbox there may be several; the last takes what is left.
                let mut rest: &[Copy<'_>] = &class;
                let mut next = ids.find(|id| !is_planned(id));
                while let Some(id) = next {
                    next = ids.find(|id| !is_planned(id));
                    let taken = if next.is_some() { rest.len().min(1) } else { rest.len() };
                    let (copies, left) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
                    rest = left;
                    self.add_message(&id, copies, pins);
                }
            }
        }
        Ok(())
    }

    /// Makes messages of copies that share a key: one of each class of sameness. `plain` is the id without suffix, `sent`
    /// finds the id that a class has in Front under another policy.
    pub(super) fn unite_group(
        &mut self,
        group: &[Copy<'_>],
        plain: &str,
        sent: &dyn Fn(&[Copy<'_>]) -> Option<String>,
        pins: &Pins,
    ) -> Result<(), LedgerError> {
        let classes = classes(group);
        let mut ids = external_ids(&classes, plain, pins);
        for (id, class) in ids.iter_mut().zip(&classes) {
            if let Some(sent) = sent(class) {
                *id = sent;
            }
        }
        let may_repeat = group.iter().any(|(_, row)| row.may_repeat);
        self.collisions += if may_repeat { 0 } else { classes.len().saturating_sub(1) as u64 };
        if self.mapping.identity.collisions == Collisions::Richest && !may_repeat {
            // All of them are one message, under the id that one of them has in Front already, if any has.
            let known = ids.into_iter().find(|id| pins.copy(id).is_some());
            self.add_message(known.as_deref().unwrap_or(plain), group, pins);
            return Ok(());
        }
        for (id, class) in ids.into_iter().zip(classes) {
            if may_repeat {
                self.add_repeated(&id, &class, pins)?;
            } else {
                self.add_message(&id, &class, pins);
            }
        }
        Ok(())
    }

    /// Rows that a file repeats, and that have no id of their own, are as many messages. Over several files:
    /// as many as any one file has, so that exports which overlap do not double.
    fn add_repeated(&mut self, external_id: &str, class: &[Copy<'_>], pins: &Pins) -> Result<(), LedgerError> {
        let messages = self.repeated(class)?;
        self.repeated_rows += messages.len().saturating_sub(1) as u64;
        for (id, copies) in numbered(external_id).zip(messages) {
            self.shared_rows += copies.len().saturating_sub(1) as u64;
            self.add_message(&id, &copies, pins);
        }
        Ok(())
    }

    /// Equal rows by their number within their files. A row that holds a whole conversation has all that was said twice in
    /// it: a second row of the same is the conversation exported again.
    fn repeated<'c>(&self, class: &[Copy<'c>]) -> Result<Vec<Vec<Copy<'c>>>, LedgerError> {
        if let [only] = class {
            return Ok(vec![vec![*only]]);
        }
        let holds_many = |source: u16| {
            let source = self.mapping.sources.get(usize::from(source)).map(|source| &source.format);
            matches!(source, Some(Format::Csv(csv)) if csv.has_rows_of_many())
        };
        let mut seen: HashMap<(u16, Option<(u32, u64)>), usize> = HashMap::new();
        let mut messages: Vec<Vec<Copy<'c>>> = Vec::new();
        for (number, row) in class.iter().copied() {
            let place: Place = self.read.facts(number)?.place;
            let source = place.source();
            let row_at = |offset| if holds_many(source) { offset } else { 0 };
            let place = place.first_piece().map(|piece| (piece.file, row_at(piece.offset)));
            let times = seen.entry((source, place)).or_default();
            match messages.get_mut(*times) {
                Some(copies) => copies.push((number, row)),
                None => messages.push(vec![(number, row)]),
            }
            *times += 1;
        }
        Ok(messages)
    }

    fn add_message(&mut self, external_id: &str, copies: &[Copy<'_>], pins: &Pins) {
        let sent = pins.copy(external_id);
        // Where Front refused one copy for good, another is worth a try: a mended original that lies beside it.
        let refused = pins.refused_copy(external_id);
        // Among equals the first in content order wins, which max_by_key would not give.
        let mut best: Option<Copy<'_>> = None;
        for (number, copy) in copies.iter().copied() {
            let rank = |copy: &Candidate| (sent == Some(copy.pin()), refused != Some(copy.pin()), copy.richness);
            if best.is_none_or(|(_, held)| rank(held) < rank(copy)) {
                best = Some((number, copy));
            }
        }
        let Some((record, _)) = best else { return };
        let index = number(self.messages.len());
        for (copy, _) in copies {
            if let Some(fate) = self.fates.get_mut(*copy) {
                *fate = if *copy == record { Fate::Message(index) } else { Fate::Copy(index) };
            }
        }
        let read_first = copies.iter().map(|(number, _)| *number).min().unwrap_or(record);
        let Some(kept) = self.united(copies) else { return };
        self.messages.push(Message::new(ExternalId::of(external_id), number(record), number(read_first), kept));
    }

    /// The tags of all copies, and the rules that decide about any of them.
    fn united(&self, copies: &[Copy<'_>]) -> Option<(TextList, RuleList)> {
        let mut briefs = copies.iter().filter_map(|(number, _)| self.read.briefs.get(*number));
        let Brief { tags, rules, .. } = *briefs.next()?;
        let texts = &self.read.texts;
        if briefs.clone().all(|brief| brief.tags == tags && brief.rules == rules) {
            return Some((tags, rules));
        }
        let mut all_tags = texts.list(tags).to_vec();
        let mut all: Rules = texts.rules(rules).as_ref().clone();
        let first = |one: Option<u16>, other: Option<u16>| one.into_iter().chain(other).min();
        for brief in briefs {
            all_tags.extend_from_slice(&texts.list(brief.tags));
            let rules = texts.rules(brief.rules);
            all.inboxes.extend_from_slice(&rules.inboxes);
            all.assignee = first(all.assignee, rules.assignee);
            all.archived = first(all.archived, rules.archived);
            all.finish.extend_from_slice(&rules.finish);
        }
        all.inboxes.sort_unstable();
        all.inboxes.dedup();
        Some((texts.keep_set(all_tags), texts.keep_rules(&all)))
    }
}

impl Message {
    fn new(external_id: ExternalId, record: u32, read_first: u32, (tags, rules): (TextList, RuleList)) -> Self {
        Self { record, read_first, external_id, thread: 0, tags, rules, is_for_default: false, assignee: None }
    }
}

/// The ids of rows that are equal: the first has the plain one.
fn numbered(plain: &str) -> impl Iterator<Item = String> {
    let further = (2_u64..).map(move |nth| format!("{plain}-{nth}"));
    std::iter::once(plain.to_owned()).chain(further)
}

/// The ids of different messages with one key. One of them has the plain id: the one it stands for already,
/// otherwise the smallest. A message that was sent under a suffix keeps it, and a plain id that stands for a
/// message which is not among these is given to none: it would pass for sent.
fn external_ids(classes: &[Class<'_, '_>], plain: &str, pins: &Pins) -> Vec<String> {
    let names: Vec<Vec<[u8; 16]>> = classes.iter().map(|class| names_of(class)).collect();
    let mut ids: Vec<String> = names.iter().map(|names| suffixed_id(plain, names, pins)).collect();
    let keeper = match pins.message(plain) {
        Some(pin) => names.iter().position(|names| is_named(names, &pin)),
        None => ids.iter().position(|id| !pins.is_taken(id)),
    };
    if let Some(id) = keeper.and_then(|keeper| ids.get_mut(keeper)) {
        plain.clone_into(id);
    }
    ids
}

/// What pins may name the message of these copies by, the first of the first copy first.
pub(super) fn names_of(class: &[Copy<'_>]) -> Vec<[u8; 16]> {
    class.iter().flat_map(|(_, copy)| copy.names()).collect()
}

/// Is one of these names that of the message which was sent with this pin?
pub(super) fn is_named(names: &[[u8; 16]], pin: &[u8; 32]) -> bool {
    names.iter().any(|name| pin.starts_with(name))
}

/// The id of a message whose plain id belongs to a different one with the same Message-ID: by the name under which it
/// is known already, else by the first one.
pub(super) fn suffixed_id(plain: &str, names: &[[u8; 16]], pins: &Pins) -> String {
    let id = |name: &[u8; 16]| format!("{plain}-{}", hex(name.get(..8).unwrap_or_default()));
    let first = names.first().copied().unwrap_or_default();
    if pins.is_empty() {
        return id(&first);
    }
    let mut further: Vec<[u8; 16]> = names.iter().copied().filter(|name| *name != first).collect();
    further.sort_unstable();
    further.dedup();
    let is_its_own = |id: &String| pins.message(id).is_some_and(|pin| is_named(names, &pin));
    std::iter::once(&first).chain(&further).map(id).find(is_its_own).unwrap_or_else(|| id(&first))
}
