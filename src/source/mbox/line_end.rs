//! Files of old Macs, whose lines end in CR alone.
//!
//! Such a file is read as if LF stood there, which is one byte as well: offsets and lengths stay those of the file,
//! nothing behind this knows of it, and each mail has the bytes, and so the id, that it has in a converted file.

use super::super::pread::ReadAt;
use memchr::memchr;
use serde::{Deserialize, Serialize};
use std::io;

/// What ends the lines of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum LineEnd {
    /// LF, with or without a CR before it. A bare CR is text.
    #[default]
    Lf,
    /// CR. An LF, in what somebody appended to such a file, ends a line too.
    Cr,
}

/// A file, read with the line ends that all others have.
pub(super) struct Lines<R> {
    file: R,
    line_end: LineEnd,
}

impl LineEnd {
    /// Of a file that begins like this. One LF is enough to read it as files are mostly written.
    pub(super) fn of(head: &[u8]) -> LineEnd {
        if memchr(b'\n', head).is_none() && memchr(b'\r', head).is_some() { LineEnd::Cr } else { LineEnd::Lf }
    }

    /// Makes LF of the line ends in `bytes`. `next`: the byte behind them.
    pub(super) fn unify(self, bytes: &mut [u8], next: Option<u8>) {
        if self == LineEnd::Lf {
            return;
        }
        let mut rest = bytes;
        while let Some(at) = memchr(b'\r', rest) {
            let (before, behind) = rest.split_at_mut(at + 1);
            // The CR of a CRLF stays: made LF, it would be a blank line.
            if behind.first().copied().or(next) != Some(b'\n')
                && let Some(end) = before.last_mut()
            {
                *end = b'\n';
            }
            rest = behind;
        }
    }
}

impl<R> Lines<R> {
    pub(super) fn new(file: R, line_end: LineEnd) -> Lines<R> {
        Lines { file, line_end }
    }

    /// The file with the bytes that it has.
    pub(super) fn as_stored(&self) -> &R {
        &self.file
    }
}

