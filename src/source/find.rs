//! From the `path` of a source to its files.
//!
//! A path is a plain name or a glob, relative to the mapping's folder; a plain name wins if both readings are possible
//! (`[Gmail].mbox` is an ordinary file name). A glob is walked from its longest prefix without wildcards, so that
//! `Takeout/**/*.mbox` does not search the home folder. A plain folder of mails gives what is a mailbox or a mail in it.

use super::folder::{self, Ignored, MailNames, Passed};
use super::place::Places;
use super::unpack::{self, Unpacked};
use super::walk::{Walk, walk};
use super::{SourceError, SourceFile, Watch, files, missing};
use crate::mapping::{Format, SourceMapping};
use globset::GlobBuilder;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What the paths of a source lead to.
#[derive(Debug)]
pub(super) struct Found {
    /// Files by path bytes, each once.
    pub(super) files: Vec<SourceFile>,
    /// Files and folders among `files` that cannot be read, by index.
    pub(super) problems: BTreeMap<u32, Problem>,
    /// Which names are data.
    pub(super) places: Places,
    /// What was unpacked and which folders are none of these, for people.
    pub(super) notes: Vec<String>,
    /// What was left out.
    pub(super) passed: Vec<Passed>,
}

/// Why a name that was found is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) cause: String,
    pub(super) detail: String,
    pub(super) remedy: String,
}

/// One name met on a walk.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) through_link: bool,
    /// Rare, and so not held in place.
    pub(super) problem: Option<Box<Problem>>,
}

/// Finds the files of a source, unpacking what is packed if the mapping says so.
pub(super) fn find(base: &Path, mapping: &SourceMapping, watch: &Watch<'_>) -> Result<Found, SourceError> {
    let mut search = Search {
        base,
        prefix: Prefix::of(base),
        mapping,
        seen: Walk::default(),
        ignored: Ignored::default(),
        places: Places::new(mapping.labels_from),
    };
    for pattern in &mapping.paths {
        search.one(pattern)?;
    }
    let mut notes = Vec::new();
    if let Some(folder) = &mapping.unpack {
        notes = search.unpack(&base.join(folder), watch)?;
        if search.seen.hits.is_empty() {
            return Err(search.nothing_unpacked(notes));
        }
    }
    Ok(search.finish(notes))
}

/// A search under way.
struct Search<'a> {
    base: &'a Path,
    prefix: Prefix,
    mapping: &'a SourceMapping,
    seen: Walk,
    ignored: Ignored,
    places: Places,
}

