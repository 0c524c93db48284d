//! What a plan keeps, and what it takes over from earlier ones.

use super::*;
use crate::ledger::{Class, LedgerError, Tally};
use std::collections::BTreeMap;

#[test]
fn a_plan_is_read_back_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    assert!(ledger.plan().is_none() && ledger.tallies().is_empty());
    assert!(matches!(ledger.entry(0), Err(LedgerError::NoPlan { .. })));
    let copy = entry(2, Some("a@shop.example".into()), Verdict::Duplicate { of: 0 });
    let all = vec![planned(1, "b"), planned(0, "a"), copy];
    ledger.write_plan(meta("p1", 3), filled(all.clone())).unwrap();
    ledger.close().unwrap();

    let ledger = Ledger::open(dir.path()).unwrap();
    let plan = ledger.plan().unwrap();
    assert_eq!((plan.planned, plan.total, plan.sources.as_slice()), (2, 3, &["takeout".to_owned()][..]));
    assert_eq!((plan.mapping_text.as_str(), plan.extra.as_slice()), ("version = 1\n", &b"tables"[..]));
    let files: Vec<FileMeta> = ledger.files(0).unwrap().map(Result::unwrap).collect();
    assert_eq!(files, meta("", 0).sources[0].files);
    assert_eq!(ledger.files(1).unwrap().count(), 0);
    let read: Vec<(u64, Entry)> = ledger.entries(0..u64::MAX).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, (0..).zip(all.clone()).collect::<Vec<_>>());
    let part: Vec<u64> = ledger.entries(1..2).unwrap().map(|item| item.unwrap().0).collect();
    assert_eq!(part, [1]);
    assert_eq!(ledger.entries(7..9).unwrap().count(), 0);
    assert_eq!(ledger.entry(2).unwrap(), all[2]);
    assert_eq!(ledger.find("tl1-a").unwrap(), [1]);
    assert_eq!(ledger.find("a@shop.example").unwrap(), [1, 2]);
    assert_eq!(ledger.find("nobody").unwrap(), Vec::<u64>::new());
}

#[test]
fn what_was_sent_keeps_its_state_in_every_later_plan() {
    let (_dir, mut ledger) = ledger_of(&["a", "b", "c", "d", "e", "f"]);
    let reached = [accepted("ua"), confirmed(), refused("no"), unknown("timeout"), State::Planned, State::Sending];
    for (position, state) in (0..).zip(&reached) {
        send(&ledger, position, state);
    }
    plan_of(&mut ledger, "p2", &["new", "f", "e", "d", "c"]);
    let expected = [State::Planned, never_answered(), State::Planned, unknown("timeout"), refused("no")];
    assert_eq!(states(&ledger), expected);
    assert_eq!(ledger.counts().planned, 2);
    plan_of(&mut ledger, "p3", &["a", "b"]);
    assert_eq!(states(&ledger), [accepted("ua"), confirmed()]);
    assert_eq!(ledger.first_open(), 2);
}

#[test]
fn pins_name_everything_that_was_ever_sent_whatever_the_current_plan() {
    let (_dir, mut ledger) = ledger_of(&["a", "b", "c"]);
    send(&ledger, 1, &confirmed());
    send(&ledger, 0, &unknown("timeout"));
    plan_of(&mut ledger, "p2", &["c", "a"]);
    send(&ledger, 0, &State::Sending);
    send(&ledger, 1, &accepted("ua"));
    let pins: Vec<_> = ledger.pins().unwrap().map(Result::unwrap).collect();
    let found: Vec<(&str, &State, &str)> =
        pins.iter().map(|pin| (pin.external_id.as_str(), &pin.state, pin.plan_id.as_str())).collect();
    assert_eq!(
        found,
        [("tl1-b", &confirmed(), "p1"), ("tl1-c", &never_answered(), "p2"), ("tl1-a", &accepted("ua"), "p2")]
    );
    let b = &pins[0];
    assert_eq!((b.thread_ref.as_str(), b.inbox.as_str(), b.is_archived), ("tl1-t-b", "Support", true));
    assert_eq!((b.original_id.as_deref(), b.request), (Some("b@shop.example"), [7; 32]));
    assert_eq!(b.identity, *blake3::hash(b"b").as_bytes());
}

