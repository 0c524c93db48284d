//! Messages and their files.

use std::time::Instant;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Message, Store, Stored, Teammate, hex, parse_id, render_id};
use super::page::{Asked, Extra};
use super::render::Heading;
use super::{Answer, App, find_conversation, next_page, render};

/// What is copied out of the store, so that requests are read from disk without its lock.
pub(super) struct Listed {
    number: u32,
    message: Message,
    author: Option<Teammate>,
}

impl Listed {
    /// A message that exists by now.
    pub(super) fn copy(store: &Store, number: u32) -> Option<Self> {
        let message = *store.message(number).filter(|_| store.exists(number, Instant::now()))?;
        Some(Self { number, message, author: store.teammate(message.author).cloned() })
    }
}

pub(in super::super) async fn conversation_messages(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Sort("created_at"))?;
    let address = format!("{}/conversations/{id}/messages", shared.base_url());
    let listed: Vec<Listed> = {
        let store = shared.store();
        let number = find_conversation(&shared, &store, &id, "/messages")?;
        let it = store.conversation(number).ok_or_else(|| ApiError::unknown("conversation", &id))?;
        let found: Box<dyn Iterator<Item = &(i64, u32)>> = match (asked.after, asked.ascending == Some(true)) {
            (None, true) => Box::new(it.messages.iter()),
            (None, false) => Box::new(it.messages.iter().rev()),
            (Some(last), true) => Box::new(it.messages.range(last..).skip_while(move |place| **place == last)),
            (Some(last), false) => Box::new(it.messages.range(..last).rev()),
        };
        found.filter_map(|(_, number)| Listed::copy(&store, *number)).take(asked.limit + 1).collect()
    };
    let place = |listed: &Listed| (listed.message.order, listed.number);
    let next = next_page(&asked, &address, listed.get(..asked.limit + 1), place);
    let shown: Result<Vec<Value>, ApiError> = listed.iter().take(asked.limit).map(|it| show(&shared, it)).collect();
    Ok(Json(render::page(&address, &shown?, next.as_deref())))
}

pub(in super::super) async fn message(State(shared): App, Path(id): Path<String>) -> Answer {
    let listed = {
        let store = shared.store();
        store.find_message(&id, Instant::now()).and_then(|number| Listed::copy(&store, number))
    };
    let listed = listed.ok_or_else(|| ApiError::unknown("message", &id))?;
    Ok(Json(show(&shared, &listed)?))
}

pub(super) fn show(shared: &Shared, listed: &Listed) -> Result<Value, ApiError> {
    let stored: Stored = shared.log.read(listed.message.place)?;
    let heading = Heading {
        number: listed.number,
        uid: hex(&listed.message.uid),
        conversation: listed.message.conversation,
        author: listed.author.as_ref(),
    };
    Ok(render::message(&shared.base_url(), &shared.store(), &heading, &stored))
}

/// The file behind an attachment's `url`: `fil_…_` with the place in its message at the end, `fic_…_` for that in a comment.
pub(in super::super) async fn download(State(shared): App, Path(id): Path<String>) -> Result<Response, ApiError> {
    let unknown = || ApiError::unknown("attachment", &id);
    let (file, place) = id.rsplit_once('_').ok_or_else(unknown)?;
    let place: usize = place.parse().map_err(|_| unknown())?;
    let found = match (parse_id("fil", file), parse_id("fic", file)) {
        (Some(number), _) => {
            let message = shared.store().find_message(&render_id("msg", number), Instant::now()).ok_or_else(unknown)?;
            shared.attachment(message, place)?
        }
        (None, Some(comment)) => shared.attachment_of_comment(comment, place)?,
        (None, None) => None,
    };
    let (attachment, bytes) = found.ok_or_else(unknown)?;
    Ok(([(CONTENT_TYPE, attachment.content_type)], bytes).into_response())
}
