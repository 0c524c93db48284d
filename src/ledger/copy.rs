//! A ledger for a rehearsal: thrown away each time, with the ids, threads and inboxes of the real one where there is one.

use super::effect::{EffectChange, EffectEnd, EffectFact};
use super::entry::State;
use super::fact::Fact;
use super::{Ledger, LedgerError, home};
use std::path::Path;

/// Facts that are written together.
const BATCH: usize = 4_096;

/// Why a message is to be sent in a rehearsal that Front has already.
const REHEARSED: &str = "sent before; a rehearsal sends it to a Front that has nothing yet";

impl Ledger {
    /// Removes the ledger at `dir`; does nothing if there is none.
    ///
    /// # Errors
    /// [`LedgerError::Locked`], [`LedgerError::NotALedger`] if something else lies there, or what the system refuses.
    pub fn remove(dir: &Path) -> Result<(), LedgerError> {
        match Self::open_existing(dir) {
            // Held until the directory is gone, so that nobody opens it in between.
            Ok(ledger) => {
                let removed = std::fs::remove_dir_all(dir).map_err(LedgerError::io(dir, "remove"));
                drop(ledger);
                removed
            }
            Err(LedgerError::Absent { .. }) => Ok(()),
            // Its content does not matter any more, only that it is a ledger.
            Err(LedgerError::Damaged { .. }) => std::fs::remove_dir_all(dir).map_err(LedgerError::io(dir, "remove")),
            Err(other) => Err(other),
        }
    }

    /// Makes a ledger at `dir`, which must not exist, with the journal of the ledger at `other` if that exists: what was sent from
    /// there keeps its id, thread and inbox, and is to be sent again, since the Front of a rehearsal has none of it. The other
    /// ledger is only read.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn with_pins_of(dir: &Path, other: &Path) -> Result<Self, LedgerError> {
        let journal = home::journal_path(other);
        if journal.exists() {
            home::check(other)?;
        }
        drop(Self::open(dir)?);
        if journal.exists() {
            let to = home::journal_path(dir);
            std::fs::copy(&journal, &to).map_err(LedgerError::io(&journal, "copy"))?;
        }
        // They are never written to, only replaced; without them everything is read again.
        let _ = std::fs::hard_link(home::readings_path(other), home::readings_path(dir));
        // A line that another process was just writing is cut off here, like any torn end.
        let ledger = Self::open(dir)?;
        ledger.forget_answers()?;
        Ok(ledger)
    }

    /// Takes back what Front said of any message, and whatever else was made; that messages were sent stays.
    fn forget_answers(&self) -> Result<(), LedgerError> {
        let mut facts = Vec::new();
        for pin in self.pins()? {
            let pin = pin?;
            let external_id = pin.external_id;
            match pin.state {
                State::Planned | State::Unknown { .. } => {}
                // What was refused for good may go elsewhere today; a server that failed may have it all the same.
                State::Refused { status: 400..500, .. } => facts.push(Fact::Unsent { external_id }),
                _ => facts.push(Fact::Unknown { external_id, why: REHEARSED.to_owned() }),
            }
            if facts.len() == BATCH {
                self.books().append(&facts)?;
                facts.clear();
            }
        }
        let effects = self.effects()?;
        for change in self.last_changes(&effects)? {
            let EffectChange { effect, conversation, .. } = change?;
            facts.push(Fact::Effect(EffectFact { effect, conversation, end: EffectEnd::Undone }));
        }
        if !facts.is_empty() {
            self.books().append(&facts)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::{Ledger, LedgerError, Target};
    use std::collections::BTreeMap;

    #[test]
    fn a_rehearsal_knows_the_target_of_the_real_ledger_and_leaves_it_alone() {
        let home = tempfile::tempdir().unwrap();
        let (real, own) = (home.path().join("real"), home.path().join("own"));
        let target = Target {
            company_id: "cmp_1".into(),
            company_name: "Acme".into(),
            base_url: "https://api2.frontapp.com".into(),
            inboxes: BTreeMap::new(),
        };
        let ledger = Ledger::open(&real).unwrap();
        ledger.bind(&target).unwrap();
        ledger.readings().unwrap().keep(b"").unwrap();
        let copy = Ledger::with_pins_of(&own, &real).unwrap();
        assert_eq!(copy.target(), Some(target), "read although the real one is in use");
        assert!(matches!(Ledger::remove(&own), Err(LedgerError::Locked { .. })));
        assert!(copy.kept_readings().is_some(), "what was read for the real one is known");
        drop(copy);
        Ledger::remove(&own).unwrap();
        assert!(!own.exists() && ledger.kept_readings().is_some());
        Ledger::remove(&own).unwrap();
    }

    #[test]
    fn a_real_ledger_of_a_newer_format_is_refused_and_not_misread() {
        let home = tempfile::tempdir().unwrap();
        let (real, own) = (home.path().join("real"), home.path().join("own"));
        drop(Ledger::open(&real).unwrap());
        std::fs::write(real.join("format"), "threadlift ledger 2\n").unwrap();
        assert!(matches!(Ledger::with_pins_of(&own, &real), Err(LedgerError::Newer { found: 2, .. })));
    }

    #[test]
    fn a_directory_that_is_no_ledger_is_never_removed() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("thesis.txt"), "irreplaceable").unwrap();
        assert!(matches!(Ledger::remove(home.path()), Err(LedgerError::NotALedger { .. })));
        assert!(home.path().join("thesis.txt").exists());
    }
}
