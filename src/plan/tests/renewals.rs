//! Messages with new ids, where ids and inboxes are many, and where something is lost.

use super::*;
use crate::ledger::{Ledger, first_id};
use crate::plan::Overview;
use crate::plan::testing::Folder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const COPIES: &str = "[identity]\ncopies = \"per-inbox\"\n[[rule]]\nwhen = { label = \"Bill\" }\ninbox = \"Billing\"\n\
                      [[rule]]\nwhen = { label = \"Sale\" }\ninbox = \"Sales\"\n";

/// What a plan says of a message, whatever its id is now.
type Said = (String, String, [u8; 32], i64);

/// The position of every planned message, and what is said of it, by its id.
fn planned_in(ledger: &Ledger) -> BTreeMap<String, (u64, Said)> {
    let entries = ledger.entries(0..ledger.plan().unwrap().planned).unwrap();
    let planned = entries.map(Result::unwrap).filter_map(|(position, entry)| match entry.verdict {
        Verdict::Planned(planned) => {
            let said = (planned.thread_ref, planned.inbox, planned.identity, planned.created_at);
            Some((planned.external_id, (position, said)))
        }
        _ => None,
    });
    planned.collect()
}

fn state_of(ledger: &Ledger, id: &str) -> State {
    ledger.state(planned_in(ledger)[id].0).unwrap()
}

/// Everything is sent, and of the message with this id Front makes nothing: it gets a new one, and the plan is made again.
fn sent_and_renewed(folder: &Folder, more: &str, id: &str) -> (Ledger, Overview) {
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, more);
    for (planned, (position, _)) in planned_in(&ledger) {
        ledger.mark(&[(position, State::Sending), (position, accepted())]).unwrap();
        if planned == id {
            ledger.mark(&[(position, State::Missing { uid: "u".into(), why: "5 min".into() })]).unwrap();
            ledger.renew(&BTreeSet::from([position])).unwrap();
        }
    }
    assert!(folder.staleness(&ledger, more).is_some_and(|why| why.contains("new ids")));
    let overview = folder.plan(&mut ledger, more);
    assert_eq!(folder.staleness(&ledger, more), None);
    (ledger, overview)
}

/// Each message of a plan is renewed once, in a world of its own, then sent; then the index is deleted, and a later export added.
fn each_keeps_all_but_its_id(more: &str, export: &[(&str, String)], later: &[(&str, String)]) {
    let write =
        |folder: &Folder, mails: &[(&str, String)]| mails.iter().for_each(|(name, text)| folder.write(name, text));
    let fresh = Folder::new();
    write(&fresh, export);
    let mut ledger = fresh.open_ledger();
    fresh.plan(&mut ledger, more);
    let before = planned_in(&ledger);
    for id in before.keys() {
        let folder = Folder::new();
        write(&folder, export);
        let (ledger, overview) = sent_and_renewed(&folder, more, id);
        let new_id = format!("{id}-r2");
        let with_new_id: BTreeMap<String, Said> = before
            .iter()
            .map(|(known, (_, said))| (if known == id { new_id.clone() } else { known.clone() }, said.clone()))
            .collect();
        let said = |ledger: &Ledger| -> BTreeMap<String, Said> {
            planned_in(ledger).into_iter().map(|(id, (_, said))| (id, said)).collect()
        };
        assert_eq!(said(&ledger), with_new_id);
        let nothing_differs = |overview: &Overview| {
            assert_eq!(
                (overview.sent_differently, overview.sent_and_gone, overview.rejoined),
                (0, 0, 0),
                "{overview:?}"
            );
        };
        nothing_differs(&overview);
        assert_eq!(
            (ledger.counts().planned, state_of(&ledger, &new_id)),
            (1, State::Planned),
            "only the new id is to be sent"
        );
        let position = planned_in(&ledger)[&new_id].0;
        ledger.mark(&[(position, State::Sending), (position, accepted())]).unwrap();
        drop(ledger);
        folder.lose_index();
        write(&folder, later);
        let mut ledger = folder.open_ledger();
        nothing_differs(&folder.plan(&mut ledger, more));
        let after = said(&ledger);
        for (id, said) in &with_new_id {
            assert_eq!(after.get(id), Some(said), "{id}");
            assert_eq!(state_of(&ledger, id), accepted(), "{id}");
        }
        let newcomers: Vec<&String> = after.keys().filter(|id| !with_new_id.contains_key(*id)).collect();
        assert_eq!(newcomers.len(), later.len(), "{newcomers:?}");
        assert!(newcomers.iter().all(|id| first_id(id) == id.as_str()), "a newcomer has a first id: {newcomers:?}");
        assert_eq!(ledger.counts().planned, later.len() as u64);
    }
}

