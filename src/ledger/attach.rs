//! Taking an opened index into use: its plan and its books are read, and brought up to the journal.

use super::books::Books;
use super::error::{LedgerError, Part};
use super::home;
use super::index::{Index, Watermark};
use super::journal::LastLine;
use super::ledger::Current;
use super::plan_meta::Plan;
use super::rescue::{self, Opened};
use std::path::Path;

/// An index that was opened, before its books are brought up to the journal.
pub(super) struct Attached {
    current: Option<(Current, Watermark)>,
    lost: Option<String>,
    notices: Vec<String>,
}

/// An index that agrees with the journal, if there is one.
pub(super) struct TakenUp {
    pub(super) current: Option<Current>,
    pub(super) lost: Option<String>,
    pub(super) notices: Vec<String>,
}

/// Reads what the index says about itself.
pub(super) fn attach(dir: &Path, opened: Opened) -> Result<Attached, LedgerError> {
    let Opened { index, lost, notices } = opened;
    let Some(index) = index else { return Ok(Attached { current: None, lost, notices }) };
    match heads(dir, &index) {
        Ok((plan, watermark)) => Ok(Attached { current: Some((Current { index, plan }, watermark)), lost, notices }),
        Err(error) if error.is_index_damage() => Attached::give_up(dir, index, &error),
        Err(error) => Err(error),
    }
}

pub(super) fn heads(dir: &Path, index: &Index) -> Result<(Plan, Watermark), LedgerError> {
    let plan = index.plan()?.ok_or_else(|| index_damaged(dir, "plan", "it is missing"))?;
    let watermark = index.watermark()?.ok_or_else(|| index_damaged(dir, "watermark", "it is missing"))?;
    Ok((plan, watermark))
}

impl Attached {
    /// The last line of the journal that the index knows.
    pub(super) fn last_line(&self) -> Option<LastLine> {
        self.current.as_ref()?.1.last
    }

    /// Where the index knows the journal to name the target.
    pub(super) fn target(&self) -> Option<u64> {
        self.current.as_ref()?.1.target
    }

    /// Sets a damaged index aside. What was repaired of it before is of no interest any more.
    fn give_up(dir: &Path, index: Index, error: &LedgerError) -> Result<Self, LedgerError> {
        drop(index);
        rescue::await_closed(&home::index_path(dir))?;
        let Opened { lost, notices, .. } = rescue::lost(dir, error)?;
        Ok(Self { current: None, lost, notices })
    }

    /// Brings the books up to the journal.
    pub(super) fn take_up(self, dir: &Path, books: &mut Books) -> Result<TakenUp, LedgerError> {
        let Self { current, lost, notices } = self;
        let Some((current, watermark)) = current else {
            books.leave();
            return Ok(TakenUp { current: None, lost, notices });
        };
        match books.take_up(&current, watermark) {
            Ok(()) => Ok(TakenUp { current: Some(current), lost, notices }),
            Err(error) if error.is_index_damage() => {
                books.leave();
                let Self { lost, notices, .. } = Self::give_up(dir, current.index, &error)?;
                Ok(TakenUp { current: None, lost, notices })
            }
            Err(error) => Err(error),
        }
    }
}

pub(super) fn index_damaged(dir: &Path, place: impl std::fmt::Display, what: &str) -> LedgerError {
    LedgerError::Damaged {
        part: Part::Index,
        path: home::index_path(dir),
        place: format!("key {place}"),
        what: what.to_owned(),
    }
}
