//! What must hold of any bytes that this room reads, where its own insides are needed to ask; see [`crate::fuzzing`].

use super::imap_name::decoded;
use super::mbox::date::of_separator;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use super::chat_csv::fuzzing::{messages, rows};

/// The date of a separator line.
///
/// # Panics
/// If it is another when it is written plainly.
pub(crate) fn separator_date(line: &[u8]) {
    let from = |date: &[u8]| of_separator(&[b"From a@b.example ", date].concat());
    for found in [from(line), of_separator(line)].into_iter().flatten() {
        let time = Timestamp::from_second(found).unwrap_or_else(|_| panic!("no time: {found}"));
        let time = time.to_zoned(TimeZone::UTC);
        if (1000..=9999).contains(&time.year()) {
            let written = time.strftime("%a %b %e %H:%M:%S %Y").to_string();
            assert_eq!(from(written.as_bytes()), Some(found), "{written}");
        }
    }
}

/// The name of a mailbox in modified UTF-7.
///
/// # Panics
/// If a name that has no need of it is changed, or one that is written in it does not come back.
pub(crate) fn mailbox_name(bytes: &[u8]) {
    let name = String::from_utf8_lossy(bytes);
    let read = decoded(&name);
    assert!(name.contains('&') || read == name, "a plain name is changed: {name:?} to {read:?}");
    assert_eq!(decoded(&encoded(&name)), name, "{}", encoded(&name));
}

/// Modified UTF-7 of any text (RFC 3501 section 5.1.3).
fn encoded(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    let mut written = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_plain = |c: char| (' '..='~').contains(&c);
        if is_plain(first) {
            written.push(first);
            if first == '&' {
                written.push('-');
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (run, tail) = rest.split_at(rest.find(is_plain).unwrap_or(rest.len()));
        let bytes: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
        written.push('&');
        for group in bytes.chunks(3) {
            let bits =
                group.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
            for sextet in 0..=group.len() {
                let index = (bits >> (18 - 6 * sextet)) & 63;
                written
                    .extend(usize::try_from(index).ok().and_then(|index| LETTERS.get(index)).map(|l| char::from(*l)));
            }
        }
        written.push('-');
        rest = tail;
    }
    written
}
