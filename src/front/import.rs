//! One message to Front: attempts with the same bytes until it is clear what became of it.

use http::Method;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::cancellation::Cancellation;
use super::client::{Client, NoReply, Reply};
use super::settings::Timing;
use super::trouble::{self, Kind, Patience, Trouble};
use super::verdict::{Verdict, classify};
use crate::request::ImportRequest;
use crate::request::encode::encode;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Front took it and promises this uid. It exists some time later.
    Accepted {
        /// Opaque.
        uid: String,
        /// An earlier attempt may have reached Front, too, and may have got a uid of its own.
        repeated: bool,
    },
    /// Front does not want this message; others may be fine.
    Refused {
        /// Status code.
        status: u16,
        /// What Front said.
        cause: String,
    },
    /// It may be in Front or not: sent, but no answer says so. To be replayed with the same bytes.
    Unknown {
        /// What was seen.
        why: String,
    },
    /// The server failed over this message again and again while other imports succeeded.
    Poison {
        /// How often it was tried, throttled attempts included.
        attempts: u32,
        /// The last failure's status code; none if there was no answer.
        status: Option<u16>,
        /// What the last failure said.
        cause: String,
    },
    /// The run was cancelled, and the message is certainly not in Front.
    Cancelled {
        /// Whether an attempt left before, which Front declined (429).
        sent_before: bool,
    },
    /// Nothing more should be sent.
    Stop {
        /// Why.
        cause: StopCause,
        /// An earlier attempt of this message may have reached Front.
        may_be_there: bool,
    },
}

/// Why a run must stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCause {
    /// The token is not valid or lacks a permission.
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// What Front said.
        text: String,
    },
    /// The inbox does not exist or the token cannot see it.
    UnknownInbox {
        /// As it was asked for.
        inbox_id: String,
        /// What Front said.
        text: String,
    },
    /// Nothing succeeded for as long as the settings allow.
    Outage {
        /// What the last attempt said.
        last: String,
    },
    /// As many requests were made as may be.
    Spent,
}

impl Client {
    /// Sends the message to the inbox, as often as needed, always with the same bytes.
    ///
    /// Resending is safe because Front keeps one message per external id. Failures count towards setting the message
    /// aside only while other imports succeed; when nothing succeeds, it waits for the outage to end.
    pub async fn import(&self, inbox_id: &str, request: &ImportRequest, cancellation: &Cancellation) -> Answer {
        let _present = self.imports().join();
        self.import_until_clear(inbox_id, request, cancellation).await
    }

    async fn import_until_clear(&self, inbox_id: &str, request: &ImportRequest, cancellation: &Cancellation) -> Answer {
        let encoded = encode(request);
        let url = self.target().url(&["inboxes", inbox_id, "imported_messages"]);
        let mut history = History::new(self.backoff());
        loop {
            let trouble = match self.attempt(Method::POST, &url, Some(&encoded), Some(cancellation)).await {
                Ok(reply) => match history.judge(&reply, inbox_id) {
                    Ok(trouble) => trouble,
                    Err(answer) => {
                        if let Answer::Accepted { .. } = answer {
                            self.imports().succeeded();
                        }
                        return answer;
                    }
                },
                Err(NoReply::Cancelled) => return history.cancelled(),
                Err(NoReply::Spent) => return history.stop(StopCause::Spent),
                Err(NoReply::NotSent(why)) => Trouble::unanswered(why, Kind::NotSent),
                Err(NoReply::Lost(why)) => Trouble::unanswered(why, Kind::Failed),
            };
            let (last_import, is_alone) = (self.imports().last_success(), self.imports().is_alone());
            match history.note(&trouble, Instant::now(), last_import, is_alone, self.timing()) {
                Next::Again => {}
                Next::Enough(answer) => return answer,
                Next::LongOutage => return history.stop(StopCause::Outage { last: trouble.told() }),
                Next::LongAlone => match self.answers_others(cancellation).await {
                    Ok(true) => return history.poison(&trouble),
                    Ok(false) => {}
                    Err(NoReply::Spent) => return history.stop(StopCause::Spent),
                    Err(_) => return history.cancelled(),
                },
            }
            if !self.before_another(&trouble, &mut history.patience.backoff, Some(cancellation)).await {
                return history.cancelled();
            }
        }
    }
}

