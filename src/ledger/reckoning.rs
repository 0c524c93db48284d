//! The books of a plan: what became of its records, counted as it happens and kept in the index, so that opening counts nothing.

use super::entry::{Part, State};
use super::tally::{Counts, Outcomes, Tally, Verdicts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Refused messages whose positions are kept, to be named without a look at all states.
const REFUSED_KEPT: usize = 16;

/// The states of a plan, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reckoning {
    /// By source.
    pub(super) outcomes: Vec<Outcomes>,
    /// States in the index.
    pub(super) stored: u64,
    /// Every position before this one is settled, save those in `reopened`.
    pub(super) frontier: u64,
    pub(super) reopened: BTreeSet<u64>,
    /// Requests under way; as many as are in flight.
    pub(super) under_way: BTreeSet<u64>,
    /// Some of the refused, up to [`REFUSED_KEPT`].
    pub(super) refused: BTreeSet<u64>,
    /// Messages got new ids after the plan was made.
    pub(super) is_outdated: bool,
}

/// One change of state.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) position: u64,
    pub(super) source: u16,
    pub(super) before: &'a State,
    pub(super) after: &'a State,
    /// The index had no state there.
    pub(super) is_new: bool,
    /// The part of the plan that it is in.
    pub(super) part: Part,
}

impl Reckoning {
    /// Nothing planned yet.
    pub(super) fn of_sources(sources: usize) -> Self {
        Self { outcomes: vec![Outcomes::default(); sources], ..Self::default() }
    }

    /// One more record to be sent.
    pub(super) fn add_planned(&mut self, source: u16, part: Part) {
        if let Some(outcomes) = self.outcomes.get_mut(usize::from(source)) {
            outcomes.add_planned(part);
        }
    }

    /// Is there a record of the source that was never sent? If not, an index that has no state for one has lost it.
    pub(super) fn has_planned(&self, source: u16) -> bool {
        self.outcomes.get(usize::from(source)).is_some_and(|outcomes| outcomes.counts.planned > 0)
    }

    /// Counts one change. `is_settled` says whether a position behind the change is.
    pub(super) fn make<E>(
        &mut self,
        change: &Change<'_>,
        mut is_settled: impl FnMut(u64) -> Result<bool, E>,
    ) -> Result<(), E> {
        let Change { position, source, before, after, is_new, part } = *change;
        self.stored += u64::from(is_new);
        if let Some(outcomes) = self.outcomes.get_mut(usize::from(source)) {
            outcomes.change(before, after, part);
        }
        put(&mut self.under_way, position, matches!(after, State::Sending));
        let is_kept = matches!(after, State::Refused { .. }) && self.refused.len() < REFUSED_KEPT;
        put(&mut self.refused, position, is_kept);
        if position < self.frontier {
            put(&mut self.reopened, position, !after.is_settled());
        } else if position == self.frontier && after.is_settled() {
            self.frontier += 1;
            while is_settled(self.frontier)? {
                self.frontier += 1;
            }
        }
        Ok(())
    }

    /// The first position that is not settled.
    pub(super) fn first_open(&self) -> u64 {
        self.reopened.first().copied().unwrap_or(self.frontier)
    }

    pub(super) fn counts(&self) -> Counts {
        self.outcomes.iter().fold(Counts::default(), |mut sum, outcomes| {
            sum.add(&outcomes.counts);
            sum
        })
    }

    /// Of the [`counts`](Self::counts), those of a part of the plan that is no messages.
    pub(super) fn counts_of(&self, part: Part) -> Counts {
        self.outcomes.iter().fold(Counts::default(), |mut sum, outcomes| {
            sum.add(if part == Part::Comments { &outcomes.comments } else { &outcomes.deliveries });
            sum
        })
    }

    pub(super) fn tallies(&self, verdicts: &[Verdicts]) -> Vec<Tally> {
        self.outcomes.iter().zip(verdicts).map(|(outcomes, verdicts)| outcomes.tally(verdicts)).collect()
    }
}

fn put(set: &mut BTreeSet<u64>, position: u64, is_member: bool) {
    if is_member {
        set.insert(position);
    } else {
        set.remove(&position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    const POSITIONS: u64 = 12;

    fn state(kind: u8) -> State {
        match kind {
            0 => State::Planned,
            1 => State::Sending,
            2 => State::Accepted { uid: String::new() },
            3 => State::Refused { status: 400, cause: "no".into() },
            _ => State::Unknown { why: "reset".into() },
        }
    }

    proptest! {
        #[test]
        fn the_first_open_position_and_those_under_way_are_what_a_look_at_all_states_finds(
            changes in prop::collection::vec((0..POSITIONS, 0..5_u8), 0..200),
        ) {
            let mut reckoning = Reckoning::of_sources(1);
            let mut states: Vec<State> = (0..POSITIONS).map(|_| State::Planned).collect();
            (0..POSITIONS).for_each(|_| reckoning.add_planned(0, Part::Messages));
            for (position, kind) in changes {
                let at = usize::try_from(position).unwrap();
                let before = std::mem::replace(&mut states[at], state(kind));
                let change = Change { position, source: 0, before: &before, after: &states[at], is_new: false, part: Part::Messages };
                let is_settled = |at: u64| {
                    Ok::<bool, Infallible>(states.get(usize::try_from(at).unwrap()).is_some_and(State::is_settled))
                };
                reckoning.make(&change, is_settled).unwrap();
                let open = states.iter().position(|state| !state.is_settled()).unwrap_or(states.len());
                prop_assert_eq!(reckoning.first_open(), open as u64);
                let numbered = (0_u64..).zip(&states);
                let under_way: BTreeSet<u64> =
                    numbered.filter(|(_, state)| **state == State::Sending).map(|(at, _)| at).collect();
                prop_assert_eq!(&reckoning.under_way, &under_way);
                let refused = states.iter().filter(|state| matches!(state, State::Refused { .. })).count();
                prop_assert_eq!(reckoning.refused.len(), refused);
            }
        }
    }
}
