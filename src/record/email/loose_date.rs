//! Dates that are not in the form of RFC 5322, read by what their words are rather than by their order.
//!
//! Nothing is guessed: day and month written as numbers must leave only one reading.

use crate::source::zone_hours;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Names of the months in English, German, French, Spanish, Italian, Dutch, Portuguese, Swedish, Danish and Norwegian;
/// shorter forms are their beginnings, of three letters at least.
const MONTHS: [&str; 12] = [
    "january januar jänner janvier enero gennaio januari janeiro",
    "february februar feber février fevrier febrero febbraio februari fevereiro",
    "march märz maerz mrz mars marzo maart mrt março marco marts",
    "april avril abril aprile",
    "may mai mayo maggio mei maio maj",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august août aout agosto augustus augusti",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre decembre diciembre dicembre dezembro desember",
];

/// Names of the days in the same languages; shorter forms are their beginnings, of two letters at least. What they say is
/// in the date already.
const WEEKDAYS: &str = "monday tuesday wednesday thursday friday saturday sunday \
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag \
    lundi mardi mercredi jeudi vendredi samedi dimanche \
    lunes martes miércoles jueves viernes sábado domingo \
    lunedì martedì mercoledì giovedì venerdì sabato domenica \
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag \
    segunda-feira terça-feira quarta-feira quinta-feira sexta-feira \
    måndag tisdag onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag";

/// Words that stand between the parts and say nothing.
const FILLERS: &str = "de del den der um uhr at le à às as alle ore om on the of den";

/// A date, and what had to be supposed to read it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loose {
    /// Unix seconds.
    pub(super) at: i64,
    /// The repair, in words.
    pub(super) repair: &'static str,
}

/// Reads a date without comments.
pub(super) fn read(text: &str) -> Option<Loose> {
    // More words than any date has: prose.
    const MOST_WORDS: usize = 16;
    let mut parts = Parts::default();
    let words =
        text.split(|character: char| character.is_whitespace() || character == ',').filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index >= MOST_WORDS {
            return None;
        }
        parts.take(word)?;
    }
    parts.finish()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// Seconds east of UTC, as RFC 5322 would have it.
    Known(i64),
    /// The same, written in another way.
    Odd(i64),
    Unknown,
}

#[derive(Default)]
struct Parts {
    year: Option<i64>,
    months: Vec<i8>,
    /// The first month may be a weekday: `mar.` is mardi and mars.
    first_may_be_weekday: bool,
    day: Option<i64>,
    /// Numbers of one to three digits: the day and perhaps the year.
    numbers: Vec<(i64, usize)>,
    /// Hour, minute, second.
    clock: Option<(i64, i64, i64)>,
    afternoon: Option<bool>,
    zone: Option<Zone>,
}

impl Parts {
    /// Takes one word; none if no date has such a word there.
    fn take(&mut self, word: &str) -> Option<()> {
        let first = word.chars().next()?;
        if matches!(first, '+' | '-') && self.clock.is_some() {
            return self.take_offset(word);
        }
        if first.is_ascii_digit() {
            return if word.contains(':') { self.take_clock(word, ':') } else { self.take_numbers(word) };
        }
        let plain = word.trim_end_matches('.');
        let lower = plain.to_lowercase();
        if let Some(offset) =
            ["GMT", "UTC"].iter().find_map(|name| plain.strip_prefix(name)).filter(|rest| !rest.is_empty())
        {
            return self.take_offset(offset).map(|()| self.mark_odd());
        }
        match lower.as_str() {
            "am" | "a.m" => self.afternoon = Some(false),
            "pm" | "p.m" => self.afternoon = Some(true),
            _ if FILLERS.split(' ').any(|filler| filler == lower) => {}
            _ => return self.take_name(plain, &lower),
        }
        Some(())
    }

