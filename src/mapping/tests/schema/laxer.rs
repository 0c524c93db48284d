//! Whatever the checker accepts is valid by the schema: an editor never marks what works.

use super::written_out::keys;
use super::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;

/// Every mapping at hand that says much.
fn grounds() -> Vec<toml::Table> {
    examples().iter().map(String::as_str).chain([FULLEST, SMALLEST]).map(document).collect()
}

/// Every key of every table, and one that is none.
fn any_key() -> impl Strategy<Value = String> + Clone {
    let schema = json_schema();
    let tables = schema["definitions"].as_object().unwrap().values().chain([&schema]);
    let keys = tables.filter_map(|table| table["properties"].as_object()).flat_map(Map::keys).cloned();
    select(keys.chain(["*".to_owned(), "a@b".to_owned()]).collect::<Vec<_>>())
}

/// Strings that some key takes, and others.
const WORDS: &[&str] = &[
    "a",
    " a ",
    "A@B",
    "b.example",
    "tea_1",
    "alt:x",
    "5 MB",
    "5MB ",
    "1 gb",
    "10s",
    "0ms",
    "tab",
    "\t",
    ";",
    "'",
    "\"",
    "none",
    "iso",
    "%s",
    "%H:%M",
    "%Y-%m-%d %H:%M:%S%z",
    "UTC",
    "utc",
    "latin1",
    "fr",
    "everything",
    "reject",
    "inbound",
    "html",
    "flags",
    "a *",
    "*",
    "X-A",
    "(?i)a",
    "(?<words>.*)",
    "a{b}",
    "cha_1",
    "2001-01-01",
    "mbox",
    "eml",
    "csv",
    "mail",
    "https://a.example",
    "\u{feff}",
    "\u{85}a",
    "",
];

const DATES: &[&str] = &[
    "2015-01-01",
    "0000-01-01",
    "2015-01-01T00:00:00Z",
    "2015-06-30T23:59:60Z",
    "2015-01-01T01:02:03.5+01:00",
    "07:00:00",
];

/// Values without others in them.
fn leaves() -> Vec<toml::Value> {
    let words = WORDS.iter().map(|word| toml::Value::from(*word));
    let dates = DATES.iter().map(|date| toml::Value::Datetime(date.parse().unwrap()));
    let integers = [0, 1, 256, -1, i64::from(u32::MAX), i64::MAX].map(toml::Value::from);
    let others = [0.5.into(), 1.0.into(), f64::MIN_POSITIVE.into(), 1.5.into(), true.into(), false.into()];
    words.chain(dates).chain(integers).chain(others).collect()
}

#[test]
fn no_key_refuses_a_value_that_the_checker_takes() {
    let lists = leaves().into_iter().map(|leaf| toml::Value::Array(vec![leaf]));
    let values: Vec<toml::Value> = leaves().into_iter().chain(lists).collect();
    for key in keys() {
        // `takes` holds the one against the other.
        let taken = values.iter().filter(|value| key.takes(value)).count();
        let is_table = key.schema.get("type").is_none_or(|kind| kind == "object" || kind == "array");
        assert!(taken > 0 || is_table || key.schema.contains_key("const"), "`{}` takes nothing", key.name);
    }
}

fn any_value() -> impl Strategy<Value = toml::Value> {
    let leaf = select(leaves());
    leaf.prop_recursive(2, 6, 3, |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..3).prop_map(toml::Value::from),
            prop::collection::btree_map(any_key(), inside, 0..3)
                .prop_map(|table| toml::Value::Table(table.into_iter().collect())),
        ]
    })
}

/// What is done to a mapping.
#[derive(Debug, Clone)]
enum Change {
    Put(Index, toml::Value),
    /// Another string for a string.
    Say(Index, &'static str),
    Add(Index, String, toml::Value),
    Remove(Index),
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any_value()).prop_map(|(at, value)| Change::Put(at, value)),
        (any::<Index>(), select(WORDS)).prop_map(|(at, word)| Change::Say(at, word)),
        (any::<Index>(), any_key(), any_value()).prop_map(|(at, key, value)| Change::Add(at, key, value)),
        any::<Index>().prop_map(Change::Remove),
    ]
}

/// All values inside of one, as the steps that lead to them.
fn places(value: &toml::Value, path: &[String], found: &mut Vec<Vec<String>>) {
    let mut inside = |step: String, value: &toml::Value| {
        let path = [path, &[step]].concat();
        found.push(path.clone());
        places(value, &path, found);
    };
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(key, value)| inside(key.clone(), value)),
        toml::Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| inside(at.to_string(), value)),
        _ => {}
    }
}

fn at<'a>(value: &'a mut toml::Value, path: &[String]) -> &'a mut toml::Value {
    path.iter().fold(value, |value, step| match value {
        toml::Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
        value => &mut value[step.as_str()],
    })
}

fn changed(ground: &toml::Table, changes: &[Change]) -> toml::Table {
    let mut whole = toml::Value::Table(ground.clone());
    for change in changes {
        let mut found = Vec::new();
        places(&whole, &[], &mut found);
        if found.is_empty() {
            break;
        }
        let (Change::Put(place, _) | Change::Say(place, _) | Change::Add(place, ..) | Change::Remove(place)) = change;
        let path: &Vec<String> = place.get(&found);
        let Some((last, parent)) = path.split_last() else { continue };
        match change {
            Change::Put(_, value) => *at(&mut whole, path) = value.clone(),
            Change::Say(_, word) => {
                if let toml::Value::String(text) = at(&mut whole, path) {
                    (*word).clone_into(text);
                }
            }
            Change::Add(_, key, value) => match at(&mut whole, path) {
                toml::Value::Table(table) => drop(table.insert(key.clone(), value.clone())),
                toml::Value::Array(list) => list.push(value.clone()),
                // Beside a value that holds nothing.
                _ => {
                    if let toml::Value::Table(table) = at(&mut whole, parent) {
                        table.insert(key.clone(), value.clone());
                    }
                }
            },
            Change::Remove(_) => match at(&mut whole, parent) {
                toml::Value::Table(table) => drop(table.remove(last)),
                toml::Value::Array(list) => drop(list.remove(last.parse().unwrap())),
                _ => {}
            },
        }
    }
    let toml::Value::Table(table) = whole else { panic!("a mapping is a table") };
    table
}

#[test]
fn what_the_checker_accepts_is_valid() {
    let grounds = grounds();
    let accepted = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 1000, failure_persistence: None, ..Config::default() });
    let strategy = (any::<Index>(), prop::collection::vec(any_change(), 1..3));
    let outcome = runner.run(&strategy, |(ground, changes)| {
        let mapping = changed(ground.get(&grounds), &changes);
        let text = toml::to_string(&mapping).unwrap();
        if super::super::load_text(&text).is_ok() {
            accepted.set(accepted.get() + 1);
            prop_assert_eq!(faults(&mapping), Vec::<String>::new(), "accepted and not valid:\n{}", text);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    // Changes that nothing survives would show nothing.
    assert!(accepted.get() > 40, "{} accepted", accepted.get());
}
