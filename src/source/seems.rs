//! What a file of an export seems to be, for whoever has no mapping yet. It is judged as the sources judge it when a folder
//! is named as a whole: mails by their names, everything else by its first bytes.

use super::folder::{self, MailNames};
use super::{files, find, looks, mbox, unpack};
use std::io;
use std::path::Path;

/// What a file seems to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seems {
    /// Many mails in one file.
    Mailbox {
        /// Labels or threads of Gmail stand in its first mails.
        is_gmail: bool,
    },
    /// A mail, by the name of its file.
    Mail,
    /// A mail by what it holds, which a folder of mails passes over for its name.
    MailByContent,
    /// A table.
    Table,
    /// Packed.
    Packed {
        /// What it is, with article.
        what: &'static str,
        /// The shell command that unpacks it beside itself.
        command: String,
        /// `unpack` of a source unpacks it.
        is_unpacked_by_us: bool,
    },
    /// Nothing that anybody would import, and why.
    Aside(&'static str),
    /// Something else.
    Other {
        /// What it is.
        what: &'static str,
        /// What to do about it.
        remedy: &'static str,
        /// What may come of it.
        may_become: Option<Form>,
    },
}

/// What may come of a file that cannot be read as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A table: it is a workbook, at which a folder of mailboxes stops.
    Table,
    /// Mails.
    Mails,
}

/// Fields of which a file that holds a mail has one.
const FIELDS: [&str; 8] = ["from", "to", "subject", "date", "received", "message-id", "mime-version", "return-path"];

/// Judges files one after another, best folder by folder.
#[derive(Debug, Default)]
pub struct Judge {
    names: MailNames,
}

impl Judge {
    /// Is it a mail by its name alone? Such files are not opened, for there may be a million.
    pub fn is_mail(&mut self, path: &Path) -> bool {
        self.names.no_mail(path).is_none()
    }

    /// What the file seems to be.
    ///
    /// # Errors
    /// If it cannot be opened and read.
    pub fn judge(&mut self, path: &Path) -> io::Result<Seems> {
        match self.by_name(path) {
            Some(seems) => Ok(seems),
            None => Ok(self.judge_head(&files::first_bytes(path)?, path)),
        }
    }

    /// What a file of this name seems to be that begins with these bytes.
    pub fn judge_head(&mut self, head: &[u8], path: &Path) -> Seems {
        let seems = self.by_name(path).unwrap_or_else(|| of_head(head, path));
        // `dovecot-uidlist` beside mails is nothing, `dovecot.mbox` is a mailbox.
        let is_nothing = matches!(seems, Seems::Other { .. } | Seems::Table);
        let of_server = self.names.no_mail(path).filter(|reason| is_nothing && *reason == folder::SERVERS);
        of_server.map_or(seems, Seems::Aside)
    }

    fn by_name(&mut self, path: &Path) -> Option<Seems> {
        match self.names.no_mail(path) {
            None => Some(Seems::Mail),
            Some(reason) if reason == folder::UNDELIVERED => Some(Seems::Aside(reason)),
            Some(_) => {
                find::is_apple_attachment(path).then_some(Seems::Aside("a file that Apple Mail keeps beside a mail"))
            }
        }
    }
}

fn of_head(head: &[u8], path: &Path) -> Seems {
    let is_named_table = folder::has_ending(path, &["csv", "tsv", "tab"]);
    let is_named_sheet = folder::has_ending(path, &["xlsx", "xlsm", "xlsb", "ods", "xls"]);
    let is_office = head.starts_with(b"PK\x03\x04") || is_named_table || is_named_sheet;
    if let Some((what, remedy)) = looks::instead_of_table(head, path).filter(|_| is_office) {
        let may_become = looks::is_workbook(head, path).then_some(Form::Table);
        return Seems::Other { what, remedy, may_become };
    }
    if let Some(packed) = looks::packed(head, path) {
        let is_unpacked_by_us = unpack::is_packed(path);
        return Seems::Packed { what: packed.what, command: packed.command, is_unpacked_by_us };
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Seems::Aside("empty");
    }
    if mbox::begins(head) {
        let has = |field: &[u8]| memchr::memmem::find(head, field).is_some();
        return Seems::Mailbox { is_gmail: has(b"X-Gmail-Labels:") || has(b"X-GM-THRID:") };
    }
    if is_named_table {
        return Seems::Table;
    }
    let (what, remedy) = looks::instead_of_mbox(head, path);
    // Of Office files those that are no tables are messages.
    let is_office = head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    if let Some((what, remedy)) = looks::instead_of_table(head, path).filter(|_| !is_office) {
        // In a folder of mailboxes these are settings; named by themselves they are an export that needs another form.
        return Seems::Other { what, remedy, may_become: None };
    }
    if let Some(reason) = folder::no_mailbox(path, head).filter(|reason| *reason == folder::BESIDE) {
        return Seems::Aside(reason);
    }
    if looks::is_table(head) {
        return Seems::Table;
    }
    if is_mail(head) {
        return Seems::MailByContent;
    }
    Seems::Other { what, remedy, may_become: looks::may_become_mails(head).then_some(Form::Mails) }
}

