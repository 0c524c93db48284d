//! Messages that are stored otherwise than they were sent.

use serde_json::{Map, Value};

/// What of a message is stored otherwise than it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Another subject.
    Subject,
    /// A day later.
    Date,
    /// Inbound for outbound, and the other way round.
    Direction,
    /// The last attachment is missing.
    Attachment,
}

impl Part {
    /// All of them, for a choice by chance.
    pub(super) const ALL: [Self; 4] = [Self::Subject, Self::Date, Self::Direction, Self::Attachment];

    /// Changes the message. False where it has nothing of that kind.
    pub(in super::super) fn alter<T>(self, request: &mut Map<String, Value>, attachments: &mut Vec<T>) -> bool {
        match self {
            Self::Subject => {
                let subject = request.get("subject").and_then(Value::as_str).unwrap_or_default();
                let changed = Value::from(format!("{subject} (altered)"));
                request.insert("subject".to_owned(), changed);
                true
            }
            Self::Date => {
                let Some(time) = request.get("created_at").and_then(Value::as_i64) else { return false };
                request.insert("created_at".to_owned(), Value::from(time.saturating_add(24 * 60 * 60)));
                true
            }
            Self::Direction => {
                let flag = request.get_mut("metadata").and_then(|metadata| metadata.get_mut("is_inbound"));
                let Some(Value::Bool(flag)) = flag else { return false };
                *flag = !*flag;
                true
            }
            Self::Attachment => attachments.pop().is_some(),
        }
    }
}
