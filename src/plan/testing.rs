//! A folder of mails with its mapping, for tests of planning and of what follows it.

use super::{Overview, PlanDiff, PlanError, Rebuilder, Settings, plan, staleness};
use crate::event::Silent;
use crate::ledger::Ledger;
use crate::mapping::{self, Mapping};
use crate::source::{self, Source};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

const MAPPING: &str =
    "version = 1\n[target]\ninbox = \"Support\"\n[[source]]\nname = \"old\"\nformat = \"eml\"\npath = \"mails\"\n";

/// The folder `mails`, one mail a file, and a place for a ledger beside it. The mapping is always the same but for
/// the `more` that is given.
pub(crate) struct Folder {
    dir: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("mails")).unwrap();
        Self { dir }
    }

    /// Path of a mail.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("mails").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn open_ledger(&self) -> Ledger {
        Ledger::open(&self.dir.path().join("ledger")).unwrap()
    }

    /// Takes the ledger's index away, as a disk that was full or a kill might.
    pub(crate) fn lose_index(&self) {
        fs::remove_dir_all(self.dir.path().join("ledger/sled")).unwrap();
    }

    pub(crate) fn mapping(&self, more: &str) -> Arc<Mapping> {
        let path = self.dir.path().join("m.toml");
        mapping::parse(&path, &format!("{MAPPING}{more}")).map(Arc::new).ok().unwrap()
    }

    fn sources(&self, more: &str) -> Arc<Vec<Box<dyn Source>>> {
        Arc::new(source::open_all(&self.mapping(more)).unwrap())
    }

    pub(crate) fn plan(&self, ledger: &mut Ledger, more: &str) -> Overview {
        self.plan_unless(ledger, more, &AtomicBool::new(false)).unwrap()
    }

    /// Plans unless it is stopped.
    pub(crate) fn plan_unless(
        &self,
        ledger: &mut Ledger,
        more: &str,
        stop: &AtomicBool,
    ) -> Result<Overview, PlanError> {
        let settings = Settings::new(2, None);
        plan(&self.mapping(more), &self.sources(more), ledger, settings, &Silent, stop)
    }

    /// Plans, and says how the plan differs from the one before.
    pub(crate) fn plan_and_compare(&self, ledger: &mut Ledger, more: &str) -> PlanDiff {
        let mut diff = PlanDiff::default();
        let settings = Settings { diff: Some(&mut diff), ..Settings::new(2, None) };
        plan(&self.mapping(more), &self.sources(more), ledger, settings, &Silent, &AtomicBool::new(false)).unwrap();
        diff
    }

    pub(crate) fn staleness(&self, ledger: &Ledger, more: &str) -> Option<String> {
        staleness(ledger, &self.mapping(more), &self.sources(more)).unwrap()
    }

    pub(crate) fn rebuilder(&self, more: &str) -> Rebuilder {
        Rebuilder::new(self.mapping(more), self.sources(more))
    }
}
