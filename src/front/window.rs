//! One window of the company's limit, as Front's answers describe it.

use std::time::Duration;

use tokio::time::Instant;

use super::headers::Reset;

/// Statements of one window's end differ by rounding at most.
const SAME_END: f64 = 1.5;

/// Windows of a limit per minute cannot follow each other closer than this, in seconds. Where ends are stated closer
/// together, the server counts otherwise (a sliding minute, a bucket that refills), and has no windows to speak of.
const NEXT_END: f64 = 58.0;

/// An end that lies further back than this is no late answer: the server's clock was set.
const LATE_ANSWER: f64 = 125.0;

/// Dates in answers have whole seconds, rounded down.
const DATE_UNIT: Duration = Duration::from_secs(1);

/// A fixed window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Its end on the server's clock.
    end: f64,
    /// Its end on ours lies from here ...
    earliest: Instant,
    /// ... to here: each answer narrows it.
    latest: Instant,
    /// The least that an answer said is left; answers overtake each other, and within a window the budget only shrinks.
    pub(super) remaining: f64,
    /// Our requests that are known to count in it, or may.
    pub(super) used: u32,
    /// Whether `used` and the unanswered requests are all that we did in it: not so in the window in which a run begins,
    /// where an earlier run may have sent too.
    pub(super) is_complete: bool,
}

/// What an answer's end of window is to the one that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Same,
    /// A late answer from before it.
    Earlier,
    Later,
    /// The server has no fixed windows.
    TooSoon,
    /// Nothing fits together any more.
    ClockWasSet,
}

impl Window {
    /// The window of this answer, in which it is the first.
    pub(super) fn new(reset: Reset, remaining: f64, is_complete: bool, departed: Instant, now: Instant) -> Self {
        let (earliest, latest) = bounds(reset, departed, now);
        Self { end: reset.at, earliest, latest, remaining, used: 1, is_complete }
    }

    pub(super) fn compare(&self, reset: Reset) -> Next {
        let later = reset.at - self.end;
        if later.abs() < SAME_END {
            Next::Same
        } else if later >= NEXT_END {
            Next::Later
        } else if later > 0.0 {
            Next::TooSoon
        } else if later > -LATE_ANSWER {
            Next::Earlier
        } else {
            Next::ClockWasSet
        }
    }

    /// One more answer in it.
    pub(super) fn add(&mut self, reset: Reset, remaining: f64, departed: Instant, now: Instant) {
        self.remaining = self.remaining.min(remaining);
        self.used = self.used.saturating_add(1);
        let (earliest, latest) = bounds(reset, departed, now);
        if earliest > self.latest || latest < self.earliest {
            // Two servers with two clocks: the newer statement counts.
            (self.earliest, self.latest) = (earliest, latest);
        } else {
            (self.earliest, self.latest) = (earliest.max(self.earliest), latest.min(self.latest));
        }
    }

    /// Surely over from here on.
    pub(super) fn ends(&self) -> Instant {
        self.latest
    }
}

/// The answer was written between departure and now, at the date it bears or up to a second later.
fn bounds(reset: Reset, departed: Instant, now: Instant) -> (Instant, Instant) {
    let latest = now + reset.left;
    let earliest = (departed + reset.left).checked_sub(DATE_UNIT).unwrap_or(departed);
    (earliest.min(latest), latest)
}

/// Watches whether the server's windows are fixed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rolling {
    end: f64,
    /// Without further evidence it is forgotten: a clock that was set once looks the same.
    until: Instant,
}

impl Rolling {
    /// So long does one piece of evidence count.
    const MEMORY: Duration = Duration::from_mins(2);

    pub(super) fn new(reset: Reset, now: Instant) -> Self {
        Self { end: reset.at, until: now + Self::MEMORY }
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.until <= now
    }

    pub(super) fn add(&mut self, reset: Reset, now: Instant) {
        let later = reset.at - self.end;
        if later.abs() < SAME_END {
            return;
        }
        if later > 0.0 && later < NEXT_END {
            self.until = now + Self::MEMORY;
        }
        self.end = reset.at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset(at: f64, left: f64) -> Reset {
        Reset { at, left: Duration::from_secs_f64(left) }
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_narrows_when_the_window_ends() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        // It ends at 60.0. Dates are whole seconds: the answer at 0.9 is dated 0, the one at 12.05 is dated 12.
        let mut window = Window::new(reset(1060.0, 60.0), 99.0, true, at(0.8), at(0.9));
        assert_eq!(window.ends(), at(60.9));
        window.add(reset(1060.0, 48.0), 98.0, at(12.0), at(12.05));
        assert_eq!(window.ends(), at(60.05));
        window.add(reset(1060.0, 30.0), 97.0, at(30.5), at(30.6));
        assert_eq!(window.ends(), at(60.05), "a coarser statement takes nothing back");
        window.add(reset(1060.0, 20.0), 96.0, at(45.0), at(45.1));
        assert_eq!(window.ends(), at(65.1), "a statement that cannot be true beside the others is the newer truth");
        assert_eq!((window.used, window.remaining), (4, 96.0));
    }

    #[tokio::test(start_paused = true)]
    async fn ends_tell_windows_apart() {
        let now = Instant::now();
        let window = Window::new(reset(1060.0, 60.0), 99.0, true, now, now);
        for (end, next) in [
            (1060.0, Next::Same),
            (1061.2, Next::Same),
            (1058.9, Next::Same),
            (1120.0, Next::Later),
            (1300.0, Next::Later),
            (1062.0, Next::TooSoon),
            (1000.0, Next::Earlier),
            (-2000.0, Next::ClockWasSet),
        ] {
            assert_eq!(window.compare(reset(end, 1.0)), next, "{end}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_set_once_is_forgotten() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rolling = Rolling::new(reset(1010.0, 60.0), at(10));
        rolling.add(reset(1020.0, 60.0), at(20));
        rolling.add(reset(1080.0, 60.0), at(80));
        assert!(!rolling.is_over(at(139)));
        assert!(rolling.is_over(at(140)));
    }
}
