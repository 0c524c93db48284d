//! Saying well that nothing is there: which folder was looked in, and what it holds of a similar name.

use super::SourceError;
use crate::mapping::{Format, SourceMapping};
use std::fs;
use std::path::Path;

/// Names read from a folder in search of a similar one.
const NAMES_READ: usize = 10_000;
const NAMES_SHOWN: usize = 3;

/// A pattern that matches nothing. `root`: the folder it is looked for in, or the plain path itself. `ignored`: why the
/// files of a plain folder are not read.
pub(super) fn nothing_matches(
    base: &Path,
    mapping: &SourceMapping,
    pattern: &str,
    root: &Path,
    ignored: &[String],
) -> SourceError {
    let error = |detail: String, remedy: String| SourceError {
        title: format!("source `{}`: nothing matches `{pattern}`", mapping.name),
        detail,
        remedy,
        at: mapping.path_at,
    };
    let (folder, wanted) = match deepest_folder(root) {
        // The folder is there, so what is missing are files in it.
        Some(folder) if folder == root => (folder, pattern.rsplit('/').next().unwrap_or(pattern).to_owned()),
        Some(folder) => {
            let next = root.strip_prefix(folder).ok().and_then(|rest| rest.components().next());
            (folder, next.map_or_else(String::new, |name| name.as_os_str().to_string_lossy().into_owned()))
        }
        None => {
            let first = root.components().next();
            let first = first.map_or_else(String::new, |name| name.as_os_str().to_string_lossy().into_owned());
            (if base.as_os_str().is_empty() { Path::new(".") } else { base }, first)
        }
    };
    let place = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let names = names_in(folder);
    let detail = match (folder == root, names.len()) {
        (_, 0) => format!("looked in {}, which is empty or cannot be listed", place.display()),
        (true, count) => format!("looked in {}: it has {count} entries, but none fits", place.display()),
        (false, _) => format!("looked in {}: there is no `{wanted}`", place.display()),
    };
    if !names.is_empty() && base.join(pattern).is_dir() {
        let folder = pattern.trim_end_matches('/');
        let mut lines = ignored.to_vec();
        let is_eml = matches!(mapping.format, Format::Eml);
        let (what, remedy) = if is_eml {
            let remedy =
                format!("correct `path`; if the mails there have other names, write a pattern such as `{folder}/**/*`");
            ("file that ends in `.eml` or `.emlx`, and no Maildir", remedy)
        } else {
            ("mailbox file", "correct `path`; if it holds one file per mail, set format = \"eml\"".to_owned())
        };
        lines.insert(0, format!("{} holds no {what}", place.display()));
        return error(lines.join("; "), remedy);
    }
    let near = nearest(&wanted, &names);
    let remedy = if near.is_empty() {
        "correct `path`; it is relative to the folder of the mapping file".to_owned()
    } else {
        format!("did you mean {}? `path` is relative to the folder of the mapping file", near.join(" or "))
    };
    error(detail, remedy)
}

fn deepest_folder(path: &Path) -> Option<&Path> {
    path.ancestors().find(|ancestor| ancestor.is_dir())
}

fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(NAMES_READ)
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

/// The names most like `wanted`, nearest first, in backquotes.
pub(super) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut near: Vec<(f64, &String)> = names
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(&wanted, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(NAMES_SHOWN).map(|(_, name)| format!("`{name}`")).collect()
}
