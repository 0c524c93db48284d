//! Does a rule's condition hold of a record, and by what?

use super::gist::Gist;
use crate::mapping::{Condition, Direction, Named, NamedBy, Test, When};
use crate::record::{self, Head, Kind};
use crate::source::{Content, RawEntry};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cell::{Cell, OnceCell};

/// A record that conditions are asked about, with the entry it was read from, if that is at hand.
pub(super) struct Asked<'a> {
    entry: Option<&'a RawEntry>,
    gist: &'a Gist,
    /// Name of its source.
    source: &'a str,
    /// Read when the first condition asks for a header.
    head: OnceCell<Head<'a>>,
    /// A condition asked for what only the entry has, and that is not at hand.
    lacks_entry: Cell<bool>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(entry: Option<&'a RawEntry>, gist: &'a Gist, source: &'a str) -> Self {
        Self { entry, gist, source, head: OnceCell::new(), lacks_entry: Cell::new(false) }
    }

    /// Was something asked that cannot be answered without the entry? Then no answer counts.
    pub(super) fn lacks_entry(&self) -> bool {
        self.lacks_entry.get()
    }

    fn content(&self) -> Option<&'a Content> {
        self.lacks_entry.set(self.lacks_entry.get() || self.entry.is_none());
        self.entry.map(|entry| &entry.content)
    }

    /// How many of the conditions hold, counted up to the first that does not; `direction` as far as it is decided.
    pub(super) fn held(&self, when: &When, direction: Direction) -> usize {
        when.conditions.iter().take_while(|condition| self.holds(&condition.test, direction)).count()
    }

    fn all_hold(&self, when: &When, direction: Direction) -> bool {
        self.held(when, direction) == when.conditions.len()
    }

    fn holds(&self, test: &Test, direction: Direction) -> bool {
        match test {
            Test::Any(tables) => tables.iter().any(|when| self.all_hold(when, direction)),
            Test::All(tables) => tables.iter().all(|when| self.all_hold(when, direction)),
            Test::Not(when) => !self.all_hold(when, direction),
            Test::Direction(wanted) => *wanted == direction,
            Test::HasAttachment(wanted) => *wanted == self.gist.has_files,
            test => self.evidence(test).is_some(),
        }
    }

    /// What makes a test hold that looks for a value: the value; `None` if it does not hold.
    fn evidence(&self, test: &Test) -> Option<String> {
        let gist = self.gist;
        let author = Some(gist.author.as_str()).filter(|author| !author.is_empty()).into_iter();
        let recipients = gist.recipients.iter().map(String::as_str);
        let delivered = gist.delivered_to.iter().map(String::as_str);
        let listed = |list: &[String], mut values: Box<dyn Iterator<Item = &str> + '_>| {
            values.find(|value| list.iter().any(|listed| listed.eq_ignore_ascii_case(value))).map(str::to_owned)
        };
        match test {
            Test::Source(names) => names.iter().find(|name| *name == self.source).cloned(),
            Test::Label(labels) => labels.iter().find(|label| gist.labels.contains(label)).cloned(),
            Test::Folder(folders) => folders.iter().find(|folder| self.is_in(folder)).cloned(),
            Test::Sender(list) => listed(list, Box::new(author)),
            Test::Recipient(list) => listed(list, Box::new(recipients.chain(delivered))),
            Test::Domain(list) => listed(list, Box::new(author.chain(recipients).map(domain))),
            Test::Subject(pattern) => found(pattern, gist.subject.as_deref().unwrap_or_default()),
            Test::Header(name, pattern) => self.header(name).iter().find_map(|value| found(pattern, value)),
            Test::Column(name, pattern) => self.cell(name).and_then(|cell| found(pattern, cell)),
            Test::Before(day) => self.date(|date| date < start_of(*day)),
            Test::Since(day) => self.date(|date| date >= start_of(*day)),
            Test::Larger(bytes) => Some(gist.size).filter(|size| size > bytes).map(bytes_in_words),
            Test::Smaller(bytes) => Some(gist.size).filter(|size| size < bytes).map(bytes_in_words),
            Test::Direction(_) | Test::HasAttachment(_) | Test::Any(_) | Test::All(_) | Test::Not(_) => None,
        }
    }

    /// Why the conditions hold, in words; they must.
    pub(super) fn because(&self, when: &When, direction: Direction) -> String {
        let reasons: Vec<String> = when.conditions.iter().map(|condition| self.reason(condition, direction)).collect();
        reasons.join(" and ")
    }

    fn reason(&self, condition: &Condition, direction: Direction) -> String {
        let seen = || self.evidence(&condition.test).unwrap_or_default();
        match &condition.test {
            Test::Source(_) => format!("source = {}", seen()),
            Test::Label(_) => format!("label = {}", seen()),
            Test::Folder(_) => format!("folder = {}", seen()),
            Test::Sender(_) => format!("sender = {}", seen()),
            Test::Recipient(_) => format!("recipient = {}", seen()),
            Test::Domain(_) => format!("domain = {}", seen()),
            Test::Subject(_) => format!("subject holds \"{}\"", seen()),
            Test::Header(name, _) => format!("header {name} holds \"{}\"", seen()),
            Test::Column(name, _) => format!("column {name} holds \"{}\"", seen()),
            Test::Before(day) => format!("{} is before {day}", seen()),
            Test::Since(day) => format!("{} is not before {day}", seen()),
            Test::Larger(bytes) => format!("{} are more than {}", seen(), bytes_in_words(*bytes)),
            Test::Smaller(bytes) => format!("{} are less than {}", seen(), bytes_in_words(*bytes)),
            Test::Direction(_) => format!("direction = {direction}"),
            Test::HasAttachment(true) => "it has an attachment".to_owned(),
            Test::HasAttachment(false) => "it has no attachment".to_owned(),
            Test::Any(tables) => {
                let first = tables.iter().find(|when| self.all_hold(when, direction));
                first.map_or_else(String::new, |when| self.because(when, direction))
            }
            Test::All(tables) => {
                let reasons: Vec<String> = tables.iter().map(|when| self.because(when, direction)).collect();
                reasons.join(" and ")
            }
            Test::Not(when) => {
                let failing = when.conditions.get(self.held(when, direction));
                failing.map_or_else(String::new, |condition| format!("not: {}", subject_of(&condition.test)))
            }
        }
    }

    /// Values of the header fields of that name.
    pub(super) fn header(&self, name: &str) -> Vec<String> {
        if self.gist.kind != Kind::Mail {
            return Vec::new();
        }
        let Some(Content::Mail(mail)) = self.content() else { return Vec::new() };
        self.head.get_or_init(|| record::head(mail)).values(name)
    }

    /// The cell under a column.
    pub(super) fn cell(&self, column: &str) -> Option<&str> {
        if self.gist.kind != Kind::Row {
            return None;
        }
        let Some(Content::Row(row)) = self.content() else { return None };
        row.get(column)
    }

    /// What the record says where `named` looks.
    pub(super) fn says(&self, named: &Named) -> Option<String> {
        match &named.by {
            NamedBy::Subject => named.in_value(self.gist.subject.as_deref()?),
            NamedBy::Header(name) => self.header(name).iter().find_map(|value| named.in_value(value)),
            NamedBy::Column(column) => named.in_value(self.cell(column)?),
        }
    }

    fn is_in(&self, folder: &str) -> bool {
        self.gist.kind == Kind::Mail
            && self.gist.folder.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn date(&self, holds: impl Fn(i64) -> bool) -> Option<String> {
        let date = self.gist.date.filter(|date| holds(*date))?;
        jiff::Timestamp::from_second(date).ok().map(|date| date.strftime("%Y-%m-%d").to_string())
    }
}

