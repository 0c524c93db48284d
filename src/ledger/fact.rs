//! The facts of the journal: what happened between us and Front, in the order in which it happened.

use super::effect::{EffectFact, Standing};
use super::entry::{Entry, Planned, State};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Longest reason kept of a refusal or a missing answer, in bytes.
const LONGEST_REASON: usize = 2_000;
/// An original id longer than this is nobody's reference, and would only swell the journal.
const LONGEST_ORIGINAL_ID: usize = 16_000;

/// The Front company a ledger sends to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Front's company id (`cmp_…`).
    pub company_id: String,
    /// The company's name, for messages.
    pub company_name: String,
    /// Where the API answers.
    pub base_url: String,
    /// Inboxes by the name the mapping uses: name → Front's id (`inb_…`).
    pub inboxes: BTreeMap<String, String>,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fact {
    /// Whom everything after this line was sent to.
    Target(Target),
    /// A request goes out.
    Sending(Sending),
    /// Front said 202.
    Accepted { external_id: String, uid: String },
    /// The message was seen in Front.
    Confirmed {
        external_id: String,
        message_id: String,
        conversation_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        differs: Option<String>,
    },
    /// Front said 202, and the message did not come.
    Missing { external_id: String, uid: String, why: String },
    /// Front said no.
    Refused { external_id: String, status: u16, cause: String },
    /// No usable answer.
    Unknown { external_id: String, why: String },
    /// Front certainly did not take it.
    Unsent { external_id: String },
    /// Front no longer takes its id: the message goes out under another one from now on.
    Renewed { external_id: String, renewed_as: String },
    /// What became of something that is no message.
    Effect(EffectFact),
    /// It was taken back: it counts as not sent, and it and its thread have other ids from now on.
    Undone { external_id: String, renewed_as: String, thread_ref: String, thread_renewed_as: String },
}

/// What a request said, as far as later plans must agree with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sending {
    pub(super) external_id: String,
    pub(super) thread_ref: String,
    pub(super) inbox: String,
    pub(super) archived: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assignee: Option<String>,
    #[serde(with = "hex")]
    pub(super) identity: [u8; 32],
    #[serde(with = "hex")]
    pub(super) request: [u8; 32],
    pub(super) plan: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) original_id: Option<String>,
}

impl Fact {
    /// The fact that puts the planned `entry` into `state`.
    pub(super) fn of(entry: &Entry, planned: &Planned, state: &State, plan: &str) -> Self {
        let external_id = planned.external_id.clone();
        match state {
            State::Planned => Fact::Unsent { external_id },
            State::Sending => Fact::Sending(Sending {
                external_id,
                thread_ref: planned.thread_ref.clone(),
                inbox: planned.inbox.clone(),
                archived: planned.is_archived,
                assignee: planned.assignee.clone(),
                identity: planned.identity,
                request: planned.request,
                plan: plan.to_owned(),
                original_id: entry.original_id.clone().filter(|id| id.len() <= LONGEST_ORIGINAL_ID),
            }),
            State::Accepted { uid } => Fact::Accepted { external_id, uid: uid.clone() },
            State::Confirmed { message_id, conversation_id, differs } => Fact::Confirmed {
                external_id,
                message_id: message_id.clone(),
                conversation_id: conversation_id.clone(),
                differs: differs.clone(),
            },
            State::Missing { uid, why } => Fact::Missing { external_id, uid: uid.clone(), why: why.clone() },
            State::Refused { status, cause } => Fact::Refused { external_id, status: *status, cause: cause.clone() },
            State::Unknown { why } => Fact::Unknown { external_id, why: why.clone() },
        }
    }

    /// The message it is about and the state it leaves that message in; nothing for facts that change no state.
    pub(super) fn into_state(self) -> Option<(String, State)> {
        Some(match self {
            Fact::Target(_) | Fact::Renewed { .. } | Fact::Effect(_) => return None,
            Fact::Sending(sending) => (sending.external_id, State::Sending),
            Fact::Accepted { external_id, uid } => (external_id, State::Accepted { uid }),
            Fact::Confirmed { external_id, message_id, conversation_id, differs } => {
                (external_id, State::Confirmed { message_id, conversation_id, differs })
            }
            Fact::Missing { external_id, uid, why } => (external_id, State::Missing { uid, why }),
            Fact::Refused { external_id, status, cause } => (external_id, State::Refused { status, cause }),
            Fact::Unknown { external_id, why } => (external_id, State::Unknown { why }),
            Fact::Unsent { external_id } | Fact::Undone { external_id, .. } => (external_id, State::Planned),
        })
    }
}

