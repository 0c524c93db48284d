//! From a row to its messages.
//!
//! Mostly a row is a message. Where the mapping says otherwise, columns are added to those of the file, called as the
//! mapping calls them: the groups of a transcript's lines, one of several numbered columns, a value inside of JSON, a
//! column of the second table. So everything behind this sees messages with cells, and nothing of how they were laid out.

use super::super::{ClockRun, SourceError, SourceFile};
use super::needed::{is_group, joined_name, json_column};
use crate::mapping::{CsvMapping, Person, SourceMapping, Transcript, clock_time, number_in, numbered, zone_named};
use jiff::SignedDuration;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Bytes that the messages of one row may take together. A transcript's own lines are not repeated, but all other cells
/// of its row are, with every message.
const MOST_EXPANDED: usize = 256 << 20;

/// How the rows of one file become messages.
pub(super) struct Layout {
    /// Names of the file's columns, then of the added ones.
    pub(super) header: Arc<Vec<String>>,
    /// The zone that the name of the time column says.
    pub(super) zone: Option<TimeZone>,
    added: Vec<Added>,
    /// Column of the transcript.
    transcript: Option<usize>,
    /// For each number of numbered columns: the text column, and the column of each added one.
    wide: Vec<Numbered>,
}

/// A column that the mapping makes.
enum Added {
    /// A group of a transcript's lines.
    Group(String),
    /// A column of the second table, by its place among those that are read.
    Joined(usize),
    /// A value inside of JSON.
    Json { column: usize, way: Vec<String> },
    /// One of several numbered columns, the number being that of the message.
    Numbered,
    /// The one column that fits a name with `*`.
    Same(usize),
}

struct Numbered {
    text: usize,
    /// By place in `added`; `None` for other kinds and for numbers that have no such column.
    columns: Vec<Option<usize>>,
}

/// A message of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// As many as the layout's header has.
    pub(super) cells: Vec<String>,
    pub(super) run: Option<ClockRun>,
}

/// Why a row, or a part of one, gives no message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) cause: &'static str,
    pub(super) detail: String,
    pub(super) remedy: &'static str,
}

impl Layout {
    /// The layout of a file with these columns, all of which are known to be there. `joined`: columns read of the second
    /// table.
    pub(super) fn new(
        mapping: &SourceMapping,
        csv: &CsvMapping,
        file: &SourceFile,
        names: &Arc<Vec<String>>,
        joined: &[String],
    ) -> Result<Layout, SourceError> {
        let problem = |title: String, detail: String, remedy: &str, at| SourceError {
            title: format!("source `{}`: {title}", mapping.name),
            detail,
            remedy: remedy.to_owned(),
            at,
        };
        if let Some(twice) = used_twice(csv, names) {
            return Err(problem(
                format!("{} has two columns `{twice}`", file.shown),
                "a message could stand in either".to_owned(),
                "rename one of them in the file's first line",
                csv.columns_at.get("text").copied().unwrap_or(mapping.path_at),
            ));
        }
        let position = |name: &str| names.iter().position(|column| column == name);
        let time_at = csv.columns_at.get("time").copied().unwrap_or(mapping.path_at);
        let mut zone = None;
        let mut added: Vec<(String, Added)> = Vec::new();
        let people = csv.people.iter().flat_map(Person::columns).filter(|name| !name.contains('*'));
        let people = people.map(|name| ("people", name));
        for (key, name) in csv.columns.named().into_iter().chain(people) {
            if added.iter().any(|(known, _)| known == name) {
                continue;
            }
            let group = is_group(csv, name);
            if group && position(name).is_some() {
                return Err(problem(
                    format!("{} has a column `{name}`, and so does each line of its transcript", file.shown),
                    format!("columns.{key} could mean either"),
                    "give the group of the line pattern another name",
                    csv.transcript.as_ref().map_or(mapping.path_at, |transcript| transcript.at),
                ));
            }
            let column = if group {
                Added::Group(name.to_owned())
            } else if position(name).is_some() || (key == "labels" && numbered(name).is_some()) {
                // Numbered labels are read where they stand.
                continue;
            } else if let Some(inner) = joined_name(csv.join.as_ref(), name) {
                let Some(place) = joined.iter().position(|column| column == inner) else { continue };
                Added::Joined(place)
            } else if let Some(pattern) = numbered(name) {
                if csv.columns.text.contains('*') {
                    Added::Numbered
                } else {
                    let mut found = (0..)
                        .zip(names.iter())
                        .filter_map(|(place, column)| Some((place, number_in(pattern, column)?)));
                    let Some((place, named)) = found.next() else { continue };
                    if found.next().is_some() {
                        return Err(problem(
                            format!("{} has several columns `{name}`", file.shown),
                            "the time of a row stands in one of them".to_owned(),
                            "write the name of that column in full, and set `timezone`",
                            time_at,
                        ));
                    }
                    zone = Some(zone_named(named).ok_or_else(|| {
                        problem(
                            format!("{} names a time zone that is none: {named:?}", file.shown),
                            format!("`{name}` fits its column {:?}", names.get(place).map_or("", String::as_str)),
                            "write the name of the column in full, and set `timezone`",
                            time_at,
                        )
                    })?);
                    Added::Same(place)
                }
            } else if let Some((column, way)) = json_column(name, names) {
                Added::Json { column, way: way.into_iter().map(str::to_owned).collect() }
            } else {
                continue;
            };
            added.push((name.to_owned(), column));
        }
        let wide = wide(csv, names, &added);
        let transcript = csv.transcript.as_ref().and_then(|transcript| position(&transcript.column));
        let (added_names, added): (Vec<String>, Vec<Added>) = added.into_iter().unzip();
        let header = if added.is_empty() {
            Arc::clone(names)
        } else {
            Arc::new(names.iter().cloned().chain(added_names).collect())
        };
        Ok(Layout { header, zone, added, transcript, wide })
    }

