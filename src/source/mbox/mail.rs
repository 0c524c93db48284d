//! From an mbox entry to the mail inside: separator off, closing blank line off, quoting undone.

use super::super::RawMail;
use super::date;
use super::dialect::{LineEnd, Quoting, Rules};
use super::separator::{self, Line};
use bytes::Bytes;
use memchr::{memchr_iter, memmem};

/// The mail in an entry; `None` if the entry does not begin with a separator. `file_start`: it stands at offset 0.
pub(super) fn in_entry(entry: Vec<u8>, rules: Rules, file_start: bool) -> Option<RawMail> {
    let separator = if file_start {
        separator::at_file_start(&entry, rules)?
    } else {
        // The line was judged with what stands before it, which is not here.
        match separator::judge(&entry, true, rules) {
            Line::Separator(found) => found,
            Line::Suspect | Line::Text => return None,
        }
    };
    let mut changes = Vec::new();
    if entry.last() != Some(&rules.line_end.byte()) {
        changes.push("the file ends inside a line: the mail may have been cut there".to_owned());
    }
    let (entry, start) = match rules.line_end {
        LineEnd::Lf => (entry, separator.length),
        LineEnd::Cr => {
            changes.push("line ends CR read as LF".to_owned());
            (entry.into_iter().map(|byte| if byte == b'\r' { b'\n' } else { byte }).collect(), separator.length)
        }
    };
    let end = start + without_closing_blank_line(entry.get(start..)?);
    let mail = Bytes::from(entry).slice(start..end);
    let mail = match without_inner_separators(&mail) {
        Some(cleaned) => {
            changes.push("a `From ` line inside the header left out".to_owned());
            Bytes::from(cleaned)
        }
        None => mail,
    };
    let mail = unquoted(&mail, rules.quoting).map_or(mail, Bytes::from);
    Some(RawMail { separator_date: separator.date, changes, ..RawMail::new(mail) })
}

/// `mail` without quoted separators in its header: Thunderbird leaves that of an earlier copy there.
/// `None` if there is none. No header field can begin so (RFC 5322 section 2.2).
fn without_inner_separators(mail: &[u8]) -> Option<Vec<u8>> {
    let header = mail.get(..header_end(mail))?;
    let is_inner =
        |line: &&[u8]| line.strip_prefix(b">").is_some_and(|line| date::of_separator(line.trim_ascii_end()).is_some());
    if !header.split_inclusive(|byte| *byte == b'\n').any(|line| is_inner(&line)) {
        return None;
    }
    let mut kept: Vec<u8> =
        header.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_inner(line)).flatten().copied().collect();
    kept.extend_from_slice(mail.get(header.len()..)?);
    Some(kept)
}

/// Where the first empty line begins.
fn header_end(mail: &[u8]) -> usize {
    if mail.starts_with(b"\n") || mail.starts_with(b"\r\n") {
        return 0;
    }
    let ends = |newline: &usize| {
        mail.get(newline + 1..).is_some_and(|rest| rest.starts_with(b"\n") || rest.starts_with(b"\r\n"))
    };
    memchr_iter(b'\n', mail).find(ends).map_or(mail.len(), |newline| newline + 1)
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

/// `mail` with the quoting of its dialect undone; `None` if nothing in it is quoted.
fn unquoted(mail: &[u8], quoting: Quoting) -> Option<Vec<u8>> {
    if quoting == Quoting::None {
        return None;
    }
    let mut bytes = Vec::new();
    let mut copied = 0;
    for from in memmem::find_iter(mail, b"From ") {
        let before = mail.get(..from)?;
        let most = if quoting == Quoting::One { 2 } else { usize::MAX };
        let marks = before.iter().rev().take(most).take_while(|byte| **byte == b'>').count();
        let is_quoted = marks == 1 || marks > 1 && quoting == Quoting::Each;
        let starts_line = matches!(before.get(..from - marks)?.last(), None | Some(b'\n'));
        if is_quoted && starts_line {
            bytes.extend_from_slice(mail.get(copied..from - marks)?);
            copied = from - marks + 1;
        }
    }
    if copied == 0 {
        return None;
    }
    bytes.extend_from_slice(mail.get(copied..)?);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(entry: &str) -> String {
        let mail = in_entry(entry.as_bytes().to_vec(), Rules::PLAIN, true).unwrap();
        String::from_utf8(mail.bytes.to_vec()).unwrap()
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
        assert!(in_entry(entry.into_bytes(), Rules::PLAIN, false).is_none());
    }

    #[test]
    fn an_entry_that_does_not_begin_with_a_separator_is_none() {
        assert!(in_entry(b"Subject: x\n".to_vec(), Rules::PLAIN, true).is_none());
        assert!(in_entry(Vec::new(), Rules::PLAIN, true).is_none());
    }

    #[test]
    fn quoting_is_undone_as_the_dialect_did_it() {
        let text = ">From a\n>>From b\n>>>From c\nFrom d\n>x\n";
        for (quoting, expected) in [
            (Quoting::One, "From a\n>>From b\n>>>From c\nFrom d\n>x\n"),
            (Quoting::Each, "From a\n>From b\n>>From c\nFrom d\n>x\n"),
            (Quoting::None, text),
        ] {
            let entry = format!("{SEPARATOR}\nSubject: x\n\n{text}");
            let found = in_entry(entry.into_bytes(), Rules { quoting, ..Rules::PLAIN }, true).unwrap();
            assert_eq!(found.bytes, format!("Subject: x\n\n{expected}"), "{quoting:?}");
            assert!(found.changes.is_empty());
        }
    }

    #[test]
    fn a_separator_inside_a_header_is_left_out_and_said() {
        let entry = format!("{SEPARATOR}\nX-Mozilla-Status: 0001\n>{SEPARATOR}\nSubject: x\n\n>From me\n");
        let found = in_entry(entry.into_bytes(), Rules::PLAIN, true).unwrap();
        assert_eq!(found.bytes, "X-Mozilla-Status: 0001\nSubject: x\n\nFrom me\n");
        assert_eq!(found.changes, ["a `From ` line inside the header left out"]);
    }

    #[test]
    fn a_file_that_ends_inside_a_line_says_so() {
        let found = in_entry(format!("{SEPARATOR}\nSubject: x\n\nte").into_bytes(), Rules::PLAIN, true).unwrap();
        assert_eq!(found.changes, ["the file ends inside a line: the mail may have been cut there"]);
    }

    #[test]
    fn lines_that_end_in_cr_alone_are_read_as_lf() {
        let entry = format!("{SEPARATOR}\nSubject: x\n\n>From a\nb\n\n").replace('\n', "\r");
        let rules = Rules { line_end: LineEnd::Cr, ..Rules::PLAIN };
        let found = in_entry(entry.into_bytes(), rules, true).unwrap();
        assert_eq!(found.bytes, "Subject: x\n\nFrom a\nb\n");
    }
}
