//! No room while planning and while sending: a clean stop that says how much is needed, and nothing lost or doubled afterwards.
//!
//! The limit on file sizes stands in everywhere for a full disk; a real one, a small tmpfs, is used where this user may mount one.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::front::{FULL_SPEED, Front, PATIENCE, Process, TOKEN};
use support::{Workspace, mails, must, poll};

const MAILS: usize = 1_500;

fn scene() -> (Workspace, Front) {
    scene_with("", &[])
}

/// A scene in which sending takes long enough for something to happen meanwhile.
fn slow_scene() -> (Workspace, Front) {
    scene_with("in_flight = 4\n", &["--latency-ms", "10"])
}

fn scene_with(pace: &str, options: &[&str]) -> (Workspace, Front) {
    let workspace = Workspace::empty();
    let mapping = format!(
        "version = 1\n\n[target]\ninbox = \"Support\"\n\n[ours]\naddresses = [\"bob@y.example\"]\n\n[send]\n{pace}{FULL_SPEED}\n\
         [[source]]\nname = \"mail\"\nformat = \"mbox\"\npath = \"mail.mbox\"\n"
    );
    workspace.write("m.toml", mapping);
    workspace.write("mail.mbox", (0..MAILS).flat_map(|number| mails::numbered(number, "")).collect::<Vec<u8>>());
    let front = Front::start(&workspace, "m.toml", "front.jsonl", options);
    (workspace, front)
}

/// The program; with a limit no file may grow beyond so many blocks of 512 bytes.
fn program(workspace: &Workspace, front: &Front, command: &str, limit: Option<u64>, ledger: &Path) -> Command {
    let limit = limit.map_or_else(String::new, |blocks| format!("ulimit -f {blocks};"));
    let mut shell = Command::new("sh");
    // Ignored, the signal becomes an error of the write.
    let line = format!("trap '' XFSZ; {limit} exec \"$0\" {command} m.toml --quiet --ledger \"$1\"");
    shell.args(["-c", &line]).arg(assert_cmd::cargo::cargo_bin!("threadlift")).arg(ledger);
    shell.current_dir(workspace.path("")).env("FRONT_API_TOKEN", TOKEN).env("FRONT_BASE_URL", front.base_url());
    shell.stdin(Stdio::null());
    shell
}

/// Runs the program to its end.
fn run(workspace: &Workspace, front: &Front, command: &str, limit: Option<u64>, ledger: &Path) -> Output {
    must(program(workspace, front, command, limit, ledger).output(), command)
}

fn ended_with(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}{}", String::from_utf8_lossy(&output.stdout));
    assert!(!text.contains("panicked"), "{text}");
    text
}

fn says_what_is_needed(text: &str, words: &str) {
    for piece in ["there is no room for the ledger", words, " MB", "run the same command again"] {
        assert!(text.contains(piece), "{piece:?} is missing in: {text}");
    }
}

fn all_is_there_once(front: Front) {
    let counts = front.stop();
    assert_eq!(counts["messages"], MAILS, "{counts}");
    assert_eq!(counts["changed_repeats"], 0, "{counts}");
}

#[test]
fn where_files_may_not_grow_planning_and_sending_stop_cleanly_and_go_on_later() {
    let (workspace, front) = scene();
    let ledger = workspace.path("m.ledger");
    let planned = run(&workspace, &front, "plan", Some(200), &ledger);
    says_what_is_needed(&ended_with(&planned, 5), "ulimit -f");
    ended_with(&run(&workspace, &front, "plan", None, &ledger), 0);
    // The index fits, and what is to be sent does not.
    let sent = run(&workspace, &front, "import --yes", Some(2_800), &ledger);
    says_what_is_needed(&ended_with(&sent, 5), "ulimit -f");
    assert!(front.stored() < MAILS);
    ended_with(&run(&workspace, &front, "import --yes", None, &ledger), 0);
    ended_with(&run(&workspace, &front, "ledger check", None, &ledger), 0);
    all_is_there_once(front);
}

