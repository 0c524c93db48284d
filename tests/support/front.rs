//! The embedded Front as a process of its own, and importers that are killed beside it.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use super::{Workspace, must, poll};
use serde_json::Value;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::time::Duration;

/// The token that the embedded Front accepts.
pub(crate) const TOKEN: &str = "rehearsal";

/// Far longer than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// Ends a `[send]` section: no budget to share on this machine, and a wait that covers the embedded Front's delay.
pub(crate) const FULL_SPEED: &str = "per_resource = 1000000\nshare = 1.0\nreserve = 0\nsettle = \"60ms\"\n";

/// A running embedded Front. It is killed when it is dropped.
pub(crate) struct Front {
    process: Process,
    stdout: BufReader<ChildStdout>,
    base_url: String,
    dump: PathBuf,
    /// Bytes of the dump that were counted, and the lines in them.
    counted: Cell<(u64, usize)>,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Front {
    /// Starts it with what `mapping` names; the dump is `dump` in the workspace.
    pub(crate) fn start(workspace: &Workspace, mapping: &str, dump: &str, options: &[&str]) -> Self {
        let dump = workspace.path(dump);
        let mut command = workspace.program();
        command.args(["embedded-front", mapping, "--port", "0", "--dump"]).arg(&dump).args(options);
        let mut process = Process(must(command.stdout(Stdio::piped()).spawn(), "embedded Front"));
        let mut stdout = BufReader::new(process.0.stdout.take().expect("stdout is piped"));
        let mut base_url = String::new();
        must(stdout.read_line(&mut base_url), "the embedded Front's first line");
        assert!(base_url.starts_with("http://127.0.0.1:"), "not a base URL: {base_url:?}");
        // reqwest is built without cryptography of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = must(reqwest::Client::builder().no_proxy().build(), "HTTP client");
        let runtime = must(tokio::runtime::Builder::new_current_thread().enable_all().build(), "runtime");
        Self { process, stdout, base_url: base_url.trim().to_owned(), dump, counted: Cell::default(), client, runtime }
    }

    /// Where its API is.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Asks it to end, and requires that no import reached it, accepted or not.
    pub(crate) fn received_nothing(self) {
        let counts = self.stop();
        for count in ["messages", "conversations", "repeats", "refused"] {
            assert_eq!(counts[count], 0, "{count} of {counts}");
        }
    }

    pub(crate) fn dump(&self) -> &Path {
        &self.dump
    }

    /// Messages it has stored so far.
    pub(crate) fn stored(&self) -> usize {
        let (mut offset, mut lines) = self.counted.get();
        let mut dump = must(File::open(&self.dump), self.dump.display());
        must(dump.seek(SeekFrom::Start(offset)), self.dump.display());
        let mut block = vec![0; 1 << 16];
        loop {
            let length = must(dump.read(&mut block), self.dump.display());
            if length == 0 {
                break;
            }
            offset += must(u64::try_from(length), "length");
            lines += memchr::memchr_iter(b'\n', &block[..length]).count();
        }
        self.counted.set((offset, lines));
        lines
    }

    /// `threadlift import` to this Front, with further options.
    pub(crate) fn importing(&self, workspace: &Workspace, mapping: &str, options: &[&str]) -> std::process::Command {
        let mut command = workspace.program();
        command.args(["import", mapping, "--yes", "--quiet", "--json"]).args(options);
        // By the environment, so that the commands that it prints are the same in every run.
        command.env("FRONT_API_TOKEN", TOKEN).env("FRONT_BASE_URL", &self.base_url);
        command
    }

    /// The answer of its API to a path or to a URL of its own.
    pub(crate) fn get(&self, path: &str) -> Value {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base_url) };
        let text = self.runtime.block_on(async {
            let answer = must(self.client.get(&url).bearer_auth(TOKEN).send().await, &url);
            assert_eq!(answer.status().as_u16(), 200, "{url}");
            must(answer.text().await, &url)
        });
        must(serde_json::from_str(&text), url)
    }

    /// The status and the answer of a call with a body, by a token.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base_url);
        let method = must(method.parse::<reqwest::Method>(), method);
        self.runtime.block_on(async {
            let request = self.client.request(method, &url).bearer_auth(token);
            let request = request.header("content-type", "application/json").body(body.to_string());
            let answer = must(request.send().await, &url);
            let status = answer.status().as_u16();
            (status, serde_json::from_str(&must(answer.text().await, &url)).unwrap_or_default())
        })
    }

    /// The same by the token of the import.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.call(method, path, TOKEN, body)
    }

    /// All results of a list, page by page.
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let mut results = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path);
            results.extend(page["_results"].as_array().cloned().unwrap_or_default());
            next = page["_pagination"]["next"].as_str().map(str::to_owned);
        }
        results
    }

    /// Asks it to end; gives what it counted.
    pub(crate) fn stop(mut self) -> Value {
        self.process.terminate();
        let mut last = String::new();
        must(self.stdout.read_to_string(&mut last), "the embedded Front's last line");
        let status = self.process.wait();
        assert!(status.success(), "embedded Front: {status}");
        must(serde_json::from_str(last.trim()), last)
    }
}

/// A process that is killed when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    /// Starts a command whose stdout and stderr go into files, so that no full pipe can hold it up.
    pub(crate) fn start(command: &mut std::process::Command, output: &Path) -> Self {
        let out = must(File::create(output), output.display());
        let both = must(out.try_clone(), output.display());
        Self(must(command.stdin(Stdio::null()).stdout(out).stderr(both).spawn(), "process"))
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        terminate(&self.0);
    }

    /// SIGKILL; harmless if it has ended by itself.
    pub(crate) fn kill(&mut self) -> ExitStatus {
        must(self.0.kill(), "kill");
        self.wait()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        must(self.0.try_wait(), "process").is_some()
    }

    /// Its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut ended = None;
        poll(PATIENCE, "the end of a process", || {
            ended = must(self.0.try_wait(), "process");
            ended.is_some()
        });
        ended.expect("polled until it is there")
    }
}

/// Sends SIGTERM to a process that was not waited for. The shell's own `kill` needs no program that a small machine may lack.
pub(crate) fn terminate(child: &Child) {
    let status = std::process::Command::new("sh").args(["-c", "kill -TERM \"$0\"", &child.id().to_string()]).status();
    assert!(must(status, "sh").success(), "the process has ended already");
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
