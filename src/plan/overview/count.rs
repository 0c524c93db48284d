//! Counts everything worth showing.

use super::authors::Authors;
use super::changes::Changed;
use super::{Ends, HUGE, LargeThread, Listed, MAX_LISTED, Overview, ProblemKind, RuleFigures};
use crate::mapping::Mapping;
use crate::plan::doubles::doubles;
use crate::plan::facts::{Finding, Problem, Read};
use crate::plan::namespaces;
use crate::plan::pins::{Difference, Pins};
use crate::plan::place;
use crate::plan::rebuild::{CUSTOMER_AS_RECIPIENT, KNOWN_BETTER};
use crate::plan::resolve::{Message, Resolution, Thread};
use crate::plan::warnings::warnings;
use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Messages that Front lists in one answer.
const PER_PAGE: u64 = 100;

/// Most of the largest conversations that are named.
const MAX_LARGEST: usize = 5;

/// Look-ups that a conversation of so many messages takes: its first message, then the others by the hundred.
fn lookups(messages: u64) -> u64 {
    messages.min(1) + messages.saturating_sub(1).div_ceil(PER_PAGE)
}

/// Counts everything worth showing.
pub(in crate::plan) fn overview(
    read: &Read,
    resolution: &Resolution<'_>,
    pins: &Pins,
    sources: &[Box<dyn Source>],
    mapping: &Mapping,
) -> Overview {
    let mut overview = Overview {
        messages: resolution.messages.len() as u64,
        threads: resolution.threads.len() as u64,
        further_copies: resolution.further_copies,
        collisions: resolution.collisions,
        shared_rows: resolution.shared_rows,
        repeated_rows: resolution.repeated_rows,
        spread: read.spread,
        rejoined: resolution.rejoined,
        unlisted_labels: Listed::most_frequent(read.noticed.unlisted.clone()),
        problems: problems(read, sources),
        notes: sources.iter().flat_map(|source| source.notes()).chain(namespaces::notes(resolution, mapping)).collect(),
        warnings: warnings(&read.noticed, resolution, mapping),
        is_archived: mapping.silence.is_archived,
        should_skip_rules: mapping.silence.should_skip_rules,
        ..Overview::default()
    };
    for thread in &resolution.threads {
        overview.lookups += lookups(u64::from(thread.size));
        overview.largest_thread = overview.largest_thread.max(u64::from(thread.size));
        overview.inbox_conflicts += u64::from(thread.has_conflict);
        overview.huge_threads += u64::from(u64::from(thread.size) > HUGE);
        overview.thread_sizes.add(u64::from(thread.size));
        overview.left_open += u64::from(!thread.is_archived && mapping.silence.is_archived);
        overview.assigned += u64::from(thread.assignee.is_some());
    }
    overview.largest = largest(resolution, sources);
    let (mut authors, mut changed) = (Authors::default(), Changed::default());
    let (mut sent, mut differences) = (Ends::default(), BTreeMap::new());
    let mut tagged: BTreeMap<String, u64> = BTreeMap::new();
    let mut conversation: (usize, BTreeSet<Arc<str>>) = (usize::MAX, BTreeSet::new());
    let mut senders: BTreeMap<String, u64> = BTreeMap::new();
    let mut tags: BTreeSet<Arc<str>> = BTreeSet::new();
    for message in &resolution.messages {
        let Some(candidate) = resolution.candidate_of(message) else { continue };
        let thread = resolution.threads.get(message.thread);
        if let Some(thread) = thread {
            overview.months.add(candidate.date, &thread.inbox, candidate.is_inbound);
            *overview.inboxes.entry(thread.inbox.clone()).or_default() += 1;
        }
        for inbox in resolution.further_inboxes(message) {
            *overview.also_in.entry(inbox.to_owned()).or_default() += 1;
        }
        if candidate.is_inbound {
            overview.inbound += 1;
        } else {
            overview.outbound += 1;
            let sender = read.texts.get(candidate.sender);
            authors.add(&sender, candidate.direction_by);
            *senders.entry(sender.as_ref().to_owned()).or_default() += 1;
        }
        let (first, last) = overview.dates.unwrap_or((candidate.date, candidate.date));
        overview.dates = Some((first.min(candidate.date), last.max(candidate.date)));
        overview.files += u64::from(candidate.files);
        overview.file_bytes += candidate.file_bytes;
        overview.with_files += u64::from(candidate.files > 0);
        if let Some((files, bytes)) = candidate.left_out.as_deref().copied() {
            overview.left_out.messages += 1;
            overview.left_out.files += u64::from(files);
            overview.left_out.bytes += bytes;
        }
        for change in &candidate.changes {
            changed.add(read.texts.get(*change), message);
        }
        let is_known_better = thread.is_some_and(|thread| thread.customer_for(candidate).is_some());
        overview.changed += u64::from(candidate.has_changes || is_known_better);
        if is_known_better {
            let change = if candidate.wants_recipient { CUSTOMER_AS_RECIPIENT } else { KNOWN_BETTER };
            changed.add(change.into(), message);
        }
        overview.active.add(candidate.active);
        // Messages stand conversation by conversation.
        if conversation.0 != message.thread {
            conversation = (message.thread, BTreeSet::new());
        }
        for tag in message.tags.iter().map(|tag| read.texts.get(*tag)) {
            if conversation.1.insert(Arc::clone(&tag)) {
                *tagged.entry(tag.as_ref().to_owned()).or_default() += 1;
            }
            tags.insert(tag);
        }
        if let Some(end) = pins.end(&message.external_id) {
            sent.add(end);
            let found = resolution.differences(message, pins);
            if !found.is_empty() {
                overview.sent_differently += 1;
                if overview.sent_differently_ids.len() < MAX_LISTED {
                    overview.sent_differently_ids.push(resolution.name_of(message).to_owned());
                }
            }
            for difference in found {
                *differences.entry(difference).or_default() += 1;
            }
        }
    }
    overview.gone = pins.ends().less(sent);
    overview.sent_and_gone = overview.gone.total();
    if overview.sent_and_gone > 0 {
        let doubles = doubles(resolution, pins, MAX_LISTED);
        (overview.doubles, overview.double_ids) = (doubles.count, doubles.ids);
    }
    overview.differences = Listed::most_frequent(differences);
    overview.tagged = Listed::most_frequent(tagged);
    overview.tags = tags.iter().map(|tag| tag.as_ref().to_owned()).collect();
    overview.teammates =
        senders.keys().filter_map(|sender| mapping.agents.get(&sender.to_lowercase())).cloned().collect();
    overview.teammates.sort();
    overview.teammates.dedup();
    overview.treated_as_us = Listed::most_frequent(senders);
    overview.own_authors = authors.all(mapping);
    overview.changes = changed.all(|message| {
        let origin = read.facts.get(message.record).map(|facts| place(sources, &facts.origin));
        (origin.unwrap_or_default(), resolution.name_of(message).to_owned())
    });
    overview.rules = mapping
        .rules
        .iter()
        .zip(&read.noticed.rules)
        .map(|(rule, fared)| RuleFigures { line: rule.at.line, matched: fared.matched, decided: fared.decided })
        .collect();
    overview
}

