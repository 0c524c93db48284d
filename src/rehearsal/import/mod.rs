//! `POST /inboxes/{inbox_id}/imported_messages`

mod check;

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

pub(super) use self::check::{Checked, store_view};
use super::actor::Actor;
use super::body::{IMPORT_MESSAGE, MAX_REQUEST, announced, decode};
use super::errors::ApiError;
use super::faults::{Chosen, Doom, Hint, Misfortune};
use super::gate::drain;
use super::server::Shared;
use super::store::{Kept, Offer};

pub(super) async fn import(
    State(shared): State<Arc<Shared>>,
    Extension(actor): Extension<Actor>,
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
    let undocumented = shared.config.undocumented;
    let mut decoded = decode(request, &mut spool, IMPORT_MESSAGE, undocumented.sizes()).await?;
    let time = undocumented.settle_time(&mut decoded.request);
    let checked = check::check(&decoded.request).map_err(|wrong| ApiError::unsatisfied(&wrong))?;
    if let Some(time) = time {
        decoded.request.insert("created_at".to_owned(), time);
    }
    undocumented.settle_files(&mut decoded.attachments, &decoded.request);
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
    let offer = offer.with_spool(spool.number()).lost(is_lost);
    let accepted = shared.store().accept(offer, Instant::now(), shared.stamp(actor))?;
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
