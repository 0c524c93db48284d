//! `format=flowed` (RFC 3676): lines that were broken for the wire, joined again for people.

/// Joins flowed lines. `deletes_space` is `DelSp=yes`: the space that marks a flowed line is no part of the text.
/// Quoted paragraphs are joined at their own depth and keep their marks.
pub(super) fn joined(text: &str, deletes_space: bool) -> String {
    let mut output = String::with_capacity(text.len());
    // The depth of the line that flows into the next one.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let (line, has_end) = line.strip_suffix('\n').map_or((line, false), |line| (line, true));
        let unquoted = line.trim_start_matches('>');
        let depth = line.len() - unquoted.len();
        // One space in front is stuffing (section 4.4).
        let content = unquoted.strip_prefix(' ').unwrap_or(unquoted);
        let is_signature = content == "-- ";
        if open.is_some() && (open != Some(depth) || is_signature) {
            output.push('\n');
            open = None;
        }
        if open.is_none() && depth > 0 {
            output.push_str(unquoted_marks(depth, content, line));
        }
        let flows = content.ends_with(' ') && !is_signature && has_end;
        let shown = if flows && deletes_space { content.strip_suffix(' ').unwrap_or(content) } else { content };
        output.push_str(shown);
        open = flows.then_some(depth);
        if !flows && has_end {
            output.push('\n');
        }
    }
    if open.is_some() {
        output.push('\n');
    }
    output
}

/// The marks in front of a quoted line, with one space unless the line is empty.
fn unquoted_marks<'a>(depth: usize, content: &str, line: &'a str) -> &'a str {
    let has_space = line.get(depth..).is_some_and(|rest| rest.starts_with(' '));
    let length = if has_space && !content.is_empty() { depth + 1 } else { depth };
    line.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::joined;
    use proptest::prelude::*;

    #[test]
    fn flowed_lines_join_and_fixed_ones_stay() {
        assert_eq!(joined("one \ntwo\nthree\n\nfour\n", false), "one two\nthree\n\nfour\n");
        assert_eq!(joined("one \ntwo\n", true), "onetwo\n");
    }

    #[test]
    fn quoted_paragraphs_join_at_their_own_depth() {
        assert_eq!(joined("> one \n> two\n>> three \n> four\nfive\n", false), "> one two\n>> three \n> four\nfive\n");
    }

    #[test]
    fn stuffing_goes_and_a_signature_never_flows() {
        assert_eq!(joined(" From here\n  two\n", false), "From here\n two\n");
        assert_eq!(joined("bye \n-- \nAnn\n", false), "bye \n-- \nAnn\n");
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "([a-c> ]|-- |\n){0,80}") {
            let words = |text: &str| text.replace('>', " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&joined(&text, false)), words(&text));
        }

        #[test]
        fn text_without_flowed_lines_stays(lines in proptest::collection::vec("(>{0,3}[a-c])?([a-c ]*[a-c])?", 0..10)) {
            let text: String = lines.iter().filter(|line| !line.starts_with(' ')).flat_map(|line| [line.as_str(), "\n"]).collect();
            prop_assert_eq!(joined(&text, false), text);
        }
    }
}