    fn take_name(&mut self, plain: &str, lower: &str) -> Option<()> {
        let begins = |name: &str, least: usize| lower.chars().count() >= least && name.starts_with(lower);
        let is_weekday = WEEKDAYS.split_whitespace().any(|name| begins(name, 2));
        let mut months = (1_i8..).zip(MONTHS).filter(|(_, names)| names.split(' ').any(|name| begins(name, 3)));
        // `jui` may be June or July.
        if let (Some((month, _)), None) = (months.next(), months.next()) {
            if self.months.is_empty() {
                self.first_may_be_weekday = is_weekday;
            }
            self.months.push(month);
        } else if let Some(hours) = zone_hours(plain).filter(|_| self.clock.is_some()) {
            self.zone.get_or_insert(Zone::Known(hours * 3600));
        } else if self.clock.is_some() {
            self.zone.get_or_insert(Zone::Unknown);
        } else if !is_weekday {
            return None;
        }
        Some(())
    }

    /// `+0100`, `-600`, `+1`, `+01:00`
    fn take_offset(&mut self, word: &str) -> Option<()> {
        let (sign, digits) = match word.split_at_checked(1)? {
            ("+", digits) => (1, digits),
            ("-", digits) => (-1, digits),
            _ => return None,
        };
        let (hours, minutes) = match digits.split_once(':') {
            Some((hours, minutes)) => (number(hours)?, number(minutes)?),
            None if digits.len() <= 2 => (number(digits)?, 0),
            None => {
                let (hours, minutes) = digits.split_at_checked(digits.len() - 2)?;
                (number(hours)?, number(minutes)?)
            }
        };
        let offset = sign * (hours * 3600 + minutes * 60);
        let known = digits.len() == 4 && !digits.contains(':');
        // As far as RFC 5322 allows it; jiff draws the line at 26 hours.
        if hours > 25 || minutes > 59 {
            self.zone = Some(Zone::Unknown);
        } else {
            self.zone = Some(if known { Zone::Known(offset) } else { Zone::Odd(offset) });
        }
        Some(())
    }

    fn mark_odd(&mut self) {
        if let Some(Zone::Known(offset)) = self.zone {
            self.zone = Some(Zone::Odd(offset));
        }
    }

    /// `10:00`, `10:00:00.123`, `10:00:00Z`, `10:00PM`, `10.00.00`
    fn take_clock(&mut self, word: &str, divider: char) -> Option<()> {
        if let Some((date, clock)) = word.split_once('T') {
            self.take_numbers(date)?;
            return self.take_clock(clock, divider);
        }
        let end =
            word.find(|character: char| !character.is_ascii_digit() && !":.".contains(character)).unwrap_or(word.len());
        let (clock, rest) = word.split_at_checked(end)?;
        let mut fields = clock.trim_end_matches('.').splitn(3, divider);
        let (hour, minute) = (number(fields.next()?)?, number(fields.next()?)?);
        let second = fields.next().map_or(Some(0), |second| number(second.split('.').next().unwrap_or_default()))?;
        let whole_day = hour == 24 && minute == 0 && second == 0;
        if self.clock.is_some() || (hour > 23 && !whole_day) || minute > 59 || second > 60 {
            return None;
        }
        self.clock = Some((hour, minute, second));
        if rest.is_empty() { Some(()) } else { self.take(rest) }
    }

