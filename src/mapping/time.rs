//! How the times of a chat table are written: format and zone.

use super::choice::Choice;
use super::findings::{Findings, any_of, nearest, quoted};
use super::schema::DateWord;
use super::section::Text;
use super::table::DateFormat;
use jiff::Zoned;
use jiff::civil::{DateTime, Time, date};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::fmt::Display;
use std::sync::LazyLock;

/// The zones that come with the program. The machine's own would make a plan differ from machine to machine, and a
/// slim container has none.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Longer patterns are a mistake, and formatting the sample with one would cost time and memory.
const LONGEST_PATTERN: usize = 200;

/// A format, and whether times written in it say their zone. `iso` times may, and those that do not are rejected one by one.
pub(super) fn date_format(found: &mut Findings, text: &Text) -> Option<(DateFormat, bool)> {
    if let Some((_, word)) = DateWord::WORDS.iter().find(|(word, _)| *word == text.value) {
        let format = match word {
            DateWord::Iso => DateFormat::Iso,
            DateWord::EpochSeconds => DateFormat::EpochSeconds,
            DateWord::EpochMilliseconds => DateFormat::EpochMilliseconds,
            DateWord::EpochMicroseconds => DateFormat::EpochMicroseconds,
        };
        return Some((format, true));
    }
    let words = DateWord::WORDS.iter().map(|(word, _)| *word);
    let fault = if is_open(text) {
        let help = "write how its times are written; the comment at this line says what was seen";
        Fault { reason: "`date` is still to be filled in".to_owned(), help: help.to_owned() }
    } else if text.value.contains('%') {
        match check_pattern(text.value) {
            Ok(says_zone) => return Some((DateFormat::Pattern(text.value.to_owned()), says_zone)),
            Err(fault) => fault,
        }
    } else {
        let help = match nearest(text.value, words.clone()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("use {} or a pattern such as \"%Y-%m-%d %H:%M:%S\"", any_of(words)),
        };
        Fault { reason: format!("{} is no date format", quoted(text.value)), help }
    };
    found.report(&text.at, fault.reason, "not usable as a date format", fault.help);
    None
}

/// The format of a clock column: it must say hour and minute, and be read back as it was written.
pub(super) fn clock_format(found: &mut Findings, text: &Text) -> Option<String> {
    let clock = Time::constant(15, 4, 0, 0);
    let returned = (text.value.len() <= LONGEST_PATTERN)
        .then(|| BrokenDownTime::from(clock).to_string(text.value).ok())
        .flatten()
        .and_then(|written| BrokenDownTime::parse(text.value, written.trim()).ok()?.to_time().ok());
    if returned == Some(clock) {
        return Some(text.value.to_owned());
    }
    let title = format!("{} is no format of a time of day", quoted(text.value));
    found.report(
        &text.at,
        title,
        "not usable as a clock format",
        "use \"%H:%M:%S\", or \"%I:%M %p\" for a 12-hour clock",
    );
    None
}

struct Fault {
    reason: String,
    help: String,
}

/// Midnight of a leap day, noon, and the last second of a year.
const CORNERS: [(i16, i8, i8, i8, i8, i8); 3] =
    [(2000, 2, 29, 0, 0, 0), (2011, 1, 12, 12, 30, 0), (2002, 12, 31, 23, 59, 59)];

/// Times that tell patterns apart: month, day, hour, minute and second with one digit and with two in every combination,
/// which differ among each other, with hours that tell 12-hour clocks from 24-hour ones; every value of each, for a digit
/// that may or may not begin another number (`%-d%Y`); and [`CORNERS`].
fn probes() -> impl Iterator<Item = DateTime> {
    let every = (0..32_u8).map(|bits| {
        let pick = |bit: u8, one: i8, two: i8| if bits >> bit & 1 == 0 { two } else { one };
        (2019, pick(0, 1, 11), pick(1, 2, 23), pick(2, 9, 15), pick(3, 4, 34), pick(4, 5, 56))
    });
    // January and December have all days.
    let days = (1..=31_i8).map(|day| (2000 + i16::from(day), 1 + 11 * (day % 2), day, day % 24, day, 59 - day));
    let (months, hours) =
        ((1..=12).map(|month| (2009, month, 9, 0, 0, 0)), (0..24).map(|hour| (1998, 7, 7, hour, hour, 0)));
    let minutes = (0..60).map(|minute| (2031, 3, 3, 3, minute, 59 - minute));
    every
        .chain(CORNERS)
        .chain(days)
        .chain(months)
        .chain(hours)
        .chain(minutes)
        .map(|(year, month, day, hour, minute, second)| date(year, month, day).at(hour, minute, second, 0))
}

