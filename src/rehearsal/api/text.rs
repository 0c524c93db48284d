//! The plain text of a message, as `text` and `blurb` give it. Good enough to read and to search in, no more.

/// Longest blurb in characters.
const BLURB: usize = 140;

/// The text of an HTML body: tags gone, blocks on lines of their own, the common entities undone.
pub(super) fn of_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        push_unescaped(&mut text, before);
        let name_end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '!' && c != '-');
        let name = after.get(..name_end.unwrap_or(after.len())).unwrap_or_default().to_ascii_lowercase();
        let hidden_until = match name.as_str() {
            "style" => Some("</style"),
            "script" => Some("</script"),
            "title" => Some("</title"),
            name if name.starts_with("!--") => Some("-->"),
            _ => None,
        };
        if let Some(end) = hidden_until {
            rest = find_ignoring_case(after, end).and_then(|at| after.get(at..)).unwrap_or_default();
            // A closing tag is skipped as any other; of a comment only the last character is left to skip.
            rest = rest.split_once('>').map_or("", |(_, rest)| rest);
            continue;
        }
        let name = name.trim_end_matches('/');
        if ["br", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3", "/blockquote"].contains(&name) {
            text.push('\n');
        }
        rest = after.split_once('>').map_or("", |(_, rest)| rest);
    }
    push_unescaped(&mut text, rest);
    text.trim().to_owned()
}

fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    text.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

fn push_unescaped(into: &mut String, text: &str) {
    if !text.contains('&') {
        into.push_str(text);
        return;
    }
    // The ampersand last, or `&amp;lt;` would turn into `<`.
    let pairs = [("&nbsp;", "\u{a0}"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    into.push_str(&pairs.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign)));
}

/// The beginning of a text on one line.
pub(super) fn blurb(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > BLURB * 4 {
            break;
        }
    }
    words.chars().take(BLURB).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_readable_text() {
        let html = "<html><STYLE>p{color:red}</Style><body><!-- <b>no</b> --><p>One &amp; two</p>three<br/>&lt;four&gt; \
                    &amp;lt;</body>";
        assert_eq!(of_html(html), "One & two\nthree\n<four> &lt;");
    }

    #[test]
    fn broken_html_ends_the_text_and_nothing_else() {
        for (html, text) in
            [("a<", "a"), ("a<b", "a"), ("<style>x", ""), ("<!--", ""), ("a > b", "a > b"), ("<é>x", "x")]
        {
            assert_eq!(of_html(html), text, "{html}");
        }
    }

    #[test]
    fn a_blurb_is_one_short_line() {
        assert_eq!(blurb("  Hello\n\n there "), "Hello there");
        assert_eq!(blurb(&"ä".repeat(5000)).chars().count(), BLURB);
    }
}