#[test]
fn an_attempt_front_did_not_take_leaves_the_doubt_about_an_earlier_one() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &State::Planned);
    assert_eq!(ledger.state(0).unwrap(), State::Planned);
    send(&ledger, 1, &unknown("timeout"));
    send(&ledger, 1, &State::Planned);
    let doubt = ledger.state(1).unwrap();
    assert_eq!(doubt, unknown("an earlier attempt was never answered"));
    assert_eq!((ledger.counts().unknown, ledger.counts().planned), (1, 1));
    let copy = as_killed_now(&ledger);
    assert_eq!(open_copy(&copy).state(1).unwrap(), doubt);
    ledger.mark(&[(1, State::Sending), (1, State::Planned)]).unwrap();
    assert_eq!(ledger.state(1).unwrap(), doubt);
}

#[test]
fn the_first_open_position_passes_over_what_is_settled_and_comes_back_for_a_retry() {
    let (_dir, ledger) = ledger_of(&["a", "b", "c", "d"]);
    assert_eq!(ledger.first_open(), 0);
    send(&ledger, 1, &accepted("u"));
    assert_eq!(ledger.first_open(), 0);
    send(&ledger, 0, &refused("no"));
    assert_eq!(ledger.first_open(), 2);
    let copy = as_killed_now(&ledger);
    assert_eq!(open_copy(&copy).first_open(), 2);
    ledger.mark(&[(0, State::Sending)]).unwrap();
    assert_eq!(ledger.first_open(), 0);
    ledger.mark(&[(0, accepted("v"))]).unwrap();
    assert_eq!(ledger.first_open(), 2);
    send(&ledger, 2, &accepted("w"));
    send(&ledger, 3, &accepted("x"));
    assert_eq!(ledger.first_open(), 4);
}

#[test]
fn the_books_balance_by_source_with_causes_and_a_lost_record_unbalances_them() {
    let (_dir, mut ledger) = ledger_of(&["a"]);
    let rejected = |cause: &str| Verdict::Rejected {
        cause: cause.into(),
        detail: "no Date header".into(),
        remedy: "set date_fallback".into(),
    };
    let unreadable =
        Verdict::Unreadable { cause: "cut short".into(), detail: "at byte 7".into(), remedy: "export again".into() };
    let mut elsewhere = planned(8, "d");
    elsewhere.origin.source = 1;
    let entries = vec![
        planned(0, "a"),
        planned(1, "b"),
        planned(2, "c"),
        elsewhere,
        entry(3, None, Verdict::Duplicate { of: 0 }),
        entry(4, None, Verdict::Skipped { cause: "spam".into() }),
        entry(5, None, rejected("no date")),
        entry(6, None, rejected("no date")),
        entry(7, None, unreadable),
    ];
    let mut two = meta("p2", 8);
    two.sources.push(SourceMeta { name: "chats".into(), read: 1, files: Vec::new() });
    ledger.write_plan(two.clone(), filled(entries.clone())).unwrap();
    send(&ledger, 0, &confirmed());
    send(&ledger, 1, &refused("bad handle"));
    send(&ledger, 2, &State::Sending);
    let dir = ledger.dir().to_path_buf();
    let mut books = ledger.tallies();
    drop(ledger);
    let mut ledger = Ledger::open(&dir).unwrap();
    let cause = |books: &mut Vec<(String, Tally)>| books[0].1.causes.remove(&Class::Unknown).unwrap();
    let mut reopened = ledger.tallies();
    assert_eq!(cause(&mut books), BTreeMap::from([("under way".to_owned(), 1)]));
    assert_eq!(cause(&mut reopened), BTreeMap::from([("the process ended before Front answered".to_owned(), 1)]));
    assert_eq!(reopened, books, "a request under way counts as unknown, before and after");

    let (name, takeout) = &books[0];
    assert_eq!(name, "takeout");
    assert_eq!((takeout.read, takeout.confirmed, takeout.refused, takeout.unknown, takeout.pending), (8, 1, 1, 1, 0));
    assert_eq!((takeout.duplicate, takeout.skipped, takeout.rejected, takeout.unreadable), (1, 1, 2, 1));
    let causes = [
        (Class::Duplicate, "same message as another", 1),
        (Class::Skipped, "spam", 1),
        (Class::Unreadable, "cut short", 1),
        (Class::Rejected, "no date", 2),
        (Class::Refused, "bad handle", 1),
    ];
    for (class, cause, count) in causes {
        assert_eq!(takeout.causes[&class], BTreeMap::from([(cause.to_owned(), count)]));
    }
    assert_eq!((books[1].0.as_str(), books[1].1.read, books[1].1.pending), ("chats", 1, 1));
    assert!(books.iter().all(|(_, tally)| tally.balances()));

    let without_one = entries.into_iter().filter(|entry| entry.number != 4);
    ledger.write_plan(two, filled(without_one)).unwrap();
    let balanced: Vec<bool> = ledger.tallies().iter().map(|(_, tally)| tally.balances()).collect();
    assert_eq!(balanced, [false, true]);
}

