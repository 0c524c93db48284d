//! What every request passes first: Host, token, limit a minute, faults on request; and the headers of every answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, DATE, HeaderName, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::actor::Actor;
use super::connection::Line;
use super::door::{actor, is_asked_by_us, is_ours};
use super::errors::ApiError;
use super::faults::{CallKind, Doom, Fate, Instead, Misfortune, Numbered, Spoiling};
use super::pace::{Standing, Verdict};
use super::server::Shared;
use super::spoil;
use super::web::{self, RESOURCE_POLICY};

/// No script, nothing from elsewhere; mail is shown in frames that have a stricter policy of their own.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; \
                           form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Keeps pages that open ours away from its window.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Names the tier that was exceeded.
const TIER: HeaderName = HeaderName::from_static("x-front-tier");

/// How much of a request that is refused unread is read all the same. A connection closed with data under way is reset,
/// and the client would see the reset instead of the answer.
const DRAIN: usize = 64 * 1024 * 1024;

pub(super) async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if !is_ours(request.uri(), request.headers(), shared.port) {
        return refuse(request, ApiError::foreign_host()).await;
    }
    if !is_asked_by_us(request.headers(), request.uri().path(), shared.port) {
        return refuse(request, ApiError::foreign_page()).await;
    }
    let path = request.uri().path();
    if path == "/" || path == "/favicon.ico" || path.starts_with("/web/") {
        let mut answer = web::dressed(&shared, next.run(request).await);
        dress_page(answer.headers_mut());
        return answer;
    }
    api(&shared, request, next).await
}

async fn api(shared: &Shared, mut request: Request, next: Next) -> Response {
    let faults = &shared.config.faults;
    if !faults.latency.is_zero() {
        tokio::time::sleep(faults.latency).await;
    }
    let line = request.extensions().get::<ConnectInfo<Line>>().map(|info| info.0.clone());
    let now = Instant::now();
    if let Some(answer) = outage(shared, line.as_ref(), now) {
        return answer;
    }
    match actor(shared, request.headers()) {
        // Colleagues work in Front itself: no limit is theirs, no fault falls on them, and nobody counts them. What is no part of
        // Front's API is for tests alone.
        Some(actor) if actor != Actor::Api || request.uri().path().starts_with("/rehearsal/") => {
            request.extensions_mut().insert(actor);
            return next.run(request).await;
        }
        Some(actor) => request.extensions_mut().insert(actor),
        None => return unauthenticated(shared, request, now).await,
    };
    let is_import = request.method() == Method::POST && request.uri().path().ends_with("/imported_messages");
    let kind = (!is_import).then(|| CallKind::of(request.method(), request.uri().path()));
    let arrival = shared.tally.arrive(kind, now);
    if is_import {
        shared.weather.import(arrival.number, now);
        turn_events(shared, request.uri().path(), arrival.number);
        if let Some(answer) = outage(shared, line.as_ref(), now) {
            return answer;
        }
    }
    // A revoked token counts for every call.
    if faults.unauthorized_from.is_some_and(|from| arrival.imports >= from) {
        return unauthenticated(shared, request, now).await;
    }
    let (verdict, standing) = limits(shared, request.uri().path(), is_import.then_some(arrival.number), now);
    if let Some((error, tier)) = over(shared, verdict, standing) {
        let mut answer = announced(refuse(request, error).await, shared, standing);
        answer.headers_mut().extend(tier.map(|tier| (TIER, HeaderValue::from_static(tier))));
        return answer;
    }
    let fate = match kind {
        None => faults.fate_of_import(arrival.number),
        Some(kind) => {
            faults.fate_of_other(Numbered { kind, among_all: arrival.number, among_kind: arrival.among_kind })
        }
    };
    if let Some(stretch) = fate.storm {
        shared.weather.begin_storm(stretch, now);
    }
    if let Some(hint) = shared.weather.storm(now) {
        shared.tally.fault("storm");
        let error = ApiError::on_request(StatusCode::TOO_MANY_REQUESTS, hint, shared.clock);
        return announced(refuse(request, error).await, shared, standing);
    }
    let answer = match fate.instead {
        Some(instead) => in_place(shared, request, instead, line.as_ref(), standing).await,
        None => announced(fulfil(shared, request, next, is_import, &fate, line.as_ref()).await, shared, standing),
    };
    delayed(shared, answer, &fate, line.as_ref()).await
}

/// What the limits say of a call, and where they stand after it.
fn limits(shared: &Shared, path: &str, import: Option<u64>, now: Instant) -> (Verdict, Standing) {
    let mut pace = shared.pace();
    if let Some(number) = import {
        pace.import(number, now);
    }
    let verdict = pace.take(path, now);
    (verdict, pace.standing(now))
}

/// The refusal of a call over one of the limits, and the tier it names.
fn over(shared: &Shared, verdict: Verdict, standing: Standing) -> Option<(ApiError, Option<&'static str>)> {
    let mut counts = shared.tally.counts();
    let (wait, tier) = match verdict {
        Verdict::Passes => return None,
        Verdict::OverLimit => {
            counts.over_limit += 1;
            (standing.left, None)
        }
        Verdict::OverResource(wait) => {
            counts.over_resource += 1;
            (wait, Some("tier-2"))
        }
        Verdict::OverSearch => {
            counts.over_search += 1;
            (standing.left, Some("search"))
        }
    };
    Some((ApiError::over_limit(wait.as_secs_f64()), tier))
}

