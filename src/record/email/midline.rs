//! Boundaries in the middle of a line, where they are words of a text.
//!
//! RFC 2046 section 5.1.1: a delimiter stands at the beginning of a line. The parser takes the boundary for one anywhere,
//! and what follows it would be lost. Programs that forget the line break before a delimiter are believed as far as a
//! part, or the end of the multipart, follows.

use super::limits::starts_with;
use super::parser::{PartKind, Structure};
use super::unclosed;
use memchr::{memmem, memrchr, memrchr2};

/// What a record says when such a boundary was found.
pub(super) const CHANGE: &str = "a boundary in the middle of a line read as text";

/// A copy of `mail`, as long, in which boundaries in the middle of a line are none; `None` if no part ends at one.
pub(super) fn hidden(mail: &[u8], structure: &Structure) -> Option<Vec<u8>> {
    let mut copy: Option<Vec<u8>> = None;
    for part in structure.parts.iter().filter(|part| part.kind == PartKind::Multipart) {
        let Some(boundary) = unclosed::boundary(mail, part).filter(|boundary| boundary.len() > 2) else { continue };
        let children = part.children.iter().filter_map(|id| structure.parts.get(*id));
        let mut lines = Lines::of(mail);
        // The parser leaves the line break before a delimiter to the delimiter: where there is one, it stands here.
        if !children.into_iter().any(|child| is_text(&mut lines, child.body.end, &boundary)) {
            continue;
        }
        let copy = copy.get_or_insert_with(|| mail.to_vec());
        let mut lines = Lines::of(mail);
        for at in memmem::find_iter(mail, &boundary) {
            if is_text(&mut lines, at, &boundary)
                && let Some(first) = copy.get_mut(at)
            {
                *first = b'X';
            }
        }
    }
    copy
}

/// Where lines start, asked from the beginning to the end: a line may be as long as the mail, and hold the boundary in
/// every third byte.
struct Lines<'a> {
    mail: &'a [u8],
    /// Start of the line in which `seen` stands.
    start: usize,
    seen: usize,
    /// Where the last line end stands.
    last_end: usize,
}

impl<'a> Lines<'a> {
    fn of(mail: &'a [u8]) -> Self {
        Self { mail, start: 0, seen: 0, last_end: memrchr(b'\n', mail).unwrap_or(0) }
    }

    /// What stands before `at` on its line; `None` outside of the mail.
    fn before(&mut self, at: usize) -> Option<&'a [u8]> {
        if at < self.seen {
            (self.start, self.seen) = (0, 0);
        }
        if let Some(end) = memrchr2(b'\n', b'\r', self.mail.get(self.seen..at)?) {
            self.start = self.seen + end + 1;
        }
        self.seen = at;
        self.mail.get(self.start..at)
    }
}

/// Does this boundary stand here, in the middle of a line, with neither a part nor the end of its multipart behind it?
fn is_text(lines: &mut Lines<'_>, at: usize, boundary: &[u8]) -> bool {
    let Some(rest) = lines.mail.get(at..).and_then(|rest| rest.strip_prefix(boundary)) else { return false };
    let line = lines.before(at);
    // A line that begins with dashes may be the delimiter of another multipart.
    if line.is_none_or(|line| line.is_empty() || line.starts_with(b"--")) || rest.starts_with(b"--") {
        return false;
    }
    // Looked at only as far as it is blank: the rest of a line is not searched anew for each boundary in it.
    let tail = rest.iter().position(|byte| *byte == b'\n' || !byte.is_ascii_whitespace());
    match tail.and_then(|end| rest.get(end..)) {
        Some([b'\n', next @ ..]) => !begins_part(next),
        Some(_) => at < lines.last_end,
        None => false,
    }
}

/// Is this the header of a part, or the blank line of one without header?
fn begins_part(bytes: &[u8]) -> bool {
    matches!(bytes, [] | [b'\n', ..] | [b'\r', b'\n', ..]) || starts_with(bytes, b"content-")
}

#[cfg(test)]
mod tests {
    use crate::record::Body;
    use crate::record::testing::record;
    use proptest::prelude::*;

    const HEAD: &str = "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n\
        Content-Type: multipart/mixed; boundary=cut\n\n--cut\n";
    const PDF: &str = "Content-Type: application/pdf\n\nPDF\n";

    #[test]
    fn a_text_that_names_the_boundary_goes_on_behind_it() {
        for text in ["ends at --cut\nand goes on", "ends at --cut and goes on", "one --cut\ntwo --cut\nthree"] {
            let found = record(format!("{HEAD}Content-Type: text/plain\n\n{text}\n--cut\n{PDF}--cut--\n").as_bytes());
            assert_eq!(found.body, Body::Text(text.into()));
            assert_eq!(found.attachments.len(), 1);
            assert_eq!(found.changes, [super::CHANGE]);
        }
    }

    #[test]
    fn a_part_behind_a_forgotten_line_break_is_a_part() {
        let found = record(format!("{HEAD}Content-Type: text/plain\n\ntext--cut\n{PDF}--cut--\n").as_bytes());
        assert_eq!(found.body, Body::Text("text".into()));
        assert_eq!(found.attachments.len(), 1);
    }

    #[test]
    fn a_boundary_that_begins_like_another_is_left_alone() {
        let inner = "Content-Type: multipart/alternative; boundary=\"--cut\"\n\n----cut\n\nplain\n----cut\n\
            Content-Type: text/html\n\n<p>html</p>\n----cut--\n";
        let found = record(format!("{HEAD}{inner}--cut\n{PDF}--cut--\n").as_bytes());
        assert_eq!(found.body, Body::Html("<p>html</p>".into()));
        assert_eq!(found.attachments.len(), 1);
        assert_eq!(found.changes, [""; 0]);
    }

    #[test]
    fn a_line_full_of_boundaries_is_gone_through_once() {
        let line = "x--cut".repeat(9_000);
        let found = record(format!("{HEAD}Content-Type: text/plain\n\n{line} end\n--cut\n{PDF}--cut--\n").as_bytes());
        assert_eq!(found.body, Body::Text(format!("{line} end")));
        let unclosed = format!("Content-Type: multipart/mixed; boundary=in\n\n--in\n\n{line}\n--cut\n{PDF}--cut--\n");
        assert_eq!(record(format!("{HEAD}{unclosed}").as_bytes()).attachments.len(), 1);
    }

    proptest! {
        #[test]
        fn no_place_of_a_boundary_panics(lines in proptest::collection::vec("x?--cut(--)?x?|Content-Type: text/html||x", 0..20)) {
            let _ = record(format!("{HEAD}{}\n", lines.join("\n")).as_bytes());
        }
    }
}
