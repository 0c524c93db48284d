//! When a mail was sent.

use super::charset::decode_raw_header;
use super::header::{Fields, unfold};
use super::parser;
use crate::mapping::{DateFallback, Mapping};
use crate::record::BadRecord;
use crate::source::RawMail;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// 1971-01-01: nothing that is called a mail today is older; earlier values are a clock that was never set.
const EARLIEST: i64 = 31_536_000;
/// 2101-01-01. A fixed bound, since no clock may decide what a message is.
const LATEST: i64 = 4_133_980_800;

/// The date of a mail in Unix seconds: Date, else the latest plausible Received, else the mbox separator, else what
/// the mapping says. A replaced or implausible date is a line in `changes`.
pub(super) fn read(
    fields: &Fields<'_>,
    mail: &RawMail,
    mapping: &Mapping,
    changes: &mut Vec<String>,
) -> Result<i64, BadRecord> {
    let stated = fields.first("Date");
    if let Some(date) = stated.and_then(parse).filter(|date| *date > 0) {
        if date < EARLIEST {
            changes.push("date before 1971".to_owned());
        } else if date >= LATEST {
            changes.push("date after 2100".to_owned());
        }
        return Ok(date);
    }
    let reason = if stated.is_some() { "the Date field cannot be read" } else { "there is no Date field" };
    let (date, source) = substitute(fields, mail, mapping).ok_or_else(|| no_date(reason))?;
    changes.push(format!("date taken from {source}: {reason}"));
    Ok(date)
}

fn substitute(fields: &Fields<'_>, mail: &RawMail, mapping: &Mapping) -> Option<(i64, &'static str)> {
    let plausible = |date: &i64| (EARLIEST..LATEST).contains(date);
    let received = fields.all("Received").filter_map(received_date).filter(plausible).max();
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
    parse(value.get(at + 1..)?)
}

/// Reads a date; Unix seconds.
///
/// The strict reader knows RFC 5322 with its obsolete forms (named zones, two-digit years, comments); a wrong weekday
/// is forgiven. What it refuses goes to the lenient one.
pub(super) fn parse(value: &[u8]) -> Option<i64> {
    const READER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    let line = unfold(value);
    let text = decode_raw_header(&line).0;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let strict = |text: &str| READER.parse_timestamp(text).ok().map(Timestamp::as_second);
    let iso = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_second);
    strict(text)
        .or_else(|| iso(text))
        .or_else(|| strict(&with_whole_zone(text)?))
        .or_else(|| parser::lenient_date(text))
}

/// The date with its zone mended: `-600` means `-0600`, and where there is none it is UTC, as other mail programs have it.
fn with_whole_zone(text: &str) -> Option<String> {
    let (rest, last) = text.rsplit_once(' ')?;
    if last.contains(':') {
        return Some(format!("{text} +0000"));
    }
    let digits = last.strip_prefix(['+', '-']).filter(|digits| digits.len() == 3)?;
    let sign = last.get(..1)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{rest} {sign}0{digits}"))
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
        ] {
            assert_eq!(parse(text.as_bytes()), Some(880_127_706), "{text}");
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
}
