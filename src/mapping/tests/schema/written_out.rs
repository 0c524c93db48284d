//! What the schema says of a single key is so: its default, its words, its bounds, its examples.

use super::*;

const CHAT: &str = r#"version = 1
[target]
inbox = "Support"
[[source]]
name = "chat"
format = "csv"
path = "chat.csv"
date = "%Y-%m-%d %H:%M"
timezone = "UTC"
columns = { conversation = "c", time = "t", clock = "k", sender = "s", text = "words", role = "r", kind = "y" }
roles = { visitor = "inbound" }
kinds = { message = "message" }
people = [{ name = "n", handle = "h" }]
deliver = { channel = "cha_1", since = 2024-05-31 }
transcript = { column = "all", line = '(?<words>.*)' }
join = { name = "ticket", path = "t.csv", on = "a", key = "b" }
"#;

/// A row a message: what stands in its columns is not bound to a transcript.
const ROWS: &str = r#"version = 1
[target]
inbox = "Support"
[[source]]
name = "chat"
format = "csv"
path = "chat.csv"
date = "iso"
columns = { conversation = "c", time = "t", sender = "s", text = "m", role = "r", kind = "y" }
roles = { visitor = "inbound" }
kinds = { message = "message" }
"#;

const RULE: &str = r#"version = 1
target = { inbox = "Support" }
source = [{ name = "mail", format = "mbox", path = "mail.mbox" }]
rule = [{ when = { label = "a" }, thread = { header = "X-Case" } }]
"#;

const FINISH: &str = r#"version = 1
target = { inbox = "Support" }
source = [{ name = "mail", format = "mbox", path = "mail.mbox" }]
values = { ticket = { header = "X-Ticket" } }
defaults = { link = { url = "https://old.example" } }
contacts = { of = "senders" }
"#;

/// A table with keys of its own: its schema, a mapping that has one, and where.
type Place = (fn() -> Map<String, Value>, &'static str, &'static [&'static str]);

const PLACES: [Place; 25] = [
    (of::<keys::Mapping>, SMALLEST, &[]),
    (of::<keys::Target>, SMALLEST, &["target"]),
    (of::<keys::NewInboxes>, SMALLEST, &["target", "new_inboxes"]),
    (of::<keys::Ours>, SMALLEST, &["ours"]),
    (of::<keys::EverySource>, SMALLEST, &["source", "0"]),
    (of::<keys::Mails>, SMALLEST, &["source", "0"]),
    (of::<keys::Table>, CHAT, &["source", "0"]),
    (of::<keys::Columns>, ROWS, &["source", "0", "columns"]),
    (of::<keys::Deliver>, CHAT, &["source", "0", "deliver"]),
    (of::<keys::Person>, CHAT, &["source", "0", "people", "0"]),
    (of::<keys::Transcript>, CHAT, &["source", "0", "transcript"]),
    (of::<keys::Join>, CHAT, &["source", "0", "join"]),
    (of::<keys::Defaults>, SMALLEST, &["defaults"]),
    (of::<keys::Thread>, SMALLEST, &["thread"]),
    (of::<keys::Place>, FINISH, &["values", "ticket"]),
    (of::<keys::Link>, FINISH, &["defaults", "link"]),
    (of::<keys::NotesTable>, SMALLEST, &["notes"]),
    (of::<keys::ContactsTable>, FINISH, &["contacts"]),
    (of::<keys::Rule>, RULE, &["rule", "0"]),
    (of::<keys::When>, RULE, &["rule", "0", "when"]),
    (of::<keys::RuleThread>, RULE, &["rule", "0", "thread"]),
    (of::<keys::Identity>, SMALLEST, &["identity"]),
    (of::<keys::Silence>, SMALLEST, &["silence"]),
    (of::<keys::Send>, SMALLEST, &["send"]),
    (of::<keys::Limits>, SMALLEST, &["limits"]),
];

/// One key, with what is said of it.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) schema: Map<String, Value>,
    ground: &'static str,
    path: &'static [&'static str],
}

impl Key {
    /// The mapping with this value of the key.
    fn with(&self, value: &toml::Value) -> String {
        let mut whole = toml::Value::Table(document(self.ground));
        let table = self.path.iter().fold(&mut whole, |at, step| match at {
            toml::Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
            toml::Value::Table(table) => table.entry(*step).or_insert_with(|| toml::Table::new().into()),
            _ => panic!("no table at {:?}", self.path),
        });
        let table = table.as_table_mut().unwrap();
        table.insert(self.name.clone(), value.clone());
        // What cannot stand together.
        match (self.path.last(), self.name.as_str()) {
            (Some(&("thread" | "ticket")), "subject" | "column") => drop(table.remove("header")),
            (_, "skip") => drop(table.remove("thread")),
            (_, "format") if value.as_str() == Some("csv") => {
                let chat = document(CHAT)["source"][0].as_table().unwrap().clone();
                table.extend(chat.into_iter().filter(|(key, _)| !matches!(key.as_str(), "name" | "path")));
            }
            _ => {}
        }
        toml::to_string(&whole).unwrap()
    }

    /// Is the mapping accepted with it? The schema must not be stricter.
    pub(super) fn takes(&self, value: &toml::Value) -> bool {
        let text = self.with(value);
        let is_accepted = load_text(&text).is_ok();
        assert!(!is_accepted || faults(&document(&text)).is_empty(), "accepted and not valid:\n{text}");
        is_accepted
    }

