//! A kill at any point, and what sled may leave behind.

use super::*;
use std::fs;
use std::fs::OpenOptions;

fn five() -> (TempDir, Ledger) {
    let (dir, ledger) = ledger_of(&["a", "b", "c", "d", "e"]);
    send(&ledger, 0, &confirmed());
    send(&ledger, 1, &accepted("u"));
    send(&ledger, 2, &refused("no"));
    send(&ledger, 3, &State::Sending);
    (dir, ledger)
}

fn five_at_rest() -> [State; 5] {
    [confirmed(), accepted("u"), refused("no"), never_answered(), State::Planned]
}

fn pins(ledger: &Ledger) -> Vec<(String, State)> {
    ledger.pins().unwrap().map(|pin| pin.map(|pin| (pin.external_id, pin.state)).unwrap()).collect()
}

#[test]
fn marks_are_there_after_a_kill_flushed_or_not() {
    let (_dir, ledger) = five();
    let unflushed = as_killed_now(&ledger);
    assert_eq!(states(&open_copy(&unflushed)), five_at_rest());
    ledger.flush().unwrap();
    let flushed = as_killed_now(&ledger);
    send(&ledger, 4, &accepted("v"));
    let reopened = open_copy(&flushed);
    assert_eq!(states(&reopened), five_at_rest());
    assert!(reopened.notices().is_empty() && reopened.index_lost().is_none());
    let counts = reopened.counts();
    assert_eq!((counts.sending, counts.unknown, counts.planned), (0, 1, 1));
    // The interrupted one is sent again with the same id.
    send(&reopened, 3, &accepted("w"));
    drop(reopened);
    assert_eq!(open_copy(&flushed).state(3).unwrap(), accepted("w"));
}

#[test]
fn a_kill_within_a_group_costs_only_what_was_not_acknowledged() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &accepted("u"));
    let copy = as_killed_now(&ledger);
    let home = copy.path().join("ledger");
    let mut file = OpenOptions::new().append(true).open(home.join("journal.jsonl")).unwrap();
    std::io::Write::write_all(&mut file, br#"0bad0bad {"sending":{"external_id":"tl1-b","#).unwrap();
    let ledger = open_copy(&copy);
    assert_eq!(states(&ledger), [accepted("u"), State::Planned]);
    assert!(ledger.notices()[0].contains("journal.torn-1"), "{:?}", ledger.notices());
    send(&ledger, 1, &accepted("v"));
    drop(ledger);
    let ledger = open_copy(&copy);
    assert_eq!(states(&ledger), [accepted("u"), accepted("v")]);
    assert!(ledger.notices().is_empty());
}

#[test]
fn a_kill_at_any_step_of_a_new_plan_leaves_the_old_one_or_the_new_one() {
    let (_dir, mut ledger) = five();
    ledger.flush().unwrap();
    let old = as_killed_now(&ledger);
    plan_of(&mut ledger, "p2", &["e", "a"]);
    let new = as_killed_now(&ledger);
    // Each step: what lies in `sled`, `sled.old`, `sled.new`; and the plan that must come out of it.
    let (o, n) = (Some(&old), Some(&new));
    let steps =
        [(o, None, None, "p1"), (o, None, n, "p1"), (None, o, n, "p1"), (n, o, None, "p2"), (n, None, None, "p2")];
    for (current, before, next, expected) in steps {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("ledger");
        copy_tree(&new.path().join("ledger"), &home);
        fs::remove_dir_all(home.join("sled")).unwrap();
        for (name, from) in [("sled", current), ("sled.old", before), ("sled.new", next)] {
            if let Some(from) = from {
                copy_tree(&from.path().join("ledger/sled"), &home.join(name));
            }
        }
        let ledger = Ledger::open(&home).unwrap();
        assert_eq!(ledger.plan().unwrap().plan_id, expected);
        let at_rest: &[State] = if expected == "p1" { &five_at_rest() } else { &[State::Planned, confirmed()] };
        assert_eq!(states(&ledger), at_rest);
        assert!(!home.join("sled.old").exists() && !home.join("sled.new").exists());
    }
}

#[test]
fn a_half_built_index_is_thrown_away() {
    let (_dir, ledger) = five();
    let copy = as_killed_now(&ledger);
    let half = copy.path().join("ledger/sled.new");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("db"), "half a page").unwrap();
    assert_eq!(states(&open_copy(&copy)), five_at_rest());
    assert!(!half.exists());
}

#[test]
fn without_its_index_the_ledger_has_no_plan_but_the_same_pins() {
    let (_dir, ledger) = five();
    let copy = as_killed_now(&ledger);
    fs::remove_dir_all(copy.path().join("ledger/sled")).unwrap();
    let mut bare = open_copy(&copy);
    assert!(bare.plan().is_none());
    assert_eq!(bare.index_lost(), Some("its folder sled is gone"));
    ledger.flush().unwrap();
    let expected = pins(&ledger);
    assert_eq!(pins(&bare), expected);
    assert_eq!(expected.len(), 4);
    plan_of(&mut bare, "p1", &["a", "b", "c", "d", "e"]);
    assert_eq!(states(&bare), five_at_rest());
}

