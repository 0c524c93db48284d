//! Any call that is no import: attempts until it is clear what became of it, or until nobody can tell.

use std::convert::Infallible;
use std::fmt;

use http::Method;
use reqwest::Url;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::cancellation::Cancellation;
use super::client::{Client, NoReply, Reply};
use super::reason;
use super::redirect;
use super::settings::FrontError;
use super::target::Target;
use super::trouble::{Kind, Next, Patience, Trouble};
use super::verdict::{Class, class, names_another};
use crate::request::encode::Encoded;

/// Merged conversations redirect once; more hops than this are a loop.
const MOST_REDIRECTS: u32 = 5;

/// Answers to one question that cannot be read, until nobody asks any more.
const MOST_SENSELESS: u32 = 3;

/// Something to ask or to tell Front.
#[derive(Debug, Clone)]
pub struct Call<'c> {
    /// `GET`, `POST` and so on.
    pub method: Method,
    /// Segments of the path below the base URL, as they are; they are percent-encoded on the way.
    pub path: &'c [&'c str],
    /// What to send along.
    pub body: Option<&'c Encoded>,
    /// What to do when an attempt has no answer.
    pub repeat: Repeat,
}

/// Whether a call may be made again after an attempt of which nobody knows what became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It may: twice comes to the same as once.
    Freely,
    /// Not unless the attempt certainly did nothing (no connection, 429): what it makes would be there twice.
    UnlessLost,
}

/// What became of a call, and where.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Called<T> {
    /// What became of it.
    pub outcome: Outcome<T>,
    /// Front has merged the conversation that was named into this one (`cnv_…`), where the call was made again.
    pub merged_into: Option<String>,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome<T> {
    /// Front did it, and says this.
    Done(T),
    /// What the path names does not exist, or not for this token. After an attempt without answer a deletion ends so, too.
    Absent {
        /// What Front said.
        cause: String,
    },
    /// Front does not want this; other calls may be fine.
    Refused {
        /// Status code.
        status: u16,
        /// What Front said.
        cause: String,
    },
    /// The server failed over this again and again while others of its kind succeeded.
    Failed {
        /// How often it was tried, throttled attempts included.
        attempts: u32,
        /// The last failure's status code; none if there was no answer.
        status: Option<u16>,
        /// What the last failure said.
        cause: String,
    },
    /// Whether it was done nobody knows; only for [`Repeat::UnlessLost`]. To be looked for, and not to be made again blindly.
    Lost {
        /// What was seen.
        why: String,
    },
    /// The run was cancelled. A call that is not repeated when lost is certainly not done.
    Cancelled,
}

/// What became of a call, or why the run must stop: the token ([`FrontError::Unauthorized`]), the budget
/// ([`FrontError::Spent`]), an outage that nobody waits for any longer ([`FrontError::Unavailable`]), or something that is not
/// Front's API.
pub type CallResult<T> = Result<Called<T>, FrontError>;

impl<T> Called<T> {
    /// With what Front said made into something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Called<U> {
        Called { outcome: self.outcome.map(change), merged_into: self.merged_into }
    }
}

impl<T> Outcome<T> {
    /// With what Front said made into something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self.try_map(|value| Ok::<U, Infallible>(change(value))) {
            Ok(outcome) => outcome,
        }
    }

    /// With what Front said made into something else, if that can be.
    fn try_map<U, E>(self, change: impl FnOnce(T) -> Result<U, E>) -> Result<Outcome<U>, E> {
        Ok(match self {
            Self::Done(value) => Outcome::Done(change(value)?),
            Self::Absent { cause } => Outcome::Absent { cause },
            Self::Refused { status, cause } => Outcome::Refused { status, cause },
            Self::Failed { attempts, status, cause } => Outcome::Failed { attempts, status, cause },
            Self::Lost { why } => Outcome::Lost { why },
            Self::Cancelled => Outcome::Cancelled,
        })
    }
}

/// What went wrong, in words; of one that is done there is nothing to say.
impl<T> fmt::Display for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => f.write_str("done"),
            Self::Absent { cause } => write!(f, "Front answered 404: {cause}"),
            Self::Refused { status, cause } => write!(f, "Front answered {status}: {cause}"),
            Self::Failed { attempts, status: Some(status), cause } => {
                write!(f, "Front answered {status} in the last of {attempts} attempts: {cause}")
            }
            Self::Failed { attempts, status: None, cause } => write!(f, "no answer in {attempts} attempts: {cause}"),
            Self::Lost { why } => write!(f, "whether it was done is not known: {why}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// One call on its way. Whoever can cancel it waits for an outage to end; without, it is a question that is given up soon.
pub(super) struct Attempts<'c> {
    pub(super) method: Method,
    pub(super) body: Option<&'c Encoded>,
    pub(super) repeat: Repeat,
    pub(super) cancellation: Option<&'c Cancellation>,
}

