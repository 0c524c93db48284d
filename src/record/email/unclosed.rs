//! Multiparts that do not end with their own boundary, but with one of those around them.
//!
//! RFC 2046 section 5.1.2: the boundary of an outer multipart ends the inner ones too. The parser looks for the inner
//! one's alone, and takes what follows for its last part: whole files would hide in there.

use super::header::Fields;
use super::limits::{folded_line, starts_with};
use super::params::Parameterized;
use super::parser::{Part, PartKind, Structure};
use super::repeated;
use memchr::memmem;

/// What a record says when such a multipart was found.
pub(super) const CHANGE: &str = "a multipart without its end: it ends where the one around it goes on";

/// Multiparts of one mail that are read anew, at most: each is a parse of the whole mail.
pub(super) const MAX: usize = 10;

/// How many multiparts around a part are looked at.
const LEVELS: usize = 32;

/// The outermost multipart of which a part goes on behind the boundary of another one around it.
pub(super) fn find(mail: &[u8], structure: &Structure) -> Option<usize> {
    let multiparts = structure.parts.iter().filter(|part| part.kind == PartKind::Multipart).count();
    if multiparts < 2 {
        return None;
    }
    let mut parents: Vec<Option<usize>> = vec![None; structure.parts.len()];
    for (id, part) in structure.parts.iter().enumerate() {
        for child in &part.children {
            if let Some(parent) = parents.get_mut(*child) {
                *parent = Some(id);
            }
        }
    }
    let parent = |id: usize| parents.get(id).copied().flatten();
    let boundaries: Vec<Option<Vec<u8>>> = structure.parts.iter().map(|part| boundary(mail, part)).collect();
    let is_in = |body: &[u8], outer: usize| {
        boundaries.get(outer).and_then(Option::as_deref).is_some_and(|boundary| has_delimiter(body, boundary))
    };
    let mut leaves = structure.parts.iter().enumerate().filter(|(_, part)| part.kind != PartKind::Multipart);
    leaves.find_map(|(id, leaf)| {
        let body = mail.get(leaf.body.clone())?;
        // The direct parent is the one whose boundary ended the leaf.
        let around = std::iter::successors(parent(id), |inner| parent(*inner)).take(LEVELS);
        let pairs = around.clone().zip(around.skip(1));
        pairs.filter(|(_, outer)| is_in(body, *outer)).map(|(inner, _)| inner).last()
    })
}

/// Takes its type from a part in a copy of a mail, so that the parser takes it for one text, up to its true end.
pub(super) fn hide(copy: &mut [u8], part: &Part) {
    let mut at = part.header.start;
    while let Some(line) = copy.get(at..part.header.end).map(folded_line).filter(|line| !line.is_empty()) {
        let (length, is_type) = (line.len(), starts_with(line, b"content-type"));
        if let Some(first) = copy.get_mut(at).filter(|_| is_type) {
            *first = b'X';
        }
        at += length;
    }
}

/// Puts the parts of `inner`, parsed by itself from byte `start` of the mail on, in the place of the part `id`.
pub(super) fn grafted(mut around: Structure, id: usize, start: usize, inner: Structure) -> Structure {
    let more = inner.parts.len().saturating_sub(1);
    let moved = |at: usize| if at > id { at + more } else { at };
    for part in &mut around.parts {
        part.children.iter_mut().for_each(|child| *child = moved(*child));
    }
    let tail = around.parts.split_off((id + 1).min(around.parts.len()));
    around.parts.pop();
    around.parts.extend(inner.parts.into_iter().map(|mut part| {
        part.header = part.header.start + start..part.header.end + start;
        part.body = part.body.start + start..part.body.end + start;
        part.children.iter_mut().for_each(|child| *child += id);
        part
    }));
    around.parts.extend(tail);
    let lists = [(&mut around.html, inner.html), (&mut around.text, inner.text), (&mut around.files, inner.files)];
    for (list, inner) in lists {
        list.retain(|at| *at != id);
        for at in list.iter_mut() {
            *at = moved(*at);
        }
        list.extend(inner.into_iter().map(|at| at + id));
        list.sort_unstable();
    }
    around
}

