//! Front is not what mapping and token say.

use crate::harness::{DEADLINE, Scene, TOKEN};
use crate::support::front::{PATIENCE, Process, terminate};
use crate::support::{must, poll};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use walkdir::WalkDir;

/// A token that would be noticed anywhere.
const SECRET: &str = "tl-secret-7f3a91c2";

/// No file below the workspace holds the secret, whatever the ledger and its index wrote.
fn no_file_holds_the_secret(scene: &Scene) {
    let mut files = 0;
    for entry in WalkDir::new(scene.workspace.path("")) {
        let entry = must(entry, "workspace");
        if entry.file_type().is_file() {
            let bytes = must(std::fs::read(entry.path()), entry.path().display());
            let holds = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!holds, "{} holds the token", entry.path().display());
            files += 1;
        }
    }
    assert!(files > 5, "only {files} files were looked into");
}

#[test]
fn an_inbox_that_front_does_not_have_is_shown_in_the_mapping_with_the_nearest_name() {
    let scene = Scene::that_works();
    scene.mapping_with("\"Support\"", "\"Suport\"");
    let ran = scene.import_sends_nothing(4);
    let (_, error) = ran.stderr.split_once("error").expect("an error is said");
    insta::assert_snapshot!(format!("error{error}"), @r#"
    error: Rehearsal has no inbox `Suport` that this token can see
     --> m.toml:4:9
      |
    4 | inbox = "Suport"
      |         ^^^^^^^^ not in Front; nothing was sent
      |
      = help: did you mean `Support`? Names are compared exactly; or have it made: threadlift prepare m.toml --create-inboxes
    "#);
}

#[test]
fn an_inbox_like_none_of_fronts_is_answered_with_those_it_has() {
    let scene = Scene::that_works();
    scene.mapping_with("\"Support\"", "\"Warranty\"");
    scene.import_sends_nothing(4).says(&["m.toml:4:9", "this token sees: Support"]);
}

#[test]
fn a_token_that_front_turns_down_ends_the_run_before_anything_is_read() {
    let scene = Scene::that_works();
    let front = scene.front();
    let import = ["import", "m.toml", "--yes", "--base-url", front.base_url()];
    let ran = scene.run_with_token(Some(SECRET), &import).ended_with(4).keeps_quiet_about(SECRET);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: Front refused the token for /me (401: Unauthenticated: JSON Web Token error); nothing was sent
      = help: check the token (FRONT_API_TOKEN or --token-file): it must be valid, and its scopes and workspaces must cover this (docs/guide.md lists them by command)
    "#);
    let json = scene.run_with_token(Some(SECRET), &[&import[..], &["--json"]].concat());
    json.ended_with(4).keeps_quiet_about(SECRET);
    front.received_nothing();
    no_file_holds_the_secret(&scene);
}

#[test]
fn the_token_is_nowhere_to_be_found_after_an_import() {
    let scene = Scene::that_works();
    let front = scene.front_with(&["--token", SECRET]);
    let import = ["import", "m.toml", "--yes", "--base-url", front.base_url()];
    scene.run_with_token(Some(SECRET), &import).ended_with(0).keeps_quiet_about(SECRET);
    scene.run_with_token(Some(SECRET), &[&import[..], &["--json"]].concat()).ended_with(0).keeps_quiet_about(SECRET);
    scene.run_with_token(Some(SECRET), &["status", "m.toml"]).ended_with(0).keeps_quiet_about(SECRET);
    scene
        .run_with_token(Some(SECRET), &["show", "m.toml", "m1@customer.example"])
        .ended_with(0)
        .keeps_quiet_about(SECRET);
    assert_eq!(front.stop()["messages"], 3);
    no_file_holds_the_secret(&scene);
}

#[test]
fn no_proxy_gets_the_token_of_a_front_on_this_machine() {
    let scene = Scene::that_works();
    let front = scene.front_with(&["--token", SECRET]);
    let proxy = must(TcpListener::bind("127.0.0.1:0"), "port");
    must(proxy.set_nonblocking(true), "listener");
    let url = format!("http://{}", must(proxy.local_addr(), "port"));
    let mut command = scene.workspace.program();
    command.args(["import", "m.toml", "--yes", "--base-url", front.base_url()]).env("FRONT_API_TOKEN", SECRET);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &url);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    let mut import = Process::start(&mut command, &scene.workspace.path("import.out"));
    let mut was_asked = false;
    poll(PATIENCE, "the end of the import", || {
        let has_ended = import.has_ended();
        was_asked |= proxy.accept().is_ok();
        has_ended || was_asked
    });
    assert!(!was_asked, "something asked the proxy");
    assert_eq!(import.wait().code(), Some(0));
    assert_eq!(front.stop()["messages"], 3);
}

