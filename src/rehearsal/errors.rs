//! Error answers in Front's shape: `{_error: {status, title, message, details}}`.

use std::time::Duration;

use axum::Json;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::clock::Clock;
use super::faults::Hint;

/// An answer that refuses a request.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    error: Value,
    header: Option<Header>,
}

/// What an error says in a header.
#[derive(Debug)]
enum Header {
    RetryAfter(String),
    Location(String),
}

impl ApiError {
    fn new(status: StatusCode, title: &str, message: &str) -> Self {
        let error = json!({ "status": status.as_u16(), "title": title, "message": message });
        Self { status, error, header: None }
    }

    /// 400 in the words of Front, with one line of detail for each thing that is wrong.
    pub(super) fn unsatisfied(details: &[String]) -> Self {
        let mut answer = Self::new(StatusCode::BAD_REQUEST, "Bad request", "Body did not satisfy requirements");
        answer.error["details"] = json!(details);
        answer
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Bad request", message)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message)
    }

    pub(super) fn conflict(message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict", message)
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthenticated", "JSON Web Token error")
    }

    pub(super) fn unknown(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", &format!("Unknown {what} ID {id}"))
    }

    /// 301 to where it is now.
    pub(super) fn moved(location: &str) -> Self {
        let mut answer = Self::new(StatusCode::MOVED_PERMANENTLY, "Moved permanently", "It was merged into another");
        answer.header = Some(Header::Location(location.to_owned()));
        answer
    }

    pub(super) fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", "The requested resource does not exist")
    }

    pub(super) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", "This resource does not take this method")
    }

    pub(super) fn foreign_host() -> Self {
        let message = "Only requests that name this server by its loopback address and port are answered";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "Misdirected request", message)
    }

    pub(super) fn foreign_page() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", "Pages of other sites are not answered")
    }

    pub(super) fn unsupported_type() -> Self {
        let message = "Send application/json, or multipart/form-data with a boundary";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type", message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload too large", "The request is larger than 25 MB")
    }

    /// A status on request, as Front words it where that is known; with its hint in Retry-After or in words.
    pub(super) fn on_request(status: StatusCode, hint: Hint, clock: Clock) -> Self {
        let mut answer = match status {
            StatusCode::TOO_MANY_REQUESTS => Self::too_many(hint),
            StatusCode::INTERNAL_SERVER_ERROR => Self::broken("An internal error occurred."),
            StatusCode::UNAUTHORIZED => Self::unauthenticated(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            _ => Self::new(status, status.canonical_reason().unwrap_or("Error"), "Refused on request"),
        };
        let wait = match hint {
            Hint::Seconds(seconds) => Some(format!("{seconds}")),
            Hint::Date(seconds) => Some(clock.http_date(Duration::from_secs(u64::from(seconds)))),
            Hint::None | Hint::Text(_) => None,
        };
        answer.header = wait.map(Header::RetryAfter);
        answer
    }

    /// 429 after which the next call may come in `seconds`: in Retry-After, and in words as Front words it.
    pub(super) fn over_limit(seconds: f64) -> Self {
        let mut answer = Self::too_many(Hint::Seconds(seconds));
        answer.header = Some(Header::RetryAfter(format!("{seconds}")));
        answer
    }

    fn too_many(hint: Hint) -> Self {
        let wait = match hint {
            Hint::Seconds(seconds) => Some((seconds * 1000.0).ceil()),
            Hint::Text(milliseconds) => Some(f64::from(milliseconds)),
            Hint::None | Hint::Date(_) => None,
        };
        let message = match wait {
            Some(wait) => format!("Too many requests. Please retry in {wait:.0} milliseconds."),
            None => "Too many requests.".to_owned(),
        };
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", &message)
    }

    /// 500 for trouble of this server itself, such as a full disk.
    pub(super) fn broken(message: &str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, error: json!({ "message": message }), header: None }
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        Self::broken(&format!("The rehearsal could not use its temporary directory: {error}"))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut answer = (self.status, Json(json!({ "_error": self.error }))).into_response();
        let (name, value) = match self.header {
            Some(Header::RetryAfter(wait)) => (RETRY_AFTER, wait),
            Some(Header::Location(address)) => (LOCATION, address),
            None => return answer,
        };
        // Numbers, dates and addresses of this server: they always make a header.
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}
