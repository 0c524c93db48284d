//! Style sheets of a mail: kept, less what would fetch something.

/// Words that fetch what is named behind them. In their place stands one that no browser knows.
const FETCHING: [&str; 5] = ["url(", "image(", "image-set(", "src(", "@import"];

/// The style with nothing left in it that names a place to fetch from, except pictures that it holds itself.
///
/// The mail's policy forbids to fetch in any case: this keeps the console quiet, and is the second lock on the same door.
pub(super) fn tamed(style: &str) -> String {
    // An escape can spell any of the words in another way.
    if style.contains('\\') {
        return tamed(&style.replace('\\', " "));
    }
    let mut kept = String::with_capacity(style.len());
    let mut rest = style;
    while let Some((at, word)) = first(rest) {
        let (before, found) = rest.split_at(at);
        let (_, after) = found.split_at(word.len());
        kept.push_str(before);
        if word == "url(" && super::allowed::is_inline_data(after.trim_start().trim_start_matches(['"', '\''])) {
            kept.push_str(word);
        } else {
            kept.push_str(if word == "@import" { "@unsaid" } else { "unsaid(" });
        }
        rest = after;
    }
    kept.push_str(rest);
    // Nothing in a style sheet needs this sign but what would end it.
    kept.replace('<', " ")
}

/// The first word that fetches, in any case of letters.
fn first(text: &str) -> Option<(usize, &'static str)> {
    let places =
        text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'u' | b'U' | b'i' | b'I' | b's' | b'S' | b'@'));
    let word_at = |(at, _): (usize, u8)| {
        let rest = text.get(at..)?;
        FETCHING.into_iter().find(|word| super::allowed::starts_with(rest, word)).map(|word| (at, word))
    };
    places.map(word_at).find_map(|found| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_stays_and_what_fetches_goes() {
        assert_eq!(tamed("color: red; font-size: 12pt"), "color: red; font-size: 12pt");
        for hostile in [
            "background: url(https://t.example/a)",
            "background: URL( 'http://t.example/a')",
            "@import 'https://t.example/a.css';",
            "@IMPORT url(//t.example/a.css);",
            "content: image-set('https://t.example/a' 1x)",
            "background: \\75rl(https://t.example/a)",
            "background: u\\72l(https://t.example/a)",
        ] {
            let kept = tamed(hostile).to_ascii_lowercase();
            assert!(!FETCHING.iter().any(|word| kept.contains(word)), "{kept}");
        }
        assert_eq!(tamed("a{}</style><script>"), "a{} /style> script>");
    }

    #[test]
    fn a_picture_within_the_style_stays() {
        let style = "background: url(\"data:image/png;base64,AAAA\")";
        assert_eq!(tamed(style), style);
        assert!(!tamed("background: url(data:text/html,x)").contains("url("));
    }
}
