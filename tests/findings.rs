//! What a probe has found out is followed by plan and import, as far as it makes them better or safer.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::front::{FULL_SPEED, Front, TOKEN};
use support::{Workspace, must, read_jsonl};

const MAPPING: &str = "mapping.toml";
const FINDINGS: &str = "front-findings.toml";

/// A mail with a picture within its text, and one that is named by nothing.
const MAIL: &str = "Message-ID: <a@x.example>\nDate: Mon, 6 May 2019 08:00:00 +0000\nFrom: ana@example.com\n\
                    To: support@acme.example\nSubject: Lamp\nMIME-Version: 1.0\n\
                    Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n\
                    <p>Look: <img src=\"cid:lamp@x.example\"></p>\n--b\nContent-Type: image/png; name=lamp.png\n\
                    Content-ID: <lamp@x.example>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n\
                    --b\nContent-Type: application/pdf; name=bill.pdf\nContent-ID: <bill@x.example>\n\
                    Content-Disposition: attachment; filename=bill.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0x\n--b--\n";

fn scene(finding: &str) -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("mails/a.eml", MAIL);
    let findings = if finding.is_empty() { String::new() } else { format!("findings = \"{FINDINGS}\"\n") };
    let mapping = format!(
        "version = 1\n[target]\ninbox = \"Support\"\n{findings}[defaults]\ntags = [\"legacy\"]\n[[source]]\nname = \"mail\"\n\
         format = \"eml\"\npath = \"mails\"\nuntil = \"everything\"\n[send]\n{FULL_SPEED}"
    );
    workspace.write(MAPPING, mapping);
    found(&workspace, "cmp_acme", finding);
    workspace
}

/// Writes a findings file as `probe` does, with this in it.
fn found(workspace: &Workspace, company: &str, finding: &str) {
    let [name, value] = finding.split_once('=').map_or(["nothing", "1"], |(name, value)| [name, value]);
    let begin = "version = 1\ncompany = \"Acme\"\ninbox_id = \"inb_1\"\ndate = \"2026-11-22\"\n";
    let text = format!(
        "{begin}company_id = \"{company}\"\n[finding.{name}]\nvalue = {value}\nevidence = \"seen\"\ndate = \"x\"\n"
    );
    workspace.write(FINDINGS, text);
}

