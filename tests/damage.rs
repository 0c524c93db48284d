//! A ledger whose files were damaged says so, or still tells the truth: never a wrong answer, never a panic, and it can be mended.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use support::chance::Chance;
use support::{Workspace, mails, must};
use tempfile::TempDir;
use threadlift::ledger::{Counts, Ledger, LedgerError, Pin, State, Target, hush_index_panics};

const MESSAGES: u64 = 300;

const MAPPING: &str = "version = 1\n\n[target]\ninbox = \"Support\"\n\n[ours]\naddresses = [\"bob@y.example\"]\n\n\
                       [[source]]\nname = \"mail\"\nformat = \"mbox\"\npath = \"mail.mbox\"\n";

/// A sound ledger, and what it says.
struct Truth {
    workspace: Workspace,
    counts: Counts,
    states: Vec<State>,
    pins: BTreeMap<String, Pin>,
}

impl Truth {
    /// Planned by the program, then marked as an import marks it.
    fn new() -> Self {
        hush_index_panics();
        let workspace = Workspace::empty();
        workspace.write("m.toml", MAPPING);
        let mailbox: Vec<u8> =
            (0..MESSAGES).flat_map(|number| mails::numbered(must(usize::try_from(number), "number"), "")).collect();
        workspace.write("mail.mbox", mailbox);
        workspace.threadlift().args(["plan", "m.toml", "--quiet"]).assert().code(0);
        let ledger = must(unlocked(|| Ledger::open_existing(&workspace.path("m.ledger"))), "ledger");
        let inboxes = BTreeMap::from([("Support".to_owned(), "inb_1".to_owned())]);
        let target = Target {
            company_id: "cmp_1".into(),
            company_name: "Acme".into(),
            base_url: "https://api2.frontapp.com".into(),
            inboxes,
        };
        must(ledger.bind(&target), "bind");
        for position in 0..MESSAGES - 40 {
            let mark = |state| must(ledger.mark(&[(position, state)]), "mark");
            mark(State::Sending);
            let accepted = State::Accepted { uid: format!("uid{position}") };
            match position % 7 {
                0 => mark(State::Refused { status: 400, cause: "no".into() }),
                1 => mark(State::Unknown { why: "reset".into() }),
                2 => mark(accepted),
                _ => {
                    mark(accepted);
                    mark(State::Confirmed {
                        message_id: format!("msg_{position}"),
                        conversation_id: format!("cnv_{position}"),
                        differs: None,
                    });
                }
            }
        }
        must(ledger.write_summary("at rest", serde_json::Value::Null), "summary");
        must(ledger.close(), "close");
        // Opened and closed once more, so that sled has a snapshot.
        let ledger = must(unlocked(|| Ledger::open_existing(&workspace.path("m.ledger"))), "ledger");
        let states = must(ledger.states(0..MESSAGES), "states").map(|item| must(item, "state").1).collect();
        let pins = must(ledger.pins(), "pins").map(|pin| must(pin, "pin")).map(|pin| (pin.external_id.clone(), pin));
        let (counts, pins) = (ledger.counts(), pins.collect());
        must(ledger.close(), "close");
        wait_until_closed(&workspace.path("m.ledger"));
        Self { workspace, counts, states, pins }
    }

    fn ledger(&self) -> PathBuf {
        self.workspace.path("m.ledger")
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        must(fs::read(self.ledger().join(file)), file)
    }

    /// sled's snapshot.
    fn snapshot(&self) -> String {
        let names = must(fs::read_dir(self.ledger().join("sled")), "sled").map(|item| must(item, "sled").file_name());
        let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        format!("sled/{}", names.iter().find(|name| name.starts_with("snap.")).expect("a snapshot"))
    }

    /// A copy of the ledger with one file replaced or, with nothing, removed.
    fn with(&self, file: &str, bytes: Option<&[u8]>) -> TempDir {
        let copy = must(tempfile::tempdir(), "copy");
        for item in walkdir::WalkDir::new(self.ledger()).min_depth(1) {
            let item = must(item, "ledger");
            let to = copy.path().join("m.ledger").join(must(item.path().strip_prefix(self.ledger()), "below"));
            if item.file_type().is_dir() {
                must(fs::create_dir_all(to), "folder");
            } else {
                must(fs::create_dir_all(to.parent().expect("a parent")), "folder");
                must(fs::copy(item.path(), to), "file");
            }
        }
        let path = copy.path().join("m.ledger").join(file);
        match bytes {
            Some(bytes) => must(fs::write(path, bytes), file),
            None => must(fs::remove_file(path), file),
        }
        copy
    }

