//! What Front refused, and what could not be sent: taken up again, or laid into a bundle, mended and fed again.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Output;
use std::sync::{Arc, Mutex};
use support::mails::mail;
use support::{Workspace, must, stub};

/// A Front that refuses every message with `REFUSE` in it, and keeps what it takes.
struct Front {
    base_url: String,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Front {
    fn that_refuses(word: &'static str) -> Self {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        let base_url = stub::serve(move |body| {
            if !word.is_empty() && body.contains(word) {
                return (
                    "400 Bad Request",
                    "{\"_error\": {\"status\": 400, \"message\": \"sender is \\u001b[31mblocked\"}}",
                );
            }
            kept.lock().expect("nobody panicked").push(must(serde_json::from_str(body), "an import"));
            ("202 Accepted", r#"{"status": "accepted", "message_uid": "u"}"#)
        });
        Self { base_url, taken }
    }

    fn taken(&self) -> Vec<Value> {
        self.taken.lock().expect("nobody panicked").clone()
    }
}

const MAPPING: &str = r#"version = 1
[target]
inbox = "Support"
[ours]
domains = ["y.example"]
[[source]]
name = "mail"
format = "mbox"
path = "mail.mbox"
[[source]]
name = "chats"
format = "csv"
path = "chats.csv"
encoding = "windows-1252"
timezone = "UTC"
date = "%Y-%m-%d %H:%M:%S"
columns = { id = "id", conversation = "chat", time = "at", sender = "who", text = "text", role = "role" }
roles = { visitor = "inbound", agent = "outbound" }
[send]
settle = "1ms"
per_resource = 1000000
"#;

const FED_AGAIN: &str = r#"[[source]]
name = "mended-mails"
format = "eml"
path = "bundle/mails"
[[source]]
name = "mended-chats"
format = "csv"
path = "bundle/tables/*.csv"
encoding = "windows-1252"
timezone = "UTC"
date = "%Y-%m-%d %H:%M:%S"
columns = { id = "id", conversation = "chat", time = "at", sender = "who", text = "text", role = "role" }
roles = { visitor = "inbound", agent = "outbound" }
[send]
"#;

fn letter(id: &str, to: &str, date: &str, more: &str, text: &str) -> Vec<u8> {
    let head =
        format!("From: Ann <ann@x.example>\nTo: {to}\nSubject: {id}\nMessage-ID: <{id}@x.example>\n{date}{more}");
    mail(&head, &format!("\n{text}\n"))
}

fn date(minute: u32) -> String {
    format!("Date: Fri, 21 Nov 1997 09:{minute:02}:06 +0000\n")
}

/// Five mails and four chat lines; of each kind some cannot be sent.
fn workspace() -> Workspace {
    let workspace = Workspace::empty();
    let answers = "In-Reply-To: <one@x.example>\n";
    let mails = [
        letter("one", "b@y.example", &date(1), "", "Hello"),
        letter("two", "b@y.example", &date(2), answers, "REFUSE this"),
        letter("three", "b@y.example", &date(3), &format!("{answers}Bcc: REFUSE@y.example\n"), "Fine"),
        letter("four", "b@y.example", "", "", "No date at all"),
    ];
    // Its separator has a date, which would stand in; the last mail has none anywhere.
    let mails = mails.concat();
    let mails = String::from_utf8(mails).expect("ASCII").replace(
        "From - Fri Nov 21 09:55:06 1997\nFrom: Ann <ann@x.example>\nTo: b@y.example\nSubject: four",
        "From ann@x.example Thu Jan  1 00:00:00 1970\nFrom: Ann <ann@x.example>\nTo: b@y.example\nSubject: four",
    );
    workspace.write("mail.mbox", mails);
    let mut table = b"id;chat;at;who;role;text\n".to_vec();
    table.extend_from_slice(b"1;c1;2020-01-01 10:00:00;ada@x.example;visitor;Caf\xe9\n");
    table.extend_from_slice(b"2;c1;2020-13-01 10:00:00;ada@x.example;visitor;th\xe9\n");
    table.extend_from_slice(b"3;c1;2020-01-01 10:02:00;ada@x.example;visitor;a;b\n");
    workspace.write("chats.csv", table);
    workspace.write("m.toml", MAPPING);
    workspace
}