#[test]
fn the_history_of_a_message_is_told_in_the_journal_s_own_words() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 1, &unknown("timeout"));
    send(&ledger, 0, &accepted("u"));
    send(&ledger, 1, &confirmed());
    let lines = ledger.history("tl1-b").unwrap();
    let kinds: Vec<&str> = lines.iter().map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(kinds, ["sending", "unknown", "sending", "accepted", "confirmed"]);
    assert!(lines[0].contains(r#""original_id":"b@shop.example""#));
    assert!(ledger.history("tl1-").unwrap().is_empty());
}

#[test]
fn every_copy_of_a_message_is_found_however_many_there_are() {
    let (_dir, mut ledger) = ledger_of(&[]);
    let copies = (0..2_000).map(|number| {
        let id = if number % 2 == 0 { "same@shop.example".to_owned() } else { format!("{number}@shop.example") };
        entry(number, Some(id), Verdict::Duplicate { of: 0 })
    });
    ledger.write_plan(meta("p2", 2_000), filled(copies)).unwrap();
    assert_eq!(ledger.find("same@shop.example").unwrap(), (0..2_000).step_by(2).collect::<Vec<_>>());
    for number in (1..2_000).step_by(2) {
        assert_eq!(ledger.find(&format!("{number}@shop.example")).unwrap(), [number]);
    }
}

#[test]
fn a_refused_message_is_taken_up_again_only_when_its_request_was_mended() {
    let (_dir, mut ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &refused("bad handle"));
    send(&ledger, 1, &refused("bad handle"));
    let mut mended = planned(1, "b");
    if let Verdict::Planned(planned) = &mut mended.verdict {
        planned.request = [77; 32];
    }
    ledger.write_plan(meta("p2", 2), filled(vec![planned(0, "a"), mended])).unwrap();
    assert_eq!(ledger.state(0).unwrap(), refused("bad handle"), "the same bytes would be refused again");
    assert_eq!(ledger.state(1).unwrap(), State::Planned);
    let tally = &ledger.tallies()[0].1;
    assert_eq!((tally.refused, tally.pending), (1, 1));
    assert!(tally.balances());
    let dir = ledger.dir().to_path_buf();
    drop(ledger);
    let ledger = Ledger::open(&dir).unwrap();
    assert_eq!(ledger.state(1).unwrap(), State::Planned, "also after opening again");
    assert_eq!(ledger.first_open(), 1);
}
