use super::*;
use crate::mapping::{Columns, DateFormat};
use crate::record::testing::mapping;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;

const COLUMNS: [&str; 9] = ["id", "chat", "at", "who", "name", "to", "text", "role", "tags"];

fn csv() -> CsvMapping {
    let named = |name: &str| Some(name.to_owned());
    CsvMapping {
        columns: Columns {
            id: named("id"),
            conversation: "chat".into(),
            time: "at".into(),
            clock: None,
            sender: "who".into(),
            sender_name: named("name"),
            recipient: named("to"),
            text: "text".into(),
            role: named("role"),
            subject: None,
            labels: named("tags"),
        },
        columns_at: BTreeMap::new(),
        date: DateFormat::Iso,
        timezone: TimeZone::get("Europe/Paris").ok(),
        encoding: None,
        delimiter: None,
        roles: [("visitor", Role::Inbound), ("agent", Role::Outbound), ("system", Role::Skip)]
            .map(|(name, role)| (name.to_owned(), role))
            .into(),
        phones: None,
        recipient: None,
    }
}

fn row(cells: [&str; 9]) -> RawRow {
    RawRow { header: Arc::new(COLUMNS.map(str::to_owned).to_vec()), cells: cells.map(str::to_owned).to_vec() }
}

const ROW: [&str; 9] = ["m1", "c1", "2024-04-17T15:19:13Z", "#504b0", "Ann", "", "hi\r\nthere", "visitor", "vip, ,new"];

fn with(column: &str, cell: &'static str) -> RawRow {
    let mut cells = ROW;
    cells[COLUMNS.iter().position(|name| *name == column).unwrap()] = cell;
    row(cells)
}

fn read(row: &RawRow, csv: &CsvMapping) -> Result<Record, BadRecord> {
    match from_row(row, csv, "livechat", &mapping())? {
        Outcome::Record(record) => Ok(*record),
        Outcome::Skip(cause) => panic!("skipped: {cause}"),
    }
}

fn cause(row: &RawRow, csv: &CsvMapping) -> String {
    read(row, csv).unwrap_err().cause
}

#[test]
fn a_cell_of_characters_that_nobody_sees_is_empty() {
    assert_eq!(cause(&with("who", "\0"), &csv()), "no sender");
    assert_eq!(cause(&with("text", " \0\u{1} "), &csv()), "empty text");
    assert_eq!(read(&with("name", "\0"), &csv()).unwrap().from.unwrap().name, None);
}

#[test]
fn a_row_becomes_a_record() {
    let found = read(&row(ROW), &csv()).unwrap();
    assert_eq!(found.kind, Kind::Custom);
    assert_eq!(found.message_id.as_deref(), Some("m1"));
    assert_eq!(found.conversation.as_deref(), Some("c1"));
    assert_eq!(found.from, Some(Address { name: Some("Ann".into()), handle: "#504b0".into() }));
    assert_eq!(found.date, Some(1_713_367_153));
    assert_eq!(found.body, Body::Text("hi\nthere".into()));
    assert_eq!(found.labels, ["vip", "new"]);
    assert_eq!(found.stated_direction, Some(Direction::Inbound));
    assert!(found.changes.is_empty());
}

#[test]
fn control_characters_do_not_reach_front_and_change_no_id() {
    let (nul, line_end) = (with("text", "a\0b"), with("who", "Ann\nBcc: x\u{7}"));
    let found = read(&nul, &csv()).unwrap();
    assert_eq!(found.body, Body::Text("ab".into()));
    assert_eq!(found.changes, ["NUL characters removed from the text"]);
    let sender = read(&line_end, &csv()).unwrap();
    assert_eq!(sender.from.unwrap().handle, "Ann Bcc: x");
    assert_eq!(sender.changes, ["sender: control characters made spaces"]);
    assert_ne!(sender.identity.sameness, read(&with("who", "Ann Bcc: x"), &csv()).unwrap().identity.sameness);
    let recipient = read(&with("to", "desk\r\nx"), &csv()).unwrap();
    assert_eq!((recipient.to[0].handle.as_str(), recipient.changes.len()), ("desk  x", 1));
}