fn run(workspace: &Workspace, front: &Front, arguments: &[&str], code: i32) -> (Value, String) {
    let mut command = workspace.threadlift();
    command.args(arguments).args(["--quiet", "--json"]);
    if ["import", "retry"].contains(&arguments[0]) {
        command.args(["--yes", "--no-verify", "--base-url", &front.base_url]).env("FRONT_API_TOKEN", "token");
    }
    let output: Output = must(command.output(), "threadlift");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    (serde_json::from_slice(&output.stdout).unwrap_or_default(), said)
}

fn subjects(taken: &[Value]) -> Vec<String> {
    let name = |message: &Value| message["subject"].as_str().or(message["body"].as_str()).map(str::to_owned);
    let mut all: Vec<String> = taken.iter().filter_map(name).collect();
    all.sort();
    all
}

#[test]
fn a_bundle_that_is_mended_and_fed_again_brings_everything_once_and_into_the_same_conversations() {
    let workspace = workspace();
    let front = Front::that_refuses("REFUSE");
    let (summary, _) = run(&workspace, &front, &["import", "m.toml", "--rejects", "bundle"], 3);
    assert_eq!((&summary["total"]["refused"], &summary["total"]["accepted"]), (&2.into(), &2.into()), "{summary}");
    let index = must(fs::read_to_string(workspace.path("bundle/rejects.csv")), "index");
    assert!(!index.contains('\u{1b}'), "{index}");
    let mut lines: Vec<&str> = index.lines().skip(1).collect();
    lines.sort_unstable();
    let told = [
        ("mails/0000/00000001.eml,mail,", ",two@x.example,refused,"),
        ("mails/0000/00000002.eml,mail,", ",three@x.example,refused,"),
        ("mails/0000/00000003.eml,mail,", ",,four@x.example,rejected,no date,"),
        ("tables/2-chats.csv,chats,\"chats.csv, line 3\",", ",,2,rejected,time does not fit the date format,"),
        ("tables/2-chats.csv,chats,\"chats.csv, line 4\",", ",,,unreadable,wrong number of cells,"),
    ];
    assert_eq!(lines.len(), told.len(), "{index}");
    for (line, (begins, holds)) in lines.iter().zip(told) {
        assert!(line.starts_with(begins) && line.contains(holds), "{line}");
    }
    for private in ["bundle", "bundle/mails/0000", "bundle/rejects.csv", "bundle/mails/0000/00000001.eml"] {
        let mode = must(fs::metadata(workspace.path(private)), private).permissions().mode();
        assert_eq!(mode & 0o077, 0, "{private}");
    }
    let table = must(fs::read(workspace.path("bundle/tables/2-chats.csv")), "table");
    let expected = b"id;chat;at;who;role;text\n2;c1;2020-13-01 10:00:00;ada@x.example;visitor;th\xe9\n\
                     3;c1;2020-01-01 10:02:00;ada@x.example;visitor;a;b\n";
    assert_eq!(String::from_utf8_lossy(&table), String::from_utf8_lossy(expected));

    // Mended as people would, and fed again.
    for number in 1..=3 {
        let path = format!("bundle/mails/0000/0000000{number}.eml");
        let text = must(fs::read_to_string(workspace.path(&path)), &path);
        let text = text.replace("REFUSE this", "Welcome").replace("Bcc: REFUSE@y.example\n", "");
        let text =
            if text.contains("Date: ") { text } else { text.replacen("Subject:", &format!("{}Subject:", date(4)), 1) };
        workspace.write(&path, text);
    }
    let table = [table.as_slice()].concat();
    let mended: Vec<u8> =
        String::from_utf8_lossy(&table).replace("2020-13-01", "2020-01-01").replace("a;b", "a,b").into_bytes();
    workspace.write("bundle/tables/2-chats.csv", mended);
    workspace.replace("m.toml", "[send]\n", FED_AGAIN);
    let (summary, said) = run(&workspace, &front, &["import", "m.toml"], 3);
    // The original of `two` stays refused, since the mended one is another message; what cannot be read stays so.
    assert_eq!(
        (&summary["total"]["accepted"], &summary["total"]["refused"]),
        (&7.into(), &1.into()),
        "{summary}{said}"
    );
    let taken = front.taken();
    let mut ids: Vec<&str> = taken.iter().filter_map(|message| message["external_id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), taken.len()), (7, 7), "{taken:#?}");
    assert_eq!(subjects(&taken)[..1], ["Café"]);
    let thread_of = |subject: &str| {
        let found = taken.iter().find(|message| message["subject"] == subject || message["body"] == subject);
        found.unwrap_or_else(|| panic!("no {subject} in {taken:#?}"))["metadata"]["thread_ref"].clone()
    };
    assert_eq!([thread_of("two"), thread_of("three")], [thread_of("one"), thread_of("one")]);
    assert_eq!(thread_of("a,b"), thread_of("Café"));
}

#[test]
fn a_bundle_is_never_written_over_another_nor_into_the_ledger() {
    let workspace = workspace();
    let front = Front::that_refuses("");
    run(&workspace, &front, &["plan", "m.toml", "--rejects", "bundle"], 3);
    let before: Vec<PathBuf> = walkdir::WalkDir::new(workspace.path("bundle"))
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .collect();
    for (command, dir) in [("plan", "bundle"), ("status", "bundle"), ("import", "bundle"), ("plan", "m.ledger/inside")]
    {
        let (_, said) = run(&workspace, &front, &[command, "m.toml", "--rejects", dir], 2);
        assert!(said.contains("nothing was written"), "{said}");
    }
    let after: Vec<PathBuf> = walkdir::WalkDir::new(workspace.path("bundle"))
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .collect();
    assert_eq!(before, after);
    assert!(front.taken().is_empty());
    run(&workspace, &front, &["status", "m.toml", "--rejects", "second"], 3);
    assert!(workspace.path("second/rejects.csv").exists());
}

#[test]
fn retry_takes_up_what_was_refused_by_cause_or_by_id() {
    let workspace = workspace();
    run(&workspace, &Front::that_refuses("REFUSE"), &["import", "m.toml"], 3);
    let front = Front::that_refuses("");
    let (summary, _) = run(&workspace, &front, &["import", "m.toml"], 3);
    assert_eq!(
        (summary["total"]["refused"].clone(), front.taken().len()),
        (2.into(), 0),
        "the same bytes stay refused"
    );
    let (_, said) = run(&workspace, &front, &["retry", "m.toml", "--cause", "no such tag"], 2);
    assert!(said.contains("causes on record: 2 × sender is") && !said.contains('\u{1b}'), "{said}");
    let (_, said) = run(&workspace, &front, &["retry", "m.toml", "--id", "nobody@x.example"], 2);
    assert!(said.contains("no refused message has the id nobody@x.example"), "{said}");
    let (summary, said) = run(&workspace, &front, &["retry", "m.toml", "--id", "<two@x.example>"], 3);
    assert_eq!((&summary["command"], &summary["sent"]["accepted"]), (&"retry".into(), &1.into()), "{said}");
    assert_eq!(subjects(&front.taken()), ["two"]);
    run(&workspace, &front, &["retry", "m.toml", "--cause", "BLOCKED"], 3);
    assert_eq!(subjects(&front.taken()), ["three", "two"]);
    let (summary, said) = run(&workspace, &front, &["retry", "m.toml"], 3);
    assert_eq!(summary["total"]["refused"], 0);
    assert!(said.contains("no message is refused"), "{said}");
}

#[test]
fn a_table_in_utf_16_is_collected_as_one_in_utf_8_that_the_same_keys_read_again() {
    let workspace = workspace();
    let table = "id;chat;at;who;role;text\n1;c1;2020-01-01 10:00:00;ada@x.example;visitor;Café\n\
                 2;c1;2020-13-01 10:00:00;ada@x.example;visitor;thé\n";
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    workspace.write("chats.csv", [vec![0xff, 0xfe], utf_16(table)].concat());
    workspace.replace("m.toml", "encoding = \"windows-1252\"\n", "");
    let front = Front::that_refuses("");
    run(&workspace, &front, &["plan", "m.toml", "--rejects", "bundle"], 3);
    let collected = must(fs::read_to_string(workspace.path("bundle/tables/2-chats.csv")), "table");
    let expected = "\u{feff}id;chat;at;who;role;text\n2;c1;2020-13-01 10:00:00;ada@x.example;visitor;thé\n";
    assert_eq!(collected, expected);
    workspace.write("bundle/tables/2-chats.csv", collected.replace("2020-13", "2020-01"));
    workspace.replace("m.toml", "[send]\n", &FED_AGAIN.replace("encoding = \"windows-1252\"\n", ""));
    run(&workspace, &front, &["import", "m.toml"], 3);
    let subjects = subjects(&front.taken());
    assert_eq!(subjects.iter().filter(|text| text.as_str() == "thé").count(), 1, "{subjects:?}");
}
