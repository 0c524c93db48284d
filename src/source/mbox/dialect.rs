//! How one mbox file was written: where its mails end, and what was done to lines that begin with `From `.
//!
//! The four dialects have no mark; they differ in what their writers did. A look at the start of a file tells most of it:
//!
//! - Content-Length fields that lead from separator to separator mean mboxcl or mboxcl2; a `From ` line inside a mail that
//!   is spanned so was left bare on purpose: mboxcl2.
//! - mboxo and mboxrd write `From ` as `>From ` alike. They differ in `>From ` itself, which mboxrd writes as `>>From ` and
//!   mboxo leaves alone. No byte tells whether `>>From ` is a quoted reply or mboxrd's quoting, so such lines are left as they
//!   are, which at worst shows one `>` too many, and are counted for the user, who may know the program.

use super::super::pread::{ReadAt, fill};
use super::framer::{BLOCK, Framer, Kind, Lengths};
use super::separator;
use crate::mapping::Dialect;
use memchr::{memchr, memmem};
use std::io;

/// How much of a file is looked at to tell its dialect, in bytes.
const LOOK: u64 = 4 << 20;

/// How much of it is looked at to tell its line ends, in bytes.
const LOOK_FOR_LINES: usize = 64 << 10;

/// How to read one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) quoting: Quoting,
    /// Content-Length says where a mail ends, when it is right.
    pub(super) content_length: bool,
    pub(super) line_end: LineEnd,
    /// The file is a series of patches, each behind git's own separator.
    pub(super) patches: bool,
}

/// What was done to lines that begin with `From `.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// `From ` was written `>From `.
    One,
    /// `From `, `>From `, `>>From ` and so on each got one `>` more.
    Each,
    /// Nothing.
    None,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF or CRLF.
    Lf,
    /// CR alone: files from old Macs.
    Cr,
}

impl LineEnd {
    /// The last byte of a line.
    pub(super) fn byte(self) -> u8 {
        match self {
            LineEnd::Lf => b'\n',
            LineEnd::Cr => b'\r',
        }
    }
}

impl Rules {
    /// mboxo with LF: what most programs write.
    pub(super) const PLAIN: Rules =
        Rules { quoting: Quoting::One, content_length: false, line_end: LineEnd::Lf, patches: false };

    fn with(self, quoting: Quoting, content_length: bool) -> Rules {
        Rules { quoting, content_length, ..self }
    }
}

/// How a file is read, and why so, for people.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Detected {
    pub(super) rules: Rules,
    pub(super) evidence: Option<String>,
}

/// Tells the rules of a file from its start; `declared` settles the dialect.
pub(super) fn detect(file: &impl ReadAt, declared: Dialect) -> io::Result<Detected> {
    let mut head = vec![0; LOOK_FOR_LINES];
    let filled = fill(file, &mut head, 0)?;
    head.truncate(filled);
    let has_cr_alone = memchr(b'\n', &head).is_none() && memchr(b'\r', &head).is_some();
    let line_end = if has_cr_alone { LineEnd::Cr } else { LineEnd::Lf };
    let plain = Rules { line_end, patches: separator::is_patch_series(&head), ..Rules::PLAIN };
    let rules = match declared {
        Dialect::Mboxo => plain,
        Dialect::Mboxrd => plain.with(Quoting::Each, false),
        Dialect::Mboxcl => plain.with(Quoting::One, true),
        Dialect::Mboxcl2 => plain.with(Quoting::None, true),
        Dialect::Auto => return look(file, plain),
    };
    Ok(Detected { rules, evidence: None })
}

/// The first bytes of a file, as if it ended there.
struct Start<'a, R> {
    file: &'a R,
}

impl<R: ReadAt> ReadAt for Start<'_, R> {
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(LOOK.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = rest.min(buffer.len());
        buffer.get_mut(..count).map_or(Ok(0), |buffer| self.file.read_some(buffer, offset))
    }
}

fn look(file: &impl ReadAt, plain: Rules) -> io::Result<Detected> {
    let mut framer = Framer::new(Start { file }, plain.with(Quoting::One, true), BLOCK);
    let mut seen = Seen::default();
    while let Some(stretch) = framer.next() {
        let stretch = stretch.map_err(|broken| broken.error)?;
        if stretch.kind == Kind::Mail {
            let length = usize::try_from(stretch.length.min(LOOK)).unwrap_or_default();
            let mut mail = vec![0; length];
            let filled = fill(framer.file(), &mut mail, stretch.offset)?;
            seen.mail(mail.get(..filled).unwrap_or_default(), plain.line_end);
        }
    }
    let lengths = framer.lengths();
    let all = lengths.fit + lengths.wrong + lengths.absent;
    // The last mail in sight may be cut off by the end of what is looked at: its length proves nothing.
    let goes_on = file.read_some(&mut [0], LOOK)? > 0;
    let wrong = lengths.wrong.saturating_sub(u64::from(goes_on));
    let fits = lengths.fit > 0 && lengths.fit >= 9 * wrong && 2 * lengths.fit >= all;
    Ok(if fits { measured(plain, lengths, &seen) } else { unmeasured(plain, &seen) })
}

