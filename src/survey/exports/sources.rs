//! What was seen below one of the things given, as sources and as files that are left.

use super::seen::{Holds, Seen};
use super::{Exports, Left, MailExport, Program};
use crate::record::system_labels;
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
        if !self.mailboxes.is_empty() || self.packed.iter().any(|(_, holds)| *holds == Holds::Mailboxes) {
            to.mails.push(self.mailbox_export(root, is_folder, paths)?);
        }
        let unnamed = self.unnamed.values().map(Vec::len).sum::<usize>() as u64;
        if (is_folder && self.mails > 0) || unnamed > 0 {
            let mut named = if is_folder && self.mails > 0 {
                vec![paths.of(&top(root, self.common_of_mails.as_deref()))?]
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
        let group = |what: &str, remedy: &str, (files, path): (u64, PathBuf)| Left {
            name: path.to_string_lossy().into_owned(),
            files,
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        };
        to.left.extend(self.aside.into_iter().map(|(what, found)| group(what, "", found)));
        // Beside mails and tables most files need nothing; those that hold mails in another form do.
        let holds_more =
            |remedy: &str| ["convert", "save", "open it in a spreadsheet"].iter().any(|word| remedy.starts_with(word));
        let has_some = (to.mails.len(), to.tables.len()) != before;
        let needed = |remedy: &'static str| if has_some && !holds_more(remedy) { "" } else { remedy };
        to.left.extend(self.other.into_iter().map(|((what, remedy), found)| group(what, needed(remedy), found)));
        if self.unreadable > 0 {
            let remedy = "make them readable for the user who runs threadlift, and run `threadlift init` again";
            to.left.push(group("not readable", remedy, (self.unreadable, root.to_path_buf())));
        }
        Ok(())
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
        } else if self.is_gmail {
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
            vec![paths.of(&top(root, self.common_of_mailboxes.as_deref()))?]
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