/// The state with its reason cut to a length that fits a line. Front's words can be a whole page of HTML.
pub(super) fn clipped(mut state: State) -> State {
    if let State::Refused { cause: reason, .. }
    | State::Unknown { why: reason }
    | State::Missing { why: reason, .. }
    | State::Confirmed { differs: Some(reason), .. } = &mut state
        && reason.len() > LONGEST_REASON
    {
        reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
        reason.push('…');
    }
    state
}

/// A fact at a glance: its kind and message, nothing copied where possible.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Glance<'a> {
    Target(serde::de::IgnoredAny),
    Sending(#[serde(borrow)] Id<'a>),
    Accepted(#[serde(borrow)] Id<'a>),
    Confirmed(#[serde(borrow)] Id<'a>),
    Missing(#[serde(borrow)] Id<'a>),
    Refused(#[serde(borrow)] Id<'a>),
    Unknown(#[serde(borrow)] Id<'a>),
    Unsent(#[serde(borrow)] Id<'a>),
    Renewed(#[serde(borrow)] Ids<'a>),
    Effect(#[serde(borrow)] EffectGlance<'a>),
    Undone(#[serde(borrow)] UndoneGlance<'a>),
}

/// A message that was taken back, and the ids that it and its thread have since.
#[derive(Debug, Deserialize)]
pub(super) struct UndoneGlance<'a> {
    #[serde(borrow)]
    external_id: Cow<'a, str>,
    #[serde(borrow)]
    renewed_as: Cow<'a, str>,
    #[serde(borrow)]
    thread_renewed_as: Cow<'a, str>,
}

/// Which effect a line is about, and how far it is since.
#[derive(Debug, Deserialize)]
pub(super) struct EffectGlance<'a> {
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) of: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) what: Cow<'a, str>,
    end: EndGlance,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndGlance {
    Begun,
    Done(serde::de::IgnoredAny),
    Left(serde::de::IgnoredAny),
    Undone,
}

impl EffectGlance<'_> {
    pub(super) fn standing(&self) -> Standing {
        match self.end {
            EndGlance::Begun => Standing::Begun,
            EndGlance::Done(_) => Standing::Done,
            EndGlance::Left(_) => Standing::Left,
            EndGlance::Undone => Standing::Undone,
        }
    }
}

/// The message a fact is about.
#[derive(Debug, Deserialize)]
pub(super) struct Id<'a> {
    #[serde(borrow)]
    external_id: Cow<'a, str>,
}

/// A message's former id and its new one.
#[derive(Debug, Deserialize)]
pub(super) struct Ids<'a> {
    #[serde(borrow)]
    external_id: Cow<'a, str>,
    #[serde(borrow)]
    renewed_as: Cow<'a, str>,
}

impl Glance<'_> {
    /// Its kind, as the journal names it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Glance::Target(_) => "target",
            Glance::Sending(_) => "sending",
            Glance::Accepted(_) => "accepted",
            Glance::Confirmed(_) => "confirmed",
            Glance::Missing(_) => "missing",
            Glance::Refused(_) => "refused",
            Glance::Unknown(_) => "unknown",
            Glance::Unsent(_) => "unsent",
            Glance::Renewed(_) => "renewed",
            Glance::Effect(_) => "effect",
            Glance::Undone(_) => "undone",
        }
    }

    /// The message; nothing for facts about no message.
    pub(super) fn external_id(&self) -> Option<&str> {
        match self {
            Glance::Target(_) | Glance::Effect(_) => None,
            Glance::Renewed(ids) => Some(&ids.external_id),
            Glance::Undone(undone) => Some(&undone.external_id),
            Glance::Sending(id)
            | Glance::Accepted(id)
            | Glance::Confirmed(id)
            | Glance::Missing(id)
            | Glance::Refused(id)
            | Glance::Unknown(id)
            | Glance::Unsent(id) => Some(&id.external_id),
        }
    }

    /// The new id, if the message gets one.
    pub(super) fn renewed_as(&self) -> Option<&str> {
        match self {
            Glance::Renewed(ids) => Some(&ids.renewed_as),
            Glance::Undone(undone) => Some(&undone.renewed_as),
            _ => None,
        }
    }

    /// The new ref of its thread, if that gets one.
    pub(super) fn thread_renewed_as(&self) -> Option<&str> {
        match self {
            Glance::Undone(undone) => Some(&undone.thread_renewed_as),
            _ => None,
        }
    }
}