/// What people do in Front meanwhile, as it was asked for this import.
fn turn_events(shared: &Shared, path: &str, import: u64) {
    let faults = &shared.config.faults;
    // The second piece of an import's path is the inbox's id.
    let inbox = path.split('/').nth(2).unwrap_or_default();
    if faults.inbox_gone_at == Some(import) {
        shared.store().remove_inbox(inbox);
        shared.tally.fault("inbox-gone");
    }
    if faults.merge_at.contains(&import) && shared.store().merge_first_two(inbox, shared.stamp(Actor::Api)) {
        shared.tally.fault("merge");
    }
}

/// The answer in an outage. One without answers needs one all the same, which never goes out.
fn outage(shared: &Shared, line: Option<&Line>, now: Instant) -> Option<Response> {
    let with_answer = shared.weather.outage(now)?;
    shared.tally.fault("outage");
    if !with_answer && let Some(line) = line {
        line.cut();
    }
    Some(spoil::page(StatusCode::SERVICE_UNAVAILABLE))
}

async fn unauthenticated(shared: &Shared, request: Request, now: Instant) -> Response {
    let standing = shared.pace().standing(now);
    announced(refuse(request, ApiError::unauthenticated()).await, shared, standing)
}

/// What happens instead of what was asked for.
async fn in_place(
    shared: &Shared,
    request: Request,
    instead: Instead,
    line: Option<&Line>,
    standing: Standing,
) -> Response {
    match instead {
        Instead::Reset => {
            shared.tally.fault(Misfortune::Reset.name());
            if let Some(line) = line {
                line.cut();
            }
            StatusCode::NO_CONTENT.into_response()
        }
        Instead::Status(code, hint) => {
            shared.tally.fault(Misfortune::Status(code, hint).name());
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
                shared.tally.counts().refused += 1;
            }
            let answer = refuse(request, ApiError::on_request(status, hint, shared.clock)).await;
            if status == StatusCode::BAD_GATEWAY || status == StatusCode::GATEWAY_TIMEOUT {
                // A load balancer knows nothing of limits.
                let mut page = spoil::page(status);
                page.headers_mut().extend(answer.headers().get(RETRY_AFTER).map(|value| (RETRY_AFTER, value.clone())));
                return page;
            }
            announced(answer, shared, standing)
        }
    }
}

/// What was asked for, and its answer as the client is to see it.
async fn fulfil(
    shared: &Shared,
    mut request: Request,
    next: Next,
    is_import: bool,
    fate: &Fate,
    line: Option<&Line>,
) -> Response {
    if fate.doom != Doom::default() {
        request.extensions_mut().insert(fate.doom);
    }
    let answer = next.run(request).await;
    if is_import && answer.status().is_client_error() {
        shared.tally.counts().refused += 1;
    }
    // Of an answer without a body nothing can be spoilt, but it can be lost.
    let has_body = answer.status() != StatusCode::NO_CONTENT;
    let can_be = |spoiling: &Spoiling| answer.status().is_success() && (has_body || *spoiling == Spoiling::Lose);
    let Some(spoiling) = fate.spoiling.filter(can_be) else { return answer };
    let (answer, misfortune) = spoil::spoil(answer, spoiling, line).await;
    shared.tally.fault(misfortune.name());
    answer
}

/// What befalls any answer on its way.
async fn delayed(shared: &Shared, mut answer: Response, fate: &Fate, line: Option<&Line>) -> Response {
    if let Some(time) = fate.slow {
        shared.tally.fault(Misfortune::Slow(time).name());
        tokio::time::sleep(time).await;
    }
    // Taking a truncated answer apart would mend it.
    if let Some(time) = fate.drip.filter(|_| fate.spoiling != Some(Spoiling::Truncate)) {
        shared.tally.fault(Misfortune::Drip(time).name());
        answer = spoil::drip(answer, time).await;
    }
    if let Some(line) = line.filter(|_| fate.close_idle && fate.spoiling != Some(Spoiling::Lose)) {
        shared.tally.fault(Misfortune::CloseIdle.name());
        line.let_go();
    }
    answer
}

async fn refuse(request: Request, error: ApiError) -> Response {
    drain(request.into_body()).await;
    error.into_response()
}

/// Reads the rest of a request and forgets it.
pub(super) async fn drain(body: Body) {
    let mut left = DRAIN;
    let mut stream = body.into_data_stream();
    while let Some(Ok(bytes)) = stream.next().await {
        match left.checked_sub(bytes.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn dress_page(headers: &mut HeaderMap) {
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(RESOURCE_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    // What is shown is somebody's mail and is gone with the rehearsal: nothing of it belongs into a cache on disk.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// The answer with what Front says of the limits.
fn announced(mut answer: Response, shared: &Shared, standing: Standing) -> Response {
    let headers = answer.headers_mut();
    if shared.config.has_rate_headers {
        let burst = standing.burst;
        let numbers = [
            ("x-ratelimit-limit", Some(standing.limit)),
            ("x-ratelimit-remaining", Some(standing.remaining)),
            ("x-ratelimit-burst-limit", burst.map(|(limit, _)| limit)),
            ("x-ratelimit-burst-remaining", burst.map(|(_, remaining)| remaining)),
        ];
        for (name, number) in numbers {
            headers.extend(number.map(|number| (HeaderName::from_static(name), HeaderValue::from(number))));
        }
        if let Ok(reset) = HeaderValue::from_str(&format!("{:.3}", shared.clock.unix(standing.left))) {
            headers.insert(HeaderName::from_static("x-ratelimit-reset"), reset);
        }
    }
    if shared.clock.is_off()
        && let Ok(date) = HeaderValue::from_str(&shared.clock.http_date(Duration::ZERO))
    {
        headers.insert(DATE, date);
    }
    answer
}