/// A tmpfs, which is taken away again.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: PathBuf, options: &str) -> Option<Self> {
        must(std::fs::create_dir_all(&path), "mount point");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&path).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What cannot be taken away goes with the machine.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_stops_planning_and_sending_cleanly_and_a_read_only_one_is_named() {
    let (workspace, front) = scene();
    let Some(disk) = Disk::mount(workspace.path("disk"), "size=8m,mode=700") else {
        eprintln!("skipped: this user may not mount a tmpfs; the limit on file sizes stands in for it");
        return;
    };
    let ledger = disk.0.join("led");
    let ballast = disk.0.join("ballast");
    let fill = |left: usize| {
        let _ = std::fs::remove_file(&ballast);
        let free = free_bytes(&disk.0);
        must(std::fs::write(&ballast, vec![1; free.saturating_sub(left)]), "ballast");
    };
    fill(300 << 10);
    says_what_is_needed(&ended_with(&run(&workspace, &front, "plan", None, &ledger), 5), "make room on that disk");
    must(std::fs::remove_file(&ballast), "ballast");
    ended_with(&run(&workspace, &front, "plan", None, &ledger), 0);
    fill(64 << 10);
    let sent = run(&workspace, &front, "import --yes", None, &ledger);
    says_what_is_needed(&ended_with(&sent, 5), "make room on that disk");
    assert!(front.stored() < MAILS);
    must(std::fs::remove_file(&ballast), "ballast");
    let remount = |how: &str| {
        let status = Command::new("mount").args(["-o", how]).arg(&disk.0).status();
        assert!(must(status, "mount").success());
    };
    remount("remount,ro");
    for command in ["status", "import --yes", "ledger check"] {
        let text = ended_with(&run(&workspace, &front, command, None, &ledger), 5);
        assert!(text.contains("must lie on a file system that can be written"), "{command}: {text}");
    }
    remount("remount,rw");
    ended_with(&run(&workspace, &front, "import --yes", None, &ledger), 0);
    all_is_there_once(front);
}

/// Free bytes, as `df` tells them.
fn free_bytes(path: &Path) -> usize {
    let output = must(Command::new("df").args(["-Pk"]).arg(path).output(), "df");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let free = text
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(3))
        .and_then(|kilobytes| kilobytes.parse::<usize>().ok());
    free.expect("df tells what is free") << 10
}

/// Starts an import, and when Front has stored `more` messages, calls `fill` with its process id. Whatever it meets then it must
/// end, and say what is needed. Was it stopped before all was sent?
fn import_until_full(workspace: &Workspace, front: &Front, ledger: &Path, more: usize, fill: impl FnOnce(u32)) -> bool {
    let wanted = (front.stored() + more).min(MAILS);
    let out = workspace.path("import.out");
    let mut import = Process::start(&mut program(workspace, front, "import --yes --no-verify", None, ledger), &out);
    poll(PATIENCE, "messages", || front.stored() >= wanted || import.has_ended());
    fill(import.0.id());
    let status = import.wait();
    let text = must(std::fs::read_to_string(&out), "output");
    assert!(!text.contains("panicked"), "{text}");
    match status.code() {
        Some(0) => false,
        Some(5) => {
            says_what_is_needed(&text, "by about");
            true
        }
        _ => panic!("{status}: {text}"),
    }
}

#[test]
fn a_disk_that_something_else_fills_while_messages_are_sent_stops_them_cleanly_and_they_go_on_later() {
    let (workspace, front) = slow_scene();
    let Some(disk) = Disk::mount(workspace.path("disk"), "size=16m,mode=700") else {
        eprintln!("skipped: this user may not mount a tmpfs; the limit on file sizes stands in for it");
        return;
    };
    let ledger = disk.0.join("led");
    let ballast = disk.0.join("ballast");
    ended_with(&run(&workspace, &front, "plan", None, &ledger), 0);
    let mut stopped = 0;
    for left in [0, 12, 40, 100] {
        // What the import takes meanwhile is missing here; then the disk is full all the same.
        let fill = |_| drop(std::fs::write(&ballast, vec![1; free_bytes(&disk.0).saturating_sub(left << 10)]));
        stopped += usize::from(import_until_full(&workspace, &front, &ledger, 100, fill));
        must(std::fs::remove_file(&ballast), "ballast");
        ended_with(&run(&workspace, &front, "ledger check", None, &ledger), 0);
    }
    assert!(stopped >= 3, "only {stopped} imports met a full disk");
    ended_with(&run(&workspace, &front, "import --yes", None, &ledger), 0);
    all_is_there_once(front);
}

#[cfg(target_os = "linux")]
#[test]
fn where_journal_and_index_may_not_grow_any_more_while_messages_are_sent_they_stop_cleanly_and_go_on_later() {
    let (workspace, front) = slow_scene();
    let ledger = workspace.path("m.ledger");
    ended_with(&run(&workspace, &front, "plan", None, &ledger), 0);
    let mut stopped = 0;
    // Little room stops the journal first; with more the index, which is larger, meets the limit before.
    for room in [0, 2 << 10, 100 << 10, 150 << 10] {
        let stop_growth = |pid: u32| {
            let journal = must(std::fs::metadata(ledger.join("journal.jsonl")), "journal").len();
            let limit = rustix::process::Rlimit { current: Some(journal + room), maximum: None };
            let pid = rustix::process::Pid::from_raw(must(i32::try_from(pid), "pid"));
            // One that has ended by itself has no limits any more.
            let _ = rustix::process::prlimit(pid, rustix::process::Resource::Fsize, limit);
        };
        stopped += usize::from(import_until_full(&workspace, &front, &ledger, 50, stop_growth));
        ended_with(&run(&workspace, &front, "ledger check", None, &ledger), 0);
    }
    assert!(stopped >= 3, "only {stopped} imports met the limit");
    ended_with(&run(&workspace, &front, "import --yes", None, &ledger), 0);
    all_is_there_once(front);
}
