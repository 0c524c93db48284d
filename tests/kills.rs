//! Once in effect: an importer that is killed anywhere, and run again, loses nothing and sends nothing twice.
//!
//! The embedded Front is a process of its own and lives through it all. Moments are chosen by what Front has stored, never
//! by the clock alone; where a process ends before its kill arrives, another round makes up for it.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::books::{answered, figure};
use support::chance::Chance;
use support::compare::Compared;
use support::front::{FULL_SPEED, Front, PATIENCE, Process};
use support::real::RealList;
use support::{Workspace, must, poll};

/// Mails of the real list; an unoptimised build takes too long over all of them.
const MAILS: usize = if cfg!(debug_assertions) { 2_000 } else { usize::MAX };

const DEMO: &str = "mappings/demo.toml";

/// More rounds than this are never needed to land the kills that a test wants.
const ROUNDS: usize = 8;

/// One import, from its plan to its end.
struct Scene {
    workspace: Workspace,
    mapping: &'static str,
    front: Front,
    /// Planned messages.
    planned: usize,
    chance: Chance,
    /// Kills that met a living importer.
    landed: usize,
}

impl Scene {
    /// The samples, and a Front that answers slowly enough for kills to land between a request and its answer.
    fn of_samples(seed: u64, faults: &[&str]) -> Self {
        let workspace = Workspace::with_samples();
        workspace.set_send(DEMO, &format!("in_flight = 3\n{FULL_SPEED}"));
        let mut chance = Chance(seed);
        let latency = (5 + chance.below(16)).to_string();
        Self::of(workspace, DEMO, chance, &[&["--latency-ms", &latency], faults].concat())
    }

    fn of(workspace: Workspace, mapping: &'static str, chance: Chance, options: &[&str]) -> Self {
        let mut command = workspace.program();
        command.args(["plan", mapping, "--quiet", "--requests", "plan.jsonl", "--ledger", "apart.ledger"]);
        let planned = must(command.stdin(Stdio::null()).stdout(Stdio::null()).status(), "plan");
        assert!(planned.success(), "{planned}");
        let lines = BufReader::new(must(File::open(workspace.path("plan.jsonl")), "plan.jsonl")).lines();
        let planned =
            lines.filter(|line| line.as_ref().is_ok_and(|line| line.contains("\"status\":\"planned\""))).count();
        let front = Front::start(&workspace, mapping, "dump.jsonl", options);
        Self { workspace, mapping, front, planned, chance, landed: 0 }
    }

    fn ledger(&self) -> std::path::PathBuf {
        self.workspace.path(self.mapping).with_extension("ledger")
    }

    fn import(&self) -> Process {
        let mut command = self.front.importing(&self.workspace, self.mapping, &[]);
        Process::start(&mut command, &self.workspace.path("import.out"))
    }

    /// Starts an import and kills it a little after `is_time`.
    fn import_killed(&mut self, jitter: usize, is_time: impl Fn(&Self) -> bool) {
        let mut import = self.import();
        poll(PATIENCE, "the moment of a kill", || is_time(self) || import.has_ended());
        std::thread::sleep(Duration::from_millis(must(u64::try_from(self.chance.below(jitter + 1)), "jitter")));
        let status = import.kill();
        if status.signal().is_some() {
            self.landed += 1;
        } else {
            // Ended before the kill; then it must have ended well.
            assert_eq!(status.code(), Some(0), "{}", self.said());
        }
    }

    /// What the last import said.
    fn said(&self) -> String {
        std::fs::read_to_string(self.workspace.path("import.out")).unwrap_or_default()
    }

