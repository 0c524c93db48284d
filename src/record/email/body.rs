//! What a mail client would show of a mail.

use super::charset;
use super::parser::{PartKind, Structure};
use super::part::Leaf;
use crate::record::{Body, text_to_html};

/// Builds the body from the leaves of a mail, by part number.
///
/// HTML wins over plain text; several parts shown one after the other (a list's footer below the text) are joined.
pub(super) fn read(structure: &Structure, leaf: impl Fn(usize) -> Option<Leaf2>, changes: &mut Vec<String>) -> Body {
    let preferred = shown(&structure.html, &leaf);
    // A blank HTML part beside a real text part says nothing.
    let blank = |parts: &[Leaf2]| parts.iter().all(|part| part.text.trim().is_empty());
    let parts = if blank(&preferred) {
        let plain = shown(&structure.text, &leaf);
        if blank(&plain) { preferred } else { plain }
    } else {
        preferred
    };
    for part in &parts {
        changes.extend(part.changes.iter().cloned());
    }
    if parts.len() > 1 {
        changes.push(format!("{} parts of the text joined into one body", parts.len()));
    }
    join(parts)
}

fn shown(ids: &[usize], leaf: &impl Fn(usize) -> Option<Leaf2>) -> Vec<Leaf2> {
    ids.iter().filter_map(|id| leaf(*id)).collect()
}

fn join(parts: Vec<Leaf2>) -> Body {
    if parts.iter().any(|part| part.kind == PartKind::Html) {
        let fragments = parts.into_iter().map(|part| match part.kind {
            PartKind::Html => part.text,
            _ => text_to_html(&part.text),
        });
        return Body::Html(fragments.collect::<Vec<_>>().join("\n<br>\n"));
    }
    Body::Text(parts.into_iter().map(|part| part.text).collect::<Vec<_>>().join("\n"))
}
