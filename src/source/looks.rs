//! What a file seems to be, judged by its first bytes: so that an error can say what was given instead.

use super::files::quoted_for_shell;
use super::mbox;
use std::path::Path;

/// How many first bytes are worth looking at.
pub(super) const HEAD: u64 = 4096;

/// A packed file, and how to unpack it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    /// What it is, with article.
    pub(super) what: &'static str,
    /// The shell command that unpacks it beside itself.
    pub(super) command: String,
}

/// Is the file with these first bytes an archive or compressed?
pub(super) fn packed(head: &[u8], path: &Path) -> Option<Packed> {
    let file = quoted_for_shell(path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => quoted_for_shell(folder),
        _ => ".".to_owned(),
    };
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    // gzip and its kin say nothing about their content; the name does.
    let holds_tar = [".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"]
        .iter()
        .any(|ending| name.ends_with(ending));
    let untar = format!("tar -xf {file} -C {folder}");
    let stream = |what, tool: &str| {
        let command = if holds_tar { untar.clone() } else { format!("{tool} {file}") };
        Some(Packed { what, command })
    };
    match head {
        [0x1f, 0x8b, ..] => stream("a gzip file", "gunzip --keep"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => stream("a bzip2 file", "bunzip2 --keep"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => stream("an xz file", "unxz --keep"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => stream("a zstd file", "unzstd"),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
            Some(Packed { what: "a ZIP archive", command: format!("unzip {file} -d {folder}") })
        }
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => {
            Some(Packed { what: "a 7z archive", command: format!("7z x {file} -o{folder}") })
        }
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => {
            Some(Packed { what: "a RAR archive", command: format!("unrar x {file} {folder}/") })
        }
        _ if head.get(257..262) == Some(b"ustar") => Some(Packed { what: "a tar archive", command: untar }),
        _ => None,
    }
}

/// Formats known by their first bytes that hold mails, and must be converted: start, what it is, what to do.
const OF_MAILS: [(&[u8], &str, &str); 6] = [
    (
        b"!BDN",
        "it is an Outlook data file (PST)",
        "convert it with `readpst -e` and read the result with format = \"eml\"",
    ),
    (
        &[0xd0, 0xcf, 0x11, 0xe0],
        "it is an Outlook message (MSG) or another Office file",
        "save the messages as .eml and use format = \"eml\"",
    ),
    (
        &[0xcf, 0xad, 0x12, 0xfe],
        "it is an Outlook Express folder (DBX)",
        "convert it with `undbx` and read the result with format = \"eml\"",
    ),
    (b"*mbx*", "it is a UW IMAP mailbox of type mbx", "convert it with `mailutil copy` to type unix"),
    (b"\x01\x01\x01\x01", "it is an MMDF mailbox", "convert it to mbox, for example by copying all mails in mutt"),
    (
        b"BABYL OPTIONS:",
        "it is an Emacs Babyl mailbox",
        "convert it with `b2m`, or open it in Emacs and save it as mbox",
    ),
];

/// Formats that hold none.
const OF_OTHERS: [(&[u8], &str, &str); 6] = [
    (
        b"// <!-- <mdb:mork",
        "it is a Thunderbird index (.msf), which holds no mails",
        "name the file beside it without `.msf` in `path`",
    ),
    (b"%PDF", "it is not text but a PDF document", LEAVE_OUT),
    (b"SQLite format 3", "it is not text but an SQLite database", LEAVE_OUT),
    (b"BEGIN:VCARD", "it holds contacts (vCard)", LEAVE_OUT),
    (b"BEGIN:VCALENDAR", "it is a calendar", LEAVE_OUT),
    (b"[InternetShortcut]", "it is a link to a web page", "download what the link points to"),
];

const LEAVE_OUT: &str = "name the exported mbox file itself in `path`, or leave this file out";

/// What a file that should have been an mbox looks like, and what to do about it. Only its first bytes and its name are
/// looked at.
pub(super) fn instead_of_mbox(head: &[u8], path: &Path) -> (&'static str, &'static str) {
    let known = OF_MAILS.iter().chain(&OF_OTHERS).find(|(start, ..)| head.starts_with(start));
    if let Some((_, what, remedy)) = known {
        return (what, remedy);
    }
    if is_utf16(head) {
        return ("it is text in UTF-16", "convert it with `iconv -f UTF-16 -t UTF-8`, and read the result");
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins =
        |start: &str| text.get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start.as_bytes()));
    if head.contains(&0) {
        return ("it is not text", LEAVE_OUT);
    }
    if begins("<!doctype html") || begins("<html") {
        return ("it is a web page", "a browser may have saved the page instead of the export: download it again");
    }
    if begins("{") || begins("[") {
        return ("it looks like JSON", "leave this file out of `path`");
    }
    if begins("<") {
        return ("it looks like XML", "leave this file out of `path`");
    }
    if begins("From ") {
        return (
            "it begins with `From `, but that line ends in no date, so it does not separate mails",
            "export the mailbox again, or give the `From ` lines a date such as `Thu Jan  1 00:00:00 1970`",
        );
    }
    // Mailboxes written so are read; what else it is shows once it is converted.
    if !text.contains(&b'\n') && text.contains(&b'\r') {
        return (
            "its lines end in CR alone, as on Macs before OS X, and none of them separates mails",
            "convert it with `tr '\\r' '\\n'`, and read the result with format = \"eml\" if it is a mail",
        );
    }
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    if !first.is_empty() && first.iter().all(u8::is_ascii_digit) && lines.next().is_some_and(is_header) {
        return ("it looks like a mail of Apple Mail (.emlx)", "read the folder with format = \"eml\"");
    }
    if is_table(text) {
        return (
            "it looks like a table (CSV)",
            "if its rows are chat messages, read it with format = \"csv\"; else leave it out of `path`",
        );
    }
    if is_header(text) {
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        if folder == "cur" || folder == "new" {
            return ("it looks like a single mail of a Maildir", "read the Maildir with format = \"eml\"");
        }
        return ("it looks like a single mail", "read it with format = \"eml\"");
    }
    ("it is some other text", "leave this file out of `path`, or check how it was exported")
}

/// May mails come of a file that is no mailbox, once it is converted?
pub(super) fn may_become_mails(head: &[u8]) -> bool {
    let has_only_returns = !head.contains(&0) && !head.contains(&b'\n') && head.contains(&b'\r');
    OF_MAILS.iter().any(|(start, ..)| head.starts_with(start)) || is_utf16(head) || has_only_returns
}

/// Is it a workbook of a spreadsheet program, or another file of Office?
pub(super) fn is_workbook(head: &[u8], path: &Path) -> bool {
    let is_office = head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    is_office && instead_of_table(head, path).is_some()
}

/// What a file that should have been a table is instead, and what to do about it; `None` if it may be a table.
///
/// Only what no header of a table begins with counts.
pub(super) fn instead_of_table(head: &[u8], path: &Path) -> Option<(&'static str, &'static str)> {
    const SAVE: &str = "open it in a spreadsheet program, save it as CSV (UTF-8), and name that file in `path`";
    let has = |part: &[u8]| memchr::memmem::find(head, part).is_some();
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") {
        // The parts that Office (ECMA-376, part 2) and OpenDocument (part 2) begin their archives with.
        let is_office = has(b"[Content_Types].xml") || has(b"_rels/.rels") || has(b"xl/");
        let is_sheet = has(b"opendocument.spreadsheet");
        let is_named = ["xlsx", "xlsm", "xlsb", "ods"].contains(&ending.as_str());
        return (is_office || is_sheet || is_named)
            .then_some(("it is a workbook of a spreadsheet program (.xlsx)", SAVE));
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Some(("it is an Excel workbook (.xls) or another Office file", SAVE));
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins =
        |start: &str| text.get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start.as_bytes()));
    if ["<!doctype html", "<html", "<head", "<body", "<table", "<meta"].into_iter().any(begins) {
        return Some((
            "it is a web page (HTML)",
            "if it shows the table, open it in a spreadsheet program and save it as CSV (UTF-8); if it is a page to log in or \
             an error, download the export again",
        ));
    }
    if begins("<?xml") {
        return Some((
            "it is XML",
            "if it is a spreadsheet, open it in a spreadsheet program and save it as CSV (UTF-8)",
        ));
    }
    let (first, next) = (text.first(), text.get(1..).unwrap_or_default().trim_ascii_start().first());
    let is_json = match first {
        Some(b'{') => matches!(next, Some(b'"' | b'}')),
        Some(b'[') => matches!(next, Some(b'{' | b'[' | b'"' | b']')),
        _ => false,
    };
    is_json.then_some((
        "it is JSON",
        "make a table of it with jq, one row a message; mappings/zendesk-chat.toml shows such a command",
    ))
}

