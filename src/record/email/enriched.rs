//! text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341 section 7.1.3) as plain text.

/// The text without formatting commands. One line end is a space, more are one fewer (RFC 1896); in text/richtext every
/// line end is a space and `<nl>` a line.
pub(super) fn plain(text: &str, is_richtext: bool) -> String {
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    let mut hidden: usize = 0;
    while let Some(next) = rest.find(['<', '\n']) {
        let (before, from) = rest.split_at(next);
        push(before, hidden, &mut output);
        if let Some(literal) = from.strip_prefix("<<").filter(|_| !is_richtext) {
            push("<", hidden, &mut output);
            rest = literal;
        } else if let Some(command) = from.strip_prefix('<') {
            // A command is short; a lone `<` is text.
            let end = command.bytes().take(70).position(|byte| byte == b'>');
            let Some(name) = end.and_then(|end| command.get(..end)) else {
                push("<", hidden, &mut output);
                rest = command;
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "param" | "comment" => hidden += 1,
                "/param" | "/comment" => hidden = hidden.saturating_sub(1),
                "lt" => push("<", hidden, &mut output),
                "nl" | "np" => push("\n", hidden, &mut output),
                "/paragraph" => push("\n\n", hidden, &mut output),
                _ => {}
            }
            rest = command.get(name.len() + 1..).unwrap_or_default();
        } else {
            let ends = from.len() - from.trim_start_matches('\n').len();
            let shown = if is_richtext || ends == 1 { " ".to_owned() } else { "\n".repeat(ends - 1) };
            push(&shown, hidden, &mut output);
            rest = from.get(ends..).unwrap_or_default();
        }
    }
    push(rest, hidden, &mut output);
    output
}

fn push(text: &str, hidden: usize, output: &mut String) {
    if hidden == 0 {
        output.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn commands_go_and_text_stays() {
        let text = "<bold>Now</bold> is\nthe <color><param>red</param>time</color>\n\n<<tag>, 1 < 2\n";
        assert_eq!(plain(text, false), "Now is the time\n<tag>, 1 < 2 ");
    }

    #[test]
    fn richtext_has_its_own_line_ends() {
        assert_eq!(plain("a\nb<nl>c <lt>d> <comment>x</comment>e", true), "a b\nc <d> e");
    }

    #[test]
    fn broken_commands_lose_no_text() {
        assert_eq!(plain("a < b and <param", false), "a < b and <param");
    }
}
