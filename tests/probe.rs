//! What Front does not document is found out on a scratch inbox, one finding for each Front there may be, and nothing stays there.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use support::front::{FULL_SPEED, Front, Process, TOKEN};
use support::{Workspace, must, poll};

const MAPPING: &str = "scratch.toml";
const DUMP: &str = "dump.jsonl";

/// A Front with two scratch inboxes, and a place to run the program.
struct Scene {
    workspace: Workspace,
    front: Front,
}

impl Scene {
    fn new(options: &[&str]) -> Self {
        let workspace = Workspace::empty();
        workspace.write("mails/a.eml", "Message-ID: <a@x>\nFrom: ana@example.com\nTo: b@example.com\n\nHello\n");
        let mapping = format!(
            "version = 1\n[target]\ninbox = \"Scratch\"\n[agents]\n\"a@example.com\" = \"tea_1\"\n\
             \"b@example.com\" = \"tea_2\"\n[[source]]\nname = \"mail\"\nformat = \"eml\"\npath = \"mails\"\n\
             [[rule]]\nwhen = {{ sender = \"nobody@example.com\" }}\ninbox = \"Other\"\n[send]\n{FULL_SPEED}"
        );
        workspace.write(MAPPING, mapping);
        let front = Front::start(&workspace, MAPPING, DUMP, options);
        Self { workspace, front }
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = self.workspace.program();
        command.args(["probe", "--inbox", "Scratch", "--mapping", MAPPING, "--yes", "--quiet", "--json"]);
        command.args(["--patience", "1s", "--base-url", self.front.base_url()]).args(options);
        command.env("FRONT_API_TOKEN", TOKEN);
        command
    }

