//! Promises about rows that are not messages yet.

use super::*;
use crate::mapping::{Join, Transcript};
use regex::Regex;
use std::path::Path;

fn csv() -> CsvMapping {
    crate::mapping::testing::table(["chat", "when", "who", "what"])
}

fn layout(csv: &CsvMapping, names: &[&str]) -> Result<Layout, SourceError> {
    let mapping = crate::mapping::testing::source("chats", crate::mapping::Format::Eml);
    let names = Arc::new(names.iter().map(|name| (*name).to_owned()).collect());
    Layout::new(&mapping, csv, &SourceFile::new(Path::new("a.csv"), "a.csv", 1), &names, &["key".into(), "mail".into()])
}

fn messages(csv: &CsvMapping, names: &[&str], cells: &[&str], joined: &[&str]) -> Vec<Result<String, String>> {
    let owned = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let layout = layout(csv, names).unwrap();
    let messages = layout.messages(csv, owned(cells), &owned(joined));
    messages
        .into_iter()
        .map(|message| match message {
            Ok(Message { cells, .. }) => {
                assert_eq!(cells.len(), layout.header.len());
                Ok(cells.join("|"))
            }
            Err(misfit) => Err(misfit.cause.to_owned()),
        })
        .collect()
}

fn with_transcript() -> CsvMapping {
    let line = Regex::new(r"^\[(?<said>[\d:]+)\] (?<who>[^:]+): (?<what>.*)$").unwrap();
    CsvMapping { transcript: Some(Transcript { column: "log".into(), line, at: (1, 1) }), ..csv() }
}

#[test]
fn a_plain_row_is_its_own_message() {
    assert_eq!(messages(&csv(), &["chat", "when", "who", "what"], &["1", "2", "3", "4"], &[]), [Ok("1|2|3|4".into())]);
}

#[test]
fn each_line_of_a_transcript_is_a_message_and_lines_that_fit_nothing_belong_to_the_one_before() {
    let log = "[10:00] Ann: hi\r\nare you there?\n[10:01] Bob: yes: here\n";
    let found = messages(&with_transcript(), &["chat", "when", "log"], &["7", "2024-05-01", log], &[]);
    assert_eq!(
        found,
        [
            Ok(reordered("7|2024-05-01|[10:00] Ann: hi|Ann|hi\nare you there?")),
            Ok(reordered("7|2024-05-01|[10:01] Bob: yes: here|Bob|yes: here")),
        ]
    );
}

/// Added columns stand in the order in which the mapping's columns are gone through: text before sender.
fn reordered(expected: &str) -> String {
    let mut cells: Vec<&str> = expected.split('|').collect();
    cells.swap(3, 4);
    cells.join("|")
}

#[test]
fn lines_before_the_first_message_are_reported_and_an_empty_transcript_is_one_row_without_text() {
    let names = ["chat", "when", "log"];
    let found = messages(&with_transcript(), &names, &["7", "d", "Chat began\n\n[10:00] Ann: hi"], &[]);
    assert_eq!(found.len(), 2);
    assert_eq!(found[1], Err("lines of a transcript that belong to no message".to_owned()));
    assert_eq!(messages(&with_transcript(), &names, &["7", "d", " \n"], &[]), [Ok("7|d|||".into())]);
}

#[test]
fn a_group_that_is_also_a_column_is_refused() {
    assert!(layout(&with_transcript(), &["chat", "when", "log", "who"]).err().unwrap().title.contains("`who`"));
}

#[test]
fn numbered_columns_are_as_many_messages_as_have_text() {
    let mut csv = csv();
    (csv.columns.text, csv.columns.sender) = ("message * text".into(), vec!["message * by".into()]);
    csv.columns.time = "message * at".into();
    let names = ["chat", "message 1 text", "message 1 by", "message 1 at", "message 2 text", "message 2 by", "note"];
    let found = messages(&csv, &names, &["7", "hi", "Ann", "10", "yes", "Bob", "n"], &[]);
    assert_eq!(found, [Ok("7|hi|Ann|10|yes|Bob|n|10|hi|Ann".into()), Ok("7|hi|Ann|10|yes|Bob|n||yes|Bob".into())]);
    let none = messages(&csv, &names, &["7", " ", "Ann", "", "", "", ""], &[]);
    assert_eq!(none, [Ok("7| |Ann||||||| ".trim_end().to_owned())]);
}

#[test]
fn the_zone_of_a_time_may_stand_in_its_column_name() {
    let mut csv = csv();
    csv.columns.time = "chat start date *".into();
    let found = layout(&csv, &["chat", "chat start date America/Moncton", "who", "what"]).unwrap();
    assert_eq!(found.zone.unwrap().iana_name(), Some("America/Moncton"));
    let none = layout(&csv, &["chat", "chat start date Moon/Mare", "who", "what"]).err().unwrap();
    assert!(none.title.contains("time zone that is none"), "{none}");
    let two = layout(&csv, &["chat", "chat start date UTC", "chat start date Europe/Rome", "who", "what"]);
    assert!(two.err().unwrap().title.contains("several columns"));
}

