//! One import that is killed again and again.

use super::exports::{external_id, lines, more_mails, plan, sent_otherwise};
use super::happened::Happened;
use super::support::books::{answered, figure};
use super::support::chance::Chance;
use super::support::compare::Compared;
use super::support::front::{Front, PATIENCE, Process};
use super::support::{Workspace, must, poll};
use super::weather::{AIMS, Aim, FAULTS, FAULTS_OF_READS};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

pub(crate) const DEMO: &str = "mappings/demo.toml";

/// Moments are waited for no longer: then the kill comes as it is.
const MOMENT: Duration = Duration::from_secs(4);

/// Runs without kills until nothing is open any more: each may meet an outage of its own.
const LAST_RUNS: usize = 20;

/// One import, from its first plan to its end.
pub(crate) struct Scene {
    workspace: Workspace,
    front: Front,
    chance: Chance,
    planned: usize,
    /// How long a plan takes.
    planning: Duration,
    /// Messages get lost after their 202, the mapping changes, sled's folder is deleted.
    is_wild: bool,
    /// Messages that Front had when the mapping changed.
    changed_at: Option<usize>,
    happened: Happened,
}

impl Scene {
    pub(crate) fn new(seed: u64, is_wild: bool) -> Self {
        let workspace = Workspace::with_samples();
        let send = "in_flight = 6\nper_resource = 1000000\nshare = 1.0\nreserve = 0\nsettle = \"250ms\"\npatience = \"1500ms\"\n";
        workspace.set_send(DEMO, send);
        workspace.write("samples/mail/more.mbox", more_mails());
        let began = Instant::now();
        let planned = plan(&workspace, "plan-1.jsonl");
        let planning = began.elapsed();
        let mut options: Vec<String> = FAULTS.iter().flat_map(|fault| ["--fault".into(), (*fault).into()]).collect();
        options.extend(FAULTS_OF_READS.iter().flat_map(|fault| ["--fault-reads".into(), (*fault).into()]));
        if is_wild {
            options.extend(["--fault", "lost=0.02", "--fault", "no-uid=0.02"].map(str::to_owned));
        }
        let mut chance = Chance(seed);
        let latency = (2 + chance.below(15)).to_string();
        options.extend(
            ["--seed", &seed.to_string(), "--latency-ms", &latency, "--appear-after-ms", "150"].map(str::to_owned),
        );
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let front = Front::start(&workspace, DEMO, "dump.jsonl", &options);
        let happened = Happened { scenes: 1, ..Happened::default() };
        Self { workspace, front, chance, planned, planning, is_wild, changed_at: None, happened }
    }

    fn ledger(&self) -> PathBuf {
        self.workspace.path(DEMO).with_extension("ledger")
    }

    fn journal_length(&self) -> u64 {
        fs::metadata(self.ledger().join("journal.jsonl")).map_or(0, |file| file.len())
    }

