//! Lines that begin with `From `, and whether they separate mails.
//!
//! Everybody agrees on a line with a date behind a blank line. The rest differs by program, so it counts only where the
//! file itself is evidence for it ([`Ways`]), and only where a header field follows: to split a mail at a line that a
//! person wrote is worse than to report a line that may have been a separator.

use super::date;
use memchr::memchr;
use serde::{Deserialize, Serialize};

/// Longest line that can be a separator. An address has at most 256 bytes (RFC 5321 section 4.5.3.1.3).
const LONGEST_LINE: usize = 1024;

/// So much of the line behind a separator is looked at, to tell a header field from text.
const LONGEST_NAME: usize = 200;

/// Bytes from the `F` on that are enough to judge a line: it, its end, and the start of the next line.
pub(super) const LOOK_AHEAD: usize = LONGEST_LINE + 2 + LONGEST_NAME;

/// Bytes before the `F` that are enough to judge what the line follows.
pub(super) const LOOK_BACK: usize = 4096;

/// The date that `git format-patch` writes into every separator, so that file types can be told by it:
/// `Mon Sep 17 00:00:00 2001`.
const PATCH_DATE: i64 = 1_000_684_800;

/// What a separator looks like, as far as it tells who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Form {
    /// `From user@example.com Tue Mar 19 09:13:51 2019`
    Plain,
    /// `From - Tue Mar 19 09:13:51 2019`, also without the date: Netscape, Mozilla, Thunderbird.
    Dash,
    /// `From ` and nothing else: Thunderbird since 2024 (comm-central, `MboxMsgOutputStream`).
    Bare,
    /// `From 1234567890@xxx` and no date.
    Token,
    /// `From <commit> Mon Sep 17 00:00:00 2001`: git.
    Patch,
}

/// A line that begins with `From ` and separates mails in some files at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FromLine {
    pub(super) form: Form,
    /// Its date, Unix seconds.
    pub(super) date: Option<i64>,
    /// Number of bytes with the line end.
    pub(super) length: usize,
    /// What follows it.
    pub(super) next: Next,
    /// It says `mboxrd@z`, as git and public-inbox do in archives that they quote in this way.
    pub(super) says_mboxrd: bool,
}

/// What stands behind a separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A header field that Thunderbird puts first into mails it stores.
    Mozilla,
    /// A header field with a name as mail programs write it.
    Field,
    /// Something a mail may also begin with: an odd field name, a blank line, the end of the file.
    Possible,
    /// Text.
    Text,
}

/// How separators are written in a file, by what its beginning shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ways {
    /// Form of the first separator.
    pub(super) begins: Form,
    /// Separators follow the last line of a mail without a blank line between.
    pub(super) runs_on: bool,
}

impl Default for Ways {
    fn default() -> Ways {
        Ways { begins: Form::Plain, runs_on: false }
    }
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Separator,
    /// Text, though a person should know of it.
    Suspect(Suspect),
    Text,
}

/// Why a line that looks like a separator is left as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Suspect {
    /// It follows no blank line.
    RunsOn,
    /// It has no date.
    NoDate,
    /// No header field follows.
    NoField,
    /// A patch within a mail.
    Patch,
    /// Content-Length says that it belongs to the mail.
    WithinLength,
}

/// What a line stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The start of the file, after a byte order mark or NULs at most.
    FileStart,
    /// A blank line.
    AfterBlank,
    /// A line of text.
    AfterText,
}

/// Stray bytes that real files have before a separator: NULs of a crashed disk, a byte order mark where files were joined.
pub(super) fn is_stray(byte: u8) -> bool {
    matches!(byte, 0 | 0xef | 0xbb | 0xbf)
}

/// Where the line stands that begins behind `before`; `None` if no line begins there. `from_start`: `before` is all that
/// the file has before it. Only the last [`LOOK_BACK`] bytes are looked at.
pub(super) fn place(before: &[u8], from_start: bool) -> Option<Place> {
    let skipped = before.len().saturating_sub(LOOK_BACK);
    let from_start = from_start && skipped == 0;
    let before = without_stray(before.get(skipped..)?);
    let Some(line) = before.strip_suffix(b"\n") else {
        return (from_start && before.is_empty()).then_some(Place::FileStart);
    };
    let line = without_stray(line.strip_suffix(b"\r").unwrap_or(line));
    Some(if line.ends_with(b"\n") || (from_start && line.is_empty()) { Place::AfterBlank } else { Place::AfterText })
}

fn without_stray(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !is_stray(*byte)).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

