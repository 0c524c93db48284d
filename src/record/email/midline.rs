//! Boundaries in the middle of a line, where they are words of a text.
//!
//! RFC 2046 section 5.1.1: a delimiter stands at the beginning of a line. The parser takes the boundary for one anywhere,
//! and what follows it would be lost. Programs that forget the line break before a delimiter are believed as far as a
//! part, or the end of the multipart, follows.

use super::limits::starts_with;
use super::parser::{PartKind, Structure};
use super::unclosed;
use memchr::{memchr, memmem};

/// What a record says when such a boundary was found.
pub(super) const CHANGE: &str = "a boundary in the middle of a line read as text";

/// A copy of `mail`, as long, in which boundaries in the middle of a line are none; `None` if no part ends at one.
pub(super) fn hidden(mail: &[u8], structure: &Structure) -> Option<Vec<u8>> {
    let mut copy: Option<Vec<u8>> = None;
    for part in structure.parts.iter().filter(|part| part.kind == PartKind::Multipart) {
        let Some(boundary) = unclosed::boundary(mail, part).filter(|boundary| boundary.len() > 2) else { continue };
        let children = part.children.iter().filter_map(|id| structure.parts.get(*id));
        // The parser leaves the line break before a delimiter to the delimiter: where there is one, it stands here.
        if !children.into_iter().any(|child| is_text(mail, child.body.end, &boundary)) {
            continue;
        }
        let copy = copy.get_or_insert_with(|| mail.to_vec());
        for at in memmem::find_iter(mail, &boundary).filter(|at| is_text(mail, *at, &boundary)) {
            if let Some(first) = copy.get_mut(at) {
                *first = b'X';
            }
        }
    }
    copy
}

/// Does this boundary stand here, in the middle of a line, with neither a part nor the end of its multipart behind it?
fn is_text(mail: &[u8], at: usize, boundary: &[u8]) -> bool {
    let Some(rest) = mail.get(at..).and_then(|rest| rest.strip_prefix(boundary)) else { return false };
    let line = mail.get(..at).and_then(|before| before.rsplit(|byte| matches!(byte, b'\n' | b'\r')).next());
    // A line that begins with dashes may be the delimiter of another multipart.
    if line.is_none_or(|line| line.is_empty() || line.starts_with(b"--")) || rest.starts_with(b"--") {
        return false;
    }
    let Some(end) = memchr(b'\n', rest) else { return false };
    let (tail, next) = rest.split_at(end + 1);
    !tail.trim_ascii().is_empty() || !begins_part(next)
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

    proptest! {
        #[test]
        fn no_place_of_a_boundary_panics(lines in proptest::collection::vec("x?--cut(--)?x?|Content-Type: text/html||x", 0..20)) {
            let _ = record(format!("{HEAD}{}\n", lines.join("\n")).as_bytes());
        }
    }
}
