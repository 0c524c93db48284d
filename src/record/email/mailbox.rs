//! The grammar of address lists (RFC 5322 sections 3.4 and 4.4), read without judging what is an address.
//!
//! Whatever is not closed (quote, comment, angle bracket) ends where a person would end it, and no input costs more than
//! one pass: after a quote or comment that has no end, none is looked for any more.

/// One entry of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Words outside of angle brackets and comments, quotes undone; the quotes of a local part stay.
    pub(super) words: Vec<String>,
    /// Comments, one space between them.
    pub(super) comment: String,
    /// What stands in angle brackets.
    pub(super) angle: Option<String>,
    /// It was ended by a comma, which may belong to a name that should stand in quotes.
    pub(super) comma: bool,
}

impl Entry {
    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.comment.is_empty() && self.angle.is_none()
    }
}

/// Splits an unfolded list into its entries: groups are flattened, semicolons divide as commas do (Outlook).
pub(super) fn entries(line: &str) -> Vec<Entry> {
    let mut reader = Reader { rest: line, ..Reader::default() };
    while let Some(first) = reader.rest.chars().next() {
        reader.step(first);
    }
    reader.finish(false);
    reader.entries
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts about the place of reading; none excludes another")]
struct Reader<'a> {
    rest: &'a str,
    entries: Vec<Entry>,
    entry: Entry,
    /// One of the words holds an `@`.
    has_at: bool,
    /// The last word goes on: no space since.
    in_word: bool,
    quotes_open: bool,
    comments_open: bool,
}

impl Reader<'_> {
    fn step(&mut self, first: char) {
        let after = self.rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            ',' | ';' => {
                self.rest = after;
                self.finish(first == ',');
            }
            ':' if !self.has_address() => {
                // The name of a group, or a scheme such as `mailto:` or `SMTP:`.
                self.rest = after;
                self.entry.words.clear();
                self.in_word = false;
            }
            '"' => self.quoted(after),
            '(' => self.comment(after),
            '<' => self.angle(after),
            '[' => self.literal(),
            '>' | ')' => self.rest = after,
            space if space.is_whitespace() => {
                self.rest = after;
                self.in_word = false;
            }
            _ => {
                let stop = |character: char| character.is_whitespace() || ",;:\"(<[>)".contains(character);
                // A colon that does not end a group name is part of the word.
                let end = after.find(stop).map_or(self.rest.len(), |at| at + first.len_utf8());
                let (word, rest) = self.rest.split_at(end);
                self.push(word);
                self.rest = rest;
            }
        }
    }

    fn has_address(&self) -> bool {
        self.entry.angle.is_some() || self.has_at
    }

    /// Adds to the word at hand, or begins one; after an angle address a new entry begins without a comma.
    fn push(&mut self, text: &str) {
        if self.entry.angle.is_some() {
            self.finish(true);
        }
        match self.entry.words.last_mut() {
            Some(word) if self.in_word => word.push_str(text),
            _ => self.entry.words.push(text.to_owned()),
        }
        self.in_word = true;
        self.has_at |= text.contains('@');
    }

    fn finish(&mut self, comma: bool) {
        let entry = std::mem::take(&mut self.entry);
        self.in_word = false;
        self.has_at = false;
        if !entry.is_empty() {
            self.entries.push(Entry { comma, ..entry });
        }
    }

    fn quoted(&mut self, after: &str) {
        let closed = if self.quotes_open { None } else { until_quote(after) };
        let Some((text, length)) = closed else {
            self.quotes_open = true;
            self.skip(1);
            return;
        };
        let is_local = after.get(length..).is_some_and(|tail| tail.trim_start().starts_with('@'));
        let shown = if is_local { after.get(..length).map(|raw| format!("\"{raw}")).unwrap_or_default() } else { text };
        self.push(&shown);
        self.skip(1 + length);
    }

    fn comment(&mut self, after: &str) {
        let closed = if self.comments_open { None } else { until_parenthesis(after) };
        let Some((text, length)) = closed else {
            self.comments_open = true;
            self.skip(1);
            return;
        };
        let text = text.trim();
        if !text.is_empty() {
            if !self.entry.comment.is_empty() {
                self.entry.comment.push(' ');
            }
            self.entry.comment.push_str(text);
        }
        self.skip(1 + length);
    }

    /// A comment in an X.500 name is none: `/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)`.
    fn angle(&mut self, after: &str) {
        if self.entry.angle.is_some() {
            self.finish(true);
        }
        let inside = after.trim_start_matches(['<', ' ']);
        let lead = after.len() - inside.len();
        let mut in_quotes = false;
        // The next `<` ends it, too: a line of openings must not be searched to its end for each.
        let found = inside.char_indices().find(|(_, character)| {
            in_quotes ^= *character == '"';
            matches!(character, '>' | '<') && !in_quotes
        });
        let end = found.map_or_else(|| inside.find(['>', ',', ';', '<']).unwrap_or(inside.len()), |(at, _)| at);
        let (raw, tail) = inside.split_at(end);
        let length = end + usize::from(tail.starts_with('>'));
        let raw = if tail.starts_with('>') { raw } else { raw.trim_end_matches([',', ' ', ';']) };
        let text = if raw.starts_with('/') { raw.to_owned() } else { without_comments(raw) };
        self.entry.angle = Some(text.trim().to_owned());
        self.in_word = false;
        self.skip(1 + lead + length);
    }

    /// A domain literal (`[192.0.2.1]`), which may hold colons.
    fn literal(&mut self) {
        let end = self.rest.find([']', ',', '>']).map_or(self.rest.len(), |at| at + 1);
        let (word, rest) = self.rest.split_at(end);
        self.push(word);
        self.rest = rest;
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

/// The text up to the closing quote, escapes undone, and the bytes it took, the quote among them.
fn until_quote(text: &str) -> Option<(String, usize)> {
    let mut unquoted = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((unquoted, at + 1)),
            '\\' => unquoted.extend(characters.next().map(|(_, escaped)| escaped)),
            other => unquoted.push(other),
        }
    }
    None
}