#[test]
fn without_a_token_nothing_begins() {
    let scene = Scene::that_works();
    let front = scene.front();
    let ran = scene.run(&["import", "m.toml", "--yes", "--base-url", front.base_url()]).ended_with(2);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: there is no API token; nothing was sent
      = help: make a token in Front (Settings, Developers) with `messages:write`, without `messages:send`; then put it into the environment as FRONT_API_TOKEN or into a file for --token-file
    "#);
    scene
        .run_with_token(Some(" \n"), &["import", "m.toml", "--yes", "--base-url", front.base_url()])
        .ended_with(2)
        .says(&["there is no API token"]);
    front.received_nothing();
    assert!(!scene.workspace.path("m.ledger").exists(), "nothing begins");
}

#[test]
fn a_token_with_a_line_end_inside_is_refused_and_not_repeated() {
    let scene = Scene::that_works();
    let front = scene.front();
    let broken = format!("{SECRET}\n{SECRET}");
    let import = ["import", "m.toml", "--yes", "--base-url", front.base_url()];
    let ran = scene.run_with_token(Some(&broken), &import).ended_with(2).keeps_quiet_about(SECRET);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: the API token in FRONT_API_TOKEN holds characters that no token has (spaces, line ends); nothing was sent
      = help: copy it again from Front (Settings, Developers): it is one word on one line, and nothing else may stand there
    "#);
    scene.write_secret("token.txt", &broken);
    scene
        .run(&[&import[..], &["--token-file", "token.txt"]].concat())
        .ended_with(2)
        .says(&["the API token in token.txt holds", "one word on one line"])
        .keeps_quiet_about(SECRET);
    scene
        .run(&[&import[..], &["--token-file", "nowhere.txt"]].concat())
        .ended_with(2)
        .says(&["cannot read the token from nowhere.txt", "--token-file"]);
    front.received_nothing();
}

#[test]
fn a_line_end_behind_the_token_does_no_harm() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.write_secret("token.txt", format!("{TOKEN}\n"));
    scene
        .run(&["import", "m.toml", "--yes", "--base-url", front.base_url(), "--token-file", "token.txt"])
        .ended_with(0);
    assert_eq!(front.stop()["messages"], 3);
}

#[test]
fn a_teammate_that_front_does_not_have_is_shown_in_the_mapping() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", crate::harness::mailbox(2).replacen("ann@customer.example", "support@acme.example", 1));
    scene.mapping_with(
        "[[source]]",
        "[agents]\n\"support@acme.example\" = \"alt:email:lela@acme.example\"\n\n[[source]]",
    );
    let ran = scene.import_sends_nothing(4);
    let (_, error) = ran.stderr.split_once("error").expect("an error is said");
    insta::assert_snapshot!(format!("error{error}"), @r#"
    error: Rehearsal has no teammate alt:email:lela@acme.example
      --> m.toml:10:26
       |
    10 | "support@acme.example" = "alt:email:lela@acme.example"
       |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no such teammate; nothing was sent
       |
       = help: correct or remove what [agents] says of them; without a line, a message keeps its author's name only
    "#);
}

