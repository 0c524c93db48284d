//! Ledgers that are in use, of another company, of another version, or no ledgers.

use crate::harness::{DEADLINE, MAPPING, Scene, TOKEN, mailbox};
use crate::support::front::terminate;
use crate::support::must;
use std::time::{Duration, Instant};

#[test]
fn beside_a_running_import_a_plan_is_refused_at_once_and_status_shows_counts() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", mailbox(100));
    scene.write("m.toml", format!("{MAPPING}\n[send]\nin_flight = 1\n"));
    let front = scene.front_with(&["--latency-ms", "400"]);
    let mut import = scene.spawn(&["import", "m.toml", "--yes", "--base-url", front.base_url()]);
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
    let interrupted = scene.ran(&must(import.wait_with_output(), "import")).ended_with(130);
    interrupted.says(&["Interrupted; nothing is lost, run it again to go on: threadlift import m.toml"]);

    for refused in [plan, second] {
        let text = refused.ended_with(5).stderr.replace(&pid, "[pid]");
        insta::allow_duplicates! { insta::assert_snapshot!(text, @r#"
        error: the ledger m.ledger is in use by another threadlift (process [pid])
          = help: wait until process [pid] is done or stop it; `threadlift status MAPPING` works meanwhile
        "#); }
    }
    let status: serde_json::Value = must(serde_json::from_str(&status.ended_with(0).stdout), "status");
    assert_eq!(status["total"]["read"], 100);
    assert_eq!(status["balanced"], true);
    words.ended_with(0).says(&["Another threadlift is at work", "these figures are from", "mail", "100"]);
    let counts = front.stop();
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
    assert_eq!(first.stop()["messages"], 3);
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

#[test]
fn a_damaged_journal_is_named_by_its_line_and_nothing_more_is_sent() {
    let scene = Scene::that_works();
    let first = scene.front();
    scene.import_into(&first).ended_with(0);
    let journal = must(std::fs::read_to_string(scene.workspace.path("m.ledger/journal.jsonl")), "journal");
    let mut lines: Vec<String> = journal.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace('1', "2");
    scene.write("m.ledger/journal.jsonl", format!("{}\n", lines.join("\n")));
    scene.write("mail.mbox", mailbox(4));
    scene.import_sends_nothing(5).says(&["m.ledger/journal.jsonl is damaged at line 2", "restore journal.jsonl"]);
    scene.run(&["status", "m.toml"]).ended_with(5).says(&["line 2"]);
}

#[test]
fn a_lost_index_is_made_again_and_nothing_is_sent_twice() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.import_into(&front).ended_with(0);
    must(std::fs::remove_dir_all(scene.workspace.path("m.ledger/sled")), "index");
    scene.import_into(&front).ended_with(0).says(&["planning first", "0 accepted"]);
    let counts = front.stop();
    assert_eq!((counts["messages"].as_u64(), counts["repeats"].as_u64()), (Some(3), Some(0)));
}

#[test]
fn the_next_command_names_the_ledger_that_was_given() {
    let scene = Scene::that_works();
    scene
        .run(&["plan", "m.toml", "--ledger", "the ledger"])
        .ended_with(0)
        .says(&["Next: threadlift rehearse m.toml --ledger 'the ledger'"]);
    scene
        .run(&["status", "m.toml", "--ledger", "elsewhere"])
        .ended_with(2)
        .says(&["start with: threadlift plan m.toml --ledger elsewhere"]);
}

#[test]
fn a_sound_ledger_is_told_to_be_so_with_what_was_looked_at() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.import_into(&front).ended_with(0);
    let ran = scene.run(&["ledger", "check", "m.toml"]).ended_with(0);
    ran.says(&[
        "about 3 messages: 3 accepted, 3 confirmed, 3 sending, 1 target",
        "3 records read, 3 of them to be sent",
        "Sound",
    ]);
    let ran = scene.run(&["ledger", "check", "m.toml", "--json"]).ended_with(0);
    let told: serde_json::Value = must(serde_json::from_str(&ran.stdout), "check");
    assert_eq!(
        (told["sound"].as_bool(), told["lines"].as_u64(), told["exit"].as_u64()),
        (Some(true), Some(10), Some(0))
    );
}

#[test]
fn a_damaged_line_is_not_dropped_unasked_and_its_message_is_sent_again_under_its_id() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.import_into(&front).ended_with(0);
    let path = scene.workspace.path("m.ledger/journal.jsonl");
    let mut journal = must(std::fs::read(&path), "journal");
    let last = journal.len() - 10;
    journal[last] ^= 1;
    let first = journal.iter().position(|byte| *byte == b'\n').expect("a line");
    journal[first + 20] ^= 1;
    must(std::fs::write(&path, &journal), "journal");

    let checked = scene.run(&["ledger", "check", "m.toml"]).ended_with(5);
    checked.says(&["line 2 (byte ", "its checksum does not match", "= help: run: threadlift ledger rebuild m.toml"]);
    let refused = scene.run(&["ledger", "rebuild", "m.toml"]).ended_with(5);
    refused.says(&[
        "cannot be mended without loss",
        "line 2 (byte ",
        "its end is missing",
        "--drop-damaged",
        "same external id",
    ]);
    assert_eq!(must(std::fs::read(&path), "journal"), journal, "nothing was changed");

    let rebuilt = scene.run(&["ledger", "rebuild", "m.toml", "--drop-damaged"]).ended_with(0);
    rebuilt.says(&["Damaged and gone from the journal", "journal.damaged-1", "Rebuilt from sources and journal"]);
    scene.run(&["ledger", "check", "m.toml"]).ended_with(0);
    assert_eq!(must(std::fs::read(scene.workspace.path("m.ledger/journal.damaged-1")), "copy"), journal);
    scene.import_into(&front).ended_with(0);
    let counts = front.stop();
    assert_eq!((counts["messages"].as_u64(), counts["changed_repeats"].as_u64()), (Some(3), Some(0)), "{counts}");
}

