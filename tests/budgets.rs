//! Runs that are told when to stop: by requests, by time, by a signal. All end cleanly, and the next run goes on.

mod support;

use serde_json::Value;
use std::process::Output;
use support::front::{FULL_SPEED, Front, PATIENCE, Process, TOKEN};
use support::{Workspace, must, poll};

const DEMO: &str = "mappings/demo.toml";

struct Scene {
    workspace: Workspace,
    front: Front,
}

impl Scene {
    fn new(options: &[&str]) -> Self {
        let workspace = Workspace::with_samples();
        workspace.set_send(DEMO, &format!("in_flight = 2\n{FULL_SPEED}"));
        let front = Front::start(&workspace, DEMO, "dump.jsonl", options);
        Self { workspace, front }
    }

    fn import(&self, options: &[&str]) -> (Output, Value) {
        let output = must(self.front.importing(&self.workspace, DEMO, options).output(), "import");
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output, summary)
    }

    /// The next run finds nothing amiss and sends the rest, nothing twice.
    fn goes_on(self) {
        let (output, summary) = self.import(&[]);
        assert_eq!(output.status.code(), Some(0), "{summary}");
        assert_eq!((&summary["total"]["pending"], &summary["total"]["unknown"]), (&0.into(), &0.into()));
        let counted = self.front.stop();
        assert_eq!(
            (&counted["repeats"], &counted["messages"]),
            (&0.into(), &summary["total"]["accepted"]),
            "{counted}"
        );
    }
}

fn says(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_budget_of_requests_stops_the_import_with_exit_6_and_the_words_to_go_on() {
    let scene = Scene::new(&[]);
    let (output, summary) = scene.import(&["--max-requests", "20"]);
    assert_eq!(output.status.code(), Some(6), "{}", says(&output));
    let total = &summary["total"];
    let (accepted, pending) = (total["accepted"].as_u64().expect("a count"), &total["pending"]);
    assert!((1..=20).contains(&accepted), "{accepted}");
    assert_eq!(total["unknown"], 0);
    let ending = format!(
        "The budget of requests is used up; nothing is lost, {pending} messages left to send; run it again to go on: \
         threadlift import {DEMO}"
    );
    assert_eq!((&summary["ending"], &summary["exit"]), (&ending.into(), &6.into()));
    scene.goes_on();
}

#[test]
fn a_length_of_time_stops_the_import_with_exit_6() {
    let scene = Scene::new(&["--latency-ms", "300"]);
    let (output, summary) = scene.import(&["--max-duration", "2s"]);
    assert_eq!(output.status.code(), Some(6), "{}", says(&output));
    assert!(summary["total"]["pending"].as_u64().is_some_and(|left| left > 0));
    assert_eq!(summary["total"]["unknown"], 0, "what was in flight is finished");
    let ending = summary["ending"].as_str().expect("an ending");
    assert!(ending.starts_with("The time to stop has come; nothing is lost, "), "{ending}");
}

#[test]
fn budgets_that_cannot_be_meant_are_refused_before_anything_is_read() {
    let scene = Scene::new(&[]);
    for options in
        [["--until", "2001-01-01T07:00"], ["--until", "soon"], ["--max-duration", "8"], ["--max-requests", "0"]]
    {
        let (output, _) = scene.import(&options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", says(&output));
    }
    scene.front.received_nothing();
}

/// Sends a signal by name.
fn signal(process: &Process, name: &str) {
    let kill = format!("kill -{name} \"$0\"");
    let status = std::process::Command::new("sh").args(["-c", &kill, &process.0.id().to_string()]).status();
    assert!(must(status, "sh").success(), "the process has ended already");
}

#[test]
fn one_signal_of_any_kind_finishes_what_is_in_flight() {
    let scene = Scene::new(&["--latency-ms", "100"]);
    for (round, name) in ["HUP", "INT"].into_iter().enumerate() {
        let before = scene.front.stored();
        let mut command = scene.front.importing(&scene.workspace, DEMO, &[]);
        let mut import = Process::start(&mut command, &scene.workspace.path("import.out"));
        poll(PATIENCE, "some messages", || scene.front.stored() >= before + 4 || import.has_ended());
        signal(&import, name);
        assert_eq!(import.wait().code(), Some(130), "round {round}");
    }
    scene.goes_on();
}

#[test]
fn a_second_signal_ends_at_once_and_nothing_is_lost() {
    let scene = Scene::new(&["--latency-ms", "4000"]);
    let mut command = scene.workspace.program();
    command.args(["import", DEMO, "--yes", "--base-url", scene.front.base_url()]).env("FRONT_API_TOKEN", TOKEN);
    let mut import = Process::start(&mut command, &scene.workspace.path("import.out"));
    let journal = scene.workspace.path("mappings/demo.ledger/journal.jsonl");
    let is_sending = || std::fs::read_to_string(&journal).is_ok_and(|facts| facts.contains("\"sending\""));
    poll(PATIENCE, "a request under way", || is_sending() || import.has_ended());
    signal(&import, "TERM");
    let said = || std::fs::read_to_string(scene.workspace.path("import.out")).unwrap_or_default();
    poll(PATIENCE, "the words that the first signal was heard", || {
        said().contains("Ctrl-C again") || import.has_ended()
    });
    signal(&import, "TERM");
    assert_eq!(import.wait().code(), Some(130), "{}", said());
    let output = scene.workspace.threadlift().args(["status", DEMO, "--json"]).output().expect("status");
    let status: Value = must(serde_json::from_slice(&output.stdout), "status");
    assert_eq!((&status["balanced"], &status["total"]["accepted"]), (&true.into(), &0.into()));
    assert!(status["total"]["unknown"].as_u64().is_some_and(|unknown| unknown > 0), "{status}");
}
