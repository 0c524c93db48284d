//! Taking an opened index into use: its plan is read, its states are brought up to the journal and counted.

use super::error::{LedgerError, Part};
use super::home;
use super::index::{Index, Watermark};
use super::journal::Survey;
use super::ledger::Current;
use super::marks::Reckoning;
use super::plan_meta::Plan;
use super::rescue::{self, Opened};
use std::path::Path;

/// An index that was opened, before its states are brought up to the journal.
pub(super) struct Attached {
    current: Option<(Current, Watermark)>,
    lost: Option<String>,
    notices: Vec<String>,
}

/// An index whose states agree with the journal, and its books.
pub(super) struct Counted {
    pub(super) current: Option<Current>,
    pub(super) reckoning: Reckoning,
    pub(super) lost: Option<String>,
    pub(super) notices: Vec<String>,
}

/// Reads what the index says about itself. Nothing is changed before it is certain that the journal fits.
pub(super) fn attach(dir: &Path, opened: Opened, survey: &Survey) -> Result<Attached, LedgerError> {
    let Opened { index, lost, notices } = opened;
    let Some(index) = index else { return Ok(Attached { current: None, lost, notices }) };
    match heads(dir, &index) {
        Ok((_, watermark)) if watermark.offset > survey.good => Err(LedgerError::Damaged {
            part: Part::Journal,
            path: home::journal_path(dir),
            place: format!("byte {}", survey.good),
            what: format!("it ends there, but facts up to byte {} have been written", watermark.offset),
        }),
        Ok((plan, watermark)) => Ok(Attached { current: Some((Current { index, plan }, watermark)), lost, notices }),
        Err(error) if error.is_index_damage() => Attached::give_up(dir, index, &error),
        Err(error) => Err(error),
    }
}

fn heads(dir: &Path, index: &Index) -> Result<(Plan, Watermark), LedgerError> {
    let plan = index.plan()?.ok_or_else(|| index_damaged(dir, "plan", "it is missing"))?;
    let watermark = index.watermark()?.ok_or_else(|| index_damaged(dir, "watermark", "it is missing"))?;
    Ok((plan, watermark))
}

impl Attached {
    /// Sets a damaged index aside. What was repaired of it before is of no interest any more.
    fn give_up(dir: &Path, index: Index, error: &LedgerError) -> Result<Self, LedgerError> {
        drop(index);
        rescue::await_closed(&home::index_path(dir))?;
        let Opened { lost, notices, .. } = rescue::lost(dir, error)?;
        Ok(Self { current: None, lost, notices })
    }

    /// Brings the states up to the journal and counts them.
    pub(super) fn count(self, dir: &Path) -> Result<Counted, LedgerError> {
        let Self { current, lost, notices } = self;
        let Some((current, watermark)) = current else {
            return Ok(Counted { current: None, reckoning: Reckoning::default(), lost, notices });
        };
        match Reckoning::of(dir, &current, watermark) {
            Ok(reckoning) => Ok(Counted { current: Some(current), reckoning, lost, notices }),
            Err(error) if error.is_index_damage() => {
                let Self { lost, notices, .. } = Self::give_up(dir, current.index, &error)?;
                Ok(Counted { current: None, reckoning: Reckoning::default(), lost, notices })
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
