//! `docs/mapping.md`: a section for each table of the mapping, made of its schema.

use super::{keys, of};
use schemars::JsonSchema;
use serde_json::{Map, Value};
use std::fmt::Write as _;

const OPENING: &str = "# The mapping

<!-- Made by `just mapping-docs` of the texts in src/mapping/schema. -->

This page explains every key. Copy the mapping in `mappings/` that is nearest to your export, and come here for the rest. A key may be
left out unless it is *required*; its default is what then holds.

An editor that knows TOML (Even Better TOML in VS Code, and others by way of taplo) completes and checks a mapping as you type:
`threadlift schema > mapping.schema.json`, and `#:schema mapping.schema.json` as the first line of the mapping beside it. It does
not see everything; `threadlift plan` does.
";

/// In the order in which people write a mapping.
const SECTIONS: [fn() -> Section; 30] = [
    Section::of::<keys::Mapping>,
    Section::of::<keys::Target>,
    Section::of::<keys::NewInboxes>,
    Section::of::<keys::Ours>,
    Section::of::<keys::Agents>,
    Section::of::<keys::EverySource>,
    Section::of::<keys::Mails>,
    Section::of::<keys::Table>,
    Section::of::<keys::Columns>,
    Section::of::<keys::Roles>,
    Section::of::<keys::Kinds>,
    Section::of::<keys::Deliver>,
    Section::of::<keys::Person>,
    Section::of::<keys::Transcript>,
    Section::of::<keys::Join>,
    Section::of::<keys::Defaults>,
    Section::of::<keys::Labels>,
    Section::of::<keys::Thread>,
    Section::of::<keys::Values>,
    Section::of::<keys::Place>,
    Section::of::<keys::Link>,
    Section::of::<keys::Rule>,
    Section::of::<keys::When>,
    Section::of::<keys::RuleThread>,
    Section::of::<keys::NotesTable>,
    Section::of::<keys::ContactsTable>,
    Section::of::<keys::Identity>,
    Section::of::<keys::Silence>,
    Section::of::<keys::Send>,
    Section::of::<keys::Limits>,
];

/// The page about the mapping, in Markdown.
#[must_use]
pub(in crate::mapping) fn reference() -> String {
    let sections: Vec<Section> = SECTIONS.iter().map(|section| section()).collect();
    let links: Vec<String> = sections.iter().map(|section| link(text(&section.schema, "title"))).collect();
    let mut page = format!("{OPENING}\n{}\n", links.join(" · "));
    for section in &sections {
        section.write(&mut page);
    }
    page
}

/// A table of the mapping.
struct Section {
    schema: Map<String, Value>,
}

impl Section {
    fn of<T: JsonSchema>() -> Self {
        Self { schema: of::<T>() }
    }

