//! What people should know of how files were read, few lines for many files.

use super::framer::{Seen, Tally};
use super::line::Suspect;
use super::line_end::LineEnd;
use super::reading::{Evidence, Quoting, Reading};
use crate::mapping::Dialect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names shown of files that share a note.
const NAMES: usize = 3;

/// What was found in one file.
pub(super) struct Found<'a> {
    pub(super) shown: &'a str,
    pub(super) reading: Reading,
    pub(super) evidence: Evidence,
    /// Of the scan, if it came to the end of the file.
    pub(super) scanned: Option<&'a Scanned>,
}

/// What a scan of one file has met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scanned {
    pub(super) tally: Tally,
    /// The file ends within a line.
    pub(super) may_be_cut: bool,
}

/// Evidence of one kind in some files.
#[derive(Default)]
struct Group<'a> {
    files: Vec<&'a str>,
    evidence: Evidence,
}

/// How a file is read, as far as a note tells files apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Read {
    Mboxcl,
    Mboxcl2,
    LengthsLie,
    Mboxrd,
    Unquoted,
    Mboxo,
}

/// Notes on the dialects that were found out, if the mapping left that open, and on lines that were hard to judge.
pub(super) fn of_files(dialect: Dialect, files: &[Found<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    let of_macs: Vec<&str> =
        files.iter().filter(|file| file.reading.line_end == LineEnd::Cr).map(|file| file.shown).collect();
    if !of_macs.is_empty() {
        notes.push(format!(
            "{}: line ends CR, as on Macs before OS X: read as LF, to the same messages",
            names(&of_macs)
        ));
    }
    if dialect == Dialect::Auto {
        let mut groups: BTreeMap<Read, Group<'_>> = BTreeMap::new();
        for file in files {
            for read in read_as(file) {
                groups.entry(read).or_default().add(file);
            }
        }
        notes.extend(groups.iter().map(|(read, group)| dialect_note(*read, group)));
    }
    if let Some((seen, file)) = sum(files, |tally| tally.run_on) {
        notes.push(format!(
            "{} counted as separators without a blank line before, because a header field follows each \
             and the file is written so; first: {file}, byte {}",
            lines(seen.count),
            seen.first
        ));
    }
    for why in [Suspect::RunsOn, Suspect::NoDate, Suspect::NoField, Suspect::Patch, Suspect::WithinLength] {
        if let Some((seen, file)) = sum(files, |tally| tally.suspects.get(&why).copied()) {
            let (what, remedy) = words(why);
            let lines = lines(seen.count);
            notes.push(format!("{lines} {what}; first: {file}, byte {}; {remedy}", seen.first));
        }
    }
    let cut: Vec<&str> =
        files.iter().filter(|file| file.scanned.is_some_and(|scan| scan.may_be_cut)).map(|file| file.shown).collect();
    if !cut.is_empty() {
        notes.push(format!(
            "{}: the last mail may be cut, for the file ends within it; compare the size of the file with that of the export",
            names(&cut)
        ));
    }
    notes
}

fn lines(count: u64) -> String {
    if count == 1 { "1 `From ` line".to_owned() } else { format!("{count} `From ` lines") }
}

fn words(why: Suspect) -> (&'static str, &'static str) {
    match why {
        Suspect::RunsOn => (
            "with a date and a header field behind it, but no blank line before it: left as text of the mail it stands in",
            "if a mail begins there, put a blank line before it",
        ),
        Suspect::NoDate => (
            "without a date: left as text of the mail it stands in",
            "if a mail begins there, end the line in a date such as `Thu Jan  1 00:00:00 1970`",
        ),
        Suspect::NoField => (
            "with a date, but no header field behind it: left as text of the mail it stands in",
            "if a mail begins there, look at its first line",
        ),
        Suspect::Patch => (
            "of a patch (git format-patch) within a mail: left as text",
            "if these are mails of their own, move them to a file of their own",
        ),
        Suspect::WithinLength => {
            ("within the Content-Length of a mail: left as text of it", "if mails begin there, set dialect = \"mboxo\"")
        }
    }
}

fn sum<'a>(files: &[Found<'a>], of: impl Fn(&Tally) -> Option<Seen>) -> Option<(Seen, &'a str)> {
    let seen = files.iter().filter_map(|file| Some((of(&file.scanned?.tally)?, file.shown)));
    seen.reduce(|(sum, shown), (seen, _)| (Seen { count: sum.count + seen.count, ..sum }, shown))
}

fn read_as(file: &Found<'_>) -> Vec<Read> {
    let Evidence { misfits, quoted, requoted, .. } = file.evidence;
    let mut reads = Vec::new();
    match (file.reading.lengths, file.reading.quoting) {
        (true, Quoting::None) => reads.push(Read::Mboxcl2),
        (true, _) => reads.push(Read::Mboxcl),
        (false, _) if misfits > 0 => reads.push(Read::LengthsLie),
        (false, _) => {}
    }
    match file.reading.quoting {
        Quoting::Any => reads.push(Read::Mboxrd),
        Quoting::None if quoted > 0 => reads.push(Read::Unquoted),
        Quoting::One if !file.reading.lengths && quoted + requoted > 0 => reads.push(Read::Mboxo),
        Quoting::None | Quoting::One => {}
    }
    reads
}

fn dialect_note(read: Read, group: &Group<'_>) -> String {
    let Evidence { fits, misfits, quoted, requoted, bare, .. } = group.evidence;
    let (files, mails) = (names(&group.files), fits + misfits);
    match read {
        Read::Mboxcl => format!(
            "{files}: read as mboxcl: Content-Length fits in {fits} of {mails} mails, and `>From ` begins {quoted} lines"
        ),
        Read::Mboxcl2 => format!("{files}: read as mboxcl2: Content-Length fits in {fits} of {mails} mails"),
        Read::LengthsLie => {
            format!(
                "{files}: Content-Length fits in {fits} of {mails} mails only, so `From ` lines alone separate mails"
            )
        }
        Read::Mboxrd => format!("{files}: read as mboxrd: the separators say so (`From mboxrd@z`)"),
        Read::Unquoted => format!(
            "{files}: nothing is unquoted: `From ` begins {bare} lines of text, so the {quoted} with `>From ` are people's \
             own; set dialect = \"mboxo\" if not"
        ),
        Read::Mboxo if requoted == 0 => {
            format!("{files}: read as mboxo: of the lines looked at, `>From ` begins {quoted}, `>>From ` none")
        }
        Read::Mboxo => format!(
            "{files}: read as mboxo: of the lines looked at, `>From ` begins {quoted}; {requoted} with more `>` stay as they are; set \
             dialect = \"mboxrd\" if the program that wrote the file quotes those, too"
        ),
    }
}

fn names(files: &[&str]) -> String {
    let shown = files.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
    match files.len() - files.len().min(NAMES) {
        0 => shown,
        1 => format!("{shown} and 1 other file"),
        more => format!("{shown} and {more} other files"),
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, file: &Found<'a>) {
        self.files.push(file.shown);
        let (sum, more) = (&mut self.evidence, file.evidence);
        sum.fits += more.fits;
        sum.misfits += more.misfits;
        sum.quoted += more.quoted;
        sum.requoted += more.requoted;
        sum.bare += more.bare;
    }
}
