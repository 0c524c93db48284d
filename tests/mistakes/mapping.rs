//! Mistakes in the mapping file.

use crate::harness::{Scene, TOKEN};

#[test]
fn a_wrong_key_is_shown_at_its_place_with_the_nearest_right_one() {
    let scene = Scene::that_works();
    scene.mapping_with("addresses", "adresses");
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: unknown key `adresses` in [ours]
     --> m.toml:7:1
      |
    7 | adresses = ["support@acme.example"]
      | ^^^^^^^^ not a key threadlift knows here
      |
      = help: did you mean `addresses`?
    "#);
}

#[test]
fn a_slip_in_the_toml_is_shown_at_its_place() {
    let scene = Scene::that_works();
    scene.mapping_with("\"Support\"", "\"Support");
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: this is not TOML: invalid basic string, expected `"`
     --> m.toml:4:17
      |
    4 | inbox = "Support
      |                 ^ cannot be read
      |
      = help: text stands in quotes ("..."), lists in brackets ([..., ...]), and each key on a line of its own
    "#);
}

#[test]
fn every_mistake_of_a_mapping_is_said_at_once() {
    let scene = Scene::that_works();
    scene.mapping_with("[ours]\naddresses", "[our]\nadresses");
    scene.import_sends_nothing(2).says(&["unknown key `our`", "did you mean `ours`?"]);
    scene.mapping_with("\"Support\"\n", "\"\"\nbase_url = \"api2.frontapp.com\"\n");
    scene.import_sends_nothing(2).says(&["m.toml:4:9", "m.toml:5:12", "https://api2.frontapp.com"]);
}

#[test]
fn a_mapping_that_is_not_there_is_named() {
    let scene = Scene::that_works();
    for command in [&["plan", "mapping.toml"][..], &["status", "mapping.toml"], &["rehearse", "mapping.toml", "--exit"]]
    {
        scene.run(command).ended_with(2).says(&["cannot read the mapping", "No such file", "mapping.toml", "help: "]);
    }
    let front = scene.front();
    scene
        .run_with_token(Some(TOKEN), &["import", "mapping.toml", "--yes", "--base-url", front.base_url()])
        .ended_with(2)
        .says(&["--> mapping.toml", "check the path"]);
    front.received_nothing();
}

#[test]
fn a_folder_or_an_export_given_as_the_mapping_is_told_apart() {
    let scene = Scene::that_works();
    scene.run(&["plan", "."]).ended_with(2).says(&["this is a folder; name the mapping file inside it"]);
    scene.run(&["plan", "mail.mbox"]).ended_with(2).says(&["this is not TOML", "mail.mbox:1:6"]);
}

#[test]
fn a_coloured_diagnostic_has_one_title() {
    let scene = Scene::that_works();
    scene.mapping_with("addresses", "adresses");
    let ran = scene.run(&["plan", "m.toml", "--color", "always"]).ended_with(2);
    assert!(ran.stderr.starts_with('\u{1b}'), "{:?}", ran.stderr);
    assert_eq!(ran.stderr.matches("error").count(), 1, "{:?}", ran.stderr);
}

#[test]
fn a_path_that_matches_nothing_is_shown_with_the_nearest_file() {
    let scene = Scene::that_works();
    scene.mapping_with("mail.mbox", "mails.mbox");
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `mail`: nothing matches `mails.mbox`
      --> m.toml:12:1
       |
    12 | path   = "mails.mbox"
       | ^^^^ looked in [folder]: there is no `mails.mbox`
       |
       = help: did you mean `mail.mbox`? `path` is relative to the folder of the mapping file
    "#);
}

#[test]
fn plain_http_to_another_machine_is_refused_wherever_it_is_written() {
    let scene = Scene::that_works();
    let import = ["import", "m.toml", "--yes"];
    let ran = scene.run_with_token(Some(TOKEN), &[&import[..], &["--base-url", "http://10.0.0.1"]].concat());
    insta::assert_snapshot!(ran.ended_with(2).stderr, @r#"
    error: the base URL given by --base-url or FRONT_BASE_URL is not accepted: plain http would show the token to the network; nothing was sent
      = help: use https; plain http is only for a server on this machine, such as "http://127.0.0.1:8080"
    "#);
    scene.mapping_with("inbox = \"Support\"", "inbox = \"Support\"\nbase_url = \"http://10.0.0.1\"");
    insta::assert_snapshot!(scene.run_with_token(Some(TOKEN), &import).ended_with(2).stderr, @r#"
    error: `base_url` is not accepted: plain http would show the token to the network
     --> m.toml:5:12
      |
    5 | base_url = "http://10.0.0.1"
      |            ^^^^^^^^^^^^^^^^^ not accepted
      |
      = help: use https; plain http is only for a server on this machine, such as "http://127.0.0.1:8080"
    "#);
    assert!(!scene.workspace.path("m.ledger").exists(), "a refused setting leaves nothing behind");
}

#[test]
fn a_password_in_the_base_url_is_refused_and_not_repeated() {
    let scene = Scene::that_works();
    scene
        .run_with_token(Some(TOKEN), &["import", "m.toml", "--yes", "--base-url", "https://me:hunter2@acme.example"])
        .ended_with(2)
        .says(&["--base-url or FRONT_BASE_URL", "user name or password", "FRONT_API_TOKEN", "nothing was sent"])
        .keeps_quiet_about("hunter2");
}

#[test]
fn more_requests_a_second_than_front_takes_are_refused_unless_the_target_is_this_machine() {
    let scene = Scene::that_works();
    scene.mapping_with("[ours]", "[send]\nper_resource = 50\n\n[ours]");
    let import = ["import", "m.toml", "--yes", "--base-url", "https://front.invalid"];
    insta::assert_snapshot!(scene.run_with_token(Some(TOKEN), &import).ended_with(2).stderr, @r#"
    error: `per_resource` is 50, more than Front takes
     --> m.toml:7:1
      |
    7 | per_resource = 50
      | ^^^^^^^^^^^^ Front allows 5 requests a second on one inbox; nothing was sent
      |
      = help: write `per_resource = 5`; more is for a target on this machine
    "#);
    assert!(!scene.workspace.path("m.ledger").exists(), "a refused setting leaves nothing behind");
    let front = scene.front();
    scene.import_into(&front).ended_with(0);
    assert_eq!(front.stop()["messages"], 3);
}
