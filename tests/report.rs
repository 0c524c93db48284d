//! `--report FILE.html`: a page with all that a command found, for its owner alone, whatever the outcome.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use support::front::{FULL_SPEED, Front, TOKEN};
use support::mails::{mail, numbered};
use support::{Workspace, must, stub};

const MAPPING: &str = "m.toml";

/// A mailbox of these mails, with a pace for tests.
fn workspace(mails: &[Vec<u8>], more: &str) -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("a.mbox", mails.concat());
    workspace.write(
        MAPPING,
        format!(
            "version = 1\n[target]\ninbox = \"Support\"\n[ours]\naddresses = [\"bob@y.example\"]\n{more}[[source]]\n\
             name = \"a\"\nformat = \"mbox\"\npath = \"a.mbox\"\n[send]\n{FULL_SPEED}"
        ),
    );
    workspace
}

fn run(workspace: &Workspace, arguments: &[&str], code: i32) -> String {
    let mut command = workspace.program();
    let output: Output = must(command.args(arguments).env("FRONT_API_TOKEN", TOKEN).output(), "threadlift");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn page(workspace: &Workspace) -> String {
    must(fs::read_to_string(workspace.path("r.html")), "r.html")
}

/// What a reader sees of a page.
fn text(html: &str) -> String {
    must(html2text::config::plain().string_from_read(html.as_bytes(), 200), "a page")
}

#[test]
fn a_plan_s_page_is_named_last_is_the_owner_s_alone_and_the_same_anywhere() {
    let pages = [1, 2].map(|_| {
        let workspace = Workspace::with_samples();
        let said = run(&workspace, &["plan", "mappings/demo.toml", "--quiet", "--report", "r.html"], 0);
        let last = said.trim_end().lines().next_back().unwrap_or_default();
        assert!(last.starts_with("Report: r.html ("), "{said}");
        let mode = must(fs::metadata(workspace.path("r.html")), "r.html").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        page(&workspace)
    });
    assert!(pages[0] == pages[1], "the same export gives another page");
    let shown = text(&pages[0]);
    for words in [
        "Plan of mappings/demo.toml",
        "Silent.",
        "nell@kettlewell.example",
        "whose is it?",
        "Messages by month and inbox",
        "Nothing is wrong",
        "date taken from the latest Received field",
        "rule 1",
        "Recall: Élan frames KB8800 to KB8841",
        "please stop riding Élan frames",
        "the largest",
    ] {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
}

#[test]
fn a_report_takes_the_place_of_a_report_and_of_nothing_else() {
    let workspace = workspace(&[numbered(1, "")], "");
    let plan = |file: &str, code: i32| run(&workspace, &["plan", MAPPING, "--quiet", "--report", file], code);
    workspace.write("notes.html", "<!DOCTYPE html>\n<p>mine</p>\n");
    for file in ["notes.html", "a.mbox", MAPPING, "."] {
        let before = fs::read(workspace.path(file)).unwrap_or_default();
        let said = plan(file, 2);
        assert!(said.contains("report.html"), "{said}");
        assert!(fs::read(workspace.path(file)).unwrap_or_default() == before, "{file} was changed");
    }
    assert!(!workspace.path("m.ledger").join("journal.jsonl").exists(), "the plan began before the file was looked at");
    assert!(plan("no/such/folder/r.html", 2).contains("cannot write"));
    plan("r.html", 0);
    workspace.write("a.mbox", [numbered(1, ""), numbered(2, "")].concat());
    plan("r.html", 0);
    assert!(page(&workspace).contains("2.x.example") || text(&page(&workspace)).contains("Text of 2."));
    let beside = must(fs::read_dir(workspace.path(".")), "folder").flatten();
    let drafts: Vec<_> =
        beside.map(|file| file.file_name()).filter(|name| name.to_string_lossy().starts_with(".report")).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
    // A link stays one.
    must(std::os::unix::fs::symlink("r.html", workspace.path("link.html")), "link");
    plan("link.html", 0);
    assert!(must(fs::symlink_metadata(workspace.path("link.html")), "link").is_symlink());
}

#[test]
fn an_import_s_page_tells_what_was_refused_and_why_also_when_it_stopped() {
    let mails: Vec<Vec<u8>> = (1..30).map(|number| numbered(number, "")).collect();
    let workspace = workspace(&mails, "");
    let front = stub::serve(|body| {
        if body.contains("Lamp 1\"") {
            return ("202 Accepted", r#"{"status": "accepted", "message_uid": "u"}"#);
        }
        ("400 Bad Request", r#"{"_error": {"status": 400, "message": "sender is <b>blocked</b>"}}"#)
    });
    let import = ["import", MAPPING, "--quiet", "--yes", "--no-verify", "--base-url", &front, "--report", "r.html"];
    let said = run(&workspace, &import, 4);
    assert!(said.contains("Report: r.html"), "{said}");
    let page = page(&workspace);
    let shown = text(&page);
    for words in
        ["Import of m.toml", "written 2", "Stopped", "sender is <b>blocked</b>", "Front answered 400", "retry m.toml"]
    {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
    assert!(!page.contains("<b>blocked"), "Front's words are markup");
    // The plan's part of it is there as well.
    assert!(shown.contains("Sizes of conversations") && shown.contains("Treated as us"), "{shown}");
}

#[test]
fn import_verify_and_status_write_pages_of_what_front_has() {
    let workspace = workspace(&[numbered(1, ""), numbered(2, "In-Reply-To: <1@x.example>\n"), numbered(3, "")], "");
    let front = Front::start(&workspace, MAPPING, "dump.jsonl", &["--appear-after-ms", "10"]);
    let base = front.base_url().to_owned();
    let sending = |command: &str, more: &[&str]| {
        let arguments = [&[command, MAPPING, "--quiet", "--base-url", &base, "--report", "r.html"], more].concat();
        run(&workspace, &arguments, 0);
        page(&workspace)
    };
    let import = sending("import", &["--yes"]);
    for words in [
        "Import of",
        "<dt>Accepted in this run</dt>",
        "<dt>Confirmed in this run</dt>",
        "<b>confirmed</b>",
        "Text of 2.",
    ] {
        assert!(import.contains(words), "{words:?} is not in {import}");
    }
    let verify = sending("verify", &["--sample", "3"]);
    assert!(verify.contains("Verification of") && verify.contains("<dt>Look-ups</dt>"), "{verify}");
    run(&workspace, &["status", MAPPING, "--quiet", "--report", "r.html"], 0);
    assert!(text(&page(&workspace)).contains("Status of m.toml"));
    // Without its sources a page still says how things stand.
    must(fs::remove_file(workspace.path("a.mbox")), "a.mbox");
    run(&workspace, &["status", MAPPING, "--quiet", "--report", "r.html"], 0);
    let shown = text(&page(&workspace));
    assert!(shown.contains("the sources cannot be opened: ") && shown.contains("a.mbox"), "{shown}");
}

#[test]
fn a_rehearsal_s_page_shows_the_rehearsal() {
    let workspace = workspace(&[numbered(1, "")], "");
    run(&workspace, &["rehearse", MAPPING, "--exit", "--quiet", "--report", "r.html"], 0);
    let page = page(&workspace);
    assert!(page.contains("Rehearsal of") && page.contains("<dd>1 by the embedded Front</dd>"), "{page}");
    assert!(page.contains("As they will stand in Front") && !page.contains("were sent to Front"), "{page}");
}

#[test]
fn samples_are_of_every_kind_that_people_ask_about() {
    let rule = "[[rule]]\nwhen = { subject = \"Lamp 7\" }\narchived = \"no-leave-these-conversations-open\"\n[[rule]]\nwhen = { subject = \"Lamp 8\" }\ninbox = \"Billing\"\n";
    let mut mails: Vec<Vec<u8>> = (1..9).map(|number| numbered(number, "")).collect();
    mails.extend((100..130).map(|number| numbered(number, "In-Reply-To: <1@x.example>\n")));
    let old = "From: Ann <ann@x.example>\nTo: Bob <bob@y.example>\nSubject: Old\nDate: Mon, 1 Jan 1990 09:00:00 +0000\n\
               Message-ID: <old@x.example>\n";
    mails.push(mail(old, "\nLong ago.\n"));
    let workspace = workspace(&mails, rule);
    run(&workspace, &["plan", MAPPING, "--quiet", "--report", "r.html"], 0);
    let shown = text(&page(&workspace));
    for words in ["left open by a rule", "one of Billing", "one of Support", "the largest", "the oldest", "the newest"]
    {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
    // Nine conversations in all: the others are there to compare with.
    assert!(shown.contains("for comparison") && !shown.contains("not shown."), "{shown}");
    assert!(shown.contains("11 messages between these are not shown"), "{shown}");
    assert!(shown.contains("Long ago.") && shown.contains("Text of 119."), "{shown}");
}
