//! What of a mail's HTML is shown. Whatever is not named here is left out, with its content kept: text is never lost.

/// Elements that show text and pictures and do nothing.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "menu",
    "nav",
    "nobr",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Attributes that say how something looks. Addresses are not among them: those are judged one by one.
const ATTRIBUTES: &[&str] = &[
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "class",
    "clear",
    "color",
    "colspan",
    "compact",
    "dir",
    "face",
    "frame",
    "height",
    "hspace",
    "id",
    "lang",
    "noshade",
    "nowrap",
    "reversed",
    "rowspan",
    "rules",
    "size",
    "span",
    "start",
    "title",
    "type",
    "valign",
    "value",
    "vspace",
    "width",
];

/// Parts of tables.
const TABLE: &[&str] = &["caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"];

/// Elements without content, and without an end tag.
const EMPTY: &[&str] = &["br", "col", "hr", "img", "wbr"];

/// Elements that begin a line of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

pub(super) fn element(name: &str) -> bool {
    ELEMENTS.binary_search(&name).is_ok()
}

pub(super) fn attribute(name: &str) -> bool {
    ATTRIBUTES.binary_search(&name).is_ok()
}

pub(super) fn is_empty(element: &str) -> bool {
    EMPTY.contains(&element)
}

pub(super) fn is_block(element: &str) -> bool {
    BLOCKS.binary_search(&element).is_ok()
}

/// Whether the end of an element ends what was left open within it (HTML standard, section 13.2.6.4.7). Paragraphs are not
/// among them: whatever else begins in one ends it.
pub(super) fn ends_others(element: &str) -> bool {
    (is_block(element) || is_of_table(element)) && !is_empty(element) && element != "p"
}

pub(super) fn is_of_table(element: &str) -> bool {
    TABLE.binary_search(&element).is_ok()
}

/// An address that a reader may be shown and follow by hand.
pub(super) fn is_link(address: &str) -> bool {
    ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| starts_with(address, scheme))
}

/// An address of something on another server.
pub(super) fn is_remote(address: &str) -> bool {
    ["http:", "https:", "//", "\\\\", "/\\", "\\/"].iter().any(|start| starts_with(address, start))
}

/// A picture that the mail itself holds.
pub(super) fn is_inline_data(address: &str) -> bool {
    ["png", "jpeg", "jpg", "gif", "webp"].iter().any(|kind| starts_with(address, &format!("data:image/{kind};")))
}

/// Whether a text starts so, in any case of letters.
pub(super) fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order_and_hold_nothing_that_acts() {
        for list in [ELEMENTS, ATTRIBUTES, BLOCKS, TABLE] {
            assert!(list.is_sorted(), "{list:?}");
        }
        for name in ["script", "iframe", "form", "input", "object", "embed", "svg", "math", "link", "meta", "base"] {
            assert!(!element(name), "{name}");
        }
        for name in ["onerror", "onclick", "href", "src", "srcset", "background", "action", "ping", "target", "style"] {
            assert!(!attribute(name), "{name}");
        }
    }

    #[test]
    fn links_are_those_that_a_reader_can_judge() {
        assert!(is_link("HTTPS://x.example/") && is_link("mailto:a@x.example") && is_link("tel:+44"));
        for address in ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " https://x", "/x", "é"] {
            assert!(!is_link(address), "{address}");
        }
    }
}
