//! Messages that are left to send though they were sent before: under other ids, as when a namespace was changed in between.
//!
//! Front tells messages apart by their ids alone, so they would be there twice.

use super::pins::Pins;
use super::resolve::Resolution;
use crate::mapping::InboxCopies;
use std::collections::HashMap;

/// How many there are, and some of them as [`Resolution::name_of`] names them.
pub(super) struct Doubles {
    pub count: u64,
    pub ids: Vec<String>,
}

/// Finds messages whose content, people and date are those of one that was sent and that this plan does not hold any more. Where
/// each inbox has a copy of its own, another inbox is meant to get another one.
pub(super) fn doubles(resolution: &Resolution<'_>, pins: &Pins, most_named: usize) -> Doubles {
    let is_per_inbox = resolution.mapping.identity.copies == InboxCopies::PerInbox;
    let inbox_of = |inbox| if is_per_inbox { inbox } else { "" };
    // Equal rows of a chat are several messages: each stands for one.
    let mut gone: HashMap<([u8; 32], &str), u64> = HashMap::new();
    let planned = resolution.messages.iter().map(|message| message.external_id.as_str());
    for (pin, inbox) in pins.gone(planned) {
        *gone.entry((pin, inbox_of(inbox))).or_default() += 1;
    }
    let mut doubles = Doubles { count: 0, ids: Vec::new() };
    if gone.is_empty() {
        return doubles;
    }
    for message in resolution.messages.iter().filter(|message| pins.copy(&message.external_id).is_none()) {
        let Some(candidate) = resolution.candidate_of(message) else { continue };
        let inbox = resolution.threads.get(message.thread).map_or("", |thread| thread.inbox.as_ref());
        let Some(left) = gone.get_mut(&(candidate.pin(), inbox_of(inbox))).filter(|left| **left > 0) else { continue };
        *left -= 1;
        doubles.count += 1;
        if doubles.ids.len() < most_named {
            doubles.ids.push(resolution.name_of(message).to_owned());
        }
    }
    doubles
}