/// Writes known moments with the pattern and reads them back: what does not return as the same moment would not be
/// read from a table either, or be read wrongly. Tells whether the pattern says the zone.
fn check_pattern(pattern: &str) -> Result<bool, Fault> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(unusable("it is too long"));
    }
    let paris = ZONES.get("Europe/Paris").unwrap_or(TimeZone::UTC);
    let mut says_zone = true;
    for local in probes() {
        let moment = local.to_zoned(paris.clone()).map_err(unusable)?;
        says_zone &= check_moment(pattern, &moment)?;
    }
    Ok(says_zone)
}

fn unusable(reason: impl Display) -> Fault {
    Fault {
        reason: format!("the date pattern cannot be used: {reason}"),
        help: "use strftime directives that can be read back, such as \"%Y-%m-%d %H:%M:%S\" or \"%d/%m/%Y %I:%M %p\""
            .to_owned(),
    }
}

/// Writes one moment and reads it back. Tells whether its zone was read, too.
fn check_moment(pattern: &str, moment: &Zoned) -> Result<bool, Fault> {
    let written = BrokenDownTime::from(moment).to_string(pattern).map_err(unusable)?;
    // As cells are, without blanks around it: `%t` at the end would fit none.
    let read = BrokenDownTime::parse(pattern, written.trim()).map_err(|fault| {
        if pattern.contains("%Z") {
            Fault {
                reason: "abbreviations of zones (%Z) cannot be read: one means several zones".to_owned(),
                help: "use a column with offsets (%z), or without zone and set `timezone`".to_owned(),
            }
        } else {
            unusable(fault)
        }
    })?;
    let says_zone = read.offset().is_some() || read.timestamp().is_some() || read.iana_time_zone().is_some();
    let returned = if says_zone {
        read.to_zoned_with(&ZONES).map(|zoned| zoned.with_time_zone(moment.time_zone().clone()).datetime())
    } else {
        read.to_datetime()
    };
    let returned = returned.map_err(unusable)?;
    if is_same_moment(&read, returned, moment.datetime()) {
        Ok(says_zone)
    } else {
        Err(Fault {
            reason: format!(
                "the date pattern is ambiguous: it writes {} as {written:?} and reads that as {returned}",
                moment.datetime()
            ),
            help: "name year, month and day in full, and the hour by %H, or by %I together with %p".to_owned(),
        })
    }
}

/// Is `returned` the moment, as far as the pattern says it? Parts of the time that it leaves out are zero.
fn is_same_moment(read: &BrokenDownTime, returned: DateTime, moment: DateTime) -> bool {
    let time = if read.timestamp().is_some() || read.second().is_some() {
        moment.time()
    } else if read.minute().is_some() {
        Time::constant(moment.hour(), moment.minute(), 0, 0)
    } else if read.hour().is_some() {
        Time::constant(moment.hour(), 0, 0, 0)
    } else {
        Time::midnight()
    };
    returned == moment.date().to_datetime(time)
}

/// A time of day in a checked format.
#[must_use]
pub fn clock_time(clock: &str, format: &str) -> Option<Time> {
    BrokenDownTime::parse(format, clock).ok()?.to_time().ok()
}

/// A time zone by its IANA name, ASCII case ignored, from the database that comes with the program.
#[must_use]
pub fn zone_named(name: &str) -> Option<TimeZone> {
    // jiff knows `Etc/Unknown` as a zone that behaves like UTC: a guess.
    if name.eq_ignore_ascii_case("Etc/Unknown") { None } else { ZONES.get(name).ok() }
}

/// What `threadlift init` writes where a guess would go wrong in silence.
fn is_open(text: &Text) -> bool {
    text.value == "TODO"
}

pub(super) fn zone(found: &mut Findings, text: &Text) -> Option<TimeZone> {
    let zone = zone_named(text.value);
    if is_open(text) {
        let help = "name the clock of the export by a city, such as \"Europe/London\", or \"UTC\"; ask its maker, do not guess";
        found.report(&text.at, "`timezone` is still to be filled in", "left open by `threadlift init`", help);
        return None;
    }
    if zone.is_none() {
        let help = match nearest_zone(text.value) {
            Some(zone) => format!("did you mean `{zone}`?"),
            None if is_abbreviation(text.value) || is_offset(text.value) => {
                "name the zone by a city, such as \"Europe/London\", or \"UTC\" (names of the IANA time zone database)"
                    .to_owned()
            }
            None => "use a name of the IANA time zone database, such as \"Europe/Paris\" or \"UTC\"".to_owned(),
        };
        found.report(&text.at, format!("unknown time zone {}", quoted(text.value)), "not an IANA time zone", help);
    }
    zone
}