/// A byte order mark of UTF-16, or a NUL in every second byte.
fn is_utf16(head: &[u8]) -> bool {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let pairs = head.get(..head.len().min(64)).unwrap_or_default().chunks_exact(2);
    let is_half_nul = |nul: usize| {
        pairs.len() >= 4 && pairs.clone().all(|pair| pair.get(nul) == Some(&0) && pair.get(1 - nul) != Some(&0))
    };
    is_half_nul(0) || is_half_nul(1)
}

/// Do the first two lines have the same number of delimiters, two at least? Header fields are no table.
pub(super) fn is_table(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    let count = |line: &[u8], delimiter: u8| memchr::memchr_iter(delimiter, line).count();
    !is_header(first)
        && [b',', b';', b'\t'].into_iter().any(|delimiter| {
            let columns = count(first, delimiter);
            columns >= 2 && count(second, delimiter) >= columns
        })
}

/// What a file that should have been one mail is instead, and what to do about it; `None` if it may be a mail.
///
/// Only what is certain counts: a mail with a damaged beginning is still a mail.
pub(super) fn instead_of_mail(file: &[u8]) -> Option<(&'static str, &'static str)> {
    let head = file.get(..file.len().min(HEAD_OF_MAIL)).unwrap_or_default();
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins =
        |start: &str| text.get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start.as_bytes()));
    let leave_out = "leave it out of `path`, or keep it elsewhere";
    if head.starts_with(b"!BDN") {
        return Some((
            "it is an Outlook data file (PST)",
            "convert it with `readpst -e` and name the result in `path`",
        ));
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Some((
            "it is an Outlook message (MSG) or another Office file",
            "if it is a message, save it as .eml; if not, leave it out of `path`",
        ));
    }
    if head.starts_with(b"%PDF") {
        return Some(("it is a PDF document", leave_out));
    }
    if begins("<!doctype html") || begins("<html") {
        return Some(("it is a web page", "if it is a mail that was saved as a page, export it again as .eml"));
    }
    if begins("{\\rtf") {
        return Some(("it is a text document (RTF)", leave_out));
    }
    if begins("<?xml") {
        return Some(("it looks like XML", leave_out));
    }
    let block_end = [b"\n\n".as_slice(), b"\n\r\n"].map(|blank| memchr::memmem::find(text, blank));
    let block = text.get(..block_end.into_iter().flatten().min().unwrap_or(text.len())).unwrap_or_default();
    if block.split(|byte| matches!(byte, b'\n' | b'\r')).any(is_field) {
        return None;
    }
    if head.contains(&0) {
        return Some(("it is not text", leave_out));
    }
    Some(("it has no header field", "if it is a mail, export it again with its header; if not, leave it out of `path`"))
}

