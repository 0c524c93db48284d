use super::*;
use crate::mapping::{Columns, DateFormat};
use crate::record::testing::mapping;
use crate::source::ClockRun;
use jiff::tz::TimeZone;
use std::sync::Arc;

const COLUMNS: [&str; 9] = ["id", "chat", "at", "who", "name", "to", "text", "role", "tags"];

fn csv() -> CsvMapping {
    let named = |name: &str| Some(name.to_owned());
    let table = crate::mapping::testing::table(["chat", "at", "who", "text"]);
    CsvMapping {
        columns: Columns {
            id: named("id"),
            sender_name: named("name"),
            recipient: named("to"),
            role: named("role"),
            labels: named("tags"),
            ..table.columns
        },
        timezone: TimeZone::get("Europe/Paris").ok(),
        roles: [("visitor", Role::Inbound), ("agent", Role::Outbound), ("system", Role::Skip)]
            .map(|(name, role)| (name.to_owned(), role))
            .into(),
        ..table
    }
}

fn row(cells: [&str; 9]) -> RawRow {
    RawRow {
        header: Arc::new(COLUMNS.map(str::to_owned).to_vec()),
        cells: cells.map(str::to_owned).to_vec(),
        zone: None,
        run: None,
    }
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
    assert_eq!(found.kind, Kind::Row);
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
fn html_of_a_cell_stays_html_and_blank_html_is_no_text() {
    let html = CsvMapping { text_is_html: true, ..csv() };
    let found = read(&with("text", "<p>hi <img src=http://pixel.example/></p>"), &html).unwrap();
    assert_eq!(found.body, Body::Html("<p>hi <img src=http://pixel.example/></p>".into()));
    assert_eq!(found.active.remote_images, 1);
    assert_eq!(cause(&with("text", "<p>&nbsp;<br></p>"), &html), "empty text");
    let bold = with("text", "<b>hi</b>");
    let plain = read(&bold, &csv()).unwrap();
    assert_eq!(plain.body, Body::Text("<b>hi</b>".into()));
    assert_eq!(plain.identity, read(&bold, &html).unwrap().identity, "what a text is shown as changes no id");
}

#[test]
fn a_ticket_that_was_a_mail_goes_to_an_address_and_is_the_same_message() {
    let tickets = CsvMapping { message_type: MessageType::Email, ..csv() };
    let (line, ticket) = (read(&row(ROW), &csv()).unwrap(), read(&row(ROW), &tickets).unwrap());
    assert_eq!((line.kind, ticket.kind), (Kind::Row, Kind::Row));
    assert_eq!((line.message_type, ticket.message_type), (MessageType::Custom, MessageType::Email));
    assert_eq!(line.identity, ticket.identity, "what a row becomes changes no id");
    assert_eq!((line.to[0].handle.as_str(), ticket.to[0].handle.as_str()), ("livechat", "support@acme.example"));
    let told = CsvMapping { recipient: Some("help@acme.example".into()), ..tickets };
    assert_eq!(read(&row(ROW), &told).unwrap().to[0].handle, "help@acme.example");
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
    let mut titled = csv();
    titled.columns.subject = Some("name".into());
    let title = read(&with("name", "Bikes\0\r\n and\tbells"), &titled).unwrap();
    assert_eq!(title.subject.as_deref(), Some("Bikes and bells"));
    assert_eq!(title.from.unwrap().name.as_deref(), Some("Bikes and bells"));
    let said = ["subject: control characters made spaces", "author's name: control characters made spaces"];
    assert_eq!(title.changes, said);
    assert_eq!(read(&with("tags", "a\nb,\0,c"), &csv()).unwrap().labels, ["a b", "c"]);
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
    let pattern = |text: &str| CsvMapping { date: vec![DateFormat::Pattern(text.into())], ..csv() };
    let date = |cell, csv: &CsvMapping| read(&with("at", cell), csv).unwrap().date;
    assert_eq!(date("17.04.2024 17:19", &pattern("%d.%m.%Y %H:%M")), Some(1_713_367_140));
    assert_eq!(date("17.04.2024", &pattern("%d.%m.%Y")), Some(1_713_304_800));
    assert_eq!(date("17/04/2024 15:19:13 +0000", &pattern("%d/%m/%Y %H:%M:%S %z")), Some(1_713_367_153));
    assert_eq!(cause(&with("at", "04/17/2024 15:19"), &pattern("%d/%m/%Y %H:%M")), "time does not fit the date format");
    let seconds = CsvMapping { date: vec![DateFormat::EpochSeconds], ..csv() };
    let millis = CsvMapping { date: vec![DateFormat::EpochMilliseconds], ..csv() };
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
    assert_eq!(hex(found.sameness), "3c8ffeb73499f96393b33bc96ade80d1d6cc0872e70ed1a726e1627eccc578c1");
    let mut idless = csv();
    idless.columns.id = None;
    assert_eq!(
        hex(read(&row(ROW), &idless).unwrap().identity.key),
        "d53dd0b186f9af73cbf7e5f294a9d2d773098204e3a0e1da5f797eed90609f27"
    );
}

#[test]
fn a_row_with_an_id_of_its_own_is_the_same_message_however_its_time_is_written() {
    let identity = |cell| read(&with("at", cell), &csv()).unwrap().identity;
    let (zulu, local) = (identity("2024-04-17T15:19:13Z"), identity("2024-04-17 17:19"));
    assert_eq!((zulu.key, zulu.sameness), (local.key, local.sameness));
}

#[test]
fn roles_that_are_not_listed_mean_what_the_star_says() {
    let mut csv = csv();
    csv.roles.insert("*".into(), Role::Outbound);
    assert_eq!(read(&with("role", "robot"), &csv).unwrap().stated_direction, Some(Direction::Outbound));
    assert_eq!(read(&with("role", "visitor"), &csv).unwrap().stated_direction, Some(Direction::Inbound));
}

fn with_kinds() -> CsvMapping {
    let mut csv = csv();
    csv.columns.kind = Some("tags".into());
    csv.columns.labels = None;
    csv.kinds = [
        ("comment", RowKind::Message),
        ("close", RowKind::MessageIfText),
        ("note", RowKind::Note),
        ("assignment", RowKind::Skip),
    ]
    .map(|(name, kind)| (name.to_owned(), kind))
    .into();
    csv
}

#[test]
fn rows_of_other_kinds_than_messages_are_left_out_and_notes_never_become_messages() {
    let outcome = |kind: &'static str, text: &'static str| {
        let mut cells = ROW;
        (cells[6], cells[8]) = (text, kind);
        match from_row(&row(cells), &with_kinds(), "livechat", &mapping()) {
            Ok(Outcome::Record(_)) => "message".to_owned(),
            Ok(Outcome::Skip(cause)) => cause,
            Err(bad) => bad.cause,
        }
    };
    assert_eq!(outcome("comment", "hi"), "message");
    assert_eq!(outcome("comment", ""), "empty text");
    assert_eq!(outcome("Close", "bye"), "message");
    assert_eq!(outcome("close", " "), "kind close without text");
    assert_eq!(outcome("note", "he is angry"), "internal note (kind note)");
    assert_eq!(outcome("assignment", ""), "kind assignment");
    assert_eq!(outcome("assignment", "take this"), "kind assignment, with text");
    assert_eq!(outcome("snoozed", "x"), "unknown kind");
}

#[test]
fn what_we_wrote_has_its_author_in_the_columns_of_agents() {
    let mut csv = csv();
    (csv.columns.sender, csv.columns.agent) = (vec!["tags".into(), "chat".into()], vec!["name".into()]);
    csv.columns.labels = None;
    let from = |role, mail| {
        let mut cells = ROW;
        (cells[7], cells[8]) = (role, mail);
        let found = read(&row(cells), &csv).unwrap();
        (found.from.unwrap().handle, found.other_handles, found.missing_handles)
    };
    assert_eq!(from("visitor", "ann@x.example"), ("ann@x.example".into(), vec!["c1".to_owned()], 0));
    assert_eq!(from("visitor", ""), ("c1".into(), Vec::new(), 1));
    assert_eq!(from("agent", "ann@x.example"), ("Ann".into(), Vec::new(), 0), "not the customer's address");
    let nameless = CsvMapping { columns: Columns { agent: vec!["to".into()], ..csv.columns.clone() }, ..csv.clone() };
    let bad = read(&with("role", "agent"), &nameless).unwrap_err();
    assert_eq!((bad.cause.as_str(), bad.detail.contains("\"to\"")), ("no sender", true));
}

#[test]
fn line_ends_in_a_text_change_no_id() {
    let keys: Vec<_> = ["a\nb", "a\r\nb", "a\rb"]
        .map(|text| {
            let mut cells = ROW;
            (cells[0], cells[6]) = ("", text);
            let found = read(&row(cells), &csv()).unwrap();
            (found.identity.key, found.identity.sameness)
        })
        .into();
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn an_author_called_by_name_is_found_among_the_people_of_the_row() {
    let header =
        ["chat", "at", "who", "text", "visitor nick", "visitor mail", "agent 1 nick", "agent 1 id", "agent 2 nick"];
    let person = |name: &str, handle: &str, role: &str| crate::mapping::Person {
        name: name.into(),
        handle: vec![handle.into()],
        role: Some(role.into()),
    };
    let mut table = csv();
    table.columns = crate::mapping::testing::table(["chat", "at", "who", "text"]).columns;
    table.people =
        vec![person("visitor nick", "visitor mail", "visitor"), person("agent * nick", "agent * id", "agent")];
    let author = |who: &str| {
        let cells =
            ["7", "2024-04-17T15:19:13Z", who, "hi", "Ann", "ann@x.example", "Leela", "leela@acme.example", "Fry"];
        let (header, cells) = (header.map(str::to_owned).to_vec(), cells.map(str::to_owned).to_vec());
        let found = read(&RawRow { header: Arc::new(header), cells, zone: None, run: None }, &table).unwrap();
        let from = found.from.unwrap();
        (from.handle, from.name, found.stated_direction)
    };
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(author("Ann"), ("ann@x.example".into(), named("Ann"), Some(Direction::Inbound)));
    assert_eq!(author("leela"), ("leela@acme.example".into(), named("leela"), Some(Direction::Outbound)));
    assert_eq!(author("Fry"), ("Fry".into(), None, Some(Direction::Outbound)));
    let unknown = || -> RawRow {
        let cells =
            ["7", "2024-04-17T15:19:13Z", "Zoidberg", "hi", "Ann", "ann@x.example", "Ann", "leela@acme.example", "Ann"];
        RawRow {
            header: Arc::new(header.map(str::to_owned).to_vec()),
            cells: cells.map(str::to_owned).to_vec(),
            zone: None,
            run: None,
        }
    };
    assert_eq!(cause(&unknown(), &table), "unknown author");
    table.roles.insert("*".into(), Role::Outbound);
    assert_eq!(read(&unknown(), &table).unwrap().stated_direction, Some(Direction::Outbound));
    let called = |name: &str| {
        let mut row = unknown();
        row.cells[2] = name.to_owned();
        row
    };
    assert_eq!(cause(&called("Ann"), &table), "two people of one name");
    let mut agents = called("Ann");
    agents.cells[4] = "Bea".to_owned();
    let found = read(&agents, &table).unwrap();
    assert_eq!(
        (found.from.unwrap().handle, found.stated_direction),
        ("Ann".into(), Some(Direction::Outbound)),
        "one of us"
    );
}

#[test]
fn the_first_filled_column_names_the_author() {
    let mut csv = csv();
    csv.columns.sender = vec!["to".into(), "who".into()];
    csv.columns.recipient = None;
    assert_eq!(read(&row(ROW), &csv).unwrap().from.unwrap().handle, "#504b0");
    assert_eq!(read(&with("to", "ann@x.example"), &csv).unwrap().from.unwrap().handle, "ann@x.example");
}

#[test]
fn each_numbered_column_of_labels_is_one_label() {
    let mut csv = csv();
    csv.columns.labels = Some("tag *".into());
    let mut cells = row(ROW);
    cells.header = Arc::new(COLUMNS.into_iter().chain(["tag 1", "tag 2"]).map(str::to_owned).collect());
    cells.cells.extend(["refund, late".to_owned(), String::new()]);
    assert_eq!(read(&cells, &csv).unwrap().labels, ["refund, late"]);
}

#[test]
fn of_several_formats_the_one_that_fits_is_taken_and_none_where_two_differ() {
    let patterns = |texts: &[&str]| CsvMapping {
        date: texts.iter().map(|text| DateFormat::Pattern((*text).to_owned())).collect(),
        ..csv()
    };
    let both = patterns(&["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]);
    assert_eq!(read(&with("at", "17/04/2024 17:19"), &both).unwrap().date, Some(1_713_367_140));
    assert_eq!(cause(&with("at", "03/04/2024 17:19"), &both), "time fits two date formats");
    assert!(read(&with("at", "04/04/2024 17:19"), &both).is_ok());
    let fraction = patterns(&["%Y-%m-%d %H:%M:%S%.f"]);
    for cell in ["2024-04-17 17:19:13", "2024-04-17 17:19:13.5", "2024-04-17 17:19:13.369865"] {
        assert_eq!(read(&with("at", cell), &fraction).unwrap().date, Some(1_713_367_153), "{cell}");
    }
    let micros = CsvMapping { date: vec![DateFormat::EpochMicroseconds], ..csv() };
    assert_eq!(read(&with("at", "1713367153999999"), &micros).unwrap().date, Some(1_713_367_153));
}

#[test]
fn a_clock_with_its_own_format_is_the_next_one_after_the_start() {
    let mut clocked = csv();
    clocked.columns.clock = Some("tags".into());
    clocked.columns.labels = None;
    clocked.clock_format = Some("%I:%M:%S %p".into());
    let date = |start: &'static str, clock: &'static str| {
        let mut cells = ROW;
        (cells[2], cells[8]) = (start, clock);
        read(&row(cells), &clocked).map(|found| found.date.unwrap()).map_err(|bad| bad.cause)
    };
    assert_eq!(date("2024-04-17", "05:19:13 PM"), Ok(1_713_367_153));
    assert_eq!(date("2024-04-17 17:19:00", "05:19:13 PM"), Ok(1_713_367_153));
    assert_eq!(date("2024-04-17T15:19:00Z", "05:19:13 PM"), Ok(1_713_367_153));
    assert_eq!(date("2024-04-16 23:50:00", "12:05:00 AM"), Ok(1_713_305_100), "past midnight");
    assert_eq!(date("2024-04-17 17:20:00", "05:19:13 PM"), Ok(1_713_367_153), "clocks differ a little");
    assert_eq!(date("2024-04-17", "17:19"), Err("clock does not fit its format".into()));
}

#[test]
fn a_line_of_a_transcript_is_as_many_days_later_as_its_clock_has_passed_midnight() {
    let mut clocked = csv();
    clocked.columns.clock = Some("tags".into());
    clocked.columns.labels = None;
    clocked.clock_format = Some("%H:%M".into());
    let date = |start: &'static str, clock: &'static str, first: (i8, i8), days: u16| {
        let mut cells = ROW;
        (cells[2], cells[8]) = (start, clock);
        let run = Some(ClockRun { first: jiff::civil::time(first.0, first.1, 0, 0), days });
        read(&RawRow { run, ..row(cells) }, &clocked).unwrap().date.unwrap()
    };
    let start = "2024-04-17 10:00:00";
    assert_eq!(date(start, "15:00", (10, 0), 0), 1_713_358_800);
    assert_eq!(date(start, "09:30", (10, 0), 1), 1_713_358_800 + 66_600, "the next morning");
    assert_eq!(date(start, "11:00", (10, 0), 2), 1_713_358_800 + 158_400);
    assert_eq!(date("2024-04-16 23:50:00", "01:00", (0, 10), 0), 1_713_308_400, "begun after midnight");
    assert_eq!(date("2024-04-17", "09:30", (10, 0), 1), 1_713_358_800 + 66_600);
}

#[test]
fn iso_times_are_read_in_every_form_of_it() {
    let date = |cell| read(&with("at", cell), &csv()).map(|found| found.date.unwrap()).map_err(|bad| bad.cause);
    for cell in [
        "2024-04-17T17:19:13",
        "20240417T171913",
        "2024-04-17T17:19:13[Europe/Paris]",
        "2024-04-17T15:19:13Z[Asia/Tokyo]",
    ] {
        assert_eq!(date(cell), Ok(1_713_367_153), "{cell}");
    }
    assert_eq!(date("2024-04-17"), Ok(1_713_304_800));
    assert_eq!(date("2024-04-17T17:19:13[Mars/Base]"), Err("time does not fit the date format".into()));
    let epochs = CsvMapping { date: vec![DateFormat::EpochSeconds, DateFormat::EpochMilliseconds], ..csv() };
    for cell in ["1713367153", "1713367153000"] {
        assert_eq!(read(&with("at", cell), &epochs).unwrap().date, Some(1_713_367_153));
    }
}

#[test]
fn the_zone_of_the_row_comes_before_that_of_the_header_and_of_the_mapping() {
    let mut zoned = csv();
    zoned.columns.timezone = Some("tags".into());
    zoned.columns.labels = None;
    let date = |zone: &'static str, header: Option<&str>| {
        let mut cells = ROW;
        (cells[2], cells[8]) = ("2024-04-17 15:19:13", zone);
        let header = header.and_then(crate::mapping::zone_named);
        read(&RawRow { zone: header, ..row(cells) }, &zoned).map(|found| found.date.unwrap()).map_err(|bad| bad.cause)
    };
    assert_eq!(date("UTC", Some("America/Moncton")), Ok(1_713_367_153));
    assert_eq!(date("", Some("America/Moncton")), Ok(1_713_367_153 + 3 * 3600));
    assert_eq!(date("", None), Ok(1_713_367_153 - 2 * 3600));
    assert_eq!(date("Mars/Base", None), Err("unknown time zone".into()));
}

#[test]
fn the_rule_for_daylight_saving_is_the_mappings() {
    use crate::mapping::DaylightSaving::{Earlier, Later, Reject};
    let read_as = |rule, cell| {
        let csv = CsvMapping { daylight_saving: rule, ..csv() };
        read(&with("at", cell), &csv).map(|found| found.date.unwrap()).map_err(|bad| bad.cause)
    };
    let (gap, fold) = ("2024-03-31 02:30:00", "2024-10-27 02:30:00");
    assert_eq!((read_as(Earlier, gap), read_as(Earlier, fold)), (Ok(1_711_845_000), Ok(1_729_989_000)));
    assert_eq!((read_as(Later, gap), read_as(Later, fold)), (Ok(1_711_848_600), Ok(1_729_992_600)));
    let refused = Err("time shown twice or never".to_owned());
    assert_eq!((read_as(Reject, gap), read_as(Reject, fold)), (refused.clone(), refused));
    assert!(read_as(Reject, "2024-10-27 04:30:00").is_ok());
}

#[test]
fn characters_that_were_lost_in_the_table_are_said() {
    let found = read(&with("text", "caf\u{fffd}"), &csv()).unwrap();
    assert!(found.changes[0].contains('\u{fffd}'), "{:?}", found.changes);
}

#[test]
fn a_transcript_without_text_is_no_message() {
    let mut csv = csv();
    let line = regex::Regex::new("(?<text>.*)").unwrap();
    csv.transcript = Some(crate::mapping::Transcript { column: "log".into(), line, at: (1, 1) });
    let skipped = from_row(&with("text", " "), &csv, "livechat", &mapping()).unwrap();
    assert!(matches!(skipped, Outcome::Skip(cause) if cause == "no text"));
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

#[test]
fn a_row_without_a_subject_gets_the_one_that_the_mapping_makes_of_its_cells() {
    let mut templated = csv();
    templated.subject_template = template_of("Chat {chat} with {name}");
    let made = read(&row(ROW), &templated).unwrap();
    assert_eq!(made.subject.as_deref(), Some("Chat c1 with Ann"));
    assert_eq!(made.changes, [SUBJECT_MADE]);
    assert_eq!(made.identity, read(&row(ROW), &csv()).unwrap().identity, "what a chat is called changes no id");
    templated.columns.subject = Some("name".into());
    let titled = read(&row(ROW), &templated).unwrap();
    assert_eq!((titled.subject.as_deref(), titled.changes.len()), (Some("Ann"), 0), "its own subject stands");
    templated.columns.subject = None;
    templated.subject_template = template_of("{absent}");
    assert_eq!(read(&row(ROW), &templated).unwrap().subject, None);
}

/// The template as a mapping has it.
fn template_of(written: &str) -> Option<crate::mapping::Template> {
    let text = format!(
        "version = 1\ntarget.inbox = \"S\"\n[[source]]\nname = \"c\"\nformat = \"csv\"\npath = \"c.csv\"\ndate = \"iso\"\n\
         subject_template = \"{written}\"\ncolumns = {{ conversation = \"a\", time = \"b\", sender = \"c\", text = \"d\" }}\n"
    );
    let mapping = crate::mapping::parse(std::path::Path::new("m.toml"), &text).unwrap();
    match &mapping.sources[0].format {
        crate::mapping::Format::Csv(csv) => csv.subject_template.clone(),
        _ => None,
    }
}
