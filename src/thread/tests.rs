use super::{Graph, Id, Message, Name};
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
    graph.names(0).of
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
    let names = graph.names(0).of;
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
    assert_eq!(graph.names(0).of, [Name::Pinned("ref-1".into()), Name::Pinned("ref-1".into())]);
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
    let joined = graph.names(7).of;
    assert_eq!(joined[0], joined[1]);
    assert_ne!(joined[1], joined[2]);
}

#[test]
fn a_thread_of_a_hundred_thousand_replies_is_linear_and_one() {
    let mut graph = Graph::new();
    let wide = |n: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        id
    };
    for n in 1..100_000_u32 {
        graph.add(&Message { id: wide(n), references: vec![wide(n - 1)], ..Message::default() });
    }
    let names = graph.names(0).of;
    assert!(names.iter().all(|name| *name == Name::Root(wide(0))));
}

prop_compose! {
    fn any_message()(n in 0_u8..24, references in prop::collection::vec(0_u8..24, 0..4), group in prop::option::weighted(0.2, 100_u8..103)) -> (u8, Vec<u8>, Option<u8>) {
        (n, references, group)
    }
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
}