/// How it ended, and at which URL.
pub(super) struct Ended<T> {
    pub(super) outcome: Outcome<T>,
    pub(super) at: Url,
}

impl<T> Ended<T> {
    fn called(self, asked: &Url) -> Called<T> {
        Called { merged_into: redirect::merged_into(asked, &self.at), outcome: self.outcome }
    }
}

impl Client {
    /// Makes a call for which there is no method of its own. An answer without content is `null`.
    ///
    /// # Errors
    /// Where the run must stop, see [`CallResult`].
    pub async fn call(&self, call: &Call<'_>, cancellation: &Cancellation) -> CallResult<Value> {
        let url = self.target().url(call.path);
        let attempts = Attempts {
            method: call.method.clone(),
            body: call.body,
            repeat: call.repeat,
            cancellation: Some(cancellation),
        };
        let value = |reply: &Reply| if reply.body.is_empty() { Ok(Value::Null) } else { json(reply) };
        Ok(self.carry_out(&attempts, &url, value).await?.called(&url))
    }

    /// Asks for what is at `url`.
    pub(super) async fn ask<T: DeserializeOwned + Send>(
        &self,
        url: &Url,
        cancellation: &Cancellation,
    ) -> CallResult<T> {
        Ok(self.carry_out(&Attempts::question(Some(cancellation)), url, json).await?.called(url))
    }

    /// Does what comes to the same when it is done twice, and of whose answer nothing is needed.
    pub(super) async fn set(
        &self,
        method: Method,
        url: &Url,
        body: Option<&Encoded>,
        cancellation: &Cancellation,
    ) -> CallResult<()> {
        let attempts = Attempts { method, body, repeat: Repeat::Freely, cancellation: Some(cancellation) };
        Ok(self.carry_out(&attempts, url, |_| Ok(())).await?.called(url))
    }

    /// Makes something that would be there twice if it were made twice.
    pub(super) async fn make<T: Send>(
        &self,
        url: &Url,
        body: &Encoded,
        cancellation: &Cancellation,
        read: impl Fn(&Reply) -> Result<T, String> + Sync,
    ) -> CallResult<T> {
        let attempts = Attempts {
            method: Method::POST,
            body: Some(body),
            repeat: Repeat::UnlessLost,
            cancellation: Some(cancellation),
        };
        Ok(self.carry_out(&attempts, url, read).await?.called(url))
    }

    /// Attempts until it is clear what became of it. `read` makes something of a success, or says what is wrong with it.
    pub(super) async fn carry_out<T: Send>(
        &self,
        call: &Attempts<'_>,
        url: &Url,
        read: impl Fn(&Reply) -> Result<T, String> + Sync,
    ) -> Result<Ended<T>, FrontError> {
        let mut found = None;
        let mut keep = |reply: &Reply| {
            found = Some(read(reply)?);
            Ok(())
        };
        let Ended { outcome, at } = self.attempts(call, url, &mut keep).await?;
        let found = || found.ok_or_else(|| unreadable(url, "its answer was not read"));
        Ok(Ended { outcome: outcome.try_map(|()| found())?, at })
    }

    /// The attempts themselves, the same code whatever is made of a success: there are many kinds of answers.
    async fn attempts(
        &self,
        call: &Attempts<'_>,
        url: &Url,
        read: &mut (dyn FnMut(&Reply) -> Result<(), String> + Send),
    ) -> Result<Ended<()>, FrontError> {
        let others = self.calls(&call.method);
        let _present = others.join();
        let mut at = url.clone();
        let (mut redirects, mut senseless) = (0, 0);
        let mut patience = Patience::new(self.backoff());
        loop {
            let ended = |outcome, at: &Url| Ok(Ended { outcome, at: at.clone() });
            let trouble = match self.attempt(call.method.clone(), &at, call.body, call.cancellation).await {
                Err(NoReply::Cancelled) => return ended(Outcome::Cancelled, &at),
                Err(NoReply::Spent) => return Err(FrontError::Spent),
                Err(NoReply::NotSent(why)) => Trouble::unanswered(why, Kind::NotSent),
                Err(NoReply::Lost(why)) => Trouble::unanswered(why, Kind::Failed),
                Ok(reply) => match step(&call.method, &reply, &at, self.target(), read)? {
                    Step::Clear(outcome) => {
                        if let Outcome::Done(()) | Outcome::Absent { .. } = outcome {
                            others.succeeded();
                        }
                        return ended(outcome, &at);
                    }
                    Step::Moved(next) if redirects < MOST_REDIRECTS => {
                        redirects += 1;
                        at = next;
                        continue;
                    }
                    Step::Moved(_) => return Err(unreadable(url, "it redirects without end")),
                    Step::Trouble(trouble) => trouble,
                },
            };
            if call.repeat == Repeat::UnlessLost && matches!(trouble.kind, Kind::Failed | Kind::Unusable) {
                return ended(Outcome::Lost { why: trouble.told() }, &at);
            }
            // A proxy's page, or nothing at all: a thing of a moment, unless this is not Front's API.
            senseless += u32::from(trouble.kind == Kind::Unusable);
            if senseless >= MOST_SENSELESS {
                return Err(unreadable(url, &trouble.why));
            }
            if let Some(outcome) = self.what_follows(call, &mut patience, &trouble, url).await? {
                return ended(outcome, &at);
            }
            if !self.before_another(&trouble, &mut patience.backoff, call.cancellation).await {
                return ended(Outcome::Cancelled, &at);
            }
        }
    }