/// The zone that was probably meant. None for abbreviations and offsets, of which the nearest is another zone: `EST` for
/// `BST`, or `Etc/GMT+1` for `GMT+1`, which lies on the other side of Greenwich.
fn nearest_zone(written: &str) -> Option<String> {
    if is_offset(written) {
        return None;
    }
    let names: Vec<String> = ZONES.available().map(|name| name.as_str().to_owned()).collect();
    let city = written.rsplit('/').next().unwrap_or(written).trim().replace(' ', "_");
    let by_city = || {
        let is_it = |name: &&String| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city));
        names.iter().find(is_it).map(String::as_str)
    };
    let by_spelling = || nearest(written, names.iter().map(String::as_str));
    let found = if is_abbreviation(written) { by_city() } else { by_spelling().or_else(by_city) };
    found.map(str::to_owned)
}

/// Letters of most abbreviations of zones: `Z`, `BST`, `AEDT`.
const LONGEST_ABBREVIATION: usize = 4;

fn is_abbreviation(written: &str) -> bool {
    let written = written.trim();
    (1..=LONGEST_ABBREVIATION).contains(&written.len()) && written.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// An offset from UTC, alone or behind an abbreviation.
fn is_offset(written: &str) -> bool {
    let written = written.trim();
    let letters = written.bytes().take_while(u8::is_ascii_alphabetic).count();
    let rest = written.get(letters..).unwrap_or_default().trim_start();
    let is_sign = |first: char| matches!(first, '+' | '-' | '\u{2212}') || first.is_ascii_digit();
    letters <= LONGEST_ABBREVIATION && rest.starts_with(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn says_zone(pattern: &str) -> Option<bool> {
        check_pattern(pattern).ok()
    }

    #[test]
    fn patterns_people_use_are_accepted_and_known_to_say_their_zone_or_not() {
        for pattern in [
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%d %H:%M",
            "%d.%m.%Y",
            "%d/%m/%y %H:%M",
            "%m/%d/%Y %I:%M:%S %p",
            "%-d %b %Y, %-I:%M%P",
            "%A, %B %d, %Y at %T",
            "%F %T%.f",
            "%Y%m%d%H%M%S",
        ] {
            assert_eq!(says_zone(pattern), Some(false), "{pattern}");
        }
        for pattern in ["%Y-%m-%dT%H:%M:%S%z", "%F %T %:z", "%F %T[%Q]", "%s"] {
            assert_eq!(says_zone(pattern), Some(true), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_would_be_read_wrongly_are_refused() {
        for pattern in [
            "%H:%M",
            "%Y-%m",
            "%d/%m %H:%M",
            "%Y-%m-%d %I:%M",
            "%c",
            "%J",
            "100%",
            "%Y-%m-%d %H:%M %Z",
            "%%",
            "%-d%-m%Y",
            "%-d%Y%d%Y%d%-Y%m",
            "%Y-%m-%d %-H%M",
            "%Y-%m-%d%t",
        ] {
            assert_eq!(says_zone(pattern), None, "{pattern}");
        }
        assert_eq!(says_zone(&"%Y".repeat(101)), None);
    }

    #[test]
    fn the_nearest_zone_is_found_by_spelling_and_by_city() {
        assert_eq!(nearest_zone("Europe/Pariss").as_deref(), Some("Europe/Paris"));
        assert_eq!(nearest_zone("new york").as_deref(), Some("America/New_York"));
        assert_eq!(nearest_zone("Mars/Olympus Mons"), None);
    }

    #[test]
    fn an_abbreviation_or_an_offset_is_not_answered_with_another_zone() {
        for written in
            ["GMT+1", "GMT +1", "UTC-05:00", "BST", "IST", "CEST", "Z", "+02:00", "-0500", "\u{2212}3", "pst", "2"]
        {
            assert_eq!(nearest_zone(written), None, "{written}");
            assert!(is_abbreviation(written) != is_offset(written), "{written}");
        }
        for (written, zone) in [("Rome", "Europe/Rome"), ("Madrid", "Europe/Madrid"), ("Etc/GMT+99", "Etc/GMT+9")] {
            assert_eq!(nearest_zone(written).as_deref(), Some(zone));
        }
    }

    proptest! {
        #[test]
        fn no_pattern_makes_the_check_panic(pattern in "(%[-_0^#:.]{0,3}[0-9]{0,4}[a-zA-Z%+]|[ -~]|é){0,30}") {
            let _ = check_pattern(&pattern);
        }
    }
}
