//! What is guessed of a table that no ready mapping reads.

use super::assign::Assigned;
use super::column::Column;
use super::times::{Dates, Times};
use super::transcript::Transcript;
use super::words::{self, Part};
use crate::mapping::{Role, RowKind, zone_named};

/// What was guessed of a table that no ready mapping reads.
#[derive(Debug)]
pub(in crate::survey) struct Guessed {
    pub(in crate::survey) columns: Vec<Line>,
    pub(in crate::survey) dates: Dates,
    pub(in crate::survey) clock_format: Option<&'static str>,
    /// Columns of times of day that may be those of the messages, and their formats.
    pub(in crate::survey) open_clocks: Vec<(String, &'static str)>,
    /// All of a chat in one cell.
    pub(in crate::survey) transcript: Option<Transcript>,
    pub(in crate::survey) zone: Zone,
    pub(in crate::survey) roles: Vec<(String, u64, Option<Role>)>,
    pub(in crate::survey) kinds: Vec<(String, u64, Option<RowKind>)>,
    /// Handles look like telephone numbers; `Some(true)` if their column says that they are ids.
    pub(in crate::survey) phones: Option<bool>,
    pub(in crate::survey) is_html: bool,
    /// Names of columns that nothing is read from.
    pub(in crate::survey) unused: Vec<String>,
}

/// A key of `columns`, its columns, and what speaks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::survey) struct Line {
    pub(in crate::survey) key: &'static str,
    pub(in crate::survey) columns: Vec<String>,
    pub(in crate::survey) why: String,
}

/// Where the zone of the times comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::survey) enum Zone {
    /// The times, a column, or the name of the time column say it.
    Said,
    /// The times or their column are marked as UTC.
    Utc,
    /// Nothing says it.
    Open,
}

impl Guessed {
    /// Reads it off the columns and what they are for.
    pub(super) fn of(all: &[Column], assigned: &Assigned) -> Guessed {
        let at = |part: Part| assigned.of(part).and_then(|index| all.get(index));
        let time = at(Part::Time);
        let clock = at(Part::Clock);
        let joined_clock = clock.map(|clock| Times::clock_format(&clock.example));
        let no_times = Times::default();
        let dates = time.map_or(&no_times, |time| &time.times).dates(joined_clock);
        let transcript = at(Part::Text).and_then(|text| text.lines.transcript(&text.name));
        let role_column = at(Part::Role).filter(|_| transcript.is_none());
        let meaning =
            |column: &Column, value: &str| words::role_by_question(&column.name, value).or_else(|| words::role(value));
        let roles = role_column.map(|column| {
            let values = column.few(100).unwrap_or_default();
            values.into_iter().map(|(value, count)| (value.clone(), count, meaning(column, &value))).collect()
        });
        let kinds = at(Part::Kind).map(|column| {
            let values = column.few(100).unwrap_or_default();
            values.into_iter().map(|(value, count)| (value.clone(), count, words::kind(&column.name, &value))).collect()
        });
        let senders = assigned.senders.iter().filter_map(|(index, _)| all.get(*index));
        let has_numbers = |column: &&Column| column.numbers > 0;
        let says_id = |column: &Column| words::fold(&column.name).contains("id");
        let numbered: Vec<&Column> = senders.filter(has_numbers).collect();
        let phones = (!numbered.is_empty()).then(|| numbered.iter().all(|column| says_id(column)));
        // The clock of a transcript may be another than that of the column.
        let says_zone = dates.says_zone && transcript.as_ref().is_none_or(|found| found.clock_format.is_none());
        let (header_zone, zone) = zone_of(assigned, says_zone, dates.is_utc, time);
        let open_clocks = assigned.clocks.iter().filter_map(|index| all.get(*index));
        let is_used = |index: &usize| assigned.is_used(*index) || assigned.zone == Some(*index);
        let unused = (0..all.len()).filter(|index| !is_used(index));
        Guessed {
            columns: lines(all, assigned, header_zone.as_deref(), transcript.as_ref()),
            clock_format: joined_clock,
            open_clocks: open_clocks.map(|clock| (clock.name.clone(), Times::clock_format(&clock.example))).collect(),
            zone,
            roles: transcript.as_ref().map(|found| found.authors.clone()).or(roles).unwrap_or_default(),
            transcript,
            kinds: kinds.unwrap_or_default(),
            phones,
            is_html: at(Part::Text).is_some_and(|text| text.percent(text.tags) >= 30),
            unused: unused.filter_map(|index| all.get(index)).map(|column| column.name.clone()).collect(),
            dates,
        }
    }
}

