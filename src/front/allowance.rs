//! What we allow ourselves of the company's budget: when may the next request go?
//!
//! Front limits requests per minute for the whole company, colleagues and other tools included. We keep to our share of
//! that limit, evenly spaced; leave a reserve untouched in each window; and stop for everyone when Front says so.
//! Pure: moments are passed in.

use std::time::Duration;

use tokio::time::Instant;

use super::headers::Budget;

/// Requests per minute taken for granted until an answer names the limit: that of the smallest plan.
const ASSUMED_LIMIT: f64 = 50.0;

/// A limit counts per minute; a window that does not say when it ends is taken to last as long.
const WINDOW: Duration = Duration::from_mins(1);

/// A stated end of the window is not believed beyond this.
const LONGEST_WINDOW: Duration = Duration::from_mins(2);

/// Ends of the window are known this exactly: the Date header they are compared with has whole seconds.
const SAME_WINDOW: Duration = Duration::from_secs(2);

/// Timers wake up to a millisecond late; so much of the pace may be made good, or lateness would add up.
const LATE_TIMER: Duration = Duration::from_millis(2);

/// What we know and intend.
#[derive(Debug)]
pub(super) struct Allowance {
    share: f64,
    reserve: u32,
    /// Between two requests.
    interval: Duration,
    /// When the latest request went, by the pace.
    paced: Option<Instant>,
    window: Option<Window>,
    pause: Option<(Instant, String)>,
    /// Requests that left and have no answer yet: Front may or may not have counted them.
    outstanding: u32,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    remaining: f64,
    ends: Instant,
}

/// Whether a request may go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Now.
    Now,
    /// At this moment, in the ordinary course of things.
    Paced(Instant),
    /// Not before this moment, for this reason.
    Closed(Instant, String),
}

impl Allowance {
    pub(super) fn new(share: f64, reserve: u32) -> Self {
        let interval = interval(ASSUMED_LIMIT, share);
        Self { share, reserve, interval, paced: None, window: None, pause: None, outstanding: 0 }
    }

    /// May a request go at this moment?
    pub(super) fn opening(&mut self, now: Instant) -> Opening {
        self.pause.take_if(|(until, _)| *until <= now);
        self.window.take_if(|window| window.ends <= now);
        if let Some((until, why)) = &self.pause {
            return Opening::Closed(*until, why.clone());
        }
        if let Some(Window { remaining, ends }) = self.window {
            let reserve = f64::from(self.reserve);
            if remaining <= reserve {
                return Opening::Closed(ends, format!("the company has only {remaining} requests left for now"));
            }
            if remaining - f64::from(self.outstanding) <= reserve {
                // Opens sooner, as answers come in.
                return Opening::Paced(ends);
            }
        }
        match self.paced.map(|paced| paced + self.interval) {
            Some(next) if next > now => Opening::Paced(next),
            _ => Opening::Now,
        }
    }

    /// A request goes.
    pub(super) fn enter(&mut self, now: Instant) {
        self.outstanding = self.outstanding.saturating_add(1);
        let no_earlier = now.checked_sub(LATE_TIMER).unwrap_or(now);
        self.paced = Some(match self.paced {
            Some(paced) => (paced + self.interval).max(no_earlier),
            None => now,
        });
    }

    /// A request got its answer, or never will.
    pub(super) fn leave(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
    }

    /// An answer told of the budget.
    pub(super) fn observe(&mut self, budget: Budget, now: Instant) {
        if let Some(limit) = budget.limit {
            self.interval = interval(limit, self.share);
        }
        let Some(remaining) = budget.remaining else { return };
        let ends = now + budget.reset.unwrap_or(WINDOW).min(LONGEST_WINDOW);
        self.window = match self.window {
            Some(known) if known.ends > now && ends + SAME_WINDOW < known.ends => Some(known),
            // Answers overtake each other; within a window the budget only shrinks.
            Some(known) if known.ends > now && ends < known.ends + SAME_WINDOW => {
                Some(Window { remaining: remaining.min(known.remaining), ends: ends.max(known.ends) })
            }
            _ => Some(Window { remaining, ends }),
        };
    }

    /// Nobody sends before `until`; a longer pause that is already known stays.
    pub(super) fn pause(&mut self, until: Instant, why: &str) {
        if self.pause.as_ref().is_none_or(|(known, _)| *known < until) {
            self.pause = Some((until, why.to_owned()));
        }
    }
}

fn interval(limit: f64, share: f64) -> Duration {
    // An hour for limits so small that they are a mistake; nothing for those too large to matter.
    Duration::try_from_secs_f64(60.0 / (limit * share)).unwrap_or(WINDOW * 60).min(WINDOW * 60)
}
