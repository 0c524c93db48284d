//! Checks the keys of a `[[source]]` that is a chat table.

use super::country;
use super::findings::{Findings, did_you_mean, quoted};
use super::section::{Section, Text, choice_of};
use super::table::{Columns, CsvMapping, Phones, Role};
use super::time;
use std::collections::BTreeMap;

/// Keys of chat tables alone.
pub(super) const KEYS: [&str; 8] =
    ["columns", "date", "timezone", "encoding", "delimiter", "roles", "recipient", "country"];

/// Keys of `columns`.
const COLUMN_KEYS: [&str; 11] =
    ["id", "conversation", "time", "clock", "sender", "sender_name", "recipient", "text", "role", "subject", "labels"];

const ROLES: [(&str, Role); 3] = [("inbound", Role::Inbound), ("outbound", Role::Outbound), ("skip", Role::Skip)];

/// The table's settings; `None` if anything in them was reported.
pub(super) fn csv(found: &mut Findings, table: &Section) -> Option<CsvMapping> {
    let named = columns(found, table);
    let date = table
        .required_text(found, "date", "\"iso\"")
        .and_then(|text| Some((time::date_format(found, &text)?, text.at)));
    let timezone = table.text(found, "timezone").map(|text| time::zone(found, &text));
    if let Some(((_, false), at)) = &date
        && table.value("timezone").is_none()
    {
        let title = "these times have no zone, and `timezone` is not set";
        let help = "add `timezone = \"Europe/Paris\"`, with the zone in which the export was written";
        found.report(at, title, "says no zone", help);
    }
    let encoding = table.text(found, "encoding").map(|text| encoding(found, &text));
    let delimiter = delimiter(found, table);
    let roles = roles(found, table, named.as_ref());
    let recipient = table.text(found, "recipient").map(|text| text.value.to_owned());
    let phones = table.text(found, "country").map(|text| phones(found, &text));
    let (columns, columns_at) = named?;
    let ((date, _), _) = date?;
    Some(CsvMapping {
        columns,
        columns_at,
        date,
        timezone: timezone.flatten(),
        encoding: encoding.flatten(),
        delimiter,
        roles,
        phones: phones.flatten(),
        recipient,
    })
}

type Places = BTreeMap<String, (usize, usize)>;

fn columns(found: &mut Findings, table: &Section) -> Option<(Columns, Places)> {
    if table.value("columns").is_none() {
        let help = "add `columns = { conversation = \"...\", time = \"...\", sender = \"...\", text = \"...\" }` with the names \
                    in the first row of the table";
        table.missing(found, "columns", help);
        return None;
    }
    let section = table.section(found, "columns", &COLUMN_KEYS);
    if !section.is_present() {
        return None;
    }
    let mut places = Places::new();
    let mut optional = |found: &mut Findings, key: &str| {
        let text = section.text(found, key)?;
        places.insert(key.to_owned(), found.place(&text.at));
        Some(text.value.to_owned())
    };
    let id = optional(found, "id");
    let clock = optional(found, "clock");
    let sender_name = optional(found, "sender_name");
    let recipient = optional(found, "recipient");
    let role = optional(found, "role");
    let subject = optional(found, "subject");
    let labels = optional(found, "labels");
    let mut required = |found: &mut Findings, key: &str, what: &str| {
        if section.value(key).is_none() {
            let help = format!("add `{key} = \"...\"` with the name of the column that holds {what}");
            found.report(&section.at, format!("`columns` lacks `{key}`"), format!("`{key}` is missing"), help);
        }
        optional(found, key)
    };
    let conversation = required(found, "conversation", "the id of the conversation");
    let time = required(found, "time", "the time");
    let sender = required(found, "sender", "the author's handle");
    let text = required(found, "text", "the text of the message");
    let columns = Columns {
        id,
        conversation: conversation?,
        time: time?,
        clock,
        sender: sender?,
        sender_name,
        recipient,
        text: text?,
        role,
        subject,
        labels,
    };
    Some((columns, places))
}

