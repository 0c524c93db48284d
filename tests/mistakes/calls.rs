//! `list` and `api`: Front is looked at, and called, without a mapping.

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
    for arguments in [vec!["list", "teammates"], vec!["api", "GET", "/teammates"], vec!["api", "POST", "/company/tags"]]
    {
        let arguments: Vec<&str> = arguments.into_iter().chain(["--base-url", front.base_url()]).collect();
        let ran = scene.run_with_token(Some("wrong-secret"), &arguments).ended_with(4);
        let ran = ran.says(&["Front refused the token for /", "check the token"]).keeps_quiet_about("wrong-secret");
        assert_eq!(ran.stdout, "");
    }
    scene.run(&["list", "tags", "--base-url", front.base_url()]).ended_with(2).says(&["there is no API token"]);
}

#[test]
fn an_answer_is_printed_as_front_gave_it() {
    let scene = scene();
    // Its own company has the token in its id.
    let front = scene.front_with(&["--tag", "vip", "--company", "cmp_1"]);
    for path in ["/me", "me", &format!("{}/me", front.base_url())] {
        let printed = call(&scene, &front, &["api", "get", path]).ended_with(0).stdout;
        assert_eq!(json_of(&printed), front.get("/me"), "{path}");
        assert!(!printed.contains('\n'), "{printed}");
    }
    let page = call(&scene, &front, &["api", "GET", "/tags", "-f", "limit=1"]).ended_with(0).stdout;
    assert_eq!(json_of(&page), front.get("/tags?limit=1"));
}

#[test]
fn all_pages_become_one_array() {
    let scene = scene();
    let names: Vec<String> = (0..7).map(|number| format!("tag {number}")).collect();
    let options: Vec<&str> = names.iter().flat_map(|name| ["--tag", name]).collect();
    let front = scene.front_with(&options);
    let printed = call(&scene, &front, &["api", "GET", "/tags?limit=3", "--paginate"]).ended_with(0).stdout;
    assert_eq!(json_of(&printed), Value::Array(front.list("/tags")));
    assert_eq!(printed.lines().count(), 9, "a line for each: {printed}");
    let front = scene.front();
    let printed = call(&scene, &front, &["api", "GET", "/tags", "--paginate"]).ended_with(0).stdout;
    assert_eq!(printed, "[]\n");
    let ran = call(&scene, &front, &["api", "GET", "/me", "--paginate"]).ended_with(4);
    assert!(ran.stderr.contains("--paginate is for lists") && ran.stdout.is_empty(), "{}", ran.stderr);
}

#[test]
fn what_is_sent_is_made_of_fields_or_of_a_file() {
    let scene = scene();
    let front = scene.front();
    let made = call(&scene, &front, &["api", "POST", "/company/tags", "-f", "name=vip"]).ended_with(0).stdout;
    assert_eq!(json_of(&made)["name"], "vip");
    scene.write("tag.json", "{\"name\": \"from a file\"}");
    call(&scene, &front, &["api", "post", "company/tags", "--input", "tag.json"]).ended_with(0);
    scene.write("name.txt", "from a text");
    call(&scene, &front, &["api", "POST", "company/tags", "-F", "name=@name.txt"]).ended_with(0);
    let names: Vec<Value> = front.list("/tags").iter().map(|tag| tag["name"].clone()).collect();
    assert_eq!(names, ["vip", "from a file", "from a text"]);
}

#[test]
fn what_front_does_not_want_is_told_in_its_words() {
    let scene = scene();
    let front = scene.front();
    let ran = call(&scene, &front, &["api", "POST", "/company/tags", "-F", "name=7"]).ended_with(2);
    assert!(
        ran.stderr.contains("Front answered 400: ") && ran.stderr.contains("name must be a string"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
    let ran = call(&scene, &front, &["api", "GET", "/conversations/cnv_zzz"]).ended_with(2);
    assert!(ran.stderr.contains("Front answered 404: ") && ran.stderr.contains("cnv_zzz"), "{}", ran.stderr);
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_sent() {
    let scene = scene();
    let front = scene.front();
    scene.write("broken.json", "{\"name\": ");
    let other = "https://user:geheim@evil.example/me";
    for (arguments, said) in [
        (vec!["api", "GET", other], "the path leads away from Front's API, and the token with it"),
        (vec!["api", "GET", "http://127.0.0.1:9/me"], "leads away from Front's API"),
        (vec!["api", "GET", "/tags#x"], "%23"),
        (vec!["api", "GET", "/tags", "--input", "broken.json"], "GET sends no --input"),
        (vec!["api", "POST", "/company/tags", "--paginate"], "--paginate is for GET"),
        (vec!["api", "POST", "/company/tags", "--input", "broken.json"], "broken.json is not JSON"),
        (vec!["api", "POST", "/company/tags", "--input", "none.json"], "cannot read none.json"),
        (vec!["api", "POST", "/company/tags", "-f", "name"], "name=value"),
        (vec!["api", "POST", "/company/tags", "-f", "a[=1"], "its brackets do not match"),
        (vec!["api", "POST", "/company/tags", "-f", "a=1", "--input", "broken.json"], "cannot be used with"),
        (vec!["api", "TRACE", "/me"], "TRACE"),
        (vec!["list", "messages"], "messages"),
    ] {
        call(&scene, &front, &arguments).ended_with(2).says(&[said]).keeps_quiet_about("geheim");
    }
    front.received_nothing();
}

#[test]
fn an_answer_that_is_lost_is_not_asked_for_twice() {
    let scene = scene();
    let front = scene.front_with(&["--fault-reads", "500=1"]);
    let ran = call(&scene, &front, &["api", "POST", "/company/tags", "-f", "name=vip"]).ended_with(7);
    assert!(ran.stderr.contains("whether it was done is not known") && ran.stderr.contains("500"), "{}", ran.stderr);
}