    fn command(&self, name: &str) -> (i32, Value, String) {
        let mut command = self.workspace.program();
        command.args([name, self.mapping, "--quiet", "--json"]);
        let output = must(command.stdin(Stdio::null()).output(), name);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("{name}: {}", output.status));
        (code, serde_json::from_slice(&output.stdout).unwrap_or_default(), complaint)
    }

    /// After a kill: whatever Front holds, the books say that it does or that it may.
    fn check_books_at_rest(&self) {
        let (code, status, complaint) = self.command("status");
        assert_eq!(code, 0, "{complaint}");
        assert_eq!(status["balanced"], true, "{status}");
        let (accepted, unknown) = (answered(&status), figure(&status, "unknown"));
        let stored = self.front.stored();
        assert!(accepted <= stored, "{accepted} accepted, and Front holds {stored}");
        assert!(stored <= accepted + unknown, "Front holds {stored}; {accepted} accepted, {unknown} unknown");
        assert_eq!(accepted + unknown + figure(&status, "pending"), self.planned, "{status}");
    }

    /// Runs to the end, and asks everyone. Gives what Front counted.
    fn finish(self) -> Value {
        let mut import = self.import();
        let status = import.wait();
        assert_eq!(status.code(), Some(0), "{}", self.said());
        let (code, status, complaint) = self.command("status");
        assert_eq!(code, 0, "{complaint}");
        assert_eq!(status["balanced"], true, "{status}");
        assert_eq!(figure(&status, "confirmed"), self.planned, "{status}");
        for open in ["accepted", "different", "missing", "pending", "unknown", "refused", "rejected", "unreadable"] {
            assert_eq!(figure(&status, open), 0, "{open} in {status}");
        }
        let imported: Value = must(serde_json::from_str(&self.said()), "summary of the import");
        assert_eq!(imported["total"], status["total"]);

        let compared = Compared::of(&self.workspace.path("plan.jsonl"), self.front.dump());
        compared.assert_equal();
        assert_eq!(must(usize::try_from(compared.dumped), "count"), self.planned);
        let (code, again, complaint) = self.import_again();
        assert_eq!(code, 0, "{complaint}");
        assert_eq!(again["sent"]["accepted"], 0, "nothing was left, and yet something was sent");

        let counted = self.front.stop();
        assert_eq!(counted["messages"], compared.dumped);
        assert_eq!(counted["changed_repeats"], 0, "a message was sent again with other bytes");
        assert_eq!(counted["refused"], 0);
        counted
    }

    fn import_again(&self) -> (i32, Value, String) {
        let output = must(self.front.importing(&self.workspace, self.mapping, &[]).output(), "import");
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap_or(-1), summary, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Kills while it opens and plans, while it sends, and when the last message is on its way, then runs to the end.
fn kill_all_along(mut scene: Scene, gap: usize) -> (usize, Value) {
    for _ in 0..4 {
        scene.import_killed(60, |scene| scene.ledger().exists());
    }
    while scene.front.stored() + gap < scene.planned {
        let target = scene.front.stored() + 1 + scene.chance.below(gap);
        scene.import_killed(8, |scene| scene.front.stored() >= target);
        // Looking repairs what a kill has left behind; the next import must also find it as it is.
        if scene.chance.below(2) == 0 {
            scene.check_books_at_rest();
        }
    }
    scene.import_killed(0, |scene| scene.front.stored() >= scene.planned);
    let landed = scene.landed;
    (landed, scene.finish())
}

/// Rounds with other seeds until enough kills have landed. Gives how many messages Front was offered twice.
fn kill_rounds(seed: u64, wanted: usize, faults: &[&str]) -> u64 {
    let (mut landed, mut repeats) = (0, 0);
    for round in 0..ROUNDS {
        if landed >= wanted {
            break;
        }
        let seed = seed + must(u64::try_from(round), "round");
        let (kills, counted) = kill_all_along(Scene::of_samples(seed, faults), 7);
        landed += kills;
        repeats += counted["repeats"].as_u64().expect("a count");
    }
    assert!(landed >= wanted, "only {landed} kills met a living importer");
    repeats
}

#[test]
fn an_import_that_is_killed_anywhere_sends_every_message_once() {
    kill_rounds(100, 16, &[]);
}

#[test]
fn kills_do_no_harm_when_answers_are_lost_too() {
    let repeats = kill_rounds(200, 12, &["--lose-answer-every", "5"]);
    assert!(repeats > 0, "no answer was lost");
}

#[test]
fn kills_do_no_harm_when_front_fails_too() {
    kill_rounds(300, 12, &["--fail-every", "4"]);
}

#[test]
fn a_plan_that_is_killed_can_be_made_again_and_is_the_same() {
    let mut scene = Scene::of_samples(400, &[]);
    // How long a plan takes here, so that kills fall all over it on a fast machine and on a slow one.
    let undisturbed = Instant::now();
    let mut command = scene.workspace.program();
    command.args(["plan", DEMO, "--quiet", "--requests", "whole.jsonl", "--ledger", "whole.ledger"]);
    assert!(must(command.stdout(Stdio::null()).status(), "plan").success());
    let whole = must(usize::try_from(undisturbed.elapsed().as_micros()), "microseconds");
    let mut landed = 0;
    for _ in 0..200 {
        let mut command = scene.workspace.program();
        command.args(["plan", DEMO, "--quiet", "--requests", "killed.jsonl"]);
        let mut plan = Process::start(&mut command, &scene.workspace.path("plan.out"));
        std::thread::sleep(Duration::from_micros(must(u64::try_from(scene.chance.below(whole)), "a moment")));
        landed += usize::from(plan.kill().signal().is_some());
        // Half of the kills meet a ledger that something was sent from.
        if landed == 6 && scene.landed == 0 {
            let target = scene.front.stored() + 20;
            scene.import_killed(0, |scene| scene.front.stored() >= target);
        }
        if landed >= 12 {
            break;
        }
    }
    assert!(landed >= 12, "only {landed} kills met a living plan");
    let mut command = scene.workspace.program();
    command.args(["plan", DEMO, "--quiet", "--requests", "again.jsonl"]);
    let status = must(command.stdin(Stdio::null()).stdout(Stdio::null()).status(), "plan");
    assert!(status.success(), "{status}");
    let read = |name: &str| must(std::fs::read_to_string(scene.workspace.path(name)), name);
    assert!(read("again.jsonl") == read("plan.jsonl"), "the plan differs from that of a fresh ledger");
    scene.finish();
}

#[test]
fn sigterm_finishes_what_is_in_flight_and_leaves_nothing_unknown() {
    let workspace = Workspace::with_samples();
    workspace.set_send(DEMO, &format!("in_flight = 2\n{FULL_SPEED}"));
    let scene = Scene::of(workspace, DEMO, Chance(500), &["--latency-ms", "100"]);
    let mut import = scene.import();
    poll(PATIENCE, "ten messages", || scene.front.stored() >= 10 || import.has_ended());
    import.terminate();
    assert_eq!(import.wait().code(), Some(130), "{}", scene.said());
    let (code, status, complaint) = scene.command("status");
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(figure(&status, "unknown"), 0, "{status}");
    assert_eq!(answered(&status), scene.front.stored());
    assert!(figure(&status, "pending") > 0, "nothing was left to send");
    let counted = scene.finish();
    assert_eq!(counted["repeats"], 0, "what was finished was sent again");
    assert_eq!(counted["hurried"], 0);
}

/// Three kills or more while the first mails of the real list are imported.
#[test]
fn an_import_of_real_mail_that_is_killed_sends_every_message_once() {
    let workspace = Workspace::empty();
    let Some(list) = RealList::find() else { return };
    list.write_first(MAILS, &workspace.path("list.mbox"));
    workspace.write(
        "list.toml",
        format!(
            "version = 1\n[target]\ninbox = \"List\"\n[ours]\naddresses = [\"mtk.manpages@gmail.com\"]\n[[source]]\n\
             name = \"list\"\nformat = \"mbox\"\npath = \"list.mbox\"\n[send]\nin_flight = 16\n{FULL_SPEED}"
        ),
    );
    let mut scene = Scene::of(workspace, "list.toml", Chance(600), &["--latency-ms", "5"]);
    let mut targets: Vec<usize> = (0..5).map(|_| scene.chance.below(scene.planned * 4 / 5)).collect();
    targets.sort_unstable();
    for target in targets {
        scene.import_killed(20, |scene| scene.front.stored() > target);
        scene.check_books_at_rest();
    }
    assert!(scene.landed >= 3, "only {} kills met a living importer", scene.landed);
    scene.finish();
}

/// Front creates a message some time after its 202. Until the first message of a conversation is there, a second may be
/// put into a conversation of its own; a restart does not make Front any faster.
#[test]
fn a_restart_does_not_hurry_the_second_message_of_a_conversation() {
    let workspace = Workspace::empty();
    let mail = |number: u32, more: &str| {
        format!(
            "From - Fri Nov 21 09:55:06 1997\nFrom: a@x.example\nTo: b@y.example\nSubject: lamp\n\
             Date: Fri, 21 Nov 1997 0{number}:55:06 +0000\nMessage-ID: <{number}@x.example>\n{more}\nText {number}\n\n"
        )
    };
    let replies = (2..6).map(|number| mail(number, "In-Reply-To: <1@x.example>\n"));
    workspace.write("mail.mbox", [mail(1, "")].into_iter().chain(replies).collect::<String>());
    workspace.write(
        "mail.toml",
        "version = 1\n[target]\ninbox = \"Support\"\n[ours]\ndomains = [\"y.example\"]\n[[source]]\nname = \"mail\"\n\
         format = \"mbox\"\npath = \"*.mbox\"\n[send]\nper_resource = 1000000\nshare = 1.0\nreserve = 0\nsettle = \"4s\"\n",
    );
    let scene = Scene::of(workspace, "mail.toml", Chance(800), &["--appear-after-ms", "3000"]);
    assert_eq!(scene.planned, 5);
    let mut import = scene.import();
    let journal = scene.ledger().join("journal.jsonl");
    let is_accepted = || std::fs::read_to_string(&journal).is_ok_and(|facts| facts.contains("\"accepted\""));
    poll(PATIENCE, "the first 202 in the journal", || is_accepted() || import.has_ended());
    import.kill();
    assert_eq!(scene.front.stored(), 1, "the second message did not wait");
    // Without a look: one would wait for the first message by itself.
    let again = must(scene.front.importing(&scene.workspace, scene.mapping, &["--no-verify"]).status(), "import");
    assert_eq!(again.code(), Some(0));
    assert_eq!(scene.finish()["hurried"], 0);
}
