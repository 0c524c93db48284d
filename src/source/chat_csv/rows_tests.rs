use super::*;
use crate::source::chat_csv::frame::Marks;
use crate::source::chat_csv::split;
use encoding_rs::UTF_8;
use proptest::prelude::*;

fn rows(text: &[u8]) -> Vec<Stretch> {
    Rows::new(text, Marks::of(b','), 0, 1).map(Result::unwrap).collect()
}

/// Line and text of each row, or what is wrong with it.
fn brief(stretches: &[Stretch]) -> Vec<(u64, Result<String, Damage>)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    stretches.iter().map(|stretch| (stretch.line, stretch.content.clone().map(text))).collect()
}

#[test]
fn rows_end_at_line_ends_outside_of_quotes() {
    let found = rows(b"a,b\r\n\"c\nd\",\"e\"\"f\"\n\n  \r\ng,h\ri,\"j\"");
    let text = |line, text: &str| (line, Ok(text.to_owned()));
    assert_eq!(
        brief(&found),
        [text(1, "a,b\r\n"), text(2, "\"c\nd\",\"e\"\"f\"\n"), text(6, "g,h\r"), text(7, "i,\"j\"")]
    );
}

#[test]
fn a_quote_left_open_costs_one_line_and_not_the_rest() {
    let found = rows(b"a,b\nc,\"open\ne,f\ng,h\n");
    assert_eq!(
        brief(&found),
        [
            (1, Ok("a,b\n".to_owned())),
            (2, Err(Damage::OpenQuote)),
            (3, Ok("e,f\n".to_owned())),
            (4, Ok("g,h\n".to_owned()))
        ]
    );
    assert_eq!((found[1].offset, found[1].length), (4, 8));
}

fn shaped(text: &[u8], cells: usize, time: usize) -> Vec<Stretch> {
    Rows::new(text, Marks::of(b','), 0, 1).shaped(Some(Shape { cells, time })).map(Result::unwrap).collect()
}

#[test]
fn rows_that_a_forgotten_quote_swallowed_are_read_and_the_one_with_the_quote_is_named() {
    let text = b"c1,10:00,\"hello,ann\nc1,10:01,which size?,bob\nc1,10:02,27\",ann\nc2,10:03,\"two\nlines\",ann\n";
    let found = shaped(text, 4, 1);
    assert_eq!(
        brief(&found),
        [
            (1, Err(Damage::RowsInQuotes)),
            (2, Ok("c1,10:01,which size?,bob\n".to_owned())),
            (3, Ok("c1,10:02,27\",ann\n".to_owned())),
            (4, Ok("c2,10:03,\"two\nlines\",ann\n".to_owned())),
        ]
    );
    assert_eq!(found[0].length, 20);
}

#[test]
fn rows_swallowed_by_a_row_too_large_to_hold_are_read() {
    let text = format!("c,10:00,\"{}a\nc,10:01,b\n{}\nc,10:02,\"\n", "x".repeat(500), "y\n".repeat(4000));
    let rows = Rows::new(text.as_bytes(), Marks::of(b','), 0, 1).shaped(Some(Shape { cells: 3, time: 1 }));
    let found: Vec<Stretch> = rows.with_limits(64, 1000).map(Result::unwrap).collect();
    assert_eq!(brief(&found[..2]), [(1, Err(Damage::RowsInQuotes)), (2, Ok("c,10:01,b\n".to_owned()))]);
}

#[test]
fn a_row_of_nothing_but_delimiters_is_blank() {
    let found = rows(b",,,\na,b\n,,\r\n , ,\t\n,,\"\"\nc,\n,");
    let text = |line, text: &str| (line, Ok(text.to_owned()));
    assert_eq!(brief(&found), [text(2, "a,b\n"), text(5, ",,\"\"\n"), text(6, "c,\n")]);
}

#[test]
fn lines_are_counted_as_the_file_ends_them() {
    let lines = |text: &[u8]| -> Vec<u64> { rows(text).iter().map(|row| row.line).collect() };
    assert_eq!(lines(b"a,\"b\rc\r\rd\"\re,f\r"), [1, 5], "carriage returns alone");
    assert_eq!(lines(b"a,\"b\r\nc\"\re,f\r"), [1, 3], "a line end of two bytes in a cell");
    assert_eq!(lines(b"a,\"b\rc\"\ne,f\n"), [1, 2], "a carriage return in a text");
    assert_eq!(lines(b"a,b\r\r\nc,\"d\r\r\ne\"\r\r\nf,g\r\r\n"), [1, 2, 4], "converted twice");
    assert_eq!(lines(b"a,\"b\"c\r\r\nd,e\r\r\n"), [1, 2], "behind a damaged row");
}

#[test]
fn a_row_too_large_to_hold_counts_the_same_lines() {
    for (row_end, inner) in [("\n", 3), ("\r", 4), ("\r\n", 3), ("\r\r\n", 3)] {
        let text = format!("a,\"b\nc\rd\r\n{}\"{row_end}e,f\n", "x".repeat(300));
        for block in [1, 7, 64] {
            let large = Rows::new(text.as_bytes(), Marks::of(b','), 0, 1).with_limits(block, 100);
            let found: Vec<Stretch> = large.map(Result::unwrap).collect();
            let lines: Vec<u64> = found.iter().map(|row| row.line).collect();
            assert_eq!((lines, &found[0].content), (vec![1, inner + 1], &Err(Damage::TooLong)), "{row_end:?} {block}");
        }
    }
}

