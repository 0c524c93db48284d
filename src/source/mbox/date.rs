//! The date of a `From ` line, in the layouts that mail programs have written over forty years.
//!
//! RFC 4155 names asctime in UTC; practice adds zones before or after the year, RFC 5322 dates, missing
//! weekdays and missing seconds. A line without a date we understand is no separator but text.

use super::super::zones::zone_hours;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use memchr::memchr;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The date in a separator line (`From ` included, line end excluded) in Unix seconds; no zone means UTC.
/// `None` if the line is no separator.
pub(in super::super) fn of_separator(line: &[u8]) -> Option<i64> {
    let rest = line.strip_prefix(b"From ")?;
    as_asctime_writes_it(rest).or_else(|| in_any_layout(rest))
}

/// `user@example.com Tue Mar 19 09:13:51 2019`, as most separators are, read by place. No other word holds a colon, so that no
/// date can be found further ahead.
fn as_asctime_writes_it(rest: &[u8]) -> Option<i64> {
    let (before, date) = rest.split_last_chunk::<25>()?;
    let [gap, weekday @ .., b' ', m1, m2, m3, b' ', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2, b' ', _, _, _, _] =
        date
    else {
        return None;
    };
    let two = |tens: &u8, ones: &u8| -> Option<i64> {
        let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
        is_number.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let is_first = matches!(gap, b' ' | b'\t') && is_weekday(weekday) && memchr(b':', before).is_none();
    let month = month_number(&[*m1, *m2, *m3]).filter(|_| is_first)?;
    let day = two(if *d1 == b' ' { &b'0' } else { d1 }, d2)?;
    let hour = two(h1, h2).filter(|hour| *hour < 24)?;
    let minute = two(n1, n2).filter(|minute| *minute < 60)?;
    let second = two(s1, s2).filter(|second| *second <= 60)?;
    let year = number(date.get(21..)?, 4, 4)?;
    unix_seconds(year, month, day, hour * 3600 + minute * 60 + second, None)
}

fn in_any_layout(rest: &[u8]) -> Option<i64> {
    let words: Vec<&[u8]> = rest.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
    // The address may be absent, `-`, or hold spaces ("user at example.com"): the date starts at the first word from
    // which one can be read to the end of the line.
    (0..words.len()).find_map(|start| words.get(start..).and_then(date))
}

fn date(words: &[&[u8]]) -> Option<i64> {
    let words = match words {
        [first, rest @ ..] if is_weekday(first) => rest,
        _ => words,
    };
    asctime(words).or_else(|| rfc5322(words))
}

/// `Mar 19 09:13:51 [zone] 2019 [zone]`
fn asctime(words: &[&[u8]]) -> Option<i64> {
    let [month, day, clock, rest @ ..] = words else { return None };
    let (month, day, clock) = (month_number(month)?, number(day, 1, 2)?, seconds_of_day(clock)?);
    let (before, rest) = zone(rest);
    let [year, rest @ ..] = rest else { return None };
    let year = number(year, 4, 4)?;
    let (after, rest) = zone(rest);
    ends_well(rest).then(|| unix_seconds(year, month, day, clock, before.or(after)))?
}

/// `05 Feb 2009 22:34:43 [zone]`
fn rfc5322(words: &[&[u8]]) -> Option<i64> {
    let [day, month, year, clock, rest @ ..] = words else { return None };
    let (day, month, clock) = (number(day, 1, 2)?, month_number(month)?, seconds_of_day(clock)?);
    let year = match number(year, 2, 4)? {
        // RFC 5322 section 4.3: years of two and three digits.
        year @ 0..=49 if year_digits(words) == 2 => year + 2000,
        year if year_digits(words) < 4 => year + 1900,
        year => year,
    };
    let (zone, rest) = zone(rest);
    ends_well(rest).then(|| unix_seconds(year, month, day, clock, zone))?
}

fn year_digits(words: &[&[u8]]) -> usize {
    words.get(2).map_or(0, |year| year.len())
}

/// What may follow the date: nothing, a comment, or UUCP's `remote from host` (RFC 976). Anything else is prose.
fn ends_well(rest: &[&[u8]]) -> bool {
    match rest {
        [] | [b"remote", b"from", ..] => true,
        [first, ..] => first.starts_with(b"("),
    }
}

fn is_weekday(word: &[u8]) -> bool {
    let word = word.strip_suffix(b",").unwrap_or(word);
    WEEKDAYS.iter().any(|day| abbreviates(word, day))
}

fn month_number(word: &[u8]) -> Option<i64> {
    let index = MONTHS.iter().position(|month| abbreviates(word, month))?;
    i64::try_from(index + 1).ok()
}

/// `Tue`, `Tues` and `Tuesday`, in any case.
fn abbreviates(word: &[u8], name: &str) -> bool {
    word.len() >= 3 && name.as_bytes().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn number(word: &[u8], least: usize, most: usize) -> Option<i64> {
    if word.len() < least || word.len() > most || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// `9:13`, `09:13:51`; a leap second counts as the second after :59.
fn seconds_of_day(word: &[u8]) -> Option<i64> {
    let mut parts = word.split(|byte| *byte == b':');
    let hour = number(parts.next()?, 1, 2).filter(|hour| *hour < 24)?;
    let minute = number(parts.next()?, 2, 2).filter(|minute| *minute < 60)?;
    let second = match parts.next() {
        Some(second) => number(second, 2, 2).filter(|second| *second <= 60)?,
        None => 0,
    };
    parts.next().is_none().then_some(hour * 3600 + minute * 60 + second)
}

/// A zone at the start of `words` in seconds east of UTC, and the words after it.
fn zone<'a, 'b>(words: &'a [&'b [u8]]) -> (Option<i64>, &'a [&'b [u8]]) {
    let Some((first, rest)) = words.split_first() else { return (None, words) };
    if let Some(offset) = numeric_zone(first) {
        return (Some(offset), rest);
    }
    if first.len() > 5 || !first.iter().all(u8::is_ascii_uppercase) {
        return (None, words);
    }
    // A name that means several zones, or none, counts as UTC; but for British Summer Time, which stands in real separators.
    let name = std::str::from_utf8(first).unwrap_or_default();
    let hours = if name == "BST" { 1 } else { zone_hours(name).unwrap_or(0) };
    match rest {
        // `MET DST`: summer time, one hour further east.
        [b"DST", rest @ ..] => (Some((hours + 1) * 3600), rest),
        _ => (Some(hours * 3600), rest),
    }
}

/// `+0100`, `-05:30`, `GMT+0100`
fn numeric_zone(word: &[u8]) -> Option<i64> {
    let word = word.strip_prefix(b"GMT").or_else(|| word.strip_prefix(b"UTC")).unwrap_or(word);
    let (sign, digits) = match word.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (number(&[*h1, *h2], 2, 2)?, number(&[*m1, *m2], 2, 2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn unix_seconds(year: i64, month: i64, day: i64, clock: i64, zone: Option<i64>) -> Option<i64> {
    let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let midnight = DateTime::from_parts(date, Time::midnight()).to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    // With its zone a day may lie beyond the last one that there is.
    Timestamp::from_second(midnight + clock - zone.unwrap_or(0)).ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2019-03-19 09:13:51 UTC.
    const SPRING: i64 = 1_552_986_831;

    fn at(line: &str) -> Option<i64> {
        of_separator(line.as_bytes())
    }

    #[test]
    fn asctime_is_utc_unless_a_zone_says_otherwise() {
        assert_eq!(at("From a@b.example Tue Mar 19 09:13:51 2019"), Some(SPRING));
        assert_eq!(at("From 1628@xxx Tue Mar 19 09:13:51 +0000 2019"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue Mar 19 10:13:51 2019 +0100"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue Mar 19 04:13:51 EST 2019"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue Mar 19 04:13:51 2019 EST"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue Mar 19 14:43:51 +05:30 2019"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue Mar 19 10:13:51 GMT+0100 2019"), Some(SPRING));
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_by_place_is_what_any_layout_gives(
            before in "([a-z@.-]{0,6}|[A-Z][a-z]{2} |1:2|[ \\t]){0,3}",
            date in "[ \\ta](Mon|tue|Sunday|Xyz|   ) (Jan|feb|MAR|May|12 ) ([ 0-3][0-9]|  ) [0-2][0-9]:[0-6][0-9]:[0-6 ][0-9] (19|20|0| )[0-9]{2}",
        ) {
            let rest = format!("{before}{date}");
            if let Some(found) = as_asctime_writes_it(rest.as_bytes()) {
                proptest::prop_assert_eq!(Some(found), in_any_layout(rest.as_bytes()), "{}", rest);
            }
        }
    }

    #[test]
    fn the_usual_separator_is_read_by_place() {
        for rest in [
            "a@b.example Tue Mar 19 09:13:51 2019",
            "- tue mar 19 09:13:51 2019",
            "user at b.example Tue Mar 19 09:13:51 2019",
        ] {
            assert_eq!(as_asctime_writes_it(rest.as_bytes()), Some(SPRING), "{rest}");
        }
        assert_eq!(as_asctime_writes_it(b"x Tue Mar  5 09:13:51 2019"), Some(1_551_777_231));
        for other in [
            "Tue Mar 19 09:13:51 2019",
            "a Tue Mar 19 09:13:51 +0000 2019",
            "x Jan 1 00:00 2001 (Tue Mar 19 09:13:51 2019",
        ] {
            assert_eq!(as_asctime_writes_it(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn summer_time_written_as_a_second_word_is_an_hour_further_east() {
        assert_eq!(at("From a@b.example Tue Mar 19 11:13:51 MET DST 2019"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue Mar 19 10:13:51 MET 2019"), Some(SPRING));
    }

    #[test]
    fn an_unknown_zone_name_does_not_hide_a_separator() {
        assert_eq!(at("From a@b.example Tue Mar 19 09:13:51 XYZ 2019"), Some(SPRING));
    }

    #[test]
    fn the_day_may_be_padded_by_a_space_or_a_zero_or_nothing() {
        let march_5 = Some(1_551_777_231);
        assert_eq!(at("From a@b.example Tue Mar  5 09:13:51 2019"), march_5);
        assert_eq!(at("From a@b.example Tue Mar 05 09:13:51 2019"), march_5);
        assert_eq!(at("From a@b.example Tue Mar 5 9:13:51 2019"), march_5);
    }

    #[test]
    fn seconds_and_weekday_may_be_missing() {
        assert_eq!(at("From a@b.example Tue Mar 19 09:13 2019"), Some(SPRING - 51));
        assert_eq!(at("From a@b.example Mar 19 09:13:51 2019"), Some(SPRING));
        assert_eq!(at("From a@b.example 19 Mar 2019 09:13:51"), Some(SPRING));
    }

    #[test]
    fn rfc_5322_dates_are_separators_too() {
        assert_eq!(at("From a@b.example Tue, 19 Mar 2019 10:13:51 +0100"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue, 19 Mar 2019 10:13:51 +0100 (CET)"), Some(SPRING));
        assert_eq!(at("From a@b.example Tue, 19 Mar 19 09:13:51 GMT"), Some(SPRING));
        assert_eq!(at("From a@b.example Wed, 19 Mar 97 09:13:51 GMT"), Some(858_762_831));
    }

    #[test]
    fn the_address_may_be_a_dash_or_missing_or_hold_spaces() {
        assert_eq!(at("From - Tue Mar 19 09:13:51 2019"), Some(SPRING));
        assert_eq!(at("From Tue Mar 19 09:13:51 2019"), Some(SPRING));
        assert_eq!(at("From  Tue Mar 19 09:13:51 2019"), Some(SPRING));
        assert_eq!(at("From leela at planet.example Tue Mar 19 09:13:51 2019"), Some(SPRING));
        assert_eq!(at("From MAILER-DAEMON (Mail Delivery) Tue Mar 19 09:13:51 2019"), Some(SPRING));
        assert_eq!(of_separator(b"From l\xe9a@b.example Tue Mar 19 09:13:51 2019"), Some(SPRING));
    }

    #[test]
    fn git_and_uucp_leave_their_marks() {
        assert_eq!(at("From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001"), Some(1_000_684_800));
        assert_eq!(at("From leela Tue Mar 19 09:13:51 2019 remote from planet"), Some(SPRING));
    }

    #[test]
    fn a_leap_second_is_a_time_of_day() {
        assert_eq!(at("From a@b.example Sat Dec 31 23:59:60 2016"), Some(1_483_228_800));
    }

    #[test]
    fn prose_is_not_a_separator() {
        for line in [
            "From here on we ship.",
            "From ",
            "From",
            "From: a@b.example Tue Mar 19 09:13:51 2019",
            "from a@b.example Tue Mar 19 09:13:51 2019",
            "From Tue Mar 19 on nothing worked",
            "From the log of Tue Mar 19 09:13:51 2019 we learn that it rained",
            "From a@b.example Tue Feb 30 09:13:51 2019",
            "From a@b.example Thu Dec 30 23:59:59 9999 -2359",
            "From a@b.example Tue Mar 19 25:13:51 2019",
            "From a@b.example Tue Mar 19 09:61 2019",
            "From a@b.example",
        ] {
            assert_eq!(at(line), None, "{line}");
        }
    }
}
