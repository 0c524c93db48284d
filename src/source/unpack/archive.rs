//! The three families that are unpacked: ZIP, tar (also compressed by gzip), and gzip alone.

use super::names;
use super::room::{BLOCK, Metered, RESERVE, Target, Trouble, free};
use flate2::read::MultiGzDecoder;
use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use tar::EntryType;
use zip::ZipArchive;
use zip::result::ZipError;

const TAR_BLOCK: usize = 512;

/// How many bytes of a gzip file are looked at to tell whether a tar is in it.
const TAR_HEAD: u64 = 512;

/// Unpacks the archive at `path`, open as `file`, into `target`, below `folder`.
pub(super) fn unpack(
    path: &Path,
    mut file: Metered<'_>,
    folder: &Path,
    target: &mut Target<'_>,
) -> Result<(), Trouble> {
    let mut magic = [0; 2];
    let known = file.read_exact(&mut magic).and_then(|()| file.seek(SeekFrom::Start(0)));
    known.map_err(|error| Trouble::Archive(error.to_string()))?;
    match &magic {
        b"PK" => unzip(BufReader::new(file), folder, target),
        [0x1f, 0x8b] => {
            let mut head = Vec::new();
            // Damage shows again when the whole is unpacked.
            let _ = MultiGzDecoder::new(&mut file).take(TAR_HEAD).read_to_end(&mut head);
            file.seek(SeekFrom::Start(0)).map_err(|error| Trouble::Archive(error.to_string()))?;
            let mut content = MultiGzDecoder::new(BufReader::new(file));
            if is_tar(&head) || super::holds_tar(path) {
                return untar(content, target);
            }
            let name = path.file_stem().unwrap_or(path.as_os_str());
            target.file(Path::new(name), &mut content, None)
        }
        _ => untar(BufReader::new(file), target),
    }
}

pub(super) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

fn unzip<R: Read + Seek>(file: R, folder: &Path, target: &mut Target<'_>) -> Result<(), Trouble> {
    let mut archive = ZipArchive::new(file).map_err(|error| zip_trouble(&error))?;
    if archive.has_duplicate_names() {
        // The reader keeps the last of each, and nothing may be lost in silence.
        return Err(Trouble::Unsupported("several files in it have one name".to_owned()));
    }
    let mut needed = RESERVE;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|error| zip_trouble(&error))?;
        needed = needed.saturating_add(entry.size().saturating_add(BLOCK));
    }
    let free = free(folder)?;
    if needed > free {
        return Err(Trouble::Full { needed: Some(needed), free });
    }
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| zip_trouble(&error))?;
        if entry.is_dir() || entry.name_raw().ends_with(b"/") {
            continue;
        }
        if entry.is_symlink() {
            target.left_out += 1;
            continue;
        }
        let path = safe(entry.name_raw())?;
        let size = entry.size();
        target.file(&path, &mut entry, Some(size))?;
    }
    Ok(())
}

fn safe(name: &[u8]) -> Result<std::path::PathBuf, Trouble> {
    names::safe(name).map_err(|what| Trouble::Archive(format!("it holds {what}: `{}`", name.escape_ascii())))
}

fn zip_trouble(error: &ZipError) -> Trouble {
    match error {
        ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword | ZipError::CompressionMethodNotSupported(_) => {
            Trouble::Unsupported(error.to_string())
        }
        _ => Trouble::Archive(error.to_string()),
    }
}

fn untar<R: Read>(file: R, target: &mut Target<'_>) -> Result<(), Trouble> {
    let mut archive = tar::Archive::new(Tail { file, last: Vec::new() });
    // Paths met, for hard links may only name what is in the archive already.
    let mut met = HashSet::new();
    let damaged = |error: io::Error| Trouble::Archive(error.to_string());
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let path = safe(&entry.path_bytes())?;
                let size = entry.size();
                target.file(&path, &mut entry, Some(size))?;
                met.insert(path);
            }
            EntryType::Link => {
                let path = safe(&entry.path_bytes())?;
                let of = safe(&entry.link_name_bytes().unwrap_or_default())?;
                if !met.contains(&of) || !target.copy(&of, &path)? {
                    return Err(Trouble::Unsupported(format!(
                        "{} is a link to {}, which is not in it",
                        path.display(),
                        of.display()
                    )));
                }
                met.insert(path);
            }
            EntryType::Directory | EntryType::XGlobalHeader => {}
            _ => target.left_out += 1,
        }
    }
    // A tar that was cut between two files ends without the blocks of zeros that close it.
    let tail = archive.into_inner();
    if tail.last.is_empty() || tail.last.iter().any(|byte| *byte != 0) {
        return Err(Trouble::Archive("it ends before its end mark: the file may be cut off".to_owned()));
    }
    Ok(())
}

/// Remembers the last block that was read.
struct Tail<R> {
    file: R,
    last: Vec<u8>,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        let tail = read.get(read.len().saturating_sub(TAR_BLOCK)..).unwrap_or_default();
        self.last.extend_from_slice(tail);
        let surplus = self.last.len().saturating_sub(TAR_BLOCK);
        self.last.drain(..surplus);
        Ok(count)
    }
}