#[test]
fn a_backslash_before_a_quote_is_told_from_other_text_after_it() {
    let damage = |text: &[u8]| rows(text)[0].content.clone().unwrap_err();
    assert_eq!(damage(b"a,\"he said \\\"hi\\\"\"\n"), Damage::Backslash);
    assert_eq!(damage(b"a,\"he said \"hi\"\"\n"), Damage::StrayQuote);
    assert_eq!(damage(b"\"\\\"b"), Damage::Backslash);
    assert_eq!(damage(b"\"\"b"), Damage::StrayQuote);
}

#[test]
fn a_quote_inside_a_quoted_cell_must_be_doubled() {
    let found = rows(b"a,\"he said \"hi\" to me\"\r\nc,d\r\n");
    assert_eq!(brief(&found), [(1, Err(Damage::StrayQuote)), (2, Ok("c,d\r\n".to_owned()))]);
}

#[test]
fn two_quotes_left_open_do_not_merge_the_rows_between_them() {
    let found = rows(b"1,2,\"hello\n3,4,x\n5,6,\"there\n7,8,y\n");
    let damaged: Vec<u64> = found.iter().filter(|row| row.content.is_err()).map(|row| row.line).collect();
    assert_eq!((damaged, found.len()), (vec![1, 3], 4));
}

#[test]
fn a_row_is_held_up_to_its_limit_only() {
    let text = format!("a,\"{}\nb,c\n{}\nd,e\n", "x".repeat(3000), "y".repeat(3000));
    let found: Vec<Stretch> =
        Rows::new(text.as_bytes(), Marks::of(b','), 0, 1).with_limits(16, 1000).map(Result::unwrap).collect();
    assert_eq!(
        brief(&found),
        [
            (1, Err(Damage::OpenQuote)),
            (2, Ok("b,c\n".to_owned())),
            (3, Err(Damage::TooLong)),
            (4, Ok("d,e\n".to_owned()))
        ]
    );
}

#[test]
fn many_small_damages_do_not_give_up_a_file() {
    let text = "a,\"b\"c\nd,e\n".repeat(20_000);
    let found = rows(text.as_bytes());
    assert_eq!(found.iter().filter(|row| row.content.is_ok()).count(), 20_000);
    assert!(found.iter().all(|row| row.content != Err(Damage::GivenUp)));
}

#[test]
fn a_file_of_nothing_but_open_quotes_is_given_up_in_the_end() {
    let line = "a\",b,\"c\n";
    let mut rows = Rows::new(line.as_bytes(), Marks::of(b','), 0, 1);
    rows.in_vain = MOST_IN_VAIN + 1;
    let found: Vec<Stretch> = rows.map(Result::unwrap).collect();
    assert_eq!(brief(&found), [(1, Err(Damage::GivenUp))]);
    assert_eq!(found[0].length, line.len() as u64);
}

/// What may stand between rows.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b','
}

struct BadDisk;

impl ReadAt for BadDisk {
    fn read_some(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Err(io::Error::other("bad sector"))
    }
}

#[test]
fn a_disk_error_ends_the_file_after_it_was_said_once() {
    let read: Vec<io::Result<Stretch>> = Rows::new(BadDisk, Marks::of(b','), 0, 1).collect();
    assert_eq!(read.len(), 1);
    assert!(read[0].is_err());
}

proptest! {
    #[test]
    fn rows_are_whole_apart_and_independent_of_the_block_size(
        text in "[ab,\"\n\r\t \u{e9}]{0,200}",
        block in 1usize..64,
    ) {
        let found = rows(text.as_bytes());
        let mut end = 0;
        for row in &found {
            // Between rows there are blank lines only, or such of nothing but delimiters.
            prop_assert!(row.offset >= end);
            let (from, to) = (usize::try_from(end).unwrap(), usize::try_from(row.offset).unwrap());
            prop_assert!(text.as_bytes()[from..to].iter().all(|byte| is_blank(*byte)));
            end = row.offset + row.length;
        }
        let from = usize::try_from(end).unwrap();
        prop_assert!(text.as_bytes()[from..].iter().all(|byte| is_blank(*byte)));
        let small: Vec<Stretch> =
            Rows::new(text.as_bytes(), Marks::of(b','), 0, 1).with_limits(block, LONGEST_ROW).map(Result::unwrap).collect();
        prop_assert_eq!(&small, &found);
    }

    #[test]
    fn the_csv_crate_sees_the_same_cells_in_every_row(text in "[ab,\"\n\r]{0,120}") {
        for row in rows(text.as_bytes()) {
            if let Ok(bytes) = row.content {
                let mut peer = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
                let records: Vec<Vec<String>> =
                    peer.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
                prop_assert_eq!(records, [split(&bytes, Marks::of(b','), UTF_8)]);
            }
        }
    }

    #[test]
    fn cells_written_by_the_csv_crate_come_back(
        cells in proptest::collection::vec(proptest::collection::vec("[ab,;\"\n\r \u{e9}]{0,12}", 3), 1..8),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &cells {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let read: Vec<Vec<String>> =
            rows(&text).into_iter().map(|row| split(&row.content.unwrap(), Marks::of(b','), UTF_8)).collect();
        // Rows of nothing but delimiters and spaces are blank.
        let is_blank = |row: &Vec<String>| row.iter().all(|cell| cell.bytes().all(|byte| byte == b' '));
        let filled: Vec<Vec<String>> = cells.into_iter().filter(|row| !is_blank(row)).collect();
        prop_assert_eq!(read, filled);
    }
}