#[test]
fn a_ledger_of_a_newer_threadlift_or_in_use_is_neither_checked_nor_rebuilt() {
    let scene = Scene::that_works();
    scene
        .run(&["ledger", "check", "m.toml"])
        .ended_with(2)
        .says(&["nothing was planned yet", "threadlift plan m.toml"]);
    scene.run(&["plan", "m.toml"]).ended_with(0);
    let held = must(threadlift::ledger::Ledger::open(&scene.workspace.path("m.ledger")), "ledger");
    for command in ["check", "rebuild"] {
        scene.run(&["ledger", command, "m.toml"]).ended_with(5).says(&["is in use by another threadlift"]);
    }
    scene
        .run(&["show", "m.toml", "m1@customer.example"])
        .ended_with(5)
        .says(&["one process at a time", "journal.jsonl"]);
    drop(held);
    scene.write("m.ledger/format", "threadlift ledger 2\n");
    for command in ["check", "rebuild"] {
        scene.run(&["ledger", command, "m.toml"]).ended_with(5).says(&["has format 2"]);
    }
}

#[test]
fn another_company_is_noticed_before_anything_is_planned() {
    let scene = Scene::that_works();
    let first = scene.front_with(&["--company", "cmp_first"]);
    scene.import_into(&first).ended_with(0);
    scene.write("mail.mbox", mailbox(5));
    let second = scene.front_with(&["--company", "cmp_second"]);
    let ran = scene.import_into(&second).ended_with(5);
    assert!(!ran.stderr.contains("planning first"), "{}", ran.stderr);
    second.received_nothing();
}

#[test]
fn an_inbox_that_was_renamed_in_front_goes_on_under_either_name() {
    let scene = Scene::that_works();
    let renamed = MAPPING.replace("\"Support\"", "\"Help\"");
    scene.write("front.toml", &renamed);
    let front = scene.front_with(&["--company", "cmp_acme"]);
    // The embedded Front gives the same id to its only inbox, whatever its name is: the ledger then knows it by the name of before.
    let id = front.list("/inboxes")[0]["id"].as_str().expect("an id").to_owned();
    scene.run(&["plan", "m.toml"]).ended_with(0);
    let ledger = must(threadlift::ledger::Ledger::open(&scene.workspace.path("m.ledger")), "ledger");
    let company = "cmp_acme".to_owned();
    let target = threadlift::ledger::Target {
        company_id: company,
        company_name: "Rehearsal".into(),
        base_url: "http://127.0.0.1".into(),
        inboxes: [("Support".to_owned(), id)].into(),
    };
    must(ledger.bind(&target), "bind");
    must(ledger.close(), "close");
    let ran = scene.import_into(&front).ended_with(0);
    ran.says(&["note: the inbox `Support`", "is called `Help` in Front now", "3 accepted"]);
    scene.write("m.toml", &renamed);
    scene.write("mail.mbox", mailbox(4));
    scene.import_into(&front).ended_with(0).says(&["1 accepted"]);
    assert_eq!(front.stop()["messages"], 4);
}

#[test]
fn whatever_the_umask_only_the_owner_can_read_any_of_it() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::that_works();
    let program = assert_cmd::cargo::cargo_bin!("threadlift");
    for line in [
        "plan m.toml --requests out.jsonl",
        "rehearse m.toml --exit --dump dump.jsonl",
        "ledger rebuild m.toml",
        "status m.toml",
    ] {
        let mut shell = std::process::Command::new("sh");
        shell
            .current_dir(scene.workspace.path(""))
            .args(["-c", &format!("umask 000; exec \"$0\" {line}")])
            .arg(program);
        let output = must(shell.output(), line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let below = ["m.ledger", "m.ledger-rehearsal"].map(|dir| walkdir::WalkDir::new(scene.workspace.path(dir)));
    let mut files = 0;
    for item in below.into_iter().flatten() {
        let item = must(item, "ledger");
        let mode = must(item.metadata(), "rights").permissions().mode() & 0o777;
        let wanted = if item.file_type().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}", item.path().display());
        files += 1;
    }
    assert!(files > 10, "only {files} were looked at");
    for output in ["out.jsonl", "dump.jsonl"] {
        let mode = must(std::fs::metadata(scene.workspace.path(output)), output).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{output}");
    }
}
