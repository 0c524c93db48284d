//! How a file is to be read: its dialect and the ways of its separators, from evidence at its beginning.
//!
//! What mboxo and mboxrd leave in a file looks the same: `>>From ` is a doubly quoted line in the one and a person's
//! reply to a once quoted line in the other (45 such replies in the archive of the linux-man list, which is mboxo). So
//! mboxrd is believed only if the file says so itself, and the counts are shown for the user to decide.

use super::super::pread::{ReadAt, fill};
use super::framer::{BLOCK, Framer, Tally};
use super::line::{self, Form, Place, Suspect, Verdict, Ways};
use super::line_end::{LineEnd, Lines};
use crate::mapping::Dialect;
use memchr::memmem;
use serde::{Deserialize, Serialize};
use std::io;

/// So much of a file is looked at. Enough for some hundred mails; little enough to open a folder of a thousand files.
const HEAD: usize = 4 << 20;

/// What is taken off lines of a mail that were kept from being separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Quoting {
    /// Nothing: the program quotes in no way.
    None,
    /// `>From ` was `From `.
    One,
    /// One `>` of any number before `From `.
    Any,
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reading {
    pub(super) line_end: LineEnd,
    pub(super) ways: Ways,
    /// A Content-Length that fits says where a mail ends.
    pub(super) lengths: bool,
    pub(super) quoting: Quoting,
    /// The mapping leaves the dialect open, so a mail may show that it is quoted otherwise than the rest of the file.
    pub(super) is_open: bool,
}

/// What was seen at the beginning of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Evidence {
    /// Mails with a Content-Length that fits, and with one that does not.
    pub(super) fits: u64,
    pub(super) misfits: u64,
    /// Mails without one, if any has one.
    pub(super) without: u64,
    /// Lines that begin with `>From `.
    pub(super) quoted: u64,
    /// Lines that begin with more `>` and `From `.
    pub(super) requoted: u64,
    /// Lines after a blank line that begin with `From ` and separate nothing. No program that quotes leaves them so.
    pub(super) bare: u64,
    /// The separators say that the file is mboxrd.
    pub(super) says_mboxrd: bool,
}

impl Reading {
    /// Reads as the mapping says, or as far as it leaves that open, as the evidence does.
    fn new(dialect: Dialect, line_end: LineEnd, ways: Ways, evidence: &Evidence) -> Reading {
        let lengths = match dialect {
            // A program that counts does so for every mail, and mostly right. Some mails bring the field along from elsewhere.
            Dialect::Auto => evidence.fits > evidence.misfits && evidence.fits >= evidence.without,
            Dialect::Mboxo | Dialect::Mboxrd => false,
            Dialect::Mboxcl | Dialect::Mboxcl2 => true,
        };
        let quoting = match dialect {
            Dialect::Mboxrd => Quoting::Any,
            Dialect::Mboxcl2 => Quoting::None,
            Dialect::Auto if evidence.says_mboxrd => Quoting::Any,
            // Somebody's text is not touched unless it is likely that a program has quoted it.
            Dialect::Auto if evidence.bare > evidence.quoted || (lengths && evidence.quoted == 0) => Quoting::None,
            Dialect::Auto | Dialect::Mboxo | Dialect::Mboxcl => Quoting::One,
        };
        Reading { line_end, ways, lengths, quoting, is_open: dialect == Dialect::Auto }
    }

    /// The same without a look at any file.
    pub(super) fn blind(dialect: Dialect) -> Reading {
        Reading::new(dialect, LineEnd::Lf, Ways::default(), &Evidence::default())
    }

    /// What is taken off lines of the mail behind this separator. Thunderbird's bare `From ` means mboxrd.
    pub(super) fn quoting_behind(self, form: Form) -> Quoting {
        if form == Form::Bare && self.is_open { Quoting::Any } else { self.quoting }
    }
}

