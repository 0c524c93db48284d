//! What is refused before it is parsed.
//!
//! The parser recurses when it drops nested messages: at some 20,000 levels a stack of 2 MB overflows and takes the
//! process with it, which no guard can catch. So nesting is counted first, on the raw bytes. The limits are those of
//! `[limits]` in the mapping; by default all lie far above what mail programs write.

use super::transfer::{base64, quoted_printable};
use crate::mapping::Limits;
use crate::record::BadRecord;
use memchr::{memchr, memchr_iter, memmem};

/// Most boundary strings that are looked for; each is one pass over the mail.
const MAX_BOUNDARY_STRINGS: usize = 32;
/// Most nested messages that are themselves encoded (RFC 2046 section 5.2.1 forbids it; some servers do it).
const MAX_ENCODED: usize = 50;
/// How far from its Content-Type field the ends of a nested message's header block are looked for.
const BLOCK_WINDOW: usize = 100_000;
/// How often the parser decodes a message inside a decoded message.
const DECODED_LEVELS: usize = 4;

/// Refuses mails that are too large or too deep to parse safely. Says whether parts of it are mails.
pub(super) fn check(mail: &[u8], limits: &Limits) -> Result<bool, BadRecord> {
    if mail.len() as u64 > limits.mail {
        return Err(BadRecord::rejected(
            "mail too large",
            format!("{} bytes, at most {} are read", mail.len(), limits.mail),
            "raise `mail` in [limits] of the mapping (Front takes at most 25 MB a message), or save the mail without its files",
        ));
    }
    let mut counted = Counted { header_lines: header_lines(mail), ..Counted::default() };
    counted.add(mail, DECODED_LEVELS, limits);
    // Each is at most one level: what holds fewer is never deeper, and no parse is needed to know it.
    for (what, count, key, most) in [
        ("nested messages", counted.messages, "nesting", limits.nesting),
        ("multiparts", counted.multiparts, "parts", limits.parts),
        ("part boundaries", counted.boundaries, "parts", limits.parts),
        ("nested messages that are encoded", counted.encoded, "nesting", limits.nesting.min(MAX_ENCODED)),
        ("header lines", counted.header_lines, "header_lines", limits.header_lines),
    ] {
        if count > most {
            return Err(BadRecord::rejected(
                if key == "header_lines" { "too many header lines" } else { "nested too deeply" },
                format!("{count} {what}, at most {most} are read"),
                remedy(key, most),
            ));
        }
    }
    Ok(counted.messages > 0)
}

/// What the user can do about a limit. That on nesting guards the stack: the mapping can lower it, but not lift it.
fn remedy(key: &str, most: usize) -> String {
    let look = "look at the file: no mail program writes such a mail; delete it from the source if it is junk";
    if key == "nesting" && most >= MAX_ENCODED {
        format!("{look} (the limit is `{key}` in [limits] of the mapping)")
    } else {
        format!("{look}, or raise `{key}` in [limits] of the mapping")
    }
}

#[derive(Default)]
struct Counted {
    messages: usize,
    multiparts: usize,
    boundaries: usize,
    /// Nested messages that are base64 or quoted-printable.
    encoded: usize,
    header_lines: usize,
}

impl Counted {
    /// Counts in one pass over the mail and one more for each boundary string; `levels` of encoded messages are opened.
    fn add(&mut self, mail: &[u8], levels: usize, limits: &Limits) {
        let mut strings: Vec<&[u8]> = Vec::new();
        let mut passed = 0;
        for at in content_types(mail) {
            if at < passed {
                continue;
            }
            let Some(rest) = mail.get(at..) else { break };
            let value = folded_line(rest);
            passed = at + value.len();
            if contains(value, b"message") || contains(value, b"digest") {
                self.messages += 1;
                // Past the limit the mail is refused anyway.
                if self.messages <= limits.nesting {
                    self.open_encoded(mail, at, levels, limits);
                }
            }
            if contains(value, b"multipart") {
                self.multiparts += 1;
                if let Some(string) = boundary(value)
                    && strings.len() < MAX_BOUNDARY_STRINGS
                    && !strings.contains(&string)
                {
                    strings.push(string);
                }
            }
        }
        for string in strings {
            self.boundaries += memmem::find_iter(mail, &[b"--", string].concat()).count();
        }
    }

    /// Counts inside a nested message that is encoded: the parser decodes it and goes in.
    fn open_encoded(&mut self, mail: &[u8], at: usize, levels: usize, limits: &Limits) {
        let before = mail.get(at.saturating_sub(BLOCK_WINDOW)..at).unwrap_or_default();
        let start = [memmem::rfind(before, b"\n\n"), memmem::rfind(before, b"\n\r\n")].into_iter().flatten().max();
        let after = mail.get(at..).unwrap_or_default();
        let block_end = blank_line(after.get(..after.len().min(BLOCK_WINDOW)).unwrap_or_default());
        let (Some(body), Some(head)) = (
            after.get(block_end.unwrap_or(after.len())..),
            mail.get(at - before.len() + start.unwrap_or(0)..at + block_end.unwrap_or(after.len().min(BLOCK_WINDOW))),
        ) else {
            return;
        };
        let decoded = if contains(head, b"base64") {
            base64(body.get(..memmem::find(body, b"\n--").unwrap_or(body.len())).unwrap_or_default())
        } else if contains(head, b"quoted-printable") {
            quoted_printable(body)
        } else {
            return;
        };
        self.encoded += 1;
        if levels > 0 && self.encoded <= MAX_ENCODED {
            self.add(&decoded, levels - 1, limits);
        }
    }
}

