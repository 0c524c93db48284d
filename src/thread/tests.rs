use super::{Graph, Id, Message, Name, Names};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn id(n: u8) -> Id {
    [n; 16]
}

fn message(n: u8, references: &[u8]) -> Message {
    Message { id: id(n), references: references.iter().copied().map(id).collect(), ..Message::default() }
}

fn names(messages: &[Message]) -> Vec<Name> {
    let mut graph = Graph::new();
    for message in messages {
        graph.add(message);
    }
    all(&graph.names(0))
}

/// The name of every message.
fn all(names: &Names) -> Vec<Name> {
    (0..).map_while(|message| names.of(message).cloned()).collect()
}

#[test]
fn replies_join_the_thread_they_refer_to() {
    let names = names(&[message(1, &[]), message(2, &[1]), message(3, &[1, 2]), message(9, &[])]);
    assert_eq!(names[0], names[1]);
    assert_eq!(names[0], names[2]);
    assert_ne!(names[0], names[3]);
}

#[test]
fn two_replies_to_a_mail_that_is_absent_share_a_thread() {
    let names = names(&[message(2, &[1]), message(3, &[1])]);
    assert_eq!(names, [Name::Root(id(1)), Name::Root(id(1))]);
}

#[test]
fn a_reference_to_oneself_and_a_loop_do_no_harm() {
    let names = names(&[message(1, &[1]), message(2, &[3]), message(3, &[2])]);
    assert_eq!(names[0], Name::Root(id(1)));
    assert_eq!(names[1], Name::Root(id(2)));
    assert_eq!(names[1], names[2]);
}

#[test]
fn an_explicit_group_beats_the_graph_and_lends_its_name_to_repliers() {
    let mut grouped = message(1, &[]);
    grouped.group = Some(id(200));
    let mut other = message(2, &[1]);
    other.group = Some(id(201));
    let names = names(&[grouped, other, message(3, &[1, 2]), message(4, &[1])]);
    assert_eq!(names[0], Name::Group(id(200)));
    assert_eq!(names[1], Name::Group(id(201)));
    assert_eq!(names[2], Name::Group(id(201)), "the nearest ancestor decides");
    assert_eq!(names[3], Name::Group(id(200)));
}

#[test]
fn what_was_sent_keeps_its_ref_and_newcomers_join_it() {
    let mut graph = Graph::new();
    graph.pin(id(7), "ref-7");
    graph.add(&message(5, &[]));
    graph.add(&message(6, &[5, 7]));
    let names = all(&graph.names(0));
    assert_eq!(names[1], Name::Pinned("ref-7".into()), "the ancestor was sent, though it is not read again");
    assert_eq!(names[0], Name::Pinned("ref-7".into()), "an older mail found later joins too");
}

#[test]
fn a_group_with_a_sent_member_keeps_that_ref() {
    let mut graph = Graph::new();
    graph.pin(id(1), "ref-1");
    for n in [1, 2] {
        graph.add(&Message { group: Some(id(200)), ..message(n, &[]) });
    }
    assert_eq!(all(&graph.names(0)), [Name::Pinned("ref-1".into()), Name::Pinned("ref-1".into())]);
}

#[test]
fn subjects_join_only_on_request_and_within_the_window() {
    let day = 86_400;
    let with = |n, date| Message { subject: Some(id(99)), date, ..message(n, &[]) };
    let messages = [with(1, 0), with(2, 2 * day), with(3, 30 * day)];
    let apart = names(&messages);
    assert_ne!(apart[0], apart[1]);
    let mut graph = Graph::new();
    for message in &messages {
        graph.add(message);
    }
    let joined = all(&graph.names(7));
    assert_eq!(joined[0], joined[1]);
    assert_ne!(joined[1], joined[2]);
}

#[test]
fn a_subject_that_goes_on_within_the_window_is_one_thread_however_long_it_lasts_and_groups_stay_out() {
    let day = 86_400;
    let with = |n: u8, group| Message { subject: Some(id(99)), date: i64::from(n) * 5 * day, group, ..message(n, &[]) };
    let mut graph = Graph::new();
    for n in 1..10 {
        graph.add(&with(n, None));
    }
    graph.add(&with(10, Some(id(200))));
    let names = all(&graph.names(7));
    assert!(names[..9].iter().all(|name| *name == names[0]), "{names:?}");
    assert_eq!(names[9], Name::Group(id(200)));
}

