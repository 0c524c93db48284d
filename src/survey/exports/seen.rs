//! What lies below one of the things given, file by file.

use super::Left;
use crate::source::{Form, Judge, Seems, peek};
use crate::survey::SurveyError;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use walkdir::WalkDir;

/// Names that are looked at below one folder.
const MOST_NAMES: u64 = 2_000_000;

/// Files that are opened below one folder to see what they begin with.
pub(super) const MOST_OPENED: u64 = 20_000;

/// What was seen below one of the things given.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) mailboxes: Vec<PathBuf>,
    /// Mailboxes that Gmail wrote.
    pub(super) gmail: u64,
    pub(super) mails: u64,
    pub(super) apple: u64,
    pub(super) maildir: u64,
    /// Mails whose names do not say so, by ending.
    pub(super) unnamed: BTreeMap<String, Vec<PathBuf>>,
    pub(super) tables: Vec<PathBuf>,
    /// Packed files that hold something, with what is in them.
    pub(super) packed: Vec<(PathBuf, Holds)>,
    /// Packed files that a folder of mailboxes must not name as a whole.
    pub(super) foreign: bool,
    /// Names of folders and mailboxes, without endings.
    pub(super) names: BTreeSet<String>,
    pub(super) has_index: bool,
    /// The deepest folder that holds all mailboxes, and the one that holds all mails.
    pub(super) common_of_mailboxes: Option<PathBuf>,
    pub(super) common_of_mails: Option<PathBuf>,
    pub(super) aside: BTreeMap<&'static str, (u64, PathBuf)>,
    pub(super) other: BTreeMap<(&'static str, &'static str, Option<Form>), (u64, PathBuf)>,
    pub(super) left: Vec<Left>,
    /// There are more files than were looked at.
    pub(super) is_cut: bool,
    pub(super) unreadable: u64,
}

/// What a packed file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    Mailboxes,
    Mails,
}

impl Seen {
    /// Looks at the files of a folder, of which it opens `most` at most.
    pub(super) fn folder(&mut self, root: &Path, most: u64, stop: &AtomicBool) -> Result<(), SurveyError> {
        let mut judge = Judge::default();
        let (mut names, mut opened) = (0_u64, 0_u64);
        let is_ours = |name: &str| name.ends_with(".threadlift-part") || name.contains(".ledger");
        let entries = WalkDir::new(root).into_iter();
        for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_ours(&entry.file_name().to_string_lossy()))
        {
            if stop.load(Ordering::Relaxed) {
                return Err(SurveyError::interrupted());
            }
            let Ok(entry) = entry else {
                self.unreadable += 1;
                continue;
            };
            names += 1;
            if names > MOST_NAMES || opened >= most {
                self.is_cut = true;
                break;
            }
            if entry.file_type().is_dir() && entry.depth() > 0 {
                self.name(entry.path());
            }
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path();
            let found = if judge.is_mail(path) {
                Ok(Seems::Mail)
            } else {
                opened += 1;
                judge.judge(path)
            };
            match found {
                Ok(found) => self.take(root, path, found),
                Err(_) => self.unreadable += 1,
            }
        }
        self.mailboxes.sort();
        self.tables.sort();
        self.packed.sort();
        self.unnamed.values_mut().for_each(|files| files.sort());
        Ok(())
    }

    fn name(&mut self, path: &Path) {
        const MOST: usize = 1_000;
        if self.names.len() < MOST
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            let dotted = name.trim_start_matches('.').rsplit('.').next().unwrap_or(name);
            self.names.insert(dotted.to_owned());
        }
    }

    pub(super) fn take(&mut self, root: &Path, path: &Path, found: Seems) {
        let first = |slot: &mut (u64, PathBuf)| {
            slot.0 += 1;
            if path < slot.1.as_path() {
                slot.1 = path.to_path_buf();
            }
        };
        let none = || (0, path.to_path_buf());
        match found {
            Seems::Mailbox { is_gmail } => {
                self.gmail += u64::from(is_gmail);
                self.name(path);
                lies_in(&mut self.common_of_mailboxes, path);
                self.mailboxes.push(path.to_path_buf());
            }
            Seems::Mail => {
                self.mails += 1;
                lies_in(&mut self.common_of_mails, path);
                let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
                self.apple += u64::from(path.extension().is_some_and(|ending| ending == "emlx"));
                self.maildir += u64::from(folder == "cur" || folder == "new");
                if path == root {
                    self.unnamed.entry(String::new()).or_default().push(path.to_path_buf());
                }
            }
            Seems::MailByContent => {
                let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
                self.unnamed.entry(ending.to_owned()).or_default().push(path.to_path_buf());
            }
            Seems::Table => self.tables.push(path.to_path_buf()),
            Seems::Packed { what, command, is_unpacked_by_us } => self.packed(path, what, &command, is_unpacked_by_us),
            Seems::Aside(why) => {
                self.has_index |= path.extension().is_some_and(|ending| ending == "msf");
                first(self.aside.entry(why).or_insert_with(none));
            }
            Seems::Other { what, remedy, may_become } => {
                self.foreign |= may_become == Some(Form::Table);
                first(self.other.entry((what, remedy, may_become)).or_insert_with(none));
            }
        }
    }

    fn packed(&mut self, path: &Path, what: &'static str, command: &str, is_unpacked_by_us: bool) {
        let inside = if is_unpacked_by_us { peek(path) } else { Vec::new() };
        let is_unpacked_beside =
            path.extension().is_some_and(|ending| ending == "gz") && path.with_extension("").is_file();
        let has = |is: &dyn Fn(&Seems) -> bool| inside.iter().any(is);
        let holds = if is_unpacked_beside {
            None
        } else if has(&|seems| matches!(seems, Seems::Mailbox { .. })) {
            Some(Holds::Mailboxes)
        } else if has(&|seems| matches!(seems, Seems::Mail)) {
            Some(Holds::Mails)
        } else {
            None
        };
        if let Some(holds) = holds {
            // A folder of mailboxes would unpack it, or stop at it.
            self.foreign |= holds == Holds::Mails;
            self.packed.push((path.to_path_buf(), holds));
            return;
        }
        let name = path.to_string_lossy().into_owned();
        let left = |what: String, remedy: String| Left::of(name, 1, what, remedy);
        if is_unpacked_beside {
            self.left.push(left(format!("{what}, and unpacked beside itself"), String::new()));
            return;
        }
        self.foreign = true;
        let (what, remedy) = if has(&|seems| matches!(seems, Seems::Table)) {
            (
                format!("{what} with a table in it"),
                format!("unpack it with `{command}`, and run `threadlift init` on the table"),
            )
        } else if inside.is_empty() {
            (what.to_owned(), format!("unpack it with `{command}`, and run `threadlift init` on what comes out"))
        } else {
            (format!("{what} without mails or tables in its first files"), String::new())
        };
        self.left.push(left(what, remedy));
    }
}

/// Widens the deepest folder that holds all so that it holds this file, too.
fn lies_in(common: &mut Option<PathBuf>, path: &Path) {
    let Some(folder) = path.parent() else { return };
    match common {
        None => *common = Some(folder.to_path_buf()),
        Some(common) => while !folder.starts_with(&*common) && common.pop() {},
    }
}
