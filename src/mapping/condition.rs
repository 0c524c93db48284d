//! Checks `when`: the conditions of a rule.

use super::findings::{Findings, any_of, did_you_mean, quoted};
use super::schema::keys;
use super::section::{Section, Text, text_of, wrong_type};
use super::value;
use super::when::{Condition, Test, When};
use std::collections::BTreeSet;

/// Conditions inside of conditions; nobody reads more.
const DEEPEST: usize = 8;

/// No mail is larger; beyond it a condition says nothing.
const LARGEST: u64 = 4_000_000_000;

/// Reads conditions; `sources` are the names of the mapping's sources.
pub(super) struct Conditions<'a> {
    pub(super) sources: &'a BTreeSet<&'a str>,
}

impl Conditions<'_> {
    /// The conditions of one table, all of which must hold.
    pub(super) fn when(&self, found: &mut Findings, section: &Section, depth: usize) -> When {
        let mut conditions = Vec::new();
        let mut entries: Vec<_> = section.entries().collect();
        entries.sort_by_key(|(key, _)| key.at.start);
        for (key, value) in entries {
            // What stands inside of another is placed with it.
            let at = value.span();
            for test in self.tests(found, section, &key, depth) {
                conditions.push(Condition { at: found.place_of(&at), test });
            }
        }
        Self::check_bounds(found, section, &conditions);
        When { conditions }
    }

    fn tests(&self, found: &mut Findings, section: &Section, key: &Text, depth: usize) -> Vec<Test> {
        let key = key.value;
        let listed = |found: &mut Findings| {
            let list = section.one_or_list(found, key);
            (!list.is_empty()).then_some(list)
        };
        let test = match key {
            "source" => listed(found).map(|names| Test::Source(self.known_sources(found, &names))),
            "label" => listed(found).map(|texts| Test::Label(as_written(&texts))),
            "folder" => listed(found).map(|texts| Test::Folder(folders(&texts))),
            "sender" => listed(found).map(|texts| Test::Sender(in_lower_case(&texts))),
            "recipient" => listed(found).map(|texts| Test::Recipient(in_lower_case(&texts))),
            "domain" => listed(found)
                .map(|texts| Test::Domain(texts.iter().filter_map(|text| value::domain(found, text)).collect())),
            "subject" => section.text(found, key).and_then(|text| value::regex(found, &text)).map(Test::Subject),
            "header" => return Self::patterns(found, section, key, Test::Header),
            "column" => return Self::patterns(found, section, key, Test::Column),
            "before" => section.day(found, key).map(Test::Before),
            "since" => section.day(found, key).map(Test::Since),
            "larger" => size(found, section, key).map(Test::Larger),
            "smaller" => size(found, section, key).map(Test::Smaller),
            "direction" => section.choice(found, key).map(Test::Direction),
            "has_attachment" => section.flag(found, key).map(Test::HasAttachment),
            "any" => self.several(found, section, key, depth).map(Test::Any),
            "all" => self.several(found, section, key, depth).map(Test::All),
            "not" => self.inside(found, section, key, depth).map(Test::Not),
            // Reported with the table.
            _ => None,
        };
        test.into_iter().collect()
    }

    fn known_sources(&self, found: &mut Findings, names: &[Text]) -> Vec<String> {
        for name in names.iter().filter(|name| !self.sources.contains(name.value)) {
            let known: Vec<&str> = self.sources.iter().copied().collect();
            let otherwise = format!("the sources of this mapping: {}", any_of(known.iter().copied()));
            let help = did_you_mean(name.value, &known, otherwise);
            found.report(&name.at, format!("no source is named {}", quoted(name.value)), "not a source", help);
        }
        as_written(names)
    }

    /// `header = { "X-Queue" = '^returns' }`: a test for each name.
    fn patterns(
        found: &mut Findings,
        section: &Section,
        key: &str,
        test: fn(String, regex::Regex) -> Test,
    ) -> Vec<Test> {
        let table = section.free_section(found, key);
        let mut tests = Vec::new();
        for (name, value) in table.entries() {
            let known = match key {
                "header" => value::header_name(found, &name),
                _ => Some(name.value.to_owned()),
            };
            let pattern = text_of(found, value, name.value).and_then(|text| value::regex(found, &text));
            tests.extend(known.zip(pattern).map(|(name, pattern)| test(name, pattern)));
        }
        if table.is_present() && table.entries().next().is_none() {
            let title = format!("`{key}` names nothing");
            let help = format!("write `{key} = {{ \"name\" = 'pattern' }}`, or remove it");
            found.report(&table.at, title, "nothing in it", help);
        }
        tests
    }

    /// `any` and `all`: a list of tables.
    fn several(&self, found: &mut Findings, section: &Section, key: &str, depth: usize) -> Option<Vec<When>> {
        let value = section.value(key)?;
        let help =
            format!("write a list of conditions: `{key} = [{{ label = \"a\" }}, {{ sender = \"b@acme.example\" }}]`");
        let Some(array) = value.get_ref().as_array() else {
            wrong_type(found, value, key, "a list of tables", help);
            return None;
        };
        if array.is_empty() {
            found.report(&value.span(), format!("the list `{key}` is empty"), "nothing in it", help);
            return None;
        }
        let tables = Section::tables(found, key, array, keys::When::KEYS);
        Some(tables.iter().filter_map(|table| self.table(found, table, depth)).collect())
    }

    fn inside(&self, found: &mut Findings, section: &Section, key: &str, depth: usize) -> Option<When> {
        let table = section.section(found, key, keys::When::KEYS);
        if table.is_present() { self.table(found, &table, depth) } else { None }
    }

    fn table(&self, found: &mut Findings, table: &Section, depth: usize) -> Option<When> {
        if depth >= DEEPEST {
            let help = "write several rules instead: the first that gives an inbox decides";
            found.report(&table.at, "these conditions are nested too deeply", "nobody can read this", help);
            return None;
        }
        if table.entries().next().is_none() {
            found.report(&table.at, "a condition is empty", "nothing is asked", "name what must hold, or remove it");
            return None;
        }
        Some(self.when(found, table, depth + 1))
    }

    /// Pairs that can never hold together.
    fn check_bounds(found: &mut Findings, section: &Section, conditions: &[Condition]) {
        let mut bounds = (None, None, None, None);
        for condition in conditions {
            match condition.test {
                Test::Before(day) => bounds.0 = Some(day),
                Test::Since(day) => bounds.1 = Some(day),
                Test::Smaller(bytes) => bounds.2 = Some(bytes),
                Test::Larger(bytes) => bounds.3 = Some(bytes),
                _ => {}
            }
        }
        let at = |key: &str| section.key_at(key).unwrap_or_else(|| section.at.clone());
        if let (Some(before), Some(since), ..) = bounds
            && before <= since
        {
            let help = format!("`before` must be later than `since` ({since}); or write two rules");
            let title = "no message is both before and since these days";
            found.report(&at("before"), title, "never true together with `since`", help);
        }
        if let (.., Some(smaller), Some(larger)) = bounds
            && smaller <= larger + 1
        {
            let help = "`smaller` must be the greater of the two; or write two rules";
            let title = "no message is both smaller and larger than these";
            found.report(&at("smaller"), title, "never true together with `larger`", help);
        }
    }
}

fn size(found: &mut Findings, section: &Section, key: &str) -> Option<u64> {
    section.text(found, key).and_then(|text| value::size(found, &text, LARGEST))
}

fn as_written(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.to_owned()).collect()
}

/// Handles need not be mail addresses: chats have others.
fn in_lower_case(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.to_ascii_lowercase()).collect()
}

fn folders(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.trim_matches('/').to_owned()).collect()
}