    /// sled is writing a snapshot, or a kill has left one half-written.
    fn is_snapshot_half_written(&self) -> bool {
        let is_half = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".generating");
        let items = ["sled", "sled.new"].into_iter().filter_map(|folder| fs::read_dir(self.ledger().join(folder)).ok());
        items.flatten().any(|item| item.is_ok_and(|item| is_half(item.file_name())))
    }

    /// Without what a former kill has left of a snapshot, so that it is not taken for that of the next.
    fn forget_snapshots(&self) {
        let items = fs::read_dir(self.ledger().join("sled")).into_iter().flatten().flatten();
        items.filter(|item| item.file_name().to_string_lossy().ends_with(".generating")).for_each(|item| {
            must(fs::rename(item.path(), self.ledger().join("sled/half")), "snapshot");
        });
    }

    fn import(&self) -> Process {
        let mut command = self.front.importing(&self.workspace, DEMO, &["--create-tags"]);
        Process::start(&mut command, &self.workspace.path("import.out"))
    }

    /// What the last import said.
    fn said(&self) -> String {
        fs::read_to_string(self.workspace.path("import.out")).unwrap_or_default()
    }

    fn wait_for(&mut self, process: &mut Process, jitter_us: usize, mut is_time: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + MOMENT;
        while !is_time(self) && !process.has_ended() && Instant::now() < deadline {
            // No pause: the moments that are aimed at last a millisecond.
            std::thread::yield_now();
        }
        let jitter = must(u64::try_from(self.chance.below(jitter_us + 1)), "jitter");
        std::thread::sleep(Duration::from_micros(jitter));
    }

    /// Kills once. Did it land?
    fn kill(&mut self, aim: Aim) -> bool {
        let before = (self.front.stored(), self.journal_length());
        let mut process = match aim {
            Aim::Plan => {
                let mut command = self.workspace.program();
                command.args(["plan", DEMO, "--quiet", "--requests", "killed.jsonl"]);
                Process::start(&mut command, &self.workspace.path("import.out"))
            }
            _ => self.import(),
        };
        let micros = |time: Duration| must(usize::try_from(time.as_micros()), "microseconds");
        match aim {
            Aim::Plan => self.wait_for(&mut process, micros(self.planning), |_| true),
            Aim::Open => self.wait_for(&mut process, micros(self.planning) / 2, |_| true),
            Aim::Snapshot => self.wait_for(&mut process, 0, Self::is_snapshot_half_written),
            Aim::Sending => {
                let target = before.0 + 1 + self.chance.below(4);
                self.wait_for(&mut process, 8_000, |scene| scene.front.stored() >= target);
            }
            Aim::Journal => {
                let target = before.1 + must(u64::try_from(1 + self.chance.below(4_000)), "bytes");
                self.wait_for(&mut process, 200, |scene| scene.journal_length() >= target);
            }
            Aim::Confirming => {
                let mut end = before.1;
                let is_seen = |scene: &Self| {
                    let facts = fs::read(scene.ledger().join("journal.jsonl")).unwrap_or_default();
                    let new = facts.get(must(usize::try_from(before.1), "length")..).unwrap_or_default();
                    let is_longer = new.len() as u64 > end - before.1;
                    end = before.1 + new.len() as u64;
                    is_longer && memchr::memmem::find(new, b"{\"confirmed\"").is_some()
                };
                self.wait_for(&mut process, 5_000, is_seen);
            }
            Aim::Close => {
                let target = before.0 + self.chance.below(3);
                self.wait_for(&mut process, 20_000, |scene| {
                    scene.front.stored() >= target && scene.journal_length() > before.1
                });
                if !process.has_ended() {
                    process.terminate();
                }
                self.wait_for(&mut process, 60_000, |_| true);
            }
        }
        let status = process.kill();
        if status.signal().is_none() {
            // Ended before the kill, as an import does that has met faults.
            assert!(matches!(status.code(), Some(0 | 4 | 7 | 130)), "{status}: {}", self.said());
            return false;
        }
        let in_snapshot = self.is_snapshot_half_written();
        let words = match aim {
            Aim::Snapshot if !in_snapshot => "beside sled's snapshot".to_owned(),
            _ if in_snapshot => format!("in sled's snapshot ({aim:?})"),
            _ => format!("at {aim:?}"),
        };
        *self.happened.kills.entry(words).or_default() += 1;
        true
    }

    fn command(&self, options: &[&str], ledger: Option<&Path>) -> (i32, Value, String) {
        let mut command = self.workspace.program();
        command.args(options).args([DEMO, "--quiet", "--json"]);
        if let Some(ledger) = ledger {
            command.arg("--ledger").arg(ledger);
        }
        let output = must(command.stdin(Stdio::null()).output(), options.concat());
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().unwrap_or_else(|| panic!("{options:?}: {}", output.status));
        (code, serde_json::from_slice(&output.stdout).unwrap_or_default(), complaint)
    }

    /// After a kill the books balance, and cover whatever Front holds. Asked of a copy: a look repairs what a kill has left,
    /// and the next import is to find it as it is.
    fn check_books(&self) -> Value {
        let copy = self.workspace.path("copy.ledger");
        let _ = fs::remove_dir_all(&copy);
        for item in walkdir::WalkDir::new(self.ledger()) {
            let item = must(item, "ledger");
            let to = copy.join(must(item.path().strip_prefix(self.ledger()), "below"));
            if item.file_type().is_dir() {
                must(fs::create_dir_all(to), "folder");
            } else {
                must(fs::copy(item.path(), to), "file");
            }
        }
        let (code, status, complaint) = self.command(&["status"], Some(&copy));
        assert!(matches!(code, 0 | 3 | 7), "{code}: {complaint}");
        assert_eq!(status["balanced"], true, "{status}");
        let (taken, open) = (answered(&status), figure(&status, "unknown") + figure(&status, "refused"));
        let stored = self.front.stored();
        assert!(self.is_wild || taken <= stored, "{taken} accepted, and Front holds {stored}");
        assert!(stored <= taken + open, "Front holds {stored}; {taken} accepted, {open} unknown or refused");
        assert_eq!(taken + open + figure(&status, "pending"), self.planned, "{status}");
        status
    }

    /// Tags that all messages get from now on. What is of unknown fate goes out as another request, and the user is told of
    /// exactly those.
    fn change_tags(&mut self) {
        let unknown = figure(&self.check_books(), "unknown") as u64;
        self.workspace.replace(DEMO, "tags = [\"legacy\"]", "tags = [\"legacy\", \"changed\"]");
        assert_eq!(plan(&self.workspace, "plan-2.jsonl"), self.planned, "tags change no more than tags");
        self.changed_at = Some(self.front.stored());
        self.happened.changed = unknown;
        for run in 1.. {
            let mut command = self.front.importing(&self.workspace, DEMO, &["--create-tags", "--max-requests", "60"]);
            let code = Process::start(&mut command, &self.workspace.path("import.out")).wait().code();
            // Front may fail before anything is sent.
            if code == Some(4) && run < LAST_RUNS {
                continue;
            }
            let said = self.said();
            assert!(matches!(code, Some(0 | 6 | 7)), "{code:?}: {said}");
            assert_eq!(sent_otherwise(&said), unknown, "{said}");
            break;
        }
    }

    /// The lines of the plan that was in force when each message came to Front.
    fn plan_as_sent(&self) -> PathBuf {
        let (first, to) = (self.workspace.path("plan-1.jsonl"), self.workspace.path("plan-sent.jsonl"));
        let Some(changed_at) = self.changed_at else { return first };
        let dump = must(fs::read_to_string(self.front.dump()), "dump");
        let ids = dump.lines().take(changed_at).map(|line| external_id(&must(serde_json::from_str(line), "dump")));
        let before: BTreeSet<String> = ids.collect();
        let earlier: HashMap<String, String> =
            lines(&first).map(|line| (external_id(&must(serde_json::from_str(&line), "plan")), line)).collect();
        let mut out = must(File::create(&to), "plan-sent.jsonl");
        for line in lines(&self.workspace.path("plan-2.jsonl")) {
            let id = external_id(&must(serde_json::from_str(&line), "plan"));
            let line = if before.contains(&id) { &earlier[&id] } else { &line };
            must(writeln!(out, "{line}"), "plan-sent.jsonl");
        }
        to
    }

    /// Kills until enough have landed or almost everything is there.
    pub(crate) fn kill_all_along(&mut self, wanted: usize, is_time_up: impl Fn() -> bool) {
        // The first plan of all is killed, too; there are no books yet.
        for _ in 0..2 {
            self.kill(Aim::Plan);
        }
        self.kill(Aim::Open);
        let (code, _, complaint) = self.command(&["plan"], None);
        assert_eq!(code, 0, "{complaint}");
        let mut tried = 0;
        while self.happened.landed() < wanted && tried < 3 * wanted && !is_time_up() {
            tried += 1;
            self.forget_snapshots();
            let aim = AIMS[self.chance.below(AIMS.len())];
            self.kill(aim);
            self.check_books();
            if self.is_wild && self.changed_at.is_none() && 2 * self.happened.landed() > wanted {
                self.change_tags();
            }
            if self.is_wild && self.chance.below(12) == 0 {
                must(fs::remove_dir_all(self.ledger().join("sled")), "sled");
                let (code, _, complaint) = self.command(&["ledger", "rebuild"], None);
                assert_eq!(code, 0, "{complaint}");
                self.check_books();
            }
            if self.chance.below(8) == 0 {
                let (code, _, complaint) = self.command(&["status"], None);
                assert!(matches!(code, 0 | 3 | 7), "{code}: {complaint}");
            }
        }
    }

    /// Runs to the end without kills, with all faults on, and asks everyone.
    pub(crate) fn finish(mut self) -> Happened {
        for run in 1.. {
            let mut import = self.import();
            let mut status = None;
            poll(PATIENCE, "the end of an import", || {
                status = import.has_ended().then(|| import.wait());
                status.is_some()
            });
            let code = status.and_then(|status| status.code());
            let said = self.said();
            if code == Some(0) {
                break;
            }
            assert!(matches!(code, Some(4 | 7)) && run < LAST_RUNS, "{code:?} in run {run}: {said}");
        }
        let (code, status, complaint) = self.command(&["status"], None);
        assert_eq!(code, 0, "{complaint}");
        assert_eq!(status["balanced"], true, "{status}");
        assert_eq!(figure(&status, "confirmed"), self.planned, "{status}");
        for open in ["accepted", "different", "missing", "pending", "unknown", "refused"] {
            assert_eq!(figure(&status, open), 0, "{open} in {status}");
        }
        let (code, checked, complaint) = self.command(&["ledger", "check"], None);
        assert_eq!(code, 0, "{complaint}\n{checked}");

        let plan = self.plan_as_sent();
        let compared = Compared::of(&plan, self.front.dump());
        compared.assert_equal();
        assert_eq!(must(usize::try_from(compared.dumped), "count"), self.planned);
        let refs: BTreeSet<&String> = compared.thread_refs.values().collect();
        let refs = refs.len() as u64;

        let counted = self.front.stop();
        let count = |name: &str| counted[name].as_u64().unwrap_or_else(|| panic!("no {name} in {counted}"));
        assert_eq!(
            (count("messages"), count("conversations"), count("refused")),
            (compared.dumped, refs, 0),
            "{counted}"
        );
        let changed = count("changed_repeats");
        assert!(changed == 0 || self.happened.changed > 0, "a message was sent again with other bytes: {counted}");
        // Of a message that Front lost nobody can know that its conversation is late.
        assert!(self.is_wild || count("hurried") == 0, "a second message did not wait: {counted}");
        for name in ["messages", "conversations", "imports", "reads", "repeats", "changed_repeats", "lost", "hurried"] {
            self.happened.counted.insert(name, count(name));
        }
        let faults = counted["faults"].as_object().into_iter().flatten();
        self.happened.faults = faults.map(|(name, count)| (name.clone(), count.as_u64().unwrap_or_default())).collect();
        self.happened
    }
}
