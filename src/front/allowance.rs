//! What we allow ourselves of the company's budget: when may the next request go?
//!
//! Front limits requests per minute for the whole company, colleagues and other tools included. Of that limit `share`
//! less `reserve` is ours, evenly spaced; the rest is theirs at any time of the window, however suddenly they want it:
//!
//! * Where answers tell the windows apart, we count in each, and what has no answer yet counts as if it fell into it.
//! * Where others exceed their part, we stop, and look once a window whether they are back within it.
//! * Where nothing is theirs (`share = 1`, `reserve = 0`), even spacing alone keeps us within the limit: not to use what
//!   might fall into the next window would leave a part of each unused, as large as answers are slow.
//!
//! Pure: moments are passed in.

use std::time::Duration;

use tokio::time::Instant;

use super::headers::{Budget, Burst, Reset};
use super::window::{Next, Rolling, Window};
use crate::mapping::own_pace;

/// Requests per minute taken for granted until an answer names the limit: that of the smallest plan.
const ASSUMED_LIMIT: f64 = 50.0;

/// A limit counts per minute.
const WINDOW: Duration = Duration::from_mins(1);

/// Timers wake up to a millisecond late; so much of the pace may be made good, or lateness would add up.
const LATE_TIMER: Duration = Duration::from_millis(2);

/// A look is taken so long before a window ends, and earlier where answers are slow: most of what others did in it is
/// to be seen, and the answer must still be about it.
const BEFORE_END: Duration = Duration::from_secs(5);
const LONG_BEFORE_END: Duration = Duration::from_secs(20);

/// After a look without an answer.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The allowance for bursts is refilled in so many minutes.
const BURST_REFILL: f64 = 10.0;

/// What the mapping's `[send]` says of the budget.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) share: f64,
    pub(super) reserve: u32,
    /// May the allowance for bursts be used?
    pub(super) burst: bool,
}

/// What we know and intend.
#[derive(Debug)]
pub(super) struct Allowance {
    terms: Terms,
    /// Requests per minute of the company; none was named yet.
    limit: Option<f64>,
    burst: Option<Burst>,
    /// As the latest answer has it, whether it is ours to use or not.
    announced_burst: Option<Burst>,
    /// When the latest request went, by the pace.
    paced: Option<Instant>,
    window: Option<Window>,
    /// The server has no fixed windows.
    rolling: Option<Rolling>,
    pause: Option<(Instant, String)>,
    crowd: Option<Crowd>,
    /// Of late answers, the slow ones counting longer.
    latency: Duration,
    /// Requests that left and have no answer yet: Front may or may not have counted them.
    outstanding: u32,
    /// Something came back of a request: from then on we know what we may know.
    has_asked: bool,
}