/// Is this a mailbox of several mails? Only a dated separator after a blank line and before a header field counts.
pub(super) fn several_mails(file: &[u8]) -> bool {
    let is_separator = |newline: usize| {
        let before = file.get(..newline).unwrap_or_default();
        let line = file.get(newline + 1..).unwrap_or_default();
        let next = || memchr::memchr(b'\n', line).and_then(|end| line.get(end + 1..)).unwrap_or_default();
        let is_next_field = || next().split(|byte| matches!(byte, b'\n' | b'\r')).next().is_some_and(is_field);
        (before.ends_with(b"\n") || before.ends_with(b"\n\r")) && mbox::begins(line) && is_next_field()
    };
    mbox::begins(file) && memchr::memmem::find_iter(file, b"\nFrom ").any(is_separator)
}

/// A field name and a colon, with the space between that older mails have (RFC 5322 section 4.5).
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// How much of a file is searched for a header field.
const HEAD_OF_MAIL: usize = 65_536;

/// Does the text begin like a mail: a field name, a colon (RFC 5322 section 2.2)?
fn is_header(text: &[u8]) -> bool {
    let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    colon > 0 && line.iter().take(colon).all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_file_is_known_by_its_bytes_and_comes_with_the_command_that_unpacks_it() {
        let command = |head: &[u8], path: &str| packed(head, Path::new(path)).unwrap().command;
        assert_eq!(command(b"\x1f\x8b\x08", "in/2019-May.txt.gz"), "gunzip --keep in/2019-May.txt.gz");
        assert_eq!(command(b"\x1f\x8b\x08", "in/takeout.tgz"), "tar -xf in/takeout.tgz -C in");
        assert_eq!(command(b"PK\x03\x04", "Take out/it's.zip"), r"unzip 'Take out/it'\''s.zip' -d 'Take out'");
        assert_eq!(command(b"PK\x03\x04", "a.mbox"), "unzip a.mbox -d .");
        let mut tar = vec![0; 300];
        tar.splice(257..262, *b"ustar");
        assert_eq!(command(&tar, "mail.tar"), "tar -xf mail.tar -C .");
        assert_eq!(packed(b"From a@b.example", Path::new("a.gz")), None);
    }

    #[test]
    fn what_is_no_table_is_named_for_what_it_is() {
        let looks = |head: &[u8], path: &str| instead_of_table(head, Path::new(path)).map(|(what, _)| what);
        for (head, expected) in [
            (&b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml"[..], "workbook"),
            (b"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"),
            (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><html>", "web page"),
            (b"<table><tr><td>chat</td>", "web page"),
            (b"<?xml version=\"1.0\"?><Workbook>", "XML"),
            (b"{\"id\":1}\n{\"id\":2}", "JSON"),
            (b"[\n  {\"id\": 1}", "JSON"),
        ] {
            assert!(looks(head, "a.csv").is_some_and(|what| what.contains(expected)), "{expected}");
        }
        assert!(looks(b"PK\x03\x04\x14\0", "a.XLSX").is_some());
        for table in
            [&b"PK\x03\x04\x14\0\0\0a.csv"[..], b"id,text\n", b"[id],[text]\n", b"{id},text", b"<id>;text", b""]
        {
            assert_eq!(looks(table, "a.csv"), None);
        }
    }

    #[test]
    fn what_is_no_mbox_is_named_for_what_it_is() {
        for (head, expected) in [
            (&b"Return-Path: <a@b.example>\nSubject: x\n"[..], "single mail"),
            (b"\xef\xbb\xbfSubject: x", "single mail"),
            (b"<!DOCTYPE HTML><html>", "web page"),
            (b"  {\"id\": 1}", "JSON"),
            (b"<?xml version", "XML"),
            (b"!BDN\0\0", "Outlook data file"),
            (b"\xd0\xcf\x11\xe0\xa1", "MSG"),
            (b"\0\0\0", "not text"),
            (b"From 123@xxx\nSubject: x", "no date"),
            (b"// <!-- <mdb:mork:z v=\"1.4\"/> -->", "Thunderbird index"),
            (b"\xff\xfeF\0r\0", "UTF-16"),
            (b"F\0r\0o\0m\0 \0-\0", "UTF-16"),
            (b"\0F\0r\0o\0m\0 \0-", "UTF-16"),
            (b"id,from,text\n1,a@b.example,hello\n", "table"),
            (b"Subject: x\r\rhello\r", "CR alone"),
            (b"From 123@xxx\rSubject: x\r\r", "no date"),
            (b"1234\nSubject: x\n", "Apple Mail"),
            (b"BEGIN:VCARD\nVERSION:3.0\n", "contacts"),
            (b"BABYL OPTIONS: -*- rmail -*-\n", "Babyl"),
            (b"*mbx*\r\n4f3c", "UW IMAP"),
            (b"hello, world\nhello, moon", "other text"),
            (b"hello world", "other text"),
            (b"", "other text"),
        ] {
            let (looks, remedy) = instead_of_mbox(head, Path::new("in/a.mbox"));
            assert!(looks.contains(expected), "{looks}");
            assert!(!remedy.is_empty());
        }
        let (looks, _) = instead_of_mbox(b"Subject: x\n", Path::new("Mail/cur/1234.host:2,S"));
        assert!(looks.contains("Maildir"), "{looks}");
    }
}
