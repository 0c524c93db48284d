//! How the times of a column are written. What the values do not decide, such as which of two numbers is the day, stays open.

use super::ways::{Way, Zone, is_clock, way_of};
use std::collections::BTreeMap;

/// Different ways of writing that are counted in one column.
const MOST: usize = 12;

/// Ways of writing in one column that are proposed together.
const MOST_PROPOSED: usize = 3;

/// Of a hundred cells so many must be times for a column to be one of times.
const LEAST_SHARE: u64 = 90;

/// What the cells of one column say, as times.
#[derive(Debug, Default)]
pub(super) struct Times {
    filled: u64,
    fitting: u64,
    ways: BTreeMap<Way, Seen>,
    /// Times of day without a day.
    clocks: u64,
}

#[derive(Debug, Default)]
struct Seen {
    cells: u64,
    example: String,
    /// Largest first and second number, each with its cell.
    first: (u32, String),
    second: (u32, String),
}

/// What is proposed for `date`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dates {
    /// Formats that the values decide.
    pub formats: Vec<String>,
    /// Formats of which one is meant, where the values decide nothing.
    pub open: Vec<[String; 2]>,
    /// What the values show, in words.
    pub why: String,
    /// Do all times say their zone?
    pub says_zone: bool,
    /// All times are marked as UTC by words that the pattern takes as they stand.
    pub is_utc: bool,
}

impl Dates {
    /// All formats, where somebody has said which of two numbers is the day.
    pub(in crate::survey) fn by_order(&self, is_day_first: bool) -> Vec<String> {
        let chosen =
            self.open.iter().map(|[day_first, month_first]| if is_day_first { day_first } else { month_first });
        self.formats.iter().chain(chosen).cloned().collect()
    }
}

impl Times {
    pub(super) fn take(&mut self, cell: &str) {
        self.filled += 1;
        // What is no time after so many cells will be none.
        if self.filled > 50 && self.fitting == 0 && self.clocks == 0 {
            return;
        }
        if is_clock(cell) {
            self.clocks += 1;
        }
        let Some((way, numbers)) = way_of(cell) else { return };
        self.fitting += 1;
        if self.ways.len() >= MOST && !self.ways.contains_key(&way) {
            return;
        }
        let seen = self.ways.entry(way).or_default();
        seen.cells += 1;
        if seen.example.is_empty() {
            cell.clone_into(&mut seen.example);
        }
        if let Some((first, second)) = numbers {
            for (most, number) in [(&mut seen.first, first), (&mut seen.second, second)] {
                if number > most.0 {
                    *most = (number, cell.to_owned());
                }
            }
        }
    }

    /// Nearly all cells are times.
    pub(super) fn are_times(&self) -> bool {
        self.filled > 0 && self.fitting * 100 >= self.filled * LEAST_SHARE
    }

    /// Most of what fits are numbers, as ids are, too.
    pub(super) fn are_numbers(&self) -> bool {
        let numbers = self.ways.iter().filter(|(way, _)| matches!(way, Way::Epoch(_))).map(|(_, seen)| seen.cells);
        self.fitting > 0 && numbers.sum::<u64>() * 2 > self.fitting
    }

    /// The times say the time of day, too.
    pub(super) fn has_clock(&self) -> bool {
        self.ways.keys().any(Way::has_clock)
    }

    /// Nearly all cells are times of day.
    pub(super) fn are_clocks(&self) -> bool {
        self.filled > 0 && self.clocks * 100 >= self.filled * LEAST_SHARE
    }

