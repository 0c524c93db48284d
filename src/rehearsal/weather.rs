//! Stretches in which everything fails: storms of 429 and outages.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::faults::{Hint, Outage, Stretch};

/// Wait that the 429s of a storm counted in calls ask for.
const GUST: f64 = 0.05;

/// What lasts longer than one call.
pub(super) struct Weather(Mutex<State>);

struct State {
    storm: Option<Storm>,
    /// Those to come, the next one last.
    outages: Vec<Outage>,
    outage: Option<Running>,
}

#[derive(Clone, Copy)]
enum Storm {
    Calls(u64),
    Until(Instant),
}

#[derive(Clone, Copy)]
struct Running {
    until: Instant,
    with_answer: bool,
}

impl Weather {
    pub(super) fn new(outages: &[Outage]) -> Self {
        let mut outages = outages.to_vec();
        outages.sort_by_key(|outage| std::cmp::Reverse(outage.at_import));
        Self(Mutex::new(State { storm: None, outages, outage: None }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the outages that begin with this import.
    pub(super) fn import(&self, number: u64, now: Instant) {
        let mut state = self.state();
        while let Some(due) = state.outages.pop_if(|next| next.at_import <= number) {
            state.outage = Some(Running { until: now + due.lasts, with_answer: due.with_answer });
        }
    }

    /// Whether there is an outage now; within, whether it is one with answers.
    pub(super) fn outage(&self, now: Instant) -> Option<bool> {
        let mut state = self.state();
        state.outage = state.outage.filter(|running| now < running.until);
        state.outage.map(|running| running.with_answer)
    }

    /// Whether connections are refused now.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.outage(now) == Some(false)
    }

    pub(super) fn begin_storm(&self, stretch: Stretch, now: Instant) {
        let storm = match stretch {
            Stretch::Calls(calls) => Storm::Calls(calls),
            Stretch::Time(time) => Storm::Until(now + time),
        };
        self.state().storm.get_or_insert(storm);
    }

    /// Counts one call; where a storm rages, what its 429 says.
    pub(super) fn storm(&self, now: Instant) -> Option<Hint> {
        let mut state = self.state();
        let (hint, left) = match state.storm? {
            Storm::Calls(0) => (None, None),
            Storm::Calls(left) => (Some(GUST), Some(Storm::Calls(left - 1))),
            Storm::Until(until) => match until.saturating_duration_since(now) {
                Duration::ZERO => (None, None),
                left => (Some(left.as_secs_f64()), Some(Storm::Until(until))),
            },
        };
        state.storm = left;
        hint.map(Hint::Seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_storm_of_calls_takes_exactly_so_many() {
        let (weather, now) = (Weather::new(&[]), Instant::now());
        assert_eq!(weather.storm(now), None);
        weather.begin_storm(Stretch::Calls(2), now);
        let raging: Vec<bool> = (0..4).map(|_| weather.storm(now).is_some()).collect();
        assert_eq!(raging, [true, true, false, false]);
    }

    #[test]
    fn a_storm_in_time_says_how_long_it_will_be() {
        let (weather, now) = (Weather::new(&[]), Instant::now());
        weather.begin_storm(Stretch::Time(2 * SECOND), now);
        assert_eq!(weather.storm(now + SECOND), Some(Hint::Seconds(1.0)));
        assert_eq!(weather.storm(now + 2 * SECOND), None);
        assert_eq!(weather.storm(now), None, "it is over for good");
    }

    #[test]
    fn an_outage_begins_with_its_import_and_ends_in_time() {
        let outage = Outage { at_import: 3, lasts: SECOND, with_answer: true };
        let weather = Weather::new(&[Outage { at_import: 7, with_answer: false, ..outage }, outage]);
        let now = Instant::now();
        weather.import(2, now);
        assert_eq!(weather.outage(now), None);
        weather.import(3, now);
        assert_eq!((weather.outage(now), weather.is_silent(now)), (Some(true), false));
        assert_eq!(weather.outage(now + SECOND), None);
        weather.import(8, now + SECOND);
        assert!(weather.is_silent(now + SECOND));
        assert_eq!(weather.outage(now + 2 * SECOND), None);
    }
}