    /// What a damaged ledger answers is true, or an error that names the damage. Was everything answered?
    fn is_told_by(&self, dir: &Path, what: &str) -> bool {
        let ledger = match unlocked(|| Ledger::open_existing(dir)) {
            Ok(ledger) => ledger,
            Err(error) => {
                named(&error, what);
                return false;
            }
        };
        let mut is_whole = true;
        if ledger.plan().is_some() {
            assert_eq!(ledger.counts(), self.counts, "{what}");
            for position in 0..MESSAGES {
                match ledger.state(position) {
                    Ok(state) => assert_eq!(state, self.states[must(usize::try_from(position), "position")], "{what}"),
                    Err(error) => is_whole &= named(&error, what),
                }
                if let Err(error) = ledger.entry(position) {
                    is_whole &= named(&error, what);
                }
            }
        } else {
            is_whole = false;
            assert!(ledger.index_lost().is_some(), "{what}: a plan that is gone is not said to be");
        }
        match ledger.pins().map(Iterator::collect::<Vec<_>>) {
            Err(error) => is_whole &= named(&error, what),
            Ok(pins) => {
                let mut told = BTreeMap::new();
                for pin in pins {
                    match pin {
                        Ok(pin) => drop(told.insert(pin.external_id.clone(), pin)),
                        Err(error) => is_whole &= named(&error, what),
                    }
                }
                assert!(told == self.pins || !is_whole, "{what}: other pins");
            }
        }
        is_whole
    }

    /// After mending nothing is forgotten of what was sent, save Front's refusals.
    fn is_mended_at(&self, dir: &Path, what: &str) {
        let repair = unlocked(|| Ledger::repair(dir, true));
        match &repair {
            Ok(_) => {}
            Err(LedgerError::Newer { .. }) => return,
            Err(error) => panic!("{what}: {error}"),
        }
        let ledger = must(unlocked(|| Ledger::open_existing(dir)), what);
        let told = must(ledger.pins(), what).map(|pin| must(pin, what));
        let told: BTreeMap<String, Pin> = told.map(|pin| (pin.external_id.clone(), pin)).collect();
        for (id, pin) in &self.pins {
            match (told.get(id), &pin.state) {
                (Some(told), _) => {
                    assert_eq!(
                        (&told.thread_ref, &told.inbox, told.identity),
                        (&pin.thread_ref, &pin.inbox, pin.identity)
                    );
                    let is_true = told.state == pin.state || matches!(told.state, State::Unknown { .. });
                    let is_earlier =
                        matches!((&told.state, &pin.state), (State::Accepted { .. }, State::Confirmed { .. }));
                    assert!(is_true || is_earlier, "{what}: {:?} instead of {:?}", told.state, pin.state);
                }
                (None, State::Refused { .. }) => {}
                (None, _) => panic!("{what}: {id} is forgotten"),
            }
        }
    }

    fn judge(&self, file: &str, bytes: Option<&[u8]>, what: &str) {
        let copy = self.with(file, bytes);
        let dir = copy.path().join("m.ledger");
        let checked = match unlocked(|| Ledger::check(&dir)) {
            Ok(checkup) => checkup.is_sound(),
            Err(error) => !named(&error, what),
        };
        wait_until_closed(&dir);
        let is_whole = self.is_told_by(&dir, what);
        assert!(is_whole || !checked, "{what}: `ledger check` found nothing");
        drop(copy);
        let copy = self.with(file, bytes);
        self.is_mended_at(&copy.path().join("m.ledger"), what);
    }
}

/// A program that another test is just starting holds what this process has open, for a moment.
fn unlocked<T>(mut call: impl FnMut() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
    let mut result = call();
    support::poll(std::time::Duration::from_secs(30), "the lock", || {
        if matches!(result, Err(LedgerError::Locked { .. })) {
            result = call();
        }
        !matches!(result, Err(LedgerError::Locked { .. }))
    });
    result
}

/// The error names a file of the ledger and what to do. Gives false, for `is_whole &=`.
fn named(error: &LedgerError, what: &str) -> bool {
    let is_expected = matches!(error, LedgerError::Damaged { .. } | LedgerError::Newer { .. });
    assert!(is_expected, "{what}: {error}");
    assert!(error.to_string().contains("m.ledger") && error.remedy().len() > 20, "{what}: {error}");
    false
}

/// sled lets go of its files in the background.
fn wait_until_closed(dir: &Path) {
    let Ok(db) = fs::File::open(dir.join("sled/db")) else { return };
    support::poll(std::time::Duration::from_secs(30), "sled to close", || db.try_lock().is_ok());
}

/// Where to damage a file: anywhere, but mostly where something is written.
fn place(chance: &mut Chance, bytes: &[u8]) -> usize {
    for _ in 0..20 {
        let place = chance.below(bytes.len());
        if bytes[place] != 0 {
            return place;
        }
    }
    chance.below(bytes.len())
}

fn flips(truth: &Truth, file: &str, trials: usize) {
    let mut chance = Chance(1);
    let bytes = truth.bytes(file);
    for _ in 0..trials {
        let (place, bit) = (place(&mut chance, &bytes), chance.below(8));
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << bit;
        truth.judge(file, Some(&flipped), &format!("bit {bit} of byte {place} of {file} flipped"));
    }
}

fn zeroes(truth: &Truth, file: &str, trials: usize) {
    let mut chance = Chance(2);
    let bytes = truth.bytes(file);
    for _ in 0..trials {
        let start = place(&mut chance, &bytes) / 4096 * 4096;
        let mut zeroed = bytes.clone();
        zeroed[start..].iter_mut().take(4096).for_each(|byte| *byte = 0);
        truth.judge(file, Some(&zeroed), &format!("4 KB of {file} from byte {start} on zeroed"));
    }
}

