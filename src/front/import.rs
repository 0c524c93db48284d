//! One message to Front: attempts with the same bytes until it is clear what became of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::cancellation::Cancellation;
use super::client::{Client, NoReply, Reply};
use super::settings::Timing;
use super::verdict::{Class, Verdict, class, classify};
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

/// An attempt that may be followed by another.
struct Trouble {
    status: Option<u16>,
    why: String,
    /// Front asked to wait so long.
    wait: Option<Duration>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No connection: nothing was sent.
    NotSent,
    /// Declined for now, certainly not taken.
    Throttled,
    /// The server failed, or the answer was lost: it may have been taken.
    Failed,
    /// Taken, it seems, but the answer does not name it.
    Unusable,
}

impl Client {
    /// Sends the message to the inbox, as often as needed, always with the same bytes.
    ///
    /// Resending is safe because Front keeps one message per external id. Failures count towards setting the message
    /// aside only while other imports succeed; when nothing succeeds, it waits for the outage to end.
    pub async fn import(&self, inbox_id: &str, request: &ImportRequest, cancellation: &Cancellation) -> Answer {
        let _present = Present::among(self.under_way());
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
                            self.import_succeeded();
                        }
                        return answer;
                    }
                },
                Err(NoReply::Cancelled) => return history.cancelled(),
                Err(NoReply::Spent) => return history.stop(StopCause::Spent),
                Err(NoReply::NotSent(why)) => Trouble { status: None, why, wait: None, kind: Kind::NotSent },
                Err(NoReply::Lost(why)) => Trouble { status: None, why, wait: None, kind: Kind::Failed },
            };
            let is_alone = self.under_way().load(Ordering::Relaxed) <= 1;
            match history.note(&trouble, Instant::now(), self.last_import(), is_alone, self.timing()) {
                Next::Again => {}
                Next::Enough(answer) => return answer,
                Next::LongOutage => return history.stop(StopCause::Outage { last: trouble.told() }),
                Next::LongAlone => {
                    if let Some(answer) = self.after_long_alone(&trouble, &history, cancellation).await {
                        return answer;
                    }
                }
            }
            if !self.before_another(&trouble, &mut history.backoff, cancellation).await {
                return history.cancelled();
            }
        }
    }

    /// Waits as Front asked or as is decent. False if the run was cancelled meanwhile.
    async fn before_another(&self, trouble: &Trouble, backoff: &mut Backoff, cancellation: &Cancellation) -> bool {
        let pause = match (trouble.kind, trouble.status, trouble.wait) {
            // The gate holds this message back.
            (Kind::Throttled, _, Some(_)) => return !cancellation.is_cancelled(),
            (_, Some(503), Some(wait)) => {
                self.cool_down(wait, 503);
                backoff.pause()
            }
            (_, _, Some(wait)) => backoff.pause().max(self.timing().credible(wait)),
            _ => backoff.pause(),
        };
        self.rest(pause, &trouble.told(), Some(cancellation)).await
    }

    /// The only message under way has failed for long: nothing that succeeds can speak against it. Where Front answers a
    /// simple question all the same, it is set aside, or the last message of a run could hold it up for ever.
    async fn after_long_alone(
        &self,
        trouble: &Trouble,
        history: &History,
        cancellation: &Cancellation,
    ) -> Option<Answer> {
        match self.attempt(Method::GET, &self.target().url(&["me"]), None, Some(cancellation)).await {
            Ok(reply) if class(reply.status) == Class::Success => Some(history.poison(trouble)),
            Err(NoReply::Cancelled) => Some(history.cancelled()),
            Err(NoReply::Spent) => Some(history.stop(StopCause::Spent)),
            Ok(_) | Err(NoReply::NotSent(_) | NoReply::Lost(_)) => None,
        }
    }
}

/// A message among those that are being imported, until it is dropped.
struct Present<'a>(&'a AtomicUsize);

impl<'a> Present<'a> {
    fn among(all: &'a AtomicUsize) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(all)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Trouble {
    fn told(&self) -> String {
        match self.status {
            Some(status) => format!("Front answered {status}: {}", self.why),
            None => self.why.clone(),
        }
    }
}

/// What happened to one message so far.
struct History {
    backoff: Backoff,
    attempts: u32,
    /// When its trouble began.
    since: Option<Instant>,
    /// Failures that speak against the message.
    counted: u32,
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
        Self { backoff, attempts: 0, since: None, counted: 0, unusable: 0, sent: false, may_have_arrived: false }
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
        self.attempts = self.attempts.saturating_add(1);
        self.sent |= trouble.kind != Kind::NotSent;
        self.may_have_arrived |= matches!(trouble.kind, Kind::Failed | Kind::Unusable);
        let since = *self.since.get_or_insert(now);
        let others_succeed = last_import.is_some_and(|success| success > since);
        match trouble.kind {
            Kind::Unusable => {
                self.unusable = self.unusable.saturating_add(1);
                if self.unusable > timing.replays {
                    return Next::Enough(Answer::Unknown { why: trouble.why.clone() });
                }
            }
            // While nothing succeeds at all, a failure says nothing about the message; only its first one is kept in
            // mind for the time when others succeed.
            Kind::Failed | Kind::NotSent if others_succeed || self.counted == 0 => {
                self.counted = self.counted.saturating_add(1);
            }
            Kind::Failed | Kind::NotSent | Kind::Throttled => {}
        }
        if self.counted >= timing.failures && others_succeed {
            return Next::Enough(self.poison(trouble));
        }
        let without_success = now.saturating_duration_since(last_import.map_or(since, |success| success.max(since)));
        if without_success >= timing.outage {
            Next::LongOutage
        } else if is_alone && trouble.kind == Kind::Failed && without_success >= timing.alone {
            Next::LongAlone
        } else {
            Next::Again
        }
    }

    fn poison(&self, trouble: &Trouble) -> Answer {
        Answer::Poison { attempts: self.attempts, status: trouble.status, cause: trouble.why.clone() }
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