#[test]
fn a_parent_that_comes_late_changes_no_name_unless_it_knows_an_older_one() {
    let replies = [message(2, &[1]), message(3, &[1, 2])];
    let before = names(&replies);
    let with_parent = [&replies[..], &[message(1, &[])]].concat();
    assert_eq!(names(&with_parent)[..2], before);
    let with_older = [&replies[..], &[message(1, &[9])]].concat();
    assert_eq!(names(&with_older), [const { Name::Root([9; 16]) }; 3]);
}

#[test]
fn references_that_a_client_has_cut_in_the_middle_lead_to_the_same_thread() {
    let whole: Vec<Message> = (1..9).map(|n| message(n, &(1..n).collect::<Vec<u8>>())).collect();
    let cut: Vec<Message> = (1..9)
        .map(|n| message(n, &(1..n).filter(|reference| *reference == 1 || *reference + 2 >= n).collect::<Vec<u8>>()))
        .collect();
    assert_eq!(names(&cut), names(&whole));
    let only_the_last: Vec<Message> =
        (1..9).map(|n| message(n, &(1..n).last().into_iter().collect::<Vec<u8>>())).collect();
    assert_eq!(names(&only_the_last), names(&whole));
}

#[test]
fn every_message_of_a_loop_is_in_one_thread_and_so_are_its_repliers() {
    let looped = [message(1, &[3]), message(2, &[1]), message(3, &[2]), message(4, &[9, 2])];
    assert_eq!(names(&looped), [const { Name::Root([9; 16]) }; 4]);
    let mut graph = Graph::new();
    graph.pin(id(2), "ref-2");
    graph.pin(id(8), "ref-8");
    for message in [&looped[..], &[message(5, &[1]), message(6, &[8, 5])]].concat() {
        graph.add(&message);
    }
    let names = all(&graph.names(0));
    assert_eq!(names[0], Name::Pinned("ref-2".into()), "through the loop");
    assert_eq!(names[5], Name::Pinned("ref-8".into()), "named by itself, before the ancestor of its parent");
}

#[test]
fn a_message_of_which_one_copy_states_a_group_is_in_that_group() {
    let stated = Message { group: Some(id(200)), ..message(1, &[]) };
    let other = Message { group: Some(id(201)), ..message(7, &[]) };
    let messages = [stated, message(1, &[7]), other, message(2, &[1])];
    for messages in [messages.to_vec(), messages.iter().rev().cloned().collect()] {
        for (message, name) in messages.iter().zip(names(&messages)) {
            let expected = if message.id == id(7) { 201 } else { 200 };
            assert_eq!(name, Name::Group(id(expected)), "{message:?}");
        }
    }
}

fn wide(n: u32) -> Id {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    id
}

fn wide_message(n: u32, references: &[u32]) -> Message {
    Message { id: wide(n), references: references.iter().copied().map(wide).collect(), ..Message::default() }
}

/// Enough that a step for each pair would take hours, and a step of recursion for each would end the process.
const MANY: u32 = 200_000;

#[test]
fn two_hundred_thousand_replies_in_a_chain_are_one_thread_in_whichever_order_they_come() {
    let mut chain: Vec<Message> = (1..MANY).map(|n| wide_message(n, &[n - 1])).collect();
    for _ in 0..2 {
        assert!(names(&chain).iter().all(|name| *name == Name::Root(wide(0))));
        chain.reverse();
    }
}

#[test]
fn two_hundred_thousand_replies_to_one_mail_and_a_loop_of_as_many_are_one_thread_each_as_are_copies_without_end() {
    let star: Vec<Message> = (1..MANY).map(|n| wide_message(n, &[0])).collect();
    assert!(names(&star).iter().all(|name| *name == Name::Root(wide(0))));
    let ring: Vec<Message> = (0..MANY).map(|n| wide_message(n, &[(n + 1) % MANY])).collect();
    assert!(names(&ring).iter().all(|name| *name == Name::Root(wide(0))));
    let same: Vec<Message> = (0..MANY).map(|n| Message { date: i64::from(n), ..wide_message(0, &[n]) }).collect();
    assert!(names(&same).iter().all(|name| *name == Name::Root(wide(1))));
}

