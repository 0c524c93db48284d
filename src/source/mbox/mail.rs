//! From an mbox entry to the mail inside: separator off, closing blank line off, quoting undone.

use super::super::RawMail;
use super::framer::Stretch;
use super::lengths;
use super::line::{self, Form, FromLine};
use super::reading::{Quoting, Reading};
use bytes::Bytes;
use memchr::memmem;

/// Bit of X-Mozilla-Status that means: deleted, though still in the file until that is compacted
/// (comm-central, `nsMsgMessageFlags`: Expunged).
const EXPUNGED: u16 = 0x0008;

/// A header longer than this is not searched for a flag.
const LONGEST_HEADER: usize = 64 << 10;

/// Where an entry stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four facts about an entry; none excludes another")]
pub(super) struct Entry {
    /// It begins at offset 0.
    pub(super) is_first: bool,
    /// It reaches to the end of the file.
    pub(super) is_last: bool,
    /// Flags that the mail program stored with a mail become labels.
    pub(super) flags: bool,
    /// The separator it begins with, if that has been read.
    pub(super) line: Option<FromLine>,
    /// There may be a `>From ` in it.
    pub(super) may_have_quotes: bool,
}

impl Entry {
    /// An entry somewhere in a file, by what scanning has shown of it if it was scanned.
    pub(super) fn of(scanned: Option<Stretch>) -> Entry {
        Entry {
            is_first: false,
            is_last: false,
            flags: false,
            line: scanned.and_then(|stretch| stretch.line),
            may_have_quotes: scanned.is_none_or(|stretch| stretch.has_quotes),
        }
    }
}

/// A mail, and whether the end of the file may have cut it.
pub(super) struct Unwrapped {
    pub(super) mail: RawMail,
    pub(super) may_be_cut: bool,
}

/// The mail in an entry; `None` if the entry does not begin with a separator.
pub(super) fn in_entry(bytes: &Bytes, entry: Entry, reading: Reading) -> Option<Unwrapped> {
    let (line, lead) = entry.line.map_or_else(|| line::at_start(bytes, entry.is_first), |line| Some((line, 0)))?;
    let start = lead + line.length;
    let stored = bytes.get(start..)?;
    let by_length = if reading.lengths { lengths::end_within(stored) } else { None };
    let end = start + by_length.unwrap_or_else(|| without_closing_blank_line(stored));
    let mut changes = Vec::new();
    if entry.is_last {
        let missing = if reading.lengths { lengths::missing(stored) } else { None };
        if let Some(missing) = missing {
            changes.push(format!("the file ends {missing} bytes before the mail does by its Content-Length"));
        } else if by_length.is_none() && !stored.is_empty() && !stored.ends_with(b"\n") {
            changes.push("the file ends within the last line of this mail, which may be cut".to_owned());
        }
    }
    let may_be_cut = !changes.is_empty();
    let mut labels = Vec::new();
    if entry.flags && matches!(line.form, Form::Dash | Form::Bare) && is_expunged(stored) {
        labels.push("Trash".to_owned());
        changes.push("labelled Trash: deleted in Thunderbird (X-Mozilla-Status), though still in the file".to_owned());
    }
    let quoting = if entry.may_have_quotes { reading.quoting_behind(line.form) } else { Quoting::None };
    let bytes = match unquoted(bytes.get(start..end)?, quoting, reading.is_open) {
        Some(mail) => Bytes::from(mail),
        None => bytes.slice(start..end),
    };
    let mail = RawMail { separator_date: line.meant_date(), labels, changes, ..RawMail::new(bytes) };
    Some(Unwrapped { mail, may_be_cut })
}

/// Length of `mail` without the blank line that mbox puts after every mail. Only that one: more belong to the mail.
fn without_closing_blank_line(mail: &[u8]) -> usize {
    for blank in [&b"\r\n"[..], b"\n"] {
        if let Some(rest) = mail.strip_suffix(blank)
            && (rest.is_empty() || rest.ends_with(b"\n"))
        {
            return rest.len();
        }
    }
    mail.len()
}

/// Has the mail been deleted in Thunderbird? Its flags are four hexadecimal digits.
fn is_expunged(mail: &[u8]) -> bool {
    const NAME: &[u8] = b"x-mozilla-status:";
    let head = mail.get(..mail.len().min(LONGEST_HEADER)).unwrap_or_default();
    let header = head.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    header
        .filter_map(|line| line.split_at_checked(NAME.len()))
        .find(|(name, _)| name.eq_ignore_ascii_case(NAME))
        .and_then(|(_, value)| std::str::from_utf8(value.trim_ascii()).ok())
        .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        .is_some_and(|flags| flags & EXPUNGED != 0)
}

