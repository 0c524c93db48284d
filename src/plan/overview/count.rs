//! Counts everything worth showing.

use super::authors::Authors;
use super::changes::Changed;
use super::{
    Delivering, Ends, HUGE, LargeThread, Listed, MAX_LISTED, Overview, Preparing, ProblemKind, RuleFigures, Straddling,
};
use crate::ledger::{Finish, Form, LedgerError};
use crate::plan::doubles::doubles;
use crate::plan::facts::{Candidate, Class, Facts, Finding, Problem};
use crate::plan::namespaces;
use crate::plan::people::People;
use crate::plan::pins::Difference;
use crate::plan::rebuild::{CUSTOMER_AS_RECIPIENT, KNOWN_BETTER};
use crate::plan::resolve::{Fate, Message, Resolution};
use crate::plan::threads::Thread;
use crate::plan::verdicts::lone_note;
use crate::plan::warnings::warnings;
use crate::plan::{is_expected, place};
use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

/// How the words begin for what tags make different, or perhaps who stands in.
const OTHER_TAGS: &str = "other tags";

/// Messages that Front lists in one answer.
const PER_PAGE: u64 = 100;

/// Most of the largest conversations that are named.
const MAX_LARGEST: usize = 5;

/// Look-ups that a conversation of so many messages takes: its first message, then the others by the hundred.
fn lookups(messages: u64) -> u64 {
    messages.min(1) + messages.saturating_sub(1).div_ceil(PER_PAGE)
}

/// What sources say of their files; of what one passes over, what no other reads.
fn notes(sources: &[Box<dyn Source>]) -> Vec<String> {
    let has_passed = sources.len() > 1 && sources.iter().any(|source| !source.passed().is_empty());
    let named = sources.iter().filter(|_| has_passed).flat_map(|source| source.files());
    let read: HashSet<&Path> = named.map(|file| &*file.path).collect();
    let of_one = |source: &dyn Source| {
        let passed = source.passed().iter().filter_map(|passed| passed.line(&|path| read.contains(path)));
        source.notes().into_iter().chain(passed).collect::<Vec<_>>()
    };
    sources.iter().flat_map(|source| of_one(source.as_ref())).collect()
}

/// Counts everything worth showing: threads at first, and then messages one by one.
pub(in crate::plan) struct Counting<'a> {
    sources: &'a [Box<dyn Source>],
    resolution: &'a Resolution<'a>,
    overview: Overview,
    authors: Authors,
    people: People,
    changed: Changed<'a>,
    assignees: BTreeSet<Arc<str>>,
    sent: Ends,
    differences: BTreeMap<String, u64>,
    tags: BTreeSet<Arc<str>>,
    tagged: BTreeMap<String, u64>,
    /// The conversation at hand, with the tags that were counted for it, and what it gets.
    conversation: (u32, BTreeSet<Arc<str>>, Finish),
}

impl<'a> Counting<'a> {
    /// Counts all but messages.
    pub(in crate::plan) fn begin(
        resolution: &'a Resolution<'a>,
        sources: &'a [Box<dyn Source>],
    ) -> Result<Self, LedgerError> {
        let (read, mapping) = (resolution.read, resolution.mapping);
        let overview = Overview {
            messages: resolution.imported().len() as u64,
            threads: resolution.threads.iter().filter(|thread| thread.size > 0).count() as u64,
            again: resolution.again(),
            further_copies: resolution.further_copies,
            collisions: resolution.collisions,
            shared_rows: resolution.shared_rows,
            repeated_rows: resolution.repeated_rows,
            spread: read.spread,
            rejoined: resolution.rejoined,
            straddling: Straddling::of(resolution, sources)?,
            delivering: Delivering::of(resolution),
            unlisted_labels: Listed::most_frequent(read.noticed.unlisted.counts()),
            problems: problems(resolution, sources)?,
            notes: notes(sources).into_iter().chain(namespaces::notes(resolution, mapping)).collect(),
            warnings: warnings(&read.noticed, resolution, mapping),
            largest: largest(resolution, sources)?,
            is_archived: mapping.silence.is_archived,
            should_skip_rules: mapping.silence.should_skip_rules,
            ..Overview::default()
        };
        let mut counting = Self {
            sources,
            resolution,
            overview,
            authors: Authors::default(),
            people: People::default(),
            changed: Changed::default(),
            assignees: BTreeSet::new(),
            sent: Ends::default(),
            differences: BTreeMap::new(),
            tags: BTreeSet::new(),
            tagged: BTreeMap::new(),
            conversation: (u32::MAX, BTreeSet::new(), Finish::default()),
        };
        resolution.threads.iter().filter(|thread| thread.size > 0).for_each(|thread| counting.thread(thread));
        counting.comments();
        counting.sent_besides();
        Ok(counting)
    }

