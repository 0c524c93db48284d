//! The time of a chat row, by the declared formats and zone; never guessed.

use crate::mapping::{CsvMapping, DateFormat, DaylightSaving, clock_time, zone_named};
use crate::record::BadRecord;
use crate::source::ClockRun;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

/// 1971-01-01 and 2101-01-01: outside of these a time is not early or late but read with the wrong format.
const PLAUSIBLE: std::ops::Range<i64> = 31_536_000..4_133_980_800;

/// How much earlier than the conversation's start a line's clock may be before it belongs to the next day: clocks of two
/// machines differ, and a greeting may be older than what an export calls the start.
const BEFORE_START: i64 = 60;

/// What a row says about its time.
pub(super) struct Written<'a> {
    /// The time cell; the day, or the conversation's start, where there is a clock with a format of its own.
    pub(super) day: &'a str,
    /// The clock cell.
    pub(super) clock: Option<&'a str>,
    /// The row's own zone.
    pub(super) zone: Option<&'a str>,
    /// The zone that the file's header names.
    pub(super) header_zone: Option<&'a TimeZone>,
    /// Where in its transcript the clock stands.
    pub(super) run: Option<ClockRun>,
}

impl Written<'_> {
    /// As written, on one line.
    pub(super) fn text(&self) -> String {
        match self.clock {
            Some(clock) => format!("{} {clock}", self.day),
            None => self.day.to_owned(),
        }
    }

    /// Reads it; Unix seconds, fractions cut off.
    pub(super) fn read(&self, csv: &CsvMapping, changes: &mut Vec<String>) -> Result<i64, BadRecord> {
        if self.day.is_empty() {
            return Err(BadRecord::rejected(
                "no time",
                format!("the cell under {:?} is empty", csv.columns.time),
                "fill the cell in the table, or name the column that holds the time under `columns`",
            ));
        }
        let zone = self.zone(csv)?;
        let clock = match (&csv.clock_format, self.clock) {
            (Some(format), Some(clock)) => Some(clock_time(clock, format).ok_or_else(|| no_clock(clock, format))?),
            _ => None,
        };
        let text = if clock.is_some() { self.day.to_owned() } else { self.text() };
        // A number of seconds is also one of milliseconds, of a day in January 1970: no time of any message.
        let is_plausible = |moment: &Moment| match moment {
            Moment::Exact(time) => PLAUSIBLE.contains(&whole_seconds(*time)),
            Moment::Local(_) | Moment::Day(_) => true,
        };
        let mut moments = csv.date.iter().filter_map(|format| moment(&text, format)).filter(is_plausible);
        let first = moments.next().ok_or_else(|| misfit(&text, csv))?;
        if let Some(other) = moments.find(|moment| *moment != first) {
            return Err(ambiguous(&text, &first, &other));
        }
        let first = match clock {
            Some(clock) => with_clock(&first, clock, self.run, zone.as_ref()).ok_or_else(|| no_zone(&text))?,
            None => first,
        };
        let seconds = match first {
            Moment::Exact(time) => whole_seconds(time),
            Moment::Day(day) => local_time(day.at(0, 0, 0, 0), zone.as_ref(), csv, &text, changes)?,
            Moment::Local(local) => local_time(local, zone.as_ref(), csv, &text, changes)?,
        };
        if PLAUSIBLE.contains(&seconds) { Ok(seconds) } else { Err(misfit(&text, csv)) }
    }

    /// The zone of a time that carries none: the row's, the header's, the mapping's.
    fn zone(&self, csv: &CsvMapping) -> Result<Option<TimeZone>, BadRecord> {
        let Some(name) = self.zone else { return Ok(self.header_zone.or(csv.timezone.as_ref()).cloned()) };
        zone_named(name).map(Some).ok_or_else(|| {
            BadRecord::rejected(
                "unknown time zone",
                format!("{name:?} is no name of the IANA time zone database"),
                "mend the cell, or take `timezone` out of `columns` and set `timezone` of the source",
            )
        })
    }
}

/// A time, with or without knowledge of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Exact(Timestamp),
    Local(DateTime),
    /// Midnight, for want of a clock.
    Day(Date),
}

impl std::fmt::Display for Moment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(time) => time.fmt(out),
            Self::Local(time) => time.fmt(out),
            Self::Day(day) => day.fmt(out),
        }
    }
}

fn misfit(text: &str, csv: &CsvMapping) -> BadRecord {
    let formats: Vec<String> = csv
        .date
        .iter()
        .map(|format| match format {
            DateFormat::Iso => "\"iso\"".to_owned(),
            DateFormat::EpochSeconds => "\"epoch-seconds\"".to_owned(),
            DateFormat::EpochMilliseconds => "\"epoch-milliseconds\"".to_owned(),
            DateFormat::EpochMicroseconds => "\"epoch-microseconds\"".to_owned(),
            DateFormat::Pattern(pattern) => format!("{pattern:?}"),
        })
        .collect();
    BadRecord::rejected(
        "time does not fit the date format",
        format!("{text:?} is no time between 1971 and 2100 as {} has it", formats.join(" or ")),
        "set `date` of this source to the format of its time column, or mend the cell",
    )
}

fn ambiguous(text: &str, first: &Moment, other: &Moment) -> BadRecord {
    BadRecord::rejected(
        "time fits two date formats",
        format!("{text:?} is {first} by one format of `date` and {other} by another"),
        "make two sources of the files that are written in two ways, each with its own `date`",
    )
}

