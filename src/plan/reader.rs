//! What the plan keeps of an entry: parsed, or as an earlier plan has read it, and decided in either case.

use super::collected::Arriving;
use super::conditions::Asked;
use super::decide::{Decided, decide};
use super::deliveries::is_delivered;
use super::facts::{ABSENT, Brief, Candidate, Class, Facts, Finding, Problem, Richness, names};
use super::gist::Gist;
use super::inboxes::sent_ids;
use super::links::{graph_id, links};
use super::noticed::Noticed;
use super::overview::kind_of;
use super::past::{self, Key, Memo, NO_KEY, Named, Past};
use super::pins::Pins;
use super::short;
use super::texts::{Rules, Text, Texts};
use crate::ledger::{Form, LedgerError};
use crate::mapping::{Edge, InboxCopies, Mapping, Notes};
use crate::record::{self, BadKind, BadRecord, Direction, Kind, Outcome, Record};
use crate::request::{Draft, TEXT_MADE_HTML, TooLarge};
use crate::source::{Content, RawEntry, Source, Unreadable};
use crate::thread::Message;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// See [`Candidate::values`].
type Values = Box<[Option<Box<str>>]>;

/// Reads entries; shared by all threads.
pub(super) struct Reader<'a> {
    mapping: &'a Mapping,
    pins: &'a Pins,
    past: Option<&'a Past>,
    /// By source; see [`past::contexts`].
    contexts: Vec<[u8; 16]>,
    pub texts: Texts,
    /// Records that the earlier plan has read.
    pub known: AtomicU64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(mapping: &'a Mapping, pins: &'a Pins, past: Option<&'a Past>) -> Self {
        let (texts, known) = (Texts::default(), AtomicU64::new(0));
        Self { mapping, pins, past, contexts: past::contexts(mapping), texts, known }
    }

    /// The context of a source.
    pub(super) fn context(&self, source: usize) -> Option<&[u8; 16]> {
        self.contexts.get(source)
    }

    /// A record of an unchanged file.
    pub(super) fn known(
        &self,
        record: &[u8],
        number: u16,
        file: u32,
        source: &dyn Source,
        noticed: &mut Noticed,
    ) -> Result<Arriving, LedgerError> {
        let decoded = self.past.and_then(|past| past.decoded(record, &self.texts));
        let (key, facts, memo) = decoded.ok_or_else(|| LedgerError::unknown_reading(record.len()))?;
        let facts = Facts { place: facts.place.moved(number, file), ..facts };
        let origin = facts.place.origin();
        if let Some(arriving) = self.again(&key, facts, memo, None, noticed) {
            self.known.fetch_add(1, Ordering::Relaxed);
            return Ok(arriving);
        }
        Ok(self.record(source.read_at(&origin), noticed))
    }

    pub(super) fn record(&self, entry: Result<RawEntry, Unreadable>, noticed: &mut Noticed) -> Arriving {
        let entry = match entry {
            Ok(entry) => entry,
            Err(unreadable) => {
                return self.arriving(&NO_KEY, &failed(unreadable), &Memo::default(), &Decided::default());
            }
        };
        let digest = digest(&entry);
        let source = usize::from(entry.origin.source);
        let key = past::key_of(self.contexts.get(source).unwrap_or(&NO_KEY), &entry, &digest, self.mapping);
        if let Some((facts, memo)) = self.past.and_then(|past| past.find(&key, &self.texts)) {
            let facts = Facts { place: entry.origin.clone().into(), digest, ..facts };
            if let Some(arriving) = self.again(&key, facts, memo, Some(&entry), noticed) {
                self.known.fetch_add(1, Ordering::Relaxed);
                return arriving;
            }
        }
        self.parsed(&key, digest, entry, noticed)
    }

    /// A record that an earlier plan has read; `None` if it must be parsed all the same, because more is asked of it now.
    fn again(
        &self,
        key: &Key,
        mut facts: Facts,
        mut memo: Memo,
        entry: Option<&RawEntry>,
        noticed: &mut Noticed,
    ) -> Option<Arriving> {
        if let Some(gist) = &mut memo.gist {
            gist.size = facts.place.length();
            if let Some(Content::Mail(mail)) = entry.map(|entry| &entry.content) {
                mail.folder.as_ref().clone_into(&mut gist.folder);
            }
        }
        let Some(gist) = &memo.gist else {
            return Some(self.arriving(key, &facts, &memo, &Decided::default()));
        };
        let decided = decide(entry, gist, usize::from(facts.place.source()), self.mapping)?;
        let named = facts.finding.candidate().map(|candidate| (candidate.identity.key, candidate.names().collect()));
        let skipped = memo.skipped.take().or(named).filter(|_| decided.skip.is_some());
        facts.finding = self.finding_again(facts.finding, &memo, &decided, skipped.as_ref())?;
        noticed.add(gist, &decided, self.mapping);
        let memo = Memo { direction: decided.direction, is_note: decided.is_note, skipped, ..memo };
        Some(self.arriving(key, &facts, &memo, &decided))
    }

    /// What an earlier finding is by what is decided now.
    fn finding_again(
        &self,
        finding: Finding,
        memo: &Memo,
        decided: &Decided,
        skipped: Option<&Named>,
    ) -> Option<Finding> {
        let is_turned = decided.direction != memo.direction
            || decided.is_note != memo.is_note
            || finding.candidate().is_some_and(|candidate| {
                let names: Vec<[u8; 16]> = candidate.names().collect();
                self.form(decided, &candidate.identity.key, &names) != candidate.form
            });
        if let Some(cause) = &decided.skip {
            let (key, names) = skipped?;
            let cause = self.texts.keep(cause);
            if !self.is_sent(key, names) {
                return Some(Finding::Skipped { cause, sent: None });
            }
            let candidate = finding.into_candidate().filter(|_| !is_turned)?;
            let sent = Some(Box::new(Candidate { direction_by: decided.direction_by, ..candidate }));
            return Some(Finding::Skipped { cause, sent });
        }
        match finding {
            _ if is_turned => None,
            Finding::Rejected(problem) => Some(Finding::Rejected(problem)),
            finding => {
                let candidate = Candidate { direction_by: decided.direction_by, ..finding.into_candidate()? };
                Some(Finding::Candidate(Box::new(candidate)))
            }
        }
    }

    fn is_sent(&self, key: &[u8; 32], names: &[[u8; 16]]) -> bool {
        !self.pins.is_empty() && sent_ids(names, key, self.mapping, self.pins).next().is_some()
    }

    fn parsed(&self, key: &Key, digest: [u8; 16], entry: RawEntry, noticed: &mut Noticed) -> Arriving {
        let source = usize::from(entry.origin.source);
        let mut original_id = None;
        let mut memo = Memo::default();
        let mut decided = Decided::default();
        let finding = match read_record(&entry, self.mapping) {
            Ok(Outcome::Record(record)) => {
                original_id = record.message_id.as_deref().map(Into::into);
                let gist = Gist::of(&entry, &record);
                // With the entry at hand nothing is lacking.
                decided = decide(Some(&entry), &gist, source, self.mapping).unwrap_or_default();
                noticed.add(&gist, &decided, self.mapping);
                memo.links = Some(links(&record, self.namespace(source), self.mapping));
                (memo.direction, memo.is_note) = (decided.direction, decided.is_note);
                let values = values(&entry, &gist, self.mapping);
                if decided.skip.is_some() {
                    let identity = record.identity.into();
                    let names = names(&identity, record.likeness.as_deref()).collect();
                    memo.skipped = Some((identity.key, names));
                }
                memo.gist = Some(gist);
                self.finding(*record, &decided, values, memo.skipped.as_ref())
            }
            Ok(Outcome::Skip(cause)) => Finding::Skipped { cause: self.texts.keep(&cause), sent: None },
            Err(bad) => bad_record(bad),
        };
        if memo.gist.is_none() {
            original_id = record::original_id(&entry, self.mapping).map(Into::into);
        }
        let facts = Facts { place: entry.origin.into(), digest, original_id, finding };
        self.arriving(key, &facts, &memo, &decided)
    }

    fn arriving(&self, key: &Key, facts: &Facts, memo: &Memo, decided: &Decided) -> Arriving {
        let namespace = self.namespace(usize::from(facts.place.source()));
        let by_rule = decided.thread.as_ref().map(|value| graph_id(namespace, "rule", value));
        let links = memo.links.clone().map(|links| Message { group: by_rule.or(links.group), ..links });
        let tags = self.texts.keep_set(decided.tags.iter().map(|tag| self.texts.keep(tag)));
        let number = |rule: usize| u16::try_from(rule).ok();
        let mut rules = Rules {
            inboxes: decided.inbox_rules.iter().copied().filter_map(number).collect(),
            assignee: decided.assignee_rule.and_then(number),
            archived: decided.archived_rule.and_then(number),
            finish: decided.finish_rules.iter().copied().filter_map(number).collect(),
        };
        let mut further = Vec::new();
        let is_delivery = facts.finding.candidate().is_some_and(|candidate| candidate.form == Form::Delivery);
        if is_delivery {
            rules = Rules::default();
        }
        if self.mapping.identity.copies == InboxCopies::PerInbox && facts.finding.candidate().is_some() {
            let of_one = |inbox| self.texts.keep_rules(&Rules { inboxes: vec![inbox], ..rules.clone() });
            further = rules.inboxes.iter().skip(1).copied().map(of_one).collect();
            rules.inboxes.truncate(1);
        }
        let rules = self.texts.keep_rules(&rules);
        let is_candidate = facts.finding.class() == Class::Candidate;
        let candidate = facts.finding.candidate().filter(|_| is_candidate);
        Arriving {
            bytes: past::encoded(key, facts, memo),
            brief: Brief::new(facts, tags, rules, self.beyond(decided)),
            key: candidate.and_then(|candidate| candidate.identity.key.first_chunk().copied()),
            links,
            is_read: *key != NO_KEY,
            file: facts.place.first_piece().map_or(ABSENT, |piece| piece.file),
            length: if facts.place.part() == 0 { facts.place.length() } else { 0 },
            further,
        }
    }

    /// The end of its source's time that a record lies beyond. A note that was cut says nothing about its conversation.
    fn beyond(&self, decided: &Decided) -> Option<Edge> {
        let says = !decided.is_note || decided.skip.is_none() || self.mapping.notes == Notes::Messages;
        decided.beyond.filter(|_| says)
    }

    fn namespace(&self, source: usize) -> &str {
        self.mapping.sources.get(source).map_or("", |source| source.namespace.as_str())
    }

    /// `skipped`: what names a record that is skipped.
    fn finding(&self, record: Record, decided: &Decided, values: Values, skipped: Option<&Named>) -> Finding {
        let Some(cause) = &decided.skip else {
            return match self.candidate(record, decided, values) {
                Ok(candidate) => Finding::Candidate(candidate),
                Err(too_large) => {
                    Finding::Rejected(Box::new(super::too_large(too_large, self.mapping.defaults.oversize)))
                }
            };
        };
        let is_sent = skipped.is_some_and(|(key, names)| self.is_sent(key, names));
        let sent = if is_sent { self.candidate(record, decided, values).ok() } else { None };
        Finding::Skipped { cause: self.texts.keep(cause), sent }
    }

    fn candidate(&self, record: Record, decided: &Decided, values: Values) -> Result<Box<Candidate>, TooLarge> {
        let identity = record.identity.into();
        let names: Vec<[u8; 16]> = names(&identity, record.likeness.as_deref()).collect();
        let form = self.form(decided, &identity.key, &names);
        let mut candidate = Candidate {
            identity,
            likeness: record.likeness.clone(),
            is_inbound: decided.direction == Direction::Inbound && !decided.is_note,
            direction_by: decided.direction_by,
            date: record.date.unwrap_or_default(),
            draft: [0; 32],
            active: record.active,
            size: 0,
            richness: richness(&record, decided.direction),
            sender: record.from.as_ref().map_or("", |from| from.handle.as_str()).into(),
            wants_recipient: record.kind == Kind::Row && record.to.is_empty() && form == Form::Message,
            missing_handles: if decided.is_note { 0 } else { record.missing_handles },
            other_handles: record.other_handles.iter().map(|handle| handle.as_str().into()).collect(),
            may_repeat: record.kind == Kind::Row && record.message_id.is_none(),
            files: 0,
            file_bytes: 0,
            subject: [0; 8],
            changes: self.texts.keep_list(&[]),
            left_out: None,
            form,
            values,
        };
        let mut changes: Vec<Text> = record.changes.iter().map(|change| self.kind(change)).collect();
        let draft = drafted(record, decided.direction, form, self.mapping)?;
        changes.extend(draft.changes.iter().map(|change| self.kind(change)));
        changes.sort_unstable();
        changes.dedup();
        candidate.changes = self.texts.keep_list(&changes);
        candidate.left_out = draft.left_out().map(Box::new);
        candidate.draft = draft.digest;
        candidate.size = draft.size;
        candidate.subject = draft.subject_digest();
        (candidate.files, candidate.file_bytes) = draft.files();
        Ok(Box::new(candidate))
    }

    /// What Front gets a record as. What was imported is never delivered, nor the other way round.
    fn form(&self, decided: &Decided, key: &[u8; 32], names: &[[u8; 16]]) -> Form {
        let was_delivered = || {
            let id = sent_ids(names, key, self.mapping, self.pins).next()?;
            self.pins.thread_ref(&id).map(is_delivered)
        };
        match (decided.is_note, self.mapping.notes) {
            (true, Notes::Messages) => Form::NoteAsMessage,
            (true, Notes::Comments | Notes::Nothing) => Form::Comment,
            (false, _) if !decided.is_delivery && !self.pins.has_deliveries() => Form::Message,
            (false, _) if was_delivered().unwrap_or(decided.is_delivery) => Form::Delivery,
            (false, _) => Form::Message,
        }
    }

    fn kind(&self, change: &str) -> Text {
        self.texts.keep(&kind_of(change))
    }
}

