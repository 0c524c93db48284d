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
        workspace.set_send(DEMO, &format!("in_flight = 2\npatience = \"600s\"\n{FULL_SPEED}"));
        let front = Front::start(&workspace, DEMO, "dump.jsonl", options);
        Self { workspace, front }
    }

    fn verify(&self, options: &[&str]) -> (Output, Value) {
        let mut command = self.workspace.program();
        command.args(["verify", DEMO, "--quiet", "--json"]).args(options).env("FRONT_BASE_URL", self.front.base_url());
        let output = must(command.env("FRONT_API_TOKEN", TOKEN).output(), "verify");
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output, summary)
    }

    /// Facts of a kind in the journal.
    fn facts(&self, kind: &str) -> usize {
        let journal = self.workspace.path("mappings/demo.ledger/journal.jsonl");
        let kind = format!("{{\"{kind}\":");
        std::fs::read_to_string(journal).unwrap_or_default().matches(&kind).count()
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
            (&0.into(), &summary["total"]["confirmed"]),
            "{counted}"
        );
    }
}

fn figure(summary: &Value, name: &str) -> u64 {
    summary["total"][name].as_u64().unwrap_or_else(|| panic!("no {name} in {summary:#}"))
}

fn says(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_budget_of_requests_stops_the_import_with_exit_6_and_the_words_to_go_on() {
    let scene = Scene::new(&[]);
    let (output, summary) = scene.import(&["--no-verify", "--max-requests", "20"]);
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
fn a_length_of_time_ends_even_while_front_puts_off_the_first_question() {
    let scene = Scene::new(&["--fault-reads", "429=1/1:30"]);
    for command in ["import", "verify"] {
        let (output, _) = match command {
            "import" => scene.import(&["--max-duration", "1s"]),
            _ => scene.verify(&["--max-duration", "1s"]),
        };
        assert_eq!(output.status.code(), Some(6), "{command}: {}", says(&output));
        assert!(says(&output).contains("the time to stop has come while Front was being asked; nothing was sent"));
        if command == "import" {
            // What `verify` looks for has to be planned.
            let plan = scene.workspace.threadlift().args(["plan", DEMO, "--quiet"]).output().expect("plan");
            assert_eq!(plan.status.code(), Some(0), "{}", says(&plan));
        }
    }
    scene.front.received_nothing();
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

#[test]
fn a_budget_of_requests_ends_looking_as_well_as_sending_and_run_after_run_gets_to_the_end() {
    let scene = Scene::new(&[]);
    let mut endings = Vec::new();
    for _ in 0..40 {
        // Of these, some are asked for company, inboxes and teammates each time, and the first runs end with the first conversation.
        let (output, summary) = scene.import(&["--max-requests", if endings.len() < 4 { "7" } else { "25" }]);
        if output.status.code() == Some(0) {
            break;
        }
        assert_eq!(output.status.code(), Some(6), "{}", says(&output));
        assert_eq!((figure(&summary, "unknown"), figure(&summary, "missing")), (0, 0), "{summary:#}");
        endings.push((figure(&summary, "pending"), figure(&summary, "accepted"), summary["ending"].to_string()));
    }
    assert!(endings.iter().any(|(pending, accepted, _)| *pending > 0 && *accepted > 0), "{endings:#?}");
    for (pending, accepted, words) in &endings {
        let left = match (pending, accepted) {
            (pending, 0) => format!("{pending} messages left to send; run it again"),
            (0, _) => format!("everything was sent, and {accepted} message"),
            (pending, accepted) => format!("{pending} messages left to send and {accepted} to look for; run it again"),
        };
        assert!(words.contains(&left), "{left} in {words}");
    }
    scene.goes_on();
}

#[test]
fn time_ends_looking_too_when_everything_was_sent_long_before() {
    let scene = Scene::new(&["--appear-after-ms", "600000"]);
    let (output, sent) = scene.import(&["--no-verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", says(&output));
    let (output, summary) = scene.import(&["--max-duration", "2s"]);
    assert_eq!(output.status.code(), Some(6), "{}", says(&output));
    let ending = summary["ending"].as_str().expect("an ending");
    let words = format!("everything was sent, and {} messages left to look for", figure(&sent, "accepted"));
    assert!(ending.starts_with("The time to stop has come; nothing is lost, ") && ending.contains(&words), "{ending}");
    assert_eq!((&summary["sent"]["accepted"], figure(&summary, "missing")), (&0.into(), 0));
    let (output, summary) = scene.verify(&["--max-duration", "1s"]);
    assert_eq!(output.status.code(), Some(6), "{}", says(&output));
    let ending = summary["ending"].as_str().expect("an ending");
    assert!(ending.starts_with("The time to stop has come; what was seen is in the ledger, "), "{ending}");
    assert!(ending.ends_with(&format!("threadlift verify {DEMO}")), "{ending}");
}

#[test]
fn verify_keeps_to_its_budget_of_requests_and_goes_on_where_it_stopped() {
    let scene = Scene::new(&[]);
    let (output, sent) = scene.import(&["--no-verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", says(&output));
    let (output, summary) = scene.verify(&["--max-requests", "12"]);
    assert_eq!(output.status.code(), Some(6), "{}", says(&output));
    let (seen, left) = (figure(&summary, "confirmed"), figure(&summary, "accepted"));
    assert!(seen > 0 && left > 0 && seen + left == figure(&sent, "accepted"), "{summary:#}");
    let ending = summary["ending"].as_str().expect("an ending");
    assert!(
        ending.contains(&format!(
            "The budget of requests is used up; what was seen is in the ledger, {left} messages left"
        ))
    );
    let (output, summary) = scene.verify(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", says(&output));
    assert_eq!(summary["seen"]["confirmed"].as_u64(), Some(left), "nothing is looked for twice");
    scene.goes_on();
}

#[test]
fn a_signal_ends_verify_as_well_and_what_was_seen_stays() {
    let scene = Scene::new(&["--appear-after-ms", "600000"]);
    let (output, sent) = scene.import(&["--no-verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", says(&output));
    let mut command = scene.workspace.program();
    let options = ["--max-duration", "9h", "--base-url", scene.front.base_url()];
    command.args(["verify", DEMO]).args(options).env("FRONT_API_TOKEN", TOKEN);
    let said = scene.workspace.path("verify.out");
    let mut verify = Process::start(&mut command, &said);
    let said = || std::fs::read_to_string(&said).unwrap_or_default();
    poll(PATIENCE, "the beginning of looking", || said().contains("this run stops by itself") || verify.has_ended());
    signal(&verify, "INT");
    assert_eq!(verify.wait().code(), Some(130), "{}", said());
    assert!(said().contains("Interrupted; what was seen is in the ledger, run it again to go on: "), "{}", said());
    let status = scene.workspace.threadlift().args(["status", DEMO, "--json"]).output().expect("status");
    let status: Value = must(serde_json::from_slice(&status.stdout), "status");
    assert_eq!((figure(&status, "accepted"), figure(&status, "missing")), (figure(&sent, "accepted"), 0));
}

#[test]
fn a_signal_while_only_looking_is_left_loses_nothing_and_the_next_run_sends_nothing() {
    let scene = Scene::new(&["--appear-after-ms", "1500"]);
    let all = {
        let output = scene.workspace.threadlift().args(["plan", DEMO, "--quiet", "--json"]).output().expect("plan");
        let plan: Value = must(serde_json::from_slice(&output.stdout), "plan");
        usize::try_from(figure(&plan, "pending")).expect("a small number")
    };
    let mut command = scene.front.importing(&scene.workspace, DEMO, &[]);
    let output = scene.workspace.path("import.out");
    let mut import = Process::start(&mut command, &output);
    poll(PATIENCE, "everything sent", || scene.facts("accepted") == all || import.has_ended());
    assert!(scene.facts("confirmed") < all, "some are left to look for");
    signal(&import, "INT");
    assert_eq!(import.wait().code(), Some(130));
    let said = std::fs::read_to_string(&output).unwrap_or_default();
    assert!(said.contains("Interrupted; nothing is lost, run it again to go on"), "{said}");
    let (output, summary) = scene.import(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", says(&output));
    assert_eq!((&summary["sent"]["accepted"], figure(&summary, "confirmed")), (&0.into(), all as u64));
    assert_eq!(scene.facts("sending"), all, "nothing was sent twice");
    scene.goes_on();
}
