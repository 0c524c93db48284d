//! An attempt that may be followed by another: how long to wait before it, and when it is enough.

use std::time::Duration;

use http::Method;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::cancellation::Cancellation;
use super::client::{Client, NoReply, Reply};
use super::headers;
use super::reason;
use super::settings::{FrontError, Timing};
use super::verdict::{Class, class, throttle};

/// An attempt that may be followed by another.
pub(super) struct Trouble {
    pub(super) status: Option<u16>,
    pub(super) why: String,
    /// Front asked to wait so long.
    pub(super) wait: Option<Duration>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No connection: nothing was sent.
    NotSent,
    /// Declined for now, certainly not taken.
    Throttled,
    /// The server failed, or the answer was lost: it may have been taken.
    Failed,
    /// Taken, it seems, but the answer cannot be used.
    Unusable,
}

impl Trouble {
    /// An attempt that has no answer.
    pub(super) fn unanswered(why: String, kind: Kind) -> Self {
        Self { status: None, why, wait: None, kind }
    }

    /// An answer that says to come again, if it is one.
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        let (wait, kind) = match class(reply.status) {
            Class::Throttled => (throttle(&reply.headers, &reply.body, Reply::now()).wait, Kind::Throttled),
            Class::Failed => (headers::retry_after(&reply.headers, Reply::now()), Kind::Failed),
            Class::Success | Class::Unauthorized | Class::NotFound | Class::Other => return None,
        };
        Some(Self { status: Some(reply.status), why: reason::reason(&reply.body), wait, kind })
    }

    pub(super) fn told(&self) -> String {
        match self.status {
            Some(status) => format!("Front answered {status}: {}", self.why),
            None => self.why.clone(),
        }
    }
}

/// What a request has met so far.
pub(super) struct Patience {
    pub(super) backoff: Backoff,
    attempts: u32,
    throttled: u32,
    /// When its trouble began.
    since: Option<Instant>,
    /// Failures that speak against the request.
    counted: u32,
}

/// What follows trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Again,
    /// It fails while others succeed.
    Enough,
    /// Nothing has succeeded for as long as the settings allow.
    LongOutage,
    /// Nothing else was tried for long.
    LongAlone,
}

impl Patience {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, attempts: 0, throttled: 0, since: None, counted: 0 }
    }

    /// Attempts that met trouble.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What follows for a question: it is given up after a few failures. Being throttled says nothing against it, so that
    /// does not count; time alone ends it.
    pub(super) fn short(&mut self, trouble: &Trouble, now: Instant, timing: &Timing) -> Next {
        let since = self.count(trouble, now);
        let failures = self.attempts.saturating_sub(self.throttled);
        let is_over = failures >= timing.failures || now.saturating_duration_since(since) >= timing.outage;
        if is_over { Next::LongOutage } else { Next::Again }
    }

    /// What follows for one of many requests. `last_success` is the latest of any of its kind; `is_alone` where no other is
    /// under way.
    pub(super) fn long(
        &mut self,
        trouble: &Trouble,
        now: Instant,
        last_success: Option<Instant>,
        is_alone: bool,
        timing: &Timing,
    ) -> Next {
        let since = self.count(trouble, now);
        let others_succeed = last_success.is_some_and(|success| success > since);
        // While nothing succeeds at all, a failure says nothing about the request; only its first one is kept in mind for
        // the time when others succeed.
        if matches!(trouble.kind, Kind::Failed | Kind::NotSent) && (others_succeed || self.counted == 0) {
            self.counted = self.counted.saturating_add(1);
        }
        if self.counted >= timing.failures && others_succeed {
            return Next::Enough;
        }
        let without_success = now.saturating_duration_since(last_success.map_or(since, |success| success.max(since)));
        if without_success >= timing.outage {
            Next::LongOutage
        } else if is_alone && trouble.kind == Kind::Failed && without_success >= timing.alone {
            Next::LongAlone
        } else {
            Next::Again
        }
    }

    /// Gives when the trouble began.
    fn count(&mut self, trouble: &Trouble, now: Instant) -> Instant {
        self.attempts = self.attempts.saturating_add(1);
        self.throttled = self.throttled.saturating_add(u32::from(trouble.kind == Kind::Throttled));
        *self.since.get_or_insert(now)
    }

    /// How it is told that nothing was answered at `path`.
    pub(super) fn unavailable(&self, path: &str, trouble: &Trouble) -> FrontError {
        FrontError::Unavailable { path: path.to_owned(), attempts: self.attempts, last: trouble.told() }
    }
}

impl Client {
    /// Waits as Front asked or as is decent. False if the run was cancelled meanwhile.
    pub(super) async fn before_another(
        &self,
        trouble: &Trouble,
        backoff: &mut Backoff,
        cancellation: Option<&Cancellation>,
    ) -> bool {
        let pause = match (trouble.kind, trouble.status, trouble.wait) {
            // The gate holds this request back.
            (Kind::Throttled, _, Some(_)) => return !cancellation.is_some_and(Cancellation::is_cancelled),
            (_, Some(503), Some(wait)) => {
                self.cool_down(wait, 503);
                backoff.pause()
            }
            (_, _, Some(wait)) => backoff.pause().max(self.timing().credible(wait)),
            _ => backoff.pause(),
        };
        self.rest(pause, &trouble.told(), cancellation).await
    }

    /// The only request of its kind has failed for long: nothing that succeeds can speak against it. Whether Front answers
    /// a simple question all the same; if so, the request is set aside, or the last of a run could hold it up for ever.
    ///
    /// # Errors
    /// If the question could not be asked.
    pub(super) async fn answers_others(&self, cancellation: &Cancellation) -> Result<bool, NoReply> {
        match self.attempt(Method::GET, &self.target().url(&["me"]), None, Some(cancellation)).await {
            Ok(reply) => Ok(class(reply.status) == Class::Success),
            Err(NoReply::NotSent(_) | NoReply::Lost(_)) => Ok(false),
            Err(error @ (NoReply::Cancelled | NoReply::Spent)) => Err(error),
        }
    }
}
