//! The fuzz target `csv`.

use super::checked;
use super::promises::{check_request, read_entry};
use crate::mapping::Mapping;
use crate::source::{self, Source};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const ENCODINGS: [Option<&str>; 8] = [
    None,
    Some("utf-8"),
    Some("windows-1252"),
    Some("utf-16le"),
    Some("shift_jis"),
    Some("gb18030"),
    Some("utf-16be"),
    Some("koi8-r"),
];
const DELIMITERS: [Option<&str>; 4] = [None, Some(","), Some(";"), Some("tab")];
const DATES: [&str; 4] = ["iso", "epoch-seconds", "epoch-milliseconds", "%d.%m.%Y %H:%M:%S"];

/// The mapping of a table. Bits of `choice` from the lowest: 3 encoding, 2 delimiter, 2 date, 1 whether all columns are named.
fn table_mapping(choice: u8) -> Arc<Mapping> {
    static MAPPINGS: Mutex<BTreeMap<u8, Arc<Mapping>>> = Mutex::new(BTreeMap::new());
    let mut mappings = MAPPINGS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(mappings.entry(choice).or_insert_with(|| {
        let chosen = |key: &str, value: Option<Option<&str>>| {
            value.flatten().map_or(String::new(), |value| format!("{key} = \"{value}\"\n"))
        };
        let bits = usize::from(choice);
        let encoding = chosen("encoding", ENCODINGS.get(bits & 7).copied());
        let delimiter = chosen("delimiter", DELIMITERS.get(bits >> 3 & 3).copied());
        let date = DATES.get(bits >> 5 & 3).unwrap_or(&"iso");
        let (more, roles) = if bits >> 7 == 1 {
            (
                ", id = \"i\", role = \"r\", sender_name = \"n\", recipient = \"to\", subject = \"u\", labels = \"l\"",
                "roles = { v = \"inbound\", a = \"outbound\", s = \"skip\" }\ncountry = \"FR\"\n",
            )
        } else {
            ("", "")
        };
        Arc::new(checked(&format!(
            "version = 1\ntarget = {{ inbox = \"Support\" }}\n[[source]]\nname = \"chat\"\nformat = \"csv\"\npath = \"t.csv\"\n\
             date = \"{date}\"\ntimezone = \"Europe/Paris\"\n{encoding}{delimiter}{roles}\
             columns = {{ conversation = \"c\", time = \"t\", sender = \"s\", text = \"x\"{more} }}\n"
        )))
    }))
}

/// A table of chat lines. The first byte chooses what the mapping says of it, the rest is the file.
///
/// # Panics
/// If rows overlap or leave out anything but blank lines, a row read again is another, or a row's record or request
/// breaks a promise.
pub fn csv(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    source::fuzzing::rows(*choice, file);
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    std::fs::write(folder.path().join("t.csv"), file).unwrap_or_else(|error| panic!("no file: {error}"));
    let mapping = Mapping { base: folder.path().to_owned(), ..Mapping::clone(&table_mapping(*choice)) };
    let source = match source::open_all(&mapping) {
        Ok(mut sources) => sources.remove(0),
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.title.is_empty() && !error.detail.is_empty() && !error.remedy.is_empty(), "{error:?}");
            }
            return;
        }
    };
    check_table(source.as_ref(), &mapping);
}

fn check_table(source: &dyn Source, mapping: &Mapping) {
    let mut last = (0, 0);
    let mut again = source.scan();
    for found in source.scan() {
        assert_eq!(format!("{found:?}"), format!("{:?}", again.next().unwrap_or_else(|| panic!("fewer rows"))));
        let origin = match &found {
            Ok(entry) => &entry.origin,
            Err(unreadable) => &unreadable.origin,
        };
        let [piece] = origin.pieces.as_slice() else { panic!("a row in pieces: {origin:?}") };
        let line = piece.line.unwrap_or_default();
        assert!(piece.offset >= last.0 && line > last.1 && piece.length > 0, "rows overlap: {origin:?}");
        last = (piece.offset + piece.length, line);
        let reread = source.read_at(origin);
        let Ok(entry) = found else {
            assert!(reread.is_err(), "what cannot be read when scanned can be read again: {reread:?}");
            continue;
        };
        assert_eq!(format!("{:?}", Ok::<_, ()>(&entry)), format!("{reread:?}"), "a row read again is another");
        if let Some(record) = read_entry(&entry, mapping) {
            let identity = record.identity;
            assert!(read_entry(&entry, mapping).is_some_and(|again| again.identity == identity));
            check_request(record, mapping);
        }
    }
    assert!(again.next().is_none(), "more rows");
}