/// Where `Content-Type` stands, in any case of letters, in headers and in texts.
pub(super) fn content_types(mail: &[u8]) -> impl Iterator<Item = usize> {
    const NAME: &[u8] = b"content-type";
    // Of its letters, the hyphen is the one that texts hold least of.
    let starts = memchr_iter(b'-', mail).filter_map(|hyphen| hyphen.checked_sub(b"content".len()));
    starts.filter(|at| mail.get(*at..).is_some_and(|rest| starts_with(rest, NAME)))
}

/// Lines up to the first empty one.
fn header_lines(mail: &[u8]) -> usize {
    let end = blank_line(mail).unwrap_or(mail.len());
    memchr_iter(b'\n', mail.get(..end).unwrap_or_default()).count()
}

/// Where the first empty line begins.
fn blank_line(bytes: &[u8]) -> Option<usize> {
    memchr_iter(b'\n', bytes)
        .map(|at| at + 1)
        .find(|next| bytes.get(*next..).is_some_and(|rest| rest.starts_with(b"\n") || rest.starts_with(b"\r\n")))
}

/// The line with its continuation lines.
pub(super) fn folded_line(bytes: &[u8]) -> &[u8] {
    let mut end = 0;
    while let Some(at) = bytes.get(end..).and_then(|rest| memchr(b'\n', rest)) {
        end += at + 1;
        if !bytes.get(end).is_some_and(|next| matches!(next, b' ' | b'\t')) {
            return bytes.get(..end).unwrap_or(bytes);
        }
    }
    bytes
}

/// The boundary parameter of a Content-Type line, found the coarse way.
fn boundary(value: &[u8]) -> Option<&[u8]> {
    let at = (0..value.len()).find(|at| value.get(*at..).is_some_and(|rest| starts_with(rest, b"boundary")))?;
    let rest = value.get(at + b"boundary".len()..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let string = match rest.strip_prefix(b"\"") {
        Some(quoted) => quoted.get(..memchr(b'"', quoted)?)?,
        None => rest.split(|byte| byte.is_ascii_whitespace() || *byte == b';').next()?,
    };
    (!string.is_empty()).then_some(string)
}

/// Do the bytes begin with this word in any case? The word is in lower case.
pub(super) fn starts_with(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(mail: &[u8]) -> Option<String> {
        check(mail, &Limits::default()).err().map(|bad| bad.cause)
    }

    #[test]
    fn ordinary_mail_and_a_digest_of_hundreds_pass() {
        assert_eq!(cause(b"Subject: x\n\nhello\n"), None);
        let mut digest = b"Content-Type: multipart/digest; boundary=b\n\n".to_vec();
        for _ in 0..900 {
            digest.extend_from_slice(
                b"--b\n\nSubject: x\nContent-Type: multipart/mixed;\n boundary=\"c\"\n\n--c\n\nhi\n--c--\n",
            );
        }
        assert_eq!(cause(&digest), None);
    }

    #[test]
    fn the_name_of_the_field_is_found_in_any_case_and_place() {
        let found: Vec<usize> = content_types(b"Content-Type: a\nX-CONTENT-TYPE-content-typ-e content-type").collect();
        assert_eq!(found, [0, 18, 45]);
        assert_eq!(content_types(b"-type: a\n-").count(), 0);
    }

    #[test]
    fn messages_nested_thousands_deep_are_refused_however_they_are_spelled() {
        for line in ["Content-Type: message/rfc822\n\n", "CONTENT-TYPE:\n message /\n\tglobal\n\n"] {
            assert_eq!(cause(line.repeat(1_001).as_bytes()).as_deref(), Some("nested too deeply"));
            assert_eq!(cause(line.repeat(1_000).as_bytes()), None);
        }
    }

    #[test]
    fn nesting_hidden_in_base64_is_counted_too() {
        // "Content-Type: message/rfc822\n\n" is 30 bytes, so its base64 can be repeated.
        let deep = "Q29udGVudC1UeXBlOiBtZXNzYWdlL3JmYzgyMgoK".repeat(1_001);
        let mail = format!("Content-Transfer-Encoding: base64\nContent-Type: message/rfc822\n\n{deep}\n--b\n");
        assert_eq!(cause(mail.as_bytes()).as_deref(), Some("nested too deeply"));
    }

    #[test]
    fn bare_boundaries_beyond_reason_are_refused() {
        let mail = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n".repeat(20_001));
        assert_eq!(cause(mail.as_bytes()).as_deref(), Some("nested too deeply"));
    }

    #[test]
    fn a_long_text_about_mail_is_no_nesting() {
        let text = "Content-Type: text/plain\n".repeat(50_000);
        assert_eq!(cause(format!("Subject: log\n\n{text}").as_bytes()), None);
    }

    #[test]
    fn the_limits_are_those_of_the_mapping_and_the_remedy_names_the_key() {
        let limits = Limits { nesting: 2, parts: 3, header_lines: 4, ..Limits::default() };
        let remedy = |mail: &str| check(mail.as_bytes(), &limits).unwrap_err().remedy;
        assert!(remedy(&"Content-Type: message/rfc822\n\n".repeat(3)).contains("`nesting` in [limits]"));
        let parts = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n".repeat(4));
        assert!(remedy(&parts).contains("`parts` in [limits]"));
        assert!(remedy(&"X: y\n".repeat(5)).contains("`header_lines` in [limits]"));
    }

    #[test]
    fn a_mail_over_the_limit_is_refused_by_its_size() {
        let limits = Limits { mail: 1_000, ..Limits::default() };
        assert!(check(&[b'x'; 1_000], &limits).is_ok());
        let bad = check(&[b'x'; 1_001], &limits).unwrap_err();
        assert_eq!(bad.cause, "mail too large");
        assert!(bad.remedy.contains("`mail` in [limits]"), "{}", bad.remedy);
    }
}
