//! Header fields as raw bytes, before any decoding.

use super::charset::lossy;
use memchr::memchr;

/// The fields of one header block, in order.
pub(super) struct Fields<'a> {
    list: Vec<Field<'a>>,
    /// What the text of the mail declares; raw 8-bit bytes in fields are mostly in the same.
    pub(super) charset: Option<String>,
    /// There are lines that are no field and no separator, and what they hold is in no field.
    pub(super) has_stray_lines: bool,
}

/// One field: `value` holds its folds, but not the closing line end.
struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Splits a header block. Lines that are no field (a stray `>From -` line, a word without colon) are passed over,
    /// since other fields around them are still good.
    pub(super) fn split(block: &'a [u8]) -> Self {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut start = 0;
        // Where the value of the field at hand starts; none while passing over a line that is no field.
        let mut open: Option<usize> = None;
        let mut has_stray_lines = false;
        while start < block.len() {
            let rest = block.get(start..).unwrap_or_default();
            let end = memchr(b'\n', rest).map_or(block.len(), |at| start + at + 1);
            let line = block.get(start..end).unwrap_or_default();
            if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
                if let (Some(from), Some(field)) = (open, fields.last_mut()) {
                    field.value = block.get(from..end).unwrap_or_default();
                }
            } else if let Some((name, from)) = field_name(line) {
                open = Some(start + from);
                fields.push(Field { name, value: block.get(start + from..end).unwrap_or_default() });
            } else {
                open = None;
                let separator = line.starts_with(b">From ") || line.starts_with(b"From ");
                has_stray_lines |= !separator && !line.trim_ascii().is_empty();
            }
            start = end;
        }
        for field in &mut fields {
            field.value = field.value.trim_ascii_end();
        }
        Self { list: fields, charset: None, has_stray_lines }
    }

    /// Raw values of all fields of that name, in order.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        self.list.iter().filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes())).map(|field| field.value)
    }

    /// Names and raw values of all fields, in order.
    pub(super) fn named(&self) -> impl Iterator<Item = (std::borrow::Cow<'a, str>, &'a [u8])> {
        self.list.iter().map(|field| (lossy(field.name), field.value))
    }

    /// Raw value of the first field of that name.
    pub(super) fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The charset that the text of the mail declares, if it is known by now.
    pub(super) fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// Is there such a field?
    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

/// The name of a field line and the place after its colon. RFC 5322 section 2.2 allows no space in a name;
/// spaces before the colon are old usage (section 4.5).
fn field_name(line: &[u8]) -> Option<(&[u8], usize)> {
    let colon = memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii();
    let token = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    token.then_some((name, colon + 1))
}

/// The value without line ends; tabs become spaces.
pub(super) fn unfold(value: &[u8]) -> Vec<u8> {
    let mut line: Vec<u8> = Vec::with_capacity(value.len());
    for &byte in value.trim_ascii() {
        match byte {
            b'\r' | b'\n' => {}
            b'\t' => line.push(b' '),
            other => line.push(other),
        }
    }
    line
}

/// The value with every run of white space as one space: equal for copies that were folded differently.
pub(super) fn squeeze(value: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(value.len());
    for word in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(b' ');
        }
        line.extend_from_slice(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_values_stay_whole_and_names_ignore_case() {
        let fields = Fields::split(b"Subject: one\r\n two\r\nTO: a@x.example\r\n\r\n");
        assert_eq!(fields.first("subject"), Some(&b" one\r\n two"[..]));
        assert_eq!(fields.first("To"), Some(&b" a@x.example"[..]));
        assert_eq!(unfold(b" one\r\n\ttwo "), b"one two");
        assert_eq!(squeeze(b" one\r\n  two "), b"one two");
    }

    #[test]
    fn a_stray_line_hides_no_field() {
        let fields = Fields::split(b"A: 1\n>From - Thu Feb 05 22:34:43 2009\n more\nB: 2\nnonsense\nC : 3\n");
        assert_eq!(fields.first("A"), Some(&b" 1"[..]));
        assert_eq!(fields.first("B"), Some(&b" 2"[..]));
        assert_eq!(fields.first("C"), Some(&b" 3"[..]));
        assert!(fields.has_stray_lines);
        assert!(!Fields::split(b"A: 1\n>From - Thu Feb 05 22:34:43 2009\n more\n\r\n").has_stray_lines);
    }

    #[test]
    fn odd_lines_in_a_header_hide_neither_fields_nor_body() {
        let date = "Date: Fri, 21 Nov 1997 09:55:06 -0600\n";
        for odd in [
            ">From - Thu Feb 05 22:34:43 2009\n",
            "From - Thu Feb 05 22:34:43 2009\n",
            "a line without colon\n",
            "   \n",
            " \t \r\n",
            &format!("X-Long: {}\n", "x".repeat(200_000)),
        ] {
            let mail = format!("From: a@x.example\n{odd}Subject: found\n{date}\nthe text\n");
            let record = crate::record::testing::record(mail.as_bytes());
            assert_eq!(record.subject.as_deref(), Some("found"), "{odd:.40}");
            assert_eq!(record.date, Some(880_127_706), "{odd:.40}");
            assert_eq!(record.body, crate::record::Body::Text("the text\n".into()), "{odd:.40}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_splitter_panic(block in proptest::collection::vec(proptest::num::u8::ANY, 0..96)) {
            let fields = Fields::split(&block);
            squeeze(fields.first("a").unwrap_or_default());
            unfold(&block);
        }
    }

    #[test]
    fn repeated_fields_keep_their_order() {
        let fields = Fields::split(b"Received: 1\nReceived: 2\n");
        let all: Vec<_> = fields.all("received").collect();
        assert_eq!(all, [b" 1", b" 2"]);
        assert!(!fields.has("From"));
    }
}
