//! Files that a command is asked to write. A slip in the name must not cost the export, the mapping or the ledger.

use super::context::Context;
use super::exit::Failure;
use crate::source::Source;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Makes or empties the file at `path`, for its owner alone.
///
/// # Errors
/// If it cannot be written, or is what the plan is made from or kept in, under whatever name.
pub(super) fn create(
    context: &Context,
    sources: &[Box<dyn Source>],
    option: &str,
    path: &Path,
) -> Result<File, Failure> {
    check(context, sources, option, path)?;
    let open = || {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // One that was there before may have been open to others. A pipe or a terminal keeps its rights: it holds nothing.
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(file)
    };
    open().map_err(|error: std::io::Error| {
        Failure::usage(format!("cannot write {}: {error}", path.display()), "choose a file that can be written")
    })
}

/// Makes sure that nothing is lost by writing to `path`.
///
/// # Errors
/// If it is what the plan is made from or kept in, under whatever name.
pub(super) fn check(context: &Context, sources: &[Box<dyn Source>], option: &str, path: &Path) -> Result<(), Failure> {
    match fs::metadata(path) {
        Ok(there) => refuse(context, sources, option, path, &there),
        Err(_) => Ok(()),
    }
}

fn example(option: &str) -> &'static str {
    match option {
        "--map" => "map.csv",
        "--report" => "report.html",
        _ => "requests.jsonl",
    }
}

fn refuse(
    context: &Context,
    sources: &[Box<dyn Source>],
    option: &str,
    path: &Path,
    there: &Metadata,
) -> Result<(), Failure> {
    let refusal = |what: String| {
        Err(Failure::usage(
            format!("{} is {what}: it would be overwritten; nothing was written", path.display()),
            format!("give {option} a file of its own, such as `{}`", example(option)),
        ))
    };
    // By device and inode: a link to the export is the export.
    let same = |other: &Path| fs::metadata(other).is_ok_and(|o| (o.dev(), o.ino()) == (there.dev(), there.ino()));
    if same(&context.mapping.path) {
        return refusal("the mapping".to_owned());
    }
    for (source, named) in sources.iter().zip(&context.mapping.sources) {
        if source.files().iter().any(|file| same(&file.path)) {
            return refusal(format!("a file of the source `{}`", named.name));
        }
    }
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    if real(path).starts_with(real(&context.ledger_dir())) {
        return refusal("part of the ledger".to_owned());
    }
    Ok(())
}
