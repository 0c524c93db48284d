//! The ticket system's export, imported into an embedded Front that lives through what happens to the importer.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use super::front::{FULL_SPEED, Front, Process, TOKEN};
use super::{Workspace, chance::Chance, must};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

pub(crate) const MAPPING: &str = "mappings/helpdesk.toml";

/// A teammate of the embedded Front, who acts by a token of their own.
pub(crate) const COLLEAGUE: &str = "rehearsal:tea_r0";

pub(crate) struct Desk {
    pub(crate) workspace: Workspace,
    pub(crate) front: Front,
}

impl Desk {
    pub(crate) fn new(options: &[&str]) -> Self {
        let workspace = Workspace::with_samples();
        let mapping = must(std::fs::read_to_string(workspace.path(MAPPING)), MAPPING);
        workspace.write(MAPPING, format!("{mapping}\n[send]\nin_flight = 3\n{FULL_SPEED}"));
        let front = Front::start(&workspace, MAPPING, "dump.jsonl", options);
        Self { workspace, front }
    }

    /// The samples, imported and seen.
    pub(crate) fn imported(options: &[&str]) -> Self {
        let desk = Self::new(options);
        let (code, said, complaint) = desk.run("import", &["--create-tags"]);
        assert_eq!(code, 0, "{said}\n{complaint}");
        desk
    }

    pub(crate) fn command(&self, name: &str, options: &[&str]) -> std::process::Command {
        let mut command = self.workspace.program();
        // What is taken back is confirmed in words of its own; looking asks nothing.
        let yes: &[&str] = if matches!(name, "undo" | "verify") { &[] } else { &["--yes"] };
        command.args([name, MAPPING, "--quiet", "--json"]).args(yes).args(options);
        command.env("FRONT_API_TOKEN", TOKEN).env("FRONT_BASE_URL", self.front.base_url());
        command
    }

    pub(crate) fn run(&self, name: &str, options: &[&str]) -> (i32, Value, String) {
        let output = must(self.command(name, options).output(), name);
        let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap_or(-1), said, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn finish(&self) -> Value {
        let (code, said, complaint) = self.run("finish", &[]);
        assert_eq!(code, 0, "{said}\n{complaint}");
        said["finished"].clone()
    }

    pub(crate) fn undo(&self, options: &[&str]) -> (i32, Value, String) {
        self.run("undo", options)
    }

    /// A command that asks nothing of Front.
    fn apart(&self, name: &str) -> (i32, Value, String) {
        let output = must(self.workspace.program().args([name, MAPPING, "--quiet", "--json"]).output(), name);
        let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap_or(-1), said, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn plan(&self) -> (i32, Value, String) {
        self.apart("plan")
    }

    pub(crate) fn status(&self) -> (i32, Value, String) {
        self.apart("status")
    }

    /// All that Front holds, without what differs from one server to the next.
    pub(crate) fn state(&self) -> Value {
        let mut state = self.front.get("/rehearsal/state");
        for conversation in state["conversations"].as_array_mut().expect("a list") {
            conversation.as_object_mut().expect("a conversation").remove("id");
        }
        state
    }

    /// The conversation with this subject.
    pub(crate) fn conversation(&self, subject: &str) -> Value {
        let state = self.front.get("/rehearsal/state");
        let all = state["conversations"].as_array().expect("a list").clone();
        all.into_iter().find(|it| it["subject"] == subject).unwrap_or_else(|| panic!("no conversation {subject}"))
    }

    /// What a colleague does to the conversation with this subject.
    pub(crate) fn colleague(&self, subject: &str, method: &str, path: &str, body: &Value) {
        let id = self.conversation(subject)["id"].as_str().expect("an id").to_owned();
        let (status, said) = self.front.call(method, &format!("/conversations/{id}{path}"), COLLEAGUE, body);
        assert!((200..300).contains(&status), "{status} {said}");
    }

    /// Runs a command under kills until it ends well. How many kills met a living process?
    pub(crate) fn under_kills(&self, name: &str, options: &[&str], chance: &mut Chance, longest: usize) -> usize {
        let output = self.workspace.path("killed.out");
        let mut landed = 0;
        for _ in 0..60 {
            let mut process = Process::start(&mut self.command(name, options), &output);
            std::thread::sleep(Duration::from_millis(must(u64::try_from(chance.below(longest)), "jitter")));
            let status = process.kill();
            if status.signal().is_some() {
                landed += 1;
            } else if status.code() == Some(0) {
                break;
            } else {
                // A lost answer, or a Front that failed: to be run again.
                assert_eq!(status.code(), Some(7), "{}", std::fs::read_to_string(&output).unwrap_or_default());
            }
        }
        for _ in 0..40 {
            let (code, said, complaint) = self.run(name, options);
            match code {
                0 => return landed,
                7 => {}
                _ => panic!("{name}: {code}: {said}\n{complaint}"),
            }
        }
        panic!("{name} does not come to an end")
    }
}
