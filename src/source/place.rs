//! Labels that a mail has by its place: the names of folders and files, as far as the mapping takes them as data.

use super::imap_name;
use crate::mapping::LabelsFrom;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Endings of mailbox files that say nothing about their content.
const MAILBOX_ENDINGS: [&str; 4] = ["mbox", "mboxrd", "mbx", "txt"];

/// Where the files of a source were looked for, and which of their names are data.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    from: LabelsFrom,
    roots: Vec<Root>,
}

/// The fixed part of a `path`, below which names may be data.
#[derive(Debug, Clone)]
struct Root {
    folder: PathBuf,
    /// Names that stand before those below the folder: where an archive lay that was unpacked into it.
    before: Vec<String>,
}

impl Places {
    pub(super) fn new(from: LabelsFrom) -> Places {
        Places { from, roots: Vec::new() }
    }

    /// Names below `folder` may be data.
    pub(super) fn add(&mut self, folder: PathBuf) {
        self.roots.push(Root { folder, before: Vec::new() });
    }

    /// What lay packed at `archive` is found below `folder` from now on.
    pub(super) fn add_unpacked(&mut self, folder: PathBuf, archive: &Path) {
        let before = self.folders(archive);
        self.roots.push(Root { folder, before });
    }

    /// Labels of the mails in a mailbox file.
    pub(super) fn of_mailbox(&self, file: &Path) -> Vec<String> {
        let mut labels = Vec::new();
        if self.from.folders {
            labels.extend(joined(&self.folders(file)));
        }
        if self.from.file {
            labels.extend(mailbox_name(file).filter(|name| !labels.contains(name)));
        }
        labels
    }

    /// Labels of the mail in a file of its own; flags are read where they stand.
    pub(super) fn of_mail(&self, file: &Path) -> Vec<String> {
        if self.from.folders { joined(&self.folders(file)).into_iter().collect() } else { Vec::new() }
    }

    /// The folder of the mails in a mailbox file, which is one itself.
    pub(super) fn folder_of_mailbox(&self, file: &Path) -> Arc<str> {
        let mut names = self.folders(file);
        names.extend(mailbox_name(file).filter(|name| names.last() != Some(name)));
        names.join("/").into()
    }

    /// The folder of the mail in a file of its own.
    pub(super) fn folder_of_mail(&self, file: &Path) -> Arc<str> {
        self.folders(file).join("/").into()
    }

    /// Are flags labels?
    pub(super) fn takes_flags(&self) -> bool {
        self.from.flags
    }

    /// Names of the folders between the nearest root and the file.
    fn folders(&self, file: &Path) -> Vec<String> {
        let below = |root: &Root| file.strip_prefix(&root.folder).is_ok() || root.folder == Path::new(".");
        let longest = |root: &&Root| root.folder.components().count();
        let Some(root) = self.roots.iter().filter(|root| below(root)).max_by_key(longest) else { return Vec::new() };
        let rest = file.strip_prefix(&root.folder).unwrap_or(file);
        let mut names: Vec<&OsStr> = rest
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .filter_map(|part| if let Component::Normal(name) = part { Some(name) } else { None })
            .collect();
        let is_maildir = names.last().is_some_and(|last| *last == "cur" || *last == "new");
        if is_maildir {
            names.pop();
        } else if ends_with(file, "emlx") {
            without_apple_inner_folders(&mut names);
        }
        let mut labels = root.before.clone();
        for name in names {
            let name = name.to_string_lossy();
            match name.strip_prefix('.').filter(|dotted| is_maildir && !dotted.is_empty()) {
                // Maildir++: one folder on disk for each path, its levels divided by dots.
                Some(dotted) => labels.extend(dotted.split('.').filter(|level| !level.is_empty()).map(clean)),
                None => labels.push(clean(without_package_ending(&name))),
            }
        }
        labels
    }
}

fn joined(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join("/"))
}

/// `Inbox.mbox`, Pipermail's `2019-May.txt`; in an Apple Mail package (`Inbox.mbox/mbox`) the package has the name.
fn mailbox_name(file: &Path) -> Option<String> {
    let package =
        file.parent().filter(|folder| file.file_name() == Some(OsStr::new("mbox")) && ends_with(folder, "mbox"));
    let file = package.unwrap_or(file);
    let is_mailbox = MAILBOX_ENDINGS.iter().any(|ending| ends_with(file, ending));
    let name = if is_mailbox { file.file_stem() } else { file.file_name() };
    name.map(|name| clean(&name.to_string_lossy()))
}