fn run(workspace: &Workspace, front: Option<&Front>, arguments: &[&str]) -> (i32, Value, String) {
    let mut command = workspace.program();
    command.args(arguments).args([MAPPING, "--json", "--quiet"]).env("FRONT_API_TOKEN", TOKEN);
    if let Some(front) = front {
        command.args(["--base-url", front.base_url()]);
    }
    let output = must(command.output(), arguments.join(" "));
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap_or(-1), said, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The files of the only message, as Front shows them.
fn files(front: &Front) -> Vec<(Value, Value)> {
    let conversation = front.list("/conversations").remove(0);
    let id = conversation["id"].as_str().expect("an id");
    let message = front.list(&format!("/conversations/{id}/messages")).remove(0);
    let files = message["attachments"].as_array().expect("a list");
    files.iter().map(|file| (file["filename"].clone(), file["metadata"].clone())).collect()
}

#[test]
fn where_imports_make_tags_nobody_has_to_ask_for_them() {
    let workspace = scene("");
    let front = Front::start(&workspace, MAPPING, "dump.jsonl", &["--tag", "another"]);
    let (code, _, complaint) = run(&workspace, Some(&front), &["import", "--yes"]);
    assert_eq!(code, 4, "{complaint}");
    assert!(complaint.contains("lacks 1 tag of the plan: `legacy`"), "{complaint}");

    for (value, expected) in [("\"ignored\"", 4), ("\"refused\"", 4), ("\"made\"", 0)] {
        let workspace = scene(&format!("unknown_tags={value}"));
        let front = Front::start(&workspace, MAPPING, "dump.jsonl", &["--tag", "another", "--company", "cmp_acme"]);
        let (code, _, complaint) = run(&workspace, Some(&front), &["import", "--yes"]);
        assert_eq!(code, expected, "{value}: {complaint}");
        if expected == 0 {
            let names: Vec<Value> = front.list("/tags").iter().map(|tag| tag["name"].clone()).collect();
            assert_eq!(names, ["another", "legacy"]);
        }
    }
}

#[test]
fn pictures_within_mails_are_named_in_the_way_that_works_and_other_files_are_not() {
    let plain = json!({ "is_inline": false });
    let inline = json!({ "is_inline": true, "cid": "lamp@x.example" });
    for (finding, picture, metadata) in [
        ("", "lamp.png", &plain),
        ("inline_images=\"none\"", "lamp.png", &plain),
        ("inline_images=\"content-id\"", "lamp.png", &inline),
        ("inline_images=\"filename\"", "lamp@x.example", &inline),
    ] {
        let workspace = scene(finding);
        let play = if finding.ends_with("filename\"") { "--play=inline=filename" } else { "--play=inline=content-id" };
        let front = Front::start(&workspace, MAPPING, "dump.jsonl", &[play, "--company", "cmp_acme"]);
        let (code, said, complaint) = run(&workspace, Some(&front), &["import", "--yes"]);
        assert_eq!(code, 0, "{finding}: {said}\n{complaint}");
        assert_eq!(
            files(&front),
            [(picture.into(), metadata.clone()), ("bill.pdf".into(), plain.clone())],
            "{finding}"
        );
    }
}

#[test]
fn a_rehearsal_is_held_in_a_front_as_it_was_found() {
    let workspace = scene("inline_images=\"filename\"");
    let (code, said, complaint) = run(&workspace, None, &["rehearse", "--exit"]);
    assert_eq!(code, 0, "{said}\n{complaint}");
}

#[test]
fn the_largest_request_is_the_one_that_was_taken() {
    let file = |size: usize| {
        let line = "A".repeat(76) + "\n";
        format!(
            "{}\n--b\nContent-Type: application/zip; name=big.zip\nContent-Transfer-Encoding: base64\n\n{}\n--b--\n",
            MAIL.trim_end_matches("--b--\n"),
            line.repeat(size / 57)
        )
    };
    for (finding, files) in [("", 3), ("largest_request=1000000", 2), ("largest_request=12", 3)] {
        let workspace = scene(finding);
        workspace.write("mails/a.eml", file(1_200_000));
        let (code, said, complaint) = run(&workspace, None, &["plan", "--requests", "requests.jsonl"]);
        assert_eq!(code, 0, "{finding}: {said}\n{complaint}");
        let request = read_jsonl(&workspace.path("requests.jsonl")).remove(0);
        assert_eq!(request["attachments"].as_array().map(Vec::len), Some(files), "{finding}");
    }
}

#[test]
fn a_plan_shows_what_it_follows_and_other_findings_make_another_plan() {
    let workspace = scene("inline_images=\"content-id\"");
    let (code, said, complaint) = run(&workspace, None, &["plan"]);
    assert_eq!(code, 0, "{complaint}");
    let lines = said["front"].to_string();
    assert!(lines.contains("found out on 2026-11-22 in Acme"), "{said}");
    assert!(lines.contains("Content-ID of their parts"), "{said}");
    found(&workspace, "cmp_acme", "inline_images=\"filename\"");
    let front = Front::start(&workspace, MAPPING, "dump.jsonl", &["--company", "cmp_acme"]);
    let (code, _, complaint) = run(&workspace, Some(&front), &["finish", "--yes"]);
    assert_eq!(code, 2, "{complaint}");
    assert!(complaint.contains("the mapping was changed after it was planned"), "{complaint}");
    let (_, said, _) = run(&workspace, None, &["plan"]);
    assert!(said["front"].to_string().contains("in place of their file name"), "{said}");
    found(&workspace, "cmp_acme", "fractional_dates=\"kept\"");
    let (_, said, _) = run(&workspace, None, &["plan"]);
    assert!(said["front"].to_string().contains("nothing: the careful defaults hold"), "{said}");
}

#[test]
fn findings_of_another_company_are_refused_before_anything_is_sent() {
    let workspace = scene("unknown_tags=\"made\"");
    found(&workspace, "cmp_other", "unknown_tags=\"made\"");
    let front = Front::start(&workspace, MAPPING, "dump.jsonl", &["--company", "cmp_ours"]);
    let (code, _, complaint) = run(&workspace, Some(&front), &["import", "--yes"]);
    assert_eq!(code, 4, "{complaint}");
    assert!(complaint.contains("front-findings.toml was found out in Acme (cmp_other)"), "{complaint}");
    assert!(complaint.contains("mapping.toml:4:12"), "it points at the line: {complaint}");
    front.received_nothing();
}

#[test]
fn a_file_that_holds_no_findings_is_pointed_at() {
    let workspace = scene("unknown_tags=\"made\"");
    for (text, words) in [
        ("version = 1", "does not hold findings"),
        ("nonsense", "does not hold findings"),
        (
            "version = 2\ncompany_id = \"x\"\ncompany = \"x\"\ninbox_id = \"x\"\ndate = \"x\"\n[finding]\n",
            "has version 2",
        ),
    ] {
        workspace.write(FINDINGS, text);
        let (code, _, complaint) = run(&workspace, None, &["plan"]);
        assert_eq!(code, 2, "{complaint}");
        assert!(complaint.contains(words) && complaint.contains("threadlift probe"), "{complaint}");
    }
    must(std::fs::remove_file(workspace.path(FINDINGS)), FINDINGS);
    let (code, _, complaint) = run(&workspace, None, &["plan"]);
    assert_eq!(code, 2, "{complaint}");
    assert!(complaint.contains("cannot read `front-findings.toml`"), "{complaint}");
}
