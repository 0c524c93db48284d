//! Promises about whole tables.

use super::*;
use crate::mapping::Format;
use crate::source::test_support::{Export, PATH_AT, chat, problems, scan_twice, texts};
use encoding_rs::{SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1252};
use proptest::prelude::*;

#[path = "flawed_tests.rs"]
mod flawed;

const HEADER: &str = "chat,when,who,what\n";

fn open(csv: CsvMapping, bytes: impl AsRef<[u8]>) -> Result<(Export, Box<dyn Source>), SourceError> {
    let export = Export::new().with("a.csv", bytes);
    let source = export.open(Format::Csv(Box::new(csv)), &["*.csv"])?;
    Ok((export, source))
}

fn error(csv: CsvMapping, bytes: impl AsRef<[u8]>) -> SourceError {
    open(csv, bytes).err().expect("an error")
}

fn rows(csv: CsvMapping, bytes: impl AsRef<[u8]>) -> Vec<String> {
    let (_export, source) = open(csv, bytes).unwrap();
    scan_twice(&*source);
    texts(&*source)
}

fn utf_16(text: &str, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn rows_come_with_the_names_of_their_cells_and_their_place() {
    let (_export, source) = open(chat(), format!("{HEADER}1,2024,leela,hi\n\n2,2024,fry,\"a\nb, c\"\n")).unwrap();
    let entries: Vec<RawEntry> = source.scan().map(Result::unwrap).collect();
    let Content::Row(row) = &entries[1].content else { panic!("no row") };
    assert_eq!((row.get("who"), row.get("what"), row.get("none")), (Some("fry"), Some("a\nb, c"), None));
    let piece = |offset, length, line| Piece { file: 0, offset, length, line: Some(line) };
    assert_eq!(entries[0].origin.pieces, [piece(19, 16, 2)]);
    assert_eq!(entries[1].origin.pieces, [piece(36, 20, 4)]);
    assert_eq!(scan_twice(&*source).len(), 2);
}

#[test]
fn the_delimiter_is_the_one_that_gives_the_columns() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = format!("{HEADER}1,2024,leela,hi\n").replace(',', delimiter);
        assert_eq!(rows(chat(), text), ["1|2024|leela|hi"], "{delimiter:?}");
    }
    let quoted = "\"chat\";\"when\";\"who\";\"what\"\n1;2;3;\"a,b\"\n";
    assert_eq!(rows(chat(), quoted), ["1|2|3|a,b"]);
}

#[test]
fn a_declared_delimiter_is_not_second_guessed() {
    let declared = CsvMapping { delimiter: Some(b';'), ..chat() };
    assert!(error(declared.clone(), format!("{HEADER}1,2,3,4\n")).detail.contains("`chat,when,who,what`"));
    let (_export, source) = open(declared, HEADER.replace(',', ";") + "1;2;3;4\n").unwrap();
    assert_eq!(source.notes(), ["a.csv: encoding UTF-8; quote `\"`"]);
}

#[test]
fn the_line_that_excel_puts_before_the_header_is_understood() {
    assert_eq!(rows(chat(), "sep=;\r\nchat;when;who;what\r\n1;2;3;4\r\n"), ["1|2|3|4"]);
    assert_eq!(rows(chat(), "SEP=;\r\nchat;when;who;what\r\n1;2;3;4\r\n"), ["1|2|3|4"]);
    assert_eq!(rows(chat(), "\"sep=;\"\nchat;when;who;what\n1;2;3;4\n"), ["1|2|3|4"]);
    assert_eq!(rows(chat(), "\u{feff}\"Sep=;\"\nchat;when;who;what\n1;2;3;4\n"), ["1|2|3|4"]);
    assert_eq!(rows(chat(), "sep=\t\nchat\twhen\twho\twhat\n1\t2\t3\t4\n"), ["1|2|3|4"]);
}

#[test]
fn header_names_are_trimmed_and_a_byte_order_mark_is_no_part_of_them() {
    assert_eq!(rows(chat(), "\u{feff}chat , when,\"who\",what\r\n1,2,3,4\r\n"), ["1|2|3|4"]);
}

#[test]
fn rows_with_too_many_or_too_few_cells_are_named_and_never_shifted() {
    let (_export, source) = open(chat(), format!("{HEADER}1,2,3,4\n1,2,3,4,5\n1,2,3\n1,2,3,4\n")).unwrap();
    assert_eq!(texts(&*source), ["1|2|3|4", "1|2|3|4"]);
    let problems = problems(&*source);
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| problem.cause == "wrong number of cells"));
    assert_eq!(problems[0].detail, "a.csv, line 3: 5 cells, but the header has 4");
    assert_eq!(problems[1].detail, "a.csv, line 4: 3 cells, but the header has 4");
    assert_ne!(problems[0].remedy, problems[1].remedy);
}