/// Digests as hex, so that people can compare them.
mod hex {
    use super::{Deserialize, Deserializer, Serializer};
    use serde::de::Error;
    use std::fmt::Write;

    pub(super) fn serialize<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(64);
        for byte in digest {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut digest = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(D::Error::custom("expected 64 hex digits"));
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(|| D::Error::custom("expected hex digits"))?;
        }
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_s_words_stay_as_they_are() {
        let sending = Fact::Sending(Sending {
            external_id: "tl1-a".into(),
            thread_ref: "tl1-t".into(),
            inbox: "Support".into(),
            archived: true,
            assignee: None,
            identity: [0xab; 32],
            request: [1; 32],
            plan: "77".into(),
            original_id: Some("a@shop.example".into()),
        });
        let lines = [
            (
                sending,
                format!(
                    r#"{{"sending":{{"external_id":"tl1-a","thread_ref":"tl1-t","inbox":"Support","archived":true,"identity":"{}","request":"{}","plan":"77","original_id":"a@shop.example"}}}}"#,
                    "ab".repeat(32),
                    "01".repeat(32)
                ),
            ),
            (
                Fact::Accepted { external_id: "tl1-a".into(), uid: "u".into() },
                r#"{"accepted":{"external_id":"tl1-a","uid":"u"}}"#.to_owned(),
            ),
            (
                Fact::Confirmed {
                    external_id: "tl1-a".into(),
                    message_id: "msg_1".into(),
                    conversation_id: "cnv_1".into(),
                    differs: None,
                },
                r#"{"confirmed":{"external_id":"tl1-a","message_id":"msg_1","conversation_id":"cnv_1"}}"#.to_owned(),
            ),
            (
                Fact::Missing { external_id: "tl1-a".into(), uid: "u".into(), why: "5 min".into() },
                r#"{"missing":{"external_id":"tl1-a","uid":"u","why":"5 min"}}"#.to_owned(),
            ),
            (
                Fact::Refused { external_id: "tl1-a".into(), status: 400, cause: "no".into() },
                r#"{"refused":{"external_id":"tl1-a","status":400,"cause":"no"}}"#.to_owned(),
            ),
            (
                Fact::Unknown { external_id: "tl1-a".into(), why: "timeout".into() },
                r#"{"unknown":{"external_id":"tl1-a","why":"timeout"}}"#.to_owned(),
            ),
            (Fact::Unsent { external_id: "tl1-a".into() }, r#"{"unsent":{"external_id":"tl1-a"}}"#.to_owned()),
            (
                Fact::Renewed { external_id: "tl1-a".into(), renewed_as: "tl1-a-r2".into() },
                r#"{"renewed":{"external_id":"tl1-a","renewed_as":"tl1-a-r2"}}"#.to_owned(),
            ),
        ];
        for (fact, json) in lines {
            assert_eq!(serde_json::to_string(&fact).unwrap(), json);
            assert_eq!(serde_json::from_str::<Fact>(&json).unwrap(), fact);
            let glance: Glance<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(glance.external_id(), Some("tl1-a"));
        }
    }

    #[test]
    fn a_digest_of_the_wrong_length_or_alphabet_is_refused() {
        for digest in ["", "ab", &"é".repeat(32), &"+1".repeat(32)] {
            let json = format!(
                r#"{{"sending":{{"external_id":"a","thread_ref":"t","inbox":"i","archived":false,"identity":"{digest}","request":"{}","plan":"p"}}}}"#,
                "00".repeat(32)
            );
            assert!(serde_json::from_str::<Fact>(&json).is_err(), "{digest}");
        }
    }

    #[test]
    fn a_page_long_reason_is_cut_between_characters() {
        let State::Unknown { why } = clipped(State::Unknown { why: "é".repeat(5_000) }) else { panic!() };
        assert!(why.len() <= LONGEST_REASON + '…'.len_utf8() && why.ends_with("é…"));
    }
}
