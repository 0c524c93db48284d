//! Unpacking what `path` names into the folder of `unpack`, once.
//!
//! Each archive has a folder of its own there, called after its name and content. It is filled under another name and
//! renamed when it is whole; a note beside it then says what it holds. A folder without that note is made anew. So an
//! archive that was unpacked is not unpacked again, one that was interrupted is, and two archives never mix.

mod archive;
mod names;
mod peek;
mod room;
#[cfg(test)]
mod tests;

pub use peek::peek;

use super::find::Hit;
use super::{SourceError, Watch, files, folder, looks};
use crate::event::{Event, Stage};
use crate::mapping::SourceMapping;
use room::{Meter, Metered, Target, Trouble};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes of one block that stands for its surroundings.
const BLOCK: u64 = 65_536;
/// How many blocks stand for an archive, first and last among them.
const BLOCKS: u64 = 64;

/// Ending of the note that a folder is whole.
const NOTE: &str = ".unpacked";

/// What became of an archive.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// The archive.
    pub(super) archive: PathBuf,
    /// The folder that holds its content.
    pub(super) into: PathBuf,
    /// What it holds, in words that end before the folder's name.
    pub(super) note: String,
}

/// Is this an archive of a kind that is unpacked?
pub(super) fn is_packed(path: &Path) -> bool {
    if !folder::has_ending(path, &folder::PACKED_ENDINGS) {
        return false;
    }
    let head = files::first_bytes(path).unwrap_or_default();
    head.starts_with(b"PK\x03\x04")
        || head.starts_with(b"PK\x05\x06")
        || head.starts_with(b"\x1f\x8b")
        || archive::is_tar(&head)
}

/// Does the name say that a tar is inside a compressed file?
fn holds_tar(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    [".tgz", ".tar.gz"].iter().any(|ending| name.ends_with(ending))
}

/// Unpacks those archives that are not unpacked yet.
///
/// # Errors
/// If one cannot be unpacked as a whole; nothing of it is left then, and those before it are kept.
pub(super) fn all(
    mapping: &SourceMapping,
    folder: &Path,
    packed: &[Hit],
    watch: &Watch<'_>,
) -> Result<Vec<Unpacked>, SourceError> {
    let mut unpacked = Vec::new();
    let mut waiting = Vec::new();
    for hit in packed {
        let fail = |error: io::Error| files::cannot_open(mapping, &hit.path.to_string_lossy(), &error);
        let digest = digest(&hit.path).map_err(fail)?;
        let into = folder.join(names::of_folder(hit.path.file_name().unwrap_or_default(), &digest));
        match known(mapping, &into)? {
            Some(note) => unpacked.push(Unpacked { archive: hit.path.clone(), into, note }),
            None => waiting.push((hit, into)),
        }
    }
    if waiting.is_empty() {
        return Ok(unpacked);
    }
    let total = waiting.iter().map(|(hit, _)| hit.size).sum();
    watch.observer.event(Event::StageStarted { stage: Stage::Unpacking, total });
    let meter = Meter::new(watch);
    let result = waiting.into_iter().try_for_each(|(hit, into)| {
        // Two archives of equal name and content are one.
        let note = match known(mapping, &into)? {
            Some(note) => note,
            None => {
                one(&hit.path, &into, &meter, watch).map_err(|trouble| error(mapping, &hit.path, &into, trouble))?
            }
        };
        let text = format!("{} is {note} {}", hit.path.display(), into.display());
        watch.observer.event(Event::Note { text });
        unpacked.push(Unpacked { archive: hit.path.clone(), into, note });
        Ok(())
    });
    watch.observer.event(Event::StageFinished { stage: Stage::Unpacking });
    result.map(|()| unpacked)
}

/// Unpacks one archive into the folder `into`, which then exists; returns what it holds.
fn one(path: &Path, into: &Path, meter: &Meter<'_>, watch: &Watch<'_>) -> Result<String, Trouble> {
    let scratch = with_ending(into, files::SCRATCH);
    let write = |path: &Path| {
        let path = path.to_path_buf();
        move |error: io::Error| Trouble::Write(path, error)
    };
    for old in [&scratch, into] {
        if fs::symlink_metadata(old).is_ok() {
            fs::remove_dir_all(old).map_err(write(old))?;
        }
    }
    room::make_folder(&scratch).map_err(write(&scratch))?;
    let mut target = Target::new(&scratch, watch);
    let file = File::open(path).map_err(|error| Trouble::Archive(error.to_string()))?;
    let result = archive::unpack(path, Metered { file, meter }, &scratch, &mut target);
    let (files, bytes, left_out) = (target.files, target.bytes, target.left_out);
    if let Err(trouble) = result {
        // The disk may be full: nothing of it stays. What cannot be removed now is removed at the next start.
        let _ = fs::remove_dir_all(&scratch);
        return Err(trouble);
    }
    fs::rename(&scratch, into).map_err(write(into))?;
    let links = if left_out == 0 { String::new() } else { format!(", without {left_out} links or devices") };
    let words = format!("unpacked ({files} files, {bytes} bytes{links}) in");
    let note = with_ending(into, NOTE);
    save(&note, &format!("{files} {bytes}\n{words}\n")).map_err(write(&note))?;
    Ok(words)
}

