//! Promises about tables with flaws that people's programs leave in them.

use super::super::*;
use super::{HEADER, error, open, rows};
use crate::mapping::Format;
use crate::source::test_support::{Export, chat, problems, scan_twice, texts};

#[test]
fn a_table_with_a_header_alone_is_not_called_empty() {
    assert_eq!(error(chat(), HEADER).detail, "a.csv has a header and no rows");
    assert_eq!(error(chat(), "").detail, "a.csv is empty");
    let export = Export::new().with("a.csv", "").with("b.csv", HEADER).with("c.csv", HEADER);
    let error = export.open(Format::Csv(Box::new(chat())), &["*.csv"]).err().expect("an error");
    assert_eq!(error.detail, "b.csv has a header and no rows, and so have 1 more");
}

#[test]
fn rows_that_a_forgotten_quote_swallowed_are_read() {
    let table = "chat,when,who,what,role\n\
                 c1,2019-05-01T10:00:01Z,v1,\"Hello I ordered a screen,visitor\n\
                 c1,2019-05-01T10:00:02Z,ag,which size?,agent\n\
                 c1,2019-05-01T10:00:03Z,v1,it is 27\",visitor\n\
                 c1,2019-05-01T10:00:04Z,v1,\"it is\n27, I think\",visitor\n";
    let (_export, source) = open(chat(), table).unwrap();
    scan_twice(&*source);
    let texts = texts(&*source);
    assert_eq!(texts.len(), 3);
    assert!(texts[0].contains("which size?") && texts[1].contains("it is 27\"") && texts[2].contains("27, I think"));
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "rows within a quoted cell");
    assert!(problems[0].detail.starts_with("a.csv, line 2: "), "{problems:?}");
}

#[test]
fn rows_are_known_in_a_cell_wherever_the_time_stands_and_not_if_it_has_no_column() {
    let swallowed = |time: &str, header: &str| {
        let mut csv = chat();
        csv.columns.time = time.to_owned();
        let table = format!("{header}\nc,2019-05-01,ann,\"hi\nc,2019-05-02,bob,hello\nc,2019-05-03,ann,bye\"\n");
        let (_export, source) = open(csv, table).unwrap();
        problems(&*source).iter().filter(|problem| problem.cause == "rows within a quoted cell").count()
    };
    assert_eq!(swallowed("when", "chat,when,who,what"), 1);
    assert_eq!(swallowed("when *", "chat,when UTC,who,what"), 1, "its zone in the name");
    assert_eq!(swallowed("when.at", "chat,when,who,what"), 0, "somewhere in JSON");
}

#[test]
fn a_second_table_does_not_swallow_its_rows_either() {
    let mut csv = CsvMapping { join: Some(join()), ..chat() };
    csv.columns.time = "ticket.at".to_owned();
    let export = Export::new()
        .with("a.csv", "chat,who,what\n1,ann,hi\n2,bob,hello\n3,cy,bye\n")
        .with("tickets.csv", "key,at,note\n1,2019-05-01,\"open\n2,2019-05-02,x\n3,2019-05-03,y\"\n");
    let source = export.open(Format::Csv(Box::new(csv)), &["a.csv"]).unwrap();
    assert_eq!(texts(&*source), ["2|bob|hello|2019-05-02", "3|cy|bye|2019-05-03"]);
    let causes: Vec<String> = problems(&*source).into_iter().map(|problem| problem.cause).collect();
    assert_eq!(causes, ["nothing to join", "rows within a quoted cell"]);
}

fn join() -> crate::mapping::Join {
    crate::mapping::Join {
        name: "ticket".into(),
        paths: vec!["tickets.csv".into()],
        on: "chat".into(),
        key: "key".into(),
        path_at: (1, 1),
        on_at: (1, 1),
        key_at: (1, 1),
    }
}

#[test]
fn a_delimiter_at_the_end_of_all_rows_is_no_cell() {
    assert_eq!(rows(chat(), format!("{HEADER}1,2,3,4,\n5,6,7,8,\n")), ["1|2|3|4", "5|6|7|8"]);
    assert_eq!(rows(chat(), format!("{HEADER}1,2,3,4,\n5,6,7,8\n")).len(), 1, "one row ends as the header does");
    let later = format!("{HEADER}{}5,6,7,8\n5,6,7,\n5,6,7,8,9\n", "1,2,3,4,\n".repeat(200));
    let (_export, source) = open(chat(), later).unwrap();
    assert_eq!(texts(&*source)[200..], ["5|6|7|8"], "what may have lost or won a cell does not fit");
    assert_eq!(problems(&*source).len(), 2);
}