impl Search<'_> {
    /// Finds what one pattern leads to, which must be something.
    fn one(&mut self, pattern: &str) -> Result<(), SourceError> {
        let before = (self.seen.hits.len(), self.seen.folders.len());
        let mut ignored = Ignored::default();
        self.places.add(root_of(self.base, pattern));
        self.look(pattern, &mut ignored)?;
        self.packages(before.1);
        if self.seen.hits.len() == before.0 {
            if let Some(folder) = self.seen.folders.get(before.1) {
                return Err(self.folder_given(folder));
            }
            let lines = folder::lines(&ignored.passed(|path| self.shown(path)));
            let root = root_of(self.base, pattern);
            return Err(missing::nothing_matches(self.base, self.mapping, pattern, &root, &lines));
        }
        self.ignored.join(ignored);
        Ok(())
    }

    fn look(&mut self, pattern: &str, ignored: &mut Ignored) -> Result<(), SourceError> {
        let plain = tidy(&self.base.join(pattern));
        if fs::symlink_metadata(&plain).is_ok() {
            let meta = fs::metadata(&plain);
            let meta = meta.map_err(|error| files::cannot_open(self.mapping, &self.shown(&plain), &error))?;
            if meta.is_file() {
                self.seen.hits.push(Hit { path: plain, size: meta.len(), through_link: false, problem: None });
                return Ok(());
            }
            if !meta.is_dir() {
                return Err(SourceError {
                    title: format!("source `{}`: {} is not a file", self.mapping.name, self.shown(&plain)),
                    detail: "it is a device, a pipe or a socket".to_owned(),
                    remedy: "save its content to a file and name that in `path`".to_owned(),
                    at: self.mapping.path_at,
                });
            }
            return self.folder(&plain, ignored);
        }
        let Some((root, rest)) = split(pattern) else { return Ok(()) };
        let glob = GlobBuilder::new(rest).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| SourceError {
            title: format!("source `{}`: `{pattern}` is not a pattern", self.mapping.name),
            detail: error.kind().to_string(),
            remedy:
                "wildcards are `*`, `?`, `**`, `[a-z]` and `{a,b}`; put a backslash before one that stands for itself"
                    .to_owned(),
            at: self.mapping.path_at,
        })?;
        let matcher = glob.compile_matcher();
        let root = tidy(&self.base.join(root));
        if root.is_dir() {
            let folders_are_ordinary = matches!(self.mapping.format, Format::Eml);
            let mut wanted = |path: &Path| path.strip_prefix(&root).is_ok_and(|path| matcher.is_match(path));
            walk(&root, depth(rest), &mut wanted, folders_are_ordinary, &mut self.seen);
        }
        Ok(())
    }

    /// All of a folder that the format reads.
    fn folder(&mut self, root: &Path, ignored: &mut Ignored) -> Result<(), SourceError> {
        match self.mapping.format {
            Format::Csv(_) => return Err(self.folder_given(root)),
            Format::Eml => {
                let mut names = MailNames::default();
                let unpacks = self.mapping.unpack.is_some();
                let mut wanted = |path: &Path| {
                    let reason = names.no_mail(path);
                    let Some(reason) = reason else { return true };
                    let is_wanted = unpacks && folder::has_ending(path, &folder::PACKED_ENDINGS);
                    // What lies aside of a mail in two parts is found with that mail.
                    if !is_wanted && !is_apple_attachment(path) {
                        ignored.add(reason, path);
                    }
                    is_wanted
                };
                walk(root, usize::MAX, &mut wanted, true, &mut self.seen);
            }
            Format::Mbox(_) => {
                let before = self.seen.hits.len();
                let mut wanted = |path: &Path| {
                    let leads_nowhere = fs::metadata(path).is_err() && fs::symlink_metadata(path).is_ok();
                    if leads_nowhere && !folder::has_ending(path, &["mbox", "mboxrd", "mbx"]) {
                        ignored.add("a link that leads nowhere", path);
                        return false;
                    }
                    true
                };
                walk(root, usize::MAX, &mut wanted, true, &mut self.seen);
                self.only_mailboxes(before, ignored);
            }
        }
        Ok(())
    }

    /// Takes out of the hits from `before` on what does not begin like a mailbox.
    fn only_mailboxes(&mut self, before: usize, ignored: &mut Ignored) {
        let found = self.seen.hits.split_off(before);
        for hit in found {
            // What cannot be opened is reported when the source is.
            let head = hit.problem.is_none().then(|| files::first_bytes(&hit.path).ok()).flatten();
            match head.and_then(|head| folder::no_mailbox(&hit.path, &head)) {
                Some(reason) => ignored.add(reason, &hit.path),
                None => self.seen.hits.push(hit),
            }
        }
    }

    /// Reads Apple Mail's export packages (`Inbox.mbox/mbox`) that a pattern met.
    fn packages(&mut self, before: usize) {
        if !matches!(self.mapping.format, Format::Mbox(_)) {
            return;
        }
        let folders = self.seen.folders.split_off(before);
        for folder in folders {
            let inner = folder.join("mbox");
            match fs::symlink_metadata(&inner) {
                Ok(meta) if meta.is_file() => {
                    self.seen.hits.push(Hit { path: inner, size: meta.len(), through_link: false, problem: None });
                }
                _ => self.seen.folders.push(folder),
            }
        }
    }

    /// Unpacks the packed files among the hits and puts in their place what they hold.
    fn unpack(&mut self, folder: &Path, watch: &Watch<'_>) -> Result<Vec<String>, SourceError> {
        let folder = tidy(folder);
        let hits = std::mem::take(&mut self.seen.hits);
        let is_packed = |hit: &Hit| hit.problem.is_none() && unpack::is_packed(&hit.path);
        let (mut packed, others): (Vec<Hit>, Vec<Hit>) = hits.into_iter().partition(is_packed);
        self.seen.hits = others;
        packed.sort_unstable_by(|a, b| self.key(&a.path).cmp(self.key(&b.path)));
        packed.dedup_by(|a, b| a.path == b.path);
        let mut notes = Vec::new();
        for Unpacked { archive, into, note } in unpack::all(self.mapping, &folder, &packed, watch)? {
            self.places.add_unpacked(into.clone(), &archive);
            let mut ignored = Ignored::default();
            let before = self.seen.hits.len();
            self.folder(&into, &mut ignored)?;
            let nothing = if self.seen.hits.len() == before { "; nothing in it is read" } else { "" };
            notes.push(format!("{} is {note} {}{nothing}", self.shown(&archive), self.shown(&into)));
            self.ignored.join(ignored);
        }
        Ok(notes)
    }

    /// All archives are unpacked, and nothing in them is read.
    fn nothing_unpacked(self, mut notes: Vec<String>) -> SourceError {
        let Search { base, mapping, ignored, .. } = self;
        notes.extend(folder::lines(&ignored.passed(|path| shown(base, path))));
        SourceError {
            title: format!("source `{}`: nothing that was unpacked is a mail or a mailbox", mapping.name),
            detail: notes.join("; "),
            remedy: "look into the folder, and name in `path` what is to be read; or correct `format`".to_owned(),
            at: mapping.path_at,
        }
    }

    fn finish(self, mut notes: Vec<String>) -> Found {
        let Search { base, prefix, mapping, seen, ignored, places } = self;
        let shown = |path: &Path| shown(base, path);
        let Walk { mut hits, mut folders } = seen;
        // A name that is no link goes first, so that it is the one kept and shown.
        hits.sort_unstable_by(|a, b| (a.through_link, prefix.key(&a.path)).cmp(&(b.through_link, prefix.key(&b.path))));
        if mapping.paths.len() > 1 || hits.iter().any(|hit| hit.through_link) {
            let mut known = HashSet::new();
            hits.retain(|hit| known.insert(fs::canonicalize(&hit.path).unwrap_or_else(|_| hit.path.clone())));
        }
        hits.sort_unstable_by(|a, b| prefix.key(&a.path).cmp(prefix.key(&b.path)));
        hits.dedup_by(|a, b| a.path == b.path);
        folders.sort_unstable();
        folders.dedup();
        let not_read = |folder: &PathBuf| {
            let name = shown(folder);
            format!("{name} is a folder and was not read; to read the mailboxes below it, write `path = \"{name}\"`")
        };
        notes.extend(folders.iter().map(not_read));
        let passed = ignored.passed(shown);
        let mut found =
            Found { files: Vec::with_capacity(hits.len()), problems: BTreeMap::new(), places, notes, passed };
        for (number, Hit { path, size, problem, .. }) in (0..).zip(hits) {
            if let Some(problem) = problem {
                found.problems.insert(number, *problem);
            }
            found.files.push(SourceFile::new(&path, &shown(&path), size));
        }
        found
    }

    fn key<'a>(&self, path: &'a Path) -> &'a [u8] {
        self.prefix.key(path)
    }

    fn shown(&self, path: &Path) -> String {
        shown(self.base, path)
    }

    /// A folder where files are read.
    fn folder_given(&self, folder: &Path) -> SourceError {
        let name = self.shown(folder);
        let (ending, remedy) = match self.mapping.format {
            Format::Csv(_) => ("csv", format!("write `{name}/**/*.csv`")),
            _ => ("mbox", format!("to read the mailboxes below it, write `{name}` as a name of its own in `path`")),
        };
        SourceError {
            title: format!("source `{}`: {name} is a folder", self.mapping.name),
            detail: format!("format = \"{ending}\" reads files"),
            remedy,
            at: self.mapping.path_at,
        }
    }
}