/// The delimiter of a multipart: two dashes and its boundary.
pub(super) fn boundary(mail: &[u8], part: &Part) -> Option<Vec<u8>> {
    let header = mail.get(part.header.clone()).filter(|_| part.kind == PartKind::Multipart)?;
    let boundary = repeated::content_type(&Fields::split(header)).map(Parameterized::parse)?.get("boundary")?;
    Some(format!("--{boundary}").into_bytes())
}

/// Is there a line of just this boundary, closing or not?
fn has_delimiter(body: &[u8], boundary: &[u8]) -> bool {
    memmem::find_iter(body, boundary).any(|at| {
        if at > 0 && body.get(at - 1) != Some(&b'\n') {
            return false;
        }
        let rest = body.get(at + boundary.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(b"--").unwrap_or(rest);
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().trim_ascii().is_empty()
    })
}

#[cfg(test)]
mod tests {
    use crate::record::Body;
    use crate::record::testing::record;
    use proptest::prelude::*;

    const HEAD: &str = "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n";
    const PDF: &str = "Content-Type: application/pdf\n\nPDF\n";

    #[test]
    fn a_file_behind_an_alternative_without_end_is_a_file() {
        let inner = "Content-Type: multipart/alternative; boundary=inner\n\n\
            --inner\nContent-Type: text/plain\n\nplain\n--inner\nContent-Type: text/html\n\n<p>html</p>\n";
        let mail =
            format!("{HEAD}Content-Type: multipart/mixed; boundary=o\n\n--o\n{inner}--o\n{PDF}--o\n{PDF}--o--\n");
        let found = record(mail.as_bytes());
        assert_eq!(found.body, Body::Html("<p>html</p>".into()));
        let contents: Vec<&[u8]> = found.attachments.iter().map(|file| &file.content[..]).collect();
        assert_eq!(contents, [b"PDF", b"PDF"]);
        assert_eq!(found.changes, [super::CHANGE]);
    }

    #[test]
    fn one_boundary_ends_several_multiparts() {
        let open = |name: &str| format!("Content-Type: multipart/mixed; boundary={name}\n\n--{name}\n");
        let mail =
            format!("{HEAD}{}{}{}Content-Type: text/html\n\n<p>in\n--a\n{PDF}--a--\n", open("a"), open("b"), open("c"));
        let found = record(mail.as_bytes());
        assert_eq!(found.body, Body::Html("<p>in".into()));
        assert_eq!(found.attachments.len(), 1);
    }

    #[test]
    fn several_multiparts_without_end_stand_one_behind_the_other() {
        let inner = |name: &str| {
            format!(
                "Content-Type: multipart/related; boundary={name}\n\n--{name}\nContent-Type: text/html\n\n<p>{name}</p>\n"
            )
        };
        let (b, c) = (inner("b"), inner("c"));
        let mail =
            format!("{HEAD}Content-Type: multipart/mixed; boundary=a\n\n--a\n{b}--a\n{PDF}--a\n{c}--a\n{PDF}--a--\n");
        let found = record(mail.as_bytes());
        let Body::Html(html) = &found.body else { panic!("{:?}", found.body) };
        assert!(html.contains("<p>b</p>") && html.contains("<p>c</p>") && !html.contains("--a"), "{html}");
        assert_eq!(found.attachments.len(), 2);
    }

    #[test]
    fn multiparts_that_end_as_they_should_are_left_alone() {
        let inner = "Content-Type: multipart/mixed; boundary=i\n\n--i\n\none --o\n--other\n--i--\n";
        let mail = format!("{HEAD}Content-Type: multipart/mixed; boundary=o\n\n--o\n{inner}--o\n{PDF}--o--\n");
        let found = record(mail.as_bytes());
        assert_eq!(found.body, Body::Text("one --o\n--other".into()));
        assert_eq!(found.changes, [""; 0]);
    }

    proptest! {
        #[test]
        fn no_order_of_boundaries_panics(lines in proptest::collection::vec(
            "--[abc](--)?|Content-Type: multipart/(mixed|alternative); boundary=[abc]|Content-Type: text/html||x", 0..30,
        )) {
            let _ = record(format!("{HEAD}Content-Type: multipart/mixed; boundary=a\n\n{}\n", lines.join("\n")).as_bytes());
        }
    }
}
