//! Folders of files that hold one mail each.
//!
//! The names are held, nothing else: a million files are opened one after another as the scan goes on. A file is a mail
//! as it is (`.eml`, Maildir), or one in Apple Mail's wrapping (`.emlx`), some of which keep their attachments in files
//! beside them.

mod aside;
mod emlx;
pub(super) mod maildir;

use super::find::{Found, Problem};
use super::folder::{Passed, has_ending};
use super::place::Places;
use super::{AsidePart, Content, Origin, Piece, RawEntry, RawMail, Scan, Source, SourceError, SourceFile, Unreadable};
use super::{files, looks, pread};
use crate::mapping::SourceMapping;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::ops::Range;
use std::time::UNIX_EPOCH;

/// A source of one-mail files.
pub(super) struct EmlDir {
    name: String,
    index: u16,
    /// The mails, and behind them the files that belong to some of them.
    files: Vec<SourceFile>,
    mails: u32,
    /// Which files belong to a mail, by its number.
    aside: BTreeMap<u32, Range<u32>>,
    problems: BTreeMap<u32, Problem>,
    places: Places,
    most: u64,
    notes: Vec<String>,
    passed: Vec<Passed>,
}

impl EmlDir {
    /// `most`: bytes of the largest mail that is read.
    pub(super) fn open(mapping: &SourceMapping, index: u16, found: Found, most: u64) -> Result<EmlDir, SourceError> {
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
        let Found { mut files, problems, places, notes, passed } = found;
        let mails = u32::try_from(files.len()).map_err(|_| files::too_many(mapping, files.len()))?;
        let mut aside = BTreeMap::new();
        let mut beside = Vec::new();
        for (number, file) in (0..mails).zip(&files) {
            let parts = aside::files(&file.path, &file.shown);
            if !parts.is_empty() {
                let start = beside.len();
                beside.extend(parts);
                let place = |at: usize| u32::try_from(files.len() + at);
                let (Ok(start), Ok(end)) = (place(start), place(beside.len())) else {
                    return Err(files::too_many(mapping, files.len() + beside.len()));
                };
                aside.insert(number, start..end);
            }
        }
        files.extend(beside);
        let name = mapping.name.clone();
        Ok(EmlDir { name, index, files, mails, aside, problems, places, most, notes, passed })
    }

    /// Reads a mail with all that belongs to it, whatever its size is by now.
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
        if meta.len() > self.most {
            return Err(files::too_large(&file.shown, origin(meta.len()), meta.len(), self.most));
        }
        let bytes = Bytes::from(pread::exactly(&open, 0, meta.len()).map_err(failed)?);
        no_mail(file, &bytes, &origin(meta.len()))?;
        let mut mail = RawMail { file_time: modified(&meta), ..RawMail::new(bytes) };
        mail.labels = self.places.of_mail(&file.path);
        mail.folder = self.places.folder_of_mail(&file.path);
        let mut flags = maildir::labels(&file.path);
        if has_ending(&file.path, &["emlx"]) {
            let found = emlx::read(&mail.bytes);
            mail.bytes = found.mail;
            mail.file_time = found.time.or(mail.file_time);
            mail.changes = found.changes;
            flags.extend(found.labels);
        }
        if self.places.takes_flags() {
            flags.retain(|flag| !mail.labels.contains(flag));
            mail.labels.extend(flags);
        }
        let start = mail_start(&mail.bytes);
        mail.bytes = mail.bytes.slice(start..);
        let mut origin = origin(meta.len());
        self.read_aside(number, &mut mail, &mut origin)?;
        Ok(RawEntry { origin, content: Content::Mail(mail) })
    }

    /// Adds the files that belong to a mail; the origin names them, so that a change of theirs is noticed, too.
    fn read_aside(&self, number: u32, mail: &mut RawMail, origin: &mut Origin) -> Result<(), Unreadable> {
        let mut total = origin.pieces.iter().map(|piece| piece.length).sum::<u64>();
        for number in self.aside.get(&number).cloned().into_iter().flatten() {
            let Some(file) = self.files.get(number as usize) else { continue };
            let failed = |error| files::unreadable_file(&file.shown, 0, origin.clone(), &error);
            let open = File::open(&file.path).map_err(failed)?;
            let length = open.metadata().map_err(failed)?.len();
            total = total.saturating_add(length);
            if total > self.most {
                return Err(files::too_large(&file.shown, origin.clone(), total, self.most));
            }
            let content = Bytes::from(pread::exactly(&open, 0, length).map_err(failed)?);
            let (number_of_part, filename) = aside::part_and_name(file);
            mail.aside.push(AsidePart { number: number_of_part, filename, content });
            origin.pieces.push(Piece { file: number, offset: 0, length, line: None });
        }
        Ok(())
    }
}

/// Refuses what is certainly no mail, by its first bytes.
fn no_mail(file: &SourceFile, bytes: &[u8], origin: &Origin) -> Result<(), Unreadable> {
    if let Some(packed) = looks::packed(bytes, &file.path) {
        return Err(Unreadable {
            origin: origin.clone(),
            cause: "packed file instead of a mail".to_owned(),
            detail: format!("{} is {}", file.shown, packed.what),
            remedy: format!("unpack it with `{}`, then plan again", packed.command),
        });
    }
    if looks::several_mails(bytes) {
        return Err(Unreadable {
            origin: origin.clone(),
            cause: "mailbox of several mails instead of one".to_owned(),
            detail: format!("{} holds more than one `From ` line with a date before a header", file.shown),
            remedy: "add a source with format = \"mbox\" that names this file".to_owned(),
        });
    }
    match looks::instead_of_mail(bytes) {
        None => Ok(()),
        Some((looks, remedy)) => Err(Unreadable {
            origin: origin.clone(),
            cause: "not a mail".to_owned(),
            detail: format!("{}: {looks}", file.shown),
            remedy: remedy.to_owned(),
        }),
    }
}

fn modified(meta: &Metadata) -> Option<i64> {
    meta.modified().ok().map(|time| match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    })
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
        Box::new((0..self.mails).zip(&self.files).map(|(number, file)| self.read(number, file)))
    }

    fn scan_file(&self, number: u32) -> Scan<'_> {
        let file = self.files.get(number as usize).filter(|_| number < self.mails);
        Box::new(file.map(|file| self.read(number, file)).into_iter())
    }

    fn mark(&self, number: u32) -> Option<Vec<u8>> {
        let stands_alone = !self.aside.contains_key(&number) && !self.problems.contains_key(&number);
        stands_alone.then(Vec::new)
    }

    fn take_mark(&self, number: u32, _mark: &[u8]) -> bool {
        self.mark(number).is_some()
    }

    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        let place = origin.pieces.first().filter(|piece| origin.source == self.index && piece.file < self.mails);
        let file = place.and_then(|piece| self.files.get(piece.file as usize));
        let (Some(&Piece { file: number, .. }), Some(file)) = (place, file) else {
            return Err(files::foreign(origin.clone()));
        };
        let entry = self.read(number, file).map_err(|problem| Unreadable { origin: origin.clone(), ..problem })?;
        if entry.origin.pieces != origin.pieces {
            let what = "its size, or that of a file that belongs to it, is another one";
            return Err(files::changed(&file.shown, origin.clone(), what));
        }
        Ok(RawEntry { origin: origin.clone(), ..entry })
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn passed(&self) -> &[Passed] {
        &self.passed
    }
}

#[cfg(test)]
mod tests;