fn cuts(truth: &Truth, file: &str, trials: usize) {
    let mut chance = Chance(3);
    let bytes = truth.bytes(file);
    for trial in 0..trials {
        let length = if trial == 0 { 0 } else { chance.below(bytes.len()) };
        truth.judge(file, Some(&bytes[..length]), &format!("{file} cut to {length} bytes"));
    }
}

#[test]
fn a_damaged_journal_is_named_and_mended_from_the_index() {
    let truth = Truth::new();
    flips(&truth, "journal.jsonl", 12);
    zeroes(&truth, "journal.jsonl", 5);
    cuts(&truth, "journal.jsonl", 6);
    truth.judge("journal.jsonl", None, "no journal");
}

#[test]
fn whole_lines_that_are_gone_from_the_journal_are_missed_wherever_they_stood() {
    let truth = Truth::new();
    let bytes = truth.bytes("journal.jsonl");
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let mut chance = Chance(4);
    for trial in 0..4 {
        let at = 1 + chance.below(lines.len() - 2);
        let ends = lines[..at].concat();
        let mut without = lines.clone();
        without.remove(at);
        let mut swapped = lines.clone();
        swapped.swap(at, at - 1);
        for (damaged, what) in [(ends, "cut behind"), (without.concat(), "without"), (swapped.concat(), "swapped at")] {
            let copy = truth.with("journal.jsonl", Some(&damaged));
            let dir = copy.path().join("m.ledger");
            let error = unlocked(|| Ledger::open_existing(&dir)).expect_err("a line is gone");
            named(&error, what);
            truth.judge("journal.jsonl", Some(&damaged), &format!("{what} line {at}, trial {trial}"));
        }
    }
}

#[test]
fn a_damaged_index_is_named_or_harmless_and_mended_from_the_journal() {
    let truth = Truth::new();
    flips(&truth, "sled/db", 20);
    zeroes(&truth, "sled/db", 8);
    cuts(&truth, "sled/db", 8);
    truth.judge("sled/db", None, "no sled/db");
}

#[test]
fn damage_to_what_sled_keeps_beside_its_log_is_named_or_harmless() {
    let truth = Truth::new();
    let snapshot = truth.snapshot();
    for file in ["sled/conf", snapshot.as_str()] {
        flips(&truth, file, 8);
        zeroes(&truth, file, 2);
        cuts(&truth, file, 4);
        truth.judge(file, None, &format!("no {file}"));
    }
    let copy = truth.with("LOCK", None);
    let dir = copy.path().join("m.ledger");
    assert!(truth.is_told_by(&dir, "no LOCK"));
    wait_until_closed(&dir);
    must(fs::remove_dir_all(dir.join("sled")), "sled");
    assert!(!truth.is_told_by(&dir, "no sled"));
    truth.is_mended_at(&dir, "no sled");
}

#[test]
fn damage_to_the_small_files_is_named_or_harmless() {
    let truth = Truth::new();
    for file in ["format", "summary.json"] {
        flips(&truth, file, 6);
        cuts(&truth, file, 2);
        truth.judge(file, None, &format!("no {file}"));
    }
}

#[test]
fn the_program_names_the_damage_or_answers_as_before_and_nobody_sees_a_panic() {
    let truth = Truth::new();
    let mut chance = Chance(5);
    for file in ["journal.jsonl", "sled/db", "sled/conf", &truth.snapshot(), "format"] {
        for trial in 0..2 {
            let mut bytes = truth.bytes(file);
            let at = place(&mut chance, &bytes);
            if trial == 0 {
                bytes[at] ^= 4;
            } else {
                bytes.truncate(at);
            }
            let copy = truth.with(file, Some(&bytes));
            let what = format!("{file} damaged at {at}");
            for command in [&["status", "--json"][..], &["ledger", "check"], &["ledger", "rebuild"]] {
                let mut program = truth.workspace.threadlift();
                let (name, more) = command.split_first().expect("a command");
                program.arg(name).args(if *name == "ledger" { more } else { &[] }).arg("m.toml").arg("--ledger");
                program.arg(copy.path().join("m.ledger")).args(if *name == "ledger" { &[] } else { more });
                let output = must(program.output(), &what);
                let text = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(!text.contains("panicked") && !text.contains("sled-"), "{what}: {text}");
                match output.status.code() {
                    Some(5) => assert!(text.contains("m.ledger") && text.contains("= help:"), "{what}: {text}"),
                    // Refusals make a run incomplete.
                    Some(3) if *name == "status" => {
                        let told: serde_json::Value = must(serde_json::from_slice(&output.stdout), &what);
                        assert_eq!(told["total"]["accepted"], truth.counts.accepted, "{what}");
                        assert_eq!(told["total"]["confirmed"], truth.counts.confirmed, "{what}");
                    }
                    Some(0 | 3) if *name == "ledger" => {}
                    code => panic!("{what}: {command:?} ended with {code:?}: {text}"),
                }
            }
        }
    }
}