/// Reads the line at the start of `bytes`; `None` if it separates mails in no file. Looks at [`LOOK_AHEAD`] bytes at
/// most; fewer bytes mean that the file ends there.
pub(super) fn read(bytes: &[u8]) -> Option<FromLine> {
    let reach = bytes.get(..bytes.len().min(LONGEST_LINE + 2))?;
    let (line, length) = match memchr(b'\n', reach) {
        Some(end) => (reach.get(..end)?, end + 1),
        None => (reach, reach.len()),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LONGEST_LINE {
        return None;
    }
    let mut words =
        line.strip_prefix(b"From ")?.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let first = words.next();
    let is_alone = words.next().is_none();
    let date = date::of_separator(line);
    let form = match first {
        None => Form::Bare,
        Some(b"-") if date.is_some() || is_alone => Form::Dash,
        Some(first) if date == Some(PATCH_DATE) && is_commit(first) => Form::Patch,
        Some(_) if date.is_some() => Form::Plain,
        Some(first) if is_alone && first.contains(&b'@') => Form::Token,
        Some(_) => return None,
    };
    let next = bytes.get(length..bytes.len().min(length + LONGEST_NAME)).map_or(Next::Possible, next);
    Some(FromLine { form, date, length, next, says_mboxrd: first == Some(b"mboxrd@z") })
}

/// The name of a commit, SHA-1 or SHA-256.
fn is_commit(word: &[u8]) -> bool {
    matches!(word.len(), 40 | 64) && word.iter().all(u8::is_ascii_hexdigit)
}

/// What the start of the line behind a separator is.
fn next(bytes: &[u8]) -> Next {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // A file cut within the first line of its last mail.
    let is_cut = line.len() == bytes.len() && bytes.len() < LONGEST_NAME;
    let starts = |start: &[u8]| line.starts_with(start);
    if starts(b"X-Mozilla-") || starts(b"X-Account-Key:") {
        return Next::Mozilla;
    }
    match field_name(line) {
        Some([first, rest @ ..])
            if first.is_ascii_alphabetic()
                && !rest.is_empty()
                && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) =>
        {
            Next::Field
        }
        Some(_) => Next::Possible,
        None if is_cut || matches!(line, [] | b"\r" | [0, ..]) || starts(b"From ") || starts(b">From ") => {
            Next::Possible
        }
        None => Next::Text,
    }
}

/// The name of the header field in a line: printable ASCII (RFC 5322 section 3.6.8), spaces, a colon (section 4.5.3
/// allows the spaces). A web address is none.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    let is_address = line.get(colon + 1..).is_some_and(|rest| rest.starts_with(b"//"));
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic) && !is_address).then_some(name)
}

/// Does a mail that begins like this have a header? Quoted `From ` lines may come first.
pub(super) fn begins_header(mail: &[u8]) -> bool {
    mail.split(|byte| *byte == b'\n')
        .find(|line| !line.starts_with(b">From ") && !line.starts_with(b"From "))
        .is_some_and(|line| field_name(line.get(..line.len().min(LONGEST_NAME)).unwrap_or_default()).is_some())
}

/// Is the line a separator at its place?
pub(super) fn judge(line: &FromLine, place: Place, ways: Ways) -> Verdict {
    let after_blank = place != Place::AfterText;
    let (is_field, may_begin) = (matches!(line.next, Next::Mozilla | Next::Field), line.next != Next::Text);
    let is_mozilla = matches!(ways.begins, Form::Dash | Form::Bare);
    let suspect = |is: bool, why| if is { Verdict::Suspect(why) } else { Verdict::Text };
    match line.form {
        // A patch that somebody pasted into a mail has its separator, too. Only a file that begins with one is of patches.
        Form::Patch if ways.begins == Form::Patch && after_blank && may_begin => Verdict::Separator,
        Form::Patch => suspect(is_field, Suspect::Patch),
        Form::Plain | Form::Dash if line.date.is_some() && after_blank => {
            if may_begin {
                Verdict::Separator
            } else {
                Verdict::Suspect(Suspect::NoField)
            }
        }
        Form::Plain if ways.runs_on && is_field => Verdict::Separator,
        Form::Dash if is_field && (after_blank || is_mozilla) => Verdict::Separator,
        Form::Plain | Form::Dash => suspect(is_field, Suspect::RunsOn),
        // A mail copied as text may well say `From ` and `Sent: ...` below. Thunderbird's own field says enough.
        Form::Bare if after_blank && (line.next == Next::Mozilla || (is_field && is_mozilla)) => Verdict::Separator,
        Form::Token if is_field && after_blank && ways.begins == Form::Token => Verdict::Separator,
        Form::Bare | Form::Token => suspect(is_field && after_blank, Suspect::NoDate),
    }
}

/// If `bytes`, an entry, begin with a separator: it, and where it stands. At the start of a file stray bytes may come first.
pub(super) fn at_start(bytes: &[u8], file_start: bool) -> Option<(FromLine, usize)> {
    let lead = if file_start { bytes.iter().take(LOOK_BACK).take_while(|byte| is_stray(**byte)).count() } else { 0 };
    Some((read(bytes.get(lead..)?)?, lead))
}

impl FromLine {
    /// The date, if it says when the mail came.
    pub(super) fn meant_date(&self) -> Option<i64> {
        self.date.filter(|_| self.form != Form::Patch)
    }
}
