//! Which columns of which table the mapping uses.

use crate::mapping::{CsvMapping, Join, Person, Template, number_in, numbered};

/// A column that the mapping uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needed {
    /// Where the mapping names it: `columns.text`.
    pub(super) key: String,
    /// The name, in which a `*` or a `.` may mean more than itself.
    pub(super) name: String,
    /// Position in the mapping.
    pub(super) at: (usize, usize),
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The name may have a `*`, or lead into JSON.
    Any,
    /// The name and nothing else.
    Exact,
    /// Numbered columns of which a file may have none.
    Optional,
}

impl Needed {
    /// Is there such a column: by this name, numbered, or with the JSON that the name leads into?
    pub(super) fn is_in(&self, names: &[String]) -> bool {
        let matches = |pattern| names.iter().any(|column| number_in(pattern, column).is_some());
        let by_meaning = || numbered(&self.name).is_some_and(matches) || json_column(&self.name, names).is_some();
        names.contains(&self.name) || (self.kind != Kind::Exact && by_meaning())
    }

    /// Is there such a column, and only one of its name, or need there be none?
    fn is_met(&self, names: &[String]) -> bool {
        let same = names.iter().filter(|column| **column == self.name).count();
        self.may_be_absent() || (same <= 1 && self.is_in(names))
    }

    pub(super) fn may_be_absent(&self) -> bool {
        self.kind == Kind::Optional
    }
}

/// Are the columns that `csv` names among those of a table, so that it can be read for messages?
#[must_use]
pub fn has_columns(csv: &CsvMapping, names: &[String]) -> bool {
    of_messages(csv, (0, 0)).iter().all(|needed| needed.is_met(names))
}

/// Likewise of the second table, if there is to be one.
#[must_use]
pub fn has_joined_columns(csv: &CsvMapping, names: &[String]) -> bool {
    csv.join.as_ref().is_some_and(|join| of_joined(csv, join).iter().all(|needed| needed.is_met(names)))
}

/// The column that holds JSON, and the way into it, that a name such as `sender_info.email` means.
pub(super) fn json_column<'a>(name: &'a str, names: &[String]) -> Option<(usize, Vec<&'a str>)> {
    let dots = name.match_indices('.').map(|(at, _)| at).rev();
    dots.filter_map(|at| Some((name.get(..at)?, name.get(at + 1..)?)))
        .find_map(|(column, way)| Some((names.iter().position(|name| name == column)?, way.split('.').collect())))
}

/// The columns of the table of messages.
pub(super) fn of_messages(csv: &CsvMapping, otherwise_at: (usize, usize)) -> Vec<Needed> {
    let at = |key: &str| csv.columns_at.get(key).copied().unwrap_or(otherwise_at);
    let mut needed: Vec<Needed> = csv
        .columns
        .named()
        .into_iter()
        .filter(|(_, name)| !is_group(csv, name) && joined_name(csv.join.as_ref(), name).is_none())
        .map(|(key, name)| Needed {
            key: format!("columns.{key}"),
            name: name.to_owned(),
            at: at(key),
            kind: if key == "labels" && name.contains('*') { Kind::Optional } else { Kind::Any },
        })
        .collect();
    for person in &csv.people {
        for name in person.columns().filter(|name| joined_name(csv.join.as_ref(), name).is_none()) {
            let kind = if name.contains('*') { Kind::Optional } else { Kind::Any };
            needed.push(Needed { key: "people".to_owned(), name: name.to_owned(), at: otherwise_at, kind });
        }
    }
    for name in template_columns(csv).filter(|name| joined_name(csv.join.as_ref(), name).is_none()) {
        if !is_group(csv, name) && !needed.iter().any(|known| known.name == name) {
            let (key, name) = ("subject_template".to_owned(), name.to_owned());
            needed.push(Needed { key, name, at: at("subject_template"), kind: Kind::Any });
        }
    }
    if let Some(transcript) = &csv.transcript {
        let (name, at) = (transcript.column.clone(), transcript.at);
        needed.push(Needed { key: "transcript.column".to_owned(), name, at, kind: Kind::Exact });
    }
    if let Some(join) = &csv.join {
        needed.push(Needed { key: "join.on".to_owned(), name: join.on.clone(), at: join.on_at, kind: Kind::Exact });
    }
    needed
}

/// The columns of the second table: its key first.
pub(super) fn of_joined(csv: &CsvMapping, join: &Join) -> Vec<Needed> {
    let key = Needed { key: "join.key".to_owned(), name: join.key.clone(), at: join.key_at, kind: Kind::Exact };
    let named = csv.columns.named();
    let people = csv.people.iter().flat_map(Person::columns).map(|name| ("people", name));
    let templates = template_columns(csv).map(|name| ("subject_template", name));
    let mut needed = vec![key];
    for (key, name) in named.into_iter().chain(people).chain(templates) {
        let Some(inner) = joined_name(Some(join), name) else { continue };
        if needed.iter().skip(1).any(|known| known.name == inner) {
            continue;
        }
        let at = csv.columns_at.get(key).copied().unwrap_or(join.path_at);
        needed.push(Needed { key: format!("columns.{key}"), name: inner.to_owned(), at, kind: Kind::Exact });
    }
    needed
}

fn template_columns(csv: &CsvMapping) -> impl Iterator<Item = &str> {
    csv.subject_template.iter().flat_map(Template::names)
}

/// Is it a group of the transcript's line pattern?
pub(super) fn is_group(csv: &CsvMapping, name: &str) -> bool {
    let line = csv.transcript.as_ref().map(|transcript| &transcript.line);
    line.is_some_and(|line| line.capture_names().flatten().any(|group| group == name))
}

/// The column of the second table that `ticket.Subject` means.
pub(super) fn joined_name<'a>(join: Option<&Join>, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(join?.name.as_str())?.strip_prefix('.')
}
