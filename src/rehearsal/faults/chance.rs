//! Chances that can be had again: each follows from a seed, a lane and a number.

/// How often a fault falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// By chance, from 0 (never) to 1 (always).
    Chance(f64),
    /// On every so many calls exactly; 0 is never.
    Every(u64),
}

impl Rate {
    pub(super) fn falls(self, seed: u64, lane: u64, number: u64) -> bool {
        match self {
            Self::Chance(chance) => draw(seed, lane, number) < chance,
            Self::Every(every) => every > 0 && number.is_multiple_of(every),
        }
    }
}

/// A number from 0 to just below 1, the same for the same three.
pub(in super::super) fn draw(seed: u64, lane: u64, number: u64) -> f64 {
    let mixed = mix(mix(mix(seed) ^ lane) ^ number);
    let high = u32::try_from(mixed >> 32).unwrap_or_default();
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

/// One step of Steele, Lea and Flood's `SplitMix64`: every input has an output of its own that looks like chance.
fn mix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_falls_about_as_often_as_it_says_and_always_on_the_same_calls() {
        for (seed, lane) in [(0, 0), (1, 0), (0, 1), (u64::MAX, 7)] {
            let fallen: Vec<u64> = (1..=10_000).filter(|n| Rate::Chance(0.1).falls(seed, lane, *n)).collect();
            assert!((800..1200).contains(&fallen.len()), "{} of 10000", fallen.len());
            assert!(fallen.iter().all(|n| Rate::Chance(0.1).falls(seed, lane, *n)));
            let other = (1..=10_000).filter(|n| Rate::Chance(0.1).falls(seed ^ 2, lane, *n));
            assert!(!other.eq(fallen), "another seed is another run");
        }
    }

    #[test]
    fn none_never_falls_and_all_always_does() {
        assert!((0..1000).all(|n| !Rate::Chance(0.0).falls(3, 0, n) && Rate::Chance(1.0).falls(3, 0, n)));
        assert!((1..1000).all(|n| !Rate::Every(0).falls(3, 0, n) && Rate::Every(1).falls(3, 0, n)));
    }

    #[test]
    fn every_third_is_every_third_whatever_the_seed() {
        let fallen: Vec<u64> = (1..10).filter(|n| Rate::Every(3).falls(99, 5, *n)).collect();
        assert_eq!(fallen, [3, 6, 9]);
    }
}
