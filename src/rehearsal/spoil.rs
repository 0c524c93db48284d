//! Answers of things that were done, made useless or slow.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::connection::Line;
use super::faults::{Misfortune, Spoiling};

/// Largest answer that is taken apart: a page of 100 messages with their bodies.
const LARGEST: usize = 256 * 1024 * 1024;
/// Time in which half an answer goes out.
const FLUSH: Duration = Duration::from_millis(5);

/// What a load balancer shows in place of what stands behind it.
pub(super) const BALANCER: &str = "<html>\r\n<head><title>Service trouble</title></head>\r\n<body>\r\n<center><h1>The \
                                   service behind this address did not answer</h1></center>\r\n</body>\r\n</html>\r\n";

/// The answer as the client is to see it, and the name of what befell it.
pub(super) async fn spoil(answer: Response, spoiling: Spoiling, line: Option<&Line>) -> (Response, Misfortune) {
    let status = answer.status();
    match spoiling {
        Spoiling::Lose => {
            if let Some(line) = line {
                line.cut();
            }
            (answer, Misfortune::LoseAnswer)
        }
        Spoiling::Truncate => (truncated(answer).await, Misfortune::Truncated),
        Spoiling::NotJson => {
            let body = (status, [(CONTENT_TYPE, "application/json")], "done: see \"message_uid\" {\n");
            (body.into_response(), Misfortune::NotJson)
        }
        Spoiling::Html => (page(status), Misfortune::Html),
        Spoiling::Empty => (status.into_response(), Misfortune::Empty),
        Spoiling::NoUid => (with_type_of(status, &json!({ "status": "accepted" }).to_string()), Misfortune::NoUid),
    }
}

/// A page of a load balancer with this status.
pub(super) fn page(status: StatusCode) -> Response {
    (status, [(CONTENT_TYPE, "text/html")], BALANCER).into_response()
}

fn with_type_of(status: StatusCode, body: &str) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_owned()).into_response()
}

/// Content-Length as it should be, and half of what it promises; then the connection ends.
async fn truncated(answer: Response) -> Response {
    let (mut head, bytes) = apart(answer).await;
    let half = bytes.slice(..bytes.len() / 2);
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let breaking_off = stream::once(async {
        // What was given so far goes out while this waits; an error at once would take it along.
        tokio::time::sleep(FLUSH).await;
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "truncated on request"))
    });
    let body = stream::once(async { Ok(half) }).chain(breaking_off);
    Response::from_parts(head, Body::from_stream(body))
}

/// The same answer whose body comes bit by bit, spread evenly over `time`.
pub(super) async fn drip(answer: Response, time: Duration) -> Response {
    let (mut head, bytes) = apart(answer).await;
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    // One byte after the other, unless more than one is due in a millisecond: no timer is finer.
    let ticks = usize::try_from(time.as_millis()).unwrap_or(usize::MAX).clamp(1, bytes.len().max(1));
    let size = bytes.len().div_ceil(ticks).max(1);
    let count = u32::try_from(bytes.len().div_ceil(size)).unwrap_or(u32::MAX).max(1);
    let drops = stream::unfold(bytes, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(time / count).await;
        let drop = left.split_to(size.min(left.len()));
        Some((Ok::<_, Infallible>(drop), left))
    });
    Response::from_parts(head, Body::from_stream(drops.boxed()))
}

async fn apart(answer: Response) -> (axum::http::response::Parts, Bytes) {
    let (head, body) = answer.into_parts();
    // Only an answer of this server comes here, from memory: reading it cannot fail.
    (head, axum::body::to_bytes(body, LARGEST).await.unwrap_or_default())
}
