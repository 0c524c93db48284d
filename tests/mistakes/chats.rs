//! Chat tables that are not what the mapping says, or that hold no chats.

use crate::harness::Scene;
use crate::support::must;
use crate::support::repository;

/// The ready mapping of a product as `m.toml`: as it stands, but without its comments, so that mending these moves no line.
fn ready(scene: &Scene, name: &str) {
    let mapping = must(std::fs::read_to_string(repository(&format!("mappings/{name}.toml"))), name);
    let lines = mapping.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let bare: Vec<&str> = lines.map(|line| line.split("  # ").next().unwrap_or_default().trim_end()).collect();
    scene.write("m.toml", bare.join("\n") + "\n");
}

/// A line of the samples that this repository holds.
fn sample(name: &str) -> String {
    must(std::fs::read_to_string(repository(&format!("samples/{name}"))), name)
}

#[test]
fn livechat_without_transcripts_is_refused_with_what_to_export_instead() {
    let scene = Scene::that_works();
    ready(&scene, "livechat");
    let header = sample("livechat/chats_report.csv");
    let header = header.lines().next().unwrap_or_default();
    scene.write("chats_report.csv", format!("{}\n", header.replace(",transcript", "")));
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `livechat`: chats_report.csv holds no messages
      --> m.toml:18:16
       |
    18 | text         = "words"
       |                ^^^^^^^ it is LiveChat's list of chats: who, when and how long, but not a word of what was said; `transcript` is no text that could be imported
       |
       = help: export the chats with their transcripts instead: one row a chat with a column `transcript`, or one row a message
    "#);
}

#[test]
fn reports_and_lists_of_tickets_are_refused_with_what_to_export_instead() {
    let scene = Scene::that_works();
    let columns = "timezone = \"UTC\"\ndate = \"iso\"\n\
                   columns = { conversation = \"Id\", time = \"Created at\", sender = \"Requester\", text = \"Subject\" }\n";
    scene.mapping_of_source("csv", "\"export.csv\"", columns);
    let tickets =
        "Summation column,Id,Requester,Requester email,Assignee,Group,Subject,Tags,Status,Created at,Group stations\n";
    let report = "Id,Requester,Subject,Tags,Created at,First Response Time,Resolution Time,Replies\n";
    for (header, what) in [(tickets, "Zendesk's list of tickets"), (report, "it is a report")] {
        scene.write("export.csv", header);
        let ran = scene.import_sends_nothing(2);
        ran.says(&["export.csv holds no messages", what, "not a word of what was said", "instead"]);
    }
}

