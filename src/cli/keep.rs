//! How much of a rehearsal may lie on the disk.

use crate::rehearsal::Snapshot;
use crate::words::{self, counted};

/// What stays free in any case, in bytes: a machine whose disk is full serves nobody.
const LEFT_FREE: u64 = 1_000_000_000;

/// A size as it is typed: `500 MB`, `2GB`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    words::bytes_of(text).ok_or_else(|| "write a whole number and its unit, such as 500 MB".to_owned())
}

/// So much, or what the disk has room for.
pub(super) fn with_room_left(asked: u64) -> u64 {
    // Where the system does not say, what was asked for stands.
    let free =
        rustix::fs::statvfs(std::env::temp_dir()).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    asked.min(free.saturating_sub(LEFT_FREE))
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
        assert_eq!(with_room_left(0), 0);
        assert!(with_room_left(u64::MAX) < u64::MAX);
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