/// `mail` with quoted `From ` lines as they were; `None` if there is none.
///
/// mboxo writes `>From ` for `From ` and leaves `>From ` as it is: a mail that said `>From ` by itself cannot be told
/// from a quoted one. Where nobody says that it is mboxo (`is_open`), a `From ` line that was left as it is shows that
/// this mail was not quoted at all. A header holds no line of text, so nothing in it was quoted: a `>From - ` there is Thunderbird's own.
fn unquoted(mail: &[u8], quoting: Quoting, is_open: bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut copied = 0;
    if quoting == Quoting::None {
        return None;
    }
    let mut body = None;
    for at in memmem::find_iter(mail, b">From ") {
        let before = mail.get(..at)?;
        let deeper = before.iter().rev().take_while(|byte| **byte == b'>').count();
        let start = at - deeper;
        let starts_line = start == 0 || before.get(start - 1) == Some(&b'\n');
        // The body is looked for only in a mail that has something to take off.
        if !starts_line
            || (deeper > 0 && quoting == Quoting::One)
            || start < *body.get_or_insert_with(|| body_start(mail))
        {
            continue;
        }
        bytes.extend_from_slice(mail.get(copied..start)?);
        copied = start + 1;
    }
    if copied == 0 || (is_open && has_bare_line(mail)) {
        return None;
    }
    bytes.extend_from_slice(mail.get(copied..)?);
    Some(bytes)
}

/// Does a line behind a blank one begin with `From `? No program that quotes leaves such a line.
fn has_bare_line(mail: &[u8]) -> bool {
    memmem::find_iter(mail, b"\nFrom ")
        .filter_map(|newline| mail.get(..newline))
        .any(|before| before.ends_with(b"\n") || before.ends_with(b"\n\r"))
}

/// Where the body begins; 0 if the mail does not begin with a header.
fn body_start(mail: &[u8]) -> usize {
    if !line::begins_header(mail) {
        return 0;
    }
    let lf = memmem::find(mail, b"\n\n").map(|at| at + 2);
    let crlf = memmem::find(mail, b"\n\r\n").map(|at| at + 3);
    lf.into_iter().chain(crlf).min().unwrap_or(mail.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Dialect;

    fn unwrapped(entry: &str, dialect: Dialect, is_first: bool) -> Option<Unwrapped> {
        let place = Entry { is_first, flags: true, ..Entry::of(None) };
        in_entry(&Bytes::copy_from_slice(entry.as_bytes()), place, Reading::blind(dialect))
    }

    fn read_as(dialect: Dialect, entry: &str) -> String {
        String::from_utf8(unwrapped(entry, dialect, true).unwrap().mail.bytes.to_vec()).unwrap()
    }

    fn mail(entry: &str) -> String {
        read_as(Dialect::Auto, entry)
    }

    const SEPARATOR: &str = "From a@b.example Tue Mar 19 09:13:51 2019";

    #[test]
    fn the_separator_and_one_closing_blank_line_are_not_part_of_the_mail() {
        assert_eq!(mail(&format!("{SEPARATOR}\nSubject: x\n\ntext\n\n")), "Subject: x\n\ntext\n");
        assert_eq!(mail(&format!("{SEPARATOR}\r\nSubject: x\r\n\r\ntext\r\n\r\n")), "Subject: x\r\n\r\ntext\r\n");
        assert_eq!(mail(&format!("{SEPARATOR}\nSubject: x\n\ntext\n\n\n")), "Subject: x\n\ntext\n\n");
    }

    #[test]
    fn a_mail_without_closing_blank_line_is_left_as_it_is() {
        assert_eq!(mail(&format!("{SEPARATOR}\nSubject: x\n\ntext\n")), "Subject: x\n\ntext\n");
        assert_eq!(mail(&format!("{SEPARATOR}\nSubject: x\n\ntext")), "Subject: x\n\ntext");
        assert_eq!(mail(SEPARATOR), "");
        assert_eq!(mail(&format!("{SEPARATOR}\n\n")), "");
    }

    #[test]
    fn one_quoting_mark_is_taken_off_and_more_are_left() {
        let text = "h: v\n\n>From here\n>>From there\n> From afar\n>from below\nx >From y\n>From\n";
        assert_eq!(
            mail(&format!("{SEPARATOR}\n{text}\n")),
            "h: v\n\nFrom here\n>>From there\n> From afar\n>from below\nx >From y\n>From\n"
        );
        assert_eq!(mail(&format!("{SEPARATOR}\n>From a\n>From b\n")), "From a\nFrom b\n");
        assert_eq!(
            mail(&format!("{SEPARATOR}\r\nh: v\r\n\r\n>From a\r\n>From b\r\n")),
            "h: v\r\n\r\nFrom a\r\nFrom b\r\n"
        );
    }

    #[test]
    fn a_byte_order_mark_is_allowed_at_the_start_of_a_file_only() {
        let entry = format!("\u{feff}{SEPARATOR}\nSubject: x\n");
        assert_eq!(mail(&entry), "Subject: x\n");
        assert!(unwrapped(&entry, Dialect::Auto, false).is_none());
    }

    #[test]
    fn an_entry_that_does_not_begin_with_a_separator_is_none() {
        assert!(unwrapped("Subject: x\n", Dialect::Auto, true).is_none());
        assert!(unwrapped("", Dialect::Auto, true).is_none());
    }
}
