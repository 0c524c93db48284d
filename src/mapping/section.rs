//! Reads typed values out of TOML tables, with the place of each; what does not fit is reported and read as absent.
//!
//! The parsed document is walked rather than deserialized, because serde stops at the first error and knows no
//! places of keys.

use super::choice::Choice;
use super::findings::{Findings, any_of, did_you_mean, quoted};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};
use toml::value::Datetime;

/// A string of the mapping and its place. Never blank.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    pub(super) value: &'a str,
    pub(super) at: Range<usize>,
}

/// One table of the mapping, or the absence of one.
pub(super) struct Section<'a> {
    /// As messages name it: `[target]`.
    pub(super) name: String,
    /// Its header, or where one would be expected.
    pub(super) at: Range<usize>,
    table: Option<&'a DeTable<'a>>,
}

/// The name of the document itself.
const ROOT: &str = "the mapping";

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn root(found: &mut Findings, table: &'a DeTable<'a>, keys: &[&str]) -> Self {
        let section = Self { name: ROOT.to_owned(), at: 0..0, table: Some(table) };
        section.refuse_unknown_keys(found, keys);
        section
    }

    /// The table `key` inside this one, with any keys; an empty one if there is none.
    pub(super) fn free_section(&self, found: &mut Findings, key: &str) -> Section<'a> {
        // Tables inside of others are mostly written inline, where no header is to be seen.
        let name = if self.name == ROOT { format!("[{key}]") } else { format!("`{key}`") };
        let Some(value) = self.value(key) else {
            return Section { name, at: self.at.clone(), table: None };
        };
        let table = value.get_ref().as_table();
        if table.is_none() {
            let help = if self.name == ROOT {
                format!("write its keys under the header `[{key}]`")
            } else {
                format!("write `{key} = {{ ... }}` with its keys and values inside")
            };
            wrong_type(found, value, key, "a table", help);
        }
        Section { name, at: value.span(), table }
    }

    /// The table `key` inside this one, in which only `keys` are known; an empty one if there is none.
    pub(super) fn section(&self, found: &mut Findings, key: &str, keys: &[&str]) -> Section<'a> {
        let section = self.free_section(found, key);
        section.refuse_unknown_keys(found, keys);
        section
    }

    /// The tables `[[key]]`, in order.
    pub(super) fn sections(&self, found: &mut Findings, key: &str, keys: &[&str]) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let help = format!("write the header with two brackets: `[[{key}]]`");
        let Some(array) = value.get_ref().as_array() else {
            wrong_type(found, value, key, "a list of tables", help);
            return Vec::new();
        };
        Self::each(found, key, array, keys, &format!("[[{key}]]"), &help)
    }

    /// A value that must be a table, with `key` for its name, in which only `keys` are known; `None` if it is none.
    pub(super) fn one(
        found: &mut Findings,
        key: &str,
        value: &'a Spanned<DeValue<'a>>,
        keys: &[&str],
    ) -> Option<Section<'a>> {
        let section = Section { name: format!("`{key}`"), at: value.span(), table: Some(value.get_ref().as_table()?) };
        section.refuse_unknown_keys(found, keys);
        Some(section)
    }

    /// The tables of the list `key`, in each of which only `keys` are known.
    pub(super) fn tables(found: &mut Findings, key: &str, array: &'a DeArray<'a>, keys: &[&str]) -> Vec<Section<'a>> {
        let help = format!("write tables in it: `{key} = [{{ ... }}, {{ ... }}]`");
        Self::each(found, key, array, keys, &format!("`{key}`"), &help)
    }

    fn each(
        found: &mut Findings,
        key: &str,
        array: &'a DeArray<'a>,
        keys: &[&str],
        name: &str,
        help: &str,
    ) -> Vec<Section<'a>> {
        let mut sections = Vec::with_capacity(array.len());
        for value in array {
            let table = value.get_ref().as_table();
            if table.is_none() {
                wrong_type(found, value, key, "a list of tables", help);
                continue;
            }
            let section = Section { name: name.to_owned(), at: value.span(), table };
            section.refuse_unknown_keys(found, keys);
            sections.push(section);
        }
        sections
    }

    fn refuse_unknown_keys(&self, found: &mut Findings, keys: &[&str]) {
        for (key, _) in self.entries() {
            if !keys.contains(&key.value) {
                let help = did_you_mean(key.value, keys, format!("known keys here: {}", any_of(keys.iter().copied())));
                let title = format!("unknown key {} in {}", quoted(key.value), self.name);
                found.report(&key.at, title, "not a key threadlift knows here", help);
            }
        }
    }

    /// Was the table written at all?
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// All keys and values. The keys are as written, and may be blank.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Text<'a>, &'a Spanned<DeValue<'a>>)> + use<'a> {
        self.table
            .into_iter()
            .flat_map(DeTable::iter)
            .map(|(key, value)| (Text { value: key.get_ref().as_ref(), at: key.span() }, value))
    }

    /// The value of `key` as parsed.
    pub(super) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table?.get(key)
    }

    /// Where `key` itself stands.
    pub(super) fn key_at(&self, key: &str) -> Option<Range<usize>> {
        Some(self.table?.get_key_value(key)?.0.span())
    }

    /// A string, if the key is given.
    pub(super) fn text(&self, found: &mut Findings, key: &str) -> Option<Text<'a>> {
        text_of(found, self.value(key)?, key)
    }

    /// A string that must be there; `example` completes "add `key = ...`".
    pub(super) fn required_text(&self, found: &mut Findings, key: &str, example: &str) -> Option<Text<'a>> {
        if self.value(key).is_none() {
            self.missing(found, key, format!("add `{key} = {example}`"));
        }
        self.text(found, key)
    }

    /// Reports that a required key is not there.
    pub(super) fn missing(&self, found: &mut Findings, key: &str, help: impl Into<String>) {
        let title = format!("{} lacks the key `{key}`", self.name);
        found.report(&self.at, title, format!("`{key}` is missing"), help);
    }

    /// A list of strings; no key is an empty list.
    pub(super) fn list(&self, found: &mut Findings, key: &str) -> Vec<Text<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            let help = format!("write a list: `{key} = [{}]`", shown(found, value));
            wrong_type(found, value, key, "a list", help);
            return Vec::new();
        };
        array.iter().filter_map(|element| text_of(found, element, key)).collect()
    }

    /// A string or a list of at least one.
    pub(super) fn one_or_list(&self, found: &mut Findings, key: &str) -> Vec<Text<'a>> {
        match self.value(key) {
            None => Vec::new(),
            Some(value) => match value.get_ref().as_array() {
                None => text_of(found, value, key).into_iter().collect(),
                Some(array) if array.is_empty() => {
                    let help = format!("name at least one value, or remove `{key}`");
                    found.report(&value.span(), format!("the list `{key}` is empty"), "nothing in it", help);
                    Vec::new()
                }
                Some(_) => self.list(found, key),
            },
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Choice>(&self, found: &mut Findings, key: &str) -> Option<T> {
        choice_of(found, self.value(key)?, key)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, found: &mut Findings, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            wrong_type(found, value, key, "true or false", "write true or false, without quotes");
        }
        flag
    }

    /// A whole number within `range`.
    pub(super) fn integer(&self, found: &mut Findings, key: &str, range: &RangeInclusive<u32>) -> Option<u32> {
        let value = self.value(key)?;
        let help = if *range.end() == u32::MAX {
            format!("write a whole number from {}", range.start())
        } else {
            format!("write a whole number from {} to {}", range.start(), range.end())
        };
        let Some(number) = value.get_ref().as_integer() else {
            wrong_type(found, value, key, "a whole number", help);
            return None;
        };
        let number =
            i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|number| number.try_into().ok());
        if let Some(number) = number.filter(|number| range.contains(number)) {
            return Some(number);
        }
        found.report(&value.span(), format!("`{key}` is out of range"), "out of range", help);
        None
    }

    /// A day without a time.
    pub(super) fn day(&self, found: &mut Findings, key: &str) -> Option<Date> {
        day_of(found, self.value(key)?, key)
    }
}

