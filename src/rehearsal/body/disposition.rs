//! Content-Disposition of form parts, as the HTML standard writes it: values in quotes, UTF-8 as it is, and of a file
//! name only `"`, CR and LF percent-encoded.

/// Name and file name of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) name: String,
    pub(super) filename: Option<String>,
}

/// Reads the header's value, or tells what is wrong with it.
pub(super) fn parse(header: &[u8]) -> Result<Disposition, String> {
    let text = std::str::from_utf8(header).map_err(|_| "a part has a name that is not UTF-8".to_owned())?;
    let malformed = || format!("a part has a malformed Content-Disposition: {text:?}");
    let mut rest = text.strip_prefix("form-data").ok_or_else(malformed)?;
    let (mut name, mut filename) = (None, None);
    while !rest.trim().is_empty() {
        rest = rest.trim_start().strip_prefix(';').ok_or_else(malformed)?.trim_start();
        let (key, after) = rest.split_once("=\"").ok_or_else(malformed)?;
        let (value, after) = after.split_once('"').ok_or_else(malformed)?;
        let slot = match key {
            "name" => &mut name,
            "filename" => &mut filename,
            _ => return Err(format!("a part has the parameter {key:?}; only name and filename are understood")),
        };
        if slot.replace(unescape(value)).is_some() {
            return Err(malformed());
        }
        rest = after;
    }
    Ok(Disposition { name: name.ok_or_else(malformed)?, filename })
}

fn unescape(value: &str) -> String {
    value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_utf_8_and_three_escapes_are_undone() {
        let header = "form-data; name=\"attachments[0]\"; filename=\"Ré%22port%22 100%25 ✓;.pdf\"";
        let expected =
            Disposition { name: "attachments[0]".to_owned(), filename: Some("Ré\"port\" 100%25 ✓;.pdf".to_owned()) };
        assert_eq!(parse(header.as_bytes()), Ok(expected));
    }

    #[test]
    fn a_backslash_is_a_character_like_any_other() {
        let header = br#"form-data; name="attachments[0]"; filename="C:\dir\""#;
        assert_eq!(parse(header).unwrap().filename.as_deref(), Some("C:\\dir\\"));
    }

    #[test]
    fn anything_else_is_refused() {
        for header in [
            &b""[..],
            b"attachment; name=\"to[0]\"",
            b"form-data",
            b"form-data; name=to",
            b"form-data; name=\"to",
            b"form-data; name=\"a\"; name=\"b\"",
            b"form-data; name=\"a\" filename=\"b\"",
            b"form-data; name=\"a\"; filename*=\"UTF-8''b\"",
            b"form-data; name=\"\xff\"",
        ] {
            assert!(parse(header).is_err(), "{header:?}");
        }
    }
}