    /// The messages of a row. `joined` are the cells of the second table.
    pub(super) fn messages(
        &self,
        csv: &CsvMapping,
        cells: Vec<String>,
        joined: &[String],
    ) -> Vec<Result<Message, Misfit>> {
        let whole = |cells| Message { cells, run: None };
        if self.added.is_empty() && self.transcript.is_none() {
            return vec![Ok(whole(cells))];
        }
        let row = match self.with_added(cells, joined) {
            Ok(row) => row,
            Err(misfit) => return vec![Err(misfit)],
        };
        if let (Some(column), Some(transcript)) = (self.transcript, &csv.transcript) {
            return self.of_transcript(column, transcript, csv, row);
        }
        if self.wide.is_empty() { vec![Ok(whole(row))] } else { self.of_numbered(&row) }
    }

    /// The row's cells and those added that are the same for all its messages; the others are empty.
    fn with_added(&self, mut cells: Vec<String>, joined: &[String]) -> Result<Vec<String>, Misfit> {
        let mut parsed: BTreeMap<usize, Value> = BTreeMap::new();
        for (place, added) in (self.header.len() - self.added.len()..).zip(&self.added) {
            let cell = match added {
                Added::Group(_) | Added::Numbered => String::new(),
                Added::Joined(place) => joined.get(*place).cloned().unwrap_or_default(),
                Added::Same(column) => cells.get(*column).cloned().unwrap_or_default(),
                Added::Json { column, way } => {
                    let text = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
                    if !text.is_empty() && !parsed.contains_key(column) {
                        parsed.insert(*column, json(text, self.header.get(*column), self.header.get(place))?);
                    }
                    parsed.get(column).map(|value| inside(value, way)).unwrap_or_default()
                }
            };
            cells.push(cell);
        }
        Ok(cells)
    }

    /// One message for each number whose text is filled; one with empty text for a row that holds none.
    fn of_numbered(&self, row: &[String]) -> Vec<Result<Message, Misfit>> {
        let is_filled = |column: usize| row.get(column).is_some_and(|cell| !cell.trim().is_empty());
        let filled: Vec<&Numbered> = self.wide.iter().filter(|numbered| is_filled(numbered.text)).collect();
        let size: usize = row.iter().map(String::len).sum();
        if let Err(misfit) = check_size(filled.len(), size) {
            return vec![Err(misfit)];
        }
        let first_added = self.header.len() - self.added.len();
        let mut messages: Vec<_> = filled
            .into_iter()
            .map(|numbered| {
                let mut cells = row.to_vec();
                for (place, column) in (first_added..).zip(&numbered.columns) {
                    let cell = column.and_then(|column| row.get(column));
                    if let (Some(cell), Some(slot)) = (cell, cells.get_mut(place)) {
                        cell.clone_into(slot);
                    }
                }
                Ok(Message { cells, run: None })
            })
            .collect();
        if messages.is_empty() {
            messages.push(Ok(Message { cells: row.to_vec(), run: None }));
        }
        messages
    }

