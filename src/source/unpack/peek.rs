//! What a packed file holds, judged by the first of its files, without unpacking it.

use super::super::looks;
use super::super::seems::{Judge, Seems};
use super::archive;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

/// How many of its files are looked at.
const MOST_FILES: usize = 200;

/// How many bytes of a tar are passed over to get at them.
const MOST_BYTES: u64 = 256 << 20;

/// What the first files in a packed file seem to be; nothing if it is damaged, or of a kind that is not unpacked.
#[must_use]
pub fn peek(path: &Path) -> Vec<Seems> {
    let mut magic = [0; 2];
    let Ok(mut file) = File::open(path) else { return Vec::new() };
    if file.read_exact(&mut magic).is_err() {
        return Vec::new();
    }
    let Ok(file) = File::open(path) else { return Vec::new() };
    match &magic {
        b"PK" => of_zip(file),
        [0x1f, 0x8b] => {
            let content = || File::open(path).map(|file| MultiGzDecoder::new(BufReader::new(file)));
            let head = content().map(|mut content| head_of(&mut content)).unwrap_or_default();
            if archive::is_tar(&head) || super::holds_tar(path) {
                return content().map(of_tar).unwrap_or_default();
            }
            let name = path.file_stem().unwrap_or(path.as_os_str());
            vec![Judge::default().judge_head(&head, Path::new(name))]
        }
        _ => of_tar(BufReader::new(file)),
    }
}

/// The first bytes; those before a damaged place count.
fn head_of(content: &mut impl Read) -> Vec<u8> {
    let mut head = Vec::new();
    let _ = content.take(looks::HEAD).read_to_end(&mut head);
    head
}

fn of_zip(file: File) -> Vec<Seems> {
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return Vec::new() };
    let mut judge = Judge::default();
    let mut found = Vec::new();
    for index in 0..archive.len().min(MOST_FILES) {
        let Ok(mut entry) = archive.by_index(index) else { continue };
        if !entry.is_dir() {
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            found.push(judge.judge_head(&head_of(&mut entry), Path::new(&name)));
        }
    }
    found
}

fn of_tar(content: impl Read) -> Vec<Seems> {
    let mut archive = tar::Archive::new(content.take(MOST_BYTES));
    let Ok(entries) = archive.entries() else { return Vec::new() };
    let mut judge = Judge::default();
    let mut found = Vec::new();
    for mut entry in entries.map_while(Result::ok).take(MOST_FILES) {
        let Some(name) = entry.path().ok().map(std::borrow::Cow::into_owned) else { continue };
        if entry.header().entry_type().is_file() {
            found.push(judge.judge_head(&head_of(&mut entry), &name));
        }
    }
    found
}