    /// Counts a message that is imported, the next in send order. `facts` are those of its record.
    pub(in crate::plan) fn add(&mut self, message: &'a Message, facts: &Facts) -> Result<(), LedgerError> {
        let Some(candidate) = facts.finding.candidate() else { return Ok(()) };
        self.message(message, facts, candidate);
        self.people(message, candidate)
    }

    fn thread(&mut self, thread: &Thread) {
        let (overview, size) = (&mut self.overview, u64::from(thread.size));
        overview.lookups += lookups(size);
        overview.largest_thread = overview.largest_thread.max(size);
        overview.inbox_conflicts += u64::from(thread.has_conflict);
        overview.huge_threads += u64::from(size > HUGE);
        overview.thread_sizes.add(size);
        overview.left_open += u64::from(!thread.is_archived && overview.is_archived);
        overview.assigned += u64::from(thread.assignee.is_some());
        self.assignees.extend(thread.assignee.map(|assignee| self.resolution.read.texts.get(assignee)));
    }

    fn message(&mut self, message: &'a Message, facts: &Facts, candidate: &Candidate) {
        let thread = self.resolution.threads.get(message.thread as usize);
        let overview = &mut self.overview;
        if let Some(thread) = thread {
            let inbox = self.resolution.read.texts.get(thread.inbox);
            overview.months.add(candidate.date, &inbox, candidate.is_inbound);
            *overview.inboxes.entry(inbox.as_ref().to_owned()).or_default() += 1;
        }
        for inbox in self.resolution.further_inboxes(message) {
            *overview.also_in.entry(inbox.to_owned()).or_default() += 1;
        }
        if candidate.is_inbound {
            overview.inbound += 1;
        } else {
            overview.outbound += 1;
            self.authors.add(&candidate.sender, candidate.direction_by);
        }
        let (first, last) = overview.dates.unwrap_or((candidate.date, candidate.date));
        overview.dates = Some((first.min(candidate.date), last.max(candidate.date)));
        overview.note_messages += u64::from(candidate.form == Form::NoteAsMessage);
        self.content(message, candidate, thread);
        self.begin_conversation(message);
        if let Some(thread) = thread {
            self.conversation.2.add(&self.resolution.finish(message, candidate, thread));
        }
        self.tags(message);
        self.sent_before(message, facts, candidate);
    }

    fn content(&mut self, message: &'a Message, candidate: &Candidate, thread: Option<&Thread>) {
        let overview = &mut self.overview;
        overview.files += u64::from(candidate.files);
        overview.file_bytes += candidate.file_bytes;
        overview.with_files += u64::from(candidate.files > 0);
        if let Some((files, bytes)) = candidate.left_out.as_deref().copied() {
            overview.left_out.messages += 1;
            overview.left_out.files += u64::from(files);
            overview.left_out.bytes += bytes;
        }
        let texts = &self.resolution.read.texts;
        let keep = |handle: &str| texts.keep(handle);
        let is_known_better = thread.is_some_and(|thread| thread.customer_for(candidate, keep).is_some());
        let mut is_changed = is_known_better || candidate.wants_recipient;
        for change in texts.list(candidate.changes).iter().map(|change| texts.get(*change)) {
            is_changed |= !is_expected(&change);
            self.changed.add(change, message);
        }
        overview.changed += u64::from(is_changed);
        if is_known_better {
            let change = if candidate.wants_recipient { CUSTOMER_AS_RECIPIENT } else { KNOWN_BETTER };
            self.changed.add(change.into(), message);
        }
        overview.active.add(candidate.active);
    }

