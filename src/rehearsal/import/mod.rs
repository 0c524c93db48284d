//! `POST /inboxes/{inbox_id}/imported_messages`

mod check;
mod disposition;
mod fields;
mod form;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

pub(super) use self::check::{Checked, store_view};
use super::errors::ApiError;
use super::faults::{Chosen, Doom, Hint, Misfortune};
use super::gate::drain;
use super::server::Shared;
use super::store::{Attachment, Content, Kept, Offer, Spool};

/// Largest request. Front says 25 MB and neither whether of the files or of the whole, nor which MB: the least reading.
const MAX_REQUEST: u64 = 25_000_000;

/// A request as decoded, before its values are judged.
struct Decoded {
    request: Map<String, Value>,
    attachments: Vec<Attachment>,
    multipart: bool,
}

impl Decoded {
    fn content(&self) -> Content<'_> {
        Content { multipart: self.multipart, request: &self.request, attachments: &self.attachments }
    }
}

pub(super) async fn import(
    State(shared): State<Arc<Shared>>,
    Path(inbox): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let number = shared.store().inbox_number(&inbox);
    let Some(number) = number else {
        drain(request.into_body()).await;
        return Err(ApiError::unknown("inbox", &inbox));
    };
    let doom = request.extensions().get::<Doom>().copied().unwrap_or_default();
    let room = shared.keep.room(announced(request.headers()).unwrap_or(MAX_REQUEST));
    let mut spool = shared.spool.begin(room.is_some());
    let mut decoded = decode(request, &mut spool).await?;
    let checked = check::check(&decoded.request).map_err(|wrong| ApiError::unsatisfied(&wrong))?;
    let chosen = shared.config.faults.chosen(&checked.external_id, checked.subject.as_deref().unwrap_or_default());
    if let Some(error) = refusal(&shared, chosen) {
        return Err(error);
    }
    let body = take_body(&mut decoded.request);
    let sent = decoded.content().digest(&inbox, &checked.external_id, &body)?;
    if room.is_some() {
        put_body(&mut decoded.request, body);
    }
    let altered = doom.altered.filter(|part| part.alter(&mut decoded.request, &mut decoded.attachments));
    let checked = if altered.is_some() { store_view(&decoded.request) } else { checked };
    let offer = Offer::new((&inbox, number), checked, &decoded.content(), room.is_none(), sent)?;
    let size = offer.len() + decoded.attachments.iter().map(|file| file.size).sum::<u64>();
    let is_lost = doom.is_lost || chosen == Some(Chosen::Lost);
    let accepted = shared.store().accept(offer.with_spool(spool.number()).lost(is_lost), Instant::now())?;
    match accepted.kept {
        Kept::Message => {
            spool.keep();
            match room {
                Some(room) => room.take(size),
                None => shared.keep.forget(),
            }
        }
        Kept::Lost => shared.tally.fault(Misfortune::Lost.name()),
        Kept::Nothing => {}
    }
    if altered.is_some() && accepted.kept == Kept::Message {
        shared.tally.fault(Misfortune::Altered(altered).name());
    }
    let answer = json!({ "status": "accepted", "message_uid": accepted.uid });
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// Takes the body out of a request and leaves an empty one.
fn take_body(request: &mut Map<String, Value>) -> String {
    match request.get_mut("body") {
        Some(Value::String(body)) => std::mem::take(body),
        _ => String::new(),
    }
}

fn put_body(request: &mut Map<String, Value>, body: String) {
    if let Some(place) = request.get_mut("body") {
        *place = Value::String(body);
    }
}

/// The answer to a chosen message that is to be refused.
fn refusal(shared: &Shared, chosen: Option<Chosen>) -> Option<ApiError> {
    let (name, status) = match chosen? {
        Chosen::Refused(status) => ("refuse", StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST)),
        Chosen::Poison => ("poison", StatusCode::INTERNAL_SERVER_ERROR),
        Chosen::Lost => return None,
    };
    shared.tally.fault(name);
    Some(ApiError::on_request(status, Hint::None, shared.clock))
}

async fn decode(request: Request, spool: &mut Spool<'_>) -> Result<Decoded, ApiError> {
    let content_type = header(request.headers(), CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if announced(request.headers()).is_some_and(|length| length > MAX_REQUEST) {
        drain(request.into_body()).await;
        return Err(ApiError::too_large());
    }
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/json" => {
            let (body, exceeded) = bounded(request.into_body());
            let bytes = collect(body).await;
            if exceeded.load(Ordering::Relaxed) {
                return Err(ApiError::too_large());
            }
            let bytes = bytes.map_err(|error| ApiError::bad_request(&format!("The request broke off: {error}")))?;
            let request = serde_json::from_slice(&bytes)
                .map_err(|error| ApiError::bad_request(&format!("Body is not a JSON object: {error}")))?;
            Ok(Decoded { request, attachments: Vec::new(), multipart: false })
        }
        "multipart/form-data" => {
            let (head, body) = request.into_parts();
            let (body, exceeded) = bounded(body);
            let Ok(parts) = Multipart::from_request(Request::from_parts(head, body), &()).await else {
                return Err(ApiError::unsupported_type());
            };
            match form::decode(parts, spool).await {
                Err(_) if exceeded.load(Ordering::Relaxed) => Err(ApiError::too_large()),
                Err(form::Broken::Form(error)) => Err(ApiError::unsatisfied(&[error.body_text()])),
                Err(form::Broken::Disk(error)) => Err(error.into()),
                Ok(form) if form.wrong.is_empty() => {
                    Ok(Decoded { request: form.request, attachments: form.attachments, multipart: true })
                }
                Ok(form) => Err(ApiError::unsatisfied(&form.wrong)),
            }
        }
        _ => {
            drain(request.into_body()).await;
            Err(ApiError::unsupported_type())
        }
    }
}

/// How long a request says that it is.
fn announced(headers: &HeaderMap) -> Option<u64> {
    header(headers, CONTENT_LENGTH).and_then(|length| length.parse().ok())
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The body with its limit. What comes beyond it is read and forgotten before the error is given, so that the client,
/// which may send all before it listens, gets its 413. The flag tells this error from others.
fn bounded(body: Body) -> (Body, Arc<AtomicBool>) {
    let exceeded = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&exceeded);
    let chunks = stream::try_unfold((body.into_data_stream(), 0), move |(mut chunks, read)| {
        let flag = Arc::clone(&flag);
        async move {
            let Some(chunk) = chunks.next().await.transpose()? else {
                return Ok::<_, axum::Error>(None);
            };
            let read = read + chunk.len() as u64;
            if read > MAX_REQUEST {
                flag.store(true, Ordering::Relaxed);
                drain(Body::from_stream(chunks)).await;
                return Err(axum::Error::new(std::io::Error::other("larger than 25 MB")));
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
