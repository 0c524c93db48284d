//! `list`: Front is looked at without a mapping.

use crate::harness::{MAPPING, Ran, Scene, TOKEN};
use crate::support::front::Front;
use serde_json::{Value, json};

/// Two teammates for the embedded Front.
const AGENTS: &str =
    "\n[agents]\n\"ann@acme.example\" = \"alt:email:ann@acme.example\"\n\"bo@acme.example\" = \"tea_7\"\n";

fn scene() -> Scene {
    let scene = Scene::that_works();
    scene.write("front.toml", format!("{MAPPING}{AGENTS}"));
    scene
}

fn call(scene: &Scene, front: &Front, arguments: &[&str]) -> Ran {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--base-url", front.base_url()]).collect();
    scene.run_with_token(Some(TOKEN), &arguments)
}

#[track_caller]
fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_front_has_is_shown_without_a_mapping() {
    let scene = scene();
    let front =
        scene.front_with(&["--tag", "vip", "--tag", "B\u{1b}[2Jold", "--channel", "support@acme.example=Support"]);
    let shown = |what: &str| call(&scene, &front, &["list", what]).ended_with(0).stdout;
    let inboxes = shown("inboxes");
    assert!(inboxes.starts_with("Name     Id\nSupport  inb_"), "{inboxes}");
    insta::assert_snapshot!(shown("teammates"), @r"
    Name  E-mail            Id
    ann   ann@acme.example  tea_r0
    bo    bo@acme.example   tea_7
    ");
    let channels = shown("channels");
    assert!(
        channels.contains("support@acme.example  support@acme.example  ") && channels.contains("cha_"),
        "{channels}"
    );
    let tags = shown("tags");
    assert!(tags.contains("\nB\u{fffd}[2Jold  tag_") && tags.contains("\nvip       tag_"), "{tags}");
    assert_eq!(tags.lines().count(), 3, "{tags}");
    front.received_nothing();
}

#[test]
fn a_list_for_scripts_holds_all_that_front_said() {
    let scene = scene();
    let names: Vec<String> = (0..130).map(|number| format!("tag {number}")).collect();
    let options: Vec<&str> = names.iter().flat_map(|name| ["--tag", name]).collect();
    let front = scene.front_with(&options);
    let listed = call(&scene, &front, &["list", "tags", "--json"]).ended_with(0).stdout;
    assert_eq!(json_of(&listed), Value::Array(front.list("/tags?limit=100")));
    assert_eq!(json_of(&listed).as_array().expect("an array").len(), 130);
    let inboxes = call(&scene, &front, &["list", "inboxes", "--json"]).ended_with(0).stdout;
    assert_eq!(json_of(&inboxes), front.get("/inboxes")["_results"]);
}

#[test]
fn an_empty_list_says_so() {
    let scene = scene();
    let front = scene.front();
    let said = call(&scene, &front, &["list", "tags"]).ended_with(0).stdout;
    assert_eq!(said, "Front has no tags that this token can see.\n");
    assert_eq!(json_of(&call(&scene, &front, &["list", "tags", "--json"]).ended_with(0).stdout), json!([]));
}

#[test]
fn the_base_url_may_be_a_mapping_s() {
    let scene = scene();
    let front = scene.front();
    let target = format!("inbox = \"Support\"\nbase_url = \"{}\"", front.base_url());
    scene.mapping_with("inbox = \"Support\"", &target);
    let listed = scene.run_with_token(Some(TOKEN), &["list", "inboxes", "--mapping", "m.toml"]).ended_with(0);
    assert!(listed.stdout.contains("Support"), "{}", listed.stdout);
    scene.write("broken.toml", "version = 1\n");
    scene.run_with_token(Some(TOKEN), &["list", "inboxes", "--mapping", "broken.toml"]).ended_with(2);
}

#[test]
fn a_token_that_front_turns_down_is_told_and_not_shown() {
    let scene = scene();
    let front = scene.front();
    for arguments in [vec!["list", "teammates"], vec!["list", "tags"]] {
        let arguments: Vec<&str> = arguments.into_iter().chain(["--base-url", front.base_url()]).collect();
        let ran = scene.run_with_token(Some("wrong-secret"), &arguments).ended_with(4);
        let ran = ran.says(&["Front refused the token for /", "check the token"]).keeps_quiet_about("wrong-secret");
        assert_eq!(ran.stdout, "");
    }
    scene.run(&["list", "tags", "--base-url", front.base_url()]).ended_with(2).says(&["there is no API token"]);
}
