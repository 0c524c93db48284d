//! The index deleted, and a later export added: what was sent keeps its id, thread and inbox, and the plan is the one that the index
//! would have given.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use support::front::{FULL_SPEED, Front};
use support::{Workspace, must, read_jsonl};

/// A mail: its Message-ID, what it answers to, its subject and its text.
fn mail(out: &mut String, id: &str, references: &[&str], subject: &str, text: &str) {
    let references = references.iter().fold(String::new(), |all, id| all + "<" + id + "@x.example> ");
    let minute = out.len() % 60;
    let _ = write!(
        out,
        "From - Fri Nov 21 09:55:06 1997\nFrom: Ann <ann@x.example>\nTo: Bob <bob@y.example>\nSubject: {subject}\n\
         Date: Fri, 21 Nov 1997 09:{minute:02}:06 +0000\nMessage-ID: <{id}@x.example>\n{}\n{text}\n\n",
        if references.is_empty() { String::new() } else { format!("References: {references}\n") }
    );
}

fn mapping(rules: &str) -> String {
    format!(
        "version = 1\n\n[target]\ninbox = \"Support\"\n\n[ours]\naddresses = [\"bob@y.example\"]\n\n[send]\n{FULL_SPEED}\n\
         [[source]]\nname = \"mail\"\nformat = \"mbox\"\npath = \"*.mbox\"\n{rules}"
    )
}

/// What was decided of each sent message, by the id and text that a message is known by.
fn decided(lines: &[Value]) -> BTreeMap<String, [String; 3]> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    lines
        .iter()
        .filter(|line| line["status"] == "planned")
        .map(|line| {
            let body = line["request"]["body"].as_str().unwrap_or_default();
            let key = format!("{} {body}", text(line, "message_id"));
            (key, [text(line, "external_id"), text(line, "thread_ref"), text(line, "inbox")])
        })
        .collect()
}

fn requests(workspace: &Workspace) -> Vec<Value> {
    workspace.threadlift().args(["plan", "m.toml", "--quiet", "--requests", "requests.jsonl"]).assert().code(0);
    read_jsonl(&workspace.path("requests.jsonl"))
}

#[test]
fn without_its_index_a_ledger_gives_a_later_export_the_same_refs_inboxes_and_collision_winners() {
    let workspace = Workspace::empty();
    let billing = "\n[[rule]]\nwhen = { subject = 'invoice' }\ninbox = \"Billing\"\n";
    workspace.write("m.toml", mapping(billing));
    let mut first = String::new();
    for number in 0..20 {
        let subject = if number % 3 == 0 { "The invoice" } else { "The lamp" };
        mail(&mut first, &format!("a{number}"), &[], subject, &format!("First of {number}"));
        mail(&mut first, &format!("b{number}"), &[&format!("a{number}")], subject, &format!("Second of {number}"));
        // Another message under the same Message-ID.
        mail(&mut first, &format!("a{number}"), &[], subject, &format!("Quite another text, {number}"));
    }
    workspace.write("1.mbox", &first);
    let before = decided(&requests(&workspace));
    assert_eq!(before.len(), 60);
    let front = Front::start(&workspace, "m.toml", "front.jsonl", &[]);
    let status = must(front.importing(&workspace, "m.toml", &[]).status(), "import");
    assert_eq!(status.code(), Some(0));

    // Newcomers join two sent threads into one, more messages collide, and the rule is gone.
    let mut later = String::new();
    for number in 0..20 {
        let next = format!("a{}", (number + 1) % 20);
        mail(
            &mut later,
            &format!("c{number}"),
            &[&format!("b{number}"), &next],
            "The lamp",
            &format!("Third of {number}"),
        );
        for text in ["Yet another", "And one more", "A fourth"] {
            mail(&mut later, &format!("a{number}"), &[], "The lamp", &format!("{text}, {number}"));
        }
    }
    workspace.write("0-later.mbox", &later);
    workspace.write("m.toml", mapping(""));
    let with_index = requests(&workspace);
    must(std::fs::remove_dir_all(workspace.path("m.ledger/sled")), "sled");
    let rebuilt = must(workspace.threadlift().args(["ledger", "rebuild", "m.toml", "--quiet"]).output(), "rebuild");
    let text = String::from_utf8_lossy(&rebuilt.stdout);
    assert!(text.contains("60 messages had been sent, and 60 of them stand in the plan again"), "{text}");
    let without_index = requests(&workspace);
    assert_eq!(without_index, with_index);

    let after = decided(&without_index);
    assert_eq!(after.len(), 140);
    for (key, sent) in &before {
        assert_eq!(after.get(key), Some(sent), "{key}");
    }
    let status = must(front.importing(&workspace, "m.toml", &[]).status(), "import");
    assert_eq!(status.code(), Some(0));
    let counts = front.stop();
    assert_eq!((counts["messages"].as_u64(), counts["repeats"].as_u64()), (Some(140), Some(0)), "{counts}");
}
