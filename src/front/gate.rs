//! The one gate through which every attempt goes, lookups and resends included.
//!
//! Two limits stand in it: so many requests per second on one resource (governor, burst 1), and the company's budget,
//! which Front states in each answer and governor could not follow, as its quota cannot change while it runs.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::allowance::{Allowance, Opening, Terms};
use super::cancellation::Cancellation;
use super::headers::{self, Budget};
use crate::event::{Event, Limit, Observer, Waits};

/// Resources not asked for lately are forgotten after so many requests: every message looked up is one of its own.
const SWEEP: u64 = 4096;

/// Waits above this are announced.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Lets requests out, paced.
pub(super) struct Gate {
    allowance: Mutex<Allowance>,
    /// Its holder alone watches for the opening; the others queue behind, first come first served.
    turnstile: tokio::sync::Mutex<()>,
    changed: Notify,
    resources: RateLimiter<String, DashMapStateStore<String>, SinceStart, NoOpMiddleware<Duration>>,
    /// Resources that Front closed for themselves alone, and until when.
    held: Mutex<HashMap<String, Instant>>,
    clock: SinceStart,
    passed: AtomicU64,
    /// Nobody passes after so many.
    most: u64,
    herald: Arc<Herald>,
    waits: Arc<Waits>,
}

/// Governor's time source: tokio's clock, which tests can hold still.
#[derive(Debug, Clone, Copy)]
struct SinceStart(Instant);

impl Clock for SinceStart {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Leave to make one request. To be kept until its answer is there; dropped, it stands for a request that was lost.
#[must_use]
pub(super) struct Pass<'g> {
    gate: &'g Gate,
    departed: Instant,
    is_settled: bool,
}

impl Pass<'_> {
    /// The answer is there, and says this of the budget.
    pub(super) fn answered(mut self, budget: Budget) {
        self.is_settled = true;
        let note = self.gate.allowance().answered(budget, self.departed, Instant::now());
        self.gate.changed.notify_one();
        if let Some(note) = note {
            self.gate.herald.note(note);
        }
    }

    /// Front has not seen the request.
    pub(super) fn never_left(mut self) {
        self.is_settled = true;
        self.gate.allowance().never_left(self.departed, Instant::now());
        self.gate.changed.notify_one();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.gate.allowance().lost(self.departed, Instant::now());
            self.gate.changed.notify_one();
        }
    }
}

/// As many requests were made as may be.
#[derive(Debug, thiserror::Error)]
#[error("the budget of requests is used up")]
pub(super) struct Spent;

enum Step {
    Pass(Instant),
    Spent,
    UntilChanged(Instant),
    Resource(Duration),
}

impl Gate {
    pub(super) fn new(terms: Terms, per_resource: NonZeroU32, most: Option<u64>, herald: Arc<Herald>) -> Self {
        let clock = SinceStart(Instant::now());
        // The burst of one is the point: governor's default allows twice the quota in the first period.
        let quota = Quota::per_second(per_resource).allow_burst(NonZeroU32::MIN);
        Self {
            allowance: Mutex::new(Allowance::new(terms)),
            turnstile: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            resources: RateLimiter::dashmap_with_clock(quota, clock),
            held: Mutex::default(),
            clock,
            passed: AtomicU64::new(0),
            most: most.unwrap_or(u64::MAX),
            herald,
            waits: Arc::default(),
        }
    }

