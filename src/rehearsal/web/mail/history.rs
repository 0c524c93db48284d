//! The pieces of a mail with the quoted history among them: where it begins, and where it ends.
//!
//! Survey and document both read a mail so, and therefore fold the same: a frame is as high as what it shows.

use super::allowed;
use super::quotes::{self, Begins};
use super::tokens::{Piece, Tag, walk};

/// A piece, or a border of quoted history between two.
pub(super) enum Part<'a> {
    Piece(Piece<'a>),
    /// History that nothing to read stands before is all that there is, and stays open.
    Begins {
        is_folded: bool,
    },
    Ends,
}

/// Open elements that are looked through for the one that an end tag means. What lies deeper stays open: an end tag costs
/// no more for it.
const DEPTH: usize = 256;

/// Hands over the parts in order.
pub(super) fn parts(html: &str, take: impl FnMut(Part<'_>)) {
    let mut reader = Reader { take, has_text: false, open: Vec::new(), history: None, held: None };
    walk(html, |piece| reader.piece(piece));
    reader.let_go();
}

struct Reader<F> {
    take: F,
    /// Something to read has been seen.
    has_text: bool,
    /// Names of the elements that are open and end what was left open within them.
    open: Vec<String>,
    history: Option<History>,
    /// A `div` that may be the one around the line that Outlook for Windows draws, and the white space behind it.
    held: Option<(Tag, String)>,
}

/// History that is being read.
struct History {
    /// How many elements were open before it.
    outside: usize,
    begins: Begins,
}

impl<F: FnMut(Part<'_>)> Reader<F> {
    fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open(tag) => self.begin(tag),
            Piece::Text(text) if text.trim().is_empty() && self.held.is_some() => {
                if let Some((_, space)) = &mut self.held {
                    space.push_str(text);
                }
            }
            Piece::Text(text) => {
                self.let_go();
                self.has_text |= text.chars().any(|letter| !letter.is_whitespace());
                (self.take)(Part::Piece(piece));
            }
            Piece::Close(name) => {
                self.let_go();
                self.end(name);
            }
            Piece::Style(_) => {
                self.let_go();
                (self.take)(Part::Piece(piece));
            }
        }
    }

    fn begin(&mut self, tag: &Tag) {
        if !allowed::element(&tag.name) {
            self.let_go();
            return (self.take)(Part::Piece(Piece::Open(tag)));
        }
        let begins = if self.history.is_none() { quotes::begins(tag) } else { None };
        if begins == Some(Begins::Rest)
            && let Some(holder) = self.held.take()
        {
            // The line and the header below it lie in a `div` of their own: what they head stands behind that.
            self.history_begins(Begins::Rest);
            self.open_held(holder);
            return self.open(tag);
        }
        self.let_go();
        if let Some(begins) = begins {
            self.history_begins(begins);
        } else if tag.name == "div" && self.history.is_none() {
            self.held = Some((tag.clone(), String::new()));
            return;
        }
        self.open(tag);
    }

    fn history_begins(&mut self, begins: Begins) {
        self.history = Some(History { outside: self.open.len(), begins });
        (self.take)(Part::Begins { is_folded: self.has_text });
    }

    fn let_go(&mut self) {
        if let Some(holder) = self.held.take() {
            self.open_held(holder);
        }
    }

    fn open_held(&mut self, (tag, space): (Tag, String)) {
        self.open(&tag);
        if !space.is_empty() {
            (self.take)(Part::Piece(Piece::Text(&space)));
        }
    }

    fn open(&mut self, tag: &Tag) {
        let is_history = self.history.as_ref().is_some_and(|history| history.outside == self.open.len());
        if allowed::ends_others(&tag.name) || is_history && !allowed::is_empty(&tag.name) {
            self.open.push(tag.name.clone());
        }
        (self.take)(Part::Piece(Piece::Open(tag)));
    }

    fn end(&mut self, name: &str) {
        let ended = self.opened(name);
        if let Some(at) = ended {
            self.open.truncate(at);
        }
        let (ends_before, ends_behind) = match (ended, &self.history) {
            (Some(at), Some(history)) => {
                (at < history.outside, at == history.outside && history.begins == Begins::Element)
            }
            _ => (false, false),
        };
        if ends_before {
            self.history_ends();
        }
        (self.take)(Part::Piece(Piece::Close(name)));
        if ends_behind {
            self.history_ends();
        }
    }

    /// The place of the open element that an end tag means. Cells keep what lies in them to themselves.
    fn opened(&self, name: &str) -> Option<usize> {
        let is_of_table = allowed::is_of_table(name);
        let nearest = self.open.iter().enumerate().rev().take(DEPTH);
        let reachable = nearest.take_while(|(_, open)| is_of_table || *open == name || !allowed::is_of_table(open));
        reachable.filter(|(_, open)| *open == name).map(|(at, _)| at).next()
    }

    fn history_ends(&mut self) {
        self.history = None;
        (self.take)(Part::Ends);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements as they come, with the borders of history as braces; round ones where it stays open.
    fn read(html: &str) -> String {
        let mut read = String::new();
        let mut closing = '}';
        parts(html, |part| match part {
            Part::Piece(Piece::Open(tag)) => read.push_str(&["<", &tag.name, ">"].concat()),
            Part::Piece(Piece::Close(name)) => read.push_str(&["</", name, ">"].concat()),
            Part::Piece(Piece::Text(text) | Piece::Style(text)) => read.push_str(text),
            Part::Begins { is_folded } => {
                closing = if is_folded { '}' } else { ')' };
                read.push(if is_folded { '{' } else { '(' });
            }
            Part::Ends => read.push(closing),
        });
        read
    }

    #[test]
    fn a_quote_ends_with_its_element_and_what_a_header_heads_with_what_holds_both() {
        let nested = "<blockquote>b<blockquote>c</blockquote>d</blockquote>";
        assert_eq!(read(&format!("a{nested}e")), format!("a{{{nested}}}e"));
        assert_eq!(read("<div>a<div id=divRplyFwdMsg>b</div>c</div>d"), "<div>a{<div>b</div>c}</div>d");
        assert_eq!(read("a<hr id=stopSpelling>b"), "a{<hr>b");
        assert_eq!(read("<blockquote>all there is</blockquote>"), "(<blockquote>all there is</blockquote>)");
        assert_eq!(read("<div>a<blockquote>b</div>c"), "<div>a{<blockquote>b}</div>c");
        let cell = "<table><tr><td>a<div id=appendonsend></div>b</td><td>c";
        assert_eq!(read(cell), "<table><tr><td>a{<div></div>b}</td><td>c");
    }

    #[test]
    fn an_end_tag_without_a_beginning_and_one_beyond_its_cell_end_nothing() {
        let header = "<div id=appendonsend>";
        assert_eq!(read(&format!("a{header}b</div></div></p>c")), "a{<div>b</div></div></p>c");
        assert!(!read(&format!("<div>a{header}<table><td></div></div>b")).contains('}'));
    }

    #[test]
    fn the_line_of_outlook_for_windows_begins_history_with_the_div_around_it() {
        let ruled = "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3pt'>";
        assert_eq!(
            read(&format!("<div><p>Yes</p><div>\n{ruled}<p>From: x</p></div></div><p>old</p></div>mine")),
            "<div><p>Yes</p>{<div>\n<div><p>From: x</p></div></div><p>old</p>}</div>mine"
        );
        assert_eq!(read(&format!("Yes<div>text{ruled}From: x</div>old")), "Yes<div>text{<div>From: x</div>old");
        assert_eq!(read("<div> <div> <div>"), "<div> <div> <div>");
    }

    #[test]
    fn however_many_elements_are_open_an_end_tag_is_soon_told() {
        let html = format!("{}{}", "<div>".repeat(50_000), "</center>".repeat(50_000));
        assert_eq!(read(&format!("<center>{html}")).matches("</center>").count(), 50_000);
    }
}
