//! Whatever is read, in whatever order: the books balance and the plan is the same.

use super::*;
use crate::ledger::Form;
use crate::plan::Rebuilder;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A mail out of a small world, so that copies, collisions and threads are frequent.
fn any_mail() -> impl Strategy<Value = Written> {
    let links = vec(0..5_u8, 0..3);
    let labels = prop::sample::select(vec!["", "Red", "Blue,Red", "Spam", "Sent", "Bill"]);
    let more = prop::sample::select(vec!["", "Bcc: eve@x.example\n", "From: support@acme.example\n", "Date-Less: 1\n"]);
    let id = prop::option::weighted(0.8, 0..6_u8);
    (id, 0..3_i64, links, labels, more, 0..3_u8, 0..3_u32).prop_map(|(id, minute, links, labels, more, text, file)| {
        let references: Vec<String> = links.iter().map(|link| format!("<m{link}@x>")).collect();
        let headers = format!("References: {}\nX-Gmail-Labels: {labels}\n{more}", references.join(" "));
        let text = letter(&format!("m{}", id.unwrap_or_default()), minute, &headers, &format!("text {text}"));
        // Without an id the first line goes; some are nothing like a mail.
        let text = if id.is_none() { text.split_once('\n').unwrap().1.to_owned() } else { text };
        let text = if more.starts_with("Date-Less") { text.replace("\nDate: ", "\nUndated: ") } else { text };
        (file, mail(&text).1)
    })
}

fn any_row() -> impl Strategy<Value = Written> {
    let id = prop::sample::select(vec!["", "", "1", "2"]);
    let role = prop::sample::select(vec!["visitor", "agent", "system", "ghost"]);
    let who = prop::sample::select(vec!["ada", "bob", ""]);
    (id, 0..2_u8, 0..2_i64, who, 0..2_u8, role, 0..2_u32).prop_map(|(id, chat, second, who, text, role, file)| {
        let (chat, time, text) = (format!("c{chat}"), (NEW_YEAR + second).to_string(), format!("t{text}"));
        row_in(file, [id, &chat, &time, who, &text, role, ""])
    })
}

fn any_mapping() -> impl Strategy<Value = Arc<Mapping>> {
    let parts = [
        "[[rule]]\nwhen = { label = \"Bill\" }\ninbox = \"Billing\"\n",
        "[[rule]]\nwhen = { label = \"Red\" }\ninbox = \"Red\"\ntags = [\"r\"]\n",
        "[[rule]]\nwhen = { label = \"Blue\" }\nskip = \"blue\"\n",
        "[identity]\ncollisions = \"richest\"\n",
        "[thread]\njoin_by_subject = 3\n",
        "[defaults]\nunlisted_labels = \"tag\"\n",
    ];
    let parts = prop::sample::subsequence(parts.to_vec(), 0..=parts.len());
    (any_ends(), parts).prop_map(|(ends, parts)| mapping(&format!("{ends}---\n{}", parts.concat())))
}

/// The first second and the first minutes of 2019 are all the time that there is.
fn any_ends() -> impl Strategy<Value = String> {
    let moments = ["", "2019-01-01T00:00:01Z", "2019-01-01T00:01:00Z", "2019-01-01T00:02:00Z"];
    let moment = prop::sample::select(moments.to_vec());
    let policy = prop::sample::select(vec!["cut", "whole", "leave"]);
    let deliver = prop::sample::select(vec!["", "deliver = { channel = \"cha_1\", since = 2019-01-01T00:00:01Z }\n"]);
    (moment.clone(), moment, policy, deliver).prop_map(|(since, until, policy, deliver)| {
        let key = |key: &str, value: &str| if value.is_empty() { String::new() } else { format!("{key} = {value}\n") };
        let until = if since < until { until } else { "" };
        let deliver = if until == "2019-01-01T00:00:01Z" { "" } else { deliver };
        format!("{}{}straddling = \"{policy}\"\n{deliver}", key("since", since), key("until", until))
    })
}

/// Is a message of a conversation sent, by a policy?
type Keeps = fn(&Planned, &[&Planned]) -> bool;

