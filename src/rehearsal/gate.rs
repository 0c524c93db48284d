//! What every request passes first: Host, token, limit a minute, faults on request; and the headers of every answer.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::config::Fate;
use super::connection::Line;
use super::errors::ApiError;
use super::pace::Standing;
use super::server::Shared;

/// No script, nothing from elsewhere; mail is shown in frames that have a stricter policy of their own.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; \
                           form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How much of a request that is refused unread is read all the same. A connection closed with data under way is reset,
/// and the client would see the reset instead of the answer.
const DRAIN: usize = 64 * 1024 * 1024;

pub(super) async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if !is_ours(request.uri(), request.headers(), shared.port) {
        return refuse(request, ApiError::foreign_host()).await;
    }
    let path = request.uri().path();
    if path == "/" || path.starts_with("/web/") {
        let mut answer = next.run(request).await;
        dress_page(answer.headers_mut());
        return answer;
    }
    let (mut answer, standing) = api(&shared, request, next).await;
    announce(answer.headers_mut(), shared.config.limit_per_minute, standing);
    answer
}

/// Whether the request means this server. Pages of other sites can point names of theirs at 127.0.0.1 (DNS rebinding),
/// but cannot make a browser send our name in Host.
fn is_ours(uri: &Uri, headers: &HeaderMap, port: u16) -> bool {
    let is_own_name = |authority: &str| {
        authority.rsplit_once(':').is_some_and(|(name, given)| {
            ["127.0.0.1", "localhost", "[::1]"].iter().any(|own| own.eq_ignore_ascii_case(name))
                && given.parse() == Ok(port)
        })
    };
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    host.is_some_and(is_own_name)
        && hosts.next().is_none()
        && uri.authority().is_none_or(|authority| is_own_name(authority.as_str()))
}

async fn api(shared: &Shared, request: Request, next: Next) -> (Response, Standing) {
    if !shared.config.faults.latency.is_zero() {
        tokio::time::sleep(shared.config.faults.latency).await;
    }
    if !has_token(request.headers(), &shared.config.token) {
        let standing = shared.window().peek(Instant::now());
        return (refuse(request, ApiError::unauthenticated()).await, standing);
    }
    let is_import = request.method() == Method::POST && request.uri().path().ends_with("/imported_messages");
    let import = if is_import { shared.imports.fetch_add(1, Relaxed) + 1 } else { shared.imports.load(Relaxed) };
    let fate = shared.config.faults.fate(import);
    // A revoked token counts for every call, the other faults for imports alone.
    if fate == Fate::Unauthorized {
        let standing = shared.window().peek(Instant::now());
        return (refuse(request, ApiError::unauthenticated()).await, standing);
    }
    let standing = shared.window().take(Instant::now());
    if !standing.allowed {
        shared.over_limit.fetch_add(1, Relaxed);
        return (refuse(request, ApiError::too_many(standing.left.as_secs_f64())).await, standing);
    }
    if !is_import {
        return (next.run(request).await, standing);
    }
    let answer = match fate {
        Fate::TooMany => refuse(request, ApiError::too_many(0.05)).await,
        Fate::Fail => refuse(request, ApiError::internal()).await,
        Fate::LoseAnswer => {
            let line = request.extensions().get::<ConnectInfo<Line>>().map(|info| info.0.clone());
            let answer = next.run(request).await;
            if let Some(line) = line.filter(|_| answer.status() == StatusCode::ACCEPTED) {
                line.cut();
            }
            answer
        }
        Fate::Fair | Fate::Unauthorized => next.run(request).await,
    };
    if answer.status().is_client_error() && fate != Fate::TooMany {
        shared.refused.fetch_add(1, Relaxed);
    }
    (answer, standing)
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| given == token)
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
    // What is shown is somebody's mail and is gone with the rehearsal: nothing of it belongs into a cache on disk.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn announce(headers: &mut HeaderMap, limit: u64, standing: Standing) {
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(limit));
    headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(standing.remaining));
    if let Ok(reset) = HeaderValue::from_str(&format!("{:.3}", standing.reset())) {
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), reset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_loopback_names_with_the_own_port_are_ours() {
        let uri = Uri::from_static("/me");
        for own in ["127.0.0.1:81", "localhost:81", "LOCALHOST:81", "[::1]:81"] {
            assert!(is_ours(&uri, &host(own), 81), "{own}");
        }
        for foreign in ["127.0.0.1", "127.0.0.1:82", "evil.example:81", "localhost.evil.example:81", "", ":81"] {
            assert!(!is_ours(&uri, &host(foreign), 81), "{foreign}");
        }
        assert!(!is_ours(&uri, &HeaderMap::new(), 81), "a request without Host");
        assert!(
            !is_ours(&Uri::from_static("http://evil.example:81/me"), &host("localhost:81"), 81),
            "an absolute target"
        );
    }

    #[test]
    fn the_token_must_match_to_the_last_character() {
        let with = |value| HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
        assert!(has_token(&with("Bearer abc"), "abc"));
        for wrong in ["Bearer ab", "Bearer abcd", "bearer abc", "Basic abc", "abc", "Bearer  abc"] {
            assert!(!has_token(&with(wrong), "abc"), "{wrong}");
        }
    }
}