    /// A value of the schema as TOML has it.
    fn toml(&self, value: &Value) -> toml::Value {
        let said = format!("{:?}", self.schema);
        let takes_dates = [r#""day""#, r#""moment""#].iter().any(|title| said.contains(title));
        match value.as_str().and_then(|text| text.parse().ok()) {
            Some(date) if takes_dates => toml::Value::Datetime(date),
            _ => toml::Value::try_from(value).unwrap(),
        }
    }
}

fn load_text(text: &str) -> Result<Mapping, MappingErrors> {
    super::super::load_text(text)
}

pub(super) fn keys() -> Vec<Key> {
    let keys_of = |(schema, ground, path): &Place| -> Vec<Key> {
        let (ground, path) = (*ground, *path);
        let properties = schema()["properties"].as_object().unwrap().clone();
        let key =
            |(name, schema): (String, Value)| Key { name, schema: schema.as_object().unwrap().clone(), ground, path };
        properties.into_iter().map(key).collect()
    };
    PLACES.iter().flat_map(keys_of).collect()
}

/// All values that the schema names: examples, words, the only one.
fn named(schema: &Map<String, Value>) -> Vec<Value> {
    let all = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    let of_words = all("oneOf").chain(all("anyOf")).filter_map(Value::as_object).flat_map(named);
    let of_items = schema.get("items").and_then(Value::as_object).into_iter().flat_map(named);
    let own = all("examples").chain(all("enum")).chain(schema.get("const")).cloned();
    own.chain(of_words).chain(of_items.map(|item| json!([item]))).collect()
}

#[test]
fn every_key_of_the_page_is_asked_here() {
    let lines = reference().lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(keys().len(), lines);
    assert!(lines > 90, "{lines}");
}

#[test]
fn every_word_and_every_example_is_accepted() {
    let mut asked = 0;
    for key in keys() {
        for value in named(&key.schema) {
            asked += 1;
            let text = key.with(&key.toml(&value));
            assert!(key.takes(&key.toml(&value)), "{} = {value}\n{}", key.name, load_text(&text).unwrap_err());
        }
    }
    assert!(asked > 120, "{asked}");
}

/// A mapping less what only says where something stands.
fn without_places(text: &str) -> String {
    let mut mapping = super::super::accepted(text);
    mapping.text = String::new();
    for source in &mut mapping.sources {
        source.path_at = (0, 0);
    }
    format!("{mapping:?}")
}

#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let mut asked = 0;
    for key in keys() {
        let Some(default) = key.schema.get("default") else { continue };
        asked += 1;
        // A table is compared by its own settings: places in it move with every line.
        let is_chat = key.ground == CHAT;
        let (without, with) = (key.ground.to_owned(), key.with(&key.toml(default)));
        if is_chat {
            let settings = |text: &str| match &super::super::accepted(text).sources[0].format {
                Format::Csv(csv) => format!("{:?} {} {:?}", csv.daylight_saving, csv.text_is_html, csv.message_type),
                _ => panic!("no table"),
            };
            assert_eq!(settings(&without), settings(&with), "{}", key.name);
        } else {
            assert_eq!(without_places(&without), without_places(&with), "{} = {default}", key.name);
        }
    }
    assert!(asked > 20, "{asked}");
}

#[test]
fn a_number_is_accepted_at_its_bounds_and_not_beyond() {
    let mut asked = 0;
    for key in keys() {
        let is_number = key.schema.get("type") == Some(&json!("integer")) && !key.schema.contains_key("const");
        let bound = |name: &str| key.schema.get(name).and_then(Value::as_i64);
        if let Some(least) = bound("minimum").filter(|_| is_number) {
            asked += 1;
            assert!(key.takes(&least.into()) && !key.takes(&(least - 1).into()), "{}", key.name);
            let Some(most) = bound("maximum") else { continue };
            assert!(key.takes(&most.into()) && !key.takes(&(most + 1).into()), "{}", key.name);
        }
    }
    assert!(asked > 6, "{asked}");
}

#[test]
fn waits_that_depend_on_the_target_are_those_of_the_page() {
    let send = super::super::accepted(SMALLEST).send;
    let texts = of::<keys::Send>();
    let says = |key: &str, words: &str| texts["properties"][key]["description"].as_str().unwrap().contains(words);
    assert_eq!((send.settle(false).as_secs(), send.settle(true).as_millis()), (10, 100));
    assert!(says("settle", "Without it 10 seconds, to a server on this machine 100 ms"));
    assert_eq!((send.patience(false).as_secs(), send.patience(true).as_secs()), (300, 10));
    assert!(says("patience", "Without it 5 minutes, on this machine 10 seconds"));
}

#[test]
fn what_must_be_there_cannot_be_left_out() {
    for (schema, ground, path) in PLACES {
        let required = schema().get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for key in required {
            let mut document = toml::Value::Table(document(ground));
            let table = path.iter().fold(&mut document, |at, step| match step.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[*step],
            });
            assert!(table.as_table_mut().unwrap().remove(key.as_str().unwrap()).is_some(), "{key} in {ground}");
            let text = toml::to_string(&document).unwrap();
            assert!(load_text(&text).is_err(), "{key} at {path:?}");
            assert!(!faults(document.as_table().unwrap()).is_empty(), "{key} at {path:?}");
        }
    }
}