#[test]
fn a_value_is_found_inside_of_json_and_what_is_no_json_is_said() {
    let mut csv = csv();
    csv.columns.sender = vec!["info.people.0.mail".into()];
    let names = ["chat", "when", "info", "what"];
    let read = |info: &str| messages(&csv, &names, &["1", "2", info, "4"], &[]).remove(0);
    let sender = |info: &str| read(info).map(|cells| cells.rsplit('|').next().unwrap_or_default().to_owned());
    assert_eq!(sender(r#"{"people":[{"mail":"ann@x.example"}]}"#), Ok("ann@x.example".into()));
    assert_eq!(sender(r#"{"people":[{"mail":7}]}"#), Ok("7".into()));
    assert_eq!(sender(r#"{"people":[{"mail":["a","b",7,null]}]}"#), Ok("a,b,7".into()));
    for nobody in ["[]", "{}", "false", "{\"address\":\"q@x\"}"] {
        assert_eq!(sender(&format!("{{\"people\":[{{\"mail\":{nobody}}}]}}")), Ok(String::new()), "{nobody}");
    }
    for nothing in ["", " ", "{}", "[]", r#"{"people":[]}"#, r#"{"people":[{"mail":null}]}"#, "3"] {
        assert_eq!(sender(nothing), Ok(String::new()), "{nothing}");
    }
    assert_eq!(sender("{'people': 1}"), Err("cell is not JSON".into()));
    assert_eq!(sender(&"[".repeat(100_000)), Err("cell is not JSON".into()));
}

#[test]
fn columns_of_the_second_table_stand_beside_the_row() {
    let join = Join {
        name: "ticket".into(),
        paths: Vec::new(),
        on: "chat".into(),
        key: "key".into(),
        path_at: (1, 1),
        on_at: (1, 1),
        key_at: (1, 1),
    };
    let mut csv = CsvMapping { join: Some(join), ..csv() };
    csv.columns.sender = vec!["ticket.mail".into()];
    let found = messages(&csv, &["chat", "when", "what"], &["7", "2", "hi"], &["7", "ann@x.example"]);
    assert_eq!(found, [Ok("7|2|hi|ann@x.example".into())]);
}

#[test]
fn a_row_cannot_grow_beyond_measure() {
    let log = "[1] a: b\n".repeat(30_000);
    let rest = "x".repeat(10_000);
    let found = messages(&with_transcript(), &["chat", "when", "log"], &[&rest, "d", &log], &[]);
    assert_eq!(found, [Err("row too large for its many messages".to_owned())]);
}

#[test]
fn a_transcript_of_any_line_ends_has_the_same_messages() {
    let of = |log: &str| messages(&with_transcript(), &["chat", "when", "log"], &["7", "d", log], &[]);
    let found = of("[10:00] Ann: hi\nyou\n[10:01] Bob: yes");
    assert_eq!((found.len(), of("[10:00] Ann: hi\ryou\r[10:01] Bob: yes")), (2, found.clone()));
    assert_eq!(of("[10:00] Ann: hi\r\nyou\r\n[10:01] Bob: yes\r\n"), found);
}

#[test]
fn the_clock_of_a_transcript_passes_midnight_where_it_falls_back_by_more_than_an_hour() {
    let mut csv = with_transcript();
    csv.columns.clock = Some("said".into());
    csv.clock_format = Some("%H:%M".into());
    let layout = layout(&csv, &["chat", "when", "log"]).unwrap();
    let log = "[23:50] a: 1\n[00:10] b: 2\n[00:05] a: 3\n[15:00] a: 4\n[14:10] a: 5\n[09:00] b: 6";
    let found = layout.messages(&csv, ["7", "d", log].map(str::to_owned).to_vec(), &[]);
    let runs: Vec<_> = found.iter().flatten().map(|message| message.run.unwrap()).collect();
    assert_eq!(runs.iter().map(|run| run.days).collect::<Vec<_>>(), [0, 1, 1, 1, 1, 2]);
    assert!(runs.iter().all(|run| run.first == jiff::civil::time(23, 50, 0, 0)));
}

#[test]
fn columns_of_one_name_that_a_message_could_stand_in_are_refused() {
    let mut wide = csv();
    (wide.columns.text, wide.columns.sender) = ("message * text".into(), vec!["message * by".into()]);
    let names = ["chat", "when", "message 1 by", "message 1 text", "message 1 text"];
    assert!(layout(&wide, &names).err().unwrap().title.contains("two columns `message 1 text`"));
    let mut inside = csv();
    inside.columns.sender = vec!["info.mail".into()];
    assert!(layout(&inside, &["chat", "when", "info", "what", "info"]).err().unwrap().title.contains("`info`"));
    assert!(layout(&inside, &["chat", "when", "info", "what", "note", "note"]).is_ok());
}
