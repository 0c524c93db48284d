//! The text of an HTML body, for where Front takes no HTML.

use html5gum::{DefaultEmitter, HtmlString, Token, Tokenizer};

/// Elements of which not even the content is for readers.
const HIDDEN: [&str; 5] = ["script", "style", "title", "template", "noframes"];

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 24] = [
    "address",
    "article",
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "ol",
    "pre",
    "table",
    "tr",
    "ul",
];

/// The text as a reader sees it: elements that begin a line begin one, white space of the source is one space, and a link that says
/// another thing than where it leads says both. One pass over the tokens: time and memory follow the length of the HTML.
pub(super) fn html_to_text(html: &str) -> String {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut text = Text::default();
    let mut hidden: Option<String> = None;
    // Reading from memory cannot fail.
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) if hidden.is_none() => {
                let name = lossy(&tag.name);
                match name.as_str() {
                    hides if HIDDEN.contains(&hides) => hidden = Some(name),
                    "br" => text.end_line(),
                    "p" => text.end_paragraph(),
                    "a" => text.link = tag.attributes.get(&b"href"[..]).map(|href| lossy(&href.value)),
                    block if BLOCKS.contains(&block) => text.begin_line(),
                    _ => {}
                }
            }
            Token::EndTag(tag) => {
                let name = lossy(&tag.name);
                if hidden.is_some() {
                    hidden = hidden.filter(|hides| *hides != name);
                    continue;
                }
                match name.as_str() {
                    "p" => text.end_paragraph(),
                    "a" => text.end_link(),
                    block if BLOCKS.contains(&block) => text.begin_line(),
                    "td" | "th" => text.words(" "),
                    _ => {}
                }
            }
            Token::String(words) if hidden.is_none() => text.words(&lossy(&words.value)),
            _ => {}
        }
    }
    text.finished()
}

fn lossy(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// A text that grows, and what is known of its end.
#[derive(Default)]
struct Text {
    written: String,
    /// White space was seen behind the last word.
    has_space: bool,
    /// Where the link at hand leads.
    link: Option<String>,
}

impl Text {
    fn words(&mut self, text: &str) {
        for (at, word) in text.split(|letter: char| letter.is_ascii_whitespace()).enumerate() {
            self.has_space |= at > 0;
            if word.is_empty() {
                continue;
            }
            if self.has_space && !self.written.is_empty() && !self.written.ends_with('\n') {
                self.written.push(' ');
            }
            self.has_space = false;
            self.written.push_str(word);
        }
    }

    fn end_line(&mut self) {
        self.has_space = false;
        if !self.written.is_empty() {
            self.written.push('\n');
        }
    }

    fn begin_line(&mut self) {
        if !self.written.ends_with('\n') {
            self.end_line();
        }
    }

    fn end_paragraph(&mut self) {
        self.begin_line();
        if !self.written.is_empty() && !self.written.ends_with("\n\n") {
            self.written.push('\n');
        }
    }

    fn end_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        let is_web = ["http://", "https://"].iter().any(|scheme| link.starts_with(scheme));
        if is_web && !self.written.ends_with(link.as_str()) {
            self.words(&format!(" ({link})"));
        }
    }

    fn finished(self) -> String {
        self.written.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_note_reads_as_it_did() {
        let html = "<style>p{}</style><p>Call <b>Ann</b>\n  back.</p><div>First<br>second</div><ul><li>a<li>b</ul>\
                    <a href='https://x.example/1'>the order</a> &amp; <a href='https://y.example'>https://y.example</a>";
        let text = "Call Ann back.\n\nFirst\nsecond\na\nb\nthe order (https://x.example/1) & https://y.example";
        assert_eq!(html_to_text(html), text);
        assert_eq!(html_to_text("<script>x()</script>"), "");
    }

    proptest! {
        #[test]
        fn any_html_has_a_text(html in "(<[a-z/!]{0,8}( [a-z]+='[^']{0,5}')?>|\\PC|\n){0,40}") {
            html_to_text(&html);
        }
    }
}
