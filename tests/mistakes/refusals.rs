//! Front turns away while messages are being sent.

use crate::harness::{MAPPING, Scene, TOKEN, mailbox};
use crate::support::{must, stub};

/// A Front that knows the inbox `Support` and refuses every import, as the real one does with what it does not like.
/// Gives its base URL; it serves until the test ends.
fn that_refuses_every_import() -> String {
    let refusal = r#"{"_error": {"status": 400, "title": "Bad request", "message": "sender is blocked"}}"#;
    stub::serve(move |_| ("400 Bad Request", refusal))
}

#[test]
fn refused_messages_are_counted_under_fronts_own_words() {
    let scene = Scene::that_works();
    let url = that_refuses_every_import();
    let ran = scene.run_with_token(Some(TOKEN), &["import", "m.toml", "--yes", "--base-url", &url]).ended_with(3);
    let report: String = ran.stdout.lines().filter(|line| !line.starts_with("Sent ")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(report, @r#"
    Balance                read  =     refused
              mail            3  =           3
                 refused       3  Bad request: sender is blocked
    Refused   m3@customer.example: Bad request: sender is blocked
    Refused   m2@customer.example: Bad request: sender is blocked
    Refused   m1@customer.example: Bad request: sender is blocked
              help: `threadlift show m.toml tl1-c4b6b16cc29ca6e72adcfeeda2874f179c103a4b` names its place
    Ledger    m.ledger

    Done, but some records were unreadable, rejected or refused, see above. What Front refused goes out again with `threadlift import m.toml` once the mapping is mended, or with `threadlift retry m.toml` where the cause was mended in Front; `threadlift status m.toml --rejects DIR` writes the originals, to be mended by hand.
    "#);
    scene
        .run(&["status", "m.toml"])
        .ended_with(3)
        .says(&["Refused   m3@customer.example: Bad request: sender is blocked"]);
    scene.run(&["show", "m.toml", "m3@customer.example"]).ended_with(0).says(&["mail.mbox, byte", "sender is blocked"]);
}

#[test]
fn ten_refusals_in_a_row_stop_the_run_with_their_cause() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", mailbox(40));
    scene.write("m.toml", format!("{MAPPING}\n[send]\nin_flight = 1\nper_resource = 1000\n"));
    let url = that_refuses_every_import();
    let import = ["import", "m.toml", "--yes", "--json", "--base-url", &url];
    let ran = scene.run_with_token(Some(TOKEN), &import).ended_with(4);
    let report: serde_json::Value = must(serde_json::from_str(&ran.stdout), "stdout with --json");
    assert_eq!(
        (&report["exit"], &report["total"]["refused"], &report["total"]["pending"]),
        (&4.into(), &10.into(), &30.into())
    );
    let (_, error) = ran.stderr.split_once("error").expect("an error is said");
    insta::assert_snapshot!(format!("error{error}"), @r#"
    error: Front took nothing of 10 conversations and refused 10 messages in a row; the commonest cause: Bad request: sender is blocked
      = help: mend the mapping so that this cause goes away, then run `plan` and `import` again: a refused message is sent again as soon as its request is another one; where the cause was mended in Front, `retry` takes them up again; `status` names them
    "#);
}

#[test]
fn a_token_that_is_revoked_on_the_way_stops_the_run_and_the_next_one_sends_the_rest() {
    let scene = Scene::that_works();
    scene.write("m.toml", format!("{MAPPING}\n[send]\nin_flight = 1\n"));
    let front = scene.front_with(&["--unauthorized-from", "2"]);
    let ran = scene.import_into(&front).ended_with(4);
    assert_eq!(front.stop()["messages"], 1);
    let (_, error) = ran.stderr.split_once("error").expect("an error is said");
    insta::assert_snapshot!(format!("error{error}"), @r#"
    error: Front turned the token down (401): Unauthenticated: JSON Web Token error
      = help: check FRONT_API_TOKEN: it must be valid and have `messages:write` for this inbox; then run the same command again
    "#);
    // Another Front, whose ids begin anew: what it makes of the rest cannot be told from what the first one made.
    let front = scene.front();
    let again = ["import", "m.toml", "--yes", "--no-verify", "--base-url", front.base_url()];
    scene.run_with_token(Some(TOKEN), &again).ended_with(0);
    assert_eq!(front.stop()["messages"], 2);
}
