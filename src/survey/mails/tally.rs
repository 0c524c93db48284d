//! Counting what mails say of themselves. Every table has a bound, so that a hostile export costs a constant.

use super::tickets::Tickets;
use crate::record::{Direction, Record};
use crate::words;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

/// Different addresses, labels, or causes that are counted; later ones that are new are not.
const MOST: usize = 50_000;

/// Longest address, label or name that is kept, in bytes.
const LONGEST: usize = 300;

/// Moments that mails are from: 1980 to 2100, Unix seconds.
const PLAUSIBLE: std::ops::Range<i64> = 315_532_800..4_102_444_800;

/// What was counted.
#[derive(Debug, Default)]
pub(in crate::survey) struct Tally {
    /// Mails that could be read.
    pub(in crate::survey) mails: u64,
    /// Mails that could not, by cause.
    pub(in crate::survey) bad: BTreeMap<String, u64>,
    /// Mails that their place or their label says we sent.
    pub(in crate::survey) filed_as_sent: u64,
    /// Mails that name the mailbox they were delivered to.
    pub(in crate::survey) delivered: u64,
    /// By address, in lower case.
    pub(in crate::survey) people: HashMap<String, Person>,
    /// By domain, in lower case.
    pub(in crate::survey) domains: HashMap<String, Domain>,
    pub(in crate::survey) labels: HashMap<String, u64>,
    /// By year, UTC.
    pub(in crate::survey) years: BTreeMap<i16, u64>,
    /// First and last plausible moment, Unix seconds.
    pub(in crate::survey) dates: Option<(i64, i64)>,
    /// Mails from before 1980 or after 2100.
    pub(in crate::survey) implausible: u64,
    pub(in crate::survey) tickets: Tickets,
}

/// How often an address stands where.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::survey) struct Person {
    pub(in crate::survey) name: Option<String>,
    pub(in crate::survey) from: u64,
    /// As sender of mails that are filed as sent.
    pub(in crate::survey) from_filed: u64,
    /// In To or Cc.
    pub(in crate::survey) to: u64,
    /// As the mailbox that a mail was delivered to.
    pub(in crate::survey) delivered: u64,
    /// When it last wrote, Unix seconds.
    pub(in crate::survey) last: Option<i64>,
}

/// Mails that a domain has to do with.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::survey) struct Domain {
    pub(in crate::survey) from: u64,
    pub(in crate::survey) to: u64,
    pub(in crate::survey) either: u64,
}

impl Tally {
    /// Counts a mail; `fields` are those fields of its header that may hold a ticket number.
    pub(super) fn take(&mut self, record: &Record, fields: &[(String, String)]) {
        self.mails += 1;
        let is_filed = record.stated_direction == Some(Direction::Outbound);
        self.filed_as_sent += u64::from(is_filed);
        self.delivered += u64::from(!record.delivered_to.is_empty());
        let from = record.from.as_ref().map(|from| from.handle.to_lowercase()).filter(|handle| handle.contains('@'));
        if let (Some(handle), Some(written)) = (&from, &record.from)
            && let Some(person) = slot(&mut self.people, handle)
        {
            person.from += 1;
            person.from_filed += u64::from(is_filed);
            person.last = person.last.max(record.date);
            if person.name.is_none() {
                person.name = written.name.clone().filter(|name| name.len() <= LONGEST);
            }
        }
        let to: HashSet<String> = record.to.iter().chain(&record.cc).map(|to| to.handle.to_lowercase()).collect();
        for handle in to.iter().filter(|handle| handle.contains('@')) {
            if let Some(person) = slot(&mut self.people, handle) {
                person.to += 1;
            }
        }
        let delivered: HashSet<String> = record.delivered_to.iter().map(|to| to.handle.to_lowercase()).collect();
        for handle in &delivered {
            if let Some(person) = slot(&mut self.people, handle) {
                person.delivered += 1;
            }
        }
        self.domains(from.as_deref(), &to);
        for label in &record.labels {
            if let Some(count) = slot(&mut self.labels, label) {
                *count += 1;
            }
        }
        if let Some(date) = record.date {
            self.date(date);
        }
        self.tickets.take(record, fields);
    }

    /// Counts a mail that gives no record.
    pub(super) fn bad(&mut self, cause: &str) {
        if self.bad.len() < 100 || self.bad.contains_key(cause) {
            *self.bad.entry(cause.to_owned()).or_default() += 1;
        }
    }

    fn domains(&mut self, from: Option<&str>, to: &HashSet<String>) {
        let from = from.and_then(domain_of);
        let to: HashSet<&str> = to.iter().filter_map(|handle| domain_of(handle)).collect();
        for name in to.iter().copied().chain(from.filter(|from| !to.contains(from))) {
            if let Some(domain) = slot(&mut self.domains, name) {
                domain.from += u64::from(from == Some(name));
                domain.to += u64::from(to.contains(name));
                domain.either += 1;
            }
        }
    }

    fn date(&mut self, date: i64) {
        if !PLAUSIBLE.contains(&date) {
            self.implausible += 1;
            return;
        }
        let (first, last) = self.dates.unwrap_or((date, date));
        self.dates = Some((first.min(date), last.max(date)));
        if let Ok(moment) = jiff::Timestamp::from_second(date) {
            *self.years.entry(moment.to_zoned(jiff::tz::TimeZone::UTC).year()).or_default() += 1;
        }
    }
}

/// The part behind the last `@`.
pub(in crate::survey) fn domain_of(handle: &str) -> Option<&str> {
    handle.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_empty())
}

/// Where a key is counted; `None` if there are too many others, or it is too long.
pub(super) fn slot<'a, V: Default>(table: &'a mut HashMap<String, V>, key: &str) -> Option<&'a mut V> {
    if key.len() > LONGEST || (table.len() >= MOST && !table.contains_key(key)) {
        return None;
    }
    if !table.contains_key(key) {
        table.insert(key.to_owned(), V::default());
    }
    table.get_mut(key)
}

/// The most frequent first; of equals by key, so that the order is always the same.
pub(in crate::survey) fn most_frequent<K: Ord + Hash + Clone, V>(
    table: &HashMap<K, V>,
    count: impl Fn(&V) -> u64,
) -> Vec<(K, u64)> {
    words::most_frequent(table.iter().map(|(key, value)| (key.clone(), count(value))).filter(|(_, n)| *n > 0))
}
