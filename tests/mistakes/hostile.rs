//! Sources and a Front that try to do more than they may: to write elsewhere, to add headers, to command the terminal.

use crate::harness::{Ran, Scene};
use crate::support::must;
use serde_json::Value;
use std::fmt::Write as _;

/// Moves the cursor, sets the window's title, clears the screen (once with the one-byte form of the escape).
const ESCAPES: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}2J\u{8}";

/// A mail whose every visible field tries something.
fn hostile_mail() -> String {
    let subject = format!("=?utf-8?q?Invoice{}?=", encoded(&format!("{ESCAPES}\r\nBcc: victim@elsewhere.example")));
    let name = format!("=?utf-8?q?Eve{}?=", encoded(ESCAPES));
    let file = |name: &str| {
        format!(
            "--b\nContent-Type: text/plain; name=\"x\"\nContent-Disposition: attachment; filename=\"{name}\"\n\nfile\n"
        )
    };
    let names = ["../../../etc/passwd", "C:\\\\Windows\\\\evil.exe", "a\u{1b}[2Jb.txt", "..", "/abs/olute.txt"];
    format!(
        "From - Mon Jan  2 10:00:00 2017\nFrom: {name} <eve@customer.example>\nTo: support@acme.example\nSubject: {subject}\n\
         Date: Mon, 2 Jan 2017 10:00:00 +0000\nMessage-ID: <evil{ESCAPES}@customer.example>\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello{ESCAPES}\n{}\
         --b\nContent-Type: text/plain\nContent-Disposition: attachment;\n filename*=utf-8''x%22%0D%0AX-Evil%3A%20yes%0D%0A.txt\n\n\
         file\n--b--\n\n",
        names.map(file).concat()
    )
}

/// As encoded words carry what headers may not hold (RFC 2047).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut words, byte| {
        let _ = write!(words, "={byte:02X}");
        words
    })
}

/// Nothing that was printed holds what a terminal obeys.
fn harmless(ran: Ran) -> Ran {
    for text in [&ran.stdout, &ran.stderr] {
        let obeyed = text.chars().find(|letter| letter.is_control() && *letter != '\n');
        assert_eq!(obeyed, None, "{text:?}");
    }
    ran
}

#[test]
fn a_hostile_mail_commands_neither_terminal_nor_request_nor_file_system() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", hostile_mail());
    let front = scene.front();
    harmless(scene.run(&["plan", "m.toml", "--requests", "plan.jsonl"])).ended_with(0);
    harmless(scene.import_into(&front)).ended_with(0);
    harmless(scene.run(&["status", "m.toml"])).ended_with(0);
    let plan = must(std::fs::read_to_string(scene.workspace.path("plan.jsonl")), "plan.jsonl");
    let planned: Value = must(serde_json::from_str(plan.lines().next().unwrap_or_default()), "a line");
    let id = planned["request"]["external_id"].as_str().expect("an external id").to_owned();
    harmless(scene.run(&["show", "m.toml", &id])).ended_with(0).says(&["Invoice"]);

    let dump = must(std::fs::read_to_string(scene.workspace.path("front.jsonl")), "front.jsonl");
    assert_eq!(dump.lines().count(), 1);
    let stored: Value = must(serde_json::from_str(&dump), "what Front stored");
    for field in ["/request/subject", "/request/sender/name", "/request/sender/handle"] {
        let text = stored.pointer(field).and_then(Value::as_str).unwrap_or_else(|| panic!("{field} in {stored}"));
        assert!(!text.chars().any(char::is_control), "{field}: {text:?}");
    }
    assert!(stored["request"]["bcc"].as_array().is_none_or(Vec::is_empty), "{stored}");
    let names: Vec<&str> =
        stored["attachments"].as_array().expect("files").iter().filter_map(|file| file["filename"].as_str()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names {
        assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control), "{name:?}");
        assert!(!name.is_empty() && !name.trim_matches('.').is_empty(), "{name:?}");
    }
    front.stop();
}

#[test]
fn a_hostile_file_name_is_shown_and_obeyed_by_nobody() {
    let scene = Scene::that_works();
    let name = format!("mail{ESCAPES}.mbox");
    scene.write(&name, "no mailbox at all\n");
    scene.mapping_of_source("mbox", "\"*.mbox\"", "");
    let ran = harmless(scene.run(&["plan", "m.toml"]));
    assert_ne!(ran.code, 0);
    ran.says(&["2J"]);
}
