//! The client: one attempt at a time, through the gate, with nothing said that must not be said.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use reqwest::{Body, Response, Url};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::allowance::Terms;
use super::backoff::Backoff;
use super::body::Chunks;
use super::cancellation::Cancellation;
use super::gate::{Gate, Gatekeeper, Herald, Spent};
use super::others::Others;
use super::redaction::Redaction;
use super::settings::{FrontError, Settings, Timing};
use super::target::Target;
use super::verdict::{Reach, throttle};
use crate::event::Waits;
use crate::request::encode::Encoded;

/// Above this, "per resource" would break Front's documented limit.
const MOST_PER_RESOURCE: u32 = 5;

/// An answer longer than this is cut off. The longest expected is a message whose body fills a whole request, which
/// Front shows as HTML and once more as text.
const LONGEST_ANSWER: usize = 128 << 20;

/// Front's API, as far as a migration needs it. Clones share connections, gate and pace.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    http: ClientWithMiddleware,
    target: Target,
    authorization: HeaderValue,
    redaction: Redaction,
    gate: Arc<Gate>,
    herald: Arc<Herald>,
    timing: Timing,
    imports: Others,
    reads: Others,
    writes: Others,
}

/// An answer to one attempt.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Why the body is not all there, if it is not.
    pub(super) cut_off: Option<String>,
}

/// Why an attempt has no answer.
pub(super) enum NoReply {
    /// The run was cancelled before the request left.
    Cancelled,
    /// As many requests were made as may be; this one did not leave.
    Spent,
    /// No connection: Front has not seen the request.
    NotSent(String),
    /// The request may have reached Front.
    Lost(String),
}

