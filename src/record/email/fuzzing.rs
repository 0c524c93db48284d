//! What must hold of any bytes that the readers of mails take, where their own insides are needed to ask; see
//! [`crate::fuzzing`].

use super::header::Fields;
use super::{active, addresses as lists, charset, dates, enclosed, enriched, flowed, html, html_charset};
use super::{labels as label_fields, loose_date, mailbox, params, sender, tnef, transfer, words};
use crate::record::{Address, text_to_html};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::HashSet;

/// A Date field.
///
/// # Panics
/// If the date is another when it is written plainly.
pub(crate) fn date(value: &[u8]) {
    if let Some(found) = dates::parse(value) {
        let time = Timestamp::from_second(found.at).unwrap_or_else(|_| panic!("no time: {}", found.at));
        let time = time.to_zoned(TimeZone::UTC);
        // RFC 5322 has no other years, and takes those below 1900 for something else.
        if (1900..=9999).contains(&time.year()) {
            let written = time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
            let again = dates::parse(written.as_bytes());
            assert!(again.is_some_and(|again| again.at == found.at && again.repair.is_none()), "{written}");
        }
    }
    if let Some(found) = std::str::from_utf8(value).ok().and_then(loose_date::read) {
        assert!(!found.repair.is_empty());
    }
}

/// The label fields.
///
/// # Panics
/// If a label is empty, holds a line end or another control character, or stands there twice.
pub(crate) fn labels(bytes: &[u8]) {
    const NAMES: [&str; 8] = [
        "X-Gmail-Labels",
        "X-Keywords",
        "X-Mozilla-Keys",
        "X-Label",
        "X-Status",
        "X-Evolution",
        "X-Mozilla-Status",
        "Subject",
    ];
    for value in [words::decode(bytes), words::read(bytes, Some("koi8-r")), words::read(bytes, None)] {
        check_line(&value.text);
    }
    let value: Vec<u8> = bytes.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }).collect();
    let place = String::from_utf8_lossy(bytes).into_owned();
    let block: Vec<u8> =
        NAMES.iter().flat_map(|name| [name.as_bytes(), b": ", value.as_slice(), b"\n"].concat()).collect();
    for (block, place) in [(block.as_slice(), &[][..]), (bytes, &[][..]), (b"", &[place][..])] {
        let found = label_fields::read(&Fields::split(block), place).labels;
        let distinct: HashSet<&String> = found.iter().collect();
        assert_eq!(distinct.len(), found.len(), "a label twice: {found:?}");
        for label in &found {
            assert!(!label.is_empty(), "a label without a name: {found:?}");
            check_line(label);
        }
    }
}

/// One line without control characters and without blanks around it.
fn check_line(text: &str) {
    assert!(!text.contains(char::is_control), "control characters: {text:?}");
    assert_eq!(text.trim(), text, "blanks around it");
}

/// A field with addresses.
///
/// # Panics
/// If an address cannot be used, or is another when it is read again.
pub fn addresses(bytes: &[u8]) {
    let list = lists::read(std::iter::once(bytes), "To", None);
    let distinct: HashSet<String> = list.addresses.iter().map(|address| address.handle.to_lowercase()).collect();
    assert_eq!(distinct.len(), list.addresses.len(), "an address twice: {:?}", list.addresses);
    list.addresses.iter().for_each(check_address);
    for entry in &list.unusable {
        assert!(!entry.text.is_empty(), "nothing that cannot be used: {entry:?}");
    }
    lists::read([bytes, bytes].into_iter(), "Cc", Some("shift_jis")).addresses.iter().for_each(check_address);
    if let Ok(text) = std::str::from_utf8(bytes) {
        mailbox::entries(text);
    }
    let value: Vec<u8> = bytes.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }).collect();
    let field = |names: &[&str]| -> Vec<u8> {
        names.iter().flat_map(|name| [name.as_bytes(), b": ", value.as_slice(), b"\n"].concat()).collect()
    };
    for block in [field(&["From"]), field(&["From", "Reply-To", "List-Post"]), field(&["Return-Path"]), bytes.to_vec()]
    {
        if let Ok(found) = sender::read(&Fields::split(&block), &list.addresses, &mut Vec::new()) {
            check_address(&found);
        }
    }
}