impl<R: ReadAt> ReadAt for Lines<R> {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = self.file.read_some(buffer, offset)?;
        let read = buffer.get_mut(..count).unwrap_or_default();
        if self.line_end == LineEnd::Cr {
            let mut next = [0];
            let is_cut =
                read.ends_with(b"\r") && self.file.read_some(&mut next, offset.saturating_add(count as u64))? > 0;
            self.line_end.unify(read, is_cut.then_some(next[0]));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::pread::fill;
    use super::super::super::test_support::{self, Export, problems, scan_twice, texts};
    use super::super::{begins, in_memory};
    use super::*;
    use crate::mapping::{Dialect, Format};
    use crate::source::{Content, Source};
    use proptest::prelude::*;

    const DATE: &str = "Tue Mar 19 09:13:51 2019";

    fn open(bytes: impl AsRef<[u8]>) -> (Export, Box<dyn Source>) {
        let export = Export::new().with("Eudora", bytes);
        let source = export.open(Format::Mbox(Dialect::Auto), &["Eudora"]).unwrap();
        (export, source)
    }

    fn mac(text: &str) -> String {
        text.replace('\n', "\r")
    }

    fn box_of_two() -> String {
        format!(
            "From a@b.example {DATE}\nMessage-ID: <1@b.example>\nSubject: one\n\nhello\n>From here\n\n\
             From c@d.example {DATE}\nSubject: two\n\nFrom a person's own line\nlast\n\n"
        )
    }

    #[test]
    fn a_box_whose_lines_end_in_cr_holds_the_mails_of_the_same_box_with_lf() {
        let (_lf, lf) = open(box_of_two());
        let (_cr, cr) = open(mac(&box_of_two()));
        assert_eq!(texts(&*cr).len(), 2);
        assert_eq!(scan_twice(&*cr), scan_twice(&*lf), "places and bytes");
    }

    #[test]
    fn the_notes_say_that_lines_end_in_cr_and_of_which_files() {
        let (_export, source) = open(mac(&box_of_two()));
        assert_eq!(source.scan().count(), 2);
        let notes = source.notes();
        assert!(notes.iter().any(|note| note.starts_with("Eudora: line ends CR")), "{notes:?}");
        let (_export, source) = open(box_of_two());
        assert_eq!(source.scan().count(), 2);
        assert!(!source.notes().iter().any(|note| note.contains("CR")));
    }

    #[test]
    fn content_length_counts_in_such_a_file() {
        let text =
            format!("From a@b.example {DATE}\nContent-Length: 62\n\nFrom c@d.example {DATE}\nSubject: inside\n\nx\n\n");
        let both = text.repeat(2);
        let lf = in_memory(both.as_bytes(), Dialect::Mboxcl2, 64);
        assert_eq!(lf.len(), 2);
        assert_eq!(format!("{lf:?}"), format!("{:?}", in_memory(mac(&both).as_bytes(), Dialect::Mboxcl2, 64)));
    }

    #[test]
    fn one_lf_keeps_the_rules_of_lf() {
        let mixed =
            format!("From a@b.example {DATE}\nSubject: one\n\none\r\rFrom a@b.example {DATE}\rSubject: two\r\r");
        let (_export, source) = open(&mixed);
        assert_eq!(texts(&*source).len(), 1);
        assert!(texts(&*source).concat().contains("one\r\rFrom a@b.example"), "its bytes stay");
    }

    #[test]
    fn a_file_with_lf_appended_far_behind_is_still_read_to_its_end() {
        let filler = mac(&format!("From a@b.example {DATE}\nSubject: long\n\n{}\n\n", "filler\n".repeat(700_000)));
        let later = format!("From a@b.example {DATE}\r\nSubject: later\r\n\r\nlast\r\n");
        let (_export, source) = open(filler + &later);
        let texts = texts(&*source);
        assert_eq!(texts.len(), 2);
        assert_eq!(texts[1], "Subject: later\r\n\r\nlast\r\n");
    }

    #[test]
    fn lines_are_counted_against_the_limit_by_their_cr() {
        let export = Export::new().with("Eudora", mac(&box_of_two()));
        let mut mapping = export.mapping(vec![test_support::source(Format::Mbox(Dialect::Auto), &["Eudora"])]);
        mapping.limits.line = 60;
        let watch =
            crate::source::Watch { observer: &crate::event::Silent, stop: &std::sync::atomic::AtomicBool::new(false) };
        let source = crate::source::open(&mapping, 0, &watch).unwrap();
        assert!(problems(&*source).is_empty(), "no line is longer than 60 bytes");
        assert_eq!(source.scan().count(), 2);
    }

    #[test]
    fn such_a_file_begins_like_a_mailbox() {
        assert!(begins(mac(&box_of_two()).as_bytes()));
        assert!(!begins(b"Subject: x\r\rFrom here\r"));
    }

    #[test]
    fn text_before_the_first_mail_is_reported_and_deleted_mail_labelled_as_ever() {
        let (_export, source) =
            open(mac(&format!("cut off\n\nFrom - {DATE}\nX-Mozilla-Status: 0009\nSubject: 1\n\nx\n")));
        let problems = problems(&*source);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].origin.pieces[0].length, 9);
        let mails: Vec<_> = source.scan().filter_map(Result::ok).collect();
        let [entry] = mails.as_slice() else { panic!("{mails:?}") };
        let Content::Mail(mail) = &entry.content else { panic!("no mail") };
        assert_eq!((mail.labels.concat().as_str(), mail.separator_date), ("Trash", Some(1_552_986_831)));
    }

    /// Gives few bytes at a time, as a network drive may.
    struct Few<'a>(&'a [u8], usize);

    impl ReadAt for Few<'_> {
        fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read_some(&mut buffer[..most], offset)
        }
    }

    proptest! {
        #[test]
        fn how_much_is_read_at_once_decides_nothing(text in "[a\r\n]{0,40}", at_once in 1_usize..5, start in 0_u64..40) {
            let whole = {
                let mut bytes = text.clone().into_bytes();
                LineEnd::Cr.unify(&mut bytes, None);
                bytes
            };
            prop_assert_eq!(String::from_utf8(whole.clone()).unwrap(), text.replace("\r\n", "\0").replace('\r', "\n").replace('\0', "\r\n"));
            let lines = Lines::new(Few(text.as_bytes(), at_once), LineEnd::Cr);
            let mut read = vec![0; 50];
            let filled = fill(&lines, &mut read, start).unwrap();
            read.truncate(filled);
            prop_assert_eq!(read.as_slice(), whole.get(usize::try_from(start).unwrap()..).unwrap_or_default());
        }
    }
}