/// The largest of the huge conversations, the largest first.
fn largest(resolution: &Resolution<'_>, sources: &[Box<dyn Source>]) -> Vec<LargeThread> {
    let mut huge: Vec<(usize, &Thread)> =
        resolution.threads.iter().enumerate().filter(|(_, thread)| u64::from(thread.size) > HUGE).collect();
    huge.sort_by(|(_, a), (_, b)| b.size.cmp(&a.size).then_with(|| a.thread_ref.cmp(&b.thread_ref)));
    huge.truncate(MAX_LARGEST);
    let oldest = |at: usize| {
        // Oldest first within a conversation.
        let message = resolution.messages.iter().find(|message| message.thread == at)?;
        Some(place(sources, &resolution.read.facts.get(message.record)?.origin))
    };
    let named = huge.into_iter().map(|(at, thread)| LargeThread {
        thread_ref: thread.thread_ref.clone(),
        inbox: thread.inbox.clone(),
        messages: u64::from(thread.size),
        place: oldest(at).unwrap_or_default(),
    });
    named.collect()
}

impl Resolution<'_> {
    /// In which ways a message that was sent would be sent otherwise now, in words.
    fn differences(&self, message: &Message, pins: &Pins) -> Vec<String> {
        let mut found = Vec::new();
        let facts = self.read.facts.get(message.record);
        if let Some(Finding::Skipped { cause, .. }) = facts.map(|facts| &facts.finding) {
            found.push(format!("skipped now: {}", self.read.texts.get(*cause)));
        }
        if let Some(thread) = self.threads.get(message.thread) {
            if let Some(wanted) = &thread.wanted {
                found.push(format!("into {wanted} now, not {}", thread.inbox));
            }
            if thread.is_archived != thread.wanted_archived {
                found.push(if thread.is_archived { "left open now" } else { "archived now" }.to_owned());
            }
        }
        if let Some(planned) = self.planned(message) {
            let way = pins.difference(&planned).map(|difference| match (difference, &planned.customer) {
                (Difference::Drafted, _) => "other content, people or date now",
                (Difference::Decided, None) => "other tags now",
                (Difference::Decided, Some(_)) => "other tags or customer now",
            });
            found.extend(way.map(str::to_owned));
        }
        found
    }
}

fn problems(read: &Read, sources: &[Box<dyn Source>]) -> Vec<ProblemKind> {
    let mut kinds: BTreeMap<(&str, &str), ProblemKind> = BTreeMap::new();
    for facts in &read.facts {
        let (status, problem): (&str, &Problem) = match &facts.finding {
            Finding::Unreadable(problem) => ("unreadable", problem),
            Finding::Rejected(problem) => ("rejected", problem),
            Finding::Candidate(_) | Finding::Skipped { .. } => continue,
        };
        let kind = kinds.entry((status, problem.cause.as_str())).or_insert_with(|| ProblemKind {
            status: status.to_owned(),
            cause: problem.cause.clone(),
            count: 0,
            place: place(sources, &facts.origin),
            detail: problem.detail.clone(),
            remedy: problem.remedy.clone(),
        });
        kind.count += 1;
    }
    let mut kinds: Vec<ProblemKind> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    kinds
}
