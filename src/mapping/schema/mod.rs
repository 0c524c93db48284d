//! The mapping as JSON Schema, for editors, and as a page, for people.
//!
//! `keys` and `words`, with the enums that the engine has itself, are the one place where a key or a word is written down: the checker
//! reads them from there, and what stands beside each is what users read in `docs/mapping.schema.json` and `docs/mapping.md`.

pub(super) mod keys;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod values;
mod words;

pub(super) use words::*;

#[cfg(test)]
pub(super) use reference::reference;

#[cfg(test)]
use {
    schemars::{JsonSchema, generate::SchemaSettings},
    serde_json::{Map, Value},
};

/// The JSON Schema of a mapping. It may be laxer than the check, but is never stricter.
///
/// Draft 7: the tools that know TOML know no later one.
pub const SCHEMA: &str = include_str!("../../../docs/mapping.schema.json");

/// The page about the mapping, in Markdown.
pub const REFERENCE: &str = include_str!("../../../docs/mapping.md");

/// What [`SCHEMA`] must say.
#[cfg(test)]
pub(super) fn json_schema() -> Value {
    let schema = of::<keys::Mapping>();
    // What people look for first stands first.
    let first = ["$schema", "title", "description"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), schema.get(key)?.clone())));
    let mut ordered: Map<String, Value> = first.collect();
    ordered.extend(schema);
    Value::Object(ordered)
}

/// The schema of one table, with all that it refers to.
#[cfg(test)]
pub(super) fn of<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    std::mem::take(schema.ensure_object())
}