/// A value that must be a string with something in it.
pub(super) fn text_of<'a>(found: &mut Findings, value: &'a Spanned<DeValue<'a>>, key: &str) -> Option<Text<'a>> {
    match value.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => {
            let help = format!("write a value, or remove {} if it is not needed", quoted(key));
            found.report(&value.span(), format!("{} is empty", quoted(key)), "empty", help);
            None
        }
        DeValue::String(text) => Some(Text { value: text.as_ref(), at: value.span() }),
        DeValue::Array(_) | DeValue::Table(_) => {
            wrong_type(found, value, key, "a string", "write one string in quotes");
            None
        }
        _ => {
            let help = format!("put it in quotes: \"{}\"", shown(found, value));
            wrong_type(found, value, key, "a string", help);
            None
        }
    }
}

/// A value that must be one of a few words.
pub(super) fn choice_of<T: Choice>(found: &mut Findings, value: &Spanned<DeValue<'_>>, key: &str) -> Option<T> {
    let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
    let help = format!("use {}", any_of(words.iter().copied()));
    let Some(written) = value.get_ref().as_str() else {
        wrong_type(found, value, key, "a string", help);
        return None;
    };
    let chosen = T::WORDS.iter().find(|(word, _)| *word == written).map(|(_, meaning)| *meaning);
    if chosen.is_none() {
        let help = did_you_mean(written, &words, help);
        let title = format!("{} is no value of {}", quoted(written), quoted(key));
        found.report(&value.span(), title, format!("expected {}", any_of(words.iter().copied())), help);
    }
    chosen
}

