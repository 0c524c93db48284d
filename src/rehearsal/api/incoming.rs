//! `POST /channels/{id}/incoming_messages`: live messages that a program of somebody's own delivers.

use std::time::Instant;

use axum::Json;
use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::actor::Actor;
use super::super::body::{CUSTOM_MESSAGE, MAX_REQUEST, announced, complaints, decode};
use super::super::errors::ApiError;
use super::super::gate::drain;
use super::super::import::store_view;
use super::super::server::Shared;
use super::super::store::{Kept, Offer};
use super::setup::find_channel;
use super::{App, Made, contacts, satisfied, text};

/// Where a message comes in.
struct Way {
    channel: u32,
    address: String,
    inbox: u32,
    inbox_id: String,
}

pub(super) async fn receive(
    State(shared): App,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    request: Request,
) -> Made {
    let way = match way(&shared, &id) {
        Ok(way) => way,
        Err(error) => {
            drain(request.into_body()).await;
            return Err(error);
        }
    };
    let room = shared.keep.room(announced(request.headers()).unwrap_or(MAX_REQUEST));
    let mut spool = shared.spool.begin(room.is_some());
    let mut decoded = decode(request, &mut spool, CUSTOM_MESSAGE, shared.config.undocumented.sizes()).await?;
    satisfied(&complaints(&decoded.request, CUSTOM_MESSAGE))?;
    judge(&shared, &decoded.request)?;
    let stamp = shared.stamp(actor);
    complete(&mut decoded.request, &way, stamp.at);
    let mut message = store_view(&decoded.request);
    message.channel = Some(way.channel);
    if room.is_none() {
        decoded.request.insert("body".to_owned(), Value::from(""));
    }
    // Nothing is a repeat: Front has no external id for these, and takes the same body twice for two messages.
    let offer = Offer::new((&way.inbox_id, way.inbox), message, &decoded.content(), room.is_none(), 0)?;
    let size = offer.len() + decoded.attachments.iter().map(|file| file.size).sum::<u64>();
    let accepted = shared.store().accept(offer.with_spool(spool.number()), Instant::now(), stamp)?;
    if accepted.kept == Kept::Message {
        spool.keep();
        match room {
            Some(room) => room.take(size),
            None => shared.keep.forget(),
        }
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "status": "accepted", "message_uid": accepted.uid }))))
}

fn way(shared: &Shared, id: &str) -> Result<Way, ApiError> {
    let store = shared.store();
    let unknown = || ApiError::unknown("channel", id);
    let number = find_channel(&store, id).ok_or_else(unknown)?;
    let channel = store.channels().get(number as usize).ok_or_else(unknown)?;
    if !channel.is_custom {
        return Err(ApiError::bad_request("Only custom channels take incoming messages"));
    }
    let inbox = store.inbox(channel.inbox).ok_or_else(unknown)?;
    Ok(Way { channel: number, address: channel.address.clone(), inbox: channel.inbox, inbox_id: inbox.id.clone() })
}

fn judge(shared: &Shared, request: &Map<String, Value>) -> Result<(), ApiError> {
    let sender = request.get("sender").and_then(Value::as_object);
    let of_sender = |name| sender.and_then(|sender| text(sender, name));
    let mut wrong = Vec::new();
    if of_sender("handle").is_none_or(str::is_empty) {
        wrong.push("sender.handle must not be empty".to_owned());
    }
    if text(request, "body").is_none_or(str::is_empty) {
        wrong.push("body must not be empty".to_owned());
    }
    if of_sender("contact_id").is_some_and(|id| contacts::find(&shared.store(), id).is_none()) {
        wrong.push("sender.contact_id names no contact".to_owned());
    }
    satisfied(&wrong)
}

/// What the server knows of a message that comes in live: it is inbound, open, and of now.
fn complete(request: &mut Map<String, Value>, way: &Way, at: u64) {
    request.insert("type".to_owned(), Value::from("custom"));
    request.insert("to".to_owned(), json!([way.address]));
    request.insert("created_at".to_owned(), Value::from(at / 1000));
    let metadata = request.entry("metadata").or_insert_with(|| json!({}));
    metadata["is_inbound"] = Value::from(true);
    metadata["is_archived"] = Value::from(false);
}
