//! The journal: the only truth about what was sent.
//!
//! Facts are appended in groups, one write and one fdatasync each, and a fact is acted on only after that. So a group
//! that a crash left half written was never acted on, and may be cut off.

use super::error::{LedgerError, Part};
use super::fact::{Fact, Glance};
use super::home;
use super::lines::{self, Lines};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Opening looks at so many bytes of the journal's end again, watermark or not: about 50,000 messages. Up to there a damaged line is
/// found at once; before it, when it is read, by the next plan, or by `ledger check`.
const LOOKED_AT_AGAIN: u64 = 32 << 20;

/// The journal, open for appending.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    path: PathBuf,
    file: File,
    length: u64,
    last: Option<LastLine>,
    broken: bool,
}

/// The last line before a place: that it still ends there tells that the journal is the one that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastLine {
    /// Its first byte.
    pub(super) offset: u64,
    pub(super) checksum: u32,
}

/// What a look at the journal found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// Bytes up to the end of the last good line.
    pub(super) good: u64,
    /// Bytes in the file.
    pub(super) size: u64,
    /// The last good line.
    pub(super) last: Option<LastLine>,
    /// Where the last target was seen, if it was within what was looked at.
    pub(super) target: Option<u64>,
}

impl Journal {
    /// Opens the journal for appending behind what the survey found good, which must be all there is.
    pub(super) fn open(dir: &Path, survey: &Survey) -> Result<Self, LedgerError> {
        let path = home::journal_path(dir);
        let file = home::private_file().append(true).open(&path).map_err(LedgerError::io(&path, "open"))?;
        Ok(Self { dir: dir.to_path_buf(), path, file, length: survey.good, last: survey.last, broken: false })
    }

    /// Bytes in the journal.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Its last line, if there is one.
    pub(super) fn last(&self) -> Option<LastLine> {
        self.last
    }

    /// Bytes in the journal, unless a failed write left it in doubt what they are.
    pub(super) fn sound_length(&self) -> Result<u64, LedgerError> {
        if self.broken { Err(LedgerError::Broken { path: self.dir.clone() }) } else { Ok(self.length) }
    }

    /// Records facts; they are durable when this returns. Returns where each of their lines begins.
    ///
    /// # Errors
    /// After an error the journal takes no more facts, unless it is certain that nothing of this group is left in it.
    pub(super) fn append(&mut self, facts: &[Fact]) -> Result<Vec<u64>, LedgerError> {
        let length = self.sound_length()?;
        let mut begins = Vec::with_capacity(facts.len());
        let mut last = self.last;
        let mut group = Vec::with_capacity(facts.len() * 512);
        for fact in facts {
            let json = serde_json::to_vec(fact).map_err(|error| LedgerError::io(&self.path, "write")(error.into()))?;
            let offset = length + group.len() as u64;
            begins.push(offset);
            last = Some(LastLine { offset, checksum: lines::write_line(&mut group, &json, offset) });
        }
        if group.is_empty() {
            return Ok(begins);
        }
        if let Err(error) = self.file.write_all(&group) {
            // A full disk takes half a line. Without it the journal is what it was, and can go on when there is room.
            self.broken = self.file.set_len(length).and_then(|()| self.file.sync_data()).is_err();
            return Err(LedgerError::io(&self.path, "write")(error));
        }
        if let Err(error) = self.file.sync_data() {
            // What the disk holds now is known to nobody; opening again will tell.
            self.broken = true;
            return Err(LedgerError::io(&self.path, "sync")(error));
        }
        self.length = length + group.len() as u64;
        self.last = last;
        Ok(begins)
    }
}

