//! What the given files and folders are: which parts of them are mailboxes, mails, tables, packed, or none of these.

use super::SurveyError;
use super::paths::Paths;
use crate::record::system_labels;
use crate::source::{Judge, Seems, peek};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use walkdir::WalkDir;

/// Names that are looked at below one folder.
const MOST_NAMES: u64 = 2_000_000;

/// Files that are opened below one folder to see what they begin with.
const MOST_OPENED: u64 = 20_000;

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
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Exports {
    pub(super) mails: Vec<MailExport>,
    pub(super) tables: Vec<PathBuf>,
    pub(super) left: Vec<Left>,
    /// The look ended before the last name.
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
            seen.folder(root, &mut exports, stop)?;
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

/// What was seen below one of the things given.
#[derive(Debug, Default)]
struct Seen {
    mailboxes: Vec<PathBuf>,
    is_gmail: bool,
    mails: u64,
    apple: u64,
    maildir: u64,
    /// Mails whose names do not say so, by ending.
    unnamed: BTreeMap<String, Vec<PathBuf>>,
    tables: Vec<PathBuf>,
    /// Packed files that hold something, with what is in them.
    packed: Vec<(PathBuf, Holds)>,
    /// Packed files that a folder of mailboxes must not name as a whole.
    foreign: bool,
    /// Names of folders and mailboxes, without endings.
    names: BTreeSet<String>,
    has_index: bool,
    /// The deepest folder that holds all mailboxes, and the one that holds all mails.
    common_of_mailboxes: Option<PathBuf>,
    common_of_mails: Option<PathBuf>,
    aside: BTreeMap<&'static str, (u64, PathBuf)>,
    other: BTreeMap<(&'static str, &'static str), (u64, PathBuf)>,
    left: Vec<Left>,
    unreadable: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    Mailboxes,
    Mails,
}

impl Seen {
    fn folder(&mut self, root: &Path, exports: &mut Exports, stop: &AtomicBool) -> Result<(), SurveyError> {
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
            if names > MOST_NAMES || opened >= MOST_OPENED {
                exports.is_cut = true;
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

    fn take(&mut self, root: &Path, path: &Path, found: Seems) {
        let first = |slot: &mut (u64, PathBuf)| {
            slot.0 += 1;
            if path < slot.1.as_path() {
                slot.1 = path.to_path_buf();
            }
        };
        let none = || (0, path.to_path_buf());
        match found {
            Seems::Mailbox { is_gmail } => {
                self.is_gmail |= is_gmail;
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
            Seems::Other(what, remedy) => {
                self.foreign |= what.contains("workbook");
                first(self.other.entry((what, remedy)).or_insert_with(none));
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
        let left = |what: String, remedy: String| Left { name, files: 1, what, remedy };
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

    fn into_exports(self, root: &Path, is_folder: bool, paths: &Paths, to: &mut Exports) -> Result<(), SurveyError> {
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

/// Widens the deepest folder that holds all so that it holds this file, too.
fn lies_in(common: &mut Option<PathBuf>, path: &Path) {
    let Some(folder) = path.parent() else { return };
    match common {
        None => *common = Some(folder.to_path_buf()),
        Some(common) => while !folder.starts_with(&*common) && common.pop() {},
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
