//! Mail on its way into a browser.
//!
//! ```text
//!            tokens ──► history ──► survey ──► how high a frame, which pictures, is anything elsewhere
//!  html ──►                            │
//!            tokens ──► history ──► document: only what is allowed, quotes folded, pictures in place
//!  text ──► plain: lines and quotes, as text
//! ```
//!
//! Mail HTML is hostile. What keeps it in is the policy and the sandbox of its frame; that only harmless elements and
//! attributes are written into it is a second lock, and keeps the console quiet.

mod allowed;
mod document;
mod history;
mod pictures;
mod plain;
mod quotes;
mod style;
mod survey;
mod tokens;

pub(super) use self::document::{Pictures, document};
pub(super) use self::plain::{of_html, of_text};
pub(super) use self::survey::survey;
use self::tokens::{Piece, walk};

/// The text of an HTML body as a reader sees it, blocks on lines of their own.
pub(super) fn text(html: &str) -> String {
    let mut text = String::new();
    walk(html, |piece| match piece {
        Piece::Text(shown) => text.push_str(shown),
        Piece::Open(tag) if allowed::is_block(&tag.name) || tag.name == "br" => text.push('\n'),
        Piece::Close(name) if allowed::is_block(name) => text.push('\n'),
        _ => {}
    });
    text
}