/// Checks the journal's end: from `known` on, which is the last line that the index knows, and what lies within
/// [`LOOKED_AT_AGAIN`]; all of it if the index knows none.
///
/// # Errors
/// [`LedgerError::Damaged`] if a bad line has a good one behind it (a crash cannot leave that), or if `known` is not there.
pub(super) fn survey(dir: &Path, known: Option<LastLine>) -> Result<Survey, LedgerError> {
    let path = home::journal_path(dir);
    let size = size(dir)?;
    let from = known.map_or(0, |line| line.offset.min(size.saturating_sub(LOOKED_AT_AGAIN)));
    let mut lines = read_from(dir, from.saturating_sub(1))?;
    let mut survey = Survey { good: 0, size, last: None, target: None };
    if from > 0 {
        // What a newline ends right before `from`, or what is cut by it.
        let before = lines.next().map_err(LedgerError::io(&path, "read"))?;
        survey.good = before.map_or(0, |line| line.end);
    }
    let mut bad: Option<u64> = None;
    // A line with an end, as no crash leaves it.
    let mut spoiled: Option<u64> = None;
    let mut is_known = known.is_none();
    while let Some(line) = lines.next().map_err(LedgerError::io(&path, "read"))? {
        survey.size = line.end;
        let read = lines::json_of(line.bytes, line.offset).filter(|_| line.complete);
        let Some((json, checksum)) = read.zip(lines::checksum_in(line.bytes)) else {
            bad = bad.or(Some(line.offset));
            spoiled = spoiled.or(line.complete.then_some(line.offset));
            continue;
        };
        if let Some(offset) = bad {
            return Err(damaged_line(&path, offset, "its checksum does not match"));
        }
        let last = LastLine { offset: line.offset, checksum };
        is_known |= known == Some(last);
        survey.good = line.end;
        survey.last = Some(last);
        // Cheaper than parsing each of millions of lines for the few that name the target.
        if json.starts_with(br#"{"target""#) {
            survey.target = Some(line.offset);
        }
    }
    match known.filter(|_| !is_known) {
        Some(line) if line.offset < survey.good => {
            Err(damaged_line(&path, line.offset, "another line was written there"))
        }
        Some(line) => Err(match spoiled.filter(|offset| *offset <= line.offset) {
            Some(offset) => damaged_line(&path, offset, "its checksum does not match"),
            None => damaged(
                &path,
                &format!("byte {}", survey.good),
                &format!("it ends there, but a line at byte {} has been written", line.offset),
            ),
        }),
        None => Ok(survey),
    }
}

/// Moves what follows the last good line to a file of its own. Returns a note for the user if there was anything.
pub(super) fn cut_torn_tail(dir: &Path, survey: &Survey) -> Result<Option<String>, LedgerError> {
    if survey.good == survey.size {
        return Ok(None);
    }
    let path = home::journal_path(dir);
    let kept = home::free_name(dir, "journal.torn");
    let mut journal =
        home::private_file().read(true).write(true).open(&path).map_err(LedgerError::io(&path, "open"))?;
    let mut copy = home::private_file()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&kept)
        .map_err(LedgerError::io(&kept, "create"))?;
    journal.seek(SeekFrom::Start(survey.good)).map_err(LedgerError::io(&path, "read"))?;
    io::copy(&mut journal, &mut copy).and_then(|_| copy.sync_all()).map_err(LedgerError::io(&kept, "write"))?;
    home::sync_dir(dir)?;
    journal.set_len(survey.good).and_then(|()| journal.sync_all()).map_err(LedgerError::io(&path, "shorten"))?;
    Ok(Some(format!(
        "The journal ended in a half-written line, as a crash leaves it; its last {} bytes were moved to {}.",
        survey.size - survey.good,
        kept.display()
    )))
}

/// Reads lines from `offset` on.
pub(super) fn read_from(dir: &Path, offset: u64) -> Result<Lines, LedgerError> {
    let path = home::journal_path(dir);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(missing(&path));
        }
        Err(error) => return Err(LedgerError::io(&path, "open")(error)),
    };
    Lines::from(file, offset).map_err(LedgerError::io(&path, "read"))
}

