//! Content-Type fields that stand more than once in one header, as gateways and careless programs leave them.
//!
//! RFC 5322 section 3.6 allows one, and says nothing about more. The parser takes the last; most mail programs the first.
//! A multipart says the most and can be told by its boundary, so the first of those is believed, else the first of all.

use super::header::Fields;
use super::limits::{content_types, folded_line, starts_with};
use super::params::Parameterized;
use super::parser::Structure;
use std::ops::Range;

/// What a record says when another field than the parser's was believed.
pub(super) const CHANGE: &str = "of several Content-Type fields in one header, the multipart or else the first is read";

const NAME: &[u8] = b"content-type";

/// The value of the Content-Type field that is believed.
pub(super) fn content_type<'a>(fields: &Fields<'a>) -> Option<&'a [u8]> {
    let values: Vec<&[u8]> = fields.all("Content-Type").collect();
    values.get(believed(&values)).copied()
}

/// A copy of `mail` in which the fields that are not believed have another name, as long as theirs; `None` if the parser
/// believes the right ones anyway.
///
/// Only offsets and kinds are taken from the copy: fields are looked for in texts too.
pub(super) fn hidden(mail: &[u8], structure: &Structure) -> Option<Vec<u8>> {
    let is_misread = |header: &Range<usize>| {
        let block = mail.get(header.clone()).unwrap_or_default();
        if content_types(block).nth(1).is_none() {
            return false;
        }
        let fields = Fields::split(block);
        content_type(&fields) != fields.all("Content-Type").last()
    };
    if !structure.parts.iter().any(|part| is_misread(&part.header)) {
        return None;
    }
    let mut copy = mail.to_vec();
    // Where the fields of the header at hand begin.
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < mail.len() {
        let line = folded_line(mail.get(at..).unwrap_or_default());
        if line.trim_ascii().is_empty() {
            hide(mail, &mut copy, &open);
            open.clear();
        } else if value(line).is_some() {
            open.push(at);
        }
        at += line.len();
    }
    hide(mail, &mut copy, &open);
    Some(copy)
}

/// Renames the fields of one header that are not believed.
fn hide(mail: &[u8], copy: &mut [u8], open: &[usize]) {
    if open.len() < 2 {
        return;
    }
    let line = |at: &usize| folded_line(mail.get(*at..).unwrap_or_default());
    let values: Vec<&[u8]> = open.iter().map(|at| value(line(at)).unwrap_or_default()).collect();
    let kept = believed(&values);
    for (_, at) in open.iter().enumerate().filter(|(place, _)| *place != kept) {
        if let Some(first) = copy.get_mut(*at) {
            *first = b'X';
        }
    }
}

/// The value, if the line is such a field.
fn value(line: &[u8]) -> Option<&[u8]> {
    let rest = starts_with(line, NAME).then(|| line.get(NAME.len()..)).flatten()?;
    rest.trim_ascii_start().strip_prefix(b":")
}

/// The place of the value that is believed.
fn believed(values: &[&[u8]]) -> usize {
    let is_multipart = |value: &&[u8]| {
        let parsed = Parameterized::parse(value);
        parsed.value.starts_with("multipart/") && parsed.get("boundary").is_some_and(|boundary| !boundary.is_empty())
    };
    if values.len() < 2 { 0 } else { values.iter().position(is_multipart).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use crate::record::Body;
    use crate::record::testing::record;
    use proptest::prelude::*;

    const HEAD: &str = "From: a@x.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n";
    const PARTS: &str =
        "--b\nContent-Type: text/html\n\n<p>shown</p>\n--b\nContent-Type: application/pdf\n\nPDF\n--b--\n";

    #[test]
    fn parts_are_found_wherever_the_multipart_stands() {
        let multipart = "content-type: multipart/mixed;\n boundary=b\n";
        let plain = "Content-Type: text/plain; charset=utf-8\n";
        for types in
            [format!("{multipart}{plain}"), format!("{plain}{multipart}"), format!("{plain}{multipart}{plain}")]
        {
            let found = record(format!("{HEAD}{types}\n{PARTS}").as_bytes());
            assert_eq!(found.body, Body::Html("<p>shown</p>".into()), "{types}");
            assert_eq!(found.attachments.len(), 1, "{types}");
        }
    }

    #[test]
    fn a_part_may_say_it_twice_as_well() {
        let inner = "Content-Type: multipart/alternative; boundary=i\nContent-Type: text/plain\n\n\
            --i\n\nplain\n--i\nContent-Type: text/html\n\n<p>inner</p>\n--i--\n";
        let mail = format!("{HEAD}Content-Type: multipart/mixed; boundary=o\n\n--o\n{inner}--o--\n");
        let found = record(mail.as_bytes());
        assert_eq!(found.body, Body::Html("<p>inner</p>".into()));
        assert_eq!(found.changes, [super::CHANGE]);
    }

    #[test]
    fn without_a_multipart_the_first_is_believed() {
        let found = record(format!("{HEAD}Content-Type: text/html\nContent-Type: text/plain\n\n<p>x\n").as_bytes());
        assert_eq!(found.body, Body::Html("<p>x\n".into()));
    }

    #[test]
    fn a_text_that_quotes_such_fields_stays_as_it_is() {
        let text = "Content-Type: multipart/mixed; boundary=b\nContent-Type: text/plain\n\n--b\n";
        let types = "Content-Type: text/plain\nContent-Type: text/html\n";
        assert_eq!(record(format!("{HEAD}{types}\n{text}").as_bytes()).body, Body::Text(text.into()));
    }

    proptest! {
        #[test]
        fn no_order_of_fields_panics(lines in proptest::collection::vec(
            "(Content-Type: ?(text/plain|text/html|multipart/mixed; boundary=b|message/rfc822)?|--b(--)?|| x|a: b)", 0..20,
        )) {
            let _ = record(format!("{HEAD}{}\n", lines.join("\n")).as_bytes());
        }
    }
}
