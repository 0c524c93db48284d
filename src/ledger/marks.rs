//! Changing states: the journal first, then the books, then, many at once, the index.

use super::attach::index_damaged;
use super::books::Step;
use super::entry::{Entry, Planned, State, Verdict};
use super::error::LedgerError;
use super::fact::{Fact, Target};
use super::home;
use super::index::Kind;
use super::ledger::{Current, Ledger};
use super::standing;
use std::path::Path;

impl Ledger {
    /// Records changes of state, in order, as one group: all of them are durable when this returns.
    ///
    /// `Sending → Planned` of an entry whose earlier attempt was never answered makes it `Unknown` again: that Front
    /// did not take this attempt says nothing about the earlier one.
    ///
    /// # Errors
    /// [`LedgerError::IllegalTransition`] if [`State::may_become`] forbids one of them, and then none is made. After
    /// other errors nothing more can be marked before the ledger is opened again, save when a full disk has room again.
    pub fn mark(&self, changes: &[(u64, State)]) -> Result<(), LedgerError> {
        let current = self.current()?;
        let mut books = self.books();
        let (steps, facts) = books.steps(self.dir(), current, changes)?;
        let lines = books.append(&facts)?;
        books.make(current, &steps, &lines)?;
        if books.is_flush_due() { books.flush(current) } else { Ok(()) }
    }

    /// Binds the ledger to a target, before anything is sent to it. Inboxes that are new are added to those on record.
    ///
    /// # Errors
    /// [`LedgerError::Foreign`] if the ledger was made for another company, or if an inbox's name stood for another.
    pub fn bind(&self, target: &Target) -> Result<(), LedgerError> {
        self.check_company(&target.company_id, &target.company_name)?;
        let mut books = self.books();
        let needed = books.bytes_to_come();
        if needed > 0 {
            home::check_room(self.dir(), needed)?;
        }
        let Some(bound) = books.target() else {
            return books.put_target(target.clone());
        };
        let mut inboxes = bound.inboxes.clone();
        for (name, id) in &target.inboxes {
            if let Some(recorded) = inboxes.insert(name.clone(), id.clone()).filter(|recorded| recorded != id) {
                let named = |id: &str| format!("inbox {name} ({id})");
                return Err(self.foreign(named(&recorded), named(id)));
            }
        }
        if inboxes.len() > bound.inboxes.len() {
            books.put_target(Target { inboxes, ..target.clone() })?;
        }
        Ok(())
    }

    /// Is the ledger unbound, or bound to this company? Asked as soon as the company is known: planning may take hours.
    ///
    /// # Errors
    /// [`LedgerError::Foreign`] if it was made for another one.
    pub fn check_company(&self, id: &str, name: &str) -> Result<(), LedgerError> {
        match self.books().target() {
            Some(bound) if bound.company_id != id => {
                let recorded = format!("company {} ({})", bound.company_name, bound.company_id);
                Err(self.foreign(recorded, format!("company {name} ({id})")))
            }
            _ => Ok(()),
        }
    }

    fn foreign(&self, recorded: String, found: String) -> LedgerError {
        LedgerError::Foreign { path: self.dir().to_path_buf(), recorded, found }
    }

    /// Brings the index up to the journal on disk. Marks are durable without this; it saves time at the next open, and a
    /// journal that loses its end afterwards is noticed.
    ///
    /// # Errors
    /// A damaged index, or what the system refuses.
    pub fn flush(&self) -> Result<(), LedgerError> {
        let Some(current) = &self.current else { return Ok(()) };
        self.books().flush(current)
    }

    /// Flushes and closes. Dropping a ledger loses nothing either.
    ///
    /// # Errors
    /// As [`Ledger::flush`].
    pub fn close(self) -> Result<(), LedgerError> {
        self.flush()
    }
}

impl Current {
    /// The entry at a position that is to be sent.
    pub(super) fn planned(&self, dir: &Path, position: u64) -> Result<(Entry, Planned), LedgerError> {
        self.check_planned(position)?;
        let mut entry = self.index.entry(position)?.ok_or_else(|| self.missing(dir, position))?;
        // The verdict's own words are not needed again; the place holder avoids a copy of all the strings.
        let verdict = std::mem::replace(&mut entry.verdict, Verdict::Duplicate { of: position });
        match verdict {
            Verdict::Planned(planned) => Ok((entry, planned)),
            _ => Err(index_damaged(dir, position, "there is no planned entry")),
        }
    }

    /// Where the plan has an external id, and from which source; nothing if it is not in this plan.
    pub(super) fn position_of(&self, dir: &Path, external_id: &str) -> Result<Option<(u64, u16)>, LedgerError> {
        for position in self.index.positions(Kind::External, standing::hash(external_id))? {
            let (entry, planned) = self.planned(dir, position)?;
            if planned.external_id == external_id {
                return Ok(Some((position, entry.origin.source)));
            }
        }
        Ok(None)
    }

    /// The fact that puts the entry into a state.
    pub(super) fn fact(&self, entry: &Entry, planned: &Planned, state: &State) -> Fact {
        Fact::of(entry, planned, state, &self.plan.plan_id)
    }
}

impl Step {
    /// Sent again although an earlier attempt may have reached Front?
    pub(super) fn is_doubtful(before: &State, after: &State) -> bool {
        matches!((before, after), (State::Unknown { .. } | State::Missing { .. }, State::Sending))
    }
}