    /// What to propose. `clock`: the format of the clock that stands in a column of its own.
    pub(super) fn dates(&self, clock: Option<&str>) -> Dates {
        let mut ways: Vec<(&Way, &Seen)> = self.ways.iter().collect();
        ways.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.cells));
        let mut dates =
            Dates { formats: Vec::new(), open: Vec::new(), why: String::new(), says_zone: true, is_utc: true };
        let mut why = Vec::new();
        for (way, seen) in ways.into_iter().take(MOST_PROPOSED) {
            let with = |day: String| clock.map_or(day.clone(), |clock| format!("{day} {clock}"));
            let zone = match way {
                Way::Epoch(word) => {
                    dates.formats.push((*word).to_owned());
                    why.push(format!("{} numbers such as {}", seen.cells, seen.example));
                    Zone::InPattern
                }
                Way::Iso { says_zone } => {
                    dates.formats.push("iso".to_owned());
                    why.push(format!("{} such as {:?}", seen.cells, seen.example));
                    if *says_zone { Zone::InPattern } else { Zone::None }
                }
                Way::Pattern { pattern, zone } => {
                    dates.formats.push(with(pattern.clone()));
                    why.push(format!("{} such as {:?}", seen.cells, seen.example));
                    *zone
                }
                Way::Either { sep, year, rest, zone } => {
                    let day_first = with(format!("%d{sep}%m{sep}{year}{rest}"));
                    let month_first = with(format!("%m{sep}%d{sep}{year}{rest}"));
                    let decides = |(number, cell): &(u32, String)| format!("there is no month {number} ({cell:?})");
                    match (seen.first.0 > 12, seen.second.0 > 12) {
                        (true, false) => {
                            dates.formats.push(day_first);
                            why.push(format!("the day comes first: {}", decides(&seen.first)));
                        }
                        (false, true) => {
                            dates.formats.push(month_first);
                            why.push(format!("the month comes first: {}", decides(&seen.second)));
                        }
                        (false, false) => {
                            why.push(format!(
                                "{} such as {:?}: both numbers could be the month in all",
                                seen.cells, seen.example
                            ));
                            dates.open.push([day_first, month_first]);
                        }
                        (true, true) => {
                            why.push(format!(
                                "the day comes first in {:?} and second in {:?}",
                                seen.first.1, seen.second.1
                            ));
                            dates.open.push([day_first, month_first]);
                        }
                    }
                    *zone
                }
            };
            dates.says_zone &= zone == Zone::InPattern;
            dates.is_utc &= zone == Zone::Utc;
        }
        dates.formats.dedup();
        dates.why = why.join("; ");
        dates
    }

    /// The format of a column of times of day.
    pub(super) fn clock_format(example: &str) -> &'static str {
        let half = example.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let is_half = half.len() < example.len();
        match (example.matches(':').count(), is_half, half.ends_with(' ')) {
            (2.., false, _) => "%H:%M:%S",
            (_, false, _) => "%H:%M",
            (2.., true, true) => "%I:%M:%S %p",
            (2.., true, false) => "%I:%M:%S%p",
            (_, true, true) => "%I:%M %p",
            (_, true, false) => "%I:%M%p",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(cells: &[&str]) -> Dates {
        let mut times = Times::default();
        for cell in cells {
            times.take(cell);
        }
        assert!(times.are_times(), "{cells:?}");
        times.dates(None)
    }

    #[track_caller]
    fn decided(cells: &[&str], format: &str) {
        let dates = dates(cells);
        assert_eq!((dates.formats, dates.open), (vec![format.to_owned()], vec![]), "{cells:?}");
    }

    #[test]
    fn a_thirteenth_month_decides_which_number_is_the_day() {
        decided(&["03/04/2019 10:00", "13/04/2019 10:05"], "%d/%m/%Y %H:%M");
        decided(&["03/04/2019 10:00", "04/13/2019 10:05"], "%m/%d/%Y %H:%M");
        decided(&["3.4.19", "31.1.19"], "%d.%m.%y");
        let why = dates(&["03/04/2019", "04/13/2019"]).why;
        assert_eq!(why, "the month comes first: there is no month 13 (\"04/13/2019\")");
    }

    #[test]
    fn what_could_be_either_stays_open() {
        let open = dates(&["03/04/2019", "12/04/2019"]);
        assert_eq!(open.formats, [""; 0]);
        assert_eq!(open.open, [["%d/%m/%Y".to_owned(), "%m/%d/%Y".to_owned()]]);
        assert!(open.why.contains("both numbers could be the month"), "{}", open.why);
        let both = dates(&["13/04/2019", "04/13/2019"]);
        assert!(both.formats.is_empty() && both.why.contains("second in"), "{}", both.why);
    }

    #[test]
    fn whoever_says_what_comes_first_says_it_of_all_ways_of_writing() {
        let open = dates(&["03/04/2019", "03.04.2019", "2019-04-03"]);
        assert_eq!(open.open.len(), 2);
        assert_eq!(open.by_order(true), ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]);
        assert_eq!(open.by_order(false), ["%Y-%m-%d", "%m.%d.%Y", "%m/%d/%Y"]);
    }

    #[test]
    fn times_know_whether_they_say_the_time_of_day() {
        for (cell, has_clock) in [
            ("1554304753123", true),
            ("2019-04-03T10:00:00Z", true),
            ("2019-04-03 10:00", true),
            ("3/4/2019 1:05 PM", true),
            ("2019-04-03", false),
            ("3.4.2019", false),
            ("Apr 3, 2019", false),
        ] {
            let mut times = Times::default();
            times.take(cell);
            assert_eq!(times.has_clock(), has_clock, "{cell}");
        }
    }

    #[test]
    fn formats_are_those_of_the_mapping() {
        decided(&["2019-04-03 15:19:13"], "%Y-%m-%d %H:%M:%S");
        decided(&["2019-04-03T15:19:13Z"], "iso");
        decided(&["2022-10-05 15:38:40.369865"], "iso");
        decided(&["2019-04-03 15:19:13 +0200"], "iso");
        decided(&["1554304753"], "epoch-seconds");
        decided(&["1554304753123"], "epoch-milliseconds");
        decided(&["4/13/2019 3:19 PM"], "%m/%d/%Y %I:%M %p");
        decided(&["3 Apr 2019, 15:19"], "%d %b %Y, %H:%M");
        decided(&["Apr 3, 2019 at 3:19 pm"], "%b %d, %Y at %I:%M %p");
        decided(&["13/04/2019 15:19 +02:00"], "%d/%m/%Y %H:%M %:z");
        decided(&["2019/04/03 15:19 UTC"], "%Y/%m/%d %H:%M UTC");
    }

    #[test]
    fn every_format_reads_its_own_example() {
        for cell in [
            "3.4.2019 5:07",
            "2019/4/3",
            "3 April 2019",
            "April 3, 2019 03:19 PM",
            "Wed, 03 Apr 2019 15:19:13 +0200",
            "3-Apr-19 7:05",
            "Wednesday, April 3, 2019",
            "13/4/19 12:30am",
        ] {
            let dates = dates(&[cell]);
            let format = dates.formats.first().or(dates.open.first().map(|pair| &pair[0])).unwrap();
            let read = jiff::fmt::strtime::parse(format, cell);
            assert!(read.as_ref().is_ok_and(|read| read.to_date().is_ok()), "{cell:?} by {format:?}: {read:?}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for cell in
            ["hello", "12345", "2019", "10:30", "99/99/2019", "v1.2.3", "+44 20 7946 0018", "2000000000000000000"]
        {
            let mut times = Times::default();
            times.take(cell);
            assert!(!times.are_times(), "{cell}");
        }
        let mut clocks = Times::default();
        for cell in ["10:30:01", "23:59:59"] {
            clocks.take(cell);
        }
        assert!(clocks.are_clocks());
        for (example, format) in
            [("10:30:01", "%H:%M:%S"), ("9:05", "%H:%M"), ("9:05 pm", "%I:%M %p"), ("9:05PM", "%I:%M%p")]
        {
            assert_eq!(Times::clock_format(example), format);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_cell_makes_it_panic(cell in ".{0,40}|[0-9/.:\\-TZ ]{0,30}") {
            Times::default().take(&cell);
        }
    }
}
