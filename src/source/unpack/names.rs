//! Names in archives, which anybody can have written: a safe path, or none.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Longest path below the folder that is unpacked into, in bytes; systems stop at some 4,096 for the whole.
const LONGEST: usize = 2_000;

/// The path that a name in an archive stands for, relative and without any way up. The error says what is wrong with it.
///
/// Bytes are kept as they are: archives do not say for certain what encoding their names have, and ids do not need them.
pub(super) fn safe(name: &[u8]) -> Result<PathBuf, &'static str> {
    if name.contains(&0) {
        return Err("a name with a NUL in it");
    }
    if name.len() > LONGEST {
        return Err("a name longer than any system takes");
    }
    // Archives made on Windows divide by backslashes.
    let divider = if name.contains(&b'/') { b'/' } else { b'\\' };
    if name.first() == Some(&divider) {
        return Err("an absolute name");
    }
    let is_drive = matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic() && name.get(2) == Some(&divider));
    if is_drive {
        return Err("an absolute name");
    }
    let mut path = PathBuf::new();
    for part in name.split(|byte| *byte == divider) {
        match part {
            b"" | b"." => {}
            b".." => return Err("a name that leads out of the archive"),
            part => path.push(OsStr::from_bytes(part)),
        }
    }
    if path.as_os_str().is_empty() { Err("an empty name") } else { Ok(path) }
}

/// The name of the folder for an archive's content: people know the archive by its name, the digest tells two of one
/// name apart.
pub(super) fn of_folder(archive: &OsStr, digest: &blake3::Hash) -> String {
    let stem = archive.to_string_lossy();
    let lower = stem.to_ascii_lowercase();
    let ending = [".tar.gz", ".tgz", ".tar", ".zip", ".gz"].into_iter().find(|ending| lower.ends_with(ending));
    let stem = stem.get(..stem.len() - ending.map_or(0, str::len)).unwrap_or(&stem);
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
    let stem: String = stem.chars().take(60).map(plain).collect();
    let stem = stem.trim_matches('.');
    format!("{}-{}", if stem.is_empty() { "archive" } else { stem }, digest.to_hex().get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn ordinary_names_keep_their_bytes() {
        assert_eq!(safe(b"Takeout/Mail/All mail.mbox").unwrap(), Path::new("Takeout/Mail/All mail.mbox"));
        assert_eq!(safe(b"./a//b/").unwrap(), Path::new("a/b"));
        assert_eq!(safe(b"Takeout\\Mail\\a.mbox").unwrap(), Path::new("Takeout/Mail/a.mbox"));
        assert_eq!(safe(b"Bo\xeete").unwrap().as_os_str().as_bytes(), b"Bo\xeete");
        assert_eq!(safe(b"..a/...").unwrap(), Path::new("..a/..."));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            &b"../a"[..],
            b"a/../../b",
            b"/etc/x",
            b"\\x",
            b"C:\\x",
            b"c:/x",
            b"a\\..\\..\\b",
            b"..",
            b"",
            b".",
            b"a\0b",
        ] {
            assert!(safe(name).is_err(), "{}", name.escape_ascii());
        }
        assert!(safe(&[b'a'; 3_000]).is_err());
    }

    #[test]
    fn a_folder_is_called_after_its_archive_and_its_content() {
        let digest = blake3::hash(b"");
        let of = |name: &str| of_folder(OsStr::new(name), &digest);
        assert_eq!(of("takeout-2019-001.zip"), "takeout-2019-001-af1349b9f5f9a1a6");
        assert_eq!(of("May 2019.TAR.GZ"), "May_2019-af1349b9f5f9a1a6");
        assert_eq!(of("..zip"), "archive-af1349b9f5f9a1a6");
        assert_eq!(of("é.gz"), "_-af1349b9f5f9a1a6");
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_the_folder(
            name in proptest::collection::vec(
                prop_oneof![Just(b'.'), Just(b'/'), Just(b'\\'), Just(b'a'), Just(b':'), Just(0), any::<u8>()], 0..30,
            ),
        ) {
            if let Ok(path) = safe(&name) {
                prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{path:?}");
                prop_assert!(path.components().count() > 0);
                prop_assert!(Path::new("/safe").join(&path).starts_with("/safe"));
            }
        }

        #[test]
        fn the_folder_of_an_archive_is_one_plain_name(name in proptest::collection::vec(1_u8.., 0..80)) {
            let name = of_folder(OsStr::from_bytes(&name), &blake3::hash(b"x"));
            prop_assert!(!name.contains('/') && !name.starts_with('.') && name.len() < 100);
        }
    }
}
