//! The one gate through which every attempt goes, lookups and resends included.
//!
//! Two limits stand in it: so many requests per second on one resource (governor, burst 1), and the company's budget,
//! which Front states in each answer and governor could not follow, as its quota cannot change while it runs.

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
use jiff::Timestamp;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::allowance::{Allowance, Opening};
use super::cancellation::Cancellation;
use super::headers::{self, Budget};
use crate::event::{Event, Observer};

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
    clock: SinceStart,
    passed: AtomicU64,
    herald: Arc<Herald>,
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

/// Leave to make one request. To be kept until its answer is there.
#[must_use]
pub(super) struct Pass<'g>(&'g Gate);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.allowance().leave();
        self.0.changed.notify_one();
    }
}

enum Step {
    Pass,
    UntilChanged(Instant),
    Resource(Duration),
}

impl Gate {
    pub(super) fn new(share: f64, reserve: u32, per_resource: NonZeroU32, herald: Arc<Herald>) -> Self {
        let clock = SinceStart(Instant::now());
        // The burst of one is the point: governor's default allows twice the quota in the first period.
        let quota = Quota::per_second(per_resource).allow_burst(NonZeroU32::MIN);
        Self {
            allowance: Mutex::new(Allowance::new(share, reserve)),
            turnstile: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            resources: RateLimiter::dashmap_with_clock(quota, clock),
            clock,
            passed: AtomicU64::new(0),
            herald,
        }
    }

    /// Waits until a request on this resource may go.
    pub(super) async fn pass(&self, resource: &String) -> Pass<'_> {
        loop {
            let again_in = {
                let _turn = self.turnstile.lock().await;
                loop {
                    match self.step(resource) {
                        Step::Pass => return Pass(self),
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
        let mut allowance = self.allowance();
        let now = Instant::now();
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
        Step::Pass
    }

    /// Takes notice of what an answer says about the budget.
    pub(super) fn observe(&self, budget: Budget) {
        self.allowance().observe(budget, Instant::now());
        self.changed.notify_one();
    }

    /// Nobody passes for so long.
    pub(super) fn pause(&self, wait: Duration, why: &str) {
        self.allowance().pause(Instant::now() + wait, why);
        self.changed.notify_one();
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
        let pass = match extensions.get::<Cancellation>() {
            Some(cancellation) => tokio::select! {
                biased;
                () = cancellation.cancelled() => return Err(reqwest_middleware::Error::middleware(NotBegun)),
                pass = self.0.pass(&resource) => pass,
            },
            None => self.0.pass(&resource).await,
        };
        let answer = next.run(request, extensions).await;
        if let Ok(answer) = &answer {
            self.0.observe(headers::budget(answer.headers(), Timestamp::now()));
        }
        drop(pass);
        answer
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
