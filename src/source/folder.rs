//! What a folder holds that `path` names as a whole: which of its files are read, and why the others are not.

use super::eml_dir::maildir;
use super::files::SCRATCH;
use super::{looks, mbox};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Endings of packed files that `unpack` deals with.
pub(super) const PACKED_ENDINGS: [&str; 5] = ["zip", "gz", "tgz", "tar", "gzip"];

/// Why a file of a Maildir is no mail.
pub(super) const UNDELIVERED: &str = "a Maildir's `tmp` holds mails whose delivery did not end";

/// Likewise.
pub(super) const SERVERS: &str = "an index or a setting of the mail server";

/// Why a file beside mailboxes is none.
pub(super) const BESIDE: &str = "an index, a setting or a page beside the mailboxes";

/// Files that are kept by name for each reason: a folder can hold a million.
const MOST_KEPT: usize = 1_000;

/// Files that are not read, by the reason.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    groups: BTreeMap<&'static str, Group>,
}

#[derive(Debug, Default)]
struct Group {
    count: u64,
    /// The first of them.
    first: BTreeSet<PathBuf>,
}

impl Group {
    fn keep(&mut self, path: PathBuf) {
        self.first.insert(path);
        if self.first.len() > MOST_KEPT {
            self.first.pop_last();
        }
    }
}

impl Ignored {
    /// Counts a file.
    pub(super) fn add(&mut self, reason: &'static str, path: &Path) {
        let group = self.groups.entry(reason).or_default();
        group.count += 1;
        group.keep(path.to_path_buf());
    }

    /// Counts all files of `other`, too.
    pub(super) fn join(&mut self, other: Ignored) {
        for (reason, other) in other.groups {
            let group = self.groups.entry(reason).or_default();
            group.count += other.count;
            other.first.into_iter().for_each(|path| group.keep(path));
        }
    }

    /// What was passed over, with the names that people know the files by.
    pub(super) fn passed(self, shown: impl Fn(&Path) -> String) -> Vec<Passed> {
        let named = |path: PathBuf| (shown(&path), path);
        let passed = |(reason, group): (&'static str, Group)| Passed {
            reason,
            count: group.count,
            first: group.first.into_iter().map(named).collect(),
        };
        self.groups.into_iter().map(passed).collect()
    }
}

/// Files that a source passes over for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    reason: &'static str,
    count: u64,
    /// The first of them: the name that people know each by, and its path.
    first: Vec<(String, PathBuf)>,
}

impl Passed {
    /// A line about those that no other source reads; none if each of them is read.
    pub fn line(&self, is_read: &dyn Fn(&Path) -> bool) -> Option<String> {
        // Of more than are known by name it cannot be told.
        let are_all = self.count == self.first.len() as u64;
        let left: Vec<&str> =
            self.first.iter().filter(|(_, path)| !are_all || !is_read(path)).map(|(name, _)| name.as_str()).collect();
        let count = if are_all { left.len() as u64 } else { self.count };
        let (first, reason) = (left.first()?, self.reason);
        Some(match count {
            1 => format!("{first} was not read: {reason}"),
            _ => format!("{count} files were not read, {first} among them: {reason}"),
        })
    }
}

/// A line for each reason.
pub(super) fn lines(passed: &[Passed]) -> Vec<String> {
    passed.iter().filter_map(|passed| passed.line(&|_| false)).collect()
}

/// Why a file in a folder of mailboxes is none; `None` if it is read. `head`: its first bytes.
pub(super) fn no_mailbox(path: &Path, head: &[u8]) -> Option<&'static str> {
    if mbox::begins(head) || has_ending(path, &["mbox", "mboxrd", "mbx"]) {
        return None;
    }
    if looks::packed(head, path).is_some() {
        // A download is often kept beside what was unpacked from it.
        let is_unpacked = has_ending(path, &["gz"]) && path.with_extension("").is_file();
        return is_unpacked.then_some("packed, and unpacked beside itself");
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Some("empty");
    }
    if has_ending(path, &["msf", "dat", "html", "htm", "json", "js", "css", "ini", "log", "sqlite", "plist", "toc"])
        || path.file_name().is_some_and(|name| name == "table_of_contents" || name == ".DS_Store")
    {
        return Some(BESIDE);
    }
    if has_ending(path, &["eml", "emlx"]) || is_in_maildir(path) {
        return Some("a single mail; add a source with format = \"eml\" for it");
    }
    Some(looks::instead_of_mbox(head, path).0)
}

/// Which files of a folder are mails, by their names alone: a million files are not opened twice.
#[derive(Debug, Default)]
pub(super) struct MailNames {
    /// The folder that was asked about last, and whether it is one of a Maildir.
    last: Option<(PathBuf, bool)>,
}

impl MailNames {
    /// Why the file is no mail; `None` if it is read as one.
    pub(super) fn no_mail(&mut self, path: &Path) -> Option<&'static str> {
        match self.maildir_part(path) {
            Some("tmp") => return Some(UNDELIVERED),
            Some(_) if !is_hidden(path) => return None,
            _ => {}
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A mail that is packed by itself is read so far that its record says how to unpack it.
        let is_mail = |path: &Path| has_ending(path, &["eml", "emlx"]);
        let is_packed_mail = has_ending(path, &["gz"]) && is_mail(&path.with_extension(""));
        if (is_mail(path) || is_packed_mail) && !is_hidden(path) {
            return None;
        }
        Some(if has_ending(path, &["msg"]) {
            "an Outlook message (MSG); save it as .eml"
        } else if has_ending(path, &["pst", "ost"]) {
            "an Outlook data file; convert it with `readpst -e` and name the result in `path`"
        } else if has_ending(path, &["mbox", "mbx"]) {
            "a mailbox file; add a source with format = \"mbox\" for it"
        } else if has_ending(path, &PACKED_ENDINGS) || has_ending(path, &["7z", "rar", "xz", "bz2", "zst"]) {
            "packed; name it in `path` to learn how to unpack it"
        } else if name.starts_with("dovecot") || name.starts_with("courier") || name.starts_with("maildir") {
            SERVERS
        } else {
            "its name does not end in .eml or .emlx; a pattern such as `folder/**/*` reads it all the same"
        })
    }

    /// `cur`, `new` or `tmp` if the file lies in such a folder of a Maildir.
    fn maildir_part(&mut self, path: &Path) -> Option<&'static str> {
        let folder = path.parent()?;
        let part = ["cur", "new", "tmp"].into_iter().find(|part| folder.file_name() == Some(OsStr::new(part)))?;
        if self.last.as_ref().is_none_or(|(last, _)| last != folder) {
            self.last = Some((folder.to_path_buf(), has_sibling(folder, part)));
        }
        // A copy of `cur` alone is known by what delivery programs add to the names.
        let is_maildir = self.last.as_ref().is_some_and(|(_, is_maildir)| *is_maildir)
            || (part == "cur" && maildir::info(path).is_some());
        is_maildir.then_some(part)
    }
}

/// A Maildir has `cur` and `new` side by side; copies sometimes lack the one that was empty, but then have `tmp`.
fn has_sibling(folder: &Path, part: &str) -> bool {
    ["cur", "new", "tmp"].into_iter().any(|other| other != part && folder.with_file_name(other).is_dir())
}

fn is_in_maildir(path: &Path) -> bool {
    MailNames::default().maildir_part(path).is_some()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Is this a folder that holds what `unpack` has not finished?
pub(super) fn is_scratch(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(SCRATCH.as_bytes()))
}

pub(super) fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|extension| endings.iter().any(|ending| extension.eq_ignore_ascii_case(ending)))
}
