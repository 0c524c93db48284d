//! When a mail was sent.

use super::charset::decode_raw_header;
use super::header::{Fields, unfold};
use super::loose_date;
use crate::mapping::{DateFallback, Mapping};
use crate::record::BadRecord;
use crate::source::RawMail;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// 1971-01-01: nothing that is called a mail today is older; earlier values are a clock that was never set.
const EARLIEST: i64 = 31_536_000;
/// 2101-01-01. A fixed bound, since no clock may decide what a message is.
const LATEST: i64 = 4_133_980_800;

/// A clock may be wrong by a day or a zone; mail that arrived more than this long before it was sent has a wrong date.
const EARLY_ARRIVAL: i64 = 2 * 86_400;

/// The date of a mail in Unix seconds: Date, else the latest plausible Received, else the mbox separator, else what
/// the mapping says. A repaired, replaced or implausible date is a line in `changes`.
pub(super) fn read(
    fields: &Fields<'_>,
    mail: &RawMail,
    mapping: &Mapping,
    changes: &mut Vec<String>,
) -> Result<i64, BadRecord> {
    let stated = fields.first("Date");
    let found = stated.and_then(parse);
    let received = latest_received(fields);
    if let Some(found) = found.as_ref().filter(|found| found.at > 0) {
        changes.extend(found.repair.map(str::to_owned));
        if found.at < EARLIEST {
            changes.push("date before 1971".to_owned());
        } else if found.at >= LATEST {
            changes.push("date after 2100".to_owned());
        } else if received.is_some_and(|received| found.at > received + EARLY_ARRIVAL) {
            changes.push("date more than two days after the mail arrived".to_owned());
        }
        return Ok(found.at);
    }
    let reason = match (stated, found) {
        (Some(_), Some(_)) => "the Date field is not after 1970-01-01",
        (Some(_), None) => "the Date field cannot be read",
        (None, _) => "there is no Date field",
    };
    let (date, source) = substitute(received, mail, mapping).ok_or_else(|| no_date(reason))?;
    changes.push(format!("date taken from {source}: {reason}"));
    Ok(date)
}

fn latest_received(fields: &Fields<'_>) -> Option<i64> {
    fields.all("Received").filter_map(received_date).filter(|date| (EARLIEST..LATEST).contains(date)).max()
}

fn substitute(received: Option<i64>, mail: &RawMail, mapping: &Mapping) -> Option<(i64, &'static str)> {
    let plausible = |date: &i64| (EARLIEST..LATEST).contains(date);
    if let Some(date) = received {
        return Some((date, "the latest Received field"));
    }
    if let Some(date) = mail.separator_date.filter(plausible) {
        return Some((date, "the mbox separator"));
    }
    match mapping.defaults.date_fallback {
        DateFallback::Reject => None,
        DateFallback::FileTime => Some((mail.file_time.filter(|time| *time > 0)?, "the file's modification time")),
        DateFallback::Fixed(day) => {
            let date = day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
            Some((date, "date_fallback in the mapping"))
        }
    }
}

fn no_date(reason: &str) -> BadRecord {
    BadRecord::rejected(
        "no date",
        format!("{reason}, and neither Received nor the mbox separator gives a date"),
        "set date_fallback = \"file-time\" or a fixed date (date_fallback = 2015-01-01) under [defaults] in the mapping",
    )
}

/// The date of a Received field stands after its last semicolon (RFC 5322 section 3.6.7).
fn received_date(value: &[u8]) -> Option<i64> {
    let at = memchr::memrchr(b';', value)?;
    parse(value.get(at + 1..)?).map(|found| found.at)
}

/// A date as read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Unix seconds.
    pub(super) at: i64,
    /// What had to be supposed, in words.
    pub(super) repair: Option<&'static str>,
}

