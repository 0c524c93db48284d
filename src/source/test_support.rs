//! What the tests of the three formats share.

use super::{Content, Origin, RawEntry, RawMail, Source, SourceError, Unreadable};
use crate::mapping::{CsvMapping, Format, Mapping, SourceMapping};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// Where the mapping's `path` key stands in these tests.
pub(super) const PATH_AT: (usize, usize) = (7, 3);

/// A folder with an export.
pub(super) struct Export {
    folder: TempDir,
}

/// What a source says of its files, passed over or read.
pub(super) fn said(source: &dyn Source) -> Vec<String> {
    source.notes().into_iter().chain(super::folder::lines(source.passed())).collect()
}

impl Export {
    pub(super) fn new() -> Export {
        Export { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Export {
        self.write(name, bytes);
        self
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(super) fn link(&self, name: &str, target: impl AsRef<Path>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub(super) fn open(&self, format: Format, paths: &[&str]) -> Result<Box<dyn Source>, SourceError> {
        self.open_source(source(format, paths))
    }

    pub(super) fn open_source(&self, source: SourceMapping) -> Result<Box<dyn Source>, SourceError> {
        let watch = super::Watch { observer: &crate::event::Silent, stop: &AtomicBool::new(false) };
        super::open(&self.mapping(vec![source]), 0, &watch)
    }

    pub(super) fn mapping(&self, sources: Vec<SourceMapping>) -> Mapping {
        Mapping {
            path: self.path().join("mapping.toml"),
            base: self.path().to_path_buf(),
            ..crate::mapping::testing::of(sources)
        }
    }
}

pub(super) fn source(format: Format, paths: &[&str]) -> SourceMapping {
    SourceMapping {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        path_at: PATH_AT,
        namespace: String::new(),
        ..crate::mapping::testing::source("export", format)
    }
}

/// A table with the columns `chat`, `when`, `who` and `what`.
pub(super) fn chat() -> CsvMapping {
    CsvMapping {
        columns_at: [("text".to_owned(), (9, 40))].into(),
        ..crate::mapping::testing::table(["chat", "when", "who", "what"])
    }
}

/// What a scan gives, in a form that can be compared.
pub(super) type Read = Result<(Origin, String), Unreadable>;

pub(super) fn read(entry: Result<RawEntry, Unreadable>) -> Read {
    entry.map(|RawEntry { origin, content }| {
        let content = match content {
            Content::Mail(RawMail { bytes, separator_date, file_time, .. }) => {
                format!("{}|{separator_date:?}|{}", bytes.escape_ascii(), file_time.is_some())
            }
            Content::Row(row) => row.cells.join("|"),
        };
        (origin, content)
    })
}

/// Scans a source and reads every entry again at its origin: both must be equal.
pub(super) fn scan_twice(source: &dyn Source) -> Vec<Read> {
    let scanned: Vec<Read> = source.scan().map(read).collect();
    for (origin, content) in scanned.iter().flatten() {
        let again = read(source.read_at(origin)).unwrap();
        assert_eq!((origin, content), (&again.0, &again.1));
    }
    scanned
}

/// Text of the mails or rows that could be read.
pub(super) fn texts(source: &dyn Source) -> Vec<String> {
    source
        .scan()
        .filter_map(Result::ok)
        .map(|entry| match entry.content {
            Content::Mail(mail) => String::from_utf8_lossy(&mail.bytes).into_owned(),
            Content::Row(row) => row.cells.join("|"),
        })
        .collect()
}

/// What could not be read.
pub(super) fn problems(source: &dyn Source) -> Vec<Unreadable> {
    source.scan().filter_map(Result::err).collect()
}

pub(super) fn shown(source: &dyn Source) -> Vec<&str> {
    source.files().iter().map(|file| file.shown.as_str()).collect()
}
