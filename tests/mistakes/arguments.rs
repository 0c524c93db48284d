//! Command lines that are not understood, readers that go away, and `--json`.

use crate::harness::{Ran, Scene, TOKEN, mailbox};
use crate::support::must;
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

#[test]
fn what_is_not_understood_is_answered_with_the_nearest_and_exit_code_2() {
    let scene = Scene::that_works();
    scene.run(&["paln", "m.toml"]).ended_with(2).says(&["'paln'", "similar subcommand", "'plan'"]);
    scene.run(&["plan", "m.toml", "--jsno"]).ended_with(2).says(&["'--jsno'", "similar argument exists: '--json'"]);
    scene.run(&["plan"]).ended_with(2).says(&["<MAPPING>"]);
    scene.run(&[]).ended_with(2).says(&["Usage: threadlift", "Start with: threadlift init EXPORT"]);
    scene.run(&["plan", "m.toml", "--jobs", "0"]).ended_with(2).says(&["1..=256"]);
}

#[test]
fn help_and_version_are_asked_for_and_so_end_well() {
    let scene = Scene::that_works();
    for arguments in [&["--help"][..], &["-h"], &["help"], &["help", "import"], &["import", "--help"], &["--version"]] {
        let ran = scene.run(arguments).ended_with(0);
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{arguments:?}");
        assert!(!ran.stdout.contains("embedded-front"), "{}", ran.stdout);
    }
    let codes = scene.run(&["--help"]).stdout;
    for code in ["0 done", "2 usage", "3 done, but", "4 stopped", "5 ledger", "7 sent", "130 interrupted"] {
        assert!(codes.split_whitespace().collect::<Vec<_>>().join(" ").contains(code), "{code:?} is missing:\n{codes}");
    }
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let scene = Scene::that_works();
    for arguments in [&["--help"][..], &["plan", "m.toml"], &["plan", "m.toml", "--json"], &["status", "m.toml"]] {
        let mut child = must(
            Command::new(assert_cmd::cargo::cargo_bin!("threadlift"))
                .current_dir(scene.workspace.path(""))
                .args(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn(),
            "threadlift",
        );
        // Closed before anything can have been read.
        drop(child.stdout.take());
        let ran = scene.ran(&must(child.wait_with_output(), "threadlift")).ended_with(0);
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}

#[test]
fn requests_that_cannot_be_written_stop_the_plan() {
    let scene = Scene::that_works();
    scene
        .run(&["plan", "m.toml", "--requests", "nowhere/requests.jsonl"])
        .ended_with(2)
        .says(&["cannot write nowhere/requests.jsonl", "choose a file that can be written"]);
}

#[test]
fn requests_are_never_written_over_an_export_the_mapping_or_the_ledger() {
    let scene = Scene::that_works();
    must(symlink("mail.mbox", scene.workspace.path("link.jsonl")), "link");
    scene.run(&["plan", "m.toml"]).ended_with(0);
    let slips = [
        ("mail.mbox", "a file of the source `mail`"),
        ("link.jsonl", "a file of the source `mail`"),
        ("m.toml", "the mapping"),
        ("m.ledger/journal.jsonl", "part of the ledger"),
    ];
    for (slip, what) in slips {
        let before = must(std::fs::read(scene.workspace.path(slip)), slip);
        scene.run(&["plan", "m.toml", "--requests", slip]).ended_with(2).says(&[slip, what, "a file of its own"]);
        assert_eq!(must(std::fs::read(scene.workspace.path(slip)), slip), before, "{slip}");
    }
    for _ in 0..2 {
        scene.run(&["plan", "m.toml", "--requests", "requests.jsonl"]).ended_with(0);
    }
}

#[test]
fn requests_and_dump_can_be_read_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::that_works();
    scene.write("old.jsonl", "what was there before");
    must(
        std::fs::set_permissions(scene.workspace.path("old.jsonl"), std::fs::Permissions::from_mode(0o644)),
        "rights of what was there before",
    );
    scene.run(&["plan", "m.toml", "--requests", "old.jsonl"]).ended_with(0);
    scene.run(&["plan", "m.toml", "--requests", "new.jsonl"]).ended_with(0);
    scene.run(&["rehearse", "m.toml", "--exit", "--dump", "dump.jsonl"]).ended_with(0);
    for file in ["old.jsonl", "new.jsonl", "dump.jsonl"] {
        let mode = must(scene.workspace.path(file).metadata(), file).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_copy_is_shown_with_the_place_and_the_id_of_the_one_that_is_kept() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", format!("{}{}", mailbox(1), mailbox(1)));
    scene.run(&["plan", "m.toml"]).ended_with(0);
    let ran = scene.run(&["show", "m.toml", "m1@customer.example", "--json"]).ended_with(0);
    let shown: Value = must(serde_json::from_str(&ran.stdout), &ran.stdout);
    let of = |status: &str| {
        must(shown.as_array().into_iter().flatten().find(|one| one["status"] == status).ok_or("none"), status)
    };
    assert_eq!(of("duplicate")["copy_of"], of("planned")["place"]);
    assert_eq!(of("duplicate")["external_id"], of("planned")["external_id"]);
    assert!(of("planned")["external_id"].is_string(), "{shown}");
}

#[test]
fn a_ledger_named_with_a_slash_is_not_spoiled_by_a_rehearsal() {
    let scene = Scene::that_works();
    scene.run(&["rehearse", "m.toml", "--exit", "--ledger", "led/"]).ended_with(0).says(&["led-rehearsal"]);
    scene.run(&["plan", "m.toml", "--ledger", "led/"]).ended_with(0);
}

#[test]
fn an_inbox_may_be_named_like_a_rehearsal() {
    let scene = Scene::that_works();
    scene.mapping_with("\"Support\"", "\"The rehearsal of cmp_rehearsal\"");
    scene.run(&["rehearse", "m.toml", "--exit"]).ended_with(0).says(&["(The rehearsal of cmp_rehearsal 3)"]);
}

/// The one document on stdout, which names the command and its exit code.
fn document(ran: &Ran, command: &str) -> Value {
    let document: Value = must(serde_json::from_str(&ran.stdout), format_args!("stdout of {command}: {}", ran.stdout));
    assert_eq!(document["command"], command);
    assert_eq!(document["exit"], ran.code, "{document}");
    assert_eq!(document["balanced"], true);
    document
}

/// Runs all four commands with `--json`, each of which must end with `code` and print one document.
fn four_documents(scene: &Scene, code: i32) -> [Value; 4] {
    let front = scene.front();
    let plan = scene.run(&["plan", "m.toml", "--json"]).ended_with(code);
    let rehearse = scene.run(&["rehearse", "m.toml", "--json", "--exit"]).ended_with(code);
    let import = ["import", "m.toml", "--yes", "--json", "--base-url", front.base_url()];
    let import = scene.run_with_token(Some(TOKEN), &import).ended_with(code);
    let status = scene.run(&["status", "m.toml", "--json"]).ended_with(code);
    [document(&plan, "plan"), document(&rehearse, "rehearse"), document(&import, "import"), document(&status, "status")]
}

#[test]
fn with_json_stdout_is_one_document() {
    let [plan, rehearse, import, status] = four_documents(&Scene::that_works(), 0);
    assert_eq!(plan["total"]["pending"], 3);
    assert_eq!(rehearse["sent"]["front_holds"]["messages"], 3);
    assert_eq!(import["sent"]["accepted"], 3);
    assert_eq!(status["total"]["read"], 3);
}

#[test]
fn with_json_stdout_is_one_document_when_records_were_set_aside() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", format!("no separator\n\n{}", mailbox(2)));
    for document in four_documents(&scene, 3) {
        assert_eq!(document["total"]["read"], 3, "{document}");
        assert_eq!(document["total"]["unreadable"], 1, "{document}");
    }
}

#[test]
fn with_json_a_question_does_not_reach_stdout() {
    let scene = Scene::that_works();
    let front = scene.front();
    let import = ["import", "m.toml", "--json", "--base-url", front.base_url()];
    let ran = scene.run_with_token(Some(TOKEN), &import).ended_with(2);
    assert_eq!(ran.stdout, "");
    front.received_nothing();
}

#[test]
fn a_port_that_is_taken_is_answered_with_a_way_out() {
    let scene = Scene::that_works();
    let taken = must(std::net::TcpListener::bind("127.0.0.1:0"), "port");
    let port = must(taken.local_addr(), "port").port().to_string();
    scene
        .run(&["rehearse", "m.toml", "--exit", "--port", &port])
        .ended_with(2)
        .says(&["cannot start the embedded Front on port", "choose another --port"]);
}

// /dev/full is a device of Linux.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_said() {
    let scene = Scene::that_works();
    let full = must(std::fs::OpenOptions::new().write(true).open("/dev/full"), "/dev/full");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("threadlift"));
    command.current_dir(scene.workspace.path("")).args(["plan", "m.toml", "--json"]).stdout(full);
    let ran = scene.ran(&must(command.output(), "threadlift"));
    ran.ended_with(2).says(&["the result could not be written to stdout", "No space left"]);
}
