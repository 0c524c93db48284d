//! Over what a `thread_ref` is shared, and in which order lists show what was imported.

use super::bench::{Bench, Seen, Sent, texts};
use super::{Halt, Verdict};
use crate::request::encode::encode;

const OVER_TYPES: &str = "thread_ref_types";
const OVER_INBOXES: &str = "thread_ref_inboxes";
const MESSAGES: &str = "message_order";
const CONVERSATIONS: &str = "inbox_order";

const YEAR: i64 = 365 * 86_400;

pub(super) async fn refs(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let first = bench.letter("a thread over types and inboxes");
    let one = match bench.deliver(&first).await? {
        Ok(one) => one,
        Err(why) => return Ok(vec![Verdict::open(OVER_TYPES, &why), Verdict::open(OVER_INBOXES, why)]),
    };
    let mut second = bench.letter("a thread over types and inboxes");
    second.metadata.thread_ref.clone_from(&first.metadata.thread_ref);
    (second.kind, second.body_format) = ("custom", None);
    "Made by `threadlift probe`. It can be deleted.".clone_into(&mut second.body);
    let types = shared(OVER_TYPES, &one, bench.deliver(&second).await?);
    let Some(other) = bench.job.other_inbox_id.clone() else {
        let why = "it takes a second scratch inbox: --other-inbox";
        return Ok(vec![types, Verdict::open(OVER_INBOXES, why)]);
    };
    let mut third = bench.letter("a thread over types and inboxes");
    third.metadata.thread_ref.clone_from(&first.metadata.thread_ref);
    let inboxes = match bench.send_bytes(&other, &encode(&third)).await? {
        Sent::Taken(uid) => shared(OVER_INBOXES, &one, bench.arrived(uid).await?),
        sent => Verdict::open(OVER_INBOXES, sent.told()),
    };
    Ok(vec![types, inboxes])
}

/// Are both in one conversation?
fn shared(name: &'static str, one: &Seen, other: Result<Seen, String>) -> Verdict {
    let other = match other {
        Ok(other) => other,
        Err(why) => return Verdict::open(name, why),
    };
    match (one.conversation(), other.conversation()) {
        (Some(first), Some(second)) => {
            let value = if first == second { "shared" } else { "separate" };
            Verdict::settled(name, value, format!("{} is in {first}, {} in {second}", one.uid, other.uid))
        }
        _ => Verdict::open(name, "Front does not name the conversations of both messages"),
    }
}

/// What is newer comes first, and then what is older.
pub(super) async fn order(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let newer = bench.letter("newer, imported first");
    let mut older = bench.letter("older, imported second");
    older.created_at -= YEAR;
    older.metadata.thread_ref.clone_from(&newer.metadata.thread_ref);
    let mut apart = bench.letter("older, in a conversation of its own");
    apart.created_at -= 2 * YEAR;
    let mut seen = Vec::new();
    for letter in [&newer, &older, &apart] {
        match bench.deliver(letter).await? {
            Ok(it) => seen.push(it),
            Err(why) => return Ok(vec![Verdict::open(MESSAGES, &why), Verdict::open(CONVERSATIONS, why)]),
        }
    }
    let [newer, older, apart] = seen.as_slice() else { return Ok(Vec::new()) };
    let named = |it: &Seen| it.conversation().unwrap_or_default().to_owned();
    let (thread, alone) = (named(newer), named(apart));
    let messages = before(MESSAGES, &bench.listed(&thread).await?, &newer.uid, &older.uid);
    let page = bench.get(&["inboxes", &bench.job.inbox_id, "conversations"]).await?;
    let conversations = before(CONVERSATIONS, &texts(page.as_ref(), "id"), &thread, &alone);
    Ok(vec![messages, conversations])
}

/// Lists show the newest first: which of the two do they take for it?
fn before(name: &'static str, list: &[String], newer: &str, older: &str) -> Verdict {
    let place = |id: &str| list.iter().position(|it| it == id);
    match (place(newer), place(older)) {
        (Some(newer_at), Some(older_at)) => {
            let value = if newer_at < older_at { "created_at" } else { "arrival" };
            let told = format!("{newer}, newer and sent first, is at {newer_at}; {older}, sent later, at {older_at}");
            Verdict::settled(name, value, told)
        }
        _ => Verdict::open(name, "the first page of the list does not have both"),
    }
}