fn measured(plain: Rules, lengths: Lengths, seen: &Seen) -> Detected {
    let all = lengths.fit + lengths.wrong + lengths.absent;
    let (name, quoting) = if seen.bare > 0 { ("mboxcl2", Quoting::None) } else { ("mboxcl", Quoting::One) };
    let bare = if seen.bare > 0 { format!(", {} bare `From ` lines inside", seen.bare) } else { String::new() };
    Detected {
        rules: plain.with(quoting, true),
        evidence: Some(format!("{name}: Content-Length fits in {} of {all} mails looked at{bare}", lengths.fit)),
    }
}

fn unmeasured(plain: Rules, seen: &Seen) -> Detected {
    let mut evidence = Vec::new();
    if seen.quoted > 0 {
        evidence.push(format!("mboxo: {} lines `>From ` become `From `", seen.quoted));
    }
    if seen.quoted_twice > 0 {
        evidence.push(format!(
            "{} lines `>>From ` stay as they are; if the program wrote mboxrd, set dialect = \"mboxrd\"",
            seen.quoted_twice
        ));
    }
    if plain.line_end == LineEnd::Cr {
        evidence.push("lines end in CR alone, read as LF".to_owned());
    }
    if plain.patches {
        evidence.push("a series of patches".to_owned());
    }
    Detected { rules: plain, evidence: (!evidence.is_empty()).then(|| evidence.join("; ")) }
}

/// Lines that tell dialects apart.
#[derive(Default)]
struct Seen {
    /// `>From `
    quoted: u64,
    /// `>>From `, with any more `>`.
    quoted_twice: u64,
    /// `From `, inside a mail.
    bare: u64,
}

impl Seen {
    fn mail(&mut self, mail: &[u8], line_end: LineEnd) {
        let newline = line_end.byte();
        for at in memmem::find_iter(mail, b"From ") {
            let before = mail.get(..at).unwrap_or_default();
            let marks = before.iter().rev().take_while(|byte| **byte == b'>').count();
            if before.get(..at - marks).unwrap_or_default().last() != Some(&newline) {
                continue;
            }
            match marks {
                0 => self.bare += 1,
                1 => self.quoted += 1,
                _ => self.quoted_twice += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "From a@b.example Tue Mar 19 09:13:51 2019\n";

    fn detected(text: &str) -> Detected {
        detect(&text.as_bytes(), Dialect::Auto).unwrap()
    }

    fn mail(body: &str, length: usize) -> String {
        format!("{FROM}Subject: x\nContent-Length: {length}\n\n{body}\n")
    }

    #[test]
    fn lengths_that_fit_mean_mboxcl_and_bare_lines_inside_mean_mboxcl2() {
        let quoted = mail(">From here\n", 11).repeat(3);
        let found = detected(&quoted);
        assert_eq!((found.rules.quoting, found.rules.content_length), (Quoting::One, true));
        assert_eq!(found.evidence.as_deref(), Some("mboxcl: Content-Length fits in 3 of 3 mails looked at"));
        let bare = mail("\nFrom here\n", 11).repeat(2);
        let found = detected(&bare);
        assert_eq!((found.rules.quoting, found.rules.content_length), (Quoting::None, true));
        assert!(found.evidence.unwrap().ends_with("2 of 2 mails looked at, 2 bare `From ` lines inside"));
    }

    #[test]
    fn lengths_that_lie_or_stand_in_few_mails_mean_nothing() {
        for text in [
            mail("text\n", 500).repeat(3),
            format!("{}{}", mail("text\n", 5), mail("text\n", 3).repeat(5)),
            format!("{}{}", mail("text\n", 5), format!("{FROM}Subject: x\n\ntext\n\n").repeat(5)),
        ] {
            let found = detected(&text);
            assert_eq!(found.rules, Rules::PLAIN, "{text}");
        }
    }

    #[test]
    fn what_no_byte_can_tell_is_left_as_it_is_and_said() {
        let found = detected(&format!("{FROM}Subject: x\n\n>From a\n>>From b\n>From c\n"));
        assert_eq!(found.rules.quoting, Quoting::One);
        let evidence = found.evidence.unwrap();
        assert!(
            evidence.contains("2 lines `>From ` become") && evidence.contains("1 lines `>>From ` stay"),
            "{evidence}"
        );
    }

    #[test]
    fn a_declared_dialect_settles_it() {
        let lying = mail("text\n", 500);
        for (dialect, quoting, content_length) in [
            (Dialect::Mboxo, Quoting::One, false),
            (Dialect::Mboxrd, Quoting::Each, false),
            (Dialect::Mboxcl, Quoting::One, true),
            (Dialect::Mboxcl2, Quoting::None, true),
        ] {
            let found = detect(&lying.as_bytes(), dialect).unwrap();
            assert_eq!((found.rules.quoting, found.rules.content_length), (quoting, content_length));
            assert_eq!(found.evidence, None);
        }
    }

    #[test]
    fn lines_that_end_in_cr_alone_are_seen() {
        assert_eq!(detected(&FROM.replace('\n', "\rSubject: x\r\rtext\r")).rules.line_end, LineEnd::Cr);
        assert_eq!(detected(&FROM.replace('\n', "\r\n")).rules.line_end, LineEnd::Lf);
    }
}
