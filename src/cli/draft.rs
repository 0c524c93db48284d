//! A file that gets its name when it is whole: whatever ends the command before that leaves what was there.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file in the making, for its owner alone.
pub(super) struct Draft {
    /// Beside the place where it will lie, so that it can be renamed into it.
    file: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// Begins the file that will lie at `path`. A link stays a link: what it points at is replaced, or made where that is not
    /// there yet.
    ///
    /// # Errors
    /// If nothing can be made in its folder.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let path = behind_links(path);
        let file = NamedTempFile::with_prefix_in(".threadlift-", folder_of(&path))?;
        Ok(Self { file, path })
    }

    /// Gives it its name, over whatever has that.
    ///
    /// # Errors
    /// If the system refuses; the draft is gone then.
    pub(super) fn keep(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(self.path).map(drop).map_err(io::Error::from)
    }

    /// Gives it its name, unless something has that.
    ///
    /// # Errors
    /// If something is there by now, or the system refuses; the draft is gone then.
    pub(super) fn keep_new(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(self.path).map(drop).map_err(io::Error::from)
    }
}

/// The folder that a file lies in, of a bare name the one at hand.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What a path means at the end of all links, be it there or not.
fn behind_links(path: &Path) -> PathBuf {
    /// As many as Linux follows.
    const LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().map(|folder| folder.join(&target)).unwrap_or(target);
    }
    path
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_what_was_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("requests.jsonl");
        fs::write(&path, "whole").unwrap();
        let mut draft = Draft::of(&path).unwrap();
        draft.write_all(b"hal").unwrap();
        drop(draft);
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(names(folder.path()), ["requests.jsonl"]);
    }

    #[test]
    fn what_is_kept_is_its_owners_alone_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        symlink(&path, &link).unwrap();
        let mut draft = Draft::of(&link).unwrap();
        draft.write_all(b"new").unwrap();
        draft.keep().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_link_to_a_file_that_is_still_to_come_leads_to_it_then() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        symlink("second", &first).unwrap();
        symlink("real", &second).unwrap();
        let mut draft = Draft::of(&first).unwrap();
        draft.write_all(b"new").unwrap();
        draft.keep().unwrap();
        assert_eq!(names(folder.path()), ["first", "real", "second"]);
        assert_eq!(fs::read_to_string(&first).unwrap(), "new");
    }

    #[test]
    fn a_new_file_is_not_written_over_one_that_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("threadlift.toml");
        let draft = Draft::of(&path).unwrap();
        fs::write(&path, "another's").unwrap();
        assert_eq!(draft.keep_new().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "another's");
        assert_eq!(names(folder.path()), ["threadlift.toml"]);
    }
}
