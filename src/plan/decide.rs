//! What the mapping decides about one record: direction, inbox, tags, skip.

use crate::mapping::{Mapping, Rule, SourceMapping, UnlistedLabels, Until, When};
use crate::record::system_labels::{Meaning, meaning};
use crate::record::{Direction, Kind, Record};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Front's limit on the length of a tag name, in characters.
const MAX_TAG: usize = 64;

/// What the mapping says of one record, by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    pub direction: Direction,
    /// Indexes of the matching rules that name an inbox, in order, each inbox once.
    pub inbox_rules: Vec<usize>,
    pub tags: Vec<String>,
    pub skip: Option<String>,
    /// Labels that became no tag, because no table names them.
    pub unlisted: Vec<String>,
}

/// Applies the mapping to a record of the source at `source`.
pub(super) fn decide(record: &Record, source: usize, mapping: &Mapping) -> Decided {
    let mut decided = Decided {
        direction: direction(record, mapping),
        inbox_rules: Vec::new(),
        tags: mapping.defaults.tags.clone(),
        skip: None,
        unlisted: Vec::new(),
    };
    labels(record, mapping, &mut decided);
    if decided.skip.is_none() {
        decided.skip = mapping.sources.get(source).and_then(|source| past_the_end(record, source));
    }
    for (index, rule) in mapping.rules.iter().enumerate() {
        if !matches(&rule.when, record, source, mapping) {
            continue;
        }
        let inbox_of = |rule: &usize| mapping.rules.get(*rule).and_then(|rule| rule.inbox.as_ref());
        if rule.inbox.is_some() && !decided.inbox_rules.iter().any(|known| inbox_of(known) == rule.inbox.as_ref()) {
            decided.inbox_rules.push(index);
        }
        decided.tags.extend(rule.tags.iter().cloned());
        if decided.skip.is_none() {
            decided.skip = skip_cause(rule);
        }
    }
    let mut seen = std::collections::HashSet::new();
    decided.tags.retain(|tag| seen.insert(tag.clone()));
    decided
}

fn direction(record: &Record, mapping: &Mapping) -> Direction {
    if let Some(stated) = record.stated_direction {
        return stated;
    }
    let ours = record.from.as_ref().is_some_and(|from| mapping.ours.owns(&from.handle));
    if ours { Direction::Outbound } else { Direction::Inbound }
}

fn labels(record: &Record, mapping: &Mapping, decided: &mut Decided) {
    // In a table of chats a label such as `Chat` or `Important` is somebody's own word.
    let meaning = |label| (record.kind == Kind::Email).then(|| meaning(label)).flatten();
    for label in &record.labels {
        if let Some(tag) = mapping.labels.get(label) {
            decided.tags.push(tag.clone());
        } else if let Some(meaning) = meaning(label) {
            if meaning == Meaning::NotKept {
                decided.skip.get_or_insert_with(|| format!("label {label}"));
            }
        } else if mapping.defaults.unlisted_labels == UnlistedLabels::Tag && label.chars().count() <= MAX_TAG {
            decided.tags.push(label.clone());
        } else {
            decided.unlisted.push(label.clone());
        }
    }
}

/// Why a message is left out that Front has from a connected channel.
fn past_the_end(record: &Record, source: &SourceMapping) -> Option<String> {
    let Some(until @ Until::Moment(moment)) = source.until else { return None };
    let is_past = record.date.is_some_and(|date| date >= moment.as_second());
    is_past.then(|| format!("dated {until} or later (`until` of {})", source.name))
}

fn skip_cause(rule: &Rule) -> Option<String> {
    rule.skip.as_ref().map(|reason| format!("{reason} (rule at line {})", rule.line))
}

fn matches(when: &When, record: &Record, source: usize, mapping: &Mapping) -> bool {
    let source = mapping.sources.get(source).map_or("", |source| source.name.as_str());
    let recipients = || record.to.iter().chain(&record.cc).chain(&record.bcc).map(|address| address.handle.as_str());
    // A blind copy, or mail through an alias, names its mailbox nowhere else.
    let delivered = || record.delivered_to.iter().map(|address| address.handle.as_str());
    let sender = || record.from.iter().map(|address| address.handle.as_str());
    let subject = record.subject.as_deref().unwrap_or_default();
    given(&when.source, || when.source.iter().any(|name| name == source))
        && given(&when.label, || when.label.iter().any(|label| record.labels.contains(label)))
        && given(&when.sender, || sender().any(|handle| is_listed(handle, &when.sender)))
        && given(&when.recipient, || recipients().chain(delivered()).any(|handle| is_listed(handle, &when.recipient)))
        && given(&when.domain, || sender().chain(recipients()).any(|handle| is_listed(domain(handle), &when.domain)))
        && when.subject.as_ref().is_none_or(|pattern| pattern.is_match(subject))
        && when.before.is_none_or(|day| record.date.is_some_and(|date| date < start_of(day)))
        && when.since.is_none_or(|day| record.date.is_some_and(|date| date >= start_of(day)))
}

/// A condition that is not given holds.
fn given(condition: &[String], holds: impl FnOnce() -> bool) -> bool {
    condition.is_empty() || holds()
}

fn is_listed(handle: &str, list: &[String]) -> bool {
    list.iter().any(|listed| listed.eq_ignore_ascii_case(handle))
}

fn domain(handle: &str) -> &str {
    handle.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// 00:00 UTC of a day, Unix seconds.
fn start_of(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(i64::MIN, |start| start.timestamp().as_second())
}
