//! Messages that are left to send though they were sent before: under other ids, as when a namespace was changed in between.
//!
//! Front tells messages apart by their ids alone, so they would be there twice.

use super::resolve::Resolution;
use super::texts::Text;
use crate::ledger::LedgerError;
use crate::mapping::InboxCopies;
use std::collections::HashMap;

/// How many there are, and some of them as [`Message::name`](super::resolve::Message::name) names them.
pub(super) struct Doubles {
    pub count: u64,
    pub ids: Vec<String>,
}

/// Finds messages whose content, people and date are those of one that was sent and that this plan does not hold any more. Where
/// each inbox has a copy of its own, another inbox is meant to get another one.
pub(super) fn doubles(resolution: &Resolution<'_>, most_named: usize) -> Result<Doubles, LedgerError> {
    let pins = resolution.pins;
    let is_per_inbox = resolution.mapping.identity.copies == InboxCopies::PerInbox;
    let inbox_of = |inbox| is_per_inbox.then_some(inbox);
    // Equal rows of a chat are several messages: each stands for one.
    let mut gone: HashMap<([u8; 32], Option<Text>), u64> = HashMap::new();
    let planned = resolution.messages.iter().map(|message| message.external_id.text());
    for (pin, inbox) in pins.gone(planned) {
        *gone.entry((pin, inbox_of(resolution.read.texts.keep(inbox)))).or_default() += 1;
    }
    let mut doubles = Doubles { count: 0, ids: Vec::new() };
    if gone.is_empty() {
        return Ok(doubles);
    }
    for message in resolution.messages.iter().filter(|message| pins.copy(&message.external_id.text()).is_none()) {
        let facts = resolution.read.facts(message.record as usize)?;
        let Some(candidate) = facts.finding.candidate() else { continue };
        let Some(thread) = resolution.threads.get(message.thread as usize) else { continue };
        let Some(left) = gone.get_mut(&(candidate.pin(), inbox_of(thread.inbox))).filter(|left| **left > 0) else {
            continue;
        };
        *left -= 1;
        doubles.count += 1;
        if doubles.ids.len() < most_named {
            doubles.ids.push(message.name(&facts));
        }
    }
    Ok(doubles)
}