#[test]
fn an_open_quote_is_named_by_its_line_and_the_rows_after_it_are_read() {
    let (_export, source) = open(chat(), format!("{HEADER}1,2,3,\"open\n5,6,7,8\n")).unwrap();
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "quote never closed");
    assert!(problems[0].detail.starts_with("a.csv, line 2:"), "{problems:?}");
    assert_eq!(texts(&*source), ["5|6|7|8"]);
}

#[test]
fn a_missing_column_names_those_that_exist_and_the_nearest_and_points_at_its_key() {
    let error = error(chat(), "chat,when,who,Whats\n1,2,3,4\n");
    assert!(error.title.contains("a.csv has no column `what`"), "{error}");
    assert!(error.detail.contains("`chat`, `when`, `who`, `Whats`"), "{error}");
    assert!(error.remedy.contains("`Whats`") && error.remedy.contains("columns.text"), "{error}");
    assert_eq!(error.at, (9, 40));
}

#[test]
fn every_file_of_a_source_needs_the_columns_but_may_order_them() {
    let export =
        Export::new().with("a.csv", format!("{HEADER}1,2,3,4\n")).with("b.csv", "what;who;when;chat\n4;3;2;1\n");
    let source = export.open(Format::Csv(Box::new(chat())), &["*.csv"]).unwrap();
    let cells: Vec<Option<String>> = source
        .scan()
        .map(|entry| match entry.unwrap().content {
            Content::Row(row) => row.get("what").map(str::to_owned),
            Content::Mail(_) => None,
        })
        .collect();
    assert_eq!(cells, [Some("4".to_owned()), Some("4".to_owned())]);
    export.write("c.csv", "chat,when,who\n1,2,3\n");
    let error = export.open(Format::Csv(Box::new(chat())), &["*.csv"]).err().expect("an error");
    assert!(error.title.contains("c.csv"), "{error}");
}

#[test]
fn optional_columns_that_the_mapping_names_are_needed_too() {
    let mut csv = chat();
    csv.columns.role = Some("type".to_owned());
    let error = error(csv, format!("{HEADER}1,2,3,4\n"));
    assert!(error.title.contains("`type`"), "{error}");
    assert_eq!(error.at, PATH_AT);
}

#[test]
fn a_column_that_a_subject_is_made_of_is_needed_too() {
    let written = |template: &str| {
        format!(
            "version = 1\ntarget.inbox = \"S\"\n[[source]]\nname = \"c\"\nformat = \"csv\"\npath = \"c.csv\"\ndate = \"iso\"\n\
             subject_template = \"{template}\"\n\
             columns = {{ conversation = \"chat\", time = \"when\", sender = \"who\", text = \"what\" }}\n"
        )
    };
    let csv = |template: &str| {
        let mapping = crate::mapping::parse(std::path::Path::new("m.toml"), &written(template)).unwrap();
        let Format::Csv(csv) = mapping.sources[0].format.clone() else { panic!("a table") };
        *csv
    };
    let error = error(csv("Chat {chatt}"), format!("{HEADER}1,2,3,4\n"));
    assert!(error.title.contains("no column `chatt`") && error.remedy.contains("`chat`"), "{error}");
    assert_eq!(error.at, (8, 20), "the template's own place");
    assert_eq!(rows(csv("Chat {chat}"), format!("{HEADER}1,2,3,4\n")), ["1|2|3|4"]);
}

#[test]
fn two_columns_of_a_needed_name_are_an_error_and_of_another_are_not() {
    assert!(error(chat(), "chat,when,who,what,what\n1,2,3,4,5\n").title.contains("2 columns `what`"));
    assert_eq!(rows(chat(), "chat,when,who,what,x,x\n1,2,3,4,5,6\n"), ["1|2|3|4|5|6"]);
}

#[test]
fn a_file_without_rows_is_an_error_alone_and_a_note_among_others() {
    for nothing in ["", "\r\n\r\n", "\u{feff}", HEADER] {
        assert!(error(chat(), nothing).title.contains("holds no rows"), "{nothing:?}");
    }
    let export = Export::new().with("a.csv", "").with("b.csv", HEADER).with("c.csv", format!("{HEADER}1,2,3,4\n"));
    let source = export.open(Format::Csv(Box::new(chat())), &["*.csv"]).unwrap();
    assert_eq!(source.notes()[..2], ["a.csv is empty", "b.csv has a header and no rows"]);
    assert_eq!(scan_twice(&*source).len(), 1);
}

#[test]
fn a_header_with_an_open_quote_is_no_header() {
    assert!(error(chat(), "\"chat,when\n1,2\n").title.contains("no header"));
    let declared = CsvMapping { delimiter: Some(b';'), ..chat() };
    assert!(error(declared, "\"chat;when\n1;2\n").title.contains("no header"));
}