fn no_zone(text: &str) -> BadRecord {
    BadRecord::rejected(
        "time without zone",
        format!("{text:?} names no zone, and the source declares none"),
        "set `timezone` of this source, for example \"Europe/Paris\" or \"UTC\"",
    )
}

fn no_clock(clock: &str, format: &str) -> BadRecord {
    BadRecord::rejected(
        "clock does not fit its format",
        format!("{clock:?} is no time of day as {format:?} has it"),
        "set `clock_format` of this source to the format of its clock column, or mend the cell",
    )
}

/// The first moment with this clock on that day, or after that start; in a transcript as many days later as its clock has
/// passed midnight. `None` if a start with a zone of its own meets a clock without one.
fn with_clock(start: &Moment, clock: Time, run: Option<ClockRun>, zone: Option<&TimeZone>) -> Option<Moment> {
    let ClockRun { first, days } = run.unwrap_or(ClockRun { first: clock, days: 0 });
    let later = Span::new().days(i32::from(days));
    let start = match start {
        Moment::Day(day) => return Some(Moment::Local(day.saturating_add(later).to_datetime(clock))),
        Moment::Local(start) => *start,
        Moment::Exact(start) => start.to_zoned(zone?.clone()).datetime(),
    };
    let earliest = start.saturating_sub(Span::new().minutes(BEFORE_START));
    let same_day = earliest.date().to_datetime(first);
    let first_day =
        if same_day < earliest { earliest.date().saturating_add(Span::new().days(1)) } else { earliest.date() };
    Some(Moment::Local(first_day.saturating_add(later).to_datetime(clock)))
}

fn moment(text: &str, format: &DateFormat) -> Option<Moment> {
    match format {
        DateFormat::EpochSeconds => epoch(text, 1_000_000),
        DateFormat::EpochMilliseconds => epoch(text, 1_000),
        DateFormat::EpochMicroseconds => epoch(text, 1),
        DateFormat::Iso => iso(text),
        DateFormat::Pattern(pattern) => patterned(text, pattern),
    }
}

fn epoch(text: &str, microseconds: i64) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let microseconds = whole.parse::<i64>().ok()?.checked_mul(microseconds)?;
    Some(Moment::Exact(Timestamp::from_microsecond(microseconds).ok()?))
}

/// RFC 3339 / ISO 8601, with a space for the `T` and before the zone as databases write it.
fn iso(text: &str) -> Option<Moment> {
    let joined = match text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")) {
        Some(local) => format!("{}Z", local.trim_end()),
        None => match text.rsplit_once(' ') {
            Some((local, offset)) if offset.starts_with(['+', '-']) => format!("{local}{offset}"),
            _ => text.to_owned(),
        },
    };
    if let Ok(exact) = joined.parse::<Timestamp>() {
        return Some(Moment::Exact(exact));
    }
    // Only the day counts for one that is nothing else: `20190403T151913` has a clock, too.
    if !joined.contains(['T', 't', ' ', ':', '[']) {
        return Some(Moment::Day(joined.parse().ok()?));
    }
    // RFC 9557: the zone's name in brackets.
    if let Some((local, zone)) = joined.strip_suffix(']').and_then(|joined| joined.split_once('[')) {
        let local: DateTime = local.parse().ok()?;
        return Some(Moment::Exact(local.to_zoned(zone_named(zone)?).ok()?.timestamp()));
    }
    joined.parse().ok().map(Moment::Local)
}

fn patterned(text: &str, pattern: &str) -> Option<Moment> {
    let parsed = strtime::parse(pattern, text).ok()?;
    if parsed.timestamp().is_some() || parsed.offset().is_some() {
        return parsed.to_timestamp().ok().map(Moment::Exact);
    }
    if parsed.iana_time_zone().is_some() {
        return parsed.to_zoned().ok().map(|exact| Moment::Exact(exact.timestamp()));
    }
    if parsed.hour().is_some() {
        return parsed.to_datetime().ok().map(Moment::Local);
    }
    parsed.to_date().ok().map(Moment::Day)
}

/// Cut towards the past, also before 1970.
fn whole_seconds(time: Timestamp) -> i64 {
    time.as_millisecond().div_euclid(1_000)
}

/// A time on the clock of a zone, by the stated rule where that clock showed it twice or never.
fn local_time(
    local: DateTime,
    zone: Option<&TimeZone>,
    csv: &CsvMapping,
    text: &str,
    changes: &mut Vec<String>,
) -> Result<i64, BadRecord> {
    let found = zone.ok_or_else(|| no_zone(text))?.to_ambiguous_timestamp(local);
    let what = match found.offset() {
        AmbiguousOffset::Unambiguous { .. } => "",
        AmbiguousOffset::Gap { .. } => "skips",
        AmbiguousOffset::Fold { .. } => "repeats",
    };
    let is_gap = what == "skips";
    let (resolved, which) = match csv.daylight_saving {
        DaylightSaving::Compatible if is_gap => (found.later(), "later"),
        DaylightSaving::Compatible | DaylightSaving::Earlier => (found.earlier(), "earlier"),
        DaylightSaving::Later => (found.later(), "later"),
        DaylightSaving::Reject if what.is_empty() => (found.earlier(), ""),
        DaylightSaving::Reject => {
            return Err(BadRecord::rejected(
                "time shown twice or never",
                format!("{text:?} falls into the hour that daylight saving {what}"),
                "set `daylight_saving` of this source to \"earlier\" or \"later\", or mend the cell",
            ));
        }
    };
    if !what.is_empty() {
        changes.push(format!("time falls into the hour that daylight saving {what}: read as the {which} one"));
    }
    resolved.map(whole_seconds).map_err(|_| misfit(text, csv))
}