#[test]
fn without_a_terminal_and_without_yes_the_plan_is_shown_and_nothing_is_sent() {
    let scene = Scene::that_works();
    let front = scene.front();
    let import = ["import", "m.toml", "--base-url", front.base_url()];
    let ran = scene.run_with_token(Some(TOKEN), &import).ended_with(2);
    insta::assert_snapshot!(ran.stderr, @r#"
    nothing is planned yet: planning first
    Silence   conversations are archived, Front's rules are skipped: nobody is mailed, nothing pops open
    Into      Support 3 · 3 messages in 3 conversations, the largest has 1
    When                 2017-01
              Support          3
    Dates     2017-01-02 to 2017-01-02
    Direction 3 in, 0 out; treated as us: nobody
    Threads   by messages: 3 of 1
    Files     none
    Changes   none beside plain text made HTML
    Requests  6: 3 to send, 3 to see them in Front
    Time      12 s at 50/min, 6 s at 100/min, 4 s at 200/min, confirmation included (your Front plan's limit; 30, 70, 150 of it are used, by `share` and `reserve`)

    Balance                read  =     pending
              mail            3  =           3
    Ledger    m.ledger

    Ready to send 3 messages to Rehearsal.
    error: there is no terminal to ask on; nothing was sent
      = help: look at the plan above and run the same command with --yes
    "#);
    assert_eq!(ran.stdout, "");
    front.received_nothing();
}

#[test]
fn when_nothing_is_left_to_send_nobody_is_asked() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.import_into(&front).ended_with(0);
    scene
        .run_with_token(Some(TOKEN), &["import", "m.toml", "--base-url", front.base_url()])
        .ended_with(0)
        .says(&["0 accepted"]);
    assert_eq!(front.stop()["repeats"], 0);
}

#[test]
fn a_base_url_that_is_not_fronts_api_is_said() {
    let scene = Scene::that_works();
    let front = scene.front();
    let elsewhere = format!("{}/web", front.base_url());
    scene.run_with_token(Some(TOKEN), &["import", "m.toml", "--yes", "--base-url", &elsewhere]).ended_with(4).says(&[
        "/web/me",
        "404",
        "check that the base URL is that of Front's API",
    ]);
    front.received_nothing();
}

#[test]
fn a_base_url_variable_that_is_set_to_nothing_counts_as_not_set() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.mapping_with("[ours]", &format!("base_url = \"{}\"\n\n[ours]", front.base_url()));
    let mut command = scene.workspace.threadlift();
    command.args(["import", "m.toml", "--yes"]).env("FRONT_API_TOKEN", TOKEN).env("FRONT_BASE_URL", "");
    scene.ran(&must(command.output(), "threadlift")).ended_with(0);
    assert_eq!(front.stop()["messages"], 3);
}

#[test]
fn a_front_that_does_not_answer_can_be_left_with_one_ctrl_c() {
    let scene = Scene::that_works();
    let silent = must(std::net::TcpListener::bind("127.0.0.1:0"), "port");
    must(silent.set_nonblocking(true), "port");
    let url = format!("http://{}", must(silent.local_addr(), "port"));
    let import = scene.spawn(&["import", "m.toml", "--yes", "--base-url", &url]);
    // Held open and never answered; it is there only once the import waits for it.
    let began = Instant::now();
    let connection = loop {
        match silent.accept() {
            Ok(connection) => break connection,
            Err(error) => assert!(began.elapsed() < DEADLINE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    terminate(&import);
    let ran = scene.ran(&must(import.wait_with_output(), "import")).ended_with(130);
    drop(connection);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: not sent
      = help: run it again when ready
    "#);
}

#[test]
fn a_token_file_that_others_can_read_is_refused_with_the_remedy() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.write("token.txt", SECRET);
    let import = ["import", "m.toml", "--yes", "--base-url", front.base_url(), "--token-file", "token.txt"];
    let ran = scene.run(&import).ended_with(2).keeps_quiet_about(SECRET);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: token.txt can be read by others than its owner (mode 644), and holds a token; nothing was sent
      = help: chmod 600 token.txt; if others may have read it, make a new token in Front and delete this one
    "#);
    front.received_nothing();
}