/// Others exceeded their part.
#[derive(Debug)]
struct Crowd {
    why: String,
    look_at: Instant,
    /// Departure of the request that is to show whether they are back within it.
    look: Option<Instant>,
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
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            limit: None,
            burst: None,
            announced_burst: None,
            paced: None,
            window: None,
            rolling: None,
            pause: None,
            crowd: None,
            latency: Duration::ZERO,
            outstanding: 0,
            has_asked: false,
        }
    }

    /// May a request go at this moment?
    pub(super) fn opening(&mut self, now: Instant) -> Opening {
        self.pause.take_if(|(until, _)| *until <= now);
        if let Some((until, why)) = &self.pause {
            return Opening::Closed(*until, why.clone());
        }
        if !self.has_asked && self.outstanding > 0 {
            // An earlier run may have used our part of this window: one request in the dark is enough.
            return Opening::Paced(now + WINDOW);
        }
        match &self.crowd {
            // Until its answer is there.
            Some(Crowd { look: Some(_), .. }) => return Opening::Paced(now + WINDOW),
            Some(crowd) if crowd.look_at > now => return Opening::Closed(crowd.look_at, crowd.why.clone()),
            Some(_) => {}
            None => {
                if let Some(closed) = self.used_up(now) {
                    return closed;
                }
            }
        }
        match self.paced.map(|paced| paced + self.interval()) {
            Some(next) if next > now => Opening::Paced(next),
            _ => Opening::Now,
        }
    }

    /// Nothing is left of our part of this window.
    fn used_up(&self, now: Instant) -> Option<Opening> {
        let (own, theirs) = (self.own(), self.theirs());
        let is_shared = theirs >= 1.0;
        let unanswered = f64::from(self.outstanding);
        let Some(window) = self.window.filter(|window| window.ends() > now) else {
            // All that is under way may fall into the window that begins.
            return (is_shared && unanswered >= own).then(|| Opening::Paced(now + WINDOW));
        };
        let remaining = window.remaining + self.spare_burst();
        // Where all of ours is known, it is bounded below; else what is not ours stays untouched.
        let untouched = if window.is_complete { 0.0 } else { theirs };
        if remaining <= untouched {
            return Some(Opening::Closed(window.ends(), self.only_left(window.remaining)));
        }
        let may_be_used = f64::from(window.used) + unanswered >= own;
        let may_be_gone = remaining - unanswered <= untouched;
        if (is_shared && may_be_used) || (may_be_gone && (is_shared || !window.is_complete)) {
            // Opens sooner where answers show that they counted in another window.
            return Some(Opening::Paced(window.ends()));
        }
        None
    }

    /// A request goes.
    pub(super) fn enter(&mut self, now: Instant) {
        self.outstanding = self.outstanding.saturating_add(1);
        let no_earlier = now.checked_sub(LATE_TIMER).unwrap_or(now);
        self.paced = Some(match self.paced {
            Some(paced) => (paced + self.interval()).max(no_earlier),
            None => now,
        });
        if let Some(crowd) = &mut self.crowd {
            crowd.look = Some(now);
        }
    }

    /// The request that departed then never reached Front.
    pub(super) fn never_left(&mut self, departed: Instant, now: Instant) {
        self.outstanding = self.outstanding.saturating_sub(1);
        self.has_asked = true;
        self.look_was_lost(departed, now);
    }

    /// The request that departed then will have no answer. Front may have counted it.
    pub(super) fn lost(&mut self, departed: Instant, now: Instant) {
        self.never_left(departed, now);
        if let Some(window) = &mut self.window {
            window.used = window.used.saturating_add(1);
        }
    }

    /// The request that departed then has an answer, which says this of the budget. Returns what the user should know.
    pub(super) fn answered(&mut self, budget: Budget, departed: Instant, now: Instant) -> Option<String> {
        self.outstanding = self.outstanding.saturating_sub(1);
        self.has_asked = true;
        self.latency = now.saturating_duration_since(departed).max(self.latency / 8 * 7);
        self.rolling.take_if(|rolling| rolling.is_over(now));
        self.announced_burst = budget.burst;
        self.burst = budget.burst.filter(|_| self.terms.burst);
        let note = budget.limit.and_then(|limit| self.learn(limit));
        let Some(remaining) = budget.remaining else {
            self.look_was_lost(departed, now);
            return note;
        };
        match budget.reset {
            Some(reset) if self.is_of_a_window(reset, remaining, departed, now) => {
                self.judge_others(reset, remaining, departed);
            }
            // Others cannot be told from us here. What is plain is when next to nothing is left for them.
            _ => {
                let is_little = self.theirs() >= 1.0 && remaining + self.spare_burst() <= f64::from(self.terms.reserve);
                let wait = budget.reset.map_or(WINDOW, |reset| reset.left.clamp(Duration::from_secs(1), WINDOW));
                let why = self.only_left(remaining);
                self.crowded(is_little, why, now + wait, departed);
            }
        }
        note
    }

    /// Nobody sends before `until`; a longer pause that is already known stays.
    pub(super) fn pause(&mut self, until: Instant, why: &str) {
        if self.pause.as_ref().is_none_or(|(known, _)| *known < until) {
            self.pause = Some((until, why.to_owned()));
        }
    }

    /// Keeps count of the server's windows, as long as it has any.
    fn is_of_a_window(&mut self, reset: Reset, remaining: f64, departed: Instant, now: Instant) -> bool {
        if let Some(rolling) = &mut self.rolling {
            rolling.add(reset, now);
            return false;
        }
        let others_may_be_ours = self.limit.is_none_or(|limit| limit - remaining > 1.0);
        let begin = |is_complete| Some(Window::new(reset, remaining, is_complete, departed, now));
        let Some(window) = &mut self.window else {
            // With nothing used beside this request, no run of ours went before.
            self.window = begin(!others_may_be_ours);
            return true;
        };
        match window.compare(reset) {
            Next::Same => window.add(reset, remaining, departed, now),
            Next::Earlier => {}
            Next::Later => self.window = begin(true),
            Next::ClockWasSet => self.window = begin(false),
            Next::TooSoon => {
                self.window = None;
                self.rolling = Some(Rolling::new(reset, now));
                return false;
            }
        }
        true
    }

    /// What others did in this window, as far as it is certain: what may be ours is taken for ours.
    fn judge_others(&mut self, reset: Reset, remaining: f64, departed: Instant) {
        let (Some(window), Some(limit)) = (self.window, self.limit) else { return };
        let theirs = self.theirs();
        if theirs < 1.0 {
            return self.crowded(false, String::new(), window.ends(), departed);
        }
        if !window.is_complete || window.compare(reset) != Next::Same {
            return self.look_was_lost(departed, window.ends());
        }
        let others = limit - remaining - f64::from(window.used) - f64::from(self.outstanding);
        let before_end = BEFORE_END.max(self.latency * 2).min(LONG_BEFORE_END);
        let end = |ends: Instant| ends.checked_sub(before_end).unwrap_or(ends);
        if self.is_look(departed) && reset.left > WINDOW / 2 {
            // It opened a window, and says nothing of what others do in one.
            if let Some(crowd) = &mut self.crowd {
                crowd.look = None;
                crowd.look_at = end(window.ends());
            }
            return;
        }
        let why = format!(
            "others in the company made {others} requests this minute, more than the {theirs} that are theirs by `share` \
             and `reserve`; one look a minute until they are back"
        );
        self.crowded(others > theirs, why, end(window.ends() + WINDOW), departed);
    }

    /// Opens or closes for others.
    fn crowded(&mut self, is_crowded: bool, why: String, look_at: Instant, departed: Instant) {
        // Only the look shows what others do while we hold back; what left before it shows what is known.
        if self.crowd.is_none() || self.is_look(departed) {
            self.crowd = is_crowded.then_some(Crowd { why, look_at, look: None });
        }
    }

    fn is_look(&self, departed: Instant) -> bool {
        self.crowd.as_ref().is_some_and(|crowd| crowd.look == Some(departed))
    }

    fn look_was_lost(&mut self, departed: Instant, now: Instant) {
        if let Some(crowd) = self.crowd.as_mut().filter(|crowd| crowd.look == Some(departed)) {
            crowd.look = None;
            crowd.look_at = now + LOOK_AGAIN;
        }
    }

    /// The company's limit, requests a minute, as the latest answer has it.
    pub(super) fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// How many requests Front allows in bursts beyond the limit, as the latest answer has it.
    pub(super) fn announced_burst(&self) -> Option<f64> {
        self.announced_burst.map(|burst| burst.limit)
    }

    /// Takes notice of the limit, which may change in mid-run.
    fn learn(&mut self, limit: f64) -> Option<String> {
        let before = self.limit.replace(limit);
        if before.is_some_and(|before| (before - limit).abs() < 0.5) {
            return None;
        }
        if let Some(window) = &mut self.window {
            // What was counted under the old limit does not add up with the new one.
            window.is_complete = false;
        }
        if self.terms.share * limit - f64::from(self.terms.reserve) < 1.0 {
            return Some(format!(
                "`share` and `reserve` leave nothing of the {limit} requests a minute that Front allows the company: \
                 sending one a minute. Raise `share` or lower `reserve` under [send]."
            ));
        }
        let before = before?;
        Some(format!("Front now allows the company {limit} requests a minute; before, it were {before}."))
    }

    /// Our requests per minute, at most.
    fn own(&self) -> f64 {
        let limit = self.limit.unwrap_or(ASSUMED_LIMIT);
        let refill = self.burst.filter(|_| self.spare_burst() > 0.0).map_or(0.0, |burst| burst.limit / BURST_REFILL);
        self.own_of(limit + refill)
    }

    fn own_of(&self, limit: f64) -> f64 {
        // Products such as 0.7 * 100 fall short of what is meant by their last bit.
        (own_pace(limit, self.terms.share, self.terms.reserve) + 1e-9).floor()
    }

    /// What the others may use of a window without ever meeting us.
    fn theirs(&self) -> f64 {
        let limit = self.limit.unwrap_or(ASSUMED_LIMIT);
        (limit - self.own_of(limit)).max(0.0)
    }

    /// Where bursts are ours to use: all above half of the allowance.
    fn spare_burst(&self) -> f64 {
        self.burst.map_or(0.0, |burst| (burst.remaining - burst.limit / 2.0).max(0.0))
    }

    /// Between two requests. A little more than a minute divided by our requests, so that one that comes earlier or later
    /// than the others still falls into its window.
    fn interval(&self) -> Duration {
        let own = self.own();
        let pace = (own - 1.0).max(own * 0.98);
        // An hour for limits so small that they are a mistake; nothing for those too large to matter.
        Duration::try_from_secs_f64(60.0 / pace).unwrap_or(WINDOW * 60).min(WINDOW * 60)
    }

    fn only_left(&self, remaining: f64) -> String {
        format!("the company has only {remaining} of {} requests left for now", self.limit.unwrap_or(ASSUMED_LIMIT))
    }
}
