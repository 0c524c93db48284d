//! Checks what the columns of a chat table mean: their names, the values of the role and of the kind column.

use super::choice::Choice;
use super::findings::Findings;
use super::schema::keys;
use super::section::{Section, Text, choice_of};
use super::table::{Columns, Role, RowKind};
use std::collections::BTreeMap;

type Places = BTreeMap<String, (usize, usize)>;

/// The names, with the place of each value by key.
pub(super) fn columns(found: &mut Findings, table: &Section) -> Option<(Columns, Places)> {
    if table.value("columns").is_none() {
        let help = "add `columns = { conversation = \"...\", time = \"...\", sender = \"...\", text = \"...\" }` with the names \
                    in the first row of the table";
        table.missing(found, "columns", help);
        return None;
    }
    let section = table.section(found, "columns", keys::Columns::KEYS);
    if !section.is_present() {
        return None;
    }
    let mut places = Places::new();
    let mut optional = |found: &mut Findings, key: &str| {
        let text = section.text(found, key)?;
        places.insert(key.to_owned(), found.place(&text.at));
        name(found, &text)
    };
    let id = optional(found, "id");
    let clock = optional(found, "clock");
    let timezone = optional(found, "timezone");
    let sender_name = optional(found, "sender_name");
    let recipient = optional(found, "recipient");
    let role = optional(found, "role");
    let kind = optional(found, "kind");
    let subject = optional(found, "subject");
    let labels = optional(found, "labels");
    let missing = |found: &mut Findings, key: &str, what: &str| {
        if section.value(key).is_none() {
            let help = format!("add `{key} = \"...\"` with the name of the column that holds {what}");
            found.report(&section.at, format!("`columns` lacks `{key}`"), format!("`{key}` is missing"), help);
        }
    };
    let mut required = |found: &mut Findings, key: &str, what: &str| {
        missing(found, key, what);
        optional(found, key)
    };
    let conversation = required(found, "conversation", "the id of the conversation");
    let time = required(found, "time", "the time");
    let text = required(found, "text", "the text of the message");
    missing(found, "sender", "the author's handle");
    let mut several = |found: &mut Findings, key: &str| -> Vec<String> {
        let names: Vec<Text> = section.one_or_list(found, key);
        if let Some(first) = names.first() {
            places.insert(key.to_owned(), found.place(&first.at));
        }
        names.iter().filter_map(|text| name(found, text)).collect()
    };
    let sender = several(found, "sender");
    let agent = if section.value("agent").is_some() { several(found, "agent") } else { Vec::new() };
    if let Some(at) = section.key_at("agent").filter(|_| role.is_none()) {
        let help =
            "name the column that tells visitors from agents as `role`; or list the agent's columns under `sender`";
        found.report(&at, "`columns` names `agent`, and no `role`", "which rows are an agent's?", help);
    }
    let columns = Columns {
        id,
        conversation: conversation?,
        time: time?,
        clock,
        timezone,
        sender: if sender.is_empty() { return None } else { sender },
        agent,
        sender_name,
        recipient,
        text: text?,
        role,
        kind,
        subject,
        labels,
        asked: Vec::new(),
    };
    Some((columns, places))
}

/// A column's name, in which one `*` may stand for the number of numbered columns.
pub(super) fn name(found: &mut Findings, text: &Text) -> Option<String> {
    if text.value.matches('*').count() > 1 {
        let help =
            "one `*` stands for what changes in the names of numbered columns: `tag *` is `tag 1`, `tag 2` and so on";
        found.report(&text.at, "a column name with more than one `*`", "which one counts?", help);
        return None;
    }
    Some(text.value.trim().to_owned())
}

/// `roles`: what the values of the role column mean.
pub(super) fn roles(found: &mut Findings, table: &Section, are_columns_sound: bool) -> BTreeMap<String, Role> {
    let has_roles = role_column(table).is_some();
    let given = table.value("people").is_some() || has_roles;
    let meanings = Meanings { key: "roles", column: "role", of: "role", example: "visitor = \"inbound\"" };
    values(found, table, &meanings, given || !are_columns_sound)
}

/// `kinds`: what the values of the kind column mean.
pub(super) fn kinds(found: &mut Findings, table: &Section, are_columns_sound: bool) -> BTreeMap<String, RowKind> {
    let given = column_at(table, "kind").is_some();
    let meanings = Meanings { key: "kinds", column: "kind", of: "kind", example: "comment = \"message\"" };
    values(found, table, &meanings, given || !are_columns_sound)
}

/// A table of values and their meanings.
struct Meanings {
    key: &'static str,
    column: &'static str,
    of: &'static str,
    example: &'static str,
}

fn column_at(table: &Section, key: &str) -> Option<std::ops::Range<usize>> {
    Some(table.value("columns")?.get_ref().get(key)?.span())
}

fn role_column(table: &Section) -> Option<std::ops::Range<usize>> {
    column_at(table, "role")
}

/// `has_values`: something in the table gives such values, or nobody can tell.
fn values<T: Choice>(
    found: &mut Findings,
    table: &Section,
    meanings: &Meanings,
    has_values: bool,
) -> BTreeMap<String, T> {
    let Meanings { key, column, of, example } = *meanings;
    let section = table.free_section(found, key);
    if table.value(key).is_none() {
        if let Some(at) = column_at(table, column) {
            let help = format!("add `{key} = {{ {example}, \"*\" = \"skip\" }}` with the values of that column");
            let title = format!("`columns` names a {of} column, and `{key}` is not set");
            found.report(&at, title, "what do its values mean?", help);
        }
        return BTreeMap::new();
    }
    if !has_values && let Some(at) = table.key_at(key) {
        let help =
            format!("add `{column} = \"...\"` to `columns`, with the name of the column that holds these values");
        let title = format!("`{key}` is set, and `columns` names no {of} column");
        found.report(&at, title, "values of which column?", help);
    }
    let mut values = BTreeMap::new();
    for (word, meaning) in section.entries() {
        if let Some(meaning) = choice_of(found, meaning, word.value) {
            values.insert(word.value.to_owned(), meaning);
        }
    }
    if section.is_present() && section.entries().next().is_none() {
        let help = format!("write each value of the {of} column, such as `{example}`");
        found.report(&section.at, format!("`{key}` is empty"), "nothing in it", help);
    }
    values
}