    /// Numbers with or without what divides them: `21`, `21st`, `1997`, `21.11.1997`, `1997-11-21`, `21-Nov-97`, `10.30`.
    fn take_numbers(&mut self, word: &str) -> Option<()> {
        let word = word.trim_end_matches('.');
        let digits = word.find(|character: char| !character.is_ascii_digit()).unwrap_or(word.len());
        let (first, rest) = word.split_at_checked(digits)?;
        if rest.is_empty() || ["st", "nd", "rd", "th", "er", "º", "ª"].contains(&rest) {
            let value = number(first)?;
            match first.len() {
                1..=3 => self.numbers.push((value, first.len())),
                4 if self.year.is_none() => self.year = Some(value),
                // A zone that lost its sign.
                4 if value == 0 && self.clock.is_some() => self.zone = Some(Zone::Odd(0)),
                _ => return None,
            }
            return Some(());
        }
        let divider = rest.chars().next()?;
        let fields: Vec<&str> = word.split(divider).collect();
        match (divider, fields.as_slice()) {
            ('.', [_, _] | [_, _, _]) if !self.months.is_empty() => self.take_clock(word, '.'),
            ('-' | '/' | '.', [year, month, day]) if year.len() == 4 => {
                self.year = Some(number(year)?);
                self.months.push(i8::try_from(number(month)?).ok()?);
                self.day = Some(number(day)?);
                Some(())
            }
            ('-' | '/', [day, month, year]) if month.starts_with(char::is_alphabetic) => {
                self.day = Some(number(day)?);
                self.take_name(month, &month.to_lowercase())?;
                self.year = Some(full_year(number(year)?, year.len()));
                Some(())
            }
            ('-' | '/' | '.', [first, second, year]) => {
                let (first, second) = (number(first)?, number(second)?);
                // Dots divide days from months, in that order, wherever they are used; slashes stand for both orders.
                let (day, month) = match divider {
                    '.' => (first, second),
                    _ if first > 12 || first == second => (first, second),
                    _ if second > 12 => (second, first),
                    _ => return None,
                };
                self.day = Some(day);
                self.months.push(i8::try_from(month).ok()?);
                self.year = Some(full_year(number(year)?, year.len()));
                Some(())
            }
            _ => None,
        }
    }

    fn finish(self) -> Option<Loose> {
        let month = match self.months.as_slice() {
            [month] => *month,
            [_, month] if self.first_may_be_weekday => *month,
            _ => return None,
        };
        let mut numbers = self.numbers.into_iter();
        let mut next = || numbers.next();
        let (day, year) = match (self.day, self.year) {
            (Some(day), Some(year)) => (day, year),
            (None, Some(year)) => (next()?.0, year),
            (Some(day), None) => (day, next().map(|(value, digits)| full_year(value, digits))?),
            (None, None) => match (next()?, next()?) {
                ((year, digits), (day, _)) if year > 31 => (day, full_year(year, digits)),
                ((day, _), (year, digits)) => (day, full_year(year, digits)),
            },
        };
        if next().is_some() {
            return None;
        }
        let (hour, minute, second) = self.clock?;
        let hour = match self.afternoon {
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
            None => hour,
        };
        let date = Date::new(i16::try_from(year).ok()?, month, i8::try_from(day).ok()?).ok()?;
        let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
        let (offset, repair) = match self.zone {
            Some(Zone::Known(offset)) => (offset, "date in an unusual form read by its words"),
            Some(Zone::Odd(offset)) => (offset, "date with its zone in an unusual form"),
            Some(Zone::Unknown) => (0, "date with an unknown zone read as UTC"),
            None => (0, "date without zone read as UTC"),
        };
        // With its zone a day may lie beyond the last one that there is.
        let moment = Timestamp::from_second(midnight + hour * 3600 + minute * 60 + second - offset).ok()?;
        Some(Loose { at: moment.as_second(), repair })
    }
}

/// RFC 5322 section 4.3: 00 to 49 are 2000 to 2049, other years of two digits and all of three count from 1900.
fn full_year(year: i64, digits: usize) -> i64 {
    match digits {
        0..=2 if year < 50 => year + 2000,
        0..=3 => year + 1900,
        _ => year,
    }
}

