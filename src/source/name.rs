//! The name of a file for people. A million of them are held, so a name that is the end of its path is not held twice.

use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// A name, or a path relative to the mapping's folder. It reads as `str`.
#[derive(Clone)]
pub struct Shown(Kept);

#[derive(Clone)]
enum Kept {
    /// The path from this byte on. It has been checked to be UTF-8.
    EndOf(Arc<Path>, u32),
    /// Not the end of a path as it is: bytes that are no UTF-8 are shown as U+FFFD.
    Own(Box<str>),
}

impl Shown {
    /// The name `shown` of the file at `path`.
    pub(super) fn of(path: &Arc<Path>, shown: &str) -> Shown {
        let start = path.to_str().filter(|path| path.ends_with(shown)).map(|path| path.len() - shown.len());
        match start.and_then(|start| u32::try_from(start).ok()) {
            Some(start) => Shown(Kept::EndOf(Arc::clone(path), start)),
            None => Shown(Kept::Own(shown.into())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::EndOf(path, start) => path.to_str().and_then(|path| path.get(*start as usize..)).unwrap_or_default(),
            Kept::Own(name) => name,
        }
    }
}

impl Deref for Shown {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), out)
    }
}

impl From<&str> for Shown {
    fn from(name: &str) -> Shown {
        Shown(Kept::Own(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_name_reads_the_same_however_it_is_kept() {
        let path: Arc<Path> = Path::new("/home/é/export/a.eml").into();
        let odd: Arc<Path> = Path::new(OsStr::from_bytes(b"in/Bo\xeete")).into();
        for (path, shown) in
            [(&path, "export/a.eml"), (&path, "/home/é/export/a.eml"), (&path, "other"), (&odd, "in/Bo\u{fffd}te")]
        {
            let name = Shown::of(path, shown);
            assert_eq!(
                (name.as_str(), name.to_string().as_str(), format!("{name:?}")),
                (shown, shown, format!("{shown:?}"))
            );
        }
        assert!(matches!(Shown::of(&path, "a.eml").0, Kept::EndOf(..)));
    }
    #[test]
    fn a_file_is_held_in_few_bytes_beside_its_path() {
        assert!(size_of::<crate::source::SourceFile>() <= 48);
    }
}
