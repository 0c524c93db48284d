//! Stops a run whose refusals show that something common to all messages is wrong.

use std::collections::BTreeMap;

/// Refusals in a row that stop a run.
const IN_A_ROW: u64 = 10;

/// From so many answers on, the share of refusals counts.
const ENOUGH: u64 = 100;

/// One in so many may be refused.
const ONE_IN: u64 = 20;

/// Distinct causes kept: Front's words may differ for each message.
const MOST_CAUSES: usize = 1_000;

/// Counts answers.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    answers: u64,
    refusals: u64,
    in_a_row: u64,
    causes: BTreeMap<String, u64>,
}

/// Why to stop.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trip {
    pub what: String,
    pub commonest: String,
}

impl Breaker {
    pub(super) fn accepted(&mut self) {
        self.answers += 1;
        self.in_a_row = 0;
    }

    /// Takes a refusal; says whether the run must stop.
    pub(super) fn refused(&mut self, cause: &str) -> Option<Trip> {
        self.answers += 1;
        self.refusals += 1;
        self.in_a_row += 1;
        if self.causes.len() < MOST_CAUSES || self.causes.contains_key(cause) {
            *self.causes.entry(cause.to_owned()).or_default() += 1;
        }
        let what = if self.in_a_row >= IN_A_ROW {
            format!("Front refused {} messages in a row", self.in_a_row)
        } else if self.answers > ENOUGH && self.refusals * ONE_IN > self.answers {
            format!("Front refused {} of {} messages", self.refusals, self.answers)
        } else {
            return None;
        };
        let commonest = self.causes.iter().max_by_key(|(_, count)| **count).map(|(cause, _)| cause.clone());
        Some(Trip { what, commonest: commonest.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::Breaker;

    #[test]
    fn ten_refusals_in_a_row_stop_the_run_with_the_commonest_cause() {
        let mut breaker = Breaker::default();
        assert_eq!(breaker.refused("odd"), None);
        for _ in 0..8 {
            assert_eq!(breaker.refused("no such tag"), None);
        }
        let trip = breaker.refused("no such tag").expect("the tenth");
        assert_eq!(trip.commonest, "no such tag");
    }

    #[test]
    fn a_success_in_between_starts_the_row_anew() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            for _ in 0..9 {
                assert_eq!(breaker.refused("x"), None);
            }
            breaker.accepted();
        }
    }

    #[test]
    fn more_than_five_percent_after_a_hundred_stop_the_run() {
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            breaker.accepted();
        }
        for _ in 0..5 {
            assert_eq!(breaker.refused("x"), None);
            breaker.accepted();
        }
        assert!(breaker.refused("x").is_some());
    }
}
