//! What a plan says about itself: figures to show before anything is sent, kept with the plan.

use super::doubles::doubles;
use super::facts::{Finding, Problem, Read};
use super::namespaces;
use super::pins::{Difference, End, Pins};
use super::resolve::{Message, Resolution, Thread};
use super::warnings::warnings;
use crate::mapping::{Diagnostic, Mapping};
use crate::record::ActiveContent;
use crate::source::Source;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most lines of any list that grows with the data; what is over is counted.
const MAX_LISTED: usize = 12;

/// A conversation of more messages than this is named. Front states no limit; it lists the messages of a conversation by
/// the hundred, and nobody reads so many as one.
pub const HUGE: u64 = 1_000;

/// Messages that Front lists in one answer.
const PER_PAGE: u64 = 100;

/// Most of the largest conversations that are named.
const MAX_LARGEST: usize = 5;

/// The figures of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Messages to be sent, those already sent included.
    pub messages: u64,
    /// Conversations they make.
    pub threads: u64,
    /// Requests that it takes to see them all in Front: one for each conversation's first message, one for each hundred others.
    #[serde(default)]
    pub lookups: u64,
    /// Messages in the largest conversation.
    pub largest_thread: u64,
    /// Conversations of more than [`HUGE`] messages: seldom what people had with each other.
    #[serde(default)]
    pub huge_threads: u64,
    /// The largest of those.
    #[serde(default)]
    pub largest: Vec<LargeThread>,
    /// Conversations whose messages name different inboxes; the oldest that names one decided.
    pub inbox_conflicts: u64,
    /// Messages by inbox.
    pub inboxes: BTreeMap<String, u64>,
    /// Messages that the rules give to further inboxes too, by such an inbox: imported once, into another one.
    #[serde(default)]
    pub also_in: BTreeMap<String, u64>,
    /// Messages that are imported once more, because they are for a further inbox and each gets its own copy.
    #[serde(default)]
    pub further_copies: u64,
    /// Records beyond the first that one mail gives, because it is for several inboxes and each gets its own copy.
    #[serde(default)]
    pub spread: u64,
    /// Conversations sent before that turned out to be one with another; each keeps its ref.
    #[serde(default)]
    pub rejoined: u64,
    /// Messages written to us.
    pub inbound: u64,
    /// Messages written by us.
    pub outbound: u64,
    /// Who was treated as us, most frequent first, with messages.
    pub treated_as_us: Listed,
    /// Labels that became no tag, most frequent first, with the kept records that carry them.
    pub unlisted_labels: Listed,
    /// Earliest and latest date, Unix seconds.
    pub dates: Option<(i64, i64)>,
    /// Files attached.
    pub files: u64,
    /// Bytes of all files.
    pub file_bytes: u64,
    /// Messages with active content in their HTML.
    #[serde(default)]
    pub active: ActiveMessages,
    /// Messages that were changed on the way, other than by making plain text HTML.
    pub changed: u64,
    /// Messages sent before that would be sent differently now, skipping among it: Front keeps what it has.
    pub sent_differently: u64,
    /// In which ways, with messages; one may differ in several.
    #[serde(default)]
    pub differences: Listed,
    /// Some of them, by the export's own id or else the external id.
    #[serde(default)]
    pub sent_differently_ids: Vec<String>,
    /// Messages sent before that this plan does not hold: their sources are gone, or they cannot be read any more.
    #[serde(default)]
    pub sent_and_gone: u64,
    /// What is known of those.
    #[serde(default)]
    pub gone: Ends,
    /// Messages left to send that were sent before under other ids: Front would have them twice.
    #[serde(default)]
    pub doubles: u64,
    /// Some of them, by the export's own id or else the external id.
    #[serde(default)]
    pub double_ids: Vec<String>,
    /// Messages beside the first of those that share a Message-ID, or an id of the export, and are different.
    #[serde(default)]
    pub collisions: u64,
    /// Chat rows without an id of their own that further exports hold again; they are among the duplicates.
    #[serde(default)]
    pub shared_rows: u64,
    /// Chat rows without an id of their own beside the first of those that are equal in one file; each is a message.
    #[serde(default)]
    pub repeated_rows: u64,
    /// Unreadable and rejected records by cause, each with one example.
    pub problems: Vec<ProblemKind>,
    /// What in the mapping has no effect on these sources.
    #[serde(default)]
    pub warnings: Vec<Diagnostic>,
    /// Warnings of the sources.
    pub notes: Vec<String>,
    /// Imported conversations are archived.
    pub is_archived: bool,
    /// Front's rules do not run.
    pub should_skip_rules: bool,
    /// Teammates that messages are attributed to, as the mapping names them.
    pub teammates: Vec<String>,
    /// All tags.
    pub tags: Vec<String>,
    /// Tags with the conversations that get them: one tagged message tags all of its conversation.
    #[serde(default)]
    pub tagged: Listed,
}