    fn write(&self, page: &mut String) {
        let schema = &self.schema;
        let _ = write!(page, "\n## {}\n\n{}\n", heading(text(schema, "title")), text(schema, "description"));
        if let Some(Value::Object(values)) = schema.get("additionalProperties")
            && !words(values).is_empty()
        {
            page.push('\n');
            for (word, meaning) in words(values) {
                let _ = writeln!(page, "- `{word}`: {meaning}");
            }
        }
        let Some(Value::Object(keys)) = schema.get("properties") else { return };
        page.push_str("\n| key | value | default | meaning |\n|---|---|---|---|\n");
        for (key, value) in keys {
            let Value::Object(value) = value else { continue };
            let cells = [format!("`{key}`"), self.value(value), self.default(key, value), self.meaning(value)];
            let cells = cells.map(|cell| cell.replace('\n', " ").replace('|', "\\|"));
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
    }

    /// What may be written, and how it looks.
    fn value(&self, schema: &Map<String, Value>) -> String {
        let kind = self.kind(schema);
        match schema.get("examples").and_then(|examples| examples.get(0)) {
            Some(example) if !schema.contains_key("default") => format!("{kind}, such as `{}`", toml(example, schema)),
            _ => kind,
        }
    }

    fn kind(&self, schema: &Map<String, Value>) -> String {
        if let Some(table) = self.referred(schema) {
            return format!("table {}", link(text(table, "title")));
        }
        if let Some(only) = schema.get("const") {
            return format!("`{}`", toml(only, schema));
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            return either(values.iter().map(|value| format!("`{}`", toml(value, schema))));
        }
        if schema.contains_key("oneOf") {
            return "word".to_owned();
        }
        if let Some(Value::Array(kinds)) = schema.get("anyOf") {
            // A list of what may stand alone needs no name of its own.
            let kinds = alternatives(kinds).map(|kind| if is_list(kind) { "list".to_owned() } else { self.kind(kind) });
            return either(kinds);
        }
        if schema.contains_key("title") {
            return text(schema, "title").to_owned();
        }
        let number = |key: &str| schema.get(key).and_then(Value::as_u64);
        match text(schema, "type") {
            "array" => {
                let items = schema.get("items").and_then(Value::as_object);
                match items.and_then(|items| self.referred(items)) {
                    Some(table) => format!("tables {}", link(text(table, "title"))),
                    None => format!("list of {}", several(&items.map_or_else(String::new, |items| self.kind(items)))),
                }
            }
            "object" => "table".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => match (number("minimum").unwrap_or(0), number("maximum")) {
                (least, None) => format!("whole number from {least}"),
                (least, Some(most)) => format!("whole number from {least} to {}", grouped(&most.to_string())),
            },
            _ => "text".to_owned(),
        }
    }

    fn default(&self, key: &str, schema: &Map<String, Value>) -> String {
        let required = self.schema.get("required").and_then(Value::as_array);
        if required.is_some_and(|required| required.iter().any(|required| required == key)) {
            return "*required*".to_owned();
        }
        schema.get("default").map_or_else(String::new, |default| format!("`{}`", toml(default, schema)))
    }

    /// What it means, with each of its words; of a table, which has a section of its own, the first sentence.
    fn meaning(&self, schema: &Map<String, Value>) -> String {
        let list = schema.get("items").and_then(Value::as_object);
        let said = text(schema, "description");
        let mut meaning = match self.referred(schema).or_else(|| list.and_then(|list| self.referred(list))) {
            Some(table) if said.is_empty() => first_sentence(text(table, "description")).to_owned(),
            _ => said.to_owned(),
        };
        for (word, words) in words(schema).into_iter().chain(list.map(words).into_iter().flatten()) {
            let _ = write!(meaning, "<br>`{word}`: {words}");
        }
        meaning
    }

    /// The table that stands for this value.
    fn referred(&self, schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
        let all = schema.get("allOf").and_then(|all| all.get(0)).and_then(Value::as_object);
        let path = all.unwrap_or(schema).get("$ref")?.as_str()?;
        // A table that holds itself is the root of its own schema.
        if path == "#" {
            return Some(&self.schema);
        }
        self.schema.get("definitions")?.get(path.strip_prefix("#/definitions/")?)?.as_object()
    }
}

/// Words as the mapping has them, each with its meaning.
fn words(schema: &Map<String, Value>) -> Vec<(String, &str)> {
    let alternatives = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    alternatives("oneOf")
        .filter_map(Value::as_object)
        .filter_map(|word| Some((toml(word.get("const")?, word), text(word, "description"))))
        .chain(alternatives("anyOf").filter_map(Value::as_object).flat_map(words))
        .collect()
}

/// What may stand there, each kind by itself.
fn alternatives(kinds: &[Value]) -> impl Iterator<Item = &Map<String, Value>> {
    kinds.iter().filter_map(Value::as_object).flat_map(|kind| match kind.get("anyOf").and_then(Value::as_array) {
        Some(kinds) => kinds.iter().filter_map(Value::as_object).collect(),
        None => vec![kind],
    })
}

fn is_list(schema: &Map<String, Value>) -> bool {
    text(schema, "type") == "array"
}

fn text<'a>(schema: &'a Map<String, Value>, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A value as the mapping has it.
fn toml(value: &Value, schema: &Map<String, Value>) -> String {
    let is_date = matches!(text(schema, "title"), "day" | "moment");
    match (value, toml::Value::try_from(value)) {
        (Value::String(date), _) if is_date => date.clone(),
        (Value::Number(number), _) if number.is_u64() => grouped(&number.to_string()),
        (_, Ok(value)) => value.to_string(),
        (value, Err(_)) => value.to_string(),
    }
}

/// Digits as TOML lets them be grouped: `100_000`.
fn grouped(digits: &str) -> String {
    let at_thousands = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    digits.char_indices().fold(String::new(), |written, (at, digit)| {
        if at_thousands(at) && digits.len() > 4 { format!("{written}_{digit}") } else { format!("{written}{digit}") }
    })
}

fn either(kinds: impl Iterator<Item = String>) -> String {
    let mut kinds: Vec<String> = kinds.collect();
    match kinds.pop() {
        Some(last) if !kinds.is_empty() => format!("{} or {last}", kinds.join(", ")),
        last => last.unwrap_or_default(),
    }
}

fn several(kind: &str) -> String {
    format!("{kind}{}", if kind.ends_with('s') { "es" } else { "s" })
}

fn first_sentence(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or_default().split("\n\n").next().unwrap_or_default().trim()
}

/// A title with what people write in it as code.
fn heading(title: &str) -> String {
    match title.split_once(' ') {
        _ if title.starts_with(char::is_uppercase) => title.to_owned(),
        Some((written, rest)) => format!("`{written}` {rest}"),
        None => format!("`{title}`"),
    }
}

/// A link to the section of that title, by the name that Markdown gives it.
fn link(title: &str) -> String {
    let anchor = title.to_lowercase().replace(' ', "-");
    let anchor: String = anchor.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect();
    format!("[{}](#{anchor})", heading(title))
}