#[test]
fn the_recipient_is_the_cell_else_the_mapping_else_the_source() {
    let to = |row: &RawRow, csv: &CsvMapping| -> Vec<String> {
        read(row, csv).unwrap().to.into_iter().map(|address| address.handle).collect()
    };
    assert_eq!(to(&with("to", "desk"), &csv()), ["desk"]);
    assert_eq!(to(&row(ROW), &CsvMapping { recipient: Some("chat-desk".into()), ..csv() }), ["chat-desk"]);
    assert_eq!(to(&row(ROW), &csv()), ["livechat"]);
    assert_eq!(to(&with("role", "agent"), &csv()), [""; 0]);
    let mut roleless = csv();
    roleless.columns.role = None;
    assert_eq!(to(&with("who", "support@acme.example"), &roleless), [""; 0]);
    assert_eq!(to(&row(ROW), &roleless), ["livechat"]);
}

#[test]
fn a_role_may_be_skipped_and_an_unknown_one_is_named() {
    let skipped = from_row(&with("role", "system"), &csv(), "livechat", &mapping()).unwrap();
    assert!(matches!(skipped, Outcome::Skip(cause) if cause == "role system"));
    let bad = read(&with("role", "robot"), &csv()).unwrap_err();
    assert_eq!(bad.cause, "unknown role");
    assert!(bad.detail.contains("robot") && bad.remedy.contains("roles"));
    assert!(read(&with("role", "Visitor"), &csv()).is_ok());
}

#[test]
fn rows_without_text_sender_conversation_or_time_are_rejected() {
    for (column, expected) in
        [("text", "empty text"), ("who", "no sender"), ("chat", "no conversation"), ("at", "no time")]
    {
        assert_eq!(cause(&with(column, " "), &csv()), expected);
    }
}

#[test]
fn iso_times_come_in_their_dialects() {
    let date = |cell| read(&with("at", cell), &csv()).unwrap().date;
    for cell in
        ["2024-04-17T15:19:13.9Z", "2024-04-17 15:19:13 UTC", "2024-04-17 17:19:13.123456", "2024-04-17 16:19:13 +0100"]
    {
        assert_eq!(date(cell), Some(1_713_367_153), "{cell}");
    }
}

#[test]
fn a_time_without_zone_needs_a_declared_one() {
    let zoneless = CsvMapping { timezone: None, ..csv() };
    assert_eq!(cause(&with("at", "2024-04-17 17:19:13"), &zoneless), "time without zone");
    assert!(read(&row(ROW), &zoneless).is_ok());
}

#[test]
fn patterns_and_epochs_are_followed_to_the_letter() {
    let pattern = |text: &str| CsvMapping { date: DateFormat::Pattern(text.into()), ..csv() };
    let date = |cell, csv: &CsvMapping| read(&with("at", cell), csv).unwrap().date;
    assert_eq!(date("17.04.2024 17:19", &pattern("%d.%m.%Y %H:%M")), Some(1_713_367_140));
    assert_eq!(date("17.04.2024", &pattern("%d.%m.%Y")), Some(1_713_304_800));
    assert_eq!(date("17/04/2024 15:19:13 +0000", &pattern("%d/%m/%Y %H:%M:%S %z")), Some(1_713_367_153));
    assert_eq!(cause(&with("at", "04/17/2024 15:19"), &pattern("%d/%m/%Y %H:%M")), "time does not fit the date format");
    let seconds = CsvMapping { date: DateFormat::EpochSeconds, ..csv() };
    let millis = CsvMapping { date: DateFormat::EpochMilliseconds, ..csv() };
    assert_eq!(date("1713367153.25", &seconds), Some(1_713_367_153));
    assert_eq!(date("1713367153999", &millis), Some(1_713_367_153));
    assert_eq!(cause(&with("at", "1713367153999"), &seconds), "time does not fit the date format");
    assert_eq!(cause(&with("at", "1713367153"), &millis), "time does not fit the date format");
}

