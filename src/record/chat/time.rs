//! The time of a chat row, by the declared format and zone; never guessed.

use crate::mapping::{CsvMapping, DateFormat};
use crate::record::BadRecord;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// 1971-01-01 and 2101-01-01: outside of these a time is not early or late but read with the wrong format.
const PLAUSIBLE: std::ops::Range<i64> = 31_536_000..4_133_980_800;

/// Reads a time; Unix seconds, fractions cut off.
pub(super) fn read(text: &str, csv: &CsvMapping, changes: &mut Vec<String>) -> Result<i64, BadRecord> {
    if text.is_empty() {
        return Err(BadRecord::rejected(
            "no time",
            format!("the cell under {:?} is empty", csv.columns.time),
            "fill the cell in the table, or name the column that holds the time under `columns`",
        ));
    }
    let moment = match &csv.date {
        DateFormat::EpochSeconds => epoch(text, 1),
        DateFormat::EpochMilliseconds => epoch(text, 1_000),
        DateFormat::Iso => iso(text),
        DateFormat::Pattern(pattern) => patterned(text, pattern),
    };
    let seconds = match moment.ok_or_else(|| misfit(text, csv))? {
        Moment::Exact(seconds) => seconds,
        Moment::Local(local) => {
            let zone = csv.timezone.as_ref().ok_or_else(|| no_zone(text))?;
            in_zone(local, zone, changes).ok_or_else(|| misfit(text, csv))?
        }
    };
    if PLAUSIBLE.contains(&seconds) { Ok(seconds) } else { Err(misfit(text, csv)) }
}

/// A time, with or without knowledge of its zone.
enum Moment {
    Exact(i64),
    Local(DateTime),
}

fn misfit(text: &str, csv: &CsvMapping) -> BadRecord {
    let format = match &csv.date {
        DateFormat::Iso => "iso",
        DateFormat::EpochSeconds => "epoch-seconds",
        DateFormat::EpochMilliseconds => "epoch-milliseconds",
        DateFormat::Pattern(pattern) => pattern,
    };
    BadRecord::rejected(
        "time does not fit the date format",
        format!("{text:?} is no time between 1971 and 2100 as {format:?} has it"),
        "set `date` of this source to the format of its time column, or mend the cell",
    )
}

fn no_zone(text: &str) -> BadRecord {
    BadRecord::rejected(
        "time without zone",
        format!("{text:?} names no zone, and the source declares none"),
        "set `timezone` of this source, for example \"Europe/Paris\" or \"UTC\"",
    )
}

fn epoch(text: &str, units_per_second: i64) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Moment::Exact(whole.parse::<i64>().ok()?.div_euclid(units_per_second)))
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
        return Some(Moment::Exact(whole_seconds(exact)));
    }
    joined.parse().ok().map(Moment::Local)
}

fn patterned(text: &str, pattern: &str) -> Option<Moment> {
    let parsed = strtime::parse(pattern, text).ok()?;
    if parsed.timestamp().is_some() || parsed.offset().is_some() {
        return parsed.to_timestamp().ok().map(|exact| Moment::Exact(whole_seconds(exact)));
    }
    if parsed.iana_time_zone().is_some() {
        return parsed.to_zoned().ok().map(|exact| Moment::Exact(whole_seconds(exact.timestamp())));
    }
    let local =
        if parsed.hour().is_some() { parsed.to_datetime().ok()? } else { parsed.to_date().ok()?.at(0, 0, 0, 0) };
    Some(Moment::Local(local))
}

/// Cut towards the past, also before 1970.
fn whole_seconds(time: Timestamp) -> i64 {
    time.as_millisecond().div_euclid(1_000)
}

fn in_zone(local: DateTime, zone: &TimeZone, changes: &mut Vec<String>) -> Option<i64> {
    let found = zone.to_ambiguous_timestamp(local);
    match found.offset() {
        AmbiguousOffset::Unambiguous { .. } => {}
        AmbiguousOffset::Gap { .. } => {
            changes.push("time falls into the hour that daylight saving skips: read as the later one".to_owned());
        }
        AmbiguousOffset::Fold { .. } => {
            changes.push("time falls into the hour that daylight saving repeats: read as the earlier one".to_owned());
        }
    }
    found.compatible().ok().map(whole_seconds)
}
