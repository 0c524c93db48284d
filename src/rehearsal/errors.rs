//! Error answers in Front's shape: `{_error: {status, title, message, details}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An answer that refuses a request.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    error: Value,
    retry_after: Option<String>,
}

impl ApiError {
    fn new(status: StatusCode, title: &str, message: &str) -> Self {
        let error = json!({ "status": status.as_u16(), "title": title, "message": message });
        Self { status, error, retry_after: None }
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

    pub(super) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthenticated", "JSON Web Token error")
    }

    pub(super) fn unknown(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", &format!("Unknown {what} ID {id}"))
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

    pub(super) fn unsupported_type() -> Self {
        let message = "Send application/json, or multipart/form-data with a boundary";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type", message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload too large", "The request is larger than 25 MB")
    }

    /// 429 with `seconds` in Retry-After and the wait in words, as Front words it.
    pub(super) fn too_many(seconds: f64) -> Self {
        let message = format!("Too many requests. Please retry in {:.0} milliseconds.", (seconds * 1000.0).ceil());
        let mut answer = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", &message);
        answer.retry_after = Some(format!("{seconds}"));
        answer
    }

    /// 500 as it has been seen of Front: a message and nothing else.
    pub(super) fn internal() -> Self {
        Self::broken("An internal error occurred.")
    }

    /// 500 for trouble of this server itself, such as a full disk.
    pub(super) fn broken(message: &str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, error: json!({ "message": message }), retry_after: None }
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        Self::broken(&format!("The rehearsal could not use its temporary directory: {error}"))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "_error": self.error }));
        match self.retry_after {
            Some(seconds) => (self.status, [("retry-after", seconds)], body).into_response(),
            None => (self.status, body).into_response(),
        }
    }
}
