//! Walking a folder. Symbolic links are followed as long as they stay inside the folder that was named: what leads out
//! of an export was not exported, and is reported instead of read.

use super::find::{Hit, Problem};
use super::{files, folder};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// What walks have met so far.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) hits: Vec<Hit>,
    /// Folders whose name would do for a file.
    pub(super) folders: Vec<PathBuf>,
}

/// Collects the files below `root` whose path is `wanted`. `folders`: folders of such a name are ordinary.
pub(super) fn walk(root: &Path, depth: usize, wanted: &mut dyn FnMut(&Path) -> bool, folders: bool, seen: &mut Walk) {
    let real_root = fs::canonicalize(root);
    let mut is_wanted = |path: &Path| path != root && wanted(path);
    let mut entries = WalkDir::new(root).follow_links(true).max_depth(depth).into_iter();
    // Depth of the linked folder that the walk is inside of.
    let mut inside_link: Option<usize> = None;
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                seen.hits.extend(problem(root, &mut is_wanted, &error));
                continue;
            }
        };
        if inside_link.is_some_and(|link| entry.depth() <= link) {
            inside_link = None;
        }
        let is_link = entry.depth() > 0 && entry.path_is_symlink();
        if is_link && !stays_inside(real_root.as_deref().ok(), entry.path()) {
            if entry.file_type().is_dir() {
                entries.skip_current_dir();
            }
            if (entry.file_type().is_dir() && entry.depth() < depth) || is_wanted(entry.path()) {
                seen.hits.push(leads_out(entry));
            }
            continue;
        }
        if entry.file_type().is_dir() {
            if folder::is_scratch(entry.path()) {
                entries.skip_current_dir();
                continue;
            }
            if is_link && inside_link.is_none() {
                inside_link = Some(entry.depth());
            }
            if !folders && is_wanted(entry.path()) {
                seen.folders.push(entry.into_path());
            }
        } else if entry.file_type().is_file() && is_wanted(entry.path()) {
            seen.hits.push(file(entry, is_link || inside_link.is_some()));
        }
    }
}

fn file(entry: DirEntry, through_link: bool) -> Hit {
    let (size, problem) = match entry.metadata() {
        Ok(meta) => (meta.len(), None),
        Err(error) => (0, Some(Box::new(unreadable(&error.into())))),
    };
    Hit { path: entry.into_path(), size, through_link, problem }
}

fn stays_inside(real_root: Option<&Path>, link: &Path) -> bool {
    match (real_root, fs::canonicalize(link)) {
        (Some(root), Ok(target)) => target.starts_with(root),
        _ => false,
    }
}

fn leads_out(entry: DirEntry) -> Hit {
    let problem = Problem {
        cause: "symbolic link leads out of the source".to_owned(),
        detail: match fs::read_link(entry.path()) {
            Ok(target) => format!("it points to {}", target.display()),
            Err(error) => error.to_string(),
        },
        remedy: "replace the link by a copy of what it points to, or name that in `path`".to_owned(),
    };
    Hit { path: entry.into_path(), size: 0, through_link: false, problem: Some(Box::new(problem)) }
}

/// A folder that cannot be listed matters always, for nobody knows what is in it; a broken link only by its name.
fn problem(root: &Path, is_wanted: &mut dyn FnMut(&Path) -> bool, error: &walkdir::Error) -> Option<Hit> {
    if error.loop_ancestor().is_some() {
        // The link leads back to a folder that the walk is in: all in it is found where it is.
        return None;
    }
    let path = error.path().unwrap_or(root);
    let is_link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    if is_link && path != root && !is_wanted(path) {
        return None;
    }
    let problem = match error.io_error() {
        Some(error) => unreadable(error),
        None => unreadable(&io::Error::other(error.to_string())),
    };
    Some(Hit { path: path.to_path_buf(), size: 0, through_link: false, problem: Some(Box::new(problem)) })
}

fn unreadable(error: &io::Error) -> Problem {
    Problem {
        cause: "file cannot be read".to_owned(),
        detail: error.to_string(),
        remedy: files::remedy_for(error).to_owned(),
    }
}
