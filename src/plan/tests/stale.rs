//! When a plan no longer stands, and what a plan leaves in the ledger.

use super::*;
use crate::ledger::Ledger;
use crate::plan::{Overview, Settings, overview_of, plan, staleness};
use crate::source;
use std::fs;
use tempfile::TempDir;

/// A mapping over a folder of mails, and its ledger.
struct Folder {
    dir: TempDir,
    ledger: Ledger,
}

const OVER_EML: &str =
    "version = 1\n[target]\ninbox = \"Support\"\n[[source]]\nname = \"old\"\nformat = \"eml\"\npath = \"mails\"\n";

impl Folder {
    fn with(mails: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("mails")).unwrap();
        let ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
        let folder = Self { dir, ledger };
        for number in 0..mails {
            folder.write(&format!("{number:04}.eml"), &letter(&number.to_string(), 0, "", "Hi"));
        }
        folder
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join("mails").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn mapping(&self, more: &str) -> Arc<Mapping> {
        let path = self.dir.path().join("m.toml");
        mapping::parse(&path, &format!("{OVER_EML}{more}")).map(Arc::new).ok().unwrap()
    }

    fn sources(&self) -> Sources {
        Arc::new(source::open_all(&self.mapping("")).unwrap())
    }

    fn plan(&mut self, more: &str) -> Overview {
        let (mapping, sources) = (self.mapping(more), self.sources());
        let settings = Settings { threads: 2, requests: None };
        plan(&mapping, &sources, &mut self.ledger, settings, &Silent, &AtomicBool::new(false)).unwrap()
    }

    fn staleness(&self, more: &str) -> Option<String> {
        staleness(&self.ledger, &self.mapping(more), &self.sources()).unwrap()
    }
}

#[test]
fn a_plan_stands_while_nothing_changes() {
    let mut folder = Folder::with(3);
    assert_eq!(folder.staleness(""), Some("nothing is planned yet".into()));
    let overview = folder.plan("");
    assert_eq!(folder.staleness(""), None);
    assert_eq!(overview_of(folder.ledger.plan().unwrap()).unwrap(), overview);
    assert_eq!((overview.messages, overview.threads, overview.sent_differently), (3, 3, 0));
}

#[test]
fn another_mapping_makes_it_stale() {
    let mut folder = Folder::with(1);
    folder.plan("");
    assert_eq!(folder.staleness("# a remark"), Some("the mapping was changed after it was planned".into()));
}

#[test]
fn a_file_that_is_new_gone_or_changed_makes_it_stale_by_name() {
    type Change = fn(&Folder);
    let changes: [(&str, Change, &str); 4] = [
        (
            "new",
            |folder| folder.write("0000a.eml", &letter("n", 0, "", "Ho")),
            "mails/0000a.eml of source `old` is new",
        ),
        ("last", |folder| folder.write("9.eml", &letter("n", 0, "", "Ho")), "mails/9.eml of source `old` is new"),
        ("gone", |folder| fs::remove_file(folder.path("0001.eml")).unwrap(), "mails/0001.eml of source `old` is gone"),
        (
            "byte",
            |folder| folder.write("0001.eml", &letter("1", 0, "", "Ho")),
            "mails/0001.eml of source `old` is new or was changed",
        ),
    ];
    for (name, change, expected) in changes {
        let mut folder = Folder::with(3);
        folder.plan("");
        change(&folder);
        let why = folder.staleness("").expect(name);
        assert!(why.starts_with(expected), "{name}: {why}");
    }
}

#[test]
fn a_new_name_alone_does_not() {
    let mut folder = Folder::with(3);
    folder.plan("");
    fs::rename(folder.path("0001.eml"), folder.path("0001-renamed.eml")).unwrap();
    assert_eq!(folder.staleness(""), None);
    fs::rename(folder.path("0000.eml"), folder.path("9.eml")).unwrap();
    assert!(folder.staleness("").is_some(), "but another order does: origins count in it");
}

#[test]
fn of_very_many_files_names_and_sizes_are_looked_at() {
    let mut folder = Folder::with(1_001);
    folder.plan("");
    assert_eq!(folder.staleness(""), None);
    folder.write("0500.eml", &letter("500", 0, "", "longer"));
    assert!(folder.staleness("").unwrap().starts_with("1001 files of source `old`"), "{:?}", folder.staleness(""));
}

#[test]
fn the_books_balance_and_what_was_sent_stays_sent_over_plans() {
    let mut folder = Folder::with(3);
    folder.write("bad.eml", "no mail");
    folder.write("copy.eml", &letter("0", 0, "", "Hi"));
    folder.plan("");
    folder.ledger.mark(&[(0, State::Sending), (0, accepted())]).unwrap();
    let overview = folder.plan("[defaults]\ntags = [\"late\"]\n");
    let (_, tally) = folder.ledger.tallies().remove(0);
    assert!(tally.balances());
    assert_eq!((tally.read, tally.accepted, tally.pending, tally.duplicate, tally.rejected), (5, 1, 2, 1, 1));
    assert_eq!(overview.sent_differently, 1);
    assert_eq!(overview.problems.len(), 1);
    assert_eq!((overview.problems[0].place.as_str(), overview.problems[0].count), ("mails/bad.eml", 1));
}

#[test]
fn an_interrupted_plan_leaves_the_former_one() {
    let mut folder = Folder::with(2);
    folder.plan("");
    let settings = Settings { threads: 1, requests: None };
    let (mapping, sources) = (folder.mapping("# other"), folder.sources());
    let stopped = plan(&mapping, &sources, &mut folder.ledger, settings, &Silent, &AtomicBool::new(true));
    assert!(matches!(stopped, Err(crate::plan::PlanError::Interrupted)));
    assert_eq!(folder.staleness(""), None);
}
