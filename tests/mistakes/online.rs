//! What Front is asked before anything is sent: tags, and mail that it receives by itself.

use crate::harness::{MAPPING, Ran, Scene, TOKEN};
use crate::support::front::Front;

const TAGGED: &str = "\n[defaults]\ntags = [\"legacy\", \"lamp\"]\n";

/// A Front in which `support@acme.example` is a channel with 12 live conversations since 2016-05-04.
fn with_a_channel(scene: &Scene) -> Front {
    scene.front_with(&["--channel", "support@acme.example=Support:2016-05-04:12"])
}

fn plan_online(scene: &Scene, front: &Front) -> Ran {
    scene.run_with_token(Some(TOKEN), &["plan", "m.toml", "--online", "--base-url", front.base_url()])
}

/// The lines in which Front is quoted.
fn of_front(ran: &Ran) -> String {
    let lines = ran.stdout.lines().filter(|line| line.starts_with("Front "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The working mapping with an answer in its source.
fn answered(scene: &Scene, until: &str) {
    scene.write("m.toml", format!("{}\nuntil = {until}\n", MAPPING.trim_end()));
}

#[test]
fn tags_that_front_lacks_stop_the_import_unless_they_may_be_made() {
    let scene = Scene::that_works();
    let front = scene.front_with(&["--tag", "lamp", "--refuse-unknown-tags"]);
    scene.write("m.toml", format!("{MAPPING}{TAGGED}"));
    let ran = scene.import_into(&front).ended_with(4);
    let (_, error) = ran.stderr.split_once("error").expect("an error is said");
    insta::assert_snapshot!(format!("error{error}"), @r#"
    error: Rehearsal lacks 1 tag of the plan: `legacy`; nothing was sent
      = help: make them in Front, or have them made (the token then needs `tags:write`): `threadlift prepare m.toml`, or `threadlift import m.toml --create-tags`
    "#);
    let ran = plan_online(&scene, &front).ended_with(4).says(&["an import would stop before it sends anything"]);
    assert!(of_front(&ran).contains("lacks 1 tag of the plan: `legacy`"), "{}", ran.stdout);
    let import = ["import", "m.toml", "--yes", "--create-tags", "--base-url", front.base_url()];
    scene.run_with_token(Some(TOKEN), &import).ended_with(0);
    assert!(of_front(&plan_online(&scene, &front)).contains("all 2 tags are there"));
    let counted = front.stop();
    assert_eq!((&counted["messages"], &counted["refused"]), (&3.into(), &0.into()));
}

#[test]
fn mail_that_front_receives_by_itself_is_not_doubled_without_an_answer_in_the_mapping() {
    let scene = Scene::that_works();
    let front = with_a_channel(&scene);
    let ran = scene.import_into(&front).ended_with(2);
    let (_, error) = ran.stderr.split_once("error").expect("an error is said");
    insta::assert_snapshot!(format!("error{error}"), @r#"
    error: Front receives mail for support@acme.example by itself
      --> m.toml:12:1
       |
    12 | path   = "mail.mbox"
       | ^^^^ source `mail` does not say what of it Front has already; nothing was sent
       |
       = help: Front has 12 conversations there, the oldest message found is of 2016-05-04: add `until = 2016-05-03T23:55:00Z` to this [[source]], or `until = "everything"` if the export holds none of it
    "#);
    let ran = plan_online(&scene, &front).ended_with(2);
    insta::assert_snapshot!(of_front(&ran), @r#"
    Front     Rehearsal has 1 inbox and 0 teammates that the plan names
    Front     ATTENTION: Front receives mail for support@acme.example by itself: source `mail` does not say what of it Front has already; nothing was sent; Front has 12 conversations there, the oldest message found is of 2016-05-04: add `until = 2016-05-03T23:55:00Z` to this [[source]], or `until = "everything"` if the export holds none of it
    "#);
    front.received_nothing();
}

#[test]
fn a_last_day_leaves_out_what_front_has() {
    let scene = Scene::that_works();
    let front = with_a_channel(&scene);
    answered(&scene, "2017-01-02");
    scene.import_into(&front).ended_with(0).says(&["dated 2017-01-02 or later (`until` of mail)"]);
    front.received_nothing();

    let front = with_a_channel(&scene);
    answered(&scene, "2017-01-03");
    scene.import_into(&front).ended_with(0);
    assert_eq!(front.stop()["imports"], 3);
}

#[test]
fn a_channel_whose_inbox_is_empty_hides_no_other() {
    let scene = Scene::that_works();
    let billing = "\n[[rule]]\nwhen = { label = \"no such label\" }\ninbox = \"Billing\"\n";
    for mapping in ["m.toml", "front.toml"] {
        scene.write(mapping, format!("{MAPPING}{billing}"));
    }
    let empty_first =
        ["--channel", "billing@acme.example=Billing", "--channel", "support@acme.example=Support:2016-05-04:12"];
    let front = scene.front_with(&empty_first);
    scene.import_into(&front).ended_with(2).says(&["Front receives mail for support@acme.example by itself"]);
    front.received_nothing();
}

#[test]
fn an_answer_that_leaves_doubles_is_remarked_upon() {
    let scene = Scene::that_works();
    let front = with_a_channel(&scene);
    answered(&scene, "2016-05-03T23:55:00Z");
    assert!(!of_front(&plan_online(&scene, &front)).contains("oldest"));
    answered(&scene, "2017-01-03");
    let ran = plan_online(&scene, &front).ended_with(0);
    let words = "the oldest message found in the inbox of support@acme.example is of 2016-05-04, and sources go on after it \
                 (`mail` until 2017-01-03): what lies between may be there twice";
    assert!(of_front(&ran).contains(words), "{}", ran.stdout);
    front.received_nothing();
}

#[test]
fn whoever_says_everything_gets_everything() {
    let scene = Scene::that_works();
    let front = with_a_channel(&scene);
    answered(&scene, "\"everything\"");
    scene.import_into(&front).ended_with(0);
    assert_eq!(front.stop()["imports"], 3);
}

#[test]
fn a_channel_of_others_or_an_empty_one_asks_for_nothing() {
    let scene = Scene::that_works();
    let others =
        ["--channel", "sales@elsewhere.example=Support:2016-05-04:12", "--channel", "support@acme.example=Support"];
    let front = scene.front_with(&others[..2]);
    scene.import_into(&front).ended_with(0);
    front.stop();
    let scene = Scene::that_works();
    let front = scene.front_with(&others[2..]);
    scene.import_into(&front).ended_with(0);
    front.stop();
}
