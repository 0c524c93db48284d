//! What a line between two mails looks like.
//!
//! A separator is a line that begins with `From ` and is one of these:
//!
//! - at the start of the file or behind a blank line, and it ends in a date ([`super::date`]);
//! - it ends in a date, and a header field as mails begin with stands on the next line: writers that forget the blank line;
//! - it has no date, but only `-`, an address or `MAILER-DAEMON` behind `From `, and such a field stands on the next line:
//!   old Netscape mailboxes, and Takeout's at times.
//!
//! The line that `git format-patch` puts above a patch (a commit id and a date that never changes) is text, unless the
//! file itself begins with one.

use super::date;
use super::dialect::Rules;
use memchr::{memchr, memchr2};

/// Longest line that can be a separator. An address has at most 256 bytes (RFC 5321 section 4.5.3.1.3).
const LONGEST_LINE: usize = 1024;

/// Enough bytes behind a newline to judge the line there: the longest line with its end, and the name of the field behind it.
pub(super) const REACH: usize = LONGEST_LINE + 3 + LONGEST_NAME + 1;

/// Longest field name that is looked for behind a separator.
const LONGEST_NAME: usize = 64;

pub(super) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// The date that `git format-patch` writes into every `From ` line.
const PATCH_DATE: &[u8] = b"Mon Sep 17 00:00:00 2001";

/// Fields that mails begin with, apart from those that begin with `X-`. Lower case.
const FIRST_FIELDS: [&[u8]; 33] = [
    b"arc-authentication-results",
    b"arc-message-signature",
    b"arc-seal",
    b"authentication-results",
    b"bcc",
    b"cc",
    b"comments",
    b"content-length",
    b"content-transfer-encoding",
    b"content-type",
    b"date",
    b"delivered-to",
    b"delivery-date",
    b"dkim-signature",
    b"envelope-to",
    b"from",
    b"in-reply-to",
    b"lines",
    b"list-id",
    b"mailing-list",
    b"message-id",
    b"mime-version",
    b"original-recipient",
    b"received",
    b"received-spf",
    b"references",
    b"reply-to",
    b"return-path",
    b"sender",
    b"status",
    b"subject",
    b"thread-topic",
    b"to",
];

/// A line that begins with `From `.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Separator(Separator),
    /// Not a separator, although it looks much like one.
    Suspect,
    Text,
}

/// A separator line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Separator {
    /// Its date in Unix seconds, if it has one.
    pub(super) date: Option<i64>,
    /// Its length with its end.
    pub(super) length: usize,
}

/// Judges the line at the start of `bytes`, which should hold [`REACH`] bytes or reach to the end of the file.
pub(super) fn judge(bytes: &[u8], after_blank_line: bool, rules: Rules) -> Line {
    let Some((line, length)) = from_line(bytes, rules) else { return Line::Text };
    let before_field = || bytes.get(length..).is_some_and(begins_with_field);
    let date = date::of_separator(line);
    if is_patch(line) && !rules.patches {
        return Line::Text;
    }
    match date {
        Some(_) if after_blank_line || before_field() => Line::Separator(Separator { date, length }),
        Some(_) => Line::Suspect,
        None if !before_field() => Line::Text,
        None if is_bare(line) => Line::Separator(Separator { date, length }),
        None if after_blank_line => Line::Suspect,
        None => Line::Text,
    }
}

/// The separator at the start of a file. A byte order mark and stray NULs (both are found in real exports) may stand before
/// it; they count to its length.
pub(super) fn at_file_start(bytes: &[u8], rules: Rules) -> Option<Separator> {
    let mark = if bytes.starts_with(UTF8_BOM) { UTF8_BOM.len() } else { 0 };
    let nuls = bytes.iter().skip(mark).take(LONGEST_LINE).take_while(|byte| **byte == 0).count();
    match judge(bytes.get(mark + nuls..)?, true, rules) {
        Line::Separator(found) => Some(Separator { length: mark + nuls + found.length, ..found }),
        Line::Suspect | Line::Text => None,
    }
}

/// Does the file that begins with `bytes` hold patches, each behind git's own line?
pub(super) fn is_patch_series(bytes: &[u8]) -> bool {
    let end = memchr(b'\n', bytes).unwrap_or(bytes.len());
    bytes.get(..end).is_some_and(|line| is_patch(line.strip_suffix(b"\r").unwrap_or(line)))
}

