//! What a ledger refuses, before anything is changed.

use super::*;
use crate::ledger::{LedgerError, Part};
use std::fs;

#[test]
fn every_legal_change_of_state_is_made_and_every_other_refused() {
    let ways: [(&str, &[State]); 6] = [
        ("planned", &[]),
        ("sending", &[State::Sending]),
        ("accepted", &[State::Sending, accepted("u")]),
        ("confirmed", &[State::Sending, accepted("u"), confirmed()]),
        ("refused", &[State::Sending, refused("no")]),
        ("unknown", &[State::Sending, unknown("timeout")]),
    ];
    let wanted = [State::Planned, State::Sending, accepted("v"), confirmed(), refused("never"), unknown("reset")];
    let names: Vec<String> = (0..36).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_dir, ledger) = ledger_of(&names);
    let mut position = 0;
    for (from, way) in &ways {
        for to in &wanted {
            for step in *way {
                ledger.mark(&[(position, step.clone())]).unwrap();
            }
            let before = ledger.state(position).unwrap();
            assert_eq!(before.name(), *from);
            let history = ledger.history(&external_id(names[usize::try_from(position).unwrap()])).unwrap();
            assert_eq!(history.len(), way.len());
            let marked = ledger.mark(&[(position, to.clone())]);
            if before.may_become(to) {
                marked.unwrap();
                assert_eq!(ledger.state(position).unwrap(), *to);
            } else {
                let error = marked.unwrap_err();
                assert!(matches!(error, LedgerError::IllegalTransition { .. }), "{error}");
                assert!(error.to_string().contains(&format!("from {from} to {}", to.name())), "{error}");
                assert_eq!(ledger.state(position).unwrap(), before);
            }
            position += 1;
        }
    }
}

#[test]
fn one_illegal_change_in_a_group_stops_the_whole_group() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    let group = [(0, State::Sending), (1, accepted("u"))];
    assert!(matches!(ledger.mark(&group), Err(LedgerError::IllegalTransition { position: 1, .. })));
    assert_eq!(states(&ledger), [State::Planned, State::Planned]);
    assert!(ledger.history("tl1-a").unwrap().is_empty());
    ledger.mark(&[(0, State::Sending), (0, accepted("u")), (0, confirmed())]).unwrap();
    assert_eq!(ledger.state(0).unwrap(), confirmed());
}

#[test]
fn what_is_not_planned_has_no_state() {
    let (_dir, mut ledger) = ledger_of(&["a"]);
    let skipped = entry(1, None, Verdict::Skipped { cause: "spam".into() });
    ledger.write_plan(meta("p2", 2), filled([planned(0, "a"), skipped])).unwrap();
    for position in [1, 2, u64::MAX] {
        assert!(matches!(ledger.state(position), Err(LedgerError::NotPlanned { planned: 1, .. })));
        assert!(matches!(ledger.mark(&[(position, State::Sending)]), Err(LedgerError::NotPlanned { .. })));
    }
    assert!(ledger.entry(1).is_ok());
    assert!(ledger.entry(2).is_err());
}

#[test]
fn a_second_opening_is_told_at_once_who_has_the_ledger_and_can_read_the_summary() {
    let (_dir, ledger) = ledger_of(&["a"]);
    ledger.write_summary("importing", serde_json::json!({ "wait": 3 })).unwrap();
    let error = Ledger::open(ledger.dir()).unwrap_err();
    assert!(matches!(&error, LedgerError::Locked { pid: Some(pid), .. } if *pid == std::process::id()), "{error:?}");
    let summary = crate::ledger::read_summary(ledger.dir()).unwrap().unwrap();
    assert_eq!((summary.run.as_str(), summary.plan_id.as_deref()), ("importing", Some("p1")));
    assert_eq!((summary.sources[0].name.as_str(), summary.sources[0].tally.pending), ("takeout", 1));
    let dir = ledger.dir().to_path_buf();
    drop(ledger);
    Ledger::open(&dir).unwrap();
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let (_dir, ledger) = ledger_of(&["a"]);
    let path = ledger.dir().to_path_buf();
    drop(ledger);
    fs::write(path.join("format"), "threadlift ledger 2\n").unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Newer { found: 2, known: 1, .. }), "{error}");
    for text in ["", "threadlift ledger 0\n", "threadlift ledger one\n", "something else\n"] {
        fs::write(path.join("format"), text).unwrap();
        assert!(matches!(Ledger::open(&path), Err(LedgerError::Damaged { part: Part::Format, .. })), "{text}");
    }
    fs::remove_file(path.join("format")).unwrap();
    assert!(matches!(Ledger::open(&path), Err(LedgerError::Damaged { part: Part::Format, .. })));
    fs::write(path.join("format"), "threadlift ledger 1\n").unwrap();
    assert_eq!(Ledger::open(&path).unwrap().plan().unwrap().plan_id, "p1");
}