/// Does it begin with a header in which one of the fields stands that every mail has some of?
fn is_mail(head: &[u8]) -> bool {
    if looks::instead_of_mail(head).is_some() {
        return false;
    }
    let lines = head.split(|byte| matches!(byte, b'\n' | b'\r'));
    let is_known = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
        name.len() < line.len() && FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field.as_bytes()))
    };
    lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).any(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seems(name: &str, content: &[u8]) -> Seems {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        Judge::default().judge(&path).unwrap()
    }

    #[test]
    fn exports_are_known_by_what_they_begin_with() {
        const MBOX: &[u8] = b"From - Thu Jan  1 00:00:00 1970\nSubject: x\n\nhi\n";
        assert_eq!(seems("Inbox", MBOX), Seems::Mailbox { is_gmail: false });
        let gmail = [b"From 1@xxx Thu Jan  1 00:00:00 1970\r\nX-GM-THRID: 1\r\n".as_slice(), MBOX].concat();
        assert_eq!(seems("All.mbox", &gmail), Seems::Mailbox { is_gmail: true });
        assert_eq!(seems("dovecot-crlf", MBOX), Seems::Mailbox { is_gmail: false });
        assert_eq!(seems("a.eml", b"no matter what"), Seems::Mail);
        assert_eq!(seems("m0001", b"Return-Path: <a@b.example>\n\tx\n\nhi"), Seems::MailByContent);
        assert_eq!(seems("a.msg", b"From: a@b.example\r\n\r\nhi"), Seems::MailByContent);
        assert_eq!(seems("chats.csv", b"one\n1\n"), Seems::Table);
        assert_eq!(seems("chats.txt", b"id;from;text\n1;a;b\n"), Seems::Table);
        assert_eq!(seems("empty.csv", b" \n"), Seems::Aside("empty"));
        assert!(matches!(seems("a.tgz", b"\x1f\x8b\x08"), Seems::Packed { is_unpacked_by_us: true, .. }));
        assert!(matches!(seems("a.7z", b"7z\xbc\xaf\x27\x1c"), Seems::Packed { is_unpacked_by_us: false, .. }));
    }

    #[test]
    fn what_is_no_export_is_named_for_what_it_is() {
        for (name, content, expected, form) in [
            ("chats.json", &b"[{\"id\": 1}]"[..], "JSON", None),
            ("chats.xlsx", b"PK\x03\x04\x14\0[Content_Types].xml", "workbook", Some(Form::Table)),
            ("a.csv", b"<!doctype html>", "web page", None),
            ("a.pst", b"!BDN\0\0", "PST", Some(Form::Mails)),
            ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1", "MSG", Some(Form::Mails)),
            ("old", b"\xff\xfeF\0r\0", "UTF-16", Some(Form::Mails)),
            ("a.pdf", b"%PDF-1.4", "PDF", None),
            ("notes", b"hello: world\nthis is nothing", "single mail", None),
            ("notes", b"hello world", "other text", None),
        ] {
            let found = seems(name, content);
            assert!(
                matches!(&found, Seems::Other { what, remedy, may_become }
                    if what.contains(expected) && !remedy.is_empty() && *may_become == form),
                "{found:?}"
            );
        }
        assert_eq!(seems("Inbox.msf", b"x"), Seems::Aside(folder::BESIDE));
        assert_eq!(seems("dovecot-uidlist", b"3 V1 N2\n1 :a\n"), Seems::Aside(folder::SERVERS));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_judge_panic(head in proptest::collection::vec(proptest::num::u8::ANY, 0..300), name in "[a-z]{1,3}(\\.(csv|eml|msg|mbox|txt|zip))?") {
            of_head(&head, Path::new(&name));
        }
    }
}
