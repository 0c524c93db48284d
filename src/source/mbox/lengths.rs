//! Content-Length: how many bytes the body has, in the words of the program that stored the mail (dialects mboxcl and
//! mboxcl2).
//!
//! The field often lies: mails bring it along from elsewhere, and bodies are changed after it was written. So it is
//! believed only if a separator or the end of the file stands where it points to.

use super::super::pread::{ReadAt, fill};
use super::line::{self, Place, Verdict, Ways};
use memchr::{memchr, memchr_iter};

/// A header longer than this has no Content-Length for us.
const LONGEST_HEADER: usize = 64 << 10;

/// Read first; most headers are shorter.
const FIRST_READ: usize = 4 << 10;

/// Fields of this name that are tried; a mail that came from elsewhere may have two.
const MOST_FIELDS: usize = 4;

/// A body longer than this is not searched for its end by counting lines.
const MOST_COUNTED: u64 = 8 << 20;

/// Bytes read at once when lines are counted.
const COUNT_BLOCK: usize = 64 << 10;

/// What Content-Length says of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// There is none.
    Absent,
    /// Behind so many bytes stands what must stand there: the offset of the next separator, or of nothing more.
    Until(u64),
    /// It is wrong. To find out, lines up to that offset may have been counted.
    Wrong { counted_to: u64 },
}

/// Where the mail ends whose header begins at `header`. Reads what it needs and no more, however large the number is.
/// `may_count`: if the number does not fit, lines may be counted (up to 8 MiB) to see whether it did before somebody
/// converted line ends.
pub(super) fn until(file: &impl ReadAt, header: u64, ways: Ways, may_count: bool) -> Fit {
    let mut wanted = FIRST_READ;
    loop {
        let mut bytes = vec![0; wanted];
        // What cannot be read is found out by whoever reads the file from end to end.
        let Ok(filled) = fill(file, &mut bytes, header) else { return Fit::Absent };
        bytes.truncate(filled);
        if let Some((body, lengths)) = fields(&bytes) {
            let start = header.saturating_add(body as u64);
            let as_stored = |length: &u64| next_mail(file, start.checked_add(*length)?, ways);
            let converted = |length: &u64| {
                let has_crlf = bytes.get(..body).is_some_and(|header| header.ends_with(b"\r\n"));
                next_mail(file, end_by_lines(file, start, *length, has_crlf)?, ways)
            };
            let found = lengths.iter().find_map(as_stored);
            let found = found.or_else(|| lengths.iter().filter(|_| may_count).find_map(converted));
            return match (found, lengths.iter().max()) {
                (Some(next), _) => Fit::Until(next),
                (None, None) => Fit::Absent,
                (None, Some(longest)) => {
                    let counted = (*longest).min(MOST_COUNTED).saturating_add(COUNT_BLOCK as u64);
                    Fit::Wrong { counted_to: start.saturating_add(counted) }
                }
            };
        }
        if filled < wanted || wanted >= LONGEST_HEADER {
            return Fit::Absent;
        }
        wanted = LONGEST_HEADER;
    }
}

/// Where the body begins, and what the Content-Length fields of the header say; `None` if the header does not end.
pub(super) fn fields(mail: &[u8]) -> Option<(usize, Vec<u64>)> {
    let (mut lengths, mut at) = (Vec::new(), 0);
    loop {
        let rest = mail.get(at..)?;
        let end = memchr(b'\n', rest)?;
        let line = rest.get(..end)?;
        at += end + 1;
        if matches!(line, [] | b"\r") {
            return Some((at, lengths));
        }
        if let Some(length) =
            length_field(line).filter(|length| lengths.len() < MOST_FIELDS && !lengths.contains(length))
        {
            lengths.push(length);
        }
    }
}

fn length_field(line: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    if !name.eq_ignore_ascii_case(NAME) {
        return None;
    }
    let value = value.trim_ascii();
    std::str::from_utf8(value).ok().filter(|_| value.iter().all(u8::is_ascii_digit))?.parse().ok()
}

/// Where a body from `start` on ends whose line ends were of the other kind when its length was counted: in a file with
/// CRLF each was one byte, in one with LF two.
fn end_by_lines(file: &impl ReadAt, start: u64, length: u64, has_crlf: bool) -> Option<u64> {
    if length > MOST_COUNTED {
        return None;
    }
    let mut bytes = vec![0; COUNT_BLOCK];
    let (mut at, mut lines, mut line_start) = (start, 0_u64, start);
    loop {
        let filled = fill(file, &mut bytes, at).ok()?;
        let block = bytes.get(..filled)?;
        let here = |lines: u64| {
            let counted = start.checked_add(length)?;
            if has_crlf { counted.checked_add(lines) } else { counted.checked_sub(lines) }
        };
        for newline in memchr_iter(b'\n', block) {
            let newline = at + newline as u64;
            match here(lines)? {
                // Between the two bytes of a line end ends no body.
                end if end < line_start => return None,
                end if end <= newline => return Some(end),
                _ => {}
            }
            lines += 1;
            line_start = newline + 1;
        }
        at += filled as u64;
        if filled < COUNT_BLOCK {
            return here(lines).filter(|end| (line_start..=at).contains(end));
        }
    }
}

/// The offset of the separator behind a body that ends at `end`, or `u64::MAX` if the file ends there. One or two line
/// ends may stand between: that of a last line which was not counted, and the blank line.
fn next_mail(file: &impl ReadAt, end: u64, ways: Ways) -> Option<u64> {
    const BETWEEN: usize = 4;
    let mut bytes = vec![0; 1 + BETWEEN + line::LOOK_AHEAD];
    // The byte before, too: what follows begins a line only behind a line end.
    let filled = fill(file, &mut bytes, end.checked_sub(1)?).ok()?;
    let (last, rest) = bytes.get(..filled)?.split_first()?;
    let between = line_ends(rest, 2);
    let rest = rest.get(between..)?;
    if rest.is_empty() {
        return Some(u64::MAX);
    }
    if between == 0 && *last != b'\n' {
        return None;
    }
    let line = line::read(rest)?;
    let is_separator = line::judge(&line, Place::AfterBlank, ways) == Verdict::Separator;
    is_separator.then(|| end + between as u64)
}

/// Length of the line ends that `bytes` begin with, at most `most` of them.
fn line_ends(bytes: &[u8], most: usize) -> usize {
    let mut at = 0;
    for _ in 0..most {
        at += match bytes.get(at..) {
            Some([b'\n', ..]) => 1,
            Some([b'\r', b'\n', ..]) => 2,
            _ => break,
        };
    }
    at
}

/// Where the mail in `mail` ends by its Content-Length, if nothing but line ends stand behind that.
pub(super) fn end_within(mail: &[u8]) -> Option<usize> {
    let header = mail.get(..mail.len().min(LONGEST_HEADER))?;
    let (body, lengths) = fields(header)?;
    lengths.into_iter().find_map(|length| {
        let end = body.checked_add(usize::try_from(length).ok()?)?;
        let rest = mail.get(end..)?;
        (line_ends(rest, 2) == rest.len()).then_some(end)
    })
}

/// By how many bytes the mail in `mail` is shorter than its Content-Length says, however line ends were counted.
pub(super) fn missing(mail: &[u8]) -> Option<u64> {
    let (body, lengths) = fields(mail.get(..mail.len().min(LONGEST_HEADER))?)?;
    let [length] = lengths.as_slice() else { return None };
    let stored = mail.get(body..)?;
    let most = stored.len() + memchr_iter(b'\n', stored).count();
    length.checked_sub(stored.len() as u64).filter(|_| *length > most as u64)
}