/// The name of the time column as far as it is no zone, and where the zone comes from.
fn zone_of(assigned: &Assigned, says_zone: bool, is_utc: bool, time: Option<&Column>) -> (Option<String>, Zone) {
    let name = time.map_or("", |time| time.name.as_str());
    let in_name = name.rsplit_once(' ').filter(|(_, zone)| zone.contains('/') && zone_named(zone).is_some());
    let is_named_utc = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("utc") || word.eq_ignore_ascii_case("gmt"));
    if says_zone || assigned.zone.is_some() {
        (None, Zone::Said)
    } else if let Some((rest, _)) = in_name {
        (Some(format!("{rest} *")), Zone::Said)
    } else if is_utc || is_named_utc {
        (None, Zone::Utc)
    } else {
        (None, Zone::Open)
    }
}

fn lines(all: &[Column], assigned: &Assigned, header_zone: Option<&str>, transcript: Option<&Transcript>) -> Vec<Line> {
    const KEYS: [(&str, Part); 12] = [
        ("id", Part::Id),
        ("conversation", Part::Conversation),
        ("time", Part::Time),
        ("clock", Part::Clock),
        ("sender", Part::Sender),
        ("agent", Part::Agent),
        ("sender_name", Part::SenderName),
        ("recipient", Part::Recipient),
        ("text", Part::Text),
        ("role", Part::Role),
        ("kind", Part::Kind),
        ("subject", Part::Subject),
    ];
    let name = |index: usize| all.get(index).map(|column| column.name.clone()).unwrap_or_default();
    let mut lines = Vec::new();
    // What the lines of a transcript say takes the place of columns.
    let groups = |key: &str| match key {
        "agent" | "sender_name" | "role" => Some("author"),
        "text" => Some("words"),
        "clock" => transcript?.clock_format.map(|_| "clock"),
        _ => None,
    };
    for (key, part) in KEYS.into_iter().chain([("labels", Part::Labels)]) {
        if let Some(group) = groups(key).filter(|_| transcript.is_some()) {
            lines.push(Line { key, columns: vec![group.to_owned()], why: "of the transcript's lines".to_owned() });
            continue;
        }
        if part == Part::Sender {
            let columns: Vec<String> = assigned.senders.iter().map(|(index, _)| name(*index)).collect();
            let why: Vec<&str> = assigned.senders.iter().map(|(_, why)| why.as_str()).collect();
            lines.push(Line { key, columns, why: why.join("; then: ") });
            continue;
        }
        if let Some((_, index, why)) = assigned.parts.iter().find(|(known, ..)| *known == part) {
            let (column, why) = match header_zone {
                Some(named) if part == Part::Time => {
                    (named.to_owned(), format!("{why}; the rest of the name is the zone"))
                }
                _ => (name(*index), why.clone()),
            };
            lines.push(Line { key, columns: vec![column], why });
        } else if part == Part::Conversation {
            lines.push(Line { key, columns: Vec::new(), why: String::new() });
        }
    }
    if let Some(index) = assigned.zone {
        lines.push(Line { key: "timezone", columns: vec![name(index)], why: "every cell names a zone".to_owned() });
    }
    lines
}
