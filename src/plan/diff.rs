//! What a new plan decides otherwise than the one before it: what a change of the mapping changed.
//!
//! The plan before is read from the ledger entry by entry; a message is known by its external id, and a record that was or is no
//! message by the digest of its bytes.

use super::facts::Finding;
use super::place;
use super::resolve::{Fate, Resolution, number};
use crate::ledger::{Entry, Ledger, LedgerError, Planned, Verdict};
use crate::source::Source;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroU32;

/// Kinds of differences that are named.
const MAX_KINDS: usize = 200;

/// Kinds that are told apart: beyond it a tag for each message makes them.
const MOST_KINDS: usize = 10_000;

/// Examples of each kind.
const MAX_EXAMPLES: usize = 3;

/// How two plans differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlanDiff {
    /// Why there is nothing to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// Messages that are planned as before.
    pub same: u64,
    /// Messages that are planned otherwise, or were not messages before, or are none now.
    pub changed: u64,
    /// In which ways, most frequent first; a message may differ in several.
    pub kinds: Vec<DiffKind>,
    /// Kinds that were left out, ten thousand and the differences beyond them at most.
    pub left_out: u64,
}

/// One way in which plans differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffKind {
    /// In words.
    pub what: String,
    /// How many messages.
    pub messages: u64,
    /// Some of them.
    pub examples: Vec<DiffExample>,
}

/// A message that is planned otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffExample {
    /// The export's own id, or else its external id.
    pub id: String,
    /// File and place; empty where the sources no longer hold it.
    pub place: String,
}

/// Compares the plan in the ledger with one that is to replace it.
pub(super) fn diff(ledger: &Ledger, resolution: &Resolution<'_>, sources: &[Box<dyn Source>]) -> PlanDiff {
    let Some(before) = ledger.plan() else {
        let unavailable = Some("there was no plan before this one".to_owned());
        return PlanDiff { unavailable, ..PlanDiff::default() };
    };
    let compared = Comparing::new(resolution, sources).and_then(|comparing| comparing.all(ledger, before.total));
    compared.unwrap_or_else(|error| {
        let unavailable = Some(format!("the plan before this one cannot be compared: {error}"));
        PlanDiff { unavailable, ..PlanDiff::default() }
    })
}

struct Comparing<'a> {
    resolution: &'a Resolution<'a>,
    sources: &'a [Box<dyn Source>],
    /// Messages of the new plan by a digest of their external id.
    by_id: HashMap<[u8; 16], u32>,
    /// Records of the new plan by the digest of their bytes.
    by_digest: HashMap<[u8; 16], Equal>,
    /// By record: the next one of the same bytes.
    next: Vec<Option<NonZeroU32>>,
    /// By message of the new plan: it was found in the one before.
    known: Vec<bool>,
    same: u64,
    changed: u64,
    kinds: BTreeMap<String, (u64, Vec<DiffExample>)>,
    /// Differences beyond the kinds that are told apart.
    further: u64,
}

/// Records of the same bytes.
#[derive(Clone, Copy)]
struct Equal {
    /// One that is told of where none is a message: the first.
    first: u32,
    /// The first that may be a message which the plan before does not have yet.
    open: Option<u32>,
}

impl<'a> Comparing<'a> {
    fn new(resolution: &'a Resolution<'a>, sources: &'a [Box<dyn Source>]) -> Result<Self, LedgerError> {
        let by_id = (0..).zip(&resolution.messages).map(|(at, message)| (hashed(&message.external_id.text()), at));
        let records = resolution.read.briefs.len();
        let mut by_digest: HashMap<[u8; 16], Equal> = HashMap::with_capacity(records);
        let mut next = vec![None; records];
        for at in (0..records).rev() {
            let (number, facts) = (number(at), resolution.read.facts(at)?);
            let known = by_digest.insert(facts.digest, Equal { first: number, open: Some(number) });
            if let (Some(known), Some(slot)) = (known, next.get_mut(at)) {
                *slot = NonZeroU32::new(known.first);
            }
        }
        Ok(Self {
            resolution,
            sources,
            by_id: by_id.collect(),
            by_digest,
            next,
            known: vec![false; resolution.messages.len()],
            same: 0,
            changed: 0,
            kinds: BTreeMap::new(),
            further: 0,
        })
    }

    fn all(mut self, ledger: &Ledger, total: u64) -> Result<PlanDiff, LedgerError> {
        // Planned entries stand before all others, so what is not a message is compared when all messages are known.
        for entry in ledger.entries(0..total)? {
            let (_, entry) = entry?;
            match &entry.verdict {
                Verdict::Planned(before) => self.message(&entry, before)?,
                _ => self.other(&entry)?,
            }
        }
        self.newcomers()?;
        Ok(self.finish())
    }

