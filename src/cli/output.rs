//! Files that a command is asked to write. A slip in the name must not cost the export, the mapping or the ledger.

use super::context::Context;
use super::draft::Draft;
use super::exit::Failure;
use crate::source::Source;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that a command writes. One with a name gets it when it is whole; a pipe or a terminal takes each byte at once.
pub(super) struct Output {
    /// As it was typed.
    path: PathBuf,
    to: To,
}

enum To {
    Draft(Draft),
    Stream(File),
}

impl Output {
    /// Begins what will lie at `path`, for its owner alone.
    ///
    /// # Errors
    /// If it cannot be written, or is what the plan is made from or kept in, under whatever name.
    pub(super) fn at(
        context: &Context,
        sources: &[Box<dyn Source>],
        option: &str,
        path: &Path,
    ) -> Result<Self, Failure> {
        check(context, sources, option, path)?;
        let open = || match fs::metadata(path) {
            Ok(there) if there.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(there) if !there.is_file() => OpenOptions::new().write(true).open(path).map(To::Stream),
            _ => Draft::of(path).map(To::Draft),
        };
        match open() {
            Ok(to) => Ok(Self { path: path.to_owned(), to }),
            Err(error) => Err(unwritable(path, &error)),
        }
    }

    /// Gives a file its name.
    ///
    /// # Errors
    /// If the system refuses.
    pub(super) fn keep(self) -> Result<(), Failure> {
        match self.to {
            To::Draft(draft) => draft.keep().map_err(|error| unwritable(&self.path, &error)),
            To::Stream(_) => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Draft(draft) => draft.write(bytes),
            To::Stream(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Draft(draft) => draft.flush(),
            To::Stream(file) => file.flush(),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()), "choose a file that can be written")
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
