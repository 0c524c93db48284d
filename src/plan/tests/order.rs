//! The order of sending.

use super::*;

fn mails() -> Vec<String> {
    vec![
        letter("old", 0, "", "the oldest"),
        letter("a", 10, "", "Hi"),
        letter("b", 20, "References: <old@x>\n", "Re: the oldest"),
        letter("c", 15, "References: <a@x>\n", "Re: Hi"),
    ]
}

fn dates(entries: &[Entry]) -> Vec<i64> {
    sent(entries).iter().map(|planned| (planned.created_at - NEW_YEAR) / 60).collect()
}

#[test]
fn the_thread_that_was_active_last_goes_first_and_its_oldest_message_before_the_others() {
    let mut mails = mails();
    mails.push(letter("late", 90, "", "news"));
    assert_eq!(dates(&planned_mails(&mapping(""), &mails)), [90, 0, 20, 10, 15]);
}

#[test]
fn the_mapping_can_ask_for_the_thread_that_began_first() {
    let mut mails = mails();
    mails.push(letter("late", 90, "", "news"));
    let entries = planned_mails(&mapping("[send]\norder = \"oldest-first\""), &mails);
    assert_eq!(dates(&entries), [0, 20, 10, 15, 90]);
}

#[test]
fn the_mapping_can_ask_for_the_order_of_the_sources() {
    let mut mails = mails();
    mails.push(letter("late", 90, "", "news"));
    mails.push(letter("first", 1, "References: <late@x>\n", "Re: news"));
    let ordered = |mails: &[String]| dates(&planned_mails(&mapping("[send]\norder = \"source\""), mails));
    assert_eq!(ordered(&mails), [0, 20, 10, 15, 1, 90]);
    mails.reverse();
    assert_eq!(ordered(&mails), [1, 90, 10, 15, 0, 20], "the thread of the first mail in the source goes first");
}

#[test]
fn a_thread_is_never_interrupted_by_another_of_the_same_second() {
    let mut mails = Vec::new();
    for n in 0..20 {
        mails.push(letter(&format!("r{n}"), 0, "", "Hi"));
        mails.push(letter(&format!("s{n}"), 9, &format!("References: <r{n}@x>\n"), "Ho"));
    }
    let entries = planned_mails(&mapping(""), &mails);
    let mut refs: Vec<&str> = sent(&entries).iter().map(|planned| planned.thread_ref.as_str()).collect();
    refs.dedup();
    assert_eq!(refs.len(), 20);
}

#[test]
fn lines_of_one_second_keep_the_order_of_their_table() {
    let texts: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
    let rows: Vec<Written> = texts.iter().map(|text| line("c1", 0, "ada", text, "visitor")).collect();
    let entries = planned(&mapping(""), &sources(&[], &rows), &Pins::default());
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (0..30).collect::<Vec<u64>>());
}

#[test]
fn what_is_not_sent_follows_in_reading_order() {
    let spam = |id| letter(id, 0, "X-Gmail-Labels: Spam\n", "Buy");
    let entries =
        planned_mails(&mapping(""), &[spam("x"), letter("a", 0, "", "Hi"), spam("y"), letter("a", 0, "", "Hi")]);
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [1, 0, 2, 3]);
}