/// How messages that were sent stand, as far as the journal knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// They were seen in Front.
    pub seen: u64,
    /// Front accepted them, and they were not seen.
    pub accepted: u64,
    /// Front accepted them, and they were not there.
    pub missing: u64,
    /// Nobody knows whether Front took them.
    pub unknown: u64,
}

impl Ends {
    pub(super) fn add(&mut self, end: End) {
        let count = match end {
            End::Seen => &mut self.seen,
            End::Accepted => &mut self.accepted,
            End::Missing => &mut self.missing,
            End::Unknown => &mut self.unknown,
        };
        *count += 1;
    }

    fn less(self, others: Self) -> Self {
        Self {
            seen: self.seen.saturating_sub(others.seen),
            accepted: self.accepted.saturating_sub(others.accepted),
            missing: self.missing.saturating_sub(others.missing),
            unknown: self.unknown.saturating_sub(others.unknown),
        }
    }

    fn total(self) -> u64 {
        self.seen + self.accepted + self.missing + self.unknown
    }
}

/// Look-ups that a conversation of so many messages takes: its first message, then the others by the hundred.
fn lookups(messages: u64) -> u64 {
    messages.min(1) + messages.saturating_sub(1).div_ceil(PER_PAGE)
}

/// A conversation so large that something may have joined too much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeThread {
    /// Its ref.
    pub thread_ref: String,
    /// Its inbox.
    pub inbox: String,
    /// How many messages.
    pub messages: u64,
    /// File and place of its oldest message.
    pub place: String,
}

/// Messages whose HTML would do something by itself in a careless viewer, by what it would do. Front sanitises what it
/// shows; nothing is removed here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveMessages {
    /// With `script` elements or `javascript:` links.
    pub scripts: u64,
    /// With attributes such as `onload`.
    pub handlers: u64,
    /// With forms.
    pub forms: u64,
    /// With images that are fetched from elsewhere.
    pub remote_images: u64,
}

impl ActiveMessages {
    fn add(&mut self, found: ActiveContent) {
        self.scripts += u64::from(found.scripts > 0);
        self.handlers += u64::from(found.handlers > 0);
        self.forms += u64::from(found.forms > 0);
        self.remote_images += u64::from(found.remote_images > 0);
    }
}

/// A list cut at its head.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The first lines.
    pub first: Vec<(String, u64)>,
    /// How many lines were left out.
    pub left_out: u64,
}

impl Listed {
    fn most_frequent(counts: BTreeMap<String, u64>) -> Self {
        let mut all: Vec<(String, u64)> = counts.into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let left_out = all.len().saturating_sub(MAX_LISTED) as u64;
        all.truncate(MAX_LISTED);
        Self { first: all, left_out }
    }
}

/// One kind of problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemKind {
    /// `unreadable` or `rejected`.
    pub status: String,
    /// The cause that all of them share.
    pub cause: String,
    /// How many records.
    pub count: u64,
    /// File and place of the first.
    pub place: String,
    /// What was seen there.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

/// Counts everything worth showing.
pub(super) fn overview(
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
    }
    overview.largest = largest(resolution, sources);
    let (mut sent, mut differences) = (Ends::default(), BTreeMap::new());
    let mut tagged: BTreeMap<String, u64> = BTreeMap::new();
    let mut conversation: (usize, BTreeSet<Arc<str>>) = (usize::MAX, BTreeSet::new());
    let mut senders: BTreeMap<String, u64> = BTreeMap::new();
    let mut tags: BTreeSet<Arc<str>> = BTreeSet::new();
    for message in &resolution.messages {
        let Some(candidate) = resolution.candidate_of(message) else { continue };
        let thread = resolution.threads.get(message.thread);
        if let Some(thread) = thread {
            *overview.inboxes.entry(thread.inbox.clone()).or_default() += 1;
        }
        for inbox in resolution.further_inboxes(message) {
            *overview.also_in.entry(inbox.to_owned()).or_default() += 1;
        }
        if candidate.is_inbound {
            overview.inbound += 1;
        } else {
            overview.outbound += 1;
            *senders.entry(read.texts.get(candidate.sender).as_ref().to_owned()).or_default() += 1;
        }
        let (first, last) = overview.dates.unwrap_or((candidate.date, candidate.date));
        overview.dates = Some((first.min(candidate.date), last.max(candidate.date)));
        overview.files += u64::from(candidate.files);
        overview.file_bytes += candidate.file_bytes;
        let is_known_better = thread.is_some_and(|thread| thread.customer_for(candidate).is_some());
        overview.changed += u64::from(candidate.has_changes || is_known_better);
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
        Some(super::place(sources, &resolution.read.facts.get(message.record)?.origin))
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
            place: super::place(sources, &facts.origin),
            detail: problem.detail.clone(),
            remedy: problem.remedy.clone(),
        });
        kind.count += 1;
    }
    let mut kinds: Vec<ProblemKind> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    kinds
}
