//! Ledgers that are in use, of another company, of another version, or no ledgers.

use crate::harness::{MAPPING, Scene, TOKEN, mailbox};
use crate::support::front::terminate;
use crate::support::must;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(30);

#[test]
fn beside_a_running_import_a_plan_is_refused_at_once_and_status_shows_counts() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", mailbox(100));
    scene.write("m.toml", format!("{MAPPING}\n[send]\nin_flight = 1\n"));
    let front = scene.front_with(&["--latency-ms", "400"]);
    let mut import = must(
        Command::new(assert_cmd::cargo::cargo_bin!("threadlift"))
            .current_dir(scene.workspace.path(""))
            .env("FRONT_API_TOKEN", TOKEN)
            .args(["import", "m.toml", "--yes", "--base-url", front.base_url()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn(),
        "import",
    );
    let began = Instant::now();
    while front.stored() == 0 {
        assert!(began.elapsed() < DEADLINE, "the import sent nothing");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = import.id().to_string();
    let status = scene.run(&["status", "m.toml", "--json"]);
    let plan = scene.run(&["plan", "m.toml"]);
    let second = scene.import_into(&front);
    let words = scene.run(&["status", "m.toml"]);
    assert!(must(import.try_wait(), "import").is_none(), "the import ended too early for this test");
    terminate(&import);
    assert_eq!(must(import.wait(), "import").code(), Some(130));

    for refused in [plan, second] {
        let text = refused.ended_with(5).stderr.replace(&pid, "[pid]");
        insta::allow_duplicates! { insta::assert_snapshot!(text, @r#"
        error: the ledger m.ledger is in use by another threadlift (process [pid])
          = help: wait until process [pid] is done or stop it; `threadlift status` works meanwhile
        "#); }
    }
    let status: serde_json::Value = must(serde_json::from_str(&status.ended_with(0).stdout), "status");
    assert_eq!(status["total"]["read"], 100);
    assert_eq!(status["balanced"], true);
    words.ended_with(0).says(&["Another threadlift is at work", "these figures are from", "mail", "100"]);
    let counts = front.counts();
    assert!(counts["messages"].as_u64().is_some_and(|messages| messages < 100), "{counts}");
    assert_eq!(counts["repeats"], 0);
    scene.run(&["status", "m.toml"]).ended_with(0).says(&["Nothing is running.", "Left to send:"]);
}

#[test]
fn a_ledger_of_a_newer_threadlift_is_left_alone() {
    let scene = Scene::that_works();
    scene.run(&["plan", "m.toml"]).ended_with(0);
    scene.write("m.ledger/format", "threadlift ledger 2\n");
    let ran = scene.import_sends_nothing(5);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: the ledger m.ledger has format 2, and this threadlift knows formats up to 1
      = help: use the threadlift that wrote it, or a later one
    "#);
    for command in [&["plan", "m.toml"][..], &["status", "m.toml"], &["show", "m.toml", "m1@customer.example"]] {
        scene.run(command).ended_with(5).says(&["m.ledger has format 2", "use the threadlift that wrote it"]);
    }
    assert_eq!(
        must(std::fs::read_to_string(scene.workspace.path("m.ledger/format")), "format"),
        "threadlift ledger 2\n"
    );
}

#[test]
fn a_folder_that_is_no_ledger_is_left_as_it_is() {
    let scene = Scene::that_works();
    scene.write("photos/cat.jpg", "meow");
    let front = scene.front();
    let import = ["import", "m.toml", "--yes", "--ledger", "photos", "--base-url", front.base_url()];
    let ran = scene.run_with_token(Some(TOKEN), &import).ended_with(5);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: photos is not a ledger: it holds other files
      = help: name an empty or a new directory with --ledger
    "#);
    front.received_nothing();
    for command in ["plan", "status"] {
        scene.run(&[command, "m.toml", "--ledger", "photos"]).ended_with(5).says(&["photos is not a ledger"]);
    }
    scene.run(&["plan", "m.toml", "--ledger", "mail.mbox"]).ended_with(5).says(&["mail.mbox"]);
    let left: Vec<_> = must(std::fs::read_dir(scene.workspace.path("photos")), "photos").collect();
    assert_eq!(left.len(), 1);
    assert_eq!(must(std::fs::read_to_string(scene.workspace.path("photos/cat.jpg")), "cat"), "meow");
}

#[test]
fn a_ledger_never_serves_a_second_company() {
    let scene = Scene::that_works();
    let first = scene.front_with(&["--company", "cmp_first"]);
    scene.import_into(&first).ended_with(0);
    assert_eq!(first.counts()["messages"], 3);
    scene.write("mail.mbox", mailbox(5));
    let second = scene.front_with(&["--company", "cmp_second"]);
    let ran = scene.import_into(&second).ended_with(5);
    second.received_nothing();
    let (_, error) = ran.stderr.split_once("error").expect("an error is said");
    insta::assert_snapshot!(format!("error{error}"), @r#"
    error: the ledger m.ledger was made for company cmp_first (cmp_first), but this run would send to company cmp_second (cmp_second); nothing was sent
      = help: check token and mapping, or name another ledger with --ledger; one ledger serves one target
    "#);
}

#[test]
fn where_nothing_was_planned_status_and_show_say_how_to_begin() {
    let scene = Scene::that_works();
    scene.run(&["status", "m.toml"]).ended_with(2).says(&["nothing was planned yet", "threadlift plan m.toml"]);
    scene
        .run(&["show", "m.toml", "x"])
        .ended_with(2)
        .says(&["there is no ledger at m.ledger", "threadlift plan m.toml"]);
    assert!(!scene.workspace.path("m.ledger").exists(), "a question makes no ledger");
    scene.run(&["plan", "m.toml"]).ended_with(0);
    scene.run(&["show", "m.toml", "x"]).ended_with(2).says(&["no record has the id x", "Message-ID"]);
}