    /// What trouble means for the call; nothing if it is to be made again.
    async fn what_follows(
        &self,
        call: &Attempts<'_>,
        patience: &mut Patience,
        trouble: &Trouble,
        url: &Url,
    ) -> Result<Option<Outcome<()>>, FrontError> {
        let (now, others) = (Instant::now(), self.calls(&call.method));
        let (last_success, is_alone) = (others.last_success(), others.is_alone());
        let next = match call.cancellation {
            None => patience.short(trouble, now, self.timing()),
            Some(_) => patience.long(trouble, now, last_success, is_alone, self.timing()),
        };
        let failed = |patience: &Patience| {
            let cause = trouble.why.clone();
            Ok(Some(Outcome::Failed { attempts: patience.attempts(), status: trouble.status, cause }))
        };
        match (next, call.cancellation) {
            (Next::Again, _) => Ok(None),
            (Next::Enough, _) => failed(patience),
            (Next::LongAlone, Some(cancellation)) => match self.answers_others(cancellation).await {
                Ok(true) => failed(patience),
                Ok(false) => Ok(None),
                Err(NoReply::Spent) => Err(FrontError::Spent),
                Err(_) => Ok(Some(Outcome::Cancelled)),
            },
            (Next::LongOutage | Next::LongAlone, _) => Err(patience.unavailable(url.path(), trouble)),
        }
    }
}

impl<'c> Attempts<'c> {
    /// A question.
    pub(super) fn question(cancellation: Option<&'c Cancellation>) -> Self {
        Self { method: Method::GET, body: None, repeat: Repeat::Freely, cancellation }
    }
}

/// What one answer leads to.
enum Step {
    Clear(Outcome<()>),
    Moved(Url),
    Trouble(Trouble),
}

fn step(
    method: &Method,
    reply: &Reply,
    at: &Url,
    target: &Target,
    read: &mut (dyn FnMut(&Reply) -> Result<(), String> + Send),
) -> Result<Step, FrontError> {
    if let Some(trouble) = Trouble::of(reply) {
        return Ok(Step::Trouble(trouble));
    }
    let (status, cause) = (reply.status, || reason::reason(&reply.body));
    let refused = |cause| Ok(Step::Clear(Outcome::Refused { status, cause }));
    match class(status) {
        Class::Success => Ok(match read(reply) {
            Ok(()) => Step::Clear(Outcome::Done(())),
            Err(why) => {
                let kind = if reply.cut_off.is_some() { Kind::Failed } else { Kind::Unusable };
                Step::Trouble(Trouble { status: Some(status), why, wait: None, kind })
            }
        }),
        Class::Unauthorized => Err(FrontError::Unauthorized { status, path: at.path().to_owned(), text: cause() }),
        // What is sent along may name things of its own.
        Class::NotFound if *method != Method::GET && names_another(&reply.body, redirect::subject(at)) => {
            refused(cause())
        }
        Class::NotFound => Ok(Step::Clear(Outcome::Absent { cause: cause() })),
        _ => match reply.location(at).filter(|_| (300..=399).contains(&status)) {
            None => refused(cause()),
            Some(location) => match redirect::follow(method, status, at, &location) {
                None => refused("a redirect, which is not followed with something to write in hand".to_owned()),
                Some(next) if target.trusts(&next) => Ok(Step::Moved(next)),
                Some(_) => Err(unreadable(at, "it redirects away from Front")),
            },
        },
    }
}

/// Reads an answer that must be JSON of this shape.
pub(super) fn json<T: DeserializeOwned>(reply: &Reply) -> Result<T, String> {
    match (&reply.cut_off, serde_json::from_slice(&reply.body)) {
        (Some(why), _) => Err(format!("the answer was cut off: {why}")),
        (None, read) => read.map_err(|error| error.to_string()),
    }
}

pub(super) fn unreadable(url: &Url, why: &str) -> FrontError {
    FrontError::Unreadable { path: url.path().to_owned(), why: why.to_owned() }
}
