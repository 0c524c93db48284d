//! Real mails against values on which other parsers agree. They are not part of the repository: the test reads them
//! where they are and passes over where they are not.

use crate::mapping::DateFallback;
use crate::record::testing::{mail, mapping};
use crate::record::{Body, Record};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Fields compared, with the least share of agreement, in percent.
const FLOORS: [(&str, f64); 11] = [
    ("from", 99.9),
    ("from_name", 99.8),
    ("to", 99.9),
    ("cc", 99.9),
    ("subject", 99.9),
    ("date", 99.9),
    ("message_id", 99.9),
    ("in_reply_to", 99.9),
    ("references", 99.9),
    ("attachments", 99.7),
    ("text", 99.7),
];

fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples-real"));
    let folder = std::env::var_os("THREADLIFT_REAL_SAMPLES").map_or(beside, PathBuf::from);
    folder.join("expect.jsonl").is_file().then_some(folder)
}

/// Delete U+FEFF and U+0000, collapse white space, strip.
fn squeezed(text: &str) -> String {
    let text: String = text.chars().filter(|character| !matches!(character, '\u{FEFF}' | '\0')).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Addresses are compared without regard to case: ours has the domain in lower case.
fn lower(value: &Value) -> Value {
    serde_json::from_str(&value.to_string().to_lowercase()).unwrap()
}

fn actual(record: &Record, field: &str) -> Value {
    let handles = |list: &[crate::record::Address]| -> Value {
        list.iter().map(|address| address.handle.to_lowercase()).collect::<Vec<_>>().into()
    };
    let from = record.from.as_ref();
    match field {
        "from" => from.map(|from| from.handle.to_lowercase()).into(),
        "from_name" => squeezed(from.and_then(|from| from.name.as_deref()).unwrap_or_default()).into(),
        "to" => handles(&record.to),
        "cc" => handles(&record.cc),
        "subject" => squeezed(record.subject.as_deref().unwrap_or_default()).into(),
        "date" => record.date.into(),
        "message_id" => record.message_id.clone().into(),
        "in_reply_to" => record.in_reply_to.first().cloned().into(),
        "references" => record.references.clone().into(),
        "attachments" => {
            // The expectations do not keep the order of the mail.
            let mut hashes: Vec<_> = record.attachments.iter().map(|file| sha256(&file.content)).collect();
            hashes.sort_unstable();
            hashes.into()
        }
        _ => match &record.body {
            Body::Text(text) => sha256(squeezed(text).as_bytes()).into(),
            Body::Html(_) => Value::Null,
        },
    }
}

fn expected(line: &Value, field: &str) -> Option<Value> {
    match field {
        "from" | "to" | "cc" => line.get(field).map(lower),
        "from_name" | "subject" => line.get(field).map(|text| squeezed(text.as_str().unwrap_or_default()).into()),
        "attachments" => {
            let files = line.get(field)?.as_array()?;
            let mut hashes: Vec<_> = files.iter().filter_map(|file| file["sha256"].as_str()).collect();
            hashes.sort_unstable();
            Some(hashes.into())
        }
        "in_reply_to" => line.get(field).map(|value| value.get(0).unwrap_or(value).clone()),
        "text" => line.get("html_sha256").is_none().then(|| line.get("text_sha256").cloned())?,
        "date" => line.get(field).filter(|date| date.as_i64() > Some(0)).cloned(),
        _ => line.get(field).cloned(),
    }
}

/// The mail of a line of expectations; those inside an mbox lose their `From ` line and one level of quoting.
fn bytes(folder: &std::path::Path, files: &mut BTreeMap<String, Vec<u8>>, line: &Value) -> Option<Vec<u8>> {
    let name = line["file"].as_str()?;
    if !files.contains_key(name) {
        files.insert(name.to_owned(), std::fs::read(folder.join(name)).ok()?);
    }
    let (start, length) =
        (usize::try_from(line["offset"].as_u64()?).ok()?, usize::try_from(line["length"].as_u64()?).ok()?);
    let whole = files.get(name)?.get(start..start + length)?;
    let candidates = [whole.to_vec(), unquoted(whole)];
    candidates.into_iter().find(|found| Some(sha256(found).as_str()) == line["raw_sha256"].as_str())
}

fn unquoted(entry: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = entry.split_inclusive(|byte| *byte == b'\n').skip(1).collect();
    if matches!(lines.last(), Some(&b"\n" | &b"\r\n")) {
        lines.pop();
    }
    let unquote = |line: &&[u8]| {
        line.strip_prefix(b">").filter(|rest| rest.starts_with(b"From ")).map_or(line.to_vec(), <[u8]>::to_vec)
    };
    lines.iter().flat_map(unquote).collect()
}

/// The mail with its lines as they travel: the expectations know no format=flowed (RFC 3676), whose reading has
/// tests of its own. As many bytes as before, so nothing else moves.
fn unflowed(mut mail: Vec<u8>) -> Vec<u8> {
    let lower = mail.to_ascii_lowercase();
    for at in memchr::memmem::find_iter(&lower, b"format=flowed") {
        mail[at + 7..at + 13].copy_from_slice(b"fixed ");
    }
    mail
}

/// Were files taken out of a text or out of a winmail.dat? The parsers of the expectations do neither.
fn is_opened(record: &Record) -> bool {
    record.changes.iter().any(|line| line.contains("uuencode or yEnc") || line.contains("by what is in it"))
}

#[test]
fn real_mails_read_as_other_parsers_read_them() {
    let Some(folder) = folder() else {
        println!("no real samples here: nothing compared");
        return;
    };
    let lines = std::fs::read_to_string(folder.join("expect.jsonl")).unwrap();
    let mut files = BTreeMap::new();
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut lost: BTreeMap<String, usize> = BTreeMap::new();
    // Mails of test suites often have no date; the rest of them is worth comparing too.
    let mut mapping = mapping();
    mapping.defaults.date_fallback = DateFallback::Fixed(jiff::civil::date(2015, 1, 1));
    for line in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if !line["origin"].as_str().is_some_and(|origin| origin.starts_with("agree:")) {
            continue;
        }
        let Some(bytes) = bytes(&folder, &mut files, &line) else {
            *lost.entry("bytes not found".into()).or_default() += 1;
            continue;
        };
        let record = match super::from_mail(&mail(&unflowed(bytes)), &mapping, 0) {
            Ok(record) => record,
            Err(bad) => {
                *lost.entry(bad.cause.clone()).or_default() += 1;
                continue;
            }
        };
        // The truth is what stands in From; where we have looked beyond it on purpose there is nothing to compare.
        let beyond_from = record.changes.iter().any(|change| {
            ["sender taken from", "sender's host taken from", "made-up address for a sender", "From: made-up"]
                .iter()
                .any(|start| change.starts_with(start))
        });
        if beyond_from {
            *lost.entry("sender not as From has it".into()).or_default() += 1;
        }
        for (field, _) in FLOORS.into_iter().filter(|(field, _)| !beyond_from || !field.starts_with("from")) {
            let Some(expected) = expected(&line, field) else { continue };
            if ["attachments", "text"].contains(&field) && is_opened(&record) {
                continue;
            }
            let actual = actual(&record, field);
            let count = counts.entry(field).or_default();
            count.1 += 1;
            if actual == expected {
                count.0 += 1;
            } else if std::env::var_os("SHOW").is_some() {
                println!("DIFF {field} {}\n   want {expected}\n   have {actual}", line["id"]);
            }
        }
    }
    println!("{:<12} {:>6} {:>6} {:>8}", "field", "equal", "of", "percent");
    let mut below = Vec::new();
    for (field, floor) in FLOORS {
        let (equal, all) = counts.get(field).copied().unwrap_or_default();
        let percent = 100.0 * f64::from(equal) / f64::from(all);
        println!("{field:<12} {equal:>6} {all:>6} {percent:>8.2}");
        if percent < floor || all == 0 {
            below.push(field);
        }
    }
    println!("not compared: {lost:?}");
    assert!(below.is_empty(), "below the floor: {below:?}");
}
