//! What a repeated external id is answered with, and what becomes of the ids of what was deleted.

use super::bench::{Bench, Sent};
use super::{Halt, Verdict};
use crate::front::{ConversationChange, Outcome, Status};
use crate::mapping::finding::{DELETED_IDS, REPEATED_ID};

pub(super) async fn repeated(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let open = |why: String| Ok(vec![Verdict::open(REPEATED_ID, why)]);
    let letter = bench.letter("a message, sent twice");
    let first = match bench.deliver(&letter).await? {
        Ok(first) => first,
        Err(why) => return open(why),
    };
    let second = bench.send(&letter).await?;
    let told = format!("the first was taken as {}, the second {}", first.uid, second.told());
    let value = match &second {
        Sent::Lost(_) => return open(told),
        Sent::Refused { .. } => "refused",
        Sent::Taken(uid) if *uid == first.uid => "same uid",
        Sent::Taken(uid) => match bench.see(uid).await? {
            None => "new uid",
            Some(_) => return Ok(vec![Verdict::settled(REPEATED_ID, "second message", told + ", which exists, too")]),
        },
    };
    let Some(conversation) = first.conversation() else {
        return open(format!("{told}; its conversation is not named"));
    };
    let messages = bench.listed(conversation).await?;
    let told = format!("{told}; {conversation} has {} message(s)", messages.len());
    Ok(vec![match messages.len() {
        1 => Verdict::settled(REPEATED_ID, value, told),
        0 => Verdict::open(REPEATED_ID, told),
        _ => Verdict::settled(REPEATED_ID, "second message", told),
    }])
}

/// Deletes a message of the probe for good, and sends it again.
pub(super) async fn deleted(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let open = |why: String| Ok(vec![Verdict::open(DELETED_IDS, why)]);
    if !bench.job.permanently {
        return open("it takes a conversation that is deleted for good: --permanently".to_owned());
    }
    let letter = bench.letter("a message that is deleted for good");
    let first = match bench.deliver(&letter).await? {
        Ok(first) => first,
        Err(why) => return open(why),
    };
    let Some(conversation) = first.conversation() else { return open("its conversation is not named".to_owned()) };
    let client = &bench.job.client;
    let trash = ConversationChange { status: Some(Status::Deleted), ..ConversationChange::default() };
    let trashed = client.update_conversation(conversation, &trash, bench.on).await?.outcome;
    if trashed != Outcome::Done(()) {
        return open(format!("{conversation} could not be trashed: {trashed}"));
    }
    let gone = client.delete_conversation(conversation, bench.on).await?.outcome;
    if gone != Outcome::Done(()) {
        return open(format!("{conversation} could not be deleted: {gone}"));
    }
    let second = bench.send(&letter).await?;
    let told = format!("{} was deleted for good; the same message again was {}", first.uid, second.told());
    Ok(vec![match second {
        Sent::Lost(_) => Verdict::open(DELETED_IDS, told),
        Sent::Refused { .. } => Verdict::settled(DELETED_IDS, "burnt", told),
        Sent::Taken(uid) => match bench.see(&uid).await? {
            Some(_) => Verdict::settled(DELETED_IDS, "free", told + ", and exists"),
            None => Verdict::settled(DELETED_IDS, "burnt", told + ", and never came to exist"),
        },
    }])
}