#[test]
fn a_separate_clock_is_joined_to_the_day() {
    let mut split = csv();
    split.columns.clock = Some("tags".into());
    split.columns.labels = None;
    let mut cells = ROW;
    (cells[2], cells[8]) = ("2024-04-17", "17:19:13");
    assert_eq!(read(&row(cells), &split).unwrap().date, Some(1_713_367_153));
}

#[test]
fn hours_that_daylight_saving_skips_or_repeats_are_said() {
    let gap = read(&with("at", "2024-03-31 02:30:00"), &csv()).unwrap();
    assert_eq!((gap.date, gap.changes.len()), (Some(1_711_848_600), 1));
    let fold = read(&with("at", "2024-10-27 02:30:00"), &csv()).unwrap();
    assert_eq!((fold.date, fold.changes.len()), (Some(1_729_989_000), 1));
}

#[test]
fn the_thread_rule_reads_a_column() {
    let mut mapping = mapping();
    mapping.thread.header = Some("name".into());
    let Outcome::Record(found) = from_row(&row(ROW), &csv(), "livechat", &mapping).unwrap() else { panic!("skipped") };
    assert_eq!(found.thread_value.as_deref(), Some("Ann"));
}

#[test]
fn the_key_is_the_id_or_else_the_words() {
    let mut idless = csv();
    idless.columns.id = None;
    let key = |row: &RawRow, csv: &CsvMapping| read(row, csv).unwrap().identity.key;
    assert_eq!(key(&row(ROW), &csv()), key(&with("text", "other"), &csv()));
    assert_ne!(key(&row(ROW), &csv()), key(&with("id", "m2"), &csv()));
    assert_eq!(key(&row(ROW), &idless), key(&with("id", "m2"), &idless));
    for (column, cell) in [("text", "other"), ("who", "Bob"), ("chat", "c2"), ("at", "2024-04-17T15:19:14Z")] {
        assert_ne!(key(&row(ROW), &idless), key(&with(column, cell), &idless), "{column}");
    }
    let sameness = |row: &RawRow| read(row, &csv()).unwrap().identity.sameness;
    assert_ne!(sameness(&row(ROW)), sameness(&with("text", "other")));
}

#[test]
fn golden_ids_never_change() {
    let hex = |digest| blake3::Hash::from_bytes(digest).to_hex().to_string();
    let found = read(&row(ROW), &csv()).unwrap().identity;
    assert_eq!(hex(found.key), "45ce547392500e7894c527d91eb871a5c3608646afb6b97f13d646a092822cfb");
    assert_eq!(hex(found.sameness), "5512deff1cca5db67d7fbb24ccadef7d0da073244e37e37354ef642bf2b14090");
    let mut idless = csv();
    idless.columns.id = None;
    assert_eq!(
        hex(read(&row(ROW), &idless).unwrap().identity.key),
        "d53dd0b186f9af73cbf7e5f294a9d2d773098204e3a0e1da5f797eed90609f27"
    );
}

#[test]
fn telephone_numbers_are_sent_with_their_calling_code_or_not_at_all() {
    let french = CsvMapping { phones: crate::mapping::country("FR").map(crate::mapping::Phones::Of), ..csv() };
    let number = with("who", "06 12 34 56 78");
    assert_eq!(read(&number, &french).unwrap().from.unwrap().handle, "+33612345678");
    let bad = read(&number, &csv()).unwrap_err();
    assert_eq!(bad.cause, "telephone number without country");
    let to = with("to", "+44 20 7946 0018");
    assert_eq!(read(&to, &csv()).unwrap().to[0].handle, "+442079460018");
    let ids = CsvMapping { phones: Some(crate::mapping::Phones::AreIds), ..csv() };
    assert_eq!(read(&with("who", "12345678"), &ids).unwrap().from.unwrap().handle, "12345678");
    assert_eq!(
        read(&number, &french).unwrap().identity.key,
        read(&number, &ids).unwrap().identity.key,
        "the cell makes the id"
    );
}
