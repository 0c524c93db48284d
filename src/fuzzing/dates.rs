//! The fuzz target `dates`.

use super::checked;
use crate::mapping::{Format, Mapping, parse};
use crate::record::chat;
use crate::record::{Kind, Outcome};
use crate::source::RawRow;
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// What times of chat tables may be: 1971 to 2100.
const PLAUSIBLE: std::ops::Range<i64> = 31_536_000..4_133_980_800;

/// A date as mails, mbox separators and chat tables write it, and as a pattern for chat tables.
///
/// # Panics
/// If a time is outside of what its reader promises, or the same time is another when it is written plainly or by the
/// pattern that the mapping accepted.
pub fn dates(bytes: &[u8]) {
    crate::record::email::fuzzing::date(bytes);
    crate::source::fuzzing::separator_date(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for mapping in tables() {
        if let Some(time) = cell(text, mapping) {
            assert!(PLAUSIBLE.contains(&time), "{text:?} read as {time}");
        }
    }
    pattern(text);
}

fn table(date: &str) -> String {
    format!(
        "version = 1\ntarget = {{ inbox = \"Support\" }}\n[[source]]\nname = \"chat\"\nformat = \"csv\"\npath = \"t.csv\"\n\
         date = '{date}'\ntimezone = \"Europe/Paris\"\n\
         columns = {{ conversation = \"c\", time = \"t\", sender = \"s\", text = \"x\" }}\n"
    )
}

fn tables() -> &'static [Mapping] {
    const DATES: [&str; 5] =
        ["iso", "epoch-seconds", "epoch-milliseconds", "%d.%m.%Y %H:%M:%S", "%A, %-d %B %y %I:%M %p %z"];
    static MAPPINGS: OnceLock<Vec<Mapping>> = OnceLock::new();
    MAPPINGS.get_or_init(|| DATES.iter().map(|date| checked(&table(date))).collect())
}

/// The time of a row whose time cell is `text`.
fn cell(text: &str, mapping: &Mapping) -> Option<i64> {
    static HEADER: OnceLock<Arc<Vec<String>>> = OnceLock::new();
    let header = Arc::clone(HEADER.get_or_init(|| Arc::new(["c", "t", "s", "x"].map(str::to_owned).to_vec())));
    let row = RawRow { header, cells: ["1", text, "ada", "hello"].map(str::to_owned).to_vec(), zone: None, run: None };
    let source = mapping.sources.first()?;
    let Format::Csv(csv) = &source.format else { return None };
    match chat::from_row(&row, csv, &source.name, mapping) {
        Ok(Outcome::Record(record)) => {
            assert_eq!(record.kind, Kind::Row);
            record.date
        }
        _ => None,
    }
}

/// Times that a pattern may write so that they are read as others: single digits, midnight, noon, the ends of a year.
const TIMES: [i64; 8] = [
    951_782_400,   // 2000-02-29 00:00:00
    1_041_379_199, // 2002-12-31 23:59:59
    1_100_185_992, // 2004-11-11 15:13:12
    1_167_696_305, // 2007-01-02 00:05:05
    1_231_502_829, // 2009-01-09 12:07:09
    1_293_843_600, // 2011-01-01 01:00:00
    1_323_511_200, // 2011-12-10 10:00:00
    1_577_836_799, // 2019-12-31 23:59:59
];

/// A pattern that the mapping accepts reads every time that is written with it, as far as it says it.
fn pattern(pattern: &str) {
    if !pattern.contains('%') || pattern.contains(['\'', '\n']) || pattern.len() > 60 {
        return;
    }
    let Ok(mapping) = parse(Path::new("dates.toml"), &table(pattern).replace("Europe/Paris", "UTC")) else { return };
    for time in TIMES {
        let Ok(moment) = Timestamp::from_second(time) else { continue };
        let Ok(written) = strtime::format(pattern, &moment.to_zoned(TimeZone::UTC)) else {
            panic!("{pattern:?} was accepted and cannot write {time}")
        };
        let read = cell(&written, &mapping);
        // What a pattern leaves out is zero: minutes of the day, seconds of the minute.
        let cut = [1, 60, 3600, 86_400].map(|unit| Some(time - time.rem_euclid(unit)));
        assert!(cut.contains(&read), "{pattern:?} writes {time} as {written:?} and reads that as {read:?}");
    }
}