    /// Waits until a request on this resource may go.
    pub(super) async fn pass(&self, resource: &String) -> Result<Pass<'_>, Spent> {
        loop {
            let again_in = {
                let _turn = self.turnstile.lock().await;
                loop {
                    match self.step(resource) {
                        Step::Pass(departed) => return Ok(Pass { gate: self, departed, is_settled: false }),
                        Step::Spent => return Err(Spent),
                        Step::UntilChanged(until) => tokio::select! {
                            () = sleep_until(until) => {}
                            () = self.changed.notified() => {}
                        },
                        Step::Resource(wait) => break wait,
                    }
                }
            };
            // Out of the turnstile: who waits for a busy resource must not hold up those who want another.
            sleep(again_in).await;
        }
    }

    fn step(&self, resource: &String) -> Step {
        if self.passed() >= self.most {
            return Step::Spent;
        }
        let now = Instant::now();
        if let Some(wait) = self.is_held(resource, now) {
            return Step::Resource(wait);
        }
        let mut allowance = self.allowance();
        match allowance.opening(now) {
            Opening::Paced(until) => return Step::UntilChanged(until),
            Opening::Closed(until, why) => {
                drop(allowance);
                self.herald.waiting(until, why);
                return Step::UntilChanged(until);
            }
            Opening::Now => {}
        }
        // Last of all, so that a permit is never taken long before the request goes.
        if let Err(busy) = self.resources.check_key(resource) {
            return Step::Resource(busy.wait_time_from(self.clock.now()));
        }
        allowance.enter(now);
        drop(allowance);
        if self.passed.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.resources.retain_recent();
        }
        Step::Pass(now)
    }

    /// What requests spend their time on.
    pub(super) fn waits(&self) -> &Arc<Waits> {
        &self.waits
    }

    /// The company's limit, as far as it is known.
    pub(super) fn limit(&self) -> Option<f64> {
        self.allowance().limit()
    }

    /// What is announced for bursts.
    pub(super) fn announced_burst(&self) -> Option<f64> {
        self.allowance().announced_burst()
    }

    /// Requests that passed so far.
    pub(super) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// Nobody passes for so long.
    pub(super) fn pause(&self, wait: Duration, why: &str) {
        self.allowance().pause(Instant::now() + wait, why);
        self.changed.notify_one();
    }

    /// Nobody passes to this resource for so long.
    pub(super) fn hold(&self, resource: &str, wait: Duration, why: &str) {
        let now = Instant::now();
        let until = now + wait;
        {
            let mut held = self.held();
            held.retain(|_, until| *until > now);
            let known = held.entry(resource.to_owned()).or_insert(until);
            *known = until.max(*known);
        }
        self.herald.waiting(until, why.to_owned());
    }

    fn is_held(&self, resource: &str, now: Instant) -> Option<Duration> {
        let until = *self.held().get(resource)?;
        (until > now).then(|| until - now)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn allowance(&self) -> MutexGuard<'_, Allowance> {
        self.allowance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.allowance()).finish()
    }
}

/// Tells the user of long waits, each once, though many requests wait for the same thing.
pub(super) struct Herald {
    observer: Arc<dyn Observer>,
    told: Mutex<Option<Instant>>,
}

impl Herald {
    pub(super) fn new(observer: Arc<dyn Observer>) -> Self {
        Self { observer, told: Mutex::new(None) }
    }

    /// Somebody waits until that moment.
    pub(super) fn waiting(&self, until: Instant, why: String) {
        let wait = until.saturating_duration_since(Instant::now());
        if wait <= WORTH_TELLING {
            return;
        }
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.is_some_and(|told| until <= told + WORTH_TELLING) {
                return;
            }
            *told = Some(until);
        }
        self.observer.event(Event::Waiting { wait, why });
    }

    /// Something to know, without a wait.
    pub(super) fn note(&self, text: String) {
        self.observer.event(Event::Note { text });
    }
}

/// The run was cancelled before the request went.
#[derive(Debug, thiserror::Error)]
#[error("cancelled before it was sent")]
pub(super) struct NotBegun;

/// Puts the gate into the HTTP client, beneath every retry. A [`Cancellation`] among the extensions ends the wait.
#[derive(Debug)]
pub(super) struct Gatekeeper(pub(super) Arc<Gate>);

#[async_trait::async_trait]
impl Middleware for Gatekeeper {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let resource = request.url().path().to_owned();
        let asked = Instant::now();
        let pass = match extensions.get::<Cancellation>() {
            Some(cancellation) => tokio::select! {
                biased;
                () = cancellation.cancelled() => return Err(Error::middleware(NotBegun)),
                pass = self.0.pass(&resource) => pass,
            },
            None => self.0.pass(&resource).await,
        };
        let pass = pass.map_err(Error::middleware)?;
        let left = Instant::now();
        self.0.waits.add(Limit::Quota, left.duration_since(asked));
        let answer = next.run(request, extensions).await;
        self.0.waits.add(Limit::Network, left.elapsed());
        match &answer {
            Ok(answer) => pass.answered(headers::budget(answer.headers())),
            Err(Error::Reqwest(error)) if error.is_connect() => pass.never_left(),
            Err(_) => drop(pass),
        }
        answer
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