    /// Messages that the plan before does not have.
    fn newcomers(&mut self) -> Result<(), LedgerError> {
        let (read, fates) = (self.resolution.read, &self.resolution.fates);
        let is_new = |at: &usize| self.known.get(*at) == Some(&false);
        let mut new: Vec<(usize, [u8; 16])> = Vec::new();
        for at in (0..self.known.len()).filter(is_new) {
            let Some(message) = self.resolution.messages.get(at) else { continue };
            new.push((at, read.facts(message.record as usize)?.digest));
        }
        let wanted: HashSet<[u8; 16]> = new.iter().map(|(_, digest)| *digest).collect();
        let mut sent_already: HashSet<[u8; 16]> = HashSet::new();
        if !wanted.is_empty() {
            let is_known = |fate: &Fate| matches!(fate, Fate::Message(at) if !is_new(&(*at as usize)));
            for (number, _) in (0..).zip(fates).filter(|(_, fate)| is_known(fate)) {
                sent_already.extend(Some(read.facts(number)?.digest).filter(|digest| wanted.contains(digest)));
            }
        }
        for (at, digest) in new {
            let is_further = sent_already.contains(&digest);
            self.changed += 1;
            let what = if is_further {
                "sent once more now: into a further inbox, or as one of several equal rows"
            } else {
                "sent now, and not in the sources before"
            };
            self.add(what.to_owned(), at)?;
        }
        Ok(())
    }

    /// The record of these bytes: one whose message the plan before does not have yet, if there is one, else the first.
    fn record_of(&mut self, digest: &[u8; 16]) -> Option<usize> {
        let equal = self.by_digest.get_mut(digest)?;
        // Each record is passed over once, however many are equal.
        while let Some(number) = equal.open {
            let number = number as usize;
            match self.resolution.fates.get(number) {
                Some(Fate::Message(at)) if self.known.get(*at as usize) == Some(&false) => return Some(number),
                _ => equal.open = self.next.get(number).copied().flatten().map(NonZeroU32::get),
            }
        }
        Some(equal.first as usize)
    }

    /// A message of the plan before.
    fn message(&mut self, entry: &Entry, before: &Planned) -> Result<(), LedgerError> {
        let Some(at) = self.by_id.get(&hashed(&before.external_id)).copied() else {
            self.changed += 1;
            return self.no_message_now(entry, before);
        };
        let at = at as usize;
        if let Some(known) = self.known.get_mut(at) {
            *known = true;
        }
        let now = self.resolution.messages.get(at).map(|message| self.resolution.planned(message));
        let Some(now) = now.transpose()?.flatten() else { return Ok(()) };
        let ways = ways(before, &now);
        if ways.is_empty() {
            self.same += 1;
        } else {
            self.changed += 1;
        }
        for way in ways {
            self.add(way, at)?;
        }
        Ok(())
    }

    /// A message whose external id the new plan does not have.
    fn no_message_now(&mut self, entry: &Entry, before: &Planned) -> Result<(), LedgerError> {
        let number = self.record_of(&entry.digest);
        let fate = number.and_then(|number| Some((number, *self.resolution.fates.get(number)?)));
        let what = match fate {
            None => "not sent now: not in the sources".to_owned(),
            Some((_, Fate::Message(at))) => match self.known.get_mut(at as usize) {
                Some(known) if !*known => {
                    *known = true;
                    "sent under another id now".to_owned()
                }
                _ => "not sent now: equal to another that is sent".to_owned(),
            },
            Some((_, Fate::Copy(_))) => "not sent now: same message as another".to_owned(),
            Some((_, Fate::LeftOut)) => "not sent now: not in the sample".to_owned(),
            Some((_, Fate::Lone)) => "not sent now: a note without a conversation".to_owned(),
            Some((number, Fate::Beyond(beyond))) => {
                format!("not sent now: skipped: {}", self.resolution.beyond_in_words(number, beyond))
            }
            Some((number, Fate::Own)) => format!("not sent now: {}", self.finding(number)?),
        };
        let place = number.map(|number| self.place(number)).transpose()?.unwrap_or_default();
        let id = entry.original_id.clone().unwrap_or_else(|| before.external_id.clone());
        self.add_example(what, DiffExample { id, place });
        Ok(())
    }

