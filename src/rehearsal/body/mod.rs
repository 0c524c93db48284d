//! What comes in with a request: read, decoded, and compared with the fields that Front documents for it.

mod disposition;
mod field;
mod form;
mod schemas;
mod types;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

pub(super) use self::field::Schema;
pub(super) use self::schemas::*;
pub(super) use self::types::complaints;
use super::errors::ApiError;
use super::gate::drain;
use super::store::{Attachment, Content, Spool};
use super::undocumented::Sizes;

/// Largest request. Front says 25 MB and neither whether of the files or of the whole, nor which MB: the least reading.
pub(super) const MAX_REQUEST: u64 = 25_000_000;

/// A request as decoded, before its values are judged.
pub(super) struct Decoded {
    pub(super) request: Map<String, Value>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) multipart: bool,
}

impl Decoded {
    pub(super) fn content(&self) -> Content<'_> {
        Content { multipart: self.multipart, request: &self.request, attachments: &self.attachments }
    }
}

/// A request that travels as JSON alone, with all its fields of the right type.
pub(super) async fn json(request: Request, schema: Schema) -> Result<Map<String, Value>, ApiError> {
    if kind(request.headers()) != "application/json" {
        drain(request.into_body()).await;
        return Err(ApiError::unsupported_type());
    }
    let request = read_json(request, MAX_REQUEST).await?;
    let wrong = complaints(&request, schema);
    if wrong.is_empty() { Ok(request) } else { Err(ApiError::unsatisfied(&wrong)) }
}

/// A request that may have files: JSON, or a form whose files go to `spool`. Its fields are still to be looked at.
pub(super) async fn decode(
    request: Request,
    spool: &mut Spool<'_>,
    schema: Schema,
    sizes: Sizes,
) -> Result<Decoded, ApiError> {
    match kind(request.headers()).as_str() {
        "application/json" => {
            let request = read_json(request, sizes.whole).await?;
            Ok(Decoded { request, attachments: Vec::new(), multipart: false })
        }
        "multipart/form-data" => {
            let request = announced_fits(request, sizes.whole).await?;
            let (head, body) = request.into_parts();
            let (body, exceeded) = bounded(body, sizes.whole);
            let Ok(parts) = Multipart::from_request(Request::from_parts(head, body), &()).await else {
                return Err(ApiError::unsupported_type());
            };
            match form::decode(parts, spool, schema, sizes).await {
                Err(_) if exceeded.load(Ordering::Relaxed) => Err(ApiError::too_large()),
                Err(form::Broken::Form(error)) => Err(ApiError::unsatisfied(&[error.body_text()])),
                Err(form::Broken::Disk(error)) => Err(error.into()),
                Ok(form) if form.is_too_large => Err(ApiError::too_large()),
                Ok(form) if form.wrong.is_empty() => {
                    Ok(Decoded { request: form.request, attachments: form.attachments, multipart: true })
                }
                Ok(form) => Err(ApiError::unsatisfied(&form.wrong)),
            }
        }
        _ => {
            let request = announced_fits(request, sizes.whole).await?;
            drain(request.into_body()).await;
            Err(ApiError::unsupported_type())
        }
    }
}

async fn read_json(request: Request, most: u64) -> Result<Map<String, Value>, ApiError> {
    let request = announced_fits(request, most).await?;
    let (body, exceeded) = bounded(request.into_body(), most);
    let bytes = collect(body).await;
    if exceeded.load(Ordering::Relaxed) {
        return Err(ApiError::too_large());
    }
    let bytes = bytes.map_err(|error| ApiError::bad_request(&format!("The request broke off: {error}")))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::bad_request(&format!("Body is not a JSON object: {error}")))
}

/// The media type without its parameters.
fn kind(headers: &HeaderMap) -> String {
    let content_type = header(headers, CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    content_type.split(';').next().unwrap_or_default().trim().to_owned()
}

/// How long a request says that it is.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    header(headers, CONTENT_LENGTH).and_then(|length| length.parse().ok())
}

async fn announced_fits(request: Request, most: u64) -> Result<Request, ApiError> {
    if announced(request.headers()).is_none_or(|length| length <= most) {
        return Ok(request);
    }
    drain(request.into_body()).await;
    Err(ApiError::too_large())
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The body with its limit. What comes beyond it is read and forgotten before the error is given, so that the client,
/// which may send all before it listens, gets its 413. The flag tells this error from others.
fn bounded(body: Body, most: u64) -> (Body, Arc<AtomicBool>) {
    let exceeded = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&exceeded);
    let chunks = stream::try_unfold((body.into_data_stream(), 0), move |(mut chunks, read)| {
        let flag = Arc::clone(&flag);
        async move {
            let Some(chunk) = chunks.next().await.transpose()? else {
                return Ok::<_, axum::Error>(None);
            };
            let read = read + chunk.len() as u64;
            if read > most {
                flag.store(true, Ordering::Relaxed);
                drain(Body::from_stream(chunks)).await;
                return Err(axum::Error::new(std::io::Error::other("larger than is taken")));
            }
            Ok(Some((chunk, (chunks, read))))
        }
    });
    (Body::from_stream(chunks), exceeded)
}

async fn collect(body: Body) -> Result<Vec<u8>, axum::Error> {
    let mut all = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all)
}
