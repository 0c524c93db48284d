//! One process at a time.

use super::error::LedgerError;
use super::home;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

/// The ledger's lock, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock or says at once who has it.
    pub(super) fn take(dir: &Path) -> Result<Self, LedgerError> {
        let path = home::lock_path(dir);
        let mut file = home::private_file()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(LedgerError::io(&path, "open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LedgerError::Locked { path: dir.to_path_buf(), pid: pid_in(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(LedgerError::io(&path, "lock")(source)),
        }
        // The number only serves the other side's message, so a failure to write it is no reason to stop.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A number left behind would name an innocent process later.
        let _ = self.file.set_len(0);
    }
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_the_process_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path()).unwrap();
        match Lock::take(dir.path()) {
            Err(LedgerError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("expected Locked, got {other:?}"),
        }
        drop(first);
        Lock::take(dir.path()).unwrap();
    }

    #[test]
    fn nonsense_in_the_lock_file_is_not_taken_for_a_process() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Lock::take(dir.path()).unwrap();
        std::fs::write(home::lock_path(dir.path()), "who knows").unwrap();
        assert!(matches!(Lock::take(dir.path()), Err(LedgerError::Locked { pid: None, .. })));
    }
}