/// What a test asks for, in one or two words.
fn subject_of(test: &Test) -> String {
    match test {
        Test::Source(values) => format!("source {}", values.join(", ")),
        Test::Label(values) => format!("label {}", values.join(", ")),
        Test::Folder(values) => format!("folder {}", values.join(", ")),
        Test::Sender(values) => format!("sender {}", values.join(", ")),
        Test::Recipient(values) => format!("recipient {}", values.join(", ")),
        Test::Domain(values) => format!("domain {}", values.join(", ")),
        Test::Subject(pattern) => format!("subject '{pattern}'"),
        Test::Header(name, pattern) => format!("header {name} '{pattern}'"),
        Test::Column(name, pattern) => format!("column {name} '{pattern}'"),
        Test::Before(day) => format!("before {day}"),
        Test::Since(day) => format!("since {day}"),
        Test::Larger(bytes) => format!("larger than {}", bytes_in_words(*bytes)),
        Test::Smaller(bytes) => format!("smaller than {}", bytes_in_words(*bytes)),
        Test::Direction(direction) => format!("direction {direction}"),
        Test::HasAttachment(yes) => format!("has_attachment {yes}"),
        Test::Any(_) => "any of several".to_owned(),
        Test::All(_) => "all of several".to_owned(),
        Test::Not(_) => "the opposite".to_owned(),
    }
}

/// The piece of a value that a pattern finds, kept short.
fn found(pattern: &regex::Regex, value: &str) -> Option<String> {
    const LONGEST: usize = 60;
    pattern.find(value).map(|found| found.as_str().chars().take(LONGEST).collect())
}

fn bytes_in_words(bytes: u64) -> String {
    format!("{bytes} bytes")
}

fn domain(handle: &str) -> &str {
    handle.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// 00:00 UTC of a day, Unix seconds.
fn start_of(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(i64::MIN, |start| start.timestamp().as_second())
}
