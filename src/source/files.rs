//! What the three formats share: the wording of problems with files, so that equal problems have equal causes.

use super::find::Found;
use super::looks::{self, Packed};
use super::{Origin, Piece, SourceError, SourceFile, Unreadable};
use super::{pread, unpack};
use crate::mapping::{Format, SourceMapping};
use std::fs::File;
use std::io;
use std::path::Path;

/// Ending of the folder that an archive is unpacked into before it is whole.
pub(super) const SCRATCH: &str = ".threadlift-part";

/// A path as one word of a shell command.
pub(super) fn quoted_for_shell(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+,:@%".contains(letter);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The name of a file for people.
pub(super) fn shown(files: &[SourceFile], file: u32) -> &str {
    usize::try_from(file).ok().and_then(|index| files.get(index)).map_or("(unknown file)", |file| file.shown.as_str())
}

/// The first bytes of a file.
///
/// # Errors
/// If it cannot be opened and read.
pub(super) fn head(mapping: &SourceMapping, file: &SourceFile) -> Result<Vec<u8>, SourceError> {
    first_bytes(&file.path).map_err(|error| cannot_open(mapping, &file.shown, &error))
}

/// The first bytes of a file that no source lists yet.
pub(super) fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = vec![0; usize::try_from(looks::HEAD).unwrap_or(0)];
    let open = File::open(path)?;
    let read = pread::fill(&open, &mut head, 0)?;
    head.truncate(read);
    Ok(head)
}

/// More files than an origin can count.
pub(super) fn too_many(mapping: &SourceMapping, count: usize) -> SourceError {
    SourceError {
        title: format!("source `{}` has too many files", mapping.name),
        detail: format!("{count} files; at most {} can be told apart", u32::MAX),
        remedy: "divide them over several sources".to_owned(),
        at: mapping.path_at,
    }
}

pub(super) fn cannot_open(mapping: &SourceMapping, shown: &str, error: &io::Error) -> SourceError {
    SourceError {
        title: format!("source `{}`: {shown} cannot be opened", mapping.name),
        detail: error.to_string(),
        remedy: remedy_for(error).to_owned(),
        at: mapping.path_at,
    }
}

pub(super) fn is_packed(mapping: &SourceMapping, file: &SourceFile, packed: &Packed) -> SourceError {
    let is_ours = unpack::is_packed(&file.path) && !matches!(mapping.format, Format::Csv(_));
    let or = if is_ours { "; or write `unpack = \"unpacked\"` below `path` to have that done" } else { "" };
    SourceError {
        title: format!("source `{}`: {} is {}", mapping.name, file.shown, packed.what),
        detail: "packed files cannot be read at a place, which resuming an import needs".to_owned(),
        remedy: format!("unpack it once with `{}`, then name what comes out in `path`{or}", packed.command),
        at: mapping.path_at,
    }
}

/// All files of a source are empty. `what`: what they should hold.
pub(super) fn holds_nothing(mapping: &SourceMapping, files: &[SourceFile], what: &str) -> SourceError {
    let detail = match files {
        [only] => format!("{} is empty", only.shown),
        [first, ..] => format!("all {} files are empty, {} among them", files.len(), first.shown),
        [] => "there is no file".to_owned(),
    };
    SourceError {
        title: format!("source `{}` holds no {what}", mapping.name),
        detail,
        remedy: "export again, or take this source out of the mapping".to_owned(),
        at: mapping.path_at,
    }
}

/// A place that only a problem with a whole file has.
pub(super) fn whole_file(source: u16, file: u32, size: u64) -> Origin {
    Origin { source, pieces: vec![Piece { file, offset: 0, length: size, line: None }], part: 0 }
}

/// A file, or the rest of one from `offset` on, that the system does not give out.
pub(super) fn unreadable_file(shown: &str, offset: u64, origin: Origin, error: &io::Error) -> Unreadable {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return changed(shown, origin, "it is shorter than it was");
    }
    let place = if offset == 0 { shown.to_owned() } else { format!("{shown} from byte {offset} on") };
    Unreadable {
        origin,
        cause: "file cannot be read".to_owned(),
        detail: format!("{place}: {error}"),
        remedy: remedy_for(error).to_owned(),
    }
}

/// What was planned is not there any more.
pub(super) fn changed(shown: &str, origin: Origin, what: &str) -> Unreadable {
    Unreadable {
        origin,
        cause: "file changed since the plan".to_owned(),
        detail: format!("{shown}: {what}"),
        remedy: "put the export back as it was, or plan again".to_owned(),
    }
}

/// `most`: `mail` of the mapping's `[limits]`.
pub(super) fn too_large(shown: &str, origin: Origin, length: u64, most: u64) -> Unreadable {
    let place = origin.pieces.first().map_or(0, |piece| piece.offset);
    Unreadable {
        origin,
        cause: format!("mail larger than {} MB", most / 1_000_000),
        detail: format!("{shown}, byte {place}: the mail has {length} bytes"),
        remedy: "raise `mail` under [limits], or take its attachments off and plan again".to_owned(),
    }
}

/// An origin that no entry of this source has.
pub(super) fn foreign(origin: Origin) -> Unreadable {
    Unreadable {
        origin,
        cause: "origin of another source".to_owned(),
        detail: "the plan names a file that this source does not have".to_owned(),
        remedy: "plan again: files or sources have changed since".to_owned(),
    }
}

/// The one piece of an origin and its file.
///
/// # Errors
/// If the origin cannot stem from these files.
pub(super) fn of_origin<'a, 'b>(
    files: &'a [SourceFile],
    source: u16,
    origin: &'b Origin,
) -> Result<(&'b Piece, &'a SourceFile), Unreadable> {
    match origin.pieces.as_slice() {
        [piece] if origin.source == source => usize::try_from(piece.file)
            .ok()
            .and_then(|index| files.get(index))
            .map(|file| (piece, file))
            .ok_or_else(|| foreign(origin.clone())),
        _ => Err(foreign(origin.clone())),
    }
}

/// A problem met while looking for files, as an error: for formats whose files are few and each matters.
pub(super) fn first_problem(mapping: &SourceMapping, found: &Found) -> Result<(), SourceError> {
    let Some((file, problem)) = found.problems.iter().next() else { return Ok(()) };
    Err(SourceError {
        title: format!("source `{}`: {}", mapping.name, problem.cause),
        detail: format!("{}: {}", shown(&found.files, *file), problem.detail),
        remedy: problem.remedy.clone(),
        at: mapping.path_at,
    })
}

pub(super) fn remedy_for(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "make it readable for the user who runs threadlift (`chmod u+r`, or `chown`)"
        }
        io::ErrorKind::NotFound => "put the file back (if it is a link, what it points to), or plan again without it",
        _ => "check the disk or the network drive, copy the file elsewhere if need be, and run the command again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_command_can_be_pasted_into_a_shell() {
        assert_eq!(quoted_for_shell(Path::new("a/b-c_1.mbox")), "a/b-c_1.mbox");
        assert_eq!(quoted_for_shell(Path::new("All mail.mbox")), "'All mail.mbox'");
        assert_eq!(quoted_for_shell(Path::new("-rf")), "'-rf'");
        assert_eq!(quoted_for_shell(Path::new("")), "''");
        assert_eq!(quoted_for_shell(Path::new("it's")), r"'it'\''s'");
    }
}