    /// One message for each line that fits the pattern, with the lines after it that do not.
    fn of_transcript(
        &self,
        column: usize,
        transcript: &Transcript,
        csv: &CsvMapping,
        mut row: Vec<String>,
    ) -> Vec<Result<Message, Misfit>> {
        let cell = row.get_mut(column).map(std::mem::take).unwrap_or_default();
        let cell = cell.replace("\r\n", "\n").replace('\r', "\n");
        if cell.trim().is_empty() {
            return vec![Ok(Message { cells: row, run: None })];
        }
        let starts = cell.lines().filter(|line| transcript.line.is_match(line)).count();
        if let Err(misfit) = check_size(starts, row.iter().map(String::len).sum()) {
            return vec![Err(misfit)];
        }
        let first_added = self.header.len() - self.added.len();
        let place_of = |group: &str| {
            let is_it = |added: &Added| matches!(added, Added::Group(name) if name == group);
            Some(first_added + self.added.iter().position(is_it)?)
        };
        let text = place_of(&csv.columns.text);
        let clock = csv.clock_format.as_deref().zip(csv.columns.clock.as_deref().and_then(place_of));
        let mut run = None;
        let mut messages: Vec<Result<Message, Misfit>> = Vec::with_capacity(starts);
        let mut before_first = 0_usize;
        for line in cell.lines() {
            if let Some(found) = transcript.line.captures(line) {
                let mut cells = row.clone();
                for group in transcript.line.capture_names().flatten() {
                    let value = found.name(group).map_or("", |value| value.as_str());
                    if let Some(slot) = place_of(group).and_then(|place| cells.get_mut(place)) {
                        value.clone_into(slot);
                    }
                }
                // The line itself stands for the transcript, so that nothing of it is outside of the digest.
                if let Some(slot) = cells.get_mut(column) {
                    line.clone_into(slot);
                }
                if let Some((format, place)) = clock
                    && let Some(time) = cells.get(place).and_then(|clock| clock_time(clock.trim(), format))
                {
                    run = Some(went_on(run, time));
                }
                messages.push(Ok(Message { cells, run: run.map(|(run, _)| run) }));
                continue;
            }
            let Some(Ok(Message { cells, .. })) = messages.last_mut() else {
                before_first += usize::from(!line.trim().is_empty());
                continue;
            };
            if let Some(slot) = text.and_then(|place| cells.get_mut(place)) {
                slot.push('\n');
                slot.push_str(line);
            }
        }
        if before_first > 0 {
            messages.push(Err(Misfit {
                cause: "lines of a transcript that belong to no message",
                detail: format!("{before_first} lines before the first one that fits the line pattern"),
                remedy: "mend `line` under `transcript` so that it fits them; the other messages of the row are read",
            }));
        }
        messages
    }
}

/// How the clock of a transcript goes on from its last time: over midnight where it has fallen back. By up to an hour it
/// only stands still: lines written by several machines are not quite in order, and summer time ends at night.
fn went_on(before: Option<(ClockRun, Time)>, time: Time) -> (ClockRun, Time) {
    let Some((run, last)) = before else { return (ClockRun { first: time, days: 0 }, time) };
    let has_fallen = last.duration_since(time) > SignedDuration::from_hours(1);
    let days = run.days.saturating_add(u16::from(has_fallen));
    (ClockRun { days, ..run }, time)
}

/// A column's name that stands twice and is meant by a name with `*`, or by one that leads into JSON. Those that are
/// named in full are checked with the header.
fn used_twice<'a>(csv: &CsvMapping, names: &'a [String]) -> Option<&'a String> {
    let mut seen = BTreeSet::new();
    let used: Vec<&str> = csv
        .columns
        .named()
        .into_iter()
        .map(|(_, name)| name)
        .chain(csv.people.iter().flat_map(Person::columns))
        .collect();
    let inside: Vec<usize> =
        used.iter().filter_map(|name| json_column(name, names)).map(|(column, _)| column).collect();
    let is_used = |name: &String| {
        let is_numbered = used.iter().filter_map(|used| numbered(used)).any(|used| number_in(used, name).is_some());
        is_numbered || inside.iter().any(|column| names.get(*column) == Some(name))
    };
    names.iter().find(|name| !seen.insert(*name) && is_used(name))
}

/// The columns of each number, in the order of the file.
fn wide(csv: &CsvMapping, names: &[String], added: &[(String, Added)]) -> Vec<Numbered> {
    let Some(text) = numbered(&csv.columns.text) else { return Vec::new() };
    let position: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let column_of = |pattern: &str, number: &str| {
        let (before, after) = numbered(pattern)?;
        position.get(format!("{before}{number}{after}").as_str()).copied()
    };
    (0..)
        .zip(names)
        .filter_map(|(place, name)| Some((place, number_in(text, name)?)))
        .map(|(place, number)| Numbered {
            text: place,
            columns: added
                .iter()
                .map(|(name, kind)| column_of(name, number).filter(|_| matches!(kind, Added::Numbered)))
                .collect(),
        })
        .collect()
}

fn check_size(messages: usize, row: usize) -> Result<(), Misfit> {
    if messages.saturating_mul(row) <= MOST_EXPANDED {
        return Ok(());
    }
    Err(Misfit {
        cause: "row too large for its many messages",
        detail: format!("{messages} messages, each with {row} bytes of other cells of the row"),
        remedy: "take columns out of the table that no message needs",
    })
}

fn json(text: &str, column: Option<&String>, wanted: Option<&String>) -> Result<Value, Misfit> {
    serde_json::from_str(text).map_err(|error| Misfit {
        cause: "cell is not JSON",
        detail: format!(
            "{:?} is to be read inside of {:?}, which is not JSON: {error}",
            wanted.map_or("", String::as_str),
            column.map_or("", String::as_str)
        ),
        remedy: "mend the cell, or name a column under `columns` that holds the value itself",
    })
}

/// The value at the end of the way, as text; empty if there is none.
fn inside(value: &Value, way: &[String]) -> String {
    let end = way.iter().try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(values) => values.get(step.parse::<usize>().ok()?),
        _ => None,
    });
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        // What is no text is nobody's name or address, and nothing that was said.
        Value::Null | Value::Bool(_) | Value::Object(_) | Value::Array(_) => String::new(),
    };
    match end {
        None => String::new(),
        // As labels stand in one cell.
        Some(Value::Array(values)) => {
            values.iter().map(plain).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",")
        }
        Some(value) => plain(value),
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