/// The draft of a record that is a message, or an internal note.
pub(super) fn drafted(record: Record, direction: Direction, form: Form, mapping: &Mapping) -> Result<Draft, TooLarge> {
    match form {
        Form::Message => Draft::new(record, direction, mapping),
        Form::NoteAsMessage | Form::Comment => Draft::note(record, mapping),
        Form::Delivery => Draft::delivery(record, mapping),
    }
}

/// What a record says of the values that the mapping asks for.
fn values(entry: &RawEntry, gist: &Gist, mapping: &Mapping) -> Values {
    let asked = Asked::new(Some(entry), gist, "");
    let says = |places: &Vec<crate::mapping::Named>| places.iter().find_map(|place| asked.says(place));
    mapping.values.values().map(|places| says(places).map(String::into_boxed_str)).collect()
}

/// Is it a change that nearly every message has, so that counting it says nothing?
#[must_use]
pub fn is_expected(change: &str) -> bool {
    change == TEXT_MADE_HTML || change == record::chat::SUBJECT_MADE
}

/// Reads an entry as a record. Should that panic, which is a bug, the one record is lost and not the run.
pub(super) fn read_record(entry: &RawEntry, mapping: &Mapping) -> Result<Outcome, BadRecord> {
    catch_unwind(AssertUnwindSafe(|| record::read(entry, mapping))).unwrap_or_else(|_| {
        Err(BadRecord {
            kind: BadKind::Unreadable,
            cause: "reading it failed".to_owned(),
            detail: "threadlift stumbled over this entry, which is a bug in threadlift".to_owned(),
            remedy: "please report it; the entry is left out, everything else goes on".to_owned(),
        })
    })
}