#[test]
fn of_messages_that_share_a_message_id_the_one_with_a_new_id_keeps_its_thread_and_the_others_keep_their_ids() {
    let export = [
        ("1.eml", letter("a", 0, "", "the one")),
        ("2.eml", letter("a", 0, "", "quite another")),
        ("3.eml", letter("b", 1, "In-Reply-To: <a@x>\n", "an answer")),
    ];
    let later =
        [("0.eml", letter("a", 0, "", "a third text")), ("4.eml", letter("c", 2, "References: <a@x> <b@x>\n", "Ho"))];
    each_keeps_all_but_its_id("", &export, &later);
}

#[test]
fn of_the_copies_for_several_inboxes_only_the_missing_one_goes_out_under_a_new_id() {
    let mail = |id: &str, minute, headers: &str| {
        letter(id, minute, &format!("X-Gmail-Labels: Bill,Sale\n{headers}"), &format!("this is {id}"))
    };
    let export = [("1.eml", mail("a", 0, "")), ("2.eml", mail("b", 1, "In-Reply-To: <a@x>\n"))];
    let later = [("3.eml", letter("c", 2, "X-Gmail-Labels: Bill\nReferences: <b@x>\n", "only for one"))];
    each_keeps_all_but_its_id(COPIES, &export, &later);
}

#[test]
fn a_copy_with_a_new_id_is_not_sent_again_when_one_copy_is_enough() {
    let folder = Folder::new();
    folder.write("1.eml", &letter("a", 0, "X-Gmail-Labels: Bill,Sale\n", "Hi"));
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, COPIES);
    let ids: Vec<String> = planned_in(&ledger).into_keys().collect();
    assert_eq!(ids.len(), 2);
    drop(ledger);
    let (mut ledger, _) = sent_and_renewed(&folder, COPIES, &ids[0]);
    let position = planned_in(&ledger)[&format!("{}-r2", ids[0])].0;
    ledger.mark(&[(position, State::Sending), (position, accepted())]).unwrap();
    folder.plan(&mut ledger, &COPIES.replace("per-inbox", "one"));
    assert_eq!((ledger.counts().planned, ledger.counts().accepted), (0, 1));
}

/// Of two messages that share a Message-ID one got a new id and `states` under it; then the line of the renewal is lost and, if
/// `first_too`, all that was said under its first id, and the index.
fn without_renewal(states: &[State], first_too: bool) {
    let folder = Folder::new();
    folder.write("1.eml", &letter("a", 0, "", "Hi"));
    folder.write("2.eml", &letter("a", 0, "", "Ho"));
    let mut ledger = folder.open_ledger();
    folder.plan(&mut ledger, "");
    let ids: Vec<String> = planned_in(&ledger).into_keys().collect();
    drop(ledger);
    let (ledger, _) = sent_and_renewed(&folder, "", &ids[1]);
    let new_id = format!("{}-r2", ids[1]);
    let position = planned_in(&ledger)[&new_id].0;
    ledger.mark(&states.iter().map(|state| (position, state.clone())).collect::<Vec<_>>()).unwrap();
    let path = ledger.dir().to_path_buf();
    drop(ledger);
    let journal = path.join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    let mut bytes = text.clone().into_bytes();
    bytes[text.find("renewed_as").unwrap()] ^= 1;
    if first_too {
        text.match_indices(&format!("\"{}\"", ids[1])).for_each(|(at, _)| bytes[at + 1] ^= 1);
    }
    fs::write(&journal, bytes).unwrap();
    folder.lose_index();
    Ledger::repair(&path, true).unwrap();
    let mut ledger = folder.open_ledger();
    let overview = folder.plan(&mut ledger, "");
    assert_eq!((overview.sent_differently, overview.sent_and_gone), (0, 0));
    assert_eq!(planned_in(&ledger).into_keys().collect::<Vec<_>>(), [ids[0].clone(), new_id.clone()]);
    assert_eq!((&state_of(&ledger, &ids[0]), &state_of(&ledger, &new_id)), (&accepted(), states.last().unwrap()));
}

#[test]
fn a_message_whose_renewal_is_lost_with_the_index_is_known_by_what_was_sent() {
    // Front certainly did not take it: its new id is known from this alone.
    without_renewal(&[State::Sending, State::Planned], false);
    without_renewal(&[State::Sending, accepted()], true);
}
