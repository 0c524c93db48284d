//! What the integration tests share: a folder of their own to work in, the program, and its JSON lines.

#![allow(dead_code, reason = "each test binary compiles this module and uses its own part of it")]

pub(crate) mod books;
pub(crate) mod browser;
pub(crate) mod chance;
pub(crate) mod compare;
pub(crate) mod desk;
pub(crate) mod expected;
pub(crate) mod front;
pub(crate) mod mails;
pub(crate) mod openapi;
pub(crate) mod real;
pub(crate) mod stub;

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use walkdir::WalkDir;

/// A temporary folder that a test may fill, and in which the program runs.
pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: must(tempfile::tempdir(), "temporary folder") }
    }

    /// A folder with copies of `samples/` and `mappings/`.
    pub(crate) fn with_samples() -> Self {
        let workspace = Self::empty();
        workspace.copy("samples", "samples");
        workspace.copy("mappings", "mappings");
        // The demo's own pace is for a real Front; tests put theirs in its place.
        let demo = must(fs::read_to_string(workspace.path("mappings/demo.toml")), "demo.toml");
        let is_pace = |line: &str| line.starts_with("share ") || line.starts_with("reserve ");
        let demo: Vec<&str> = demo.lines().filter(|line| !is_pace(line)).collect();
        workspace.write("mappings/demo.toml", demo.join("\n") + "\n");
        workspace
    }

    /// Absolute path of something in the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Writes a file, with the folders it needs.
    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        make_parent(&path);
        must(fs::write(&path, content), path.display());
    }

    /// Copies a file or a folder of the repository to a place in this folder. Ledgers stay behind: whoever tried the program there
    /// before has some beside the mappings.
    pub(crate) fn copy(&self, in_repository: &str, to: &str) {
        let from = repository(in_repository);
        let is_ledger = |name: &std::ffi::OsStr| name.to_string_lossy().contains(".ledger");
        for entry in WalkDir::new(&from).into_iter().filter_entry(|entry| !is_ledger(entry.file_name())) {
            let entry = must(entry, from.display());
            if entry.file_type().is_file() {
                let below = must(entry.path().strip_prefix(&from), from.display());
                // Joining an empty path would end a plain file's name in a slash.
                let path = if below.as_os_str().is_empty() { self.path(to) } else { self.path(to).join(below) };
                make_parent(&path);
                must(fs::copy(entry.path(), &path), path.display());
            }
        }
    }

    /// The program, in this folder, without anything that the machine's own environment says about Front.
    pub(crate) fn threadlift(&self) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("threadlift");
        command.current_dir(self.folder.path()).env_remove("FRONT_API_TOKEN").env_remove("FRONT_BASE_URL");
        command
    }

    /// The same program as a plain process, for tests that kill it or run two at once.
    pub(crate) fn program(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_threadlift"));
        command.current_dir(self.folder.path()).env_remove("FRONT_API_TOKEN").env_remove("FRONT_BASE_URL");
        // What a killed program leaves behind goes with the workspace.
        command.env("TMPDIR", self.folder.path());
        command
    }

    /// Replaces a piece of a text file that occurs exactly once.
    pub(crate) fn replace(&self, relative: &str, old: &str, new: &str) {
        let path = self.path(relative);
        let text = must(fs::read_to_string(&path), path.display());
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {relative}");
        self.write(relative, text.replace(old, new));
    }

    /// Gives a mapping whose last section is `[send]` another one, with these lines.
    pub(crate) fn set_send(&self, mapping: &str, lines: &str) {
        let path = self.path(mapping);
        let text = must(fs::read_to_string(&path), path.display());
        let Some((head, _)) = text.split_once("\n[send]\n") else { panic!("no [send] in {mapping}") };
        self.write(mapping, format!("{head}\n[send]\n{lines}"));
    }

    /// Replaces a piece of a text file wherever it occurs.
    pub(crate) fn replace_all(&self, relative: &str, old: &str, new: &str) {
        let path = self.path(relative);
        let text = must(fs::read_to_string(&path), path.display());
        self.write(relative, text.replace(old, new));
    }

    /// Plans `mapping` with a fresh ledger, requires exit code 0, and gives the lines of `--requests`.
    pub(crate) fn plan(&self, mapping: &str) -> Vec<Value> {
        self.plan_that_exits(mapping, 0)
    }

    /// As [`Self::plan`], with another exit code.
    pub(crate) fn plan_that_exits(&self, mapping: &str, code: i32) -> Vec<Value> {
        let out = must(tempfile::tempdir_in(self.folder.path()), "temporary folder");
        let requests = out.path().join("requests.jsonl");
        self.threadlift()
            .args(["plan", mapping, "--requests"])
            .arg(&requests)
            .arg("--ledger")
            .arg(out.path().join("plan.ledger"))
            .assert()
            .code(code);
        read_jsonl(&requests)
    }
}

/// Absolute path of something in the repository.
pub(crate) fn repository(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Waits for something that will come; a test that waits in vain fails.
#[track_caller]
pub(crate) fn poll(patience: Duration, what: &str, mut is_there: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !is_there() {
        assert!(Instant::now() < deadline, "waited {patience:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The values of a file with one JSON value a line.
pub(crate) fn read_jsonl(path: &Path) -> Vec<Value> {
    let text = must(fs::read_to_string(path), path.display());
    text.lines()
        .enumerate()
        .map(|(index, line)| must(serde_json::from_str(line), format_args!("{}:{}", path.display(), index + 1)))
        .collect()
}

/// Ends the test, naming what went wrong, unless it went well.
pub(crate) fn must<T, E: Display>(result: Result<T, E>, what: impl Display) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn make_parent(path: &Path) {
    if let Some(parent) = path.parent() {
        must(fs::create_dir_all(parent), parent.display());
    }
}
