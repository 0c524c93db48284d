//! How one cell is written that is a time.

use regex::Regex;
use std::sync::LazyLock;

/// Moments that chats were written in: 2000 to 2100, Unix seconds.
const SECONDS: std::ops::Range<i64> = 946_684_800..4_102_444_800;

static CELL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)^
        (?: (?<ymd>\d{4}(?<ysep>[-/.])\d{1,2}[-/.]\d{1,2})
          | (?<first>\d{1,2})(?<sep>[-/.])(?<second>\d{1,2})[-/.](?<year>\d{4}|\d{2})
          | (?<words>[^\d:]{0,24}\d{1,2}[^\d:]{1,24}\d{4} | [^\d:]{3,24}\d{1,2},?\x20\d{4} | \d{1,2}-[A-Za-z]{3}-\d{2}) )
        (?: (?<between>T|,?\x20|,?\x20at\x20) (?<clock>\d{1,2}:\d{2}(?<second_hand>:\d{2})?(?<fraction>\.\d{1,9})?(?<half>\x20?[AaPp][Mm])?) )?
        (?<zone>Z|\x20?(?:UTC|GMT)|\x20?[+-]\d{2}:?\d{2})?
        $",
    )
    .ok()
});

/// Days with the name of their month.
const WORDS: [&str; 12] = [
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%a, %d %b %Y",
    "%A, %B %d, %Y",
    "%a, %b %d, %Y",
    "%A, %d %B %Y",
];

/// One way of writing, but for the order of day and month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Epoch(&'static str),
    Iso {
        says_zone: bool,
    },
    /// A whole pattern, and whether it says a zone.
    Pattern {
        pattern: String,
        zone: Zone,
    },
    /// Two numbers with this between them, of which one is the day; then the year, and the rest of the pattern.
    Either {
        sep: char,
        year: &'static str,
        rest: String,
        zone: Zone,
    },
}

impl Way {
    /// Does it say the time of day, too?
    pub(super) fn has_clock(&self) -> bool {
        let says_hour = |pattern: &String| pattern.contains("%H") || pattern.contains("%I");
        match self {
            Way::Epoch(_) | Way::Iso { .. } => true,
            Way::Pattern { pattern, .. } => says_hour(pattern),
            Way::Either { rest, .. } => says_hour(rest),
        }
    }
}

/// What a way of writing says of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    None,
    InPattern,
    Utc,
}

/// Is it a time of day without a day?
pub(super) fn is_clock(cell: &str) -> bool {
    static CLOCK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?: ?[AaPp][Mm])?$").ok());
    CLOCK.as_ref().is_some_and(|regex| regex.is_match(cell))
}

/// The way a cell is written, and the two numbers of which one is the day.
pub(super) fn way_of(cell: &str) -> Option<(Way, Option<(u32, u32)>)> {
    if let Some(word) = epoch(cell) {
        return Some((Way::Epoch(word), None));
    }
    let found = CELL.as_ref()?.captures(cell)?;
    let group = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let zone_text = group("zone");
    let mut rest = String::new();
    if found.name("clock").is_some() {
        let hour = if group("half").is_empty() { "%H" } else { "%I" };
        rest.push_str(group("between"));
        rest.push_str(hour);
        rest.push_str(":%M");
        rest.push_str(if group("second_hand").is_empty() { "" } else { ":%S" });
        rest.push_str(if group("fraction").is_empty() { "" } else { "%.f" });
        rest.push_str(match group("half").strip_prefix(' ') {
            Some(_) => " %p",
            None if group("half").is_empty() => "",
            None => "%p",
        });
    }
    let zone = match zone_text.trim_start() {
        "" => Zone::None,
        "Z" | "UTC" | "GMT" => Zone::Utc,
        _ => Zone::InPattern,
    };
    let is_iso_zone = zone != Zone::None;
    if group("ysep") == "-"
        && (is_iso_zone || group("between") == "T" || !group("fraction").is_empty())
        && group("half").is_empty()
    {
        return Some((Way::Iso { says_zone: is_iso_zone }, None));
    }
    match zone {
        Zone::None => {}
        Zone::Utc => rest.push_str(zone_text),
        Zone::InPattern => {
            rest.push_str(if zone_text.starts_with(' ') { " " } else { "" });
            rest.push_str(if zone_text.contains(':') { "%:z" } else { "%z" });
        }
    }
    if !group("ymd").is_empty() {
        let sep = group("ysep");
        return Some((Way::Pattern { pattern: format!("%Y{sep}%m{sep}%d{rest}"), zone }, None));
    }
    if !group("words").is_empty() {
        let reads = |pattern: &&&str| {
            jiff::fmt::strtime::parse(pattern, group("words")).is_ok_and(|read| read.to_date().is_ok())
        };
        let day = WORDS.iter().find(reads)?;
        return Some((Way::Pattern { pattern: format!("{day}{rest}"), zone }, None));
    }
    let (first, second) = (group("first").parse().ok()?, group("second").parse().ok()?);
    let sep = group("sep").chars().next()?;
    let year = if group("year").len() == 4 { "%Y" } else { "%y" };
    let is_day = |number: u32| (1..=31).contains(&number);
    (is_day(first) && is_day(second)).then_some((Way::Either { sep, year, rest, zone }, Some((first, second))))
}

/// A number that is a plausible moment, by its length.
fn epoch(cell: &str) -> Option<&'static str> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, "0"));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) || fraction.is_empty() {
        return None;
    }
    let (word, unit) = match whole.len() {
        9 | 10 => ("epoch-seconds", 1),
        12 | 13 => ("epoch-milliseconds", 1_000),
        15 | 16 => ("epoch-microseconds", 1_000_000),
        _ => return None,
    };
    SECONDS.contains(&(whole.parse::<i64>().ok()? / unit)).then_some(word)
}