#[test]
fn a_folder_with_other_files_is_not_made_a_ledger() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "text").unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::NotALedger { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn open_existing_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let absent = dir.path().join("ledger");
    assert!(matches!(Ledger::open_existing(&absent), Err(LedgerError::Absent { .. })));
    assert!(!absent.exists());
    assert!(matches!(Ledger::open_existing(dir.path()), Err(LedgerError::Absent { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn another_company_or_another_inbox_of_the_same_name_is_foreign() {
    let (_dir, ledger) = ledger_of(&["a"]);
    ledger.bind(&target()).unwrap();
    ledger
        .bind(&Target { company_name: "Acme Ltd".into(), base_url: "http://127.0.0.1:9".into(), ..target() })
        .unwrap();
    let wider = BTreeMap::from([("Billing".into(), "inb_2".into())]);
    ledger.bind(&Target { inboxes: wider, ..target() }).unwrap();

    let dir = ledger.dir().to_path_buf();
    drop(ledger);
    let ledger = Ledger::open(&dir).unwrap();
    assert_eq!(ledger.target().unwrap().inboxes.len(), 2);
    let other = Target { company_id: "cmp_2".into(), company_name: "Rival".into(), ..target() };
    let error = ledger.bind(&other).unwrap_err();
    assert!(matches!(error, LedgerError::Foreign { .. }));
    let text = error.to_string();
    assert!(text.contains("Acme (cmp_1)") && text.contains("Rival (cmp_2)"), "{text}");
    for (name, id) in [("Support", "inb_9"), ("Billing", "inb_9")] {
        let moved = Target { inboxes: BTreeMap::from([(name.into(), id.into())]), ..target() };
        let text = ledger.bind(&moved).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains("inb_9"), "{text}");
    }
    ledger.bind(&target()).unwrap();
}

#[test]
fn a_flipped_bit_in_the_journal_stops_the_next_opening_and_is_named() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &accepted("u"));
    send(&ledger, 1, &accepted("v"));
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    let journal = path.join("journal.jsonl");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[100] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { part: Part::Journal, .. }));
    assert!(error.to_string().contains("line 1 (byte 0)"), "{error}");
    assert!(error.remedy().contains("backup"));
}

#[test]
fn a_journal_that_lost_its_end_is_refused_and_not_shortened_further() {
    let (_dir, ledger) = ledger_of(&["a", "b"]);
    send(&ledger, 0, &accepted("u"));
    let path = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    let journal = path.join("journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    for length in [0, 10, whole.len() - 1] {
        fs::write(&journal, &whole[..length]).unwrap();
        let error = Ledger::open(&path).unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { part: Part::Journal, .. }), "{error}");
        assert_eq!(fs::read(&journal).unwrap().len(), length);
    }
    fs::write(&journal, &whole).unwrap();
    assert_eq!(Ledger::open(&path).unwrap().state(0).unwrap(), accepted("u"));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_any_of_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("ledger");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    let mut ledger = Ledger::open(&home).unwrap();
    plan_of(&mut ledger, "p1", &["a"]);
    ledger.bind(&target()).unwrap();
    ledger.write_summary("planned", serde_json::Value::Null).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in ["", "sled"] {
        assert_eq!(mode(&home.join(folder)), 0o700, "{folder}");
    }
    for file in ["format", "LOCK", "journal.jsonl", "summary.json", "sled/db", "sled/conf"] {
        assert_eq!(mode(&home.join(file)), 0o600, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_that_came_back_from_a_backup_with_everybody_s_rights_is_the_owner_s_alone_again() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, ledger) = ledger_of(&["a"]);
    ledger.write_summary("planned", serde_json::Value::Null).unwrap();
    let home = ledger.dir().to_path_buf();
    ledger.close().unwrap();
    let files = ["", "sled", "format", "LOCK", "journal.jsonl", "summary.json", "sled/db", "sled/conf"];
    let rights = |file: &str| fs::metadata(home.join(file)).unwrap().permissions().mode() & 0o077;
    for file in files.iter().filter(|file| !["", "sled"].contains(file)) {
        fs::set_permissions(home.join(file), fs::Permissions::from_mode(0o666)).unwrap();
    }
    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
    drop(Ledger::open(&home).unwrap());
    for file in files {
        assert_eq!(rights(file), 0, "{file}");
    }
}

#[test]
fn plans_that_break_the_rules_leave_the_former_plan_in_force() {
    let (_dir, mut ledger) = ledger_of(&["a"]);
    send(&ledger, 0, &accepted("u"));
    let skipped = |number| entry(number, None, Verdict::Skipped { cause: "spam".into() });
    let mut elsewhere = planned(1, "b");
    elsewhere.origin.source = 1;
    let broken: [Vec<Entry>; 3] =
        [vec![skipped(0), planned(1, "b")], vec![planned(0, "b"), planned(1, "b")], vec![planned(0, "a"), elsewhere]];
    for entries in broken {
        let error = ledger.write_plan(meta("p2", 2), filled(entries)).unwrap_err();
        assert!(matches!(error, LedgerError::Misplanned { .. }), "{error}");
        assert_eq!(ledger.plan().unwrap().plan_id, "p1");
        assert_eq!(ledger.state(0).unwrap(), accepted("u"));
    }
    plan_of(&mut ledger, "p3", &["a", "b"]);
    assert_eq!(states(&ledger), [accepted("u"), State::Planned]);
}
