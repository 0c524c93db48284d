//! Checks the keys of a `[[source]]` that is a chat table.

use super::findings::{Findings, did_you_mean, quoted};
use super::schema::TextFormat;
use super::section::{Section, Text};
use super::table::{CsvMapping, DateFormat, DaylightSaving, MessageType, Phones, Quote};
use super::{columns, country, layout, template, time};

/// The table's settings; `None` if anything in them was reported.
pub(super) fn csv(found: &mut Findings, table: &Section) -> Option<CsvMapping> {
    let named = columns::columns(found, table);
    let date = dates(found, table);
    let clock_format = clock_format(found, table);
    let timezone = table.text(found, "timezone").map(|text| time::zone(found, &text));
    let daylight_saving = table.choice(found, "daylight_saving");
    let encoding = table.text(found, "encoding").map(|text| encoding(found, &text));
    let delimiter = delimiter(found, table);
    let quote = table.text(found, "quote").map(|text| quote(found, &text));
    let text_is_html = table.choice(found, "text_format") == Some(TextFormat::Html);
    let message_type = table.choice(found, "message_type").unwrap_or(MessageType::Custom);
    let roles = columns::roles(found, table, named.is_some());
    let kinds = columns::kinds(found, table, named.is_some());
    let people = layout::people(found, table);
    let transcript = layout::transcript(found, table);
    let join = layout::join(found, table);
    let recipient = table.text(found, "recipient").map(|text| text.value.to_owned());
    let subject_template = table.text(found, "subject_template");
    let template_at = subject_template.as_ref().map(|text| found.place(&text.at));
    let subject_template = subject_template.and_then(|text| template::template(found, &text));
    let phones = table.text(found, "country").map(|text| phones(found, &text));
    let (columns, mut columns_at) = named?;
    columns_at.extend(template_at.map(|at| ("subject_template".to_owned(), at)));
    layout::check_against_columns(found, table, &columns, transcript.as_ref());
    Some(CsvMapping {
        columns,
        columns_at,
        date: date?,
        clock_format,
        timezone: timezone.flatten(),
        daylight_saving: daylight_saving.unwrap_or(DaylightSaving::Compatible),
        encoding: encoding.flatten(),
        delimiter,
        quote: quote.flatten(),
        text_is_html,
        message_type,
        roles,
        kinds,
        people,
        transcript,
        join,
        phones: phones.flatten(),
        subject_template,
        recipient,
    })
}

/// `date`: one format or several. Times without zone need one from somewhere.
fn dates(found: &mut Findings, table: &Section) -> Option<Vec<DateFormat>> {
    if table.value("date").is_none() {
        table.missing(found, "date", "add `date = \"iso\"`");
    }
    let written = table.one_or_list(found, "date");
    let mut formats = Vec::new();
    for text in &written {
        let (format, says_zone) = time::date_format(found, text)?;
        if !says_zone && table.value("timezone").is_none() && !has_zones_elsewhere(table) {
            let title = "these times have no zone, and `timezone` is not set";
            let help = "add `timezone = \"Europe/Paris\"`, with the zone in which the export was written; or name the column \
                        that says it, as `timezone` in `columns`";
            found.report(&text.at, title, "says no zone", help);
        }
        formats.push(format);
    }
    (!formats.is_empty()).then_some(formats)
}

/// Does a column, or the name of the time column, say the zone?
fn has_zones_elsewhere(table: &Section) -> bool {
    let Some(columns) = table.value("columns").map(toml::Spanned::get_ref) else { return false };
    let time = columns.get("time").and_then(|time| time.get_ref().as_str()).unwrap_or_default();
    columns.get("timezone").is_some() || time.contains('*')
}

fn clock_format(found: &mut Findings, table: &Section) -> Option<String> {
    let text = table.text(found, "clock_format")?;
    let has_clock = table.value("columns").is_some_and(|columns| columns.get_ref().get("clock").is_some());
    if !has_clock {
        let help = "add `clock = \"...\"` to `columns`, with the name of the column that holds the time of day";
        found.report(&text.at, "`clock_format` is set, and `columns` names no clock", "of which column?", help);
    }
    time::clock_format(found, &text)
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

fn quote(found: &mut Findings, text: &Text) -> Option<Quote> {
    match text.value {
        "\"" => Some(Quote::Byte(b'"')),
        "'" => Some(Quote::Byte(b'\'')),
        "none" => Some(Quote::Never),
        other => {
            let title = format!("{} cannot be a quote", quoted(other));
            let help = "use '\"' or \"'\", or \"none\" for a table in which quotes are ordinary characters";
            found.report(&text.at, title, "not a quote", help);
            None
        }
    }
}
