//! Where Content-Length says that a mail ends.
//!
//! The field is believed only when it leads to a separator or to the end of the file: mail servers leave stale ones behind,
//! and a lying one must not swallow the mails that follow.

use super::super::pread::{ReadAt, fill};
use super::dialect::Rules;
use super::separator::{self, Line, REACH};
use memchr::memchr_iter;
use std::io;

/// How far behind a separator the field is looked for: first a little, then a lot.
const HEADS: [usize; 2] = [16 << 10, 256 << 10];

/// What the field says about a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measured {
    /// There is none.
    Absent,
    /// There is one, and it leads nowhere.
    Wrong,
    /// It leads to the separator at this offset.
    Separator(u64),
    /// It leads to the end of the file, which is this offset.
    End(u64),
}

/// Looks at the mail whose separator stands at `start`.
pub(super) fn measure(file: &impl ReadAt, start: u64, rules: Rules) -> io::Result<Measured> {
    for head in HEADS {
        let mut bytes = vec![0; head];
        let filled = fill(file, &mut bytes, start)?;
        bytes.truncate(filled);
        if let Some(body) = body_start(&bytes) {
            let Some(length) = bytes.get(..body).and_then(content_length) else { return Ok(Measured::Absent) };
            return match start.checked_add(body as u64).and_then(|body| body.checked_add(length)) {
                Some(end) => what_stands_at(file, end, rules),
                None => Ok(Measured::Wrong),
            };
        }
        if filled < head {
            break;
        }
    }
    Ok(Measured::Absent)
}

/// Judges the place behind a body: up to two line ends, then a separator or the end of the file.
fn what_stands_at(file: &impl ReadAt, end: u64, rules: Rules) -> io::Result<Measured> {
    let before = end.saturating_sub(1);
    let mut bytes = vec![0; 1 + 4 + REACH];
    let filled = fill(file, &mut bytes, before)?;
    bytes.truncate(filled);
    let Some((last, rest)) = bytes.split_first() else { return Ok(Measured::Wrong) };
    let mut at = 0;
    for _ in 0..2 {
        at += match rest.get(at..).unwrap_or_default() {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
    }
    let there = rest.get(at..).unwrap_or_default();
    if there.is_empty() {
        return Ok(Measured::End(end + at as u64));
    }
    // Two things agree here, the length and a line that begins with `From `: its form matters less.
    let starts_line = at > 0 || *last == b'\n';
    Ok(match separator::judge(there, true, rules) {
        Line::Separator(_) if starts_line => Measured::Separator(end + at as u64),
        _ => Measured::Wrong,
    })
}

/// Where the body begins: behind the first empty line.
fn body_start(entry: &[u8]) -> Option<usize> {
    memchr_iter(b'\n', entry).find_map(|newline| match entry.get(newline + 1..)? {
        [b'\n', ..] => Some(newline + 2),
        [b'\r', b'\n', ..] => Some(newline + 3),
        _ => None,
    })
}

/// The value of the last Content-Length field of a header block; the mail server that stored the mail wrote it last.
fn content_length(header: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"content-length:";
    let lines = header.split(|byte| *byte == b'\n');
    let value = lines
        .filter(|line| line.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME)))
        .filter_map(|line| line.get(NAME.len()..))
        .next_back()?;
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "From b@c.example Tue Mar 19 09:13:51 2019\nSubject: 2\n\n";

    fn measured(length: &str, body: &str) -> Measured {
        let mail = format!("From a@b.example Tue Mar 19 09:13:51 2019\nSubject: x\n{length}\n{body}");
        measure(&mail.as_bytes(), 0, Rules::PLAIN).unwrap()
    }

    #[test]
    fn a_length_that_leads_to_a_separator_or_the_end_is_believed() {
        let start = 42 + 11 + 19;
        let field = "content-length: 12\n";
        for gap in ["", "\n", "\r\n", "\n\n"] {
            let expected = Measured::Separator(start + 1 + 12 + gap.len() as u64);
            assert_eq!(measured(field, &format!("From x\ntext\n{gap}{NEXT}")), expected, "{gap:?}");
        }
        assert_eq!(measured(field, "From x\ntext\n"), Measured::End(start + 1 + 12));
        assert_eq!(measured(field, "From x\ntext\n\n"), Measured::End(start + 1 + 13));
    }

    #[test]
    fn a_length_that_leads_into_text_or_beyond_the_file_is_not() {
        for length in ["3", "10", "14", "500", "18446744073709551615"] {
            let field = format!("Content-Length: {length}\n");
            assert_eq!(measured(&field, &format!("From x\ntext\n{NEXT}")), Measured::Wrong, "{length}");
        }
        for field in ["", "Content-Length: many\n", "Content-Length: -1\n", "X-Content-Length: 12\n"] {
            assert_eq!(measured(field, &format!("From x\ntext\n{NEXT}")), Measured::Absent, "{field}");
        }
    }

    #[test]
    fn the_last_of_several_counts() {
        let field = "Content-Length: 3\nContent-Length: 12\n";
        assert!(matches!(measured(field, &format!("From x\ntext\n{NEXT}")), Measured::Separator(_)));
    }
}