fn check_address(address: &Address) {
    let Address { name, handle } = address;
    let (local, domain) = handle.rsplit_once('@').unwrap_or_else(|| panic!("no mail address: {handle:?}"));
    assert!(!local.is_empty() && !domain.is_empty(), "half an address: {handle:?}");
    check_line(handle);
    let bad = |c: char| c.is_whitespace() || "<>,;\"()@".contains(c);
    assert!(!domain.contains(bad), "domain: {handle:?}");
    // Brackets in it are against the rules and kept: whoever has such an address gets mail there.
    let bad = |c: char| bad(c) && !"()".contains(c);
    assert!(local.starts_with('"') || !local.contains(bad), "local part: {handle:?}");
    assert_eq!(lists::handle(handle).as_deref(), Some(handle.as_str()), "a handle read again is another");
    if let Some(name) = name {
        assert!(!name.is_empty());
        check_line(name);
    }
}

/// What parts of mails hold. The first byte chooses a charset, the rest is the content of the part.
///
/// # Panics
/// If text has NUL in it, HTML is changed in more than the charset it declares, or more comes out of a part than can be
/// in it.
pub fn parts(bytes: &[u8]) {
    const CHARSETS: [Option<&str>; 12] = [
        None,
        Some("utf-8"),
        Some("utf-7"),
        Some("utf-16"),
        Some("utf-32"),
        Some("iso-2022-jp"),
        Some("gb18030"),
        Some("big5"),
        Some("euc-kr"),
        Some("cp437"),
        Some("us-ascii"),
        Some("x-unknown"),
    ];
    let Some((choice, content)) = bytes.split_first() else { return };
    let label = CHARSETS.get(usize::from(*choice) % CHARSETS.len()).copied().flatten();
    let text = charset::decode(content, label).text;
    assert!(!text.contains('\0'), "NUL in a text");
    check_text(&text);
    check_html(text);
    let (kept, files) = enclosed::take(content);
    assert!(kept.len() <= content.len(), "text that was not there");
    for file in &files {
        assert!(!file.name.is_empty(), "a file without name");
        assert!(file.content.len() <= 64 * content.len(), "{} bytes of {}", file.content.len(), content.len());
    }
    assert!(!files.is_empty() || *kept == *content, "a text without files is changed");
    if let Some(opened) = tnef::open(&Bytes::copy_from_slice(content)) {
        let held: usize = opened.files.iter().filter_map(|file| file.content.as_ref()).map(Bytes::len).sum();
        assert!(held <= content.len(), "{held} bytes of {}", content.len());
    }
    assert!(transfer::base64(content).len() <= content.len());
    assert!(transfer::quoted_printable(content).len() <= content.len() + 1);
    let parameters = params::Parameterized::parse(content);
    for name in ["charset", "name", "filename", "boundary"] {
        let value = parameters.get(name).unwrap_or_default();
        assert!(!value.contains(['\r', '\n']), "a parameter of several lines: {value:?}");
    }
}

fn check_text(text: &str) {
    for deletes_space in [false, true] {
        flowed::joined(text, deletes_space);
    }
    for is_richtext in [false, true] {
        enriched::plain(text, is_richtext);
    }
    let shown = text_to_html(text);
    let is_control = |c: char| c.is_control() && c != '\n';
    assert!(!shown.contains(is_control), "control characters in HTML");
    // Marks of the text are written as references, so each sign of markup is ours.
    let count = |what: &str| shown.matches(what).count();
    assert_eq!(count("<blockquote>"), count("</blockquote>"));
    assert_eq!(count("<a href=\""), count("</a>"));
    assert_eq!(count("<"), count("<blockquote>") * 2 + count("<a href=\"") * 2 + count("<br>"));
    assert_eq!(active::count(&shown).scripts, 0, "a script out of a plain text");
}

fn check_html(text: String) {
    let mut end = 0;
    for tag in html::tags(&text) {
        assert!(tag.place.start >= end && tag.place.end > tag.place.start, "tags overlap");
        end = tag.place.end;
        assert!(text.get(tag.place.clone()).is_some_and(|tag| tag.starts_with('<')), "no tag at {:?}", tag.place);
        for attribute in html::attributes(&text, &tag) {
            assert_eq!(text.get(attribute.place.clone()), Some(attribute.value), "no value at {:?}", attribute.place);
        }
    }
    assert!(end <= text.len());
    active::count(&text);
    html::says_something(&text);
    let (once, _) = html_charset::corrected(text);
    let (twice, again) = html_charset::corrected(once.clone());
    assert!(!again && once == twice, "the charset that HTML declares is corrected twice");
}
