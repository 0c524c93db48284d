//! Checks `[[source]]`.

use super::choice::Choice;
use super::csv;
use super::deliver::deliver;
use super::ends::ends;
use super::findings::{Findings, quoted};
use super::finish::Values;
use super::model::{Dialect, Format, LabelsFrom, SourceMapping};
use super::schema::{LabelName, SourceFormat, keys};
use super::section::Section;
use super::value;
use super::when::{NamedBy, Rule, Test};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Lets columns of second tables be read that rules and values ask for.
pub(super) fn ask_for_columns(sources: &mut [SourceMapping], rules: &[Rule], values: &Values) {
    let in_conditions = rules.iter().flat_map(|rule| rule.when.each()).filter_map(|condition| match &condition.test {
        Test::Column(name, _) => Some(name),
        _ => None,
    });
    let named = rules.iter().filter_map(|rule| rule.thread.as_ref()).chain(values.values().flatten());
    let in_places = named.filter_map(|named| match &named.by {
        NamedBy::Column(name) => Some(name),
        NamedBy::Header(_) | NamedBy::Subject => None,
    });
    let asked: BTreeSet<&String> = in_conditions.chain(in_places).collect();
    for source in sources {
        let Format::Csv(csv) = &mut source.format else { continue };
        let Some(join) = &csv.join else { continue };
        let is_of_it = |name: &&&String| name.strip_prefix(&join.name).is_some_and(|rest| rest.starts_with('.'));
        let known: BTreeSet<&str> = csv.columns.named().into_iter().map(|(_, name)| name).collect();
        let new = asked.iter().filter(is_of_it).filter(|name| !known.contains(name.as_str()));
        csv.columns.asked = new.map(|name| (*name).clone()).collect();
    }
}

/// All sources, in order.
pub(super) fn sources(found: &mut Findings, root: &Section, namespace: &str) -> Vec<SourceMapping> {
    let keys = [keys::EverySource::KEYS, keys::Mails::KEYS, keys::Table::KEYS].concat();
    let tables = root.sections(found, "source", &keys);
    if tables.is_empty() && root.value("source").is_none_or(|value| value.get_ref().is_array()) {
        let at = root.key_at("source").unwrap_or(0..0);
        let help = "add `[[source]]` with `name`, `format` and `path`";
        found.report(&at, "the mapping has no source", "no `[[source]]`", help);
    }
    let mut names = BTreeSet::new();
    tables.iter().filter_map(|table| source(found, table, namespace, &mut names)).collect()
}

fn source<'a>(
    found: &mut Findings,
    table: &Section<'a>,
    namespace: &str,
    names: &mut BTreeSet<&'a str>,
) -> Option<SourceMapping> {
    let name = name(found, table, names);
    let format = format(found, table);
    let paths = paths(found, table);
    let path_at = table.key_at("path").map(|at| found.place(&at));
    let own_namespace = match table.text(found, "namespace") {
        Some(text) => value::namespace(found, &text),
        None => Some(namespace.to_owned()),
    };
    let labels_from = labels_from(found, table);
    let ends = ends(found, table);
    let deliver = deliver(found, table, &ends);
    let unpack = table.text(found, "unpack").map(|folder| PathBuf::from(folder.value));
    Some(SourceMapping {
        name: name?,
        paths: paths?,
        path_at: path_at?,
        namespace: own_namespace?,
        labels_from,
        unpack,
        ends,
        deliver,
        format: format?,
    })
}

fn name<'a>(found: &mut Findings, table: &Section<'a>, names: &mut BTreeSet<&'a str>) -> Option<String> {
    let name = table.required_text(found, "name", "\"mail\"")?;
    if !name.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        let title = format!("{} is not a name for a source", quoted(name.value));
        found.report(&name.at, title, "not a name", "use only the characters A-Z a-z 0-9 _ -");
        return None;
    }
    if !names.insert(name.value) {
        let title = format!("two sources are named {}", quoted(name.value));
        found.report(&name.at, title, "this name is taken", "give each source a name of its own");
        return None;
    }
    Some(name.value.to_owned())
}

fn paths(found: &mut Findings, table: &Section) -> Option<Vec<String>> {
    if table.value("path").is_none() {
        table.missing(found, "path", "add `path = \"export/**/*.mbox\"`, relative to the mapping file");
    }
    let paths = table.one_or_list(found, "path");
    (!paths.is_empty()).then(|| paths.into_iter().map(|path| path.value.to_owned()).collect())
}

fn format(found: &mut Findings, table: &Section) -> Option<Format> {
    if table.value("format").is_none() {
        table.missing(found, "format", "add `format = \"mbox\"`, or \"eml\", or \"csv\"");
    }
    let format: SourceFormat = table.choice(found, "format")?;
    for key in format.foreign_keys() {
        if let Some(at) = table.key_at(key) {
            let only = if keys::Table::KEYS.contains(&key) { "csv" } else { "mbox" };
            let help = format!("remove `{key}`, or set `format = \"{only}\"`");
            found.report(&at, format!("`{key}` is only for {only} sources"), "not for this format", help);
        }
    }
    Some(match format {
        SourceFormat::Mbox => Format::Mbox(table.choice(found, "dialect").unwrap_or(Dialect::Auto)),
        SourceFormat::Eml => Format::Eml,
        SourceFormat::Csv => Format::Csv(Box::new(csv::csv(found, table)?)),
    })
}

/// Flags count unless the list leaves them out: a mail that its folder calls trashed is not history.
fn labels_from(found: &mut Findings, table: &Section) -> LabelsFrom {
    if table.value("labels_from").is_none() {
        return LabelsFrom { flags: true, ..LabelsFrom::default() };
    }
    let mut from = LabelsFrom::default();
    for word in table.list(found, "labels_from") {
        match LabelName::WORDS.iter().find(|(known, _)| *known == word.value) {
            Some((_, LabelName::Folders)) => from.folders = true,
            Some((_, LabelName::File)) => from.file = true,
            Some((_, LabelName::Flags)) => from.flags = true,
            None => {
                let title = format!("{} gives no labels", quoted(word.value));
                found.report(&word.at, title, "unknown", "use \"folders\", \"file\" and \"flags\", as many as apply");
            }
        }
    }
    from
}