    /// Whose contacts are asked for.
    fn people(&mut self, message: &Message, candidate: &Candidate) -> Result<(), LedgerError> {
        let texts = &self.resolution.read.texts;
        let thread = self.resolution.threads.get(message.thread as usize);
        let better = thread.and_then(|thread| thread.customer_for(candidate, |handle| texts.keep(handle)));
        let better = better.map(|better| texts.get(better));
        let recipients = || self.resolution.read.recipients(message.record as usize);
        self.people.add(candidate, better.as_deref(), self.resolution.mapping, recipients)
    }

    /// Comments stand conversation by conversation.
    fn comments(&mut self) {
        for of_one in self.resolution.comments().chunk_by(|one, two| one.thread == two.thread) {
            self.overview.finish.add_comments(of_one.len() as u64);
        }
    }

    /// What was sent of that which is no import.
    fn sent_besides(&mut self) {
        for message in self.resolution.comments().iter().chain(self.resolution.deliveries()) {
            if let Some(end) = self.resolution.pins.end(&message.external_id.text()) {
                self.sent.add(end);
            }
        }
    }

    /// So do messages.
    fn begin_conversation(&mut self, message: &Message) {
        if self.conversation.0 != message.thread {
            self.overview.finish.add(&self.conversation.2);
            self.conversation = (message.thread, BTreeSet::new(), Finish::default());
        }
    }

    fn tags(&mut self, message: &Message) {
        let texts = &self.resolution.read.texts;
        for tag in texts.list(message.tags).iter().map(|tag| texts.get(*tag)) {
            if self.conversation.1.insert(Arc::clone(&tag)) {
                *self.tagged.entry(tag.as_ref().to_owned()).or_default() += 1;
            }
            self.tags.insert(tag);
        }
    }

    fn sent_before(&mut self, message: &Message, facts: &Facts, candidate: &Candidate) {
        // Making the text of an id costs more than anything else here.
        if self.resolution.pins.is_empty() {
            return;
        }
        let Some(end) = self.resolution.pins.end(&message.external_id.text()) else { return };
        self.sent.add(end);
        let found = self.resolution.differences(message, facts, candidate);
        if !found.is_empty() {
            self.overview.sent_differently += 1;
            if self.overview.sent_differently_ids.len() < MAX_LISTED {
                self.overview.sent_differently_ids.push(message.name(facts));
            }
        }
        if found.iter().any(|difference| difference.starts_with(OTHER_TAGS)) {
            let texts = &self.resolution.read.texts;
            let tags = texts.list(message.tags).iter().map(|tag| texts.get(*tag).as_ref().to_owned()).collect();
            self.conversation.2.add(&Finish { tags, ..Finish::default() });
        }
        for difference in found {
            *self.differences.entry(difference).or_default() += 1;
        }
    }

    /// The figures, once every message was counted.
    pub(in crate::plan) fn finish(self) -> Result<Overview, LedgerError> {
        let (mapping, sources) = (self.resolution.mapping, self.sources);
        let mut overview = self.overview;
        overview.finish.add(&self.conversation.2);
        overview.gone = self.resolution.pins.ends().less(self.sent);
        overview.sent_and_gone = overview.gone.total();
        if overview.sent_and_gone > 0 {
            let doubles = doubles(self.resolution, MAX_LISTED)?;
            (overview.doubles, overview.double_ids) = (doubles.count, doubles.ids);
        }
        overview.differences = Listed::most_frequent(self.differences);
        overview.tagged = Listed::most_frequent(self.tagged);
        overview.tags = self.tags.iter().map(|tag| tag.as_ref().to_owned()).collect();
        overview.prepare = Preparing::of(self.people.count(), overview.tags.len() as u64);
        let assignees = self.assignees.iter().map(|assignee| assignee.as_ref().to_owned());
        let teammates: BTreeSet<String> = self.authors.teammates(mapping).chain(assignees).collect();
        overview.teammates = teammates.into_iter().collect();
        overview.own_authors = self.authors.all(mapping);
        let read = self.resolution.read;
        overview.changes = self.changed.all(|message| {
            let facts = read.facts(message.record as usize)?;
            Ok((place(sources, &facts.place.origin()), message.name(&facts)))
        })?;
        overview.rules = mapping
            .rules
            .iter()
            .zip(&read.noticed.rules)
            .map(|(rule, fared)| RuleFigures { line: rule.at.line, matched: fared.matched, decided: fared.decided })
            .collect();
        Ok(overview)
    }
}

