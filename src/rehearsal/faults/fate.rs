//! What becomes of one call.

use std::time::Duration;

use super::chance::draw;
use super::{Fault, Hint, Misfortune, Part, Stretch};

/// What becomes of one call: of each sort of fault the first named that falls on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Fate {
    /// A storm that begins with this call.
    pub(in super::super) storm: Option<Stretch>,
    /// What happens instead of what was asked for.
    pub(in super::super) instead: Option<Instead>,
    /// What happens to the message.
    pub(in super::super) doom: Doom,
    /// What happens to the answer of something that was done.
    pub(in super::super) spoiling: Option<Spoiling>,
    pub(in super::super) slow: Option<Duration>,
    pub(in super::super) drip: Option<Duration>,
    pub(in super::super) close_idle: bool,
}

/// What happens instead of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Instead {
    Status(u16, Hint),
    Reset,
}

/// What happens to a message that is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Doom {
    pub(in super::super) is_lost: bool,
    pub(in super::super) altered: Option<Part>,
}

/// What happens to the answer of something that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Spoiling {
    Lose,
    Truncate,
    NotJson,
    Html,
    Empty,
    NoUid,
}

impl Fate {
    /// The fate of a call among faults whose chances lie on the lanes from `lane` on; `number` is the call's for a fault, if that
    /// can fall on it.
    pub(super) fn of(faults: &[Fault], seed: u64, lane: u64, number: impl Fn(&Fault) -> Option<u64>) -> Self {
        let mut fate = Self::default();
        for (lane, fault) in (lane..).zip(faults) {
            let Some(number) = number(fault) else { continue };
            if fault.rate.falls(seed, lane, number) {
                fate.add(fault.what, || draw(!seed, lane, number));
            }
        }
        fate
    }

    fn add(&mut self, what: Misfortune, chance: impl Fn() -> f64) {
        match what {
            Misfortune::Status(status, hint) => first(&mut self.instead, Instead::Status(status, hint)),
            Misfortune::Reset => first(&mut self.instead, Instead::Reset),
            Misfortune::Storm(stretch) => first(&mut self.storm, stretch),
            Misfortune::CloseIdle => self.close_idle = true,
            Misfortune::Slow(time) => first(&mut self.slow, time),
            Misfortune::Drip(time) => first(&mut self.drip, time),
            Misfortune::LoseAnswer => first(&mut self.spoiling, Spoiling::Lose),
            Misfortune::Truncated => first(&mut self.spoiling, Spoiling::Truncate),
            Misfortune::NotJson => first(&mut self.spoiling, Spoiling::NotJson),
            Misfortune::Html => first(&mut self.spoiling, Spoiling::Html),
            Misfortune::Empty => first(&mut self.spoiling, Spoiling::Empty),
            Misfortune::NoUid => first(&mut self.spoiling, Spoiling::NoUid),
            Misfortune::Lost => self.doom.is_lost = true,
            Misfortune::Altered(Some(part)) => first(&mut self.doom.altered, part),
            Misfortune::Altered(None) => first(&mut self.doom.altered, any_part(chance())),
        }
    }
}

fn first<T>(slot: &mut Option<T>, value: T) {
    if slot.is_none() {
        *slot = Some(value);
    }
}

fn any_part(chance: f64) -> Part {
    let [subject, date, direction, attachment] = Part::ALL;
    match chance {
        ..0.25 => subject,
        ..0.5 => date,
        ..0.75 => direction,
        _ => attachment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(faults: &[&str], number: u64) -> Fate {
        let faults: Vec<Fault> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        Fate::of(&faults, 1, 0, |_| Some(number))
    }

    #[test]
    fn of_one_sort_the_first_named_wins_and_of_each_sort_one_takes_effect() {
        let faults = ["429=1/4:0.05", "500=1/2", "lose-answer=1/3", "html=1/3", "slow=1/2:5", "lost=1/6"];
        let instead = |number| fate(&faults, number).instead;
        assert_eq!(instead(1), None);
        assert_eq!(instead(2), Some(Instead::Status(500, Hint::None)));
        assert_eq!(instead(4), Some(Instead::Status(429, Hint::Seconds(0.05))));
        let sixth = fate(&faults, 6);
        assert_eq!(sixth.instead, Some(Instead::Status(500, Hint::None)));
        assert_eq!(sixth.spoiling, Some(Spoiling::Lose));
        assert_eq!(sixth.slow, Some(Duration::from_millis(5)));
        assert!(sixth.doom.is_lost);
    }

    #[test]
    fn an_unnamed_part_is_any_of_them_and_the_same_again() {
        let part = |number| fate(&["alter=1"], number).doom.altered;
        for wanted in Part::ALL {
            assert!((1..100).any(|number| part(number) == Some(wanted)), "{wanted:?}");
        }
        assert!((1..100).all(|number| part(number) == part(number)));
    }
}
