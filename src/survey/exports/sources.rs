//! What was seen below one of the things given, as sources and as files that are left.

use super::seen::{Holds, Seen};
use super::{Exports, Left, MailExport, Program};
use crate::record::system_labels;
use crate::source::Form;
use crate::survey::SurveyError;
use crate::survey::paths::Paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

impl Seen {
    pub(super) fn into_exports(
        self,
        root: &Path,
        is_folder: bool,
        paths: &Paths,
        to: &mut Exports,
    ) -> Result<(), SurveyError> {
        let before = (to.mails.len(), to.tables.len());
        let is_incomplete = self.is_cut && self.names_files_one_by_one();
        to.is_cut |= self.is_cut && !is_incomplete;
        if !self.mailboxes.is_empty() || self.packed.iter().any(|(_, holds)| *holds == Holds::Mailboxes) {
            to.mails.push(self.mailbox_export(root, is_folder, paths)?);
        }
        let unnamed = self.unnamed.values().map(Vec::len).sum::<usize>() as u64;
        if (is_folder && self.mails > 0) || unnamed > 0 {
            let mut named = if is_folder && self.mails > 0 {
                vec![paths.of(&self.top(root, self.common_of_mails.as_deref()))?]
            } else {
                Vec::new()
            };
            for files in self.unnamed.values() {
                named.extend(paths.of_all(root, files)?);
            }
            to.mails.push(self.mail_export(named, unnamed, is_folder));
        }
        let mails: Vec<&PathBuf> =
            self.packed.iter().filter(|(_, holds)| *holds == Holds::Mails).map(|(path, _)| path).collect();
        if !mails.is_empty() {
            let listed = mails.iter().map(|path| paths.of(path)).collect::<Result<Vec<_>, _>>()?;
            let seen = format!("{} packed with mails in it", files(mails.len() as u64));
            to.mails.push(MailExport {
                program: Program::Mails,
                paths: listed,
                readable: Vec::new(),
                labels_from: Some("[\"folders\", \"flags\"]"),
                unpack: true,
                seen,
            });
        }
        to.tables.extend(self.tables);
        to.left.extend(self.left);
        let group = |what: &str, remedy: &str, (files, path): (u64, PathBuf)| {
            Left::of(path.to_string_lossy().into_owned(), files, what.to_owned(), remedy.to_owned())
        };
        if is_incomplete {
            let what = "a folder with more files than are looked at; of those named one by one not all are named";
            let remedy = "run `threadlift init` on its folders one by one";
            to.left.push(group(what, remedy, (1, root.to_path_buf())));
        }
        to.left.extend(self.aside.into_iter().map(|(what, found)| group(what, "", found)));
        // Beside mails and tables most files need nothing; those that hold mails in another form do.
        let has_some = (to.mails.len(), to.tables.len()) != before;
        let of_other = |((what, remedy, may_become), found): ((&str, &'static str, Option<Form>), _)| {
            let is_needed = !has_some || may_become.is_some();
            group(what, if is_needed { remedy } else { "" }, found)
        };
        to.left.extend(self.other.into_iter().map(of_other));
        if self.unreadable > 0 {
            let remedy = "make them readable for the user who runs threadlift, and run `threadlift init` again";
            to.left.push(group("not readable", remedy, (self.unreadable, root.to_path_buf())));
        }
        Ok(())
    }

    /// Are files named one by one, so that one that was not seen is not read?
    fn names_files_one_by_one(&self) -> bool {
        let has_mailboxes =
            !self.mailboxes.is_empty() || self.packed.iter().any(|(_, holds)| *holds == Holds::Mailboxes);
        let has_packed_mails = self.packed.iter().any(|(_, holds)| *holds == Holds::Mails);
        !self.unnamed.is_empty() || !self.tables.is_empty() || has_packed_mails || (self.foreign && has_mailboxes)
    }

    /// The folder to name for all that lies below `common`: behind the last file that was looked at there may be more
    /// anywhere below `root`.
    fn top(&self, root: &Path, common: Option<&Path>) -> PathBuf {
        if self.is_cut { root.to_path_buf() } else { top(root, common) }
    }

    fn mailbox_export(&self, root: &Path, is_folder: bool, paths: &Paths) -> Result<MailExport, SurveyError> {
        let packed: Vec<&PathBuf> =
            self.packed.iter().filter(|(_, holds)| *holds == Holds::Mailboxes).map(|(path, _)| path).collect();
        let is_named = |name: &str| self.mailboxes.iter().any(|path| path.file_name().is_some_and(|file| file == name));
        let has_sbd = self.mailboxes.iter().any(|path| path.to_string_lossy().contains(".sbd/"));
        let has_meaning = self.names.iter().any(|name| system_labels::meaning(name).is_some());
        let is_month = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()).is_some_and(is_month);
        let program = if is_named("topics.mbox") {
            Program::Groups
        } else if self.gmail > 0 {
            Program::Takeout
        } else if self.has_index || has_sbd {
            Program::Thunderbird
        } else if self.mailboxes.iter().chain(packed.iter().copied()).all(is_month) {
            Program::Pipermail
        } else {
            Program::Mailboxes
        };
        let labels_from = match program {
            Program::Takeout | Program::Pipermail => None,
            Program::Groups => Some("[\"folders\"]"),
            _ if has_meaning || program == Program::Thunderbird => Some("[\"folders\", \"file\", \"flags\"]"),
            _ => None,
        };
        // A folder that holds other packed files cannot be named as a whole: its mailboxes can.
        let named = if is_folder && !self.foreign {
            vec![paths.of(&self.top(root, self.common_of_mailboxes.as_deref()))?]
        } else {
            let all: Vec<PathBuf> = self.mailboxes.iter().chain(packed.iter().copied()).cloned().collect();
            paths.of_all(root, &all)?
        };
        let readable = if packed.is_empty() { named.clone() } else { paths.of_all(root, &self.mailboxes)? };
        let mut seen = Vec::new();
        if !self.mailboxes.is_empty() {
            let many = self.mailboxes.len();
            seen.push(if many == 1 { "1 mailbox".to_owned() } else { format!("{many} mailboxes") });
        }
        if !packed.is_empty() {
            seen.push(format!("{} packed with mailboxes in it", files(packed.len() as u64)));
        }
        Ok(MailExport {
            program,
            paths: named,
            readable,
            labels_from,
            unpack: !packed.is_empty(),
            seen: seen.join(" and "),
        })
    }

