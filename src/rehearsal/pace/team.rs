//! A live team beside the client: its requests come out of the same limit.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::super::faults::draw;

const MINUTE: Duration = Duration::from_mins(1);
/// Times in each minute at which a bursty team asks for all it wants.
const CLUMPS: u64 = 3;

/// How busy a live team is, and how evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveTeam {
    /// Requests in each minute since the start of the server, exactly.
    pub per_minute: u32,
    /// They come in three clumps a minute at times that follow from the seed; otherwise evenly.
    pub is_bursty: bool,
}

/// `REQUESTS_PER_MINUTE`, with `:bursty` behind it where they come in clumps.
impl FromStr for LiveTeam {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, is_bursty) = match text.strip_suffix(":bursty") {
            Some(number) => (number, true),
            None => (text, false),
        };
        let per_minute = number.parse().map_err(|_| format!("{number:?} is no number of requests a minute"))?;
        Ok(Self { per_minute, is_bursty })
    }
}

/// The requests of a live team, each at its time.
pub(super) struct Team {
    kind: LiveTeam,
    seed: u64,
    started: Instant,
    minute: u32,
    /// What is left of the minute, since its beginning.
    due: VecDeque<Duration>,
    pub(super) asked: u64,
    pub(super) refused: u64,
}

impl Team {
    pub(super) fn new(team: LiveTeam, seed: u64, now: Instant) -> Self {
        let mut new = Self { kind: team, seed, started: now, minute: 0, due: VecDeque::new(), asked: 0, refused: 0 };
        new.due = new.times();
        new
    }

    /// The time of the next request that is due by now.
    pub(super) fn next(&mut self, now: Instant) -> Option<Instant> {
        if self.kind.per_minute == 0 {
            return None;
        }
        let begun = self.started + MINUTE * self.minute;
        let at = begun + *self.due.front()?;
        if at > now {
            return None;
        }
        self.due.pop_front();
        if self.due.is_empty() {
            self.minute += 1;
            self.due = self.times();
        }
        self.asked += 1;
        Some(at)
    }

    fn times(&self) -> VecDeque<Duration> {
        let count = self.kind.per_minute.max(1);
        let evenly = |n: u32| MINUTE * n / count;
        let in_clumps = |n: u32| {
            let clump = u64::from(n) * CLUMPS / u64::from(count);
            MINUTE.mul_f64(draw(self.seed, (1 << 48) + clump, u64::from(self.minute)))
        };
        let mut times: Vec<Duration> =
            (0..self.kind.per_minute).map(|n| if self.kind.is_bursty { in_clumps(n) } else { evenly(n) }).collect();
        times.sort_unstable();
        times.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(team: &str, minutes: u32) -> Vec<Duration> {
        let start = Instant::now();
        let mut team = Team::new(team.parse().unwrap(), 5, start);
        let end = start + MINUTE * minutes;
        let all = std::iter::from_fn(|| team.next(end)).map(|at| at.saturating_duration_since(start));
        all.take_while(|at| *at < MINUTE * minutes).collect()
    }

    #[test]
    fn each_minute_has_exactly_its_requests_in_order_of_time() {
        for team in ["30", "30:bursty", "7:bursty", "1"] {
            let times = times(team, 4);
            assert!(times.is_sorted(), "{team}: {times:?}");
            for minute in 0..4 {
                let within = times.iter().filter(|at| at.as_secs() / 60 == minute).count();
                assert_eq!(within.to_string(), team.trim_end_matches(":bursty"), "{team}");
            }
        }
        assert!(times("0", 4).is_empty());
    }

    #[test]
    fn an_even_team_keeps_its_beat_and_a_bursty_one_comes_in_clumps() {
        let gaps = |team: &str| {
            let mut times = times(team, 1);
            times.dedup();
            times.len()
        };
        assert_eq!((gaps("30"), gaps("30:bursty")), (30, 3));
    }
}