    fn run(&self, options: &[&str]) -> (i32, Value, String) {
        let output = must(self.command(options).output(), "probe");
        let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap_or(-1), said, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What was found, by name.
    fn probed(&self, options: &[&str]) -> Value {
        let (code, said, complaint) = self.run(options);
        assert_eq!(code, 0, "{said}\n{complaint}");
        assert_eq!(said["left"], json!([]));
        said["findings"]["finding"].clone()
    }

    fn state(&self) -> Value {
        self.front.get("/rehearsal/state")
    }

    fn is_clean(&self) {
        let state = self.state();
        for conversation in state["conversations"].as_array().expect("a list") {
            assert_eq!(conversation["status"], "deleted", "{conversation}");
            assert_eq!(conversation["tags"], json!([]), "{conversation}");
            let subject = conversation["subject"].as_str().expect("a subject");
            assert!(subject.starts_with("[threadlift probe] "), "{subject}");
        }
        assert_eq!(state["contacts"], json!([]));
        assert_eq!(self.front.list("/tags"), Vec::<Value>::new());
    }
}

/// Names and values, without what is not settled.
fn values(found: &Value) -> Vec<(String, String)> {
    let all = found.as_object().expect("a table").iter();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    all.filter(|(_, it)| !it["value"].is_null()).map(|(name, it)| (name.clone(), text(&it["value"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_front_that_takes_everything_the_careful_way_is_found_out_to_be_so() {
    let scene = Scene::new(&["--blocked", "tea_2"]);
    let found = scene.probed(&["--other-inbox", "Other"]);
    let expected = [
        ("blocked_author", "refused"),
        ("burst", "none"),
        ("fractional_dates", "refused"),
        ("inbox_order", "created_at"),
        ("inline_images", "none"),
        ("largest_request", "25000000"),
        ("limit_counts", "the whole request"),
        ("message_order", "created_at"),
        ("repeated_id", "same uid"),
        ("thread_ref_inboxes", "separate"),
        ("thread_ref_types", "shared"),
        ("unknown_author", "refused"),
        ("unknown_tags", "made"),
    ];
    assert_eq!(values(&found), pairs(&expected));
    assert!(found["deleted_ids"]["unsettled"].as_str().expect("words").contains("--permanently"));
    let size = found["largest_request"]["evidence"].as_str().expect("words");
    assert!(size.starts_with("26214400 bytes: refused with 413"), "{size}");
    scene.is_clean();
}

#[test]
fn a_front_that_does_all_of_it_otherwise_is_found_out_to_be_so() {
    let scene = Scene::new(&[
        "--blocked=tea_2",
        "--burst",
        "--limit=6000000",
        "--new-uid-for-repeats",
        "--refuse-unknown-tags",
        "--play=fractions=keep",
        "--play=inline=content-id",
        "--play=limit=26214400",
        "--play=limit=per-file",
        "--play=refs=shared",
        "--play=refs=by-type",
        "--play=order=arrival",
        "--play=deleted-ids=free",
        "--play=authors=any",
    ]);
    let found = scene.probed(&["--other-inbox", "Other", "--permanently"]);
    let expected = [
        ("blocked_author", "taken"),
        ("burst", "3000000"),
        ("deleted_ids", "free"),
        ("fractional_dates", "kept"),
        ("inbox_order", "arrival"),
        ("inline_images", "content-id"),
        ("largest_request", "26214400"),
        ("limit_counts", "each file, or more than 30 MB"),
        ("message_order", "arrival"),
        ("repeated_id", "new uid"),
        ("thread_ref_inboxes", "shared"),
        ("thread_ref_types", "separate"),
        ("unknown_author", "taken"),
        ("unknown_tags", "refused"),
    ];
    assert_eq!(values(&found), pairs(&expected));
    assert_eq!(scene.state()["conversations"], json!([]), "deleted for good");
    scene.is_clean();
}

#[test]
fn each_finding_has_its_evidence_and_what_is_not_settled_says_why() {
    let scene = Scene::new(&["--refuse-repeats", "--play=fractions=cut", "--play=inline=filename"]);
    let found = scene.probed(&["--permanently"]);
    for (name, value) in [
        ("repeated_id", "refused"),
        ("fractional_dates", "cut"),
        ("inline_images", "filename"),
        ("deleted_ids", "burnt"),
    ] {
        assert_eq!(found[name]["value"], value, "{}", found[name]);
        assert!(found[name]["evidence"].as_str().expect("words").len() > 20, "{}", found[name]);
    }
    for (name, why) in [("thread_ref_inboxes", "--other-inbox"), ("blocked_author", "no teammate")] {
        assert!(found[name]["unsettled"].as_str().expect("words").contains(why), "{}", found[name]);
        assert!(found[name]["value"].is_null());
    }
    scene.is_clean();
}

#[test]
fn an_inbox_with_something_else_in_it_is_left_alone_unless_it_is_said_to_be_meant() {
    let scene = Scene::new(&["--channel=help@example.com=Scratch:2024-01-01:3"]);
    let (code, _, complaint) = scene.run(&[]);
    assert_eq!(code, 2, "{complaint}");
    assert!(complaint.contains("holds 3 conversations that no probe has made; nothing was sent"), "{complaint}");
    assert!(!scene.workspace.path("front-findings.toml").exists());
    let before = scene.front.list("/conversations").len();
    assert_eq!(before, 3);
    scene.probed(&["--not-empty", "--permanently"]);
    let after = scene.front.list("/conversations");
    assert_eq!(after.len(), before, "the others are still there, and nothing else is");
    assert!(after.iter().all(|it| it["status"] != "deleted"));
}

#[test]
fn stopped_in_the_middle_it_cleans_up_and_killed_in_the_middle_the_next_one_does() {
    let scene = Scene::new(&["--latency-ms", "40", "--appear-after-ms", "400"]);
    let output = scene.workspace.path("out");
    let mut process = Process::start(&mut scene.command(&[]), &output);
    poll(Duration::from_mins(1), "some messages", || scene.front.stored() >= 4);
    process.terminate();
    assert_eq!(process.wait().code(), Some(130), "{}", must(std::fs::read_to_string(&output), "output"));
    assert!(!scene.workspace.path("front-findings.toml").exists(), "half a look is none");
    scene.is_clean();

    let stored = scene.front.stored();
    let mut process = Process::start(&mut scene.command(&[]), &output);
    poll(Duration::from_mins(1), "some messages", || scene.front.stored() >= stored + 4);
    process.kill();
    scene.probed(&[]);
    scene.is_clean();
}

#[test]
fn what_could_not_be_removed_is_told() {
    let scene = Scene::new(&["--fault-reads=conversation/403=1/1"]);
    let (code, said, complaint) = scene.run(&[]);
    assert_ne!(code, 0, "{said}\n{complaint}");
    assert!(said["left"].to_string().contains("[threadlift probe]"), "{said}\n{complaint}");
}

#[test]
fn nothing_is_sent_without_a_yes() {
    let scene = Scene::new(&[]);
    let mut command = scene.workspace.threadlift();
    command.args(["probe", "--inbox", "Scratch", "--base-url", scene.front.base_url()]).env("FRONT_API_TOKEN", TOKEN);
    let output = command.assert().code(2).get_output().clone();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("up to 110 MB") && said.contains("--yes"), "{said}");
    let (code, _, complaint) = scene.run(&["--other-inbox", "Scratch"]);
    assert_eq!(code, 2, "{complaint}");
    scene.front.received_nothing();
}