/// What happened to one message so far.
struct History {
    patience: Patience,
    /// Successes that did not name the message.
    unusable: u32,
    sent: bool,
    may_have_arrived: bool,
}

enum Next {
    Again,
    Enough(Answer),
    /// Nothing has succeeded for as long as the settings allow.
    LongOutage,
    /// Nothing else was tried for long.
    LongAlone,
}

impl History {
    fn new(backoff: Backoff) -> Self {
        Self { patience: Patience::new(backoff), unusable: 0, sent: false, may_have_arrived: false }
    }

    /// The final answer as `Err`, or trouble to deal with.
    fn judge(&self, reply: &Reply, inbox_id: &str) -> Result<Trouble, Answer> {
        let status = reply.status;
        let trouble = |why, wait, kind| Trouble { status: Some(status), why, wait, kind };
        match classify(status, &reply.headers, &reply.body, Reply::now()) {
            Verdict::Accepted { uid } => Err(Answer::Accepted { uid, repeated: self.may_have_arrived }),
            Verdict::Refused { status: 409, cause } if self.may_have_arrived => {
                Err(Answer::Unknown { why: format!("Front answered 409 after an attempt without answer: {cause}") })
            }
            Verdict::Refused { status, cause } => Err(Answer::Refused { status, cause }),
            Verdict::AlreadyThere { status, cause } => Err(Answer::Unknown {
                why: format!("Front answered {status}: it has a message with this external id already ({cause})"),
            }),
            Verdict::Unauthorized { status, text } => Err(self.stop(StopCause::Unauthorized { status, text })),
            Verdict::UnknownInbox { text } => {
                Err(self.stop(StopCause::UnknownInbox { inbox_id: inbox_id.to_owned(), text }))
            }
            Verdict::Unusable { why } => {
                let why = reply.cut_off.as_ref().map_or(why, |cut| format!("the answer was cut off: {cut}"));
                Ok(trouble(why, None, Kind::Unusable))
            }
            Verdict::Throttled { wait, cause } => Ok(trouble(cause, wait, Kind::Throttled)),
            Verdict::Failed { wait, cause, .. } => Ok(trouble(cause, wait, Kind::Failed)),
        }
    }

    /// Writes the trouble down and says what follows. `last_import` is the latest success of any import; `is_alone` where
    /// no other message is under way.
    fn note(
        &mut self,
        trouble: &Trouble,
        now: Instant,
        last_import: Option<Instant>,
        is_alone: bool,
        timing: &Timing,
    ) -> Next {
        self.sent |= trouble.kind != Kind::NotSent;
        self.may_have_arrived |= matches!(trouble.kind, Kind::Failed | Kind::Unusable);
        let next = self.patience.long(trouble, now, last_import, is_alone, timing);
        if trouble.kind == Kind::Unusable {
            self.unusable = self.unusable.saturating_add(1);
            if self.unusable > timing.replays {
                return Next::Enough(Answer::Unknown { why: trouble.why.clone() });
            }
        }
        match next {
            trouble::Next::Again => Next::Again,
            trouble::Next::Enough => Next::Enough(self.poison(trouble)),
            trouble::Next::LongOutage => Next::LongOutage,
            trouble::Next::LongAlone => Next::LongAlone,
        }
    }

    fn poison(&self, trouble: &Trouble) -> Answer {
        Answer::Poison { attempts: self.patience.attempts(), status: trouble.status, cause: trouble.why.clone() }
    }

    fn stop(&self, cause: StopCause) -> Answer {
        Answer::Stop { cause, may_be_there: self.may_have_arrived }
    }

    fn cancelled(&self) -> Answer {
        if self.may_have_arrived {
            Answer::Unknown { why: "cancelled after an attempt that may have reached Front".to_owned() }
        } else {
            Answer::Cancelled { sent_before: self.sent }
        }
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