#[test]
fn a_transcript_whose_lines_look_different_is_set_aside_with_its_line_and_the_way_to_say_it() {
    let scene = Scene::that_works();
    ready(&scene, "livechat");
    let table = sample("livechat/chats_report.csv").replace("(01:58:41)", "[01:58:41]");
    scene.write("chats_report.csv", table);
    let ran = scene.run(&["plan", "m.toml"]).ended_with(3);
    ran.says(&["lines of a transcript that belong to no message", "chats_report.csv, line 2", "help:"]);
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are() {
    let scene = Scene::that_works();
    ready(&scene, "gorgias");
    scene.write("messages.csv", sample("gorgias/messages.csv"));
    scene.write("tickets.csv", sample("gorgias/tickets.csv").replace("Ticket id", "Ticket number"));
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `gorgias`: tickets.csv has no column `Ticket id`
      --> m.toml:20:1
       |
    20 | key  = "Ticket id"
       | ^^^ it has `Ticket number`, `Tags`, `Initial channel`, `Last used integration name`, `Last used integration type`, `Created by an agent`, `Subject`, `Creation date`, `Closed date`, `Survey score`, `Survey replied date`, `Assignee name`, `Assignee email`, `Customer email`, `Customer name`
       |
       = help: did you mean `Ticket number`? Set join.key to the name as it stands in the file
    "#);
    ready(&scene, "tidio");
    scene.write("messages.csv", sample("tidio/messages.csv").replace("TIME_SENT", "SENT_TIME"));
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `tidio`: messages.csv has no column `TIME_SENT`
      --> m.toml:15:16
       |
    15 | time         = "TIME_SENT"
       |                ^^^^^^^^^^^ it has `CONVERSATION_ID`, `THREAD_ID`, `SENT_TIME`, `CHANNEL`, `SENDER`, `MESSAGE_CONTENT`, `NAME`, `FIRST_NAME`, `LAST_NAME`, `EMAIL`, `PHONE`, `OS_NAME`, `BROWSER`
       |
       = help: set columns.time to one of these names, or declare `delimiter` and `encoding`
    "#);
}

#[test]
fn a_second_table_that_is_not_there_is_named() {
    let scene = Scene::that_works();
    ready(&scene, "gorgias");
    scene.write("messages.csv", sample("gorgias/messages.csv"));
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `gorgias`: nothing matches `tickets*.csv`
      --> m.toml:18:1
       |
    18 | path = "tickets*.csv"
       | ^^^^ looked in [folder]: it has 6 entries, but none fits
       |
       = help: correct `path`; it is relative to the folder of the mapping file
    "#);
}

#[test]
fn an_hour_that_the_clock_showed_twice_is_read_by_the_stated_rule_or_rejected() {
    let scene = Scene::that_works();
    let table = "chat,at,who,said\nc1,2018-10-28 02:30:00,ann@customer.example,twice\n\
                 c1,2018-03-25 02:30:00,ann@customer.example,never\nc1,2018-10-28 04:00:00,ann@customer.example,once\n";
    scene.write("chat.csv", table);
    let columns = "timezone = \"Europe/Berlin\"\ndate = \"%Y-%m-%d %H:%M:%S\"\n\
                   columns = { conversation = \"chat\", time = \"at\", sender = \"who\", text = \"said\" }\n";
    let times = |rule: &str| -> Vec<i64> {
        scene.mapping_of_source("csv", "\"chat.csv\"", &format!("{columns}{rule}"));
        let code = if rule.contains("reject") { 3 } else { 0 };
        let lines = scene.workspace.plan_that_exits("m.toml", code);
        lines.iter().filter_map(|line| line["request"]["created_at"].as_i64()).collect()
    };
    let once = 1_540_695_600;
    assert_eq!(times(""), [1_540_686_600, 1_521_941_400, once]);
    assert_eq!(times("daylight_saving = \"compatible\"\n"), [1_540_686_600, 1_521_941_400, once]);
    assert_eq!(times("daylight_saving = \"earlier\"\n"), [1_540_686_600, 1_521_937_800, once]);
    assert_eq!(times("daylight_saving = \"later\"\n"), [1_540_690_200, 1_521_941_400, once]);
    assert_eq!(times("daylight_saving = \"reject\"\n"), [once]);
}

#[test]
fn what_is_detected_about_a_table_is_shown_and_can_be_overruled() {
    let scene = Scene::that_works();
    let columns = "timezone = \"UTC\"\ndate = \"iso\"\n\
                   columns = { conversation = \"chat\", time = \"at\", sender = \"who\", text = \"said\" }\n";
    let table = "chat;at;who;said\r\nc1;2018-05-01T10:00:00Z;ann@customer.example;'Grüße; bis bald'\r\n";
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(table);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(table.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (bytes, encoding) in [(latin.as_ref(), "windows-1252"), (&utf16, "UTF-16LE"), (table.as_bytes(), "UTF-8")] {
        scene.write("chat.csv", bytes);
        scene.mapping_of_source("csv", "\"chat.csv\"", columns);
        let ran = scene.run(&["plan", "m.toml"]).ended_with(0);
        let _ = ran.says(&["Note      chat.csv: encoding ", encoding, "; delimiter `;`; quote `'`"]);
        let lines = scene.workspace.plan("m.toml");
        assert!(lines[0]["request"]["body"].as_str().is_some_and(|body| body.contains("Grüße; bis bald")), "{lines:?}");
    }
    scene.mapping_of_source("csv", "\"chat.csv\"", &format!("{columns}quote = \"none\"\n"));
    scene.run(&["plan", "m.toml"]).ended_with(3).says(&["5 cells, but the header has 4"]);
}

const COLUMNS: &str = "timezone = \"UTC\"\ndate = \"iso\"\n\
                       columns = { conversation = \"chat\", time = \"at\", sender = \"who\", text = \"said\", role = \"role\" }\n\
                       roles = { visitor = \"inbound\", agent = \"outbound\" }\n";

#[test]
fn a_forgotten_quote_costs_its_row_and_not_those_up_to_the_next_quote() {
    let scene = Scene::that_works();
    scene.mapping_of_source("csv", "\"chat.csv\"", COLUMNS);
    let table = "chat,at,who,said,role\n\
                 c1,2019-05-01T10:00:01Z,v1@customer.example,\"Hello I ordered a screen,visitor\n\
                 c1,2019-05-01T10:00:02Z,v2@customer.example,which size?,visitor\n\
                 c1,2019-05-01T10:00:03Z,v1@customer.example,it is 27\",visitor\n";
    scene.write("chat.csv", table);
    let lines = scene.workspace.plan_that_exits("m.toml", 3);
    let bodies: Vec<&str> = lines.iter().filter_map(|line| line["request"]["body"].as_str()).collect();
    assert_eq!(bodies.len(), 2, "{lines:?}");
    assert!(bodies[0].contains("which size?") && bodies[1].contains("it is 27"), "{bodies:?}");
    scene.run(&["plan", "m.toml"]).ended_with(3).says(&[
        "rows within a quoted cell",
        "chat.csv, line 2: ",
        "close the quote",
    ]);
}

#[test]
fn tables_put_together_say_that_their_second_header_is_no_message() {
    let scene = Scene::that_works();
    scene.mapping_of_source("csv", "\"chat.csv\"", COLUMNS);
    let header = "chat,at,who,said,role\n";
    let row = |second: u8| format!("c1,2019-05-01T10:00:0{second}Z,v1@customer.example,hello,visitor\n");
    scene.write("chat.csv", format!("{header}{}{header}{},,,,\n", row(1), row(2)));
    let ran = scene.run(&["plan", "m.toml"]).ended_with(3);
    let ran = ran.says(&["the header again", "chat.csv, line 3: ", "nothing is lost by it"]);
    assert!(!ran.stdout.contains("unknown role") && !ran.stderr.contains("unknown role"));
}

#[test]
fn a_spreadsheet_or_json_under_the_name_of_a_table_is_named_with_what_to_do() {
    let scene = Scene::that_works();
    scene.mapping_of_source("csv", "\"chat.csv\"", COLUMNS);
    for (bytes, what, way) in [
        (&b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml"[..], "workbook", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel workbook", "save it as CSV"),
        (b"<!DOCTYPE html>\n<html><table>", "web page", "save it as CSV"),
        (b"[{\"id\": 1}]", "JSON", "zendesk-chat.toml"),
    ] {
        scene.write("chat.csv", bytes);
        let _ = scene.import_sends_nothing(2).says(&["chat.csv is no table", what, way]);
    }
    scene.write("chat.csv", "chat,at,who,said,role\n");
    let _ = scene.import_sends_nothing(2).says(&["holds no rows", "chat.csv has a header and no rows"]);
}

#[test]
fn an_abbreviation_for_a_time_zone_is_not_answered_with_another_zone() {
    let scene = Scene::that_works();
    for zone in ["GMT+1", "BST", "IST", "Z"] {
        scene.mapping_of_source("csv", "\"chat.csv\"", &COLUMNS.replace("UTC", zone));
        scene.write("chat.csv", "chat,at,who,said,role\n");
        let ran = scene
            .import_sends_nothing(2)
            .says(&["unknown time zone", "by a city, such as \"Europe/London\", or \"UTC\""]);
        assert!(!ran.stderr.contains("did you mean"), "{zone}");
    }
}
