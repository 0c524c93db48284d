//! What is imported, and what plans and reports say of it.

use super::scene::DEMO;
use super::support::{Workspace, mails, must};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Plans apart from the ledger; gives how many messages are planned.
pub(crate) fn plan(workspace: &Workspace, requests: &str) -> usize {
    let _ = fs::remove_dir_all(workspace.path("apart.ledger"));
    let mut command: Command = workspace.program();
    command.args(["plan", DEMO, "--quiet", "--requests", requests, "--ledger", "apart.ledger"]);
    let status = must(command.stdin(Stdio::null()).stdout(Stdio::null()).status(), "plan");
    assert!(status.success(), "{status}");
    lines(&workspace.path(requests)).filter(|line| line.contains("\"status\":\"planned\"")).count()
}

pub(crate) fn lines(path: &Path) -> impl Iterator<Item = String> {
    BufReader::new(must(File::open(path), path.display())).lines().map(|line| must(line, "line"))
}

pub(crate) fn external_id(line: &Value) -> String {
    line["external_id"].as_str().unwrap_or_default().to_owned()
}

/// Of how many messages an import said that they had gone out as another request.
pub(crate) fn sent_otherwise(said: &str) -> u64 {
    let Some((before, _)) = said.split_once(" of unknown fate went out before as another request") else { return 0 };
    let words: Vec<&str> = before.rsplitn(3, [' ', '\n', '"']).collect();
    let number = words.get(1).copied().unwrap_or_default();
    must(number.rsplit("\\n").next().unwrap_or_default().parse(), before)
}

/// Threads of four, one in three with a file.
pub(crate) fn more_mails() -> Vec<u8> {
    let mut all = Vec::new();
    for thread in 0..40 {
        for number in 0..4 {
            let parent =
                if number == 0 { String::new() } else { format!("In-Reply-To: <{thread}.{}@x.example>\n", number - 1) };
            let head = format!(
                "From: Ann <ann{thread}@x.example>\nTo: support@kettlewell.example\nSubject: Lamp {thread}\n\
                 Date: Wed, 21 Nov 2018 {:02}:{number:02}:06 +0000\nMessage-ID: <{thread}.{number}@x.example>\n{parent}",
                thread % 24
            );
            let has_file = (thread + number) % 3 == 0;
            let kind = if has_file { "Content-Type: multipart/mixed; boundary=\"=_b\"\n" } else { "" };
            let text = format!("Text {number} of {thread}.\n");
            let body = if has_file {
                let file = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w\n".repeat(200 * (1 + thread));
                format!(
                    "\n--=_b\n\n{text}--=_b\nContent-Disposition: attachment; filename=\"{thread}.bin\"\n\
                     Content-Transfer-Encoding: base64\n\n{file}\n--=_b--\n"
                )
            } else {
                format!("\n{text}")
            };
            all.extend(mails::mail(&format!("{head}{kind}"), &body));
        }
    }
    all
}