    fn mail_export(&self, paths: Vec<String>, unnamed: u64, is_folder: bool) -> MailExport {
        let program = if self.apple > 0 {
            Program::AppleMail
        } else if self.maildir > 0 {
            Program::Maildir
        } else {
            Program::Mails
        };
        // A single mail that was given is among those that are named one by one.
        let named = if is_folder { self.mails } else { 0 };
        let labels_from = (named > 0 && !self.names.is_empty()).then_some("[\"folders\", \"flags\"]");
        let seen = match named + unnamed {
            1 => "1 mail".to_owned(),
            mails => format!("{} mails, a file each", crate::words::count(mails)),
        };
        let unlike =
            if unnamed > 0 && named > 0 { format!(" ({unnamed} with other names than .eml)") } else { String::new() };
        let seen = format!("{seen}{unlike}");
        MailExport { program, readable: paths.clone(), paths, labels_from, unpack: false, seen }
    }
}

/// The folder from which names of folders say most: the deepest that holds all, but above what is itself a mailbox, a part of
/// one, or says what it holds.
fn top(root: &Path, common: Option<&Path>) -> PathBuf {
    let below = common.and_then(|common| common.strip_prefix(root).ok());
    let says_nothing = |name: &&OsStr| {
        let name = name.to_string_lossy();
        let is_part = ["cur", "new", "Data", "Messages"].contains(&&*name) || name.starts_with('.');
        let is_package = name.ends_with(".mbox") || name.ends_with(".sbd") || name.contains('@');
        !is_part && !is_package && system_labels::meaning(&name).is_none()
    };
    let names = below.into_iter().flat_map(Path::iter).take_while(says_nothing);
    names.fold(root.to_path_buf(), |top, name| top.join(name))
}

fn files(number: u64) -> String {
    crate::words::counted(number, "file")
}

/// `2019-May`, as Mailman 2 calls its months.
fn is_month(stem: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let stem = stem.strip_suffix(".txt").unwrap_or(stem);
    stem.split_once('-').is_some_and(|(year, month)| {
        year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && MONTHS.contains(&month)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::exports::Exports;
    use std::sync::atomic::AtomicBool;

    /// What is found in a folder with these files, of which so many are opened.
    fn found(files: &[(&str, &[u8])], most: u64) -> Exports {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("all");
        for (name, content) in files {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let (mut seen, mut exports) = (Seen::default(), Exports::default());
        seen.folder(&root, most, &AtomicBool::new(false)).unwrap();
        seen.into_exports(&root, true, &Paths::new(folder.path()).unwrap(), &mut exports).unwrap();
        exports
    }

    const MBOX: &[u8] = b"From - Thu Jan  1 00:00:00 1970\nSubject: x\n\nhi\n";

    #[test]
    fn a_folder_with_more_files_than_are_looked_at_is_named_from_where_it_was_given() {
        let files = [("a/b/one", MBOX), ("a/b/two", MBOX), ("a/b/three", MBOX)];
        assert_eq!(found(&files, 9).mails[0].paths, ["all/a/b"]);
        let cut = found(&files, 2);
        assert_eq!(cut.mails[0].paths, ["all"]);
        assert!(cut.is_cut && cut.left.is_empty());
    }

    #[test]
    fn of_files_that_are_named_one_by_one_it_is_said_that_not_all_are_named() {
        let mail = b"Return-Path: <a@b.example>\nSubject: x\n\nhi\n".as_slice();
        let rows = b"a,b\n1,2\n".as_slice();
        for files in [[("in/note-a", mail), ("in/note-b", mail)], [("1.csv", rows), ("2.csv", rows)]] {
            let cut = found(&files, 1);
            assert!(!cut.is_cut && cut.left[0].what.contains("not all are named"), "{:?}", cut.left);
            assert_eq!(found(&files, 9).left, []);
        }
    }
}
