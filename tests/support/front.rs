//! The embedded Front as a process of its own, so that what it counts does not depend on the program under test.

use super::{Workspace, must};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a Front may take to end by itself.
const FAREWELL: Duration = Duration::from_secs(5);

/// A running Front; it ends with the test.
pub(crate) struct Front {
    child: Child,
    stdout: BufReader<ChildStdout>,
    base_url: String,
    dump: PathBuf,
}

impl Front {
    /// Starts a Front that knows what `mapping` (a file of the workspace) names.
    pub(crate) fn start(workspace: &Workspace, mapping: &str, options: &[&str]) -> Self {
        let dump = workspace.path(&format!("{mapping}.front.jsonl"));
        let mut child = must(
            Command::new(assert_cmd::cargo::cargo_bin!("threadlift"))
                .current_dir(workspace.path(""))
                .args(["embedded-front", mapping, "--port", "0", "--dump"])
                .arg(&dump)
                .args(options)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn(),
            "embedded Front",
        );
        let stdout = child.stdout.take().unwrap_or_else(|| panic!("the embedded Front has no stdout"));
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        must(stdout.read_line(&mut line), "first line of the embedded Front");
        let base_url = line.trim().to_owned();
        assert!(base_url.starts_with("http://127.0.0.1:"), "the embedded Front did not start: {line:?}");
        Self { child, stdout, base_url, dump }
    }

    /// Where its API is.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Messages stored so far.
    pub(crate) fn stored(&self) -> usize {
        std::fs::read_to_string(&self.dump).map_or(0, |text| text.matches('\n').count())
    }

    /// Stops it and gives what it counted.
    pub(crate) fn counts(mut self) -> Value {
        terminate(&self.child);
        let mut line = String::new();
        must(self.stdout.read_to_string(&mut line), "counts of the embedded Front");
        must(self.child.wait(), "end of the embedded Front");
        must(serde_json::from_str(&line), format_args!("counts of the embedded Front: {line:?}"))
    }

    /// Stops it, and requires that no import reached it, accepted or not.
    pub(crate) fn received_nothing(self) {
        let counts = self.counts();
        for count in ["messages", "conversations", "repeats", "refused"] {
            assert_eq!(counts[count], 0, "{count} of {counts}");
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // Asked first, since it then removes its temporary folder; a test that panics must not wait for long.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let began = Instant::now();
        while began.elapsed() < FAREWELL {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends SIGTERM to a process that has not been waited for.
pub(crate) fn terminate(child: &Child) {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(must(status, "kill").success());
}
