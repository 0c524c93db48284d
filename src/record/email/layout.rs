//! Which parts of a mail are shown and which are files (RFC 2046, RFC 2387, RFC 2183), as a mail client decides it.
//!
//! Identity keeps to the lists of [`Structure`]: what is shown may get better without any id becoming another.

use super::header::Fields;
use super::html::says_something;
use super::params::Parameterized;
use super::parser::{PartKind, Structure};
use super::part::Leaf;
use super::repeated;

/// The parts of a mail by their use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Parts shown when HTML is preferred, in order.
    pub(super) html: Vec<usize>,
    /// Parts shown when plain text is preferred, in order.
    pub(super) text: Vec<usize>,
    /// Parts that are files, in the order of the mail.
    pub(super) files: Vec<usize>,
    /// Is its text encrypted?
    pub(super) is_encrypted: bool,
}

/// How a part may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Html,
    File,
}

/// Sorts the parts. `leaves` stand at their part numbers.
pub(super) fn read(mail: &[u8], structure: &Structure, leaves: &[Option<Leaf<'_>>]) -> Layout {
    let types: Vec<Parameterized> = structure
        .parts
        .iter()
        .map(|part| {
            let block = mail.get(part.header.clone()).filter(|_| part.kind == PartKind::Multipart);
            let fields = Fields::split(block.unwrap_or_default());
            repeated::content_type(&fields).map(Parameterized::parse).unwrap_or_default()
        })
        .collect();
    let tree = Tree { structure, leaves, types };
    let mut layout = tree.layout(&tree.forms());
    if layout.html.is_empty() && layout.text.is_empty() {
        tree.show_what_can_be_read(&mut layout);
    }
    layout
}

struct Tree<'a> {
    structure: &'a Structure,
    leaves: &'a [Option<Leaf<'a>>],
    /// Content-Type of the multiparts.
    types: Vec<Parameterized>,
}

