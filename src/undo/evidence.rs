//! Has anybody else had a hand in a conversation? Messages, comments and events tell.

use crate::front::{ConversationEvent, Message};
use std::collections::BTreeSet;

/// Sources of events that are none of anybody's doing: the token's own, and those of messages that came in.
const NOBODYS: [&str; 6] = ["api", "", "inboxes", "recipient", "imap", "gmail"];

/// What events call messages, which are compared by themselves: of one that we imported its author may be the source.
const MESSAGES: [&str; 3] = ["inbound", "outbound", "out_reply"];

/// What events call comments, of which everyone is known by its id, whoever Front says has written it.
const COMMENTS: &str = "comment";

/// What we put into a conversation.
#[derive(Debug, Default)]
pub(super) struct Ours {
    /// Front's ids of its messages.
    pub(super) messages: BTreeSet<String>,
    /// Front's ids of its comments.
    pub(super) comments: BTreeSet<String>,
    /// Messages and comments of ours that count as not sent already: an earlier run was killed while it took them back. Their ids are
    /// not known any more.
    pub(super) undone: u64,
}

/// What has been looked at of one conversation.
pub(super) struct Evidence<'a> {
    ours: &'a Ours,
    /// So many things may still be ours though nobody knows their ids.
    unnamed: u64,
}

impl Ours {
    /// Looks at a conversation; `was_begun` if an earlier run has begun to take it back.
    pub(super) fn evidence(&self, was_begun: bool) -> Evidence<'_> {
        Evidence { ours: self, unnamed: if was_begun { self.undone } else { 0 } }
    }
}

impl Evidence<'_> {
    /// # Errors
    /// Words, if it is somebody else's.
    pub(super) fn message(&mut self, message: &Message) -> Result<(), String> {
        if self.ours.messages.contains(&message.id) || self.is_unnamed() {
            return Ok(());
        }
        Err(format!("it holds a message that is not of this import ({})", message.id))
    }

    /// # Errors
    /// Words, if somebody else did something.
    pub(super) fn event(&mut self, event: &ConversationEvent) -> Result<(), String> {
        let (kind, source) = (event.kind.as_str(), event.source.kind.as_str());
        let is_ours = match kind {
            kind if MESSAGES.contains(&kind) => true,
            COMMENTS => match &event.target.id {
                Some(id) => self.ours.comments.contains(id) || self.is_unnamed(),
                None => NOBODYS.contains(&source),
            },
            _ => NOBODYS.contains(&source),
        };
        let who = match source {
            "" => "somebody".to_owned(),
            "api" => "another program".to_owned(),
            source => format!("a {source}"),
        };
        if is_ours { Ok(()) } else { Err(format!("{who} has touched it since (event: {kind})")) }
    }

    fn is_unnamed(&mut self) -> bool {
        let left = self.unnamed.checked_sub(1);
        self.unnamed = left.unwrap_or(0);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::Party;

    fn ours(undone: u64) -> Ours {
        Ours { messages: ["msg_1".to_owned()].into(), comments: ["com_1".to_owned()].into(), undone }
    }

    fn event(kind: &str, source: &str, target: Option<&str>) -> ConversationEvent {
        ConversationEvent {
            id: "evt_1".into(),
            kind: kind.into(),
            emitted_at: 1.0,
            source: Party { kind: source.into(), id: None },
            target: Party { kind: String::new(), id: target.map(str::to_owned) },
        }
    }

    #[test]
    fn a_comment_is_known_by_its_id_and_not_by_whoever_wrote_it() {
        let ours = ours(0);
        let mut evidence = ours.evidence(false);
        for own in [
            event("comment", "teammate", Some("com_1")),
            event("comment", "api", Some("com_1")),
            event("comment", "api", None),
            event("inbound", "recipient", Some("msg_9")),
            event("archive", "api", None),
        ] {
            assert_eq!(evidence.event(&own), Ok(()), "{own:?}");
        }
        let words = evidence.event(&event("comment", "api", Some("com_2"))).unwrap_err();
        assert_eq!(words, "another program has touched it since (event: comment)");
        assert!(evidence.event(&event("assign", "teammate", None)).is_err());
        assert!(evidence.event(&event("comment", "teammate", None)).is_err());
    }

    #[test]
    fn what_an_earlier_run_took_back_is_ours_and_nothing_beyond_it() {
        let ours = ours(1);
        let mut evidence = ours.evidence(true);
        assert!(evidence.event(&event("comment", "api", Some("com_2"))).is_ok());
        assert!(evidence.event(&event("comment", "api", Some("com_3"))).is_err());
        assert!(ours.evidence(false).event(&event("comment", "api", Some("com_2"))).is_err(), "nothing was begun");
    }
}