/// Writes the note so that it is whole or not there, after all that it speaks of.
fn save(path: &Path, text: &str) -> io::Result<()> {
    let scratch = with_ending(path, files::SCRATCH);
    let mut file = File::create(&scratch)?;
    file.write_all(text.as_bytes())?;
    flush_all(&file)?;
    fs::rename(&scratch, path)
}

/// One flush of the whole file system instead of one for each of a million files.
#[cfg(target_os = "linux")]
fn flush_all(file: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_all(file: &File) -> io::Result<()> {
    rustix::fs::sync();
    file.sync_all()
}

/// What the note beside a folder says, if there is one and the folder holds at least as much.
fn known(mapping: &SourceMapping, into: &Path) -> Result<Option<String>, SourceError> {
    let Ok(text) = fs::read_to_string(with_ending(into, NOTE)) else { return Ok(None) };
    let mut lines = text.lines();
    let figures: Option<(u64, u64)> =
        lines.next().and_then(|line| line.split_once(' ')).and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let (Some((files, bytes)), Some(words)) = (figures, lines.next()) else { return Ok(None) };
    let mut there = (0, 0);
    for entry in walkdir::WalkDir::new(into).into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() {
            there.0 += 1;
            there.1 += entry.metadata().map_or(0, |meta| meta.len());
        }
    }
    if there.0 < files || there.1 < bytes {
        return Err(SourceError {
            title: format!("source `{}`: what was unpacked is not whole any more", mapping.name),
            detail: format!(
                "{} holds {} files with {} bytes; {files} files with {bytes} bytes were unpacked",
                into.display(),
                there.0,
                there.1
            ),
            remedy: "delete that folder and run the command again: it is then unpacked anew".to_owned(),
            at: mapping.path_at,
        });
    }
    Ok(Some(words.to_owned()))
}

/// Tells archives apart by their size and by blocks from all over them; the last holds the checksums of a ZIP or gzip
/// file's content.
fn digest(path: &Path) -> io::Result<blake3::Hash> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&size.to_be_bytes());
    let last = size.saturating_sub(BLOCK);
    let mut block = vec![0; usize::try_from(BLOCK).unwrap_or_default()];
    for number in 0..BLOCKS {
        let offset = u64::try_from(u128::from(last) * u128::from(number) / u128::from(BLOCKS - 1)).unwrap_or(last);
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        hasher.update(block.get(..filled).unwrap_or_default());
        if size <= BLOCK {
            break;
        }
    }
    Ok(hasher.finalize())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn error(mapping: &SourceMapping, path: &Path, into: &Path, trouble: Trouble) -> SourceError {
    let shown = path.display();
    let head = files::first_bytes(path).unwrap_or_default();
    let by_hand = looks::packed(&head, path).map(|packed| packed.command).unwrap_or_default();
    let folder = into.parent().unwrap_or(into).display();
    let (detail, remedy) = match trouble {
        Trouble::Archive(what) => (
            format!("{shown}: {what}"),
            "download it again; if it stays so, unpack it by other means, look at what comes out, and name that in `path`"
                .to_owned(),
        ),
        Trouble::Unsupported(what) => {
            (format!("{shown}: {what}"), format!("unpack it with `{by_hand}` and name what comes out in `path`"))
        }
        Trouble::Full { needed: Some(needed), free } => (
            format!("{shown}: {needed} bytes are needed in {folder}, {free} bytes are free"),
            "free some room, or name a folder on another disk in `unpack`".to_owned(),
        ),
        Trouble::Full { needed: None, free } => (
            format!("{shown}: the disk of {folder} is full but for {free} bytes; what was unpacked of it is deleted again"),
            "free some room, or name a folder on another disk in `unpack`".to_owned(),
        ),
        Trouble::Write(place, error) => (
            format!("{shown}: {} cannot be written: {error}", place.display()),
            "make the folder of `unpack` writable, or name another one".to_owned(),
        ),
        Trouble::Stopped => (
            format!("{shown}: stopped before it was whole"),
            "run the command again: this archive is unpacked anew, those before it are kept".to_owned(),
        ),
    };
    SourceError {
        title: format!(
            "source `{}`: {} cannot be unpacked",
            mapping.name,
            path.file_name().unwrap_or_default().to_string_lossy()
        ),
        detail,
        remedy,
        at: mapping.path_at,
    }
}