impl Tree<'_> {
    fn leaf(&self, id: usize) -> Option<&Leaf<'_>> {
        self.leaves.get(id)?.as_ref()
    }

    fn subtype(&self, id: usize) -> &str {
        self.types.get(id).and_then(|found| found.value.strip_prefix("multipart/")).unwrap_or_default()
    }

    /// What each part is by itself and by where it stands. Parents come before their parts, so one pass is enough.
    fn forms(&self) -> Vec<Form> {
        let parts = &self.structure.parts;
        let mut forms = vec![Form::File; parts.len()];
        let mut may_show = vec![false; parts.len()];
        if let (Some(first), Some(form)) = (may_show.first_mut(), forms.first_mut()) {
            *first = true;
            *form = self.form(0, true);
        }
        for (id, part) in parts.iter().enumerate() {
            let shown_child = match self.subtype(id) {
                "related" => Some(self.root_of(id, &part.children)),
                // The signature, the report and the mail it is about are files.
                "signed" => Some(part.children.first().copied()),
                "encrypted" => Some(None),
                _ => None,
            };
            for (place, child) in part.children.iter().enumerate() {
                let shows = may_show.get(id) == Some(&true) && shown_child.is_none_or(|shown| shown == Some(*child));
                let is_lead = place == 0 || shown_child.is_some() || self.subtype(id) == "alternative";
                if let (Some(may), Some(form)) = (may_show.get_mut(*child), forms.get_mut(*child)) {
                    *may = shows;
                    *form = if shows { self.form(*child, is_lead) } else { Form::File };
                }
            }
        }
        forms
    }

    /// The part of a multipart/related that the others serve: the one `start` names, else the first that is or may
    /// hold text (RFC 2387 section 3.2 says the first; some programs put the pictures there).
    fn root_of(&self, id: usize, children: &[usize]) -> Option<usize> {
        let bare = |text: &str| text.trim_matches(['<', '>', ' ']).to_owned();
        let start = self.types.get(id).and_then(|found| found.get("start")).map(|start| bare(&start));
        let named = start.and_then(|start| {
            children.iter().find(|child| {
                let block = self.leaf(**child).and_then(|leaf| leaf.fields.first("Content-ID"));
                block.is_some_and(|id| bare(&String::from_utf8_lossy(id)) == start)
            })
        });
        let holds_text = |child: &&usize| match self.structure.parts.get(**child).map(|part| part.kind) {
            Some(PartKind::Multipart) => true,
            Some(_) => self.form(**child, true) != Form::File,
            None => false,
        };
        named.filter(holds_text).or_else(|| children.iter().find(holds_text)).copied()
    }

    /// What a leaf is by itself; `is_lead` says that a name of its own does not make it a file.
    fn form(&self, id: usize, is_lead: bool) -> Form {
        let Some(leaf) = self.leaf(id) else { return Form::File };
        let is_named = !is_lead && leaf.content_type.get("name").is_some();
        if leaf.is_attachment() || is_named {
            return Form::File;
        }
        let is_alone = self.structure.parts.len() == 1;
        let value = leaf.content_type.value.as_str();
        match (leaf.kind, value) {
            _ if leaf.is_html() => Form::Html,
            (PartKind::Text, "text/plain") => Form::Plain,
            // Without a type it is text (RFC 2045 section 5.2); without a slash, or as a multipart without parts, nobody
            // knows better.
            (PartKind::Text, _) if !value.contains('/') || value.starts_with("multipart/") => Form::Plain,
            (PartKind::Text, _) if is_alone && value.starts_with("text/") && !is_data(value) => Form::Plain,
            _ => Form::File,
        }
    }

    fn layout(&self, forms: &[Form]) -> Layout {
        let parts = &self.structure.parts;
        // What a part holds in all: HTML, plain text. Parts stand behind their parents, so backwards is bottom-up.
        let mut holds = vec![(false, false); parts.len()];
        for (id, part) in parts.iter().enumerate().rev() {
            let own = match forms.get(id).filter(|_| part.kind != PartKind::Multipart) {
                Some(Form::Html) => (true, false),
                Some(Form::Plain) => (false, true),
                _ => (false, false),
            };
            let all = part.children.iter().filter_map(|child| holds.get(*child).copied());
            let sum = all.fold(own, |sum, held: (bool, bool)| (sum.0 || held.0, sum.1 || held.1));
            if let Some(held) = holds.get_mut(id) {
                *held = sum;
            }
        }
        let mut layout = Layout::default();
        let blank = self.blank();
        let (by_html, by_text) = (self.visible(&holds, &blank, true), self.visible(&holds, &blank, false));
        for (id, _) in parts.iter().enumerate().filter(|(_, part)| part.kind != PartKind::Multipart) {
            if forms.get(id).is_none_or(|form| *form == Form::File) {
                layout.files.push(id);
                layout.is_encrypted |= self.leaf(id).is_some_and(is_sealed);
                continue;
            }
            for (visible, list) in [(&by_html, &mut layout.html), (&by_text, &mut layout.text)] {
                if visible.get(id) == Some(&true) {
                    list.push(id);
                }
            }
        }
        layout.is_encrypted |= (0..parts.len()).any(|id| self.subtype(id) == "encrypted");
        layout
    }

    /// Which parts are left when of every multipart/alternative only the better kind is taken. `blank` are texts that show
    /// nothing: an empty HTML part must not hide the plain text beside it.
    fn visible(&self, holds: &[(bool, bool)], blank: &[bool], prefers_html: bool) -> Vec<bool> {
        let mut visible = vec![true; self.structure.parts.len()];
        for (id, part) in self.structure.parts.iter().enumerate() {
            let is_seen = visible.get(id) == Some(&true);
            let is_alternative = self.subtype(id) == "alternative";
            let held = |child: &usize| holds.get(*child).copied().unwrap_or_default();
            let is_blank = |child: &usize| blank.get(*child) == Some(&true);
            let has_html = part.children.iter().any(|child| held(child).0 && !is_blank(child));
            let has_text = part.children.iter().any(|child| held(child).1 && !is_blank(child));
            let takes_html = if has_html && has_text { prefers_html } else { has_html || !has_text && prefers_html };
            let some_html = part.children.iter().any(|child| held(child).0);
            let some_text = part.children.iter().any(|child| held(child).1);
            let takes_html = takes_html && some_html || !some_text;
            for child in &part.children {
                let fits = if takes_html { held(child).0 } else { held(child).1 };
                if let Some(seen) = visible.get_mut(*child) {
                    *seen = is_seen && (!is_alternative || fits);
                }
            }
        }
        visible
    }

    /// The leaves of alternatives that show nothing.
    fn blank(&self) -> Vec<bool> {
        let mut blank = vec![false; self.structure.parts.len()];
        for (id, part) in self.structure.parts.iter().enumerate() {
            for child in part.children.iter().filter(|_| self.subtype(id) == "alternative") {
                if let Some(is_blank) = blank.get_mut(*child) {
                    *is_blank = self.is_blank(*child);
                }
            }
        }
        blank
    }

    /// Is it a text that shows nothing?
    fn is_blank(&self, id: usize) -> bool {
        let Some(leaf) = self.leaf(id) else { return false };
        let text = String::from_utf8_lossy(leaf.file());
        match leaf.kind {
            _ if leaf.is_html() => !says_something(&text),
            PartKind::Text => text.trim().is_empty(),
            _ => false,
        }
    }

    /// A mail without any usual text shows the first text that can be read as it is.
    fn show_what_can_be_read(&self, layout: &mut Layout) {
        let readable = |id: &&usize| {
            let leaf = self.leaf(**id).filter(|leaf| leaf.kind == PartKind::Text && !leaf.is_attachment());
            leaf.is_some_and(|leaf| READABLE.contains(&leaf.content_type.value.as_str()))
        };
        if let Some(id) = layout.files.iter().find(readable).copied() {
            layout.files.retain(|file| *file != id);
            layout.html = vec![id];
            layout.text = vec![id];
        }
    }
}

/// Texts that people can read without a program for them.
const READABLE: [&str; 4] = ["text/enriched", "text/richtext", "text/markdown", "text/x-markdown"];

/// Kinds of text that are made for programs.
fn is_data(content_type: &str) -> bool {
    ["text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/xml", "text/rtf"]
        .contains(&content_type)
}

/// Is the text of the mail inside this part, sealed by S/MIME (RFC 8551 section 3.4)?
fn is_sealed(leaf: &Leaf<'_>) -> bool {
    ["application/pkcs7-mime", "application/x-pkcs7-mime"].contains(&leaf.content_type.value.as_str())
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
