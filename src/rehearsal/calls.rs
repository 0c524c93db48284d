//! The calls that were asked, each as one JSON line of a file: for whoever wants to hold them against Front's own document.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::actor::Actor;
use super::errors::ApiError;
use super::server::Shared;
use super::store::private;

/// No request and no answer is longer: what is too large for the import is refused long before.
const LARGEST: usize = 256 * 1024 * 1024;

/// The file that calls are written to. The token is in none of them: no header is written but the type of the content.
pub(super) struct Calls(Mutex<File>);

impl Calls {
    /// Appends to the file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        Ok(Self(Mutex::new(private(OpenOptions::new().append(true).create(true)).open(path).map_err(named)?)))
    }

    fn write(&self, call: &Value) -> io::Result<()> {
        let line = format!("{call}\n");
        // One write a line, so that a reader never meets half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }
}

/// Writes down what the client asks and is answered. What the gate refuses, and what goes wrong on request, never comes here: it is
/// no answer to what was asked.
pub(super) async fn note(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let is_asked_by_client = request.extensions().get::<Actor>() == Some(&Actor::Api);
    let Some(calls) = shared.calls.as_ref().filter(|_| is_asked_by_client) else { return next.run(request).await };
    if request.uri().path().starts_with("/rehearsal/") {
        return next.run(request).await;
    }
    match noted(calls, request, next).await {
        Ok(answer) => answer,
        Err(error) => ApiError::from(error).into_response(),
    }
}

async fn noted(calls: &Calls, request: Request, next: Next) -> io::Result<Response> {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, LARGEST).await.map_err(io::Error::other)?;
    let asked = content(&head.headers, &head.extensions, &bytes).await;
    let (method, path) = (head.method.clone(), head.uri.to_string());
    let kind = kind(&head.headers);
    let answer = next.run(Request::from_parts(head, Body::from(bytes))).await;
    let (head, body) = answer.into_parts();
    let bytes = to_bytes(body, LARGEST).await.map_err(io::Error::other)?;
    let said = content(&head.headers, &head.extensions, &bytes).await;
    calls.write(&json!({
        "method": method.as_str(),
        "path": path,
        "content_type": kind,
        "request": asked,
        "status": head.status.as_u16(),
        "answer": said,
    }))?;
    Ok(Response::from_parts(head, Body::from(bytes)))
}

/// The media type without its parameters.
fn kind(headers: &HeaderMap) -> Option<String> {
    let whole = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    whole.split(';').next().map(|kind| kind.trim().to_ascii_lowercase())
}

/// JSON as it is, a form by the names of its parts; null where there is nothing, and of anything else how much there is.
async fn content(headers: &HeaderMap, extensions: &Extensions, bytes: &Bytes) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let otherwise = || json!({ "bytes": bytes.len() });
    match kind(headers).as_deref() {
        Some("application/json") => serde_json::from_slice(bytes).unwrap_or_else(|_| otherwise()),
        Some("multipart/form-data") => {
            let mut request = Request::new(Body::from(bytes.clone()));
            *request.headers_mut() = headers.clone();
            // That no limit is set for bodies stands there.
            *request.extensions_mut() = extensions.clone();
            form(request).await.unwrap_or_else(otherwise)
        }
        _ => otherwise(),
    }
}

/// The parts of a form: text as it is, of a file its headers and its size.
async fn form(request: Request) -> Option<Value> {
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let mut parts = Map::new();
    while let Some(part) = form.next_field().await.ok()? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let headers: BTreeMap<String, String> = part
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let bytes = part.bytes().await.ok()?;
        let value = if is_file {
            json!({ "file": headers, "bytes": bytes.len() })
        } else {
            String::from_utf8_lossy(&bytes).into_owned().into()
        };
        parts.insert(name, value);
    }
    Some(Value::Object(parts))
}
