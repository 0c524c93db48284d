//! So much of one thing that a step for each pair of records would take hours, and recursion for each would end the process.

use super::overview::overview_of;
use super::*;

const MANY: i64 = 100_000;

#[test]
fn a_chat_of_a_hundred_thousand_equal_lines_is_one_conversation_that_is_named_as_too_large() {
    let rows: Vec<Written> = (0..MANY).map(|_| line("c1", 0, "ada", "ok", "visitor")).collect();
    let sources = sources(&[], &rows);
    let entries = planned(&mapping(""), &sources, &Pins::default());
    let ids: std::collections::HashSet<&str> =
        sent(&entries).iter().map(|planned| planned.external_id.as_str()).collect();
    assert_eq!(ids.len(), rows.len());
    let pins = pins_of(&entries, &accepted());
    let overview = overview_of(&mapping(""), &sources, &pins);
    assert_eq!((overview.threads, overview.huge_threads), (1, 1));
    assert_eq!((overview.repeated_rows, overview.sent_differently), (rows.len() as u64 - 1, 0));
    // The same lines in a second export are the same messages.
    let again: Vec<Written> = rows.iter().cloned().chain(rows.iter().map(|(_, row)| (1, row.clone()))).collect();
    let overview = overview_of(&mapping(""), &super::sources(&[], &again), &pins);
    assert_eq!((overview.messages, overview.shared_rows), (rows.len() as u64, rows.len() as u64));
}

#[test]
fn answers_to_answers_without_end_and_a_loop_of_as_many_are_two_conversations() {
    let many = MANY / 5;
    let mail = |name: &str, n: i64, to: i64| {
        mail(&format!(
            "Message-ID: <{name}{n}@x>\nIn-Reply-To: <{name}{to}@x>\nDate: {}\nFrom: a@x.example\n\nHi\n",
            date(n)
        ))
    };
    let chain = (0..many).map(|n| mail("chain", n, n - 1));
    let ring = (0..many).map(|n| mail("ring", n, (n + 1) % many));
    let mails: Vec<Written> = chain.chain(ring).rev().collect();
    let entries = planned(&mapping("[thread]\njoin_by_subject = 3"), &sources(&mails, &[]), &Pins::default());
    let refs: std::collections::HashSet<&str> =
        sent(&entries).iter().map(|planned| planned.thread_ref.as_str()).collect();
    assert_eq!((sent(&entries).len(), refs.len()), (mails.len(), 2));
    // Sent before is one message of each; the whole thread keeps its ref.
    let ends: Vec<&Entry> =
        entries.iter().filter(|entry| [0, mails.len() as u64 - 1].contains(&entry.number)).collect();
    let after = planned(&mapping(""), &sources(&mails, &[]), &pins_of(ends.iter().copied(), &accepted()));
    let places = |entries: &[Entry]| -> std::collections::BTreeMap<String, String> {
        sent(entries).iter().map(|planned| (planned.external_id.clone(), planned.thread_ref.clone())).collect()
    };
    assert_eq!(places(&after), places(&entries));
}
