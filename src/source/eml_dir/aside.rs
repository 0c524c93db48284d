//! The files that belong to Apple Mail's `.partial.emlx`: such a mail has empty parts, whose contents lie beside it at
//! `../Attachments/<number of the mail>/<number of the part>/<name>`.

use crate::source::SourceFile;
use std::fs;
use std::path::{Path, PathBuf};

/// Most entries of one mail's folder that are looked at.
const MOST: usize = 10_000;

/// The number Apple Mail gives to a mail in two pieces.
pub(super) fn row(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let row = name.strip_suffix(".partial.emlx")?;
    (!row.is_empty() && row.bytes().all(|byte| byte.is_ascii_digit())).then_some(row)
}

/// The files of the mail at `path`, in the order of their names. Links are not followed: an attachment is a file.
pub(super) fn files(path: &Path, shown: &str) -> Vec<SourceFile> {
    let Some(row) = row(path) else { return Vec::new() };
    let beside = |path: &Path| path.parent().and_then(Path::parent).map(|folder| folder.join("Attachments").join(row));
    let (Some(folder), shown_folder) = (beside(path), beside(Path::new(shown))) else { return Vec::new() };
    let mut found = Vec::new();
    for part in entries(&folder) {
        for file in entries(&part) {
            let Ok(meta) = fs::symlink_metadata(&file) else { continue };
            if meta.is_file() && found.len() < MOST {
                let rest = file.strip_prefix(&folder).unwrap_or(&file);
                let shown = shown_folder.as_deref().unwrap_or(&folder).join(rest);
                found.push(SourceFile::new(&file, &shown.to_string_lossy(), meta.len()));
            }
        }
    }
    found
}

/// The number of the part that a file belongs to, and its name.
pub(super) fn part_and_name(file: &SourceFile) -> (String, String) {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (file.path.parent().map(name).unwrap_or_default(), name(&file.path))
}

/// Names in a folder, sorted, without what the system adds; none if it is not there.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir());
    let Some(list) = is_folder.then(|| fs::read_dir(folder).ok()).flatten() else { return Vec::new() };
    let mut paths: Vec<PathBuf> = list
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name != ".DS_Store"))
        .take(MOST)
        .collect();
    paths.sort_unstable();
    paths
}
