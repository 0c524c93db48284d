//! Checks how the rows of a chat table are laid out: a conversation in one cell, numbered columns, a second table.

use super::columns::name;
use super::findings::{Findings, quoted};
use super::schema::keys;
use super::section::Section;
use super::table::{Columns, Join, Person, Transcript};
use super::value;

/// `[[source.people]]`: who is meant by a name.
pub(super) fn people(found: &mut Findings, table: &Section) -> Vec<Person> {
    let mut people = Vec::new();
    for section in table.sections(found, "people", keys::Person::KEYS) {
        let called = section.required_text(found, "name", "\"operator * nick\"");
        if section.value("handle").is_none() {
            section.missing(found, "handle", "add `handle = \"operator * id\"`, the column of the handle");
        }
        let handle = section.one_or_list(found, "handle");
        let handle: Vec<String> = handle.iter().filter_map(|handle| name(found, handle)).collect();
        let role = section.text(found, "role").map(|role| role.value.to_owned());
        if let Some(called) = called.and_then(|called| name(found, &called)) {
            people.push(Person { name: called, handle, role });
        }
    }
    people
}

/// `transcript`: the column that holds a whole conversation, and the line that begins a message in it.
pub(super) fn transcript(found: &mut Findings, table: &Section) -> Option<Transcript> {
    let section = table.section(found, "transcript", keys::Transcript::KEYS);
    if !section.is_present() {
        return None;
    }
    let column = section.required_text(found, "column", "\"transcript\"");
    let example = "'^\\((?<clock>\\d\\d:\\d\\d:\\d\\d)\\) (?<author>[^:]+): (?<words>.*)$'";
    let line = section.required_text(found, "line", example)?;
    let regex = value::regex(found, &line)?;
    if regex.capture_names().flatten().next().is_none() {
        let title = "the line pattern names no group";
        let help = format!("name the parts, for they are the columns of a message: {example}");
        found.report(&line.at, title, "no named group", help);
        return None;
    }
    Some(Transcript { column: name(found, &column?)?, line: regex, at: found.place(&line.at) })
}

/// `join`: a second table.
pub(super) fn join(found: &mut Findings, table: &Section) -> Option<Join> {
    let section = table.section(found, "join", keys::Join::KEYS);
    if !section.is_present() {
        return None;
    }
    let called = section.required_text(found, "name", "\"ticket\"");
    if section.value("path").is_none() {
        section.missing(found, "path", "add `path = \"tickets*.csv\"`, relative to the mapping file");
    }
    let paths = section.one_or_list(found, "path");
    let on = section.required_text(found, "on", "\"ticket_id\"");
    let key = section.required_text(found, "key", "\"id\"");
    let (path_at, on_at, key_at) = (section.key_at("path")?, section.key_at("on")?, section.key_at("key")?);
    Some(Join {
        name: called?.value.to_owned(),
        paths: paths.iter().map(|path| path.value.to_owned()).collect(),
        on: on?.value.trim().to_owned(),
        key: key?.value.trim().to_owned(),
        path_at: found.place(&path_at),
        on_at: found.place(&on_at),
        key_at: found.place(&key_at),
    })
}

/// What single keys cannot show: one text in two layouts, names that would mean two columns.
pub(super) fn check_against_columns(
    found: &mut Findings,
    table: &Section,
    columns: &Columns,
    transcript: Option<&Transcript>,
) {
    let is_wide = columns.text.contains('*');
    let at = table.value("columns").map_or(0..0, toml::Spanned::span);
    let text_at = table.value("columns").and_then(|columns| columns.get_ref().get("text")).map(toml::Spanned::span);
    for (key, name) in columns.named() {
        // Elsewhere a `*` is allowed where a rule says which of the columns is meant.
        if !is_wide && name.contains('*') && !matches!(key, "time" | "labels") {
            let title = format!("`{key}` names numbered columns, and `text` does not");
            let help = "use `*` in `text` as well if each row holds numbered messages; name one column otherwise";
            found.report(&at, title, "which of the columns is meant?", help);
        }
    }
    if is_wide && let Some(at) = table.key_at("transcript") {
        let help = "take `transcript` out, or name one of its groups as `text`";
        found.report(&at, "`text` names numbered columns, and `transcript` a cell with all messages", "which?", help);
        return;
    }
    let Some(transcript) = transcript else { return };
    let is_group = |name: &str| transcript.line.capture_names().flatten().any(|group| group == name);
    if !is_group(&columns.text) {
        let title = format!("`text` is {}, which is no group of the line pattern", quoted(&columns.text));
        let help = "name the group that holds the words of a message, such as `text = \"words\"` for `(?<words>.*)`";
        found.report(&text_at.unwrap_or(at), title, "whose group is the text?", help);
    }
}