    /// A record that was no message in the plan before.
    fn other(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let Some(number) = self.record_of(&entry.digest) else { return Ok(()) };
        let (class, cause) = entry.verdict.status();
        let before =
            cause.filter(|_| class != "duplicate").map_or(class.to_owned(), |cause| format!("{class}: {cause}"));
        match self.resolution.fates.get(number) {
            Some(Fate::Message(at)) => {
                let at = *at as usize;
                if self.known.get(at) == Some(&false) {
                    if let Some(known) = self.known.get_mut(at) {
                        *known = true;
                    }
                    self.changed += 1;
                    self.add(format!("sent now, before {before}"), at)?;
                }
            }
            Some(Fate::Own) => {
                let now = self.finding(number)?;
                if class != "duplicate" && now != before {
                    let id = entry.original_id.clone().unwrap_or_default();
                    let place = self.place(number)?;
                    self.add_example(format!("{now} now, before {before}"), DiffExample { id, place });
                }
            }
            Some(Fate::Copy(_) | Fate::LeftOut | Fate::Lone | Fate::Beyond(_)) | None => {}
        }
        Ok(())
    }

    /// Class and cause of a record that is no message.
    fn finding(&self, number: usize) -> Result<String, LedgerError> {
        let read = self.resolution.read;
        Ok(match read.facts(number)?.finding {
            Finding::Skipped { cause, .. } => format!("skipped: {}", read.texts.get(cause)),
            Finding::Unreadable(problem) => format!("unreadable: {}", problem.cause),
            Finding::Rejected(problem) => format!("rejected: {}", problem.cause),
            Finding::Candidate(_) => "left out".to_owned(),
        })
    }

    fn place(&self, number: usize) -> Result<String, LedgerError> {
        Ok(place(self.sources, &self.resolution.read.facts(number)?.place.origin()))
    }

    fn add(&mut self, what: String, at: usize) -> Result<(), LedgerError> {
        let Some(message) = self.resolution.messages.get(at) else { return Ok(()) };
        let facts = self.resolution.read.facts(message.record as usize)?;
        let example = DiffExample { id: message.name(&facts), place: place(self.sources, &facts.place.origin()) };
        self.add_example(what, example);
        Ok(())
    }

    fn add_example(&mut self, what: String, example: DiffExample) {
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(&what) {
            self.further += 1;
            return;
        }
        let (messages, examples) = self.kinds.entry(what).or_default();
        *messages += 1;
        if examples.len() < MAX_EXAMPLES {
            examples.push(example);
        }
    }

    fn finish(self) -> PlanDiff {
        let named = self.kinds.into_iter().map(|(what, (messages, examples))| DiffKind { what, messages, examples });
        let mut kinds: Vec<DiffKind> = named.collect();
        kinds.sort_by(|a, b| b.messages.cmp(&a.messages).then_with(|| a.what.cmp(&b.what)));
        let left_out = kinds.len().saturating_sub(MAX_KINDS) as u64 + self.further;
        kinds.truncate(MAX_KINDS);
        PlanDiff { unavailable: None, same: self.same, changed: self.changed, kinds, left_out }
    }
}

/// In which ways a message is planned otherwise.
fn ways(before: &Planned, now: &Planned) -> Vec<String> {
    let mut ways = Vec::new();
    if before.inbox != now.inbox {
        ways.push(format!("inbox {} now, before {}", now.inbox, before.inbox));
    }
    if before.is_inbound != now.is_inbound {
        ways.push(
            if now.is_inbound { "inbound now, before outbound" } else { "outbound now, before inbound" }.to_owned(),
        );
    }
    ways.extend(now.tags.iter().filter(|tag| !before.tags.contains(tag)).map(|tag| format!("tag {tag} now")));
    ways.extend(before.tags.iter().filter(|tag| !now.tags.contains(tag)).map(|tag| format!("no tag {tag} now")));
    if before.thread_ref != now.thread_ref {
        ways.push("in another conversation now".to_owned());
    }
    if before.is_archived != now.is_archived {
        ways.push(if now.is_archived { "archived now" } else { "left open now" }.to_owned());
    }
    if before.assignee != now.assignee {
        ways.push(match &now.assignee {
            Some(assignee) => format!("assigned to {assignee} now"),
            None => "assigned to nobody now".to_owned(),
        });
    }
    let draft = |planned: &Planned| planned.identity.iter().skip(16).copied().collect::<Vec<u8>>();
    let is_same_draft = draft(before) == draft(now);
    // The direction is part of the draft.
    if !is_same_draft && before.is_inbound == now.is_inbound {
        ways.push(
            if before.created_at == now.created_at { "other content or people now" } else { "another date now" }
                .to_owned(),
        );
    }
    if ways.is_empty() && before.request != now.request {
        ways.push("another customer of the conversation now".to_owned());
    }
    ways
}

fn hashed(external_id: &str) -> [u8; 16] {
    super::short(&blake3::hash(external_id.as_bytes()))
}
