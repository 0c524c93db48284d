//! A server's limit and those who use it, in virtual time: what the gate does to a live team over minutes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::gate::Gate;
use super::headers;
use super::verdict::throttle;

const MINUTE: f64 = 60.0;

/// How a server counts requests per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// In minutes of its clock.
    Fixed,
    /// In minutes that begin with the first request after the last one.
    Lazy,
    /// In the sixty seconds before each request.
    Sliding,
    /// By a bucket of one minute's requests that refills evenly.
    Bucket,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Ours,
    Team,
}

/// What the server saw.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    pub(super) ours: u32,
    pub(super) ours_refused: u32,
    pub(super) team_refused: u32,
    /// Ours by window; of servers that have windows.
    pub(super) by_window: BTreeMap<i64, u32>,
}

struct State {
    limit: f64,
    counting: Counting,
    /// Counts for fixed windows.
    window: i64,
    ends: f64,
    used: f64,
    team: f64,
    /// Moments of the last minute.
    latest: VecDeque<f64>,
    level: f64,
    refilled: f64,
    seen: Seen,
}

/// A server with one limit.
pub(super) struct Server {
    start: Instant,
    /// Its clock at the start, Unix seconds; it agrees with nobody's.
    clock: Mutex<f64>,
    /// Without dates, its clock is nobody else's business.
    pub(super) is_dated: bool,
    state: Mutex<State>,
}

impl Server {
    pub(super) fn new(limit: f64, counting: Counting, clock: f64) -> Self {
        let state = State {
            limit,
            counting,
            window: 0,
            ends: 0.0,
            used: 0.0,
            team: 0.0,
            latest: VecDeque::new(),
            level: limit,
            refilled: clock,
            seen: Seen::default(),
        };
        Self { start: Instant::now(), clock: Mutex::new(clock), is_dated: true, state: Mutex::new(state) }
    }

    pub(super) fn seen(&self) -> Seen {
        self.state.lock().unwrap().seen.clone()
    }

    pub(super) fn set_limit(&self, limit: f64) {
        self.state.lock().unwrap().limit = limit;
    }

    /// Its clock is put back by so many seconds.
    pub(super) fn put_back(&self, seconds: f64) {
        *self.clock.lock().unwrap() -= seconds;
    }

    /// What the team has asked for in this window so far.
    pub(super) fn team_used(&self) -> f64 {
        let mut state = self.state.lock().unwrap();
        state.roll(self.now());
        state.team
    }

    fn now(&self) -> f64 {
        *self.clock.lock().unwrap() + self.start.elapsed().as_secs_f64()
    }

