//! How many calls may pass: a minute for the company, a second for each resource, and a part of the minute for searches.

mod burst;
mod resources;
mod team;
mod window;

use std::time::{Duration, Instant};

use self::burst::Burst;
use self::resources::Resources;
use self::team::Team;
use self::window::Window;
use super::config::Config;

pub use self::team::LiveTeam;

/// All limits of one server.
pub(super) struct Pace {
    window: Window,
    burst: Option<Burst>,
    resources: Option<Resources>,
    team: Option<Team>,
    /// Limits to come by import, the next one last.
    changes: Vec<(u64, u64)>,
}

/// Whether a call may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passes,
    /// The minute's limit is used up.
    OverLimit,
    /// This resource was asked too often; the time until it may be asked again.
    OverResource(Duration),
    /// The part of the limit that searches may use is used up.
    OverSearch,
}

/// Where the limits stand after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u64,
    /// Calls left in this window.
    pub(super) remaining: u64,
    /// Time until the next window.
    pub(super) left: Duration,
    /// The burst allowance, and what is left of it.
    pub(super) burst: Option<(u64, u64)>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Busy {
    /// Most calls of the client that passed in one window.
    pub(super) busiest: u64,
    pub(super) others_asked: u64,
    pub(super) others_refused: u64,
}

impl Pace {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        let mut changes = config.limit_at.clone();
        changes.sort_by_key(|(import, _)| std::cmp::Reverse(*import));
        Self {
            window: Window::new(config.limit_per_minute, now),
            burst: config.has_burst.then(|| Burst::new(config.limit_per_minute, now)),
            resources: config.per_resource.map(Resources::new),
            team: config.live_team.map(|team| Team::new(team, config.faults.seed, now)),
            changes,
        }
    }

    /// Sets the limit that begins with this import.
    pub(super) fn import(&mut self, number: u64, now: Instant) {
        while let Some((_, limit)) = self.changes.pop_if(|(import, _)| *import <= number) {
            self.serve_team(now);
            self.window.limit = limit;
        }
    }

    /// Counts one call to `path`.
    pub(super) fn take(&mut self, path: &str, now: Instant) -> Verdict {
        self.serve_team(now);
        if path.starts_with("/conversations/search/") && !self.window.take_search(now) {
            return Verdict::OverSearch;
        }
        if !self.pass(true, now) {
            return Verdict::OverLimit;
        }
        match self.resources.as_mut().map(|resources| resources.take(path, now)) {
            Some(Err(wait)) => Verdict::OverResource(wait),
            _ => Verdict::Passes,
        }
    }

    /// Where the limits stand.
    pub(super) fn standing(&mut self, now: Instant) -> Standing {
        self.serve_team(now);
        self.window.roll(now);
        Standing {
            limit: self.window.limit,
            remaining: self.window.remaining(),
            left: self.window.left(now),
            burst: self.burst.as_mut().map(|burst| (burst.limit(), burst.remaining(now))),
        }
    }

    pub(super) fn busy(&mut self, now: Instant) -> Busy {
        self.serve_team(now);
        let (others_asked, others_refused) = self.team.as_ref().map_or((0, 0), |team| (team.asked, team.refused));
        Busy { busiest: self.window.busiest(), others_asked, others_refused }
    }

    fn pass(&mut self, is_ours: bool, now: Instant) -> bool {
        self.window.take(is_ours, now) || self.burst.as_mut().is_some_and(|burst| burst.take(now))
    }

    /// Lets the requests of the live team come that came since the last call.
    fn serve_team(&mut self, now: Instant) {
        while let Some(at) = self.team.as_mut().and_then(|team| team.next(now)) {
            let passed = self.pass(false, at);
            if let Some(team) = self.team.as_mut().filter(|_| !passed) {
                team.refused += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(config: &Config) -> (Pace, Instant) {
        let now = Instant::now();
        (Pace::new(config, now), now)
    }

    #[test]
    fn a_live_team_is_refused_what_the_client_has_used_up_and_nothing_else() {
        let team = |per_minute| Some(LiveTeam { per_minute, is_bursty: false });
        let config = Config { limit_per_minute: 10, live_team: team(5), ..Config::default() };
        let (mut greedy, start) = pace(&config);
        let passed = (0..10).filter(|_| greedy.take("/me", start) == Verdict::Passes).count();
        assert_eq!(passed, 9, "one of the team's came first");
        let end = start + Duration::from_secs(59);
        assert_eq!(greedy.busy(end), Busy { busiest: 9, others_asked: 5, others_refused: 4 });
        let (mut modest, start) = pace(&config);
        (0..5).for_each(|_| assert_eq!(modest.take("/me", start), Verdict::Passes));
        let end = start + Duration::from_secs(59);
        assert_eq!(modest.busy(end), Busy { busiest: 5, others_asked: 5, others_refused: 0 });
    }

    #[test]
    fn a_limit_changes_with_its_import_and_the_window_goes_on() {
        let config = Config { limit_per_minute: 3, limit_at: vec![(2, 1), (5, 100)], ..Config::default() };
        let (mut pace, now) = pace(&config);
        assert_eq!(pace.take("/me", now), Verdict::Passes);
        pace.import(2, now);
        assert_eq!(pace.take("/me", now), Verdict::OverLimit);
        assert_eq!((pace.standing(now).limit, pace.standing(now).remaining), (1, 0));
        pace.import(6, now);
        assert_eq!(pace.take("/me", now), Verdict::Passes);
        assert_eq!((pace.standing(now).limit, pace.standing(now).remaining), (100, 98));
    }

    #[test]
    fn calls_beyond_the_limit_pass_on_the_burst_allowance() {
        let (mut pace, now) = pace(&Config { limit_per_minute: 4, has_burst: true, ..Config::default() });
        assert_eq!((0..8).filter(|_| pace.take("/me", now) == Verdict::Passes).count(), 6);
        assert_eq!(pace.standing(now).burst, Some((2, 0)));
    }

    #[test]
    fn searches_and_resources_are_limited_while_calls_are_left() {
        let (mut pace, now) = pace(&Config { limit_per_minute: 10, per_resource: Some(1), ..Config::default() });
        let search = "/conversations/search/x";
        let verdicts: Vec<Verdict> = (0..5).map(|_| pace.take(search, now)).collect();
        assert_eq!(verdicts[3..], [Verdict::Passes, Verdict::OverSearch]);
        assert_eq!(pace.take("/inboxes/a/b", now), Verdict::Passes);
        assert_eq!(pace.take("/inboxes/a", now), Verdict::OverResource(Duration::from_secs(1)));
        assert_eq!(pace.standing(now).remaining, 4);
    }
}
