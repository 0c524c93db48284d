//! How much of a rehearsal may lie on the disk.

use crate::rehearsal::Snapshot;
use crate::words::{self, counted};
use std::path::{Path, PathBuf};

/// What stays free in any case, in bytes: a machine whose disk is full serves nobody.
const LEFT_FREE: u64 = 1_000_000_000;

/// A size as it is typed: `500 MB`, `2GB`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    words::bytes_of(text).ok_or_else(|| "write a whole number and its unit, such as 500 MB".to_owned())
}

/// So much, or what the disk of a folder has room for.
pub(super) fn with_room_left(asked: u64, folder: &Path) -> u64 {
    // Where the system does not say, what was asked for stands.
    let free = rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    asked.min(free.saturating_sub(LEFT_FREE))
}

/// Where texts and files are kept: in the system's temporary folder, or, where that is memory, in the rehearsal's ledger, which
/// goes with the next rehearsal in any case.
pub(super) fn folder(ledger: &Path) -> PathBuf {
    let temporary = std::env::temp_dir();
    if is_memory(&temporary) { ledger.to_owned() } else { temporary }
}

/// Is it a folder of Linux's tmpfs?
#[cfg(target_os = "linux")]
fn is_memory(folder: &Path) -> bool {
    // `TMPFS_MAGIC` of statfs(2), a number of another type on each kind of machine.
    rustix::fs::statfs(folder).is_ok_and(|disk| disk.f_type == 0x0102_1994)
}

#[cfg(not(target_os = "linux"))]
fn is_memory(_: &Path) -> bool {
    false
}

/// What is kept, and what is not.
pub(super) fn words(holds: &Snapshot) -> String {
    let kept = format!(
        "Kept      {} of texts and files, of at most {}, until the rehearsal ends",
        words::size(holds.kept_bytes),
        words::size(holds.keep_limit)
    );
    if holds.forgotten == 0 {
        return kept;
    }
    let forgotten = counted(holds.forgotten, "message");
    format!(
        "{kept}\n          NOT KEPT: texts and files of {forgotten}; they were counted and compared, and cannot be looked at (--keep SIZE)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(size("500 MB"), Ok(500_000_000));
        assert_eq!(size("2gb"), Ok(2_000_000_000));
        assert_eq!(size("0 kB"), Ok(0));
        for nonsense in ["", "MB", "5", "-5 MB", "1.5 GB", "99999999999999999999 GB", "18446744073709551615 GB"] {
            assert!(size(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn no_more_is_kept_than_leaves_room() {
        let here = std::env::temp_dir();
        assert_eq!(with_room_left(0, &here), 0);
        assert!(with_room_left(u64::MAX, &here) < u64::MAX);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_told_from_disks() {
        let shared = Path::new("/dev/shm");
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        assert_eq!(is_memory(shared), mounts.lines().any(|line| line.contains(" /dev/shm tmpfs ")));
        assert!(!is_memory(Path::new("/proc")) && !is_memory(Path::new("/nowhere")));
    }

    #[test]
    fn what_was_not_kept_is_said() {
        let all = Snapshot { kept_bytes: 2_400, keep_limit: 2_000_000_000, ..Snapshot::default() };
        insta::assert_snapshot!(words(&all), @"Kept      2.4 kB of texts and files, of at most 2.0 GB, until the rehearsal ends");
        insta::assert_snapshot!(words(&Snapshot { forgotten: 3, ..all }), @r"
        Kept      2.4 kB of texts and files, of at most 2.0 GB, until the rehearsal ends
                  NOT KEPT: texts and files of 3 messages; they were counted and compared, and cannot be looked at (--keep SIZE)
        ");
    }
}