/// Before the first minute of 2019 is over.
fn is_within(planned: &Planned) -> bool {
    planned.created_at < NEW_YEAR + 60
}

/// External id, ref, inbox, tags and digest of a message.
type Meaning<'a> = (&'a str, &'a str, &'a str, &'a [String], [u8; 32]);

/// What Front would get, without regard to order and place.
fn meaning(entries: &[Entry]) -> BTreeSet<Meaning<'_>> {
    sent(entries)
        .into_iter()
        .map(|planned| {
            let Planned { external_id, thread_ref, inbox, tags, request, .. } = planned;
            (external_id.as_str(), thread_ref.as_str(), inbox.as_str(), tags.as_slice(), *request)
        })
        .collect()
}

/// Inbox and archived state of each thread; an error if its messages differ in one of them.
fn places_of_threads(entries: &[Entry]) -> Result<BTreeMap<&str, (&str, bool)>, TestCaseError> {
    let mut places: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for planned in sent(entries) {
        let here = (planned.inbox.as_str(), planned.is_archived);
        prop_assert_eq!(*places.entry(&planned.thread_ref).or_insert(here), here);
    }
    Ok(places)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_record_ends_in_exactly_one_place(
        mails in vec(any_mail(), 0..25),
        rows in vec(any_row(), 0..15),
        mapping in any_mapping(),
    ) {
        let entries = planned(&mapping, &sources(&mails, &rows), &Pins::default());
        let numbers: BTreeSet<u64> = entries.iter().map(|entry| entry.number).collect();
        prop_assert_eq!(entries.len(), mails.len() + rows.len());
        prop_assert_eq!(numbers, (0..entries.len() as u64).collect());
        let ids: BTreeSet<&str> = sent(&entries).iter().map(|planned| planned.external_id.as_str()).collect();
        prop_assert_eq!(ids.len(), sent(&entries).len(), "no external id twice");
        prop_assert!(ids.iter().all(|id| id.starts_with("tl1-") && id.is_ascii() && id.len() <= 100), "{:?}", ids);
        let first_unsent = entries.iter().position(|entry| !matches!(entry.verdict, Verdict::Planned(_)));
        prop_assert!(first_unsent.is_none_or(|at| at == sent(&entries).len()), "what is sent stands first");
        let planned: BTreeSet<u64> =
            entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))).map(|entry| entry.number).collect();
        for entry in &entries {
            if let Verdict::Duplicate { of } = entry.verdict {
                prop_assert!(planned.contains(&of), "a duplicate names a message that is sent");
            }
        }
    }

    #[test]
    fn a_thread_has_one_inbox_and_is_sent_in_one_piece_oldest_first(
        mails in vec(any_mail(), 0..25),
        rows in vec(any_row(), 0..15),
        mapping in any_mapping(),
    ) {
        let entries = planned(&mapping, &sources(&mails, &rows), &Pins::default());
        let inboxes = places_of_threads(&entries)?;
        let mut refs: Vec<&str> = sent(&entries).iter().map(|planned| planned.thread_ref.as_str()).collect();
        for (older, newer) in sent(&entries).iter().zip(sent(&entries).iter().skip(1)) {
            prop_assert!(older.thread_ref != newer.thread_ref || older.created_at <= newer.created_at);
        }
        refs.dedup();
        prop_assert_eq!(refs.len(), inboxes.len());
    }

    #[test]
    fn neither_order_nor_threads_nor_file_names_change_what_is_sent(
        (mails, shuffled) in vec(any_mail(), 0..25).prop_flat_map(|mails| (Just(mails.clone()), Just(mails).prop_shuffle())),
        (rows, shuffled_rows) in vec(any_row(), 0..15).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        mapping in any_mapping(),
    ) {
        let one = planned(&mapping, &sources(&mails, &rows), &Pins::default());
        let other = planned_by(4, &mapping, &sources(&shuffled, &shuffled_rows), &Pins::default());
        prop_assert_eq!(meaning(&one), meaning(&other));
    }

    #[test]
    fn what_was_sent_keeps_its_id_thread_inbox_and_request_whatever_comes_later(
        early in vec(any_mail(), 1..15),
        late in vec(any_mail(), 0..15),
        how_many in 0..15_usize,
        mapping in any_mapping(),
    ) {
        let before = planned(&mapping, &sources(&early, &[]), &Pins::default());
        let was_sent: Vec<&Entry> =
            before.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))).take(how_many).collect();
        let pins = pins_of(was_sent.iter().copied(), &accepted());
        let all: Vec<Written> = late.into_iter().chain(early).collect();
        let after = planned(&mapping, &sources(&all, &[]), &pins);
        let now: BTreeMap<&str, &Planned> =
            sent(&after).into_iter().map(|planned| (planned.external_id.as_str(), planned)).collect();
        for entry in was_sent {
            let Verdict::Planned(then) = &entry.verdict else { unreachable!() };
            let Some(now) = now.get(then.external_id.as_str()) else {
                return Err(TestCaseError::fail(format!("{} was sent and is not in the plan", then.external_id)));
            };
            prop_assert_eq!((&now.thread_ref, &now.inbox), (&then.thread_ref, &then.inbox));
            prop_assert_eq!(now.identity, then.identity, "the same copy");
        }
        prop_assert_eq!(now.len(), sent(&after).len(), "no external id twice");
        places_of_threads(&after)?;
    }

    #[test]
    fn what_is_sent_of_a_conversation_is_what_the_policy_says_of_all_its_messages(mails in vec(any_mail(), 0..25)) {
        let sources = sources(&mails, &[]);
        let plan = |keys: &str| planned(&mapping(&format!("{keys}---\n")), &sources, &Pins::default());
        let whole = plan("");
        let by_ref = sent(&whole).into_iter().fold(BTreeMap::new(), |mut by_ref, planned| {
            by_ref.entry(planned.thread_ref.as_str()).or_insert_with(Vec::new).push(planned);
            by_ref
        });
        let expected = |keeps: Keeps| -> BTreeSet<[u8; 32]> {
            let kept = by_ref.values().flat_map(|all| all.iter().filter(|planned| keeps(planned, all)));
            kept.map(|planned| planned.identity).collect()
        };
        let policies: [(&str, Keeps); 3] = [
            ("cut", |planned, _| is_within(planned)),
            ("whole", |_, all| all.iter().any(|planned| is_within(planned))),
            ("leave", |_, all| all.iter().all(|planned| is_within(planned))),
        ];
        for (policy, keeps) in policies {
            let entries = plan(&format!("until = 2019-01-01T00:01:00Z\nstraddling = \"{policy}\"\n"));
            let found: BTreeSet<[u8; 32]> = sent(&entries).iter().map(|planned| planned.identity).collect();
            prop_assert_eq!(found, expected(keeps), "{}", policy);
            prop_assert_eq!(entries.len(), whole.len(), "every record is in one place");
        }
    }

    #[test]
    fn every_planned_request_can_be_made_again(
        mails in vec(any_mail(), 0..15),
        rows in vec(any_row(), 0..15),
        mapping in any_mapping(),
    ) {
        let sources = sources(&mails, &rows);
        let entries = planned(&mapping, &sources, &Pins::default());
        let rebuilder = Rebuilder::new(Arc::clone(&mapping), sources);
        for entry in entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))) {
            let Verdict::Planned(planned) = &entry.verdict else { unreachable!() };
            if planned.form == Form::Delivery {
                let delivery = rebuilder.delivery(entry).unwrap().request;
                prop_assert_eq!(&delivery.metadata.thread_ref, &planned.thread_ref);
                prop_assert!(!delivery.body.is_empty() && planned.is_inbound && planned.created_at > NEW_YEAR);
                continue;
            }
            let request = rebuilder.request(entry).unwrap().request;
            prop_assert_eq!(&request.external_id, &planned.external_id);
            prop_assert_eq!(&request.metadata.thread_ref, &planned.thread_ref);
            prop_assert_eq!(&request.tags, &planned.tags);
            prop_assert_eq!(request.created_at, planned.created_at);
            prop_assert!(!request.to.is_empty() && !request.body.is_empty());
            prop_assert!(crate::request::encode::encoded_size(&request) <= planned.size);
        }
    }
}