#[test]
fn the_nearest_sent_ancestor_is_found_however_far_it_is() {
    for turned in [false, true] {
        let mut graph = Graph::new();
        graph.pin(wide(0), "a");
        graph.pin(wide(MANY / 2), "b");
        let mut chain: Vec<Message> = (1..MANY).map(|n| wide_message(n, &[n - 1])).collect();
        if turned {
            chain.reverse();
        }
        for message in &chain {
            graph.add(message);
        }
        for (message, name) in chain.iter().zip(all(&graph.names(0))) {
            let nearest = if message.id < wide(MANY / 2) { "a" } else { "b" };
            assert_eq!(name, Name::Pinned(nearest.into()));
        }
    }
}

prop_compose! {
    fn any_message()(n in 0_u8..24, references in prop::collection::vec(0_u8..24, 0..4), group in prop::option::weighted(0.2, 100_u8..103)) -> (u8, Vec<u8>, Option<u8>) {
        (n, references, group)
    }
}

/// The nearest named ancestor by its definition: all references of one distance, those of the last reference first, before
/// any that are further.
fn nearest_by_definition(messages: &[Message], pins: &BTreeMap<u8, u8>, of: &Message) -> Option<String> {
    let mut level: Vec<Id> = of.references.iter().rev().copied().filter(|other| *other != of.id).collect();
    for _ in 0..=messages.len() + 1 {
        let pinned = level.iter().find_map(|found| pins.iter().find(|(n, _)| id(**n) == *found));
        if let Some((_, pin)) = pinned {
            return Some(format!("ref-{pin}"));
        }
        let parents = |found: &Id| -> Vec<Id> {
            let message = messages.iter().find(|message| message.id == *found);
            let references = message.map(|message| message.references.clone()).unwrap_or_default();
            references.into_iter().rev().filter(|other| other != found).collect()
        };
        level = level.iter().flat_map(parents).collect();
        let mut seen = std::collections::HashSet::new();
        level.retain(|found| seen.insert(*found));
    }
    None
}

proptest! {
    #[test]
    fn threads_depend_on_the_set_of_messages_not_on_their_order(
        messages in prop::collection::btree_map(0_u8..24, any_message(), 1..20),
        seed in any::<u64>(),
    ) {
        let messages: Vec<Message> = messages
            .into_iter()
            .map(|(n, (_, references, group))| Message { group: group.map(id), ..message(n, &references) })
            .collect();
        let mut shuffled = messages.clone();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let by_id = |messages: &[Message]| -> BTreeMap<Id, Name> {
            messages.iter().map(|message| message.id).zip(names(messages)).collect()
        };
        prop_assert_eq!(by_id(&messages), by_id(&shuffled));
    }

    #[test]
    fn a_newcomer_takes_the_ref_of_its_nearest_sent_ancestor(
        links in prop::collection::btree_map(0_u8..14, prop::collection::vec(0_u8..14, 0..3), 1..14),
        pins in prop::collection::btree_map(0_u8..14, 0_u8..4, 0..5),
    ) {
        let messages: Vec<Message> = links.iter().map(|(n, references)| message(*n, references)).collect();
        let mut graph = Graph::new();
        for (n, pin) in &pins {
            graph.pin(id(*n), &format!("ref-{pin}"));
        }
        for message in &messages {
            graph.add(message);
        }
        for (found, name) in messages.iter().zip(all(&graph.names(0))) {
            let own = pins.iter().find(|(n, _)| id(**n) == found.id).map(|(_, pin)| format!("ref-{pin}"));
            let expected = own.or_else(|| nearest_by_definition(&messages, &pins, found));
            if let Some(expected) = expected {
                prop_assert_eq!(name, Name::Pinned(expected));
            }
        }
    }
}