fn roles(found: &mut Findings, table: &Section, named: Option<&(Columns, Places)>) -> BTreeMap<String, Role> {
    let role_column = table.value("columns").and_then(|columns| columns.get_ref().get("role"));
    let section = table.free_section(found, "roles");
    if table.value("roles").is_none() {
        if let Some(column) = role_column {
            let help = "add `roles = { visitor = \"inbound\", agent = \"outbound\" }` with the values of that column";
            found.report(
                &column.span(),
                "`columns` names a role column, and `roles` is not set",
                "what do its values mean?",
                help,
            );
        }
        return BTreeMap::new();
    }
    // With broken columns nobody can tell whether the role column is missing.
    if role_column.is_none()
        && named.is_some()
        && let Some(at) = table.key_at("roles")
    {
        let help = "add `role = \"...\"` to `columns`, with the name of the column that holds these values";
        found.report(&at, "`roles` is set, and `columns` names no role column", "values of which column?", help);
    }
    let mut roles = BTreeMap::new();
    for (word, meaning) in section.entries() {
        if let Some(role) = choice_of(found, meaning, word.value, &ROLES) {
            roles.insert(word.value.to_owned(), role);
        }
    }
    if section.is_present() && section.entries().next().is_none() {
        let help = "write each value of the role column, such as `visitor = \"inbound\"`";
        found.report(&section.at, "`roles` is empty", "nothing in it", help);
    }
    roles
}

/// `country`: of the telephone numbers among the handles, or `none` if they are ids.
fn phones(found: &mut Findings, text: &Text) -> Option<Phones> {
    if text.value == "none" {
        return Some(Phones::AreIds);
    }
    let known = country::country(text.value);
    if known.is_none() {
        let known: Vec<&str> = country::codes().chain(["none"]).collect();
        let help = "use the country's ISO 3166-1 code, such as \"FR\" or \"GB\", or \"none\" if no handle is a telephone \
                    number; numbers of other countries need their + in the table";
        let help = did_you_mean(text.value, &known, help);
        found.report(&text.at, format!("unknown country {}", quoted(text.value)), "not a country we know", help);
    }
    known.map(Phones::Of)
}

fn encoding(found: &mut Findings, text: &Text) -> Option<&'static encoding_rs::Encoding> {
    // Not all labels there are, but those that people write.
    const KNOWN: [&str; 20] = [
        "utf-8",
        "utf-16le",
        "utf-16be",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1253",
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "windows-1257",
        "iso-8859-1",
        "iso-8859-2",
        "iso-8859-15",
        "macintosh",
        "koi8-r",
        "shift_jis",
        "euc-jp",
        "gbk",
        "big5",
    ];
    let encoding = encoding_rs::Encoding::for_label_no_replacement(text.value.as_bytes());
    if encoding.is_none() {
        let help = "use a label of the WHATWG Encoding Standard, such as \"utf-8\" or \"windows-1252\", or remove the key: \
                    the encoding is then detected, and shown in the plan";
        let help = did_you_mean(text.value, &KNOWN, help);
        found.report(&text.at, format!("unknown encoding {}", quoted(text.value)), "not an encoding", help);
    }
    encoding
}

fn delimiter(found: &mut Findings, table: &Section) -> Option<u8> {
    // A tab is white space, which is no text elsewhere.
    if table.value("delimiter")?.get_ref().as_str() == Some("\t") {
        return Some(b'\t');
    }
    let text = table.text(found, "delimiter")?;
    match text.value.as_bytes() {
        _ if text.value == "tab" => Some(b'\t'),
        // Letters and digits are parts of cells, and quotes go around them.
        [byte] if byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\'') => Some(*byte),
        _ => {
            let title = format!("{} cannot be a delimiter", quoted(text.value));
            let help = "use one character such as \";\" or \",\" or \"|\", or \"tab\"";
            found.report(&text.at, title, "not a delimiter", help);
            None
        }
    }
}
