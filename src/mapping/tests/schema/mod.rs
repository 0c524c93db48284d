//! The JSON Schema and the checker say the same: all that the one knows the other knows, and the schema is never the stricter.

mod laxer;
mod written_out;

use super::super::schema::{json_schema, keys, of, reference};
use super::super::*;
use super::{FULLEST, SMALLEST};
use crate::words::printable_json;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::options().should_validate_formats(true).build(&json_schema()).unwrap());

/// What an editor hands over: the mapping as JSON, its dates as strings.
fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Table(table) => Value::Object(table.iter().map(|(key, it)| (key.clone(), as_json(it))).collect()),
        toml::Value::Array(list) => list.iter().map(as_json).collect(),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
    }
}

fn document(text: &str) -> toml::Table {
    text.parse().unwrap_or_else(|fault| panic!("no TOML: {fault}\n{text}"))
}

/// What the schema says against a mapping.
fn faults(document: &toml::Table) -> Vec<String> {
    let instance = as_json(&toml::Value::Table(document.clone()));
    VALIDATOR.iter_errors(&instance).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

#[track_caller]
fn valid(text: &str) {
    super::accepted(text);
    assert_eq!(faults(&document(text)), Vec::<String>::new(), "\n{text}");
}

/// The pieces of TOML on the page, each made a whole mapping by what it leaves out.
fn examples() -> Vec<String> {
    let page = reference();
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    blocks
        .map(|block| {
            let lacking = |part: &str, text: &'static str| if block.contains(part) { "" } else { text };
            format!(
                "{}{block}\n{}{}",
                lacking("version =", "version = 1\n"),
                lacking("[target]", "[target]\ninbox = \"Support\"\n"),
                lacking("[[source]]", "[[source]]\nname = \"mail\"\nformat = \"eml\"\npath = \"mail\"\n")
            )
        })
        .collect()
}

/// A file of the repository, which the program prints, says what is said here. Asked to, the test writes it.
fn is_kept(file: &str, kept: &str, made: &str) {
    if std::env::var_os("THREADLIFT_WRITE_DOCS").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), made).unwrap();
    } else {
        assert!(
            kept == made,
            "{file} is out of date; write it anew:\n  THREADLIFT_WRITE_DOCS=1 cargo test --lib schema"
        );
    }
}

#[test]
fn the_schema_and_the_page_in_the_repository_are_those_of_the_keys() {
    let schema = printable_json(&serde_json::to_string_pretty(&json_schema()).unwrap());
    is_kept("docs/mapping.schema.json", SCHEMA, &format!("{schema}\n"));
    is_kept("docs/mapping.md", REFERENCE, &reference());
}

#[test]
fn the_schema_is_one_and_its_texts_are_for_people() {
    let schema = json_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let tables = schema["definitions"].as_object().unwrap().values().chain([&schema]);
    for table in tables {
        assert!(table["title"].is_string() && table["description"].is_string(), "{table}");
        for (key, value) in table["properties"].as_object().into_iter().flatten() {
            let is_table = value.get("$ref").or_else(|| value["items"].get("$ref")).is_some();
            assert!(is_table || value["description"].is_string(), "no text: {key} of {}", table["title"]);
        }
    }
}

#[test]
fn the_ready_mappings_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mappings: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    assert!(mappings.len() > 10, "{mappings:?}");
    for path in mappings {
        valid(&fs::read_to_string(path).unwrap());
    }
}

#[test]
fn the_fullest_and_the_smallest_mapping_are_valid() {
    valid(FULLEST);
    valid(SMALLEST);
}

#[test]
fn the_examples_of_the_page_are_accepted_and_valid() {
    let examples = examples();
    assert!(examples.len() > 12, "{}", examples.len());
    for example in examples {
        valid(&example);
    }
}

#[test]
fn the_page_has_a_section_for_every_table_and_a_line_for_every_key() {
    let page = reference();
    let schema = json_schema();
    for table in schema["definitions"].as_object().unwrap().values().chain([&schema]) {
        let title = table["title"].as_str().unwrap();
        let heading = title.split_once(' ').map_or(format!("`{title}`"), |(first, rest)| format!("`{first}` {rest}"));
        assert!(page.contains(&format!("\n## {heading}\n")) || page.contains(&format!("\n## {title}\n")), "{title}");
        for key in table["properties"].as_object().into_iter().flat_map(Map::keys) {
            assert!(page.contains(&format!("\n| `{key}` | ")), "{key} of {title}");
        }
    }
    // A link leads to a heading.
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    let anchor = |heading: &str| -> String {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect()
    };
    let anchors: Vec<String> = headings.map(anchor).collect();
    for link in page.split("](#").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
        assert!(anchors.iter().any(|anchor| anchor == link), "#{link} leads nowhere");
    }
}