fn number(digits: &str) -> Option<i64> {
    let is_number = !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fri, 21 Nov 1997 10:00:00 +0000
    const TEN: i64 = 880_106_400;

    fn at(text: &str) -> Option<i64> {
        read(text).map(|found| found.at)
    }

    #[test]
    fn parts_are_known_by_what_they_are_and_not_by_their_order() {
        for text in [
            "Fri Nov 21 10:00:00 1997",
            "Nov 21, 1997 10:00 AM",
            "Friday, November 21, 1997 10:00:00 +0000",
            "21 Nov 1997 10:00",
            "21-Nov-97 10:00:00 GMT",
            "21st of November 1997 at 10:00:00",
            "1997-11-21 10:00:00",
            "1997-11-21T10:00:00.123Z",
            "1997/11/21 11:00:00 +01:00",
            "21.11.1997 10:00:00",
            "21/11/1997 10:00",
            "11/21/1997 10:00 a.m.",
            "Fri, 21 Nov 1997 10.00.00 +0000",
            "21 Nov 1997 5:00:00 EST",
            "Fri, 21 Nov 97 04:00:00 -600",
            "Fri, 21 Nov 097 11:00:00 +1",
            "Fri, 21 Nov 1997 11:00:00 GMT+1",
            "Fri, 21 Nov 1997 11:00:00 UTC+01:00",
            "Fri, 21 Nov 1997 11:00:00 CET",
            "Fri, 21 Nov 1997 10:00:00 Q",
            "Fri, 21 Nov 1997 10:00:00.882 0000",
        ] {
            assert_eq!(at(text), Some(TEN), "{text}");
        }
    }

    #[test]
    fn months_and_days_are_known_in_ten_languages() {
        for text in [
            "Freitag, 21. November 1997 10:00 Uhr",
            "Fr., 21 Nov. 1997 10:00:00 +0000",
            "vendredi 21 novembre 1997 10:00:00",
            "viernes, 21 de noviembre de 1997 10:00",
            "ven 21 novembre 1997 10:00:00 +0000",
            "vr 21 november 1997 10:00",
            "fredag 21 november 1997 10:00",
            "sexta-feira, 21 de novembro de 1997 10:00:00",
        ] {
            assert_eq!(at(text), Some(TEN), "{text}");
        }
        // 1998-03-03 was a Tuesday: mardi and mars begin alike.
        for text in
            ["mar., 3 mars 1998 10:00:00 +0000", "Di, 3. März 1998 10:00", "mar 3 mar 1998 10:00", "3 mrt. 1998 10:00"]
        {
            assert_eq!(at(text), Some(888_919_200), "{text}");
        }
    }

    #[test]
    fn midnight_may_end_a_day_and_a_leap_second_a_minute() {
        assert_eq!(at("20 Nov 1997 24:00:00 +0000"), at("21 Nov 1997 00:00:00 +0000"));
        assert_eq!(at("31 Dec 1998 23:59:60 +0000"), Some(915_148_800));
        assert_eq!(at("21 Nov 1997 12:00 AM"), at("21 Nov 1997 00:00"));
        assert_eq!(at("21 Nov 1997 12:30 PM"), at("21 Nov 1997 12:30"));
        assert_eq!(at("1 Jan 49 00:00:00 +0000"), Some(2_493_072_000));
        assert_eq!(at("1 Jan 50 00:00:00 +0000"), Some(-631_152_000));
    }

    #[test]
    fn what_had_to_be_supposed_is_said() {
        let repair = |text: &str| read(text).unwrap().repair;
        assert_eq!(repair("21 Nov 1997 10:00:00"), "date without zone read as UTC");
        assert_eq!(repair("21 Nov 1997 10:00:00 XYZ"), "date with an unknown zone read as UTC");
        assert_eq!(repair("21 Nov 1997 10:00:00 -600"), "date with its zone in an unusual form");
        assert_eq!(repair("Nov 21 1997 10:00:00 +0100"), "date in an unusual form read by its words");
    }

    #[test]
    fn what_could_be_two_days_or_none_is_refused() {
        for text in [
            "03/04/2019 10:00",
            "soon",
            "",
            "21 Nov 1997",
            "31 Feb 1997 10:00",
            "30 Dec 9999 23:59:59 -2359",
            "21 Nov 1997 25:00",
            "21 Nov 1997 24:01",
            "21 jui 1997 10:00",
            "Nov Dec 21 1997 10:00",
            "21 Nov 1997 13:00 PM",
            "1 2 3 Nov 1997 10:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(.|[0-9:+. /T-]|Nov |GMT|[0-9]{1,4} ){0,24}") {
            read(&text);
        }
    }
}
