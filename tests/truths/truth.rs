//! What others say of real mails: one line for each mail and whoever says it.

use crate::support::{must, read_jsonl, repository};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What one origin says of one mail.
pub(crate) struct Truth {
    /// Name of the mail.
    pub(crate) id: String,
    /// Whoever says it.
    pub(crate) origin: String,
    /// File, below the folder of the samples.
    pub(crate) file: String,
    /// Where in the file.
    pub(crate) offset: u64,
    /// How long there.
    pub(crate) length: u64,
    /// Is the file a mailbox?
    pub(crate) in_mailbox: bool,
    /// All of the line. A missing field is not certain, null or an empty list is certain absence.
    pub(crate) fields: Value,
}

/// The folder of the samples, and all that is said of its mails.
pub(crate) struct Samples {
    folder: PathBuf,
    pub(crate) truths: Vec<Truth>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Samples {
    /// Looks in the folder `THREADLIFT_REAL_SAMPLES`, or beside the repository.
    pub(crate) fn find() -> Option<Self> {
        let folder = std::env::var_os("THREADLIFT_REAL_SAMPLES");
        let folder = folder.map_or_else(|| repository("../shared/samples-real"), PathBuf::from);
        let lines = folder.join("expect.jsonl");
        if !lines.is_file() {
            return None;
        }
        let truths: Vec<Truth> = read_jsonl(&lines).into_iter().map(Truth::of).collect();
        let mut files = BTreeMap::new();
        for truth in &truths {
            if !files.contains_key(&truth.file) {
                let path = folder.join(&truth.file);
                files.insert(truth.file.clone(), must(std::fs::read(&path), path.display()));
            }
        }
        Some(Self { folder, truths, files })
    }

    /// Absolute path of something below the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }

    /// Name below the folder of what the program shows by its path.
    pub(crate) fn name_of<'a>(&self, shown: &'a str) -> &'a str {
        let below = self.folder.to_str().and_then(|folder| shown.strip_prefix(folder));
        below.map_or(shown, |below| below.trim_start_matches('/'))
    }

    /// The bytes of a truth's mail as they lie in its file.
    pub(crate) fn entry(&self, truth: &Truth) -> &[u8] {
        let [start, end] = [truth.offset, truth.offset + truth.length].map(|at| must(usize::try_from(at), "offset"));
        &self.files[&truth.file][start..end]
    }
}

impl Truth {
    fn of(fields: Value) -> Self {
        let text = |key: &str| fields[key].as_str().unwrap_or_else(|| panic!("no {key} in {fields}")).to_owned();
        let number = |key: &str| fields[key].as_u64().unwrap_or_else(|| panic!("no {key} in {fields}"));
        Self {
            id: text("id"),
            origin: text("origin"),
            file: text("file"),
            offset: number("offset"),
            length: number("length"),
            in_mailbox: !fields["index"].is_null(),
            fields,
        }
    }

    /// What is said of a field; nothing if that is not certain.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.fields.get(key)
    }

    /// A digest that is stated.
    pub(crate) fn digest(&self, key: &str) -> Option<&str> {
        self.fields.get(key)?.as_str()
    }
}
