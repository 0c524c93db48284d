//! The words in an error body, fit to be shown and stored.

use std::time::Duration;

use serde_json::Value;

/// Longest text kept of an answer, in characters.
const LONGEST: usize = 500;

/// So many details of an error are enough, and keep the look-out for repeated ones short.
const MOST_DETAILS: usize = 20;

/// What the body says: Front's error object in any of its shapes, another JSON text, the words of an HTML page, or the
/// text itself. One line without control characters.
pub(super) fn reason(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => from_json(&value),
        Err(_) => from_text(&String::from_utf8_lossy(body)),
    };
    let text = one_line(&text);
    if text.is_empty() { "no explanation".to_owned() } else { text }
}

/// Whether the body is an error of Front itself, not of something between.
pub(super) fn is_fronts_own(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| value.get("_error").is_some())
}

/// The wait named in words, as in `Please retry in 341 milliseconds.`
pub(super) fn milliseconds(text: &str) -> Option<Duration> {
    text.match_indices(" millisecond").find_map(|(at, _)| {
        let before = text.get(..at)?.trim_end();
        let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok().map(Duration::from_millis)
    })
}

/// Documented as `{_error: {status, title, message, details: [text]}}`, any part of which may be missing; older answers
/// are `{errors: [{title, detail}]}`.
fn from_json(value: &Value) -> String {
    let mut words: Vec<&str> = Vec::new();
    collect(value.get("_error").unwrap_or(value), &mut words);
    for error in value.get("errors").and_then(Value::as_array).into_iter().flatten().take(MOST_DETAILS) {
        collect(error, &mut words);
    }
    if words.is_empty() { value.to_string() } else { words.join(": ") }
}

/// The same sentence often stands in title and message: it is kept once.
fn collect<'v>(error: &'v Value, words: &mut Vec<&'v str>) {
    let named = ["title", "message", "detail", "error"].into_iter().filter_map(|name| error.get(name));
    let details = error.get("details").and_then(Value::as_array).into_iter().flatten().take(MOST_DETAILS);
    for text in std::iter::once(error).chain(named).chain(details).filter_map(Value::as_str) {
        if !words.contains(&text) {
            words.push(text);
        }
    }
}

fn from_text(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").map(|at| at + "<title>".len());
    let end = title.and_then(|from| lower.get(from..)?.find("</title>").map(|length| from + length));
    if let (Some(from), Some(to)) = (title, end)
        && let Some(title) = text.get(from..to)
    {
        return title.to_owned();
    }
    if !lower.contains("<html") && !lower.contains("<body") {
        return text.to_owned();
    }
    let mut in_tag = false;
    let mut words = String::new();
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                words.push(' ');
            }
            _ if !in_tag => words.push(c),
            _ => {}
        }
    }
    words
}

/// One line without control characters, at most [`LONGEST`] characters.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line = String::new();
    let mut length = 0;
    for word in words {
        if length + 1 >= LONGEST {
            return line;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length >= LONGEST {
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_known_shape_of_error_gives_its_words() {
        for (body, words) in [
            (
                r#"{"_error":{"status":400,"title":"Bad request","message":"Body did not satisfy requirements","details":["body.to: missing",7]}}"#,
                "Bad request: Body did not satisfy requirements: body.to: missing",
            ),
            (r#"{"_error":{"message":"An internal error occurred."}}"#, "An internal error occurred."),
            (r#"{"_error":{"title":"Gone","message":"Gone"}}"#, "Gone"),
            (r#"{"_error":"plain"}"#, "plain"),
            (r#"{"errors":[{"title":"Nope","detail":"why","status":"400"}]}"#, "Nope: why"),
            (r#"{"message":"direct"}"#, "direct"),
            (r#"{"code":7}"#, r#"{"code":7}"#),
            ("<html><head><TITLE>502 Bad\nGateway</TITLE></head><body><h1>x</h1></body></html>", "502 Bad Gateway"),
            ("<html><body><h1>Bad</h1><p>Gateway</body>", "Bad Gateway"),
            ("just\u{7} text\r\n", "just text"),
            ("", "no explanation"),
        ] {
            assert_eq!(reason(body.as_bytes()), words, "{body}");
        }
    }

    #[test]
    fn only_an_error_object_is_fronts_own() {
        assert!(is_fronts_own(br#"{"_error":{}}"#));
        assert!(!is_fronts_own(br#"{"message":"x"}"#));
        assert!(!is_fronts_own(b"<html>_error</html>"));
    }

    #[test]
    fn milliseconds_are_found_in_words() {
        let wait = |text| milliseconds(text);
        assert_eq!(wait("on a tier-2 route. Please retry in 341 milliseconds."), Some(Duration::from_millis(341)));
        assert_eq!(wait("retry in 1 millisecond"), Some(Duration::from_millis(1)));
        for none in
            ["a few milliseconds", "in 99999999999999999999999 milliseconds", "retry in 3 seconds", " millisecond"]
        {
            assert_eq!(wait(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_body_becomes_one_short_line(body in prop::collection::vec(any::<u8>(), 0..2000), html in any::<bool>()) {
            let body = if html { [b"<html>".as_slice(), &body].concat() } else { body };
            let line = reason(&body);
            prop_assert!(line.chars().count() <= LONGEST);
            prop_assert!(!line.is_empty() && !line.chars().any(char::is_control));
        }
    }
}
