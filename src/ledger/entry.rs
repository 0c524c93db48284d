//! The values a ledger keeps.

use crate::source::Origin;
use serde::{Deserialize, Serialize};

/// One record of the plan: where it lies, what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number in reading order over all sources, from 0.
    pub number: u64,
    /// Where to read it again.
    pub origin: Origin,
    /// Digest of the entry's bytes; checked before it is sent.
    pub digest: [u8; 16],
    /// What was decided.
    pub verdict: Verdict,
    /// The export's own id (Message-ID, chat message id), for people and `show`.
    pub original_id: Option<String>,
}

/// What the plan decided about a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "most are planned, and few are held at a time")]
pub enum Verdict {
    /// It will be sent.
    Planned(Planned),
    /// A copy of another record.
    Duplicate {
        /// The number of the record that stands for it.
        of: u64,
    },
    /// Left out on purpose.
    Skipped {
        /// The rule, in words.
        cause: String,
    },
    /// Could not be read.
    Unreadable {
        /// Kind of problem.
        cause: String,
        /// What was seen.
        detail: String,
        /// What to do.
        remedy: String,
    },
    /// Read, but not fit to be sent.
    Rejected {
        /// Kind of problem.
        cause: String,
        /// What was seen.
        detail: String,
        /// What to do.
        remedy: String,
    },
}

/// What must be known to send a record again exactly as planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Front's external id.
    pub external_id: String,
    /// Front's thread ref.
    pub thread_ref: String,
    /// Inbox, as the mapping names it.
    pub inbox: String,
    /// Tags, in order.
    pub tags: Vec<String>,
    /// Towards us?
    pub is_inbound: bool,
    /// Archived after import?
    pub is_archived: bool,
    /// The conversation's customer, for a chat line that does not name them: its recipient if we wrote it, else its author.
    pub customer: Option<String>,
    /// Whom its conversation is assigned to, as the mapping names them.
    pub assignee: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// What else Front must show of it.
    pub traits: Traits,
    /// Tells which message and which of its copies this is, for later plans.
    pub identity: [u8; 32],
    /// Digest of the whole request, files included.
    pub request: [u8; 32],
    /// Size of the request body in bytes, for budgets.
    pub size: u64,
    /// What Front gets it as.
    pub form: Form,
    /// What it gives its conversation then.
    pub finish: Finish,
}

/// What Front gets a record as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// An imported message.
    #[default]
    Message,
    /// An internal note, as an imported message.
    NoteAsMessage,
    /// An internal note, as a comment of its conversation, once all messages of that are in Front.
    Comment,
    /// A message that is delivered through a channel, once all else is in Front. Its inbox is the channel's id.
    Delivery,
}

/// The parts of a plan's order of sending: messages, behind them what becomes comments, behind that what is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Messages,
    Comments,
    Deliveries,
}

impl Form {
    pub(super) fn part(self) -> Part {
        match self {
            Form::Message | Form::NoteAsMessage => Part::Messages,
            Form::Comment => Part::Comments,
            Form::Delivery => Part::Deliveries,
        }
    }
}

/// What a conversation gets once all of it is in Front, as one of its messages gives it. Of what a conversation has one of, the oldest
/// message decides; the rest adds up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// Links, by address.
    pub links: Vec<Link>,
    /// Archived, where it was sent otherwise.
    pub is_archived: Option<bool>,
    /// Tags that it was sent without.
    pub tags: Vec<String>,
    /// Ticket status, as the mapping names it.
    pub status: Option<String>,
    /// Custom fields, name and value.
    pub custom_fields: Vec<(String, String)>,
    /// Teammates who follow it, as the mapping names them.
    pub followers: Vec<String>,
}

impl Finish {
    /// Does it give nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what a later message of the conversation gives.
    pub fn add(&mut self, later: &Finish) {
        let Finish { links, is_archived, tags, status, custom_fields, followers } = later;
        add_new(&mut self.links, links, |known, link| known.url == link.url);
        self.is_archived = self.is_archived.or(*is_archived);
        self.status = self.status.take().or_else(|| status.clone());
        add_new(&mut self.tags, tags, |known, tag| known == tag);
        add_new(&mut self.custom_fields, custom_fields, |known, field| known.0 == field.0);
        add_new(&mut self.followers, followers, |known, follower| known == follower);
    }
}

/// Adds those of which none is known yet.
fn add_new<T: Clone>(known: &mut Vec<T>, more: &[T], is_same: impl Fn(&T, &T) -> bool) {
    for item in more {
        if !known.iter().any(|known| is_same(known, item)) {
            known.push(item.clone());
        }
    }
}

/// A link of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its address; upper and lower case are not the same.
    pub url: String,
    /// What people read.
    pub name: Option<String>,
}