/// Apple Mail's library keeps mails at `Name.mbox/<UUID>/Data/<digits>/Messages/1.emlx`.
fn without_apple_inner_folders(names: &mut Vec<&OsStr>) {
    if names.last().is_some_and(|name| *name == "Messages") {
        names.pop();
    }
    let digits = |name: &&OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    while names.last().is_some_and(digits) && names.iter().any(|name| *name == "Data") {
        names.pop();
    }
    if names.last().is_some_and(|name| *name == "Data") {
        names.pop();
        let is_uuid = |name: &&OsStr| {
            let bytes = name.as_encoded_bytes();
            bytes.len() == 36 && bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
        };
        if names.last().is_some_and(is_uuid) {
            names.pop();
        }
    }
}

/// Thunderbird's `Name.sbd` holds the folders below `Name`; Apple's `Name.mbox` is a mailbox.
fn without_package_ending(name: &str) -> &str {
    let stem = name.strip_suffix(".sbd").or_else(|| name.strip_suffix(".mbox"));
    stem.filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// A name as a label: decoded, and without characters that do not belong into one line.
fn clean(name: &str) -> String {
    imap_name::decoded(name).replace(char::is_control, " ").trim().to_owned()
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(root: &str) -> Places {
        let mut places = Places::new(LabelsFrom { folders: true, file: true, flags: false });
        places.add(PathBuf::from(root));
        places
    }

    fn mailbox(root: &str, file: &str) -> Vec<String> {
        places(root).of_mailbox(Path::new(file))
    }

    fn mail(root: &str, file: &str) -> Vec<String> {
        places(root).of_mail(Path::new(file))
    }

    #[test]
    fn folders_between_root_and_file_make_one_label_and_the_file_another() {
        assert_eq!(mailbox("in", "in/Sales/2019/Orders.mbox"), ["Sales/2019", "Orders"]);
        assert_eq!(mailbox("in", "in/Orders.MBX"), ["Orders"]);
        assert_eq!(mailbox("in", "in/2019-May.txt"), ["2019-May"]);
        assert_eq!(mailbox(".", "in/2019-May"), ["in", "2019-May"]);
        assert_eq!(mail("in", "in/Sales/1.eml"), ["Sales"]);
        assert_eq!(mail("in", "in/1.eml"), [""; 0]);
    }

    #[test]
    fn names_are_no_data_unless_the_mapping_says_so() {
        let mut places = Places::new(LabelsFrom::default());
        places.add(PathBuf::from("in"));
        assert_eq!(places.of_mailbox(Path::new("in/a/b.mbox")), [""; 0]);
        assert_eq!(places.of_mail(Path::new("in/a/b.eml")), [""; 0]);
    }

    #[test]
    fn what_mail_programs_add_to_names_is_taken_off() {
        assert_eq!(mailbox("Mail", "Mail/Archives.sbd/2019.sbd/Spring"), ["Archives/2019", "Spring"]);
        assert_eq!(mailbox("out", "out/Sales/Orders.mbox/mbox"), ["Sales/Orders", "Orders"]);
        assert_eq!(mailbox("out", "out/Orders.mbox/mbox"), ["Orders"]);
        let inner = "0A1B2C3D-0000-4000-8000-0123456789AB/Data/1/Messages/17.emlx";
        assert_eq!(mail("V10", &format!("V10/Work/Orders.mbox/{inner}")), ["Work/Orders"]);
        assert_eq!(mail("V10", "V10/2019/Messages/17.partial.emlx"), ["2019"]);
    }

    #[test]
    fn maildir_folders_are_read_level_by_level() {
        assert_eq!(mail("Maildir", "Maildir/cur/1.host:2,S"), [""; 0]);
        assert_eq!(mail("Maildir", "Maildir/.Archive.2019/cur/1.host:2,S"), ["Archive/2019"]);
        assert_eq!(mail("Maildir", "Maildir/.Entw&APw-rfe/new/1.host"), ["Entwürfe"]);
        assert_eq!(mail("mail", "mail/ann/.Sent/cur/1"), ["ann/Sent"]);
        assert_eq!(mail("in", "in/.hidden/1.eml"), [".hidden"]);
    }

    #[test]
    fn the_nearest_root_counts_and_an_archive_keeps_its_place() {
        let mut places = places("lists");
        places.add(PathBuf::from("lists/users"));
        assert_eq!(places.of_mail(Path::new("lists/users/old/1.eml")), ["old"]);
        assert_eq!(places.of_mail(Path::new("lists/devel/1.eml")), ["devel"]);
        places.add_unpacked(PathBuf::from("unpacked/may-0a"), Path::new("lists/devel/may.tar.gz"));
        assert_eq!(places.of_mail(Path::new("unpacked/may-0a/x/1.eml")), ["devel/x"]);
    }
}