#[test]
fn a_delimiter_at_the_end_of_the_header_alone_is_a_column_without_cells() {
    let header = "chat,when,who,what,\n";
    assert_eq!(rows(chat(), format!("{header}1,2,3,4\n5,6,7,8\n")), ["1|2|3|4|", "5|6|7|8|"]);
    assert_eq!(rows(chat(), format!("{header}1,2,3,4,\n5,6,7,8,9\n")), ["1|2|3|4|", "5|6|7|8|9"]);
    let (_export, source) = open(chat(), format!("{header}1,2,3,4,\n5,6,7,8\n")).unwrap();
    assert_eq!(problems(&*source)[0].cause, "wrong number of cells", "other rows have that cell");
    let later = format!("{header}{}5,6,7,8,9\n", "1,2,3,4\n".repeat(200));
    assert_eq!(problems(&*open(chat(), later).unwrap().1).len(), 1);
}

#[test]
fn an_unquoted_delimiter_before_an_empty_cell_is_not_taken_for_one_at_the_end() {
    let table = "chat,when,who,what,note\n1,2,3,4,\n1,2,3,hello, there,\n";
    let (_export, source) = open(chat(), table).unwrap();
    assert_eq!(texts(&*source), ["1|2|3|4|"]);
    assert_eq!(problems(&*source).len(), 1);
}

#[test]
fn rows_of_delimiters_alone_are_left_out() {
    assert_eq!(rows(chat(), format!(",,,\n{HEADER},,,\n1,2,3,4\n,,,,,,\n")), ["1|2|3|4"]);
    let (_export, source) = open(chat(), format!("{HEADER},,,\n1,2,3,4\n,,,,,,\n")).unwrap();
    assert!(problems(&*source).is_empty());
}

#[test]
fn the_header_again_is_named_as_such() {
    let (_export, source) = open(chat(), format!("{HEADER}1,2,3,4\n\u{feff}{HEADER}5,6,7,8\n")).unwrap();
    assert_eq!(texts(&*source), ["1|2|3|4", "5|6|7|8"]);
    let problems = problems(&*source);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cause, "the header again");
    assert!(problems[0].remedy.contains("nothing is lost"), "{problems:?}");
}

#[test]
fn what_is_no_table_is_named_for_what_it_is() {
    for (bytes, what) in [
        (&b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml"[..], "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel workbook"),
        (b"<html><body><table>", "web page"),
        (b"[{\"id\": 1, \"text\": \"hi\"}]", "JSON"),
    ] {
        let error = error(chat(), bytes);
        assert!(error.title.ends_with("a.csv is no table") && error.detail.contains(what), "{error}");
        assert!(["save it as CSV", "jq"].iter().any(|way| error.remedy.contains(way)), "{error}");
    }
    assert!(error(chat(), b"PK\x03\x04\x14\0\0\0chat.csv").remedy.contains("unzip"), "an archive is still one");
}

#[test]
fn what_stands_in_a_row_of_the_wrong_number_of_cells_is_said() {
    let table =
        format!("{HEADER}1,2,3, \"hi, there\"\n1,2,3,4\n1,2,3,\"he said \\\", then\"\n1,2,3,\"he said \\\"hi\\\"\"\n");
    let (_export, source) = open(chat(), table).unwrap();
    let problems = problems(&*source);
    assert_eq!(problems.len(), 3);
    assert!(problems[0].detail.ends_with("; a space stands before the quote"), "{problems:?}");
    assert!(problems[1].detail.ends_with("; quotes are escaped with a backslash; CSV doubles them"), "{problems:?}");
    assert!(problems[2].detail.contains("quotes are escaped with a backslash; CSV doubles them"), "{problems:?}");
    assert_eq!(problems[2].cause, "text after a closing quote");
}

#[test]
fn one_broken_byte_in_utf_8_does_not_spoil_the_other_characters() {
    let table = [
        HEADER.as_bytes(),
        "1,2,3,déjà vu à Genève, étés très chers\n".replace(", é", " é").as_bytes(),
        b"1,2,\xff,ok\n",
        "1,2,3,ééé\n".as_bytes(),
    ]
    .concat();
    let (_export, source) = open(chat(), table).unwrap();
    assert_eq!(source.notes()[0], "a.csv: a place in line 3 is not UTF-8 as the rest is; it becomes \u{fffd}");
    assert_eq!(texts(&*source), ["1|2|3|déjà vu à Genève étés très chers", "1|2|\u{fffd}|ok", "1|2|3|ééé"]);
}