#[test]
fn snapshots_that_sled_chokes_on_are_set_aside_and_nothing_is_lost() {
    let (_dir, ledger) = five();
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    drop(Ledger::open(&path).unwrap());
    let closed = tempfile::tempdir().unwrap();
    copy_tree(&path, &closed.path().join("ledger"));
    let damages: [fn(&Path, &Path); 4] = [
        |sled, _| fs::write(sled.join("snap.FFFFFFFFFFFFFFFF.generating"), "").unwrap(),
        |sled, _| fs::write(sled.join("snap.FFFFFFFFFFFFFFFF.generating"), [7; 300]).unwrap(),
        |_, snapshot| {
            let length = fs::metadata(snapshot).unwrap().len();
            OpenOptions::new().write(true).open(snapshot).unwrap().set_len(length - 1).unwrap();
        },
        |_, snapshot| fs::write(snapshot, "").unwrap(),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        copy_tree(&closed.path().join("ledger"), &dir.path().join("ledger"));
        let sled = dir.path().join("ledger/sled");
        let snapshot = fs::read_dir(&sled)
            .unwrap()
            .map(|item| item.unwrap().path())
            .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap."))
            .unwrap();
        damage(&sled, &snapshot);
        let ledger = open_copy(&dir);
        assert_eq!(states(&ledger), five_at_rest(), "damage {number}");
        assert!(ledger.index_lost().is_none());
        assert!(ledger.notices()[0].contains("snapshot"), "{:?}", ledger.notices());
        drop(ledger);
        assert!(open_copy(&dir).notices().is_empty());
    }
}

#[test]
fn an_index_that_cannot_be_opened_is_set_aside_with_the_reason() {
    let (_dir, ledger) = five();
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    let db = path.join("sled/db");
    let bytes = fs::read(&db).unwrap();
    fs::write(&db, vec![0xa5; bytes.len()]).unwrap();
    let mut ledger = Ledger::open(&path).unwrap();
    assert!(ledger.plan().is_none());
    assert!(ledger.index_lost().is_some());
    assert!(ledger.notices()[0].contains("sled.damaged-1"), "{:?}", ledger.notices());
    assert!(path.join("sled.damaged-1").exists());
    assert_eq!(pins(&ledger).len(), 4);
    plan_of(&mut ledger, "p1", &["a", "b", "c", "d", "e"]);
    assert_eq!(states(&ledger), five_at_rest());
    assert!(ledger.index_lost().is_none());
}

#[test]
fn an_index_that_sled_refuses_to_open_is_set_aside_with_the_reason() {
    let (_dir, ledger) = five();
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    fs::write(path.join("sled/conf"), "no settings of sled's").unwrap();
    let checked = Ledger::check(&path).unwrap();
    assert_eq!(checked.damages.len(), 1, "{:?}", checked.damages);
    let ledger = Ledger::open(&path).unwrap();
    assert!(ledger.plan().is_none() && ledger.index_lost().is_some());
    assert!(ledger.notices()[0].contains("sled.damaged-1"), "{:?}", ledger.notices());
    assert_eq!(pins(&ledger).len(), 4);
}

#[test]
fn a_flipped_bit_among_the_entries_is_an_error_there_and_nowhere_else() {
    let block = crate::ledger::blocks::ENTRIES;
    let names: Vec<String> = (0..3 * block).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_dir, ledger) = ledger_of(&names);
    let hit = block + 1;
    ledger.current().unwrap().index.flip_a_bit_of_entry(hit);
    assert!(ledger.entry(block - 1).is_ok() && ledger.entry(2 * block).is_ok());
    let error = ledger.entry(hit).unwrap_err();
    assert!(error.is_index_damage() && error.remedy().contains("rebuild"), "{error}");
    assert!(ledger.mark(&[(hit, State::Sending)]).is_err());
    assert!(ledger.history(&external_id(&format!("m{hit}"))).unwrap().is_empty());
    let listed: Vec<bool> = ledger.entries(block - 2..3 * block).unwrap().map(|item| item.is_ok()).collect();
    assert_eq!(listed, [true, true, false]);
}

#[test]
fn a_state_that_sled_lost_is_not_taken_for_one_that_was_never_there() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &accepted("u"));
    send(&ledger, 1, &accepted("v"));
    ledger.flush().unwrap();
    ledger.current().unwrap().index.forget_state(0);
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    let ledger = Ledger::open(&path).unwrap();
    // Opening counts nothing, so the books are what they were.
    assert_eq!(ledger.counts().accepted, 2);
    let error = ledger.mark(&[(0, State::Sending)]).unwrap_err();
    assert!(error.is_index_damage() && error.to_string().contains("its state is gone"), "{error}");
    drop(ledger);
    let found = Ledger::check(&path).unwrap();
    assert!(found.damages.iter().any(|damage| damage.what.contains("accepted")), "{:?}", found.damages);
}
