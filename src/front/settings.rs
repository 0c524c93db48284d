//! What a [`Client`](super::Client) is made from, and the errors its calls end in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;

use crate::event::{Observer, Silent};

/// Where Front's API is, whatever the company is called.
pub const BASE_URL: &str = "https://api2.frontapp.com";

/// Where Front is, who we are there, and how much of its budget is ours.
pub struct Settings {
    /// Such as `https://api2.frontapp.com`. Plain http only to this very machine.
    pub base_url: String,
    /// API token; goes into the Authorization header and nowhere else.
    pub token: SecretString,
    /// Part of the company's request limit that is ours, above 0 and at most 1.
    pub share: f64,
    /// Requests that stay free for the live team in every window of the company's limit, beside what `share` leaves it.
    pub reserve: u32,
    /// Use half of Front's allowance for bursts beyond the limit, too.
    pub burst: bool,
    /// Requests per second on one resource, at least 1; above 5 only where the target is this very machine.
    pub per_resource: u32,
    /// After so many requests no other is made, lookups and repeats included.
    pub most_requests: Option<u64>,
    /// Hears of waits.
    pub observer: Arc<dyn Observer>,
    /// Timeouts and patience.
    pub timing: Timing,
}

impl Settings {
    /// The given target with a share of 0.8, a reserve of 10, no bursts, 5 requests per second and
    /// resource, any number of requests, and no observer.
    #[must_use]
    pub fn new(base_url: impl Into<String>, token: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            token,
            share: 0.8,
            reserve: 10,
            burst: false,
            per_resource: 5,
            most_requests: None,
            observer: Arc::new(Silent),
            timing: Timing::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand: neither the token nor the observer belongs here, and the base URL may hold a password by mistake.
        f.debug_struct("Settings")
            .field("share", &self.share)
            .field("reserve", &self.reserve)
            .field("burst", &self.burst)
            .field("per_resource", &self.per_resource)
            .field("most_requests", &self.most_requests)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}

/// Timeouts and patience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// To a connection, TLS included.
    pub connect: Duration,
    /// From the start of an attempt to the end of its answer, for a request without content.
    pub answer: Duration,
    /// Bytes per second that the slowest line worth waiting for uploads; lengthens `answer` by the size of the body.
    pub slowest_upload: u32,
    /// First pause after a failure; each further failure doubles it.
    pub first_backoff: Duration,
    /// Pauses grow no longer than this.
    pub longest_backoff: Duration,
    /// A shorter wait asked for by Front is lengthened to this.
    pub shortest_hint: Duration,
    /// A longer wait asked for by Front is shortened to this: the unit of such hints is not beyond doubt.
    pub longest_hint: Duration,
    /// So many failures of one message, while others succeed, set it aside. A lookup fails after as many.
    pub failures: u32,
    /// So often is a message sent again after a 2xx that does not say what became of it.
    pub replays: u32,
    /// After so long without any success, though several messages were tried, the run stops.
    pub outage: Duration,
    /// After so long without success of the only message under way, it is set aside if Front is there for others.
    pub alone: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_mins(1),
            slowest_upload: 50_000,
            first_backoff: Duration::from_millis(500),
            longest_backoff: Duration::from_mins(1),
            shortest_hint: Duration::from_millis(50),
            longest_hint: Duration::from_mins(2),
            failures: 6,
            replays: 3,
            // Long enough for a night: an import that nobody watches waits an outage out by itself.
            outage: Duration::from_hours(12),
            alone: Duration::from_mins(30),
        }
    }
}

impl Timing {
    /// Timeout of one attempt that carries `size` bytes.
    pub(super) fn attempt(&self, size: u64) -> Duration {
        self.answer.saturating_add(Duration::from_secs(size / u64::from(self.slowest_upload.max(1))))
    }

    /// The wait Front asked for, within reason.
    pub(super) fn credible(&self, hint: Duration) -> Duration {
        hint.min(self.longest_hint).max(self.shortest_hint)
    }
}

/// Why a lookup (or the making of a client) failed. Never holds the token.
#[derive(Debug, Error)]
pub enum FrontError {
    /// A setting that cannot work; nothing was sent.
    #[error("{0}")]
    Setting(String),
    /// 401 or 403.
    #[error("Front refused the token for {path} ({status}: {text})")]
    Unauthorized {
        /// Status code.
        status: u16,
        /// Path asked for.
        path: String,
        /// What Front said.
        text: String,
    },
    /// No usable answer after several attempts.
    #[error("Front did not answer {path} in {attempts} attempts; last: {last}")]
    Unavailable {
        /// Path asked for.
        path: String,
        /// How often it was tried.
        attempts: u32,
        /// What went wrong the last time.
        last: String,
    },
    /// An answer that is neither success nor worth trying again.
    #[error("Front answered {path} with {status}: {text}")]
    Unexpected {
        /// Status code.
        status: u16,
        /// Path asked for.
        path: String,
        /// What Front said.
        text: String,
    },
    /// A success whose content makes no sense.
    #[error("Front's answer to {path} cannot be read: {why}")]
    Unreadable {
        /// Path asked for.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// [`Settings::most_requests`] were made before this one.
    #[error("the budget of requests is used up")]
    Spent,
}

impl FrontError {
    /// Front certainly did not do what was asked for. Of a call that is not repeated when its answer is lost.
    #[must_use]
    pub fn did_nothing(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::Spent | Self::Unavailable { .. })
    }

    /// What the user can do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Setting(_) => "correct `base_url` under [target], --base-url or FRONT_BASE_URL",
            Self::Unauthorized { .. } => {
                "check the token (FRONT_API_TOKEN or --token-file): it must be valid, and its scopes and workspaces must \
                 cover this (docs/guide.md lists them by command)"
            }
            Self::Spent => "run the same command again to go on, or raise the budget of requests",
            Self::Unavailable { .. } => "check the network and the base URL, then run the same command again",
            Self::Unexpected { .. } | Self::Unreadable { .. } => {
                "check that the base URL is that of Front's API, then run the same command again"
            }
        }
    }

    /// The fault lies in the settings, and Front was not asked.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        matches!(self, Self::Setting(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_front_asks_for_is_believed_within_reason() {
        let timing = Timing::default();
        for (asked, waited) in [(0, 50), (49, 50), (341, 341), (120_000, 120_000), (7_200_000, 120_000)] {
            assert_eq!(timing.credible(Duration::from_millis(asked)), Duration::from_millis(waited), "{asked} ms");
        }
    }
}