/// Looks at the beginning of a file. Reads 4 MiB, and a little more where a Content-Length points to.
pub(super) fn survey(file: &impl ReadAt, size: u64, dialect: Dialect) -> io::Result<(Reading, Evidence)> {
    let wanted = usize::try_from(size).unwrap_or(HEAD).min(HEAD);
    let mut head = vec![0; wanted];
    let filled = fill(file, &mut head, 0)?;
    head.truncate(filled);
    let line_end = LineEnd::of(&head);
    line_end.unify(&mut head, None);
    let ways = ways(&head);
    let mut evidence = lines(&head, ways);
    if dialect == Dialect::Auto && says_length(&head) {
        let trying = Reading { lengths: true, ..Reading::new(dialect, line_end, ways, &evidence) };
        let mut framer = Framer::new(Lines::new(file, line_end), trying, BLOCK);
        for stretch in framer.by_ref() {
            let stretch = stretch.map_err(|broken| broken.error)?;
            if stretch.offset + stretch.length >= HEAD as u64 {
                break;
            }
        }
        let Tally { fits, misfits, without, suspects, .. } = framer.tally();
        let within = suspects.get(&Suspect::WithinLength).map_or(0, |seen| seen.count);
        evidence =
            Evidence { fits: *fits, misfits: *misfits, without: *without, bare: evidence.bare + within, ..evidence };
    }
    Ok((Reading::new(dialect, line_end, ways, &evidence), evidence))
}

/// Does a line in `head` begin with Content-Length?
fn says_length(head: &[u8]) -> bool {
    [&b"\nContent-Length:"[..], b"\nContent-length:", b"\ncontent-length:", b"\nCONTENT-LENGTH:"]
        .into_iter()
        .any(|name| memmem::find(head, name).is_some())
}

/// Lines that begin with `From `, with the offset and place of each.
fn from_lines(head: &[u8]) -> impl Iterator<Item = (usize, Place)> + '_ {
    memmem::find_iter(head, b"From ").filter_map(|at| Some((at, line::place(head.get(..at)?, true)?)))
}

fn ways(head: &[u8]) -> Ways {
    let read = |at: usize| head.get(at..).and_then(line::read);
    // The first line that is a separator in a file of its own form.
    let begins = from_lines(head).find_map(|(at, place)| {
        let line = read(at)?;
        let own = Ways { begins: line.form, runs_on: false };
        (place != Place::AfterText && line::judge(&line, place, own) == Verdict::Separator).then_some(line.form)
    });
    let mut ways = Ways { begins: begins.unwrap_or(Form::Plain), runs_on: false };
    let (mut after_blank, mut after_text) = (0_u64, 0_u64);
    for (at, place) in from_lines(head) {
        let is_plain = |line: &line::FromLine| line.form == Form::Plain && line.next == line::Next::Field;
        if read(at).is_none_or(|line| !is_plain(&line)) {
            continue;
        }
        match place {
            Place::FileStart => {}
            Place::AfterBlank => after_blank += 1,
            Place::AfterText => after_text += 1,
        }
    }
    // One such line may be a mail that somebody pasted into another; a program that leaves out blank lines does so always.
    ways.runs_on = after_text >= 2 && after_text > 4 * after_blank;
    ways
}

fn lines(head: &[u8], ways: Ways) -> Evidence {
    let mut evidence = Evidence::default();
    for (at, place) in from_lines(head) {
        let line = head.get(at..).and_then(line::read);
        let verdict = line.map_or(Verdict::Text, |line| line::judge(&line, place, ways));
        if verdict == Verdict::Separator {
            evidence.says_mboxrd |= line.is_some_and(|line| line.says_mboxrd);
        } else if place == Place::AfterBlank {
            evidence.bare += 1;
        }
    }
    for at in memmem::find_iter(head, b">From ") {
        let Some(before) = head.get(..at) else { continue };
        let deeper = before.iter().rev().take_while(|byte| **byte == b'>').count();
        let starts_line = before.get(..at - deeper).is_some_and(|before| before.is_empty() || before.ends_with(b"\n"));
        // Thunderbird leaves a line `>From - ` in the header of some mails, where nothing was quoted.
        match deeper {
            _ if !starts_line => {}
            0 if head.get(at..).is_some_and(|line| line.starts_with(b">From - ")) => {}
            0 => evidence.quoted += 1,
            _ => evidence.requoted += 1,
        }
    }
    evidence
}
