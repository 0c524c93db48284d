//! What is refused before it is parsed.
//!
//! The parser recurses when it drops nested messages: at some 20,000 levels a stack of 2 MB overflows and takes the
//! process with it, which no guard can catch. So nesting is counted first, on the raw bytes. All limits lie far above
//! what mail programs write.

use super::transfer::{base64, quoted_printable};
use crate::record::BadRecord;
use memchr::{memchr, memchr2_iter, memmem};

/// Largest mail, in bytes. Front takes 25 MB; nothing of a larger mail but its text could ever be imported.
const MAX_BYTES: usize = 150_000_000;
/// Most parts that are or hold messages: each is at most one level of nesting.
const MAX_MESSAGES: usize = 1_000;
/// Most parts that are multiparts.
const MAX_MULTIPARTS: usize = 10_000;
/// Most boundary lines: bare ones cost the parser twenty times their size.
const MAX_BOUNDARIES: usize = 20_000;
/// Most boundary strings that are looked for; each is one pass over the mail.
const MAX_BOUNDARY_STRINGS: usize = 32;
/// Most bytes of header at the top.
const MAX_HEADER_LINES: usize = 100_000;

/// Most nested messages that are themselves encoded (RFC 2046 section 5.2.1 forbids it; some servers do it).
const MAX_ENCODED: usize = 50;
/// How far from its Content-Type field the ends of a nested message's header block are looked for.
const BLOCK_WINDOW: usize = 100_000;
/// How often the parser decodes a message inside a decoded message.
const DECODED_LEVELS: usize = 4;

/// Refuses mails that are too large or too deep to parse safely. Says whether parts of it are mails.
pub(super) fn check(mail: &[u8]) -> Result<bool, BadRecord> {
    if mail.len() > MAX_BYTES {
        return Err(BadRecord::rejected(
            "mail too large",
            format!("{} bytes, at most {MAX_BYTES} are read", mail.len()),
            "Front takes at most 25 MB a message; save the mail as a smaller one (without its files) if it is needed",
        ));
    }
    let remedy = "look at the file: no mail program writes such a mail; delete it from the source if it is junk";
    let mut counted = Counted { header_lines: header_lines(mail), ..Counted::default() };
    counted.add(mail, DECODED_LEVELS);
    let deep = |what: &str, count: usize, most: usize| {
        BadRecord::rejected("nested too deeply", format!("{count} {what}, at most {most} are read"), remedy)
    };
    if counted.messages > MAX_MESSAGES {
        return Err(deep("nested messages", counted.messages, MAX_MESSAGES));
    }
    if counted.multiparts > MAX_MULTIPARTS {
        return Err(deep("multiparts", counted.multiparts, MAX_MULTIPARTS));
    }
    if counted.boundaries > MAX_BOUNDARIES {
        return Err(deep("part boundaries", counted.boundaries, MAX_BOUNDARIES));
    }
    if counted.encoded > MAX_ENCODED {
        return Err(deep("nested messages that are encoded", counted.encoded, MAX_ENCODED));
    }
    if counted.header_lines > MAX_HEADER_LINES {
        return Err(deep("header lines", counted.header_lines, MAX_HEADER_LINES));
    }
    Ok(counted.messages > 0)
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
    fn add(&mut self, mail: &[u8], levels: usize) {
        let mut strings: Vec<&[u8]> = Vec::new();
        let mut passed = 0;
        for at in memchr2_iter(b'c', b'C', mail) {
            if at < passed {
                continue;
            }
            let Some(rest) = mail.get(at..) else { break };
            if !starts_with(rest, b"content-type") {
                continue;
            }
            let value = folded_line(rest);
            passed = at + value.len();
            if contains(value, b"message") || contains(value, b"digest") {
                self.messages += 1;
                // Past the limit the mail is refused anyway.
                if self.messages <= MAX_MESSAGES {
                    self.open_encoded(mail, at, levels);
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
    fn open_encoded(&mut self, mail: &[u8], at: usize, levels: usize) {
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
            self.add(&decoded, levels - 1);
        }
    }
}

/// Lines up to the first empty one.
fn header_lines(mail: &[u8]) -> usize {
    let end = blank_line(mail).unwrap_or(mail.len());
    memchr::memchr_iter(b'\n', mail.get(..end).unwrap_or_default()).count()
}

/// Where the first empty line begins.
fn blank_line(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes)
        .map(|at| at + 1)
        .find(|next| bytes.get(*next..).is_some_and(|rest| rest.starts_with(b"\n") || rest.starts_with(b"\r\n")))
}

/// The line with its continuation lines.
fn folded_line(bytes: &[u8]) -> &[u8] {
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

fn starts_with(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(mail: &[u8]) -> Option<String> {
        check(mail).err().map(|bad| bad.cause)
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
    fn a_mail_over_the_limit_is_refused_by_its_size() {
        assert_eq!(cause(&vec![b'x'; MAX_BYTES + 1]).as_deref(), Some("mail too large"));
    }
}
