//! From the `path` of a source to its files.
//!
//! A path is a plain name or a glob, relative to the mapping's folder; a plain name wins if both readings are possible
//! (`[Gmail].mbox` is an ordinary file name). A glob is walked from its longest prefix without wildcards, so that
//! `Takeout/**/*.mbox` does not search the home folder.

use super::missing;
use super::walk::{Walk, walk};
use super::{SourceError, SourceFile, files};
use crate::mapping::SourceMapping;
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
    /// Folders that match a pattern for files, as shown.
    pub(super) folders: Vec<String>,
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
    pub(super) problem: Option<Problem>,
}

impl Found {
    /// What was left out, for people.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = |folder: &String| {
            format!(
                "{folder} is a folder and was not read; if it is an Apple Mail export, add `{folder}/mbox` to `path`"
            )
        };
        self.folders.iter().map(note).collect()
    }
}

/// Finds the files of a source. `folders`: a plain path may name a folder, of which all `.eml` files are taken.
pub(super) fn find(base: &Path, mapping: &SourceMapping, folders: bool) -> Result<Found, SourceError> {
    let mut seen = Walk::default();
    for pattern in &mapping.paths {
        let before = (seen.hits.len(), seen.folders.len());
        find_one(base, mapping, pattern, folders, &mut seen)?;
        if seen.hits.len() == before.0 {
            if let Some(folder) = seen.folders.get(before.1) {
                return Err(folder_given(base, mapping, folder));
            }
            return Err(missing::nothing_matches(base, mapping, pattern, &root_of(base, pattern)));
        }
    }
    let Walk { mut hits, mut folders } = seen;
    // A name that is no link goes first, so that it is the one kept and shown.
    hits.sort_unstable_by(|a, b| (a.through_link, key(base, &a.path)).cmp(&(b.through_link, key(base, &b.path))));
    if mapping.paths.len() > 1 || hits.iter().any(|hit| hit.through_link) {
        let mut known = HashSet::new();
        hits.retain(|hit| known.insert(fs::canonicalize(&hit.path).unwrap_or_else(|_| hit.path.clone())));
    }
    hits.sort_unstable_by(|a, b| key(base, &a.path).cmp(key(base, &b.path)));
    folders.sort_unstable();
    folders.dedup();

    let mut found = Found {
        files: Vec::with_capacity(hits.len()),
        problems: BTreeMap::new(),
        folders: folders.iter().map(|folder| shown(base, folder)).collect(),
    };
    for (number, Hit { path, size, problem, .. }) in (0..).zip(hits) {
        if let Some(problem) = problem {
            found.problems.insert(number, problem);
        }
        found.files.push(SourceFile { shown: shown(base, &path), path, size });
    }
    Ok(found)
}

fn find_one(
    base: &Path,
    mapping: &SourceMapping,
    pattern: &str,
    folders: bool,
    seen: &mut Walk,
) -> Result<(), SourceError> {
    let plain = tidy(&base.join(pattern));
    if fs::symlink_metadata(&plain).is_ok() {
        let meta = fs::metadata(&plain).map_err(|error| files::cannot_open(mapping, &shown(base, &plain), &error))?;
        if meta.is_file() {
            seen.hits.push(Hit { path: plain, size: meta.len(), through_link: false, problem: None });
            return Ok(());
        }
        if !meta.is_dir() {
            return Err(SourceError {
                title: format!("source `{}`: {} is not a file", mapping.name, shown(base, &plain)),
                detail: "it is a device, a pipe or a socket".to_owned(),
                remedy: "save its content to a file and name that in `path`".to_owned(),
                at: mapping.path_at,
            });
        }
        if !folders {
            return Err(folder_given(base, mapping, &plain));
        }
        walk(&plain, usize::MAX, &is_eml, true, seen);
        return Ok(());
    }
    let Some((root, rest)) = split(pattern) else { return Ok(()) };
    let glob = GlobBuilder::new(rest).literal_separator(true).backslash_escape(true).build();
    let glob = glob.map_err(|error| SourceError {
        title: format!("source `{}`: `{pattern}` is not a pattern", mapping.name),
        detail: error.kind().to_string(),
        remedy: "wildcards are `*`, `?`, `**`, `[a-z]` and `{a,b}`; put a backslash before one that stands for itself"
            .to_owned(),
        at: mapping.path_at,
    })?;
    let matcher = glob.compile_matcher();
    let root = tidy(&base.join(root));
    if root.is_dir() {
        walk(&root, depth(rest), &|path| matcher.is_match(path), folders, seen);
    }
    Ok(())
}

fn folder_given(base: &Path, mapping: &SourceMapping, folder: &Path) -> SourceError {
    let name = shown(base, folder);
    let ending = if matches!(mapping.format, crate::mapping::Format::Csv(_)) { "csv" } else { "mbox" };
    let mut remedy = format!("write `{name}/**/*.{ending}`");
    if ending == "mbox" {
        if folder.join("mbox").is_file() {
            remedy = format!("it is an Apple Mail export: write `{name}/mbox`");
        } else {
            remedy += ", or format = \"eml\" if it holds one file per mail";
        }
    }
    SourceError {
        title: format!("source `{}`: {name} is a folder", mapping.name),
        detail: format!("format = \"{ending}\" reads files"),
        remedy,
        at: mapping.path_at,
    }
}

fn is_eml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"))
}

/// Where a pattern is looked for.
fn root_of(base: &Path, pattern: &str) -> PathBuf {
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

fn key<'a>(base: &Path, path: &'a Path) -> &'a [u8] {
    relative(base, path).as_os_str().as_bytes()
}

fn shown(base: &Path, path: &Path) -> String {
    relative(base, path).to_string_lossy().into_owned()
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