/// A value that must be a day, written as a TOML date.
pub(super) fn day_of(found: &mut Findings, value: &Spanned<DeValue<'_>>, key: &str) -> Option<Date> {
    if let DeValue::Datetime(written) = value.get_ref() {
        let day = if written.time.is_none() { date_of(written) } else { None };
        if day.is_none() {
            let help = "write the day alone, such as 2015-01-01; it begins at 00:00 UTC";
            found.report(&value.span(), format!("`{key}` takes a day without a time"), "not a day", help);
        }
        return day;
    }
    no_day(found, value, key, unquoted_day);
    None
}

/// A moment: a day, which begins at 00:00 UTC, or a day and a time with its offset.
pub(super) fn moment_of(found: &mut Findings, value: &Spanned<DeValue<'_>>, key: &str) -> Option<Timestamp> {
    if let DeValue::Datetime(written) = value.get_ref() {
        let moment = match (written.time, written.offset) {
            (None, _) => date_of(written).and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|day| day.timestamp()),
            (Some(_), Some(_)) => written.to_string().parse().ok(),
            (Some(_), None) => None,
        };
        if moment.is_none() {
            let title = format!("`{key}` takes a day, or a day and a time with its offset");
            let help = "write a day, such as 2015-01-01, or a moment with its offset, such as 2015-01-01T09:30:00Z";
            found.report(&value.span(), title, "no moment", help);
        }
        return moment;
    }
    no_day(found, value, key, |quoted| match quoted.parse::<Timestamp>() {
        Ok(_) => Some(quoted.to_owned()),
        Err(_) => unquoted_day(quoted),
    });
    None
}

fn date_of(written: &Datetime) -> Option<Date> {
    let day = written.date?;
    Date::new(day.year.try_into().ok()?, day.month.try_into().ok()?, day.day.try_into().ok()?).ok()
}

fn unquoted_day(quoted: &str) -> Option<String> {
    quoted.parse::<Date>().ok().map(|day| day.to_string())
}

/// Reports that a value is no TOML date; `unquoted` says how a string is written that would be one.
fn no_day(found: &mut Findings, value: &Spanned<DeValue<'_>>, key: &str, unquoted: impl Fn(&str) -> Option<String>) {
    let help = value.get_ref().as_str().and_then(unquoted).map_or_else(
        || "write a day without quotes, such as 2015-01-01".to_owned(),
        |written| format!("remove the quotes: {written}"),
    );
    wrong_type(found, value, key, "a day", help);
}

/// Reports a value of the wrong type.
pub(super) fn wrong_type(
    found: &mut Findings,
    value: &Spanned<DeValue<'_>>,
    key: &str,
    expected: &str,
    help: impl Into<String>,
) {
    let given = match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let label = format!("this is {given}");
    found.report(&value.span(), format!("{} takes {expected}, not {given}", quoted(key)), label, help);
}

/// The value as written, cut to what fits into a sentence.
fn shown(found: &Findings, value: &Spanned<DeValue<'_>>) -> String {
    found.raw(&value.span()).chars().take(60).filter(|letter| !letter.is_control()).collect()
}