/// `…/Attachments/<number of the mail>/<number of the part>/<name>` (Apple Mail).
pub(super) fn is_apple_attachment(path: &Path) -> bool {
    path.ancestors().nth(3).is_some_and(|folder| folder.file_name().is_some_and(|name| name == "Attachments"))
}

/// The bytes that all paths below the mapping's folder begin with.
struct Prefix(Vec<u8>);

impl Prefix {
    fn of(base: &Path) -> Prefix {
        let base = tidy(base);
        let mut bytes = if base == Path::new(".") { Vec::new() } else { base.as_os_str().as_bytes().to_vec() };
        if !bytes.is_empty() && !bytes.ends_with(b"/") {
            bytes.push(b'/');
        }
        Prefix(bytes)
    }

    /// What files are sorted by: bytes, not components, since a million names are compared some twenty times each.
    fn key<'a>(&self, path: &'a Path) -> &'a [u8] {
        let bytes = path.as_os_str().as_bytes();
        bytes.strip_prefix(self.0.as_slice()).unwrap_or(bytes)
    }
}

/// Where a pattern is looked for.
fn root_of(base: &Path, pattern: &str) -> PathBuf {
    let plain = tidy(&base.join(pattern));
    if fs::symlink_metadata(&plain).is_ok() {
        // The folder a file was named in is no data.
        let folder = plain.parent().filter(|_| plain.is_file()).map(tidy);
        return folder.unwrap_or(plain);
    }
    tidy(&split(pattern).map_or_else(|| base.join(pattern), |(root, _)| base.join(root)))
}

/// A pattern as its folder without wildcards and the rest; `None` if it has no wildcard.
fn split(pattern: &str) -> Option<(&str, &str)> {
    let wildcard = pattern.find(['*', '?', '[', '{', '\\'])?;
    let start = pattern.get(..wildcard)?.rfind('/').map_or(0, |slash| slash + 1);
    Some((pattern.get(..start)?, pattern.get(start..)?))
}

/// How many folders down a pattern can match.
fn depth(rest: &str) -> usize {
    if rest.contains("**") || rest.contains('{') { usize::MAX } else { rest.matches('/').count() + 1 }
}

/// Without `.` and doubled or closing slashes, so that names read well and compare.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if tidy.as_os_str().is_empty() { PathBuf::from(".") } else { tidy }
}

fn relative<'a>(base: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(base).ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path)
}

fn shown(base: &Path, path: &Path) -> String {
    relative(base, path).to_string_lossy().into_owned()
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