/// The text up to the parenthesis that closes the comment, and the bytes it took.
fn until_parenthesis(text: &str) -> Option<(String, usize)> {
    let mut depth = 1_usize;
    let mut inside = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                inside.extend(characters.next().map(|(_, escaped)| escaped));
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((inside, at + 1));
        }
        inside.push(character);
    }
    None
}

fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('(') {
        kept.push_str(before);
        let Some((_, length)) = until_parenthesis(after) else {
            return kept + after;
        };
        rest = after.get(length..).unwrap_or_default();
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        let angle = |entry: &Entry| entry.angle.as_ref().map(|angle| format!("<{angle}>")).unwrap_or_default();
        let comment =
            |entry: &Entry| if entry.comment.is_empty() { String::new() } else { format!("({})", entry.comment) };
        entries(line).iter().map(|entry| entry.words.join("|") + &angle(entry) + &comment(entry)).collect()
    }

    #[test]
    fn words_quotes_comments_and_angles_are_told_apart() {
        assert_eq!(shown(r#""Doe, \"J\"" Q <j@x> (a (b) c), k@x"#), [r#"Doe, "J"|Q<j@x>(a (b) c)"#, "k@x"]);
        assert_eq!(shown(r#""a b"@x, <"c, d"@x>"#), [r#""a b"@x"#, r#"<"c, d"@x>"#]);
        assert_eq!(shown("<joe(not this)@x>"), ["<joe@x>"]);
    }

    #[test]
    fn groups_and_semicolons_only_divide() {
        assert_eq!(shown("Team: a@x, B <b@x>;, c@x; d@x"), ["a@x", "B<b@x>", "c@x", "d@x"]);
        assert_eq!(shown("none:;"), [""; 0]);
        assert_eq!(shown("j@[IPv6:2001:db8::1]"), ["j@[IPv6:2001:db8::1]"]);
    }

    #[test]
    fn what_is_not_closed_ends_where_a_person_would_end_it() {
        assert_eq!(shown("\"Joe <j@x>, k@x"), ["Joe<j@x>", "k@x"]);
        assert_eq!(shown("Joe (at home <j@x>"), ["Joe|at|home<j@x>"]);
        assert_eq!(shown("<j@x, <k@x"), ["<j@x>", "<k@x>"]);
        assert_eq!(shown("<<j@x>>"), ["<j@x>"]);
        assert_eq!(shown("A <a@x> B <b@x>"), ["A<a@x>", "B<b@x>"]);
    }

    #[test]
    fn hostile_lines_cost_no_quadratic_time() {
        // A search to the end for every piece would keep this test busy for hours.
        for piece in ["<a", "<\"a", "(", "\"", "\"\\", "a:", "a@:", "[", "<a(", "a ", ",", "<,"] {
            let line = format!("b {} w@x : : :", piece.repeat(200_000));
            assert!(!entries(&line).is_empty(), "{piece}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_line_comes_to_an_end(line in "[a@<>,;:\"()\\[\\]\\\\ é/=]{0,40}") {
            for entry in entries(&line) {
                assert!(!entry.is_empty());
            }
        }
    }
}