#[test]
fn what_is_wrong_is_refused_by_both() {
    let csv = "[[source]]\nname = \"c\"\nformat = \"csv\"\npath = \"c.csv\"\n";
    let columns = "columns = { conversation = \"c\", time = \"t\", sender = \"s\", text = \"m\" }\n";
    let after = |piece: &str| format!("{SMALLEST}{piece}\n");
    let rule = |when: &str| after(&format!("[[rule]]\nwhen = {{ {when} }}\nskip = \"x\""));
    let does = |action: &str| after(&format!("[[rule]]\nwhen = {{ label = \"a\" }}\n{action}"));
    let wrong = [
        // A key that must be there.
        SMALLEST.replace("version = 1\n", ""),
        SMALLEST.replace("[target]\ninbox = \"Support\"\n", ""),
        SMALLEST.replace("inbox = \"Support\"\n", ""),
        SMALLEST.replace("name = \"mail\"\n", ""),
        SMALLEST.replace("format = \"mbox\"\n", ""),
        SMALLEST.replace("path = \"mail.mbox\"\n", ""),
        "version = 1\nsource = []\n[target]\ninbox = \"S\"\n".to_owned(),
        after(&format!("{csv}date = \"iso\"")),
        after(&format!("{csv}{columns}")),
        after(&format!("{csv}date = \"iso\"\n{}", columns.replace("text = \"m\"", "role = \"r\""))),
        after("[[rule]]\nskip = \"x\""),
        // A key that is unknown, or not for this format.
        after("[lables]"),
        after("pathh = \"x\""),
        after("[send]\nshares = 1"),
        after("columns = {}"),
        after("country = \"FR\""),
        after("[[source]]\nname = \"e\"\nformat = \"eml\"\npath = \"e\"\ndialect = \"mboxrd\""),
        after(&format!("{csv}{columns}date = \"iso\"\nlabels_from = [\"flags\"]")),
        rule("labels = \"a\""),
        rule("any = [{ not = { labels = \"a\" } }]"),
        does("inboxes = \"a\""),
        // A value of the wrong type.
        SMALLEST.replace("\"Support\"", "7"),
        SMALLEST.replace("[[source]]", "[source]"),
        SMALLEST.replace("= 1", "= 2"),
        after("[send]\nreserve = \"10\""),
        after("[send]\nburst = \"yes\""),
        after("[defaults]\ntags = \"legacy\""),
        rule("before = 1"),
        rule("has_attachment = \"yes\""),
        rule("any = { label = \"a\" }"),
        does("thread = \"x\""),
        // A value that is none.
        SMALLEST.replace("mbox\"\npath", "mbx\"\npath"),
        SMALLEST.replace("\"mail.mbox\"", "[]"),
        SMALLEST.replace("\"Support\"", "\"\""),
        after("dialect = \"mboxx\""),
        after("labels_from = [\"paths\"]"),
        after("until = \"nothing\""),
        after("namespace = \"a b\""),
        after("[send]\nshare = 0"),
        after("[send]\nin_flight = 257"),
        after("[send]\nsettle = \"10\""),
        after("[send]\norder = \"newest\""),
        after("[limits]\nmail = \"10\""),
        after("[ours]\ndomains = [\"@acme.example\"]"),
        after("[ours]\naddresses = [\"acme.example\"]"),
        after("[agents]\nleela = \"tea_1\""),
        after("[agents]\n\"l@a.example\" = \"Leela\""),
        after(&format!("[labels]\na = \"{}\"", "t".repeat(65))),
        after("[silence]\narchived = \"no\""),
        after("[silence]\nrules = true"),
        rule(""),
        rule("any = []"),
        rule("not = {}"),
        rule("header = { \"X: a\" = 'b' }"),
        rule("larger = \"10\""),
        rule("direction = \"in\""),
        does("archived = false"),
        does("assignee = \"leela@acme.example\""),
        does("thread = {}"),
        does("thread = { header = \"a\", column = \"b\" }"),
    ];
    for text in wrong {
        assert!(super::load_text(&text).is_err(), "accepted:\n{text}");
        assert!(!faults(&document(&text)).is_empty(), "valid:\n{text}");
    }
}