#[test]
fn a_declared_encoding_is_used() {
    let csv = CsvMapping { encoding: Some(WINDOWS_1252), ..chat() };
    assert_eq!(rows(csv, b"chat,when,who,what\n1,2,3,d\xe9j\xe0 \x80\n"), ["1|2|3|déjà €"]);
}

#[test]
fn a_guessed_encoding_is_reported() {
    let text = b"chat;when;who;what\n1;2;3;une journ\xe9e d'\xe9t\xe9, tr\xe8s bient\xf4t\n";
    let (_export, source) = open(chat(), text).unwrap();
    let notes = source.notes();
    assert!(notes[0].contains("a.csv: encoding windows-1252 is a guess"), "{notes:?}");
    assert!(notes[0].contains("delimiter `;`"), "{notes:?}");
}

#[test]
fn utf_16_is_read_with_and_without_its_mark() {
    let text = format!("{HEADER}1,2,3,déjà\n1,2,3,\"two\nlines\"\n").replace('\n', "\r\n");
    for mark in [true, false] {
        assert_eq!(rows(chat(), utf_16(&text, mark)), ["1|2|3|déjà", "1|2|3|two\r\nlines"], "mark: {mark}");
    }
    let declared = CsvMapping { encoding: Some(UTF_16LE), ..chat() };
    assert_eq!(rows(declared, utf_16(&text, false)).len(), 2);
}

#[test]
fn several_files_that_need_decoding_keep_their_own_places() {
    let export = Export::new();
    for name in ["a.csv", "b.csv", "c.csv"] {
        export.write(name, utf_16(&format!("{HEADER}1,2,3,{name}\n4,5,6,{name}\n"), true));
    }
    export.write("d.csv", format!("{HEADER}1,2,3,d.csv\n"));
    let source = export.open(Format::Csv(Box::new(chat())), &["*.csv"]).unwrap();
    let entries = scan_twice(&*source);
    assert_eq!(entries.len(), 7);
    let place = |index: usize| entries[index].as_ref().unwrap().0.pieces[0].clone();
    // The place in a decoded text does not depend on the files before it.
    assert_eq!(place(2), Piece { file: 1, ..place(0) });
    assert_eq!(texts(&*source)[4], "1|2|3|c.csv");
}

#[test]
fn a_pipe_inside_a_double_byte_character_is_no_delimiter() {
    let csv = CsvMapping { encoding: Some(SHIFT_JIS), ..chat() };
    assert_eq!(rows(csv, b"chat|when|who|what\n1|2|3|\x83\x7c\n"), ["1|2|3|ポ"]);
}

#[test]
fn bytes_that_the_declared_encoding_does_not_have_are_reported() {
    let csv = CsvMapping { encoding: Some(UTF_8), ..chat() };
    let (_export, source) = open(csv, b"chat,when,who,what\n1,2,3,d\xe9j\xe0\n").unwrap();
    assert!(source.notes()[0].contains("byte 26 is not UTF-8"), "{:?}", source.notes());
    assert_eq!(texts(&*source), ["1|2|3|d\u{fffd}j\u{fffd}"]);
}

#[test]
fn a_mark_that_contradicts_the_declared_encoding_is_an_error() {
    let csv = CsvMapping { encoding: Some(WINDOWS_1252), ..chat() };
    let error = error(csv, format!("\u{feff}{HEADER}1,2,3,4\n"));
    assert!(error.title.contains("not in windows-1252") && error.detail.contains("UTF-8"), "{error}");
}

#[test]
fn a_file_changed_since_is_not_taken_for_the_row_it_was() {
    let (export, source) = open(chat(), format!("{HEADER}1,2,3,4\n5,6,7,8\n")).unwrap();
    let origins: Vec<Origin> = scan_twice(&*source).into_iter().map(|read| read.unwrap().0).collect();
    export.write("a.csv", format!("{HEADER}1,2\n3,4\n"));
    assert_eq!(source.read_at(&origins[0]).unwrap_err().cause, "file changed since the plan");
    assert_eq!(source.read_at(&origins[1]).unwrap_err().cause, "file changed since the plan");
    let elsewhere = Origin { source: 3, ..origins[0].clone() };
    assert_eq!(source.read_at(&elsewhere).unwrap_err().cause, "origin of another source");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_loss_of_a_row_that_is_whole(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n')], 0..300),
    ) {
        let text = [HEADER.as_bytes(), b"first,row,is,whole\n", &bytes].concat();
        let csv = CsvMapping { encoding: Some(WINDOWS_1252), delimiter: Some(b','), ..chat() };
        let (_export, source) = open(csv, text).unwrap();
        let entries = scan_twice(&*source);
        prop_assert_eq!(&entries[0].as_ref().unwrap().1, "first|row|is|whole");
    }

    #[test]
    fn any_bytes_at_all_give_a_source_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        match open(chat(), &bytes) {
            Ok((_export, source)) => { scan_twice(&*source); }
            Err(error) => prop_assert!(!error.remedy.is_empty()),
        }
    }
}
