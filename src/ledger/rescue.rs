//! Opening the index although sled may have left it in a state that it refuses itself.
//!
//! A kill while sled writes a snapshot (at open and at close) leaves files that make its next open fail for good; without
//! them it builds the snapshot anew from its log. What cannot be opened even so is set aside: the journal knows
//! what was sent, and planning again restores the rest.

use super::error::LedgerError;
use super::guard::is_still_closing;
use super::home;
use super::index::Index;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// sled frees its lock in the background after closing; this is far longer than it takes.
const CLOSING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

/// The index, or why there is none.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) index: Option<Index>,
    /// Why an index that was there cannot be used.
    pub(super) lost: Option<String>,
    /// What the user should know.
    pub(super) notices: Vec<String>,
}

/// Opens the index of the ledger at `dir`, if there is one.
pub(super) fn open(dir: &Path) -> Result<Opened, LedgerError> {
    let path = home::index_path(dir);
    if !path.exists() {
        return Ok(Opened::default());
    }
    // A snapshot of the last close is new since then.
    home::make_files_private(&path)?;
    match mended(&path) {
        Ok((index, is_mended)) => {
            let note = "sled's snapshot was damaged, as a kill leaves it; it was built anew from sled's log.";
            let notices = if is_mended { vec![note.to_owned()] } else { Vec::new() };
            Ok(Opened { index: Some(index), lost: None, notices })
        }
        Err(error) if error.is_index_damage() => lost(dir, &error),
        Err(error) => Err(error),
    }
}

/// Opens the index at `path`, without its snapshots if sled refuses them. Did it?
pub(super) fn mended(path: &Path) -> Result<(Index, bool), LedgerError> {
    match patiently(path) {
        Ok(index) => Ok((index, false)),
        Err(error) if error.is_index_damage() => {
            if set_snapshots_aside(path)? {
                Ok((patiently(path)?, true))
            } else {
                Err(error)
            }
        }
        Err(error) => Err(error),
    }
}

/// Sets the whole index aside, which must be closed.
pub(super) fn lost(dir: &Path, why: &LedgerError) -> Result<Opened, LedgerError> {
    let path = home::index_path(dir);
    let aside = home::free_name(dir, "sled.damaged");
    fs::rename(&path, &aside).map_err(LedgerError::io(&path, "set aside"))?;
    home::sync_dir(dir)?;
    let note = format!(
        "The plan's index could not be used ({why}) and was moved to {}, which may be deleted. What was sent is in \
         the journal and is not lost; planning again restores the rest.",
        aside.display()
    );
    Ok(Opened { index: None, lost: Some(why.to_string()), notices: vec![note] })
}

/// Opens, and waits for an index that this process has just closed.
pub(super) fn patiently(path: &Path) -> Result<Index, LedgerError> {
    let mut waited = Duration::ZERO;
    loop {
        match Index::open(path) {
            Err(error) if is_still_closing(&error) && waited < CLOSING => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            other => return other,
        }
    }
}

/// Waits until sled has let go of an index that this process has closed: a snapshot it still writes must not end up
/// in another folder of the same name.
pub(super) fn await_closed(path: &Path) -> Result<(), LedgerError> {
    let db = path.join("db");
    let file = fs::File::open(&db).map_err(LedgerError::io(&db, "open"))?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::WouldBlock) if waited < CLOSING => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            Err(error) => return Err(LedgerError::io(&db, "lock")(error.into())),
        }
    }
}

/// Renames sled's snapshots so that it does not see them. Were there any?
fn set_snapshots_aside(path: &Path) -> Result<bool, LedgerError> {
    let mut any = false;
    for item in fs::read_dir(path).map_err(LedgerError::io(path, "list"))? {
        let item = item.map_err(LedgerError::io(path, "list"))?;
        if let Some(name) = item.file_name().to_str().filter(|name| name.starts_with("snap.")) {
            let snapshot = item.path();
            fs::rename(&snapshot, path.join(format!("damaged.{name}")))
                .map_err(LedgerError::io(&snapshot, "set aside"))?;
            any = true;
        }
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Holds sled's own lock for a moment, as threads of an index that was closed or a process that is being killed do.
    fn held_for_a_moment(path: &Path) -> Arc<AtomicBool> {
        let file = fs::File::open(path.join("db")).unwrap();
        file.lock().unwrap();
        let is_free = Arc::new(AtomicBool::new(false));
        let free = Arc::clone(&is_free);
        std::thread::spawn(move || {
            std::thread::sleep(10 * PAUSE);
            free.store(true, Ordering::SeqCst);
            drop(file);
        });
        is_free
    }

    #[test]
    fn an_index_that_is_still_being_let_go_of_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        drop(Index::open(dir.path()).unwrap());
        await_closed(dir.path()).unwrap();
        let is_free = held_for_a_moment(dir.path());
        assert!(is_still_closing(&Index::open(dir.path()).unwrap_err()), "sled itself does not wait");
        drop(patiently(dir.path()).unwrap());
        assert!(is_free.load(Ordering::SeqCst));
    }

    #[test]
    fn an_index_is_closed_when_nobody_holds_its_files_any_more() {
        let dir = tempfile::tempdir().unwrap();
        drop(Index::open(dir.path()).unwrap());
        await_closed(dir.path()).unwrap();
        let is_free = held_for_a_moment(dir.path());
        await_closed(dir.path()).unwrap();
        assert!(is_free.load(Ordering::SeqCst));
    }
}
