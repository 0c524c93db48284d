//! Folders of files that hold one mail each.
//!
//! The names are held, nothing else: a million files are opened one after another as the scan goes on.

use super::find::{Found, Problem};
use super::{Content, MAX_MAIL, Origin, Piece, RawEntry, RawMail, Scan, Source, SourceError, SourceFile, Unreadable};
use super::{files, looks, pread};
use crate::mapping::SourceMapping;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs::File;
use std::time::UNIX_EPOCH;

/// A source of one-mail files.
pub(super) struct EmlDir {
    name: String,
    index: u16,
    files: Vec<SourceFile>,
    problems: BTreeMap<u32, Problem>,
    notes: Vec<String>,
}

impl EmlDir {
    pub(super) fn open(mapping: &SourceMapping, index: u16, found: Found) -> Result<EmlDir, SourceError> {
        // Only when few files are named can one of them be the packed export itself.
        if let [only] = found.files.as_slice()
            && found.problems.is_empty()
        {
            let head = files::head(mapping, only)?;
            if let Some(packed) = looks::packed(&head, &only.path) {
                return Err(files::is_packed(mapping, only, &packed));
            }
        }
        if found.problems.is_empty() && found.files.iter().all(|file| file.size == 0) {
            return Err(files::holds_nothing(mapping, &found.files, "messages"));
        }
        let notes = found.notes();
        Ok(EmlDir { name: mapping.name.clone(), index, files: found.files, problems: found.problems, notes })
    }

    /// Reads a whole file, whatever its size is by now.
    fn read(&self, number: u32, file: &SourceFile) -> Result<RawEntry, Unreadable> {
        let origin = |size| files::whole_file(self.index, number, size);
        if let Some(Problem { cause, detail, remedy }) = self.problems.get(&number).cloned() {
            let detail = format!("{}: {detail}", file.shown);
            return Err(Unreadable { origin: origin(file.size), cause, detail, remedy });
        }
        let failed = |error| files::unreadable_file(&file.shown, 0, origin(file.size), &error);
        let open = File::open(&file.path).map_err(failed)?;
        let meta = open.metadata().map_err(failed)?;
        if meta.len() == 0 {
            return Err(Unreadable {
                origin: origin(0),
                cause: "empty file".to_owned(),
                detail: format!("{} is empty", file.shown),
                remedy: "export this mail again, or delete the file".to_owned(),
            });
        }
        if meta.len() > MAX_MAIL {
            return Err(files::too_large(&file.shown, origin(meta.len()), meta.len()));
        }
        let bytes = pread::exactly(&open, 0, meta.len()).map_err(failed)?;
        if let Some(packed) = looks::packed(&bytes, &file.path) {
            return Err(Unreadable {
                origin: origin(meta.len()),
                cause: "packed file instead of a mail".to_owned(),
                detail: format!("{} is {}", file.shown, packed.what),
                remedy: format!("unpack it with `{}`, then plan again", packed.command),
            });
        }
        let start = mail_start(&bytes);
        let modified = meta.modified().ok().map(|time| match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
        });
        let mail = RawMail { file_time: modified, ..RawMail::new(Bytes::from(bytes).slice(start..)) };
        Ok(RawEntry { origin: origin(meta.len()), content: Content::Mail(mail) })
    }
}

/// Where the mail begins: behind a byte order mark and a `From ` line that some exporters leave at the top, quoted or
/// not. `From :` is a header field in its obsolete form (RFC 5322 section 4.5) and stays.
fn mail_start(bytes: &[u8]) -> usize {
    let lead = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let line = bytes.get(lead..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let unquoted = line.strip_prefix(b">").unwrap_or(line);
    match unquoted.strip_prefix(b"From ") {
        Some(rest) if !rest.trim_ascii_start().starts_with(b":") => lead + line.len(),
        _ => lead,
    }
}

impl Source for EmlDir {
    fn name(&self) -> &str {
        &self.name
    }

    fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn scan(&self) -> Scan<'_> {
        Box::new((0..).zip(&self.files).map(|(number, file)| self.read(number, file)))
    }

    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        let (&Piece { file: number, length, .. }, file) = files::of_origin(&self.files, self.index, origin)?;
        let entry = self.read(number, file).map_err(|problem| Unreadable { origin: origin.clone(), ..problem })?;
        if entry.origin.pieces.first().is_none_or(|piece| piece.length != length) {
            return Err(files::changed(&file.shown, origin.clone(), "its size is another one"));
        }
        Ok(RawEntry { origin: origin.clone(), ..entry })
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

#[cfg(test)]
#[path = "eml_dir_tests.rs"]
mod tests;
