//! The fuzz target `mail`.

use super::checked;
use super::promises::{check_request, read_entry};
use crate::mapping::Mapping;
use crate::plan::STACK;
use crate::source::{Content, Origin, RawEntry, RawMail};
use bytes::Bytes;
use std::sync::OnceLock;

/// The mapping that mails are read with: as little as possible is refused.
const MAIL: &str = r#"version = 1
target = { inbox = "Support" }
ours = { domains = ["ours.example"] }
thread = { header = "X-Ticket", subject = '\[#(\d+)\]' }
defaults = { date_fallback = 2001-01-01, unlisted_labels = "tag" }
[[source]]
name = "mail"
format = "eml"
path = "mail"
"#;

fn mail_mapping() -> &'static Mapping {
    static MAPPING: OnceLock<Mapping> = OnceLock::new();
    MAPPING.get_or_init(|| checked(MAIL))
}

/// A mail, from its bytes to the body of the request.
///
/// # Panics
/// If a record or a request breaks a promise, or another reading or a header field that says nothing changes the id.
pub fn mail(bytes: &[u8]) {
    on_parser_stack(|| mail_here(bytes));
}

fn mail_here(bytes: &[u8]) {
    let Some(read) = read_mail(bytes) else { return };
    let again = read_mail(bytes);
    assert_eq!(Some(&read), again.as_ref(), "the same mail is read in two ways");
    let Some(longer) = with_volatile_field(bytes) else { return };
    let longer = read_mail(&longer).map(|read| (read.key, read.sameness, read.draft));
    assert_eq!(longer, Some((read.key, read.sameness, read.draft)), "a field that says nothing changes the message");
}

/// What two readings of one mail must agree on.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    key: [u8; 32],
    sameness: [u8; 32],
    draft: Option<[u8; 32]>,
    changes: Vec<String>,
}

fn read_mail(bytes: &[u8]) -> Option<Read> {
    let origin = Origin { source: 0, pieces: Vec::new(), part: 0 };
    let content = Content::Mail(RawMail::new(Bytes::copy_from_slice(bytes)));
    let entry = RawEntry { origin, content };
    let record = read_entry(&entry, mail_mapping())?;
    // Every file costs a line of its own, and is decoded from bytes of the mail.
    let files = record.attachments.len();
    assert!(files <= bytes.len() / 4 + 1, "{files} files in {} bytes", bytes.len());
    let held: usize = record.attachments.iter().map(|file| file.content.len()).sum();
    assert!(held <= MOST_HELD * (bytes.len() + 64), "{held} bytes of files in {} bytes", bytes.len());
    Some(Read {
        key: record.identity.key,
        sameness: record.identity.sameness,
        changes: record.changes.clone(),
        draft: check_request(record, mail_mapping()),
    })
}

/// How many times its size a mail may hold in files: uuencode pads its lines, and a message may lie in a message.
const MOST_HELD: usize = 64;

/// The mail with a field in front that no part of a message depends on. None where its first line is no plain field:
/// with a field in front of it, other bytes would be the header.
fn with_volatile_field(bytes: &[u8]) -> Option<Vec<u8>> {
    let colon = bytes.iter().position(|byte| *byte == b':').filter(|at| *at > 0)?;
    let is_field = bytes.get(..colon)?.iter().all(u8::is_ascii_graphic);
    // At the limit on header lines one more is too many.
    let lines = memchr::memchr_iter(b'\n', bytes).count();
    (is_field && lines < 1_000).then(|| [b"X-Fuzz: 1\n", bytes].concat())
}

/// Runs on a stack as large as that of the program's own parsing threads.
fn on_parser_stack(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match worker.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(())) => {}
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => panic!("no thread: {error}"),
        }
    });
}
