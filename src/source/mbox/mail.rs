//! From an mbox entry to the mail inside: separator off, closing blank line off, quoting undone.

use super::super::RawMail;
use super::framer::separator_start;
use bytes::Bytes;
use memchr::memmem;

/// The mail in an entry; `None` if the entry does not begin with a separator. `file_start`: it stands at offset 0.
pub(super) fn in_entry(entry: Vec<u8>, file_start: bool) -> Option<RawMail> {
    let (date, start) = separator_start(&entry, file_start)?;
    let end = start + without_closing_blank_line(entry.get(start..)?);
    let bytes = match unquoted(entry.get(start..end)?) {
        Some(bytes) => Bytes::from(bytes),
        None => Bytes::from(entry).slice(start..end),
    };
    Some(RawMail { separator_date: Some(date), ..RawMail::new(bytes) })
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

/// `mail` with `>From ` at line starts turned back into `From `; `None` if there is no such line.
///
/// Programs that write the mboxo dialect (most do) put `>` before `From ` and leave `>From ` as it is, so a line with
/// more `>` was written by a person and stays. The mboxrd dialect would have us take one `>` off those, too: there, a
/// line that began with `>From ` keeps one `>` too many, which changes no meaning, while the reverse error would alter
/// replies. What mboxo itself cannot tell apart, a mail that said `>From ` by itself, cannot be told apart here either.
fn unquoted(mail: &[u8]) -> Option<Vec<u8>> {
    const QUOTED: &[u8] = b"\n>From ";
    let finder = memmem::Finder::new(QUOTED);
    let at_start = mail.starts_with(b">From ");
    if !at_start && finder.find(mail).is_none() {
        return None;
    }
    let mut bytes = Vec::with_capacity(mail.len());
    let mut copied = usize::from(at_start);
    for newline in finder.find_iter(mail) {
        bytes.extend_from_slice(mail.get(copied..=newline)?);
        copied = newline + 2;
    }
    bytes.extend_from_slice(mail.get(copied..)?);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(entry: &str) -> String {
        let mail = in_entry(entry.as_bytes().to_vec(), true).unwrap();
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
        assert!(in_entry(entry.into_bytes(), false).is_none());
    }

    #[test]
    fn an_entry_that_does_not_begin_with_a_separator_is_none() {
        assert!(in_entry(b"Subject: x\n".to_vec(), true).is_none());
        assert!(in_entry(Vec::new(), true).is_none());
    }
}