/// What is compared of a message when it is seen in Front, beside date and direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// Digest of the subject; zeros without one.
    pub subject: [u8; 8],
    /// Files.
    pub files: u32,
    /// Bytes of all files.
    pub file_bytes: u64,
}

/// What became of a planned record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Not sent.
    Planned,
    /// A request is under way, or was when the process died.
    Sending,
    /// Front said 202; the message need not exist yet.
    Accepted {
        /// Front's handle for the message to come.
        uid: String,
    },
    /// The message was seen.
    Confirmed {
        /// Front's message id.
        message_id: String,
        /// Front's conversation id.
        conversation_id: String,
        /// What Front shows otherwise than planned, in words.
        differs: Option<String>,
    },
    /// Front said 202, and the message was not there when patience ended.
    Missing {
        /// Front's handle for the message that did not come.
        uid: String,
        /// How long it was looked for, in words.
        why: String,
    },
    /// Front said no to this message.
    Refused {
        /// HTTP status.
        status: u16,
        /// Front's words, shortened.
        cause: String,
    },
    /// Sent, but no usable answer came: to be replayed with the same id and bytes.
    Unknown {
        /// What happened instead of an answer.
        why: String,
    },
}

impl State {
    /// May a record go from `self` to `next`?
    ///
    /// `Sending → Planned` is the way back when Front certainly did not take the message (401, 403, unknown inbox);
    /// `Refused → Planned` and `Refused → Unknown` take up a refused message again because the user asks for it.
    #[must_use]
    pub fn may_become(&self, next: &State) -> bool {
        use State::{Accepted, Confirmed, Missing, Planned, Refused, Sending, Unknown};
        matches!(
            (self, next),
            (Planned | Unknown { .. } | Refused { .. } | Missing { .. }, Sending)
                | (Sending, Planned | Accepted { .. } | Refused { .. } | Unknown { .. })
                | (Accepted { .. } | Missing { .. } | Confirmed { .. }, Confirmed { .. } | Missing { .. })
                | (Refused { .. }, Planned | Unknown { .. })
        )
    }

    /// Through which states a message goes that is `Sending` when one attempt has no answer and the same request is sent
    /// once more. So the journal keeps that there may be a message under a uid that nobody knows.
    #[must_use]
    pub fn repeated() -> [State; 2] {
        [State::Unknown { why: "an attempt had no answer, and was repeated".to_owned() }, State::Sending]
    }

    /// One word for messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            State::Planned => "planned",
            State::Sending => "sending",
            State::Accepted { .. } => "accepted",
            State::Confirmed { .. } => "confirmed",
            State::Missing { .. } => "missing",
            State::Refused { .. } => "refused",
            State::Unknown { .. } => "unknown",
        }
    }

    /// Has Front answered, so that nothing need be sent (unless a refusal is to be tried again)?
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, State::Accepted { .. } | State::Confirmed { .. } | State::Missing { .. } | State::Refused { .. })
    }
}

impl Verdict {
    /// The class this verdict puts a record in, and why.
    #[must_use]
    pub fn status(&self) -> (&'static str, Option<&str>) {
        match self {
            Verdict::Planned(_) => ("planned", None),
            Verdict::Duplicate { .. } => ("duplicate", Some("same message as another")),
            Verdict::Skipped { cause } => ("skipped", Some(cause)),
            Verdict::Unreadable { cause, .. } => ("unreadable", Some(cause)),
            Verdict::Rejected { cause, .. } => ("rejected", Some(cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, Accepted, Confirmed, Missing, Planned, Refused, Sending, Unknown};

    #[test]
    fn only_these_changes_of_state_are_legal() {
        let states = [
            Planned,
            Sending,
            Accepted { uid: "u".into() },
            Confirmed { message_id: "m".into(), conversation_id: "c".into(), differs: None },
            Missing { uid: "u".into(), why: "not there".into() },
            Refused { status: 400, cause: "no".into() },
            Unknown { why: "timeout".into() },
        ];
        let legal = [
            ("planned", "sending"),
            ("unknown", "sending"),
            ("refused", "sending"),
            ("sending", "planned"),
            ("sending", "accepted"),
            ("sending", "refused"),
            ("sending", "unknown"),
            ("missing", "sending"),
            ("accepted", "confirmed"),
            ("accepted", "missing"),
            ("missing", "confirmed"),
            ("missing", "missing"),
            ("confirmed", "confirmed"),
            ("confirmed", "missing"),
            ("refused", "planned"),
            ("refused", "unknown"),
        ];
        for from in &states {
            for to in &states {
                let expected = legal.contains(&(from.name(), to.name()));
                assert_eq!(State::may_become(from, to), expected, "{} -> {}", from.name(), to.name());
            }
        }
    }
}