impl Client {
    /// Checks the settings and prepares connections; sends nothing.
    pub fn new(settings: Settings) -> Result<Self, FrontError> {
        let target = Target::new(&settings.base_url)?;
        let setting = |why: String| FrontError::Setting(why);
        if !(settings.share > 0.0 && settings.share <= 1.0) {
            return Err(setting(format!("a share of {} is not above 0 and at most 1", settings.share)));
        }
        let Some(per_resource) = NonZeroU32::new(settings.per_resource) else {
            return Err(setting("0 requests per second on a resource would send nothing".to_owned()));
        };
        if settings.per_resource > MOST_PER_RESOURCE && !target.is_loopback() {
            return Err(setting(format!(
                "{per_resource} requests per second on a resource are above Front's limit of {MOST_PER_RESOURCE}"
            )));
        }
        let token = settings.token.expose_secret().trim();
        let Some(authorization) = authorization(token) else {
            return Err(setting("the token is empty or has characters that no token has".to_owned()));
        };
        let redaction = Redaction::new(token);

        // The first client chooses for the process; that it has been chosen before is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("threadlift/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.timing.connect)
            // Redirects are followed by `fetch`, which asks `Target` about each; repeats are the attempt loops' own,
            // each through the gate.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if target.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| setting(format!("no HTTP client: {}", with_causes(&error))))?;

        let herald = Arc::new(Herald::new(settings.observer));
        let terms = Terms { share: settings.share, reserve: settings.reserve, burst: settings.burst };
        let gate = Arc::new(Gate::new(terms, per_resource, settings.most_requests, Arc::clone(&herald)));
        let http = ClientBuilder::new(http).with(Gatekeeper(Arc::clone(&gate))).build();
        let timing = settings.timing;
        let [imports, reads, writes] = [Others::default(), Others::default(), Others::default()];
        let shared = Shared { http, target, authorization, redaction, gate, herald, timing, imports, reads, writes };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub(super) fn target(&self) -> &Target {
        &self.shared.target
    }

    pub(super) fn timing(&self) -> &Timing {
        &self.shared.timing
    }

    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.shared.timing.first_backoff, self.shared.timing.longest_backoff)
    }

    /// What requests spend their time on: waiting for the quota, or for Front.
    #[must_use]
    pub fn waits(&self) -> &Arc<Waits> {
        self.shared.gate.waits()
    }

    /// Requests made so far: lookups, imports and repeats, answered or not.
    #[must_use]
    pub fn requests_made(&self) -> u64 {
        self.shared.gate.passed()
    }

    /// Requests a minute that Front allows the company, once an answer has said so.
    #[must_use]
    pub fn limit_per_minute(&self) -> Option<f64> {
        self.shared.gate.limit()
    }

    /// Requests that Front allows in bursts beyond the limit, as the latest answer announced it.
    #[must_use]
    pub fn announced_burst(&self) -> Option<f64> {
        self.shared.gate.announced_burst()
    }

    /// Closes the gate to everyone for as long as Front asked, within reason.
    pub(super) fn cool_down(&self, wait: Duration, status: u16) {
        self.shared.gate.pause(self.timing().credible(wait), &format!("Front asks for a pause ({status})"));
    }

    /// Holds back whom a 429 means, for as long as it says, within reason. One that does not say is for the caller.
    fn throttled(&self, url: &Url, reply: &Reply) {
        let asked = throttle(&reply.headers, &reply.body, Reply::now());
        match (asked.wait, asked.reach) {
            (Some(wait), Reach::Company) => self.cool_down(wait, reply.status),
            (Some(wait), Reach::Resource) => {
                let why = format!("Front asks for a pause on {} ({})", url.path(), reply.status);
                self.shared.gate.hold(url.path(), self.timing().credible(wait), &why);
            }
            (None, _) => {}
        }
    }

    /// Rests before another attempt. False if the run was cancelled meanwhile.
    pub(super) async fn rest(&self, wait: Duration, why: &str, cancellation: Option<&Cancellation>) -> bool {
        let until = Instant::now() + wait;
        self.shared.herald.waiting(until, format!("{why}; trying again"));
        match cancellation {
            None => tokio::time::sleep_until(until).await,
            Some(cancellation) => tokio::select! {
                biased;
                () = cancellation.cancelled() => return false,
                () = tokio::time::sleep_until(until) => {}
            },
        }
        true
    }

    /// Imports. That others succeed says nothing of them: Front may answer questions and take no messages.
    pub(super) fn imports(&self) -> &Others {
        &self.shared.imports
    }

    /// Calls that are no imports, by whether they only ask: Front may answer questions and take nothing.
    pub(super) fn calls(&self, method: &Method) -> &Others {
        if *method == Method::GET { &self.shared.reads } else { &self.shared.writes }
    }

    /// One attempt: waits at the gate, sends, reads the answer.
    pub(super) async fn attempt(
        &self,
        method: Method,
        url: &Url,
        body: Option<&Encoded>,
        cancellation: Option<&Cancellation>,
    ) -> Result<Reply, NoReply> {
        let size = body.map_or(0, |body| body.size);
        let mut request = self
            .shared
            .http
            .request(method, url.clone())
            .header(AUTHORIZATION, self.shared.authorization.clone())
            .header(ACCEPT, "application/json")
            .timeout(self.timing().attempt(size));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, &body.content_type).body(Body::wrap(Chunks::new(&body.chunks)));
        }
        if let Some(cancellation) = cancellation {
            request = request.with_extension(cancellation.clone());
        }
        match request.send().await {
            Ok(response) => {
                let reply = self.read(response).await;
                if reply.status == 429 {
                    self.throttled(url, &reply);
                }
                Ok(reply)
            }
            // The gate is the only middleware, and it fails in two ways.
            Err(reqwest_middleware::Error::Middleware(error)) if error.is::<Spent>() => Err(NoReply::Spent),
            Err(reqwest_middleware::Error::Middleware(_)) => Err(NoReply::Cancelled),
            Err(reqwest_middleware::Error::Reqwest(error)) => {
                let never_left = error.is_connect() || error.is_builder();
                let why = with_causes(&error.without_url());
                Err(if never_left { NoReply::NotSent(why) } else { NoReply::Lost(why) })
            }
        }
    }

    async fn read(&self, mut response: Response) -> Reply {
        let status = response.status().as_u16();
        let mut headers = std::mem::take(response.headers_mut());
        self.shared.redaction.clean_headers(&mut headers);
        let mut body = Vec::new();
        let cut_off = loop {
            match response.chunk().await {
                Ok(None) => break None,
                Ok(Some(chunk)) if body.len() + chunk.len() > LONGEST_ANSWER => {
                    break Some(format!("it is longer than {LONGEST_ANSWER} bytes"));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) => break Some(with_causes(&error.without_url())),
            }
        };
        Reply { status, headers, body: self.shared.redaction.clean(body), cut_off }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("target", &self.shared.target).finish_non_exhaustive()
    }
}

impl Reply {
    /// Where a redirect leads, resolved against the URL that was asked for.
    pub(super) fn location(&self, asked: &Url) -> Option<Url> {
        asked.join(self.headers.get(LOCATION)?.to_str().ok()?).ok()
    }

    /// This machine's time, for answers that bear none.
    pub(super) fn now() -> Timestamp {
        Timestamp::now()
    }
}

/// The value of the header that proves who we are. Libraries that log headers leave out one that is marked as sensitive.
fn authorization(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| !token.is_empty())?;
    value.set_sensitive(true);
    Some(value)
}

/// The error and what caused it, in one line: the outer one alone says little more than "error sending request".
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    super::reason::one_line(&text)
}

#[cfg(test)]
mod tests {
    use super::authorization;

    #[test]
    fn the_header_with_the_token_does_not_show_it() {
        let value = authorization("secret").unwrap();
        assert_eq!((value.to_str().unwrap(), format!("{value:?}").as_str()), ("Bearer secret", "Sensitive"));
        assert_eq!((authorization(""), authorization("to\nken")), (None, None));
    }
}