/// The largest of the huge conversations, the largest first.
fn largest(resolution: &Resolution<'_>, sources: &[Box<dyn Source>]) -> Result<Vec<LargeThread>, LedgerError> {
    let mut huge: Vec<(u32, &Thread)> =
        (0..).zip(&resolution.threads).filter(|(_, thread)| u64::from(thread.size) > HUGE).collect();
    huge.sort_by(|(_, a), (_, b)| b.size.cmp(&a.size).then_with(|| a.thread_ref.cmp(&b.thread_ref)));
    huge.truncate(MAX_LARGEST);
    let oldest = |at: u32| {
        // Oldest first within a conversation.
        let message = resolution.messages.iter().find(|message| message.thread == at);
        let facts = message.map(|message| resolution.read.facts(message.record as usize)).transpose()?;
        Ok(facts.map(|facts| place(sources, &facts.place.origin())).unwrap_or_default())
    };
    let named = huge.into_iter().map(|(at, thread)| {
        Ok(LargeThread {
            thread_ref: thread.thread_ref.text().into_owned(),
            inbox: resolution.read.texts.get(thread.inbox).as_ref().to_owned(),
            messages: u64::from(thread.size),
            place: oldest(at)?,
        })
    });
    named.collect()
}

impl Resolution<'_> {
    /// In which ways a message that was sent would be sent otherwise now, in words.
    fn differences(&self, message: &Message, facts: &Facts, candidate: &Candidate) -> Vec<String> {
        let mut found = Vec::new();
        let text = |text| self.read.texts.get(text);
        if let Finding::Skipped { cause, .. } = &facts.finding {
            found.push(format!("skipped now: {}", text(*cause)));
        }
        if let Some(thread) = self.threads.get(message.thread as usize) {
            if let Some(wanted) = thread.wanted {
                found.push(format!("into {} now, not {}", text(wanted), text(thread.inbox)));
            }
            if thread.is_archived != thread.wanted_archived {
                found.push(if thread.is_archived { "left open now" } else { "archived now" }.to_owned());
            }
        }
        if let Some(planned) = self.planned_as(message, candidate) {
            let way = self.pins.difference(&planned).map(|difference| match (difference, &planned.customer) {
                (Difference::Drafted, _) => "other content, people or date now",
                (Difference::Decided, None) => "other tags now",
                (Difference::Decided, Some(_)) => "other tags or customer now",
            });
            found.extend(way.map(str::to_owned));
        }
        found
    }
}

fn problems(resolution: &Resolution<'_>, sources: &[Box<dyn Source>]) -> Result<Vec<ProblemKind>, LedgerError> {
    let read = resolution.read;
    let mut kinds: BTreeMap<(&str, String), ProblemKind> = BTreeMap::new();
    let mut add = |status: &'static str, problem: &Problem, facts: &Facts| {
        let kind = kinds.entry((status, problem.cause.clone())).or_insert_with(|| ProblemKind {
            status: status.to_owned(),
            cause: problem.cause.clone(),
            count: 0,
            place: place(sources, &facts.place.origin()),
            detail: problem.detail.clone(),
            remedy: problem.remedy.clone(),
        });
        kind.count += 1;
    };
    for number in read.numbers_of(Class::Bad) {
        let facts = read.facts(number)?;
        let (status, problem): (&'static str, &Problem) = match &facts.finding {
            Finding::Unreadable(problem) => ("unreadable", problem),
            Finding::Rejected(problem) => ("rejected", problem),
            Finding::Candidate(_) | Finding::Skipped { .. } => continue,
        };
        add(status, problem, &facts);
    }
    for (number, _) in resolution.fates.iter().enumerate().filter(|(_, fate)| matches!(fate, Fate::Lone)) {
        add("rejected", &lone_note(), &read.facts(number)?);
    }
    let mut kinds: Vec<ProblemKind> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    Ok(kinds)
}