/// The line at the start of `bytes` without its end, and its length with it.
fn from_line(bytes: &[u8], rules: Rules) -> Option<(&[u8], usize)> {
    if !bytes.starts_with(b"From ") {
        return None;
    }
    let reach = bytes.get(..bytes.len().min(LONGEST_LINE + 2))?;
    let (line, length) = match memchr(rules.line_end.byte(), reach) {
        Some(end) => (reach.get(..end)?, end + 1),
        None => (reach, reach.len()),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (line.len() <= LONGEST_LINE).then_some((line, length))
}

/// Does a line begin here with a field that mails begin with (RFC 5322 section 2.2), or with a separator that slipped into
/// a header?
fn begins_with_field(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(LONGEST_NAME + 1)).unwrap_or_default();
    if head.starts_with(b">From ") {
        return true;
    }
    let Some(name) = memchr2(b':', b'\n', head).and_then(|end| head.get(..end)) else { return false };
    if head.get(name.len()) != Some(&b':') || name.iter().any(|byte| !byte.is_ascii_graphic()) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    name.starts_with(b"x-") && name.len() > 2 || FIRST_FIELDS.contains(&name.as_slice())
}

/// `From -`, `From nell@kettlewell.example`, `From 1234567890@xxx`, `From MAILER-DAEMON`: what writers put where they have
/// no date.
fn is_bare(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1);
    let (word, more) = (words.next(), words.next());
    more.is_none() && word.is_some_and(|word| word == b"-" || word == b"MAILER-DAEMON" || memchr(b'@', word).is_some())
}

fn is_patch(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ").and_then(|rest| rest.strip_suffix(PATCH_DATE)) else { return false };
    let id = rest.trim_ascii();
    id.len() >= 40 && id.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules::PLAIN;

    fn is_separator(text: &str, after_blank_line: bool) -> bool {
        matches!(judge(text.as_bytes(), after_blank_line, RULES), Line::Separator(_))
    }

    #[test]
    fn a_dated_line_needs_a_blank_line_before_it_or_a_header_behind_it() {
        assert!(is_separator("From a@b.example Tue Mar 19 09:13:51 2019\ntext", true));
        assert!(is_separator("From a@b.example Tue Mar 19 09:13:51 2019\r\nReturn-Path: <a@b>\r\n", false));
        assert!(is_separator("From - Tue Mar 19 09:13:51 2019\nX-Mozilla-Status: 0001\n", false));
        assert_eq!(judge(b"From a Tue Mar 19 09:13:51 2019\ntext", false, RULES), Line::Suspect);
        assert_eq!(judge(b"From a Tue Mar 19 09:13:51 2019\nNote: text", false, RULES), Line::Suspect);
    }

    #[test]
    fn a_line_without_a_date_needs_a_writers_word_and_a_header_behind_it() {
        for line in ["From - ", "From -", "From 1844347792267117879@xxx", "From MAILER-DAEMON", "From a@b.example"] {
            assert!(is_separator(&format!("{line}\nReceived: by x\n"), false), "{line}");
            assert!(!is_separator(&format!("{line}\nhello\n"), true), "{line}");
            assert!(!is_separator(line, true), "{line}");
        }
        for line in ["From here on", "From Bob", "From: a@b.example", "From", "From a@b.example to c@d.example"] {
            assert!(!is_separator(&format!("{line}\nDate: today\n"), true), "{line}");
        }
        assert_eq!(judge(b"From Bob\nSubject: x\n", true, RULES), Line::Suspect);
        assert_eq!(judge(b"From Bob\nSubject: x\n", false, RULES), Line::Text);
    }

    #[test]
    fn the_line_above_a_patch_separates_only_patches() {
        let line = format!("From {} Mon Sep 17 00:00:00 2001\nFrom: A <a@b.example>\n", "0123abcdef".repeat(4));
        assert_eq!(judge(line.as_bytes(), true, RULES), Line::Text);
        assert!(is_patch_series(line.as_bytes()));
        assert!(matches!(judge(line.as_bytes(), true, Rules { patches: true, ..RULES }), Line::Separator(_)));
    }

    #[test]
    fn the_names_of_first_fields_are_lower_case_and_sorted() {
        assert!(FIRST_FIELDS.is_sorted());
        assert!(FIRST_FIELDS.iter().all(|name| name.to_ascii_lowercase() == *name && name.len() <= LONGEST_NAME));
    }
}
