//! What the given files and folders are: which parts of them are mailboxes, mails, tables, packed, or none of these.

mod seen;
mod sources;

use super::SurveyError;
use super::paths::Paths;
use crate::source::Judge;
use seen::{MOST_OPENED, Seen};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Files that are named one by one, where a folder as a whole would not do.
pub(super) const MOST_NAMED: usize = 50;

/// A part of what was given that becomes one `[[source]]` of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MailExport {
    /// Which program wrote it, as far as that can be seen; also the name of the source.
    pub(super) program: Program,
    /// `path`, relative to the mapping.
    pub(super) paths: Vec<String>,
    /// What of it is looked at now: nothing that is packed.
    pub(super) readable: Vec<String>,
    /// `labels_from`, where names may be data.
    pub(super) labels_from: Option<&'static str>,
    /// Packed files are among them.
    pub(super) unpack: bool,
    /// What was seen of it, in words.
    pub(super) seen: String,
}

/// What wrote an export of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Takeout,
    Groups,
    Thunderbird,
    Pipermail,
    Mailboxes,
    AppleMail,
    Maildir,
    Mails,
}

impl Program {
    /// The name of its source.
    pub(super) fn name(self) -> &'static str {
        match self {
            Program::Takeout => "takeout",
            Program::Groups => "groups",
            Program::Thunderbird => "thunderbird",
            Program::Pipermail => "list",
            Program::Mailboxes => "mail",
            Program::AppleMail => "apple-mail",
            Program::Maildir => "maildir",
            Program::Mails => "mails",
        }
    }

    pub(super) fn format(self) -> &'static str {
        match self {
            Program::AppleMail | Program::Maildir | Program::Mails => "eml",
            _ => "mbox",
        }
    }
}

/// Something that is not read, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// The file, or the first of several.
    pub name: String,
    /// How many files it stands for.
    pub files: u64,
    /// What it is.
    pub what: String,
    /// What to do; empty if nothing needs to be done.
    pub remedy: String,
    /// It may be no table at all: text with commas looks like one.
    pub(super) is_table_by_looks: bool,
}

impl Left {
    pub(super) fn of(name: String, files: u64, what: String, remedy: String) -> Left {
        Left { name, files, what, remedy, is_table_by_looks: false }
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Exports {
    pub(super) mails: Vec<MailExport>,
    pub(super) tables: Vec<PathBuf>,
    pub(super) left: Vec<Left>,
    /// A folder that is named as a whole has more files than were looked at.
    pub(super) is_cut: bool,
}

/// Finds out what was given.
///
/// # Errors
/// If something given is not there or cannot be read.
pub(super) fn find(given: &[PathBuf], paths: &Paths, stop: &AtomicBool) -> Result<Exports, SurveyError> {
    let mut exports = Exports::default();
    for root in given {
        let mut seen = Seen::default();
        let meta = std::fs::metadata(root).map_err(|error| SurveyError::unreadable(root, &error))?;
        if meta.is_dir() {
            seen.folder(root, MOST_OPENED, stop)?;
        } else if meta.is_file() {
            let found = Judge::default().judge(root).map_err(|error| SurveyError::unreadable(root, &error))?;
            seen.take(root, root, found);
        } else {
            return Err(SurveyError::no_file(root));
        }
        seen.into_exports(root, meta.is_dir(), paths, &mut exports)?;
    }
    exports.tables.sort();
    exports.tables.dedup();
    Ok(exports)
}
