//! The public archive of a mailing list, where it is at hand. It is not part of the repository.

use super::{must, read_jsonl, repository};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Mails on the list.
pub(crate) const ON_THE_LIST: usize = 17_885;

/// One mbox, and where each of its mails lies.
pub(crate) struct RealList {
    mbox: PathBuf,
    mails: Vec<Range<u64>>,
}

impl RealList {
    /// Looks in the folder `THREADLIFT_REAL_SAMPLES`, or beside the repository. Says so if it is not there.
    #[expect(clippy::print_stderr, reason = "whoever reads the log must know what was not asked")]
    pub(crate) fn find() -> Option<Self> {
        let folder = std::env::var_os("THREADLIFT_REAL_SAMPLES");
        let folder = folder.map_or_else(|| repository("../shared/samples-real"), PathBuf::from).join("lists");
        let (mbox, index) = (folder.join("linux-man.mbox"), folder.join("linux-man.index.jsonl"));
        if !mbox.exists() || !index.exists() {
            eprintln!("not asked: {} is absent (see THREADLIFT_REAL_SAMPLES)", mbox.display());
            return None;
        }
        let number = |line: &Value, key: &str| line[key].as_u64().unwrap_or_else(|| panic!("no {key} in {line}"));
        let range = |line: &Value| number(line, "offset")..number(line, "offset") + number(line, "length");
        let mails: Vec<_> = read_jsonl(&index).iter().map(range).collect();
        assert_eq!(mails.len(), ON_THE_LIST, "{}", index.display());
        Some(Self { mbox, mails })
    }

    /// Writes the first mails into a file of their own; gives how many there are.
    pub(crate) fn write_first(&self, mails: usize, to: &Path) -> usize {
        let mails = mails.min(self.mails.len());
        let end = self.mails.get(mails).map_or(u64::MAX, |next| next.start);
        let mut part = must(File::open(&self.mbox), self.mbox.display()).take(end);
        must(std::io::copy(&mut part, &mut must(File::create(to), to.display())), to.display());
        mails
    }

    /// The first mails, each with its separator and its closing blank line.
    pub(crate) fn first(&self, mails: usize) -> Vec<Vec<u8>> {
        let end = self.mails[mails].start;
        let mut bytes = Vec::new();
        must(must(File::open(&self.mbox), self.mbox.display()).take(end).read_to_end(&mut bytes), self.mbox.display());
        let place = |offset: u64| must(usize::try_from(offset), "offset");
        let starts = self.mails[..=mails].windows(2);
        starts.map(|pair| bytes[place(pair[0].start)..place(pair[1].start)].to_vec()).collect()
    }
}
