//! The fuzz target `csv`.

use super::promises::{check_request, read_entry};
use super::tables::Choice;
use crate::mapping::Mapping;
use crate::source::{self, Origin, Source};
use std::path::Path;

/// Stands between a table and the second one that is joined to it (ASCII's file separator).
const BETWEEN: u8 = 0x1c;

/// A table of chat lines. The first two bytes choose what the mapping says of it, the rest is the file, and behind a byte
/// 1C the second table of those layouts that have one.
///
/// # Panics
/// If rows overlap or leave out anything but blank lines, a row holds other messages than its cells say, a message read
/// again is another, the encoding decides more than the bytes, or a message's record or request breaks a promise.
pub fn csv(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first_chunk::<2>() else { return };
    let [layout, signs] = *choice;
    let choice = Choice::new(layout, signs);
    let (file, joined) = match file.iter().position(|byte| *byte == BETWEEN).filter(|_| choice.is_joined()) {
        Some(at) => (file.get(..at).unwrap_or_default(), file.get(at + 1..).unwrap_or_default()),
        None => (file, &[][..]),
    };
    source::fuzzing::rows(signs, file);
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    let mapping = Mapping { base: folder.path().to_owned(), ..Mapping::clone(&choice.mapping()) };
    source::fuzzing::messages(&mapping, file, joined);
    let Some(source) = opened(&mapping, file, joined) else { return };
    check_table(source.as_ref(), &mapping);
    if choice.is_detected() {
        check_encoding(source.as_ref(), &mapping, file, joined);
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap_or_else(|error| panic!("no file: {error}"));
}

/// Opens the tables; `None` if they are refused, with a reason.
fn opened(mapping: &Mapping, file: &[u8], joined: &[u8]) -> Option<Box<dyn Source>> {
    write(&mapping.base, "t.csv", file);
    write(&mapping.base, "j.csv", joined);
    match source::open_all(mapping) {
        Ok(mut sources) => sources.pop(),
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.title.is_empty() && !error.detail.is_empty() && !error.remedy.is_empty(), "{error:?}");
            }
            None
        }
    }
}

/// Holds where messages stand to the order of the files: rows overlap nowhere, the messages of one are numbered.
#[derive(Default)]
struct Places {
    file: u32,
    end: u64,
    line: u64,
    next_part: u32,
    row: Option<Origin>,
}

impl Places {
    fn check(&mut self, origin: &Origin) {
        let (Some(piece), 1..=2) = (origin.pieces.first(), origin.pieces.len()) else {
            panic!("a row in so many pieces: {origin:?}")
        };
        let row = Origin { part: 0, ..origin.clone() };
        if self.row.as_ref() == Some(&row) {
            assert_eq!(origin.part, self.next_part, "parts of a row: {origin:?}");
        } else {
            if piece.file != self.file {
                assert!(piece.file > self.file, "files out of order");
                *self = Places { file: piece.file, ..Places::default() };
            }
            let line = piece.line.unwrap_or_default();
            let is_behind = piece.offset >= self.end && line > self.line && piece.length > 0;
            assert!(is_behind && origin.part == 0, "rows overlap: {origin:?}");
            (self.end, self.line, self.row) = (piece.offset + piece.length, line, Some(row));
        }
        self.next_part = origin.part + 1;
    }
}

fn check_table(source: &dyn Source, mapping: &Mapping) {
    let mut places = Places::default();
    let mut again = source.scan();
    for found in source.scan() {
        assert_eq!(format!("{found:?}"), format!("{:?}", again.next().unwrap_or_else(|| panic!("fewer rows"))));
        let origin = match &found {
            Ok(entry) => &entry.origin,
            Err(unreadable) => &unreadable.origin,
        };
        places.check(origin);
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

/// The same text in UTF-16 is found out to be so, and is the same table.
fn check_encoding(source: &dyn Source, mapping: &Mapping, file: &[u8], joined: &[u8]) {
    let utf16 = |bytes: &[u8]| -> Option<Vec<u8>> {
        let text = std::str::from_utf8(bytes).ok()?;
        // What begins with a mark, or has zeros in it, may be something else already; nothing stays nothing.
        let is_plain = !text.starts_with('\u{feff}') && !text.contains('\0');
        let units = std::iter::once(0xfeff).filter(|_| !text.is_empty()).chain(text.encode_utf16());
        is_plain.then(|| units.flat_map(u16::to_le_bytes).collect())
    };
    let (Some(wide), Some(wide_joined)) = (utf16(file), utf16(joined)) else { return };
    let scanned = |source: &dyn Source| source.scan().map(|found| format!("{found:?}")).collect::<Vec<_>>();
    let expected = scanned(source);
    let other = opened(mapping, &wide, &wide_joined).unwrap_or_else(|| panic!("a table in UTF-16 is refused"));
    assert_eq!(expected, scanned(other.as_ref()), "the encoding decides what is found");
}