    /// One request: whether it passed, and the headers of its answer.
    pub(super) fn ask(&self, who: Who) -> (bool, HeaderMap) {
        let now = self.now();
        let mut state = self.state.lock().unwrap();
        let (passed, remaining, reset) = state.take(now, who);
        let mut headers = HeaderMap::new();
        let mut say = |name, text: String| headers.insert(http::HeaderName::from_static(name), text.parse().unwrap());
        say("x-ratelimit-limit", state.limit.to_string());
        say("x-ratelimit-remaining", remaining.max(0.0).floor().to_string());
        say("x-ratelimit-reset", format!("{reset:.3}"));
        if self.is_dated {
            // Whole seconds, rounded down, as any server writes it.
            #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
            let second = Timestamp::from_second(now.floor() as i64).unwrap();
            say("date", second.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
        if !passed {
            say("retry-after", format!("{:.3}", (reset - now).max(0.0)));
        }
        (passed, headers)
    }
}

impl State {
    fn take(&mut self, now: f64, who: Who) -> (bool, f64, f64) {
        self.roll(now);
        let (passed, remaining, reset) = match self.counting {
            Counting::Fixed | Counting::Lazy => {
                if self.counting == Counting::Lazy && self.ends <= now {
                    (self.ends, self.used, self.team, self.window) = (now + MINUTE, 0.0, 0.0, self.window + 1);
                }
                let passed = self.used < self.limit;
                self.used += if passed { 1.0 } else { 0.0 };
                (passed, self.limit - self.used, self.ends)
            }
            Counting::Sliding => {
                let counted = |latest: &VecDeque<f64>| u32::try_from(latest.len()).map_or(f64::MAX, f64::from);
                let passed = counted(&self.latest) < self.limit;
                if passed {
                    self.latest.push_back(now);
                }
                (passed, self.limit - counted(&self.latest), self.latest.front().map_or(now, |first| first + MINUTE))
            }
            Counting::Bucket => {
                let passed = self.level >= 1.0;
                self.level -= if passed { 1.0 } else { 0.0 };
                (passed, self.level, now + (self.limit - self.level) * MINUTE / self.limit)
            }
        };
        match (who, passed) {
            (Who::Ours, true) => {
                self.seen.ours += 1;
                *self.seen.by_window.entry(self.window).or_default() += 1;
            }
            (Who::Ours, false) => self.seen.ours_refused += 1,
            (Who::Team, true) => self.team += 1.0,
            (Who::Team, false) => self.seen.team_refused += 1,
        }
        (passed, remaining, reset)
    }

    fn roll(&mut self, now: f64) {
        let minute = (now / MINUTE).floor();
        #[expect(clippy::cast_possible_truncation, reason = "minutes of this century")]
        let window = minute as i64;
        if self.counting == Counting::Fixed && self.window != window {
            (self.ends, self.used, self.team, self.window) = ((minute + 1.0) * MINUTE, 0.0, 0.0, window);
        }
        if self.counting == Counting::Lazy && self.ends <= now {
            self.team = 0.0;
        }
        while self.latest.front().is_some_and(|first| first + MINUTE <= now) {
            self.latest.pop_front();
        }
        self.level = (self.level + (now - self.refilled) * self.limit / MINUTE).min(self.limit);
        self.refilled = now;
    }
}

/// Numbers that look random and are the same each time.
#[derive(Clone)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// From 0 up to 1.
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).map_or(0.0, f64::from) / f64::from(1_u32 << 31)
    }
}

/// How long a request is on its way, and its answer: at least, and so much more by chance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) there: (f64, f64),
    pub(super) back: (f64, f64),
}

/// The way of this many seconds, with nothing left to chance.
pub(super) fn steady(there: f64, back: f64) -> Way {
    Way { there: (there, 0.0), back: (back, 0.0) }
}

/// So many of ours, sending one after another through the gate until then.
pub(super) async fn send(gate: &Arc<Gate>, server: &Arc<Server>, senders: u64, way: Way, until: Instant) {
    let mut all = JoinSet::new();
    for sender in 0..senders {
        let (gate, server, mut chance) = (Arc::clone(gate), Arc::clone(server), Chance(sender));
        all.spawn(async move {
            let mut seconds = move |(least, more): (f64, f64)| Duration::from_secs_f64(least + more * chance.next());
            while Instant::now() < until {
                let resource = format!("/{sender}");
                let pass = tokio::select! {
                    pass = gate.pass(&resource) => pass.unwrap(),
                    () = sleep_until(until) => return,
                };
                sleep(seconds(way.there)).await;
                let (passed, headers) = server.ask(Who::Ours);
                sleep(seconds(way.back)).await;
                pass.answered(headers::budget(&headers));
                if !passed && let Some(wait) = throttle(&headers, b"", Timestamp::UNIX_EPOCH).wait {
                    gate.pause(wait, "429");
                }
            }
        });
    }
    while all.join_next().await.is_some() {}
}

/// A team that asks in sudden bursts, up to `most` requests in each of the server's windows.
pub(super) async fn burst(server: Arc<Server>, most: f64, mut chance: Chance, until: Instant) {
    while Instant::now() < until {
        sleep(Duration::from_secs_f64(0.1 + 25.0 * chance.next())).await;
        let size = most * chance.next() * 2.0;
        let mut asked = 0.0;
        while asked < size && server.team_used() + 1.0 <= most {
            server.ask(Who::Team);
            asked += 1.0;
        }
    }
}