/// Calls `each` with every fact at a glance, its JSON, and where its line begins.
pub(super) fn glance(
    dir: &Path,
    each: impl FnMut(&Glance<'_>, &[u8], u64) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    glance_until(dir, u64::MAX, each)
}

/// As [`glance`], for the lines that begin before `end`.
pub(super) fn glance_until(
    dir: &Path,
    end: u64,
    mut each: impl FnMut(&Glance<'_>, &[u8], u64) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let path = home::journal_path(dir);
    let mut lines = read_from(dir, 0)?;
    while let Some(line) = lines.next().map_err(LedgerError::io(&path, "read"))? {
        if line.offset >= end {
            break;
        }
        let json = lines::json_of(line.bytes, line.offset);
        let Some((glance, json)) = json.and_then(|json| Some((serde_json::from_slice(json).ok()?, json))) else {
            return Err(damaged_line(&path, line.offset, "it is not a line of the journal"));
        };
        each(&glance, json, line.offset)?;
    }
    Ok(())
}

/// Calls `each` with every fact from `offset` on, and where its line begins.
pub(super) fn replay(
    dir: &Path,
    offset: u64,
    mut each: impl FnMut(Fact, u64) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let path = home::journal_path(dir);
    let mut lines = read_from(dir, offset)?;
    while let Some(line) = lines.next().map_err(LedgerError::io(&path, "read"))? {
        each(fact_in(&path, line.bytes, line.offset)?, line.offset)?;
    }
    Ok(())
}

/// Reads single facts at known offsets; fast when the offsets ascend.
#[derive(Debug)]
pub(super) struct FactReader {
    path: PathBuf,
    file: io::BufReader<File>,
    position: u64,
    line: Vec<u8>,
}

impl FactReader {
    pub(super) fn open(dir: &Path) -> Result<Self, LedgerError> {
        Self::at(&home::journal_path(dir))
    }

    /// Reads a journal that lies elsewhere.
    pub(super) fn at(path: &Path) -> Result<Self, LedgerError> {
        let file = File::open(path).map_err(LedgerError::io(path, "open"))?;
        Ok(Self {
            path: path.to_path_buf(),
            file: io::BufReader::with_capacity(64 << 10, file),
            position: 0,
            line: Vec::new(),
        })
    }

    /// The fact whose line begins at `offset`.
    pub(super) fn read(&mut self, offset: u64) -> Result<Fact, LedgerError> {
        use io::BufRead;
        let step = i64::try_from(i128::from(offset) - i128::from(self.position))
            .map_err(|_| damaged(&self.path, &format!("byte {offset}"), "no journal is that long"))?;
        self.line.clear();
        self.file
            .seek_relative(step)
            .and_then(|()| (&mut self.file).take(lines::LONGEST as u64).read_until(b'\n', &mut self.line))
            .map_err(LedgerError::io(&self.path, "read"))?;
        self.position = offset + self.line.len() as u64;
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        fact_in(&self.path, line, offset)
    }

    /// The error for a line that is not what it should be.
    pub(super) fn damaged(&self, offset: u64, what: &str) -> LedgerError {
        damaged_line(&self.path, offset, what)
    }
}

fn fact_in(path: &Path, line: &[u8], offset: u64) -> Result<Fact, LedgerError> {
    lines::json_of(line, offset)
        .and_then(|json| serde_json::from_slice(json).ok())
        .ok_or_else(|| damaged_line(path, offset, "there is no line of the journal"))
}

/// Bytes in the journal on disk.
pub(super) fn size(dir: &Path) -> Result<u64, LedgerError> {
    let path = home::journal_path(dir);
    match fs::metadata(&path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(&path)),
        Err(error) => Err(LedgerError::io(&path, "read")(error)),
    }
}

fn missing(path: &Path) -> LedgerError {
    damaged(path, "its beginning", "the file is missing")
}

fn damaged(path: &Path, place: &str, what: &str) -> LedgerError {
    LedgerError::Damaged { part: Part::Journal, path: path.to_path_buf(), place: place.into(), what: what.into() }
}

/// The error for the line at `offset`, named as people count lines.
fn damaged_line(path: &Path, offset: u64, what: &str) -> LedgerError {
    match lines::number_at(path, offset) {
        Ok(number) => damaged(path, &place(number, offset), what),
        Err(_) => damaged(path, &format!("byte {offset}"), what),
    }
}

pub(super) fn place(number: u64, offset: u64) -> String {
    format!("line {number} (byte {offset})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsent(id: &str) -> Fact {
        Fact::Unsent { external_id: id.into() }
    }

    fn journal_end(ends: &[u64]) -> u64 {
        *ends.last().unwrap()
    }

    /// A journal of three facts, one group each, and where each ends.
    fn three() -> (tempfile::TempDir, Vec<u64>) {
        let dir = tempfile::tempdir().unwrap();
        home::check_or_found(dir.path()).unwrap();
        let mut journal = Journal::open(dir.path(), &survey(dir.path(), None).unwrap()).unwrap();
        let mut ends = vec![0];
        for id in ["a", "b", "c"] {
            assert_eq!(journal.append(&[unsent(id)]).unwrap(), [journal_end(&ends)]);
            ends.push(journal.length());
        }
        (dir, ends)
    }

    fn ids(dir: &Path) -> Vec<String> {
        let mut ids = Vec::new();
        replay(dir, 0, |fact, _| {
            ids.push(fact.into_state().unwrap().0);
            Ok(())
        })
        .unwrap();
        ids
    }

    #[test]
    fn a_tail_torn_at_any_byte_costs_only_the_facts_it_touches() {
        let (dir, ends) = three();
        let path = home::journal_path(dir.path());
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let survey = survey(dir.path(), None).unwrap();
            let kept = ends.iter().filter(|end| **end <= length as u64).count() - 1;
            assert_eq!(survey.good, ends[kept]);
            let note = cut_torn_tail(dir.path(), &survey).unwrap();
            assert_eq!(note.is_some(), ends[kept] < length as u64, "cut at {length}");
            assert_eq!(ids(dir.path()), ["a", "b", "c"][..kept]);
            let copy = dir.path().join("journal.torn-1");
            if note.is_some() {
                assert_eq!(fs::read(&copy).unwrap(), &whole[usize::try_from(ends[kept]).unwrap()..length]);
                fs::remove_file(copy).unwrap();
            }
        }
    }

    #[test]
    fn a_flipped_bit_in_the_middle_is_named_by_its_line_and_nothing_is_cut() {
        let (dir, ends) = three();
        let path = home::journal_path(dir.path());
        let whole = fs::read(&path).unwrap();
        for byte in usize::try_from(ends[1]).unwrap()..usize::try_from(ends[2]).unwrap() - 1 {
            let mut flipped = whole.clone();
            flipped[byte] ^= 1;
            fs::write(&path, &flipped).unwrap();
            match survey(dir.path(), None) {
                Err(error @ LedgerError::Damaged { part: Part::Journal, .. }) => {
                    assert!(error.to_string().contains("line 2 ("), "{error}");
                    assert!(error.remedy().contains("backup"));
                }
                other => panic!("byte {byte}: {other:?}"),
            }
            assert_eq!(fs::read(&path).unwrap(), flipped);
        }
    }

    #[test]
    fn a_lost_newline_between_two_lines_is_damage_not_a_torn_tail() {
        let (dir, ends) = three();
        let path = home::journal_path(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes[usize::try_from(ends[1]).unwrap() - 1] = b' ';
        fs::write(&path, bytes).unwrap();
        assert!(matches!(survey(dir.path(), None), Err(LedgerError::Damaged { .. })));
    }

    #[test]
    fn a_tail_of_zeros_is_cut() {
        let (dir, ends) = three();
        let path = home::journal_path(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(&[0; 4096]);
        fs::write(&path, bytes).unwrap();
        let found = survey(dir.path(), None).unwrap();
        assert_eq!((found.good, found.size), (ends[3], ends[3] + 4096));
        cut_torn_tail(dir.path(), &found).unwrap().unwrap();
        assert_eq!(size(dir.path()).unwrap(), ends[3]);
    }

    #[test]
    fn facts_are_found_again_at_their_offsets_in_any_order() {
        let (dir, ends) = three();
        let mut reader = FactReader::open(dir.path()).unwrap();
        for index in [2, 0, 1, 1, 2] {
            assert_eq!(reader.read(ends[index]).unwrap(), unsent(["a", "b", "c"][index]));
        }
        assert!(reader.read(ends[1] + 1).is_err());
        assert!(reader.read(1 << 40).is_err());
        assert_eq!(reader.read(ends[2]).unwrap(), unsent("c"));
    }

    /// The lines of a journal that is given as one file.
    fn lines_of(bytes: &[u8]) -> Vec<Vec<u8>> {
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn a_whole_line_taken_out_doubled_or_swapped_is_damage_although_each_line_is_sound() {
        let (dir, _) = three();
        let path = home::journal_path(dir.path());
        let [a, b, c] = <[Vec<u8>; 3]>::try_from(lines_of(&fs::read(&path).unwrap())).unwrap();
        for tampered in [[&a[..], &a, &b, &c], [&b, &a, &c, b""], [&a, &c, &b, &a], [&a, &c, &c, &c]] {
            fs::write(&path, tampered.concat()).unwrap();
            let survey = survey(dir.path(), None);
            assert!(survey.is_err() || survey.is_ok_and(|survey| survey.good < survey.size));
        }
        fs::write(&path, [&b[..], &c].concat()).unwrap();
        assert_eq!(survey(dir.path(), None).unwrap().good, 0);
    }

    #[test]
    fn a_last_line_that_the_index_knows_is_called_damaged_and_not_missing() {
        let (dir, ends) = three();
        let path = home::journal_path(dir.path());
        let known = survey(dir.path(), None).unwrap().last;
        let mut flipped = fs::read(&path).unwrap();
        let last = flipped.len() - 10;
        flipped[last] ^= 1;
        fs::write(&path, &flipped).unwrap();
        let error = survey(dir.path(), known).unwrap_err().to_string();
        assert!(error.contains(&place(3, ends[2])) && error.contains("its checksum does not match"), "{error}");
        assert!(!error.contains("it ends there"), "{error}");
        // What the index has not seen is what a crash leaves.
        assert_eq!(survey(dir.path(), None).unwrap().good, ends[2]);
    }

    #[test]
    fn an_end_that_lost_whole_lines_or_was_written_anew_is_told_by_the_line_that_the_index_knows() {
        let (dir, ends) = three();
        let path = home::journal_path(dir.path());
        let whole = fs::read(&path).unwrap();
        let known = survey(dir.path(), None).unwrap().last;
        assert_eq!(survey(dir.path(), known).unwrap().good, ends[3]);
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let error = survey(dir.path(), known).unwrap_err();
            assert!(error.to_string().contains("it ends there, but a line at byte"), "cut at {length}: {error}");
        }
        fs::write(&path, &whole[..usize::try_from(ends[2]).unwrap()]).unwrap();
        let mut journal = Journal::open(dir.path(), &survey(dir.path(), None).unwrap()).unwrap();
        journal.append(&[unsent("x"), unsent("y")]).unwrap();
        let error = survey(dir.path(), known).unwrap_err();
        assert!(error.to_string().contains("line 3 (") && error.to_string().contains("another line"), "{error}");
    }

    #[test]
    fn behind_a_long_known_part_only_the_end_is_read() {
        let (dir, _) = three();
        let mut journal = Journal::open(dir.path(), &survey(dir.path(), None).unwrap()).unwrap();
        let long = unsent(&"x".repeat(900_000));
        let facts: Vec<Fact> = std::iter::repeat_n(long, 40).collect();
        journal.append(&facts).unwrap();
        let path = home::journal_path(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let found = survey(dir.path(), journal.last()).unwrap();
        assert_eq!((found.good, found.size, found.last), (journal.length(), journal.length(), journal.last()));
        assert!(survey(dir.path(), None).is_err());
        let near = bytes.len() - 20_000_000;
        bytes[near] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(survey(dir.path(), journal.last()).unwrap_err().to_string().contains("line "));
    }

    #[test]
    fn a_missing_journal_is_damage() {
        let (dir, _) = three();
        fs::remove_file(home::journal_path(dir.path())).unwrap();
        assert!(matches!(survey(dir.path(), None), Err(LedgerError::Damaged { part: Part::Journal, .. })));
    }
}
