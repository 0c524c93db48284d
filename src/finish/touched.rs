//! Has anybody else had a hand in a conversation since it was imported? What people, rules and customers did is theirs.

use super::Shared;
use crate::front::{ConversationEvent, Outcome};
use crate::stage::{Halt, settled};
use std::collections::BTreeSet;

/// What changes how a conversation stands, in Front's words.
const CHANGES: [&str; 9] =
    ["assign", "unassign", "archive", "reopen", "trash", "restore", "move", "reminder", "ticket_status_update"];

/// What sort of party acts for nobody but the token: what we did ourselves.
const OURS: &str = "api";

/// The first sign that somebody else did something about how the conversation stands, in words.
pub(super) fn in_events(events: &[ConversationEvent]) -> Option<String> {
    let event =
        events.iter().rev().find(|event| event.source.kind != OURS && CHANGES.contains(&event.kind.as_str()))?;
    let who = if event.source.kind.is_empty() { "somebody" } else { &event.source.kind };
    Some(format!("a {who} has changed how it stands since (event: {})", event.kind))
}

impl Shared {
    /// Why the conversation's state must be left to whoever has it now; nothing if nobody touched it. `own` are the messages that
    /// were imported into it.
    pub(super) async fn touched(&self, conversation: &str, own: &BTreeSet<String>) -> Result<Option<String>, Halt> {
        let events = self.job.client.conversation_events(conversation, None, &self.run.cancellation).await?;
        let events = match settled(events)? {
            Outcome::Done(events) => events,
            // Without evidence nothing is changed.
            other => return Ok(Some(format!("its events could not be read: {other}"))),
        };
        if let Some(words) = in_events(&events) {
            return Ok(Some(words));
        }
        let newest = self.job.client.conversation_messages(conversation, 1, None).await?;
        let newest = newest.and_then(|page| page.messages.into_iter().next());
        let is_foreign = newest.is_some_and(|message| !own.contains(&message.id));
        Ok(is_foreign.then(|| "its newest message is not one of the import".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::Party;

    fn event(kind: &str, source: &str) -> ConversationEvent {
        ConversationEvent {
            id: "evt_1".into(),
            kind: kind.into(),
            emitted_at: 1.0,
            source: Party { kind: source.into(), id: None },
            target: Party::default(),
        }
    }

    #[test]
    fn what_the_token_did_is_ours_and_what_says_nothing_of_the_state_is_no_sign() {
        assert_eq!(
            in_events(&[event("archive", "api"), event("inbound", "recipient"), event("comment", "teammate")]),
            None
        );
        let words = in_events(&[event("assign", "teammate"), event("archive", "rule")]).unwrap();
        assert_eq!(words, "a rule has changed how it stands since (event: archive)");
    }
}