/// Digest of an entry's bytes: the mail without separator, with what is kept beside it, or the cells.
pub(super) fn digest(entry: &RawEntry) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    match &entry.content {
        Content::Mail(mail) => {
            hasher.update(&mail.bytes);
            for part in &mail.aside {
                for field in [part.number.as_bytes(), part.filename.as_bytes(), &part.content] {
                    hasher.update(&(field.len() as u64).to_be_bytes());
                    hasher.update(field);
                }
            }
        }
        Content::Row(row) => {
            for cell in &row.cells {
                hasher.update(&(cell.len() as u64).to_be_bytes());
                hasher.update(cell.as_bytes());
            }
        }
    }
    short(&hasher.finalize())
}

fn failed(unreadable: Unreadable) -> Facts {
    let Unreadable { origin, cause, detail, remedy } = unreadable;
    let problem = Box::new(Problem { cause, detail, remedy });
    Facts { place: origin.into(), digest: [0; 16], original_id: None, finding: Finding::Unreadable(problem) }
}

fn bad_record(bad: BadRecord) -> Finding {
    let BadRecord { kind, cause, detail, remedy } = bad;
    let problem = Box::new(Problem { cause, detail, remedy });
    match kind {
        BadKind::Unreadable => Finding::Unreadable(problem),
        BadKind::Rejected => Finding::Rejected(problem),
    }
}

fn richness(record: &Record, direction: Direction) -> Richness {
    let body = match &record.body {
        record::Body::Html(text) | record::Body::Text(text) => text.len(),
    };
    Richness {
        is_whole: record.likeness.as_ref().is_none_or(|likeness| likeness.missing == 0),
        blind_copies: u32::try_from(record.bcc.len()).unwrap_or(u32::MAX),
        files: u32::try_from(record.attachments.len()).unwrap_or(u32::MAX),
        is_outbound: direction == Direction::Outbound,
        body: body as u64,
    }
}