/// Reads a date.
///
/// The strict reader knows RFC 5322 with its obsolete forms (named zones, two-digit years, comments); a wrong weekday
/// is forgiven. What it refuses, or reads with a zone that says nothing, goes to the loose one.
pub(super) fn parse(value: &[u8]) -> Option<Parsed> {
    const READER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    // RFC 5322 section 4.3: letters of the military zones were used wrongly and mean nothing, as do unknown names.
    const NAMED: [&str; 10] = ["UT", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"];
    let line = unfold(value);
    let text = without_comments(&decode_raw_header(&line).0);
    let text = text.trim();
    let zone = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    if (zone.starts_with(['+', '-']) || NAMED.contains(&zone))
        && let Ok(found) = READER.parse_timestamp(text)
    {
        return Some(Parsed { at: found.as_second(), repair: None });
    }
    loose_date::read(text).map(|found| Parsed { at: found.at, repair: Some(found.repair) })
}

/// The text without its comments, which may be nested; each leaves a space. A comment without end reaches to the end.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for character in text.chars() {
        match character {
            '(' => {
                depth += 1;
                kept.push(' ');
            }
            ')' => depth = depth.saturating_sub(1),
            other if depth == 0 => kept.push(other),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::testing::{mail, mapping};

    fn date(block: &str, raw: &RawMail, fallback: DateFallback) -> (Result<i64, BadRecord>, Vec<String>) {
        let mut mapping = mapping();
        mapping.defaults.date_fallback = fallback;
        let mut changes = Vec::new();
        (read(&Fields::split(block.as_bytes()), raw, &mapping, &mut changes), changes)
    }

    #[test]
    fn the_forms_that_mails_use_are_read() {
        for text in [
            "Fri, 21 Nov 1997 09:55:06 -0600",
            "21 Nov 97 09:55:06 CST",
            "Fri, 21 Nov 1997 09:55:06 -0600 (CST)",
            "Mon, 21 Nov 1997 15:55:06 GMT",
            "Fri,21 Nov 1997 15:55:06 +0000",
            "Fri, 21 Nov 1997 15:55:06 +0000 (GMT+00:00)",
            "1997-11-21T15:55:06Z",
            "Fri, 21 Nov 97 09:55:06 -600",
            "Fri, 21 Nov 1997 15:55:06",
            "(now) Fri, 21 (of (the)) Nov 1997 15:55:06 +0000",
            "Tue, 21 Nov 1997 10:55:06 EST",
            "Fri, 21 Nov 1997 15:55:06 Z",
            "Fri, 21 Nov 097 15:55:06 UT",
        ] {
            assert_eq!(parse(text.as_bytes()).map(|found| found.at), Some(880_127_706), "{text}");
        }
        assert_eq!(parse(b"soon"), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn a_good_date_field_needs_no_word() {
        let (found, changes) = date("Date: Fri, 21 Nov 1997 09:55:06 -0600\n", &mail(b""), DateFallback::Reject);
        assert_eq!(found.unwrap(), 880_127_706);
        assert!(changes.is_empty());
    }

    #[test]
    fn received_then_separator_stand_in_and_it_is_said() {
        let block = "Date: soon\nReceived: by b; Fri, 21 Nov 1997 15:55:08 +0000\n\
                     Received: by a; Fri, 21 Nov 1997 15:55:06 +0000\nReceived: by z; Fri, 21 Nov 2297 15:55:06 +0000\n";
        let (found, changes) = date(block, &mail(b""), DateFallback::Reject);
        assert_eq!(found.unwrap(), 880_127_708);
        assert_eq!(changes, ["date taken from the latest Received field: the Date field cannot be read"]);
        let raw = RawMail { separator_date: Some(880_127_000), ..mail(b"") };
        assert_eq!(date("", &raw, DateFallback::Reject).0.unwrap(), 880_127_000);
    }

    #[test]
    fn without_any_date_the_mapping_decides() {
        let bad = date("", &mail(b""), DateFallback::Reject).0.unwrap_err();
        assert_eq!(bad.cause, "no date");
        assert!(bad.remedy.contains("date_fallback"));
        let raw = RawMail { file_time: Some(1_000_000_000), ..mail(b"") };
        assert_eq!(date("", &raw, DateFallback::FileTime).0.unwrap(), 1_000_000_000);
        let day = DateFallback::Fixed(jiff::civil::date(2015, 1, 1));
        assert_eq!(date("", &mail(b""), day).0.unwrap(), 1_420_070_400);
    }

    #[test]
    fn dates_outside_reason_are_flagged_or_replaced() {
        let early = date("Date: Sat, 14 Mar 1970 00:00:00 +0000\n", &mail(b""), DateFallback::Reject);
        assert_eq!(early.1, ["date before 1971"]);
        let late = date("Date: Fri, 1 Jan 2150 00:00:00 +0000\n", &mail(b""), DateFallback::Reject);
        assert_eq!(late.1, ["date after 2100"]);
        let raw = RawMail { separator_date: Some(880_127_000), ..mail(b"") };
        let zero = date("Date: Thu, 1 Jan 1970 00:00:00 +0000\n", &raw, DateFallback::Reject);
        assert_eq!(zero.0.unwrap(), 880_127_000);
    }

    #[test]
    fn a_repaired_date_is_said() {
        let changes = |value: &str| date(&format!("Date: {value}\n"), &mail(b""), DateFallback::Reject).1;
        assert_eq!(changes("Fri, 21 Nov 1997 09:55:06"), ["date without zone read as UTC"]);
        assert_eq!(changes("Fri, 21 Nov 1997 09:55:06 -600"), ["date with its zone in an unusual form"]);
        assert_eq!(changes("Fri, 21 Nov 1997 09:55:06 A"), ["date with an unknown zone read as UTC"]);
        assert_eq!(changes("Fri Nov 21 09:55:06 1997 +0000"), ["date in an unusual form read by its words"]);
        assert_eq!(changes("Mon, 21 Nov 97 09:55:06 PDT (summer)"), [""; 0]);
    }

    #[test]
    fn a_mail_that_arrived_before_it_was_sent_is_flagged() {
        let block = |day: u8| {
            format!("Date: Sat, {day} Nov 1997 09:55:06 +0000\nReceived: by a; Fri, 21 Nov 1997 15:55:06 +0000\n")
        };
        let changes = |day: u8| date(&block(day), &mail(b""), DateFallback::Reject).1;
        assert_eq!(changes(29), ["date more than two days after the mail arrived"]);
        assert!(changes(22).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_dates_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            parse(&bytes);
        }

        #[test]
        fn what_is_printed_is_read_again(second in 31_536_000_i64..4_102_444_800) {
            let zoned = jiff::Timestamp::from_second(second).unwrap().to_zoned(TimeZone::UTC);
            let strict = jiff::fmt::rfc2822::to_string(&zoned).unwrap();
            proptest::prop_assert_eq!(parse(strict.as_bytes()), Some(Parsed { at: second, repair: None }));
            for form in ["%a %b %e %H:%M:%S %Y", "%A, %B %d, %Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M:%S"] {
                let written = zoned.strftime(form).to_string();
                proptest::prop_assert_eq!(parse(written.as_bytes()).map(|found| found.at), Some(second), "{}", written);
            }
        }
    }
}
